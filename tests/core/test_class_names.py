"""One name for one thing: a class says what it is where it is imported."""

import ast
from collections import defaultdict

from dagster_project.core.home import PROJECT


def test_no_two_classes_have_one_name() -> None:
    found = defaultdict(list)
    for path in sorted((PROJECT / "dagster_project").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(path.name)
    assert len(found) > 200 and {name: paths for name, paths in found.items() if len(paths) > 1} == {}
