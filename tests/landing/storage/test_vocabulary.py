"""Values that no list knows: at which shares a file is held or lists them, and how a person accepts them."""

import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support import candidate, each, land_night, night, write_extract
from typer.testing import CliRunner

from dagster_project.audit import read_log
from dagster_project.cli import load_app
from dagster_project.core import home_lists
from dagster_project.core.home import Home
from dagster_project.core.home_lists import OWN_LISTS, HomeListError, known_offence_codes, known_words, read_own_list
from dagster_project.core.home_lists import seeded_words as words_of_the_project
from dagster_project.core.terminal_text import indented_message
from dagster_project.landing import LedgerEntry, read_ledger
from dagster_project.landing.release_held import held_files
from dagster_project.landing.storage.vocabulary import UnknownValue, lines_to_paste, unknown_values

CRIMES = ("crime_ref", "recorded_on", "offence_code", "status")
JANUARY = ("2025-01-01", "2025-01-31")


def crimes(inbox: Path, codes: list[str], stamp: str = "20260105T020000Z", force: str = "derbyshire") -> Path:
    rows = each(len(codes), lambda i: [f"C{i}", f"2025-01-{i % 28 + 1:02d}", codes[i], "Recorded"])
    return write_extract(inbox, "crimes", rows, columns=CRIMES, window=JANUARY, stamp=stamp, force=force)


def landed(home: Home) -> LedgerEntry:
    land_night(home)
    return read_ledger(home)[-1]


def test_a_file_that_is_held_for_more_does_not_land_once_its_values_are_known(new_home: Home) -> None:
    crimes(new_home.inbox, ["ZZ"] * 60)
    (path,) = new_home.inbox.iterdir()
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *rows, *rows, ""]), encoding="utf-8")
    entry = landed(new_home)
    assert entry.outcome == "held" and "; 60 of 60 rows: no list knows their offence_code" in entry.reason
    assert entry.held_for is None


