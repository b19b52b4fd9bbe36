"""The gate as Dagster's checks: one a rule, on the staging model or the mart that it judges."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import dagster as dg

from dagster_project.contracts import load_contracts
from dagster_project.core.checks import Check
from dagster_project.quality import gate
from dagster_project.quality.gate import Suite

from .described import as_name
from .tries import NIGHT, POOL, tried_again

SOMETHING = "something_to_judge"
"""The check of every subject that it has been judged at all."""


@dataclass(frozen=True)
class Subject:
    """What rules are asked of: an extract, shown at its staging model, or a mart."""

    kind: Literal["extract", "mart"]
    name: str

    @property
    def asset_key(self) -> dg.AssetKey:
        """The asset that shows its checks."""
        return dg.AssetKey(["staging", f"stg_{self.name}"] if self.kind == "extract" else ["marts", self.name])


def subjects() -> dict[Subject, Suite]:
    """Every extract and every mart that is judged, with the suite that judges it."""
    found: dict[Subject, Suite] = {}
    for name in load_contracts():
        if suite := gate.suite_for("extract", name):
            found[Subject("extract", name)] = suite
    for suite in gate.load_suites().values():
        if suite.subject == "mart":
            found[Subject("mart", suite.name)] = suite
    return found


def check_specs() -> list[dg.AssetCheckSpec]:
    """One a rule and subject. Only a critical rule blocks what comes after."""
    return [spec for subject, suite in subjects().items() for spec in _specs_of(subject, suite)]


def _specs_of(subject: Subject, suite: Suite) -> Iterator[dg.AssetCheckSpec]:
    asset, facts = subject.asset_key, [dg.AssetKey(["audit", gate.FACTS[subject.kind]])]
    yield dg.AssetCheckSpec(
        SOMETHING, asset=asset, additional_deps=facts, blocking=True,
        description="There is something to judge, and it was judged.",
    )  # fmt: skip
    for e in suite.expectations:
        meta, is_critical = e["meta"], e["severity"] == "critical"
        yield dg.AssetCheckSpec(
            as_name(meta["rule"]),
            asset=asset,
            additional_deps=facts,
            description=f"{meta['reason']} {'Holds the night back.' if is_critical else 'Only warns.'}",
            blocking=is_critical,
            metadata={"severity": e["severity"], "suite": suite.name, "since": str(meta["since"]), "advice": meta["advice"]},
        )


def gate_checks() -> dg.AssetChecksDefinition:
    """The gate as a step: it judges the whole candidate, whichever of its checks are selected."""
    specs = check_specs()

    @dg.multi_asset_check(name="gate", specs=specs, required_resource_keys=NIGHT, can_subset=True, pool=POOL)
    def check_night(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        """Great Expectations against the candidate. A rule of an extract that nobody ever dropped gives no result."""
        run = context.resources.night
        run.begin()
        if not run.plan.publishes and (run.made is None or run.made.left):
            context.log.warning("not judged: the gate judges a whole candidate, and a part of it is built. Run `nightly`")
            return
        with tried_again(context):
            run.catch_up()
            checks = run.judge()
        selected = context.selected_asset_check_keys
        yield from (result for key, result in results_of(checks) if key in selected)

    return check_night


def results_of(checks: list[Check]) -> Iterator[tuple[dg.AssetCheckKey, dg.AssetCheckResult]]:
    """The gate's answers, each on the asset that it judges, and of each that it was judged. dbt's own are not among them."""
    by_subject: dict[str, list[Check]] = {}
    for c in checks:
        if c.suite != "dbt":
            by_subject.setdefault(c.subject, []).append(c)
    for subject in subjects():
        own = by_subject.get(subject.name, [])
        # What could not be judged at all says so under a name of its own.
        unjudged = [c for c in own if c.rule in (SOMETHING, "has_a_suite")]
        for c in own:
            key = dg.AssetCheckKey(subject.asset_key, SOMETHING if c in unjudged else as_name(c.rule))
            yield key, _result(key, c)
        if own and not unjudged:
            key, said = dg.AssetCheckKey(subject.asset_key, SOMETHING), {"rules": len(own)}
            yield key, dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=True, metadata=said)


def _result(key: dg.AssetCheckKey, check: Check) -> dg.AssetCheckResult:
    """A warning is a warning: it never reads as what holds a night."""
    is_critical = check.severity == "critical"
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=check.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_critical else dg.AssetCheckSeverity.WARN,
        description=check.found or None,
        metadata={} if check.passed else {"found": check.found, "reason": check.reason, "advice": check.advice},
    )
