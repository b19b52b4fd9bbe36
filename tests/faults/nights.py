"""A small home between two nights, the process that runs the second one, and what it must come to."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import how_often
from sequences.plan import DOWNLOADS, File, Row
from sequences.writing import write
from support import publish_night

from dagster_project.audit import read_log
from dagster_project.core.home import PROJECT, Home
from dagster_project.core.receipts import Receipt, read_receipts
from dagster_project.landing import accepted, counts, read_ledger
from dagster_project.nights.alerts.log import AlertLog

FORCE = "derbyshire"
ONE_UNIT = f"force_code,section_code,section_name,lpu_code,lpu_name\n{FORCE},A,One,{FORCE}-one,One\n"
PATIENCE = 240
"""Seconds that a night may take on a busy machine; it takes a few."""
ROWS = tuple(Row(n, day=n) for n in range(5))
FEWER = tuple(Row(n, day=n, value=1) for n in range(1, 4))

FIRST_NIGHT = (
    File("mda_orders", 0, 20, 0, ROWS),
    File("cash_seizures", 0, 20, 0, ROWS),
    File("crimes", 0, 20, 0, ROWS),
    File("iom_cohort", 0, 20, 0, ROWS),
    File("stop_search", 0, 31, None, ROWS),
    File("street_crime", 0, 31, None, ROWS),
    File("public_health", *DOWNLOADS[0], 0, ROWS),
)
SECOND_NIGHT = (
    # Corrections and withdrawals; rows in quarantine; one row twice.
    File("mda_orders", 0, 31, 1, (*FEWER, Row(5, odd="choice"), Row(6, odd="repeat"))),
    File("cash_seizures", 10, 20, 1, FEWER, manifest="holds"),
    # Two extractions of one time, at odds with each other; a late one; one that is the first night's; one in conflict.
    File("crimes", 0, 30, 2, ROWS),
    File("crimes", 0, 25, 2, FEWER),
    File("mda_orders", 40, 10, 0, ROWS),
    File("iom_cohort", 0, 20, 0, ROWS),
    File("iom_cohort", 0, 20, 0, FEWER),
    # A month that comes twice in one night: the second counts.
    File("stop_search", 31, 28, None, ROWS),
    File("stop_search", 31, 28, None, FEWER),
    File("street_crime", 31, 28, None, FEWER),
    # Held, and refused.
    File("street_crime", 0, 31, None, (), doubled=True),
    File("cash_seizures", 0, 20, 3, ROWS, manifest="fails"),
    File("public_health", *DOWNLOADS[1], 1, FEWER),
)


def drop(home: Home, files: tuple[File, ...], first: int) -> None:
    """Write files into the inbox, and two that are no extracts."""
    for n, file in enumerate(files, start=first):
        write(home.inbox, file, FORCE, n)
    (home.inbox / f"minutes {first}.docx").write_bytes(b"not an extract")
    (home.inbox / f"naloxone__{FORCE}__2025-01-01__2025-01-31__20260201T020000Z.csv").write_bytes(b"\0\1\2")


@dataclass(frozen=True)
class Ended:
    """How a night ended: its exit code (-9: killed), and what it said."""

    code: int
    said: str

    @property
    def stages(self) -> list[tuple[str, float]]:
        """Stages with the second at which each began."""
        return [(name, float(at)) for at, name in re.findall(r"^STAGE (\S+) (\w+)$", self.said, re.MULTILINE)]

    @property
    def changes(self) -> list[str]:
        """What was about to be done to files of the home."""
        return re.findall(r"^WRITE \d+ (.*)$", self.said, re.MULTILINE)

    @property
    def words(self) -> str:
        """What a person would have read."""
        return "\n".join(x for x in self.said.splitlines() if x and not x.startswith(("STAGE ", "WRITE ")))


def run(home: Home, seconds: float | None = None, **request: Any) -> Ended:
    """A night in a process of its own; `one_night` says what can be in its way.

    `seconds`: kill -9 its process group so long after landing began. A night that takes longer than PATIENCE is killed,
    and AssertionError has what it said.
    """
    # Not beside the home: its disk may be full.
    handle, name = tempfile.mkstemp(prefix="night-", suffix=".report")
    os.close(handle)
    report = Path(name)
    env = os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'tests'}", "COLUMNS": "300", "NO_COLOR": "1"}
    with report.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "faults.one_night"], cwd=PROJECT, env=env, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        assert child.stdin
        child.stdin.write(json.dumps({"home": str(home.path), **request}) + "\n")
        child.stdin.close()
        give_up, kill_at = time.monotonic() + PATIENCE, None
        while child.poll() is None and time.monotonic() < give_up:
            if seconds is not None and kill_at is None and b" landing\n" in report.read_bytes():
                kill_at = time.monotonic() + seconds
            if kill_at and time.monotonic() >= kill_at:
                break
            time.sleep(0.01)
        else:
            assert child.poll() is not None, f"still running after {PATIENCE} s:\n{report.read_text(errors='replace')}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        code = child.wait()
        said = report.read_text(encoding="utf-8", errors="replace")
        report.unlink()
    return Ended(code, said)


FIGURES = "select * from marts.measures order by all"
CURRENT = (
    "select extract, force_code, rows_current, covered_days, rows_landed, rows_quarantined from meta.extracts order by all"
)


@dataclass(frozen=True)
class Published:
    """What the published file says: every figure, and what it knows of every extract."""

    figures: tuple[Any, ...]
    extracts: tuple[Any, ...]
    night_id: str = field(compare=False)


def read_published(home: Home) -> Published:
    """Open the published file and read all of it."""
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        night = con.execute("select night_id from meta.nights where finished_at is null").fetchall()
        return Published(tuple(con.execute(FIGURES).fetchall()), tuple(con.execute(CURRENT).fetchall()), night[0][0])


@dataclass(frozen=True)
class Kept:
    """What a home holds of its files: loads with their rows, quarantined rows, and the files themselves. Without what
    differs from one run to the next: night and load ids.
    """

    loads: Counter
    rows: Counter
    quarantine: Counter
    files: Counter


def read_kept(home: Home) -> Kept:
    """Read the ledger, the Parquet of every load that it names, and the folders of files."""
    entries = read_ledger(home)
    totals, loads, rows, quarantine = counts(entries), Counter(), Counter(), Counter()
    last = {e.load_id: e for e in entries if e.load_id and e.outcome in ("accepted", "held")}
    with duckdb.connect() as con:
        for load_id, e in last.items():
            n = totals[load_id]
            assert n.rows_in_file == n.rows_landed + n.rows_quarantined + n.rows_duplicate, e
            loads[e.source_file, e.sha256, e.outcome, n] += 1
            for found, folder in ((rows, home.raw), (quarantine, home.quarantine)):
                paths = [str(p) for p in (folder / e.extract / e.force_code).glob(f"{load_id}*.parquet")]
                if paths:
                    at = con.execute("select * exclude (_load_id, _extracted_at) from read_parquet(?)", [paths]).fetchall()
                    found.update((e.sha256, *row) for row in at)
    # A file that was in the archive already is there under a number.
    names = [p.name for folder in (home.inbox, home.archive) for p in folder.rglob("*") if p.is_file()]
    return Kept(loads, rows, quarantine, Counter(re.sub(r"\.\d+(\.manifest\.json)?$", r"\1", name) for name in names))


def loads_twice(home: Home) -> list[str]:
    """Loads that the ledger accepts more than once."""
    found = Counter(e.load_id for e in read_ledger(home) if e.outcome == "accepted" and e.load_id)
    return [load for load, n in found.items() if n > 1] + ([] if len(accepted(read_ledger(home))) == len(found) else ["?"])


def last_receipt(home: Home) -> Receipt:
    """The newest receipt."""
    return read_receipts(home)[-1]


def copied(home: Home, to: Path) -> Home:
    """A home of its own with all of another's, times kept."""
    shutil.copytree(home.path, to, symlinks=True)
    return Home(to)


