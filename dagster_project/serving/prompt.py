r"""`pam sql`: questions at a prompt, with history, completion and help, or one after the other from standard input.

A question ends with a semicolon. What begins with a backslash is a command of the prompt's own: none of them runs a program,
reads a file or writes one.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.config import visible_settings
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.published_file import NothingPublishedError, open_published, published_folder
from dagster_project.core.sql import one_row
from dagster_project.core.terminal_text import warn

from .answer_formats import FORMATS, write_result
from .connection import connect
from .consultation import consulted
from .query import Limits, QuestionError, answer, limited, questions, said_by

HISTORY = "sql_history"

HELP = r"""A question ends with a semicolon:  select * from meta.extracts;
  \d            the relations, and what each holds
  \d RELATION   its columns               \d mart_incidents
  \m [WORD]     the measures, those with WORD in their name, title or meaning
  \v MEASURE    the categories, kinds of area and periods that a measure has
  \n            which night is read       \r    read the one that is published now
  \f FORMAT     table, csv or json        \l    the limits of a question
  \?            this                      \q    leave (or Ctrl-D)
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
    select mart, 'category' as what, category as has, count(*) as rows from marts.measures where measure = $1 group by all
    union all by name
    select mart, 'area_type' as what, area_type as has, count(*) as rows from marts.measures where measure = $1 group by all
    union all by name
    select mart, 'period_type' as what, period_type as has, count(*) as rows from marts.measures where measure = $1 group by all
    order by mart, what, has = 'all' desc, has
"""
NIGHT = "select night_id, started_at, figures, warnings from meta.nights where finished_at is null"


@dataclass
class Session:
    """A prompt's state: the night that it reads, and how it answers."""

    home: Home
    limits: Limits
    form: str
    reason: str
    con: duckdb.DuckDBPyConnection
    folder: Any

    @classmethod
    def open(cls, home: Home, limits: Limits, form: str, reason: str = "") -> "Session":
        """Raises as `connect` does."""
        con = connect(home, reason, by="pam sql", memory=limits.memory)
        return cls(home, limits, form, reason, con, published_folder(home))

    def reopen(self) -> None:
        """Read the night that is published now."""
        before, self.con = self.con, open_published(self.home, memory=self.limits.memory)
        self.folder = published_folder(self.home)
        before.close()

    def ask(self, sql: str) -> str:
        """Answer the questions of a text on standard output, each put on record. Returns what there is to say of the last."""
        said = ""
        for one in questions(sql):
            consulted(self.home, self.reason, by="pam sql", asked=one)
            said = answer(self.con, one, self.form, sys.stdout, self.limits)
        return said

    def show(self, sql: str, *values: str) -> None:
        """Answer one of the prompt's own questions, within the limits of any."""
        with limited(self.con, self.limits):
            result = self.con.execute(sql, list(values))
            rows = result.fetchall()
        if not rows:
            raise QuestionError(f"nothing is called {values[0]}" if values and values[0] else "there is nothing to show")
        write_result([c[0] for c in result.description], rows, self.form, sys.stdout)


def command(session: Session, line: str) -> str:
    """Do what a line that begins with a backslash or a dot says. Returns what there is to say of it. Raises QuestionError."""
    name, _, rest = line.strip().rstrip(";").partition(" ")
    word = rest.strip()
    known: dict[str, Callable[[], Any]] = {
        r"\?": lambda: sys.stdout.write(HELP),
        r"\d": lambda: session.show(COLUMNS, word) if word else session.show(RELATIONS),
        r"\m": lambda: session.show(MEASURES, word),
        r"\v": lambda: session.show(VALUES, word),
        r"\n": lambda: session.show(NIGHT),
        r"\r": partial(_reopen, session),
        r"\l": lambda: sys.stdout.write(f"{session.limits.seconds:g} s, {session.limits.memory}, {session.limits.rows} rows\n"),
        r"\f": partial(_set_form, session, word),
    }
    if name not in known:
        raise QuestionError(rf"{name}: no such command; \? lists them")
    known[name]()
    return ""


def _reopen(session: Session) -> None:
    session.reopen()
    session.show(NIGHT)


def _set_form(session: Session, word: str) -> None:
    if word not in FORMATS:
        raise QuestionError(f"{word or 'nothing'} is none of {', '.join(FORMATS)}; other formats: pam query --out")
    session.form = word


def inputs(lines: Iterable[str]) -> Iterator[str]:
    """The commands and questions of lines that come one by one. A question may take several; its last semicolon may lack."""
    held = ""
    for line in lines:
        if not held.strip() and line.lstrip().startswith(("\\", ".")):
            yield line.strip()
            continue
        held += line if line.endswith("\n") else line + "\n"
        if is_whole(held):
            yield held
            held = ""
    if held.strip():
        yield held


