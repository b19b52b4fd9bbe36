"""The public form of the report: all four formats agree with `marts_public`, and use nothing else."""

import csv
import json
import re
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from docx import Document
from python_calamine import CalamineWorkbook
from support import as_dicts

from dagster_project.audit import read_log
from dagster_project.core.config import ConfigError, read_config
from dagster_project.core.project_lists import read_seed
from dagster_project.core.published_file import open_hardened
from dagster_project.editions.tables import TableSpec
from dagster_project.public_form.public_windows import PublicFigure, PublicFigures
from dagster_project.publishing.outputs import OutputContext, report
from dagster_project.reporting.pack import Pack, write_pack
from dagster_project.reporting.pack.model import Panel, Point, Series
from dagster_project.reporting.pack.page_charts import Month, _units
from dagster_project.reporting.pack.public_cells import public_cells
from dagster_project.reporting.pack.wording import describe_bars, describe_lines
from dagster_project.serving import connect

from .conftest import WrittenPack
from .documents import rows_of, tables_of
from .pages import read_pages

HIDDEN = "[c]"
FORMS = ("html", "csv", "xlsx", "docx")


@dataclass(frozen=True)
class PublicPack:
    """A pack in the public form, and the exact pack of the same night."""

    exact: WrittenPack
    folder: Path
    pack: Pack


def write_public(exact: WrittenPack, folder: Path, warehouse: Path | None = None) -> PublicPack:
    con = duckdb.connect(str(warehouse), read_only=True) if warehouse else connect(exact.home)
    try:
        pack = write_pack(con, exact.edition, folder, FORMS, home=exact.home, is_made_up=exact.pack.is_made_up, public=True)
    finally:
        con.close()
    return PublicPack(exact, folder, pack)


