"""Notes on what stops with files that come often: each with the files before it, and a similar file without a note."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from math import exp

import pytest

from dagster_project.core.home import Home
from dagster_project.landing.doubts.stopped_values import CHANCE, YEAR_FILES, _log_chance
from tests.landing.conftest import Warehouse

FIRST = date(2025, 3, 3)
UNITS = ("Dales", "Erewash", "High Peak", "Chesterfield")
NONE, DRUGS = "No further action", "Controlled drugs"
OUTCOMES = (NONE, NONE, "Arrest", "Community resolution", "Summons")
OBJECTS = (DRUGS, "Stolen goods", DRUGS, "Offensive weapons")
ACT = "Misuse of Drugs Act 1971 (section 23)"
DRUG_CODES = ("92A", "92D", "92E")
Spoil = Callable[[dict[str, str]], dict[str, str] | None]


def rows_of(extract: str, day: date, n: int) -> list[dict[str, str]]:
    """Ordinary rows of a day, as many as `n`: their values come again in turn, some each day in another order."""
    start = 7 * day.toordinal()
    return [_row(extract, day, i, start + i) for i in range(n)]


def _row(extract: str, day: date, i: int, n: int) -> dict[str, str]:
    unit = UNITS[n % 4]
    if extract == "stop_search":
        return {"search_ref": f"S{day:%y%m%d}{i:03}", "searched_at": f"{day}T10:00", "legislation": (ACT, ACT, "PACE")[n % 3],
                "object_of_search": OBJECTS[n // 3 % 4], "outcome": OUTCOMES[n % 5], "object_found": "NNYN"[n // 2 % 4],
                "age_range": ("18-24", "10-17")[day.weekday() >= 5 and n % 4 > 0], "lpu": unit}  # fmt: skip
    if extract == "crimes":
        code = DRUG_CODES[n // 8 % 3] if n % 8 == 0 else ("8N", "49")[n % 2]
        return {
            "crime_ref": f"C{day:%y%m%d}{i:03}",
            "recorded_on": str(day),
            "offence_code": code,
            "status": "Recorded",
            "lpu": unit,
        }
    if extract == "incidents":
        items = ("ASB", "Drugs;ASB", "Domestic", "", "Drugs")[n % 5]
        return {"incident_ref": f"I{day:%y%m%d}{i:03}", "record_type": ("INCIDENT", "ROC")[n % 2], "created_at": f"{day} 10:00",
                "qualifiers": items, "lpu": unit}  # fmt: skip
    return {"input_ref": f"P{day:%y%m%d}{i:03}", "delivered_on": str(day), "phase": ("Primary", "Secondary")[n % 2],
            "young_people": ("25", "30", "31", "60", "90")[n % 5]}  # fmt: skip


def drop(warehouse: Warehouse, extract: str, day: date, rows: list[dict[str, str]], *, days: int = 1, hour: int = 2) -> None:
    columns = [c.name for c in warehouse.contracts[extract].columns]
    lines = [",".join(row.get(name, "") for name in columns) for row in rows]
    last = day + timedelta(days - 1)
    at = f"{last + timedelta(1):%Y%m%d}T{hour:02}0000Z"
    warehouse.drop(extract, *lines, header=",".join(columns), start=str(day), end=str(last), at=at)


def land(warehouse: Warehouse, extract: str, day: date, rows: list[dict[str, str]], **more) -> list[str]:
    drop(warehouse, extract, day, rows, **more)
    (entry,) = warehouse.night()
    assert entry.outcome == "accepted", entry.reason
    return entry.drift


@pytest.fixture
def warehouse_of(made_once, tmp_path, monkeypatch):
    """A function that gives a warehouse in which an extract has a file of 20 rows for each of 20 days."""
    monkeypatch.delenv("PAM_PSEUDONYM_KEY", raising=False)

    def make(extract: str) -> tuple[Warehouse, date]:
        def land_days(folder):
            warehouse = Warehouse(Home.of(folder / "home").create())
            for i in range(YEAR_FILES):
                drop(warehouse, extract, FIRST + timedelta(i), rows_of(extract, FIRST + timedelta(i), 20))
            assert [e.drift for e in warehouse.night()] == [[]] * YEAR_FILES

        home = Home.of(shutil.copytree(made_once(f"days_of_{extract}", land_days) / "home", tmp_path / "home"))
        return Warehouse(home, nights=1), FIRST + timedelta(YEAR_FILES)

    return make


def only(name: str, *values: str) -> Spoil:
    return lambda row: row if row[name] in values else None


def without(name: str, *values: str) -> Spoil:
    return lambda row: None if row[name] in values else row


def always(name: str, value: str) -> Spoil:
    return lambda row: {**row, name: value}


def exchanged(row: dict[str, str]) -> dict[str, str]:
    return {**row, "object_found": "YN"[row["object_found"] == "Y"]}


def replaced(name: str, text: str, other: str) -> Spoil:
    """Another text for a part of a value; of an empty text, after it."""
    return lambda row: {**row, name: row[name].replace(text, other) if text else row[name] + other}


@pytest.mark.parametrize(
    "extract,spoil,note",
    [
        (
            "stop_search",
            only("lpu", "Dales"),
            "lpu: 'Dales' in all {n} rows from {day} on, where 75% were without it before: is",
        ),
        ("stop_search", only("outcome", "Arrest"), "outcome: 'Arrest' in all {n} rows"),
        ("stop_search", only("object_found", "Y"), "object_found: 'Y' in all {n} rows"),
        ("stop_search", always("object_found", "N"), "object_found: 'N' in all {n} rows"),
        ("stop_search", without("outcome", NONE), "outcome: no 'No further action' (in 40% before) in {n} rows from {day} on"),
        ("stop_search", only("object_of_search", DRUGS), "object_of_search: 'Controlled drugs' in all {n} rows"),
        ("stop_search", without("object_of_search", DRUGS), "object_of_search: no 'Controlled drugs' (in 50% before)"),
        ("stop_search", replaced("legislation", ACT, "s23 MDA 1971"), f"legislation: no '{ACT}' (in 67% before)"),
        ("stop_search", always("lpu", ""), "lpu: blank in all {n} rows from {day} on, where 100% had a value before"),
        (
            "stop_search",
            always("age_range", "25-34"),
            "age_range: '25-34' in all {n} rows from {day} on, where 100% were without",
        ),
        (
            "stop_search",
            exchanged,
            "object_found: 'Y' in 73% of {n} rows from {day} on, and in 25% of those before: are Y and N",
        ),
        ("incidents", replaced("qualifiers", "Drugs", ""), "qualifiers: no 'Drugs' (in 40% before)"),
        ("incidents", only("record_type", "ROC"), "record_type: 'ROC' in all {n} rows"),
        ("school_inputs", always("phase", "Primary"), "phase: 'Primary' in all {n} rows"),
        ("school_inputs", replaced("young_people", "", "0"), "young_people: all are above what half were before, in {n} rows"),
        ("school_inputs", always("young_people", "0"), "young_people: none is above what half were before, in {n} rows"),
    ],
)
def test_a_column_that_stops(warehouse_of, extract, spoil, note):
    warehouse, day = warehouse_of(extract)
    found, n_rows, first = list[str](), 0, day
    for _ in range(6):
        rows = [row for row in map(spoil, rows_of(extract, day, 15)) if row]
        n_rows += len(rows)
        found += land(warehouse, extract, day, rows)
        day += timedelta(1)
        if found:
            break
    assert [text for text in found if note.format(n=n_rows, day=first) in text], found


@pytest.mark.parametrize("extract", ["stop_search", "incidents", "school_inputs"])
def test_files_as_before(warehouse_of, extract):
    """Also of a value that comes on some days of the week alone: the ages of searches."""
    warehouse, day = warehouse_of(extract)
    for n in (20, 9, 35, 20, 20):
        assert land(warehouse, extract, day, rows_of(extract, day, n)) == []
        day += timedelta(1)


def test_a_stop_is_said_once_of_its_days(warehouse_of):
    warehouse, day = warehouse_of("stop_search")
    tell_none = always("object_found", "N")
    found = [
        land(warehouse, "stop_search", day + timedelta(i), list(map(tell_none, rows_of("stop_search", day + timedelta(i), 20))))
        for i in range(7)
    ]
    assert [len(notes) for notes in found] == [0, 0, 1, 0, 0, 0, 0], found


def test_a_corrected_file_ends_a_stop(warehouse_of):
    warehouse, day = warehouse_of("stop_search")
    for i in range(2):
        found_none = list(map(always("object_found", "N"), rows_of("stop_search", day + timedelta(i), 20)))
        assert land(warehouse, "stop_search", day + timedelta(i), found_none) == []
    second = day + timedelta(1)
    drop(warehouse, "stop_search", second, rows_of("stop_search", second, 20), hour=3)
    assert [d for e in warehouse.night() for d in e.drift if "in all" in d] == []
    third = day + timedelta(2)
    assert (
        land(warehouse, "stop_search", third, list(map(always("object_found", "N"), rows_of("stop_search", third, 20)))) == []
    )


def test_no_row_that_counts(warehouse_of):
    """Each of three codes of drugs is too rare to be missed by itself."""
    warehouse, day = warehouse_of("crimes")
    others = list(filter(without("offence_code", *DRUG_CODES), rows_of("crimes", day, 160)))
    notes = land(warehouse, "crimes", day, others)
    note = (
        f"offence_code: no row counts by it in {len(others)} rows from {day} on, where 13% did before: are such rows left out"
    )
    assert [n for n in notes if note in n], notes


@pytest.mark.parametrize("n,note", [
    (0, "no row, where each of the 20 files before it has 20 for 1 day: was it cut short, or a filter left on?"),
    (2, "2 rows, where each of the 20 files before it has 20 for 1 day: was it cut short, or a filter left on?"),
    (3, None),
])  # fmt: skip
def test_a_file_of_few_rows(warehouse_of, n, note):
    # Of usually 20 rows, 2 or fewer come by chance in one of 2,000,000 files, and 3 or fewer in one of 300,000.
    warehouse, day = warehouse_of("school_inputs")
    assert land(warehouse, "school_inputs", day, rows_of("school_inputs", day, n)) == ([note] if note else [])


def test_a_file_of_many_rows(warehouse_of):
    warehouse, day = warehouse_of("school_inputs")
    assert land(warehouse, "school_inputs", day, rows_of("school_inputs", day, 40)) == []
    day += timedelta(1)
    many = "81 rows, where each of the 21 files before it has 20 to 40 for 1 day: are some of another force"
    assert [note for note in land(warehouse, "school_inputs", day, rows_of("school_inputs", day, 81)) if many in note]


def test_few_rows_of_more_days(warehouse_of):
    warehouse, day = warehouse_of("school_inputs")
    notes = land(warehouse, "school_inputs", day, rows_of("school_inputs", day, 20), days=3)
    assert notes == ["20 rows, where each of the 20 files before it has 60 for 3 days: was it cut short, or a filter left on?"]


def test_few_files_say_nothing(warehouse_of):
    """Files of other lengths are no measure of what is usual."""
    warehouse, day = warehouse_of("stop_search")
    rows = [row for i in range(30) for row in rows_of("stop_search", day + timedelta(i), 1)]
    assert land(warehouse, "stop_search", day, list(map(always("outcome", "Arrest"), rows)), days=30) == []


def test_the_chance_that_a_value_stops():
    # 3 of 10 orders of two rows among five have both among the first three.
    assert exp(_log_chance(3, 2, 2)) == pytest.approx(3 / 10)
    assert exp(_log_chance(50, 20, 50)) < CHANCE < exp(_log_chance(50, 5, 25))
