"""Words of measures that would link no sentence are refused: whoever wrote them would take silence for agreement."""

from copy import deepcopy

import pytest

from dagster_project.document_check.text import words

REFERRALS = "mart_drug_tests.referrals"


@pytest.mark.parametrize(
    ("section", "name", "value", "fault"),
    [
        (
            "measures", "mart_drug_tests.referal", {"names": ["referred"]},
            f"mart_drug_tests.referal is no measure of seeds/measure_list.csv; is {REFERRALS} meant?",
        ),
        ("measures", REFERRALS, {"name": ["referred"]}, f"{REFERRALS}: name: what can be set is names, weak, needs"),
        ("measures", REFERRALS, ["referred"], f"{REFERRALS}: give it `names`, a list of its words"),
        ("measures", REFERRALS, {"names": "referred"}, f"{REFERRALS}: `names` and `weak` are lists of words"),
        (
            "measures", REFERRALS, {"names": ["Referred"]},
            f"{REFERRALS}: Referred: write it in small letters: the text is, when it is searched",
        ),
        (
            "measures", REFERRALS, {"names": ["referred ["]},
            f"{REFERRALS}: referred \\[: is no regular expression: unterminated character set at position 9",
        ),
        ("measures", REFERRALS, {"weak": ["referred"]}, f"{REFERRALS}: `weak` and `needs` go together"),
        (
            "categories", REFERRALS, {"names": ["referred"]},
            f"categories: {REFERRALS} has no list of other names: is it a measure, which belongs under measures?",
        ),
    ],
)  # fmt: skip
def test_words_that_link_nothing_are_refused(
    monkeypatch: pytest.MonkeyPatch, section: str, name: str, value: object, fault: str
) -> None:
    changed = deepcopy(words._words())
    changed[section][name] = value
    monkeypatch.setattr(words, "_read", lambda _: changed)
    with pytest.raises(words.WordsError, match=rf"^measure_words\.yml: {fault}$".replace("?", r"\?")):
        words._words.__wrapped__()