@pytest.fixture
def listed_activities(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if the project's vocabulary had values of another column."""
    words = {**words_of_the_project(), ("prevention_activity", "activity", "lero event"): "Events"}
    monkeypatch.setattr(home_lists, "seeded_words", lambda: words)
    for known in (home_lists.classifying_columns, home_lists.counts_towards):
        known.cache_clear()
    yield
    for known in (home_lists.classifying_columns, home_lists.counts_towards):
        known.cache_clear()


@pytest.mark.usefixtures("listed_activities")
def test_a_column_that_comes_to_the_vocabulary_is_compared_with_it(new_home: Home) -> None:
    """The columns were written down in the code: codes of another one that nobody knew landed, and counted as 0."""
    rows = each(60, lambda i: [f"P{i}", f"2025-01-{i % 28 + 1:02d}", "LERO-E", "1"])
    columns = ("activity_ref", "activity_on", "activity", "quantity")
    write_extract(new_home.inbox, "prevention_activity", rows, columns=columns, window=JANUARY)
    entry = landed(new_home)
    assert entry.outcome == "held" and entry.unknown_values == {"activity": {"LERO-E": 60}}
    assert home_lists.counts_towards("prevention_activity", "activity") == ("Events", "nothing")


def test_columns_that_are_compared() -> None:
    columns = {x: home_lists.classifying_columns(x) for x in home_lists.extract_names()}
    assert {x: names for x, names in columns.items() if names} == {
        "incidents": ("qualifiers",), "intelligence": ("themes",), "crimes": ("offence_code",),
        "stop_search": ("object_of_search",),
    }  # fmt: skip


SHARES = {
    "cheshire": (20, 79, 1, "held"),
    "cumbria": (19, 80, 1, "accepted"),
    "durham": (1, 99, 0, "held"),
    "essex": (1, 100, 0, "accepted"),
    "gwent": (0, 100, 0, "accepted"),
    "kent": (49, 0, 0, "accepted"),
    "norfolk": (10, 39, 1, "held"),
}
"""Of each force's file: the number of rows with unknown codes, known codes and codes that count, and its outcome."""


def test_files_are_held_by_their_share_of_unknown_codes(new_home: Home) -> None:
    """A fifth of unknown codes holds a file, and one in a hundred if no row counts. Under 50 rows it is never held."""
    for force, (unknown, known, counting, _) in SHARES.items():
        crimes(new_home.inbox, ["XX1"] * unknown + ["8N/1"] * known + ["92d/1"] * counting, force=force)
    land_night(new_home)
    entries = {e.force_code: e for e in read_ledger(new_home)}
    assert entries.keys() == SHARES.keys()
    for force, (unknown, _, _, outcome) in SHARES.items():
        entry = entries[force]
        assert (entry.outcome, entry.unknown_values) == (outcome, {"offence_code": {"XX1": unknown}} if unknown else {}), force
        assert entry.held_for == ("vocabulary" if outcome == "held" else None), force


LISTS = {
    "cheshire": ("Odd;Drugs", "accepted"),
    "cumbria": ("Odd;Alcohol", "accepted"),
    "durham": ("Odd;Odder", "held"),
    "essex": ("", "accepted"),
}
"""Of each force: the items in half of its rows, and the outcome of its file."""


def test_list_with_one_known_item_is_known(new_home: Home) -> None:
    columns = ("incident_ref", "record_type", "created_at", "qualifiers")
    for force, (items, _) in LISTS.items():
        cells = ["DRUGS" if i >= 30 else items for i in range(60)]
        rows = each(60, lambda i, cells=cells: [f"I{i}", "INCIDENT", f"2025-01-{i % 28 + 1:02d}T12:00:00", cells[i]])
        write_extract(new_home.inbox, "incidents", rows, columns=columns, window=JANUARY, force=force)
    land_night(new_home)
    entries = {e.force_code: e for e in read_ledger(new_home)}
    assert entries.keys() == LISTS.keys()
    for force, (items, outcome) in LISTS.items():
        assert entries[force].outcome == outcome, force
        unknown = sorted(entries[force].unknown_values.get("qualifiers", {}))
        assert unknown == [i for i in ("Odd", "Odder") if i in items.split(";")], force


@pytest.mark.parametrize("unknown", [{}, {"XX1": 3, "92İ/1": 2}])
def test_values_are_known_in_any_case_and_with_blanks(new_home: Home, unknown: dict[str, int]) -> None:
    crimes(new_home.inbox, ["8N/1", "92d/1", "8n / 7", "", *(code for code, rows in unknown.items() for _ in range(rows))])
    assert landed(new_home).unknown_values == ({"offence_code": unknown} if unknown else {})


@pytest.mark.parametrize(
    ("force", "unknown", "outcome"), [("derbyshire", 12, "held"), ("derbyshire", 11, "accepted"), ("kent", 60, "accepted")]
)
def test_units_are_checked_for_forces_with_a_list(new_home: Home, force: str, unknown: int, outcome: str) -> None:
    rows = each(60, lambda i: [f"N{i}", f"2025-01-{i % 28 + 1:02d}T12:00:00", "Atlantis" if i < unknown else "Dales"])
    write_extract(
        new_home.inbox, "naloxone", rows, columns=("administration_ref", "administered_at", "lpu"), window=JANUARY, force=force
    )
    entry = landed(new_home)
    assert entry.outcome == outcome
    assert entry.unknown_values == ({"lpu": {"Atlantis": unknown}} if force == "derbyshire" else {})


def test_units_are_no_longer_unknown_once_the_force_has_no_list(new_home: Home) -> None:
    new_home.seeds.mkdir()
    areas = new_home.seeds / "areas.csv"
    areas.write_text(f"{','.join(OWN_LISTS['areas'])}\nkent,east,East,dover,Dover\n")
    rows = each(60, lambda i: [f"N{i}", f"2025-01-{i % 28 + 1:02d}T12:00:00", "Atlantis" if i < 5 else "Dover"])
    write_extract(
        new_home.inbox, "naloxone", rows, columns=("administration_ref", "administered_at", "lpu"), window=JANUARY, force="kent"
    )
    land_night(new_home)
    assert [(u.column_name, u.value, u.rows) for u in unknown_values(new_home)] == [("lpu", "Atlantis", 5)]
    areas.unlink()
    assert unknown_values(new_home) == []


def test_rows_of_an_unknown_value_are_those_of_the_newest_files(new_home: Home) -> None:
    """Nightly files that each hold the whole year name a value again each night; an older one may arrive last."""
    entry = LedgerEntry.model_validate({
        "night_id": "n1", "landed_at": "2026-01-01T02:00:00Z", "extract": "crimes", "force_code": "derbyshire",
        "form": "canonical", "source_file": "a.csv", "outcome": "accepted", "load_id": "a", "covered_from": "2025-01-01",
        "covered_to": "2025-01-31", "extracted_at": "2026-01-01T01:00:00Z", "sha256": "0" * 64, "bytes": 1, "file_mtime": 0,
        "unknown_values": {"offence_code": {"XX1": 1}},
    })  # fmt: skip
    # Day of extraction, last day of the window, and rows. Newer files cover the windows of the first and the third.
    files = [(2, "2025-02-28", 10), (3, "2025-03-31", 20), (1, "2025-03-31", 99), (4, "2025-03-30", 40), (5, "2025-01-31", 80)]
    entries = [
        entry.model_copy(update={
            "load_id": str(day), "night_id": f"n{n}", "extracted_at": f"2026-01-0{day}T01:00:00Z",
            "covered_to": date.fromisoformat(last), "unknown_values": {"offence_code": {"XX1": rows}},
        })
        for n, (day, last, rows) in enumerate(files)
    ]  # fmt: skip
    retracted = entry.model_copy(update={"load_id": "r", "night_id": "n9", "outcome": "retracted"})
    (found,) = unknown_values(new_home, [*entries, retracted])
    assert (found.rows, found.first_night, found.last_night) == (20 + 40 + 80, "n0", "n4")
    # A file that a later night released came with the night that held it.
    held_first = entry.model_copy(update={"load_id": "2", "night_id": "n", "outcome": "held"})
    (found,) = unknown_values(new_home, [held_first, *entries])
    assert (found.first_night, found.last_night) == ("n", "n4")
    # A held file replaces held ones alone; an accepted one replaces others even if it lacks the value.
    newer = {"extracted_at": "2026-01-09T01:00:00Z", "covered_to": date(2025, 3, 31)}
    held = [
        entries[0].model_copy(update=newer | {"load_id": at, "extracted_at": f"2026-01-{at}T01:00:00Z", "outcome": "held"})
        for at in ("07", "08")
    ]
    assert [u.rows for u in unknown_values(new_home, [*entries, *held])] == [20 + 40 + 80 + 10]
    retracted = held[1].model_copy(update={"outcome": "retracted"})
    assert [u.rows for u in unknown_values(new_home, [*entries, *held, retracted])] == [20 + 40 + 80 + 10], "the older counts"
    without = entries[0].model_copy(update=newer | {"load_id": "w", "unknown_values": {}})
    assert [u.rows for u in unknown_values(new_home, [*entries, *held, without])] == [0], "it stays listed"


def test_held_file_lands_and_counts_once_its_codes_are_accepted(new_home: Home) -> None:
    """Crimes with codes of another system do not count as 0: they are held until a person says what they count as."""
    crimes(new_home.inbox, ["DRG1"] * 60 + ["DRG2"] * 39 + ["VIOL"] * 1)
    write_extract(
        new_home.inbox,
        "naloxone",
        [["N1", "2025-01-02T12:00:00"]],
        columns=("administration_ref", "administered_at"),
        window=JANUARY,
    )
    assert {e.extract: e.outcome for e in land_night(new_home)} == {"crimes": "held", "naloxone": "accepted"}
    unknown = {(w.force_code, w.extract, w.column_name, w.value, w.rows) for w in unknown_values(new_home)}
    assert unknown == {("derbyshire", "crimes", "offence_code", v, n) for v, n in (("DRG1", 60), ("DRG2", 39), ("VIOL", 1))}
    pam = lambda *args: CliRunner().invoke(load_app(), [*args, "--home", str(new_home.path)])  # noqa: E731
    assert "pam vocabulary accept crimes offence_code 'DRG1' 'DRG2' 'VIOL'" in pam("vocabulary").output.replace("\n", " ")
    assert "pam vocabulary accept crimes offence_code" in pam("status").output.replace("\n", " ")
    assert pam("vocabulary", "accept", "crimes", "offence_code", "DRG1", "--counts-as", "Drugs").exit_code == 1
    accept = ("vocabulary", "accept", "crimes", "offence_code", "drg1", "--counts-as", "possession")
    assert pam(*accept, "--by", "A").exit_code == 0
    assert [r.facts["by"] for r in read_log(new_home) if r.facts.get("what") == "vocabulary"] == ["A"]
    assert land_night(new_home) == []
    assert [e.extract for e in held_files(new_home)] == ["crimes"], "its other codes are still unknown"
    assert pam("vocabulary", "accept", "crimes", "offence_code", "DRG2", "VIOL", "--counts-as", "nothing").exit_code == 0
    with night(new_home) as run:
        run.land()
        run.build_part({"mart_drug_offences", "extract_facts"})
    entry = run.entries[-1]
    assert (entry.outcome, entry.extract, entry.unknown_values) == ("accepted", "crimes", {})
    with candidate(new_home) as con:
        figures = con.execute(
            "select distinct value, data_status from warehouse.marts.mart_drug_offences where category = 'all'"
            " and measure = 'possession_offences' and area_type = 'force' and period_label = 'Jan 2025'"
        ).fetchall()
        assert figures == [(60, "complete")]
        assert con.execute("select sum(rows_unknown) from gate.extract_facts").fetchall() == [(0,)]
    assert unknown_values(new_home) == []


def test_file_that_contradicts_another_of_its_time_stays_held_when_its_codes_are_known(new_home: Home) -> None:
    """Both would lose all their rows: 60 offences would be 0."""
    crimes(new_home.inbox, ["92D"] * 60)
    rows = [[f"C{i}", "2025-01-02", "DRG1", "Recorded"] for i in range(60)]
    write_extract(new_home.inbox, "crimes", rows, columns=CRIMES, window=("2025-01-01", "2025-01-30"))
    assert sorted(e.outcome for e in land_night(new_home)) == ["accepted", "held"]
    new_home.seeds.mkdir()
    row = "extract,column,value,counts_as\ncrimes,offence_code,DRG1,possession\n"
    (new_home.seeds / "vocabulary.csv").write_text(row, encoding="utf-8")
    held = landed(new_home)
    assert (held.outcome, held.held_for) == ("held", None)
    assert "60 of 60 rows (100%) would be quarantined" in held.reason and "Of the same time: crimes__" in held.reason
    assert [(e.outcome, e.rows_landed) for e in read_ledger(new_home) if e.outcome == "accepted"] == [("accepted", 60)]
    assert landed(new_home) == held, "it is said once"


def test_value_that_names_drugs_is_not_suggested_as_counting_nowhere() -> None:
    """People paste these lines: one line for all values would make drug incidents count nowhere."""
    values = {"qualifiers": ["RTC", "Drugs - supply"], "lpu": ["Drugs Wing"]}
    unknown = [UnknownValue("kent", "incidents", c, v, 9, "a", "a") for c, listed in values.items() for v in listed]
    assert [line.partition("accept ")[2] for line in lines_to_paste(unknown)] == [
        "incidents qualifiers 'RTC' --counts-as nothing",
        "incidents qualifiers 'Drugs - supply' --counts-as Drugs",
        "incidents lpu 'Drugs Wing' --counts-as nothing",
    ]
    assert "unit_names.csv" in lines_to_paste(unknown)[-1].partition("accept ")[0], "what is read first is done"
    (one,) = lines_to_paste([UnknownValue("kent", "incidents", "lpu", v, n, "a", "a") for v, n in (("Wing", 1), ("Old", 0))])
    assert "1 unknown, in 1 row;" in one and "Old" not in one, "no file that counts has the other"


def test_value_that_a_shell_reads_as_it_is() -> None:
    """A cell with a line end was pasted with the blanks that indent a message, so the list never knew it."""
    values = ["Drugs\nO'Neill \\ 1\u2028é", "King's drugs"]
    (line,) = lines_to_paste([UnknownValue("kent", "incidents", "qualifiers", v, 9, "a", "a") for v in reversed(values)])
    command = indented_message(line).partition("accept incidents qualifiers ")[2].partition(" --counts-as")[0]
    script = f"printf '%s|' {command}"
    shown = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}).stdout
    assert shown.decode() == "|".join([*values, ""])


