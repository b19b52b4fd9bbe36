"""A small home between two nights, the process that runs the second night, and the result it must have."""

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
from sequences.write_files import write
from support import publish_night

from dagster_project.audit import read_log
from dagster_project.core.home import PROJECT, Home
from dagster_project.core.receipts import Receipt, read_receipts
from dagster_project.landing import accepted, counts, read_ledger
from dagster_project.nights.alerts.log import AlertLog

FORCE = "derbyshire"
ONE_UNIT = f"force_code,section_code,section_name,lpu_code,lpu_name\n{FORCE},A,One,{FORCE}-one,One\n"
PATIENCE = 240
"""Seconds that a night may take on a busy machine. It usually takes a few."""
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
    # Two extractions of one time that conflict; a late one; one that the first night had; one that conflicts with it.
    File("crimes", 0, 30, 2, ROWS),
    File("crimes", 0, 25, 2, FEWER),
    File("mda_orders", 40, 10, 0, ROWS),
    File("iom_cohort", 0, 20, 0, ROWS),
    File("iom_cohort", 0, 20, 0, FEWER),
    # A month that arrives twice in one night: the second file counts.
    File("stop_search", 31, 28, None, ROWS),
    File("stop_search", 31, 28, None, FEWER),
    File("street_crime", 31, 28, None, FEWER),
    # Held, and refused.
    File("street_crime", 0, 31, None, (), doubled=True),
    File("cash_seizures", 0, 20, 3, ROWS, manifest="fails"),
    File("public_health", *DOWNLOADS[1], 1, FEWER),
)


def drop(home: Home, files: tuple[File, ...], first: int) -> None:
    """Write files into the inbox, and two that are not extracts."""
    for n, file in enumerate(files, start=first):
        write(home.inbox, file, FORCE, n)
    (home.inbox / f"minutes {first}.docx").write_bytes(b"not an extract")
    (home.inbox / f"naloxone__{FORCE}__2025-01-01__2025-01-31__20260201T020000Z.csv").write_bytes(b"\0\1\2")


@dataclass(frozen=True)
class NightResult:
    """How a night ended: its exit code (-9: killed), and its output."""

    code: int
    output: str

    @property
    def stages(self) -> list[tuple[str, float]]:
        """Stages, with the second at which each began."""
        return [(name, float(at)) for at, name in re.findall(r"^STAGE (\S+) (\w+)$", self.output, re.MULTILINE)]

    @property
    def changes(self) -> list[str]:
        """Changes to files of the home, each noted before it was made."""
        return re.findall(r"^WRITE \d+ (.*)$", self.output, re.MULTILINE)

    @property
    def messages(self) -> str:
        """The output that a person would read."""
        return "\n".join(x for x in self.output.splitlines() if x and not x.startswith(("STAGE ", "WRITE ")))


def run(home: Home, seconds: float | None = None, **request: Any) -> NightResult:
    """Run a night in a process of its own. `request`: what interrupts it, as `night_process` takes it.

    `seconds`: kill -9 its process group so long after landing began. A night that takes longer than PATIENCE is killed,
    and AssertionError has its output.
    """
    # Not on the disk of the home, which may be full.
    handle, name = tempfile.mkstemp(prefix="night-", suffix=".report")
    os.close(handle)
    report = Path(name)
    env = os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'tests'}", "COLUMNS": "300", "NO_COLOR": "1"}
    with report.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "faults.night_process"], cwd=PROJECT, env=env, text=True, start_new_session=True,
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
        output = report.read_text(encoding="utf-8", errors="replace")
        report.unlink()
    return NightResult(code, output)


FIGURES = "select * from marts.measures order by all"
CURRENT = (
    "select extract, force_code, rows_current, covered_days, rows_landed, rows_quarantined from meta.extracts order by all"
)


@dataclass(frozen=True)
class Published:
    """What the published file holds: every figure, and a summary of every extract."""

    figures: tuple[Any, ...]
    extracts: tuple[Any, ...]
    night_id: str = field(compare=False)


def read_published(home: Home) -> Published:
    """Open the published file and read all of it."""
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        night = con.execute("select night_id from meta.nights where finished_at is null").fetchall()
        return Published(tuple(con.execute(FIGURES).fetchall()), tuple(con.execute(CURRENT).fetchall()), night[0][0])


@dataclass(frozen=True)
class StoredFiles:
    """What a home stores of its files: loads with their rows, quarantined rows, and the files themselves. Night and load
    ids, which differ between runs, are left out.
    """

    loads: Counter
    rows: Counter
    quarantine: Counter
    files: Counter


