"""Answers one question about the published night: what is allowed, for how long, and how the answer is written."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.files import put_in_place, temporary_path
from dagster_project.core.home import Home
from dagster_project.core.published_file import MEMORY, open_hardened, open_published
from dagster_project.core.sql import literal

from .answer_formats import FORMATS, write_result
from .consultation import consulted, disclosed
from .memory_limit import ceiling
from .misspelt import misspelt

ANSWER_FORMATS = (*FORMATS, "parquet", "xlsx")
"""The last two are written to a file alone."""

BATCH = 5_000
"""Rows that are fetched at once: an answer of any length takes little memory."""

AGAIN = 0.02
"""Seconds from one interrupt of a question that may take no longer to the next."""

_KINDS = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}
"""`describe`, `show`, `summarize`, `values` and `from` are selects; `pivot` is several."""


class QuestionError(PamError, ValueError):
    """A question that can't be asked, or not be answered. The message says why, in a line or a few."""


class LimitError(QuestionError):
    """A question that took more time or memory than it may."""


@dataclass(frozen=True)
class Limits:
    """What a question may use: `[query]` of pam.toml, and the options of `pam query` and `pam sql`."""

    seconds: float = 60
    """0: as long as it takes."""
    memory: str = MEMORY
    rows: int = 10_000
    """Rows that a table shows; 0: all. The other formats write all."""


def questions(sql: str) -> list[str]:
    """The questions of a text, one statement each. Raises QuestionError where one is none."""
    try:
        found = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QuestionError(said_by(error)) from error
    for one in found:
        kind = _kind(one)
        if kind not in _KINDS:
            said = kind.name if kind else one.query.split()[0].upper()
            raise QuestionError(
                f"{said} is no question: select, from, with, values, describe, show, summarize, pivot and explain are"
            )
    return [one.query for one in found]


def _kind(statement: duckdb.Statement) -> duckdb.StatementType | None:
    try:
        return statement.type
    except ValueError:
        # DuckDB has kinds that its Python package does not know.
        return None


def question(sql: str) -> str:
    """The one question of a text. Raises QuestionError where there are none or several, or one that is none."""
    found = questions(sql)
    if len(found) != 1:
        raise QuestionError("ask one question at a time" if found else "there is no question")
    return found[0]


def said_by(error: BaseException) -> str:
    """DuckDB's message, without what it says to its own developers."""
    return str(error).split("\n\nStack")[0]


@contextmanager
def limited(con: duckdb.DuckDBPyConnection, limits: Limits) -> Iterator[None]:
    """Have what is asked within end when its time is up, and say in a sentence what a limit means. Raises LimitError,
    and QuestionError for whatever else DuckDB refuses."""
    over, ended = threading.Event(), threading.Event()

    def stop() -> None:
        if not ended.wait(limits.seconds):
            over.set()
        # Again and again: an interrupt that comes before the question has begun is lost.
        while not ended.wait(AGAIN):
            con.interrupt()

    clock = threading.Thread(target=stop, daemon=True) if limits.seconds else None
    if clock:
        clock.start()
    try:
        with ceiling(con):
            yield
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise LimitError(
            f"the question needs more than {limits.memory} of memory: ask for less (where, limit), or allow more with --memory"
            " or `[query] memory`"
        ) from error
    except duckdb.Error as error:
        if over.is_set():
            raise LimitError(
                f"the question was ended after {limits.seconds:g} s: ask for less (where, limit), or allow more with --seconds"
                " or `[query] seconds`"
            ) from error
        raise QuestionError(said_by(error)) from error
    finally:
        ended.set()
        if clock:
            clock.join()


def rows_of(result: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    """A result's rows, a batch in memory at a time."""
    while batch := result.fetchmany(BATCH):
        yield from batch


def answer(con: duckdb.DuckDBPyConnection, sql: str, form: str, out: TextIO, limits: Limits) -> str:
    """Ask one question and write its answer, in a format that is text. Returns what a person should know of it, if anything.

    Raises QuestionError, LimitError and OSError.
    """
    text = question(sql)
    with limited(con, limits):
        result = con.execute(text)
        columns, rows = [c[0] for c in result.description or []], rows_of(result)
        first = [row for _, row in zip(range(2), rows, strict=False)]
        rows = chain(first, rows)
        # A count or a sum of no rows is a row, too.
        nothing = not first or (len(first) == 1 and all(cell in (None, 0) for cell in first[0]))
        about = "; ".join(misspelt(con, text)) if nothing else ""
        if form != "table" or not limits.rows:
            write_result(columns, rows, form, out)
            return about
        shown = [row for _, row in zip(range(limits.rows), rows, strict=False)]
        more = next(rows, None) is not None
        write_result(columns, shown, form, out)
        if about:
            return about
        return f"the first {limits.rows} rows are shown; --rows 0 shows all, --format csv writes all" if more else ""


def answer_to_file(home: Home, sql: str, form: str, out: Path, limits: Limits, reason: str = "", *, by: str) -> None:
    """Ask one question and write its answer to a file, which appears whole or not at all (0600).

    Both are put on record, the question before it is asked and the file before it appears; `by`: through what.

    Raises what `connect` raises, QuestionError, LimitError, OSError, and ValueError for more rows than a sheet has.
    """
    consulted(home, reason, by=by, asked=sql)
    new = temporary_path(out.absolute())
    new.touch(mode=0o600)
    try:
        if form == "parquet":
            _write_parquet(home, sql, new, limits)
        else:
            con = open_published(home, memory=limits.memory)
            try:
                if form == "xlsx":
                    from .answer_workbook import write_sheet

                    with limited(con, limits):
                        result = con.execute(question(sql))
                        write_sheet([c[0] for c in result.description], rows_of(result), new, about(con, sql))
                else:
                    with new.open("w", encoding="utf-8", newline="") as file:
                        answer(con, sql, form, file, Limits(limits.seconds, limits.memory, 0))
            finally:
                con.close()
        os.chmod(new, 0o600)
        disclosed(home, reason, by=by, what="answer", asked=sql, to=str(out.absolute()), format=form)
        put_in_place(new, out.absolute())
    finally:
        new.unlink(missing_ok=True)


def about(con: duckdb.DuckDBPyConnection, sql: str) -> dict[str, str]:
    """What a file should say of its figures: the night, and what was asked."""
    night = con.cursor().execute("select night_id from meta.nights where finished_at is null").fetchone()
    return {"Published night": night[0] if night else "", "Asked": sql.strip()}


def _write_parquet(home: Home, sql: str, new: Path, limits: Limits) -> None:
    text = question(sql)
    kind = _kind(duckdb.extract_statements(text)[0])
    if kind == duckdb.StatementType.EXPLAIN:
        raise QuestionError("an explanation is text: ask for it as a table, csv or json")
    open_published(home).close()
    # DuckDB writes it, for exact types: this one file is all that the question could write, too.
    con = open_hardened(home.warehouse.resolve(), memory=limits.memory, writable=new)
    try:
        with limited(con, limits):
            # What is several statements, as `pivot` is, can't be a view; a table takes the memory of its answer.
            con.execute(f"create temp {'table' if kind == duckdb.StatementType.MULTI else 'view'} pam_answer as {text}")
            con.execute(f"copy pam_answer to {literal(str(new))} (format parquet, compression zstd, use_tmp_file false)")
    finally:
        con.close()