def test_code_with_a_nought_before_it_is_suggested_as_what_it_counts_as_without() -> None:
    """It was suggested as counting nowhere: pasted, possession would be 0 from the day on which a system pads its codes."""
    codes = ["092D/1", "092 E", "092A", "008N/1", "0ZZ", "000"]
    *lines, other = lines_to_paste([UnknownValue("kent", "crimes", "offence_code", c, 9, "a", "a") for c in codes])
    assert [line.partition("; each is then")[0].partition("offence_code ")[2] for line in lines] == [
        "'092 E' '092D/1' --counts-as possession", "'092A' --counts-as trafficking",
    ]  # fmt: skip
    assert all("a category of its own: have a mapping (values) say which code it is" in line for line in lines)
    assert other.endswith("'000' '008N/1' '0ZZ' --counts-as nothing")


def test_number_of_a_drug_offence_is_not_suggested_as_counting_nowhere(new_home: Home) -> None:
    """Pasted, all trafficking of a force that exports the numbers of the counting rules would be 0 and complete."""
    codes = ["92/30", "077/50", "93/61", "92", "09230", "192/30", "923"]
    drugs, other = lines_to_paste([UnknownValue("kent", "crimes", "offence_code", c, 9, "a", "a") for c in codes])
    assert drugs.endswith("'077/50' '09230' '92' '92/30' '93/61' --counts-as X")
    assert "drug offences" in drugs and other.endswith("'192/30' '923' --counts-as nothing")
    pasted = ["vocabulary", "accept", "crimes", "offence_code", "92/30", "--counts-as", "X", "--home", str(new_home.path)]
    refused = CliRunner().invoke(load_app(), pasted)
    assert refused.exit_code == 1 and "possession or trafficking or nothing" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("incidents,qualifiers,Narcotics,Durgs", "line 2: a value of incidents.qualifiers counts as Drugs or nothing, not 'D"),
        ("crimes,offence_code,DRG1,Drugs", "counts as possession or trafficking or nothing, not 'Drugs'"),
        ("naloxone,lpu,Elsewhere,Drugs", "counts as nothing, not 'Drugs'"),
        ("incident,qualifiers,Narcotics,Drugs", "no extract is called 'incident'; is incidents meant?"),
        ("incidents,qualifier,Narcotics,Drugs", "incidents has no list for 'qualifier'; is qualifiers meant?"),
        ("incidents,qualifiers,Odd,Drugs\nincidents,qualifiers,ODD,nothing", "line 3: incidents qualifiers ODD appears twice"),
        ("incidents,qualifiers,Narcotics,DRUGS", None),
    ],
)  # fmt: skip
def test_vocabulary_with_an_invalid_row_is_refused_with_its_line(tmp_path: Path, row: str, reason: str | None) -> None:
    """A value that counts as a misspelt word would be known, and give a false zero."""
    path = tmp_path / "vocabulary.csv"
    path.write_text(f"extract,column,value,counts_as\n{row}\n", encoding="utf-8")
    if reason is None:
        assert read_own_list(path) == [("incidents", "qualifiers", "Narcotics", "Drugs")]
        return
    with pytest.raises(HomeListError, match=re.escape(reason)):
        read_own_list(path)


