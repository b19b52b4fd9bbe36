"""The public form: its shape, markers, rounding and settings."""

import duckdb
import pytest

from dagster_project.core.config import Config, ConfigError, Public, read_config
from dagster_project.core.home import Home
from dagster_project.public_form.rules import read_rules, thresholds
from dagster_project.public_form.write_measures import write_public

from .attack import PARTS, attack
from .random_marts import make_marts

KEY = "mart, force_code, area_type, area_code, measure, category, period_type, period_start, period_end"
BOTH_FORMS = f"from marts_public.measures as p join marts.measures as m using ({KEY})"


def test_the_sample_is_published_with_both_forms(sample_home: Home) -> None:
    con = duckdb.connect(str(sample_home.warehouse), read_only=True)
    con.execute(f"create temp table both_forms as select p.*, m.value as exact {BOTH_FORMS}")

    def query(sql: str) -> list[tuple[object, ...]]:
        return con.execute(sql).fetchall()

    both = "from both_forms where"
    assert query("select count(*) from both_forms") == query("select count(*) from marts.measures")
    assert query(f"select count(*) from marts.measures join both_forms using ({KEY}, data_status)") == query(
        "select count(*) from both_forms"
    )
    # Shown figures are exact, and hidden ones are hidden in every column.
    assert query(f"select count(*) {both} marker is null and value is distinct from exact") == [(0,)]
    assert query(
        f"select count(*) {both} marker is not null"
        " and coalesce(value, numerator, volume_change, pct_change) is not null and marker <> '[z]'"
    ) == [(0,)]
    assert query(f"select count(*) {both} prior_marker is not null and prior_value is not null") == [(0,)]
    # No small count is shown: as a figure, as a part of a rate or as the year before. Rates are hidden with their parts.
    small = " or ".join(f"({c} > 0 and {c} < 5)" for c in ("value", "prior_value"))
    exempt = "'pspos_new', 'pspos_active', 'crimes'"
    assert query(
        f"select count(*) {both} unit = 'count' and ({small}) and measure not in ({exempt}) and mart <> 'mart_public_health'"
    ) == [(0,)]
    small = " or ".join(f"({c} > 0 and {c} < 5)" for c in ("numerator", "denominator"))
    assert query(f"select count(*) {both} {small}") == [(0,)]
    # Zero, hidden and not available differ, and the status is that of the marts.
    assert query(f"select distinct marker {both} data_status = 'not_available'") == [("[x]",)]
    assert query(f"select count(*) > 0 {both} value = 0 and marker is null and unit = 'count'") == [(True,)]
    assert query(f"select count(*) > 0 {both} exact = 0 and marker = '[c]' and area_type = 'force'") == [(True,)]
    # The report's main figures are public.
    assert query(
        "select value, prior_value, marker from marts_public.mart_drug_offences where measure = 'possession_offences'"
        " and category = 'all' and area_type = 'force' and period_type = 'rolling_12_months' and period_end = date '2025-10-31'"
    ) == [(2187, 1649, None)]
    # Money is hidden with its count; figures that others publish are all shown.
    assert query(
        "select count(*) from marts_public.mart_confiscation_orders as v join marts_public.mart_confiscation_orders as n"
        " using (force_code, category, period_type, period_start, period_end)"
        " where v.measure = 'order_value' and n.measure = 'orders' and v.marker is distinct from n.marker"
    ) == [(0,)]
    assert query("select count(*) from marts_public.mart_street_crime where marker = '[c]'") == [(0,)]
    # The dictionary describes it.
    assert query("select count(*) from meta.dictionary where schema_name = 'marts_public' and kind = 'relation'") == [(20,)]
    con.close()


def test_a_prior_rate_over_zero_is_marked_unlike_one_that_is_not_available() -> None:
    con = make_marts(1004, months=40, missing=range(12 * 2022 + 14, 12 * 2022 + 18))
    write_public(con, Public(), "staging")
    kinds = con.execute(
        f"""
        select
            coalesce(p.prior_marker = '[x]', false), m.prior_value is null,
            coalesce((
                select e.data_status <> 'not_available' from marts.measures as e
                where (e.mart, e.measure, e.area_type, e.area_code, e.category, e.period_type)
                    = (p.mart, p.measure, p.area_type, p.area_code, p.category, p.period_type)
                    and e.period_start + interval 1 year = p.period_start
                    and last_day(e.period_end + interval 1 year) = p.period_end
            ), false),
            count(*)
        {BOTH_FORMS}
        where p.measure like '%rate' and (p.area_type = 'force' or p.category = 'all')
        group by all order by all
        """
    ).fetchall()
    # Whether it is marked [x]; whether the exact rate of the year before is null; and whether that year is available.
    assert [row[:3] for row in kinds] == [(False, False, True), (False, True, True), (True, True, False)], kinds


def test_an_unfinished_period_is_not_public() -> None:
    con = make_marts(1007)
    write_public(con, Public(), "staging")
    finished = "from marts.measures where period_type = 'month' and data_status = 'complete'"
    (last,) = con.execute(f"select max(period_end) {finished}").fetchone()
    shown = con.execute("select max(period_end) from marts_public.measures where marker is null").fetchone()
    assert shown <= (last,)


