"""Which mapping a file belongs to, by its `files` patterns."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dagster_project.contracts import Contract
from dagster_project.core.home import LONDON, Home

from .file_names import InboxFile
from .mapping_fields import Files
from .mappings import Mappings, SystemMapping, Used, read_mappings
from .name_patterns import NoDateError
from .refusal import shown


def recognised_in(
    home: Home, contracts: Mapping[str, Contract], forces: Collection[str], files: Iterable[InboxFile]
) -> list[InboxFile]:
    """Files as the home's mappings recognise them. Raises OSError where the folder can't be read."""
    return recognised(files, read_mappings(home, contracts, forces))


def recognised(files: Iterable[InboxFile], mappings: Mappings) -> list[InboxFile]:
    """Files with what the mappings' `files` say of names that are neither canonical nor of data.police.uk.

    One whose mapping can't be told has `waits`; one that no mapping reads stays as it is.
    """
    return [_recognised(file, mappings) if file.problem and file.container else file for file in files]


def _recognised(file: InboxFile, mappings: Mappings) -> InboxFile:
    if problem := mappings.name_problem(file.name):
        return replace(file, waits=f"waits in the inbox until a mapping is mended: {problem}")
    reading = mappings.reading(file.name)
    return _described(file, reading[0]) if reading else file


def _described(file: InboxFile, used: Used) -> InboxFile:
    problem = None
    for files in used.mapping.files:
        try:
            if said := _said(file, used.mapping, files):
                return replace(file, mapping=used.name, **said)
        except NoDateError as error:
            why = shown_whole(str(error))
            problem = f"mappings/{used.name} reads this name, but {why}: mend the name, or the mapping's files"
    return replace(file, problem=problem)


def shown_whole(text: str) -> str:
    """A reason of any length, as one line that can be printed."""
    return "".join(shown(c) for c in text)


def _said(file: InboxFile, mapping: SystemMapping, files: Files) -> dict[str, Any] | None:
    said = files.pattern.read(file.name)
    if said is None:
        return None
    at = said.extracted_at or datetime.fromtimestamp(int(file.mtime), UTC)
    # Of days after its extraction a file says nothing: no rows there would be taken for none.
    last = said.covered_to and min(said.covered_to, at.astimezone(LONDON).date())
    if said.covered_from and last and said.covered_from > last:
        raise NoDateError(f"its window begins on {said.covered_from}, after its extraction on {last}")
    return {
        "form": "canonical", "extract": mapping.extract, "force_code": mapping.forces[0], "covered_from": said.covered_from,
        "covered_to": last, "extracted_at": at, "covers": files.covers, "problem": None,
    }  # fmt: skip
