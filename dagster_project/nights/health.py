"""What needs a person, for monitoring (`pam status --check`): also when no night ran that could have sent an alert."""

import shutil
from datetime import UTC, date, datetime, timedelta

from dagster_project.core.check_results import message_of
from dagster_project.core.config import ConfigError, Extracts, read_config
from dagster_project.core.home import Home
from dagster_project.core.night_lock import is_under_way
from dagster_project.core.permissions import OpenHomeError, refuse_open, require_group
from dagster_project.core.plurals import counted, list_first
from dagster_project.core.published_file import PublishError, published_night
from dagster_project.core.receipts import Receipt, read_receipt, read_receipts, today_of
from dagster_project.landing import LedgerEntry, accepted, read_ledger
from dagster_project.landing.release_held import held_of
from dagster_project.landing.storage.earlier_decisions import utc_microseconds
from dagster_project.landing.storage.ledger import current_files

from .alerts.event_sentences import NO_REASON, one_line, waiting_files
from .interrupted_nights import under_way_since
from .late_extracts import late_extracts
from .stopped_schedules import stopped_schedules

STUCK_HOURS = 6
REFUSED_DAYS = 14
"""For how many days a refused file is reported here: nothing can undo its refusal. `pam status` shows it for longer."""
CLOCKS_DIFFER = 1
"""For how many hours a publication may be of later than now. If it is more, the clock was wrong then, or is now."""
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
        # A home of years has thousands of receipts, and its ledger is as long.
        receipts, entries = read_receipts(home), read_ledger(home)
        worst = [
            *full, *_publication(home, receipts, max_age, now), *_last_night(home, receipts, now), *stopped,
            *_files(entries, receipts, now),
        ]  # fmt: skip
        expected, faults = Extracts(), list[str]()
        try:
            config = read_config(home)
            expected = config.extracts
            require_group(config.publish.group)
            refuse_open(home)
        except OpenHomeError as error:
            # Others can read rows, and no night runs.
            worst = [one_line(str(error), 300), *worst]
        except ConfigError as error:
            # Until settings that can't be read are fixed, nobody knows which extracts they leave out.
            faults = [one_line(str(error), 200)]
        return [*worst, *_late_or_missing(accepted(entries), today_of(home, now), expected), *faults]
    except (OSError, ValueError) as error:
        return [f"the home can't be read: {one_line(str(error), 200)}"]


def find_warnings(home: Home) -> list[str]:
    """The gate's warnings of the published night, in one line each, but for what is late: `find_problems` names that."""
    night_id = published_night(home)
    receipt = read_receipt(home, night_id)
    checks = receipt.checks if receipt else ()
    failed = [c for c in checks if not c["passed"] and c["severity"] == "warning" and c["rule"] != "freshness"]
    more = [f"and {len(failed) - SHOWN} more: pam status"] if len(failed) > SHOWN else []
    return [*(f"{one_line(message_of(c), 200)} [{c['rule']}]" for c in failed[:SHOWN]), *more]


def _disk_space(home: Home) -> list[str]:
    if not home.path.exists():
        return []
    free = shutil.disk_usage(home.path).free
    return [f"the home's disk is full ({free / 1e6:.0f} MB left): make room (df -h)"] if free < LITTLE_ROOM else []


def _publication(home: Home, receipts: list[Receipt], max_age: float, now: datetime) -> list[str]:
    try:
        night_id = published_night(home)
    except PublishError:
        return ["the published file can't be read"]
    if night_id is None:
        return ["nothing is published"]
    problems = []
    # An unchanged night confirms the published one, which then counts as being of that night.
    last = next((r for r in reversed(receipts) if night_id in (r.night_id, r.stands)), None)
    ended_at = datetime.fromisoformat(last.finished_at) if last else datetime.fromtimestamp(home.warehouse.stat().st_mtime, UTC)
    hours = (now - ended_at).total_seconds() / 3600
    if hours > max_age:
        problems.append(f"the publication is {hours:.0f} hours old, more than {max_age:g}: night {night_id}")
    elif hours < -CLOCKS_DIFFER:
        # Otherwise nobody would be told for as long that no night runs.
        at = ended_at.isoformat(timespec="minutes")
        problems.append(f"the publication is of {at}, later than now: set the machine's clock, then pam nightly")
    # A receipt without a hash was written where the published file could not be read, and does not know its figures.
    if any(r.night_id == night_id and r.sha256 and not any(r.figures.values()) for r in receipts):
        problems.append("the publication has no figures: have extracts dropped in the inbox, then pam nightly")
    return problems


def _last_night(home: Home, receipts: list[Receipt], now: datetime) -> list[str]:
    # A rollback is not a night.
    nights = [r for r in receipts if not r.republished]
    last = nights[-1] if nights else None
    problems = []
    if last and last.outcome not in ("published", "unchanged"):
        outcome = "is held" if last.outcome == "held" else "failed"
        problems.append(f"night {last.night_id} {outcome}: {one_line(last.reason, 200)}")
    # What is published may be of an earlier night.
    shown = next((r for r in reversed(receipts) if r.outcome in ("published", "unchanged", "rolled back")), None)
    if shown and shown.not_in_postgres:
        night = f"{shown.republished} is published again, but" if shown.republished else f"{shown.night_id} is"
        problems.append(f"night {night} not in PostgreSQL: {one_line(shown.not_in_postgres, 200)}")
    if since := under_way_since(home):
        hours = (now - datetime.fromisoformat(since)).total_seconds() / 3600
        if not is_under_way(home):
            problems.append(f"the night that began at {since} ended without a receipt")
        elif hours > STUCK_HOURS:
            problems.append(f"a night has been under way since {since}, {hours:.0f} hours")
    return problems


def _files(entries: list[LedgerEntry], receipts: list[Receipt], now: datetime) -> list[str]:
    """Files that need a person, with the reason: those held or waiting now, and those refused in the last days."""
    since = utc_microseconds(now - timedelta(days=REFUSED_DAYS))
    refused = [e for e in current_files(entries) if e.outcome == "refused" and e.landed_at >= since]
    files = [(f"{e.source_file} is {e.outcome}", e.reason or NO_REASON) for e in [*held_of(entries), *refused]]
    files += [(f"{f['source_file']} waits", f["reason"]) for f in waiting_files(receipts)]
    lines = [f"file {one_line(name, 100)}: {one_line(reason, 200)}" for name, reason in files[:SHOWN]]
    return [*lines, *([f"and {counted(len(files) - SHOWN, 'more file')}: pam status"] if len(files) > SHOWN else [])]


def _late_or_missing(loads: list[LedgerEntry], today: date, expected: Extracts) -> list[str]:
    problems = []
    if late := late_extracts(loads, today, expected):
        names = [f"{f['extract']} ({f['force_code']}) {counted(f['days_late'], 'day')}" for f in late]
        problems.append(f"late: {list_first(names, 6)}")
    # Without settings every extract is expected, and no force sends all: only those that a person named are missed.
    extracts = {x for x in (*expected.sends, *expected.since) if expected.is_expected(x, today)}
    if missing := sorted(extracts - {str(e.extract) for e in loads}):
        them = "it" if len(missing) == 1 else "them"
        problems.append(
            f"missing: {list_first(missing, 6)}: [extracts] of pam.toml expects {them}, and no file ever landed: have {them}"
            f" dropped, or take {them} out there"
        )
    return problems
