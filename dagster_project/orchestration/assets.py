"""The night as Dagster's assets and checks: what is shown, and in which order it runs. What a step does is elsewhere."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from dagster_project.contracts import load_contracts
from dagster_project.core import errors
from dagster_project.landing import LedgerEntry, read_ledger
from dagster_project.nights import backfill
from dagster_project.nights.run import NightRun
from dagster_project.publishing import postgres
from dagster_project.quality import gate
from dagster_project.transform import dbt_runner, dbt_sources
from dagster_project.transform.dbt_runner import Node

NIGHT = {"night"}
WAITED_FOR = ("stg_", "mart_", "measures")
"""Models that the gate's checks and the published file name as what they come after."""


@contextmanager
def tried_again(context: Any, after_all: bool = False) -> Iterator[None]:
    """Have Dagster try a step again, later and later, where what stopped it can pass by itself.

    Not once the night has its receipt, or its publication: then it is over, whatever came after. `after_all`: for a step
    that comes after that.
    """
    run = context.resources.night
    try:
        yield
    except Exception as error:
        if run.patience and errors.is_transient(error) and (after_all or not run.is_over()):
            again = context.retry_number + 1
            seconds = errors.wait_before(again, run.patience)
            if again <= errors.TRIES:
                run.listener.wait(str(error), seconds)
                context.log.warning(f"{error}: trying again in {seconds:.0f} s, {again} of {errors.TRIES}")
            raise dg.RetryRequested(max_retries=errors.TRIES, seconds_to_wait=seconds) from error
        raise


