"""How long a filtered read of every mart takes: from the published file, and from PostgreSQL.

    python -m benchmarks.reads [--home DIR] [--postgres FILE] [--rounds 10] [--out FOLDER]

Each mart is asked as a dashboard asks it: one measure, one area, one kind of period, all periods. Several of its measures and
areas in turn, each a number of times; the time is from the question to the last row in Python. The first question of each mart
is left out, as it reads the file. `--postgres`: a file with the connection string of pam_analyst, such as `analyst.dsn` that
`pam postgres --embedded` writes; PostgreSQL is asked for the star, too. Exits 1 where 95 of 100 reads do not take under 10 ms.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.report import options, write_results
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
STAR = """
    select dim_date.financial_year_label, dim_date.month_label, sum(fact_figure.value)
    from bi.fact_figure
    join bi.dim_measure using (measure_key) join bi.dim_area using (area_key) join bi.dim_date using (date_key)
    where dim_measure.mart = '{mart}' and dim_measure.measure = '{0}' and fact_figure.category = '{1}'
        and dim_area.area_type = '{2}' and dim_area.area_code = '{3}' and fact_figure.period_type = '{4}'
    group by 1, 2
"""


def questions(home: Home, template: str) -> dict[str, list[str]]:
    """What is asked of each mart."""
    with connect(home) as con:
        return {
            mart: [
                template.format(*(str(v).replace("'", "''") for v in row), mart=mart)
                for row in con.execute(SAMPLE_QUERIES.format(mart=mart)).fetchall()
            ]
            for (mart,) in con.execute(MARTS).fetchall()
        }


def measure(read: Reader, asked: list[str], rounds: int) -> dict[str, float]:
    """Milliseconds of some reads: how many, the median, the 95th percentile and the longest."""
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
    """Measure, and print the result. Exit 1 where a mart takes longer than WANTED."""
    args = options(__doc__)
    args.add_argument("--home", type=Path)
    args.add_argument("--postgres", type=Path)
    args.add_argument("--rounds", type=int, default=10)
    given = args.parse_args()
    home = Home.of(given.home)
    asked = {mart: sqls for mart, sqls in questions(home, READ).items() if sqls}
    with connect(home) as con:
        rows = [
            {"from": "file", "what": mart, **measure(lambda sql: con.execute(sql).fetchall(), sqls, given.rounds)}
            for mart, sqls in asked.items()
        ]
    if given.postgres:
        asked["the star"] = [sql for sqls in questions(home, STAR).values() for sql in sqls]
        with psycopg.connect(given.postgres.read_text().strip(), autocommit=True) as server:
            rows += [
                {"from": "PostgreSQL", "what": what, **measure(lambda sql: server.execute(sql).fetchall(), sqls, given.rounds)}
                for what, sqls in asked.items()
            ]
    write_results("reads", rows, given.out)
    return int(any(row["p95_ms"] >= WANTED for row in rows))


if __name__ == "__main__":
    sys.exit(main())
