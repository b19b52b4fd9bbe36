"""Which figures changed between two nights, and which files caused it: checked against all rows of both nights."""

import io
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from support import MARTS
from week import NIGHTS, OTHER

from dagster_project.core.home import Home
from dagster_project.publishing.figure_diff import EVERY, FIGURE, KEY, attach, by_mart, make_differences
from dagster_project.publishing.kept_nights import NotKeptError, Publication, publication_of
from dagster_project.serving.diff import Difference, _table_row, choose_nights, compare, write
from dagster_project.transform.dbt_runner import manifest
from dagster_project.transform.figure_causes import UNEXPLAINED, make_cause_tables, measure_sources

pytestmark = pytest.mark.begin_first

JANUARY = ("2025-01-01", "2025-01-31")


def between(home: Home, one: str, other: str, **options: Any) -> Difference:
    return compare(home, publication_of(home, one), publication_of(home, other), **({"limit": None} | options))


def figures(diff: Difference, **wanted: Any) -> list[dict[str, Any]]:
    """The changed figures that have these values."""
    return [r for r in diff.figures if all(r[k] == v for k, v in wanted.items())]


def rows_of(publication: Publication) -> dict[tuple, tuple]:
    with duckdb.connect(str(publication.path), read_only=True) as con:
        rows = con.execute(f"select {', '.join((*KEY, *FIGURE))} from marts.measures").fetchall()
    return {row[: len(KEY)]: row[len(KEY) :] for row in rows}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


