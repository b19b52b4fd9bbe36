"""Writes an empty file of an extract, with a valid name and the contract's headers, to start a new export from."""

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dagster_project.contracts import Contract, load_contracts
from dagster_project.core.errors import PamError
from dagster_project.core.home import LONDON, Home
from dagster_project.core.home_lists import read_own_list
from dagster_project.core.project_lists import force_names, read_seed
from dagster_project.core.similar_names import suggestion

from .doubts.hold_before_storing import SUSPECT_DAYS
from .inbox.file_names import canonical_name, name_problem
from .mappings.file_name_patterns import months
from .mappings.mappings import read_mappings
from .storage.ledger import read_ledger


class ExtractTemplateError(PamError, ValueError):
    """The template can't be written. The message says which option to give."""


@dataclass(frozen=True)
class Template:
    path: Path
    contract: Contract
    covered_from: date
    covered_to: date

    @property
    def empty(self) -> str:
        """How landing would treat it without rows, as a sentence."""
        days = (self.covered_to - self.covered_from).days + 1
        if self.contract.empty_is_suspect and days >= SUSPECT_DAYS:
            return f"without rows it would be held: {days} days of no {self.contract.extract} are not believed"
        return f"without rows it says that there were none on the {days} days from {self.covered_from} to {self.covered_to}"


def write_template(
    home: Home,
    extract: str,
    folder: Path,
    *,
    force: str | None = None,
    covered_from: date | None = None,
    covered_to: date | None = None,
    now: datetime | None = None,
) -> Template:
    """Write an extract's template into a folder, which is made if needed. Never overwrites a file.

    `force`: by default the only force that the home has files of; before its first file, the only force in its mappings, or
    else in the list of areas. `covered_from`, `covered_to`: by default the last whole month (year, for a yearly extract); with
    one end given, the month or year of that end. Raises ExtractTemplateError, OSError.
    """
    contracts, now = load_contracts(), now or datetime.now(UTC)
    if extract not in contracts:
        raise ExtractTemplateError(
            f"no contract is called '{extract}'{suggestion(extract, contracts)} (there are {', '.join(contracts)})"
        )
    contract = contracts[extract]
    first, last = _window(contract, covered_from, covered_to, now.astimezone(LONDON).date())
    code = _force(home, force, force_names())
    name = canonical_name(extract, code, first, last, now) + ".csv"
    if problem := name_problem(name, contracts, force_names()):
        raise ExtractTemplateError(problem)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with path.open("xb") as file:
        file.write(header_line(contract))
    return Template(path, contract, first, last)


def header_line(contract: Contract) -> bytes:
    """The header as UTF-8 with a BOM, so that Excel opens it correctly and saves characters beyond ASCII."""
    text = io.StringIO()
    csv.writer(text).writerow(c.name for c in contract.columns)
    return text.getvalue().encode("utf-8-sig")


def _force(home: Home, force: str | None, known: Collection[str]) -> str:
    if force is not None:
        return force.strip().lower()
    dropped = {e.force_code for e in read_ledger(home) if e.force_code}
    areas = read_own_list(home.seeds / "areas.csv")
    listed = {row[0] for row in areas} or {row["force_code"] for row in read_seed("areas")}
    mappings = read_mappings(home, load_contracts(), force_names())
    likely = dropped or {f for named in mappings.valid for f in named.mapping.forces} or listed
    if len(likely) == 1:
        return likely.pop()
    choices = f"this home has files of {', '.join(sorted(dropped))}" if dropped else f"one of {', '.join(known)}"
    raise ExtractTemplateError(f"whose file? Give --force: {choices}")


def _window(contract: Contract, first: date | None, last: date | None, today: date) -> tuple[date, date]:
    if first and last:
        return first, last
    yearly = contract.rhythm == "yearly"
    day = first or last or today.replace(month=1 if yearly else today.month, day=1) - timedelta(days=1)
    begin, end = (date(day.year, 1, 1), date(day.year, 12, 31)) if yearly else months(day, day)
    return first or begin, last or end
