"""What is known of a file while it lands, and its entry in the ledger."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dagster_project.core.receipts import utc_seconds

from ..inbox.file_names import InboxFile
from ..storage.earlier_decisions import utc_microseconds
from ..storage.ledger import LedgerEntry, Outcome
from ..storage.raw_store import Load
from .open_file import HowRead


@dataclass
class FileFacts:
    """A file, and what is known of it so far. Not frozen: any step may refuse it, and its entry says what was known by then."""

    file: InboxFile
    """With the days that its rows give, once they are read."""
    at: datetime
    """When it lands."""
    night_id: str
    bytes: int | None
    sha256: str | None = None
    mapping: str | None = None
    how: HowRead = field(default_factory=HowRead)
    rows_in_file: int | None = None
    rows_ignored: int | None = None
    made_up: bool = False

    @property
    def _extracted_at(self) -> str:
        """A file of data.police.uk counts as extracted when it lands."""
        return utc_seconds(self.file.extracted_at) if self.file.extracted_at else utc_microseconds(self.at)

    @property
    def load(self) -> Load:
        """Its id follows from the file's name and content, so the next landing overwrites an interrupted one."""
        file = self.file
        claim = f"{file.extract}|{file.force_code}|{file.covered_from}|{file.covered_to}|{self._extracted_at}|{self.sha256}"
        name = f"{file.extracted_at or self.at:%Y%m%dT%H%M%S}Z-{hashlib.sha256(claim.encode()).hexdigest()[:12]}"
        return Load(name, *file.extract_and_force, self._extracted_at, file.name)

    def entry(self, outcome: Outcome, reason: str | None, **more: Any) -> LedgerEntry:
        """The file's entry. `more`: its fields that are known at the end."""
        file = self.file
        return LedgerEntry(
            night_id=self.night_id,
            landed_at=utc_microseconds(self.at),
            extract=None if file.problem else file.extract,
            force_code=file.force_code,
            source_file=file.name,
            outcome=outcome,
            reason=reason,
            form=file.form,
            covered_from=file.covered_from,
            covered_to=file.covered_to,
            extracted_at=self._extracted_at if file.form else None,
            sha256=self.sha256,
            bytes=self.bytes,
            file_mtime=file.mtime,
            mapping=self.mapping,
            rows_in_file=self.rows_in_file,
            rows_ignored=self.rows_ignored,
            made_up=self.made_up,
            **vars(self.how),
            **more,
        )