def test_mode_off_removes_the_schema() -> None:
    con = make_marts(1007)
    write_public(con, Public(), "staging")
    assert con.execute("select count(*) from duckdb_schemas() where schema_name = 'marts_public'").fetchone() == (1,)
    write_public(con, Public(mode="off"), "staging")
    assert con.execute("select count(*) from duckdb_schemas() where schema_name = 'marts_public'").fetchone() == (0,)


def test_rounded_figures_are_multiples_and_their_months_add_up() -> None:
    con = make_marts(1011)
    write_public(con, Public(mode="round", base=5), "staging", "secret")
    count = "from marts_public.measures where unit = 'count'"
    assert con.execute(f"select count(*) {count} and (value % 5 <> 0 or prior_value % 5 <> 0)").fetchone() == (0,)
    assert con.execute(
        f"select count(*) {BOTH_FORMS} where m.unit = 'count' and (p.value is null) <> (m.value is null)"
    ).fetchone() == (0,)
    assert con.execute(
        f"select count(*) {BOTH_FORMS} where p.period_type = 'month' and m.unit = 'count' and abs(p.value - m.value) >= 5"
    ).fetchone() == (0,)
    # A period is the sum of its months: two adjacent periods give no more away than the months do.
    series = "mart, force_code, area_type, area_code, measure, category"
    assert con.execute(
        f"""
        select count(*) from (
            select y.value, sum(m.value) as months
            from marts_public.measures as y join marts_public.measures as m using ({series})
            where y.period_type <> 'month' and m.period_type = 'month' and y.unit = 'count' and y.value is not null
                and m.period_start between y.period_start and y.period_end
            group by y.value, y.period_type, y.period_start, y.period_end, {series}
        ) where value <> months
        """
    ).fetchone() == (0,)
    assert con.execute(
        "select count(*) from marts_public.measures where denominator < 50 and value is not null"
    ).fetchone() == (0,)


def test_the_attack_finds_no_exact_figure_unless_each_is_rounded_by_itself() -> None:
    con = make_marts(1011)
    write_public(con, Public(mode="round", base=5), "staging", "secret")
    options = {"areas": "staging.areas_listed", "where": "p.mart = 'mart_drug_offences'"}
    result = attack(con, ["possession_offences"], slack=4, by_month=True, **options)
    assert result.hidden > 100 and result.broken == []
    con.execute("create temp table nearest as select * replace (5 * round(value / 5) as value) from marts.measures")
    assert attack(con, ["possession_offences"], public="nearest", slack=2, stop_after=1, **options).broken


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[public]\nmode = "hide"\n', "pam.toml: public.mode: Input should be 'suppress', 'round' or 'off'"),
        ("[public]\nthreshold = -1\n", "pam.toml: public.threshold: Input should be greater than or equal to 0"),
        ("[public]\nbase = 1\n", "pam.toml: public.base: Input should be greater than or equal to 2"),
        ("[public.thresholds]\nsearchs = 3\n", "public.thresholds: no measure with a threshold is called searchs"),
        ("[public.thresholds]\npositivity_rate = 3\n", "no measure with a threshold is called positivity_rate"),
    ],
)
def test_an_invalid_setting_is_named(new_home: Home, text: str, message: str) -> None:
    new_home.config_file.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_config(new_home)
    assert message in str(error.value)


def test_counts_of_the_same_events_share_their_highest_threshold(new_home: Home) -> None:
    own = "drug_finds = 10\nactivities = 0\nlines_active = 4\n"
    new_home.config_file.write_text(f"[public]\nthreshold = 3\n[public.thresholds]\n{own}")
    threshold = {(mart, measure): t for mart, measure, t in thresholds(read_rules(), read_config(new_home).public)}
    assert threshold["mart_stop_search", "searches"] == threshold["mart_stop_search", "drug_searches_by_age"] == 10
    assert threshold["mart_prevention_activity", "activities"] == 0
    assert threshold["mart_naloxone", "naloxone_administrations"] == 3
    assert threshold["mart_county_lines", "lines_active"] == 4
    assert Config().public.mode == "suppress" and Config().public.threshold == 5


def test_parts_are_those_of_the_documentation() -> None:
    rows = {r["measure"]: r for r in read_rules() if r["mart"] != "mart_mda_orders"}
    for whole, parts, _ in PARTS:
        assert {rows[p]["of_measure"] for p in parts} == {whole}


def test_of_counts_that_are_parts_of_each_other_one_is_public_by_area() -> None:
    """Areas of two of them would be areas crossed with what sets the two apart."""
    rules = {(r["mart"], r["measure"]): r for r in read_rules() if r["role"] in ("events", "part", "same")}
    roots = []
    for key, rule in rules.items():
        if rule["by_area"] == "true":
            while rules[key]["role"] != "events":
                key = (key[0], rules[key]["of_measure"])
            roots.append(key)
    assert len(roots) > 5 and len(roots) == len(set(roots))


def test_a_measure_with_a_threshold_of_0_is_all_shown() -> None:
    con = make_marts(1007)
    write_public(con, Public(thresholds=dict.fromkeys(["possession_offences"], 0)), "staging")
    hidden = con.execute(
        "select count(*) from marts_public.measures where mart = 'mart_drug_offences' and marker = '[c]'"
    ).fetchone()
    assert hidden == (0,)
