"""Publishes an earlier night again, for a person who says why."""

import os
from dataclasses import replace
from datetime import datetime
from typing import Any

from dagster_project.audit import anchor, told_before
from dagster_project.core.config import read_config
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, published_night
from dagster_project.core.receipts import Night, Receipt, locked, stamp, write_receipt
from dagster_project.publishing import outputs
from dagster_project.publishing.kept_nights import (
    NotKeptError,
    check_whole,
    find_kept,
    fix_links_and_rights,
    keep_published,
    kept_before,
)
from dagster_project.publishing.publish import republish

from .lifecycle import note_interrupted


def roll_back(home: Home, night: str | None = None, *, by: str, why: str, now: datetime | None = None) -> Receipt:
    """Publish a kept night again: `night`, or the one before the published one. Returns the receipt of going back.

    Under the home's lock, in one step: readers have the one night or the other. What was published stays kept. The
    receipt comes first, as failed, and is made good after that step, so that a stop in between loses neither who nor why.
    What is published beside the file is made anew from it.
    Raises NightUnderWayError, NotKeptError (not kept, damaged, published already), OutputError, ConfigError and OSError.
    """
    by, why = by.strip(), why.strip()
    if not by or not why:
        raise ValueError("who goes back, and why, are written down: neither may be blank")
    with locked(home):
        umask = os.umask(0o077)
        try:
            return _roll_back(home, night, by, why, now)
        finally:
            os.umask(umask)


def _roll_back(home: Home, night: str | None, by: str, why: str, now: datetime | None) -> Receipt:
    standing = _standing(home)
    target = find_kept(home, night) if night else kept_before(home, standing or _unreadable(home))
    if target.night_id == standing:
        raise NotKeptError(f"night {standing} is what is published: there is nothing to go back to")
    kept = check_whole(target)
    config = read_config(home)
    wanted = outputs.chosen_outputs(config)
    going = Night.begin(home, now)
    receipt = Receipt(
        night_id=going.night_id,
        outcome="failed",
        started_at=stamp(going.started_at),
        finished_at="",
        reason=why,
        figures=kept.figures,
        sha256=kept.sha256,
        republished=target.night_id,
        by=by,
    ).finished(going)
    write_receipt(home, receipt)
    told: list[tuple[str, dict[str, Any]]] = [
        ("alteration", {"what": "rolled back", "night_id": going.night_id, "to": target.night_id, "by": by, "why": why}),
        ("disclosure", {"what": "published again", "night_id": target.night_id, "to": "published/", "sha256": kept.sha256}),
    ]
    with told_before(
        home, told, is_done=lambda: _standing_now(home) == target.night_id, what="not published", night_id=target.night_id
    ):
        written = republish(home, target.path, wanted)
    unsettled = fix_links_and_rights(home, config.publish.group)
    receipt = replace(
        receipt,
        outcome="rolled back",
        reason="; ".join(filter(None, (why, unsettled))),
        outputs=outputs.as_dicts(written),
        audit=anchor(home),
    ).finished(going)
    write_receipt(home, receipt)
    return receipt


def _standing(home: Home) -> str | None:
    """The published night, noted and kept as a night does before it begins; None where its file can't be read."""
    try:
        note_interrupted(home)
        keep_published(home)
        return published_night(home)
    except PublishError:
        return None


def _standing_now(home: Home) -> str | None:
    try:
        return published_night(home)
    except PublishError:
        return None


def _unreadable(home: Home) -> str:
    if home.warehouse.exists():
        raise NotKeptError("the published file can't be read: name the night to publish; `pam rollback --list` shows them")
    raise NotKeptError(f"{home.path} has no published night to go back from: `pam nightly` makes one")

