"""Control charts in the public form: only whole series of public figures, so that none gives a hidden figure away."""

import duckdb
import pytest

from dagster_project.core.home import Home
from dagster_project.public_form.control_charts import write_charts

SERIES = "mart, force_code, area_type, area_code, measure, category"


def test_only_series_with_every_month_public_are_charted_in_the_sample(sample_home: Home) -> None:
    con = duckdb.connect(str(sample_home.warehouse), read_only=True)
    hidden = (
        f"select distinct {SERIES} from marts.mart_control_charts as c where not exists (from marts_public.measures as p where"
        " p.period_type = 'month' and p.marker is null and p.value = c.value and"
        f" ({', '.join(f'p.{c}' for c in f'{SERIES}, period_start'.split(', '))})"
        f" = ({', '.join(f'c.{c}' for c in f'{SERIES}, period_start'.split(', '))}))"
    )
    expected = f"select * from marts.mart_control_charts where ({SERIES}) not in ({hidden})"
    public = "from marts_public.mart_control_charts"
    assert con.execute(f"({expected} except all {public}) union all ({public} except all {expected})").fetchall() == []
    (shown,) = con.execute(f"select count(*) {public}").fetchone()
    (all_points,) = con.execute("select count(*) from marts.mart_control_charts").fetchone()
    assert 0 < shown < all_points
    columns = "select count(*), count(description) from meta.dictionary where schema_name = 'marts_public'"
    assert con.execute(f"{columns} and relation_name = 'mart_control_charts' and kind = 'column'").fetchone() == (20, 20)
    con.close()


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Two series of two months, both public."""
    con = duckdb.connect()
    con.execute("create schema marts; create schema marts_public")
    con.execute(
        "create table marts.mart_control_charts as select 'm' as mart, 'f' as force_code, 'force' as area_type,"
        " 'f' as area_code, measure, 'all' as category, day as period_start, last_day(day) as period_end, 7::decimal(28, 10) as"
        " value from (values ('a'), ('b')) as t(measure), (values (date '2025-01-01'), (date '2025-02-01')) as u(day)"
    )
    con.execute(
        "create table marts_public.measures as select *, 'month' as period_type, null::varchar as marker"
        " from marts.mart_control_charts"
    )
    return con


def test_public_series_are_charted_whole(con: duckdb.DuckDBPyConnection) -> None:
    write_charts(con, is_exact=True)
    shown = con.execute("select measure, count(*) from marts_public.mart_control_charts group by all order by all").fetchall()
    assert shown == [("a", 2), ("b", 2)]


@pytest.mark.parametrize(
    "spoil",
    [
        "update marts_public.measures set value = null, marker = '[c]' where measure = 'a' and month(period_start) = 2",
        "delete from marts_public.measures where measure = 'a' and month(period_start) = 2",
        "update marts_public.measures set value = 5 where measure = 'a' and month(period_start) = 2",
        "update marts_public.measures set period_type = 'rolling_12_months' where measure = 'a' and month(period_start) = 2",
    ],
)
def test_a_series_with_a_hidden_month_is_not_charted(con: duckdb.DuckDBPyConnection, spoil: str) -> None:
    con.execute(spoil)
    write_charts(con, is_exact=True)
    assert con.execute("select distinct measure from marts_public.mart_control_charts").fetchall() == [("b",)]


def test_rounded_figures_have_no_charts(con: duckdb.DuckDBPyConnection) -> None:
    write_charts(con, is_exact=False)
    assert con.execute("select count(*) from marts_public.mart_control_charts").fetchone() == (0,)
