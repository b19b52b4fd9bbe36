"""Makes the warehouse again from raw/, its ledger and the lists alone: as it is now, or as it was after an earlier night.

Nothing of inbox/, candidate/, published/ or nights/ is needed. Figures follow from what landed, in which order, from the
lists and from the code: the same of these give the same figures, to the last digit.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.config import read_config
from dagster_project.core.errors import PamError
from dagster_project.core.files import write_whole
from dagster_project.core.home import LONDON, Home
from dagster_project.core.memory import working_database
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Night, Receipt, in_order, read_receipts
from dagster_project.core.sql import one_row
from dagster_project.landing import LedgerEntry, erased_loads, read_ledger
from dagster_project.publishing import dictionary, publish
from dagster_project.publishing.figure_diff import EVERY, attach, by_mart, moved
from dagster_project.publishing.kept_nights import TODAY, find
from dagster_project.transform import raw_schema
from dagster_project.transform.monthly_archive import kept_loads

from .listener import Listener
from .run import NightRun

NIGHT_ID = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
AGAIN = "made again from raw/ and the lists"
COLUMNS = (
    "mart", "force_code", "area_type", "area_code", "measure", "category", "period_type", "period_start", "period_end",
    "kind", "differs", "value_before", "value_after",
)  # fmt: skip


class ReplayError(PamError, RuntimeError):
    """raw/ does not hold what its ledger names, or no such night. Nothing was published or written."""


@dataclass(frozen=True)
class Compared:
    """Figures made again against those that were published: `rows` under the names of `COLUMNS`, the first few."""

    night_id: str
    figures: int
    differing: int
    marts: list[tuple[Any, ...]]
    rows: list[tuple[Any, ...]]


class ReplayRun(NightRun):
    """A night that lands nothing and builds everything. `compared` says how its figures stand to those published before;
    None where nothing was.
    """

    def __init__(self, home: Home, listener: Listener | None = None) -> None:
        super().__init__(home, None, listener, rebuild=True)
        self.compared: Compared | None = None

    def land(self, only: Collection[str] | None = None) -> list[LedgerEntry]:
        """Look over raw/ instead. Returns no entry. Raises ReplayError where rows of the ledger's are not there."""
        self.begin()
        with self._step("landing"):
            entries = read_ledger(self.home)
            self.since = published_night(self.home) or _newest(entries)
            check_rows(self.home, entries, self.since)
        return []

    def publish(self) -> Receipt:
        """Compare with what is published, then publish."""
        if self.home.warehouse.exists():
            night_id = published_night(self.home) or ""
            self.compared = compared(self.home, night_id, self.home.warehouse, self.home.candidate / raw_schema.WAREHOUSE)
        return super().publish()

    def _receipt(self, outcome: Any, reason: str) -> Receipt:
        return super()._receipt(outcome, reason or AGAIN)


def check_rows(home: Home, entries: list[LedgerEntry], since: str) -> None:
    """Raise ReplayError where raw/ has no ledger, or lacks the rows of a load that still affects a figure."""
    if not entries:
        raise ReplayError(f"{home.raw} has no ledger: there is nothing to make the warehouse of")
    kept, until = kept_loads(home), max((e.night_id for e in entries), key=in_order)
    landed = {e.load_id for e in entries}
    for erasure in (erasure for load, erasure in kept.items() if load in landed):
        _, extract, force, _ = Path(erasure.archived).parts
        later = (e for e in read_ledger(home) if (e.extract, e.force_code) == (extract, force))
        if any(in_order(until) < in_order(e.night_id) <= in_order(erasure.night_id) for e in later):
            raise ReplayError(
                f"{erasure.archived} was erased, as its time was over: the months that are kept of it are as of night"
                f" {erasure.night_id}, and what rested on it before can't be made again"
            )
    named = [
        Path(str(load.entry.extract), str(load.entry.force_code), f"{load.entry.load_id}.parquet")
        for load in raw_schema.readable(home, entries, load_contracts(), since)
        if load.entry.rows_landed and load.entry.load_id not in kept
    ]
    lost = [path for path in named if not (home.raw / path).exists()]
    if lost:
        gone = erased_loads(home)
        if all(path.stem in gone for path in lost):
            raise ReplayError(f"raw/{lost[0]} was erased, as its time was over: what rested on it can't be made again")
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        raise ReplayError(
            f"the ledger names rows that are not there: {', '.join(f'raw/{path}' for path in lost[:3])}{more};"
            " bring raw/ back whole, from one backup"
        )


def compared(home: Home, night_id: str, before: Path, after: Path, limit: int = 20) -> Compared:
    """How the figures of one file stand to another's, in all their columns. Raises ValueError for a file that is none."""
    with working_database(home) as con:
        attach(con, before, "earlier")
        attach(con, after, "later")
        return _compared(con, night_id, limit)


