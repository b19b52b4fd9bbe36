"""How long filtered reads take in PostgreSQL: each mart, the stack of all, and the star, as pam_analyst.

    python benchmarks/reads_postgres.py FILE [--times 20]

FILE holds the connection string of pam_analyst: `pam postgres --embedded` writes one, `analyst.dsn` in postgres/ of the home.
"""

import argparse
import time
from pathlib import Path

import psycopg

FILTER = "measure = %s and category = %s and area_type = %s and period_type = %s"
STAR = (
    "select d.financial_year_label, d.month_label, sum(f.value) from bi.fact_figure f join bi.dim_measure m using (measure_key)"
    " join bi.dim_area a using (area_key) join bi.dim_date d using (date_key) where m.mart = %s and m.measure = %s"
    " and f.category = %s and a.area_type = %s and f.period_type = %s group by 1, 2"
)


def main() -> None:
    """Print median and 95% of each kind of read, in milliseconds; exit 1 where any 95% is 10 or more."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    slow = 0
    with psycopg.connect(given.file.read_text().strip(), autocommit=True) as con:
        names = [n for (n,) in con.execute("select distinct mart from bi.dim_measure order by 1")]
        asked: list[tuple[str, str, list[tuple[str, ...]]]] = []
        stack, star = [], []
        for name in names:
            own = con.execute(
                f"select distinct measure, category, area_type, period_type from marts.{name} order by 1, 2, 3, 4"
            ).fetchall()
            picked = own[:: max(1, len(own) // given.times)][: given.times]
            asked.append((f"marts.{name}", f"select * from marts.{name} where {FILTER}", picked))
            stack.append((name, *picked[0]))
            star.append((name, *picked[0]))
        asked.append(("marts.measures", f"select * from marts.measures where mart = %s and {FILTER}", stack))
        asked.append(("bi, the star", STAR, star))
        for name, sql, parameters in asked:
            for p in parameters[:2]:
                con.execute(sql, p).fetchall()
            seconds = []
            for p in (parameters * given.times)[: max(given.times, len(parameters))]:
                began = time.perf_counter()
                con.execute(sql, p).fetchall()
                seconds.append(time.perf_counter() - began)
            seconds.sort()
            at95 = seconds[int(len(seconds) * 0.95) - 1] * 1000
            slow += at95 >= 10
            least = seconds[0] * 1000
            middle = seconds[len(seconds) // 2] * 1000
            print(f"{name:30} {len(seconds):4} reads  least {least:6.2f}  median {middle:6.2f}  95% {at95:6.2f} ms")
    raise SystemExit(1 if slow else 0)


if __name__ == "__main__":
    main()
