"""An attack on the public form of random marts and of the sample bounds no small figure more closely than the rule allows."""

from pathlib import Path

import duckdb
import pytest
from support import candidate

from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.public_form import write_measures
from dagster_project.public_form.write_measures import write_public

from .attack import attack
from .random_marts import MEASURES, make_marts

MEASURES_OF = {mart: [m for at, m in MEASURES if at == mart] for mart, _ in MEASURES}
NAIVE = """
create or replace temp table naive as
select * replace (
    case when value > 0 and value < 5 then null else value end as value,
    case when prior_value > 0 and prior_value < 5 then null else prior_value end as prior_value,
    null as numerator,
    null as denominator
) from marts.measures
"""


def suppressed(seed: int, **settings: object) -> duckdb.DuckDBPyConnection:
    con = make_marts(seed)
    write_public(con, Public(**settings), "staging", "secret")
    con.execute("create temp view areas_now as select * from staging.areas_listed")
    return con


@pytest.mark.parametrize("seed", [1007, pytest.param(1011, marks=pytest.mark.long)])
def test_no_small_figure_of_random_marts_can_be_bounded_closely(seed: int) -> None:
    con = suppressed(seed)
    assert con.execute("select count(*) from marts_public.measures where marker is null and value > 0").fetchone() != (0,)
    for mart, measures in MEASURES_OF.items():
        by_both = mart == "mart_drug_offences"  # the others by area and by category, but not by both, to save time
        where = f"p.mart = '{mart}'"
        result = attack(con, measures, areas="areas_now", where=where, by_area_and_category=by_both, seed=seed)
        assert result.hidden > 50 and result.broken == []


def test_no_small_figure_can_be_bounded_closely_with_another_threshold() -> None:
    con = suppressed(1003, threshold=10)
    result = attack(con, MEASURES_OF["mart_drug_offences"], 10, areas="areas_now", where="p.mart = 'mart_drug_offences'")
    assert result.hidden > 50 and result.broken == []


def test_the_attack_finds_figures_if_only_small_ones_are_hidden() -> None:
    """This shows that the attack works: it finds most figures that are hidden without further steps."""
    con = suppressed(1003)
    con.execute(NAIVE)
    where = "p.mart = 'mart_drug_offences'"
    result = attack(con, MEASURES_OF["mart_drug_offences"], public="naive", areas="areas_now", where=where, stop_after=5)
    assert len(result.broken) == 5 and any(least == most for *_, least, most in result.broken)


@pytest.mark.parametrize(
    ("seed", "step", "replacement"),
    [
        (1007, "and (left_over = 0 or left_over >= threshold)", ""),
        (
            1021,
            "partition by split_id, financial_year, quarter order by place rows unbounded preceding",
            "partition by unit_id, financial_year, quarter",
        ),
        (1000, "on w.via = f.unit_id", "on w.via = f.unit_id and w.unit_id = w.via"),
        (1007, "coalesce(before.cut_after, true)", "true"),
    ],
    ids=["what is left may be small", "as finely as it likes", "more finely than its whole", "from within a piece"],
)
def test_each_step_of_the_method_is_needed(
    seed: int, step: str, replacement: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a part of the method the attack finds a figure."""
    texts = {path.name: path.read_text() for path in write_measures.HERE.glob("*.sql")}
    assert sum(text.count(step) for text in texts.values())
    for name, text in texts.items():
        (tmp_path / name).write_text(text.replace(step, replacement))
    monkeypatch.setattr(write_measures, "HERE", tmp_path)
    con = suppressed(seed)
    where = "p.mart = 'mart_drug_offences'"
    result = attack(
        con, MEASURES_OF["mart_drug_offences"], areas="areas_now", where=where, by_area_and_category=False, stop_after=1
    )
    assert result.broken


@pytest.fixture(scope="module")
def sample(sample_home: Home) -> duckdb.DuckDBPyConnection:
    """The published sample with its areas."""
    with candidate(sample_home) as con:
        con.execute("use warehouse")
        con.execute("create temp table areas_now as select * from work.staging.areas_listed where force_code = 'derbyshire'")
        yield con


@pytest.mark.parametrize("measures", [["naloxone_administrations"], ["properties_identified", "repeat_addresses"], ["orders"]])
def test_no_small_figure_of_the_sample_can_be_bounded_closely(sample: duckdb.DuckDBPyConnection, measures: list[str]) -> None:
    result = attack(sample, measures, areas="areas_now", where="p.mart <> 'mart_mda_orders'")
    assert result.hidden > 100 and result.broken == []