@dataclass(frozen=True)
class Between:
    """A home with one night published and a second one's files in its inbox; and what that night comes to, undisturbed."""

    home: Home
    old: Published
    new: Published
    kept: Kept
    seconds: float
    """From the second night's landing to its end."""
    changes: int
    """Changes that it makes to files of the home."""

    def which(self, home: Home) -> str:
        """Whether a home's published file is the old night or the new one; it must be one of them, whole."""
        found = read_published(home)
        assert found in (self.old, self.new), "neither night"
        return "old" if found == self.old else "new"

    def check_next(self, home: Home, ended: Ended) -> None:
        """The next night succeeded by itself, and no row is lost or doubled."""
        assert ended.code == 0, ended.words
        assert self.which(home) == "new"
        assert read_kept(home) == self.kept
        assert loads_twice(home) == []
        assert [str(p) for p in home.path.rglob(".*.new") if p.is_file()] == []
        # Nothing lies in raw/ that no line of the ledger names.
        assert {p.stem for p in home.raw.glob("[a-z]*/*/*")} <= {e.load_id for e in read_ledger(home)}
        nights = [r.night_id for r in read_receipts(home) if r.outcome == "published"]
        assert len(nights) == len(set(nights))
        # What a killed night said that it would publish and did not is withdrawn, and somebody is told of it.
        for receipt in read_receipts(home):
            if receipt.reason.startswith("interrupted"):
                records = [r for r in read_log(home) if r.facts.get("night_id") == receipt.night_id]
                withdrawn = {n for r in records for n in r.facts.get("withdraws", ())}
                assert [r for r in records if r.facts.get("what") == "published" and r.n not in withdrawn] == []
                events = [e for m in AlertLog(home).read()[0] for e in m.events]
                assert [e for e in events if receipt.night_id in e.key and e.kind == "failed"], events
        # Where the killed night had come to its end, the next one finds nothing new.
        assert read_published(home).night_id == nights[-1]


def make_between(folder: Path) -> Between:
    """The first night and the second. With `--long` the second is in a process of its own, as those that are killed."""
    home, today = Home(folder / "home").create(), datetime.now(UTC).date()
    if not how_often.IS_LONG:
        # One unit and one output: figures and outputs are most of the time of a small night.
        home.seeds.mkdir(mode=0o700)
        (home.seeds / "areas.csv").write_text(ONE_UNIT, encoding="utf-8")
        (home.seeds / "areas.csv").chmod(0o600)
        home.config_file.write_text('[publish]\noutputs = ["open"]\n', encoding="utf-8")
        home.config_file.chmod(0o600)
    drop(home, FIRST_NIGHT, 0)
    publish_night(home, today=today)
    drop(home, SECOND_NIGHT, 100)
    whole, changes, began = copied(home, folder / "whole"), 0, time.monotonic()
    if how_often.IS_LONG:
        ended = run(whole)
        assert ended.code == 0, ended.words
        seconds, changes = ended.stages[-1][1] - ended.stages[0][1], len(ended.changes)
    else:
        publish_night(whole, today=today)
        seconds = time.monotonic() - began
    between = Between(home, read_published(home), read_published(whole), read_kept(whole), seconds, changes)
    assert between.old != between.new
    return between
