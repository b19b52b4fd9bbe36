"""The corpus of hostile input in landing, every output, the terminal, alerts, PostgreSQL and the pages in a browser.

All tests use one night over the whole corpus. `pytest -n 0 tests/hostile --long` puts all texts into every column.
"""

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docx
import duckdb
import psycopg
import pytest
import python_calamine
from conftest import ALL_OUTPUTS
from how_often import often
from offline_browser import BROWSER, WITHOUT, offline_page, open_browser
from support import own_postgres

from dagster_project.core.home import Home
from dagster_project.core.printable import LONGEST, NOT_PRINTABLE, TOO_LONG, is_printable
from dagster_project.core.published_file import open_hardened
from dagster_project.core.terminal_text import indented_message, safe_text
from dagster_project.editions import read_editions
from dagster_project.landing import read_ledger
from dagster_project.nights.alerts.event_sentences import events_of
from dagster_project.nights.alerts.message_formats import Message
from dagster_project.nights.night_run import NightRun
from dagster_project.publishing import postgres
from dagster_project.reporting.pack import read_pack
from dagster_project.reporting.pack.chart_specs import spec
from dagster_project.reporting.pack.picture_processes import Job, draw
from dagster_project.serving import write_result

from .corpus import FILES, NAMES, OVERLONG, STATEMENTS, TEXTS, UNPRINTABLE, has_unprintable, random_texts
from .nights import COLUMNS, run_corpus_night, texts

BLANKS = " \t\n\r\xa0\ufeff"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> NightRun:
    """The night over the whole corpus."""
    return run_corpus_night(Home(tmp_path_factory.mktemp("hostile") / "home").create(), ALL_OUTPUTS)


def terminal_controls(text: str) -> list[str]:
    """The characters of a text that control a terminal or change the writing direction."""
    return [c for c in text if safe_text(c) != c]


def test_printable_texts_are_as_documented() -> None:
    for text in (*TEXTS, *UNPRINTABLE, *random_texts(300)):
        assert is_printable(text) != has_unprintable(text), ascii(text[:80])
    assert all(map(has_unprintable, UNPRINTABLE)) and not any(map(has_unprintable, TEXTS))
    for edge in "\t\n\r ~\x7f\xa0\u2027\u202a\ud7ff\ue000\ufffd\U00010000\U0010ffff":
        assert is_printable(edge), ascii(edge)


def test_the_night_is_published_with_every_bad_row_in_quarantine(night: NightRun) -> None:
    assert night.receipt.outcome == "published" and night.receipt.reason == ""
    entries = {e.extract: e for e in read_ledger(night.home) if e.outcome == "accepted"}
    assert entries.keys() == COLUMNS.keys()
    for extract, (*_, text_columns) in COLUMNS.items():
        stripped = [t.strip(BLANKS) for t in texts(extract)]
        bad = [t for t in stripped if has_unprintable(t) or len(t) > LONGEST]
        folder = night.home.quarantine / extract / "derbyshire"
        rows = duckdb.connect().sql(f"select _line, _reasons from read_parquet('{folder}/*.parquet')").fetchall()
        assert len(rows) == len(bad), extract
        for _, reasons in rows:
            assert reasons.startswith(text_columns[0]), extract
            assert len(text_columns) in (reasons.count(NOT_PRINTABLE), reasons.count(TOO_LONG)), reasons
        assert entries[extract].rows_landed == len(stripped) - len(bad), extract


def test_every_hostile_file_is_refused_with_a_reason(night: NightRun) -> None:
    refused = {e.source_file: e.reason for e in read_ledger(night.home) if e.outcome == "refused"}
    assert refused.keys() == {*NAMES, *(name for name, _ in FILES)} and all(refused.values())


def test_every_page_and_file_of_the_outputs_opens(night: NightRun) -> None:
    root = night.home.published
    assert not list(root.rglob("STALE.txt")) and not any(o["lost"] for o in night.receipt.outputs.values())
    pictures = list(root.rglob("report/*/charts/*.svg"))
    assert pictures and all(ET.fromstring(p.read_text(encoding="utf-8")).tag.endswith("svg") for p in pictures)
    (book,) = (root / "report").resolve().rglob("*.xlsx")
    sheets = python_calamine.CalamineWorkbook.from_path(str(book))
    assert sum(len(sheets.get_sheet_by_name(n).to_python()) for n in sheets.sheet_names) > 100
    (document,) = (root / "report").resolve().rglob("*.docx")
    assert docx.Document(str(document)).tables
    for path in (root / "open").resolve().rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            assert len({len(row) for row in csv.reader(file)}) == 1, path.name
    for path in (root / "open").resolve().rglob("*.parquet"):
        assert duckdb.connect().sql(f"select count(*) from read_parquet('{path}')").fetchall()


def test_no_published_text_is_unprintable(night: NightRun) -> None:
    with duckdb.connect(str(night.home.warehouse), read_only=True) as con:
        categories = [c for (c,) in con.execute("select distinct category from marts.measures").fetchall()]
    assert [c for c in categories if has_unprintable(c) or len(c) > LONGEST] == []
    assert len(categories) > 20, "the printable ones are published"


