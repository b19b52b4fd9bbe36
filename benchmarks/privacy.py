"""What a night pays for the record of processing, hashed identifiers, permissions, retention and the public form.

    python benchmarks/privacy.py [--rows 1000000] [--repeats 3] [--json FILE]

Lands, builds, judges and publishes made-up incidents, crimes and drug tests (every fifth row has an identifier) in homes of
its own: in turn with all of it, with all but the public form (`marts_public`, suppressed), and with none. Prints seconds of
processor time and of the clock for each, the medians, and what each costs; on a machine that does other things as well, the
processor's are the ones to believe.
"""

import argparse
import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import duckdb

from dagster_project.core.home import Home
from dagster_project.landing import pseudonyms
from dagster_project.nights.run import NightRun

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


WITH, EXACT, WITHOUT = "with all of it", "without the public form", "without any of it"
KINDS = (WITH, EXACT, WITHOUT)


def without(stack: ExitStack, kind: str) -> None:
    """Switch off what this kind of night is to do without."""
    if kind == WITH:
        return
    stack.enter_context(mock.patch("dagster_project.public_form.publish_public", lambda *a, **k: None))
    if kind == EXACT:
        return
    stack.enter_context(mock.patch.object(pseudonyms, "install", plainly))
    for name in ("audit.record", "audit.log.record", "night_run.record", "night_run.erase_expired",
                 "night_run.count_superseded", "layout.share", "publications.share_published"):  # fmt: skip
        stack.enter_context(mock.patch(f"dagster_project.{name}", lambda *a, **k: []))


def one_night(inbox: Path, kind: str) -> tuple[float, float]:
    """A night in a new home: seconds of processor time, and of the clock."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        without(stack, kind)
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
    parser.add_argument("--json", type=Path, help="write the seconds and medians to this file as well")
    asked = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        small, inbox = Path(folder) / "small", Path(folder) / "inbox"
        for path, rows in ((small, 1000), (inbox, asked.rows)):
            path.mkdir()
            write_files(path, rows)
        # What the first night of a process pays once.
        one_night(small, WITH)
        for n in range(asked.repeats):
            for kind in reversed(KINDS) if n % 2 else KINDS:
                found[kind].append(one_night(inbox, kind))
                print(f"{kind:24}{found[kind][-1][0]:7.2f} s of processor time,"
                      f" {found[kind][-1][1]:7.2f} s by the clock", flush=True)  # fmt: skip
    medians = {kind: [statistics.median(times[n] for times in found[kind]) for n in (0, 1)] for kind in KINDS}
    print(f"\n{'median':24}{'processor':>12}{'clock':>12}")
    for kind, (cpu, clock) in medians.items():
        bare = medians[WITHOUT]
        print(f"{kind:24}{cpu:9.2f} s  {clock:9.2f} s  {100 * (cpu / bare[0] - 1):+5.1f}% of processor time")
    if asked.json:
        said = {"rows": asked.rows, "seconds": found, "medians": medians}
        asked.json.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
