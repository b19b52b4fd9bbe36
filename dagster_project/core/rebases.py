"""A home's list of rebases: months from which a control chart's mean and limits start again, each with a reason."""

from collections.abc import Iterable
from datetime import date

from .seeds import force_names, read_seed
from .similar_names import suggestion

COLUMNS = ("force_code", "area_type", "area_code", "measure", "category", "rebase_on", "reason")
"""Columns of `seeds/rebases.csv`. `measure`: preceded by its mart (`mart_mda_orders.orders`) if several marts have it."""
KEY = COLUMNS[:-1]

AREA_TYPES = ("force", "section", "lpu", "district")


def rebase_fault(row: tuple[str, ...]) -> str:
    """What is wrong with a row of the list, and what to write instead; empty if it is fine."""
    values = dict(zip(COLUMNS, row, strict=True))
    if values["force_code"] not in force_names():
        near = suggestion(values["force_code"], force_names())
        return f"force_code {values['force_code']!r} is in no row of the project's seeds/forces.csv{near}"
    marts = _marts_of(values["measure"])
    if not marts:
        return f"measure {values['measure']!r} has no control charts: `pam query` on meta.dictionary lists the measures"
    if len(marts) > 1:
        written = " or ".join(f"{mart}.{values['measure']}" for mart in marts)
        return f"measure {values['measure']!r} is in several marts: write {written}"
    if values["area_type"] not in AREA_TYPES:
        return f"area_type {values['area_type']!r} is none of {', '.join(AREA_TYPES)}"
    if values["area_type"] == "force" and values["area_code"] != values["force_code"]:
        return f"area_code {values['area_code']!r} is no force: for the whole force write {values['force_code']}"
    try:
        date.fromisoformat(values["rebase_on"])
    except ValueError:
        return f"rebase_on {values['rebase_on']!r} is no date: write it as 2025-04-01"
    return ""


def rebase_rows(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows of `raw.rebases`, from valid rows of the list."""
    result = []
    for row in rows:
        values = dict(zip(COLUMNS, row, strict=True))
        (mart,) = _marts_of(values["measure"])
        values["measure"] = values["measure"].rpartition(".")[2]
        result.append((mart, *values.values()))
    return result


def _marts_of(measure: str) -> list[str]:
    """The marts that have a measure of the list."""
    mart, _, name = measure.rpartition(".")
    return sorted(
        m["mart"]
        for m in read_seed("measure_list")
        if m["measure"] == name and mart in ("", m["mart"]) and m["is_published"] == "true" and m["aggregation"] != "published"
    )
