"""Reads file names: extract, force, window and time of extraction."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.similar_names import suggestion

from ..mappings.file_name_patterns import months
from ..refusal import printable

MANIFEST = ".manifest.json"
CONTAINERS = (".csv", ".csv.gz", ".zip", ".csv.zip", ".xlsx", ".parquet")
OF_WINDOWS = ("thumbs.db", "desktop.ini")
"""Files that Windows puts into a folder by itself."""
LINK_OUT = "a link that leads out of the inbox: drop the file itself"
LINK_TO_FOLDER = "a link to a folder: drop the files themselves"
OTHER_EXCEL = (".xls", ".xlsm", ".xlsb")
OLD_EXCEL = (
    "an Excel workbook of another kind (.xls, the old one, .xlsm or .xlsb): open it in Excel, save it as Excel Workbook (.xlsx)"
)
CANONICAL_FORM = "extract__force__from__to__YYYYMMDDTHHMMSSZ.csv"

_CANONICAL = re.compile(r"(?P<extract>.*?)__(?P<force>.*?)__(?P<from>.*?)__(?P<to>.*?)__(?P<at>.*)", re.S)
_POLICE_UK = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<rest>.+)", re.S)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_AT = re.compile(r"\d{8}T\d{6}Z")

Form = Literal["canonical", "police_uk"]

EVER = (date(1900, 1, 1), date(2100, 12, 31))
"""The window of a file that was given to a dry run without one."""


@dataclass(frozen=True)
class InboxFile:
    """A file of the inbox, and what its name says.

    `problem`: why the file can't be landed, whatever its content; the fields that the name does not give are then None.
    `extracted_at` (UTC): None for data.police.uk files, which count as extracted when they land. `root`: the folder that no
    link may lead out of; None where a person named the file.
    """

    path: Path
    name: str
    mtime: float
    size: int
    container: str | None = None
    form: Form | None = None
    extract: str | None = None
    force_code: str | None = None
    covered_from: date | None = None
    covered_to: date | None = None
    extracted_at: datetime | None = None
    problem: str | None = None
    root: Path | None = None
    mapping: str | None = None
    """The file in `mappings/` of the mapping with a pattern that fits the name."""
    covers: Literal["months", "days"] | None = None
    """How to take the window from the rows, where the name gives none."""
    waits: str | None = None
    """Why the file must wait until a mapping is corrected; None where it need not."""

    @property
    def manifest(self) -> Path:
        return self.path.with_name(self.path.name + MANIFEST)

    @property
    def extract_and_force(self) -> tuple[str, str]:
        assert self.extract is not None and self.force_code is not None
        return self.extract, self.force_code

    @property
    def window(self) -> tuple[date, date]:
        """The first and the last day that the file covers, once its name or its rows have given them."""
        assert self.covered_from is not None and self.covered_to is not None
        return self.covered_from, self.covered_to


def canonical_name(extract: str, force: str, covered_from: date, covered_to: date, extracted_at: datetime) -> str:
    """A canonical file's name without its ending. `extracted_at` has a time zone."""
    return f"{extract}__{force}__{covered_from}__{covered_to}__{extracted_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


class _BadName(Exception):
    """A file name that can't be read. The message is the reason."""


def find_files(inbox: Path, contracts: Mapping[str, Contract], forces: Collection[str]) -> list[InboxFile]:
    """Every file below `inbox`, by path; a file whose name can't be read has a `problem`.

    Left out: names that are skipped (`is_skipped_name`), and the folder of a home. A link that leads out of `inbox`, or to a
    folder, has a `problem`, and its target is not read.
    """
    files: list[InboxFile] = []
    for folder, below, names in os.walk(inbox):
        below[:] = sorted(d for d in below if not d.startswith("."))
        links = [path for name in below if (path := Path(folder, name)).is_symlink()]
        files += [_link(path, LINK_TO_FOLDER, inbox) for path in links]
        below[:] = [d for d in below if not Home(Path(folder, d)).is_made]
        for name in sorted(names):
            if is_skipped_name(name):
                continue
            path = Path(folder, name)
            if path.is_symlink() and leads_out(path, inbox):
                files.append(_link(path, LINK_OUT, inbox))
            elif path.is_file():
                files.append(replace(describe(path, contracts, forces), root=inbox))
    return files


def leads_out(path: Path, root: Path) -> bool:
    """Whether a path, with all links resolved, is outside of `root`."""
    real_root = os.path.realpath(root)
    return os.path.commonpath([real_root, os.path.realpath(path)]) != real_root


def _link(path: Path, problem: str, root: Path) -> InboxFile:
    stat = path.lstat()
    return InboxFile(path, name_text(path.name), stat.st_mtime, stat.st_size, problem=problem, root=root)