@pytest.mark.skipif(BROWSER is None, reason=WITHOUT)
def test_no_page_runs_the_text_of_a_cell(night: NightRun) -> None:
    root = night.home.published.resolve()
    pages = [p for o in ("report", "catalogue", "dashboard") for p in (root / o).resolve().rglob("*.html")]
    assert len(pages) > 20
    with open_browser() as browser, offline_page(browser) as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        # All trails have one template, and so have the catalogue's tables: a sample of these is enough.
        alike = [p for p in pages if p.parent.name == "trail" or p.name.startswith(("marts-", "reports-"))]
        for path in [*(p for p in pages if p not in alike), *alike[:: often(16, 8)]]:
            page.goto(path.as_uri())
            assert page.title() != "run" and page.title(), path
        page.goto(f"{(root / 'dashboard' / 'index.html').as_uri()}#mart=mart_stop_search&measure=searches")
        page.wait_for_selector("#table table")
        assert not problems and not page.asked


def test_charts_take_any_text_as_a_name(night: NightRun) -> None:
    con = open_hardened(night.home.warehouse.resolve())
    pack = read_pack(con, read_editions(night.home).sound["2026-03"], False)
    con.close()
    chart = next(c for c in pack.charts if c.kind == "bar" and not c.unavailable)
    (panel,) = chart.panels
    series, point = panel.series[0], panel.series[0].points[0]
    names = (*TEXTS, *UNPRINTABLE, *OVERLONG, *random_texts(60))
    points = tuple(replace(point, label=name) for name in names)
    bars = replace(chart, panels=(replace(panel, series=(replace(series, points=points),)),))
    lines = replace(chart, kind="line", panels=(replace(panel, series=tuple(replace(series, name=n) for n in names)),))
    jobs = [Job(json.dumps(spec(c), default=str), scale=1) for c in (bars, lines)]
    assert all(d.svg and d.png and ET.fromstring(d.svg) is not None for d in draw(jobs))


def test_a_chart_that_ends_its_process_loses_only_that_chart() -> None:
    """A control character in a title ends the renderer's process at once."""

    def job(title: str) -> Job:
        chart = {"data": {"values": [{"a": 1}]}, "mark": "bar", "title": title, "encoding": {"x": {"field": "a"}}}
        return Job(json.dumps(chart))

    good, lost, after = draw([job("fine"), job("\x1b"), job("fine")])
    assert good.svg and good == after and lost.svg is None


@pytest.mark.parametrize("text", [*UNPRINTABLE, *TEXTS, *NAMES, *STATEMENTS], ids=lambda t: ascii(t)[:40])
def test_text_for_the_terminal_has_no_control_characters(text: str) -> None:
    assert not terminal_controls(safe_text(text)) and safe_text(safe_text(text)) == safe_text(text)
    assert len(safe_text(text)) == len(text) and all(line.startswith("    ") for line in indented_message(text).split("\n")[1:])
    out = io.StringIO()
    write_result([text], [[text]], "table", out)
    assert not terminal_controls(out.getvalue())
    exact = io.StringIO()
    write_result(["a"], [[text]], "json", exact)
    assert ascii(text)[1:3] in ascii(exact.getvalue()) or not text.isprintable(), "a file has the text unchanged"


def test_commands_print_no_control_characters(night: NightRun, pam: Callable[..., object], tmp_path: Path) -> None:
    home = night.home.path
    evil = tmp_path / NAMES[0]
    evil.write_bytes(b"a\n1\n")
    export = evil.with_name(f"export{NAMES[0]}")
    headers = [h.replace("\n", " ") for h in (*TEXTS, *UNPRINTABLE) if len(h) < 200]
    with export.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Custody Number", "Arrest Date", *headers], ["C1", "2025-06-01", *headers]])
    commands = [("query", s, "--home", home) for s in STATEMENTS]
    commands += [("status", "--home", home), ("inspect", evil, "--home", home), ("alerts", "--home", home)]
    commands += [("map", export, "--extract", "drug_tests", "--out", tmp_path / "x.yml", "--home", home)]
    commands += [("vocabulary", "--home", home), ("check", evil, "--home", home), ("map", f"not there {NAMES[0]}"), (NAMES[0],)]
    commands += [("quarantine", "--home", home), ("query", "select * from meta.files", "--home", home)]
    for args in commands:
        result = pam(*args)
        assert result.exception is None or isinstance(result.exception, SystemExit), ascii(args)
        assert result.exit_code in (0, 1, 2) and not terminal_controls(result.stdout + result.stderr), ascii(args)
    assert safe_text(NAMES[0]) in pam("status", "--home", home).stdout, "the names can be read"


def test_alerts_show_file_names_in_one_safe_line(night: NightRun) -> None:
    events = events_of(night.ended)
    alert = Message("m", "2026-01-03T00:00:00Z", night.night.night_id, "here", "Published.", tuple(events))
    for e in events:
        assert "\n" not in e.what + e.why and not terminal_controls(e.what + e.why), ascii(e.what)
    assert not terminal_controls(alert.text() + alert.subject)


def test_postgresql_serves_every_category_unchanged(night: NightRun, tmp_path: Path) -> None:
    """The database has the same categories as the published file, character for character."""
    query = "select distinct mart, measure, category from marts.measures"
    with own_postgres(Home(tmp_path / "server").create()) as server:
        loaded = postgres.load_if_newer(night.home, postgres.Server.of(server.loader_file.read_text().strip()))
        assert loaded.outcome == "loaded", loaded.reason
        with psycopg.connect(server.analyst_file.read_text().strip()) as con:
            served = set(con.execute(query).fetchall())
    with duckdb.connect(str(night.home.warehouse), read_only=True) as con:
        published = set(con.execute(query).fetchall())
    assert served == published and len({c for *_, c in published}) > 20
