"""The steps of a night as Dagster's assets. The work itself is in `nights`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from dagster_project.contracts import load_contracts
from dagster_project.core import raw_table_columns
from dagster_project.core.home import CONTRACTS, Home
from dagster_project.core.published_file import published_night, sha256_of
from dagster_project.landing import LedgerEntry, accepted, counts, erased_loads, read_ledger
from dagster_project.landing.refusal import is_waiting
from dagster_project.nights.build_step import marts_left
from dagster_project.nights.night_run import NightRun
from dagster_project.transform import dbt_runner

from .asset_metadata import table_metadata
from .checks import describe_check
from .night_resource import LANDING
from .retries import NIGHT, POOL, retry_if_transient


class Translator(DagsterDbtTranslator):
    """Maps dbt nodes to assets. Keys are Dagster's own, schema and name: `staging/stg_incidents`, `marts/mart_incidents`."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The dbt schema, such as staging or marts."""
        return str(dbt_resource_props["schema"])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """With the description of dbt's test, which Dagster leaves out."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        return spec._replace(description=describe_check(manifest["nodes"][unique_id]["description"], spec.blocking))


def inbox_specs() -> list[dg.AssetSpec]:
    """`inbox/<extract>`: the files of each extract. An accepted file materialises the asset.

    Dagster calls an extract overdue when its grace days have passed since its last accepted file, and warns after two thirds of
    them. `pam status` counts late days from the newest covered day (`nights/late_extracts.py`).
    """
    return [
        dg.AssetSpec(
            ["inbox", c.extract],
            description=f"{c.title}: files as they are dropped, {c.rhythm}. A file that is accepted makes it fresh.",
            group_name="inbox",
            kinds={"file"},
            freshness_policy=dg.FreshnessPolicy.time_window(
                fail_window=timedelta(days=c.grace_days), warn_window=timedelta(days=c.grace_days * 2 / 3)
            ),
        )
        for c in load_contracts().values()
    ]


def prepared_specs() -> list[dg.AssetSpec]:
    """`raw/<table>`: what dbt reads besides the extracts' rows. Made from the ledger, lists and contracts before dbt runs."""
    extracts = [["raw", extract] for extract in load_contracts()]
    lists = raw_table_columns.made_from_lists()
    return [
        dg.AssetSpec(
            ["raw", name],
            deps=[] if name in lists else extracts,
            description=description,
            group_name="lists" if name in lists else "landing",
            kinds={"duckdb"},
        )
        for name, description in raw_table_columns.descriptions().items()
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
            code_version=sha256_of(CONTRACTS / f"{c.extract}.yml")[:16],
            metadata={
                "dagster/column_schema": dg.TableSchema([dg.TableColumn(k.name, k.type, k.description) for k in c.columns])
            },
        )
        for c in contracts.values()
    ]

    @dg.multi_asset(name=LANDING, specs=specs, required_resource_keys=NIGHT, can_subset=True, pool=POOL)
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        """The inbox's files, by extract. Files of extracts that are not selected stay in the inbox."""
        run = context.resources.night
        selected = {key.path[-1] for key in context.selected_asset_keys}
        with retry_if_transient(context):
            entries: list[LedgerEntry] = run.land(None if selected == set(contracts) else selected)
        for e in entries:
            if e.outcome in ("held", "refused"):
                context.log.warning(f"{e.source_file} is {'waiting' if is_waiting(e.reason) else e.outcome}: {e.reason}")
        rows = _rows_landed(run.home)
        for extract in sorted(selected):
            entries_of_extract = [e for e in entries if e.extract == extract]
            new = [e for e in entries_of_extract if e.outcome == "accepted"]
            if new:
                files = ", ".join(e.source_file for e in new)
                context.log_event(dg.AssetMaterialization(["inbox", extract], metadata={"files": files}))
            yield dg.MaterializeResult(
                asset_key=["raw", extract],
                metadata={
                    "night": run.night.night_id,
                    **{o: sum(e.outcome == o for e in entries_of_extract) for o in ("accepted", "known", "held", "refused")},
                    "rows_landed": sum(e.rows_landed or 0 for e in new),
                    "rows_quarantined": sum(e.rows_quarantined or 0 for e in new),
                    "dagster/row_count": rows[extract],
                },
            )

    return landing


