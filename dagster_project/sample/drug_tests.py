"""Made-up drug tests on arrest that add up to 2.17 of the report.

523 of 953 completed tests were positive, yet cocaine, opiates and both come to 388: the other 135 have the
result Positive and no substance. Assumed: arrests without a completed test, reasons, offences, referrals, and
what happened after October 2025.
"""

from random import Random

from . import printed_figures
from .files import Extract
from .random_rows import add_times, draw, random_for, with_references, with_units
from .spans import Total, draw_days, span

COVERED = span("2024-09-01", "2025-12-31")

SUBSTANCES = {
    "positive_cocaine": ("Positive", "Negative"),
    "positive_opiates": ("Negative", "Positive"),
    "positive_both": ("Positive", "Positive"),
    "not recorded": ("", ""),
    "negative": ("Negative", "Negative"),
}
NOT_COMPLETED = {"Refused": 4, "Missed": 22, "Not required": 15}
"""Rows of the other statuses for every hundred completed tests."""

MISSED_REASONS = {"Not enough staff": 40, "Released before test": 25, "Unfit": 18, "Equipment": 10, "": 7}
OFFENCES = {
    "Theft": 40, "Burglary": 15, "Robbery": 8, "Possession of a controlled drug": 20, "Possession with intent to supply": 9,
    "Going equipped": 3, "Assault (inspector's authority)": 5,
}  # fmt: skip


def drug_tests() -> Extract:
    """Arrests for a trigger offence, and the outcome of the test."""
    rng = random_for("drug_tests")
    measures = ("tests_completed", "tests_positive", "positive_cocaine", "positive_opiates", "positive_both")
    completed, positive, *named = (printed_figures.pieces(measure, COVERED) for measure in measures)
    counts = dict(zip(SUBSTANCES, named, strict=False))
    counts["not recorded"] = [
        Total(hits.span, hits.value - sum(part.value for part in parts)) for hits, *parts in zip(positive, *named, strict=True)
    ]
    counts["negative"] = [Total(tests.span, tests.value - hits.value) for tests, hits in zip(completed, positive, strict=True)]
    rows = [row for name in SUBSTANCES for row in _completed(rng, name, counts[name])]
    for status, share in NOT_COMPLETED.items():
        days = draw_days(rng, [Total(tests.span, tests.value * share // 100) for tests in completed])
        reasons = draw(rng, MISSED_REASONS, len(days)) if status == "Missed" else [""] * len(days)
        rows += [(at, status, why, "", "", "", "", "N") for at, why in zip(add_times(rng, days, " "), reasons, strict=True)]
    rows.sort()
    offences = draw(rng, OFFENCES, len(rows))
    rows = with_units(rng, [(at, offence, *rest) for (at, *rest), offence in zip(rows, offences, strict=True)])
    return Extract(
        "drug_tests", COVERED,
        "custody_ref, arrested_at, trigger_offence, test_status, missed_reason, tested_at, cocaine, opiates, result,"
        " referred, lpu",
        with_references("CUS", rows), is_gzipped=True,
    )  # fmt: skip


def _completed(rng: Random, name: str, counts: list[Total]) -> list[tuple[str, ...]]:
    """Completed tests with one outcome.

    A few with a substance have a blank result: they still count as positive.
    """
    days = draw_days(rng, counts)
    number = len(days)
    result = ["Negative" if name == "negative" else "Positive"] * number
    if name in ("positive_cocaine", "positive_opiates"):
        result = rng.choices(["Positive", ""], [19, 1], k=number)
    referred = ["N"] * number if name == "negative" else rng.choices("YN", [9, 1], k=number)
    times = add_times(rng, days, " ")
    return [
        (at, "Completed", "", _later(at, wait), *SUBSTANCES[name], outcome, sent)
        for at, wait, outcome, sent in zip(times, rng.choices(range(20, 59), k=number), result, referred, strict=True)
    ]


def _later(moment: str, minutes: int) -> str:
    """A later minute of the same hour, or its last."""
    return f"{moment[:14]}{min(int(moment[14:16]) + minutes, 59):02d}:00"