def is_skipped_name(name: str) -> bool:
    """Whether a night skips files of this name: hidden files, manifests, unfinished uploads, and what Windows makes itself."""
    word = name.lower()
    return word.startswith((".", "~$")) or word.endswith((MANIFEST, ".tmp", ".part", ".filepart")) or word in OF_WINDOWS


def describe(path: Path, contracts: Mapping[str, Contract], forces: Collection[str]) -> InboxFile:
    """Read the name of one file. A name that can't be read is not an error: the result then has a `problem`."""
    stat = path.stat()
    return InboxFile(path, name_text(path.name), stat.st_mtime, stat.st_size, **_read_name(path.name, contracts, forces))


def name_text(name: str) -> str:
    """A file's name as text, with bytes that are not UTF-8 escaped (`\\xff`), so that every name can be stored."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def name_problem(name: str, contracts: Mapping[str, Contract], forces: Collection[str]) -> str | None:
    """Why a file of this name could not be landed; None where it could."""
    problem: str | None = _read_name(name, contracts, forces).get("problem")
    return problem


def _read_name(name: str, contracts: Mapping[str, Contract], forces: Collection[str]) -> dict[str, Any]:
    """What a name says, by the fields of `InboxFile`; also a `problem` where a part can't be read."""
    container = max((c for c in CONTAINERS if name.lower().endswith(c)), key=len, default=None)
    if container is None:
        if name.lower().endswith(OTHER_EXCEL):
            return {"problem": f"{OLD_EXCEL} and drop it again"}
        return {"problem": f"not a kind of file that can be landed: the name must end in {', '.join(CONTAINERS)}"}
    stem = name[: -len(container)]
    try:
        if match := _POLICE_UK.fullmatch(stem):
            return {"container": container, **_read_police_uk(match, contracts, forces)}
        if match := _CANONICAL.fullmatch(stem):
            return {"container": container, **_read_canonical(match, contracts, forces)}
    except _BadName as error:
        return {"container": container, "problem": str(error)}
    problem = (
        f"the name is neither {CANONICAL_FORM} nor that of a data.police.uk file. An export as its system names it lands"
        " once it has a mapping: `pam map FILE` drafts one"
    )
    return {"container": container, "problem": problem}


def _read_canonical(match: re.Match[str], contracts: Mapping[str, Contract], forces: Collection[str]) -> dict[str, Any]:
    extract, force = match["extract"].strip().lower(), match["force"].strip().lower()
    if extract not in contracts:
        hint = suggestion(extract, contracts)
        raise _BadName(f"no contract is called '{printable(extract)}'{hint} (there are {', '.join(contracts)})")
    _check_force(force, forces)
    covered_from = _day(match["from"], "covered from")
    covered_to = _day(match["to"], "covered to")
    if covered_from > covered_to:
        raise _BadName(f"the window ends before it begins: {covered_from} to {covered_to}")
    text = match["at"].upper()
    try:
        # strptime alone takes single digits, too.
        extracted_at = datetime.strptime(text if _AT.fullmatch(text) else "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise _BadName(f"extracted at: '{printable(match['at'])}' is no time there is (YYYYMMDDTHHMMSSZ)") from error
    window = {"covered_from": covered_from, "covered_to": covered_to}
    return {"form": "canonical", "extract": extract, "force_code": force, "extracted_at": extracted_at, **window}


def _read_police_uk(match: re.Match[str], contracts: Mapping[str, Contract], forces: Collection[str]) -> dict[str, Any]:
    rest = match["rest"].lower()
    for contract in contracts.values():
        if contract.police_uk and rest.endswith("-" + contract.police_uk.suffix):
            force = rest[: -len(contract.police_uk.suffix) - 1]
            break
    else:
        suffixes = ", ".join(f"-{c.police_uk.suffix}" for c in contracts.values() if c.police_uk)
        raise _BadName(f"no contract takes this file of data.police.uk: the name must end in {suffixes}")
    _check_force(force, forces)
    year, month = int(match["year"]), int(match["month"])
    if not (1900 <= year <= 2100 and 1 <= month <= 12):
        raise _BadName(f"{match['year']}-{match['month']} is no month there is")
    first, last = months(date(year, month, 1), date(year, month, 1))
    window = {"covered_from": first, "covered_to": last}
    return {"form": "police_uk", "extract": contract.extract, "force_code": force, **window}


def _check_force(force: str, forces: Collection[str]) -> None:
    if force not in forces:
        raise _BadName(f"unknown force '{printable(force)}'{suggestion(force, forces)} (seeds/forces.csv has their codes)")


def _day(text: str, what: str) -> date:
    try:
        day = date.fromisoformat(text) if _ISO_DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2100:
        raise _BadName(f"{what}: '{printable(text)}' is no date there is (YYYY-MM-DD)")
    return day
