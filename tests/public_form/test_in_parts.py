"""Many figures are looked at in parts: the public form is the same, and is there whole or as it was."""

from functools import cache
from typing import Any

import duckdb
import pytest

from dagster_project import public_form
from dagster_project.core.config import Public
from dagster_project.core.sql import literal
from dagster_project.public_form import batches, write_public

from .tables import MEASURES, make
from .test_successive import shown, stand_on

FORCES = {"f1": 1002, "o'neil": 1003}
MARTS = {mart for mart, _ in MEASURES}
SETTINGS = {"suppress": Public(), "round": Public(mode="round", base=5)}


TABLES = ("marts.measures", "staging.areas_listed")


@cache
def marts_of(code: str, seed: int, corrected: str) -> tuple[Any, ...]:
    """The made marts of a force, and its areas, as Arrow tables."""
    own, force = make(seed, 20, corrected=corrected), literal(code)
    named = f"{force} as force_code, case when area_type = 'force' then {force} else area_code end as area_code"
    return tuple(own.sql(f"select * replace ({named}) from {table}").to_arrow_table() for table in TABLES)


def forces(corrected: str = "") -> duckdb.DuckDBPyConnection:
    """The made marts of two forces, which differ in what was counted, when and where. `corrected`: of the second."""
    con = duckdb.connect()
    con.execute("create schema marts; create schema staging")
    for code, seed in FORCES.items():
        for table, rows in zip(TABLES, marts_of(code, seed, "" if code == "f1" else corrected), strict=True):
            con.register("one", rows)
            con.execute(f"create table if not exists {table} as from one limit 0; insert into {table} from one")
    return con


@cache
def looked_at_together(mode: str = "suppress", key: str = "secret", corrected: str = "") -> duckdb.DuckDBPyConnection:
    """The made marts with their public form, looked at all at once. To be read, not changed."""
    con = forces(corrected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(public_form, "BYTES_PER_FIGURE", 1)
        write_public(con, SETTINGS[mode], "staging", key)
    return con


def tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What the schema has, but for the views of its one table."""
    found = con.execute("select table_name from duckdb_tables() where schema_name = 'marts_public' order by 1").fetchall()
    return [name for (name,) in found]


def on_the_night_before(earlier: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Marts of which one force's are corrected, beside the public form of those before; `made` says what is made again."""
    con = forces(corrected="true")
    stand_on(con, earlier)
    return con


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has every force of every mart looked at by itself. What was looked at together, in the order of looking."""
    found: list[str] = []

    def look(con: duckdb.DuckDBPyConnection, *names: str) -> None:
        ((said,),) = con.execute("select string_agg(distinct mart || ' ' || force_code, ', ') from measures").fetchall()
        found.append(said)
        run(con, *names)

    run = public_form._run_scripts
    monkeypatch.setattr(public_form, "_run_scripts", look)
    monkeypatch.setattr(public_form, "BYTES_PER_FIGURE", 1 << 60)
    return found


def fail_after(n: int, parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the memory end after `n` more parts."""
    look, enough = public_form._run_scripts, len(parts) + n

    def fail(con: duckdb.DuckDBPyConnection, *names: str) -> None:
        if len(parts) == enough:
            raise duckdb.OutOfMemoryException("no room")
        look(con, *names)

    monkeypatch.setattr(public_form, "_run_scripts", fail)


@pytest.mark.parametrize("mode", SETTINGS)
def test_in_parts_it_is_the_same(mode: str, parts: list[str]) -> None:
    con = forces()
    write_public(con, SETTINGS[mode], "staging", "secret")
    assert sorted(parts) == sorted(f"{mart} {force}" for mart in MARTS for force in FORCES)
    parts.clear()
    looked_at_together.cache_clear()  # so that `parts` sees it
    together = looked_at_together(mode)
    assert len(parts) == 1
    assert shown(con)[0] > 1000
    assert shown(con) == shown(together)
    assert tables(con) == ["measures"]


def test_forces_and_marts_are_looked_at_together_as_far_as_there_is_room(
    parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    con = forces()
    figures = dict(con.execute("select mart || ' ' || force_code, count(*) from marts.measures group by all").fetchall())
    room = 2 * max(figures.values())
    con.execute("set memory_limit = '1GiB'")
    monkeypatch.setattr(public_form, "BYTES_PER_FIGURE", (1 << 30) // room)
    write_public(con, Public(), "staging", "secret")
    looked_at = [sum(n for key, n in figures.items() if key in part.split(", ")) for part in parts]
    assert sum(looked_at) == sum(figures.values())
    assert 1 < len(parts) < len(figures)
    assert max(looked_at) <= room


def test_a_figure_of_no_force_is_not_lost(parts: list[str]) -> None:
    con = forces()
    con.execute("delete from marts.measures where mart <> 'mart_drug_offences'")
    con.execute("insert into marts.measures select * replace (null as force_code) from marts.measures limit 1")
    write_public(con, Public(), "staging")
    assert len(parts) == 3
    markers = con.execute("select marker from marts_public.measures where force_code is null").fetchall()
    assert markers in ([("[c]",)], [("[x]",)])


def test_no_figure_is_in_two_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank force is no other than none."""
    monkeypatch.setattr(public_form, "BYTES_PER_FIGURE", 1 << 60)
    con = duckdb.connect()
    con.execute("create table figures as from (values ('m', null), ('m', ''), ('m', 'f'), ('n', 'f')) as t (mart, force_code)")
    counts = [con.execute(f"select count(*) from figures where {part}").fetchone() for part in batches(con, "figures")]
    assert counts == [(2,), (1,), (1,)]


def test_what_is_rounded_is_made_whole(parts: list[str]) -> None:
    """What stands may have been rounded with another key: beside it, the new one would tell more than either."""
    earlier, later = looked_at_together("round", "another secret"), looked_at_together("round", corrected="true")
    con = on_the_night_before(earlier)
    write_public(con, SETTINGS["round"], "staging", "secret", made="made")
    assert shown(con) == shown(later)


def test_a_night_in_part_looks_in_parts_and_what_stands_stands_until_all_are_there(
    parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, later = looked_at_together(), looked_at_together(corrected="true")
    parts.clear()
    con = on_the_night_before(earlier)
    with monkeypatch.context() as patched:
        fail_after(2, parts, patched)
        with pytest.raises(duckdb.OutOfMemoryException):
            write_public(con, Public(), "staging", made="made")
    assert shown(con) == shown(earlier)
    parts.clear()
    write_public(con, Public(), "staging", made="made")
    assert shown(con) == shown(later) != shown(earlier)
    assert sorted(parts) == sorted(f"{mart} o'neil" for mart in MARTS)


def test_nothing_of_another_form_is_left_where_all_is_made(parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither while parts are missing, nor afterwards: two forms of one figure can give away what each hides."""
    con = forces()
    con.execute("create schema marts_public; create table marts_public.measures as from marts.measures")
    con.execute('create view marts_public."an old mart" as from marts_public.measures')
    with monkeypatch.context() as patched:
        fail_after(2, parts, patched)
        with pytest.raises(duckdb.OutOfMemoryException):
            write_public(con, Public(threshold=30), "staging")
    assert tables(con) == ["unfinished"]
    write_public(con, Public(), "staging")
    assert shown(con) == shown(looked_at_together())
    assert tables(con) == ["measures"]
    views = "select count(*) from duckdb_views() where schema_name = 'marts_public' and view_name not like 'mart@_%' escape '@'"
    assert con.execute(views).fetchone() == (0,)
