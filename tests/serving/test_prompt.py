r"""`pam sql`: its commands, how lines become questions, what it completes, and its history."""

import json
import stat
from collections.abc import Callable, Iterator

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from dagster_project.core.home import Home
from dagster_project.serving import Limits, connect, prompt


@pytest.mark.parametrize(
    ("lines", "found"),
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
def test_lines_become_questions(lines: list[str], found: list[str]) -> None:
    assert list(prompt.inputs(lines)) == found


@pytest.fixture
def said(pam: Callable, sample_home: Home) -> Callable[..., object]:
    def ask(*lines: str, form: str = "json") -> object:
        return pam("sql", "--home", sample_home.path, "-f", form, stdin="\n".join(lines) + "\n")

    return ask


def test_the_commands_answer(said: Callable) -> None:
    assert {"relation": "marts.mart_iom", "description": "Integrated offender management"}["relation"] in said(r"\d").stdout
    for name in ("mart_iom", "marts.mart_iom"):
        columns = json.loads(said(rf"\d {name};").stdout)
        assert len(columns) == 18 and columns[0]["name"] == "force_code" and columns[0]["description"]
    assert [m["measure"] for m in json.loads(said(r"\m NALOXONE").stdout)] == ["naloxone_administrations"]
    assert len(json.loads(said(r"\m").stdout)) >= 68
    has = json.loads(said(r"\v possession_offences").stdout)
    assert {"lpu", "month"} <= {r["has"] for r in has} and {r["what"] for r in has} == {"category", "area_type", "period_type"}
    assert json.loads(said(r"\n").stdout)[0]["figures"] == json.loads(said(r"\r").stdout)[0]["figures"]
    assert "60 s, 2GB, 10000 rows" in said(r"\l").stdout
    assert r"\d RELATION" in said(r"\?").stdout
    assert said(r"\f csv", "select 1 as a; select 2 as b;").stdout == "a\n1\nb\n2\n"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (r"\x", r"\x: no such command; \? lists them"),
        (".tables", r".tables: no such command"),
        (r"\f xlsx", "xlsx is none of table, csv, json"),
        (r"\d nothing", "nothing is called nothing"),
        (r"\m zebra", "nothing is called zebra"),
        ("selec 1;", "syntax error"),
        ("drop table x;", "DROP is not a query"),
    ],
)
def test_what_can_not_be_done_is_said_and_the_next_is_asked(said: Callable, line: str, word: str) -> None:
    result = said(line, "select 1 as a;", form="csv")
    assert result.exit_code == 1 and word in result.stderr and result.stdout == "a\n1\n"


def test_it_completes_relations_columns_measures_and_values(sample_home: Home) -> None:
    with connect(sample_home) as con:
        complete = prompt.completer(prompt.completions(con))

    def found(text: str) -> list[str]:
        return [c.text for c in complete.get_completions(Document(text), CompleteEvent())]

    assert "marts.mart_iom" in found("select * from mart_io") and "marts.mart_iom" in found("from marts.mart_i")
    assert found("where measure = 'naloxone_ad") == ["naloxone_administrations"]
    assert "period_type" in found("select period_t") and "rolling_12_months" in found("= 'roll")
    assert found("select ") == []


@pytest.fixture
def typed(sample_copy: Home) -> Iterator[Callable[[str], None]]:
    """Type at the prompt of a copy of the sample."""
    from prompt_toolkit.application import create_app_session

    def keys(text: str) -> None:
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            pipe.send_text(text)
            session = prompt.Session.open(sample_copy, Limits(), "csv")
            try:
                prompt._run_interactive(session)
            finally:
                session.con.close()

    yield keys


def test_typed_at_a_terminal(typed: Callable, sample_copy: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Enter ends a question at its semicolon only. What was asked is kept where the settings say so, and no longer."""
    path = sample_copy.path / prompt.HISTORY
    typed("select 41 +\n1 as a;\n\\f json\nselect 1 as b;\nnonsense;\n\\q\n")
    said = capsys.readouterr()
    assert "a\n42\n" in said.out and '[{"b": 1}]' in said.out and "syntax error" in said.err
    assert not path.exists()
    sample_copy.config_file.write_text("[query]\nhistory = 2\n", encoding="utf-8")
    typed("select 1;\nselect 41 +\n1 as a;\nselect '\n# 3';\n\\q\n")
    kept = path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and kept.count("\n+") + kept.startswith("+") == 4
    assert "+select 41 +\n+1 as a;" in kept and "+# 3" in kept and "select 1;" not in kept
    sample_copy.config_file.unlink()
    typed("\\q\n")
    assert not path.exists(), "what an earlier setting kept"


def test_no_error_ends_the_session(sample_copy: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """A home that has nothing to read any more is said."""
    session = prompt.Session.open(sample_copy, Limits(), "csv")
    try:
        sample_copy.warehouse.unlink()
        assert not prompt._try_answer(session, r"\r") and prompt._try_answer(session, "select 1 as still;")
        session.con.close()
        assert not prompt._try_answer(session, r"\d") and not prompt._try_answer(session, "select 1;")
    finally:
        session.con.close()
    said = capsys.readouterr()
    assert "has no published night" in said.err
    assert said.out == "still\n1\n" and said.err.count("pam: ") == 3
