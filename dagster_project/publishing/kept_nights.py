"""Lists and finds the last published nights, kept as `publications/<night id>.duckdb`.

A kept night is a hard link to the published file, or a copy if the disk has no hard links. It is never written to. Next to it
is `<night id>.trail`, with which its figures can be traced.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, night_of, published_night, sha256_of
from dagster_project.core.receipts import Receipt, match_night, night_order, read_receipt, read_receipts

TODAY = "today"
"""Commands accept this instead of a night's id, for the published night."""


class NotKeptError(PamError, ValueError):
    """A night that is not kept, or can't be read."""


@dataclass(frozen=True)
class Publication:
    """A kept night. `receipt`: None if nights/ has none. `is_published`: whether it is the published night."""

    night_id: str
    path: Path
    receipt: Receipt | None
    is_published: bool


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


def publication_of(home: Home, night: str) -> Publication:
    """The kept night of this id, or of the only id that starts with it; `today`: the published night.

    Raises NotKeptError, NightNotFoundError.
    """
    if night == TODAY:
        # With the file that analysts read: the kept file may be a copy.
        night_id = published_night(home)
        if night_id is None:
            raise NotKeptError(f"{home.path} has no published night: `pam nightly` makes one")
        receipt = read_receipt(home, night_id)
        return Publication(night_id, home.warehouse, receipt, True)
    nights = list_kept(home)
    night_id = match_night(night, [p.night_id for p in nights], "kept night")
    return next(p for p in nights if p.night_id == night_id)


def kept_before(home: Home, night_id: str) -> Publication:
    """The kept night that readers had before this one: after a rollback that is not the night that it took back.

    Raises NotKeptError.
    """
    nights = list_kept(home)
    older = {p.night_id: p for p in nights if night_order(p.night_id) < night_order(night_id)}
    # By night or rollback: what it published.
    shown = {n: n for n in older} | {r.night_id: str(r.republished) for r in read_receipts(home) if r.outcome == "rolled back"}
    before = night_order(night_id)
    for at in sorted(shown, key=night_order, reverse=True):
        if night_order(at) < before:
            if shown[at] in older:
                return older[shown[at]]
            before = night_order(shown[at])
    kept = f"Kept are: {', '.join(p.night_id for p in nights)}." if nights else "None is kept."
    raise NotKeptError(f"no night before {night_id} is kept. {kept}")


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
