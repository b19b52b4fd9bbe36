"""A night replaces another: readers see one or the other, nobody is disconnected, and nothing of others is lost."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dagster_project.core.home import Home
from dagster_project.publishing import postgres
from dagster_project.publishing.postgres import PostgresError, load, loaded_state, loading, swap

from .conftest import Database

NIGHTS = tuple(f"2026010{n}T020000Z" for n in range(1, 8))


@pytest.fixture(autouse=True)
def short_lock_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait ten seconds for a lock."""
    monkeypatch.setattr(swap, "PATIENCE", 0.3)


@pytest.fixture
def load_small(small_night: Callable[..., Path], tmp_path: Path) -> Callable[..., postgres.LoadOutcome]:
    """Loads a small night."""

    def load_small(database: Database, night: str, *statements: str, is_made_up: bool = False) -> postgres.LoadOutcome:
        words = f"create table marts.words as select '{night}' as word"
        return load(small_night(night, words, *statements), database.server, tmp_path / "t", is_made_up)

    return load_small


def schemas(database: Database) -> set[str]:
    return {s for (s,) in database.as_admin("select nspname from pg_namespace where nspname !~ '^(pg_|information)'")}


OURS = {"public", "marts", "reports", "meta", "bi"}


def test_a_night_replaces_another_and_leaves_nothing(make_database: Callable[..., Database], load_small: Callable) -> None:
    database = make_database("replaced")
    for night in NIGHTS[:2]:
        loaded = load_small(database, night)
        assert (loaded.night_id, loaded.reason) == (night, "")
        assert database.as_analyst("select word from marts.words") == [(night,)]
        assert schemas(database) == OURS
    with database.server.connect() as con:
        state = loaded_state(con)
    assert (state.night_id, state.is_made_up, state.old, state.foreign) == (NIGHTS[1], False, (), ())


def test_open_readers_do_not_delay_a_night(make_database: Callable[..., Database], load_small: Callable) -> None:
    """An open transaction keeps its tables, whole, until it ends; the next load then drops them."""
    database = make_database("held")
    load_small(database, NIGHTS[0])
    with psycopg.connect(database.analyst) as holding:
        with holding.cursor(name="slow") as slow:
            slow.execute("select word from marts.words union all select title from reports.tables")
            assert slow.fetchone() == (NIGHTS[0],)
            loaded = load_small(database, NIGHTS[1])
            left = [note.split(": ", 1) for note in loaded.reason.split("; ")]
            assert [what for what, _ in left] == ["an earlier night is still there"] * 2
            assert all(why.endswith("somebody still reads it") for _, why in left)
            assert database.as_analyst("select word from marts.words") == [(NIGHTS[1],)]
            assert slow.fetchone() == (NIGHTS[0],)
        holding.rollback()
        assert holding.execute("select word from marts.words").fetchone() == (NIGHTS[1],)
        holding.rollback()
    assert schemas(database) > OURS
    with pytest.raises(psycopg.Error):
        database.as_analyst(f"select * from {min(schemas(database) - OURS)}.words")
    assert load_small(database, NIGHTS[2]).reason == ""
    assert schemas(database) == OURS


def test_views_of_others_follow_the_new_night(make_database: Callable[..., Database], load_small: Callable) -> None:
    database = make_database("followed")
    load_small(database, NIGHTS[0])
    database.as_admin(
        "create schema theirs", "create view theirs.words as select word as said from marts.words",
        "grant usage on schema theirs to pam_analyst",
        "grant select on theirs.words to pam_analyst",
        "create view theirs.twice as select said || said as two from theirs.words",
        "grant usage on schema theirs to pam_loader",
    )  # fmt: skip
    # The loader may not change another's view: it is reported, still reads the night before, and is not dropped.
    loaded = load_small(database, NIGHTS[1])
    not_remade, not_dropped = loaded.reason.split("; ")
    assert not_remade.startswith("this view still reads the night before: theirs.words: ")
    assert not_dropped.startswith("an earlier night is still there: ") and "theirs.words depends on" in not_dropped
    assert database.as_analyst("select said from theirs.words") == [(NIGHTS[0],)]
    assert database.as_analyst("select word from marts.words") == [(NIGHTS[1],)]
    # A load as the view's owner, or as a superuser, moves the view to the new night.
    database.as_admin(
        "create or replace view theirs.words with (security_barrier = true) as select word as said from marts.words"
    )
    followed = load_small(replace(database, loader=database.admin), NIGHTS[2])
    assert followed.reason == ""
    assert database.as_analyst("select said from theirs.words") == [(NIGHTS[2],)]
    assert database.as_admin("select two, (select reloptions from pg_class where oid = 'theirs.words'::regclass) from"
                             " theirs.twice") == [(NIGHTS[2] * 2, ["security_barrier=true"])]  # fmt: skip
    assert schemas(database) == OURS | {"theirs"}
    database.as_admin("create materialized view theirs.kept as select word from marts.words")
    left = load_small(replace(database, loader=database.admin), NIGHTS[3]).reason
    assert left.startswith("this view still reads the night before: theirs.kept is materialised: drop it and make it again; ")