@pytest.fixture(scope="module", params=["other", pytest.param("sample", marks=pytest.mark.long)])
def public(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PublicPack:
    return write_public(request.getfixturevalue(f"{request.param}_pack"), tmp_path_factory.mktemp("public") / request.param)


def test_each_cell_is_in_marts_public_or_follows_from_it(public: PublicPack) -> None:
    """Each cell is compared with the exact cell and, by linear algebra, with the public rows that are shown."""
    con = connect(public.exact.home)
    exact = {
        (c["table_name"], c["row_label"], c["column_name"]): c
        for c in as_dicts(con.execute("select * from reports.cells where edition = ?", [public.exact.edition.edition]))
    }
    series = read_series(con, public.exact.edition.edition)
    counted: Counter[str] = Counter()
    for table in public.pack.tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                exact_cell = exact.pop((table.name, row.label, column.name), None)
                if exact_cell is None:
                    # The exact report leaves this row out if nothing is recorded, which the public form must not reveal.
                    assert cell.measure is None or (row.label, cell.printed) == ("Not recorded", HIDDEN)
                elif exact_cell["answer_id"] is None or exact_cell["data_status"] == "not_applicable":
                    assert cell.printed == "[z]"
                else:
                    shown, allowed = follows(series[tuple(exact_cell[name] for name in SERIES)], exact_cell)
                    counted[f"{shown} {cell.printed == HIDDEN}"] += 1
                    assert (cell.printed == HIDDEN) == (not shown), (exact_cell, cell)
                    if shown:
                        assert cell.printed == exact_cell["printed"].replace(" [r]", "") and cell.value == exact_cell["value"]
                        assert allowed is None or cell.value is None or abs(float(cell.value) - allowed) < 1e-6
    con.close()
    assert not exact, "no cell is lost"
    assert counted["True False"] > 5 and counted["False True"] > 3


SERIES = ("force_code", "mart", "measure", "category", "area_type", "area_name")


def read_series(con: duckdb.DuckDBPyConnection, edition: str) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """The public rows of each series that the edition's cells are of."""
    series = defaultdict(list)
    rows = con.execute(
        "select distinct * exclude (period_type, period_label) from marts_public.measures"
        f" semi join (from reports.cells where edition = ?) using ({', '.join(SERIES)})",
        [edition],
    )
    for row in as_dicts(rows):
        series[tuple(row[name] for name in SERIES)].append(row)
    return series


def follows(rows: list[dict[str, Any]], cell: dict[str, Any]) -> tuple[bool, float | None]:
    """Whether a cell's figure is in a public row or follows from shown rows of its series, and its value then."""
    if cell["mart"] == "mart_public_health":
        matching = [r for r in rows if r["value"] == cell["value"] or r["pct_change"] == cell["value"]]
        return bool(matching) or cell["value"] is None, None
    if cell["value"] is None and cell["data_status"] != "complete":
        return True, None
    first, last = cell["period_start"], cell["period_end"]
    if cell["measure"] in ("lines_active", "pspos_active", "cohort_size"):
        return any(r["marker"] is None for r in rows if r["period_end"] == last), None
    own = [r for r in rows if (r["period_start"], r["period_end"]) == (first, last)]
    if own and cell["shows"] == "value":
        return any(r["marker"] != HIDDEN for r in own), None
    sides_by_kind = {"volume_change": ("value", "prior"), "pct_change": ("value", "prior"), "prior_value": ("prior",)}
    sides = sides_by_kind.get(cell["shows"], ("value",))
    parts = ("numerator", "denominator") if rows and rows[0]["unit"] == "percent" else ("value",)
    amounts: list[float] = []
    for side in sides:
        for part in parts:
            known_sums = [(r["period_start"], r["period_end"], r[part]) for r in rows if r[part] is not None]
            known_sums += [(r["period_start"], r["period_end"], 0) for r in rows if r["marker"] == "[x]"]
            if part == "value":
                known_sums += [
                    (year_before(r["period_start"]), year_before(r["period_end"]), r["prior_value"])
                    for r in rows if r["prior_value"] is not None
                ]  # fmt: skip
            at = (first, last) if side == "value" else (first and year_before(first), year_before(last))
            amount = sum_of_window(known_sums, *at)
            if amount is None:
                return False, None
            amounts.append(amount)
    return True, amounts[0] if len(amounts) == 1 else None


def year_before(day: Any) -> Any:
    """The same day, or end of February, a year before."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def sum_of_window(known_sums: list[tuple[Any, Any, Any]], first: Any, last: Any) -> float | None:
    """The sum of a window if it is a linear combination of the known sums, else None."""
    ends = [12 * e.year + e.month for _, e, _ in known_sums]
    begins = [12 * b.year + b.month for b, _, _ in known_sums]
    low = min([*begins, *([12 * first.year + first.month] if first else [])], default=0)
    high = max([*ends, 12 * last.year + last.month])
    matrix = np.zeros((len(known_sums), high - low + 1))
    for n, (b, e) in enumerate(zip(begins, ends, strict=True)):
        matrix[n, b - low : e - low + 1] = 1
    target = np.zeros(high - low + 1)
    target[(12 * first.year + first.month if first else low) - low : 12 * last.year + last.month - low + 1] = 1
    weights, *_ = np.linalg.lstsq(matrix.T, target, rcond=None)
    if not len(known_sums) or np.abs(matrix.T @ weights - target).max() > 1e-6:
        return None
    return float(weights @ np.array([float(v) for *_, v in known_sums]))


def test_all_four_formats_have_the_same_figures(public: PublicPack) -> None:
    pages = read_pages(public.folder)
    (workbook,), (document,) = (list(public.folder.glob(f"*-public.{form}")) for form in ("xlsx", "docx"))
    book = CalamineWorkbook.from_path(workbook)
    tables = {table.name: word_table for table, word_table in tables_of(document, public.pack)}
    for page in public.pack.pages:
        for table in page.tables:
            printed = [[r.label, *(c.printed for c in r.cells)] for r in table.rows]
            shown = pages[f"{page.slug}.html"].tables[f"{table.name}-t-caption"]
            assert shown[1:] == printed
            assert rows_of(tables[table.name])[1:] == printed
            sheet = book.get_sheet_by_name(f"{table.number}_{table.name}"[:31]).to_python()
            for row, cells in zip(sheet[-len(printed) :], table.rows, strict=True):
                for figure, cell in zip(row[1:], cells.cells, strict=False):
                    assert figure == HIDDEN if cell.marker == HIDDEN else (figure == cell.printed) == (cell.value is None)
            with (public.folder / "csv" / f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
                lines = list(csv.DictReader(file))
            for line, row in zip(lines, () if table.unavailable else table.rows, strict=True):
                for column, cell in zip(table.columns, row.cells, strict=True):
                    value = Decimal(line[column.name]) if line[column.name] else None
                    assert (value, line[f"{column.name}_marker"]) == (cell.value, cell.marker or "")


def test_a_figure_is_rounded_or_cut_and_has_more_places_if_that_leaves_0(sample_pack: WrittenPack) -> None:
    """0 is printed for a true zero alone: a fall of 0.02% is none. 32.6% is cut where the edition says so."""
    offences = {"mart": "mart_drug_offences", "measure": "possession_offences"}
    year = {"window": {"from": "2024-11-01", "to": "2025-10-31"}}
    possession = [{"label": str(cut), **offences, "cells": {"n": year | {"cut": cut}}} for cut in (True, False)]
    columns = [{"name": "n", "window": {"rolling_12_months": 0}, "shows": "pct_change", "decimals": 0}]
    table = TableSpec.model_validate({
        "table": "t", "objective": "O", "paragraph": "1", "title": "T", "rows_are": "R", "data_to": "2025-02-28",
        "figure": {"mart": "mart_intelligence", "measure": "intelligence_items"}, "columns": columns,
        "rows": [{"label": "Items"}, *possession],
    })  # fmt: skip
    con = connect(sample_pack.home)
    try:
        cells = public_cells(con, sample_pack.edition.model_copy(update={"tables": (table,)}))["t"]
    finally:
        con.close()
    assert [(c["printed"], c["marker"]) for c in cells] == [("-0.02%", None), ("32%", None), ("33%", None)]


def test_a_year_before_is_marked_by_its_own_status(sample_pack: WrittenPack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever files cover of the newer year; a count that a rate is a share of has no decimal places."""
    shows = ("value", "prior_value", "denominator")
    columns = [{"name": name, "window": {"calendar_year": -1}, "shows": name} for name in shows]
    table = TableSpec.model_validate({
        "table": "t", "objective": "O", "paragraph": "1", "title": "T", "rows_are": "R", "columns": columns,
        "figure": {"mart": "mart_drug_tests", "measure": "positivity_rate"}, "rows": [{"label": "Rate"}],
    })  # fmt: skip
    rate = PublicFigure(Decimal(50), None, "complete", Decimal(40), None, "partial", denominator=Decimal(523))
    monkeypatch.setattr(PublicFigures, "over", lambda *_: rate)
    con = connect(sample_pack.home)
    try:
        cells = public_cells(con, sample_pack.edition.model_copy(update={"tables": (table,)}))["t"]
    finally:
        con.close()
    shown = [(c["printed"], c["marker"], c["data_status"]) for c in cells]
    assert shown == [("50.0%", None, "complete"), ("40.0% [p]", "[p]", "partial"), ("523", None, "complete")]


def test_charts_show_public_months_and_gaps(public: PublicPack) -> None:
    con = connect(public.exact.home)
    rows = con.execute(
        "select mart, measure, period_type, period_end, area_type, if(area_type = 'force', '', area_name), value, marker"
        " from marts_public.measures where force_code = ? and category = 'all'"
        " and period_type in ('month', 'rolling_12_months') and area_type in ('force', 'lpu')",
        [public.pack.force_code],
    ).fetchall()
    con.close()
    figures = {row[:6]: row[6:] for row in rows}
    assert len(figures) == len(rows)
    hidden = 0
    for chart in public.pack.charts:
        if chart.kind not in ("trend", "units", "years"):
            continue
        table = next(t for t in public.pack.tables if t.name == chart.table)
        measure = {d.title: (d.mart, d.measure) for d in table.definitions}
        for panel in chart.panels:
            mart_measure = measure.get(panel.title) or next(iter(measure.values()))
            for series in panel.series:
                for point in (p for p in series.points if p.day):
                    period = "month" if series.role == "months" else "rolling_12_months"
                    area = "force" if chart.kind == "trend" else "lpu"
                    place = "" if area == "force" else panel.title
                    value, marker = figures[*mart_measure, period, point.day, area, place]
                    mean = series.name.startswith("Average")
                    assert (point.value is None) == (value is None)
                    assert point.value is None or abs(point.value - value / (12 if mean else 1)) < Decimal("1e-9")
                    assert point.printed == HIDDEN if marker == HIDDEN else point.printed != HIDDEN
                    hidden += marker == HIDDEN
    assert hidden or not public.exact.pack.is_made_up, "the sample has hidden months"


def test_no_chart_says_which_is_largest_where_some_are_hidden(public: PublicPack) -> None:
    """Exactly, High Peak has most drug searches of the sample: 193, against the 183 of Erewash. Its figure is hidden."""
    charts = [c for c in public.pack.charts if c.kind == "units"]
    assert charts or not public.exact.pack.is_made_up
    assert [c.title for c in charts if "most in" in c.title or "most in" in c.alt] == []
    months = {("rolling_12_months", f"Unit {n}"): [Month(date(2025, m, 1), Decimal(n), "complete", None) for m in range(1, 8)]
              for n in range(9, 35)}  # fmt: skip
    table, measure = public.pack.tables[0], next(d for t in public.pack.tables for d in t.definitions)
    (exact,), (shown,) = (_units(table, measure, months, is_public) for is_public in (False, True))
    assert "The 24 largest units; 2 more are in the marts." in exact.notes and ": most in Unit 34, 34 to Jul" in exact.title
    assert "24 units; 2 more are in marts_public." in shown.notes and "most in" not in shown.title
    hidden = Panel("", "count", (Series("A", tuple(
        Point(label, None, value and Decimal(value), str(value or HIDDEN), status)
        for label, value, status in (("x", 9, ""), ("y", None, ""), ("z", 7, ""), ("v", None, "partial"))
    )),))  # fmt: skip
    assert describe_lines("Line chart", "T", [hidden]) == "Line chart. T. A: 9 in x, 7 in z; not public: y and v."
    assert describe_bars("T", hidden) == "Bar chart. T. x 9, z 7; not public: y and v."
    provisional = Panel("", "count", (Series("A", tuple(
        Point(label, None, Decimal(value), str(value), status)
        for label, value, status in (("x", 9, ""), ("y", 7, ""), ("z", 8, ""), ("v", 1, "partial"))
    )),))  # fmt: skip
    text = "Line chart. T. A: 9 in x, 1 in v; highest 9 in x, lowest 7 in y; provisional: v."
    assert describe_lines("Line chart", "T", [provisional]) == text


def test_every_page_says_that_it_is_the_public_form(public: PublicPack) -> None:
    notice = "For the public: counts under 5 are not shown"
    # Orders of the sample's authorities are public anyway: a table has a 1 below this sentence.
    assert public.pack.rule and "Shown as they are, even if small: street crimes of data.police.uk" in public.pack.rule
    # Stop and search is hidden where it is small, also if it comes from files of data.police.uk.
    anyway = {r["mart"] for r in read_seed("public_cuts") if r["role"] == "public"}
    assert anyway == {"mart_street_crime", "mart_public_health", "mart_pspo", "mart_confiscation_orders"}
    for path in public.folder.rglob("*.html"):
        assert notice in path.read_text(encoding="utf-8"), path.name
    assert notice in json.loads((public.folder / "csv" / "csv-metadata.json").read_text(encoding="utf-8"))["dc:description"]
    (workbook,), (document,) = (list(public.folder.glob(f"*-public.{form}")) for form in ("xlsx", "docx"))
    book = CalamineWorkbook.from_path(workbook)
    for name in book.sheet_names:
        assert any(notice in str(cell) for row in book.get_sheet_by_name(name).to_python() for cell in row), name
    assert any(notice in p.text for p in Document(str(document)).sections[0].header.paragraphs)
    assert json.loads((public.folder / "pack.json").read_text(encoding="utf-8"))["figures"] in notice + public.pack.rule
    # No trail, no claim, no count of rows, no earlier figure.
    assert not (public.folder / "trail").exists() and not (public.folder / "claims.html").exists()
    assert not (public.folder / "csv" / "claims-held.csv").exists() and "Claims" not in book.sheet_names
    for path in public.folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\[r\]|trail/|pam trace|Records used|how it is counted", text), path.name
    assert all(s.rows is None for s in public.pack.sources)


def test_no_exact_figure_is_read(public: PublicPack, tmp_path: Path) -> None:
    """The report has the same bytes without the exact relations and with all counts of rows set to 0."""
    changed_file = tmp_path / "warehouse.duckdb"
    shutil.copy(public.exact.home.warehouse, changed_file)
    with duckdb.connect(str(changed_file)) as con:
        for schema in ("marts", "reports", "bi"):
            con.execute(f"drop schema {schema} cascade")
        for relation in ("checks", "files", "revisions"):
            con.execute(f"drop table meta.{relation}")
        con.execute(
            "update meta.extracts set rows_landed = 0, rows_quarantined = 0, rows_duplicate = 0, rows_current = 0,"
            " rows_withdrawn = 0"
        )
        con.execute("update meta.nights set rows_landed = 0, rows_quarantined = 0, warnings = 0, figures = 0")
    again = write_public(public.exact, tmp_path / "again", changed_file)
    both = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in (public.folder, again.folder)]
    assert both[0] == both[1] and len(both[0]) > 10


