"""Builds the warehouse again from raw/, its ledger and the lists alone: as it is now, or as it was after an earlier night.

It needs nothing from inbox/, candidate/, published/ or nights/. Figures depend on what landed, in which order, on the lists and
on the code: with the same of these, every figure is the same to the last digit.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.config import read_config
from dagster_project.core.errors import PamError
from dagster_project.core.files import delete_abandoned, make_folder, write_whole
from dagster_project.core.home import Home
from dagster_project.core.memory import working_database
from dagster_project.core.plurals import list_first
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import (
    ID_FORMAT,
    Night,
    Receipt,
    match_night,
    night_order,
    read_receipt,
    read_receipts,
    today_of,
)
from dagster_project.core.sql import one_row
from dagster_project.landing import LedgerEntry, accepted, erased_loads, read_ledger
from dagster_project.landing.storage.made_up_files import mark_home
from dagster_project.publishing import dictionary, publish
from dagster_project.publishing.figure_diff import EVERY, attach, by_mart, make_differences
from dagster_project.publishing.kept_nights import TODAY, publication_of
from dagster_project.transform import raw_schema
from dagster_project.transform.kept_totals import loads_as_totals

from .night_run import NightRun

NIGHT_ID = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
REASON = "made again from raw/ and the lists"
COLUMNS = (
    "mart", "force_code", "area_type", "area_code", "measure", "category", "period_type", "period_start", "period_end",
    "kind", "differs", "value_before", "value_after",
)  # fmt: skip


class ReplayError(PamError, RuntimeError):
    """raw/ lacks rows that its ledger names, or there is no such night. Nothing was published or written."""


@dataclass(frozen=True)
class NightComparison:
    """Rebuilt figures compared with those published in `night_id`.

    `figures`, `differing`: how many there are, and how many differ. `marts`: the same by mart, in the columns
    `figure_diff.MARTS`. `rows`: the first figures that differ, in the columns `COLUMNS`.
    """

    night_id: str
    figures: int
    differing: int
    marts: list[tuple[Any, ...]]
    rows: list[tuple[Any, ...]]


class ReplayRun(NightRun):
    """A night that lands nothing and builds everything.

    `comparison`: its figures compared with those published before; None if nothing was.
    """

    def __init__(self, home: Home) -> None:
        super().__init__(home, rebuild=True)
        self.comparison: NightComparison | None = None

    def land(self, only: Collection[str] | None = None) -> list[LedgerEntry]:
        """Check that raw/ is complete instead. Returns no entry. Raises ReplayError if raw/ lacks rows of the ledger."""
        self.begin()
        with self._step("landing"):
            entries = read_ledger(self.home)
            self.since = published_night(self.home) or _newest_night(entries)
            check_rows(self.home, entries, self.since)
            # A home that was restored from raw/ alone has no mark.
            mark_home(self.home, accepted(entries))
        return []

    def publish(self) -> Receipt:
        """Compare with what is published, then publish."""
        if self.home.warehouse.exists():
            night_id = published_night(self.home) or ""
            candidate = self.home.candidate / WAREHOUSE
            self.comparison = compare_files(self.home, night_id, self.home.warehouse, candidate)
        return super().publish()

    def _receipt(self, outcome: Any, reason: str) -> Receipt:
        return super()._receipt(outcome, reason or REASON)


def check_rows(home: Home, entries: list[LedgerEntry], since: str) -> None:
    """Raise ReplayError if raw/ has no ledger, or lacks the rows of a load that affects a figure."""
    if not entries:
        raise ReplayError(f"{home.raw} has no ledger: there is nothing to build the warehouse from")
    as_totals, until = loads_as_totals(home), max((e.night_id for e in entries), key=night_order)
    landed = {e.load_id for e in entries}
    for erasure in (erasure for load, erasure in as_totals.items() if load in landed):
        _, extract, force, _ = Path(erasure.archived).parts
        later = (e for e in read_ledger(home) if (e.extract, e.force_code) == (extract, force))
        if any(night_order(until) < night_order(e.night_id) <= night_order(erasure.night_id) for e in later):
            raise ReplayError(
                f"{erasure.archived} was erased at its retention limit: its monthly totals are as of night"
                f" {erasure.night_id}, so that figures of earlier nights can't be made again"
            )
    paths = [
        Path(str(load.entry.extract), str(load.entry.force_code), f"{load.entry.load_id}.parquet")
        for load in raw_schema.readable_loads(home, entries, load_contracts(), since)
        if load.entry.has_rows and load.entry.load_id not in as_totals
    ]
    missing = [path for path in paths if not (home.raw / path).exists()]
    if missing:
        erased = erased_loads(home)
        if all(path.stem in erased for path in missing):
            raise ReplayError(f"raw/{missing[0]} was erased: figures made from it can't be made again")
        raise ReplayError(
            f"the ledger names rows that are missing: {list_first([f'raw/{path}' for path in missing], 3)};"
            " restore the whole of raw/ from one backup"
        )


def compare_files(home: Home, night_id: str, before: Path, after: Path) -> NightComparison:
    """Compare the figures of two warehouse files in all their columns. Raises ValueError for a file that is not one."""
    with working_database(home) as con:
        attach(con, before, "earlier")
        attach(con, after, "later")
        return _compare(con, night_id)


def _compare(con: duckdb.DuckDBPyConnection, night_id: str, limit: int = 20) -> NightComparison:
    differing = make_differences(con, columns=EVERY)
    (figures,) = one_row(con, "select count(*) from later.marts.measures")
    rows = con.execute(
        f"""
        select {", ".join(COLUMNS)} from differences
        order by area_type <> 'force', mart, measure, force_code, area_code, category, period_type, period_start, period_end
        limit {limit}
        """
    ).fetchall()
    return NightComparison(night_id, figures, differing, by_mart(con), rows)


def rebuild_and_compare(home: Home, night: str = TODAY, limit: int = 20) -> NightComparison:
    """Build a kept night again in a temporary folder, and compare its figures. Publishes nothing and takes no lock.

    `night`: its id; the published one by default. Raises NotKeptError, NightNotFoundError, ReplayError, NightFailedError.
    """
    target = publication_of(home, night)
    with working_database(home) as con:
        # Opened first, because a night may publish and delete the file meanwhile.
        attach(con, target.path, "earlier")
        with rebuilt(home, target.night_id) as run:
            attach(con, run.home.candidate / WAREHOUSE, "later")
            comparison = _compare(con, target.night_id, limit)
            con.execute("detach later")
        return comparison


def write_as_of(home: Home, night: str, out: Path) -> list[str]:
    """Write the warehouse as of a night to a file, `meta` included.

    Returns the failed checks that would have held that night; nothing is held here. Raises ReplayError, FileExistsError.
    """
    if out.exists():
        raise FileExistsError(f"{out} already exists: name a new file")
    night_id = find_night_id(home, night)
    with rebuilt(home, night_id) as run:
        run.config = read_config(home)
        checks = run.judge()
        receipts = [r for r in read_receipts(home) if night_order(r.night_id) < night_order(night_id)]
        dictionary.write_meta(run.begin(), read_ledger(run.home), checks, receipts, run._receipt("published", REASON))
        publish.seal(run.home)
        publish.link_or_copy(run.home.candidate / WAREHOUSE, out)
    return [f"{c.message} [{c.rule}]" for c in checks if c.holds]


def find_night_id(home: Home, night: str) -> str:
    """A night's id, given it or how it begins: of the nights with a receipt, or else of those in the ledger. Any id that is
    whole will do.

    Raises NightNotFoundError.
    """
    if NIGHT_ID.fullmatch(night):
        return night
    nights = [r.night_id for r in read_receipts(home) if not r.republished]
    landed = {e.night_id for e in read_ledger(home)}
    return match_night(night, nights if any(n.startswith(night) for n in nights) else [*landed], "night")


@contextmanager
def rebuilt(home: Home, until: str) -> Generator[ReplayRun]:
    """A night built from what had landed by `until`, in a folder within the home that is deleted afterwards.

    raw/, seeds/, editions/ and the key are the home's own, and only read. Whatever landed, was released or was withheld later
    is left out. Raises ReplayError, NightFailedError, NightHeldError.
    """
    entries = [e for e in read_ledger(home) if night_order(e.night_id) <= night_order(until)]
    since = _published_before(home, entries, until)
    if not entries:
        raise ReplayError(f"nothing had landed by night {until}: the ledger begins later, or is missing")
    check_rows(home, entries, since)
    delete_abandoned(home.path, ".replay")
    folder = Path(tempfile.mkdtemp(prefix=f".replay-{os.getpid()}-", dir=home.path))
    try:
        run = ReplayRun(Home(folder).create())
        own_paths = (home.seeds, home.editions, home.expectations, home.erasures, home.key_file)
        known_since = [p for p in home.known_since.glob("*.jsonl") if night_order(p.stem) <= night_order(until)]
        make_folder(run.home.known_since)
        for path in (*own_paths, *known_since, *(p for p in home.raw.iterdir() if p != home.ledger)):
            if path.exists():
                (run.home.path / path.relative_to(home.path)).symlink_to(path)
        lines = "".join(e.model_dump_json() + "\n" for e in entries)
        write_whole(run.home.ledger / f"{until}.jsonl", lines.encode("utf-8"))
        # An id may be later than the night was, since the clock was ahead before it.
        receipt = read_receipt(home, until)
        started_at = datetime.strptime(until[:16], ID_FORMAT).replace(tzinfo=UTC)
        if receipt:
            started_at = datetime.fromisoformat(receipt.started_at)
        run.night = Night(run.home, until, started_at, today_of(home, started_at))
        run.since = since
        run.build()
        yield run
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _newest_night(entries: Iterable[LedgerEntry]) -> str:
    return max((e.night_id for e in entries), key=night_order, default="")


def _published_before(home: Home, entries: list[LedgerEntry], until: str) -> str:
    """The night that was published when `until` started, by the receipts; without any, the newest one that landed something."""
    earlier = [r for r in read_receipts(home) if night_order(r.night_id) < night_order(until)]
    last = next((r for r in reversed(earlier) if r.outcome in ("published", "rolled back")), None)
    if last:
        return last.republished or last.night_id
    return _newest_night(e for e in entries if night_order(e.night_id) < night_order(until))
