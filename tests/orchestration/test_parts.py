"""Assets chosen by a Dagster user: each makes what it says and no more, and what was made goes on to what comes next."""

from collections.abc import Callable, Iterable
from typing import Any

import dagster as dg
import duckdb
import pytest
from support import SILENT, write_extract
from week import NALOXONE, YEAR, administrations, dated

from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import is_under_way, read_receipts
from dagster_project.definitions import build_defs
from dagster_project.landing import read_ledger
from dagster_project.nights import saved_steps
from dagster_project.publishing import outputs
from dagster_project.quality import engine
from dagster_project.transform import carry_forward, dbt_runner
from dagster_project.transform.raw_schema import WAREHOUSE, WORK

ORDERS = ["order_ref", "order_date", "amount", "recipient"]
SEARCHES = ["search_ref", "searched_at", "object_of_search", "object_found"]

ALL_OUTPUTS = outputs.OUTPUTS

MADE_BY_DBT = ("staging", "measures", "answers", "audit", "marts", "reports", "bi")

Materialize = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def dropped(new_home: Home) -> Home:
    """A home with a file of orders and one of searches in its inbox, and nothing else."""
    write_extract(new_home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=ORDERS)
    write_extract(new_home.inbox, "stop_search", [["S1", "2025-05-01 10:00", "Drugs", "N"]], columns=SEARCHES)
    return new_home


@pytest.fixture
def instance() -> Iterable[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def materialize(home: Home, instance: dg.DagsterInstance, *keys: str, **options: Any) -> dg.ExecuteInProcessResult:
    """What `dagster asset materialize --select KEY,...` does, in this process: the job of all assets, a part of it."""
    engine.preload()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAM_HOME", str(home.path))
        job = build_defs().resolve_implicit_global_asset_job_def()
        selection = [dg.AssetKey(key.split("/")) for key in keys] or None
        return job.execute_in_process(
            instance=instance, asset_selection=selection, run_config=SILENT, raise_on_error=False, **options
        )


def metadata(result: dg.ExecuteInProcessResult, key: str) -> dict[str, Any]:
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey(key.split("/"))]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_parts_add_up_to_a_night(dropped: Home, instance: dg.DagsterInstance) -> None:
    """One extract is landed, one mart built, then the rest, and then all published: each asset when it is selected."""
    landed = materialize(dropped, instance, "raw/mda_orders")
    assert landed.success
    assert [e.extract for e in read_ledger(dropped)] == ["mda_orders"]
    assert [p.name.partition("__")[0] for p in dropped.inbox.iterdir()] == ["stop_search"], "what is not selected stays"
    assert metadata(landed, "raw/mda_orders")["accepted"] == 1 == metadata(landed, "raw/mda_orders")["dagster/row_count"]
    assert metadata(landed, "inbox/mda_orders")["files"].startswith("mda_orders__derbyshire__")
    assert read_receipts(dropped) == [] and not is_under_way(dropped), "it is no night that failed"

    built = materialize(dropped, instance, "raw/stop_search", "marts/mart_mda_orders")
    assert built.success
    said = metadata(built, "marts/mart_mda_orders")
    assert said["published"] == "nothing: no night is published yet"
    assert said["stale"] == "mart_control_charts, mart_stop_search", "what landed and is not built is named"
    assert said["dagster/row_count"] > 0 and "value" in [c.name for c in said["dagster/column_schema"].columns]
    made = {"/".join(e.asset_key.path) for e in built.get_asset_materialization_events()}
    assert made == {"raw/stop_search", "inbox/stop_search", "marts/mart_mda_orders"}
    with duckdb.connect(str(dropped.candidate / WAREHOUSE), read_only=True) as con:
        tables = {t for (t,) in con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()}
        assert "mart_mda_orders" in tables
        assert con.execute("select count(*) from marts.mart_mda_orders").fetchone()[0] == said["dagster/row_count"]
    assert not dropped.warehouse.exists() and read_receipts(dropped) == []
    assert any("not judged" in r for r in logged(instance, built)), "a part is not judged, and says so"

    before = max(saved_steps.nights_without_receipt(dropped))
    written = (dropped.candidate / WORK).stat().st_mtime_ns
    again = materialize(dropped, instance, "marts/mart_mda_orders")
    assert again.success and metadata(again, "marts/mart_mda_orders")["built"].startswith("no")
    assert (dropped.candidate / WORK).stat().st_mtime_ns == written and before in saved_steps.nights_without_receipt(dropped)

    models = [k for d in build_defs().assets for k in getattr(d, "keys", ()) if k.path[0] in MADE_BY_DBT]
    chosen = ["/".join(k.path) for k in models if k.path[-1] != "stg_naloxone"]
    assert materialize(dropped, instance, *chosen).success
    built = saved_steps.read_current_build(dropped, max(saved_steps.nights_without_receipt(dropped)))
    assert built.left == (), "all of it is built, in two parts"
    written = (dropped.candidate / WORK).stat().st_mtime_ns

    assert materialize(dropped, instance, "published/warehouse").success
    assert (dropped.candidate / WORK).stat().st_mtime_ns == written, "nothing was built again"
    (receipt,) = read_receipts(dropped)
    assert receipt.outcome == "published" and published_night(dropped) == receipt.night_id
    assert sorted(f["extract"] for f in receipt.files) == ["mda_orders", "stop_search"], "it tells of what landed alone, too"
    assert saved_steps.nights_without_receipt(dropped) == set()
    with duckdb.connect(str(dropped.warehouse), read_only=True) as con:
        found = "select mart from marts.measures where value > 0 group by mart order by mart"
        assert con.execute(found).fetchall() == [("mart_mda_orders",), ("mart_stop_search",)]


