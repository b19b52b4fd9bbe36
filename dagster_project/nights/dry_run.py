"""Shows what files would do, by running a night with them in a temporary home. The real home and the files do not change.

Landed rows, ledger, quarantine, mappings, lists and key are links to the real home's. Whatever is written goes to a temporary
folder, for its owner alone, which is deleted afterwards.
"""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.check_results import Check
from dagster_project.core.config import read_config
from dagster_project.core.files import make_folder
from dagster_project.core.home import Home
from dagster_project.core.memory import working_database
from dagster_project.core.project_lists import force_names
from dagster_project.core.receipts import Night, Receipt, read_receipts, utc_seconds
from dagster_project.core.sql import one_row
from dagster_project.landing import LedgerEntry, land_files, read_ledger
from dagster_project.landing.formats.containers import container_of
from dagster_project.landing.inbox.file_names import (
    EVER,
    OTHER_EXCEL,
    InboxFile,
    canonical_name,
    describe,
    is_skipped_name,
    name_problem,
)
from dagster_project.landing.land import landing_order
from dagster_project.landing.storage.quarantine_export import first_problems
from dagster_project.landing.storage.raw_store import load_of
from dagster_project.publishing import dictionary, outputs
from dagster_project.publishing.figure_diff import EARLIER, LATER, attach, by_mart, make_differences
from dagster_project.publishing.outputs import OutputError
from dagster_project.quality.gate import held_by
from dagster_project.transform.candidate import BASE
from dagster_project.transform.dbt_runner import BuildError

from .errors import NightFailedError, NightHeldError
from .mapping_rule_effects import Rule, rules_of
from .night_run import NightRun
from .saved_steps import Landed

PROBLEMS = 10
"""How many quarantined rows are shown."""
LINKED = ("raw", "quarantine", "mappings", "seeds", "editions", "expectations", "published")
"""Folders of the home that a night reads."""


@dataclass(frozen=True)
class FileDescription:
    """What a person says that files are, if their names don't: extract, force and, if known, the window."""

    extract: str
    force_code: str
    covered_from: date = EVER[0]
    covered_to: date = EVER[1]

    @classmethod
    def checked(cls, extract: str, force_code: str, covered_from: date | None, covered_to: date | None) -> "FileDescription":
        """A description that a file's name could give, too. Raises ValueError."""
        claim = cls(extract, force_code, covered_from or EVER[0], covered_to or EVER[1])
        name = canonical_name(extract, force_code, claim.covered_from, claim.covered_to, datetime.now(UTC))
        if problem := name_problem(f"{name}.csv", load_contracts(), force_names()):
            raise ValueError(problem)
        return claim


@dataclass(frozen=True)
class InspectedFile:
    """One file: the entry that the ledger would have, and the first rows that break a rule, with their line and reasons.

    `name`: a file name that would be recognised, if a person had to say what the file is.
    """

    file: InboxFile
    entry: LedgerEntry
    problems: list[tuple[int, str]]
    name: str | None = None
    rules: tuple[Rule, ...] = ()
    """What the mapping's rules do to the first rows."""

    @property
    def fine(self) -> bool:
        """Whether the file would be accepted, or is known already."""
        return self.entry.outcome in ("accepted", "known")

    def mapped(self) -> set[str]:
        """Columns whose header only the mapping recognises, not the contract."""
        contract = load_contracts().get(self.entry.extract or "")
        if contract is None or self.entry.form != "canonical":
            return set()
        by_contract = {name: contract.by_header(header) for name, header in self.entry.headers.items()}
        return {name for name, column in by_contract.items() if column is None or column.name != name}

    def as_dict(self) -> dict[str, Any]:
        """All that is known of it, for programs."""
        fields = (
            "extract", "force_code", "form", "covered_from", "covered_to", "extracted_at", "outcome", "reason", "encoding",
            "delimiter", "mapping", "headers", "unknown_columns", "missing_columns", "drift", "unknown_values",
            "rows_in_file", "rows_landed", "rows_quarantined", "rows_duplicate", "rows_ignored", "quarantine_reasons",
            "indicators", "withheld",
        )  # fmt: skip
        entry = self.entry.model_dump(mode="json", include=set(fields))
        return {
            "file": str(self.file.path), "container": self.file.container, **{k: entry[k] for k in fields},
            "headers_by_mapping": sorted(self.mapped()),
            "problems": [{"line": line, "reasons": reasons} for line, reasons in self.problems],
            "name_that_would_do": self.name, "rules": [r.as_dict() for r in self.rules],
        }  # fmt: skip


