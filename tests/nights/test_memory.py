"""A night keeps to its memory limit: rows that do not fit spill into the home, private, and are deleted when the night ends."""

import stat
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from benchmarks.national import write_areas, write_national
from dagster_project.cli import load_app
from dagster_project.core import memory
from dagster_project.core.config import ConfigError
from dagster_project.core.home import Home
from dagster_project.landing.rows import duckdb_connection
from dagster_project.landing.rows.duckdb_connection import connect
from dagster_project.nights.night_run import NightRun
from dagster_project.transform import dbt_runner

WIDE = "create temp table wide as select i, md5(i::varchar) as a, md5((i + 1)::varchar) as b from range({}) as n(i)"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


def test_the_default_limit_is_a_quarter_of_the_machine(home: Home) -> None:
    default = memory.memory_settings(home)["memory_limit"]
    assert default == f"{max(1 << 30, memory.machine_memory() // 4) >> 20}MiB"
    home.config_file.write_text('[night]\nmemory = "300MB"\n')
    con = memory.limit_memory(duckdb.connect(), home)
    assert con.execute("select current_setting('memory_limit')").fetchone() == ("286.1 MiB",)
    home.config_file.write_text('[night]\nmemory = "much"\n')
    with pytest.raises(ConfigError, match=r"night\.memory"):
        memory.memory_limit(home)


def test_only_rows_without_identifiers_spill_into_the_home(home: Home) -> None:
    home.config_file.write_text('[night]\nmemory = "40MB"\n')
    with connect(memory.memory_settings(home), has_identifiers=False) as con:
        con.execute(WIDE.format(600_000))
        assert any(home.spill.iterdir()) and stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert not home.spill.exists()
    with pytest.raises(duckdb.OutOfMemoryException), connect(memory.memory_settings(home), has_identifiers=True) as con:
        con.execute(WIDE.format(600_000))


def test_a_database_that_is_used_again_has_nothing_of_before(home: Home) -> None:
    """Neither rows, nor the key, nor another home's memory and place to spill."""
    home.config_file.write_text('[night]\nmemory = "40MB"\n')
    for has_identifiers in (True, False):
        with connect(memory.memory_settings(home), has_identifiers) as con:
            con.execute("create temp table landing_cells as select 'A. Person' as cell")
            con.execute("set variable pam_inner = 'secret'")
            con.execute("set TimeZone = 'Asia/Tokyo'")
        bounds = {"memory_limit": "300MiB", "temp_directory": str(home.path / "other"), "max_temp_directory_size": "1GiB"}
        with connect(bounds, has_identifiers) as con, connect(bounds, has_identifiers) as other:
            assert con.execute("select count(*) from duckdb_tables()").fetchone() == (0,)
            settings = "current_setting('memory_limit'), current_setting('temp_directory')"
            assert con.execute(f"select getvariable('pam_inner'), {settings}").fetchone() == (
                None, "300.0 MiB", "" if has_identifiers else str(home.path / "other"),
            )  # fmt: skip
            assert con.execute("select current_setting('TimeZone')").fetchone() != ("Asia/Tokyo",)
            # Two at once share nothing.
            con.execute("set threads = 1")
            assert other.execute("select current_setting('threads') > 1").fetchone() == (True,)
            con.execute("reset threads")


def test_a_database_that_failed_is_not_used_again(home: Home) -> None:
    settings = memory.memory_settings(home)
    with connect(settings, has_identifiers=False) as con:
        failed = con
    duckdb_connection._idle[False].close()
    with connect(settings, has_identifiers=False) as con:
        assert con is not failed and con.execute("select pam_date('2025-01-01')").fetchone() == ("2025-01-01",)


def test_a_file_larger_than_memory_lands_and_leaves_no_spill(home: Home) -> None:
    home.config_file.write_text('[night]\nmemory = "80MB"\n')
    files = write_national(home.path.parent / "made", ["derbyshire"], 1, 16)
    write_areas(home, ["derbyshire"])
    (large,) = (p for p in files if p.name.startswith("intelligence"))
    large.rename(home.inbox / large.name)
    # Left by a killed night.
    home.spill.mkdir()
    (home.spill / "duckdb_temp_storage-0.tmp").write_bytes(b"rows")
    run = NightRun(home)
    run.begin()
    assert not home.spill.exists()
    try:
        (entry,) = run.land()
        assert (entry.outcome, entry.rows_landed) == ("accepted", 16 * 19_000)
    finally:
        run.end()
    assert not home.spill.exists()


def test_many_figures_are_built_a_mart_at_a_time_with_the_same_result(week_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tens of millions of figures in one query need more memory than a night has."""

    def facts() -> list[tuple]:
        with duckdb.connect(str(week_copy.candidate / "work.duckdb"), read_only=True) as con:
            return con.execute("select * from gate.figure_facts order by all").fetchall()

    before = facts()
    # The variable is read when a model is compiled, not when the project is parsed, which takes most of the time.
    monkeypatch.setattr(dbt_runner, "_parsed_for", lambda _: dbt_runner.manifest())
    assert len({mart for mart, *_ in before}) > 4
    command = ["dbt", "run", "-s", "figure_facts", "--vars", "{many_figures: 1}", "--home", str(week_copy.path)]
    result = CliRunner().invoke(load_app(), command, env={"DBT_QUIET": "true"})
    assert result.exit_code == 0, result.output
    (last,) = (week_copy.candidate / "dbt" / "run").rglob("figure_facts.sql")
    assert last.read_text().startswith("insert into"), "it was not built a mart at a time"
    assert facts() == before
