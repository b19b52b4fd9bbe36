r"""`pam sql`: queries at a prompt with history, completion and help, or one after the other from standard input.

A query ends with a semicolon. What begins with a backslash is a command of the prompt: none of them runs a program, reads a
file or writes one.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.config import Limits, visible_settings
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.published_file import NothingPublishedError, open_published, published_folder
from dagster_project.core.sql import one_row
from dagster_project.core.terminal_text import warn

from .answer_formats import FORMATS, write_result
from .query import QuestionError, answer, error_message, limited, questions
from .recorded_access import connect, record_consultation
from .typed_names import UnknownNameError, measures_named

HISTORY = "sql_history"

HELP = r"""A query ends with a semicolon:  select * from meta.extracts;
  \d            the relations, and their descriptions
  \d RELATION   its columns               \d mart_incidents
  \m [WORD]     the measures, those with WORD in their name, title or meaning
  \v MEASURE    the categories, kinds of area and periods that a measure has
  \n            which night is read       \r    read the newest published night
  \f FORMAT     table, csv or json        \l    the limits of a query
  \?            this help                 \q    leave (or Ctrl-D)
"""

RELATIONS = """
    select schema_name || '.' || relation_name as relation, description from meta.dictionary
    where kind = 'relation' order by all
"""
COLUMNS = """
    select name, data_type, description from meta.dictionary
    where kind = 'column'
        and (relation_name = $1 and schema_name <> 'marts_public' or schema_name || '.' || relation_name = $1)
"""
MEASURES = """
    select relation_name as mart, name as measure, title, unit, description from meta.dictionary
    where kind = 'measure' and ($1 = '' or contains(lower(concat_ws(' ', name, title, description)), lower($1))) order by all
"""
VALUES = """
    with chosen as (from marts.measures where mart || '.' || measure in string_split($1, ', '))
    select mart, 'category' as what, category as has, count(*) as rows from chosen group by all
    union all by name
    select mart, 'area_type' as what, area_type as has, count(*) as rows from chosen group by all
    union all by name
    select mart, 'period_type' as what, period_type as has, count(*) as rows from chosen group by all
    order by mart, what, has = 'all' desc, has
"""
NIGHT = "select night_id, started_at, figures, warnings from meta.nights where finished_at is null"


@dataclass
class Session:
    """The prompt's state: the night that it reads, and the format of its answers."""

    home: Home
    limits: Limits
    form: str
    reason: str
    con: duckdb.DuckDBPyConnection
    folder: Path | None

    @classmethod
    def open(cls, home: Home, limits: Limits, form: str, reason: str = "") -> "Session":
        """Raises as `connect` does."""
        con = connect(home, reason, by="pam sql", memory=limits.memory)
        return cls(home, limits, form, reason, con, published_folder(home))

    def reopen(self) -> None:
        """Read the newest published night."""
        before, self.con = self.con, open_published(self.home, memory=self.limits.memory)
        self.folder = published_folder(self.home)
        before.close()

    def ask(self, sql: str) -> str:
        """Answer the queries of a text on standard output, and record each. Returns the remark on the last."""
        remark = ""
        for query in questions(sql):
            record_consultation(self.home, self.reason, by="pam sql", query=query)
            remark = answer(self.con, query, self.form, sys.stdout, self.limits)
        return remark

    def show(self, sql: str, *values: str) -> None:
        """Run one of the prompt's own queries, within the same limits."""
        with limited(self.con, self.limits):
            result = self.con.execute(sql, list(values))
            rows = result.fetchall()
        if not rows:
            raise QuestionError(f"nothing is called {values[0]}" if values and values[0] else "there is nothing to show")
        write_result([c[0] for c in result.description], rows, self.form, sys.stdout)


def command(session: Session, line: str) -> None:
    """Run a command of the prompt, a line that begins with a backslash or a dot. Raises QuestionError."""
    name, _, rest = line.strip().rstrip(";").partition(" ")
    word = rest.strip()
    match name:
        case r"\?":
            sys.stdout.write(HELP)
        case r"\d" if word:
            session.show(COLUMNS, word)
        case r"\d":
            session.show(RELATIONS)
        case r"\m":
            session.show(MEASURES, word)
        case r"\v" if word:
            session.show(VALUES, ", ".join(f"{m['mart']}.{m['measure']}" for m in measures_named(word)))
        case r"\v":
            raise QuestionError(r"name a measure: \v MEASURE")
        case r"\n":
            session.show(NIGHT)
        case r"\r":
            session.reopen()
            session.show(NIGHT)
        case r"\l":
            sys.stdout.write(f"{session.limits.seconds:g} s, {session.limits.memory}, {session.limits.rows} rows\n")
        case r"\f" if word in FORMATS:
            session.form = word
        case r"\f":
            raise QuestionError(f"{word or 'nothing'} is none of {', '.join(FORMATS)}; other formats: pam query --out")
        case _:
            raise QuestionError(rf"{name}: no such command; \? lists them")


