"""How often control charts are wrong, and how soon they see a change: on made-up series, by the model that the night builds.

    python -m benchmarks.control_charts [--series 2000] [--seed 20261126] [--out FOLDER]

Without a change: of how many months, and of how many series of 24 and 36 months, a rule says that they are unusual. With a
shift of two standard deviations after two, three and five years: in how many series a month of the new level is marked high by
the chart that is drawn with the first of them, the second, ... the seventh.
"""

import argparse
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from dbt.cli.main import dbtRunner

from benchmarks.report import say
from dagster_project.core.home import DBT_PROJECT, Home, be_quiet
from dagster_project.transform.dbt_runner import _closed_after, manifest
from dagster_project.transform.raw_schema import fresh_candidate, prepare_raw

BEFORE, WITHIN, SHIFT = (24, 36, 60), 7, 2.0
RULES = ("is_outside_limits", "is_run", "is_trend", "is_two_of_three")
ANY = "variation <> 'common cause'"


def main() -> None:
    """Measure, and say it."""
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--series", type=int, default=2000)
    args.add_argument("--seed", type=int, default=20261126)
    args.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    given = args.parse_args()
    be_quiet()
    chance, model = np.random.default_rng(given.seed), _model()
    rows: list[dict[str, Any]] = []
    for kind, made in (("normal", lambda shape: chance.normal(100, 10, shape)), ("Poisson, mean 100", _poisson(chance, 100)),
                       ("Poisson, mean 4", _poisson(chance, 4))):  # fmt: skip
        for months in (24, 36):
            rows.append({"series": kind, "months": months, **_false(model, made((given.series, months)))})
    for kind, level, deviation, made in (
        ("normal", 100, 10, lambda mean, shape: chance.normal(mean, 10, shape)),
        ("Poisson, mean 100", 100, 10, lambda mean, shape: chance.poisson(mean, shape).astype(float)),
    ):
        for months in BEFORE:
            before = made(level, (given.series, months))
            after = made(level + SHIFT * deviation, (given.series, WITHIN))
            found = _found(model, np.concatenate([before, after], axis=1), months)
            rows.append({"series": f"{kind}, shift of {SHIFT:g} sd", "months": f"{months} + {WITHIN}", **found})
    say("control_charts", rows, given.out)


def _poisson(chance: np.random.Generator, mean: float) -> Any:
    return lambda shape: chance.poisson(mean, shape).astype(float)


def _model() -> str:
    """The model as dbt compiles it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        fresh_candidate(home)
        prepare_raw(home, "none", date(2026, 1, 1))
        os.environ["PAM_CANDIDATE"] = str(home.candidate)
        with _closed_after():
            done = dbtRunner(manifest=manifest()).invoke(
                ["--quiet", "--log-level", "none", "--log-level-file", "none", "compile", "-s", "mart_control_charts",
                 "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", folder]
            )  # fmt: skip
    if not done.success:
        raise RuntimeError(f"dbt could not compile the model: {done.exception}")
    return str(done.result.results[0].node.compiled_code)


def _charted(model: str, values: "np.ndarray[Any, Any]", chart: str = "") -> duckdb.DuckDBPyConnection:
    """A connection whose table `charts` has the charts of series, one a row of `values`, with the place `month` of each.

    `chart`: SQL that says which series to chart of `made`: name, month and value; as they are, where it is empty.
    """
    con = duckdb.connect()
    con.execute("attach ':memory:' as warehouse; attach ':memory:' as work")
    con.execute("create schema warehouse.marts; create schema work.staging; create schema work.raw")
    series, months = values.shape
    con.execute(
        "create temp table made as select unnest($1::int[]) as name, unnest($2::int[]) as month, unnest($3::double[]) as value",
        [np.repeat(np.arange(series), months).tolist(), np.tile(np.arange(months), series).tolist(), values.ravel().tolist()],
    )
    con.execute(
        f"""
        create table warehouse.marts.measures as
        select 'm' as mart, 'f' as force_code, 'force' as area_type, 'f' as area_code, 'F' as area_name,
            name::varchar as measure, 'all' as category, 'month' as period_type, day as period_start,
            last_day(day) as period_end, value::decimal(28, 10) as value, 'gbp' as unit, 'complete' as data_status
        from (select *, (date '2020-01-01' + to_months(month))::date as day from ({chart or "from made"}))
        """
    )
    con.execute("create table work.staging.figures_due as select 'm' as mart, 'f' as force_code, 0 as from_month_no")
    con.execute(
        "create table work.raw.rebases (mart varchar, force_code varchar, area_type varchar, area_code varchar,"
        " measure varchar, category varchar, rebase_on date, reason varchar)"
    )
    con.execute(f"create table charts as select *, date_diff('month', date '2020-01-01', period_start) as month from ({model})")
    return con


def _false(model: str, values: "np.ndarray[Any, Any]") -> dict[str, Any]:
    """Shares, in percent, of months and series that are marked."""
    with _charted(model, values) as con:
        by_rule = ", ".join(f"round(100 * avg({rule}::int), 2)" for rule in RULES)
        months, *rules = con.execute(f"select round(100 * avg(({ANY})::int), 2), {by_rule} from charts").fetchone() or ()
        (series,) = con.execute(
            f"select round(100 * avg(marked), 1) from (select max(({ANY})::int) as marked from charts group by measure)"
        ).fetchone() or (None,)
        (newest,) = con.execute(
            f"select round(100 * avg(({ANY})::int), 2) from charts where month = {values.shape[1] - 1}"
        ).fetchone() or (None,)
    said = dict(zip((f"{rule} %" for rule in RULES), rules, strict=True))
    return {"months marked %": months, **said, "newest month marked %": newest, "series with a mark %": series}


def _found(model: str, values: "np.ndarray[Any, Any]", before: int) -> dict[str, Any]:
    """Shares, in percent, of series whose shift after `before` months is seen by each month after it."""
    grown = (
        f"select name * 100 + upto as name, month, value from made, (select unnest(range(1, {WITHIN + 1})) as upto)"
        f" where month < {before} + upto"
    )
    with _charted(model, values, grown) as con:
        seen = con.execute(
            f"""
            with first_seen as (
                select
                    measure::int // 100 as name,
                    min(measure::int % 100) filter (variation = 'high' and month >= {before}) as upto
                from charts group by name
            )
            select u.upto, 100 * count(*) filter (first_seen.upto <= u.upto) / count(*)
            from first_seen, (select unnest(range(1, {WITHIN + 1})) as upto) as u group by u.upto order by u.upto
            """
        ).fetchall()
    return {f"found by {upto} %": round(share, 1) for upto, share in seen}


if __name__ == "__main__":
    main()
