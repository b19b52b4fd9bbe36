"""What monitoring must know (`pam status --check`), also if no night ran that could have sent an alert."""

from datetime import UTC, datetime, timedelta

from dagster_project.core.config import ConfigError, Extracts, read_config
from dagster_project.core.files import free_bytes
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, published_night
from dagster_project.core.receipts import is_under_way, read_receipts, today_of
from dagster_project.landing import accepted, read_ledger
from dagster_project.landing.known_files import utc_microseconds
from dagster_project.landing.latest_files import current_files
from dagster_project.landing.release_held import held_files
from dagster_project.nights.stopped_schedules import stopped

from .alerts.events import one_line, waiting_files
from .lifecycle import under_way_since
from .status import late_extracts

STUCK_HOURS = 6
REFUSED_DAYS = 14
"""Days for which a refused file is a trouble: nobody can undo that it came, and `pam status` goes on to show it."""
LITTLE_ROOM = 64 * 2**20
"""Free bytes on the home's disk below which nights cannot be relied on."""
SHOWN = 10
"""Files that are named with their reason."""


def troubles(home: Home, max_age: float, now: datetime | None = None) -> list[str]:
    """What needs a person, the worst first; empty where nothing does. `max_age`: hours that the publication may be old.

    Reads only. A home that can't be read is a trouble, not an error.
    """
    now = now or datetime.now(UTC)
    try:
        # On a full disk nobody can read whether the schedule is on.
        full = _room(home)
        off = [] if full else stopped(home)
        worst = [*full, *_publication(home, max_age, now), *_last_night(home, now), *off, *_files(home, now)]
        return [*worst, *_late(home, now), *_settings(home)]
    except (OSError, ValueError) as error:
        return [f"the home can't be read: {one_line(str(error), 200)}"]


def _room(home: Home) -> list[str]:
    if not home.path.exists():
        return []
    free = free_bytes(home.path)
    return [f"the home's disk is full ({free / 1e6:.0f} MB left): make room (df -h)"] if free < LITTLE_ROOM else []


def _publication(home: Home, max_age: float, now: datetime) -> list[str]:
    try:
        night_id = published_night(home)
    except PublishError:
        return ["the published file can't be read"]
    if night_id is None:
        return ["nothing is published"]
    # A night without a new file finds that what is published still says all.
    receipt = next((r for r in reversed(read_receipts(home)) if night_id in (r.night_id, r.stands)), None)
    at = datetime.fromisoformat(receipt.finished_at) if receipt else datetime.fromtimestamp(home.warehouse.stat().st_mtime, UTC)
    hours = (now - at).total_seconds() / 3600
    return [f"the publication is {hours:.0f} hours old, more than {max_age:g}: night {night_id}"] if hours > max_age else []


def _last_night(home: Home, now: datetime) -> list[str]:
    # Going back to an earlier night is no night.
    nights = [r for r in read_receipts(home) if not r.republished]
    last = nights[-1] if nights else None
    found = []
    if last and last.outcome not in ("published", "unchanged"):
        found.append(f"night {last.night_id} {'is held' if last.outcome == 'held' else 'failed'}: {one_line(last.reason, 200)}")
    found += [f"night {r.night_id} is not in PostgreSQL: {one_line(r.not_served, 200)}" for r in nights[-1:] if r.not_served]
    if since := under_way_since(home):
        hours = (now - datetime.fromisoformat(since)).total_seconds() / 3600
        if not is_under_way(home):
            found.append(f"the night that began at {since} is gone without a receipt")
        elif hours > STUCK_HOURS:
            found.append(f"a night is under way since {since}, {hours:.0f} hours")
    return found


def _files(home: Home, now: datetime) -> list[str]:
    """Files that wait for a person, with the reason: held ones for as long as they are, refused ones for some days."""
    since = utc_microseconds(now - timedelta(days=REFUSED_DAYS))
    refused = [e for e in current_files(read_ledger(home)) if e.outcome == "refused" and e.landed_at >= since]
    found = [(f"{e.source_file} is {e.outcome}", e.reason) for e in [*held_files(home), *refused]]
    found += [(f"{f['source_file']} waits", f["reason"]) for f in waiting_files(read_receipts(home))]
    said = [
        f"file {one_line(name, 100)}: {one_line(reason or 'no reason is written down', 200)}" for name, reason in found[:SHOWN]
    ]
    return [*said, *([f"and {len(found) - SHOWN} more files: pam status"] if len(found) > SHOWN else [])]


def _late(home: Home, now: datetime) -> list[str]:
    try:
        expected = read_config(home).extracts
    except ConfigError:
        # Told by itself: what a mended list would leave out is not known until then.
        expected = Extracts()
    late = late_extracts(accepted(read_ledger(home)), today_of(home, now), expected)
    if not late:
        return []
    said = ", ".join(f"{f['extract']} ({f['force_code']}) {f['days_late']} days" for f in late[:6])
    return [f"late: {said}" + (f" and {len(late) - 6} more" if len(late) > 6 else "")]


def _settings(home: Home) -> list[str]:
    try:
        read_config(home)
    except ConfigError as error:
        return [one_line(str(error), 200)]
    return []
