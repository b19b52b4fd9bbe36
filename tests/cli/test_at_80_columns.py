"""Output in a terminal of 80 columns: no line is wider, and no word is broken."""

import io
import json
import os
import pty
import re
import subprocess
import sys

import pytest
from support import copy_home

from dagster_project.cli.echo import echo, print_line
from dagster_project.cli.render_night import show_receipt
from dagster_project.core.home import PROJECT, Home
from dagster_project.core.receipts import Receipt, read_receipts
from dagster_project.core.terminal_console import Console
from dagster_project.mapping_draft.show import _say as say
from dagster_project.serving import write_result

WIDTH = 80


READ_COMMANDS = (
    ("checks",), ("checks", "--all"), ("audit", "show", "--limit", "0"), ("audit", "verify"), ("status",),
    ("trace", "possession_offences", "--period", "2024/25"), ("topline",), ("topline", "no such measure"),
    ("accept", "no such measure", "2025-10", "--force", "derbyshire", "--why", "x"), ("rollback", "--list"),
    ("postgres", "status"), ("nightly", "--help"), ("topline", "--help"), ("audit", "verify", "--help"),
)  # fmt: skip
COMMANDS = """
import json, sys
from dagster_project.cli import load_app
for words in json.loads(sys.argv[1]):
    try:
        load_app()(words)
    except SystemExit:
        pass
    print("ENDED", flush=True)
"""


@pytest.fixture(scope="module")
def terminal_output(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], str]:
    """What commands write to a terminal of 80 columns, all in one process. The home is a copy of the sample's, because queries
    go on record."""
    home = copy_home(sample_home, tmp_path_factory.mktemp("terminal") / "home")
    commands = (*READ_COMMANDS, ("claims",), ("audit", "show", "--kind", "combination"))
    arguments = [[*command, *(() if "--help" in command else ("--home", str(home.path)))] for command in commands]
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", COMMANDS, json.dumps(arguments)], stdin=subprocess.DEVNULL, stdout=writer, stderr=writer,
        env={**os.environ, "COLUMNS": str(WIDTH), "TERM": "xterm"}, cwd=PROJECT,
    )  # fmt: skip
    os.close(writer)
    written = b""
    while True:
        try:
            part = os.read(reader, 1 << 16)
        except OSError:  # Linux raises this once the other end is closed
            break
        if not part:
            break
        written += part
    os.close(reader)
    process.wait()
    *outputs, rest = written.decode().replace("\r", "").split("ENDED\n")
    assert rest == ""
    return dict(zip(commands, outputs, strict=True))


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=WIDTH, color_system=None)


def lines_of(text: str) -> list[str]:
    """Without colours."""
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).splitlines()]


def assert_words_are_whole(text: str, wide: str) -> None:
    """Each word of the narrow form is in the wide one: none was broken."""
    assert set(text.split()) - set("─" * WIDTH) <= {*wide.split(), "─" * WIDTH}, set(text.split()) - set(wide.split())


def test_claims_fit_in_80_columns(sample_home: Home, pam, terminal_output: dict[tuple[str, ...], str]) -> None:
    lines = lines_of(terminal_output["claims",])
    narrow = "\n".join(lines)
    assert max(map(len, lines)) <= WIDTH
    last = " ".join(lines[-2:])
    assert last.startswith("Edition 2026-03: 290 of 291")
    assert last.endswith("checked: 304 agree, 2 match if rounded down, 3 disagree, 2 cannot be checked")
    wide = pam("claims", "--home", sample_home.path).stdout
    assert_words_are_whole(narrow, wide)
    assert "verdict     agrees when cut" in narrow and narrow.count("paragraph  ") == 7


@pytest.mark.parametrize("command", READ_COMMANDS, ids=" ".join)
def test_no_line_is_wider_than_the_terminal(terminal_output: dict[tuple[str, ...], str], command: tuple[str, ...]) -> None:
    """Except what cannot be broken: a hash, a path or the name of a file."""
    output = terminal_output[command]
    wide = [line for line in lines_of(output) if len(line) > WIDTH]
    assert len(output) > 40 and not [line for line in wide if len(line.split()) > 1], wide


def test_what_all_rows_have_is_shown_once(terminal_output: dict[tuple[str, ...], str]) -> None:
    """The rest fits as a table, which is read faster than a block for each row."""
    lines = lines_of(terminal_output["trace", "possession_offences", "--period", "2024/25"])
    assert sum("crimes__derbyshire__" in line for line in lines) == 1 and "extract  crimes" in lines
    assert " line  date        category" in lines


def test_a_check_is_shown_as_a_sentence(terminal_output: dict[tuple[str, ...], str]) -> None:
    first, *more = lines_of(terminal_output["checks",])
    assert first == "Warning   intelligence (derbyshire): covered to 2025-11-30; days late: 31"
    assert more[0] == "          [freshness]"
    assert " ".join(line.strip() for line in more[1:-1]).endswith("accept that the newest figures are missing.")


