"""Runs one query on the published night: what is allowed, for how long, and how the answer is written."""

import glob
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import duckdb

from dagster_project.core.config import Limits
from dagster_project.core.errors import PamError
from dagster_project.core.files import new_file
from dagster_project.core.home import Home
from dagster_project.core.published_file import open_hardened, open_published
from dagster_project.core.sql import literal, one_row

from .answer_formats import write_result
from .memory_limit import limit_process_memory
from .misspelt import misspelt
from .recorded_access import record_consultation, record_disclosure

BATCH = 5_000
"""Rows fetched at once, so that an answer of any length takes little memory."""

INTERRUPT_EVERY = 0.02
"""Seconds between interrupts of a query whose time is up."""

_ALLOWED = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}
"""`describe`, `show`, `summarize`, `values` and `from` are selects; `pivot` is several."""


class QuestionError(PamError, ValueError):
    """A query that is not allowed, or can't be answered. The message says why."""


class LimitError(QuestionError):
    """A query that took more time or memory than it may."""


def questions(sql: str) -> list[str]:
    """The queries in a text, one statement each. Raises QuestionError for a statement that is not a query."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QuestionError(error_message(error)) from error
    for statement in statements:
        kind = _kind(statement)
        if kind not in _ALLOWED:
            name = kind.name if kind else statement.query.split()[0].upper()
            raise QuestionError(
                f"{name} is not a query: select, from, with, values, describe, show, summarize, pivot and explain are"
            )
    return [statement.query for statement in statements]


def _kind(statement: duckdb.Statement) -> duckdb.StatementType | None:
    try:
        return statement.type
    except ValueError:
        # A kind that DuckDB's Python package does not know.
        return None


def question(sql: str) -> str:
    """The one query in a text. Raises QuestionError for none or several, or a statement that is not a query."""
    queries = questions(sql)
    if len(queries) != 1:
        raise QuestionError("ask one query at a time" if queries else "there is no query")
    return queries[0]


def error_message(error: BaseException) -> str:
    """DuckDB's message, without its stack trace."""
    return str(error).split("\n\nStack")[0]


@contextmanager
def limited(con: duckdb.DuckDBPyConnection, limits: Limits) -> Generator[None]:
    """Within, queries of `con` end when their time is up. Raises LimitError for time and memory, and QuestionError for any
    other error of DuckDB."""
    is_time_up, ended = threading.Event(), threading.Event()

    def stop() -> None:
        if not ended.wait(limits.seconds):
            is_time_up.set()
        # Repeated, as an interrupt that comes before the query starts is lost.
        while not ended.wait(INTERRUPT_EVERY):
            con.interrupt()

    clock = threading.Thread(target=stop, daemon=True) if limits.seconds else None
    if clock:
        clock.start()
    try:
        with limit_process_memory(con):
            yield
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise LimitError(
            f"the query needs more than {limits.memory} of memory: ask for less (where, limit), or allow more with --memory"
            " or `[query] memory`"
        ) from error
    except duckdb.Error as error:
        if is_time_up.is_set():
            raise LimitError(
                f"the query was stopped after {limits.seconds:g} s: ask for less (where, limit), or allow more with --seconds"
                " or `[query] seconds`"
            ) from error
        raise QuestionError(error_message(error)) from error
    finally:
        ended.set()
        if clock:
            clock.join()


