"""Sends alerts: decides which of a night's events are new, has `channels` deliver them, and tries again what was not
delivered."""

import contextlib
import itertools
import socket
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from dagster_project.core.config import Alerts, ConfigError, read_config
from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import ID_FORMAT, read_receipt, utc_seconds

from .channels import Channel, channels_of
from .event_sentences import Event, NightEnd, events_of
from .log import AlertLog, Attempt
from .message_formats import Message

LATE_AGAIN = timedelta(days=7) - timedelta(hours=6)
"""How often an extract that stays late is reported: weekly, less some hours because nights do not start to the minute."""

RETRIED_FOR = timedelta(days=7)
"""For how long an undelivered message is tried again."""


def _alert_settings(home: Home) -> Alerts | None:
    """The settings for alerts; None if they can't be read.

    They are read even if the rest of `pam.toml` is wrong, so that somebody is told of that.
    """
    try:
        return read_config(home).alerts
    except (ConfigError, OSError):
        with contextlib.suppress(OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError):
            return Alerts.model_validate(tomllib.loads(home.config_file.read_text(encoding="utf-8-sig")).get("alerts", {}))
    return None


def send_alerts(end: NightEnd, now: datetime | None = None) -> list[str]:
    """Send a night's new events, and try again what could not be delivered before.

    Returns lines for a person: what was sent by which channel, and what was not. Raises nothing for a channel that fails or a
    log that can't be written.
    """
    now = now or datetime.now(UTC)
    settings = _alert_settings(end.home)
    channels = channels_of(settings) if settings else []
    log = AlertLog(end.home)
    lines: list[str] = []
    with log.locked():
        messages, attempts = list[Message](), list[Attempt]()
        with contextlib.suppress(OSError):
            messages, attempts = log.read()
        to_send = _undelivered(messages, attempts, channels, now)
        if new_events := _new_events(events_of(end), messages, now):
            night_id = end.night.night_id if end.night else None
            names = tuple(c.name for c in channels) if settings else None
            message = _message(end.home, night_id, new_events, now, names, {m.id for m in messages})
            _log(log, message, lines)
            to_send.append((message, channels))
            if not channels:
                reason = "no contact set up in pam.toml" if settings else "pam.toml can't be read"
                lines.append(f"No alert sent ({reason}): {message.subject}")
        failed: set[str] = set()
        for message, to in to_send:
            for channel in to:
                # After one failure a channel is not tried again tonight: its other messages wait for the next night.
                error = "not tried: the channel failed just now" if channel.name in failed else channel.deliver(message)
                if error:
                    failed.add(channel.name)
                lines.append(f"{channel.name}: not delivered, {error}" if error else f"{channel.name}: {message.subject}")
                _log(log, Attempt(message.id, utc_seconds(now), channel.name, error), lines)
    return lines


def _undelivered(
    messages: Iterable[Message], attempts: Iterable[Attempt], channels: list[Channel], now: datetime
) -> list[tuple[Message, list[Channel]]]:
    """Messages of the last days with the channels that have not delivered them, oldest first."""
    arrived = {(a.id, a.channel) for a in attempts if a.error is None}
    recent = (m for m in messages if now - datetime.fromisoformat(m.at) < RETRIED_FOR)
    missing = (
        (m, [c for c in channels if (m.channels is None or c.name in m.channels) and (m.id, c.name) not in arrived])
        for m in recent
    )
    return [(m, to) for m, to in missing if to]


def overview(home: Home, last: int) -> list[dict[str, Any]]:
    """The last messages, newest first, each with `id`, `at`, `night_id`, `subject`, `events` and `channels`.

    Of each channel: its name, `delivered` (the time, or None), `tries`, the last `error`, and whether the message is `waiting`
    for the next night. Writes nothing.
    """
    messages, attempts = AlertLog(home).read()
    settings = _alert_settings(home)
    to_send = _undelivered(messages, attempts, channels_of(settings or Alerts()), datetime.now(UTC))
    waiting = {(m.id, c.name) for m, to in to_send for c in to}
    overviews = []
    for m in reversed(messages[-last:]):
        sent = [a for a in attempts if a.id == m.id]
        names = dict.fromkeys([*(m.channels or ()), *(a.channel for a in sent), *(c for i, c in sorted(waiting) if i == m.id)])
        channels = []
        for name in names:
            tries = [a for a in sent if a.channel == name]
            sent_at = next((a.at for a in tries if a.error is None), None)
            error = tries[-1].error if tries else None
            is_waiting = (m.id, name) in waiting
            channels.append({"channel": name, "delivered": sent_at, "tries": len(tries), "error": error, "waiting": is_waiting})
        events = [{"kind": e.kind, "what": e.what, "why": e.why} for e in m.events]
        overviews.append({
            "id": m.id, "at": m.at, "night_id": m.night_id, "subject": m.subject, "events": events, "channels": channels,
        })  # fmt: skip
    return overviews


def send_test(home: Home) -> dict[str, str | None]:
    """Send a test message by every channel. It is not logged. Returns channel -> why it was not delivered, or None if it was.

    Raises ConfigError.
    """
    what, why = "This is a test: nothing has happened", "somebody typed `pam alerts --test`"
    event = Event("test", "test", what, why, ("Nothing is to be done",), "How alerts come")
    message = _message(home, None, [event], datetime.now(UTC), None, set())
    return {c.name: c.deliver(message) for c in channels_of(read_config(home).alerts)}


def _new_events(events: list[Event], messages: list[Message], now: datetime) -> list[Event]:
    """Events that no message reported before. A late extract is reported weekly, a night that could not start always."""
    reported = {e.key: datetime.fromisoformat(m.at) for m in messages for e in m.events}
    return [
        e for e in events
        if e.key not in reported or e.key.startswith("unbegun") or (e.kind == "late" and now - reported[e.key] >= LATE_AGAIN)
    ]  # fmt: skip


def _message(
    home: Home, night_id: str | None, events: list[Event], now: datetime, channels: tuple[str, ...] | None, used_ids: set[str]
) -> Message:
    base = night_id or now.strftime(f"unbegun-{ID_FORMAT}")
    names = (base if n == 1 else f"{base}-{n}" for n in itertools.count(1))
    name = next(name for name in names if name not in used_ids)
    where = f"{socket.gethostname()}:{home.path}"
    return Message(name, utc_seconds(now), night_id, where, _publication(home), tuple(events), channels)


def _publication(home: Home) -> str:
    """What analysts read now, in a sentence."""
    try:
        night_id = published_night(home)
        receipt = read_receipt(home, night_id)
    except (RuntimeError, ValueError, OSError) as error:
        return f"What is published can't be read: {type(error).__name__}."
    if night_id is None:
        return "Nothing is published yet."
    finished = f", of {receipt.finished_at}" if receipt else ""
    return f"Published is night {night_id}{finished}; analysts read it until the next one."


def _log(log: AlertLog, item: Message | Attempt, lines: list[str]) -> None:
    try:
        log.add(item)
    except OSError as error:
        line = f"nights/alerts.jsonl could not be written: {error.strerror}"
        if line not in lines:
            lines.append(line)
