"""What two publications together give away to someone who kept both, and what they do not."""

from collections.abc import Collection
from functools import cache

import duckdb
import pytest
from how_often import often

from dagster_project.core.config import Public
from dagster_project.public_form.write_measures import write_public

from .attack import RATES, AttackResult, Series, attack, month
from .random_marts import MEASURES, make_marts

MONTHS = 34
"""Most months of the random marts: over two financial years."""
MEASURES_OF = {mart: [m for at, m in MEASURES if at == mart] for mart, _ in MEASURES}


@cache
def published(
    seed: int, *, months_to_come: int = 0, corrected: str = "", running_year: str = "hidden", missing: Collection[int] = (),
    without: str = "", only: str = "", in_part: str = "",
) -> duckdb.DuckDBPyConnection:  # fmt: skip
    """Random marts with their public form. Do not change it."""
    con = make_marts(seed, MONTHS, months_to_come, corrected, missing, without, only, in_part)
    write_public(con, Public(running_year=running_year), "staging")
    return con


def public_figures(con: duckdb.DuckDBPyConnection) -> dict[tuple[Series, int, int], int]:
    """Every count that a publication shows of finished periods, with parts of rates and figures of the year before."""
    figures = {}
    rows = con.execute(
        f"select measure, area_type, area_code, category, {month('period_start')}, {month('period_end')}, value, numerator,"
        " denominator, prior_value from marts_public.measures where data_status = 'complete' order by all"
    ).fetchall()
    for measure, kind, code, category, a, b, value, n, d, prior in rows:
        if measure in RATES:
            above, below, of = RATES[measure]
            for name, figure, cat in ((above, n, category), (below, d, of or category)):
                if figure is not None:
                    figures[(name, kind, code, cat), a, b] = int(figure)
            continue
        if value is not None:
            figures[(measure, kind, code, category), a, b] = int(value)
        if prior is not None:
            figures[(measure, kind, code, category), a - 12, b - 12] = int(prior)
    return figures


def attack_both(
    earlier: duckdb.DuckDBPyConnection, later: duckdb.DuckDBPyConnection, mart: str, removed: int = 0, stop_after: int = 10**9
) -> AttackResult:
    """Attack the later publication with the help of the earlier one. `removed`: how many rows are gone since, at most."""
    extra = {key: (max(0, figure - removed), figure) for key, figure in public_figures(earlier).items()}
    return attack(
        later, MEASURES_OF[mart], areas="staging.areas_listed", where=f"p.mart = '{mart}'",
        by_area_and_category=mart == "mart_drug_offences", extra=extra, stop_after=stop_after,
    )  # fmt: skip


def test_years_shown_only_when_finished_give_nothing_away_later() -> None:
    earlier, later = published(1007, months_to_come=1), published(1007)
    assert len(public_figures(earlier)) > 90
    for mart in MEASURES_OF:
        result = attack_both(earlier, later, mart)
        assert result.hidden > 50 and result.broken == []


@pytest.mark.parametrize("seed", [101, *range(3000, 3000 + often(0, 100))])
def test_a_late_file_gives_nothing_away(seed: int) -> None:
    """It fills a month of which the earlier publication had a part or nothing."""
    mart = "mart_drug_offences"
    earlier, later = (published(seed, only=mart, in_part=files) for files in ("some missing", "filled"))
    assert attack_both(earlier, later, mart).broken == []


def test_a_year_shown_while_it_runs_gives_figures_away_later() -> None:
    """The reason for the setting: a year that must not be split at its end was published in pieces earlier, here a quarter
    before."""
    earlier, later = published(1023, months_to_come=3, running_year="shown"), published(1023, running_year="shown")
    assert attack_both(later, later, "mart_drug_offences").broken == []
    broken = attack_both(earlier, later, "mart_drug_offences", stop_after=20).broken
    assert any(least == most for *_, least, most in broken), "a small figure is found exactly"


def test_the_table_comment_says_what_is_hidden() -> None:
    con = published(1007)
    (comment,) = con.execute("select comment from duckdb_tables() where schema_name = 'marts_public'").fetchone()
    assert "no financial year that is not over" in comment
    (last,) = con.execute("select max(period_end) from marts_public.measures where value > 0").fetchone()
    assert last.month == 3
    shown = published(1007, running_year="shown")
    assert shown.execute("select max(period_end) from marts_public.measures where value > 0").fetchone()[0] > last


