"""Each of the ten questions of docs/how-to/ten-questions.md can be answered with at most sixty keys from the first page."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

MAX_KEYS = 60
"""At one key a second, a question takes a minute at most."""


def walk(page: Any, steps: tuple[str, ...]) -> int:
    """For each step tab to a selector (`#mart`), press a key (`Enter`), or type. Returns the number of keys."""
    keys = 0
    for step in steps:
        if step[0] in "#.[":
            # A person sees it before reaching for it: what was chosen may still be being drawn.
            page.wait_for_selector(step)
            while not page.evaluate("(s) => document.activeElement.matches(s)", step):
                page.keyboard.press("Tab")
                keys += 1
                assert keys <= MAX_KEYS, f"{step} is not reached"
        elif step in ("Enter", "Space", "ArrowDown", "Escape"):
            page.keyboard.press(step)
            keys += 1
        else:
            page.keyboard.type(step)
            keys += len(step)
    return keys


START = ("#to-measure", "Enter", "#mart", "Drug off")
QUESTIONS = {
    "1 what is unusual": ((), "#overview-lead", "measures judged by a control chart are unusual"),
    "2 did it rise": (("[href*='measure=possession_offences']", "Enter"), "#headline", "The year before"),
    "3 is it more than normal": (START, "#headline", "within normal variation"),
    "4 this year against the last": ((*START, "#show", "Year"), "#trend-title", "year on year"),
    "5 which codes": ((*START, "#show", "Categories, s"), "#trend-title", "by category, stacked"),
    "6 which unit is highest": ((*START, "#area-chart summary", "Enter"), "#area-chart tbody", "Derby East"),
    "7 unlike the others": ((*START, "#show", "Each"), "#trend-title", "each by itself"),
    "8 do two go together": ((*START, "#side", "Enter", "#add", "Traffick", "#add-it", "Enter"), "#tiles", "Trafficking"),
    "9 complete, from which files": ((*START, "#headline button", "Enter"), "#evidence", "What moved since the update before"),
    "10 in my own paper": ((*START, "[aria-label^='Save as PNG']", "Enter"), "#trend-title", "Possession offences"),
    "10 a link to it": (("#copy", "Enter"), "#copied", re.compile("The link is copied|Copy this address")),
}


LIKE_OTHERS = ("3 is it more than normal", "4 this year against the last", "7 unlike the others")
"""They take the keys of 5 and 6, except the last choice: the long run has them."""


@pytest.mark.parametrize("question", [pytest.param(q, marks=[pytest.mark.long] if q in LIKE_OTHERS else []) for q in QUESTIONS])
def test_each_question_takes_at_most_sixty_keys(opened: Any, question: str) -> None:
    steps, where, words = QUESTIONS[question]
    page = opened()
    keys = walk(page, steps)
    print(question, keys)
    expect(page.locator(where).first).to_contain_text(words)
    assert keys <= MAX_KEYS
    if steps[:4] == START:
        assert "mart_drug_offences" in page.url
