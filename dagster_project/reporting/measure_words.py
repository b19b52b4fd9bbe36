"""Measures, their categories and the status of extracts in words, for readers who know neither names nor codes."""

from collections.abc import Iterable

from dagster_project.core.project_lists import read_seed

OFFENCE_MART = "mart_drug_offences"
"""The mart whose categories are offence codes, cut off at `/`: `77/50` is category `77`."""
NEVER_RECEIVED = "never received"
"""What pages call `never dropped` of `meta.extracts`, which a reader may take for an extract that nobody left out."""


def describe_offences(codes: Iterable[str]) -> dict[str, str]:
    """The descriptions of offence codes: `92C` is `Other drug offences`. An unknown code is left out.

    A code of which the list only has parts (`77/50`) is described by those of its parts that are drug offences.
    """
    offences = {r["offence_code"]: r for r in read_seed("offence_codes")}
    descriptions = {}
    for code in codes:
        parts = [r["description"] for c, r in offences.items() if c.startswith(f"{code}/") and r["offence_class"] != "other"]
        if code in offences:
            descriptions[code] = offences[code]["description"]
        elif parts:
            descriptions[code] = "; ".join(dict.fromkeys(parts))
    return descriptions


def formula_in_words(formula: str | None, meaning: str = "") -> str:
    """How the months of a measure make a period: its formula (`meta.dictionary`) in words. Of a rate it leaves out which
    measures are divided: its meaning says that, and the catalogue and `pam trace` give the formula itself. Empty where
    `meaning` has the same words, such as `as published`."""
    formula = formula or ""
    if formula.startswith("100 * "):
        return "Both numbers are totalled over the period, then divided"
    return "" if formula.lower() in meaning.lower() else formula


def status_in_words(status: str) -> str:
    """`current`, `late`, `not sent` or `never received`."""
    return NEVER_RECEIVED if status == "never dropped" else status
