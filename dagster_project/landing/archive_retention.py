"""How long original files are kept: not for long, because they hold personal data in the clear.

What is erased is written down first. Landed rows, quarantine and ledger stay.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from dagster_project import audit
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home

from .file_names import name_text

Kind = Literal["archive", "quarantine", "raw"]


class Erasure(BaseModel):
    """One archived file that was erased. `archived`: its day and name in the archive; `erased_on` is a date."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    night_id: str
    erased_on: date
    archived: str
    bytes: int
    sha256: str
    kind: Kind = "archive"
    """Of the two others `archived` is the path in the home."""
    kept: dict[str, str] = {}
    """What stands for erased rows that figures rest on: files of `raw/_kept`, by their path in it, and their SHA-256."""


def erase_old(home: Home, days: int, today: date, night_id: str) -> list[Erasure]:
    """Erase what lies in the archive for `days` days or longer. Returns what was erased, oldest first.

    Written to `raw/_ledger/erased/<night id>.jsonl` before anything goes: a night that is stopped in between erases the
    rest next time. Folders whose name is no date are somebody else's and stay.
    """
    erased: list[Erasure] = []
    for day, folder in _days(home):
        if (today - day).days < days:
            continue
        files = sorted(p for p in folder.iterdir() if p.is_file() or p.is_symlink())
        found = [_erasure(night_id, today, day, path) for path in files]
        erased += found
        if found:
            told = [{"night_id": night_id, "what": e.kind, "file": e.archived, "sha256": e.sha256} for e in found]
            audit.record_all(home, [("erasure", facts) for facts in told])
            note(home.erasures / f"{night_id}.jsonl", found)
        for path in files:
            path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
    return erased


def note(path: Path, found: Iterable[Erasure]) -> None:
    """Write down what is to be erased, beside what the file has already: landing may be tried again in the same night."""
    noted = {e.archived: e for e in [*_read(path), *found]}
    write_whole(path, "".join(json.dumps(e.model_dump(mode="json")) + "\n" for e in noted.values()).encode("utf-8"))


def _read(path: Path) -> list[Erasure]:
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else ()
    return [Erasure.model_validate_json(line) for line in lines if line]


def read_erasures(home: Home) -> list[Erasure]:
    """All that was ever erased, oldest first; a file that was noted by two nights once, as of the later."""
    found: dict[str, Erasure] = {}
    for path in sorted(home.erasures.glob("*.jsonl")) if home.erasures.is_dir() else ():
        found |= {e.archived: e for e in _read(path)}
    return list(found.values())


def archive_size(home: Home) -> tuple[int, int, date | None]:
    """Files in the archive, their bytes, and the day of the oldest."""
    days = _days(home)
    sizes = [p.lstat().st_size for _, folder in days for p in folder.iterdir() if p.is_file()]
    return len(sizes), sum(sizes), days[0][0] if days else None


def _days(home: Home) -> list[tuple[date, Path]]:
    found = []
    for folder in home.archive.iterdir() if home.archive.is_dir() else ():
        try:
            found.append((date.fromisoformat(folder.name), folder))
        except ValueError:
            continue
    return sorted((day, folder) for day, folder in found if folder.is_dir() and not folder.is_symlink())


def _erasure(night_id: str, today: date, day: date, path: Path) -> Erasure:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = name_text(path.name)
    return Erasure(night_id=night_id, erased_on=today, archived=f"{day}/{name}", bytes=path.stat().st_size, sha256=digest)