def read_stored_files(home: Home) -> StoredFiles:
    """Read the ledger, the Parquet of every load in it, and the folders of files."""
    entries = read_ledger(home)
    totals, loads, rows, quarantine = counts(entries), Counter(), Counter(), Counter()
    last = {e.load_id: e for e in entries if e.load_id and e.outcome in ("accepted", "held")}
    with duckdb.connect() as con:
        for load_id, e in last.items():
            n = totals[load_id]
            assert n.rows_in_file == n.rows_landed + n.rows_quarantined + n.rows_duplicate, e
            loads[e.source_file, e.sha256, e.outcome, n] += 1
            for counter, folder in ((rows, home.raw), (quarantine, home.quarantine)):
                paths = [str(p) for p in (folder / e.extract / e.force_code).glob(f"{load_id}*.parquet")]
                if paths:
                    stored = con.execute("select * exclude (_load_id, _extracted_at) from read_parquet(?)", [paths]).fetchall()
                    counter.update((e.sha256, *row) for row in stored)
    # A file whose name was in the archive already has a number in its name.
    names = [p.name for folder in (home.inbox, home.archive) for p in folder.rglob("*") if p.is_file()]
    return StoredFiles(loads, rows, quarantine, Counter(re.sub(r"\.\d+(\.manifest\.json)?$", r"\1", name) for name in names))


def loads_accepted_twice(home: Home) -> list[str]:
    """Loads that the ledger accepts more than once."""
    times = Counter(e.load_id for e in read_ledger(home) if e.outcome == "accepted" and e.load_id)
    return [load for load, n in times.items() if n > 1] + ([] if len(accepted(read_ledger(home))) == len(times) else ["?"])


def last_receipt(home: Home) -> Receipt:
    """The newest receipt."""
    return read_receipts(home)[-1]


def copied(home: Home, to: Path) -> Home:
    """A copy of a home, with the times of its files."""
    shutil.copytree(home.path, to, symlinks=True)
    return Home(to)


@dataclass(frozen=True)
class TwoNights:
    """A home with one night published and the files of a second in its inbox, and the result of the second if uninterrupted."""

    home: Home
    old: Published
    new: Published
    stored: StoredFiles
    seconds: float
    """From the second night's landing to its end."""
    changes: int
    """Changes that the second night makes to files of the home."""

    def published_night(self, home: Home) -> str:
        """Which night a home has published: `old`, the first, or `new`, the second. The file must be whole."""
        published = read_published(home)
        assert published in (self.old, self.new), "the file is of neither night"
        return "old" if published == self.old else "new"

    def check_next(self, home: Home, result: NightResult) -> None:
        """Check that the next night succeeded without help, and that no row is lost or doubled."""
        assert result.code == 0, result.messages
        assert self.published_night(home) == "new"
        assert read_stored_files(home) == self.stored
        assert loads_accepted_twice(home) == []
        assert [str(p) for p in home.path.rglob(".*.new") if p.is_file()] == []
        # Every file in raw/ is in the ledger.
        assert {p.stem for p in home.raw.glob("[a-z]*/*/*")} <= {e.load_id for e in read_ledger(home)}
        nights = [r.night_id for r in read_receipts(home) if r.outcome == "published"]
        assert len(nights) == len(set(nights))
        # If a killed night recorded a publication that it did not make, the record is withdrawn and an alert is sent.
        for receipt in read_receipts(home):
            if receipt.reason.startswith("interrupted"):
                records = [r for r in read_log(home) if r.facts.get("night_id") == receipt.night_id]
                withdrawn = {n for r in records for n in r.facts.get("withdraws", ())}
                assert [r for r in records if r.facts.get("what") == "published" and r.n not in withdrawn] == []
                events = [e for m in AlertLog(home).read()[0] for e in m.events]
                assert [e for e in events if receipt.night_id in e.key and e.kind == "failed"], events
        # If the killed night had already published, the next one finds nothing new.
        assert read_published(home).night_id == nights[-1]


def make_two_nights(folder: Path) -> TwoNights:
    """Run the first night and the second. With `--long` the second has a process of its own, as those that are killed."""
    home, today = Home(folder / "home").create(), datetime.now(UTC).date()
    if not how_often.IS_LONG:
        # One unit and one output: figures and outputs take most of the time of a small night.
        home.seeds.mkdir(mode=0o700)
        (home.seeds / "areas.csv").write_text(ONE_UNIT, encoding="utf-8")
        (home.seeds / "areas.csv").chmod(0o600)
        home.config_file.write_text('[publish]\noutputs = ["open"]\n', encoding="utf-8")
        home.config_file.chmod(0o600)
    drop(home, FIRST_NIGHT, 0)
    publish_night(home, today=today)
    drop(home, SECOND_NIGHT, 100)
    uninterrupted, changes, began = copied(home, folder / "whole"), 0, time.monotonic()
    if how_often.IS_LONG:
        result = run(uninterrupted)
        assert result.code == 0, result.messages
        seconds, changes = result.stages[-1][1] - result.stages[0][1], len(result.changes)
    else:
        publish_night(uninterrupted, today=today)
        seconds = time.monotonic() - began
    old, new = read_published(home), read_published(uninterrupted)
    two_nights = TwoNights(home, old, new, read_stored_files(uninterrupted), seconds, changes)
    assert two_nights.old != two_nights.new
    return two_nights
