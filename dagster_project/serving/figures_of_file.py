"""Finds which figures a source file, or one row of it, adds to."""

from typing import Any

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.project_lists import read_seed
from dagster_project.core.similar_names import suggestion
from dagster_project.core.sql import one_row
from dagster_project.landing import accepted, read_ledger
from dagster_project.landing.storage.raw_store import load_of, parquet_of

from .trace_request import TrailError

COLUMNS = ("mart", "measure", "category", "unit", "month", "rows", "amount")


def figures_from_file(con: duckdb.DuckDBPyConnection, file: str, line: int | None = None) -> list[tuple[Any, ...]]:
    """What a source file, or one row of it, adds to: rows under the names of `COLUMNS`.

    Each is a month's figure, and part of the years and twelve months that include it. Raises TrailError for a file that affects
    no figure of the published night.
    """
    load_id, _ = _load(con, file)
    if one_row(con, "select exists (from work.raw.kept_months where load_id = ?)", [load_id])[0]:
        return _figures_from_erased_rows(con, file, load_id, line)
    subjects = sorted({m["mart"].removeprefix("mart_") for m in read_seed("measure_list")} - {"public_health"})
    events = " union all ".join(
        f"select 'mart_{s}' as mart, measure, category, coalesce(leaf_code, '') as unit, event_on, amount, load_id, line"
        f" from work.measures.{s}_events where load_id = $load"
        for s in subjects
    )
    return con.execute(
        "select mart, measure, category, unit, strftime(event_on, '%Y-%m') as month, count(*) as rows, sum(amount) as amount"
        f" from ({events}) where $line is null or line = cast($line as varchar) group by all order by all",
        {"load": load_id, "line": line},
    ).fetchall()


def why_no_figure(con: duckdb.DuckDBPyConnection, home: Home, file: str, line: int) -> str:
    """A sentence on a row for which `figures_from_file` finds nothing. `con`: from `open_evidence`. Raises TrailError for a
    file that affects no figure of the night."""
    load_id, extract = _load(con, file)
    if load_contracts()[extract].kind == "indicators":
        return f"figures of {extract} are its rows, not counts of them: name a measure, and pam trace names its row"
    entries = read_ledger(home)
    counting = {load_id, *(str(e.load_id) for e in accepted(entries))}
    entry = next(e for e in entries if e.load_id == load_id)
    load = load_of(entry)
    if paths := load.counting_quarantine_files(home, counting):
        query = f"select string_agg(distinct _reasons, '; ') from {parquet_of(*paths)} where _line = ?"
        if reasons := one_row(con, query, [str(line)])[0]:
            return f"line {line} is in quarantine: {reasons}"
    if entry.has_rows and not load.raw(home).exists():
        return f"the rows of {file} were erased at the end of their retention: nobody can say any more what line {line} was"
    row = con.execute(
        f"select _key, _extracted_at from work.raw.{extract} where _load_id = ? and _line = ?", [load_id, str(line)]
    ).fetchone()
    if row is None:
        return (
            f"line {line} is no stored row: the file has no such line, or it is blank or no record, or a repeat or a part of"
            " another row, which counts for it"
        )
    key, extracted_at = row
    if con.execute(f"from work.staging.stg_{extract} where load_id = ? and line = ?", [load_id, str(line)]).fetchone():
        return f"line {line} counts, and what it says belongs to no measure"
    newer = con.execute(
        f"select _source_file from work.raw.{extract} where _key = ? and _extracted_at > ? and _load_id <> ?"
        " order by _extracted_at desc limit 1",
        [key, extracted_at, load_id],
    ).fetchone()
    if newer:
        return f"line {line} counts no more: {newer[0]} has a newer version of it"
    return f"line {line} counts no more: a newer file that covers its day lacks it, or counts in place of its file"


def _load(con: duckdb.DuckDBPyConnection, file: str) -> tuple[str, str]:
    """The load and the extract of a file, by its name or load. Raises TrailError if none can affect a figure."""
    named = "select load_id, extract from work.raw.loads where source_file = ? or load_id = ?"
    load = con.execute(named, [file, file]).fetchone()
    if load is None:
        query = "select distinct source_file from warehouse.meta.files union select load_id from warehouse.meta.files"
        known = [name for (name,) in con.execute(query).fetchall() if name]
        if file not in known:
            begun = min((name for name in known if name.startswith(file)), default="")
            hint = f"; is {begun} meant?" if begun else suggestion(file, known) or ": `pam query` on meta.files lists them"
            raise TrailError(f"no file that the night knows is called {file}{hint}")
        raise TrailError(f"{file} affects no published figure: it was not accepted, or newer files replaced all of it")
    return str(load[0]), str(load[1])


def _figures_from_erased_rows(
    con: duckdb.DuckDBPyConnection, file: str, load_id: str, line: int | None
) -> list[tuple[Any, ...]]:  # fmt: skip
    """What a load's erased rows add to, by month. Their number was not kept."""
    if line is not None:
        raise TrailError(f"the rows of {file} were erased at the end of their retention: only its monthly totals are kept")
    return con.execute(
        "select mart, measure, category, coalesce(leaf_code, '') as unit, strftime(month_start, '%Y-%m') as month,"
        " cast(null as bigint) as rows, sum(amount) as amount from work.measures.kept_measures where load_id = ?"
        " group by all order by all",
        [load_id],
    ).fetchall()
