"""The documentation's examples, run: the questions on the sample, and the worked example of periods."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from support import candidate, night, write_extract

from dagster_project.cli.generate_docs import DOCS
from dagster_project.core.home import Home
from dagster_project.serving import connect, write_result

QUESTIONS = (DOCS / "how-to" / "twenty-questions.md").read_text(encoding="utf-8")
QUERY = (DOCS / "how-to" / "query-the-figures.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)\n```\n\n```text\n(.*?)\n```", QUESTIONS, re.S)
PERIODS = (DOCS / "explanation" / "periods.md").read_text(encoding="utf-8")
LEFT_OUT = re.compile(r" ─+|\d+ rows?|\s*")
"""Lines of an answer that the pages leave out: the line below its header, and the number of rows."""


def test_there_are_twenty_questions() -> None:
    assert len(QUERIES) == 20
    assert len(re.findall(r"^## \d+\. ", QUESTIONS, re.M)) == 20


@pytest.mark.parametrize(("sql", "answer"), QUERIES, ids=[f"{n}" for n in range(len(QUERIES))])
def test_the_answer_is_that_of_the_sample(sample_home: Home, sql: str, answer: str) -> None:
    con, out = connect(sample_home), io.StringIO()
    try:
        result = con.execute(sql)
        write_result([c[0] for c in result.description], result.fetchall(), "table", out)
    finally:
        con.close()
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert [line for line in lines if not LEFT_OUT.fullmatch(line)] == answer.splitlines()


def test_the_python_runs_as_it_is_written(
    sample_home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line after the other, on one connection."""
    monkeypatch.setenv("PAM_HOME", str(sample_home.path))
    monkeypatch.chdir(sample_home.warehouse.parent)
    own, from_other_programs = re.findall(r"```python\n(.*?)\n```", QUERY, re.S)
    for body in (own, from_other_programs):
        names: dict[str, Any] = {}
        exec(compile(body, "query-the-figures.md", "exec"), names)  # noqa: S102  (the page's own lines)
        assert len(names["frame"])
        names["con"].close()
    assert "count_star()" in capsys.readouterr().out


def test_the_worked_example_of_coverage(new_home: Home, tmp_path: Path) -> None:
    days = ["2024-05-20", "2024-06-01", "2024-12-31", "2025-01-04", "2025-06-10", "2025-06-10"]
    write_extract(
        new_home.inbox, "naloxone", [(f"N{n}", day, "Dales") for n, day in enumerate(days)],
        columns=("administration_ref", "administered_at", "lpu"), window=("2024-05-01", "2025-06-15"),
        stamp="20250616T020000Z",
    )  # fmt: skip
    with night(new_home) as run:
        run.land()
        run.build()
    with candidate(new_home) as con:
        figures = {
            row[:2]: row[2:]
            for row in con.execute(
                "select period_type, period_label, value, prior_value, volume_change, data_status"
                " from warehouse.marts.mart_naloxone where area_type = 'force'"
            ).fetchall()
        }
        months = con.execute("select min(period_start), max(period_start) from warehouse.marts.mart_naloxone").fetchone()
    assert [str(m) for m in months] == ["2024-01-01", "2026-03-01"]
    printed = re.findall(r"^\| (month|calendar_year\w*|financial_year\w*|rolling_12_months) \|(.*)\|$", PERIODS, re.M)
    assert len(printed) == 11
    for period_type, rest in printed:
        label, *cells, status, _ = [cell.strip() for cell in rest.split("|")]
        *values, data_status = figures[period_type, label]
        assert status == data_status
        assert [None if c == "null" else float(c) for c in cells] == values, label
