"""What a night publishes as Dagster's assets: the warehouse file, the outputs, and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from dagster_project.core.home import Home
from dagster_project.core.published_file import published_folder, published_night
from dagster_project.core.receipts import Receipt, read_receipts
from dagster_project.core.sql import one_row
from dagster_project.landing import read_ledger
from dagster_project.nights import backfill
from dagster_project.nights.run import NightRun
from dagster_project.publishing import outputs, postgres

from .checks import subjects
from .described import FRESH_BY, project_code_version
from .serve.token import link_to
from .tonight import PUBLISHING, WAREHOUSE
from .tries import NIGHT, POOL, tried_again

GROUP = "published"
PUBLIC_FORM = "public_form"
KINDS = {"open": "parquet", "dashboard": "html", "report": "docx", "catalogue": "html"}


def published_assets() -> list[dg.AssetsDefinition]:
    """Everything that leaves the candidate. PostgreSQL only where the environment names one."""
    return [_publishing(), *([_in_postgres()] if postgres.is_configured() else [])]


def _publishing() -> dg.AssetsDefinition:
    marts = [s.asset_key for s in subjects() if s.kind == "mart"]
    version = project_code_version()
    made = [dg.AssetSpec(
        WAREHOUSE,
        deps=[*marts, ["marts", "mart_control_charts"], ["marts", "measures"], ["reports", "tables"]],
        group_name=GROUP, kinds={"duckdb"}, code_version=version, freshness_policy=FRESH_BY,
        description="The file that analysts and BI tools read, replaced in one step.",
    )]  # fmt: skip
    beside: list[tuple[str, str, str]] = [(o.name, o.description, KINDS.get(o.name, "file")) for o in outputs.OUTPUTS]
    beside.append((PUBLIC_FORM, "The schema marts_public: figures that may leave the force, small numbers hidden", "duckdb"))
    made += [
        dg.AssetSpec(
            ["published", name], deps=[WAREHOUSE], group_name=GROUP, kinds={kind}, code_version=version, skippable=True,
            description=f"{said}. Published in one step with the warehouse, or not at all.",
        )
        for name, said, kind in beside
    ]  # fmt: skip

    @dg.multi_asset(name=PUBLISHING, specs=made, required_resource_keys=NIGHT, can_subset=True, pool=POOL)
    def publishing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        """Publish the candidate with all that is made of it, if the gate let it pass."""
        run = context.resources.night
        selected = {key.path[-1] for key in context.selected_asset_keys}
        if WAREHOUSE.path[-1] not in selected:
            yield from _as_published(run.home, selected)
            return
        with tried_again(context):
            run.catch_up(judged=True)
            receipt = run.publish()
        yield dg.MaterializeResult(asset_key=WAREHOUSE, metadata=_said(run, receipt))
        if receipt.outcome == "unchanged":
            return
        yield from _beside(run.home, selected, receipt)

    return publishing


def _beside(home: Home, selected: set[str], receipt: Receipt, **said: str) -> Iterator[dg.MaterializeResult[Any]]:
    """The selected outputs, with their metadata."""
    for name in sorted(selected & set(receipt.outputs)):
        yield dg.MaterializeResult(asset_key=["published", name], metadata={**output_metadata(home, name, receipt), **said})
    if PUBLIC_FORM in selected and (form := public_metadata(home)):
        yield dg.MaterializeResult(asset_key=["published", PUBLIC_FORM], metadata={**form, **said})


def _as_published(home: Home, selected: set[str]) -> Iterator[dg.MaterializeResult[Any]]:
    """Outputs that are selected without the warehouse: shown as they were published, if their files have not changed.

    Nothing is made again, because the same warehouse file gives the same bytes. Raises Failure if they are missing or changed.
    """
    published = published_night(home)
    made = [r for r in read_receipts(home) if r.outcome in ("published", "rolled back")]
    receipt = next((r for r in reversed(made) if (r.republished or r.night_id) == published), None)
    there = {name: one.sha256 for name, one in outputs.outputs_in(published_folder(home)).items()}
    asked = selected - {PUBLIC_FORM}
    lost = sorted(n for n in asked if not receipt or there.get(n, "") != receipt.outputs.get(n, {}).get("sha256"))
    if receipt is None or lost:
        raise dg.Failure(
            f"{', '.join(lost) or PUBLIC_FORM}: not as it was published, or not published yet. It is published with the"
            " warehouse, in one step: run the job `nightly`, with `rebuild` where nothing is new. `pam report` and"
            " `pam dashboard` write one elsewhere.",
            allow_retries=False,
        )
    yield from _beside(home, selected, receipt, built="no: it is as it was published")


def _said(run: NightRun, receipt: Receipt) -> dict[str, Any]:
    """The metadata of the published file; of a past period, which of its days are covered."""
    said = warehouse_metadata(run.home, receipt)
    if run.period:
        said["covered"] = dg.MetadataValue.md(backfill.as_markdown(backfill.covered(read_ledger(run.home), run.period)))
    return said


def warehouse_metadata(home: Home, receipt: Receipt) -> dict[str, Any]:
    """Night, hash and number of figures of what was published; of a night without anything new, why."""
    if receipt.outcome == "unchanged":
        return {"night": receipt.night_id, "unchanged": receipt.reason}
    return {
        "night": receipt.night_id,
        "sha256": receipt.sha256,
        "figures": sum(receipt.figures.values()),
        "dagster/row_count": sum(receipt.figures.values()),
        "file": dg.MetadataValue.path(str(home.warehouse)),
        **({"said": receipt.reason} if receipt.reason else {}),
    }


def output_metadata(home: Home, name: str, receipt: Receipt) -> dict[str, Any]:
    """What was written of an output, where it is, and links to its pages."""
    one, folder = receipt.outputs[name], home.published / name
    pages = sorted(folder.glob("index.html")) or sorted(folder.glob("*/index.html"))
    return {
        "night": one.get("of") or receipt.republished or receipt.night_id,
        "files": one["files"], "bytes": one["bytes"], "sha256": one["sha256"],
        "folder": dg.MetadataValue.path(str(folder)),
        **{_page_name(folder, page): dg.MetadataValue.url(link_to(home, page)) for page in pages},
        **({"failed": one["failed"]} if one.get("failed") else {}),
    }  # fmt: skip


def _page_name(folder: Path, page: Path) -> str:
    return "page" if page.parent == folder else f"page {page.parent.name}"


def public_metadata(home: Home) -> dict[str, Any]:
    """How many figures the public form has; nothing where the settings leave it out."""
    con = duckdb.connect(str(home.warehouse.resolve()), read_only=True)
    try:
        (exists,) = one_row(con.execute("select count(*) from duckdb_tables() where schema_name = 'marts_public'"))
        if not exists:
            return {}
        (rows,) = one_row(con.execute("select count(*) from marts_public.measures"))
    finally:
        con.close()
    return {"schema": "marts_public", "dagster/row_count": rows, "file": dg.MetadataValue.path(str(home.warehouse))}


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
        """Load what was published. Where that fails, the file is published all the same."""
        run = context.resources.night
        with tried_again(context, after_all=True):
            run.begin()
            brought = run.serve()
        return dg.MaterializeResult(metadata={k: v for k, v in brought.as_dict().items() if v})

    return in_postgres
