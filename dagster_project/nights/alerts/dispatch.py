"""Sends alerts: which of a night's events are new, who gets them, and what is tried again."""

import contextlib
import socket
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from dagster_project.core.config import Alerts, ConfigError, read_config
from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import read_receipts, stamp

from .channels import Channel, channels_of
from .events import Event, NightEnd, events_of
from .log import AlertLog, Attempt
from .message import Message

AGAIN = timedelta(days=7)
"""An extract that stays late is told once a week."""

GIVEN_UP = timedelta(days=7)
"""A message that could not be delivered for so long is old news."""

SLACK_TIME = timedelta(hours=6)
"""Nights do not begin to the minute: a week is over some hours early."""


@dataclass(frozen=True)
class Delivery:
    """A message's way by one channel. `error` is None where it arrived."""

    channel: str
    error: str | None


def alert_settings(home: Home) -> Alerts | None:
    """Who is to be told. None where the settings do not say it readably.

    A `pam.toml` that is wrong elsewhere still says who must know that it is.
    """
    try:
        return read_config(home).alerts
    except (ConfigError, OSError):
        with contextlib.suppress(OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError):
            return Alerts.model_validate(tomllib.loads(home.config_file.read_text(encoding="utf-8")).get("alerts", {}))
    return None


def tell(end: NightEnd, now: datetime | None = None) -> list[str]:
    """Tell of a night that is over, and try again what could not be delivered before.

    Returns lines for whoever watches: what was told to whom, and what was not. Raises nothing for a channel that fails or
    a log that can't be written.
    """
    now = now or datetime.now(UTC)
    settings = alert_settings(end.home)
    channels = channels_of(settings) if settings else []
    log = AlertLog(end.home)
    said: list[str] = []
    with log.alone():
        messages, attempts = _read(log)
        todo = waiting(messages, attempts, channels, now)
        if fresh := _news(events_of(end), messages, now):
            night_id = end.night.night_id if end.night else None
            names = tuple(c.name for c in channels) if settings else None
            message = _message(end.home, night_id, fresh, now, names, {m.id for m in messages})
            _keep(log, message, said)
            todo.append((message, channels))
            if not channels:
                where = "no contact set up in pam.toml" if settings else "pam.toml can't be read"
                said.append(f"No alert sent ({where}): {message.subject}")
        down: set[str] = set()
        for message, to in todo:
            for channel in to:
                # A channel that failed once tonight keeps its other messages for the next night.
                error = "not tried: the channel failed just now" if channel.name in down else channel.deliver(message)
                if error:
                    down.add(channel.name)
                said.append(f"{channel.name}: not delivered, {error}" if error else f"{channel.name}: {message.subject}")
                _keep(log, Attempt(message.id, stamp(now), channel.name, error), said)
    return said


def waiting(
    messages: Iterable[Message], attempts: Iterable[Attempt], channels: list[Channel], now: datetime
) -> list[tuple[Message, list[Channel]]]:
    """Messages of the last days that some channel has not delivered, with those channels; oldest first."""
    arrived = {(a.id, a.channel) for a in attempts if a.error is None}
    found = []
    for m in messages:
        if now - datetime.fromisoformat(m.at) < GIVEN_UP:
            to = [c for c in channels if (m.channels is None or c.name in m.channels) and (m.id, c.name) not in arrived]
            if to:
                found.append((m, to))
    return found


def overview(home: Home, last: int) -> list[dict[str, Any]]:
    """The last messages, newest first: `id`, `at`, `night_id`, `subject`, `events` and, by channel, `delivered`: the time, or
    None, and `error`, `tries`, and whether it is `waiting` for the next night. Makes nothing.
    """
    messages, attempts = AlertLog(home).read()
    settings = alert_settings(home)
    todo = waiting(messages, attempts, channels_of(settings or Alerts()), datetime.now(UTC))
    due = {(m.id, c.name) for m, to in todo for c in to}
    found = []
    for m in reversed(messages[-last:]):
        own = [a for a in attempts if a.id == m.id]
        names = dict.fromkeys([*(m.channels or ()), *(a.channel for a in own), *(c for i, c in sorted(due) if i == m.id)])
        ways = []
        for name in names:
            tries = [a for a in own if a.channel == name]
            at = next((a.at for a in tries if a.error is None), None)
            error = tries[-1].error if tries and at is None else None
            ways.append({"channel": name, "delivered": at, "tries": len(tries), "error": error, "waiting": (m.id, name) in due})
        what = [{"kind": e.kind, "what": e.what, "why": e.why} for e in m.events]
        found.append({"id": m.id, "at": m.at, "night_id": m.night_id, "subject": m.subject, "events": what, "channels": ways})
    return found


def send_test(home: Home) -> list[Delivery]:
    """Send a test message by every channel, and write nothing down. Raises ConfigError."""
    what, why = "This is a test: nothing has happened", "somebody typed `pam alerts --test`"
    event = Event("test", "test", what, why, ("Nothing is to be done",), "How alerts come")
    message = _message(home, None, [event], datetime.now(UTC), None, set())
    return [Delivery(c.name, c.deliver(message)) for c in channels_of(read_config(home).alerts)]


def _news(events: list[Event], messages: list[Message], now: datetime) -> list[Event]:
    """Events that were not told before; a late extract is told again after a week."""
    told: dict[str, datetime] = {}
    for m in messages:
        for e in m.events:
            told[e.key] = datetime.fromisoformat(m.at)
    fresh = []
    for e in events:
        before = told.get(e.key)
        if before is None or (e.kind == "late" and now - before >= AGAIN - SLACK_TIME) or e.key.startswith("unbegun"):
            fresh.append(e)
    return fresh


def _message(
    home: Home, night_id: str | None, events: list[Event], now: datetime, channels: tuple[str, ...] | None, taken: set[str]
) -> Message:
    first = name = night_id or now.strftime("unbegun-%Y%m%dT%H%M%SZ")
    n = 1
    while name in taken:
        n += 1
        name = f"{first}-{n}"
    where = f"{socket.gethostname()}:{home.path}"
    return replace(Message(name, stamp(now), night_id, where, _standing(home), tuple(events)), channels=channels)


def _standing(home: Home) -> str:
    """What analysts read now, in a sentence."""
    try:
        night_id = published_night(home)
        receipt = next((r for r in read_receipts(home) if r.night_id == night_id), None)
    except (RuntimeError, ValueError, OSError) as error:
        return f"What is published can't be read: {type(error).__name__}."
    if night_id is None:
        return "Nothing is published yet."
    at = f", of {receipt.finished_at}" if receipt else ""
    return f"Published is night {night_id}{at}; analysts read it until the next one."


def _read(log: AlertLog) -> tuple[list[Message], list[Attempt]]:
    try:
        return log.read()
    except OSError:
        return [], []


def _keep(log: AlertLog, item: Message | Attempt, said: list[str]) -> None:
    try:
        log.add(item)
    except OSError as error:
        line = f"nights/alerts.jsonl could not be written: {error.strerror}"
        if line not in said:
            said.append(line)
