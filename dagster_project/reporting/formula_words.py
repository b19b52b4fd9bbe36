"""Says how the months of a measure make a period, for readers who do not know the names of measures."""


def formula_in_words(formula: str | None, meaning: str = "") -> str:
    """The formula of `meta.dictionary` without names of measures, which the catalogue and `pam trace` give: the meaning of a
    rate says of what it is a share. Empty where `meaning` already has its words, such as `as published`."""
    formula = formula or ""
    if formula.startswith("100 * "):
        return "Both numbers are totalled over the period, then divided"
    return "" if formula.lower() in meaning.lower() else formula
