"""Figures that changed since the night before: what the dashboard is given and what it shows."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import expect

from dagster_project.core.home import Home
from dagster_project.publishing.changes_since import between, changes_since
from dagster_project.publishing.kept_nights import Publication
from dagster_project.reporting.dashboard import MAX_LISTED, NOT_KNOWN, Changes, write
from dagster_project.serving import connect
from dagster_project.serving.diff import compare

BEFORE = "20200101T020000Z"
FORCE_TOTAL = "measure = 'possession_offences' and category = 'all' and area_type = 'force'"
CHANGES = (
    # Corrections of a month and of the twelve months to December, a new month, and changes of numerators alone.
    f"update marts.mart_drug_offences set value = 150, data_status = 'partial' where {FORCE_TOTAL} and period_type = 'month'"
    " and period_start = '2025-11-01'",
    f"update marts.mart_drug_offences set value = value - 3.5 where {FORCE_TOTAL} and period_label = 'Jan-Dec 2025'",
    "delete from marts.mart_drug_offences where period_type = 'month' and period_start = '2025-12-01'",
    "update marts.mart_stop_search set numerator = numerator + 1 where measure = 'drug_find_rate' and category = 'all'"
    " and area_type = 'force' and period_type = 'month' and period_start = '2025-12-01'",
    "delete from marts.mart_iom where measure = 'cohort_size' and period_type = 'month' and period_start = '2025-06-01'",
    "insert into marts.mart_naloxone select * replace ('nowhere' as area_code) from marts.mart_naloxone limit 1",
)


@pytest.fixture(scope="module")
def earlier_home(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one kept night, from before the sample's, with some other figures."""
    home = Home(tmp_path_factory.mktemp("earlier"))
    home.publications.mkdir()
    path = home.publications / f"{BEFORE}.duckdb"
    shutil.copy(sample_home.warehouse, path)
    path.chmod(0o600)
    with duckdb.connect(str(path)) as con:
        for change in CHANGES:
            assert con.execute(change).fetchone() != (0,), change
    return home


@pytest.fixture(scope="module")
def changes(earlier_home: Home, sample_home: Home) -> Changes:
    with connect(sample_home) as con:
        return changes_since(earlier_home, con)


def test_changes_are_those_of_pam_diff(changes: Changes, earlier_home: Home, sample_home: Home) -> None:
    before = Publication(BEFORE, earlier_home.publications / f"{BEFORE}.duckdb", None, False)
    diff = compare(sample_home, before, Publication("now", sample_home.warehouse, None, True), limit=None)
    key = ("mart", "force_code", "measure", "category", "area_type", "area_code", "period_type", "period_start", "period_end")
    places = [tuple(str(figure[column]) for column in key) for figure in diff.figures]
    reported = [(mart, force, *row[:7]) for (mart, force), rows in changes.rows.items() for row in rows]
    new_periods = {(mart, force, *period) for (mart, force), periods in changes.periods.items() for period in periods}
    assert new_periods == {("mart_drug_offences", "derbyshire", "month", "2025-12-01", "2025-12-31")}
    assert sorted(reported) == sorted(p for p in places if (*p[:2], *p[6:]) not in new_periods)
    assert sum(c + n + g for c, _, n, g in changes.counts.values()) == diff.moved == len(places) > len(reported) > 4
    (mart,) = (m for m in diff.marts if m[0] == "mart_drug_offences")
    assert changes.counts["mart_drug_offences", "derbyshire"] == mart[2:]
    assert ["naloxone_administrations", "g"] in [[r[0], r[-1]] for r in changes.rows["mart_naloxone", "derbyshire"]]
    months = [r for r in changes.rows["mart_drug_offences", "derbyshire"] if r[4] == "month"]
    assert [r[5:] for r in months] == [["2025-11-01", "2025-11-30", "150", "p", "c"]]


