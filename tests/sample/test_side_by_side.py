"""The benchmark beside SQLMesh compares like with like: its project reads all columns, and a different figure is found. And the
benchmark of many nights counts a file once."""

import os
import re
from pathlib import Path

import duckdb
import pytest

from benchmarks.hundred_nights import size_of
from benchmarks.national import NEXT_DAY, NIGHTLY, scale_for, write_national, write_next_day
from benchmarks.side_by_side import THEIR_PROJECT, equal_figures

MODELS = THEIR_PROJECT / "models"


def test_the_project_reads_every_column_of_the_nightly_files(tmp_path: Path) -> None:
    paths = write_national(tmp_path, ["derbyshire"], 1, scale_for(100, 1, 1), only=NIGHTLY)
    assert sorted(p.name.split("__")[0] for p in paths) == sorted(NIGHTLY)
    for path in paths:
        model = (MODELS / f"{path.name.split('__')[0]}.sql").read_text(encoding="utf-8")
        for column in path.read_text(encoding="utf-8").splitlines()[0].split(","):
            assert re.search(rf"\b{column}\b", model), (path.name, column)


def test_a_later_day_has_other_references(tmp_path: Path) -> None:
    first = write_next_day(tmp_path / "1", ["kent"])
    later = write_next_day(tmp_path / "2", ["kent"], day=NEXT_DAY.replace(day=2))
    assert [p.name for p in first] == [p.name.replace("2026-01-02", "2026-01-01").replace("0107", "0106") for p in later]
    references = [{line.split(",")[0] for p in paths for line in p.read_text().splitlines()[1:]} for paths in (first, later)]
    assert references[0] and not references[0] & references[1]


KEYS = "'kent' as force_code, 'force' as area_type, 'kent' as area_code, 'searches' as measure, 'all' as category"
PERIOD = "'month' as period_type, date '2025-01-01' as period_start, date '2025-01-31' as period_end"


@pytest.mark.parametrize(
    ("here", "theirs", "same"),
    [
        ("5, null", "5, null", True),
        ("5, 4", "6, 4", False),
        ("5, 4", "5, 3", False),
        ("null, null", "6, null", True),
    ],
    ids=["same", "another value", "another before", "not available here"],
)
def test_a_different_figure_is_found(tmp_path: Path, here: str, theirs: str, same: bool) -> None:
    for name, schema, table, extra, pair in (
        ("warehouse", "marts", "measures", ", 'mart_stop_search' as mart, 'count' as unit", here),
        ("theirs", "marts__night", "figures", "", theirs),
    ):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as con:
            con.execute(f"create schema {schema}")
            value, before = pair.split(", ")
            row = f"select {KEYS}, {PERIOD}, {value}::decimal(28, 10) as value, {before}::decimal(28, 10) as prior_value{extra}"
            more = row.replace("'kent' as area_code", "'west' as area_code").replace(pair.split(",")[0] + "::", "1::", 1)
            con.execute(f"create table {schema}.{table} as {row} union all {more}")
    files = tmp_path / "warehouse.duckdb", tmp_path / "theirs.duckdb"
    if same:
        assert equal_figures(*files) == (2 if "null, null" not in here else 1)
    else:
        with pytest.raises(RuntimeError, match=r"\b[12] (differ|of the year before)"):
            equal_figures(*files)


def test_figures_that_only_this_warehouse_has_must_be_zero(tmp_path: Path) -> None:
    for value, is_fine in ((0, True), (1, False)):
        here, theirs = tmp_path / f"{value}.duckdb", tmp_path / f"{value}_theirs" / "theirs.duckdb"
        theirs.parent.mkdir()
        row = f"select {KEYS}, {PERIOD}, 3 as value, null::int as prior_value"
        with duckdb.connect(str(here)) as con:
            con.execute("create schema marts")
            own = ", 'mart_stop_search' as mart, 'count' as unit"
            only_here = row.replace("'all'", "'Other'").replace("3 as", f"{value} as")
            con.execute(f"create table marts.measures as {row}{own} union all {only_here}{own}")
        with duckdb.connect(str(theirs)) as con:
            con.execute(f"create schema marts__night; create table marts__night.figures as {row}")
        if is_fine:
            assert equal_figures(here, theirs) == 1
        else:
            with pytest.raises(RuntimeError, match="1 differ"):
                equal_figures(here, theirs)


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 300_000)
    os.link(tmp_path / "one", tmp_path / "two")
    assert size_of(tmp_path) == (0.3, 1)
