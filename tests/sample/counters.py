"""Counts the sample's rows by hand: what each printed measure means, without the warehouse's own code."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from support import seed

FORCE = "Derbyshire Constabulary"

Row = dict[str, str]
Rows = dict[str, list[Row]]


AREAS = {
    name.lower(): area for area in seed("areas") if area["force_name"] == FORCE for name in (area["lpu_code"], area["lpu_name"])
}
SECTIONS = {name: area["section_name"] for name, area in AREAS.items()}
UNITS = {name: area["lpu_name"] for name, area in AREAS.items()}
POSSESSION, TRAFFICKING = {"92C", "92D", "92E"}, {"92A"}


@dataclass(frozen=True)
class Selection:
    """Which rows a figure counts: days as ISO text, both included."""

    start: str
    end: str
    area_type: str
    area: str
    category: str
    label: str

    @property
    def year_before(self) -> "Selection":
        days = {name: f"{int(day[:4]) - 1}{day[4:]}" for name, day in (("start", self.start), ("end", self.end))}
        return replace(self, **days, label=self.label.replace(self.end[:4], days["end"][:4]))


def has_item(text: str, word: str) -> bool:
    return word in (item.strip().lower() for item in text.split(";"))


def money(text: str) -> Decimal:
    return Decimal(text.replace("£", "").replace(",", "") or "0")


def is_in_area(selection: Selection, row: Row) -> bool:
    """Whether a row belongs to the selected area."""
    if selection.area_type == "force":
        return True
    names = SECTIONS if selection.area_type == "section" else UNITS
    return names.get(row["lpu"].strip().lower()) == selection.area


def counter(
    extract: str,
    where: Callable[[Row], bool] = lambda row: True,
    amount: str | None = None,
    category: str | None = None,
    day: str = "day",
) -> Callable[[Rows, Selection], Decimal]:
    """Counts rows, or sums `amount`, over the selected days."""

    def count(rows: Rows, selection: Selection) -> Decimal:
        matching: Iterable[Row] = (
            row
            for row in rows[extract]
            if selection.start <= row[day] <= selection.end
            and where(row)
            and is_in_area(selection, row)
            and (selection.category == "all" or (category is not None and row[category] == selection.category))
        )
        return sum((money(row[amount]) if amount else Decimal(1) for row in matching), Decimal(0))

    return count


def rate(
    top: Callable[[Rows, Selection], Decimal], bottom: Callable[[Rows, Selection], Decimal]
) -> Callable[[Rows, Selection], Decimal]:
    return lambda rows, selection: 100 * top(rows, selection) / bottom(rows, replace(selection, category="all"))


def recorded_crimes(codes: set[str]) -> Callable[[Rows, Selection], Decimal]:
    return counter("crimes", lambda row: row["status"] == "Recorded" and row["offence_code"].split("/")[0] in codes)


def positive(row: Row) -> bool:
    substances = (row["cocaine"], row["opiates"])
    return row["test_status"] == "Completed" and (
        row["result"] == "Positive" or (row["result"] == "" and "Positive" in substances)
    )


def substances(cocaine: bool, opiates: bool) -> Callable[[Rows, Selection], Decimal]:
    wanted = (cocaine, opiates)
    return counter(
        "drug_tests",
        lambda row: positive(row) and (row["cocaine"] == "Positive", row["opiates"] == "Positive") == wanted,
    )


def incidents(record_type: str, grade: str | None = None) -> Callable[[Rows, Selection], Decimal]:
    return counter(
        "incidents",
        lambda row: (
            row["record_type"] == record_type
            and has_item(row["qualifiers"], "drugs")
            and grade in (None, row["grade"])
            and (grade is None or row["day"] >= "2023-10-01")
        ),
    )


def repeats(rows: Rows, selection: Selection) -> Decimal:
    seen: set[str] = set()
    repeated = 0
    for row in sorted(rows["op_trapped"], key=lambda row: (row["day"], row["identification_ref"])):
        if row["address_ref"]:
            repeated += row["address_ref"] in seen and selection.start <= row["day"] <= selection.end
            seen.add(row["address_ref"])
    return Decimal(repeated)


def pspos_active(rows: Rows, selection: Selection) -> Decimal:
    return Decimal(
        sum(row["day"] <= selection.end and (not row["ends_on"] or selection.end < row["ends_on"]) for row in rows["pspos"])
    )


def cohort(rows: Rows, selection: Selection) -> Decimal:
    return Decimal(
        max((row for row in rows["iom_cohort"] if row["day"] <= selection.end), key=lambda row: row["day"])["cohort_size"]
    )


def public_health(measure: str) -> Callable[[Rows, Selection], Decimal]:
    """A value as published; of the newest period if no row has the label (`three years, not stated`)."""
    (indicator, *_) = sorted(
        (row for row in seed("public_health_indicators") if row["measure"] == measure),
        key=lambda row: row["priority"],
    )
    kinds = {"country": "England", "upper_tier": "Counties & UAs", "district": "Districts & UAs"}

    def value(rows: Rows, selection: Selection) -> Decimal:
        values = {
            row["time_period"]: row[indicator["value_column"]]
            for row in rows["public_health"]
            if row["indicator_id"] == indicator["indicator_id"]
            and row["area_name"] == selection.area
            and row["area_type"].startswith(kinds[selection.area_type])
            and row["sex"] == "Persons"
            and not row["category"]
        }
        return Decimal(values[selection.label] if selection.label in values else values[max(values)])

    return value


drug_search = counter("stop_search", lambda row: row["object_of_search"].lower() in ("controlled drugs", "drugs"))
drug_find = counter(
    "stop_search",
    lambda row: row["object_of_search"].lower() in ("controlled drugs", "drugs") and row["object_found"] == "Y",
)
notice = counter("pspo_enforcement", lambda row: row["kind"] == "Fixed penalty notice", category="authority")
completed = counter("drug_tests", lambda row: row["test_status"] == "Completed")
orders, order_value = counter("confiscation_orders"), counter("confiscation_orders", amount="order_value")

COUNTERS: dict[tuple[str, str], Callable[[Rows, Selection], Decimal]] = {
    ("mart_drug_offences", "possession_offences"): recorded_crimes(POSSESSION),
    ("mart_drug_offences", "trafficking_offences"): recorded_crimes(TRAFFICKING),
    ("mart_naloxone", "naloxone_administrations"): counter("naloxone"),
    ("mart_drug_tests", "tests_completed"): completed,
    ("mart_drug_tests", "tests_positive"): counter("drug_tests", positive),
    ("mart_drug_tests", "positivity_rate"): rate(counter("drug_tests", positive), completed),
    ("mart_drug_tests", "positive_cocaine"): substances(True, False),
    ("mart_drug_tests", "positive_opiates"): substances(False, True),
    ("mart_drug_tests", "positive_both"): substances(True, True),
    ("mart_stop_search", "drug_searches"): drug_search,
    ("mart_stop_search", "drug_find_rate"): rate(drug_find, drug_search),
    ("mart_county_lines", "lines_identified"): counter("county_lines"),
    ("mart_county_lines", "lines_closed"): counter("county_lines", day="closed_on"),
    ("mart_county_lines", "persons_charged"): counter(
        "exploitation_outcomes", lambda row: row["outcome"] == "Charged", category="strand"
    ),
    ("mart_county_lines", "persons_safeguarded"): counter(
        "exploitation_outcomes", lambda row: row["outcome"] == "Safeguarded", category="strand"
    ),
    ("mart_op_trapped", "properties_identified"): counter("op_trapped"),
    ("mart_op_trapped", "people_safeguarded"): counter("op_trapped", amount="people_safeguarded"),
    ("mart_op_trapped", "repeat_addresses"): repeats,
    ("mart_school_inputs", "inputs_delivered"): counter("school_inputs", category="phase"),
    ("mart_school_inputs", "young_people_engaged"): counter("school_inputs", amount="young_people", category="phase"),
    ("mart_confiscation_orders", "orders"): orders,
    ("mart_confiscation_orders", "order_value"): order_value,
    ("mart_confiscation_orders", "benefit_value"): counter("confiscation_orders", amount="benefit_value"),
    ("mart_confiscation_orders", "compensation_value"): counter("confiscation_orders", amount="compensation_value"),
    ("mart_confiscation_orders", "aris_returns"): counter("aris_returns", amount="amount"),
    ("mart_cash_seizures", "orders_obtained"): counter("cash_seizures"),
    ("mart_cash_seizures", "orders_obtained_value"): counter("cash_seizures", amount="amount"),
    ("mart_cash_seizures", "under_investigation_value"): counter(
        "cash_seizures", lambda row: row["status"] == "Under investigation", amount="amount"
    ),
    ("mart_cash_seizures", "forfeiture_orders"): counter("forfeiture_orders"),
    ("mart_cash_seizures", "forfeiture_value"): counter("forfeiture_orders", amount="amount"),
    ("mart_mda_orders", "orders"): counter("mda_orders", category="recipient"),
    ("mart_mda_orders", "order_value"): counter("mda_orders", amount="amount", category="recipient"),
    ("mart_incidents", "incidents_drugs"): incidents("INCIDENT"),
    ("mart_incidents", "roc_drugs"): incidents("ROC"),
    ("mart_incidents", "incidents_drugs_emergency"): incidents("INCIDENT", "Emergency"),
    ("mart_incidents", "roc_drugs_emergency"): incidents("ROC", "Emergency"),
    ("mart_intelligence", "intelligence_items"): counter("intelligence", lambda row: has_item(row["themes"], "drugs")),
    ("mart_pspo", "pspos_new"): counter("pspos"),
    ("mart_pspo", "pspos_active"): pspos_active,
    ("mart_pspo", "fpns_issued"): notice,
    ("mart_pspo", "fpn_share"): rate(notice, notice),
    ("mart_iom", "cohort_size"): cohort,
    ("mart_iom", "knightlow_visits"): counter("iom_visits", lambda row: row["operation"] == "Knightlow"),
    ("mart_iom", "knightlow_visits_substance_misuse"): counter(
        "iom_visits", lambda row: row["operation"] == "Knightlow" and row["substance_misuse"] == "Y"
    ),
    ("mart_public_health", "drug_misuse_death_rate"): public_health("drug_misuse_death_rate"),
    ("mart_public_health", "alcohol_admission_rate"): public_health("alcohol_admission_rate"),
    ("mart_public_health", "treatment_registrations"): public_health("treatment_registrations"),
    ("mart_prevention_activity", "activities"): counter("prevention_activity", category="activity"),
    ("mart_prevention_activity", "activity_quantity"): counter("prevention_activity", amount="quantity", category="activity"),
}


def computed_figure(rows: Rows, printed: Row) -> Decimal:
    """The printed kind of figure, computed from the rows: value, change or percentage change."""
    count = COUNTERS[printed["mart"], printed["measure"]]
    selection = Selection(
        printed["period_start"], printed["period_end"], printed["area_type"], printed["area_name"],
        printed["category"], printed["period_label"],
    )  # fmt: skip
    value = count(rows, selection)
    if printed["figure"] == "value":
        return value
    before = count(rows, selection.year_before)
    return value - before if printed["figure"] == "volume_change" else 100 * (value - before) / before


def last_place(printed: str) -> Decimal:
    """The value of the last printed place: 0.1 of `4.9%`, 100,000 of `£1.1 million`, 1 of `eight`."""
    decimals = re.search(r"\.(\d+)", printed)
    return Decimal(1).scaleb(-len(decimals[1]) if decimals else 0) * (1_000_000 if "million" in printed else 1)


def agrees(value: Decimal, printed: Row, rounding: str) -> bool:
    place = last_place(printed["printed"])
    return (value / place).quantize(Decimal(1), rounding) * place == Decimal(printed["value"])