def _compared(con: duckdb.DuckDBPyConnection, night_id: str, limit: int) -> Compared:
    differing = moved(con, columns=EVERY)
    (figures,) = one_row(con.execute("select count(*) from later.marts.measures"))
    rows = con.execute(
        f"""
        select {", ".join(COLUMNS)} from moved
        order by area_type <> 'force', mart, measure, force_code, area_code, category, period_type, period_start, period_end
        limit {limit}
        """
    ).fetchall()
    return Compared(night_id, figures, differing, by_mart(con), rows)


def check(home: Home, night: str = TODAY, limit: int = 20) -> Compared:
    """Make a kept night again, in a folder that is thrown away, and compare. Publishes nothing and takes no lock.

    `night`: its id; the published one by default. Raises NotKeptError, ReplayError, NightFailedError.
    """
    target = find(home, night)
    with working_database(home) as con:
        # Opened first: a night may publish and prune meanwhile.
        attach(con, target.path, "earlier")
        with made_again(home, target.night_id) as run:
            attach(con, run.home.candidate / raw_schema.WAREHOUSE, "later")
            found = _compared(con, target.night_id, limit)
            con.execute("detach later")
        return found


def as_of(home: Home, night: str, out: Path) -> list[str]:
    """Write the warehouse as the ledger stood after a night to a file, `meta` included.

    Returns what would have held that night, if anything; nothing is held here. Raises ReplayError, FileExistsError.
    """
    if out.exists():
        raise FileExistsError(f"{out} is there already: name a file that is not")
    night_id = night_named(home, night)
    with made_again(home, night_id) as run:
        run.config, run.key_of = read_config(home), home
        checks = run.judge()
        receipts = [r for r in read_receipts(home) if in_order(r.night_id) < in_order(night_id)]
        dictionary.write_meta(run.begin(), read_ledger(run.home), checks, receipts, run._receipt("published", AGAIN))
        publish.seal(run.home)
        publish.second_name(run.home.candidate / raw_schema.WAREHOUSE, out)
    return [f"{c.subject}: {c.rule}: {c.found}" for c in checks if c.holds]


def night_named(home: Home, night: str) -> str:
    """A night's id: as given, or the one that begins so, of those with a receipt or else those of the ledger.

    Raises ReplayError.
    """
    if NIGHT_ID.fullmatch(night):
        return night
    nights = {r.night_id for r in read_receipts(home) if not r.republished}
    landed = {e.night_id for e in read_ledger(home)}
    found = [n for n in nights if n.startswith(night)] or sorted((n for n in landed if n.startswith(night)), key=in_order)
    if len(found) != 1:
        which = f"begins {len(found)} nights: {', '.join(found)}" if found else "is no night's id"
        raise ReplayError(f"{night} {which}; an id is such as 20260106T020000Z")
    return found[0]


@contextmanager
def made_again(home: Home, until: str) -> Iterator[ReplayRun]:
    """A night built from what had landed by then, in a folder of its own within the home, which goes afterwards.

    raw/, seeds/ and editions/ are the home's own, and only read. What landed later, was released later or was withheld by
    a later file is left out. Raises ReplayError, NightFailedError, NightHeldError.
    """
    entries = [e for e in read_ledger(home) if in_order(e.night_id) <= in_order(until)]
    since = _published_before(home, entries, until)
    if not entries:
        raise ReplayError(f"nothing had landed by night {until}: the ledger begins later, or is not there")
    check_rows(home, entries, since)
    _sweep(home)
    umask = os.umask(0o077)
    folder = Path(tempfile.mkdtemp(prefix=f".replay-{os.getpid()}-", dir=home.path))
    try:
        run = ReplayRun(Home(folder).create())
        for own, theirs in ((run.home.raw / p.name, p) for p in home.raw.iterdir() if p != home.ledger):
            own.symlink_to(theirs, target_is_directory=True)
        for theirs in (home.seeds, home.editions, home.expectations):
            own = run.home.path / theirs.name
            if theirs.is_dir():
                own.symlink_to(theirs, target_is_directory=True)
        lines = "".join(e.model_dump_json() + "\n" for e in entries)
        if home.erasures.is_dir():
            run.home.erasures.symlink_to(home.erasures, target_is_directory=True)
        write_whole(run.home.ledger / f"{until}.jsonl", lines.encode("utf-8"))
        began = datetime.strptime(until[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        run.night = Night(run.home, until, began, began.astimezone(LONDON).date())
        run.since = since
        run.build()
        yield run
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.umask(umask)


def _newest(entries: Iterable[LedgerEntry]) -> str:
    return max((e.night_id for e in entries), key=in_order, default="")


def _published_before(home: Home, entries: list[LedgerEntry], until: str) -> str:
    """What was published when a night began, by the receipts; without any, the newest night that landed something."""
    earlier = [r for r in read_receipts(home) if in_order(r.night_id) < in_order(until)]
    last = next((r for r in reversed(earlier) if r.outcome in ("published", "rolled back")), None)
    if last:
        return last.republished or last.night_id
    return _newest(e for e in entries if in_order(e.night_id) < in_order(until))


def _sweep(home: Home) -> None:
    """Remove what a replay left that was killed: it holds rows."""
    for folder in home.path.glob(".replay-*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except (ProcessLookupError, ValueError, IndexError):
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            continue
