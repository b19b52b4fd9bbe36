"""What a night pays for the record of processing, hashed identifiers, permissions and retention.

    python benchmarks/privacy.py [--rows 1000000] [--repeats 3]

Lands, builds, judges and publishes made-up incidents, crimes and drug tests (every fifth row has an identifier) in homes of
its own, with all of it and with none of it, in turn. Prints seconds of processor time and of the clock for each, the medians,
and what the former costs; on a machine that does other things as well, the processor's are the ones to believe.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import duckdb

from dagster_project.landing import pseudonyms
from dagster_project.night_run import NightRun
from dagster_project.settings import Home

WINDOW = "2024-01-01__2025-12-31__20260105T020000Z"
DAY = "date '2024-01-01' + cast(i % 731 as int)"
UNITS = "['Chesterfield', 'Amber Valley', 'Erewash', 'High Peak', ''][1 + i % 5]"
EXTRACTS = {
    "incidents": (
        0.5,
        f"'I' || i as incident_ref, 'INCIDENT' as record_type, strftime({DAY}, '%Y-%m-%dT10:00:00') as created_at,"
        f" ['Drugs', 'Alcohol', ''][1 + i % 3] as qualifiers, 'Priority' as grade, 'Phone' as channel, {UNITS} as lpu",
    ),
    "crimes": (
        0.3,
        f"'C' || i as crime_ref, {DAY} as recorded_on, ['92D', '92A', '28E'][1 + i % 3] as offence_code,"
        f" 'Recorded' as status, {UNITS} as lpu",
    ),
    "drug_tests": (
        0.2,
        f"'D' || i as custody_ref, strftime({DAY}, '%Y-%m-%dT11:00:00') as arrested_at, 'Theft' as trigger_offence,"
        f" 'Completed' as test_status, ['Positive', 'Negative'][1 + i % 2] as result, {UNITS} as lpu",
    ),
}
"""Share of the rows, and SQL of the columns."""


def write_files(folder: Path, rows: int) -> None:
    """The night's three files, `rows` rows in all."""
    for name, (share, columns) in EXTRACTS.items():
        path = folder / f"{name}__derbyshire__{WINDOW}.csv"
        duckdb.execute(f"copy (select {columns} from range({int(rows * share)}) as r(i)) to '{path}' (header)")


def plainly(con: duckdb.DuckDBPyConnection, _: object) -> None:
    """Identifiers as they are: to measure by, in a folder that is thrown away."""
    con.execute("create or replace temp macro pam_pseudonym(x) as x")


def without(stack: ExitStack) -> None:
    """Switch all of it off."""
    stack.enter_context(mock.patch.object(pseudonyms, "install", plainly))
    for name in ("audit.record", "audit.record_all", "night_run.record", "night_run.record_all", "night_run.share",
                 "night_run.share_published", "night_run.erase_expired", "night_run.count_superseded"):  # fmt: skip
        stack.enter_context(mock.patch(f"dagster_project.{name}", lambda *a, **k: []))


def one_night(inbox: Path, is_plain: bool) -> tuple[float, float]:
    """A night in a new home: seconds of processor time, and of the clock."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        if is_plain:
            without(stack)
        run = NightRun(Home(Path(folder) / "home").create(), inbox)
        cpu, clock = time.process_time(), time.perf_counter()
        try:
            run.land()
            run.build()
            run.judge()
            run.publish()
        finally:
            run.end()
        return time.process_time() - cpu, time.perf_counter() - clock


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    found: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder:
        small, inbox = Path(folder) / "small", Path(folder) / "inbox"
        for path, rows in ((small, 1000), (inbox, asked.rows)):
            path.mkdir()
            write_files(path, rows)
        # What the first night of a process pays once.
        one_night(small, False)
        for n in range(asked.repeats):
            for is_plain in (True, False) if n % 2 else (False, True):
                found[is_plain].append(one_night(inbox, is_plain))
                print(f"{'without' if is_plain else 'with   '}  {found[is_plain][-1][0]:7.2f} s of processor time,"
                      f" {found[is_plain][-1][1]:7.2f} s by the clock", flush=True)  # fmt: skip
    for kind, name in ((0, "processor time"), (1, "the clock")):
        bare, full = (statistics.median(times[kind] for times in found[p]) for p in (True, False))
        print(f"median by {name}: {bare:.2f} s without, {full:.2f} s with: {100 * (full / bare - 1):+.1f}%")


if __name__ == "__main__":
    main()
