"""Checks whether the inbox has a complete set of files, so that a night can start early.

The set is every nightly extract of every force that was ever accepted, or the extracts that `pam.toml` names (`[arrival]
extracts`, or the nightly ones of `[extracts] sends`). It is complete when each has a file, and settled when nothing in the
inbox has changed for some minutes.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.contracts import load_contracts
from dagster_project.core.config import Arrival, read_config
from dagster_project.core.home import Home
from dagster_project.core.plurals import list_first
from dagster_project.core.project_lists import force_names
from dagster_project.core.receipts import today_of

from .inbox.file_names import find_files
from .mappings.mappings import read_mappings
from .opening.choose_mapping import recognise_files
from .storage.ledger import accepted, read_ledger

MAX_SHOWN = 8

Part = tuple[str, str | None]
"""An extract, and a force; any force where it is None."""


@dataclass(frozen=True)
class InboxCheck:
    """The result of a check: the key of a complete set, or None and the reason. `cursor` is for the next check."""

    run_key: str | None
    reason: str
    cursor: str


def check_inbox(home: Home, settings: Arrival, cursor: str | None, now: float, inbox: Path | None = None) -> InboxCheck:
    """Check the inbox at `now` (seconds since 1970), given the last check's cursor. Raises ConfigError.

    Files' own times do not show whether they are settled, since copying programs set them back: the inbox is settled when
    checks have found it the same for long enough. `inbox`: where the home's settings name another inbox.
    """
    folder = inbox or home.inbox
    listing = _listing(folder)
    digest = hashlib.sha256(json.dumps(listing).encode("utf-8")).hexdigest()
    last = _read_cursor(cursor)
    # A clock that was set back starts the wait again.
    since = min(now, last["since"]) if last.get("digest") == digest else now
    new_cursor = json.dumps({"digest": digest, "since": since})
    if not listing:
        return InboxCheck(None, "the inbox is empty", new_cursor)
    expected = expected_set(home, settings)
    if not expected:
        return InboxCheck(
            None, "no nightly extract was accepted before, so that no set is known: the night of 02:00 lands these", new_cursor
        )
    contracts, forces = load_contracts(), force_names()
    files = recognise_files(find_files(folder, contracts, forces), read_mappings(home, contracts, forces))
    present = {part for f in files if not f.problem for part in (f.extract_and_force, (f.extract_and_force[0], None))}
    missing = sorted((x, f or "") for x, f in expected - present)
    if missing:
        shown = list_first([f"{x} ({f})" if f else x for x, f in missing], MAX_SHOWN)
        return InboxCheck(None, f"not complete, {len(missing)} of {len(expected)} missing: {shown}", new_cursor)
    if now - since < settings.settled_minutes * 60:
        return InboxCheck(None, f"complete, and changed less than {settings.settled_minutes:g} minutes ago", new_cursor)
    return InboxCheck(digest, f"complete: {len(expected)} of {len(expected)}", new_cursor)


def expected_set(home: Home, settings: Arrival) -> set[Part]:
    """The extracts and forces whose files must have arrived."""
    sent, today = read_config(home).extracts, today_of(home)
    nightly = tuple(x for x, c in load_contracts().items() if c.rhythm == "nightly" and sent.is_expected(x, today))
    extracts = settings.extracts or nightly
    # Extracts that the settings name are awaited, even if they never came before.
    awaited = settings.extracts or (nightly if sent.sends else ())
    known: set[Part] = {(e.extract, e.force_code) for e in accepted(read_ledger(home)) if e.extract in extracts}
    # An extract that never came before may come from any force.
    return known | {(x, None) for x in awaited if x not in {k[0] for k in known}}


def _listing(inbox: Path) -> list[list[object]]:
    """Every file below the inbox by its path in it, with size and time, unfinished uploads included."""
    files: list[list[object]] = []
    for folder, _, names in os.walk(inbox):
        for name in names:
            path = Path(folder, name)
            # Removed or unreadable at this moment: the next check sees it.
            with suppress(OSError):
                stat = path.stat()
                files.append([str(path.relative_to(inbox)), stat.st_size, stat.st_mtime_ns])
    return sorted(files, key=str)


def _read_cursor(cursor: str | None) -> dict[str, Any]:
    try:
        body = json.loads(cursor or "{}")
        return body if isinstance(body, dict) and isinstance(body.get("since"), (int, float)) else {}
    except ValueError:
        return {}
