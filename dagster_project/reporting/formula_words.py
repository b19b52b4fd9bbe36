"""Says how the months of a measure make a period, for readers who do not know the names of measures."""


def formula_in_words(formula: str | None, meaning: str = "") -> str:
    """A measure's formula (`meta.dictionary`) in words. Of a rate it leaves out which measures are divided: its meaning says
    that, and the catalogue and `pam trace` give the formula itself. Empty where `meaning` has the same words, such as `as
    published`."""
    formula = formula or ""
    if formula.startswith("100 * "):
        return "Both numbers are totalled over the period, then divided"
    return "" if formula.lower() in meaning.lower() else formula
