"""Each limit at which one file is held or refused: data exactly at the limit, and just inside it. Only landing, no night."""

import pytest

from dagster_project.core.home import Home
from dagster_project.landing.storage.vocabulary import LISTED

from .conftest import Warehouse

DAY = "2025-03-01"
ROWS = {
    "incidents": lambda n, value: f"I{n},INCIDENT,{DAY} 10:00,{value},,,",
    "crimes": lambda n, value: f"C{n},{DAY},{value},Recorded,",
    "intelligence": lambda n, value: f"T{n},{DAY},Officer,{value},",
    "stop_search": lambda n, value: f"S{n},{DAY} 10:00,,{value},,Y,,,",
    "naloxone": lambda n, value: f"N{n},{DAY} 10:00,{value}",
}
HEADERS = {
    "intelligence": "intel_ref,submitted_on,source,themes,lpu",
    "stop_search": "search_ref,searched_at,legislation,object_of_search,outcome,object_found,age_range,"
    "self_defined_ethnicity,lpu",
    "naloxone": "administration_ref,administered_at,lpu",
}
COLUMNS = {
    "incidents": "qualifiers", "crimes": "offence_code", "intelligence": "themes", "stop_search": "object_of_search",
    "naloxone": "lpu",
}  # fmt: skip
COUNTS = {
    "incidents": "drugs", "crimes": "92e", "intelligence": "Drugs", "stop_search": "CONTROLLED DRUGS", "naloxone": "dales",
}  # fmt: skip
COUNTS_NOWHERE = {
    "incidents": "Alcohol", "crimes": "28E", "intelligence": "Firearms", "stop_search": "Firearms", "naloxone": "Out of force",
}  # fmt: skip
"""Values that a list knows and no measure counts."""


def rows_of(extract, unknown, uncounted, counted, blank=0):
    values = ["Qzx"] * unknown + [COUNTS_NOWHERE[extract]] * uncounted + [COUNTS[extract]] * counted + [""] * blank
    return [ROWS[extract](n, s) for n, s in enumerate(values)]


SHARES = [
    (20, 0, 80, 0, "held", True), (19, 0, 81, 0, "accepted", True),
    # Rows with a blank are rows of the file, and not unknown.
    (20, 0, 50, 30, "held", True), (20, 0, 50, 31, "accepted", True),
    (1, 0, 99, 0, "accepted", True), (1, 0, 100, 0, "accepted", False),
    (10, 0, 40, 0, "held", True), (49, 0, 0, 0, "accepted", False), (50, 0, 0, 0, "held", True),
    (0, 0, 0, 60, "accepted", False),
]  # fmt: skip
NONE_COUNTS = [(1, 99, 0, "held"), (1, 100, 0, "accepted"), (1, 98, 1, "accepted"), (0, 100, 0, "accepted"), (1, 49, 0, "held")]


def cases_of(cases, extract, *whole):
    """All cases of these extracts, as their rules differ, and the first two of every other extract."""
    return cases if extract in whole else cases[:2]


def land_apart(warehouse, extract, files):
    """The entries of files that have nothing to do with each other."""
    header = HEADERS.get(extract)
    if extract != "naloxone":
        return warehouse.land_forces(extract, *files, header=header)
    # Its values are units, of which the project lists those of one force.
    homes = [Warehouse(Home.of(warehouse.home.path / f"{n}").create()) for n in range(len(files))]
    return [home.land(extract, *rows, header=header) for home, rows in zip(homes, files, strict=True)]


@pytest.mark.parametrize("extract", ROWS)
def test_unknown_values_by_their_share(warehouse, extract):
    cases, column = cases_of(SHARES, extract, "incidents", "crimes"), COLUMNS[extract]
    entries = land_apart(warehouse, extract, [rows_of(extract, *case[:4]) for case in cases])
    for entry, (unknown, *_, outcome, is_reported) in zip(entries, cases, strict=True):
        assert (entry.outcome, entry.held_for) == (outcome, "vocabulary" if outcome == "held" else None), entry.reason
        assert entry.unknown_values == ({column: {"Qzx": unknown}} if unknown else {})
        assert entry.unknown_told == ({column: unknown} if is_reported else {})


@pytest.mark.parametrize("extract", ROWS)
def test_one_in_a_hundred_holds_if_no_row_counts_except_for_units(warehouse, extract):
    cases = cases_of(NONE_COUNTS, extract, "crimes", "naloxone")
    entries = land_apart(warehouse, extract, [rows_of(extract, *case[:3]) for case in cases])
    outcomes = ["accepted" if extract == "naloxone" else outcome for *_, outcome in cases]
    assert [entry.outcome for entry in entries] == outcomes, [entry.reason for entry in entries]


def test_a_list_is_unknown_where_no_item_is_known(warehouse):
    rows = ["Odd;Odder"] * 19 + ["Odd;Alcohol"] * 40 + ["Odd;Drugs"] * 41
    entry = warehouse.land("incidents", *[ROWS["incidents"](n, s) for n, s in enumerate(rows)])
    assert (entry.outcome, entry.unknown_told) == ("accepted", {"qualifiers": 19})
    assert entry.unknown_values == {"qualifiers": {"Odd": 100, "Odder": 19}}