@pytest.mark.parametrize("n", range(4))
def test_changed_figures_match_a_comparison_of_all_rows(week: Home, con: duckdb.DuckDBPyConnection, n: int) -> None:
    one, other = publication_of(week, NIGHTS[n]), publication_of(week, NIGHTS[n + 1])
    attach(con, one.path, "earlier")
    attach(con, other.path, "later")
    number = make_differences(con)
    before, after = rows_of(one), rows_of(other)
    expected = {k: (before.get(k), after.get(k)) for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
    changes = con.execute(
        f"select {', '.join(KEY)}, kind, {', '.join(f'{c}_before' for c in FIGURE)}, {', '.join(f'{c}_after' for c in FIGURE)},"
        " change from differences"
    ).fetchall()
    assert len(changes) == number == len(expected) == len({row[:9] for row in changes})
    for row in changes:
        old, new = expected[row[:9]]
        assert row[9] == ("new" if old is None else "gone" if new is None else "changed")
        assert row[10:14] == (old or (None,) * 4) and row[14:18] == (new or (None,) * 4)
        assert row[18] == (new[0] - old[0] if old and new and None not in (old[0], new[0]) else None)
    kinds = Counter(row[9] for row in changes)
    counted = by_mart(con)
    assert [sum(r[i] for r in counted) for i in (2, 4, 5)] == [kinds["changed"], kinds["new"], kinds["gone"]]
    assert all(row[1] == sum(k[0] == row[0] for k in after) for row in counted)


def test_a_correction_changes_its_own_months_and_the_year(week: Home) -> None:
    """By hand, from the second night's file: one row gone from December, one moved from June to November."""
    diff = between(week, NIGHTS[0], NIGHTS[1], measure="naloxone_administrations")
    own = figures(diff, area_type="force", kind="changed")
    assert {r["force_code"] for r in own} == {"derbyshire"}, "the other force sent nothing"
    months = [r for r in own if r["period_type"] == "month"]
    changes = {r["period_label"]: (r["value_before"], r["value_after"], r["change"]) for r in months}
    assert changes == {"Jun 2025": (2, 1, -1), "Nov 2025": (2, 3, 1), "Dec 2025": (2, 1, -1), "Jan 2026": (None, 1, None)}
    assert [r["change"] for r in own if r["period_label"] == "2025"] == [-1]


def test_each_change_names_the_file_of_its_own_force(week: Home) -> None:
    diff = between(week, NIGHTS[0], NIGHTS[1])
    assert diff.unexplained == 0
    by = {(r["mart"], r["force_code"]): r["files"] for r in figures(diff)}
    assert by == {
        ("mart_naloxone", "derbyshire"): "naloxone__derbyshire__2025-11-01__2026-01-03__20260104T010000Z.csv",
        ("mart_drug_offences", OTHER): f"crimes__{OTHER}__2025-12-01__2025-12-31__20260104T010000Z.csv",
    }
    months = {r["period_label"]: r["cause"] for r in figures(diff, period_type="month", kind="changed", area_type="force")}
    assert months == {"Jun 2025": "other window", "Nov 2025": "window", "Dec 2025": "window", "Jan 2026": "window"}


def test_two_files_of_one_extract_each_explain_their_own_months(week: Home) -> None:
    diff = between(week, NIGHTS[1], NIGHTS[2], mart="mart_community_voices")
    months = figures(diff, period_type="month", area_type="force", category="all")
    windows = ("2025-08-01__2025-09-30", "2025-09-01__2025-10-31")
    summer, autumn = (f"community_voices__derbyshire__{window}__20260105T010000Z.csv" for window in windows)
    files = {r["period_label"]: (set(r["files"].split("; ")), r["cause"]) for r in months}
    assert files["Aug 2025"] == ({summer}, "window")
    assert files["Sep 2025"] == ({summer, autumn}, "window")
    assert files["Oct 2025"] == ({autumn}, "window")
    assert files["Jan 2025"] == ({summer, autumn}, "other window"), "it has a row since the year is covered"


def test_released_files_are_listed_as_released(week: Home) -> None:
    diff = between(week, NIGHTS[2], NIGHTS[3])
    rows = diff.files
    assert [(r["extract"], r["outcome"]) for r in rows if r["outcome"] == "released"] == [("stop_search", "released")]
    assert Counter(r["outcome"] for r in rows) == {"accepted": 3, "released": 1}
    searches = figures(diff, measure="drug_finds", area_type="force", category="all", period_label="Nov 2025")
    # The tie removed S0 from both.
    assert [(r["value_before"], r["value_after"], r["cause"]) for r in searches] == [(1, 0, "window")]
    assert [r["figures"] for r in rows] == sorted((r["figures"] for r in rows), reverse=True)
    assert sum(r["figures"] for r in rows) == diff.moved, "each changed by one file"


def test_a_replaced_list_changes_every_period(week: Home) -> None:
    diff = between(week, NIGHTS[2], NIGHTS[3], mart="county_lines")
    assert {r["cause"] for r in figures(diff)} == {"window"}
    assert figures(diff, measure="lines_active", period_label="Dec 2025", area_type="force")[0]["change"] == -4


def test_a_rate_is_explained_by_its_parts(week: Home) -> None:
    diff = between(week, NIGHTS[2], NIGHTS[3], measure="drug_find_rate")
    rows = figures(diff, kind="changed")
    assert rows and {r["files"].split("__")[0] for r in rows} == {"stop_search"}
    ((mart, n_figures, n_changed, *_),) = diff.marts
    later = [key for key in rows_of(publication_of(week, NIGHTS[3])) if "drug_find_rate" in key]
    assert (mart, n_figures, n_changed) == ("mart_stop_search", len(later), len(rows)), "of that measure alone"


def test_a_night_without_new_files_changes_nothing(week: Home) -> None:
    diff = between(week, NIGHTS[3], NIGHTS[4])
    assert (diff.moved, diff.marts, diff.figures, diff.files) == (0, [], [], [])


def test_the_reverse_comparison_has_the_reverse_changes(week: Home) -> None:
    forward, backward = between(week, NIGHTS[0], NIGHTS[2]), between(week, NIGHTS[2], NIGHTS[0])
    assert backward.moved == forward.moved and backward.unexplained == 0
    assert {r["kind"] for r in figures(backward)} == {"changed", "gone"}
    files, sources_of = ([(f["source_file"], f["figures"]) for f in d.files] for d in (forward, backward))
    assert sorted(files) == sorted(sources_of)
    changed = {tuple(r[k] for k in KEY): r["change"] for r in figures(forward, kind="changed")}
    assert {tuple(r[k] for k in KEY): r["change"] and -r["change"] for r in figures(backward, kind="changed")} == changed


@pytest.mark.long
def test_changes_by_a_list_of_the_home_name_no_file(week_with_lists: Home) -> None:
    """A change by a file of the other force in the same night still names that file."""
    diff = between(week_with_lists, NIGHTS[4], "today")
    assert {(r["mart"], r["cause"], r["files"]) for r in figures(diff, force_code=OTHER)} == {
        ("mart_naloxone", "window", f"naloxone__{OTHER}__2025-01-01__2025-12-31__20260301T000000Z.csv"),
    }
    assert {(r["cause"], r["files"]) for r in figures(diff, mart="mart_drug_offences")} == {("none", None)}
    assert {r["mart"] for r in figures(diff)} == {"mart_drug_offences", "mart_naloxone"}
    offences = {r[0]: r for r in diff.marts}["mart_drug_offences"]
    assert diff.unexplained == offences[2] + offences[4] + offences[5] > 0


def test_sources_of_a_measure_match_dbt_s_lineage() -> None:
    """`measure_sources` is derived from lists; dbt's lineage of the marts is the reference. `figures_to_rebuild` reads all
    marts: it decides when figures are built, not from what. `events` has the rows of all marts."""
    nodes = manifest().nodes

    def ancestors(node: str, mart: str) -> set[str]:
        if nodes[node].name == "figures_to_rebuild":
            return set()
        parents = [p for p in nodes[node].depends_on_nodes if p in nodes]
        if nodes[node].name == "events":
            parents = [p for p in parents if nodes[p].name == f"{mart.removeprefix('mart_')}_events"]
        return {node}.union(*(ancestors(p, mart) for p in parents))

    derived: dict[str, set[str]] = {}
    for mart, _, extract in measure_sources():
        derived.setdefault(mart, set()).add(extract)
    for mart, extracts in derived.items():
        read = {nodes[n].name for n in ancestors(f"model.pam_warehouse.{mart}", mart) if n.startswith("model.")}
        assert extracts == {name.removeprefix("stg_") for name in read if name.startswith("stg_")}, mart
    assert derived.keys() == MARTS
    assert ("mart_incidents", "roc_drugs_emergency", "incidents") in measure_sources(), "by its own coverage's limit"


def test_changes_of_complete_periods_come_first_largest_first(week: Home) -> None:
    diff = between(week, NIGHTS[2], NIGHTS[3], limit=12)
    rows = diff.figures
    assert len(rows) == 12 and diff.moved > 1000
    assert {r["data_status_before"] for r in rows} == {"complete"}
    assert {r["area_type"] for r in rows} == {"force"}
    assert {r["period_type"] for r in rows} <= {"month", "calendar_year", "financial_year"}
    back = between(week, NIGHTS[3], NIGHTS[2], limit=12).figures
    for unit in ("count", "percent"):
        sizes, sizes_back = ([abs(r["change"]) for r in own if r["unit"] == unit] for own in (rows, back))
        assert sizes == sizes_back == sorted(sizes, reverse=True) and sizes, "each unit by itself"
    assert [r["unit"] for r in rows[:4]] == ["count", "percent", "count", "percent"], "and in turn"


def test_a_small_change_is_not_shown_as_0() -> None:
    row = {
        "mart": "mart_naloxone", "measure": "doses", "category": "all", "area_type": "force", "area_code": "kent",
        "period_label": "2025", "value_before": Decimal("1.236"), "value_after": Decimal("1.232"), "change": Decimal("-0.004"),
        "kind": "changed", "data_status_before": "complete", "data_status_after": "complete", "nos": [1], "cause": "window",
    }  # fmt: skip
    assert _table_row(row)[3:7] == (Decimal("1.24"), Decimal("1.23"), Decimal("-0.004"), "complete")
    assert _table_row({**row, "kind": "gone", "data_status_after": None})[6] == "gone, complete"
    assert _table_row({**row, "data_status_after": "partial"})[6] == "complete to partial"


def test_figures_that_no_file_explains_are_counted() -> None:
    write(Difference(*NIGHTS[:2], 3, 2, [], [], []), "table", out := io.StringIO())
    assert out.getvalue().endswith(f"2 figures: {UNEXPLAINED}\n")


def test_only_compared_columns_count(week: Home, con: duckdb.DuckDBPyConnection) -> None:
    """A changed name is no changed figure; a comparison of every column names those that differ."""
    con.execute(f"attach '{publication_of(week, 'today').path}' as later (read_only)")
    con.execute(
        "create table spoilt as select * replace (case when area_code = 'unknown' then 'Nobody knows' else area_name end as"
        " area_name, case when period_label = 'Dec 2025' then prior_value + 1 else prior_value end as prior_value)"
        " from later.marts.measures"
    )
    assert make_differences(con, "spoilt") == 0
    names = con.execute("select count(*) from later.marts.measures where area_code = 'unknown'").fetchone()[0]
    priors = con.execute(
        "select count(*) from later.marts.measures where period_label = 'Dec 2025' and prior_value is not null"
        " and area_code <> 'unknown'"
    ).fetchone()[0]
    assert make_differences(con, "spoilt", columns=EVERY) == names + priors
    assert names and priors and make_differences(con, "spoilt", columns=EVERY, where="area_code <> 'unknown'") == priors
    differing = con.execute("select distinct differs, kind from differences").fetchall()
    assert differing == [(["prior_value"], "changed")]


def test_a_value_that_appears_or_disappears_is_a_change(week: Home, con: duckdb.DuckDBPyConnection) -> None:
    """A cohort whose count is not known yet: complete, and null."""
    con.execute(f"attach '{publication_of(week, 'today').path}' as later (read_only)")
    condition = "period_label = 'Jun 2025' and measure = 'lines_active' and area_type = 'force'"
    con.execute(f"create table spoilt as select * replace (case when {condition} then null else value end as value)"
                " from later.marts.measures")  # fmt: skip
    for sides, values in ((("spoilt", "later.marts.measures"), (None, 5)), (("later.marts.measures", "spoilt"), (5, None))):
        assert make_differences(con, *sides) == 1
        (row,) = con.execute("select value_before, value_after, differs, change from differences").fetchall()
        assert row == (*values, ["value"], None)


def test_causes_come_from_each_night_s_own_list_of_files(con: duckdb.DuckDBPyConnection) -> None:
    """A file that is in both nights explains nothing, nor does one that was refused, is still held, or was held until it
    was retracted."""
    con.execute(
        "create table differences as select 'mart_naloxone' as mart, 'naloxone_administrations' as measure,"
        " 'derbyshire' as force_code, date '2025-01-01' as period_start, date '2025-01-31' as period_end, 'changed' as kind"
    )
    nights = {"a": "earlier", "b": "later"}
    for night in nights.values():
        con.execute(f"attach ':memory:' as {night}")
        con.execute(f"create schema {night}.meta")
        con.execute(
            f"create table {night}.meta.files (load_id varchar, source_file varchar, outcome varchar, extract varchar,"
            " force_code varchar, landed_at timestamp, night_id varchar, covered_from date, covered_to date,"
            " rows_landed bigint, rows_quarantined bigint, rows_duplicate bigint)"
        )

    def add(which: str, name: str, outcome="accepted", extract="naloxone", force="derbyshire", load="", day=2) -> None:
        row = (load or name, name, outcome, extract, force, f"2026-01-0{day} 02:00:00", "night", *JANUARY, 1, 0, 0)
        for night in which:
            con.execute(f"insert into {nights[night]}.meta.files values ({', '.join('?' * len(row))})", row)

    add("ab", "both")
    add("b", "right")
    add("b", "other force", force=OTHER)
    add("b", "other extract", extract="crimes")
    add("b", "refused", "refused")
    add("b", "known", "known", load="both")
    add("b", "held", "held")
    add("ab", "held before", "held", load="freed")
    add("b", "freed", load="freed", day=3)
    add("ab", "taken back")
    add("b", "taken back", "retracted", day=3)
    add("ab", "closed", "held")
    add("b", "closed", "retracted", day=3)
    make_cause_tables(con)
    named = con.execute(
        "select source_file, outcome from landed where list_contains((select file_ids from caused), file_id) order by 1"
    ).fetchall()
    assert named == [("freed", "released"), ("right", "accepted"), ("taken back", "retracted")]
    assert con.execute("select count(*) from landed").fetchone() == (5,)


def test_choosing_the_two_nights(week: Home, week_copy: Home) -> None:
    def ids(home: Home, *nights: str) -> tuple[str, str]:
        one, other = choose_nights(home, nights)
        return one.night_id, other.night_id

    assert ids(week) == (NIGHTS[3], NIGHTS[4])
    assert ids(week, "20260104") == (NIGHTS[1], NIGHTS[4])
    assert ids(week, "today", "20260104") == (NIGHTS[4], NIGHTS[1])
    with pytest.raises(ValueError, match="is compared with itself"):
        choose_nights(week, ["today"])
    for path in week_copy.publications.iterdir():
        path.unlink()
    assert publication_of(week_copy, "today").path == week_copy.warehouse
    with pytest.raises(NotKeptError, match="no night before 20260107T020000Z is kept"):
        choose_nights(week_copy, [])


def test_a_damaged_kept_file_is_named(week_copy: Home) -> None:
    path = publication_of(week_copy, NIGHTS[3]).path
    path.write_bytes(b"rubbish")
    with pytest.raises(ValueError, match=r"20260106T020000Z\.duckdb can't be read as a night's file"):
        between(week_copy, NIGHTS[3], "today")
