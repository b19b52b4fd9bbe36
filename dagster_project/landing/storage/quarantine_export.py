"""Exports quarantined rows, with file, line and reasons, for the people who correct them at the source."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.cell_text import escape_formula
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home

from .ledger import CONFLICT_KIND, LedgerEntry, accepted, counts, not_replaced, read_ledger
from .raw_store import load_of

ABOUT = ("extract", "force_code", "source_file", "line", "reasons")
"""The first columns of an export, before the row's own columns."""


@dataclass(frozen=True)
class QuarantinedFile:
    """An accepted file with rows in quarantine. `reasons`: rows by kind of reason; a row may have several."""

    entry: LedgerEntry
    rows: int
    reasons: dict[str, int]


def quarantined_files(home: Home, *, all_files: bool = False) -> list[QuarantinedFile]:
    """Accepted files with rows in quarantine, by extract, force and time of landing.

    Files whose whole window a newer file replaced are left out unless `all_files`: the newer file shows which rows are still
    wrong.
    """
    entries = read_ledger(home)
    loads, totals = accepted(entries), counts(entries)
    contracts, current = load_contracts(), not_replaced(loads)
    files = [
        QuarantinedFile(e, n, _reasons(e, n))
        for e in loads
        if (n := totals[str(e.load_id)].rows_quarantined) and e.extract in contracts and (all_files or e.load_id in current)
    ]
    return sorted(files, key=lambda f: (str(f.entry.extract), str(f.entry.force_code), f.entry.landed_at))


def _reasons(entry: LedgerEntry, rows: int) -> dict[str, int]:
    """Those of the ledger, with the rows that a later file of the same time withheld since, and without those whose conflict
    has ended since."""
    since = rows - (entry.rows_quarantined or 0)
    conflicts = entry.quarantine_reasons.get(CONFLICT_KIND, 0) + since
    others = {kind: n for kind, n in entry.quarantine_reasons.items() if kind != CONFLICT_KIND}
    return others | ({CONFLICT_KIND: conflicts} if conflicts else {})


def quarantined_rows(
    home: Home, files: Iterable[QuarantinedFile], reason: str = ""
) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    """The files' quarantined rows by extract and force: `ABOUT`, then the contract's columns as delivered (identifiers hashed).

    `reason`: only rows whose reasons contain this text, in upper or lower case. In order of file and line.
    """
    loaded = {str(e.load_id) for e in accepted(read_ledger(home))}
    paths_of = defaultdict[tuple[str, str], list[str]](list)
    for load in (load_of(f.entry) for f in files):
        paths_of[load.extract, load.force_code] += map(str, load.counting_quarantine_files(home, loaded))
    contracts = load_contracts()
    by_force: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    with duckdb.connect() as con:
        for (extract, force), paths in paths_of.items():
            if not paths:
                continue
            # A row that differs from two files is in two of these.
            columns = ", ".join(f'any_value("{c.name}")' for c in contracts[extract].columns)
            rows = con.execute(
                "select _extract, _force_code, _source_file, cast(_line as bigint) as line,"
                f" string_agg(_reasons, '; ' order by _reasons), {columns}"
                " from read_parquet(?, union_by_name = true) where contains(lower(_reasons), lower(?))"
                " group by _extract, _force_code, _source_file, _extracted_at, _load_id, line"
                " order by _extracted_at, _source_file, line",
                [paths, reason],
            ).fetchall()
            if rows:
                by_force[extract, force] = rows
    return by_force


def first_problems(home: Home, entry: LedgerEntry, limit: int) -> list[tuple[int, str]]:
    """At most so many quarantined rows of a load: line and reasons. The first row with each reason, whatever its value, is
    among them before a second with any."""
    paths = load_of(entry).quarantine_files(home) if entry.load_id else []
    if not paths:
        return []
    with duckdb.connect() as con:
        return con.execute(
            r"""
            from (
                select cast(_line as bigint) as line, _reasons from read_parquet(?)
                order by row_number() over (
                    partition by regexp_replace(_reasons, '''[^'']*''|\d+', '', 'g') order by line
                ), line
                limit ?
            )
            order by line
            """,
            [[str(p) for p in paths], limit],
        ).fetchall()


def describe_problems(problems: list[tuple[int, str]]) -> list[str]:
    """A sentence for each reason of `first_problems`, with its lines."""
    lines: dict[str, list[str]] = {}
    for line, reasons in problems:
        lines.setdefault(reasons, []).append(str(line))
    return [f"line{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}: {reasons}" for reasons, numbers in lines.items()]


def columns_of_export(extract: str) -> list[str]:
    return [*ABOUT, *(c.name for c in load_contracts()[extract].columns)]


def path_of_export(folder: Path, extract: str, force: str) -> Path:
    """The file in `folder` of an extract and force."""
    return folder / f"quarantine__{extract}__{force}.csv"


def export(folder: Path, rows: dict[tuple[str, str], list[tuple[Any, ...]]]) -> list[Path]:
    """Write a CSV for each extract and force (mode 0600; UTF-8 with a BOM, for Excel). Returns the paths."""
    paths = []
    for (extract, force), body in rows.items():
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(columns_of_export(extract))
        writer.writerows(["" if value is None else escape_formula(value) for value in row] for row in body)
        path = path_of_export(folder, extract, force)
        write_whole(path, text.getvalue().encode("utf-8-sig"))
        paths.append(path)
    return paths
