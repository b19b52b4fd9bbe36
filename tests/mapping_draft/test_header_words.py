"""Headers that resemble a column and mean something else, general names, and codes that are ambiguous."""

import pytest

from dagster_project.contracts import Column, load_contracts
from dagster_project.core.home import Home
from dagster_project.mapping_draft.codes import LONGEST, known_values, likely_value, listed_codes, target_of
from dagster_project.mapping_draft.header_words import ALIKE, GENERAL_NAME, KNOWN, likeness, numbered


def column(extract: str, name: str) -> Column:
    return load_contracts()[extract].column(name)


@pytest.mark.parametrize(
    ("extract", "name", "header"),
    [
        ("stop_search", "object_found", "Outcome linked to object of search"),
        ("stop_search", "self_defined_ethnicity", "Officer-defined ethnicity"),
        ("stop_search", "self_defined_ethnicity", "Ethnicity 6+1"),
        ("stop_search", "object_found", "Anything Found"),
        ("stop_search", "object_found", "Positive Search"),
        ("drug_tests", "referred", "Required Assessment"),
        ("county_lines", "closed_on", "Disrupted On"),
        ("incidents", "qualifiers", "Closing Category"),
        ("crimes", "recorded_on", "Date Reported"),
        ("incidents", "created_at", "Closed Date"),
        ("confiscation_orders", "order_value", "Available Amount"),
        ("drug_tests", "lpu", "Surname"),
        ("drug_tests", "lpu", "First Name"),
        ("naloxone", "lpu", "Officer Name"),
    ],
)
def test_header_with_another_meaning_is_never_taken(extract: str, name: str, header: str) -> None:
    assert likeness(column(extract, name), header) == 0


@pytest.mark.parametrize(
    ("extract", "name", "header", "least", "most"),
    [
        ("incidents", "incident_ref", "IncidentNo.", KNOWN, KNOWN),
        ("incidents", "incident_ref", "Incident Ref No", KNOWN, KNOWN),
        ("confiscation_orders", "order_value", "Order (£)", KNOWN, KNOWN),
        ("incidents", "record_type", "Type", GENERAL_NAME, GENERAL_NAME),
        ("intelligence", "source", "Source", KNOWN, KNOWN),
        ("incidents", "grade", "Caller Name", 0, ALIKE - 0.01),
    ],
)
def test_likeness_of_headers(extract: str, name: str, header: str, least: float, most: float) -> None:
    assert least <= likeness(column(extract, name), header) <= most


def test_numbers_of_headers() -> None:
    assert numbered("Qualifier 2") == numbered("Qualifier2") == numbered("Second Qualifier") == ("qualifier", 2)
    assert numbered("Keyword B") == ("keyword", 2)
    assert numbered("Qualifier") is None and numbered("Age 10-17") is None


@pytest.mark.parametrize(
    ("extract", "name", "code", "target"),
    [
        ("incidents", "grade", "emergency", "Emergency"),
        ("incidents", "grade", "1 - Emergency", "Emergency"),
        ("incidents", "grade", "12 - Emergency", "Emergency"),
        ("incidents", "grade", "Emergency (1)", "Emergency"),
        ("incidents", "grade", "EM - Emergency", "Emergency"),
        ("incidents", "grade", "A. Emergency", "Emergency"),
        ("incidents", "grade", "Grade 1", None),
        ("incidents", "grade", "Non-Emergency", None),
        ("incidents", "grade", "No: Emergency", None),
        ("incidents", "grade", "E", None),
        ("incidents", "record_type", "Record of contact", "ROC"),
        ("drug_tests", "cocaine", "POS", None),
        ("drug_tests", "cocaine", "Not Positive", None),
        ("drug_tests", "cocaine", "Pos - Negative", None),
        ("drug_tests", "cocaine", "Negative?", None),
        ("stop_search", "object_found", "Y?", None),
        ("stop_search", "object_found", "F", None),
        # Blank, not No: a column of it gave finds of 0, complete.
        ("stop_search", "object_found", "N/A", None),
        ("drug_tests", "referred", "n/a", None),
        ("drug_tests", "referred", "T", None),
        ("crimes", "status", "Re-Recorded", None),
        ("stop_search", "object_found", "Yes", "Y"),
        ("stop_search", "object_found", "1", None),
        ("crimes", "status", "Cancelled - no crime", None),
    ],
)
def test_only_unambiguous_codes_get_a_value(extract: str, name: str, code: str, target: str | None) -> None:
    assert target_of(column(extract, name), code) == target


def test_code_that_may_mean_one_value_gets_a_hint() -> None:
    grades = column("incidents", "grade").values
    assert likely_value(grades, "Emerg") == "Emergency"
    assert likely_value(grades, "1") == "" and likely_value(grades, "zzz") == ""


def test_synonyms_of_an_unknown_value_are_an_error() -> None:
    with pytest.raises(ValueError, match="value_synonyms"):
        Column(name="grade", description="Grade", type="choice", values=("A", "B"), value_synonyms=(("C", "See"),))


def test_code_that_names_drugs_is_suggested_as_drugs_and_not_as_a_similar_word() -> None:
    column = load_contracts()["incidents"].column("qualifiers")
    known = {v.lower(): v for v in ("Drugs", "Drug driving", "Road traffic collision")}
    codes = listed_codes(column, known, [("Drug Supply", 3), ("RTC", 2), ("Drug driving", 1)])
    assert [(c.target, c.perhaps) for c in codes] == [(None, "Drugs"), (None, "Road traffic collision"), ("Drug driving", "")]


def test_long_values_are_listed_where_a_list_knows_them() -> None:
    """Others are free text, which may name a person."""
    long, text = "Possession of drugs with intent to supply", "Ava Nonesuch was seen here by her neighbours"
    codes = listed_codes(column("incidents", "qualifiers"), {long.lower(): long}, [(long, 2), (text, 1)])
    assert [(c.code, c.target) for c in codes] == [(long, long)] and len(long) > LONGEST


def test_units_are_those_of_the_force(new_home: Home) -> None:
    """By code and by name; of all forces where none is named."""
    new_home.seeds.mkdir(exist_ok=True)
    head = "force_code,section_code,section_name,lpu_code,lpu_name\n"
    (new_home.seeds / "areas.csv").write_text(f"{head}kent,m,Main,K1,Northgate\nessex,m,Main,E1,Southmoor\n", "utf-8")
    contract = load_contracts()["crimes"]
    known = {force: set(known_values(new_home, contract, contract.column("lpu"), force)) for force in ("kent", None)}
    assert known == {"kent": {"k1", "northgate"}, None: {"k1", "northgate", "e1", "southmoor"}}


@pytest.mark.parametrize(
    ("extract", "name", "code", "hint"),
    [
        ("drug_tests", "test_status", "Not tested", ""),
        ("drug_tests", "test_status", "N", ""),
        ("drug_tests", "cocaine", "PO", ""),
        ("crimes", "status", "Not recorded", ""),
        ("drug_tests", "test_status", "Refused test", "Refused"),
        ("drug_tests", "test_status", "Not req", "Not required"),
        ("drug_tests", "cocaine", "Pos", "Positive"),
    ],
)
def test_hint_is_given_only_if_the_code_resembles_a_value(extract: str, name: str, code: str, hint: str) -> None:
    assert likely_value(column(extract, name).values, code) == hint
