"""Each extract of the national case: rows of a year, and SQL for every column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dagster_project.core.sql import literal
from dagster_project.sample import searches
from dagster_project.sample.drug_tests import MISSED_REASONS, NOT_COMPLETED, OFFENCES
from dagster_project.sample.incidents import CHANNELS, DRUG_THEMES, DRUGS, GRADED_FROM, GRADES, NOT_DRUGS, OTHER_THEMES, SOURCES
from dagster_project.sample.offences import CODES, OTHERS
from dagster_project.sample.prevention import ISSUES, TEAMS
from dagster_project.sample.random_rows import MARK
from dagster_project.sample.street import OUTCOMES, TYPES

UNITS = 10
"""Made-up units of each force."""


def _ref(kind: str) -> str:
    return f"'{MARK}-{kind}-' || lpad(i::varchar, 9, '0')"


def _number(salt: str, below: int) -> str:
    """SQL for a whole number from 0 to under `below`, drawn for each row."""
    return f"(hash(i, seed, '{salt}') % {below})::int"


def _draw(choice: Mapping[str, int] | Sequence[str], salt: str) -> str:
    """SQL for one of the values, as often as its weight says."""
    weights = choice if isinstance(choice, Mapping) else dict.fromkeys(choice, 1)
    # Null is written as an empty cell, a blank text as two quotes.
    values = [literal(value) if value else "null" for value, weight in weights.items() for _ in range(weight)]
    return f"[{', '.join(values)}][1 + {_number(salt, len(values))}]"


def _at(joiner: str = "T") -> str:
    """SQL for a time of the row's day. None between one and two, as in `random_rows.TIMES`."""
    minute = _number("minute", 23 * 60)
    return f"strftime(day + to_minutes({minute} + case when {minute} >= 60 then 60 else 0 end), '%Y-%m-%d{joiner}%H:%M:00')"


def _pounds(salt: str, below: int) -> str:
    return f"({_number(salt, below * 100)} / 100)::decimal(12, 2)"


def _after(salt: str, days: int, open_of_ten: int) -> str:
    """SQL for a day after the row's own, blank for so many of ten."""
    later = f"day + 1 + {_number(salt, days)}"
    return f"case when {_number(salt + ' open', 10)} >= {open_of_ten} and {later} <= last_day then {later} end"


_UNIT_NO = f"lpad((1 + {_number('unit', UNITS)})::varchar, 2, '0')"
UNIT = f"case when {_number('no unit', 25)} = 0 then null else 'sample-unit-' || {_UNIT_NO} end"
DRUGS_OR_OTHER = "hash(i, seed, 'drugs') % 100 <"
HAS_RESULT = "status = 'Completed'"
IS_CRIME = "kind <> 'Anti-social behaviour'"
SUBSTANCE = {"Positive": 1, "Negative": 2}


@dataclass(frozen=True)
class Made:
    """How one extract is made: rows a year of one force, and SQL for each column.

    In the SQL, `i` is the row's number in its file, `day` its day, `last_day` the window's last, `force_name` the
    force, `seed` the file's own number. `first`: SQL for values that several columns share. `split`: a file for each
    calendar year.
    """

    rows: int
    columns: dict[str, str]
    first: str = ""
    split: bool = False


