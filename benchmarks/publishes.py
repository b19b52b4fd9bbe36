"""Publishes while readers ask: every answer must be of one night, and none an error.

    python -m benchmarks.publishes HOME [--publishes 100] [--readers 20]

HOME is a home with a published night (`pam nightly --sample --home HOME`). Its file is copied for each publish, with the
publish's number put in every relation that has rows. The copies are published by the warehouse's own code in a home of
their own, and loaded into a PostgreSQL that is started for it. Each reader is a process that asks both, in turn, for the
numbers of all relations in one question: an answer with two numbers is a mixed night.
"""

import argparse
import multiprocessing
import random
import shutil
import statistics
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.home import Home
from dagster_project.publishing import postgres, publish
from dagster_project.publishing.postgres import Server, embedded
from dagster_project.serving import connect

FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)


@dataclass
class Base:
    """A night's file to make copies of. `places`: for each relation, the column that can hold a number."""

    path: Path
    places: dict[str, str] = field(default_factory=dict)


FIGURES = ("marts", "marts_public")


def make_base(warehouse: Path, to: Path, months: int = 12) -> Base:
    """A smaller copy of a published file: figures of its last months. Views stay views."""
    shutil.copyfile(warehouse, to)
    base = Base(to)
    with duckdb.connect(str(to)) as con:
        con.execute("checkpoint")
        tables = con.execute(
            # Those that go to PostgreSQL, too, and the last text of each.
            "select schema_name, table_name, arg_max(column_name, column_index) filter (data_type = 'VARCHAR')"
            " from duckdb_columns() semi join duckdb_tables() using (schema_name, table_name)"
            " where list_contains(?, schema_name) group by all order by all",
            [sorted(publish.PUBLISHED_SCHEMAS | publish.OPTIONAL_SCHEMAS)],
        ).fetchall()
        for schema, table, text in tables:
            full, column = f'"{schema}"."{table}"', text
            if schema in FIGURES:
                column = "value"
                con.execute(
                    f"delete from {full} where period_end < (select max(period_end) from {full}) - interval {months} month"
                    " or area_type not in ('force', 'country')"
                )
            if column and con.execute(f"select count(*) from {full}").fetchone() != (0,):
                base.places[full] = column
    return base


def stamp(base: Base, to: Path, number: int) -> None:
    """A copy of the base with a number in every relation."""
    night_id = (FIRST + timedelta(days=number)).strftime("%Y%m%dT%H%M%SZ")
    shutil.copyfile(base.path, to)
    with duckdb.connect(str(to)) as con:
        for full, column in base.places.items():
            con.execute(f"update {full} set \"{column}\" = '{number}'")
        con.execute("update meta.nights set night_id = ? where finished_at is null", [night_id])
        con.execute("checkpoint")


def question(base: Base) -> str:
    """One question, in the SQL of both, that gives each number that is found in any relation."""
    places = {**base.places, "marts.measures": "value", "bi.fact_figure": "value", "bi.fact_month": "value"}
    number = 'cast(cast(max("{}") as decimal(10, 0)) as varchar(20)) as number'
    parts = [f"select {number.format(column)} from {full}" for full, column in places.items()]
    return f"select distinct number from ({' union all '.join(parts)}) as found where number is not null order by number"


def publish_and_load(home: Home, base: Base, number: int, server: Server) -> float:
    """Publish and load one numbered night, by the warehouse's own code. Returns the seconds of the load."""
    home.create()
    stamp(base, home.candidate / WAREHOUSE, number)
    publish.seal(home)
    publish.publish(home)
    # Without receipts, no night in the database is known to be this home's.
    brought = postgres.load_if_newer(home, server, by_hand=True)
    assert brought.outcome == "loaded", brought
    return brought.seconds


@dataclass
class Read:
    """What one reader saw. `seconds` by `file` and `postgresql`."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"file": [], "postgresql": []})
    faults: list[str] = field(default_factory=list)
    nights: set[str] = field(default_factory=set)


def read(home: Home, dsn: str, sql: str, until: Any, keep_connection: bool, pause: float = 0.0) -> Read:
    """Ask the file and PostgreSQL in turn until `until` is set, with a pause of so many seconds, on average, in between."""
    seen, con = Read(), None
    last = {"file": 0.0, "postgresql": 0.0}
    while not until.is_set():
        for source in last:
            began = time.perf_counter()
            try:
                if source == "file":
                    with connect(home) as file:
                        rows = file.execute(sql).fetchall()
                else:
                    con = con or psycopg.connect(dsn, autocommit=True)
                    rows = con.execute(sql).fetchall()
                    if not keep_connection:
                        con.close()
                        con = None
            except Exception as error:
                seen.faults.append(f"{source}: {type(error).__name__}: {error}")
                continue
            seen.seconds[source].append(time.perf_counter() - began)
            found = [row[0] for row in rows]
            if len(found) != 1:
                seen.faults.append(f"{source}: a mixed night: {found}")
            elif float(found[0]) < last[source]:
                seen.faults.append(f"{source}: night {found[0]} after night {last[source]}")
            else:
                last[source] = float(found[0])
                seen.nights.add(found[0])
        time.sleep(random.uniform(0, 2 * pause))  # noqa: S311
    if con:
        con.close()
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--publishes", type=int, default=100)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between a reader's questions, on average")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pam-publishes-"))
    home = Home(folder / "home").create()
    found = embedded.start(home)
    try:
        server = Server.of(found.loader_file.read_text().strip())
        dsn = found.analyst_file.read_text().strip()
        base = make_base(Home(given.home.resolve()).warehouse, folder / "base.duckdb")
        sql = question(base)
        publish_and_load(home, base, 1, server)
        stop = threading.Event()
        threading.Timer(2, stop.set).start()
        alone = read(home, dsn, sql, stop, True).seconds
        spawn = multiprocessing.get_context("spawn")
        with spawn.Manager() as manager, ProcessPoolExecutor(given.readers, spawn) as pool:
            until = manager.Event()
            readers = [pool.submit(read, home, dsn, sql, until, bool(n % 2), given.pause) for n in range(given.readers)]
            began, loads = time.perf_counter(), []
            try:
                for number in range(2, given.publishes + 2):
                    loads.append(publish_and_load(home, base, number, server))
                    print(f"\r{number - 1} of {given.publishes}", end="", flush=True)
            finally:
                until.set()
            seconds = time.perf_counter() - began
            seen = [reader.result() for reader in readers]
    finally:
        embedded.stop(home)
        shutil.rmtree(folder, ignore_errors=True)
    faults = [fault for one in seen for fault in one.faults]
    print(f"\n{len(loads)} publishes in {seconds:.0f} s, {len(seen)} readers, {len(base.places) + 2} relations a question")
    print(f"a load: median {statistics.median(loads):.2f} s, longest {max(loads):.2f} s")
    for source in ("file", "postgresql"):
        times = sorted(s for one in seen for s in one.seconds[source])
        own = sorted(alone[source])
        print(
            f"{source}: {len(times):,} answers; median {times[len(times) // 2] * 1000:.0f} ms, 99% within"
            f" {times[int(len(times) * 0.99)] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms"
            f" (one reader alone: median {own[len(own) // 2] * 1000:.0f} ms, longest {own[-1] * 1000:.0f} ms)"
        )
    print(f"nights seen: {len(set().union(*(one.nights for one in seen)))}; errors and mixed nights: {len(faults)}")
    for fault in faults[:20]:
        print(f"  {fault}")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
