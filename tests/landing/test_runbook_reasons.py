"""The runbook's tables of reasons to hold or refuse a file quote what landing says."""

import ast
import re
from pathlib import Path

import pytest

from dagster_project import landing
from dagster_project.core.home import PROJECT

RUNBOOK = (PROJECT / "docs" / "how-to" / "runbook.md").read_text(encoding="utf-8")


def texts_of(path: Path) -> str:
    """The texts of a module, a line each, without docstrings and what is filled in."""
    nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
    filled = [[*node.values] for node in nodes if isinstance(node, ast.JoinedStr)]
    plain = [[node] for node in nodes if isinstance(node, ast.Constant) and node not in docstrings]
    return "\n".join("".join(str(x.value) for x in parts if isinstance(x, ast.Constant)) for parts in filled + plain)


@pytest.mark.parametrize("heading", ["the reason has", "the reason begins with"])
def test_reasons_of_the_runbook_are_those_of_landing(heading: str) -> None:
    said = "\n".join(texts_of(path) for path in Path(landing.__file__).parent.rglob("*.py"))
    rows = re.search(rf"^\| {heading} \|.*\n\| --- .*\n((?:\|.*\n)+)", RUNBOOK, re.M)[1].splitlines()
    reasons = [reason for row in rows for reason in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert len(reasons) > 10 and [reason for reason in reasons if reason not in said] == []
