"""What needs a person, for monitoring (`pam status --check`): also when no night ran that could have sent an alert."""

import shutil
from datetime import UTC, date, datetime, timedelta

from dagster_project.core.config import ConfigError, Extracts, read_config
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, published_night
from dagster_project.core.receipts import is_under_way, read_receipts, today_of
from dagster_project.landing import accepted, read_ledger
from dagster_project.landing.known_files import utc_microseconds
from dagster_project.landing.ledger import current_files
from dagster_project.landing.release_held import held_files

from .alerts.events import NO_REASON, one_line, waiting_files
from .late_extracts import late_extracts
from .lifecycle import under_way_since
from .stopped_schedules import stopped_schedules

STUCK_HOURS = 6
REFUSED_DAYS = 14
"""For how many days a refused file is reported here: nothing can undo its refusal. `pam status` shows it for longer."""
LITTLE_ROOM = 64 * 2**20
"""Free bytes on the home's disk below which nights cannot be relied on."""
SHOWN = 10
"""How many files are named with their reason."""


def find_problems(home: Home, max_age: float, now: datetime | None = None) -> list[str]:
    """What needs a person, in one line each, the worst first. `max_age`: how old the publication may be, in hours.

    Reads only. A home that can't be read is one of the problems, not an error.
    """
    now = now or datetime.now(UTC)
    try:
        full = _disk_space(home)
        # SQLite can't read Dagster's file on a full disk.
        stopped = [] if full else stopped_schedules(home)
        worst = [*full, *_publication(home, max_age, now), *_last_night(home, now), *stopped, *_files(home, now)]
        try:
            expected, faults = read_config(home).extracts, []
        except ConfigError as error:
            # Until it is fixed, nobody knows which extracts the settings leave out.
            expected, faults = Extracts(), [one_line(str(error), 200)]
        return [*worst, *_late(home, today_of(home, now), expected), *faults]
    except (OSError, ValueError) as error:
        return [f"the home can't be read: {one_line(str(error), 200)}"]


def _disk_space(home: Home) -> list[str]:
    if not home.path.exists():
        return []
    free = shutil.disk_usage(home.path).free
    return [f"the home's disk is full ({free / 1e6:.0f} MB left): make room (df -h)"] if free < LITTLE_ROOM else []


def _publication(home: Home, max_age: float, now: datetime) -> list[str]:
    try:
        night_id = published_night(home)
    except PublishError:
        return ["the published file can't be read"]
    if night_id is None:
        return ["nothing is published"]
    # An unchanged night confirms the published one, which then counts as being of that night.
    receipt = next((r for r in reversed(read_receipts(home)) if night_id in (r.night_id, r.stands)), None)
    at = datetime.fromisoformat(receipt.finished_at) if receipt else datetime.fromtimestamp(home.warehouse.stat().st_mtime, UTC)
    hours = (now - at).total_seconds() / 3600
    return [f"the publication is {hours:.0f} hours old, more than {max_age:g}: night {night_id}"] if hours > max_age else []


def _last_night(home: Home, now: datetime) -> list[str]:
    # A rollback is not a night.
    nights = [r for r in read_receipts(home) if not r.republished]
    last = nights[-1] if nights else None
    problems = []
    if last and last.outcome not in ("published", "unchanged"):
        outcome = "is held" if last.outcome == "held" else "failed"
        problems.append(f"night {last.night_id} {outcome}: {one_line(last.reason, 200)}")
    if last and last.not_served:
        problems.append(f"night {last.night_id} is not in PostgreSQL: {one_line(last.not_served, 200)}")
    if since := under_way_since(home):
        hours = (now - datetime.fromisoformat(since)).total_seconds() / 3600
        if not is_under_way(home):
            problems.append(f"the night that began at {since} ended without a receipt")
        elif hours > STUCK_HOURS:
            problems.append(f"a night has been under way since {since}, {hours:.0f} hours")
    return problems


def _files(home: Home, now: datetime) -> list[str]:
    """Files that need a person, with the reason: those held or waiting now, and those refused in the last days."""
    since = utc_microseconds(now - timedelta(days=REFUSED_DAYS))
    refused = [e for e in current_files(read_ledger(home)) if e.outcome == "refused" and e.landed_at >= since]
    files = [(f"{e.source_file} is {e.outcome}", e.reason) for e in [*held_files(home), *refused]]
    files += [(f"{f['source_file']} waits", f["reason"]) for f in waiting_files(read_receipts(home))]
    lines = [f"file {one_line(name, 100)}: {one_line(reason or NO_REASON, 200)}" for name, reason in files[:SHOWN]]
    return [*lines, *([f"and {len(files) - SHOWN} more files: pam status"] if len(files) > SHOWN else [])]


def _late(home: Home, today: date, expected: Extracts) -> list[str]:
    late = late_extracts(accepted(read_ledger(home)), today, expected)
    if not late:
        return []
    names = ", ".join(f"{f['extract']} ({f['force_code']}) {f['days_late']} days" for f in late[:6])
    return [f"late: {names}" + (f" and {len(late) - 6} more" if len(late) > 6 else "")]