def test_a_night_in_part_may_be_built_in_two_parts(week_copy: Home) -> None:
    """On what is published: the second part finishes the night, which then is what a whole night in part would be."""
    rows = administrations(range(1, 13))[:-1]
    write_extract(week_copy.inbox, "naloxone", rows, columns=NALOXONE, window=YEAR, stamp="20260108T010000Z")
    part = saved_steps.Plan("a", publishes=False)
    with dated(week_copy, "20260108T020000Z") as run:
        run.plan = part
        run.land()
        run.build_part({"mart_naloxone"})
        assert run.built.left and is_in_part(week_copy) and previous(week_copy)
        run.build_part({n.name for n in dbt_runner.manifest().nodes.values() if n.resource_type in ("model", "seed")})
        assert run.built.left == () and not is_in_part(week_copy) and not previous(week_copy)
        in_two = rows_of_marts(week_copy)
    with dated(week_copy, "20260109T020000Z") as run:
        run.land()
        run.build()
        assert rows_of_marts(week_copy) == in_two != []


def is_in_part(home: Home) -> bool:
    with duckdb.connect(str(home.candidate / WORK), read_only=True) as con:
        return con.execute("select is_in_part from raw.night").fetchall() == [(True,)]


def previous(home: Home) -> list[tuple[str]]:
    """Copies of tables as they were published, for a build in part."""
    with duckdb.connect(str(home.candidate / WORK), read_only=True) as con:
        asked = "select table_name from duckdb_tables() where starts_with(table_name, ?)"
        return con.execute(asked, [carry_forward.PREVIOUS]).fetchall()


def rows_of_marts(home: Home) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.candidate / WAREHOUSE), read_only=True) as con:
        return con.execute("from marts.mart_naloxone order by all").fetchall()


def test_an_output_alone_is_as_it_was_published(
    sample_copy: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is to be made again of the same file. Where it is not there any more as it was, that is said with what to do."""
    monkeypatch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
    (receipt,) = read_receipts(sample_copy)
    made = materialize(sample_copy, instance, "published/report", "published/public_form")
    assert made.success
    said = metadata(made, "published/report")
    assert (said["night"], said["sha256"]) == (receipt.night_id, receipt.outputs["report"]["sha256"])
    assert said["built"] == "no: it is as it was published" == metadata(made, "published/public_form")["built"]
    assert [r.night_id for r in read_receipts(sample_copy)] == [receipt.night_id] and not is_under_way(sample_copy)
    with next((sample_copy.published / "report").rglob("index.html")).open("a") as page:
        page.write("somebody's")
    changed = materialize(sample_copy, instance, "published/report", "published/dashboard")
    assert not changed.success and changed.get_asset_materialization_events() == []
    assert any("report: not as it was published" in said and "`nightly`" in said for said in failures(changed))


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    return [str(e.step_failure_data.error) for e in result.all_events if e.is_step_failure]


def logged(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> list[str]:
    return [e.user_message for e in instance.all_logs(result.run_id)]
