"""Where things live: the checkout's own folders and the home of one warehouse."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

try:
    import resource
except ImportError:
    # No POSIX: no core either.
    resource = None  # type: ignore[assignment]  # the types are those of POSIX

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout: dbt project, seeds and expectations are read from here."""

DBT_PROJECT = PROJECT / "dbt"
SEEDS = PROJECT / "seeds"
EXPECTATIONS = PROJECT / "expectations"
CONTRACTS = PROJECT / "dagster_project" / "contracts"
LONDON = ZoneInfo("Europe/London")

Engine = Literal["duckdb", "spark"]
"""What builds the models: a target of dbt/profiles.yml."""

QUIET = {
    "GX_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}
"""Environment that stops the libraries from reporting home: set before any of them is imported."""


def be_quiet() -> None:
    """Set `QUIET` in this process's environment. This overrides the user's own settings: nothing may leave the machine."""
    os.environ.update(QUIET)


def be_private() -> None:
    """Make files of this process and its children readable by their owner only, whatever the umask was, and turn off core
    dumps, which would hold identifiers in clear text."""
    os.umask(0o077)
    if resource:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass(frozen=True)
class Home:
    """One warehouse's folder (`--home`, `PAM_HOME`, default `var/`): all that a night reads and writes."""

    path: Path

    @classmethod
    def of(cls, path: Path | str | None = None) -> "Home":
        """The home at `path`, else at `PAM_HOME`, else `var/` in the checkout. Nothing is created."""
        return cls(Path(path or os.environ.get("PAM_HOME") or PROJECT / "var").expanduser().resolve())

    def create(self) -> "Home":
        """Make the home and its folders (0700: extracts are personal data)."""
        for folder in (
            self.path,
            self.inbox,
            self.raw,
            self.ledger,
            self.quarantine,
            self.candidate,
            self.published,
            self.nights,
            self.mappings,
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self

    @property
    def inbox(self) -> Path:
        """Files dropped for the next night."""
        return self.path / "inbox"

    @property
    def archive(self) -> Path:
        """Files that a night has processed, by date of landing."""
        return self.path / "archive"

    @property
    def raw(self) -> Path:
        """Landed rows, immutable Parquet."""
        return self.path / "raw"

    @property
    def ledger(self) -> Path:
        """What was landed, held and refused: JSON lines, a file per night and extract."""
        return self.raw / "_ledger"

    @property
    def erasures(self) -> Path:
        """Which archived files were erased: JSON lines, a file per night."""
        return self.ledger / "erased"

    @property
    def withheld(self) -> Path:
        """Keys of rows that are in a file but must not be used."""
        return self.raw / "_withheld"

    @property
    def kept(self) -> Path:
        """Monthly totals of erased rows, a Parquet file for each load."""
        return self.raw / "_kept"

    @property
    def quarantine(self) -> Path:
        """Rows that broke their contract, with every reason."""
        return self.path / "quarantine"

    @property
    def candidate(self) -> Path:
        """The night being built."""
        return self.path / "candidate"

    @property
    def spill(self) -> Path:
        """Temporary files of work that does not fit into memory; deleted after the night."""
        return self.path / "spill"

    @property
    def published(self) -> Path:
        """What analysts read."""
        return self.path / "published"

    @property
    def warehouse(self) -> Path:
        """The published file."""
        return self.published / "warehouse.duckdb"

    @property
    def nights(self) -> Path:
        """Receipts, one JSON a night."""
        return self.path / "nights"

    @property
    def seeds(self) -> Path:
        """A force's own reference lists (`own_lists`), if it has any."""
        return self.path / "seeds"

    @property
    def key_file(self) -> Path:
        """The key for pseudonyms, if `PAM_PSEUDONYM_KEY` does not give one."""
        return self.path / "pseudonym.key"

    @property
    def mappings(self) -> Path:
        """How to read a force's own headers, codes and dates: a YAML file for each system."""
        return self.path / "mappings"

    @property
    def publications(self) -> Path:
        """The last published nights, one file each."""
        return self.path / "publications"

    @property
    def editions(self) -> Path:
        """A force's own editions of the report, one YAML each, and what was frozen of them."""
        return self.path / "editions"

    @property
    def expectations(self) -> Path:
        """A force's own rules on marts, tables of the report and staging models, one YAML a suite."""
        return self.path / "expectations"

    @property
    def checks(self) -> Path:
        """Results of Great Expectations for the last nights, a JSON file each."""
        return self.path / "checks"

    @property
    def pictures(self) -> Path:
        """Cached charts of the report, so that a night draws only those that changed; may be deleted."""
        return self.path / "cache" / "charts"

    @property
    def parts_file(self) -> Path:
        """What each output file was made of, so that a night makes only those that changed; may be deleted."""
        return self.path / "cache" / "parts.json"

    @property
    def audit(self) -> Path:
        """The record of processing, signed line by line."""
        return self.path / "audit"

    @property
    def audit_key_file(self) -> Path:
        """The key of the record, if `PAM_AUDIT_KEY` does not give one."""
        return self.path / "audit.key"

    @property
    def audit_anchor_file(self) -> Path:
        """Where the record ends, kept outside its folder: an older copy of the folder does not match it."""
        return self.path / "audit.anchor"

    @property
    def config_file(self) -> Path:
        """The home's settings, if it has any."""
        return self.path / "pam.toml"

    @property
    def dagster(self) -> Path:
        """Dagster's own records of its runs under `pam serve`."""
        return self.path / "dagster"
