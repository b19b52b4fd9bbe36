"""Finds the days that a file covers before it lands, where its name does not say: a backfill takes only files of its period."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.seeds import force_names

from .choose_mapping import recognise_files
from .containers import read_stored
from .duckdb_connection import connect_to_look
from .file_names import InboxFile
from .mappings import Mappings, read_mappings
from .open_file import open_file
from .refusal import Refused
from .row_rules import parse_within_rows, remove_ignored_rows


def with_windows(home: Home, contracts: Mapping[str, Contract], files: Iterable[InboxFile]) -> list[InboxFile]:
    """Files as the home's mappings recognise them, each with its window. A file that can't be read has none."""
    mappings = read_mappings(home, contracts, force_names())
    return [_with_window(home, contracts, mappings, f) for f in recognise_files(files, mappings)]


def _with_window(home: Home, contracts: Mapping[str, Contract], mappings: Mappings, file: InboxFile) -> InboxFile:
    used = mappings.named(str(file.mapping))
    if used is None or file.covers is None:
        return file
    contract = contracts[str(file.extract)]
    with ExitStack() as resources:
        con = resources.enter_context(connect_to_look(home, contract))
        try:
            sheet = open_file(con, file, read_stored(file, home), contract, {}, used.mapping, resources, fast=False)
            remove_ignored_rows(con, sheet)
            sheet = parse_within_rows(con, sheet, file.covers)
        except (Refused, OSError, duckdb.Error):
            # Landing reports what is wrong with it, in a night that is not limited to a period.
            return file
    return replace(file, covered_from=sheet.covered_from, covered_to=sheet.covered_to)
