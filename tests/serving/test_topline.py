"""`pam topline`: the newest complete month and the twelve months to it, for a person, Excel and Word."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from document_check.documents import check
from docx import Document
from python_calamine import CalamineWorkbook

from dagster_project.audit.read import read_log
from dagster_project.cli.topline import NOT_AVAILABLE, NOTES, _notes, _printed, _split
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import MADE_UP_MARK, SAMPLE_MARK
from dagster_project.serving import connect
from dagster_project.serving.topline import COLUMNS, Line, topline
from dagster_project.serving.typed_names import UnknownNameError


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    """Marts of one force: two months, the later one not complete, and a partly covered year."""
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute(
        "create table marts.measures (mart varchar, force_code varchar, area_type varchar, area_code varchar,"
        " area_name varchar, measure varchar,"
        " category varchar, period_type varchar, period_start date, period_end date, period_label varchar,"
        " value decimal(28,10), numerator decimal(28,10), denominator decimal(28,10), prior_value decimal(28,10),"
        " volume_change decimal(28,10), pct_change decimal(28,10), data_status varchar)"
    )
    con.execute(
        """
        insert into marts.measures
        select 'mart_drug_offences', 'kent', area_type, area_code, area_name, 'possession_offences', category, period_type,
            first, last, label, value, null, null, prior, value - prior, 100 * (value - prior) / prior, status
        from (values
            ('month', date '2025-10-01', date '2025-10-31', 'Oct 2025', 'all', 0, 8, 'complete'),
            ('month', date '2025-10-01', date '2025-10-31', 'Oct 2025', '92D', 77, 7, 'complete'),
            ('month', date '2025-11-01', date '2025-11-30', 'Nov 2025', 'all', 3, 9, 'partial'),
            ('rolling_12_months', date '2024-11-01', date '2025-10-31', 'x', 'all', 50, null, 'partial'),
            ('rolling_12_months', date '2024-12-01', date '2025-11-30', 'y', 'all', 60, 70, 'partial')
        ) as t(period_type, first, last, label, category, value, prior, status),
        (values ('force', 'kent', 'Kent Police'), ('lpu', 'm', 'Maidstone'), ('section', 'm2', 'Maidstone'))
            as a(area_type, area_code, area_name)
        """
    )
    con.execute(
        "create table marts.mart_control_charts as"
        " select mart, measure, category, force_code, area_type, area_code, period_start, period_end, value, '' as variation,"
        " cast(0 as double) as mean, cast(0 as double) as upper_limit, period_start as baseline_start,"
        " false as is_outside_limits, false as is_two_of_three, false as is_run, false as is_trend"
        " from marts.measures limit 0"
    )
    return con


def test_the_latest_complete_month_and_the_twelve_months_to_it(marts: duckdb.DuckDBPyConnection) -> None:
    (line,) = topline(marts, ["possession_offences"])
    assert (line.month, line.area) == ("Oct 2025", "Kent Police")
    assert (line.month_value, line.month_year_before, line.month_pct_change) == (0, 8, -100), "0 is a true zero"
    assert (line.twelve_months_value, line.twelve_months_year_before, line.twelve_months_change) == (50, None, None)
    assert line.twelve_months_status == "partial"
    assert line.unusual == "not known", "no chart has the month"


def test_a_partly_covered_year_before_is_marked(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("update marts.measures set data_status = 'complete', value = 50, prior_value = 40, volume_change = null")
    (line,) = topline(marts, ["possession_offences"])
    assert _printed(line)[2:8] == ["50", "40 [p]", "[x]", "50", "40 [p]", "[x]"]
    line = replace(line, twelve_months_status="partial")
    assert (_printed(line)[3], _printed(line)[6]) == ("40 [p]", "40"), "the month is complete, the twelve months are not"
    assert _printed(line)[8] == "in part"
    marts.execute("update marts.measures set volume_change = 10, pct_change = 25")
    (line,) = topline(marts, ["possession_offences"])
    assert _printed(line)[2:8] == ["50", "40", "+25.0%", "50", "40", "+25.0%"]
    line = replace(line, month_year_before=Decimal(19), month_change=Decimal(31), month_pct_change=Decimal("163.2"))
    assert _printed(line)[4] == "+31", "either count is small"


def test_a_change_by_a_status_as_it_is_now_is_not_listed(marts: duckdb.DuckDBPyConnection) -> None:
    """What was seized a year before has had a year longer to be decided."""
    names = "mart = 'mart_cash_seizures', measure = 'under_investigation_value'"
    marts.execute(
        f"update marts.measures set {names}, data_status = 'complete', value = 577, prior_value = 0, volume_change = 577"
    )
    (line,) = topline(marts, ["under_investigation_value"])
    assert (_printed(line)[4], _printed(line)[7]) == ("[z]", "[z]")


def test_a_change_across_a_known_one_has_no_verdict(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "create schema meta; create table meta.rebases as select distinct 'mart_drug_offences' as mart, force_code,"
        " area_type, area_code, 'possession_offences' as measure, 'all' as category, date '2025-04-09' as rebase_on,"
        " 'New system' as reason from marts.measures where area_type = 'force'"
    )
    assert topline(marts, ["possession_offences"])[0].unusual == "not judged"
    assert topline(marts, ["possession_offences"], "m", "lpu")[0].unusual == "not known", "another area's"
    for day, unusual in (("2023-12-01", "not judged"), ("2023-11-30", "not known"), ("2025-11-01", "not known")):
        marts.execute(f"update meta.rebases set rebase_on = date '{day}'")
        assert topline(marts, ["possession_offences"])[0].unusual == unusual, day
    marts.execute("insert into meta.rebases by name select * replace (date '2025-04-09' as rebase_on) from meta.rebases")
    assert topline(marts, ["possession_offences"])[0].unusual == "not judged", "a later change hides none"


def test_a_number_on_a_day_is_no_total_of_twelve_months() -> None:
    figures = [Decimal(36)] * 2 + [None] * 2
    measures = (("mart_pspo", "pspos_active", "Active orders"), ("mart_iom", "cohort_size", "Cohort"))
    lines = [Line(*m, "count", "Kent Police", "Feb 2024", *figures, *figures, "complete", "not judged") for m in measures]
    assert _notes(lines)[-1] == "Active orders; Cohort: both figures are the last number up to 29 February 2024."
    assert _printed(lines[0])[-1] == "[z]"
    assert _notes([replace(lines[0], measure="pspos_new")]) == _notes([]) == [*NOTES]
    assert "would reverse" not in " ".join(NOTES), "12 to 240 would not be reversed by a few"


def test_a_figure_of_nothing_is_not_applicable(marts: duckdb.DuckDBPyConnection) -> None:
    """A rate of no searches, or a cohort that nobody counted: the files are there."""
    marts.execute("update marts.measures set value = null")
    (line,) = topline(marts, ["possession_offences"])
    assert (_printed(line)[2], _printed(line)[5]) == ("[z]", "[z]"), "also where the twelve months are partial"
    without = replace(line, month="", twelve_months_status="not_available")
    assert (_printed(without)[2], _printed(without)[5]) == ("[x]", "[x]")


def test_a_small_change_is_not_shown_as_0(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.measures set data_status = 'complete', value = 2501, prior_value = 2500, volume_change = 1,"
        " pct_change = 0.04"
    )
    (line,) = topline(marts, ["possession_offences"])
    assert _printed(line)[4] == _printed(line)[7] == "+0.04%"
    rate = replace(line, unit="percent", month_change=Decimal("-0.0312"), twelve_months_change=Decimal("0.5"))
    assert (_printed(rate)[4], _printed(rate)[7]) == ("-0.03 pts", "+0.5 pts")
    assert _printed(replace(rate, month_change=Decimal(0)))[4] == "0 pts"


def add_earlier_months(marts: duckdb.DuckDBPyConnection) -> None:
    """Eleven quiet months of two years before, in each of the control charts: one of fewer than twelve is not judged."""
    marts.execute(
        "insert into marts.mart_control_charts select charts.* replace ("
        "   charts.period_start - interval (24 + n) month as period_start,"
        "   last_day(charts.period_start - interval (24 + n) month) as period_end,"
        "   'common cause' as variation, false as is_outside_limits"
        " ) from marts.mart_control_charts as charts, range(1, 12) as earlier(n) where charts.period_end = date '2025-10-31'"
    )


def test_unusual_comes_from_the_control_chart(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "insert into marts.mart_control_charts by name select *, 8 as mean, 12 as upper_limit,"
        " date '2024-01-01' as baseline_start, area_type = 'force' as is_outside_limits, false as is_two_of_three,"
        " false as is_run, false as is_trend from (select mart, measure, category, force_code, area_type, area_code,"
        " period_start, period_end, value from marts.measures where period_type = 'month' and category = 'all')"
    )
    assert topline(marts, ["possession_offences"])[0].unusual == "not judged", "a part of few months"
    add_earlier_months(marts)
    assert topline(marts, ["possession_offences"])[0].unusual == "unusually low"
    assert topline(marts, ["possession_offences"], "m")[0].unusual == "no"
    marts.execute("update marts.mart_control_charts set mean = 1.9")
    assert topline(marts, ["possession_offences"])[0].unusual == "too few"
    marts.execute("update marts.mart_control_charts set mean = 12")
    assert topline(marts, ["possession_offences"])[0].unusual == "too few", "the limits are the mean"
    for mart, measure in (("mart_pspo", "pspos_active"), ("mart_iom", "cohort_size"), ("mart_mda_orders", "order_value")):
        names = f"mart = '{mart}', measure = '{measure}'"
        marts.execute(f"update marts.mart_control_charts set {names}, mean = 8; update marts.measures set {names}")
        assert topline(marts, [f"{mart}.{measure}"])[0].unusual == "not judged"


def test_a_line_is_of_its_own_force_area_measure_and_month(marts: duckdb.DuckDBPyConnection) -> None:
    """Charts that differ from it in one column alone are unusually high, also that of an earlier month; such figures are later.
    A mean of 2 is not too few."""
    marts.execute(
        "insert into marts.mart_control_charts by name select mart, measure, category, force_code, area_type, area_code,"
        " period_start, period_end, value, 2 as mean, 12 as upper_limit, date '2024-01-01' as baseline_start,"
        " 'low' as variation, true as is_outside_limits, false as is_two_of_three, false as is_run, false as is_trend"
        " from marts.measures"
        " where period_label = 'Oct 2025' and category = 'all' and area_type = 'force'"
    )
    add_earlier_months(marts)
    others = {
        "mart": "mart_x", "measure": "trafficking_offences", "category": "92A", "force_code": "essex", "area_type": "lpu",
        "area_code": "x",
    }  # fmt: skip
    for column, other in others.items():
        marts.execute(
            f"insert into marts.mart_control_charts select * replace ('{other}' as {column}, 'high' as variation, 99 as value)"
            " from marts.mart_control_charts where variation = 'low'"
        )
        if column == "area_code":
            continue  # a force has one
        marts.execute(
            f"insert into marts.measures select * replace ('{other}' as {column}, date '2025-12-31' as period_end)"
            " from marts.measures where period_label = 'Oct 2025' and category = 'all' and area_code = 'kent'"
            " and (mart, measure, force_code, area_type) = ('mart_drug_offences', 'possession_offences', 'kent', 'force')"
        )
    marts.execute(
        "insert into marts.mart_control_charts select * replace (date '2025-09-01' as period_start,"
        " date '2025-09-30' as period_end, 'high' as variation, 99 as value)"
        " from marts.mart_control_charts where variation = 'low'"
    )
    marts.execute("update marts.measures set area_name = 'Kent Police' where area_type = 'force'")
    (line,) = topline(marts, ["possession_offences"], force="kent")
    assert (line.month, line.month_value, line.twelve_months_value, line.unusual) == ("Oct 2025", 0, 50, "unusually low")
    marts.execute(
        "insert into marts.measures select * replace ('essex' as force_code, 'Medway' as area_name) from marts.measures"
        " where area_code = 'm'"
    )
    assert topline(marts, ["possession_offences"], "m", force="kent")[0].area == "Maidstone"


def test_a_night_of_an_earlier_version_has_no_control_charts(marts: duckdb.DuckDBPyConnection) -> None:
    before = topline(marts, ["possession_offences"])
    marts.execute("drop table marts.mart_control_charts")
    assert topline(marts, ["possession_offences"]) == before and before[0].unusual == "not known"


def test_a_missing_measure_is_not_available_and_never_0(marts: duckdb.DuckDBPyConnection) -> None:
    first, second = topline(marts, ["mart_mda_orders.orders", "possession_offences"])
    assert (first.measure, second.measure) == ("orders", "possession_offences"), "in the order in which they are named"
    assert (first.month, first.month_value, first.unusual) == ("", None, "not known")
    assert (first.twelve_months_value, first.twelve_months_status) == (None, "not_available")
    assert [line.mart for line in topline(marts, ["orders"])] == ["mart_confiscation_orders", "mart_mda_orders"]


def test_a_word_that_names_two_areas_or_a_night_of_two_forces(marts: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UnknownNameError, match="of several kinds: say which with --area-type: lpu, section"):
        topline(marts, area="maidstone")
    assert topline(marts, area="maidstone", area_type="lpu")[0].area == "Maidstone"
    assert topline(marts, area_type="force") == topline(marts)
    marts.execute("insert into marts.measures by name select * replace ('essex' as force_code) from marts.measures")
    with pytest.raises(UnknownNameError, match=r"name the force with --force \(there are essex, kent\)"):
        topline(marts)


def test_the_default_is_the_headline_measures_of_the_marts(sample_home: Home) -> None:
    con = connect(sample_home)
    lines = topline(con)
    figures = con.execute(
        "select mart, measure, strftime(period_end, '%b %Y'), value, prior_value, pct_change from marts.measures"
        " where area_type = 'force'"
        " and category = 'all' and period_type = 'rolling_12_months'"
    ).fetchall()
    con.close()
    by = {row[:3]: row[3:] for row in figures}
    assert len(lines) > 30 and lines[0].measure == "possession_offences"
    for line in lines:
        own, figures = (line.mart, line.measure, line.month), by.get((line.mart, line.measure, line.month), (None, None, None))
        assert (line.twelve_months_value, line.twelve_months_year_before, line.twelve_months_pct_change) == figures, own
    assert {line.unusual for line in lines} >= {"no", "not known"}


def test_the_command_in_the_terminal(pam: Callable, sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = pam("topline", "--home", sample_home.path)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80 and lines[0] == "Sample: all figures are made up."
    assert lines[1].startswith("Derbyshire Constabulary")
    assert re.search(r"^ ?Possession offences +Dec 2025 +149 +-15\.8% +2,143 +\+21\.1% +no", result.stdout, re.M)
    assert re.search(r"^ ?Activities +Dec 2025 +28 +\[x\] +\[x\] +\[x\] +\[x\]", result.stdout, re.M)
    assert re.search(r"^ ?Forfeiture orders +Dec 2025 +1 +0 ", result.stdout, re.M), "0 has no sign"
    assert re.search(r"^ ?Confiscation orders +Dec 2025 +7 +-7 +79 +-18\.6% +no", result.stdout, re.M), "7 is a small number"
    assert "under 20, the change is a number" in " ".join(result.stdout.split())
    result = pam("topline", "drug_find_rate", "--area", "derby north", "--home", sample_home.path)
    assert "+31.7 pts" in result.stdout and "Derby North" in result.stdout


def test_the_other_formats_have_exact_figures(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    output = pam("topline", "activities", "possession_offences", "--format", "csv", "--home", sample_home.path).stdout
    first, second = csv.DictReader(io.StringIO(output))
    assert (first["twelve_months_value"], first["twelve_months_status"]) == ("", "not_available")
    assert Decimal(second["twelve_months_pct_change"]) == Decimal("21.1418880724")
    assert first["is_made_up"] == second["is_made_up"] == "true"
    output = pam("topline", "activities", "--format", "json", "--home", sample_home.path).stdout
    assert json.loads(output)[0]["twelve_months_value"] is None
    path = tmp_path / "topline.xlsx"
    result = pam("topline", "activities", "possession_offences", "--out", path, "--home", sample_home.path)
    assert result.exit_code == 0, result.output
    book = CalamineWorkbook.from_path(path)
    header, first, second = book.get_sheet_by_name("Answer").to_python()
    assert tuple(header) == COLUMNS and path.stat().st_mode & 0o777 == 0o600
    row = dict(zip(header, first, strict=True))
    assert (row["month_value"], row["twelve_months_value"], row["twelve_months_change"]) == (28, NOT_AVAILABLE, NOT_AVAILABLE)
    assert dict(zip(header, second, strict=True))["twelve_months_value"] == 2143
    assert "made up" in str(book.get_sheet_by_name("About").to_python())


def test_a_word_document(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "topline.docx"
    assert pam("topline", "activities", "possession_offences", "--out", path, "--home", sample_home.path).exit_code == 0
    doc = Document(str(path))
    rows = [[c.text for c in r.cells] for r in doc.tables[0].rows]
    assert rows[1] == ["Activities", "Dec 2025", "28", "[x]", "[x]", "[x]", "[x]", "[x]", "no", "[x]"]
    assert rows[2] == ["Possession offences", "Dec 2025", "149", "177", "-15.8%", "2,143", "1,769", "+21.1%", "yes", "no"]
    assert any("made up" in p.text for p in doc.paragraphs) and any("[x] not available" in p.text for p in doc.paragraphs)


def test_measures_without_figures_are_named_below_the_table(pam: Callable, sample_home: Home) -> None:
    lines = [Line("m", f"x{n}", f"X {n}", "count", "A", month, *[None] * 8, status, "no")
             for n, (month, status) in enumerate([("Oct 2025", "partial"), ("", "not_available")])]  # fmt: skip
    assert _split(lines, all_lines=False) == ([lines[0]], "Not available, and left out: X 1.")
    assert _split(lines, all_lines=True) == (lines, ""), "a person asked for it"
    assert _split(lines[1:], all_lines=False) == (lines[1:], ""), "an empty table says nothing"
    of_year = replace(lines[0], month="")
    assert _split([of_year, lines[1]], all_lines=False)[0] == [of_year], "it has some of the twelve months"
    result = pam("topline", "drug incidents", "--home", sample_home.path)
    assert result.exit_code == 0 and "Drug incidents" in result.stdout, "by its title"


def test_the_written_document_agrees_with_its_night(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    """Every figure of the table agrees, those not available too: only the 20 of the note on small numbers is no figure."""
    path = tmp_path / "topline.docx"
    assert pam("topline", "--out", path, "--home", sample_home.path).exit_code == 0
    checked = check(sample_home, path)
    assert [i.printed for i in checked.items if i.verdict != "agrees"] == ["20"] and len(checked.items) > 250
    shown = {(i.where, i.figure): i for i in checked.items}
    before = shown["table 1, row Possession offences, column Year before", "prior_value"]
    assert (before.period, before.computed) == ("the year before Jan-Dec 2025", "1769")
    assert pam("topline", "--area", "Derby North", "--out", path, "--home", sample_home.path).exit_code == 0
    assert {i.area for i in check(sample_home, path).items if i.verdict == "agrees"} == {"Derby North"}


def retyped(path: Path, **changes: str) -> Path:
    """The document with texts of cells and paragraphs changed. `caption`, `heading`: of the table; others: of the first row."""
    doc = Document(str(path))
    (table,) = doc.tables
    for place, text in changes.items():
        if place == "caption":
            (caption,) = (p for p in doc.paragraphs if p.style and p.style.name == "Caption")
            caption.text = text
        else:
            cells = table.rows[0 if place == "heading" else 1].cells
            cells[{"heading": 2, "title": 0, "month": 1, "value": 2, "change": 4}[place]].text = text
    new = path.with_name(f"retyped-{path.name}")
    doc.save(str(new))
    return new


def test_retyped_figures_disagree_and_other_tables_are_not_linked(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "topline.docx"
    assert pam("topline", "possession_offences", "--out", path, "--home", sample_home.path).exit_code == 0

    def verdicts(**changes: str) -> list[str]:
        return [i.verdict for i in check(sample_home, retyped(path, **changes)).items if i.where.startswith("table")]

    assert verdicts() == ["agrees"] * 6
    assert verdicts(value="150") == ["disagrees", *["agrees"] * 5]
    assert verdicts(value="[x]") == ["disagrees", *["agrees"] * 5]
    assert verdicts(change="15.8%") == [*["agrees"] * 2, "disagrees", *["agrees"] * 3], "a fall is not a rise"
    assert verdicts(month="Nov 2025").count("disagrees") == 6, "the figures of another month"
    for other in (
        {"caption": "Table 1: Topline: Derbyshire Constabulary, targets"}, {"caption": "Table 1: Derbyshire Constabulary"},
        {"heading": "Charged in the month"}, {"title": "Possession offences solved"}, {"month": "Winter 2025"},
    ):  # fmt: skip
        assert verdicts(**other) == ["not linked"] * 6, other


def test_the_audit_log_counts_the_written_lines(pam: Callable, figures_copy: Home, tmp_path: Path) -> None:
    """A document leaves out measures without figures, and names them; a workbook has them all. Of a home of real files, neither
    says that its figures are made up."""
    home = figures_copy
    for mark in (SAMPLE_MARK, MADE_UP_MARK):
        (home.path / mark).unlink(missing_ok=True)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("delete from marts.mart_naloxone")
    written = {}
    for name in ("topline.DOCX", "topline.XLSX"):
        assert pam("topline", "--out", tmp_path / name, "--home", home.path).exit_code == 0
        (*_, last) = (r.facts for r in read_log(home) if r.kind == "disclosure")
        written[name] = last["what"]
    doc, book = Document(str(tmp_path / "topline.DOCX")), CalamineWorkbook.from_path(tmp_path / "topline.XLSX")
    rows, sheet = len(doc.tables[0].rows) - 1, book.get_sheet_by_name("Answer").to_python()
    assert written == {"topline.DOCX": f"topline, {rows} measures", "topline.XLSX": f"topline, {len(sheet) - 1} measures"}
    assert rows == len(sheet) - 2
    text = "\n".join(p.text for p in doc.paragraphs)
    left_out = "Not available, and left out: Naloxone administrations."
    assert left_out in text and left_out in pam("topline", "--home", home.path).stdout
    assert "made up" not in text + str(book.get_sheet_by_name("About").to_python())


def test_wrong_use(pam: Callable, sample_home: Home, new_home: Home, tmp_path: Path) -> None:
    assert pam("topline", "--out", tmp_path / "a.pdf", "--home", sample_home.path).exit_code == 2
    assert pam("topline", "--format", "xml", "--home", sample_home.path).exit_code == 2
    result = pam("topline", "drug_find", "--home", sample_home.path)
    assert result.exit_code == 1 and "nearest: drug_finds" in result.stderr
    assert "no published night" in pam("topline", "--home", new_home.path).stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "home"] or not list(tmp_path.iterdir())
