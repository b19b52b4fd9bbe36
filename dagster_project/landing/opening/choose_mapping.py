"""Finds the mapping of a file by the mapping's patterns of file names, and the days that it covers where its name does not say:
a backfill takes only files of its period."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.home import LONDON, Home
from dagster_project.core.project_lists import force_names
from dagster_project.core.similar_names import closest_names

from ..formats.containers import read_stored
from ..inbox.file_names import InboxFile
from ..mappings.file_name_patterns import NoDateError, example_name
from ..mappings.mapping_fields import Files
from ..mappings.mappings import Mappings, SystemMapping, read_mappings
from ..refusal import WAITS, Refused, printable
from ..rows.duckdb_connection import connect_without_storing
from ..rows.keep_only_records import remove_ignored_rows
from ..rows.row_rules import parse_within_rows
from .open_file import HowRead, open_file


def recognise_files(files: Iterable[InboxFile], mappings: Mappings) -> list[InboxFile]:
    """Files with what the mappings' patterns say of names that are neither canonical nor of data.police.uk.

    A file whose mapping has a mistake gets `waits`; a file that no mapping reads is returned unchanged.
    """
    return [_recognised(file, mappings) if file.problem and file.container else file for file in files]


def _recognised(file: InboxFile, mappings: Mappings) -> InboxFile:
    if problem := mappings.name_problem(file.name):
        return replace(file, waits=f"{WAITS}: {problem}")
    problem = file.problem
    for named in mappings.reading(file.name):
        for files in named.mapping.files:
            try:
                if fields := _read_name(file, named.mapping, files):
                    return replace(file, mapping=named.name, **fields)
            except NoDateError as error:
                reason = printable(str(error), length=None)
                problem = f"mappings/{named.name} reads this name, but {reason}: correct the name, or the mapping's files"
    if problem == file.problem:
        problem = f"{problem}{_nearest_pattern(file, mappings)}"
    return replace(file, problem=problem)


def _nearest_pattern(file: InboxFile, mappings: Mappings) -> str:
    """The pattern of a mapping that comes near a name that none fits, as the end of a reason; empty where none does."""
    day = datetime.fromtimestamp(file.mtime, UTC)
    patterns = {_stem(example_name(f.name, day)): (u.name, f.name) for u in mappings.valid for f in u.mapping.files}
    for nearest in closest_names(_stem(file.name), patterns, 1):
        mapping, pattern = patterns[nearest]
        return f"; mappings/{mapping} comes nearest, which reads '{pattern}': correct the name, or add to the mapping's files"
    return ""


def _stem(name: str) -> str:
    return name.rpartition(".")[0].lower()


def _read_name(file: InboxFile, mapping: SystemMapping, files: Files) -> dict[str, Any] | None:
    """The fields of a file's name; None where it does not fit the pattern. Raises NoDateError."""
    parts = files.pattern.read(file.name)
    if parts is None:
        return None
    first, last, extracted_at = parts
    extracted_at = extracted_at or datetime.fromtimestamp(int(file.mtime), UTC)
    # A file says nothing of the days after its extraction: without this, they would count as days without rows.
    last = last and min(last, extracted_at.astimezone(LONDON).date())
    if first and last and first > last:
        raise NoDateError(f"its window begins on {first}, after its extraction on {last}")
    return {
        "form": "canonical", "extract": mapping.extract, "force_code": mapping.forces[0], "covered_from": first,
        "covered_to": last, "extracted_at": extracted_at, "covers": files.covers, "problem": None,
    }  # fmt: skip


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
        con = resources.enter_context(connect_without_storing(home, contract))
        try:
            sheet = open_file(con, file, read_stored(file, home), contract, HowRead(), used.mapping, resources, fast=False)
            remove_ignored_rows(con, sheet)
            sheet = parse_within_rows(con, sheet, file.covers)
        except (Refused, OSError, duckdb.Error):
            # Landing reports what is wrong with it, in a night that is not limited to a period.
            return file
    return replace(file, covered_from=sheet.covered_from, covered_to=sheet.covered_to)
