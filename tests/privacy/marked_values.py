"""Extracts with a marked value in every column.

A mark is `ZQ`, a letter for the role of the column, the numbers of the extract and the column, and `X`:

    I  an identifier                         B  a cell that breaks its column's type
    U  a column that is in no contract       K  the key of a row, if it is not an identifier
    T  any other text of the contract        C  a text that the marts show as a category
    N  a unit that is on no list             H  a value of a file that has no header or can't be read
    L  a value of a column that lists are asked of, and that none knows, as where a mapping takes the wrong column
"""

import csv
import gzip
from pathlib import Path

from dagster_project.contracts import Contract, load_contracts
from dagster_project.contracts.model import Column
from dagster_project.core.home_lists import classifying_columns

WINDOW = "2025-01-01__2025-12-31"
UNKNOWN = ("officer notes", "officer number")
UNKNOWN_NUMBER = 907731000
"""The first of the numbers in an unknown column, one per extract: nine digits, which no figure of these files has."""

CATEGORIES = {
    "community_voices": ("issue",), "crimes": ("offence_code",), "drug_tests": ("missed_reason",), "incidents": ("channel",),
    "prevention_activity": ("activity",), "pspos": ("authority",), "pspo_enforcement": ("authority", "issuing_team"),
    "stop_search": ("legislation", "outcome", "self_defined_ethnicity", "age_range"),
    "street_crime": ("crime_type", "lsoa_name"),
    "public_health": ("area_code", "area_name", "sex", "time_period"),
}  # fmt: skip
"""Texts that marts show as category or area, as listed in docs/reference/marts.md."""

GOOD = {
    "date": "2025-03-1{n}", "timestamp": "2025-03-1{n}T10:00:00", "month": "2025-03", "money": "1{n}0.50", "number": "1{n}.5",
    "whole": "{n}", "list": "drugs", "unit": "Chesterfield",
}  # fmt: skip
FIXED = {
    ("public_health", "indicator_id"): "92432", ("public_health", "area_code"): "E10000007",
    ("public_health", "area_name"): "Derbyshire", ("public_health", "area_type"): "Counties & UAs (from Apr 2023)",
    ("public_health", "sex"): "Persons", ("public_health", "time_period"): "2020 - 22", ("crimes", "offence_code"): "92D",
    ("stop_search", "object_of_search"): "Controlled drugs",
}  # fmt: skip
"""Values that a row must have to count."""


def mark(role: str, extract: int, column: int, n: object = "") -> str:
    """A marked value."""
    return f"ZQ{role}{extract:02d}{column:02d}X{n}"


def role_of(contract: Contract, column: Column) -> str:
    """The role of a column's texts, as a letter of the mark."""
    if column.identifier:
        return "I"
    if column.name in CATEGORIES.get(contract.extract, ()):
        return "C"
    return "K" if column.key else "T"


def write_marked_extracts(inbox: Path) -> None:
    """Write a file of every extract: four good rows, one with a bad cell for each column that can have one, two ragged ones."""
    for number, (name, contract) in enumerate(load_contracts().items()):
        path = inbox / f"{name}__derbyshire__{WINDOW}__20260105T020000Z.csv"
        header = [c.name for c in contract.columns]
        body = [_row(contract, number, n) for n in range(1, 5)]
        for index, column in enumerate(contract.columns):
            if column.type not in ("text", "list", "unit"):
                bad = _row(contract, number, f"9{index}")
                bad[index] = mark("B", number, index)
                body.append(bad)
        row = _row(contract, number, 77)
        body += [[*row[1:]], [*row, mark("U", number, 98)]]
        unknown = [[mark("U", number, 99, n), str(UNKNOWN_NUMBER + number)] for n in range(len(body))]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[*header, *UNKNOWN], *([*row, *u] for row, u in zip(body, unknown, strict=True))])


def write_unlisted_values(inbox: Path, window: str) -> None:
    """Write two files of every extract of which lists are asked for values: one that lands with a warning, as no list knows
    3 of its 60 values, and one that is held, as none knows 20. In the first, no value is a category of the marts."""
    for number, (name, contract) in enumerate(load_contracts().items()):
        shown = CATEGORIES.get(name, ())
        for force, n_unlisted in (("kent", 3), ("essex", 20)):
            columns = [c for c in classifying_columns(name) if force == "essex" or c not in shown]
            rows = [_row(contract, number, n) for n in range(100, 160)] if columns else []
            for index, column in enumerate(contract.columns):
                for n, row in enumerate(rows[:n_unlisted]):
                    if column.name in columns:
                        row[index] = mark("L", number, index, n)
            if rows:
                path = inbox / f"{name}__{force}__{window}__20260105T020000Z.csv"
                with path.open("w", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerows([[c.name for c in contract.columns], *rows])


def write_unreadable_files(inbox: Path) -> None:
    """Write files that are refused whole, each for its own reason: no header, bytes that are not text, cut short."""
    columns = load_contracts()["drug_tests"].columns
    row = ",".join(mark("H", 6, index) for index in range(len(columns)))
    stem = "__derbyshire__2024-01-01__2024-12-31__20260105T020000Z"
    (inbox / f"drug_tests{stem}.csv").write_text(f"{row}\n{row}\n", encoding="utf-8")
    (inbox / f"crimes{stem}.csv").write_bytes(b"crime_ref,recorded_on\n" + row.encode() + b"\0\n")
    (inbox / f"incidents{stem}.csv.gz").write_bytes(gzip.compress(f"incident_ref\n{row}\n".encode() * 50)[:-9])
    (inbox / f"exploitation_outcomes{stem}.csv").write_text(f"outcome_ref\n{row}\n", encoding="utf-8")
    (inbox / f"op_trapped{stem}.parquet").write_text(f"PAR1{row}", encoding="utf-8")


def _row(contract: Contract, extract: int, n: object) -> list[str]:
    return [_cell(contract, c, extract, index, n) for index, c in enumerate(contract.columns)]


def _cell(contract: Contract, column: Column, extract: int, index: int, n: object) -> str:
    if fixed := FIXED.get((contract.extract, column.name)):
        return fixed
    if column.values:
        return column.values[0]
    if column.type == "text":
        return mark(role_of(contract, column), extract, index, n)
    if column.type == "unit" and n == 4:
        return mark("N", extract, index, n)
    return GOOD[column.type].format(n=str(n)[0])