def test_all_of_a_thousand_unknown_values_are_listed(warehouse):
    rows = [ROWS["crimes"](n, f"X{n}Z") for n in range(1000)]
    assert len(warehouse.land("crimes", *rows).unknown_values["offence_code"]) == 1000 < LISTED


@pytest.mark.parametrize("n", [100, 300, 700, 2900])
def test_american_dates_at_one_in_a_hundred(warehouse, n):
    files = []
    for less, other in ((0, 0), (1, 0), (0, 1)):
        american = n // 100 - less
        days = ["03/13/2025"] * american + ["13/03/2025"] * other + ["03/04/2025"] * (n - american - other)
        files.append([f"C{i},{day},92D,Recorded," for i, day in enumerate(days)])
    entries = warehouse.land_forces("crimes", *files)
    assert [entry.outcome for entry in entries] == ["refused", "accepted", "accepted"], [entry.reason for entry in entries]


@pytest.mark.parametrize(
    ("american", "other", "outcome"), [("02/30/2025", "02/03/2025", "accepted"), ("02/13/2025", "31/02/2025", "refused")]
)
def test_days_that_no_month_has_are_dates_of_neither_order(warehouse, american, other, outcome):
    rows = [f"N{i},{day},Dales" for i, day in enumerate([american] * 3 + [other] * 3 + ["03/04/2025"] * 20)]
    assert warehouse.land("naloxone", *rows).outcome == outcome


@pytest.mark.parametrize("column", ["tested_at", "arrested_at"])
def test_american_date_in_one_row_of_any_date_column(warehouse, column):
    days = {"arrested_at": "2025-03-02T10:00", "tested_at": ""} | {column: "3/25/2025 9:05 AM"}
    header = "custody_ref,arrested_at,trigger_offence,test_status,tested_at"
    row = f"D1,{days['arrested_at']},Theft,Completed,{days['tested_at']}"
    entry = warehouse.land("drug_tests", row, header=header)
    assert entry.outcome == "refused" and f'dates: {{{column}: "%m/%d/%Y %I:%M %p"}}' in entry.reason


def test_blank_columns_count_as_absent_from_fifty_rows_on(warehouse):
    for n, absent, at in ((50, ["channel", "grade"], "20260105T020000Z"), (49, [], "20260106T020000Z")):
        rows = [f"I{i},INCIDENT,{DAY} 10:00,Drugs,,,Dales" for i in range(n)]
        entry = warehouse.land("incidents", *rows, at=at)
        assert entry.outcome == "accepted" and entry.absent_columns == absent
    one = [f"I{i},INCIDENT,{DAY} 10:00,Drugs,{'Emergency' if i == 7 else ''},,Dales" for i in range(60)]
    entry = warehouse.land("incidents", *one, at="20260107T020000Z")
    assert entry.absent_columns == ["channel"]


def test_optional_column_without_its_mapped_header_is_absent(warehouse):
    warehouse.home.mappings.mkdir(exist_ok=True)
    text = "extract: incidents\nforces: [derbyshire]\nheaders: {grade: Urgency}\noptional: [grade]\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    header = "incident_ref,record_type,created_at,qualifiers,channel,lpu"
    entry = warehouse.land("incidents", f"I1,INCIDENT,{DAY} 10:00,Drugs,999,Dales", header=header)
    assert (entry.outcome, entry.absent_columns) == ("accepted", ["grade"])


def test_required_column_that_a_mapping_calls_optional_is_absent(warehouse):
    """A system that stopped to export what was found took all searches with it. The key, and the day, every row needs."""
    warehouse.home.mappings.mkdir(exist_ok=True)
    text = "extract: stop_search\nforces: [derbyshire]\nheaders: {search_ref: URN, object_found: Item found}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    header, row = "URN,searched_at,object_of_search", f"S1,{DAY} 10:00,Controlled drugs"
    entry = warehouse.land("stop_search", row, header=header)
    assert entry.outcome == "refused" and "list the column under optional" in entry.reason
    optional = text + "optional: [search_ref, searched_at, object_found]\n"
    (warehouse.home.mappings / "m.yml").write_text(optional, encoding="utf-8")
    entry = warehouse.land("stop_search", row, header=header, at="20260106T020000Z")
    assert (entry.outcome, entry.rows_landed) == ("accepted", 1) and "object_found" in entry.absent_columns
    entry = warehouse.land("stop_search", row, header=header.replace("URN", "Number"), at="20260107T020000Z")
    assert entry.outcome == "refused" and "misses required columns: search_ref;" in entry.reason
    assert "under optional" not in entry.reason


def test_kind_of_street_crime_is_never_optional(warehouse):
    """Each kind would be a 0, and the file was refused as damaged."""
    warehouse.home.mappings.mkdir(exist_ok=True)
    text = "extract: street_crime\nforces: [derbyshire]\noptional: [crime_type]\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    entry = warehouse.land("street_crime", "2025-01,Derbyshire 001A", header="Month,LSOA name")
    assert entry.outcome == "refused" and "misses required columns: crime_type" in entry.reason
