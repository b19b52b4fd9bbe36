"""Two publications, kept by an outsider: what both together give away, and what they don't."""

from collections.abc import Collection
from functools import cache

import duckdb
import pytest

from dagster_project.core.config import Public
from dagster_project.public_form import write_public

from .attack import RATES, Found, Series, attack, month
from .tables import MEASURES, make

LONG = 34
"""Months that a made table may have: two financial years and more."""
OF = {mart: [m for at, m in MEASURES if at == mart] for mart, _ in MEASURES}


@cache
def published(
    seed: int, *, but: int = 0, corrected: str = "", running_year: str = "hidden", missing: Collection[int] = (),
    without: str = "",
) -> duckdb.DuckDBPyConnection:  # fmt: skip
    """To be read, not changed."""
    con = make(seed, LONG, but, corrected, missing, without)
    write_public(con, Public(running_year=running_year), "staging")
    return con


def told(con: duckdb.DuckDBPyConnection) -> dict[tuple[Series, int, int], int]:
    """Every count that a publication shows, parts of rates and years before among them, of periods that were over."""
    found = {}
    rows = con.execute(
        f"select measure, area_type, area_code, category, {month('period_start')}, {month('period_end')}, value, numerator,"
        " denominator, prior_value from marts_public.measures where data_status = 'complete' order by all"
    ).fetchall()
    for measure, kind, code, category, a, b, value, n, d, prior in rows:
        if measure in RATES:
            above, below, of = RATES[measure]
            for name, figure, cat in ((above, n, category), (below, d, of or category)):
                if figure is not None:
                    found[(name, kind, code, cat), a, b] = int(figure)
            continue
        if value is not None:
            found[(measure, kind, code, category), a, b] = int(value)
        if prior is not None:
            found[(measure, kind, code, category), a - 12, b - 12] = int(prior)
    return found


def together(
    earlier: duckdb.DuckDBPyConnection, later: duckdb.DuckDBPyConnection, mart: str, gone: int = 0, enough: int = 10**9
) -> Found:
    """Attack the later one with the earlier one in hand. `gone`: how many rows are gone since, at most."""
    more = {key: (max(0, figure - gone), figure) for key, figure in told(earlier).items()}
    crossed = mart == "mart_drug_offences"
    where = f"p.mart = '{mart}'"
    return attack(
        later, OF[mart], areas="staging.areas_listed", where=where, crossed=crossed, more=more, enough=enough
    )


def test_years_that_are_shown_when_they_are_over_give_nothing_away_later() -> None:
    earlier, later = published(1007, but=1), published(1007)
    assert len(told(earlier)) > 100
    for mart in OF:
        found = together(earlier, later, mart)
        assert found.hidden > 50 and found.broken == []


def test_a_year_that_is_shown_while_it_runs_gives_figures_away_later() -> None:
    """What the setting is for: a year that could be split has to stay whole in the end, and the earlier publication, here of a
    whole quarter before, has its pieces."""
    earlier, later = published(1023, but=3, running_year="shown"), published(1023, running_year="shown")
    assert together(later, later, "mart_drug_offences").broken == []
    broken = together(earlier, later, "mart_drug_offences", enough=3).broken
    assert any(least == most for *_, least, most in broken), "a small figure comes out exactly"


def test_what_is_hidden_is_told_in_a_sentence() -> None:
    con = published(1007)
    (comment,) = con.execute("select comment from duckdb_tables() where schema_name = 'marts_public'").fetchone()
    assert "no financial year that is not over" in comment
    (last,) = con.execute("select max(period_end) from marts_public.measures where value > 0").fetchone()
    assert last.month == 3
    shown = published(1007, running_year="shown")
    assert shown.execute("select max(period_end) from marts_public.measures where value > 0").fetchone()[0] > last


