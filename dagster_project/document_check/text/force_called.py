"""Finds where a text names a force: by its name, that of its area, or what else people call it.

The whole name stands for the force. A part of it is another place: `Somerset` is not `Avon and Somerset`.
"""

import re
from functools import cache

from dagster_project.core.project_lists import force_names

from .figures_in_text import MONTH
from .words import any_of, words_of_forces

_KIND = re.compile(r"^Police Service of | (?:Constabulary|Police(?: Service)?)$")
_JOINS = re.compile(r" and | & |-")
_FIRST_OF_TWO = re.compile(r"^(?:North|South|East|West|Greater|Northern) ")
"""Without it, the name is that of a larger area, or of a city."""


@cache
def names_of_force(name: str) -> tuple[str, ...]:
    """What stands for a force: its name, that of its area, what else it is called, and its initials. `name`: the force's."""
    area, code = _area(name), _code(name)
    initials = "".join(re.findall(r"\b[A-Z]", name))
    alone = () if code in words_of_forces("not_alone") else (area,)
    long = (name, f"{area} Constabulary", f"{area} Police")
    return (*long, *alone, *words_of_forces("also_called").get(code, ()), *([initials] if len(initials) > 2 else []))


@cache
def own_names(name: str) -> re.Pattern[str]:
    """A pattern for what stands for a force, with the city beside its county: `Derby and Derbyshire` is all of it."""
    area = _area(name)
    city = rf"(?:{re.escape(area.removesuffix('shire'))}(?:,| and| &) )?" if area.endswith("shire") else ""
    # As much as there is: `Hampshire and Isle of Wight` is not `Hampshire` and another place.
    return re.compile(rf"(?>{city}{_any_name(names_of_force(name))})")


@cache
def other_places_pattern(name: str) -> re.Pattern[str]:
    """A pattern for countries, regions, other forces, and parts of a force's name; with a group `own` where it is the force's
    whole name."""
    others = {n for other in force_names().values() if other != name for n in (_area(other), *names_of_force(other))}
    area, names, own = _area(name), names_of_force(name), own_names(name).pattern
    parts = {*_JOINS.split(area), _FIRST_OF_TWO.sub("", area), area.removeprefix("City of "), area}
    return re.compile(
        # `Bourne and Derbyshire`, `north Derbyshire`, `Derbyshire and Bourne`. Of what begins at one place, the first counts.
        rf"{own} (?:{any_of('after_part_of_area')})\b|{own},? (?:and|&) (?:the )?(?!{MONTH}|Crime\b)[A-Z][a-z]+"
        rf"|(?P<own>{own})"
        rf"|\b(?i:{any_of('before_part_of_area')})[ -](?:the )?{own}|\b[A-Z][\w'’-]+,? (?:and|&) (?:the )?{own}"
        rf"|\b(?:{any_of('elsewhere')})\b|{_any_name((others | parts) - {*names})}"
    )


@cache
def is_one_county(name: str) -> bool:
    """Whether `the county` can only be all of a force's area."""
    return re.fullmatch(r"[A-Z][a-z]+", _area(name)) is not None and _code(name) not in words_of_forces("several_counties")


def _area(name: str) -> str:
    """`Avon and Somerset` of `Avon and Somerset Constabulary`."""
    return _KIND.sub("", name)


def _code(name: str) -> str:
    return next((code for code, known in force_names().items() if known == name), "")


def _any_name(names: set[str] | tuple[str, ...]) -> str:
    """A pattern for whole names, however their words are joined. `West Midlands` in `the West Midlands region` is none."""
    ways = [
        re.sub(r"\\[ -]", r"[\\s-]+", re.escape(n).replace(r"\ and\ ", r"\ (?:and|&)\ ").replace(r"\ \&\ ", r"\ (?:and|&)\ "))
        for n in sorted(names, key=lambda n: (-len(n), n))
    ]
    return rf"(?<![\w-])(?:{'|'.join(ways)})(?!\w| region)"