class Translator(DagsterDbtTranslator):
    """Every dbt node to its asset: the key is schema and name, the group the folder."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`raw/incidents`, `staging/stg_incidents`, `marts/mart_incidents`, `seeds/areas`."""
        props = dbt_resource_props
        schema = props["source_name"] if props["resource_type"] == "source" else props["schema"]
        return dg.AssetKey([schema, props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema: staging, measures, marts, audit, seeds."""
        return str(dbt_resource_props["schema"])


def make_assets() -> tuple[list[Any], list[Any]]:
    """The assets and the checks of a night."""
    contracts = load_contracts()

    @dg.multi_asset(
        name="landing",
        specs=[
            dg.AssetSpec(["raw", c.extract], description=c.description, group_name="landing", kinds={"parquet"}, skippable=True)
            for c in contracts.values()
        ],
        required_resource_keys=NIGHT,
        can_subset=True,
    )
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        """The inbox's files, by extract. Those of all extracts are landed, whichever are selected."""
        with tried_again(context):
            entries: list[LedgerEntry] = context.resources.night.land()
        for e in entries:
            if e.outcome in ("held", "refused"):
                context.log.warning(f"{e.source_file} is {e.outcome}: {e.reason}")
        for key in sorted(context.selected_asset_keys):
            own = [e for e in entries if e.extract == key.path[-1]]
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    **{o: sum(e.outcome == o for e in own) for o in ("accepted", "known", "held", "refused")},
                    "rows_landed": sum(e.rows_landed or 0 for e in own if e.outcome == "accepted"),
                    "rows_quarantined": sum(e.rows_quarantined or 0 for e in own if e.outcome == "accepted"),
                },
            )

    @dbt_assets(
        name="models",
        manifest=dbt_runner.manifest_json(),
        exclude="resource_type:unit_test",
        dagster_dbt_translator=Translator(),
        required_resource_keys=NIGHT,
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """The dbt project, built and tested in the candidate."""
        run = context.resources.night
        stopped: Exception | None = None
        try:
            with tried_again(context):
                if not run.leave_unchanged():
                    run.build()
        except dg.RetryRequested:
            raise
        except Exception as error:
            stopped = error
        yield from _results(context, run.nodes if context.instance.is_persistent else _told(run))
        if stopped:
            raise stopped

    prepared = [
        dg.AssetSpec(["raw", name], deps=[["raw", x] for x in contracts], description=said, group_name="landing")
        for name, (said, _) in dbt_sources.TABLES.items()
    ]
    suites = gate.load_suites()
    marts = [dg.AssetKey(["marts", s.name]) for s in suites.values() if s.subject == "mart"]
    specs = [
        dg.AssetCheckSpec(
            name="gate",
            asset=dg.AssetKey(["staging", f"stg_{name}"]),
            additional_deps=[dg.AssetKey(["audit", "extract_facts"])],
            description=f"{name}: what holds a night back, and what only warns",
            blocking=True,
        )
        for name in contracts
    ] + [
        dg.AssetCheckSpec(
            name="gate",
            asset=key,
            additional_deps=[dg.AssetKey(["audit", "mart_facts"])],
            description=f"{key.path[-1]}: what can't be true holds the night back",
            blocking=True,
        )
        for key in marts
    ]

    @dg.multi_asset_check(name="gate", specs=specs, required_resource_keys=NIGHT)
    def check_night(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        """Great Expectations against the candidate. One result an extract and one a mart; none is left out."""
        with tried_again(context):
            checks = context.resources.night.judge()
        for spec in specs:
            own = [c for c in checks if c.subject == spec.asset_key.path[-1].removeprefix("stg_") and c.suite != "dbt"]
            failed = [c for c in own if not c.passed]
            holds = gate.held_by(failed)
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=not failed,
                severity=dg.AssetCheckSeverity.ERROR if holds else dg.AssetCheckSeverity.WARN,
                metadata={c.rule: c.found for c in failed} | {"rules": len(own)},
            )

    @dg.asset(
        key=["published", "warehouse"],
        deps=[*marts, dg.AssetKey(["marts", "mart_control_charts"]), dg.AssetKey(["marts", "measures"])],
        group_name="published",
        kinds={"duckdb"},
        required_resource_keys=NIGHT,
        description="The file that analysts and BI tools read, replaced in one step.",
    )
    def warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        """Publish the candidate, if the gate let it pass."""
        run = context.resources.night
        with tried_again(context):
            receipt = run.publish()
        said: dict[str, Any] = {"night": receipt.night_id, "sha256": receipt.sha256, "figures": sum(receipt.figures.values())}
        if receipt.outcome == "unchanged":
            said = {"night": receipt.night_id, "unchanged": receipt.reason}
        if run.period:
            said["covered"] = dg.MetadataValue.md(backfill.as_markdown(backfill.covered(read_ledger(run.home), run.period)))
        return dg.MaterializeResult(metadata=said)

    @dg.asset(
        key=["published", "postgres"],
        deps=[dg.AssetKey(["published", "warehouse"])],
        group_name="published",
        kinds={"postgres"},
        required_resource_keys=NIGHT,
        description="The same night in PostgreSQL, for BI tools: all schemas replaced in one step.",
    )
    def in_postgres(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        """Load what was published. Where that fails, the file is published all the same."""
        with tried_again(context, after_all=True):
            brought = context.resources.night.serve()
        return dg.MaterializeResult(metadata={k: v for k, v in brought.as_dict().items() if v})

    served = [in_postgres] if postgres.is_configured() else []
    return [landing, *prepared, models, warehouse, *served], [check_night]


def _told(run: NightRun) -> list[Node]:
    """What a run tells that nobody can look up afterwards: what was built, and what later steps wait for. Each telling takes
    Dagster some milliseconds.
    """
    built = {n.unique_id for n in run.made.built} if run.made else set()
    return [n for n in run.nodes if n.unique_id in built or (n.kind == "model" and n.name.startswith(WAITED_FOR))]


def _results(context: dg.AssetExecutionContext, nodes: list[Node]) -> Iterator[Any]:
    """Dagster's results for dbt's: a materialisation a model and seed, a check a test."""
    known = dbt_runner.manifest()
    by_check = {(k.asset_key.path[-1], k.name): k for k in context.selected_asset_check_keys}
    assets = {k.path[-1]: k for k in context.selected_asset_keys}
    for node in nodes:
        if node.kind in ("model", "seed"):
            if node.ok and node.name in assets:
                yield dg.MaterializeResult(asset_key=assets[node.name], metadata={"seconds": round(node.seconds, 3)})
        elif node.kind == "test":
            attached = getattr(known.nodes[node.unique_id], "attached_node", None) or ""
            key = by_check.get((attached.split(".")[-1], node.name))
            if key:
                yield dg.AssetCheckResult(
                    asset_key=key.asset_key,
                    check_name=key.name,
                    passed=node.status == "pass",
                    metadata={"message": node.message or node.status},
                )
