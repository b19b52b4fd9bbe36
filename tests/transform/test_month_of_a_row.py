"""A row counts only in the month of its date: a night that measures some months relies on this.

Rows of lists and of extracts that look back may count elsewhere, as these are always measured whole.
"""

import re

from dagster_project.contracts import load_contracts
from dagster_project.core.home import DBT_PROJECT
from dagster_project.transform.carry_forward import _measures
from dagster_project.transform.figure_causes import measure_sources

EVENTS = {p.stem: p.read_text(encoding="utf-8") for p in sorted((DBT_PROJECT / "models" / "measures").glob("*_events.sql"))}
CALL = re.compile(r"event\(\s*'(\w+)'.*?extract='(\w+)'")


def test_a_row_counts_on_the_day_that_places_it() -> None:
    contracts, seen = load_contracts(), set()
    for name, sql in EVENTS.items():
        calls = CALL.findall(sql)
        assert len(calls) == sql.count("{{ event("), name
        for day, extract in calls:
            seen.add(extract)
            contract = contracts[extract]
            if contract.kind != "list":
                assert day == contract.date_column, f"{name}: {extract} counts by {day}: have its contract say looks_back"
        # Otherwise a night would not know which sums to carry forward.
        assert {x for _, x in calls} == {x for mart, _, x in _measures() if f"{mart.removeprefix('mart_')}_events" == name}
    assert seen == {x for _, _, x in measure_sources() if contracts[x].kind != "indicators"}


def test_whether_a_row_counts_does_not_depend_on_other_rows() -> None:
    """Except in extracts that say `looks_back`."""
    dependent = {name for name, sql in EVENTS.items() if re.search(r"\bover\b|\bgroup by\b|\bexists\b", sql)}
    assert dependent == {f"{c.extract}_events" for c in load_contracts().values() if c.looks_back} == {"op_trapped_events"}
