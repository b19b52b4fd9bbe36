"""Puts a night's events in words: the subject, and the text, Slack blocks or Adaptive Card that `channels` delivers."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .advice import RUNBOOK, TITLES
from .event_sentences import Event

SHOWN = 40
"""How many events of one kind a message lists; it gives only the number of any others."""

SLACK_TEXT, SLACK_HEADER, SLACK_BLOCKS = 2900, 140, 48
TEAMS_BYTES = 24_000
"""Below the receivers' limits: 3,000 and 150 characters, 50 blocks; 28 KB."""

CARD = "application/vnd.microsoft.card.adaptive"


@dataclass(frozen=True)
class Message:
    """What is reported of one night. `at`: UTC, ISO 8601. `home`: host and folder. `standing`: what analysts read now, as a
    sentence. `channels`: the names of those that get it; None: all.
    """

    id: str
    at: str
    night_id: str | None
    home: str
    standing: str
    events: tuple[Event, ...]
    channels: tuple[str, ...] | None = None

    @property
    def subject(self) -> str:
        """`PAM Warehouse: night held; 2 files refused`. A night that failed or did not start has its cause, if known."""
        parts = []
        for kind, title in TITLES.items():
            n = sum(e.kind == kind for e in self.events)
            causes = {e.see for e in self.events if e.kind == kind} - {TITLES["failed"]}
            if n and kind in ("failed", "not_started"):
                parts.append(title.lower() + (f" ({_as_cause(causes.pop())})" if len(causes) == 1 else ""))
            elif n == 1 or (n and kind in ("held", "not_served", "test")):
                parts.append(title.lower().replace("postgresql", "PostgreSQL"))
            elif n:
                noun, state = title.lower().split()
                parts.append(f"{n} {noun}s {state}")
        return "PAM Warehouse: " + "; ".join(parts)

    def grouped(self) -> list[tuple[str, list[Event], int]]:
        """For each kind of event: its title, the events to list, and how many more there are."""
        return [
            (title, of_kind[:SHOWN], max(0, len(of_kind) - SHOWN))
            for kind, title in TITLES.items()
            if (of_kind := [e for e in self.events if e.kind == kind])
        ]

    @property
    def head(self) -> list[str]:
        """What every message begins with."""
        return [self.standing, f"Home: {self.home}", *([f"Night: {self.night_id}"] if self.night_id else [])]

    def text(self) -> str:
        """The message as the text of an e-mail."""
        lines = [*self.head, ""]
        for title, events, more in self.grouped():
            lines += [title.upper(), ""]
            for block in _blocks(events):
                for event in block:
                    lines += [f"* {event.what}", *([f"  {event.source}"] if event.source else [])]
                event = block[0]
                lines += [f"  Why: {event.why}", *(f"  - {line}" for line in event.todo), f"  Runbook: {event.see}", ""]
            if more:
                lines += [f"* and {more} more: `pam status` names each", ""]
        return "\n".join([*lines, f"The runbook is {RUNBOOK} of the checkout."])

    def slack(self) -> dict[str, Any]:
        """The body for a Slack incoming webhook. Text from files goes in as plain text, which can't be a link or a mention."""
        blocks: list[dict[str, Any]] = [
            {"type": "header", "text": _words(self.subject, SLACK_HEADER)},
            {"type": "section", "text": _words("\n".join(self.head))},
        ]
        for title, events, more in self.grouped():
            blocks += [{"type": "divider"}, {"type": "section", "text": _words(title.upper())}]
            for block in _blocks(events):
                lines = [line for event in block for line in (event.what, event.source) if line]
                event = block[0]
                for text in _parts([*lines, f"Why: {event.why}", f"Runbook: {event.see}"]):
                    blocks.append({"type": "section", "text": _words(text)})
                blocks.append({"type": "section", "text": _code("\n".join(event.todo))})
            if more:
                blocks.append({"type": "section", "text": _words(f"and {more} more: pam status names each")})
        if len(blocks) > SLACK_BLOCKS:
            blocks = [*blocks[: SLACK_BLOCKS - 1], {"type": "section", "text": _words("and more: pam status names each")}]
        return {"text": _escaped(self.subject), "blocks": blocks}

    def teams(self) -> dict[str, Any]:
        """The body for a Teams workflow's webhook: one Adaptive Card. Teams reads no Markdown in its text runs."""
        body: list[dict[str, Any]] = [
            _block(self.subject, weight="Bolder", size="Large"),
            _block(self.head[0]),
            *(_block(line, isSubtle=True) for line in self.head[1:]),
        ]
        for title, events, more in self.grouped():
            body.append(_block(title, weight="Bolder", size="Medium"))
            for block in _blocks(events):
                for event in block:
                    source = [_block(event.source, isSubtle=True)] if event.source else []
                    whats = [_block(event.what, weight="Bolder"), *source]
                    body.append({"type": "Container", "items": whats, "separator": event is block[0]})
                todo = [_block(line, fontType="Monospace") for line in block[0].todo]
                runbook = _block(f"Runbook: {block[0].see}", isSubtle=True)
                body.append({"type": "Container", "items": [_block(f"Why: {block[0].why}"), *todo, runbook]})
            if more:
                body.append(_block(f"and {more} more: pam status names each"))
        listed = len(body)
        while len(json.dumps(body)) > TEAMS_BYTES:
            body.pop()
        if len(body) < listed:
            body.append(_block("and more: pam status names each"))
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
            "msteams": {"width": "Full"}, "fallbackText": self.subject, "body": body,
        }  # fmt: skip
        return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}


def _blocks(events: Iterable[Event]) -> list[list[Event]]:
    """Events with one reason and one remedy together, so that both are said once."""
    blocks: dict[tuple[str, tuple[str, ...], str], list[Event]] = {}
    for event in events:
        blocks.setdefault((event.why, event.todo, event.see), []).append(event)
    return list(blocks.values())


def _parts(lines: Iterable[str]) -> Iterator[str]:
    """Lines as texts that Slack takes, without breaking one."""
    text = ""
    for line in lines:
        if text and len(text) + 1 + len(line) > SLACK_TEXT:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else line
    yield text


def _as_cause(section: str) -> str:
    """A section of the runbook as the cause of a night's end: `interrupted`, `the disk is full`."""
    section = section.removeprefix("A night was ")
    return section[:1].lower() + section[1:]


def _words(text: str, limit: int = SLACK_TEXT) -> dict[str, Any]:
    return {"type": "plain_text", "text": text[:limit], "emoji": False}


def _code(text: str) -> dict[str, Any]:
    inside = _escaped(text.replace("`", "'"))[:SLACK_TEXT]
    return {"type": "mrkdwn", "text": f"```{inside}```", "verbatim": True}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _block(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
