"""The corpus, tried everywhere: landing, every output, the terminal, alerts, PostgreSQL and the pages in a browser.

One night over all of it serves every test. `pytest -n 0 tests/hostile --long` has all texts in every column.
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
from dagster_project.nights.alerts.events import events_of
from dagster_project.nights.alerts.message import Message
from dagster_project.nights.run import NightRun
from dagster_project.publishing import postgres
from dagster_project.reporting.pack import read_pack
from dagster_project.reporting.pack.chart_specs import spec
from dagster_project.reporting.pack.picture_processes import Job, draw
from dagster_project.serving import write_result

from .corpus import FILES, NAMES, OVERLONG, STATEMENTS, TEXTS, UNPRINTABLE, has_unprintable, random_texts
from .nights import COLUMNS, night_of_all, texts

BLANKS = " \t\n\r\xa0\ufeff"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> NightRun:
    """The night over the whole corpus."""
    return night_of_all(Home(tmp_path_factory.mktemp("hostile") / "home").create(), ALL_OUTPUTS)


def give_orders(text: str) -> list[str]:
    """The characters of a text that a terminal would take for orders, or that turn its direction."""
    return [c for c in text if safe_text(c) != c]


def test_the_rule_is_what_its_page_says() -> None:
    for text in (*TEXTS, *UNPRINTABLE, *random_texts(300)):
        assert is_printable(text) != has_unprintable(text), ascii(text[:80])
    assert all(map(has_unprintable, UNPRINTABLE)) and not any(map(has_unprintable, TEXTS))
    for edge in ("\t\n\r ~\x7f\xa0\u2027\u202a\ud7ff\ue000\ufffd\U00010000\U0010ffff"):
        assert is_printable(edge), ascii(edge)


def test_the_night_is_published_with_every_bad_row_in_quarantine(night: NightRun) -> None:
    assert night.receipt.outcome == "published" and night.receipt.reason == ""
    entries = {e.extract: e for e in read_ledger(night.home) if e.outcome == "accepted"}
    assert entries.keys() == COLUMNS.keys()
    for extract, (*_, taking) in COLUMNS.items():
        own = [t.strip(BLANKS) for t in texts(extract)]
        bad = [t for t in own if has_unprintable(t) or len(t) > LONGEST]
        folder = night.home.quarantine / extract / "derbyshire"
        rows = duckdb.connect().sql(f"select _line, _reasons from read_parquet('{folder}/*.parquet')").fetchall()
        assert len(rows) == len(bad), extract
        for _, reasons in rows:
            assert reasons.startswith(taking[0]), extract
            assert len(taking) in (reasons.count(NOT_PRINTABLE), reasons.count(TOO_LONG)), reasons
        assert entries[extract].rows_landed == len(own) - len(bad), extract


def test_every_hostile_file_is_refused_with_its_reason(night: NightRun) -> None:
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
        found = [c for (c,) in con.execute("select distinct category from marts.measures").fetchall()]
    assert [c for c in found if has_unprintable(c) or len(c) > LONGEST] == []
    assert len(found) > 20, "and the others are there"


@pytest.mark.skipif(BROWSER is None, reason=WITHOUT)
def test_no_page_runs_what_a_cell_says(night: NightRun) -> None:
    root = night.home.published.resolve()
    pages = [p for o in ("report", "catalogue", "dashboard") for p in (root / o).resolve().rglob("*.html")]
    assert len(pages) > 20
    with open_browser() as browser, offline_page(browser) as page:
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        # The trails have one template, and the tables of the catalogue: the pages themselves, and some of those.
        alike = [p for p in pages if p.parent.name == "trail" or p.name.startswith(("marts-", "reports-"))]
        for path in [*(p for p in pages if p not in alike), *alike[:: often(16, 8)]]:
            page.goto(path.as_uri())
            assert page.title() != "run" and page.title(), path
        page.goto(f"{(root / 'dashboard' / 'index.html').as_uri()}#mart=mart_stop_search&measure=searches")
        page.wait_for_selector("#table table")
        assert not wrong and not page.asked


def test_charts_take_any_text_for_a_name(night: NightRun) -> None:
    con = open_hardened(night.home.warehouse.resolve())
    pack = read_pack(con, read_editions(night.home).sound["2026-03"], False)
    con.close()
    chart = next(c for c in pack.charts if c.kind == "bar" and not c.unavailable)
    (panel,) = chart.panels
    one, point = panel.series[0], panel.series[0].points[0]
    names = (*TEXTS, *UNPRINTABLE, *OVERLONG, *random_texts(60))
    points = tuple(replace(point, label=name) for name in names)
    bars = replace(chart, panels=(replace(panel, series=(replace(one, points=points),)),))
    lines = replace(chart, kind="line", panels=(replace(panel, series=tuple(replace(one, name=n) for n in names)),))
    jobs = [Job(json.dumps(spec(c), default=str), scale=1) for c in (bars, lines)]
    assert all(d.svg and d.png and ET.fromstring(d.svg) is not None for d in draw(jobs))


def test_a_chart_that_ends_its_process_costs_that_chart() -> None:
    """As the renderer is: a control character in a title ends its process at once."""

    def of(title: str) -> Job:
        said = {"data": {"values": [{"a": 1}]}, "mark": "bar", "title": title, "encoding": {"x": {"field": "a"}}}
        return Job(json.dumps(said))

    good, lost, after = draw([of("fine"), of("\x1b"), of("fine")])
    assert good.svg and good == after and lost.svg is None


@pytest.mark.parametrize("text", [*UNPRINTABLE, *TEXTS, *NAMES, *STATEMENTS], ids=lambda t: ascii(t)[:40])
def test_the_terminal_gets_no_order(text: str) -> None:
    assert not give_orders(safe_text(text)) and safe_text(safe_text(text)) == safe_text(text)
    assert len(safe_text(text)) == len(text) and all(line.startswith("    ") for line in indented_message(text).split("\n")[1:])
    out = io.StringIO()
    write_result([text], [[text]], "table", out)
    assert not give_orders(out.getvalue())
    exact = io.StringIO()
    write_result(["a"], [[text]], "json", exact)
    assert ascii(text)[1:3] in ascii(exact.getvalue()) or not text.isprintable(), "a file has it as it is"


def test_commands_give_the_terminal_no_order(night: NightRun, pam: Callable[..., object], tmp_path: Path) -> None:
    home = night.home.path
    evil = tmp_path / NAMES[0]
    evil.write_bytes(b"a\n1\n")
    export = evil.with_name(f"export{NAMES[0]}")
    headers = [h.replace("\n", " ") for h in (*TEXTS, *UNPRINTABLE) if len(h) < 200]
    with export.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Custody Number", "Arrest Date", *headers], ["C1", "2025-06-01", *headers]])
    asked = [("query", s, "--home", home) for s in STATEMENTS]
    asked += [("status", "--home", home), ("inspect", evil, "--home", home), ("alerts", "--home", home)]
    asked += [("map", export, "--extract", "drug_tests", "--out", tmp_path / "x.yml", "--home", home)]
    asked += [("vocabulary", "--home", home), ("check", evil, "--home", home), ("map", f"not there {NAMES[0]}"), (NAMES[0],)]
    asked += [("quarantine", "--home", home), ("query", "select * from meta.files", "--home", home)]
    for args in asked:
        done = pam(*args)
        assert done.exception is None or isinstance(done.exception, SystemExit), ascii(args)
        assert done.exit_code in (0, 1, 2) and not give_orders(done.stdout + done.stderr), ascii(args)
    assert safe_text(NAMES[0]) in pam("status", "--home", home).stdout, "and the names can be read"


def test_alerts_say_names_of_files_in_one_safe_line(night: NightRun) -> None:
    events = events_of(night.ended)
    told = Message("m", "2026-01-03T00:00:00Z", night.night.night_id, "here", "Published.", tuple(events))
    for e in events:
        assert "\n" not in e.what + e.why and not give_orders(e.what + e.why), ascii(e.what)
    assert not give_orders(told.text() + told.subject)


def test_postgresql_serves_every_category_as_it_is(night: NightRun, tmp_path: Path) -> None:
    """In a database of its own: what is in the file is there, sign for sign, in figures, in words and in comments."""
    asked = "select distinct mart, measure, category from marts.measures"
    with own_postgres(Home(tmp_path / "server").create()) as server:
        loaded = postgres.load_if_newer(night.home, postgres.Server.of(server.loader_file.read_text().strip()))
        assert loaded.outcome == "loaded", loaded.reason
        with psycopg.connect(server.analyst_file.read_text().strip()) as con:
            served = set(con.execute(asked).fetchall())
    with duckdb.connect(str(night.home.warehouse), read_only=True) as con:
        published = set(con.execute(asked).fetchall())
    assert served == published and len({c for *_, c in published}) > 20