def test_a_figure_that_a_correction_makes_small_is_known_to_who_kept_the_earlier_one() -> None:
    """Not covered by any setting, and said so: 5 was shown, one row is gone, and what is hidden now is 4 or 5."""
    corrected = published(1002, corrected="code = 'c2' and m between 24279 and 24290")
    assert together(corrected, corrected, "mart_drug_offences").broken == []
    broken = together(published(1002), corrected, "mart_drug_offences", gone=1, enough=1).broken
    assert [(least, most) for *_, least, most in broken] == [(4, 5)]


SHOWN = "select * from marts_public.measures"
DIFFERING = f"""
create table made as
select mart, force_code, min({month('period_end')})::int as from_month_no
from ((from marts.measures except from earlier) union all (from earlier except from marts.measures))
group by all
"""


LARGEST = "mart_stop_search"
"""Half of the figures, made in part as those of the other marts are."""


def shown(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """The public form: how many rows, and a sum of their hashes, which their order does not change."""
    return con.execute(f"select count(*), sum(hash(t)) from ({SHOWN}) as t").fetchone()


def stand_on(con: duckdb.DuckDBPyConnection, earlier: duckdb.DuckDBPyConnection) -> None:
    """Give the connection the public form of the night before; `made` says what of it is made again."""
    for name, sql in (("stood", "from marts.measures"), ("shown", SHOWN)):
        con.register(name, earlier.sql(sql).to_arrow_table())
    con.execute("create table earlier as from stood")
    con.execute("create schema marts_public; create table marts_public.measures as from shown")
    con.execute(DIFFERING)


@pytest.mark.parametrize(
    ("seed", "but", "corrected", "running_year"),
    [
        (1002, 0, "code = 'c2' and m between 24279 and 24290", "hidden"),
        pytest.param(1003, 2, "m > 24290", "hidden", marks=pytest.mark.long),
        (1004, 5, "", "shown"),
    ],
)
def test_what_is_made_in_part_is_what_making_all_gives(seed: int, but: int, corrected: str, running_year: str) -> None:
    """The public form of the night before, with what changed of it made again, and the whole of tonight's."""
    same_in_part(
        published(seed, but=but, running_year=running_year, without=LARGEST),
        published(seed, corrected=corrected, running_year=running_year, without=LARGEST),
        make(seed, LONG, 0, corrected, without=LARGEST),
        running_year,
    )


GAP = (24301, 24302)
"""February and March 2025, of a seed whose months end with May."""
YEARS_BETWEEN = range(24275, 24291)
"""December 2022 to March 2024: 2023 and 2023/24 have no figure."""


@pytest.mark.parametrize(
    ("running_year", "before", "after"),
    [
        ("hidden", {"but": 2, "missing": GAP}, {"missing": GAP}),
        ("shown", {"but": 1, "missing": GAP}, {"but": 1, "missing": (*GAP, 24303)}),
        ("hidden", {"missing": YEARS_BETWEEN}, {"missing": YEARS_BETWEEN, "corrected": "m > 24302"}),
    ],
)
def test_months_that_are_missing_change_nothing_of_that(running_year: str, before: dict, after: dict) -> None:
    """A year is over with the first month after it that is covered, and is not over where that month goes again: figures of
    that year change, though none of its months does. Of years before a gap no later one knows.
    """
    earlier, whole = (published(1014, running_year=running_year, without=LARGEST, **given) for given in (before, after))
    same_in_part(earlier, whole, make(1014, LONG, without=LARGEST, **after), running_year)


def same_in_part(
    earlier: duckdb.DuckDBPyConnection, whole: duckdb.DuckDBPyConnection, con: duckdb.DuckDBPyConnection, running_year: str
) -> None:
    """Have the connection's public form made in part, on that of the night before; it is to be the whole one."""
    stand_on(con, earlier)
    assert con.execute("select count(*) from made").fetchone() > (0,)
    write_public(con, Public(running_year=running_year), "staging", made="made")
    assert shown(con) == shown(whole)
