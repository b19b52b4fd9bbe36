"""Hostile lists and editions of a home are printed, or refused with file and reason. None makes a night crash."""

import copy
from pathlib import Path

import pytest
import yaml

from dagster_project.core.home import Home
from dagster_project.core.home_lists import OWN_LISTS, HomeListError, read_own_list
from dagster_project.core.printable import LONGEST, is_printable, visible
from dagster_project.editions import read_editions
from dagster_project.mapping_draft.write_yaml import flow, scalar
from dagster_project.nights.accept_vocabulary import VocabularyError, accept_value
from dagster_project.reporting.dashboard.population_and_outlines import read_population

from .corpus import OVERLONG, TEXTS, UNPRINTABLE

COLUMNS = OWN_LISTS["areas"]
CLAIMS = (
    "paragraph,mart,measure,figure,area_type,area_name,category,period_label,period_start,period_end,unit,printed\n"
    "1,mart_naloxone,naloxone_administrations,value,force,Derbyshire,all,May 2025,2025-05-01,2025-05-31,count,1\n"
)
EDITION = {
    "edition": "2026-02", "title": "A report", "force_code": "derbyshire", "data_to": "2025-12-31", "claims": "c.csv",
    "tables": [{
        "table": "t", "paragraph": "1", "title": "Naloxone", "columns": [{"name": "v", "label": "Doses"}],
        "figure": {"mart": "mart_naloxone", "measure": "naloxone_administrations"},
        "rows": [{"label": "Now", "window": {"month": 0}}],
    }],
}  # fmt: skip


def write_areas(folder: Path, *rows: str) -> Path:
    path = folder / "areas.csv"
    path.write_bytes("\n".join([",".join(COLUMNS), *rows, ""]).encode("utf-8"))
    return path


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("text", [*UNPRINTABLE, *TEXTS, *OVERLONG], ids=lambda t: ascii(t)[:40])
def test_a_name_in_a_list_is_printable_or_refused_with_its_line(tmp_path: Path, text: str) -> None:
    path = write_areas(tmp_path, "derbyshire,S,S,U1,Fine", f"derbyshire,S,S,U2,{quoted(text)}")
    visible_text = visible(text).strip()
    if visible_text == "Not recorded":
        with pytest.raises(HomeListError, match=r"line 3: U2 .Not recorded. is what rows without a unit count as"):
            read_own_list(path)
        return
    is_bad = not is_printable(visible_text) or len(visible_text) > LONGEST
    if is_bad:
        with pytest.raises(HomeListError, match=r"seeds/areas\.csv: line \d+: lpu_name has ") as refused:
            read_own_list(path)
        assert is_printable(str(refused.value))
    else:
        assert read_own_list(path)[1][-1] == visible_text


def test_names_that_are_too_long_or_not_csv_are_refused(tmp_path: Path) -> None:
    assert len(read_own_list(write_areas(tmp_path, f"derbyshire,S,S,U,{'x' * LONGEST}"))) == 1
    for row, message in (
        (f"derbyshire,S,S,U,{'x' * (LONGEST + 1)}", "has 1,001 characters: 1,000 at most"),
        (f"derbyshire,S,S,U,{'x' * 200_000}", "line 2: not readable as CSV: field larger"),
        ("derbyshire,S,S,U,a\0b", "line 2"),
    ):
        with pytest.raises(HomeListError, match=message):
            read_own_list(write_areas(tmp_path, row))


def test_a_population_is_a_plausible_number(new_home: Home) -> None:
    new_home.seeds.mkdir()
    path = new_home.seeds / "population.csv"
    for people, is_read in (("9" * 10, True), ("9" * 11, False), ("9" * 900, False), ("-1", False), ("٣", False), ("0", False)):
        header = "force_code,area_type,area_code,population,as_of"
        path.write_text(f"{header}\nderbyshire,lpu,dales,{people},2024\n", encoding="utf-8")
        if is_read:
            assert read_population(new_home) == {"derbyshire/lpu/dales": (int(people), "2024")}
        else:
            with pytest.raises(HomeListError, match=r"line 2: population .* is no number of people"):
                read_population(new_home)


def test_an_unprintable_or_overlong_value_is_not_added_to_a_list(new_home: Home) -> None:
    for value in ("a\x1bb", "a\u2028b", "x" * 100_001):
        with pytest.raises(VocabularyError, match="a value has "):
            accept_value(new_home, "stop_search", "object_of_search", [value], "nothing", by="A. Person")
    assert not (new_home.seeds / "vocabulary.csv").exists()


