"""The examples of docs/how-to/go-back.md, run on the week of five nights that they show."""

import re
from collections.abc import Callable

import pytest

from dagster_project.cli.generate_docs import DOCS
from dagster_project.core.home import Home
from dagster_project.serving.diff import FIGURES

PAGE = (DOCS / "how-to" / "go-back.md").read_text(encoding="utf-8")
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ?")


def example(first_words: str) -> list[str]:
    """The block with these first words, as lines, without the times of landing and publishing."""
    (block,) = (b for b in re.findall(r"```text\n(.*?)\n```", PAGE, re.S) if b.startswith(first_words))
    return lines(block)


def lines(text: str) -> list[str]:
    return [TIME.sub("TIME", line.rstrip()) for line in text.splitlines() if line.strip()]


def test_the_example_of_pam_diff(pam: Callable, week: Home) -> None:
    result = pam("diff", "20260103", "20260104", "--limit", "5", "--home", week.path)
    assert lines(result.stdout) == example("From night")


def test_the_example_of_pam_rollback(pam: Callable, week_copy: Home) -> None:
    command = re.search(r'^    pam rollback --by "(.+)" --why "(.+)"$', PAGE, re.M)
    pam("rollback", "--by", command[1], "--why", command[2], "--home", week_copy.path)
    status = example("Published")
    assert lines(pam("status", "--home", week_copy.path).stdout)[1 : 1 + len(status)] == status


@pytest.mark.long
def test_the_example_of_pam_replay_check(pam: Callable, week: Home) -> None:
    """The suite has a check that finds two figures, which somebody changed, and no more (tests/cli/test_replay.py)."""
    result = pam("replay", "--check", "--home", week.path)
    assert lines(result.stdout) == example("All") and result.exit_code == 0


@pytest.mark.parametrize("column", FIGURES)
def test_every_column_of_a_changed_figure_is_named(column: str) -> None:
    assert f"`{column}`" in PAGE[PAGE.index("**CSV and JSON**") : PAGE.index("## Made again")]