@dataclass(frozen=True)
class TrialOutcome:
    """How a night with these files, and no others, would end."""

    outcome: str
    """published, held, failed, or unchanged: nothing of the files would count, so the gate was not asked."""
    reason: str
    checks: list[Check]
    """Checks that fail and did not on the last night, or that found something else then."""
    standing: list[Check]
    """Checks that fail just as they did on the last night."""
    figures: dict[str, dict[str, int]]
    """Mart -> numbers of figures changed, new and gone, compared with what is published; only marts with any."""

    @property
    def fine(self) -> bool:
        """Whether the night would be published."""
        return self.outcome in ("published", "unchanged")


def inspect_files(
    home: Home, paths: Iterable[Path], claim: FileDescription | None = None, *, gate: bool = False
) -> tuple[list[InspectedFile], TrialOutcome | None]:
    """What would become of each file, in the order of `paths`; with `gate`, also how the night would end.

    `claim`: what the files are, whatever their names say. Raises what stops a night before its first file (PseudonymKeyError,
    ValueError for a ledger that can't be read), and OSError.
    """
    files = [_describe(path, claim) for path in paths]
    with open_trial_home(home, LINKED) as trial_home:
        night = Night.begin(trial_home)
        results = {}
        for file in sorted(set(files), key=landing_order):
            # An earlier file that it would have held may follow.
            entry, *_ = land_files(trial_home, load_contracts(), [file], night.night_id, archive=False)
            results[file] = _inspect_entry(trial_home, file, entry, claim)
        inspected = [results[file] for file in files]
        return inspected, _judge(home, trial_home, night, inspected) if gate else None


def _describe(path: Path, claim: FileDescription | None) -> InboxFile:
    path = path.absolute()
    file = describe(path, load_contracts(), force_names())
    # With another time, the file is read even if the home has decided on it before.
    file = replace(file, mtime=file.mtime + 0.001)
    if claim is None and is_skipped_name(file.name):
        return replace(file, problem="a night passes over hidden files, manifests and uploads under way (.tmp, .part)")
    if claim is None or path.name.lower().endswith(OTHER_EXCEL):
        return file
    return replace(
        file, form="canonical", container=file.container or container_of(path), extract=claim.extract,
        force_code=claim.force_code, covered_from=claim.covered_from, covered_to=claim.covered_to,
        extracted_at=datetime.now(UTC).replace(microsecond=0), problem=None,
    )  # fmt: skip


def _inspect_entry(trial_home: Home, file: InboxFile, entry: LedgerEntry, claim: FileDescription | None) -> InspectedFile:
    stored = entry.outcome in ("accepted", "held")
    problems, name = first_problems(trial_home, entry, PROBLEMS) if stored else [], None
    if stored and claim is not None:
        raw = str(load_of(entry).raw(trial_home))
        with duckdb.connect() as con:
            days = one_row(con, "select min(_date), max(_date) from read_parquet(?)", [raw])
        rows = tuple(date.fromisoformat(day) for day in days) if days[0] else EVER
        # The days that the person gave, and otherwise the first and last day of the rows.
        days_given = (claim.covered_from, claim.covered_to)
        first, last = (row if day == ever else day for day, ever, row in zip(days_given, EVER, rows, strict=True))
        if (first, last) != EVER and file.extracted_at is not None:
            name = canonical_name(claim.extract, claim.force_code, first, last, file.extracted_at) + str(file.container)
    return InspectedFile(file, entry, problems, name, tuple(rules_of(trial_home, file, entry)))


def _judge(home: Home, trial_home: Home, night: Night, inspected: list[InspectedFile]) -> TrialOutcome:
    if not any(i.entry.outcome == "accepted" for i in inspected):
        return TrialOutcome("unchanged", "nothing of it would count, so the gate has nothing new to see", [], [], {})
    _copy_base(home, trial_home)
    if home.pictures.is_dir():
        # Copied, because drawing charts updates when each picture was last used, and deletes old ones.
        shutil.copytree(home.pictures, trial_home.pictures)
    # The figures are the same on either engine, and a person is waiting.
    run = NightRun(trial_home, engine="duckdb")
    run.night, run.landed, run.config = night, Landed(tuple(i.entry for i in inspected)), read_config(trial_home)
    try:
        run.build()
        held_checks = held_by(run.judge())
        incomplete = [] if held_checks else _output_problems(trial_home, night)
    except NightHeldError as error:
        return TrialOutcome("held", str(error), *_split_failed(home, run.checks or []), {})
    except (NightFailedError, BuildError, OutputError, ValueError) as error:
        return TrialOutcome("failed", str(error), [], [], {})
    reason = "; ".join([*(f"{c.message} [{c.rule}]" for c in held_checks), *incomplete])
    outcome = "held" if held_checks else "published"
    return TrialOutcome(outcome, reason, *_split_failed(home, run.checks or []), _moved_figures(trial_home))


