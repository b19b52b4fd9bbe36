"""Whether a night may be published: Great Expectations suites against the candidate's audit tables, what leaves the force, and
relations that a suite names.

A failed critical check holds the night back. A failed warning travels with it, in `meta.checks`. A check that gave no
result has failed.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.core.checks import Check
from dagster_project.core.config import Public, read_config
from dagster_project.core.home import Home
from dagster_project.transform.raw_schema import WORK

from . import engine, results
from .leaving import leaving_facts
from .relations import clean_error, judge_relations
from .suites import DEFAULT_SUITE, FACTS, Suite, SuiteError, load_suites, relation_suites, suite_for

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_SUITE", "FACTS", "Suite", "SuiteError", "held_by", "judge", "load_suites", "suite_for"]


def judge(home: Home, keep: Path | None = None, public: Public | None = None) -> list[Check]:
    """Run every suite against the candidate. `keep`: where Great Expectations' own results are written. `public`: how its
    public form was made; as the home's settings say, where None.

    A rule that several suites share is asked once, of all their subjects together, and answered for each: Great
    Expectations costs by the question, hardly by the row. Raises SuiteError for YAML that can't be meant, and nothing for a
    broken rule: that is what the checks say.
    """
    own = relation_suites(home)
    con = duckdb.connect(str(home.candidate / WORK), read_only=True)
    try:
        frames = {kind: con.execute(f"select * from audit.{table}").df() for kind, table in FACTS.items()}
        dropped = {row[0] for row in con.execute("select distinct extract from raw.loads").fetchall()}
    finally:
        con.close()
    marts = {s.name for s in load_suites().values() if s.subject == "mart"}
    checks: list[Check] = []
    found: list[dict[str, Any]] = []
    for kind, due in (("extract", dropped), ("mart", marts)):
        checks += _judge_kind(kind, frames[kind], due, found)
    for kind, (frame, marts_of) in leaving_facts(home, public or read_config(home).public).items():
        checks += _judge_kind(kind, frame, marts_of, found)
    if own:
        of_relations, more = judge_relations(home, own)
        checks += of_relations
        found += more
    if keep:
        results.write_results(keep, found)
    return sorted(checks, key=lambda c: (c.suite, c.subject, c.rule))


def _judge_kind(kind: str, frame: "pd.DataFrame", due: set[str], found: list[dict[str, Any]] | None = None) -> list[Check]:
    """The checks of all subjects of a kind. `found`: gets Great Expectations' results."""
    seen = set(frame[kind].unique())
    checks = [_failed(name, name, "something_to_judge", f"its {kind} facts have no row") for name in sorted(due - seen)]
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
        answers = _validate(kind, names, [asked[q][0] for q in questions], part, found)
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


def _validate(
    kind: str,
    names: tuple[str, ...],
    expectations: list[dict[str, Any]],
    frame: "pd.DataFrame",
    found: list[dict[str, Any]] | None,
) -> dict[str, dict[str, Any]]:
    """Great Expectations' answer to each expectation, by rule."""
    several = f"{len(names)} {'extracts' if kind == 'extract' else 'marts'}" if len(names) > 1 else names[0]
    result = engine.validate_facts(f"{kind} facts: {several}", expectations, frame)
    result["meta"] |= {"subjects": sorted(names)}
    if found is not None:
        found.append(result)
    return {a["expectation_config"]["meta"]["rule"]: a for a in result["results"]}


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
    error = clean_error(answer)
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
