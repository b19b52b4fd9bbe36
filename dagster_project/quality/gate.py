"""Decides whether a night may be published: runs Great Expectations suites on the facts about the candidate, on what leaves the
force, and on the relations that a suite names.

A failed critical check holds the night back. A failed warning is published with it, in `meta.checks`. A check without a
result has failed.
"""

import json
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.core.candidate_files import WORK, read_candidate
from dagster_project.core.check_results import Check
from dagster_project.core.config import Public
from dagster_project.core.files import new_file
from dagster_project.core.home import Home
from dagster_project.core.plurals import counted
from dagster_project.core.project_lists import read_seed
from dagster_project.core.sql import literal
from dagster_project.public_form import IS_CHANGED, SCHEMA, batches, figures_made, make_changed_table, make_rule_tables

from . import engine, stored_results
from .relation_rules import judge_relations, take_error
from .suites import FACTS, Suite, answer_to, load_suites, relation_suites, suite_for

if TYPE_CHECKING:
    import pandas as pd

HERE = Path(__file__).parent
PUBLIC_FACTS = "public_facts.parquet"
"""A file of the candidate: how often its public form breaks each rule, by month. A night that makes only some public figures
again reads the facts of the others from it."""

MAX_NAMED = 5
"""How many facts that break a rule its check names."""

JudgedRule = tuple[dict[str, Any], list[tuple[Suite, str]]]
"""A rule, and the subjects that it judges, each with its suite."""
Judged = tuple[list[Check], list[dict[str, Any]]]
"""Checks, and Great Expectations' own results of their rules."""


def judge(home: Home, results_file: Path, public: Public, built: Judged) -> list[Check]:
    """Run every suite on the candidate. Returns every check, passed or not.

    `results_file`: for Great Expectations' own results. `public`: how the public form was made. `built`: of `judge_built`. A
    rule that several suites share is run once for all their subjects, because Great Expectations takes time for each rule and
    hardly any for each row. Raises SuiteError for an invalid suite; a broken rule is a failed check, not an error.
    """
    home_suites = relation_suites(home)
    judged = (built, _judge_kinds(outgoing_facts(home, public)), judge_relations(home, home_suites))
    stored_results.write_results(results_file, [result for _, results in judged for result in results])
    return sorted((check for checks, _ in judged for check in checks), key=lambda c: (c.suite, c.subject, c.rule))


def judge_built(home: Home) -> Judged:
    """The checks of the extracts' and the marts' facts, which a build makes. Reads `work` alone, not what leaves the force."""
    with read_candidate(home, WORK) as con:
        frames = {kind: con.execute(f"select * from work.gate.{table}").df() for kind, table in FACTS.items()}
        loaded = {row[0] for row in con.execute("select distinct extract from work.raw.loads").fetchall()}
    marts = {s.name for s in load_suites().values() if s.subject == "mart"}
    return _judge_kinds({"extract": (frames["extract"], loaded), "mart": (frames["mart"], marts)})


def _judge_kinds(facts: dict[str, tuple["pd.DataFrame", set[str]]]) -> Judged:
    judged = [_judge_kind(kind, frame, expected) for kind, (frame, expected) in facts.items()]
    return [check for checks, _ in judged for check in checks], [result for _, results in judged for result in results]


def _judge_kind(kind: str, frame: "pd.DataFrame", expected: set[str]) -> Judged:
    """The checks of all subjects of a kind. `expected`: those that must have facts."""
    names = set(frame[kind].unique())
    checks = [_not_judged(name, "something_to_judge", f"its {kind} facts have no row") for name in sorted(expected - names)]
    # By the rule as JSON, so that equal rules of several suites are one.
    rules: dict[str, JudgedRule] = {}
    for name in sorted(names):
        suite = suite_for(kind, name)
        if suite is None:
            checks.append(_not_judged(name, "has_a_suite", "expectations/ has no suite of this name"))
            continue
        for e in suite.expectations:
            rules.setdefault(json.dumps(e, sort_keys=True, default=str), (e, []))[1].append((suite, name))
    batches: dict[tuple[str, ...], list[JudgedRule]] = {}
    for e, subjects in rules.values():
        batches.setdefault(tuple(name for _, name in subjects), []).append((e, subjects))
    results = []
    for batch_names, batch in batches.items():
        part = frame[frame[kind].isin(batch_names)].reset_index(drop=True)
        how_many = f"{len(batch_names)} {'extracts' if kind == 'extract' else 'marts'}"
        title = f"{kind} facts: {how_many if len(batch_names) > 1 else batch_names[0]}"
        result = engine.validate_facts(title, [e for e, _ in batch], part)
        result["meta"] |= {"subjects": sorted(batch_names)}
        results.append(result)
        answers = {a["expectation_config"]["meta"]["rule"]: a for a in result["results"]}
        for e, subjects in batch:
            answer = answers.get(e["meta"]["rule"])
            checks += [answer_to(suite, name, e, *_answer(name, e, answer, kind)) for suite, name in subjects]
    return checks, results


def _not_judged(subject: str, rule: str, found: str) -> Check:
    return Check(
        subject, subject, rule, "critical", False, found,
        "A check that saw nothing has not passed.", "Look at the night's log for what is missing.",
    )  # fmt: skip


