"""A home's list of rebases: months from which a control chart's mean and limits start again, each with a reason."""

from collections.abc import Iterable
from datetime import date

from .seeds import force_names, read_seed
from .similar_names import suggestion

COLUMNS = ("force_code", "area_type", "area_code", "measure", "category", "rebase_on", "reason")
"""Of `seeds/rebases.csv`. `measure`: with its mart in front (`mart_mda_orders.orders`) where several marts have it."""
KEY = COLUMNS[:-1]

AREA_TYPES = ("force", "section", "lpu", "district")


def rebase_fault(row: tuple[str, ...]) -> str:
    """Why a row of the list can't be meant, and what to write instead; empty where it can."""
    said = dict(zip(COLUMNS, row, strict=True))
    if said["force_code"] not in force_names():
        near = suggestion(said["force_code"], force_names())
        return f"force_code {said['force_code']!r} is in no row of the project's seeds/forces.csv{near}"
    marts = _marts_of(said["measure"])
    if not marts:
        return f"measure {said['measure']!r} has no control charts: `pam query` on meta.dictionary lists the measures"
    if len(marts) > 1:
        written = " or ".join(f"{mart}.{said['measure']}" for mart in marts)
        return f"measure {said['measure']!r} is in several marts: write {written}"
    if said["area_type"] not in AREA_TYPES:
        return f"area_type {said['area_type']!r} is none of {', '.join(AREA_TYPES)}"
    if said["area_type"] == "force" and said["area_code"] != said["force_code"]:
        return f"area_code {said['area_code']!r} is no force: for the whole force write {said['force_code']}"
    try:
        date.fromisoformat(said["rebase_on"])
    except ValueError:
        return f"rebase_on {said['rebase_on']!r} is no date: write it as 2025-04-01"
    return ""


def rebase_rows(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Rows of `raw.rebases` from rows of the list, in which nothing is wrong."""
    found = []
    for row in rows:
        said = dict(zip(COLUMNS, row, strict=True))
        (mart,) = _marts_of(said["measure"])
        said["measure"] = said["measure"].rpartition(".")[2]
        found.append((mart, *said.values()))
    return found


def _marts_of(measure: str) -> list[str]:
    """The marts that a measure of the list may be meant of."""
    mart, _, name = measure.rpartition(".")
    return sorted(
        m["mart"]
        for m in read_seed("measure_list")
        if m["measure"] == name and mart in ("", m["mart"]) and m["is_published"] == "true" and m["aggregation"] != "published"
    )
