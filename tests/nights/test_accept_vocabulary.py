"""`pam vocabulary accept` changes the home's list, and leaves in it what people wrote there."""

import pytest

from dagster_project.core.home import Home
from dagster_project.core.home_lists import OWN_LISTS, read_own_list
from dagster_project.nights.accept_vocabulary import VocabularyError, accept_value

COLUMNS = OWN_LISTS["vocabulary"]


def test_further_columns_of_the_list_stay(new_home: Home) -> None:
    new_home.seeds.mkdir()
    path = new_home.seeds / "vocabulary.csv"
    path.write_bytes(
        b"\xef\xbb\xbfnote,extract,column,value,counts_as,by\r\n"
        b'"asked, 3 May",incidents,qualifiers,DRG,drugs,A. Person\r\nold,incidents,qualifiers,Misc,Drugs,B\r\n,,,,,\r\n'
    )
    accept_value(new_home, "incidents", "qualifiers", ["MISC", "Other"], "nothing", by="C")
    assert path.read_text(encoding="utf-8") == (
        "note,extract,column,value,counts_as,by\n"
        '"asked, 3 May",incidents,qualifiers,DRG,drugs,A. Person\n'
        ",incidents,qualifiers,MISC,nothing,\n,incidents,qualifiers,Other,nothing,\n"
    )
    assert [row[2:] for row in read_own_list(path)] == [("DRG", "Drugs"), ("MISC", "nothing"), ("Other", "nothing")]


def test_a_value_with_invisible_characters_is_in_the_list_once(new_home: Home) -> None:
    """Twice would stop every night from then on."""
    for value in ("Drug misc", "Drug\u00a0misc\u200b"):
        accept_value(new_home, "incidents", "qualifiers", [value], "Drugs", by="C")
    assert read_own_list(new_home.seeds / "vocabulary.csv") == [("incidents", "qualifiers", "Drug misc", "Drugs")]


def test_the_same_value_of_another_column_or_extract_stays(new_home: Home) -> None:
    for extract, column, counts_as in (
        ("incidents", "lpu", "nothing"), ("crimes", "lpu", "nothing"), ("incidents", "qualifiers", "Drugs"),
        ("incidents", "qualifiers", "nothing"),
    ):  # fmt: skip
        accept_value(new_home, extract, column, ["Misc"], counts_as, by="C")
    path = new_home.seeds / "vocabulary.csv"
    rows = [("incidents", "lpu", "nothing"), ("crimes", "lpu", "nothing"), ("incidents", "qualifiers", "nothing")]
    assert [(row[0], row[1], row[3]) for row in read_own_list(path)] == rows
    with pytest.raises(VocabularyError, match="1 of the values are blank"):
        accept_value(new_home, "incidents", "lpu", ["Other", " "], "nothing", by="C")