@pytest.mark.parametrize("text", [t for t in (*UNPRINTABLE, *TEXTS) if len(t) < 100], ids=lambda t: ascii(t)[:40])
def test_a_drafted_mapping_has_the_file_s_text_unchanged(text: str) -> None:
    drafted = f"values:\n  {scalar(text)}: {flow([text, 'b'])}  # check\nextract: crimes\n"
    assert yaml.safe_load(drafted) == {"values": {text: [text, "b"]}, "extract": "crimes"}


def reason_to_wait(home: Home, edition: object, claims: bytes = CLAIMS.encode()) -> str:
    """Why an edition waits; blank if it can be printed."""
    (home.editions / "c.csv").write_bytes(claims)
    text = edition if isinstance(edition, str) else yaml.safe_dump(edition, allow_unicode=False)
    (home.editions / "2026-02.yml").write_text(text, encoding="utf-8")
    return "; ".join(w.problem for w in read_editions(home).waiting)


@pytest.fixture
def home(new_home: Home) -> Home:
    new_home.editions.mkdir(exist_ok=True)
    return new_home


def row(**settings: object) -> dict:
    """The edition with one row, of these settings."""
    edition = copy.deepcopy(EDITION)
    edition["tables"][0]["rows"] = [settings]
    return edition


def amount(value: float) -> dict:
    """The edition with a statement that prints this amount."""
    figure = {"mart": "mart_naloxone", "measure": "naloxone_administrations", "from": "2025-05-01", "to": "2025-05-31"}
    return EDITION | {
        "statements": [{"paragraph": "1", "says": "so", "form": "is", "figure": figure, "groups": [{"amount": value}]}]
    }


@pytest.mark.parametrize(
    ("edition", "reason"),
    [
        (EDITION, ""), (amount(1), ""), (row(months=24), ""), (row(label="constructor", window={"month": 0}), ""),
        (row(label="=cmd|' /C calc'!A0", window={"month": 0}), ""),
        (EDITION | {"title": "a\x1b]52;c;aGk=\x07"}, "title: has a control character"),
        (row(label="a\u2028b", window={"month": 0}), "label: has a control character"),
        (row(months=10**9), "is more than 1200 (line 14)"), (row(published_periods=10**9), "is more than 1200 (line 14)"),
        (row(financial_years=101), "is more than 100 (line 14)"),
        (row(label="a", window={"month": -(10**9)}), "out of range"),
        (row(label="a", window={"financial_year": -(10**30)}), "too large"),
        (EDITION | {"data_to": "0001-01-01"}, "year 0 is out of range"), (amount(1e300), "Could not cast"),
        (amount(float("inf")), "Could not cast"), ("edition: 2026-02\ntitle: " + "9" * 5000, "can't be read as YAML"),
        ("edition: " + "[" * 20_000, "can't be read as YAML"), (EDITION | {"claims": ".."}, "can't be read"),
        (EDITION | {"claims": "../../pam.toml"}, "is not the name of a file"),
    ],
)  # fmt: skip
def test_a_hostile_edition_is_printed_or_waits(home: Home, edition: object, reason: str) -> None:
    waits_for = reason_to_wait(home, edition)
    assert "is empty" not in waits_for
    assert (reason in waits_for) if reason else waits_for == "", waits_for


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.replace(b"May", b"\xe9"), "not UTF-8 (byte 178)"),
        (lambda c: c.replace(b"May", b"a\x1bb"), "line 2: period_label has"),
        (lambda c: c.replace(b",1\n", b"," + b"1" * 200_000 + b"\n"), "line 2: not readable as CSV"),
        (lambda c: c.replace(b",1\n", b"," + b"9" * 16 + b"\n"), "more than 15 digits"),
        (lambda c: c.replace(b",1\n", b"," + b"9" * 15 + b"\n"), ""),
        (lambda c: c.replace(b",1\n", b",0.123456789\n"), "more than 8 places"),
        (lambda c: c.replace(b",1\n", b",0.12345678\n"), ""), (lambda c: c.replace(b"2025-05-01", b"0001-01-01"), "year 0"),
    ],
)  # fmt: skip
def test_claims_are_read_or_the_edition_waits(home: Home, change: object, reason: str) -> None:
    waits_for = reason_to_wait(home, EDITION, change(CLAIMS.encode()))
    assert (reason in waits_for) if reason else waits_for == "", waits_for


def test_an_edition_does_not_wait_for_an_unreadable_list(home: Home) -> None:
    home.seeds.mkdir(exist_ok=True)
    (home.seeds / "areas.csv").write_bytes(b"\xff\xfe,\xe9")
    assert reason_to_wait(home, EDITION) == ""
