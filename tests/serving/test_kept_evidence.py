"""A kept night keeps its evidence: its figures add up whatever was built, failed or rolled back since."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from how_often import often
from support import write_extract
from week import NALOXONE, NIGHTS, YEAR, dated, publish_dated

from dagster_project.core.home import Home
from dagster_project.core.project_lists import read_seed
from dagster_project.core.receipts import NightNotFoundError
from dagster_project.nights.rollback import roll_back
from dagster_project.publishing.kept_nights import list_kept
from dagster_project.reporting.pack.figure_trails import open_work
from dagster_project.serving.figures_of_file import why_no_figure
from dagster_project.serving.trace import _erased_files, open_evidence, trace
from dagster_project.serving.trace_request import FigureRequest, TrailError, request_for_period
from dagster_project.transform.trail_files import trail_file_of

from .test_trace import some_figures

WHO = {"by": "A. Person", "why": "to see what it rests on"}
NEXT = "20260108T020000Z"


TRACED = often(6, 100)
"""How many figures of each night are traced."""


def add_up(home: Home, night: str | None = None, seed: int = 1) -> int:
    """Trace random figures of a night, by default the published one. Returns how many; each is the sum of its rows."""
    with open_evidence(home, night) as con:
        figures = some_figures(con, seed, TRACED)
        for measure, mart, category, area_type, area_name, force, first, last, value, *_ in figures:
            request = FigureRequest(measure, last, first, mart, category, area_type, area_name, force)
            result = trace(con, request)
            assert result.value is not None and round(result.value, 10) == value, (night, request)
    return len(figures)


def december_figure(home: Home, night: str | None = None) -> Decimal | None:
    with open_evidence(home, night) as con:
        request = request_for_period(
            con, "naloxone_administrations", None, "all", "force", None, "derbyshire", "Dec 2025", None, None
        )
        return trace(con, request).value


def test_every_kept_night_is_traced_to_its_own_rows(week: Home) -> None:
    assert [add_up(week, night, seed) for seed, night in enumerate(NIGHTS)] == [TRACED] * len(NIGHTS)
    assert [december_figure(week, night) for night in NIGHTS[:3]] == [2, 1, 1], "the second night's file withdrew one"
    assert december_figure(week) == december_figure(week, NIGHTS[4])


def test_after_a_rollback_trace_reads_the_published_night(week_copy: Home, pam: Callable) -> None:
    roll_back(week_copy, NIGHTS[0], **WHO)
    assert add_up(week_copy) == TRACED and december_figure(week_copy) == 2
    assert add_up(week_copy, NIGHTS[4]) == TRACED and december_figure(week_copy, NIGHTS[4]) == 1
    with open_work(week_copy, NIGHTS[0]) as work:
        assert work is not None, "the report shows the same rows"
        assert work.execute("select night_id from work.raw.night").fetchall() == [(NIGHTS[0],)]
    command = ("trace", "naloxone_administrations", "--force", "derbyshire", "--period", "Dec 2025", "--home", week_copy.path)
    assert pam(*command).stdout.rstrip().endswith("Figure: 2 (count)")
    assert pam(*command, "--night", NIGHTS[4]).stdout.rstrip().endswith("Figure: 1 (count)")


def test_a_night_of_other_lists_of_measures_is_traced_by_its_own(week_copy: Home) -> None:
    """After an update coverages may have other names: `pam trace` said of most figures that no file had them."""
    trail = str(trail_file_of(week_copy.publications / f"{NIGHTS[0]}.duckdb"))
    with duckdb.connect(trail) as con:
        for table, column in (
            ("seeds.measure_list", "coverage"), ("seeds.measure_list", "category_coverage"),
            ("staging.coverage_windows", "coverage"), ("staging.area_coverages", "coverage"),
            ("staging.area_coverages", "area_coverage"),
        ):  # fmt: skip
            con.execute(f"update {table} set {column} = 'earlier_' || md5({column}) where {column} <> ''")
    assert add_up(week_copy, NIGHTS[0]) == TRACED
    with duckdb.connect(trail) as con:
        con.execute("delete from seeds.measure_list where measure = 'naloxone_administrations'")
    with pytest.raises(TrailError, match="this night was built with has no naloxone_administrations: a later one has it"):
        december_figure(week_copy, NIGHTS[0])
    with duckdb.connect(trail) as con:
        con.execute("drop table seeds.measure_list")
    with pytest.raises(TrailError, match=r"was built by another version, .*: `pam nightly` builds one that it can"):
        december_figure(week_copy, NIGHTS[0])


@pytest.mark.parametrize(("first", "files"), [(None, ("a.csv",)), (date(2020, 12, 31), ("a.csv",)), (date(2021, 1, 1), ())])
def test_erased_files_are_those_of_a_figures_days_or_of_all_before_its_last(first: date | None, files: tuple[str, ...]) -> None:
    (row,) = (m for m in read_seed("measure_list") if m["measure"] == "naloxone_administrations")
    request = FigureRequest(row["measure"], date(2021, 6, 30), first, row["mart"])
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as work; attach ':memory:' as warehouse; create schema work.raw")
        con.execute(
            "create table work.raw.loads as select 'a' as load_id, 'a.csv' as source_file, 'kent' as force_code,"
            " 'naloxone' as extract, date '2020-01-01' as covered_from, date '2020-12-31' as covered_to"
        )
        con.execute("create table memory.main.erased_loads as select 'a' as load_id, false as has_totals")
        con.execute(
            "create schema warehouse.marts; create table warehouse.marts.mart_naloxone (value decimal, force_code text,"
            " measure text, category text, area_type text, area_code text, period_start date, period_end date)"
        )
        assert _erased_files(con, "kent", "kent", request, row, None) == (files, None)


@pytest.mark.long
def test_trace_works_after_a_held_or_killed_night(week_copy: Home) -> None:
    """By a rule of the home, with a file that changes the figure: whatever it left in the candidate's folder."""
    write_extract(week_copy.inbox, "naloxone", [["X1", "2025-12-01 10:00", "Dales"]], columns=NALOXONE, window=YEAR,
                  stamp="20260108T010000Z")  # fmt: skip
    week_copy.expectations.mkdir()
    rule = week_copy.expectations / "none.yml"
    rule.write_text(
        "name: none\nrelation: stg_naloxone\nexpectations:\n  - type: expect_table_row_count_to_be_between\n"
        "    kwargs: {max_value: 0}\n    severity: critical\n    meta: {advice: Ask.}\n",
        encoding="utf-8",
    )
    with dated(week_copy, NEXT) as run:
        run.land()
        run.build()
        run.judge()
    assert run.receipt and run.receipt.outcome == "held" and "stg_naloxone is " in run.receipt.reason
    assert add_up(week_copy) == TRACED and december_figure(week_copy) == 1
    (week_copy.candidate / "work.duckdb").write_bytes(b"cut short")
    assert december_figure(week_copy) == 1
    rule.unlink()
    week_copy.config_file.write_text("[keep]\npublications = 2\n", encoding="utf-8")
    publish_dated(week_copy, "20260109T020000Z")
    assert [p.night_id for p in list_kept(week_copy)] == [NIGHTS[4], "20260109T020000Z"], "as many as the settings say"


