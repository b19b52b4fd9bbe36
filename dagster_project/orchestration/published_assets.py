"""What a night publishes as Dagster's assets: the warehouse file, the outputs, and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg
import duckdb

from dagster_project.core.home import Home
from dagster_project.core.published_file import published_folder, published_night
from dagster_project.core.receipts import Receipt, read_receipts
from dagster_project.core.sql import one_row
from dagster_project.landing import read_ledger
from dagster_project.nights import period_coverage
from dagster_project.public_form import SCHEMA
from dagster_project.publishing import outputs, postgres
from dagster_project.transform import dbt_runner

from .asset_metadata import FRESH_BY
from .night_resource import PUBLISHING, WAREHOUSE
from .retries import NIGHT, POOL, retry_if_transient
from .serve.token import link_to

GROUP = "published"
PUBLIC_FORM = "public_form"
KINDS = {"open": "parquet", "dashboard": "html", "report": "docx", "catalogue": "html"}


def published_assets() -> list[dg.AssetsDefinition]:
    """The published file, the outputs and the public form; PostgreSQL only if the environment names one."""
    return [_publishing(), *([_in_postgres()] if postgres.is_configured() else [])]


def _publishing() -> dg.AssetsDefinition:
    models = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type.value == "model"]
    # It changes with the project: models, lists, contracts and code.
    version = dbt_runner.project_version()[:16]
    specs = [dg.AssetSpec(
        WAREHOUSE,
        deps=[[n.schema, n.name] for n in models if n.database == "warehouse"],
        group_name=GROUP, kinds={"duckdb"}, code_version=version, freshness_policy=FRESH_BY,
        description="The file that analysts and BI tools read, replaced in one step.",
    )]  # fmt: skip
    listed: list[tuple[str, str, str]] = [(o.name, o.description, KINDS[o.name]) for o in outputs.OUTPUTS]
    listed.append((PUBLIC_FORM, "The schema marts_public: figures that may leave the force, small numbers hidden", "duckdb"))
    specs += [
        dg.AssetSpec(
            ["published", name], deps=[WAREHOUSE], group_name=GROUP, kinds={kind}, code_version=version, skippable=True,
            description=f"{description}. Published in one step with the warehouse, or not at all.",
        )
        for name, description, kind in listed
    ]  # fmt: skip

    @dg.multi_asset(name=PUBLISHING, specs=specs, required_resource_keys=NIGHT, can_subset=True, pool=POOL)
    def publishing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        """Publish the candidate and its outputs, if the gate has passed it."""
        run = context.resources.night
        selected = {key.path[-1] for key in context.selected_asset_keys}
        if WAREHOUSE.path[-1] not in selected:
            yield from _show_as_published(run.home, selected)
            return
        with retry_if_transient(context):
            run.ensure_built(judged=True)
            receipt = run.publish()
        metadata = warehouse_metadata(run.home, receipt)
        if run.period:
            rows = period_coverage.coverage_rows(read_ledger(run.home), run.period)
            metadata["covered"] = dg.MetadataValue.md(period_coverage.as_markdown(rows))
        yield dg.MaterializeResult(asset_key=WAREHOUSE, metadata=metadata)
        if receipt.outcome != "unchanged":
            yield from _output_results(run.home, selected, receipt)

    return publishing


def _output_results(home: Home, selected: set[str], receipt: Receipt, **extra: str) -> Iterator[dg.MaterializeResult[Any]]:
    for name, metadata in outputs_metadata(home, receipt).items():
        if name in selected:
            yield dg.MaterializeResult(asset_key=["published", name], metadata={**metadata, **extra})


def _show_as_published(home: Home, selected: set[str]) -> Iterator[dg.MaterializeResult[Any]]:
    """Outputs that are selected without the warehouse: shown as they were published, if their files have not changed.

    Nothing is made again, because the same warehouse file gives the same bytes. Raises Failure if any is missing or changed.
    """
    published = published_night(home)
    receipts = [r for r in read_receipts(home) if r.outcome in ("published", "rolled back")]
    receipt = next((r for r in reversed(receipts) if (r.republished or r.night_id) == published), None)
    current = {name: output.sha256 for name, output in outputs.outputs_in(published_folder(home)).items()}
    names = selected - {PUBLIC_FORM}
    changed = sorted(n for n in names if not receipt or current.get(n, "") != receipt.outputs.get(n, {}).get("sha256"))
    if receipt is None or changed:
        raise dg.Failure(
            f"{', '.join(changed) or PUBLIC_FORM}: not as it was published, or not published yet. It is published with the"
            " warehouse, in one step: run the job `nightly`, with `rebuild` if nothing is new. `pam report` and"
            " `pam dashboard` write one elsewhere.",
            allow_retries=False,
        )
    yield from _output_results(home, selected, receipt, built="no: it is as it was published")


def warehouse_metadata(home: Home, receipt: Receipt) -> dict[str, Any]:
    """Night, hash and number of figures of what was published; for an unchanged night, why."""
    if receipt.outcome == "unchanged":
        return {"night": receipt.night_id, "unchanged": receipt.reason}
    return {
        "night": receipt.night_id,
        "sha256": receipt.sha256,
        "figures": sum(receipt.figures.values()),
        "dagster/row_count": sum(receipt.figures.values()),
        "file": dg.MetadataValue.path(str(home.warehouse)),
        **({"reason": receipt.reason} if receipt.reason else {}),
    }


def outputs_metadata(home: Home, receipt: Receipt) -> dict[str, dict[str, Any]]:
    """By output: what was written of it, its folder, and links to its pages. The public form, if there is one, is the last."""
    metadata: dict[str, dict[str, Any]] = {}
    for name, written in receipt.outputs.items():
        folder = home.published / name
        pages = sorted(folder.glob("index.html")) or sorted(folder.glob("*/index.html"))
        metadata[name] = {
            "night": written.get("of") or receipt.republished or receipt.night_id,
            "files": written["files"], "bytes": written["bytes"], "sha256": written["sha256"],
            "folder": dg.MetadataValue.path(str(folder)),
            **{
                "page" if page.parent == folder else f"page {page.parent.name}": dg.MetadataValue.url(link_to(home, page))
                for page in pages
            },
            **({"failed": written["failed"]} if written.get("failed") else {}),
        }  # fmt: skip
    with duckdb.connect(str(home.warehouse.resolve()), read_only=True) as con:
        if con.execute("select 1 from duckdb_tables() where schema_name = ?", [SCHEMA]).fetchone():
            (rows,) = one_row(con, f"select count(*) from {SCHEMA}.measures")
            file = dg.MetadataValue.path(str(home.warehouse))
            metadata[PUBLIC_FORM] = {"schema": SCHEMA, "dagster/row_count": rows, "file": file}
    return metadata


def _in_postgres() -> dg.AssetsDefinition:
    @dg.asset(
        key=["published", "postgres"],
        deps=[WAREHOUSE],
        group_name=GROUP,
        kinds={"postgres"},
        required_resource_keys=NIGHT,
        pool=POOL,
        description="The same night in PostgreSQL, for BI tools: all schemas replaced in one step.",
    )
    def in_postgres(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        """Load what was published. If that fails, the file stays published."""
        run = context.resources.night
        with retry_if_transient(context, after_all=True):
            run.begin()
            load = run.load_postgres()
        return dg.MaterializeResult(metadata={k: v for k, v in asdict(load).items() if v})

    return in_postgres
