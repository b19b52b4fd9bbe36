"""The steps of a night as Dagster's assets. The work itself is in `nights`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from dagster_project.contracts import load_contracts
from dagster_project.core import raw_tables
from dagster_project.core.home import CONTRACTS, Home
from dagster_project.core.published_file import published_night
from dagster_project.landing import LedgerEntry, accepted, counts, erased_loads, read_ledger
from dagster_project.nights.partial_build import marts_left
from dagster_project.nights.run import NightRun
from dagster_project.transform import dbt_runner
from dagster_project.transform.dbt_runner import Node

from .described import column_schema, file_version, fresh_within, table_metadata
from .tonight import LANDING
from .tries import NIGHT, POOL, tried_again

WAITED_FOR = ("stg_", "mart_", "measures", "extract_facts", "tables", "unique_together_mart_")
"""Models, and tests of them, that the gate's checks and the published file name as what they come after."""


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


def inbox_specs() -> list[dg.AssetSpec]:
    """What a force drops, an asset an extract: a new file is its materialisation, and it is late by the contract's rhythm."""
    return [
        dg.AssetSpec(
            ["inbox", c.extract],
            description=f"{c.title}: files as they are dropped, {c.rhythm}. A file that is accepted makes it fresh.",
            group_name="inbox",
            freshness_policy=fresh_within(c),
        )
        for c in load_contracts().values()
    ]


def prepared_specs() -> list[dg.AssetSpec]:
    """What dbt reads besides the extracts' rows: made of the ledger and the contracts when the candidate is laid out."""
    contracts = load_contracts()
    return [
        dg.AssetSpec(["raw", name], deps=[["raw", x] for x in contracts], description=said, group_name="landing")
        for name, said in raw_tables.descriptions().items()
    ]


def landing_assets() -> dg.AssetsDefinition:
    """`raw/<extract>`: the rows of each extract."""
    contracts = load_contracts()
    specs = [
        dg.AssetSpec(
            ["raw", c.extract],
            deps=[["inbox", c.extract]],
            description=c.description,
            group_name="landing",
            kinds={"parquet"},
            skippable=True,
            code_version=file_version(CONTRACTS / f"{c.extract}.yml"),
            metadata={"dagster/column_schema": column_schema(c)},
        )
        for c in contracts.values()
    ]

    @dg.multi_asset(name=LANDING, specs=specs, required_resource_keys=NIGHT, can_subset=True, pool=POOL)
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        """The inbox's files, by extract. Files of extracts that are not selected stay in the inbox."""
        run = context.resources.night
        selected = {key.path[-1] for key in context.selected_asset_keys}
        with tried_again(context):
            entries: list[LedgerEntry] = run.land(None if selected == set(contracts) else selected)
        for e in entries:
            if e.outcome in ("held", "refused"):
                context.log.warning(f"{e.source_file} is {e.outcome}: {e.reason}")
        rows = _rows_landed(run.home)
        for extract in sorted(selected):
            own = [e for e in entries if e.extract == extract]
            new = [e for e in own if e.outcome == "accepted"]
            if new:
                files = ", ".join(e.source_file for e in new)
                context.log_event(dg.AssetMaterialization(["inbox", extract], metadata={"files": files}))
            yield dg.MaterializeResult(
                asset_key=["raw", extract],
                metadata={
                    "night": run.night.night_id,
                    **{o: sum(e.outcome == o for e in own) for o in ("accepted", "known", "held", "refused")},
                    "rows_landed": sum(e.rows_landed or 0 for e in new),
                    "rows_quarantined": sum(e.rows_quarantined or 0 for e in new),
                    "dagster/row_count": rows[extract],
                },
            )

    return landing


def _rows_landed(home: Home) -> Counter[str]:
    """Rows of each extract in raw/, those that newer files replaced among them."""
    entries, gone = read_ledger(home), erased_loads(home)
    totals, rows = counts(entries), Counter[str]()
    for e in accepted(entries):
        if e.load_id and e.load_id not in gone:
            rows[str(e.extract)] += totals[e.load_id].rows_landed
    return rows


def model_assets() -> dg.AssetsDefinition:
    """The dbt project: staging, measures, marts and what else it makes, with its tests as checks."""

    @dbt_assets(
        name="models",
        manifest=dbt_runner.manifest_json(),
        exclude="resource_type:unit_test",
        dagster_dbt_translator=Translator(),
        required_resource_keys=NIGHT,
        pool=POOL,
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """The dbt project, built and tested in the candidate: all of it, or the models that are selected and what they need."""
        run = context.resources.night
        selected = {key.path[-1] for key in context.selected_asset_keys}
        is_part = not run.plan.publishes and len(selected) < len(models.keys)
        stopped: Exception | None = None
        try:
            with tried_again(context):
                run.begin()
                if is_part:
                    run.build_part(selected)
                elif not run.leave_unchanged():
                    if context.instance.is_persistent:
                        # A process of its own, for this night alone.
                        run.load_ahead()
                    run.build()
        except dg.RetryRequested:
            raise
        except Exception as error:
            stopped = error
        is_told_whole = is_part or context.instance.is_persistent
        yield from _results(context, run, run.nodes if is_told_whole else _told(run), _said_of_part(context, run))
        if stopped:
            raise stopped

    return models


def _said_of_part(context: dg.AssetExecutionContext, run: NightRun) -> dict[str, Any]:
    """What a person must know of a run that builds and does not publish; nothing of a whole night."""
    if run.plan.publishes:
        return {}
    stands = published_night(run.home)
    said = {"published": f"nothing: {f'night {stands} stays' if stands else 'no night is published yet'}"}
    if run.made and (left := marts_left(run.made)):
        said["stale"] = ", ".join(left)
        context.log.warning(f"not up to date in the candidate, as they were not selected: {said['stale']}")
    context.log.warning(f"built in the candidate. Published: {said['published']}. The job `nightly` publishes")
    return said


def _told(run: NightRun) -> list[Node]:
    """What a run tells that nobody can look up afterwards: what was built, and what later steps wait for. Each telling takes
    Dagster some milliseconds.
    """
    built = {n.unique_id for n in run.made.built} if run.made else set()
    return [n for n in run.nodes if n.unique_id in built or (n.kind in ("model", "test") and n.name.startswith(WAITED_FOR))]


def _results(
    context: dg.AssetExecutionContext, run: NightRun, nodes: list[Node], said: Mapping[str, Any]
) -> Iterator[Any]:
    """Dagster's results for dbt's: a materialisation a model and seed, a check a test."""
    known = dbt_runner.manifest()
    by_check = {(k.asset_key.path[-1], k.name): k for k in context.selected_asset_check_keys}
    assets = {k.path[-1]: k for k in context.selected_asset_keys}
    built = {n.name for n in run.made.built} if run.made else set()
    tables = table_metadata(run.home.candidate, built & set(assets)) if built else {}
    for node in nodes:
        if node.kind in ("model", "seed"):
            if node.ok and node.name in assets:
                is_new = node.name in built
                own: dict[str, Any] = {"seconds": round(node.seconds, 3)} if is_new else {"built": "no: nothing of it is new"}
                yield dg.MaterializeResult(
                    asset_key=assets[node.name], metadata={**own, **tables.get(node.name, {}), **said}
                )
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
