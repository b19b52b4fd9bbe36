"""Whether a night may be published: Great Expectations suites against the candidate's audit tables, and dbt's own tests.

A failed critical check holds the night back. A failed warning travels with it, in `meta.checks`. A check that gave no
result has failed.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from dagster_project.core.checks import Check
from dagster_project.core.errors import PamError
from dagster_project.core.home import EXPECTATIONS, Home
from dagster_project.core.yaml_io import read_yaml
from dagster_project.transform.raw_schema import WORK

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_SUITE = "any_extract"
NAMED = ("quarantined_file", "unquarantined_file", "month_apart", "unknown_values")
"""Columns of the audit tables that a rule's answer may name (`names` in its meta)."""
FACTS = {"extract": "extract_facts", "mart": "mart_facts"}


class SuiteError(PamError, ValueError):
    """A suite's YAML that says something it can't mean. The message names the file and the field."""


@dataclass(frozen=True)
class Suite:
    """One YAML of expectations/, its shared parts put in."""

    name: str
    subject: Literal["extract", "mart"]
    expectations: tuple[dict[str, Any], ...]


@cache
def load_suites(folder: Path = EXPECTATIONS) -> dict[str, Suite]:
    """All suites by name. Raises SuiteError for a rule without severity, reason, date or advice, or a part not there."""
    suites = {}
    for path in sorted(folder.glob("*.yml")):
        body = read_yaml(path.read_text(encoding="utf-8"))
        unknown = set(body) - {"name", "subject", "include", "expectations"}
        if unknown or body.get("name") != path.stem or body.get("subject") not in FACTS:
            raise SuiteError(f"{path.name}: needs name (that of the file), subject (extract or mart); not {unknown}")
        parts = [folder / "shared" / f"{part}.yml" for part in body.get("include", ())]
        expectations = [*body.get("expectations", ())]
        for part in reversed(parts):
            if not part.exists():
                raise SuiteError(f"{path.name}: include: there is no shared/{part.name}")
            expectations[:0] = read_yaml(part.read_text(encoding="utf-8"))
        for e in expectations:
            lacking = [f for f in ("rule", "reason", "since", "advice") if not e.get("meta", {}).get(f)]
            if lacking or e.get("severity") not in ("critical", "warning"):
                raise SuiteError(f"{path.name}: {e.get('type')}: lacks {', '.join(lacking) or 'a severity'}")
        suites[path.stem] = Suite(path.stem, body["subject"], tuple(expectations))
    return suites


def suite_for(subject: str, name: str) -> Suite | None:
    """The suite that judges an extract or a mart; extracts without one of their own share one."""
    suites = load_suites()
    return suites.get(name) or (suites[DEFAULT_SUITE] if subject == "extract" else None)


def judge(home: Home) -> list[Check]:
    """Run every suite against the candidate's audit tables.

    A rule that several suites share is asked once, of all their subjects together, and answered for each: Great
    Expectations costs by the question, hardly by the row. Raises nothing for a broken rule: that is what the checks say.
    """
    con = duckdb.connect(str(home.candidate / WORK), read_only=True)
    try:
        frames = {kind: con.execute(f"select * from audit.{table}").df() for kind, table in FACTS.items()}
        dropped = {row[0] for row in con.execute("select distinct extract from raw.loads").fetchall()}
    finally:
        con.close()
    marts = {s.name for s in load_suites().values() if s.subject == "mart"}
    checks: list[Check] = []
    for kind, due in (("extract", dropped), ("mart", marts)):
        checks += _judge_kind(kind, frames[kind], due)
    return sorted(checks, key=lambda c: (c.suite, c.subject, c.rule))