def test_two_figures_that_become_complete_both_count_as_changed(tmp_path: Path) -> None:
    """Two figures of one period whose numbers stay the same: hashes combined by xor alone would be equal."""
    for name, status in ((BEFORE, "partial"), ("now", "complete")):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as con:
            con.execute(
                "create schema marts; create table marts.measures as select 'mart_iom' as mart, 'kent' as force_code,"
                " 'force' as area_type, area as area_code, area as area_name, 'cohort_size' as measure, 'all' as category,"
                " 'month' as period_type, date '2025-06-01' as period_start, date '2025-06-30' as period_end,"
                " 'Jun 2025' as period_label, 'count' as unit, 5.0 as value, 5.0 as numerator, 1.0 as denominator,"
                f" '{status}' as data_status from unnest(['north', 'south']) as areas (area)"
            )
    changes = between(Home(tmp_path), tmp_path / f"{BEFORE}.duckdb", tmp_path / "now.duckdb")
    assert changes.counts == {("mart_iom", "kent"): (2, 0, 0, 0)}


def test_without_an_earlier_night_the_dashboard_says_so(opened: Any, sample_home: Home) -> None:
    with connect(sample_home) as con:
        assert changes_since(sample_home, con) == NOT_KNOWN
    page = opened(mart="mart_drug_offences")
    page.locator("#headline button").press("Enter")
    expect(page.locator("#evidence-body")).to_contain_text("No earlier update is kept that this one can be compared with.")
    assert page.locator("#moved").is_hidden()


def test_an_unreadable_kept_night_does_not_stop_the_dashboard(sample_home: Home, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.publications.mkdir()
    with duckdb.connect(str(home.publications / "20190101T020000Z.duckdb")) as con:
        con.execute("create schema marts; create table marts.measures as select 'mart_iom' as mart")
    with connect(sample_home) as con:
        assert changes_since(home, con) == NOT_KNOWN
        (home.publications / f"{BEFORE}.duckdb").write_bytes(b"torn")
        assert changes_since(home, con) == NOT_KNOWN


def test_the_evidence_lists_changed_figures(opened: Any, changes: Changes, sample_home: Home, tmp_path: Path) -> None:
    with connect(sample_home) as con:
        write(con, tmp_path / "out", sample_home, changes=changes)

    def changed_rows(**picked: Any) -> list[str]:
        page = opened(tmp_path / "out", **picked)
        assert page.evaluate("globalThis.pamMoved === undefined"), "changes are read only when they are needed"
        page.locator("#headline button").press("Enter")
        page.wait_for_selector("#evidence[open]")
        return page.locator("#evidence [aria-label='What moved since the update before'] tbody tr").all_inner_texts()

    assert changed_rows(mart="mart_drug_offences", kind="rolling_12_months") == [
        "Jan-Dec 2025\t2,139.5\t2,143", "Nov 2025\t150 [p]\t153", "Dec 2025\tnot there\t149",
    ]  # fmt: skip
    assert changed_rows(mart="mart_stop_search", measure="drug_find_rate") == ["Dec 2025\t38.7%\t38.7%, made of other numbers"]
    assert changed_rows(mart="mart_drug_offences", measure="trafficking_offences", kind="financial_year") == []
    page = opened(tmp_path / "out")
    total = sum(c + n + g for c, _, n, g in changes.counts.values())
    expect(page.locator("#moved summary")).to_have_text(f"Moved since the update before ({BEFORE}): {total} figures")
    page.locator("#moved summary").press("Enter")
    expect(page.locator("#moved tbody tr")).to_have_count(4)


def test_too_many_changes_are_left_to_pam_diff(opened: Any, folder: Path, sample_home: Home, tmp_path: Path) -> None:
    many = Changes(BEFORE, {("mart_iom", "derbyshire"): (MAX_LISTED, 0, 1, 0)})
    with connect(sample_home) as con:
        write(con, tmp_path / "out", sample_home, changes=many)
    assert not (tmp_path / "out" / "data" / "derbyshire" / "moved").exists()
    index = json.loads((tmp_path / "out" / "data" / "index.js").read_text(encoding="utf-8").partition(" = ")[2].rstrip(";\n"))
    counts = {"derbyshire": {"mart_iom": [MAX_LISTED, 0, 1, 0]}}
    assert index["moved"] == {"before": BEFORE, "most": MAX_LISTED, "counts": counts}
    page = opened(tmp_path / "out", mart="mart_iom")
    page.locator("#headline button").press("Enter")
    expect(page.locator("#evidence-body")).to_contain_text("pam diff --mart mart_iom")
