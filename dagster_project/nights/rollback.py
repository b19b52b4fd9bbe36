"""Publishes an earlier night again, for a person who says why."""

from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from dagster_project.audit import anchor, record_first
from dagster_project.core.config import read_config
from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.permissions import require_group
from dagster_project.core.published_file import PublishError, published_night
from dagster_project.core.receipts import Night, Receipt, utc_seconds, write_receipt
from dagster_project.publishing import outputs, postgres, publish
from dagster_project.publishing.keep_and_prune import fix_links_and_rights, keep_published
from dagster_project.publishing.kept_nights import NotKeptError, Publication, check_whole, kept_before, publication_of

from .interrupted_nights import recover_interrupted_nights


def roll_back(home: Home, night: str | None = None, *, by: str, why: str, now: datetime | None = None) -> Receipt:
    """Publish a kept night again: `night`, or the one before the published one. Returns the rollback's receipt.

    Takes the home's lock, and swaps in one step: readers see the one night or the other. The night that was published stays
    kept. The receipt is written first, as failed, and corrected after the swap, so that a crash in between loses neither who
    nor why. The outputs are made again from the file, and PostgreSQL is loaded if nights go there.
    Raises NightUnderWayError, NotKeptError (not kept, damaged, or already published), OutputError, ConfigError and OSError.
    """
    by, why = by.strip(), why.strip()
    if not by or not why:
        raise ValueError("a rollback records who does it and why: neither may be blank")
    with locked(home):
        with suppress(PublishError):
            # As a night does before it starts. The published file may be what is damaged.
            recover_interrupted_nights(home)
            keep_published(home)
        target = _target(home, night)
        kept_night = check_whole(target)
        config = read_config(home)
        require_group(config.publish.group)
        rollback = Night.begin(home, now)
        receipt = Receipt(
            night_id=rollback.night_id,
            outcome="failed",
            started_at=utc_seconds(rollback.started_at),
            finished_at="",
            reason=why,
            figures=kept_night.figures,
            sha256=kept_night.sha256,
            republished=target.night_id,
            by=by,
        ).finished(rollback)
        write_receipt(home, receipt)
        records: list[tuple[str, dict[str, Any]]] = [
            ("alteration", {"what": "rolled back", "night_id": rollback.night_id, "to": target.night_id, "by": by, "why": why}),
            (
                "disclosure",
                {"what": "published again", "night_id": target.night_id, "to": "published/", "sha256": kept_night.sha256},
            ),
        ]
        with record_first(
            home, records, is_done=lambda: _readable_published_night(home) == target.night_id,
            what="not published", night_id=target.night_id,
        ):  # fmt: skip
            written = publish.publish(home, outputs.chosen_outputs(config), target.path)
        unsettled = fix_links_and_rights(home, config.publish.group)
        receipt = replace(
            receipt,
            outcome="rolled back",
            reason="; ".join(filter(None, (why, unsettled))),
            outputs=outputs.as_dicts(written),
            audit=anchor(home),
        ).finished(rollback)
        write_receipt(home, receipt)
        if loaded := postgres.load_after_rollback(home):
            receipt = replace(receipt, postgres=asdict(loaded)).finished(rollback)
            write_receipt(home, receipt)
        return receipt


def _target(home: Home, night: str | None) -> Publication:
    """The kept night to publish. Raises NotKeptError."""
    published = _readable_published_night(home)
    if night:
        target = publication_of(home, night)
    elif published:
        target = kept_before(home, published)
    elif home.warehouse.exists():
        raise NotKeptError("the published file can't be read: name the night to publish; `pam rollback --list` shows them")
    else:
        raise NotKeptError(f"{home.path} has no published night to go back from: `pam nightly` makes one")
    if target.night_id == published:
        raise NotKeptError(f"night {published} is already published: there is nothing to go back to")
    return target


def _readable_published_night(home: Home) -> str | None:
    try:
        return published_night(home)
    except PublishError:
        return None