def is_whole(text: str) -> bool:
    """Whether a question has come to its semicolon: one that stands in no text, no name and no comment."""
    bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*(?:\n|$)|/\*.*?\*/", " ", text, flags=re.S)
    return bare.rstrip().endswith(";") and "'" not in bare and '"' not in bare and "/*" not in bare


def run(home: Home, limits: Limits, form: str, reason: str = "") -> int:
    """The prompt, until its end. Returns how many questions could not be answered; 0 at a terminal, where they were seen.

    Raises as `connect` does.
    """
    session = Session.open(home, limits, form, reason)
    try:
        if sys.stdin.isatty():
            _talk(session)
            return 0
        return sum(not _done(session, text) for text in inputs(sys.stdin) if text.strip() != r"\q")
    finally:
        session.con.close()


def _done(session: Session, text: str) -> bool:
    """Whether a command or question was answered; what went wrong is said on standard error."""
    try:
        if text.startswith(("\\", ".")):
            said = command(session, text)
        else:
            said = session.ask(text)
    except (QuestionError, NothingPublishedError, duckdb.Error) as error:
        # Nobody's session ends with a question.
        sys.stdout.flush()
        warn(said_by(error))
        return False
    if said:
        warn(said)
    return True


def _talk(session: Session) -> None:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.lexers import PygmentsLexer
    from pygments.lexers.sql import SqlLexer

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: Any) -> None:
        text = event.current_buffer.text
        if not text.strip() or text.lstrip().startswith(("\\", ".")) or is_whole(text):
            event.current_buffer.validate_and_handle()
        else:
            event.current_buffer.insert_text("\n")

    history: History = InMemoryHistory()
    path, most = session.home.path / HISTORY, visible_settings(session.home).query.history

    class Kept(FileHistory):
        """In a file, and no more than the settings allow."""

        def store_string(self, string: str) -> None:
            if string.lstrip().startswith(("\\", ".")):
                return
            with suppress(OSError):
                super().store_string(string)
                keep_history(path, most)

    try:
        keep_history(path, most)
        if most:
            history = Kept(str(path))
    except OSError:
        print("pam: the home can't be written, so that the history is as it was", file=sys.stderr)
    known: dict[str, str] = {}
    with limited(session.con, session.limits):
        (night,) = one_row(session.con.execute("select night_id from meta.nights where finished_at is null"))
    with suppress(QuestionError), limited(session.con, session.limits):
        known = words(session.con)
    prompt: Any = PromptSession(
        history=history, lexer=PygmentsLexer(SqlLexer), key_bindings=keys, multiline=True,
        completer=completer(known), complete_while_typing=False, prompt_continuation="...> ",
    )  # fmt: skip
    print(f"Night {night}. A question ends with a semicolon; \\? for help, Tab completes, \\q leaves.")
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
                _done(session, text.strip())
            except KeyboardInterrupt:
                print("interrupted")


def keep_history(path: Path, most: int) -> None:
    """Leave the last `most` questions of a history, for its owner alone; with 0, no file. Raises OSError.

    What was asked may name places and people, and is nobody's to read for longer than somebody wants it.
    """
    if not most:
        path.unlink(missing_ok=True)
        return
    # As prompt_toolkit writes it: a line `# when`, then the question's lines, each after a `+`.
    found = re.split(r"^(?=# )", path.read_text(encoding="utf-8"), flags=re.M)[1:] if path.exists() else []
    write_whole(path, "".join(found[-most:]).encode())


def words(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What can be completed, and what each is: relations, columns, measures, and values that conditions name."""
    found = {w: "" for w in ("select", "from", "where", "group by all", "order by", "and", "is not null", "limit", "between")}
    found |= dict(
        con.execute("select distinct name, 'column' from meta.dictionary where kind = 'column' order by 1").fetchall()
    )
    found |= dict(
        con.execute(
            "select name, any_value(title) from meta.dictionary where kind = 'measure' group by 1 order by 1"
        ).fetchall()
    )
    found |= dict(
        con.execute(
            "select schema_name || '.' || relation_name, 'relation' from meta.dictionary where kind = 'relation' order by 1"
        ).fetchall()
    )
    for column in ("area_type", "period_type", "data_status", "area_name"):
        found |= dict(con.execute(f"select distinct {column}, '{column}' from marts.measures order by 1").fetchall())
    return {w: said for w, said in found.items() if w}


def completer(known: dict[str, str]) -> Any:
    """Completes the word before the cursor, of relations with or without their schema."""
    from prompt_toolkit.completion import Completer, Completion

    class Words(Completer):
        def get_completions(self, document: Any, complete_event: Any) -> Iterator[Any]:
            begun = document.get_word_before_cursor(pattern=re.compile(r"[\w.]+")).lower()
            for word, said in known.items():
                if begun and (word.lower().startswith(begun) or word.lower().partition(".")[2].startswith(begun)):
                    yield Completion(word, start_position=-len(begun), display_meta=said)

    return Words()
