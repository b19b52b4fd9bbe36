"""Many figures are handled in batches: the public form is the same, and it is replaced whole or not at all."""

from functools import cache
from typing import Any

import duckdb
import pytest

from dagster_project.core.config import Public
from dagster_project.core.sql import literal
from dagster_project.public_form import memory_batches, write_measures
from dagster_project.public_form.memory_batches import batches
from dagster_project.public_form.write_measures import write_public

from .random_marts import MEASURES, make_marts
from .test_successive_publications import fingerprint, start_from

FORCES = {"f1": 1002, "o'neil": 1003}
MARTS = {mart for mart, _ in MEASURES}
SETTINGS = {"suppress": Public(), "round": Public(mode="round", base=5)}


TABLES = ("marts.measures", "staging.areas_listed")


@cache
def marts_of(code: str, seed: int, corrected: str) -> tuple[Any, ...]:
    """Random marts of a force, and its areas, as Arrow tables."""
    marts, force = make_marts(seed, 20, corrected=corrected), literal(code)
    named = f"{force} as force_code, case when area_type = 'force' then {force} else area_code end as area_code"
    return tuple(marts.sql(f"select * replace ({named}) from {table}").to_arrow_table() for table in TABLES)


def marts_of_two_forces(corrected: str = "") -> duckdb.DuckDBPyConnection:
    """Random marts of two forces, with different events. `corrected`: of the second force."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("create schema marts; create schema staging")
    for code, seed in FORCES.items():
        for table, rows in zip(TABLES, marts_of(code, seed, "" if code == "f1" else corrected), strict=True):
            con.register("one", rows)
            con.execute(f"create table if not exists {table} as from one limit 0; insert into {table} from one")
    return con


@cache
def in_one_batch(mode: str = "suppress", key: str = "secret", corrected: str = "") -> duckdb.DuckDBPyConnection:
    """The marts with their public form, made in one batch. Do not change it."""
    con = marts_of_two_forces(corrected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_batches, "BYTES_PER_FIGURE", 1)
        write_public(con, SETTINGS[mode], "staging", key)
    return con


def tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of the schema; it has views, too."""
    rows = con.execute("select table_name from duckdb_tables() where schema_name = 'marts_public' order by 1").fetchall()
    return [name for (name,) in rows]