def test_readers_of_views_of_others_are_not_disconnected(make_database: Callable[..., Database], load_small: Callable) -> None:
    """They lock the view, then the mart; a load that locked in the other order would end them, or be ended."""
    database = make_database("viewed")
    as_owner = replace(database, loader=database.admin)
    load_small(as_owner, NIGHTS[0])
    database.as_admin("create schema theirs", "create view theirs.words as select word from marts.words, pg_sleep(0.01)")
    faults, stop = [], threading.Event()

    def read() -> None:
        with psycopg.connect(database.admin, autocommit=True) as con:
            while not stop.is_set():
                try:
                    con.execute("select word from theirs.words")
                except psycopg.Error as error:
                    faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for night in NIGHTS[1:4]:
            load_small(as_owner, night)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert faults == []
    # An open transaction on the view does not delay the load, which reports what it left.
    with psycopg.connect(database.admin) as holding:
        holding.execute("select word from theirs.words")
        began = time.monotonic()
        loaded = load_small(as_owner, NIGHTS[4])
        assert time.monotonic() - began < 5
        assert "reads the night before: theirs.words: somebody holds it in an open transaction; " in loaded.reason
    assert "an earlier night is still there" in load_small(as_owner, NIGHTS[5]).reason


def test_the_public_form_is_loaded_and_removed(make_database: Callable[..., Database], load_small: Callable) -> None:
    """`marts_public` is in a night's file if the settings ask for it."""
    database = make_database("publicly")
    columns = "measure, period_type, area_type, area_code, category, period_end, period_start, force_code"
    load_small(
        database, NIGHTS[0], "create schema marts_public",
        f"create table marts_public.measures as select 'mart_' || n as mart, n as value, * from (select n, '{NIGHTS[0]}' as "
        + ", '' as ".join(columns.split(", ")) + " from (values ('a'), ('b')) as v (n))",
        "create view marts_public.mart_a as select value, measure from marts_public.measures where mart = 'mart_a'",
    )  # fmt: skip
    assert database.as_analyst("select * from marts_public.mart_a") == [("a", NIGHTS[0])]
    assert database.as_analyst("select count(*) from marts_public.measures") == [(2,)]
    load_small(database, NIGHTS[1])
    assert schemas(database) == OURS


def test_a_load_that_fails_leaves_the_night_before(
    make_database: Callable[..., Database], load_small: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make_database("failing")
    load_small(database, NIGHTS[0])
    with pytest.raises(PostgresError, match=r"marts\.words\.n has the type DOUBLE"):
        load_small(database, NIGHTS[1], "alter table marts.words add column n double")

    def ended(con: psycopg.Connection) -> None:
        database.as_admin(f"select pg_terminate_backend({con.info.backend_pid})")
        con.execute("select 1")

    monkeypatch.setattr(loading, "swap", ended)
    with pytest.raises(PostgresError, match=r"went away .putting the night in the place of the last one."):
        load_small(database, NIGHTS[2])
    assert database.as_analyst("select word from marts.words") == [(NIGHTS[0],)]
    assert schemas(database) == OURS


def test_foreign_schemas_and_real_data_are_not_replaced(make_database: Callable[..., Database], load_small: Callable) -> None:
    database = make_database("shared")
    database.as_admin("create schema reports", "create table reports.theirs as select 1 as x")
    with pytest.raises(PostgresError, match="has a schema reports that the warehouse did not make"):
        load_small(database, NIGHTS[0])
    assert database.as_admin("select * from reports.theirs") == [(1,)]
    database.as_admin("drop schema reports cascade")
    load_small(database, NIGHTS[0])
    with pytest.raises(PostgresError, match=r"holds real data \(night 20260101T020000Z\) and this home made-up"):
        load_small(database, NIGHTS[1], is_made_up=True)


def test_loads_at_once_run_one_after_another(
    make_database: Callable[..., Database], small_night: Callable[..., Path], tmp_path: Path
) -> None:
    database, faults = make_database("twice"), []

    def work(n: int) -> None:
        try:
            path = small_night(NIGHTS[n], f"create table marts.words as select '{NIGHTS[n]}' as word")
            load(path, database.server, tmp_path / f"t{n}", is_made_up=False)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    ((word,),) = database.as_analyst("select word from marts.words")
    with database.server.connect() as con:
        assert loaded_state(con).night_id == word
    assert schemas(database) - OURS == set()


def test_readers_see_one_night_while_nights_are_published(
    make_database: Callable[..., Database], sample_home: Home, tmp_path: Path
) -> None:
    """A smaller `benchmarks/publishes.py`: every answer of the file and of PostgreSQL is of one night, and none is an error."""
    from benchmarks.publishes import make_base, publish_and_load, question, read

    database, home = make_database("asked"), Home(tmp_path / "home").create()
    base = make_base(sample_home.warehouse, tmp_path / "base.duckdb", months=1)
    assert len(base.places) > 10
    sql, stop, readings = question(base), threading.Event(), []
    publish_and_load(home, base, 1, database.server)

    class Enough:
        """Set once all nights are published and a reader has asked three times, however slow the machine is."""

        def __init__(self) -> None:
            self.rounds = 0

        def is_set(self) -> bool:
            self.rounds += 1
            return stop.is_set() and self.rounds > 3

    readers = [
        threading.Thread(target=lambda n=n: readings.append(read(home, database.analyst, sql, Enough(), bool(n % 2), 0.5)))
        for n in range(3)
    ]
    for reader in readers:
        reader.start()
    for number in range(2, 4):
        publish_and_load(home, base, number, database.server)
    stop.set()
    for reader in readers:
        reader.join()
    assert [fault for one in readings for fault in one.faults] == []
    assert len(readings) == 3 and len(set().union(*(one.nights for one in readings))) > 1
    assert all(len(times) > 2 for one in readings for times in one.seconds.values())
