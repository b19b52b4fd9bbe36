"""Finds the events that need a person: a night held or failed, a file held or refused, an extract late, and says
what happened in a sentence each. `message_formats` has the words around them."""

import errno
import os
import re
import shlex
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dagster_project.core.check_results import advice_of, message_of
from dagster_project.core.config import ConfigError, read_config
from dagster_project.core.errors import Cause
from dagster_project.core.home import Home
from dagster_project.core.plurals import counted, list_first
from dagster_project.core.project_lists import extract_of, read_seed
from dagster_project.core.published_file import PublishError, published_night
from dagster_project.core.receipts import Night, Receipt, night_order
from dagster_project.landing import LedgerEntry, accepted, read_ledger
from dagster_project.landing.refusal import MIXED, WAITS
from dagster_project.publishing.outputs import problems_of

from ..late_extracts import late_extracts
from .advice import EVENTS, FAILURES, TITLES, Advice, for_refused

Kind = Literal["failed", "not_started", "held", "not_served", "output", "file_held", "refused", "waiting", "late", "test"]
LIMIT, LONGEST = 400, 900
"""Characters of a line. What holds a night may take the longer one."""
MAX_FILES = 3
"""How many files are named of a check that holds the night."""
FIRST_SENTENCE = re.compile(r"(?<=\.)\s")
NEXT_FACT = re.compile(r"; (?=[^;]+ \([\w-]+\): )")
"""Where a check's message goes on to the next measure, mart or extract of a force (`quality/gate.py`)."""
MONTHS = re.compile(r"\b(\d{4}-\d{2}) has ")
NO_REASON = "no reason is written down"


@dataclass(frozen=True)
class Event:
    """One thing that happened. `key`: the same for as long as it is the same thing, as a late extract is night after night.

    `why`: the rule or the reason. `todo`: what to do, with the commands to type. `see`: a section of docs/how-to/runbook.md.
    `source`: the files that it comes from, if it is none itself.
    """

    kind: Kind
    key: str
    what: str
    why: str
    todo: tuple[str, ...]
    see: str
    source: str = ""


def one_line(text: str, limit: int = LIMIT) -> str:
    """Text in one line, without control characters, of at most `limit` characters.

    DuckDB's errors may quote a value, which may be personal: only their type is kept, except for errors of disks and locks.
    That a disk is full is kept of any.
    """
    full = os.strerror(errno.ENOSPC)
    text = re.sub(
        rf"\b((?!IO )(?:[A-Z][A-Za-z]+ )?[A-Z][A-Za-z]+ Error): (?:.*({re.escape(full)})|.*).*",
        lambda m: ": ".join(filter(None, m.groups())), text, flags=re.S,
    )  # fmt: skip
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True)
class NightEnd:
    """What became of a night, as far as alerts need it.

    `night`: None if it could not start; then `not_started` says why. `receipt`: None if there is none yet. `interrupted`:
    receipts written for earlier nights that ended before they could write them. `inbox`, `period`: the folder that the night
    was told to read, and the past period that it was to fill, as receipts have them.
    """

    home: Home
    night: Night | None = None
    receipt: Receipt | None = None
    interrupted: tuple[Receipt, ...] = ()
    not_started: str | None = None
    not_started_cause: Cause = Cause.OTHER
    inbox: str = ""
    period: str = ""


def events_of(end: NightEnd) -> list[Event]:
    """The events of a night: of earlier, interrupted nights, of its outcome and its files, and of late extracts."""
    events = [e for r in end.interrupted for e in _of_receipt(replace(end, inbox=r.inbox, period=r.period), r)]
    if end.receipt:
        events += _of_receipt(end, end.receipt)
    elif end.not_started:
        advice = FAILURES.get(end.not_started_cause, (TITLES["failed"], EVENTS["failed"]))
        what, key = "A night could not start", f"unbegun {end.not_started}"
        events.append(_event(end, "not_started", key, what, end.not_started, advice))
    if end.night:
        events += _late(end, end.night.today)
    order = list(TITLES)
    return sorted(events, key=lambda e: order.index(e.kind))


def _of_receipt(end: NightEnd, receipt: Receipt) -> list[Event]:
    night_id, events = receipt.night_id, list[Event]()
    if receipt.outcome == "failed":
        advice = FAILURES.get(receipt.cause)
        events.append(_event(end, "failed", f"failed {night_id}", f"Night {night_id} failed", receipt.reason, advice))
    elif receipt.outcome == "held":
        events += _held(end, receipt)
    if receipt.not_in_postgres:
        what = f"Night {night_id} is published, but not in PostgreSQL"
        events.append(_event(end, "not_served", f"not_served {night_id}", what, receipt.not_in_postgres))
    for name, what, why in problems_of(receipt.outputs) if receipt.outcome == "published" else ():
        what = f"Night {night_id} is published, but {what}"
        events.append(_event(end, "output", f"output {night_id} {name}", what, why))
    # A file that is still being written is not in the ledger yet, and needs nobody.
    in_ledger = {e.source_file for e in read_ledger(end.home) if e.night_id == night_id}
    for file in receipt.files:
        if file["outcome"] in ("held", "refused") and file["source_file"] in in_ledger:
            events.append(_file(end, file))
    for file in waiting_files([receipt]):
        name, reason = one_line(file["source_file"], 200), str(file["reason"])
        events.append(_event(end, "waiting", f"waits {name}", f"{name} waits", reason, for_refused(reason)))
    return events