EXTRACTS = {
    "incidents": Made(4800, {
        "incident_ref": _ref("INC"),
        "created_at": _at(),
        "record_type": _draw({"INCIDENT": 7, "ROC": 3}, "type"),
        "qualifiers": f"case when {DRUGS_OR_OTHER} 80 then {_draw(DRUGS, 'q')} else {_draw(NOT_DRUGS, 'q')} end",
        "grade": f"case when day < '{GRADED_FROM}' then null else {_draw({'Emergency': 18, **GRADES}, 'grade')} end",
        "channel": _draw(CHANNELS, "channel"),
        "lpu": UNIT,
    }),
    "intelligence": Made(19000, {
        "intel_ref": _ref("INT"),
        "submitted_on": "day",
        "themes": f"case when {DRUGS_OR_OTHER} 92 then {_draw(DRUG_THEMES, 't')} else {_draw(OTHER_THEMES, 't')} end",
        "source": _draw(SOURCES, "source"),
        "lpu": UNIT,
    }),
    "crimes": Made(3600, {
        "crime_ref": _ref("CRI"),
        "recorded_on": "day",
        "offence_code": _draw({k: w for c in (*CODES.values(), OTHERS) for k, w in c.items()}, "code"),
        "status": _draw({"Recorded": 24, "Cancelled": 1}, "status"),
        "lpu": UNIT,
    }),
    "stop_search": Made(2000, {
        "search_ref": _ref("SRC"),
        "searched_at": f"{_at()} || '+00:00'",
        "legislation": f"case when {DRUGS_OR_OTHER} 60 then {_draw(searches.DRUG_POWERS, 'power')}"
        f" else {_draw(searches.OTHER_POWERS, 'power')} end",
        "object_of_search": f"case when {DRUGS_OR_OTHER} 60 then {_draw(searches.DRUG_OBJECTS, 'object')}"
        f" else {_draw(searches.OTHER_OBJECTS, 'object')} end",
        "object_found": "found",
        "age_range": _draw(searches.AGES, "age"),
        "self_defined_ethnicity": _draw(searches.ETHNICITIES, "ethnicity"),
        "outcome": f"case found when 'Y' then {_draw(searches.FOUND, 'hit')} else {_draw(searches.NOTHING, 'miss')} end",
        "lpu": UNIT,
    }, first=f"{_draw({'Y': 3, 'N': 7}, 'found')} as found"),
    "drug_tests": Made(1150, {
        "custody_ref": _ref("CUS"),
        "arrested_at": "arrested_at",
        "trigger_offence": _draw(OFFENCES, "offence"),
        "test_status": "status",
        "missed_reason": f"case status when 'Missed' then {_draw(MISSED_REASONS, 'reason')} end",
        "tested_at": f"case when {HAS_RESULT} then left(arrested_at, 14) || '59:00' end",
        "cocaine": f"case when {HAS_RESULT} then cocaine end",
        "opiates": f"case when {HAS_RESULT} then opiates end",
        "result": f"case when not {HAS_RESULT} then null when 'Positive' in (cocaine, opiates)"
        f" then {_draw({'Positive': 9, '': 1}, 'result')} else 'Negative' end",
        "referred": f"case when {HAS_RESULT} then {_draw({'Y': 4, 'N': 6}, 'referred')} else 'N' end",
        "lpu": UNIT,
    }, first=f"{_draw({'Completed': 100, **NOT_COMPLETED}, 'status')} as status, {_at(' ')} as arrested_at,"
        f" {_draw(SUBSTANCE, 'cocaine')} as cocaine, {_draw(SUBSTANCE, 'opiates')} as opiates"),
    "naloxone": Made(30, {"administration_ref": _ref("NAL"), "administered_at": _at(), "lpu": UNIT}),
    "county_lines": Made(40, {
        "line_ref": _ref("LIN"),
        "identified_on": "day",
        "closed_on": _after("closed", 400, 3),
        "lpu": UNIT,
    }),
    "exploitation_outcomes": Made(116, {
        "outcome_ref": _ref("OUT"),
        "person_ref": f"'{MARK}-PER-' || (i - {_number('person', 2)})",
        "outcome_on": "day",
        "strand": _draw(["County lines", "OCG"], "strand"),
        "outcome": _draw(["Charged", "Safeguarded"], "outcome"),
    }),
    "op_trapped": Made(43, {
        "identification_ref": _ref("TRA"),
        "address_ref": f"'{MARK}-ADDRESS-' || (i - {_number('address', 2)})",
        "identified_on": "day",
        "people_safeguarded": _number("people", 4),
        "lpu": UNIT,
    }),
    "school_inputs": Made(110, {
        "input_ref": _ref("SCH"),
        "delivered_on": "day",
        "phase": _draw(["Primary", "Secondary", "Further education"], "phase"),
        "young_people": f"4 + {_number('people', 150)}",
    }),
    "confiscation_orders": Made(83, {
        "order_ref": _ref("CON"),
        "order_date": "day",
        "offence_category": _draw(["Drug supply", "Fraud", "Other"], "category"),
        "order_value": _pounds("order", 20_000),
        "benefit_value": _pounds("benefit", 200_000),
        "compensation_value": _pounds("compensation", 3_000),
    }),
    "aris_returns": Made(4, {"return_ref": _ref("ARI"), "received_on": "day", "amount": _pounds("amount", 90_000)}),
    "cash_seizures": Made(19, {
        "seizure_ref": _ref("SEI"),
        "order_date": "day",
        "amount": _pounds("amount", 60_000),
        "status": _draw(["Under investigation", "Forfeited", "Forfeited", "Returned"], "status"),
    }),
    "forfeiture_orders": Made(13, {
        "order_ref": _ref("FOR"),
        "order_date": "day",
        "amount": _pounds("amount", 20_000),
        "seizure_ref": _ref("SEI"),
    }),
    "mda_orders": Made(59, {
        "order_ref": _ref("MDA"),
        "order_date": "day",
        "amount": _pounds("amount", 900),
        "recipient": _draw(["Police", "Charity"], "recipient"),
    }),
    "pspos": Made(10, {
        "order_ref": _ref("PSP"),
        "authority": f"'Sample Council ' || (1 + {_number('authority', 8)})",
        "starts_on": "day",
        "ends_on": _after("ends", 1100, 2),
    }),
    "pspo_enforcement": Made(171, {
        "enforcement_ref": _ref("PSE"),
        "enforced_on": "day",
        "kind": _draw({"Fixed penalty notice": 19, "Prosecution": 1}, "kind"),
        "authority": f"'Sample Council ' || (1 + {_number('authority', 8)})",
        "issuing_team": _draw(TEAMS, "team"),
    }),
    "iom_visits": Made(108, {
        "visit_ref": _ref("VIS"),
        "visited_on": "day",
        "operation": _draw({"Knightlow": 3, "Other": 1}, "operation"),
        "substance_misuse": _draw({"Y": 2, "N": 1}, "misuse"),
    }),
    "community_voices": Made(1500, {
        "response_ref": _ref("VOI"),
        "responded_on": "day",
        "issue": _draw(ISSUES, "issue"),
        "lpu": UNIT,
    }),
    "prevention_activity": Made(245, {
        "activity_ref": _ref("ACT"),
        "activity_on": "day",
        "activity": _draw(["Licensed premises visit", "Leaflet drop", "Sample activity"], "activity"),
        "quantity": f"1 + {_number('quantity', 40)}",
    }),
    "street_crime": Made(22800, {
        "crime_id": f"case when {IS_CRIME} then '{MARK.lower()}' || md5(i::varchar || '-' || seed) end",
        "month": "strftime(day, '%Y-%m')",
        "reported_by": "force_name",
        "falls_within": "force_name",
        "longitude": "'-1.' || place || '0000'",
        "latitude": "'53.' || place || '0000'",
        "location": "'On or near Sample Street ' || place",
        "lsoa_code": f"'{MARK}' || place",
        "lsoa_name": f"'Sample District ' || (1 + {_number('district', 10)}) || ' ' || place || 'A'",
        "crime_type": "kind",
        "last_outcome_category": f"case when {IS_CRIME} then {_draw(OUTCOMES, 'outcome')} end",
        "context": "null",
    }, first=f"{_draw(TYPES, 'kind')} as kind, lpad(({_number('place', 999)})::varchar, 3, '0') as place", split=True),
}  # fmt: skip
