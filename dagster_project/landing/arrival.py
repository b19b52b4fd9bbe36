"""Whether the inbox has a complete set of files, so that a night can begin early.

The set is what came before: every nightly extract of every force that was ever accepted, or the extracts that `pam.toml`
names (`[arrival] extracts`, or the nightly ones of `[extracts] sends`).
It is complete when each has a file, and settled when nothing in the inbox has changed for some minutes.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.contracts import load_contracts
from dagster_project.core.config import Arrival, ConfigError, read_config
from dagster_project.core.home import Home
from dagster_project.core.receipts import today_of
from dagster_project.core.seeds import force_names

from . import accepted, find_files, read_ledger
from .own_file_names import recognised_in

SHOWN = 8

Part = tuple[str, str | None]
"""An extract, and a force; any force where it is None."""


@dataclass(frozen=True)
class Arrived:
    """What a look at the inbox found: a set to begin a night with, or the reason why not. `cursor` goes to the next look."""

    run_key: str | None
    reason: str
    cursor: str


def look(home: Home, settings: Arrival, cursor: str | None, now: float, inbox: Path | None = None) -> Arrived:
    """Look at the inbox at `now` (seconds since 1970), given what the last look left. Raises ConfigError.

    A file's own times are not trusted for whether it is settled: copying programs set them back. What counts is since when
    looks have found the inbox the same. `inbox`: where the home's settings have another than its own.
    """
    where = inbox or home.inbox
    seen = _listing(where)
    digest = hashlib.sha256(json.dumps(seen).encode("utf-8")).hexdigest()
    last = _read(cursor)
    # A clock that was set back begins anew.
    since = min(now, last["since"]) if last.get("digest") == digest else now
    left = json.dumps({"digest": digest, "since": since})
    if not seen:
        return Arrived(None, "the inbox is empty", left)
    expected = expected_set(home, settings)
    if not expected:
        return Arrived(
            None, "no nightly extract was accepted before, so that no set is known: the night of 02:00 lands these", left
        )
    contracts, forces = load_contracts(), force_names()
    files = recognised_in(home, contracts, forces, find_files(where, contracts, forces))
    here: set[Part] = {f.whose for f in files if not f.problem}
    missing = sorted((x, f or "") for x, f in expected if not _is_there((x, f), here))
    if missing:
        said = ", ".join(f"{x} ({f})" if f else x for x, f in missing[:SHOWN])
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        return Arrived(None, f"not complete, {len(missing)} of {len(expected)} missing: {said}{more}", left)
    if now - since < settings.settled_minutes * 60:
        return Arrived(None, f"complete, and changed less than {settings.settled_minutes:g} minutes ago", left)
    return Arrived(digest, f"complete: {len(expected)} of {len(expected)}", left)


def expected_set(home: Home, settings: Arrival) -> set[Part]:
    """What must have come. Raises ConfigError for an extract that no contract names."""
    contracts = load_contracts()
    if unknown := sorted(set(settings.extracts) - set(contracts)):
        raise ConfigError(f"pam.toml: arrival.extracts: no contract is called {', '.join(unknown)}")
    sent, today = read_config(home).extracts, today_of(home)
    nightly = tuple(x for x, c in contracts.items() if c.rhythm == "nightly" and sent.is_expected(x, today))
    named = settings.extracts or nightly
    # What is said to be sent is waited for, whether it ever came or not.
    awaited = settings.extracts or (nightly if sent.sends else ())
    came: set[Part] = {(str(e.extract), e.force_code) for e in accepted(read_ledger(home)) if e.extract in named}
    # An extract that is named and never came may come from any force.
    return came | {(x, None) for x in awaited if x not in {c[0] for c in came}}


def _is_there(part: Part, here: set[Part]) -> bool:
    extract, force = part
    return part in here if force else any(x == extract for x, _ in here)


def _listing(inbox: Path) -> list[list[object]]:
    """Every file below the inbox by its path in it, with size and time: uploads that are under way among them."""
    found = []
    for folder, _, names in os.walk(inbox):
        for name in names:
            path = Path(folder, name)
            try:
                stat = path.stat()
            except OSError:
                # Gone or not to be read at this moment: the next look sees it.
                continue
            found.append([str(path.relative_to(inbox)), stat.st_size, stat.st_mtime_ns])
    return sorted(found, key=str)


def _read(cursor: str | None) -> dict[str, Any]:
    try:
        body = json.loads(cursor or "{}")
        return body if isinstance(body, dict) and isinstance(body.get("since"), (int, float)) else {}
    except ValueError:
        return {}
