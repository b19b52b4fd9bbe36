"""The public form of random tables and of the sample, attacked: no small figure can be bounded more closely than the rule."""

import duckdb
import pytest
from support import candidate

from dagster_project.config import Public
from dagster_project.public import cuts, write_public
from dagster_project.settings import Home

from .attack import attack
from .tables import MEASURES, make

OF = {mart: [m for at, m in MEASURES if at == mart] for mart, _ in MEASURES}
NAIVE = """
create or replace temp table naive as
select * replace (
    case when value > 0 and value < 5 then null else value end as value,
    case when prior_value > 0 and prior_value < 5 then null else prior_value end as prior_value,
    case when (numerator > 0 and numerator < 5) or (denominator > 0 and denominator < 5) then null else numerator end as numerator,
    case when (numerator > 0 and numerator < 5) or (denominator > 0 and denominator < 5) then null else denominator end as denominator
) from marts.measures
"""
EVERY_KEY = "mart, force_code, area_type, area_code, measure, category, period_type, period_start, period_end"


def suppressed(seed: int, **settings: object) -> duckdb.DuckDBPyConnection:
    con = make(seed)
    write_public(con, Public(**settings), "staging")
    con.execute("create temp view areas_now as select * from staging.areas_listed")
    return con


@pytest.mark.parametrize("seed", [1002, 1007, 1011])
def test_no_small_figure_of_a_random_table_can_be_bounded_closely(seed: int) -> None:
    con = suppressed(seed)
    assert con.execute("select count(*) from marts_public.measures where marker is null and value > 0").fetchone() != (0,)
    for mart, measures in OF.items():
        crossed = mart == "mart_drug_offences"
        found = attack(con, measures, areas="areas_now", where=f"p.mart = '{mart}'", crossed=crossed, seed=seed)
        assert found.hidden > 50 and found.broken == []


def test_another_threshold_holds_as_well() -> None:
    con = suppressed(1003, threshold=10)
    found = attack(con, OF["mart_drug_offences"], 10, areas="areas_now", where="p.mart = 'mart_drug_offences'")
    assert found.hidden > 50 and found.broken == []


def test_the_attack_finds_what_is_hidden_alone() -> None:
    """With the small figures left out and nothing else, most of them come out: the attack is one."""
    con = suppressed(1003)
    con.execute(NAIVE)
    found = attack(con, OF["mart_drug_offences"], public="naive", areas="areas_now", where="p.mart = 'mart_drug_offences'")
    exact = [b for b in found.broken if b[3] == b[4]]
    assert len(found.broken) > found.hidden / 2 and exact