def inputs(lines: Iterable[str]) -> Iterator[str]:
    """The commands and queries in lines. A query may take several lines; the last may lack its semicolon."""
    pending = ""
    for line in lines:
        if not pending.strip() and line.lstrip().startswith(("\\", ".")):
            yield line.strip()
            continue
        pending += line if line.endswith("\n") else line + "\n"
        if is_complete(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending


def is_complete(text: str) -> bool:
    """Whether a text ends with a semicolon that is not in a string, a quoted name or a comment."""
    bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*(?:\n|$)|/\*.*?\*/", " ", text, flags=re.S)
    return bare.rstrip().endswith(";") and "'" not in bare and '"' not in bare and "/*" not in bare


def run(home: Home, limits: Limits, form: str, reason: str = "") -> int:
    """Run the prompt until it ends. Returns the number of queries that failed; 0 at a terminal, where the person saw them.

    Raises as `connect` does.
    """
    session = Session.open(home, limits, form, reason)
    try:
        if sys.stdin.isatty():
            _run_interactive(session)
            return 0
        return sum(not _try_answer(session, text) for text in inputs(sys.stdin) if text.strip() != r"\q")
    finally:
        session.con.close()


def _try_answer(session: Session, text: str) -> bool:
    """Run a command or query, with errors and remarks on standard error. Returns whether it succeeded."""
    remark = ""
    try:
        if text.startswith(("\\", ".")):
            command(session, text)
        else:
            remark = session.ask(text)
    except (QuestionError, UnknownNameError, NothingPublishedError, duckdb.Error) as error:
        sys.stdout.flush()
        warn(error_message(error))
        return False
    if remark:
        warn(remark)
    return True


def _run_interactive(session: Session) -> None:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.lexers import PygmentsLexer
    from pygments.lexers.sql import SqlLexer

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: Any) -> None:
        text = event.current_buffer.text
        if not text.strip() or text.lstrip().startswith(("\\", ".")) or is_complete(text):
            event.current_buffer.validate_and_handle()
        else:
            event.current_buffer.insert_text("\n")

    history: History = InMemoryHistory()
    path, most = session.home.path / HISTORY, visible_settings(session.home).query.history

    class LimitedHistory(FileHistory):
        """A history file with no more queries than the settings allow."""

        def store_string(self, string: str) -> None:
            if string.lstrip().startswith(("\\", ".")):
                return
            with suppress(OSError):
                super().store_string(string)
                _trim_history(path, most)

    try:
        _trim_history(path, most)
        if most:
            history = LimitedHistory(str(path))
    except OSError:
        print("pam: the home can't be written: the history is not changed", file=sys.stderr)
    known: dict[str, str] = {}
    with limited(session.con, session.limits):
        (night,) = one_row(session.con, "select night_id from meta.nights where finished_at is null")
    with suppress(QuestionError), limited(session.con, session.limits):
        known = completions(session.con)
    prompt: Any = PromptSession(
        history=history, lexer=PygmentsLexer(SqlLexer), key_bindings=keys, multiline=True,
        completer=completer(known), complete_while_typing=False, prompt_continuation="...> ",
    )  # fmt: skip
    print(f"Night {night}. A query ends with a semicolon; \\? for help, Tab completes, \\q leaves.")
    while True:
        if published_folder(session.home) != session.folder:
            print(r"A newer night is published: \r reads it.")
        try:
            text = prompt.prompt("pam=> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.strip() in (r"\q", "exit", "quit", "exit;", "quit;"):
            return
        if text.strip():
            try:
                _try_answer(session, text.strip())
            except KeyboardInterrupt:
                print("interrupted")


def _trim_history(path: Path, most: int) -> None:
    """Keep the last `most` queries of a history file (0600); with 0, delete the file. Raises OSError.

    Queries may name places and people, so they are kept only as long as somebody wants them.
    """
    if not most:
        path.unlink(missing_ok=True)
        return
    # As prompt_toolkit writes it: a line `# when`, then the question's lines, each after a `+`.
    entries = re.split(r"^(?=# )", path.read_text(encoding="utf-8"), flags=re.M)[1:] if path.exists() else []
    write_whole(path, "".join(entries[-most:]).encode())


def completions(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What can be completed -> what it is: keywords, relations, columns, measures, and values of conditions."""
    words = {w: "" for w in ("select", "from", "where", "group by all", "order by", "and", "is not null", "limit", "between")}
    for query in (
        "select distinct name, 'column' from meta.dictionary where kind = 'column' order by 1",
        "select name, any_value(title) from meta.dictionary where kind = 'measure' group by 1 order by 1",
        "select schema_name || '.' || relation_name, 'relation' from meta.dictionary where kind = 'relation' order by 1",
        *(f"select distinct {c}, '{c}' from marts.measures order by 1"
          for c in ("area_type", "period_type", "data_status", "area_name")),
    ):  # fmt: skip
        words |= dict(con.execute(query).fetchall())
    return {word: meaning for word, meaning in words.items() if word}


def completer(known: dict[str, str]) -> Any:
    """A completer of the word before the cursor; relations also without their schema."""
    from prompt_toolkit.completion import Completer, Completion

    class Words(Completer):
        def get_completions(self, document: Any, complete_event: Any) -> Iterator[Any]:
            typed = document.get_word_before_cursor(pattern=re.compile(r"[\w.]+")).lower()
            for word, meaning in known.items():
                if typed and (word.lower().startswith(typed) or word.lower().partition(".")[2].startswith(typed)):
                    yield Completion(word, start_position=-len(typed), display_meta=meaning)

    return Words()
