"""Finds the measure, force and area that somebody means by what they typed, in any case.

A measure by its name, its title or `mart.measure`, where `mart_` may be left out; a force and an area by code or name.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.project_lists import force_names, read_seed
from dagster_project.core.similar_names import closest_titled, suggestion

Measures = Sequence[Mapping[str, str]]
"""Measures, each with mart, measure and title, as the measure list has them."""


class UnknownNameError(PamError, ValueError):
    """Nothing is called so, or more than one thing. The message says what there is, and what to type."""


class Area(NamedTuple):
    """An area with figures in a mart. `kind`: force, section, lpu, district..."""

    kind: str
    code: str
    name: str
    mart: str


def measures_named(word: str | None, mart: str | None = None, listed: Measures | None = None) -> Measures:
    """The measures that are called so: several if several marts have one. `mart`: only of this one, all of it without a word.
    `listed`: those that there are, where it is not the measure list. Raises UnknownNameError."""
    every = read_seed("measure_list") if listed is None else listed
    rows = [r for r in every if mart is None or _subject(mart) == _subject(r["mart"])]
    if not rows:
        marts = sorted({_subject(r["mart"]) for r in every})
        if not mart or not marts:
            raise UnknownNameError("there is no measure: no night with figures is published")
        raise UnknownNameError(f"no mart is called {mart!r}{suggestion(_subject(mart), marts)} (there are {', '.join(marts)})")
    if word is None:
        return rows
    named = [r for r in rows if _subject(word) in (r["measure"], f"{_subject(r['mart'])}.{r['measure']}")]
    named = named or [r for r in rows if _plain(word) == r["title"].lower()]
    if not named:
        near = closest_titled(word.rpartition(".")[2], {r["measure"]: r["title"] for r in rows})
        nearest = f"; nearest: {', '.join(near)}" if near else ""
        lists = f"docs/reference/marts.md lists them{'' if listed is None else ', and not all have figures here'}"
        if mart:
            lists = f"there are {', '.join(r['measure'] for r in rows)}"
        raise UnknownNameError(f"no measure{f' of {mart}' if mart else ''} is called {word!r}{nearest} ({lists})")
    return named


def measure_named(word: str, mart: str | None = None) -> Mapping[str, str]:
    """The one measure of the measure list that is called so. Raises UnknownNameError."""
    rows = measures_named(word, mart)
    if len(rows) > 1:
        names = " or ".join(f"{r['mart']}.{r['measure']}" for r in rows)
        raise UnknownNameError(f"several marts have a measure {rows[0]['measure']}: say {names}")
    return rows[0]


def forces_of(con: duckdb.DuckDBPyConnection, marts: str = "marts") -> list[str]:
    """The codes of the forces with figures. `marts`: the schema."""
    return [code for (code,) in con.execute(f"select distinct force_code from {marts}.measures order by 1").fetchall()]


def force_named(word: str | None, with_figures: Collection[str] | None = None) -> str:
    """The code of the force that is called so: of any, or of those with figures, of which the only one is the default. Raises
    UnknownNameError."""
    names = force_names()
    known = {code: names.get(code, code) for code in (names if with_figures is None else with_figures)}
    found = [code for code, name in known.items() if word is None or _plain(word) in (code.lower(), name.lower())]
    if len(found) == 1:
        return found[0]
    there_are = "seeds/forces.csv has their codes" if with_figures is None else f"there are {', '.join(known) or 'none'}"
    called = f"no force{'' if with_figures is None else ' with figures'} is called {word!r}"
    hint = "name the force with --force" if word is None else called + suggestion(word, [*known, *known.values()])
    raise UnknownNameError(f"{hint} ({there_are})")


def areas_of(con: duckdb.DuckDBPyConnection, force: str, mart: str | None = None, marts: str = "marts") -> list[Area]:
    """The areas of a force's figures, in a mart or in all, and the force itself. `marts`: the schema."""
    rows = con.execute(
        f"select distinct area_type, area_code, area_name, mart from {marts}.measures"
        " where force_code = $force and ($mart is null or mart = $mart) order by all", {"force": force, "mart": mart},
    ).fetchall()  # fmt: skip
    if all(kind != "force" for kind, *_ in rows):
        rows.append(("force", force, force_names().get(force, force), ""))
    return [Area(*row) for row in rows]


def area_named(
    word: str | None, kind: str | None, areas: Sequence[Area], *, marts: Collection[str] = (), first: Sequence[str] = ()
) -> Area:
    """The area that is called so, or the force where no word is given. `kind`: of this kind alone. If the word means several,
    those of `marts` come before others, then the earliest kind of `first`, then a code before a name. Raises UnknownNameError.
    """
    kind = kind and _plain(kind)
    if word is None and kind not in (None, "force"):
        raise UnknownNameError(f"--area-type {kind} says only which kind of --area is meant: name the area too")
    called = [a for a in areas if (a.kind == "force" if word is None else _plain(word) in (a.code.lower(), a.name.lower()))]
    found = [a for a in called if kind in (None, a.kind)]
    found = [a for a in found if a.mart in marts] or found
    found = next((own for k in first if (own := [a for a in found if a.kind == k])), found)
    if len(several := sorted({a.kind for a in found})) > 1:
        raise UnknownNameError(f"{word!r} is of several kinds: say which with --area-type: {', '.join(several)}")
    found = [a for a in found if word and _plain(word) == a.code.lower()] or found
    # A district has another code in other marts.
    if len(codes := sorted({a.code for a in found if a.mart == found[0].mart})) > 1:
        raise UnknownNameError(f"several areas are called {word!r}: say which by its code: {', '.join(codes)}")
    if found:
        return found[0]
    kinds = {k: sorted({a.name for a in areas if a.kind == k}) for k in sorted({a.kind for a in areas})}
    hint = suggestion(str(word), [name for a in areas for name in (a.code, a.name)])
    if called:
        hint = f": say --area-type {' or '.join(k for k in kinds if any(a.kind == k for a in called))}"
    listed = "; ".join(f"{k}: {', '.join(names)}" for k, names in kinds.items())
    in_marts = {a.mart for a in areas if a.mart}
    there_are = f"{in_marts.pop()} has {listed}" if len(in_marts) == 1 else f"there are {listed or 'none'}"
    raise UnknownNameError(f"no {kind or 'area'} is called {word!r}{hint} ({there_are})")


def _plain(word: str) -> str:
    return word.strip().lower()


def _subject(word: str) -> str:
    """A mart, or `mart.measure`, without `mart_`."""
    return _plain(word).removeprefix("mart_")