def test_the_next_night_keeps_the_evidence_of_a_killed_one(week_copy: Home) -> None:
    evidence = week_copy.publications / f"{NIGHTS[4]}.trail"
    evidence.unlink()
    assert december_figure(week_copy) == 1, "its work is still in the candidate's folder"
    with dated(week_copy, NEXT):
        assert evidence.exists()


def test_missing_evidence_is_reported_with_advice(week_copy: Home) -> None:
    (week_copy.publications / f"{NIGHTS[0]}.trail").unlink()
    with pytest.raises(TrailError, match=f"{NIGHTS[0]} was kept without"), open_evidence(week_copy, NIGHTS[0]):
        pass
    with pytest.raises(NightNotFoundError, match="no kept night"), open_evidence(week_copy, "1999"):
        pass
    (week_copy.publications / f"{NIGHTS[1]}.trail").write_bytes(b"cut short")
    with pytest.raises(TrailError, match="can't be read"), open_evidence(week_copy, NIGHTS[1]):
        pass


def test_rows_erased_since_are_reported_by_trace(pam: Callable, week_copy: Home) -> None:
    """Raw rows that newer loads replaced are erased when they expire; a trace of a night that used them reports it."""
    (first,) = week_copy.raw.glob("naloxone/derbyshire/20260103*.parquet")
    first.unlink()
    with open_evidence(week_copy, NIGHTS[0]) as con:
        request = request_for_period(
            con, "naloxone_administrations", None, "all", "force", None, "derbyshire", "Dec 2025", None, None
        )
        result, days, other = (
            trace(con, replace(request, **changes))
            for changes in ({}, {"first": date(2025, 12, 5)}, {"measure": "trafficking_offences", "mart": None})
        )
        assert "were erased at the end of their retention" in why_no_figure(con, week_copy, first.stem, 2)
    assert (result.value, result.published, result.data_status) == (2, 2, "complete"), "as published, not 0 as of no rows"
    assert [name[:20] for name in result.erased_files] == ["naloxone__derbyshire"] == [n[:20] for n in days.erased_files]
    assert (days.value, days.data_status) == (None, "not_available"), "no figure of these days was published"
    assert (other.value, other.erased_files) == (1, ()), "other rows were erased"
    of = ("trace", "naloxone_administrations", "--force", "derbyshire", "--night", NIGHTS[0], "--home", week_copy.path)
    shown, listed = pam(*of, "--period", "Dec 2025"), pam(*of, "--period", "Dec 2025", "-f", "csv")
    assert "all: 0 rows left make 0\n" in shown.stdout and "Figure: 2 (count)\nIt is as the night published it." in shown.stdout
    assert "this list lacks rows. Rows of these files were erased later" in listed.stderr and "naloxone__" not in listed.stdout


def test_evidence_is_deleted_with_its_night_and_has_no_row_key(week_copy: Home) -> None:
    from dagster_project.publishing.keep_and_prune import prune

    assert b"N12-1" not in (week_copy.publications / f"{NIGHTS[4]}.trail").read_bytes()
    gone = prune(week_copy, 2)
    assert gone == NIGHTS[:3]
    assert {p.stem for p in week_copy.publications.glob("*.trail")} == {*NIGHTS[3:]}
