"""Shows nights of the command line in Dagster, as events without a run.

A sensor of `pam serve` writes them from the newest receipt, because `pam nightly` does not use Dagster.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg

from dagster_project.core.check_results import Check
from dagster_project.core.home import Home
from dagster_project.core.night_lock import is_under_way
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Receipt, night_order, read_receipts
from dagster_project.transform import dbt_runner

from .asset_metadata import published_tables
from .checks import results_of, severity_of
from .night_resource import WAREHOUSE
from .published_assets import outputs_metadata, warehouse_metadata

Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation
LOOK_SECONDS = 60
NEW_FOR = timedelta(days=1)
"""A file that landed longer ago than this gets no event, because Dagster counts freshness from the time of the event."""


def elsewhere_sensor() -> dg.SensorDefinition:
    """Looks for a receipt of which Dagster has no event."""

    @dg.sensor(
        name="nights_elsewhere",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Shows nights that were run from the command line: as events without a run, from their receipts.",
        asset_selection=dg.AssetSelection.assets(WAREHOUSE),
    )
    def nights_elsewhere(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        home = Home.of()
        # From the files' names alone.
        last = max((p.stem for p in home.nights.glob("*.json")), key=night_order, default=None)
        if last is None or last == context.cursor:
            return dg.SensorResult(skip_reason="no new night", cursor=last)
        if is_under_way(home):
            return dg.SensorResult(skip_reason="a night is under way", cursor=context.cursor)
        n = report_nights(context.instance, home)
        return dg.SensorResult(skip_reason=f"{n} events of night {last}" if n else f"night {last} is known", cursor=last)

    return nights_elsewhere


def report_nights(instance: dg.DagsterInstance, home: Home) -> int:
    """Write events of the newest night and the published one, if Dagster has none of them. Returns how many."""
    receipts = read_receipts(home)
    night_id = published_night(home)
    published = next((r for r in receipts if r.night_id == night_id and r.outcome == "published"), None)
    events: list[Event] = []
    if published and not _is_known(instance, published.night_id):
        events += _publication_events(home, published)
    if receipts and (last := receipts[-1]) is not published and not _is_known(instance, last.night_id):
        metadata = {"night": last.night_id, "outcome": last.outcome, "reason": last.summary, "finished_at": last.finished_at}
        events.append(dg.AssetObservation(WAREHOUSE, metadata=metadata))
        events += _check_events(home, last)
    for event in events:
        instance.report_runless_asset_event(event)
    return len(events)


def _is_known(instance: dg.DagsterInstance, night_id: str) -> bool:
    """Whether an event of the published file names the night."""
    materializations = instance.fetch_materializations(WAREHOUSE, limit=20).records
    observations = instance.fetch_observations(WAREHOUSE, limit=20).records
    events: list[Any] = [r.asset_materialization for r in materializations]
    events += [r.event_log_entry.asset_observation for r in observations]
    return any(e.metadata["night"].value == night_id for e in events if e and "night" in e.metadata)


def _publication_events(home: Home, receipt: Receipt) -> Iterator[Event]:
    """Events of a published night: its landed files, models, published file, outputs and checks."""
    shared = {"night": receipt.night_id, "finished_at": receipt.finished_at}
    is_new = datetime.now(UTC) - datetime.fromisoformat(receipt.started_at) < NEW_FOR
    accepted: dict[str, list[dict[str, Any]]] = {}
    for file in receipt.files:
        if file["outcome"] == "accepted":
            accepted.setdefault(file["extract"], []).append(file)
    for extract, files in sorted(accepted.items()):
        names = ", ".join(f["source_file"] for f in files)
        if is_new:
            yield dg.AssetMaterialization(["inbox", extract], metadata={**shared, "files": names})
        rows = sum(f.get("rows_landed") or 0 for f in files)
        yield dg.AssetMaterialization(["raw", extract], metadata={**shared, "files": names, "rows_landed": rows})
    # All of them, parents first, unchanged ones too: Dagster shows an asset that is older than its parents as stale.
    tables = published_tables(home.warehouse)
    for node, key in _dbt_assets().items():
        yield dg.AssetMaterialization(key, metadata={**shared, **tables.get(node, {})})
    yield dg.AssetMaterialization(WAREHOUSE, metadata={**shared, **warehouse_metadata(home, receipt)})
    for name, metadata in outputs_metadata(home, receipt).items():
        yield dg.AssetMaterialization(["published", name], metadata={**shared, **metadata})
    yield from _check_events(home, receipt)


def _dbt_assets() -> dict[str, dg.AssetKey]:
    """The asset of each model and seed by its name, parents first."""
    assets = {x: n for x, n in dbt_runner.manifest().nodes.items() if n.resource_type.value in ("model", "seed")}
    order = TopologicalSorter({x: [p for p in n.depends_on_nodes if p in assets] for x, n in assets.items()}).static_order()
    return {assets[x].name: dg.AssetKey([assets[x].schema, assets[x].name]) for x in order}


def _check_events(home: Home, receipt: Receipt) -> Iterator[Event]:
    """The results of the gate and of dbt's tests, each on the asset that it judges."""
    checks, assets = [Check(**c) for c in receipt.checks], _dbt_assets()
    skipped = dbt_runner.skipped_tests({c.rule for c in checks})
    for c in (*checks, *skipped):
        if c.suite == "dbt" and c.subject in assets:
            message = {} if c.passed else {"message": c.found}
            yield dg.AssetCheckEvaluation(
                asset_key=assets[c.subject], check_name=c.rule, passed=c.passed, severity=severity_of(c),
                metadata={"night": receipt.night_id, **message},
            )  # fmt: skip
    for key, result in results_of(checks, home):
        yield dg.AssetCheckEvaluation(
            asset_key=key.asset_key, check_name=key.name, passed=result.passed, severity=result.severity,
            description=result.description, metadata={"night": receipt.night_id, **result.metadata},
        )  # fmt: skip