def test_a_night_publishes_the_public_form_if_set(other_pack: WrittenPack, tmp_path: Path) -> None:
    home = other_pack.home
    settings = home.config_file.read_text(encoding="utf-8") if home.config_file.exists() else None
    home.config_file.write_text('[publish]\nreport = "public"\n', encoding="utf-8")
    con = open_hardened(home.warehouse, writable=tmp_path)
    try:
        report.write(con, tmp_path, OutputContext(home, other_pack.pack.night_id, False, ("report", "catalogue")))
    finally:
        con.close()
        home.config_file.unlink() if settings is None else home.config_file.write_text(settings, encoding="utf-8")
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / "pack.json").read_text(encoding="utf-8"))["figures"].startswith("For the public")
    assert "catalogue" not in (folder / "index.html").read_text(encoding="utf-8")


def test_a_public_report_needs_marts_public(other_pack: WrittenPack, new_home: Any, tmp_path: Path, pam: Any) -> None:
    new_home.config_file.write_text('[publish]\nreport = "public"\n[public]\nmode = "off"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r'publish\.report = "public" needs the public form'):
        read_config(new_home)
    changed_file = tmp_path / "warehouse.duckdb"
    shutil.copy(other_pack.home.warehouse, changed_file)
    with duckdb.connect(str(changed_file)) as con:
        con.execute("drop schema marts_public cascade")
    with pytest.raises(ValueError, match="has no marts_public"):
        write_public(other_pack, tmp_path / "out", changed_file)
    assert not (tmp_path / "out").exists()
    result = pam("report", "--home", other_pack.home.path, "--public", "--out", tmp_path / "by_hand", "--format", "csv", "-q")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "by_hand" / "pack.json").read_text(encoding="utf-8"))["figures"] != "exact"
    assert [*read_log(other_pack.home)][-1].facts["what"] == "edition 2027-01, public form: csv"