def test_help_is_wrapped_at_the_terminal_width(terminal_output: dict[tuple[str, ...], str]) -> None:
    """A second paragraph was once broken where its source line ends."""
    lines = [line.strip() for line in lines_of(terminal_output["topline", "--help"])]
    assert "A figure that is not available is marked, and is never 0. The default is the" in lines


def test_an_audit_entry_is_shown_line_by_line(terminal_output: dict[tuple[str, ...], str]) -> None:
    output = "\n".join(lines_of(terminal_output["audit", "show", "--kind", "combination"]))
    assert re.search(r"^\d+  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  combination by \w+$", output, re.M), output
    assert "    night_id 2026" in output and '"night_id"' not in output and output.endswith("1 record")


def test_a_receipt_fits_and_shows_all_files(sample_home: Home) -> None:
    console = terminal()
    receipt = next(r for r in read_receipts(sample_home) if r.files)
    show_receipt(console, receipt, sample_home)
    text = console.file.getvalue()
    assert max(map(len, lines_of(text))) <= WIDTH
    for f in receipt.files:
        assert re.search(rf"^ *{f['extract']} +{f['covered_from']} to {f['covered_to']} ", text, re.M), f["extract"]


def test_a_receipt_of_forces_with_long_names_shows_all_numbers(tmp_path) -> None:
    window = {"outcome": "accepted", "covered_from": "2024-04-01", "covered_to": "2025-11-30"}
    rows = {"rows_landed": 1462, "rows_quarantined": 31, "rows_duplicate": 2907}
    names = [("exploitation_outcomes", "devon-and-cornwall"), ("crimes", "avon-and-somerset")]
    files = [{"extract": extract, "force_code": force, **window, **rows} for extract, force in names]
    console = terminal()
    show_receipt(console, Receipt("n", "published", "", "", files=files), Home(tmp_path))
    text = console.file.getvalue()
    assert max(map(len, lines_of(text))) <= WIDTH and "landed quarantined repeats" in text
    for extract, force in names:
        assert re.search(rf"^ *{extract} +{force} +2024-04-01 +1,462 +31 +2,907", text, re.M), text


def test_status_indents_wrapped_lines_to_their_text() -> None:
    console = terminal()
    for label in ("Late       ", "Quarantined", "Last night "):
        print_line(console, f"{label} {'community_voices (derbyshire): covered to 2025-11-30, 31 days late; ' * 3}")
    for n, line in enumerate(lines_of(console.file.getvalue())):
        assert len(line) <= WIDTH and (n % 3 == 0 or line.startswith(" " * 12 + line.strip()[0])), line
    piped = Console(file=io.StringIO(), width=WIDTH)
    print_line(piped, f"Late        {'word ' * 40}")
    assert piped.file.getvalue().count("\n") == 1, "a file or a pipe has one line"


def test_a_command_to_paste_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell ran its first line alone, or took the line end as part of a value."""
    values = "'Drugs and drink' " * 5
    command = f"pam vocabulary accept incidents qualifiers {values}--counts-as Drugs"
    text = f"Unknown     incidents.qualifiers: 5 unknown, in 90 rows; check what they count as: {command}; each is then another"
    console, out = terminal(), TerminalStream()
    print_line(console, text)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setattr("sys.stdout", out)
    echo(text)
    for output in (console.file.getvalue(), out.getvalue()):
        assert [line.strip() for line in lines_of(output)][2:] == [command, "; each is then another"]


def test_a_drafted_mapping_is_wrapped_between_words() -> None:
    console, text = terminal(), f"Decide: {'values.test_status: 4 codes have no meaning yet; ' * 4}"
    say(console, text)
    assert max(map(len, lines_of(console.file.getvalue()))) <= WIDTH
    assert_words_are_whole(console.file.getvalue(), text)


class TerminalStream(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_table_of_long_words_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """`not computable` was once `not computa`, with nothing on the next line."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    rows = [
        ["paragraph no. 2", "340", "incidents_drugs_emergency, Derbyshire Constabulary, Nov-Oct 2025/26", "349", "agrees"],
        ["paragraph no. 12", "5", "tests_positive, Derbyshire Constabulary, October 2026", "", "not computable"],
    ]
    out = TerminalStream()
    write_result(["where", "printed", "taken for", "computed", "verdict"], rows, "table", out)
    assert max(map(len, lines_of(out.getvalue()))) <= WIDTH
    assert {word for row in rows for text in row for word in text.split()} <= set(out.getvalue().split())


@pytest.mark.parametrize("columns", [3, 12])
def test_a_table_that_fits_stays_a_table(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    out = TerminalStream()
    write_result([f"column_{n}" for n in range(columns)], [["[bold]value", *range(columns - 1)]], "table", out)
    lines = lines_of(out.getvalue())
    assert max(map(len, lines)) <= WIDTH and ("[bold]value" in out.getvalue())
    assert len(lines) == (6 if columns == 3 else 14), "a line for each row, or in a wide table for each column"
