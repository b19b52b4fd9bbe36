"""Words for categories that are codes: `92C` is `Other drug offences`."""

from collections.abc import Iterable

from dagster_project.core.seeds import read_seed

CODED = "mart_drug_offences"
"""The mart whose categories are codes: of offences, the part before `/`."""


def offence_words(codes: Iterable[str]) -> dict[str, str]:
    """What the project's list calls each offence code; a code that it does not have is left out.

    Of a code that the list has in parts alone (`77/50`), the words of its drug offences.
    """
    listed = {r["offence_code"]: r for r in read_seed("offence_codes")}
    found = {}
    for code in codes:
        parts = [r["description"] for c, r in listed.items() if c.startswith(f"{code}/") and r["offence_class"] != "other"]
        if code in listed:
            found[code] = listed[code]["description"]
        elif parts:
            found[code] = "; ".join(dict.fromkeys(parts))
    return found
