"""Describes categories that are codes: `92C` is `Other drug offences`."""

from collections.abc import Iterable

from dagster_project.core.seeds import read_seed

OFFENCE_MART = "mart_drug_offences"
"""The mart whose categories are offence codes, cut off at `/`: `77/50` is category `77`."""


def describe_offences(codes: Iterable[str]) -> dict[str, str]:
    """The descriptions of offence codes; an unknown code is left out.

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