def _judge_kind(kind: str, frame: "pd.DataFrame", due: set[str]) -> list[Check]:
    seen = set(frame[kind].unique())
    checks = [_failed(name, name, "something_to_judge", "its audit table has no row") for name in sorted(due - seen)]
    asked: dict[str, tuple[dict[str, Any], list[tuple[Suite, str]]]] = {}
    for name in sorted(seen):
        suite = suite_for(kind, name)
        if suite is None:
            checks.append(_failed(name, name, "has_a_suite", "expectations/ has no suite of this name"))
            continue
        for e in suite.expectations:
            asked.setdefault(json.dumps(e, sort_keys=True, default=str), (e, []))[1].append((suite, name))
    together: dict[tuple[str, ...], list[str]] = {}
    for question, (_, subjects) in asked.items():
        together.setdefault(tuple(name for _, name in subjects), []).append(question)
    for names, questions in together.items():
        part = frame[frame[kind].isin(names)].reset_index(drop=True)
        answers = _validate(kind, [asked[q][0] for q in questions], part)
        for question in questions:
            expectation, subjects = asked[question]
            answer = answers.get(expectation["meta"]["rule"])
            checks += [_check(suite, name, expectation, answer, kind) for suite, name in subjects]
    return checks


def _failed(suite: str, subject: str, rule: str, found: str) -> Check:
    return Check(
        suite, subject, rule, "critical", False, found,
        "A check that saw nothing has not passed.", "Look at the night's log for what is missing.",
    )  # fmt: skip


@cache
def _context() -> Any:
    import great_expectations as gx

    # It tells of its temporary folders, by a logger with a level of its own.
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]  # a dict is what it reads
    return context


def _validate(kind: str, expectations: list[dict[str, Any]], frame: "pd.DataFrame") -> dict[str, dict[str, Any]]:
    """Great Expectations' answer to each expectation, by rule."""
    from great_expectations import ExpectationSuite

    result = _batch(frame).validate(
        ExpectationSuite(name=kind, expectations=[dict(e) for e in expectations]),
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [c for c in (kind, "force_code", "measure", *NAMED) if c in frame],
            "include_unexpected_rows": False,
        },
    )
    answers = [r.to_json_dict() for r in result.results]
    return {a["expectation_config"]["meta"]["rule"]: a for a in answers}


def _batch(frame: "pd.DataFrame") -> Any:
    context = _context()
    source = (
        context.data_sources.get("candidate")
        if "candidate" in context.data_sources.all()
        else context.data_sources.add_pandas("candidate")
    )
    asset = source.get_asset("facts") if "facts" in source.get_asset_names() else source.add_dataframe_asset("facts")
    definition = (
        asset.get_batch_definition("whole") if asset.batch_definitions else asset.add_batch_definition_whole_dataframe("whole")
    )
    return definition.get_batch({"dataframe": frame})


def _check(suite: Suite, subject: str, expectation: dict[str, Any], answer: dict[str, Any] | None, kind: str) -> Check:
    passed, found = _answer(subject, expectation, answer, kind)
    meta = expectation["meta"]
    return Check(suite.name, subject, meta["rule"], expectation["severity"], passed, found, meta["reason"], meta["advice"])


def _answer(subject: str, expectation: dict[str, Any], answer: dict[str, Any] | None, kind: str) -> tuple[bool, str]:
    """Whether a subject passed, and what broke the rule, in words: `pct_quarantined 12.5 (derbyshire)`."""
    if answer is None:
        return False, "the check gave no result"
    if answer["success"] is True:
        return True, ""
    error = (answer.get("exception_info") or {}).get("exception_message")
    places = answer.get("result", {}).get("unexpected_index_list")
    if error or not places:
        return False, f"the check failed to run: {error or answer.get('result')}"
    column = expectation["kwargs"]["column"]
    names = ("force_code", "measure", *([expectation["meta"]["names"]] if "names" in expectation["meta"] else []))
    # The facts have no order of their own, and the same night is to say the same.
    own = sorted((p for p in places if p[kind] == subject), key=lambda p: [str(p.get(i)) for i in names])
    said = [f"{column} {p[column]:.6g} ({', '.join(str(p[i]) for i in names if p.get(i))})" for p in own[:5]]
    more = f" and {len(own) - 5} more" if len(own) > 5 else ""
    return not own, "; ".join(said) + more


def held_by(checks: Iterable[Check]) -> list[Check]:
    """The failed checks that hold the night back."""
    return [c for c in checks if c.holds]
