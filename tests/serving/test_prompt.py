r"""`pam sql`: its commands, how lines become queries, what it completes, and its history."""

import json
import stat
from collections.abc import Callable, Iterator

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.serving import Limits, connect, prompt


@pytest.mark.parametrize(
    ("lines", "queries"),
    [
        (["select 1;\n"], ["select 1;\n"]),
        (["select\n", " 1;\n", "\\d\n"], ["select\n 1;\n", "\\d"]),
        (["select ';\n", "';\n"], ["select ';\n';\n"]),
        (['select 1 as "a;\n', '";\n'], ['select 1 as "a;\n";\n']),
        (["select 1 -- not yet;\n", ";\n"], ["select 1 -- not yet;\n;\n"]),
        (["select 1 /* ;\n", "*/ ;"], ["select 1 /* ;\n*/ ;\n"]),
        (["select 'it''s';\n", "\n", "select 2"], ["select 'it''s';\n", "\nselect 2\n"]),
        ([".read x\n", "  \\q\n"], [".read x", "\\q"]),
        (["\n", "  \n"], []),
    ],
)
def test_lines_become_queries(lines: list[str], queries: list[str]) -> None:
    assert list(prompt.inputs(lines)) == queries


@pytest.fixture
def ask(pam: Callable, sample_home: Home) -> Callable[..., object]:
    def ask(*lines: str, form: str = "json") -> object:
        return pam("sql", "--home", sample_home.path, "-f", form, stdin="\n".join(lines) + "\n")

    return ask


def test_the_commands_answer(ask: Callable) -> None:
    assert {"relation": "marts.mart_iom", "description": "Integrated offender management"}["relation"] in ask(r"\d").stdout
    for name in ("mart_iom", "marts.mart_iom"):
        columns = json.loads(ask(rf"\d {name};").stdout)
        assert len(columns) == 18 and columns[0]["name"] == "force_code" and columns[0]["description"]
    assert [m["measure"] for m in json.loads(ask(r"\m NALOXONE").stdout)] == ["naloxone_administrations"]
    assert len(json.loads(ask(r"\m").stdout)) >= 68
    has = json.loads(ask(r"\v possession_offences").stdout)
    assert {"lpu", "month"} <= {r["has"] for r in has} and {r["what"] for r in has} == {"category", "area_type", "period_type"}
    assert json.loads(ask(r"\n").stdout)[0]["figures"] == json.loads(ask(r"\r").stdout)[0]["figures"]
    assert "60 s, 2GB, 10000 rows" in ask(r"\l").stdout
    assert r"\d RELATION" in ask(r"\?").stdout
    assert ask(r"\f csv", "select 1 as a; select 2 as b;").stdout == "a\n1\nb\n2\n"


def test_its_limits_are_those_of_the_options_then_of_the_settings(pam: Callable, figures_copy: Home) -> None:
    figures_copy.config_file.write_text("[query]\nseconds = 9\nrows = 8\n", encoding="utf-8")
    command = ("sql", "--rows", 7, "--why", "PAM, item 2", "--home", figures_copy.path)
    assert "9 s, 2GB, 7 rows" in pam(*command, stdin="\\l\n").stdout
    assert "0.5 s, 1GB, 7 rows" in pam(*command, "--seconds", 0.5, "--memory", "1GB", stdin="\\l\n").stdout
    assert {r.facts["why"] for r in [*read_log(figures_copy)][-2:]} == {"PAM, item 2"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (r"\x", r"\x: no such command; \? lists them"),
        (r"\v", r"name a measure: \v MEASURE"),
        (".tables", r".tables: no such command"),
        (r"\f xlsx", "xlsx is none of table, csv, json"),
        (r"\d nothing", "nothing is called nothing"),
        (r"\m zebra", "nothing is called zebra"),
        ("selec 1;", "syntax error"),
        ("drop table x;", "DROP is not a query"),
    ],
)
def test_an_error_is_reported_and_the_next_line_runs(ask: Callable, line: str, message: str) -> None:
    result = ask(line, "select 1 as a;", form="csv")
    assert result.exit_code == 1 and message in result.stderr and result.stdout == "a\n1\n"


def test_completion_of_relations_columns_measures_and_values(sample_home: Home) -> None:
    with connect(sample_home) as con:
        complete = prompt.completer(prompt.completions(con))

    def suggestions(text: str) -> list[str]:
        return [c.text for c in complete.get_completions(Document(text), CompleteEvent())]

    assert "marts.mart_iom" in suggestions("select * from mart_io") and "marts.mart_iom" in suggestions("from marts.mart_i")
    assert suggestions("where measure = 'naloxone_ad") == ["naloxone_administrations"]
    assert "period_type" in suggestions("select period_t") and "rolling_12_months" in suggestions("= 'roll")
    assert suggestions("select ") == []


@pytest.fixture
def type_text(figures_copy: Home) -> Iterator[Callable[[str], None]]:
    """Types at the prompt of a copy of the sample."""
    from prompt_toolkit.application import create_app_session

    def keys(text: str) -> None:
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            pipe.send_text(text)
            session = prompt.Session.open(figures_copy, Limits(), "csv")
            try:
                prompt._run_interactive(session)
            finally:
                session.con.close()

    yield keys


def test_queries_and_history_at_a_terminal(type_text: Callable, figures_copy: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Enter ends a query at its semicolon only. Queries are kept only while the settings say so."""
    path = figures_copy.path / prompt.HISTORY
    type_text("select 41 +\n1 as a;\n\\f json\nselect 1 as b;\nnonsense;\n\\q\n")
    output = capsys.readouterr()
    assert "a\n42\n" in output.out and '[{"b": 1}]' in output.out and "syntax error" in output.err
    assert not path.exists()
    figures_copy.config_file.write_text("[query]\nhistory = 2\n", encoding="utf-8")
    type_text("select 1;\nselect 41 +\n1 as a;\nselect '\n# 3';\n\\q\n")
    kept = path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and kept.count("\n+") + kept.startswith("+") == 4
    assert "+select 41 +\n+1 as a;" in kept and "+# 3" in kept and "select 1;" not in kept
    figures_copy.config_file.unlink()
    type_text("\\q\n")
    assert not path.exists(), "deleted when the setting is gone"


def test_no_error_ends_the_session(figures_copy: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """A home with nothing left to read is reported."""
    session = prompt.Session.open(figures_copy, Limits(), "csv")
    try:
        figures_copy.warehouse.unlink()
        assert not prompt._try_answer(session, r"\r") and prompt._try_answer(session, "select 1 as still;")
        session.con.close()
        assert not prompt._try_answer(session, r"\d") and not prompt._try_answer(session, "select 1;")
    finally:
        session.con.close()
    output = capsys.readouterr()
    assert "has no published night" in output.err
    assert output.out == "still\n1\n" and output.err.count("pam: ") == 3
