"""Bad data for every rule on figures: one SQL statement a rule, which breaks that rule and no other.

Each case changes the sample as little as possible: a measure without categories unless the rule is about categories, a rolling
year unless it is about months, a figure without a prior value unless it is about changes.
"""

NO_PRIOR = "prior_value is null"
"""So that a changed value does not break the rule on changes from the year before."""

FIGURE_CASES = {
    "repeated_rows": (
        "mart_drug_tests",
        "insert into warehouse.marts.mart_drug_tests select * from warehouse.marts.mart_drug_tests"
        " where measure = 'positivity_rate' limit 1",
    ),
    "value_without_coverage": (
        "mart_naloxone",
        "update warehouse.marts.mart_naloxone set data_status = 'partial'"
        " where area_type = 'force' and period_type = 'month' and period_start = date '2024-04-01'",
    ),
    "no_value_in_coverage": (
        "mart_community_voices",
        "update warehouse.marts.mart_community_voices set data_status = 'not_available'"
        " where area_type = 'force' and category = 'all' and period_type = 'month' and period_start = date '2025-12-01'",
    ),
    "change_not_the_difference": (
        "mart_cash_seizures",
        "update warehouse.marts.mart_cash_seizures set volume_change = volume_change + 1"
        " where measure = 'orders_obtained' and category = 'all' and area_type = 'force' and period_type = 'rolling_12_months'"
        " and period_end = date '2025-10-31'",
    ),
    "count_not_whole": (
        "mart_iom",
        "update warehouse.marts.mart_iom set value = value + 0.5"
        f" where measure = 'cohort_size' and period_type = 'month' and value is not null and {NO_PRIOR}",
    ),
    "all_not_its_categories": (
        "mart_school_inputs",
        "update warehouse.marts.mart_school_inputs set value = value + 1"
        " where measure = 'inputs_delivered' and category = 'Primary' and period_type = 'rolling_12_months'"
        f" and {NO_PRIOR} and period_end = date '2024-12-31'",
    ),
    "force_not_its_units": (
        "mart_op_trapped",
        "update warehouse.marts.mart_op_trapped set value = value + 1 where measure = 'people_safeguarded'"
        f" and area_type = 'lpu' and area_code = 'dales' and period_type = 'rolling_12_months' and {NO_PRIOR}",
    ),
    "sections_not_the_rest": (
        "mart_naloxone",
        "update warehouse.marts.mart_naloxone set value = value + 1"
        f" where area_type = 'section' and area_code = 'north' and period_type = 'rolling_12_months' and {NO_PRIOR}",
    ),
    "year_not_its_months": (
        "mart_confiscation_orders",
        "update warehouse.marts.mart_confiscation_orders set value = value + 1"
        f" where measure = 'aris_returns' and period_type = 'financial_year' and {NO_PRIOR} and value is not null",
    ),
    "percent_out_of_range": (
        "mart_stop_search",
        "update warehouse.marts.mart_stop_search set value = -100 * numerator / denominator, numerator = -numerator"
        f" where measure = 'drug_find_rate' and area_type = 'force' and period_type = 'month' and value > 0 and {NO_PRIOR}",
    ),
    "numerator_over_denominator": (
        "mart_drug_tests",
        "update warehouse.marts.mart_drug_tests set numerator = 1 where measure = 'positivity_rate' and denominator = 0",
    ),
    "rate_not_its_parts": (
        "mart_stop_search",
        "update warehouse.marts.mart_stop_search set value = value / 2"
        f" where measure = 'drug_find_rate' and area_type = 'force' and period_type = 'month' and value > 0 and {NO_PRIOR}",
    ),
}
"""Rule -> the mart that must fail it, and the SQL."""
