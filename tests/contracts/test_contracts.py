"""The contracts have what they need, and an invalid one is refused by the name of its file and field."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from dagster_project.contracts import Contract, ContractError, load_contracts, plain_header, read_contract
from dagster_project.core.home import CONTRACTS as FOLDER

CONTRACTS = load_contracts()

SMALL = {
    "extract": "orders",
    "title": "Orders",
    "description": "Orders.",
    "kind": "events",
    "rhythm": "nightly",
    "grain": "one row per order",
    "columns": [
        {"name": "order_ref", "description": "Reference", "key": True, "required": True},
        {"name": "order_date", "description": "Day", "type": "date", "required": True, "places_row": True},
        {"name": "status", "description": "Status", "type": "choice", "values": ["Open", "Shut"]},
    ],
}


def small(**changes) -> dict:
    return {**SMALL, **changes}


def with_column(**column) -> dict:
    return small(columns=[*SMALL["columns"], {"name": "more", "description": "More", **column}])


def test_each_file_is_one_contract_sorted_by_name():
    assert set(CONTRACTS) == {path.stem for path in FOLDER.glob("*.yml")} and CONTRACTS
    assert list(CONTRACTS) == sorted(CONTRACTS)
    assert all(name == contract.extract for name, contract in CONTRACTS.items())


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda c: c.extract)
def test_every_column_is_described(contract):
    assert contract.grain.startswith("one row per ")
    assert all(c.description for c in contract.columns)


def test_only_three_columns_are_identifiers():
    identifiers = {(c.extract, name) for c in CONTRACTS.values() for name in c.identifiers}
    assert identifiers == {
        ("drug_tests", "custody_ref"),
        ("exploitation_outcomes", "person_ref"),
        ("op_trapped", "address_ref"),
    }


def test_kinds_of_extract():
    def of(kind):
        return {c.extract for c in CONTRACTS.values() if c.kind == kind}

    assert of("list") == {"county_lines", "pspos", "cash_seizures"}
    assert of("indicators") == {"public_health"}
    assert of("monthly_file") == {"street_crime"}
    assert {c.extract for c in CONTRACTS.values() if c.empty_is_suspect} == {
        "incidents",
        "crimes",
        "intelligence",
        "stop_search",
    }


def test_keys_and_dates():
    assert CONTRACTS["iom_cohort"].key == ["counted_on"]
    assert CONTRACTS["incidents"].key == ["incident_ref"]
    assert CONTRACTS["public_health"].key == [] and CONTRACTS["public_health"].date_column is None
    assert CONTRACTS["street_crime"].key == [] and CONTRACTS["street_crime"].date_column == "month"
    assert CONTRACTS["naloxone"].has_units and not CONTRACTS["mda_orders"].has_units


def test_headers_match_despite_case_spaces_and_hyphens():
    incidents = CONTRACTS["incidents"]
    for header in ("incident_ref", "Incident Ref", " INCIDENT-REF ", "\ufeffIncidentRef"):
        assert incidents.by_header(header).name == "incident_ref"
    assert incidents.by_header("incident") is None
    assert CONTRACTS["public_health"].by_header("Lower CI 95.0 limit").name == "lower_ci_95_0_limit"
    assert plain_header("Self-defined ethnicity") == plain_header("self_defined_ethnicity")


def test_contracts_are_frozen():
    with pytest.raises(ValidationError):
        CONTRACTS["incidents"].title = "Other"


def test_the_small_contract_is_valid():
    assert Contract.model_validate(SMALL).key == ["order_ref"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (small(colour="red"), "colour"),
        (small(kind="heap"), "kind"),
        (small(columns=[]), "columns"),
        (small(columns=SMALL["columns"][1:]), "needs a key"),
        (small(kind="list", columns=SMALL["columns"][1:]), "needs a key"),
        (small(columns=[SMALL["columns"][0]]), "places_row"),
        (small(kind="indicators"), "places_row"),
        (small(kind="monthly_file"), "has no key"),
        (small(doubled_group="Colour"), "doubled_group"),
        (small(contradictions=[{"rows": "true", "means": "so", "needs": ["colour"]}]), "no such column: colour"),
        (small(told_together=["colour"]), "told_together: no such column: colour"),
        (small(columns=[*SMALL["columns"], SMALL["columns"][2]]), "twice"),
        (with_column(type="choice"), "values"),
        (with_column(values=["a"]), "values"),
        (with_column(type="choice", values=["a", "A"]), "twice"),
        (with_column(type="date", identifier=True), "identifier"),
        (with_column(key=True), "required"),
        (with_column(places_row=True, required=True), "places_row"),
        (with_column(type="date", places_row=True), "the date that places a row is required"),
        (with_column(aliases=["Order-Ref"]), "two columns"),
        (with_column(type="colour"), "columns.3.type"),
        (with_column(type="unit"), "one unit at most, and it is called lpu"),
        (with_column(name="line"), "columns: line: every staging model has its own column"),
        (small(expects={"status": "Closed"}), "expects: status: Closed is none of Open, Shut"),
        (small(police_uk={"suffix": "orders", "columns": {"Date": "day"}}), "police_uk: no such column: day"),
        (small(police_uk={"suffix": "orders", "columns": {"Ref": "order_ref"}}), "misses the date"),
        (
            small(police_uk={"suffix": "orders", "columns": {"Date": "order_date"}, "absent": ["order_date"]}),
            "both given and absent",
        ),
    ],
)
def test_an_invalid_contract_names_its_file_and_field(tmp_path: Path, body, message):
    path = tmp_path / "orders.yml"
    path.write_text(yaml.safe_dump(body))
    with pytest.raises(ContractError, match=r"orders\.yml") as error:
        read_contract(path)
    assert message in str(error.value)


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2\n", ""])
def test_invalid_yaml_is_refused(tmp_path: Path, text):
    path = tmp_path / "orders.yml"
    path.write_text(text)
    with pytest.raises(ContractError, match=r"orders\.yml: (not readable|contract: has no value of its own)"):
        read_contract(path)


def test_a_contract_whose_extract_is_not_its_file_name_is_refused(tmp_path: Path):
    path = tmp_path / "others.yml"
    path.write_text(yaml.safe_dump(SMALL))
    with pytest.raises(ContractError, match="extract"):
        read_contract(path)


def test_contracts_are_read_once():
    assert load_contracts() is load_contracts(FOLDER) or load_contracts() == load_contracts(FOLDER)
    assert load_contracts() is load_contracts()
