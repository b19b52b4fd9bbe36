"""The last published nights, kept as `publications/<night id>.duckdb`.

A kept night is a hard link to the published file, or a copy if the disk has no hard links. It is never written to. Next to it
is `<night id>.trail`, with which its figures can be traced. The next night completes what a killed night left undone here.
"""

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.files import make_folder
from dagster_project.core.home import Home
from dagster_project.core.permissions import share_published
from dagster_project.core.published_file import PublishError, night_of, published_night, sha256_of
from dagster_project.core.receipts import Receipt, night_order, read_receipts
from dagster_project.transform.trail_files import evidence_of, keep_evidence

from . import folder_swap
from .publish import link_or_copy, repair_layout

TODAY = "today"
"""Commands accept this instead of a night's id, for the published night."""


class NotKeptError(PamError, ValueError):
    """A night that is not kept, or can't be read. The message names the kept nights."""


@dataclass(frozen=True)
class Publication:
    """A kept night. `receipt`: None if nights/ has none. `is_published`: whether it is the published night."""

    night_id: str
    path: Path
    receipt: Receipt | None
    is_published: bool


def keep_published(home: Home) -> Path | None:
    """Keep the published night, with its evidence if that is still available. Returns its file; None if nothing is published.

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
    evidence = evidence_of(path)
    if not evidence.exists():
        # A night is kept without evidence, too: `pam trace` then says that it is missing.
        with contextlib.suppress(OSError, duckdb.Error):
            keep_evidence(home, night_id, evidence)
    return path


def prune(home: Home, limit: int, except_nights: Collection[str] = ()) -> list[str]:
    """Remove all but the last `limit` kept nights. Returns the ids of those removed, oldest first.

    The published night and `except_nights` stay, however old they are. Raises OSError.
    """
    nights = list_kept(home)
    removed = [p for p in nights[: max(0, len(nights) - limit)] if not p.is_published and p.night_id not in except_nights]
    for publication in removed:
        publication.path.unlink(missing_ok=True)
        evidence_of(publication.path).unlink(missing_ok=True)
    return [p.night_id for p in removed]


def keep_tonight(home: Home, limit: int, except_nights: Collection[str] = ()) -> str:
    """Keep the night just published, and prune to `limit`. Returns what went wrong, or an empty text.

    The night is published whatever happens here, so that errors are returned, not raised. The next night tries again.
    """
    try:
        path = keep_published(home)
        prune(home, limit, except_nights)
        if path and not evidence_of(path).exists():
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
        folder_swap.mend_links(home)
        share_published(home, group)
    except OSError as error:
        return f"published, but the names or rights in published/ are not all as they should be: {error.strerror or error}"
    return ""


def repair(home: Home) -> None:
    """Keep the published night and repair its layout, if possible: the last night may have been killed before it did."""
    with contextlib.suppress(OSError, PublishError):
        keep_published(home)
    with contextlib.suppress(OSError, PublishError):
        repair_layout(home)


def list_kept(home: Home) -> list[Publication]:
    """The kept nights, oldest first. Their files are not opened."""
    if not home.publications.is_dir():
        return []
    receipts = {r.night_id: r for r in read_receipts(home)}
    published = None
    with contextlib.suppress(PublishError):
        published = published_night(home)
    files = sorted(home.publications.glob("[!.]*.duckdb"), key=lambda p: night_order(p.stem))
    return [Publication(path.stem, path, receipts.get(path.stem), path.stem == published) for path in files]


def find_kept(home: Home, night: str) -> Publication:
    """The kept night of this id, or of the only id that starts with it; `today`: the published night. Raises NotKeptError."""
    if night == TODAY:
        return _published(home)
    nights = list_kept(home)
    matches = [p for p in nights if p.night_id == night] or [p for p in nights if p.night_id.startswith(night)]
    if len(matches) != 1:
        which = "no kept night" if not matches else f"{len(matches)} kept nights"
        raise NotKeptError(f"{night}: {which} of that id. {_kept_ids(nights)}")
    return matches[0]


def kept_before(home: Home, night_id: str) -> Publication:
    """The newest kept night before this one. Raises NotKeptError."""
    nights = list_kept(home)
    older = [p for p in nights if night_order(p.night_id) < night_order(night_id)]
    if not older:
        raise NotKeptError(f"no night before {night_id} is kept. {_kept_ids(nights)}")
    return older[-1]


def _published(home: Home) -> Publication:
    """The published night, with the file that analysts read: the kept file may be a copy."""
    night_id = published_night(home)
    if night_id is None:
        raise NotKeptError(f"{home.path} has no published night: `pam nightly` makes one")
    receipt = next((r for r in read_receipts(home) if r.night_id == night_id), None)
    return Publication(night_id, home.warehouse, receipt, True)


def _kept_ids(nights: list[Publication]) -> str:
    if not nights:
        return "None is kept."
    return f"Kept are: {', '.join(p.night_id for p in nights)}."


def check_whole(publication: Publication) -> Receipt:
    """Check a kept night's file against its name and its receipt. Returns the receipt.

    Raises NotKeptError if the file is not what was published.
    """
    name = f"publications/{publication.path.name}"
    receipt = publication.receipt
    if receipt is None or receipt.sha256 is None:
        raise NotKeptError(f"{name}: nights/ has no receipt with its SHA-256, so that nobody can say whether it is whole")
    try:
        night_id = night_of(publication.path)
    except PublishError as error:
        raise NotKeptError(f"{name} is damaged and can't be opened: {error}") from error
    if night_id != publication.night_id:
        raise NotKeptError(f"{name} says that it is of night {night_id}: somebody renamed it")
    if sha256_of(publication.path) != receipt.sha256:
        raise NotKeptError(
            f"{name} is damaged: its SHA-256 is not that of the receipt of its night. `pam replay --as-of"
            f" {publication.night_id} --out FILE` makes that night's figures again"
        )
    return receipt