def _output_problems(trial_home: Home, night: Night) -> list[str]:
    """Make the outputs of the trial's candidate. Returns what is wrong with them. Raises OutputError if that would hold the
    night.
    """
    config = read_config(trial_home)
    entries, receipts = read_ledger(trial_home), read_receipts(trial_home)
    dictionary.write_meta(night, entries, [], receipts, Receipt(night.night_id, "published", utc_seconds(night.started_at), ""))
    folder = make_folder(trial_home.path / "outputs")
    # A real night puts the last good output in the place of a failed one. Here it is enough to know that it fails.
    chosen = outputs.chosen_outputs(config)
    written = outputs.write(trial_home, trial_home.candidate / WAREHOUSE, night.night_id, folder, chosen)
    return [f"but {what}: {why}" for _, what, why in outputs.problems_of(outputs.as_dicts(written))]


def _split_failed(home: Home, checks: list[Check]) -> tuple[list[Check], list[Check]]:
    """The failed checks: those that are new, and those that the last night's receipt has, too, with the same finding."""
    receipts = read_receipts(home)
    before = {(c["subject"], c["rule"], c["found"]) for r in receipts[-1:] for c in r.checks if not c["passed"]}
    failed = [c for c in checks if not c.passed]
    standing = [c for c in failed if (c.subject, c.rule, c.found) in before]
    return [c for c in failed if c not in standing], standing


def _moved_figures(trial_home: Home) -> dict[str, dict[str, int]]:
    """How many figures of the trial's candidate differ from the published ones, by mart."""
    with working_database(trial_home) as con:
        attach(con, trial_home.candidate / WAREHOUSE, "later")
        earlier = f"(from {LATER} where false)"
        if trial_home.warehouse.exists():
            attach(con, trial_home.warehouse.resolve(), "earlier")
            earlier = EARLIER
        make_differences(con, earlier)
        rows = by_mart(con)
    return {mart: {"changed": changed, "new": new, "gone": gone} for mart, _, changed, _, new, gone in rows}


@contextmanager
def open_trial_home(home: Home, folders: Iterable[str]) -> Generator[Home]:
    """A home with what `home` has in these folders, and its settings, to land more in. `home` need not exist. Raises OSError.

    If the real home has no pseudonym key, the trial makes its own.
    """
    with tempfile.TemporaryDirectory(prefix="pam-trial-", ignore_cleanup_errors=True) as folder:
        trial_home = Home(Path(folder) / "home").create()
        for name in folders:
            _link_files(home.path / name, trial_home.path / name)
        for path in (home.key_file, home.config_file):
            if path.exists():
                (trial_home.path / path.name).symlink_to(path)
        yield trial_home


def _copy_base(home: Home, trial_home: Home) -> None:
    """Copy the tables that the real home's next night would start from, so that the trial's night can, too."""
    work, base = home.candidate / WORK, home.candidate / BASE
    if not (work.exists() and base.exists()):
        return
    content = base.read_bytes()
    try:
        shutil.copyfile(work, trial_home.candidate / WORK)
        # A night deletes this file before it changes the tables: while it is the same, the copy is whole.
        if base.read_bytes() == content:
            (trial_home.candidate / BASE).write_bytes(content)
    except FileNotFoundError:
        # A night has started meanwhile: build everything.
        (trial_home.candidate / WORK).unlink(missing_ok=True)


def _link_files(source: Path, target: Path) -> None:
    """Copy a folder's tree with a link for each file, so that replacing or deleting one here leaves the real one."""
    for folder, _, names in os.walk(source):
        target_folder = make_folder(target / Path(folder).relative_to(source))
        for name in names:
            (target_folder / name).symlink_to(Path(folder, name))
