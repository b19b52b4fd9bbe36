"""Maps a file's codes to the contract's. Only a code with one possible meaning gets a target; a person decides the others.

A hint is for what a code looks like. A wrong one does harm, so there is none where the looks say little.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from dagster_project.contracts import Column, Contract
from dagster_project.core.home import Home
from dagster_project.core.home_lists import NOTHING, areas_of_force, classifying_columns, other_unit_names, read_own_list
from dagster_project.core.project_lists import force_names, read_seed
from dagster_project.landing.storage import vocabulary

SHOWN = 60
"""Codes of one column that a draft lists."""
LONGEST = 40
"""Characters of a code. Longer values are free text, which may name a person."""

_YES_NO = {"Y": ("y", "yes", "true"), "N": ("n", "no", "false")}
"""Not `T` and `F`, which may also be Treatment and Found."""
_FILLERS = {"the", "of", "a", "an"}
_NOT_A_CODE = {"no", "not", "non", "un", "ex", "pre", "nil", "un-"}
_DENIALS = {"no", "not", "non", "un", "nil", "none"}
SHORTEST_HINT = 3
"""Letters of a code that may look like a value: `PO` is positive in one system, and for opiates alone in another."""


@dataclass(frozen=True)
class Code:
    """One of the file's codes: its rows, its target (None: a person decides), and a possible target."""

    code: str
    rows: int
    target: str | None
    perhaps: str = ""


def choice_codes(column: Column, counts: list[tuple[str, int]]) -> list[Code]:
    return [
        Code(code, rows, t := target_of(column, code), "" if t else likely_value(column.values, code)) for code, rows in counts
    ]


def target_of(column: Column, code: str) -> str | None:
    """The value that a code certainly means: itself, a plain Yes or No, a listed synonym, or `1 - Emergency`. None for
    `Negative?`."""
    if "?" in code:
        return None
    for text in _without_number(code):
        plain = _plain(text)
        for value in column.values:
            names = [value, *(word for meant, word in column.value_synonyms if meant == value)]
            if set(column.values) == set(_YES_NO) and text.strip().lower() in _YES_NO[value]:
                return value
            # A letter is the whole code: without its filler `a`, `N/A` is N, too.
            if plain and plain in [_plain(n) for n in names] and (len(plain) > 1 or text.strip().lower() == plain):
                return value
    return None


def _without_number(code: str) -> list[str]:
    """A code, and the code without a short number or letter before or after it. Letters must be short for what follows:
    `Pos - Negative` may be two results, and `Re-Recorded` is a word."""
    forms = [code]
    if (match := re.fullmatch(r"([A-Za-z0-9]{1,3})(\s*[-–:.)/]\s*)(\S.{2,})", code)) and match[1].lower() not in _NOT_A_CODE:
        is_short_for = match[1][0].lower() == match[3][0].lower() and match[2] not in ("-", "–")
        if len(match[1]) == 1 or any(c.isdigit() for c in match[1]) or is_short_for:
            forms.append(match[3])
    if match := re.fullmatch(r"(.{3,}?)\s*[(\[][A-Za-z]?\d{1,2}[)\]]", code):
        forms.append(match[1])
    return forms


def _plain(text: str) -> str:
    return " ".join(w for w in re.findall(r"[a-z0-9]+", text.lower()) if w not in _FILLERS)


def likely_value(values: tuple[str, ...], code: str) -> str:
    """The only value that a code looks like, as a hint; blank if none or several do, or if it is too short to look like any."""
    plain = _plain(code)
    if len(plain) < SHORTEST_HINT or plain.isdigit():
        return ""
    code_words = set(plain.split())
    # `Not tested` is not `Not required`: what both deny is no likeness, and what one alone denies is the opposite.
    values = tuple(v for v in values if bool(code_words & _DENIALS) == bool(set(_plain(v).split()) & _DENIALS))
    initials = {v: "".join(w[0] for w in _plain(v).split()) for v in values}
    similar = [
        v for v in values
        if _plain(v).startswith(plain) or plain in _plain(v).split() or set(_plain(v).split()) & code_words - _DENIALS
        or initials[v] == plain or SequenceMatcher(None, plain, _plain(v)).ratio() >= 0.7
    ]  # fmt: skip
    return similar[0] if len(similar) == 1 else ""


def known_values(home: Home, contract: Contract, column: Column, force: str | None) -> Mapping[str, str]:
    """Values of a classifying column that a file may land with, lower case -> as the list spells them: units of all forces if
    none is named."""
    if column.type == "unit":
        own_forces = {row[0] for row in read_own_list(home.seeds / "areas.csv")}
        forces = [force] if force else own_forces or force_names()
        listed = [a[c] for f in forces for a in areas_of_force(home, f) for c in ("lpu_code", "lpu_name")]
        other_names = [name for f, name, _ in other_unit_names(home) if f in forces]
        return {text.lower(): text for text in (*other_names, *listed)}
    if column.name not in classifying_columns(contract.extract):
        return {}
    spelling = {r["value"].lower(): r["value"] for r in read_seed("vocabulary")}
    known = vocabulary.known_values(home, force or "", contract.extract, column.name) or {}
    return {word: spelling.get(word, word) for word in known}


def listed_codes(column: Column, known: Mapping[str, str], counts: list[tuple[str, int]]) -> list[Code]:
    """Values of a classifying column. Listed ones are kept, a person decides the others."""
    codes = []
    for value, rows in counts:
        listed_value = vocabulary.look_up(value, known, column.name)
        if listed_value is None and len(value) > LONGEST:
            continue
        # Class 105 is not like class 10.
        is_word = listed_value is None and column.name != vocabulary.CODE
        hint = (_counted(column, value) or likely_value(tuple(dict.fromkeys(known.values())), value)) if is_word else ""
        codes.append(Code(value, rows, listed_value, hint))
    return codes


def _counted(column: Column, code: str) -> str:
    """A counted value that a code may mean, such as Drugs for `Drug supply`. It goes before similar values that count
    nowhere."""
    words = _plain(code).split()
    counted = [r["value"] for r in read_seed("vocabulary") if r["column"] == column.name and r["counts_as"] != NOTHING]
    stems = {v: _plain(v).split()[-1].rstrip("s") for v in counted}
    return next((v for v, stem in stems.items() if any(word.startswith(stem) for word in words)), "")
