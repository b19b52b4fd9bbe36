"""How long a filtered read of every mart takes: `python benchmarks/reads.py [--home DIR] [--json FILE]`.

Each mart is asked as a dashboard asks it: one measure, one area, one kind of period, all periods. Several of its measures and
areas in turn, each a number of times; the time is from the question to the last row in Python. The first question of each mart
is left out, as it reads the file. `READERS` has a function a database; each takes SQL and gives the rows.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dagster_project.core.home import Home
from dagster_project.serving import connect

Reader = Callable[[str], list[Any]]
WANTED = 10.0
"""Milliseconds that 95 of 100 reads may take at most."""

MARTS = "select distinct mart from marts.measures order by mart"
SAMPLE_QUERIES = """
    select distinct measure, category, area_type, area_code, period_type from marts.{mart}
    where data_status = 'complete' order by hash(measure || category || area_code || period_type) limit 20
"""
READ = """
    select period_label, period_end, value, prior_value, volume_change, pct_change, data_status from marts.{mart}
    where measure = '{0}' and category = '{1}' and area_type = '{2}' and area_code = '{3}' and period_type = '{4}'
    order by period_end
"""


def duckdb_reader(home: Home) -> Reader:
    """The published file, as `pam query` opens it."""
    con = connect(home)
    return lambda sql: con.execute(sql).fetchall()


READERS: dict[str, Callable[[Home], Reader]] = {"duckdb": duckdb_reader}


def questions(home: Home) -> dict[str, list[str]]:
    """What is asked of each mart."""
    with connect(home) as con:
        return {
            mart: [
                READ.format(*(str(v).replace("'", "''") for v in row), mart=mart)
                for row in con.execute(SAMPLE_QUERIES.format(mart=mart)).fetchall()
            ]
            for (mart,) in con.execute(MARTS).fetchall()
        }


def measure(read: Reader, asked: list[str], rounds: int) -> dict[str, float]:
    """Milliseconds of the reads of one mart: how many, the median, the 95th percentile and the longest."""
    read(asked[0])
    times = []
    for _ in range(rounds):
        for sql in asked:
            began = time.perf_counter()
            read(sql)
            times.append(1000 * (time.perf_counter() - began))
    return {
        "reads": len(times),
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
        "longest_ms": round(max(times), 2),
    }


def main() -> int:
    """Print a table; write JSON where asked. Exit 1 where a mart takes longer than WANTED."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="the warehouse's folder (default: PAM_HOME, else var/)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--rounds", type=int, default=10, help="how often each question is asked (default: 10)")
    given = parser.parse_args()
    home = Home.of(given.home)
    asked = {mart: sqls for mart, sqls in questions(home).items() if sqls}
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, make in READERS.items():
        read = make(home)
        found[name] = {mart: measure(read, sqls, given.rounds) for mart, sqls in asked.items()}
        print(f"{name:<30} {'reads':>6} {'median':>8} {'p95':>8} {'longest':>8}   ms")
        for mart, m in found[name].items():
            late = "" if m["p95_ms"] < WANTED else f"   over {WANTED:g}"
            print(f"{mart:<30} {m['reads']:>6} {m['median_ms']:>8} {m['p95_ms']:>8} {m['longest_ms']:>8}{late}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return int(any(m["p95_ms"] >= WANTED for marts in found.values() for m in marts.values()))


if __name__ == "__main__":
    sys.exit(main())