def after_a_correction(earlier: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Marts with a correction of one force, and the public form from before it; table `made`: what is made again."""
    con = marts_of_two_forces(corrected="true")
    start_from(con, earlier)
    return con


@pytest.fixture
def batches_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes a batch of each force of each mart. The batches that were run, in order."""
    contents: list[str] = []

    def record(con: duckdb.DuckDBPyConnection, *names: str) -> None:
        ((content,),) = con.execute("select string_agg(distinct mart || ' ' || force_code, ', ') from measures").fetchall()
        contents.append(content)
        run_scripts(con, *names)

    run_scripts = write_measures._run_scripts
    monkeypatch.setattr(write_measures, "_run_scripts", record)
    monkeypatch.setattr(memory_batches, "BYTES_PER_FIGURE", 1 << 60)
    return contents


def fail_after(n: int, batches_run: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Has memory run out after `n` more batches."""
    run_scripts, last = write_measures._run_scripts, len(batches_run) + n

    def fail(con: duckdb.DuckDBPyConnection, *names: str) -> None:
        if len(batches_run) == last:
            raise duckdb.OutOfMemoryException("no room")
        run_scripts(con, *names)

    monkeypatch.setattr(write_measures, "_run_scripts", fail)


@pytest.mark.parametrize("mode", SETTINGS)
def test_the_public_form_is_the_same_in_batches(mode: str, batches_run: list[str]) -> None:
    con = marts_of_two_forces()
    write_public(con, SETTINGS[mode], "staging", "secret")
    assert sorted(batches_run) == sorted(f"{mart} {force}" for mart in MARTS for force in FORCES)
    batches_run.clear()
    in_one_batch.cache_clear()  # so that `batches_run` records it
    whole = in_one_batch(mode)
    assert len(batches_run) == 1
    assert fingerprint(con)[0] > 1000
    assert fingerprint(con) == fingerprint(whole)
    assert tables(con) == ["measures"]


def test_a_batch_has_as_many_forces_and_marts_as_fit_in_memory(batches_run: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    con = marts_of_two_forces()
    figures = dict(con.execute("select mart || ' ' || force_code, count(*) from marts.measures group by all").fetchall())
    room = 2 * max(figures.values())
    con.execute("set memory_limit = '1GiB'")
    monkeypatch.setattr(memory_batches, "BYTES_PER_FIGURE", (1 << 30) // room)
    write_public(con, Public(), "staging", "secret")
    sizes = [sum(n for key, n in figures.items() if key in batch.split(", ")) for batch in batches_run]
    assert sum(sizes) == sum(figures.values())
    assert 1 < len(batches_run) < len(figures)
    assert max(sizes) <= room


def test_a_figure_without_a_force_is_kept(batches_run: list[str]) -> None:
    con = marts_of_two_forces()
    con.execute("delete from marts.measures where mart <> 'mart_drug_offences'")
    con.execute("insert into marts.measures select * replace (null as force_code) from marts.measures limit 1")
    write_public(con, Public(), "staging")
    assert len(batches_run) == 3
    markers = con.execute("select marker from marts_public.measures where force_code is null").fetchall()
    assert markers in ([("[c]",)], [("[x]",)])


def test_no_figure_is_in_two_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank force and no force are in the same batch."""
    monkeypatch.setattr(memory_batches, "BYTES_PER_FIGURE", 1 << 60)
    con = duckdb.connect()
    con.execute("create table figures as from (values ('m', null), ('m', ''), ('m', 'f'), ('n', 'f')) as t (mart, force_code)")
    counts = [con.execute(f"select count(*) from figures where {batch}").fetchone() for batch in batches(con, "figures")]
    assert counts == [(2,), (1,), (1,)]


@pytest.mark.long
def test_rounded_figures_are_all_made_again(batches_run: list[str]) -> None:
    """Published ones may be rounded with another key: old and new ones together would give more away than either."""
    earlier, later = in_one_batch("round", "another secret"), in_one_batch("round", corrected="true")
    con = after_a_correction(earlier)
    write_public(con, SETTINGS["round"], "staging", "secret", made="made")
    assert fingerprint(con) == fingerprint(later)


def test_a_partial_night_replaces_the_public_form_only_when_all_batches_are_done(
    batches_run: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, later = in_one_batch(), in_one_batch(corrected="true")
    batches_run.clear()
    con = after_a_correction(earlier)
    with monkeypatch.context() as patched:
        fail_after(2, batches_run, patched)
        with pytest.raises(duckdb.OutOfMemoryException):
            write_public(con, Public(), "staging", made="made")
    assert fingerprint(con) == fingerprint(earlier)
    batches_run.clear()
    write_public(con, Public(), "staging", made="made")
    assert fingerprint(con) == fingerprint(later) != fingerprint(earlier)
    assert sorted(batches_run) == sorted(f"{mart} o'neil" for mart in MARTS)


def test_no_earlier_form_is_left_when_all_is_made_again(batches_run: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither between batches nor afterwards: two forms of one figure can give away what each hides."""
    con = marts_of_two_forces()
    con.execute("create schema marts_public; create table marts_public.measures as from marts.measures")
    con.execute('create view marts_public."an old mart" as from marts_public.measures')
    with monkeypatch.context() as patched:
        fail_after(2, batches_run, patched)
        with pytest.raises(duckdb.OutOfMemoryException):
            write_public(con, Public(threshold=30), "staging")
    assert tables(con) == ["unfinished"]
    write_public(con, Public(), "staging")
    assert fingerprint(con) == fingerprint(in_one_batch())
    assert tables(con) == ["measures"]
    views = "select count(*) from duckdb_views() where schema_name = 'marts_public' and view_name not like 'mart@_%' escape '@'"
    assert con.execute(views).fetchone() == (0,)
