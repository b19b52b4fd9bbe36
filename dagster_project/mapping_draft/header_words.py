"""Measures how similar a file's header and a contract's column are, by their words."""

import re
from difflib import SequenceMatcher
from functools import cache

from dagster_project.contracts import Column

KNOWN = 1.0
"""The header is the column's own, or one of its aliases or synonyms."""
SAME_WORDS = 0.92
"""The same words in another order."""
GENERAL_NAME = 0.85
"""A name that the contract lists, but only one general word."""
ALIKE = 0.6
"""The least similarity of a header that may be the column."""

GENERAL = frozenset({
    "type", "category", "class", "source", "result", "outcome", "date", "subject", "priority", "response", "ref", "order",
    "case", "offence", "state", "total", "sum", "count", "value", "amount", "via", "object", "start", "end", "action", "unit",
    "reason", "made", "created", "received", "opened", "closed", "occurrence", "person", "power", "line",
})  # fmt: skip
"""Words that many systems use for different things."""

_PEOPLE = frozenset({
    "surname", "forename", "forenames", "firstname", "lastname", "fullname", "maiden", "alias", "birth", "dob", "born",
    "postcode",
})  # fmt: skip
"""Words of headers that hold what a person is known by."""
ROLES = frozenset({"caller", "officer", "suspect", "victim", "subject", "offender", "detainee", "witness"})
"""Words of headers for what a person is in a case."""
_OF_PEOPLE = ROLES | {"first", "middle", "last", "full", "family", "given", "known", "person"}
"""Words that, with `name`, are what a person is known by."""

_SHORT = {
    "no": "ref", "num": "ref", "nbr": "ref", "nr": "ref", "number": "ref", "reference": "ref", "id": "ref", "urn": "ref",
    "inc": "incident", "incidents": "incident", "dt": "date", "dte": "date", "on": "date", "tm": "time", "at": "date",
    "qual": "qualifier", "quals": "qualifier", "qualifiers": "qualifier", "cat": "category", "ethn": "ethnicity",
    "auth": "authority", "amt": "amount", "val": "value", "ind": "yn", "flag": "yn", "stat": "status", "off": "offence",
    "subclass": "sub class", "datetime": "date time", "timestamp": "date time", "themes": "theme", "opiates": "opiate",
    "int": "intel", "intelligence": "intel", "recd": "recorded", "£": "amount", "gbp": "amount",
    "comp": "compensation", "coc": "cocaine", "opi": "opiate", "refd": "referred", "trig": "trigger",
    "the": "", "of": "", "a": "", "an": "",
    "is": "", "was": "", "and": "", "desc": "", "description": "", "code": "code", "hr": "hour", "dept": "department",
    "cust": "custody", "arr": "arrest", "arrested": "arrest", "tested": "test", "res": "result", "ref'd": "referred",
}  # fmt: skip
"""Abbreviations -> words, and words that make no difference -> blank."""


@cache
def words(header: str) -> tuple[str, ...]:
    """A header's words in plain form: the same for `IncidentNo.` and `incident_ref`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    raw = re.findall(r"[a-z0-9£+']+|#", spaced.lower().replace("#", " ref "))
    expanded = " ".join(_SHORT.get(w, w) for w in raw).split()
    # "Incident Ref No" and "Amount Ordered (£)" say the same thing twice.
    return tuple(dict.fromkeys(expanded))


def likeness(column: Column, header: str) -> float:
    """0 to 1: `KNOWN` for a header that the contract lists, less for a similar one."""
    terms = set(words(header))
    # One general word is not certain, unless it is the contract's own name or alias.
    known = _likeness((column.name, *column.aliases, *column.synonyms), header)
    if known == KNOWN and len(terms) == 1 and terms & GENERAL and _likeness((column.name, *column.aliases), header) < KNOWN:
        return GENERAL_NAME
    if known < KNOWN and any(terms >= set(words(name)) for name in column.not_synonyms):
        return 0.0
    # `Surname` is spelt like `LPU Name`. What is taken for a column is stored as it is.
    names_a_person = terms == {"name"} or terms & _PEOPLE or ("name" in terms and terms & _OF_PEOPLE)
    if known < SAME_WORDS and not column.identifier and names_a_person:
        return 0.0
    return known


@cache
def _likeness(names: tuple[str, ...], header: str) -> float:
    terms = words(header)
    if not terms:
        return 0.0
    best = 0.0
    for name in names:
        name_terms = words(name)
        if terms == name_terms:
            return KNOWN
        if set(terms) == set(name_terms):
            best = max(best, SAME_WORDS)
            continue
        shared, union = set(terms) & set(name_terms), set(terms) | set(name_terms)
        if shared:
            best = max(best, 0.85 * len(shared) / len(union) + (0.05 if terms[-1] == name_terms[-1] else 0))
        letters = SequenceMatcher(None, "".join(terms), "".join(name_terms))
        if letters.real_quick_ratio() * 0.85 > best and letters.quick_ratio() * 0.85 > best:
            best = max(best, 0.85 * letters.ratio())
    return best


ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "primary": "1", "secondary": "2",
            "tertiary": "3", "one": "1", "two": "2", "three": "3", "1st": "1", "2nd": "2", "3rd": "3", "4th": "4"}  # fmt: skip


def numbered(header: str) -> tuple[str, int] | None:
    """`Qualifier 2` is (`qualifier`, 2); None for a header without a number."""
    spaced = re.sub(r"(?<=[A-Za-z])(?=\d)", " ", header)
    parts = [ORDINALS.get(w, w) for w in words(spaced)]
    if letter := re.search(r"(?:^|\s)([A-F])$", header.strip()):
        # `Keyword A`, `Keyword B`: the letter is a number here.
        parts = [w for w in parts if w != letter[1].lower()] + [str(ord(letter[1]) - 64)]
    digits = [w for w in parts if w.isdigit() and int(w) <= 20]
    text_words = [w for w in parts if not w.isdigit()]
    return (" ".join(text_words), int(digits[0])) if len(digits) == 1 and text_words else None
