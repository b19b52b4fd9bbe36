"""The tutorial from raw exports to a report: each command of sections 2 and 4, run as the page prints it."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dagster_project.cli.generate_docs import DOCS
from dagster_project.core.home import Home
from dagster_project.landing import read_ledger

PAGE = (DOCS / "tutorial.md").read_text(encoding="utf-8")


def section(number: int) -> str:
    return re.search(rf"^## {number}\. .*?(?=^## |\Z)", PAGE, re.M | re.S)[0]


def commands(text: str) -> list[list[str]]:
    """The `pam` commands of a section, in order; one may take several lines."""
    blocks = re.findall(r"(?:^    .*\n)+", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    lines = [line for block in blocks for line in re.sub(r"\n {5,}", " ", block).splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.strip().startswith("pam ")]


def blocks(text: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text, re.S)


def answers(text: str) -> dict[str, int]:
    """Period -> value, of a printed table."""
    return {m[1]: int(m[2]) for m in re.finditer(r"^\s*(\w{3} \d{4})\s+(\d+)\s*$", text, re.M)}


def test_from_raw_exports_to_a_report(pam: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "pam-home")
    monkeypatch.setenv("PAM_HOME", str(home.path))

    def run(words: list[str], code: int = 0) -> str:
        result = pam(*[w.replace("~/pam-home", str(home.path)) for w in words])
        assert result.exit_code == code, (words, result.output)
        return str(result.stdout)

    grades, tests = blocks(section(2))
    (edition,) = blocks(section(4))
    sample, map_logs, map_tests, inspect, night, query, unknown, accept, again = commands(section(2))
    run(sample)
    run(map_logs)
    run(map_tests)
    for name, begin, end, new_lines in (("incidents", r"  grade:\n    #", "# not stored", grades),
                                        ("tests", "# values:", "# not in the file", tests)):  # fmt: skip
        path = home.mappings / f"{name}.yml"
        text, n = re.subn(rf"{begin}.*?(?={end})", lambda _, new=new_lines: new, path.read_text(encoding="utf-8"), flags=re.S)
        assert n == 1
        path.write_text(text, encoding="utf-8")
    assert "240 would land, 0 quarantined" in run(inspect) and not read_ledger(home)
    run(night)
    before, after = (int(n) for n in re.search(r"The answer for October is (\d+)\..*Now it is (\d+)\.", PAGE, re.S).groups())
    assert answers(run(query))["Oct 2025"] == before
    assert "Drug dealing" in run(unknown)
    run(accept)
    # The edition is written before the night that counts again: one night instead of two.
    check, published, report, freeze = commands(section(4))
    assert published == again
    home.editions.mkdir()
    (home.editions / "2026-01.yml").write_text(edition, encoding="utf-8")
    run(check)
    run(published)
    assert answers(run(query))["Oct 2025"] == after
    run(report)
    folder = tmp_path / report[report.index("--out") + 1]
    assert (folder / "csv" / "drug_calls.csv").read_text(encoding="utf-8").splitlines()[1] == f"1,Oct 2025,{after},,12,"
    assert "made up" in (folder / "index.html").read_text(encoding="utf-8").lower()
    assert yaml.safe_load(edition)["title"] in (folder / "index.html").read_text(encoding="utf-8")
    run(freeze)
