"""Finds the mapping of a file by the mapping's patterns of file names."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dagster_project.contracts import Contract
from dagster_project.core.home import LONDON, Home

from .file_name_patterns import NoDateError
from .file_names import InboxFile
from .mapping_fields import Files
from .mappings import Mappings, NamedMapping, SystemMapping, read_mappings
from .refusal import printable


def recognise_inbox_files(
    home: Home, contracts: Mapping[str, Contract], forces: Collection[str], files: Iterable[InboxFile]
) -> list[InboxFile]:
    """Files as the home's mappings recognise them. Raises OSError where the mappings can't be read."""
    return recognise_files(files, read_mappings(home, contracts, forces))


def recognise_files(files: Iterable[InboxFile], mappings: Mappings) -> list[InboxFile]:
    """Files with what the mappings' patterns say of names that are neither canonical nor of data.police.uk.

    A file whose mapping has a mistake gets `waits`; a file that no mapping reads is returned unchanged.
    """
    return [_recognised(file, mappings) if file.problem and file.container else file for file in files]


def _recognised(file: InboxFile, mappings: Mappings) -> InboxFile:
    if problem := mappings.name_problem(file.name):
        return replace(file, waits=f"waits in the inbox until a mapping is mended: {problem}")
    reading = mappings.reading(file.name)
    return _with_mapping(file, reading[0]) if reading else file


def _with_mapping(file: InboxFile, named: NamedMapping) -> InboxFile:
    problem = None
    for files in named.mapping.files:
        try:
            if fields := _read_name(file, named.mapping, files):
                return replace(file, mapping=named.name, **fields)
        except NoDateError as error:
            reason = printable(str(error), length=None)
            problem = f"mappings/{named.name} reads this name, but {reason}: correct the name, or the mapping's files"
    return replace(file, problem=problem)


def _read_name(file: InboxFile, mapping: SystemMapping, files: Files) -> dict[str, Any] | None:
    """The fields of a file's name; None where it does not fit the pattern. Raises NoDateError."""
    name = files.pattern.read(file.name)
    if name is None:
        return None
    at = name.extracted_at or datetime.fromtimestamp(int(file.mtime), UTC)
    # A file says nothing of the days after its extraction: without this, they would count as days without rows.
    last = name.covered_to and min(name.covered_to, at.astimezone(LONDON).date())
    if name.covered_from and last and name.covered_from > last:
        raise NoDateError(f"its window begins on {name.covered_from}, after its extraction on {last}")
    return {
        "form": "canonical", "extract": mapping.extract, "force_code": mapping.forces[0], "covered_from": name.covered_from,
        "covered_to": last, "extracted_at": at, "covers": files.covers, "problem": None,
    }  # fmt: skip