def test_a_figure_that_a_correction_makes_small_is_known_from_the_earlier_publication() -> None:
    """No setting covers this, and the documentation says so: 5 was shown, one row is gone, and the hidden figure is 4 or 5."""
    corrected = published(1002, corrected="code = 'c2' and m between 24279 and 24290")
    assert attack_both(corrected, corrected, "mart_drug_offences").broken == []
    broken = attack_both(published(1002), corrected, "mart_drug_offences", removed=1, stop_after=1).broken
    assert [(least, most) for *_, least, most in broken] == [(4, 5)]


PUBLIC_ROWS = "select * from marts_public.measures"
CREATE_MADE = f"""
create table made as
select mart, force_code, min({month("period_end")})::int as from_month_no
from ((from marts.measures except from earlier) union all (from earlier except from marts.measures))
group by all
"""


LARGEST = "mart_stop_search"
"""It has half of the figures, and is made in the same way as the other marts: left out to save time."""


def fingerprint(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Of the public form: the number of rows, and a sum of their hashes, whatever their order."""
    return con.execute(f"select count(*), sum(hash(t)) from ({PUBLIC_ROWS}) as t").fetchone()


def start_from(con: duckdb.DuckDBPyConnection, earlier: duckdb.DuckDBPyConnection) -> None:
    """Give the connection the public form of the night before, and a table `made` of what is made again."""
    for name, sql in (("old_marts", "from marts.measures"), ("public_rows", PUBLIC_ROWS)):
        con.register(name, earlier.sql(sql).to_arrow_table())
    con.execute("create table earlier as from old_marts")
    con.execute("create schema marts_public; create table marts_public.measures as from public_rows")
    con.execute(CREATE_MADE)


@pytest.mark.parametrize(
    ("seed", "months_to_come", "corrected", "running_year"),
    [
        (1002, 0, "code = 'c2' and m between 24279 and 24290", "hidden"),
        pytest.param(1003, 2, "m > 24290", "hidden", marks=pytest.mark.long),
        (1004, 5, "", "shown"),
    ],
)
def test_a_partial_public_form_is_the_same_as_a_whole_one(
    seed: int, months_to_come: int, corrected: str, running_year: str
) -> None:
    """The public form of the night before with its changes made again, against tonight's made whole."""
    check_partial(
        published(seed, months_to_come=months_to_come, running_year=running_year, without=LARGEST),
        published(seed, corrected=corrected, running_year=running_year, without=LARGEST),
        make_marts(seed, MONTHS, 0, corrected, without=LARGEST),
        running_year,
    )


GAP = (24301, 24302)
"""February and March 2025; the months of the seed end with May."""
YEARS_BETWEEN = range(24275, 24291)
"""December 2022 to March 2024: 2023 and 2023/24 have no figure."""


@pytest.mark.parametrize(
    ("running_year", "before", "after"),
    [
        ("hidden", {"months_to_come": 2, "missing": GAP}, {"missing": GAP}),
        ("shown", {"months_to_come": 1, "missing": GAP}, {"months_to_come": 1, "missing": (*GAP, 24303)}),
        ("hidden", {"missing": YEARS_BETWEEN}, {"missing": YEARS_BETWEEN, "corrected": "m > 24302"}),
    ],
)
def test_a_partial_public_form_is_the_same_with_missing_months(running_year: str, before: dict, after: dict) -> None:
    """A year is finished once a later month is covered, and unfinished again if that month is removed: its figures change,
    though none of its months does. Years before a gap do not affect later ones.
    """
    earlier, whole = (published(1014, running_year=running_year, without=LARGEST, **options) for options in (before, after))
    check_partial(earlier, whole, make_marts(1014, MONTHS, without=LARGEST, **after), running_year)


def check_partial(
    earlier: duckdb.DuckDBPyConnection, whole: duckdb.DuckDBPyConnection, con: duckdb.DuckDBPyConnection, running_year: str
) -> None:
    """Make the connection's public form from that of the night before, and assert that it equals the whole one."""
    start_from(con, earlier)
    assert con.execute("select count(*) from made").fetchone() > (0,)
    write_public(con, Public(running_year=running_year), "staging", made="made")
    assert fingerprint(con) == fingerprint(whole)
