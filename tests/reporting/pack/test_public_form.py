"""The report in its public form: in all four forms what `marts_public` says, and made of nothing else."""

import csv
import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from docx import Document
from python_calamine import CalamineWorkbook
from support import as_dicts

from dagster_project.core.config import ConfigError, read_config
from dagster_project.core.published_file import open_hardened
from dagster_project.publishing.outputs import OutputContext, report
from dagster_project.reporting.pack import Pack, write_pack
from dagster_project.serving import connect

from .conftest import Made
from .documents import rows_of, tables_of
from .pages import read_pages

HIDDEN = "[c]"
FORMS = ("html", "csv", "xlsx", "docx")


@dataclass(frozen=True)
class PublicPack:
    """A pack in the public form, beside the exact one of the same night."""

    made: Made
    folder: Path
    pack: Pack


def write(made: Made, folder: Path, warehouse: Path | None = None) -> PublicPack:
    con = duckdb.connect(str(warehouse), read_only=True) if warehouse else connect(made.home)
    try:
        pack = write_pack(con, made.edition, folder, FORMS, home=made.home, is_sample=made.pack.is_sample, public=True)
    finally:
        con.close()
    return PublicPack(made, folder, pack)


@pytest.fixture(scope="module", params=["sample", "other"])
def public(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PublicPack:
    return write(request.getfixturevalue(request.param), tmp_path_factory.mktemp("public") / request.param)


def test_each_cell_is_what_marts_public_says_or_follows_from_it(public: PublicPack) -> None:
    """Held against the exact cell and the public rows by a reading of its own: linear algebra over the shown ones."""
    con = connect(public.made.home)
    exact = {
        (c["table_name"], c["row_label"], c["column_name"]): c
        for c in as_dicts(con.execute("select * from reports.cells where edition = ?", [public.made.edition.edition]))
    }
    series = cache(partial(read_series, con))
    counted: Counter[str] = Counter()
    for table in public.pack.tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                was = exact.pop((table.name, row.label, column.name), None)
                if was is None:
                    # Left out of the exact report where nothing is recorded, which may not be told here.
                    assert cell.measure is None or (row.label, cell.printed) == ("Not recorded", HIDDEN)
                elif was["answer_id"] is None or was["data_status"] == "not_applicable":
                    assert cell.printed == "[z]"
                else:
                    shown, allowed = follows(series(*(was[name] for name in SERIES)), was)
                    counted[f"{shown} {cell.printed == HIDDEN}"] += 1
                    assert (cell.printed == HIDDEN) == (not shown), (was, cell)
                    if shown:
                        assert cell.printed == was["printed"].replace(" [r]", "") and cell.value == was["value"]
                        assert allowed is None or cell.value is None or abs(float(cell.value) - allowed) < 1e-6
    con.close()
    assert not exact, "no cell is lost"
    assert counted["True False"] > 5 and counted["False True"] > 3


SERIES = ("force_code", "mart", "measure", "category", "area_type", "area_name")


def read_series(con: duckdb.DuckDBPyConnection, *key: str) -> list[dict[str, Any]]:
    """The public rows of a series."""
    return as_dicts(
        con.execute(
            "select distinct * exclude (period_type, period_label) from marts_public.measures where"
            f" {' and '.join(f'{name} = ?' for name in SERIES)}", key,
        )
    )  # fmt: skip


def follows(rows: list[dict[str, Any]], cell: dict[str, Any]) -> tuple[bool, float | None]:
    """Whether a cell's figure is a public row's, or follows from shown rows of the same series; and what it then is."""
    if cell["mart"] == "mart_public_health":
        found = [r for r in rows if r["value"] == cell["value"] or r["pct_change"] == cell["value"]]
        return bool(found) or cell["value"] is None, None
    if cell["value"] is None and cell["data_status"] != "complete":
        return True, None
    first, last = cell["period_start"], cell["period_end"]
    if cell["measure"] in ("lines_active", "pspos_active", "cohort_size"):
        return any(r["marker"] is None for r in rows if r["period_end"] == last), None
    own = [r for r in rows if (r["period_start"], r["period_end"]) == (first, last)]
    if own and cell["shows"] == "value":
        return any(r["marker"] != HIDDEN for r in own), None
    ask = {"volume_change": ("value", "prior"), "pct_change": ("value", "prior"), "prior_value": ("prior",)}
    wanted = ask.get(cell["shows"], ("value",))
    parts = ("numerator", "denominator") if rows and rows[0]["unit"] == "percent" else ("value",)
    told: list[float] = []
    for side in wanted:
        for part in parts:
            given = [(r["period_start"], r["period_end"], r[part]) for r in rows if r[part] is not None]
            given += [(r["period_start"], r["period_end"], 0) for r in rows if r["marker"] == "[x]"]
            if part == "value":
                given += [
                    (years(r["period_start"]), years(r["period_end"]), r["prior_value"])
                    for r in rows if r["prior_value"] is not None
                ]  # fmt: skip
            at = (first, last) if side == "value" else (first and years(first), years(last))
            amount = solved(given, *at)
            if amount is None:
                return False, None
            told.append(amount)
    return True, told[0] if len(told) == 1 else None


def years(day: Any) -> Any:
    """The same end of a month a year before."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def solved(given: list[tuple[Any, Any, Any]], first: Any, last: Any) -> float | None:
    """A window's sum where it is a linear combination of the given ones; None where it is not."""
    ends = [12 * e.year + e.month for _, e, _ in given]
    begins = [12 * b.year + b.month for b, _, _ in given]
    low = min([*begins, *([12 * first.year + first.month] if first else [])], default=0)
    high = max([*ends, 12 * last.year + last.month])
    matrix = np.zeros((len(given), high - low + 1))
    for n, (b, e) in enumerate(zip(begins, ends, strict=True)):
        matrix[n, b - low : e - low + 1] = 1
    target = np.zeros(high - low + 1)
    target[(12 * first.year + first.month if first else low) - low : 12 * last.year + last.month - low + 1] = 1
    found, *_ = np.linalg.lstsq(matrix.T, target, rcond=None)
    if not len(given) or np.abs(matrix.T @ found - target).max() > 1e-6:
        return None
    return float(found @ np.array([float(v) for *_, v in given]))


def test_all_four_forms_say_the_same(public: PublicPack) -> None:
    pages = read_pages(public.folder)
    (workbook,), (document,) = (list(public.folder.glob(f"*-public.{form}")) for form in ("xlsx", "docx"))
    book = CalamineWorkbook.from_path(workbook)
    tables = {table.name: made for table, made in tables_of(document, public.pack)}
    for page in public.pack.pages:
        for table in page.tables:
            printed = [[r.label, *(c.printed for c in r.cells)] for r in table.rows]
            shown = pages[f"{page.slug}.html"].tables[f"{table.name}-t-caption"]
            assert shown[1:] == printed
            assert rows_of(tables[table.name])[1:] == printed
            sheet = book.get_sheet_by_name(f"{table.number}_{table.name}"[:31]).to_python()
            for row, cells in zip(sheet[-len(printed) :], table.rows, strict=True):
                for said, cell in zip(row[1:], cells.cells, strict=False):
                    assert said == HIDDEN if cell.marker == HIDDEN else (said == cell.printed) == (cell.value is None)
            with (public.folder / "csv" / f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
                lines = list(csv.DictReader(file))
            for line, row in zip(lines, () if table.unavailable else table.rows, strict=True):
                for column, cell in zip(table.columns, row.cells, strict=True):
                    value = Decimal(line[column.name]) if line[column.name] else None
                    assert (value, line[f"{column.name}_marker"]) == (cell.value, cell.marker or "")


def test_charts_show_the_public_months_and_gaps(public: PublicPack) -> None:
    con = connect(public.made.home)
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
            of = measure.get(panel.title) or next(iter(measure.values()))
            for series in panel.series:
                for point in (p for p in series.points if p.day):
                    period = "month" if series.role == "months" else "rolling_12_months"
                    area = "force" if chart.kind == "trend" else "lpu"
                    place = "" if area == "force" else panel.title
                    value, marker = figures[*of, period, point.day, area, place]
                    mean = series.name.startswith("Average")
                    assert (point.value is None) == (value is None)
                    assert point.value is None or abs(point.value - value / (12 if mean else 1)) < Decimal("1e-9")
                    assert point.printed == HIDDEN if marker == HIDDEN else point.printed != HIDDEN
                    hidden += marker == HIDDEN
    assert hidden or not public.made.pack.is_sample, "the sample has months that are hidden"


def test_it_says_on_each_page_what_it_is(public: PublicPack) -> None:
    said = "Public form: figures of marts_public alone. For the public: counts under 5 are not shown"
    for path in public.folder.rglob("*.html"):
        assert said in path.read_text(encoding="utf-8"), path.name
    assert said in json.loads((public.folder / "csv" / "csv-metadata.json").read_text(encoding="utf-8"))["dc:description"]
    (workbook,), (document,) = (list(public.folder.glob(f"*-public.{form}")) for form in ("xlsx", "docx"))
    book = CalamineWorkbook.from_path(workbook)
    for name in book.sheet_names:
        assert any(said in str(cell) for row in book.get_sheet_by_name(name).to_python() for cell in row), name
    assert any(said in p.text for p in Document(str(document)).sections[0].header.paragraphs)
    assert json.loads((public.folder / "pack.json").read_text(encoding="utf-8"))["figures"] in said + public.pack.rule
    # No trail, no claim, no count of rows, no earlier figure.
    assert not (public.folder / "trail").exists() and not (public.folder / "claims.html").exists()
    assert not (public.folder / "csv" / "claims-held.csv").exists() and "Claims" not in book.sheet_names
    for path in public.folder.rglob("*.html"):
        assert not re.search(r"\[r\]|trail/|pam trace|Records used", path.read_text(encoding="utf-8")), path.name
    assert all(s.rows is None for s in public.pack.sources)


@pytest.mark.parametrize("public", ["other", pytest.param("sample", marks=pytest.mark.long)], indirect=True)
def test_nothing_exact_is_read(public: PublicPack, tmp_path: Path) -> None:
    """Without the exact relations, and with counts of rows that say nothing, it is the same to the byte."""
    spoiled = tmp_path / "warehouse.duckdb"
    shutil.copy(public.made.home.warehouse, spoiled)
    with duckdb.connect(str(spoiled)) as con:
        for schema in ("marts", "reports", "bi"):
            con.execute(f"drop schema {schema} cascade")
        for relation in ("checks", "files", "revisions"):
            con.execute(f"drop table meta.{relation}")
        con.execute(
            "update meta.extracts set rows_landed = 0, rows_quarantined = 0, rows_duplicate = 0, rows_current = 0,"
            " rows_withdrawn = 0"
        )
        con.execute("update meta.nights set rows_landed = 0, rows_quarantined = 0, warnings = 0, figures = 0")
    again = write(public.made, tmp_path / "again", spoiled)
    both = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in (public.folder, again.folder)]
    assert both[0] == both[1] and len(both[0]) > 10


def test_a_night_publishes_it_where_the_settings_say_so(other: Made, tmp_path: Path) -> None:
    home = other.home
    said = home.config_file.read_text(encoding="utf-8") if home.config_file.exists() else None
    home.config_file.write_text('[publish]\nreport = "public"\n', encoding="utf-8")
    con = open_hardened(home.warehouse, writable=tmp_path)
    try:
        report.write(con, tmp_path, OutputContext(home, other.pack.night_id, False, ("report", "catalogue")))
    finally:
        con.close()
        home.config_file.unlink() if said is None else home.config_file.write_text(said, encoding="utf-8")
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / "pack.json").read_text(encoding="utf-8"))["figures"].startswith("For the public")
    assert "catalogue" not in (folder / "index.html").read_text(encoding="utf-8")


def test_without_a_public_form_there_is_none(other: Made, new_home: Any, tmp_path: Path, pam: Any) -> None:
    new_home.config_file.write_text('[publish]\nreport = "public"\n[public]\nmode = "off"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r'publish\.report = "public" needs the public form'):
        read_config(new_home)
    spoiled = tmp_path / "warehouse.duckdb"
    shutil.copy(other.home.warehouse, spoiled)
    with duckdb.connect(str(spoiled)) as con:
        con.execute("drop schema marts_public cascade")
    with pytest.raises(ValueError, match="has no marts_public"):
        write(other, tmp_path / "out", spoiled)
    assert not (tmp_path / "out").exists()
    result = pam("report", "--home", other.home.path, "--public", "--out", tmp_path / "by_hand", "--format", "csv", "-q")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "by_hand" / "pack.json").read_text(encoding="utf-8"))["figures"] != "exact"
