"""Keeps the published night in `publications/`, and removes the oldest ones.

The next night completes what a killed night left undone here.
"""

import contextlib
from collections.abc import Collection
from pathlib import Path

import duckdb

from dagster_project.core.files import make_folder
from dagster_project.core.home import Home
from dagster_project.core.permissions import share_published
from dagster_project.core.published_file import PublishError, published_night
from dagster_project.transform.trail_files import trail_file_of, write_trail_file

from . import folder_swap
from .kept_nights import list_kept
from .publish import link_or_copy


def keep_published(home: Home) -> Path | None:
    """Keep the published night, with its trail file if that is still available. Returns its file; None if nothing is published.

    Unfinished copies of earlier attempts are removed. Raises OSError (a full disk), PublishError.
    """
    night_id = published_night(home)
    if night_id is None:
        return None
    path = make_folder(home.publications) / f"{night_id}.duckdb"
    for unfinished in home.publications.glob(".*.new"):
        unfinished.unlink(missing_ok=True)
    if not path.exists():
        link_or_copy(home.warehouse, path)
    trail = trail_file_of(path)
    if not trail.exists():
        # A night is kept without it, too: `pam trace` then says that it is missing.
        with contextlib.suppress(OSError, duckdb.Error):
            write_trail_file(home, night_id, trail)
    return path


def prune(home: Home, limit: int, except_nights: Collection[str] = ()) -> list[str]:
    """Remove all but the last `limit` kept nights. Returns the ids of those removed, oldest first.

    The published night and `except_nights` stay, however old they are. Raises OSError.
    """
    nights = list_kept(home)
    removed = [p for p in nights[: max(0, len(nights) - limit)] if not p.is_published and p.night_id not in except_nights]
    for publication in removed:
        publication.path.unlink(missing_ok=True)
        trail_file_of(publication.path).unlink(missing_ok=True)
    return [p.night_id for p in removed]


def keep_tonight(home: Home, limit: int, except_nights: Collection[str] = ()) -> str:
    """Keep the night just published, and prune to `limit`. Returns what went wrong, or an empty text.

    The night is published whatever happens here, so that errors are returned, not raised. The next night tries again.
    """
    try:
        path = keep_published(home)
        prune(home, limit, except_nights)
        if path and not trail_file_of(path).exists():
            return "published, but what its figures rest on could not be kept: pam trace follows them until the next night"
    except (OSError, PublishError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"published, but not kept for going back: {reason}"
    return ""


def fix_links_and_rights(home: Home, group: str | None) -> str:
    """Make the links and rights of the published folder right. Returns what went wrong, or an empty text.

    The night is published whatever happens here; the next one tries again.
    """
    try:
        folder_swap.repair_links(home)
        share_published(home, group)
    except OSError as error:
        return f"published, but the names or rights in published/ are not all as they should be: {error.strerror or error}"
    return ""
