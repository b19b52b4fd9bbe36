"""How alike a file's header and a contract's column are, by their words."""

import re
from difflib import SequenceMatcher
from functools import cache

from dagster_project.contracts import Column

KNOWN = 1.0
"""The header is the column's own, or one of its aliases or synonyms."""
SAME_WORDS = 0.92
"""The same words in another order."""
ALIKE = 0.6
"""From here on a header may be meant; below it says nothing."""

_SHORT = {
    "no": "ref", "num": "ref", "nbr": "ref", "nr": "ref", "number": "ref", "reference": "ref", "id": "ref", "urn": "ref",
    "inc": "incident", "incidents": "incident", "dt": "date", "dte": "date", "on": "date", "tm": "time", "at": "date",
    "qual": "qualifier", "quals": "qualifier", "qualifiers": "qualifier", "cat": "category", "ethn": "ethnicity",
    "auth": "authority", "amt": "amount", "val": "value", "ind": "yn", "flag": "yn", "stat": "status", "off": "offence",
    "subclass": "sub class", "datetime": "date time", "timestamp": "date time", "themes": "theme", "opiates": "opiate",
    "int": "intel", "intelligence": "intel", "recd": "recorded", "£": "amount", "gbp": "amount",
    "comp": "compensation", "the": "", "of": "", "a": "", "an": "",
    "is": "", "was": "", "and": "", "desc": "", "description": "", "code": "code", "hr": "hour", "dept": "department",
    "cust": "custody", "arr": "arrest", "arrested": "arrest", "tested": "test", "res": "result", "ref'd": "referred",
}  # fmt: skip
"""What systems write short, and words that tell two headers apart in nothing."""


@cache
def words(header: str) -> tuple[str, ...]:
    """A header's words in plain form: `IncidentNo.` and `incident_ref` have the same."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    found = re.findall(r"[a-z0-9£+']+|#", spaced.lower().replace("#", " ref "))
    plain = " ".join(_SHORT.get(w, w) for w in found).split()
    # "Incident Ref No" and "Amount Ordered (£)" say the same thing twice.
    return tuple(dict.fromkeys(plain))


def likeness(column: Column, header: str) -> float:
    """0 to 1: `KNOWN` for a header that the contract lists, less for one like it."""
    return _likeness((column.name, *column.aliases, *column.synonyms), header)


@cache
def _likeness(names: tuple[str, ...], header: str) -> float:
    own = words(header)
    if not own:
        return 0.0
    best = 0.0
    for name in names:
        theirs = words(name)
        if own == theirs:
            return KNOWN
        if set(own) == set(theirs):
            best = max(best, SAME_WORDS)
            continue
        shared, union = set(own) & set(theirs), set(own) | set(theirs)
        if shared:
            best = max(best, 0.85 * len(shared) / len(union) + (0.05 if own[-1] == theirs[-1] else 0))
        letters = SequenceMatcher(None, "".join(own), "".join(theirs))
        if letters.real_quick_ratio() * 0.85 > best and letters.quick_ratio() * 0.85 > best:
            best = max(best, 0.85 * letters.ratio())
    return best


ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "primary": "1", "secondary": "2",
            "tertiary": "3", "one": "1", "two": "2", "three": "3", "1st": "1", "2nd": "2", "3rd": "3", "4th": "4"}  # fmt: skip


def numbered(header: str) -> tuple[str, int] | None:
    """`Qualifier 2` is (`qualifier`, 2); None for a header without a number."""
    spaced = re.sub(r"(?<=[A-Za-z])(?=\d)", " ", header)
    parts = [ORDINALS.get(w, w) for w in words(spaced)]
    digits = [w for w in parts if w.isdigit() and int(w) <= 20]
    rest = [w for w in parts if not w.isdigit()]
    return (" ".join(rest), int(digits[0])) if len(digits) == 1 and rest else None
