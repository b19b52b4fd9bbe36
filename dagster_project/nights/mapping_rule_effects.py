"""Shows what each rule of a mapping does to a file's first rows: the cells before and after."""

from contextlib import ExitStack
from dataclasses import dataclass

import duckdb

from dagster_project.contracts import Column, load_contracts
from dagster_project.core.home import Home
from dagster_project.core.plurals import counted
from dagster_project.core.project_lists import force_names
from dagster_project.core.sql import literal
from dagster_project.landing import LedgerEntry
from dagster_project.landing.formats.containers import read_stored
from dagster_project.landing.formats.csv_reader import CELLS
from dagster_project.landing.inbox.file_names import InboxFile
from dagster_project.landing.mappings.mapping_fields import Join, ListOf
from dagster_project.landing.mappings.mappings import SystemMapping, read_mappings
from dagster_project.landing.opening.choose_mapping import recognise_files
from dagster_project.landing.opening.open_file import HowRead, open_file
from dagster_project.landing.refusal import Refused
from dagster_project.landing.rows.duckdb_connection import connect_without_storing
from dagster_project.landing.rows.file_table import FileTable
from dagster_project.landing.rows.keep_only_records import ignore_rules, remove_ignored_rows

ROWS = 10
"""How many rows are shown for each rule."""


@dataclass(frozen=True)
class Rule:
    """One rule, and what it does. `rows`: line number, the cell as it came, and what it becomes (None: a blank)."""

    column: str
    description: str
    rows: list[tuple[int, str | None, str | None]]

    def as_dict(self) -> dict[str, object]:
        rows = [{"line": line, "before": before, "after": after} for line, before, after in self.rows]
        return {"column": self.column, "rule": self.description, "rows": rows}


def rules_of(home: Home, file: InboxFile, entry: LedgerEntry) -> list[Rule]:
    """The rules of the mapping that a file was read with: first those of ignored rows, then by column as in the contract.

    Empty if it was read without a mapping, or can't be read. Identifiers are not shown, because they are hashed.
    """
    if not entry.mapping or not entry.extract:
        return []
    contracts = load_contracts()
    mappings = read_mappings(home, contracts, force_names())
    used, contract = mappings.named(entry.mapping.rpartition("@")[0]), contracts[entry.extract]
    (file,) = recognise_files([file], mappings)
    if used is None:
        return []
    with ExitStack() as stack:
        con = stack.enter_context(connect_without_storing(home, contract))
        try:
            file_table = open_file(con, file, read_stored(file, home), contract, HowRead(), used.mapping, stack, fast=False)
            ignored = _ignored_rows(con, file_table)
            remove_ignored_rows(con, file_table)
            described = ((c, _describe(file_table, c)) for c in contract.columns)
            return ignored + [Rule(c.name, text, _rows(con, file_table, c)) for c, text in described if text]
        except (Refused, OSError, duckdb.Error):
            # The entry says why.
            return []


def _describe(file_table: FileTable, column: Column) -> str | None:
    """A column's rules in one line; None if the mapping has none for it."""
    mapping, name = file_table.mapping, column.name
    if name not in file_table.layout.position:
        constant = mapping.constant(column)
        return None if constant is None else f"every row has {constant}"
    rules = [_header(mapping, name, file_table.layout.headers[name])] if name in mapping.headers else []
    if name in mapping.separators:
        rules.append(f"items between '{mapping.separators[name]}'")
    if name in mapping.values:
        rules.append(counted(len(mapping.values[name]), "code"))
    if name in mapping.dates:
        rules.append(f"dates as {', '.join(mapping.dates[name])}")
    return "; ".join(rules) or None


def _header(mapping: SystemMapping, name: str, header: str) -> str:
    match mapping.headers[name]:
        case Join(between=between):
            return f"{header}, joined with '{between}'"
        case ListOf():
            return f"{header}, as a list"
    return f"from {header}"


def _rows(con: duckdb.DuckDBPyConnection, file_table: FileTable, column: Column) -> list[tuple[int, str | None, str | None]]:
    name = column.name
    if name not in file_table.layout.position:
        return []
    cells = f"select line, nullif({file_table.text(name)}, '') as t_{name} from {CELLS} where not {file_table.is_ragged}"
    rows = con.execute(
        f"select line, t_{name}, {file_table.canonical(column)} from ({cells} order by line limit {ROWS}) order by line"
    ).fetchall()
    return [(line, "(hashed)", "(hashed)") for line, *_ in rows] if column.identifier else rows


def _ignored_rows(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> list[Rule]:
    rules = []
    for name, rule in ignore_rules(file_table).items():
        column = file_table.contract.by_name(name)
        if column is None or not column.identifier:
            # A column that is not stored may hold anything.
            shown = file_table.ignore_text(name) if column else literal("(not shown)")
            rows = con.execute(f"select line, {shown}, null from {CELLS} where {rule} order by line limit {ROWS}")
            rules.append(Rule(name, "rows that are not records", rows.fetchall()))
    return rules