@pytest.mark.parametrize("code", ["04-Jan", "4-Jan-25", "Apr-01", "04/01/2026", "4/1/25", "2026-01-04", "2026-01-04 00:00:00"])
def test_a_code_that_a_spreadsheet_made_a_date_of_is_refused(tmp_path: Path, code: str) -> None:
    path = tmp_path / "offence_codes.csv"
    path.write_text(f"offence_code,offence_class\n4/1,trafficking\n{code},possession\n", encoding="utf-8")
    with pytest.raises(
        HomeListError, match=f"^seeds/offence_codes.csv: line 3: offence_code '{code}' is what a spreadsheet makes"
    ):
        read_own_list(path)


def test_codes_that_look_like_dates_are_codes(tmp_path: Path) -> None:
    codes = ["4/1", "DRG-01", "POS-12", "12-ABC", "MAY-01", "92D", "105/2", "1-A"]
    path = tmp_path / "offence_codes.csv"
    path.write_text("offence_code,offence_class\n" + "".join(f"{code},possession\n" for code in codes), encoding="utf-8")
    assert [code for code, _ in read_own_list(path)] == codes


def test_an_offence_code_is_listed_once_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "offence_codes.csv"
    path.write_text("offence_code,offence_class\nzz1,possession\nZZ1,other\n", encoding="utf-8")
    with pytest.raises(HomeListError, match=r"line 3: ZZ1 appears twice \(line 2 too\)"):
        read_own_list(path)


def test_a_home_s_own_lists_win(new_home: Home) -> None:
    new_home.seeds.mkdir()
    (extract, column, value), _ = next(word for word in words_of_the_project().items() if word[1] == "Drugs")
    long = "x" * 2000
    lines = f"extract,column,value,counts_as\n{extract},{column},{value.upper()},nothing\n{extract},{column},{long},Drugs\n"
    (new_home.seeds / "vocabulary.csv").write_text(lines, encoding="utf-8")
    assert known_words(None, extract, column)[value] == "Drugs" and known_words(new_home, extract, column)[value] == "nothing"
    assert known_words(new_home, extract, column)[long] == "Drugs", "as long as a cell of a file may be"
    code = next(code for code, offence_class in known_offence_codes(None).items() if offence_class == "possession")
    (new_home.seeds / "offence_codes.csv").write_text(f"offence_code,offence_class\n{code.upper()},other\n", encoding="utf-8")
    assert known_offence_codes(new_home)[code] == "other"
