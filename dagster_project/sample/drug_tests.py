"""Made-up drug tests on arrest that add up to 2.17 of the report.

523 of 953 completed tests were positive, yet cocaine, opiates and both come to 388: the other 135 have the
result Positive and no substance. Assumed: arrests without a completed test, reasons, offences, referrals, and
what happened after October 2025.
"""

from random import Random

from .files import Extract, Form
from .published import Published
from .random_rows import Choice, add_times, random_for, references, units
from .spans import Total, draw_days, span, split_totals

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

MISSED_REASONS = Choice({"Not enough staff": 40, "Released before test": 25, "Unfit": 18, "Equipment": 10, "": 7})
OFFENCES = Choice(
    {
        "Theft": 40,
        "Burglary": 15,
        "Robbery": 8,
        "Possession of a controlled drug": 20,
        "Possession with intent to supply": 9,
        "Going equipped": 3,
        "Assault (inspector's authority)": 5,
    }
)


def drug_tests(published: Published) -> Extract:
    """Arrests for a trigger offence, and the outcome of the test."""
    rng = random_for("drug_tests")
    counts = {
        measure: split_totals(published.totals(measure, COVERED), COVERED)
        for measure in ("tests_completed", "tests_positive", "positive_cocaine", "positive_opiates", "positive_both")
    }
    substances = [
        sum(each)
        for each in zip(*([total.value for total in counts[name]] for name in SUBSTANCES if name in counts), strict=True)
    ]
    positive, completed = ([each.value for each in counts[name]] for name in ("tests_positive", "tests_completed"))
    spans = [each.span for each in counts["tests_completed"]]
    counts["not recorded"] = [
        Total(each, all_of_them - named) for each, all_of_them, named in zip(spans, positive, substances, strict=True)
    ]
    counts["negative"] = [Total(each, tests - hits) for each, tests, hits in zip(spans, completed, positive, strict=True)]

    rows: list[tuple[str, ...]] = []
    for name in SUBSTANCES:
        rows += _completed(rng, name, counts[name])
    for status, share in NOT_COMPLETED.items():
        days = draw_days(rng, [Total(each, tests * share // 100) for each, tests in zip(spans, completed, strict=True)])
        reasons = MISSED_REASONS.draw(rng, len(days)) if status == "Missed" else [""] * len(days)
        rows += [
            (moment, status, reason, "", "", "", "", "N")
            for moment, reason in zip(add_times(rng, days, " "), reasons, strict=True)
        ]
    rows.sort()
    number = len(rows)
    return Extract(
        "drug_tests",
        COVERED,
        [
            "custody_ref",
            "arrested_at",
            "trigger_offence",
            "test_status",
            "missed_reason",
            "tested_at",
            "cocaine",
            "opiates",
            "result",
            "referred",
            "lpu",
        ],
        [
            (ref, moment, offence, *rest, lpu)
            for ref, (moment, *rest), offence, lpu in zip(
                references("CUS", number), rows, OFFENCES.draw(rng, number), units(published).draw(rng, number), strict=True
            )
        ],
        form=Form(gzipped=True),
    )


def _completed(rng: Random, name: str, counts: list[Total]) -> list[tuple[str, ...]]:
    """Completed tests with one outcome.

    A few with a substance have a blank result: they still count as positive.
    """
    cocaine, opiates = SUBSTANCES[name]
    days = draw_days(rng, counts)
    number = len(days)
    result = ["Negative"] * number if name == "negative" else ["Positive"] * number
    if name in ("positive_cocaine", "positive_opiates"):
        result = rng.choices(["Positive", ""], [19, 1], k=number)
    referred = ["N"] * number if name == "negative" else rng.choices("YN", [9, 1], k=number)
    return [
        (moment, "Completed", "", _later(moment, wait), cocaine, opiates, outcome, sent)
        for moment, wait, outcome, sent in zip(
            add_times(rng, days, " "), rng.choices(range(20, 59), k=number), result, referred, strict=True
        )
    ]


def _later(moment: str, minutes: int) -> str:
    """A later minute of the same hour, or its last."""
    return f"{moment[:14]}{min(int(moment[14:16]) + minutes, 59):02d}:00"
