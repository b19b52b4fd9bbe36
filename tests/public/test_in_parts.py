"""Many figures are looked at in parts: the public form is the same, and is there whole or as it was."""

import duckdb
import pytest

from dagster_project import public
from dagster_project.config import Public
from dagster_project.public import write_public

from .tables import MEASURES, make
from .test_successive import DIFFERING, SHOWN

FORCES = {"f1": 1002, "f2": 1003}
MARTS = {mart for mart, _ in MEASURES}


def forces(**of_the_second: str) -> duckdb.DuckDBPyConnection:
    """The made marts of two forces, which differ in what was counted, when and where."""
    con = duckdb.connect()
    con.execute("create schema marts; create schema staging")
    for code, seed in FORCES.items():
        own = make(seed, 34, **(of_the_second if code == "f2" else {}))
        for table, force in (("marts.measures", "force_code"), ("staging.areas_listed", "force_code")):
            named = f"'{code}' as {force}, case when area_type = 'force' then '{code}' else area_code end as area_code"
            con.register("one", own.sql(f"select * replace ({named}) from {table}").to_arrow_table())
            con.execute(f"create table if not exists {table} as from one limit 0; insert into {table} from one")
    return con


def shown(con: duckdb.DuckDBPyConnection) -> list[str]:
    return sorted(map(str, con.execute(SHOWN).fetchall()))


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has every force of every mart looked at by itself. What was looked at together, in the order of looking."""
    found: list[str] = []

    def look(con: duckdb.DuckDBPyConnection, *names: str) -> None:
        ((said,),) = con.execute("select string_agg(distinct mart || ' ' || force_code, ' ') from measures").fetchall()
        found.append(said)
        run(con, *names)

    run = public._run
    monkeypatch.setattr(public, "_run", look)
    monkeypatch.setattr(public, "TOGETHER", 1)
    return found


@pytest.mark.parametrize("settings", [Public(), Public(mode="round", base=5)])
def test_in_parts_it_is_the_same(settings: Public, parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    con = forces()
    write_public(con, settings, "staging", "secret")
    assert sorted(parts) == sorted(f"{mart} {force}" for mart in MARTS for force in FORCES)
    parts.clear()
    monkeypatch.setattr(public, "TOGETHER", 10**9)
    together = forces()
    write_public(together, settings, "staging", "secret")
    assert len(parts) == 1
    assert len(shown(con)) > 1000
    assert shown(con) == shown(together)
    # Nothing is left beside it.
    names = "select table_name from duckdb_tables() where schema_name = 'marts_public'"
    assert con.execute(names).fetchall() == [("measures",)]


def test_forces_and_marts_are_looked_at_together_as_far_as_there_is_room(
    parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    con = forces()
    figures = dict(con.execute("select mart || ' ' || force_code, count(*) from marts.measures group by all").fetchall())
    monkeypatch.setattr(public, "TOGETHER", 2 * max(figures.values()))
    write_public(con, Public(), "staging", "secret")
    looked_at = [sum(n for key, n in figures.items() if key in part) for part in parts]
    assert sum(looked_at) == sum(figures.values())
    assert 1 < len(parts) < len(figures)
    assert max(looked_at) <= public.TOGETHER


def test_a_night_in_part_looks_in_parts(parts: list[str]) -> None:
    earlier, later, con = forces(), forces(corrected="true"), forces(corrected="true")
    for made in (earlier, later):
        write_public(made, Public(), "staging")
    parts.clear()
    for name, sql in (("stood", "from marts.measures"), ("was", "from marts_public.measures")):
        con.register(name, earlier.sql(sql).to_arrow_table())
    con.execute("create table earlier as from stood")
    con.execute("create schema marts_public; create table marts_public.measures as from was")
    con.execute(DIFFERING)
    write_public(con, Public(), "staging", made="made")
    assert shown(con) == shown(later) != shown(earlier)
    assert sorted(parts) == sorted(f"{mart} f2" for mart in MARTS)


def test_what_stands_stands_until_all_parts_are_there(parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    con = forces()
    write_public(con, Public(threshold=3), "staging")
    before = shown(con)
    look = public._run
    parts.clear()

    def fail(con: duckdb.DuckDBPyConnection, *names: str) -> None:
        if len(parts) == 3:
            raise duckdb.OutOfMemoryException("no room")
        look(con, *names)

    monkeypatch.setattr(public, "_run", fail)
    con.execute("drop table cut; drop table family; drop view areas_listed")
    with pytest.raises(duckdb.OutOfMemoryException):
        write_public(con, Public(threshold=30), "staging")
    assert len(parts) == 3
    assert shown(con) == before
    # Tried again, it is whole.
    monkeypatch.setattr(public, "_run", look)
    con.execute("drop table cut; drop table family; drop view areas_listed")
    write_public(con, Public(threshold=30), "staging")
    assert len(shown(con)) == len(before)
    assert shown(con) != before
