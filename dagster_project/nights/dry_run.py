"""What files would do: a night with them in a throw-away copy of the home.

Nothing of the real home changes, nor do the files.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.checks import Check
from dagster_project.core.config import read_config
from dagster_project.core.files import make_folder
from dagster_project.core.home import Home
from dagster_project.core.memory import working_database
from dagster_project.core.receipts import Night, Receipt, read_receipts, stamp
from dagster_project.core.seeds import force_names
from dagster_project.core.sql import one_row
from dagster_project.landing import LedgerEntry, land_files, read_ledger
from dagster_project.landing.believe import EVER
from dagster_project.landing.conflicts import load_of
from dagster_project.landing.file_names import OTHER_EXCEL, InboxFile, canonical_name, describe, name_problem, passed_over
from dagster_project.landing.file_signatures import container_of
from dagster_project.landing.land import order
from dagster_project.publishing import dictionary, outputs
from dagster_project.publishing.figure_diff import EARLIER, LATER, attach, by_mart, moved
from dagster_project.publishing.outputs import OutputError
from dagster_project.quality.gate import held_by
from dagster_project.transform.dbt_runner import BuildError
from dagster_project.transform.raw_schema import WAREHOUSE

from .errors import NightFailedError, NightHeldError
from .mapping_preview import Rule, rules_of
from .run import NightRun
from .steps import Landed
from .trial_home import take_base, trial_home

PROBLEMS = 10
"""Quarantined rows that are shown."""

FINE = ("accepted", "known")


@dataclass(frozen=True)
class FileDescription:
    """What a person says of files whose names don't: extract, force and, where it is known, the window."""

    extract: str
    force_code: str
    covered_from: date = EVER[0]
    covered_to: date = EVER[1]

    @classmethod
    def checked(cls, extract: str, force_code: str, covered_from: date | None, covered_to: date | None) -> "FileDescription":
        """A claim that a file's name could make. Raises ValueError."""
        claim = cls(extract, force_code, covered_from or EVER[0], covered_to or EVER[1])
        name = canonical_name(extract, force_code, claim.covered_from, claim.covered_to, datetime.now(UTC))
        if problem := name_problem(f"{name}.csv", load_contracts(), force_names()):
            raise ValueError(problem)
        return claim


@dataclass(frozen=True)
class Inspected:
    """One file: the entry that the ledger would have, and the first of its rows that break a rule.

    `name`: a name that would do, where a person had to say what the file is.
    """

    file: InboxFile
    entry: LedgerEntry
    problems: list[tuple[int, str]]
    name: str | None = None
    rules: tuple[Rule, ...] = ()
    """What the mapping's rules do to the first rows."""

    @property
    def fine(self) -> bool:
        """Whether it would be accepted, or is known."""
        return self.entry.outcome in FINE

    def mapped(self) -> set[str]:
        """Columns that were found by a header that only the mapping knows."""
        contract = load_contracts().get(self.entry.extract or "")
        if contract is None or self.entry.form != "canonical":
            return set()
        return {c for c, header in self.entry.headers.items() if (own := contract.by_header(header)) is None or own.name != c}

    def as_dict(self) -> dict[str, Any]:
        """All that is known of it, for programs."""
        kept = (
            "extract", "force_code", "form", "covered_from", "covered_to", "extracted_at", "outcome", "reason", "encoding",
            "delimiter", "mapping", "headers", "unknown_columns", "missing_columns", "drift", "unknown_values",
            "rows_in_file", "rows_landed", "rows_quarantined", "rows_duplicate", "rows_ignored", "quarantine_reasons",
            "indicators", "withheld",
        )  # fmt: skip
        said = self.entry.model_dump(mode="json", include=set(kept))
        return {
            "file": str(self.file.path), "container": self.file.container, **{k: said[k] for k in kept},
            "headers_by_mapping": sorted(self.mapped()),
            "problems": [{"line": line, "reasons": reasons} for line, reasons in self.problems],
            "name_that_would_do": self.name, "rules": [r.as_dict() for r in self.rules],
        }  # fmt: skip


@dataclass(frozen=True)
class TrialOutcome:
    """What a night with these files, and no others, would come to."""

    outcome: str
    """published, held, failed, or unchanged: nothing of them would count, and the gate was not asked."""
    reason: str
    checks: list[Check]
    """Those that fail, and did not on the last night or found something else."""
    standing: list[Check]
    """Those that fail as they did on the last night."""
    figures: dict[str, dict[str, int]]
    """Mart -> figures changed, new and gone, against what is published; marts where nothing moves are left out."""

    @property
    def fine(self) -> bool:
        """Whether the night would be published."""
        return self.outcome in ("published", "unchanged")

    def as_dict(self) -> dict[str, Any]:
        """All of it, for programs."""
        checks, standing = ([c.as_dict() for c in part] for part in (self.checks, self.standing))
        return {
            "outcome": self.outcome, "reason": self.reason, "checks": checks, "standing": standing, "figures": self.figures,
        }  # fmt: skip


def inspect_files(
    home: Home, paths: Iterable[Path], claim: FileDescription | None = None, *, gate: bool = False
) -> tuple[list[Inspected], TrialOutcome | None]:
    """What each file would become, in the order of `paths`; with `gate`, what the night would.

    `claim`: what the files are, whatever their names say. Raises what a night would before it looks at a file
    (PseudonymKeyError, ValueError for a ledger that can't be read), and OSError.
    """
    files = [_described(path, claim) for path in paths]
    with trial_home(home) as trial:
        night = Night.begin(trial)
        found = {}
        for file in sorted(set(files), key=order):
            (entry,) = land_files(trial, load_contracts(), [file], night.night_id, archive=False)
            found[file] = _looked_at(trial, file, entry, claim)
        inspected = [found[file] for file in files]
        return inspected, _judge(home, trial, night, inspected) if gate else None


