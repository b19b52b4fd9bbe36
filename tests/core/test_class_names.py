"""One name for one thing: no two classes share a name."""

import ast
from collections import defaultdict

from dagster_project.core.home import PROJECT


def test_class_names_are_unique() -> None:
    paths_by_class = defaultdict(list)
    for path in sorted((PROJECT / "dagster_project").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                paths_by_class[node.name].append(path.name)
    assert len(paths_by_class) > 200 and {name: paths for name, paths in paths_by_class.items() if len(paths) > 1} == {}
