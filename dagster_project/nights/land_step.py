"""The landing step of a night: land the inbox's files in raw/, and erase what has reached its retention limit."""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from pathlib import Path

from dagster_project import landing
from dagster_project.contracts import load_contracts
from dagster_project.core.config import Config
from dagster_project.core.errors import InboxMissingError
from dagster_project.core.project_lists import force_names
from dagster_project.core.receipts import Night
from dagster_project.landing.inbox.file_names import InboxFile
from dagster_project.landing.mappings.mappings import read_mappings
from dagster_project.landing.opening.choose_mapping import recognise_files, with_windows
from dagster_project.landing.storage.made_up_files import mark_home
from dagster_project.transform import raw_schema

from .accept_vocabulary import release_known


def land_inbox(
    night: Night,
    inbox: Path,
    *,
    only: Collection[str] | None,
    period: tuple[date, date] | None,
    archive: bool,
    settled_seconds: float,
    unreported: Collection[str],
    progress: Callable[[landing.LedgerEntry], None],
) -> tuple[landing.LedgerEntry, ...]:
    """Land the inbox. Returns what became of each new file, and of those that the nights in `unreported` landed.

    `only`: land only files of these extracts. `period`: only files whose covered window touches it. `archive`: move landed
    files out of the inbox. `settled_seconds`: for how long a file must not have changed. `unreported`: this night, whose
    landing may have been interrupted, and earlier nights whose landing no receipt reports. Raises InboxMissingError.
    """
    home, contracts = night.home, load_contracts()
    if not inbox.is_dir():
        raise InboxMissingError(f"{inbox}: no such folder; `pam nightly --inbox DIR` names the one to read")
    files = landing.find_files(inbox, contracts, force_names())
    if only is not None:
        mappings = read_mappings(home, contracts, force_names())
        files = [f for f in recognise_files(files, mappings) if f.extract in only]
    if period:
        files = files_of_period(with_windows(home, contracts, files), period)
    release_known(home, contracts, night.night_id)
    before = [e for e in landing.read_ledger(home) if e.night_id in unreported]
    done = {e.load_id for e in before if e.night_id == night.night_id}
    landed = landing.land_files(
        home, contracts, files, night.night_id, archive=archive, whole=period is None and only is None,
        settled_seconds=settled_seconds, progress=progress,
    )  # fmt: skip
    mark_home(home, landing.accepted(landing.read_ledger(home)))
    return (*before, *(e for e in landed if e.outcome != "known" or e.load_id not in done))


def files_of_period(files: Iterable[InboxFile], period: tuple[date, date]) -> list[InboxFile]:
    """The files whose covered window touches a period (first and last day). Files without a known window are left out."""
    first, last = period
    return [f for f in files if f.covered_from and f.covered_to and f.covered_from <= last and f.covered_to >= first]


def erase_unused(night: Night, config: Config) -> tuple[landing.Erasure, ...]:
    """Erase originals, lists of withdrawn rows, and rows that no figure is made from, at their retention limits."""
    home, contracts = night.home, load_contracts()
    erased = landing.erase_old_originals(home, config.keep.archive_days, night.today, night.night_id)
    lists = landing.erase_old_lists(home, config.keep.archive_days, night.today, night.night_id)
    needed = raw_schema.loads_in_use(home, contracts)
    unused = landing.erase_unused_loads(home, contracts, config.keep.years, needed, night.today, night.night_id)
    return (*erased, *lists, *unused)
