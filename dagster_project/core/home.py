"""Where things live: the checkout's own folders and the home of one warehouse."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from .errors import Cause, PamError

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout: dbt project, seeds and expectations are read from here."""

DBT_PROJECT = PROJECT / "dbt"
SEEDS = PROJECT / "seeds"
EXPECTATIONS = PROJECT / "expectations"
CONTRACTS = PROJECT / "dagster_project" / "contracts"
LONDON = ZoneInfo("Europe/London")

Engine = Literal["duckdb", "spark"]
"""What builds the models: a target of dbt/profiles.yml."""

QUIET = {"GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
"""Environment that stops the libraries from reporting home: set before any of them is imported."""


def extract_names() -> set[str]:
    """The extracts that have a contract."""
    return {path.stem for path in CONTRACTS.glob("*.yml")}


def be_quiet() -> None:
    """Set `QUIET` in this process's environment. This overrides the user's own settings: nothing may leave the machine."""
    os.environ.update(QUIET)


def be_private() -> None:
    """Make files of this process and its children readable by their owner only, whatever the umask was, and turn off core
    dumps, which would hold identifiers in clear text."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class HomePlaceError(PamError, PermissionError):
    """A home where this user may make no folder. The message says what to do."""

    cause = Cause.SETTINGS


class _Below:
    """A path below a home's folder."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, home: "Home", owner: type["Home"]) -> Path:
        return home.path / self._name


@dataclass(frozen=True)
class Home:
    """One warehouse's folder (`--home`, `PAM_HOME`, default `var/`): all that a night reads and writes."""

    path: Path

    inbox = _Below("inbox")
    """Files dropped for the next night."""
    archive = _Below("archive")
    """Files that a night has processed, by date of landing."""
    raw = _Below("raw")
    """Landed rows, immutable Parquet."""
    ledger = _Below("raw/_ledger")
    """What was landed, held and refused: JSON lines, a file per night and extract."""
    erasures = _Below("raw/_ledger/erased")
    """Which archived files were erased: JSON lines, a file per night."""
    known_since = _Below("raw/_ledger/known_since")
    """Which unknown values of landed files the lists knew later: JSON lines, a file per night."""
    withheld = _Below("raw/_withheld")
    """Keys of rows that are in a file but must not be used."""
    kept = _Below("raw/_kept")
    """Monthly totals of erased rows, a Parquet file for each load."""
    quarantine = _Below("quarantine")
    """Rows that broke their contract, with every reason."""
    candidate = _Below("candidate")
    """The night being built."""
    spill = _Below("spill")
    """Temporary files of work that does not fit into memory; deleted after the night."""
    published = _Below("published")
    """What analysts read."""
    warehouse = _Below("published/warehouse.duckdb")
    """The published file."""
    nights = _Below("nights")
    """Receipts, one JSON a night."""
    seeds = _Below("seeds")
    """A force's own reference lists (`core/home_lists`), if it has any."""
    key_file = _Below("pseudonym.key")
    """The key for pseudonyms, if `PAM_PSEUDONYM_KEY` does not give one."""
    mappings = _Below("mappings")
    """How to read a force's own headers, codes and dates: a YAML file for each system."""
    publications = _Below("publications")
    """The last published nights, one file each."""
    editions = _Below("editions")
    """A force's own editions of the report, one YAML each, and what was frozen of them."""
    expectations = _Below("expectations")
    """A force's own rules on marts, tables of the report and staging models, one YAML a suite."""
    checks = _Below("checks")
    """Results of Great Expectations for the last nights, a JSON file each."""
    pictures = _Below("cache/charts")
    """Cached charts of the report, so that a night draws only those that changed; may be deleted."""
    parts_file = _Below("cache/parts.json")
    """What each output file was made of, so that a night makes only those that changed; may be deleted."""
    audit = _Below("audit")
    """The record of processing, signed line by line."""
    audit_key_file = _Below("audit.key")
    """The key of the record, if `PAM_AUDIT_KEY` does not give one."""
    audit_anchor_file = _Below("audit.anchor")
    """Where the record ends, kept outside its folder: an older copy of the folder does not match it."""
    config_file = _Below("pam.toml")
    """The home's settings, if it has any."""
    dagster = _Below("dagster")
    """Dagster's own records of its runs under `pam serve`."""

    @classmethod
    def of(cls, path: Path | str | None = None) -> "Home":
        """The home at `path`, else at `PAM_HOME`, else `var/` in the checkout. Nothing is created."""
        return cls(Path(path or os.environ.get("PAM_HOME") or PROJECT / "var").expanduser().resolve())

    @property
    def is_made(self) -> bool:
        """Whether the folder is a home, by what `create` makes in it."""
        return self.ledger.is_dir() and self.candidate.is_dir() and self.nights.is_dir()

    def create(self) -> "Home":
        """Make the home and its folders (0700: extracts are personal data). Raises HomePlaceError."""
        below = (self.inbox, self.raw, self.ledger, self.quarantine, self.candidate, self.published, self.nights, self.mappings)
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except PermissionError as error:
            raise HomePlaceError(
                f"you may not make the home {self.path} there: name a folder of your own, such as `--home ~/pam`, or have root"
                f" make this one yours: `install -d -o USER -m 0700 {self.path}`"
            ) from error
        for folder in below:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self
