"""Invisible characters: a key, code or header means the same with and without them."""

import unicodedata

import duckdb
import pytest

from dagster_project.core.home_lists import read_own_list
from dagster_project.core.printable import INVISIBLE, WIDE_BLANKS, visible
from dagster_project.core.sql import literal

from ..workbook import workbook

HEADER = "crime_ref,recorded_on,offence_code,status,lpu"
HEADER_WITH_INVISIBLES = f"crime\u00ad_ref,recorded_on,offence\u00a0code,sta\u200btus{INVISIBLE},\ufefflpu"
ROW = ["C 1", "2025-03-01", "92D", "Recorded", "Dales"]
ROW_WITH_INVISIBLES = [
    "\ufeffC\u00a01\u200b", "\u200e2025-03-01\u200e", "92\u2060D", "Rec\u00adorded", "\u202aDa\u200dles\u202c",
]  # fmt: skip


def text(header, *rows):
    return "\n".join([header, *map(",".join, rows), ""])


@pytest.mark.parametrize("worth_it", [1, 1 << 19])
def test_row_with_invisible_characters_is_a_duplicate(warehouse, monkeypatch, worth_it):
    monkeypatch.setattr("dagster_project.landing.formats.csv_reader.WORTH_IT", worth_it)
    entry = warehouse.land("crimes", text=text(HEADER_WITH_INVISIBLES, ROW, ROW_WITH_INVISIBLES))
    assert (entry.outcome, entry.rows_landed, entry.rows_duplicate) == ("accepted", 1, 1), entry.reason
    assert [warehouse.raw(entry)[0][name] for name in HEADER.split(",")] == ROW
    # Only in the rows, below a header that the fast reader knows.
    entry = warehouse.land("crimes", text=text(HEADER, ROW, ROW_WITH_INVISIBLES), at="20260106T020000Z")
    assert (entry.rows_landed, entry.rows_duplicate) == (1, 1)


def test_invisible_characters_in_every_container(warehouse):
    name = "crimes__derbyshire__2025-01-01__2025-12-31__20260105T0{}0000Z{}"
    warehouse.put(name.format(1, ".csv"), text(HEADER_WITH_INVISIBLES, ROW, ROW_WITH_INVISIBLES).encode("utf-16"))
    warehouse.put(name.format(2, ".xlsx"), workbook([HEADER_WITH_INVISIBLES.split(","), ROW, ROW_WITH_INVISIBLES]))
    values = ", ".join(f"({', '.join(map(literal, row))})" for row in (ROW, ROW_WITH_INVISIBLES))
    columns = ", ".join(f'"{header}"' for header in HEADER_WITH_INVISIBLES.split(","))
    path = warehouse.home.inbox / name.format(3, ".parquet")
    duckdb.sql(f"select * from (values {values}) as t({columns})").write_parquet(str(path))
    for entry in warehouse.night():
        assert (entry.outcome, entry.rows_landed, entry.rows_duplicate) == ("accepted", 1, 1), (entry.source_file, entry.reason)


def test_invisible_characters_in_a_mapping(warehouse):
    mapping = "extract: crimes\nvalues: {status: {'Crime\u00a0d\u200b': Recorded}}\n"
    (warehouse.home.mappings / "m.yml").write_text(mapping, encoding="utf-8")
    entry = warehouse.land("crimes", "C1,2025-03-01,92D,Crime d,Dales", "C2,2025-03-01,92D,Crime\u00a0d,Dales")
    assert entry.rows_landed == 2


def test_invisible_characters_in_a_list_of_the_force(warehouse):
    # Values were copied into it from files.
    warehouse.home.seeds.mkdir()
    (warehouse.home.seeds / "areas.csv").write_text(
        "force_code,section_code,section_name,lpu_code,lpu_name\nderbyshire,N,North,High\u00a0Peak,High Peak\u200b\n",
        encoding="utf-8",
    )
    assert read_own_list(warehouse.home.seeds / "areas.csv") == [("derbyshire", "N", "North", "High Peak", "High Peak")]
    entry = warehouse.land("crimes", *(f"C{n},2025-03-01,92D,Recorded,High\u00a0Peak" for n in range(60)))
    assert (entry.outcome, entry.unknown_values) == ("accepted", {})


def test_letters_and_emoji_are_kept_and_references_stay_distinct(warehouse):
    rows = ["É1,2025-03-01,92D,Recorded,Dales", "E1,2025-03-01,92D,Recorded,Dales", "C–1,2025-03-01,92D,Recorded,🚓"]
    entry = warehouse.land("crimes", *rows)
    assert {(row["crime_ref"], row["lpu"]) for row in warehouse.raw(entry)} == {("É1", "Dales"), ("E1", "Dales"), ("C–1", "🚓")}


def test_invisible_characters_and_wide_blanks_are_as_named():
    assert visible(f"a{INVISIBLE}b{WIDE_BLANKS}c") == "ab  c" and all(unicodedata.category(c) == "Cf" for c in INVISIBLE)