def _rows_landed(home: Home) -> Counter[str]:
    """How many rows of each extract are in raw/, including those that newer files replaced."""
    entries, erased = read_ledger(home), erased_loads(home)
    totals, rows = counts(entries), Counter[str]()
    for e in accepted(entries):
        if e.load_id and e.load_id not in erased:
            rows[str(e.extract)] += totals[e.load_id].rows_landed
    return rows


def model_assets() -> dg.AssetsDefinition:
    """The dbt project: all its models and seeds as assets, with its tests as checks."""

    @dbt_assets(
        name="models",
        manifest=dbt_runner.manifest_json(),
        exclude="resource_type:unit_test",
        dagster_dbt_translator=Translator(),
        required_resource_keys=NIGHT,
        pool=POOL,
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """The dbt project, built and tested in the candidate: all of it, or the selected models with their parents."""
        run = context.resources.night
        selected = {key.path[-1] for key in context.selected_asset_keys}
        is_part = not run.plan.publishes and len(selected) < len(models.keys)
        failure: Exception | None = None
        try:
            with retry_if_transient(context):
                run.begin()
                if is_part:
                    run.build_part(selected)
                elif not run.end_if_unchanged():
                    if context.instance.is_persistent:
                        # Under `pam serve` each run has its own process, which ends with it.
                        run.preload_worker()
                    run.build()
        except dg.RetryRequested:
            raise
        except Exception as error:
            failure = error
        yield from _results(context, run, _partial_build_metadata(context, run))
        if failure:
            raise failure

    return models


def _partial_build_metadata(context: dg.AssetExecutionContext, run: NightRun) -> dict[str, Any]:
    """What a person must know of a run that builds and does not publish, also logged; nothing for a whole night."""
    if run.plan.publishes:
        return {}
    published = published_night(run.home)
    metadata = {"published": f"nothing: {f'night {published} stays' if published else 'no night is published yet'}"}
    if run.built and (left := marts_left(run.built)):
        metadata["stale"] = ", ".join(left)
        context.log.warning(f"not up to date in the candidate, because they were not selected: {metadata['stale']}")
    context.log.warning(f"built in the candidate. Published: {metadata['published']}. The job `nightly` publishes")
    return metadata


def _results(context: dg.AssetExecutionContext, run: NightRun, extra: Mapping[str, Any]) -> Iterator[Any]:
    """Dagster's results for dbt's nodes: a materialisation for each model and seed, a check for each test."""
    check_keys = {(k.asset_key.path[-1], k.name): k for k in context.selected_asset_check_keys}
    assets = {k.path[-1]: k for k in context.selected_asset_keys}
    built = {n.name for n in run.built.new_nodes} if run.built else set()
    tables = table_metadata(run.home.candidate, built & set(assets)) if built else {}
    for node in run.nodes:
        if node.kind in ("model", "seed"):
            if node.ok and node.name in assets:
                is_new = node.name in built
                facts: dict[str, Any] = {"seconds": round(node.seconds, 3)} if is_new else {"built": "no: nothing of it is new"}
                facts |= {**tables.get(node.name, {}), **extra}
                yield dg.MaterializeResult(asset_key=assets[node.name], metadata=facts)
        elif node.kind == "test" and (key := check_keys.get((node.subject, node.name))):
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=node.status == "pass",
                severity=dg.AssetCheckSeverity.WARN if node.only_warns else dg.AssetCheckSeverity.ERROR,
                metadata={"message": node.message or node.status},
            )
