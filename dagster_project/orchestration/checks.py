"""The gate's rules as Dagster's asset checks, on the staging model or mart that each judges."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import dagster as dg
import yaml

from dagster_project.contracts import load_contracts
from dagster_project.core.check_results import Check
from dagster_project.core.home import Home
from dagster_project.quality.gate import held_by
from dagster_project.quality.suites import FACTS, OUTGOING, Suite, load_suites, relation_suites, suite_for
from dagster_project.transform import dbt_runner

from .retries import NIGHT, POOL, retry_if_transient

SOMETHING = "something_to_judge"
"""The check, of every subject, that it was judged at all."""


@dataclass(frozen=True)
class Subject:
    """What a suite judges: an extract, shown at its staging model, or a mart."""

    kind: Literal["extract", "mart"]
    name: str

    @property
    def asset_key(self) -> dg.AssetKey:
        """The asset that shows its checks."""
        return dg.AssetKey(["staging", f"stg_{self.name}"] if self.kind == "extract" else ["marts", self.name])


def subjects() -> dict[Subject, Suite]:
    """Every extract and mart with the suite that judges it."""
    extracts = {Subject("extract", name): suite_for("extract", name) for name in load_contracts()}
    marts = {Subject("mart", s.name): s for s in load_suites().values() if s.subject == "mart"}
    return {subject: suite for subject, suite in {**extracts, **marts}.items() if suite}


def _suites_of_relations(home: Home) -> list[tuple[str, dg.AssetKey, Suite]]:
    """The suites of relations, the home's own included: the subject of their checks, the asset that shows them, and the suite.

    Empty if the home's own can't be read, which every night reports.
    """
    try:
        suites = relation_suites(home)
    except (ValueError, TypeError, OSError, yaml.YAMLError):
        return []
    models = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type.value == "model"]
    assets = {name: dg.AssetKey([n.schema, n.name]) for n in models for name in (n.name, f"{n.schema}.{n.name}")}
    of_assets = [(s, assets[s.relation]) for s in suites if s.relation in assets]
    return [(s.subject_in(*asset.path), asset, s) for s, asset in of_assets]


def check_specs(home: Home) -> list[dg.AssetCheckSpec]:
    """A check for each rule and subject, including rules for what leaves the force and for relations. Critical ones block."""
    specs: list[dg.AssetCheckSpec] = []
    for subject, suite in subjects().items():
        asset, facts = subject.asset_key, [dg.AssetKey(["gate", FACTS[subject.kind]])]
        text = "There is something to judge, and it was judged."
        specs.append(dg.AssetCheckSpec(SOMETHING, asset=asset, additional_deps=facts, blocking=True, description=text))
        outgoing = [suite_for(kind, subject.name) for kind in OUTGOING] if subject.kind == "mart" else []
        specs += [spec for s in (suite, *filter(None, outgoing)) for spec in _specs_of(asset, facts, s)]
    return specs + [spec for _, asset, suite in _suites_of_relations(home) for spec in _specs_of(asset, [], suite)]


def as_name(rule: str) -> str:
    """A rule's name as Dagster allows it: letters, digits and `_`."""
    return re.sub(r"\W", "_", rule)


def _check_name(suite: str, rule: str, is_of_relation: bool) -> str:
    """A check's name. A relation's rule may have the same name as another of the asset's, so its check also names the suite."""
    return as_name(f"{suite}__{rule}" if is_of_relation else rule)


def describe_check(reason: str, holds: bool) -> str:
    """What Dagster says of a check: why it is there, and whether it holds the night back."""
    return f"{reason} {'Holds the night back.' if holds else 'Only warns.'}".strip()


def _specs_of(asset: dg.AssetKey, facts: list[dg.AssetKey], suite: Suite) -> Iterator[dg.AssetCheckSpec]:
    for e in suite.expectations:
        meta, is_critical = e["meta"], e["severity"] == "critical"
        yield dg.AssetCheckSpec(
            _check_name(suite.name, meta["rule"], suite.subject == "relation"),
            asset=asset,
            additional_deps=facts,
            description=describe_check(meta["reason"], is_critical),
            blocking=is_critical,
            metadata={"severity": e["severity"], "suite": suite.name, "since": str(meta["since"]), "advice": meta["advice"]},
        )


def gate_checks() -> dg.AssetChecksDefinition:
    """The gate as a step: it judges the whole candidate, whichever of its checks are selected."""
    specs = check_specs(Home.of())

    @dg.multi_asset_check(name="gate", specs=specs, required_resource_keys=NIGHT, can_subset=True, pool=POOL)
    def check_night(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        """Great Expectations on the candidate. Rules of extracts without any file give no result. Each critical rule of a mart
        gives one, because the published file depends on it."""
        run = context.resources.night
        run.begin()
        if not run.plan.publishes and (run.built is None or run.built.left):
            context.log.warning("not judged: the gate judges a whole candidate, and only a part of it is built. Run `nightly`")
            return
        with retry_if_transient(context):
            run.ensure_built()
            checks = run.judge()
        selected = context.selected_asset_check_keys
        results = {key: result for key, result in results_of(checks, run.home) if key in selected}
        yield from results.values()
        if checks and not held_by(checks):
            required = {s.key for s in specs if s.blocking and s.asset_key.path[0] == "marts"}
            yield from map(_nothing_to_judge, sorted(required & selected - results.keys()))

    return check_night


def _nothing_to_judge(key: dg.AssetCheckKey) -> dg.AssetCheckResult:
    """The result of a rule that applied to nothing, for example because the report has no cell of the mart. Without it Dagster
    warns that a required check gave no result."""
    text = "Nothing to judge: the night has nothing to which this rule applies."
    return dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=True, description=text)


def results_of(checks: list[Check], home: Home) -> Iterator[tuple[dg.AssetCheckKey, dg.AssetCheckResult]]:
    """The gate's checks, each on the asset that it judges, and for each asset that it was judged. Not dbt's own tests."""
    by_subject: dict[str, list[Check]] = {}
    relations = {(suite.name, subject): asset for subject, asset, suite in _suites_of_relations(home)}
    for c in checks:
        if asset := relations.get((c.suite, c.subject)):
            key = dg.AssetCheckKey(asset, _check_name(c.suite, c.rule, True))
            yield key, _result(key, c)
        elif c.suite != "dbt":
            by_subject.setdefault(c.subject, []).append(c)
    for subject in subjects():
        checks_of_subject = by_subject.get(subject.name, [])
        not_judged = [c for c in checks_of_subject if c.rule in (SOMETHING, "has_a_suite")]
        for c in checks_of_subject:
            key = dg.AssetCheckKey(subject.asset_key, SOMETHING if c in not_judged else as_name(c.rule))
            yield key, _result(key, c)
        if checks_of_subject and not not_judged:
            key, count = dg.AssetCheckKey(subject.asset_key, SOMETHING), {"rules": len(checks_of_subject)}
            yield key, dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=True, metadata=count)


def severity_of(check: Check) -> dg.AssetCheckSeverity:
    """Only a failed critical rule is shown as an error; others are warnings."""
    return dg.AssetCheckSeverity.ERROR if check.severity == "critical" else dg.AssetCheckSeverity.WARN


def _result(key: dg.AssetCheckKey, check: Check) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=check.passed,
        severity=severity_of(check),
        description=check.message or None,
        metadata={} if check.passed else {"found": check.found, "reason": check.reason, "advice": check.advice},
    )