def _answer(subject: str, expectation: dict[str, Any], answer: dict[str, Any] | None, kind: str) -> tuple[bool, str, str]:
    """Whether a subject passed; what broke the rule, such as `pct_quarantined 12.5 (derbyshire)`; and that in a sentence."""
    if answer is None:
        return False, "the check gave no result", ""
    if answer["success"] is True:
        return True, "", ""
    error = take_error(answer)
    facts = answer.get("result", {}).get("unexpected_index_list")
    if error or not facts:
        return False, f"the check failed to run: {error or answer.get('result')}", ""
    column = expectation["kwargs"]["column"]
    names = ("force_code", "measure", *([expectation["meta"]["names"]] if "names" in expectation["meta"] else []))
    # Sorted, because facts have no order of their own, and the same night must always give the same text.
    facts_of_subject = sorted((f for f in facts if f[kind] == subject), key=lambda f: [str(f.get(n)) for n in names])
    # What a person accepts one by one is named in full.
    named = facts_of_subject if expectation["meta"].get("names_all") else facts_of_subject[:MAX_NAMED]
    texts = [f"{column} {f[column]:.6g} ({', '.join(str(f[n]) for n in names if f.get(n))})" for f in named]
    more = f" and {len(facts_of_subject) - len(named)} more" if len(facts_of_subject) > len(named) else ""
    return not facts_of_subject, "; ".join(texts) + more, _message(subject, expectation, named) + more


def _message(subject: str, expectation: dict[str, Any], facts: list[dict[str, Any]]) -> str:
    """What facts say of a subject. Those of one measure and force follow its name once."""
    end = expectation["meta"].get("sentence_end", "")
    named_sentences = [(_about(subject, f), _sentence(expectation, f)) for f in facts]
    by_name = groupby(named_sentences, key=itemgetter(0))
    return "; ".join(f"{name}: {', '.join(sentence for _, sentence in group)}{end}" for name, group in by_name)


def _about(subject: str, fact: dict[str, Any]) -> str:
    """The measure, mart or extract, and force of a fact."""
    titles = {(r["mart"], r["measure"]): r["title"] for r in read_seed("measure_list")}
    title = titles.get((subject, str(fact.get("measure"))))
    force = f" ({fact['force_code']})" if fact.get("force_code") else ""
    return f"{title} in {subject}{force}" if title else f"{subject}{force}"


def _sentence(expectation: dict[str, Any], fact: dict[str, Any]) -> str:
    """What a fact says, as the rule's `sentence` puts it. A rule that only counts needs none."""
    meta, value = expectation["meta"], fact[expectation["kwargs"]["column"]]
    if "sentence" in meta:
        try:
            return str(meta["sentence"].format(**fact))
        except (KeyError, TypeError, ValueError):
            # A column that is blank or not there must not end the night: the check has failed, and says what was found.
            return f"{expectation['kwargs']['column']} {value}"
    return f"in {counted(int(value), 'place')} this is not so: {meta['reason']}"


def held_by(checks: Iterable[Check]) -> list[Check]:
    """The failed checks that hold the night back."""
    return [c for c in checks if c.holds]


def outgoing_facts(home: Home, settings: Public) -> dict[str, tuple["pd.DataFrame", set[str]]]:
    """By subject (`public`, `report`): facts by mart, force and measure, and the marts that must be among them.

    `settings`: how the public form was made. `public` is left out if they switch it off and there is none. Raises duckdb.Error
    if the candidate lacks a table.
    """
    with read_candidate(home) as con:
        con.execute("use warehouse")
        # Made of the cells themselves: none of their marts can be missing.
        facts: dict[str, tuple[pd.DataFrame, set[str]]] = {"report": (con.execute(_script("report_facts")).df(), set())}
        schemas = {row[0] for row in con.execute("select schema_name from duckdb_schemas() where not internal").fetchall()}
        if settings.mode != "off" or SCHEMA in schemas:
            make_rule_tables(con, settings)
            marts = con.execute("select distinct mart from marts.measures").fetchall()
            rebuilt_figures = None if settings.mode == "round" else figures_made(con)
            facts["public"] = (_public_facts(con, home.candidate / PUBLIC_FACTS, rebuilt_figures), {row[0] for row in marts})
    return facts


def _public_facts(con: duckdb.DuckDBPyConnection, file: Path, made: str | None) -> "pd.DataFrame":
    """The facts of the public form by mart, force and measure.

    `file`: has them by month, and is written anew. `made`: what `figures_made` returns: if only some public figures were made
    again, only they are judged, and facts of earlier months stay. As many figures are read at a time as fit into memory: a
    figure is compared with others of its force and mart alone.
    """
    exact, public = "from marts.measures", f"select *, true as is_judged from {SCHEMA}.measures"
    into = "create or replace temp table facts as"
    if made and file.exists():
        make_changed_table(con, made)
        exact = f"select r.* from marts.measures as r inner join changed on {IS_CHANGED.format('r')}"
        # A year that is judged adds up its months.
        public = (
            f"select r.*, {IS_CHANGED.format('r')} as is_judged from {SCHEMA}.measures as r"
            f" inner join changed on {IS_CHANGED.format('r')} - 11"
        )
        con.execute(
            f"{into} select * from read_parquet({literal(str(file))}) as r where not exists (from changed where"
            " changed.mart = r.public and changed.force_code = r.force_code and r.month_no >= changed.from_month_no)"
        )
        into = "insert into facts"
    con.execute(f"create or replace temp view all_exact as {exact}")
    con.execute(f"create or replace temp view all_public as {public}")
    con.execute(
        "create or replace temp view figures as select mart, force_code from all_exact"
        " union all select mart, force_code from all_public"
    )
    for condition in batches(con, "figures"):
        con.execute(f"create or replace temp view exact_figures as from all_exact where {condition}")
        con.execute(f"create or replace temp view public_figures as from all_public where {condition}")
        con.execute(_script("public_facts"))
        con.execute(f"{into} from new_facts")
        into = "insert into facts"
    with new_file(file) as new:
        con.execute(f"copy facts to {literal(str(new))} (format parquet, use_tmp_file false)")
    return con.execute(
        "select public, force_code, measure, sum(columns('^public_'))::bigint from facts group by all order by all"
    ).df()


def _script(name: str) -> str:
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")