def _described(path: Path, claim: FileDescription | None) -> InboxFile:
    path = path.absolute()
    file = describe(path, load_contracts(), force_names())
    # Another time than its own: that this very file was decided on before is no answer to what it would do.
    file = replace(file, mtime=file.mtime + 0.001)
    if claim is None and passed_over(file.name):
        return replace(file, problem="a night passes over hidden files, manifests and uploads under way (.tmp, .part)")
    if claim is None or path.name.lower().endswith(OTHER_EXCEL):
        return file
    return replace(
        file, form="canonical", container=file.container or container_of(path), extract=claim.extract,
        force_code=claim.force_code, covered_from=claim.covered_from, covered_to=claim.covered_to,
        extracted_at=datetime.now(UTC).replace(microsecond=0), problem=None,
    )  # fmt: skip


def _looked_at(trial: Home, file: InboxFile, entry: LedgerEntry, claim: FileDescription | None) -> Inspected:
    stored = entry.outcome in ("accepted", "held")
    bad = sorted((trial.quarantine / str(entry.extract) / str(entry.force_code)).glob(f"{entry.load_id}*.parquet"))
    problems, name = [], None
    with duckdb.connect() as con:
        if stored and bad:
            problems = con.execute(
                "select cast(_line as bigint), _reasons from read_parquet(?) order by 1 limit ?",
                [[str(p) for p in bad], PROBLEMS],
            ).fetchall()
        if stored and claim is not None:
            days = one_row(con.execute("select min(_date), max(_date) from read_parquet(?)", [str(load_of(entry).raw(trial))]))
            rows = tuple(date.fromisoformat(day) for day in days) if days[0] else EVER
            # What a person said of the window counts; the rows tell what they did not say.
            said = (claim.covered_from, claim.covered_to)
            first, last = (row if day == ever else day for day, ever, row in zip(said, EVER, rows, strict=True))
            if (first, last) != EVER and file.extracted_at is not None:
                name = canonical_name(claim.extract, claim.force_code, first, last, file.extracted_at) + str(file.container)
    return Inspected(file, entry, problems, name, tuple(rules_of(trial, file, entry)))


def _judge(home: Home, trial: Home, night: Night, inspected: list[Inspected]) -> TrialOutcome:
    """Build and judge a night of the trial on what it has landed."""
    if not any(i.entry.outcome == "accepted" for i in inspected):
        return TrialOutcome("unchanged", "nothing of it would count, so the gate has nothing new to see", [], [], {})
    take_base(home, trial)
    # The figures are the same on either engine, and here somebody waits.
    run = NightRun(trial, engine="duckdb")
    run.night, run.landed, run.config = night, Landed(tuple(i.entry for i in inspected)), read_config(trial)
    try:
        run.build()
        held = held_by(run.judge())
        incomplete = [] if held else _outputs(trial, night)
    except NightHeldError as error:
        return TrialOutcome("held", str(error), *_parted(home, run.checks or []), {})
    except (NightFailedError, BuildError, OutputError, ValueError) as error:
        return TrialOutcome("failed", str(error), [], [], {})
    reason = "; ".join([*(f"{c.subject}: {c.rule}: {c.found}" for c in held), *incomplete])
    return TrialOutcome("held" if held else "published", reason, *_parted(home, run.checks or []), _moved(trial))


def _outputs(trial: Home, night: Night) -> list[str]:
    """Make the outputs of the trial's candidate. Returns what would be wrong with them, in words. Raises OutputError where
    that would hold the night."""
    config = read_config(trial)
    entries, receipts = read_ledger(trial), read_receipts(trial)
    dictionary.write_meta(night, entries, [], receipts, Receipt(night.night_id, "published", stamp(night.started_at), ""))
    folder = make_folder(trial.path / "outputs")
    # What stands in the place of a failed one is the real home's: here it is enough to know that one fails.
    written = outputs.write(trial, trial.candidate / WAREHOUSE, night.night_id, folder, outputs.chosen_outputs(config))
    return [f"but {what}: {why}" for _, what, why in outputs.problems_of(outputs.as_dicts(written))]


def _parted(home: Home, checks: list[Check]) -> tuple[list[Check], list[Check]]:
    """The failed checks: what is new, and what the last night's receipt has word for word."""
    receipts = read_receipts(home)
    before = {(c["subject"], c["rule"], c["found"]) for r in receipts[-1:] for c in r.checks if not c["passed"]}
    failed = [c for c in checks if not c.passed]
    old = [c for c in failed if (c.subject, c.rule, c.found) in before]
    return [c for c in failed if c not in old], old


def _moved(trial: Home) -> dict[str, dict[str, int]]:
    """Figures of the trial's candidate that differ from the published ones, by mart."""
    with working_database(trial) as con:
        attach(con, trial.candidate / WAREHOUSE, "later")
        before = f"(from {LATER} where false)"
        if trial.warehouse.exists():
            attach(con, trial.warehouse.resolve(), "earlier")
            before = EARLIER
        moved(con, before)
        rows = by_mart(con)
    return {str(mart): {"changed": changed, "new": new, "gone": gone} for mart, _, changed, _, new, gone in rows}
