"""What a night pays for the record of processing, hashed identifiers, permissions, retention and the public form.

    python -m benchmarks.privacy [--rows 1000000] [--repeats 3] [--json FILE]

Lands, builds, judges and publishes made-up incidents, crimes and drug tests (every fifth row has an identifier) in temporary
homes: in turn with all of it, with all but the public form (`marts_public`, suppressed), and with none. Prints the seconds of
processor time and of the clock of each night, the medians, and what each part costs. On a busy machine, believe processor time.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from unittest import mock

import duckdb

from dagster_project.core.home import Home
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
    """Write the night's three files, with `rows` rows in all."""
    with duckdb.connect() as con:
        for name, (share, columns) in EXTRACTS.items():
            path = folder / f"{name}__derbyshire__{WINDOW}.csv"
            con.execute(f"copy (select {columns} from range({int(rows * share)}) as r(i)) to '{path}' (header)")


def install_plain(con: duckdb.DuckDBPyConnection, _: object) -> None:
    """Leave identifiers as they are, in place of hashing them."""
    con.execute("create or replace temp macro pam_pseudonym(x) as x")


WITH, EXACT, WITHOUT = "with all of it", "without the public form", "without any of it"
KINDS = (WITH, EXACT, WITHOUT)
SMALL = 1000
"""Rows of a night that only loads the libraries."""
OFF = {
    "landing.pseudonyms.install": install_plain,
    "audit.record_all": 0,
    "audit.log.record_all": 0,
    "nights.run.erase_expired_loads": (),
    "nights.run.erase_expired_rows": ([], ""),
    "nights.publish_step.count_superseded": {},
    "publishing.folder_swap.share": None,
    "publishing.keep_night.share_published": None,
}
"""What is replaced to switch everything off but the public form, which a setting switches off: by a function, or by one that
returns the value."""


@contextmanager
def switched_off() -> Iterator[None]:
    """Switch off the record, hashing, permissions and retention."""
    with ExitStack() as stack:
        for name, off in OFF.items():
            replacement = off if callable(off) else lambda *_, off=off, **__: off
            stack.enter_context(mock.patch(f"dagster_project.{name}", replacement))
        yield


def one_night(inbox: Path, kind: str) -> tuple[float, float]:
    """Run a night in a new home. Returns its seconds of processor time, and of the clock."""
    with tempfile.TemporaryDirectory() as folder, switched_off() if kind == WITHOUT else nullcontext():
        home = Home(Path(folder) / "home").create()
        if kind != WITH:
            home.config_file.write_text('[public]\nmode = "off"\n', encoding="utf-8")
        run = NightRun(home, inbox)
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
    arguments = parser.parse_args()
    seconds: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        small, inbox = Path(folder) / "small", Path(folder) / "inbox"
        for path, rows in ((small, SMALL), (inbox, arguments.rows)):
            path.mkdir()
            write_files(path, rows)
        if arguments.rows > SMALL:
            # So that no measured night is the first of its process, which loads the libraries.
            one_night(small, WITH)
        for n in range(arguments.repeats):
            for kind in reversed(KINDS) if n % 2 else KINDS:
                seconds[kind].append(one_night(inbox, kind))
                print(f"{kind:24}{seconds[kind][-1][0]:7.2f} s of processor time,"
                      f" {seconds[kind][-1][1]:7.2f} s by the clock", flush=True)  # fmt: skip
    medians = {kind: [statistics.median(times[n] for times in seconds[kind]) for n in (0, 1)] for kind in KINDS}
    print(f"\n{'median':24}{'processor':>12}{'clock':>12}")
    for kind, (cpu, clock) in medians.items():
        bare = medians[WITHOUT]
        print(f"{kind:24}{cpu:9.2f} s  {clock:9.2f} s  {100 * (cpu / bare[0] - 1):+5.1f}% of processor time")
    if arguments.json:
        result = {"rows": arguments.rows, "seconds": seconds, "medians": medians}
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