def _fetch_rows(result: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    """A result's rows, with one batch in memory at a time."""
    while batch := result.fetchmany(BATCH):
        yield from batch


def answer(con: duckdb.DuckDBPyConnection, sql: str, form: str, out: TextIO, limits: Limits) -> str:
    """Run one query and write its answer as text. Returns a remark for the person, often empty: misspelt names, rows left out.

    Raises QuestionError, LimitError and OSError.
    """
    text = question(sql)
    with limited(con, limits):
        columns, rows, remark = _ask(con, text)
        limit = limits.rows if form == "table" and limits.rows else None
        write_result(columns, islice(rows, limit), form, out)
        if limit and next(rows, None) is not None:
            remark = f"the first {limit} rows are shown; --rows 0 shows all, --format csv writes all"
        return remark


def _ask(con: duckdb.DuckDBPyConnection, text: str) -> tuple[list[str], Iterator[Sequence[Any]], str]:
    """The columns and rows of a query's answer, and a remark as `_remark` has it."""
    result = con.execute(text)
    rows = _fetch_rows(result)
    first = list(islice(rows, 2))
    return [c[0] for c in result.description or []], chain(first, rows), _remark(con, text, first)


def _remark(con: duckdb.DuckDBPyConnection, text: str, first: Sequence[Sequence[Any]]) -> str:
    """Which names of a query are misspelt, if its answer is empty. `first`: up to two rows of the answer."""
    # A count or a sum of no rows is a row, too.
    is_empty = not first or (len(first) == 1 and all(cell in (None, 0) for cell in first[0]))
    return "; ".join(misspelt(con, text)) if is_empty else ""


def answer_to_file(home: Home, sql: str, form: str, out: Path, limits: Limits, reason: str = "") -> str:
    """Run one query and write its answer to a file, which appears whole or not at all (0600). Returns a remark for the person,
    often empty: misspelt names.

    Both are recorded: the query before it runs, and the file before it appears.

    Raises what `connect` raises, QuestionError, LimitError, OSError, and ValueError for more rows than a sheet has.
    """
    record_consultation(home, reason, by="pam query", query=sql)
    with new_file(out.absolute()) as new:
        if form == "parquet":
            remark = _write_parquet(home, sql, new, limits)
        else:
            with open_published(home, memory=limits.memory) as con:
                if form == "xlsx":
                    remark = _write_workbook(con, sql, new, limits)
                else:
                    with new.open("w", encoding="utf-8", newline="") as file:
                        remark = answer(con, sql, form, file, limits.model_copy(update={"rows": 0}))
        record_disclosure(home, reason, by="pam query", what="answer", query=sql, to=str(out.absolute()), format=form)
    return remark


def _write_workbook(con: duckdb.DuckDBPyConnection, sql: str, new: Path, limits: Limits) -> str:
    """Write the answer to `new`, with the night and the query. Returns a remark as `answer_to_file` does."""
    from .answer_workbook import write_sheet

    text = question(sql)
    with limited(con, limits):
        columns, rows, remark = _ask(con, text)
        (night,) = one_row(con.cursor(), "select night_id from meta.nights where finished_at is null")
        write_sheet(columns, rows, new, {"Published night": night, "Asked": sql.strip()})
    return remark


def _write_parquet(home: Home, sql: str, new: Path, limits: Limits) -> str:
    """Write the answer to `new`. Returns a remark as `answer_to_file` does."""
    text = question(sql)
    kind = _kind(duckdb.extract_statements(text)[0])
    if kind == duckdb.StatementType.EXPLAIN:
        raise QuestionError("a query plan is text: ask for it as a table, csv or json")
    open_published(home).close()
    # DuckDB writes the file, for exact types. It is the only file that the query can write.
    with open_hardened(home.warehouse.resolve(), memory=limits.memory, writable=new) as con, limited(con, limits):
        # `pivot` is several statements and can't be a view; a table takes the memory of its rows.
        con.execute(f"create temp {'table' if kind == duckdb.StatementType.MULTI else 'view'} pam_answer as {text}")
        copy = f"copy pam_answer to {literal(str(new))} (format parquet, compression zstd, use_tmp_file false)"
        if one_row(con, copy)[0] > 1:
            return ""
        with duckdb.connect() as written:
            first = written.execute(
                "from read_parquet(?, hive_partitioning = false) limit 2", [glob.escape(str(new))]
            ).fetchall()
        return _remark(con, text, first)