def waiting_files(receipts: list[Receipt]) -> list[dict[str, Any]]:
    """Files that the last of these nights left in the inbox because of a wrong mapping, or because they are made up."""
    last = next((r for r in reversed(receipts) if not r.republished), None)
    return [f for f in (last.files if last else []) if str(f.get("reason")).startswith((WAITS, MIXED))]


def _held(end: NightEnd, receipt: Receipt) -> list[Event]:
    """A night that is held: an event for each sentence of a check, as the reader acts on one measure or extract at a time."""
    key, what = f"held {receipt.night_id}", f"Night {receipt.night_id} is held"
    landed = _landed_since_published(end.home)
    events = []
    for check in receipt.checks:
        if not check["passed"] and check["severity"] == "critical":
            # The rest of a reason is of how the rule came about: `pam checks` has it.
            why = f"{check['rule']}: {FIRST_SENTENCE.split(str(check['reason']), 1)[0]}"
            for n, sentence in enumerate(NEXT_FACT.split(message_of(check))):
                event = _event(end, "held", f"{key} {check['subject']} {check['rule']} {n}", "", why)
                todo = (one_line(advice_of(check, receipt.night_id), LONGEST), *event.todo)
                source = _files_behind(landed, check["subject"], sentence)
                events.append(replace(event, what=one_line(sentence, LONGEST), todo=todo, source=source))
    return events or [_event(end, "held", key, what, receipt.reason)]


def _landed_since_published(home: Home) -> list[LedgerEntry]:
    """The files that landed since the published night; all, if nothing is published."""
    published = None
    with suppress(PublishError, OSError):
        published = published_night(home)
    return [e for e in accepted(read_ledger(home)) if published is None or night_order(e.night_id) > night_order(published)]


def _files_behind(landed: list[LedgerEntry], subject: str, sentence: str) -> str:
    """Which of these files an extract or a measure of a mart rests on: those of the force and the months that the sentence of a
    check names, if it names any."""
    measures = [m for m in read_seed("measure_list") if m["mart"] == subject]
    named = [m for m in measures if sentence.startswith(f"{m['title']} in ")] or measures
    extracts = {extract_of(m) for m in named} or {subject}
    files = [e for e in landed if e.extract in extracts]
    files = [e for e in files if f"({e.force_code})" in sentence] or files
    months = MONTHS.findall(sentence)
    files = [e for e in files if any(str(e.covered_from)[:7] <= m <= str(e.covered_to)[:7] for m in months)] or files
    if not files:
        return ""
    return f"{'File' if len(files) == 1 else 'Files'}: {list_first([one_line(e.source_file, 200) for e in files], MAX_FILES)}"


def _file(end: NightEnd, file: dict[str, Any]) -> Event:
    is_held = file["outcome"] == "held"
    kind: Kind = "file_held" if is_held else "refused"
    name, reason = one_line(file["source_file"], 200), file.get("reason") or NO_REASON
    key, what = f"{kind} {file.get('night_id')} {name}", f"{name} is {file['outcome']}"
    advice = None if is_held else for_refused(reason)
    return _event(end, kind, key, what, reason, advice, load=file.get("load_id") or "LOAD")


def _late(end: NightEnd, today: Any) -> Iterable[Event]:
    for late in late_extracts(accepted(read_ledger(end.home)), today, read_config(end.home).extracts):
        extract, force, covered_to = late["extract"], late["force_code"], late["covered_to"]
        days = counted(late["days_late"], "day")
        yield _event(
            end, "late", f"late {extract} {force} {covered_to}",
            f"{extract} ({force}) is late by {days}: expected {late['rhythm']}, newest covered day {covered_to}",
            "figures after the newest covered day are not available",
        )  # fmt: skip


def _event(end: NightEnd, kind: Kind, key: str, what: str, why: str, advice: Advice | None = None, **more: str) -> Event:
    """An event. `advice`: None for that of its kind. `more`: what its lines name besides the home."""
    see, todo = advice or (TITLES[kind], EVENTS[kind])
    # What tonight's night read is run or dropped again there. A late extract comes to the folder that scheduled nights read.
    told_to_read = "" if kind == "late" else end.inbox
    inbox = told_to_read or _inbox_of_settings(end.home) or end.home.inbox
    if told_to_read and kind in ("file_held", "refused", "waiting") and any("{inbox}" in line for line in todo):
        # No scheduled night may read that folder.
        todo = (*todo, "Then: {pam} nightly")
    folders = {"home": shlex.quote(str(end.home.path)), "inbox": shlex.quote(str(inbox))}
    commands = (re.sub(r"\{pam\} ((?:postgres )?[\w-]+)", r"pam \1 --home {home}", line) for line in todo)
    if told_to_read:
        # A past period is filled again; what makes all outputs again is a night of its own.
        night = r"pam nightly --home \{home\}" + ("(?! --rebuild)" if end.period else "")
        again = f"pam backfill {end.period}" if end.period else "pam nightly"
        commands = (re.sub(night, f"{again} --home {{home}} --inbox {{inbox}}", line) for line in commands)
    lines = tuple(line.format(**folders, **more) for line in commands)
    return Event(kind, one_line(key), one_line(what), one_line(why), lines, see)


def _inbox_of_settings(home: Home) -> Path | None:
    """The folder that the settings name for nights; None if they name none, or can't be read, of which the alert may be."""
    with suppress(ConfigError, OSError):
        return read_config(home).night.inbox
    return None
