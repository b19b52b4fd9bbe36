"""The ten questions of docs/how-to/ten-questions.md by keys alone, from the page as it opens, each in at most sixty."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

MOST = 60
"""Keys: at one a second a question takes under a minute."""


def walk(page: Any, steps: tuple[str, ...]) -> int:
    """Tab to what a selector names (`#mart`), press a key (`Enter`), or type. Returns how many keys it took."""
    keys = 0
    for step in steps:
        if step[0] in "#.[":
            while not page.evaluate("(s) => document.activeElement.matches(s)", step):
                page.keyboard.press("Tab")
                keys += 1
                assert keys <= MOST, f"{step} is not reached"
        elif step in ("Enter", "Space", "ArrowDown", "Escape"):
            page.keyboard.press(step)
            keys += 1
        else:
            page.keyboard.type(step)
            keys += len(step)
    return keys


ONE = ("#to-measure", "Enter", "#mart", "Drug off")
QUESTIONS = {
    "1 what is unusual": ((), "#odd-ones li", "unusually high"),
    "2 did it rise": (("[href*='measure=possession_offences']", "Enter"), "#headline", "The year before"),
    "3 is it more than normal": (ONE, "#headline", "within normal variation"),
    "4 this year against the last": ((*ONE, "#show", "Year"), "#trend-title", "year on year"),
    "5 which codes": ((*ONE, "#show", "Categories, s"), "#trend-title", "by category, stacked"),
    "6 which unit is highest": ((*ONE, "#area-chart summary", "Enter"), "#area-chart tbody", "Derby East"),
    "7 unlike the others": ((*ONE, "#show", "Each"), "#trend-title", "each by itself"),
    "8 do two go together": ((*ONE, "#side", "Enter", "#add", "Traffick", "#add-it", "Enter"), "#tiles", "Trafficking"),
    "9 complete, from which files": ((*ONE, "#headline button", "Enter"), "#evidence", "What moved since the night before"),
    "10 in my own paper": ((*ONE, "[aria-label^='Save as PNG']", "Enter"), "#trend-title", "Possession offences"),
    "10 a link to it": (("#copy", "Enter"), "#copied", re.compile("The link is copied|Copy this address")),
}


AS_IN_ANOTHER = ("3 is it more than normal", "4 this year against the last", "7 unlike the others")
"""Their keys are those of 5 and 6, but for the last that is picked."""


@pytest.mark.parametrize(
    "question", [pytest.param(q, marks=[pytest.mark.long] if q in AS_IN_ANOTHER else []) for q in QUESTIONS]
)
def test_each_question_takes_at_most_sixty_keys(opened: Any, question: str) -> None:
    steps, where, words = QUESTIONS[question]
    page = opened()
    keys = walk(page, steps)
    print(question, keys)
    expect(page.locator(where).first).to_contain_text(words)
    assert keys <= MOST
    if steps[:4] == ONE:
        assert "mart_drug_offences" in page.url
