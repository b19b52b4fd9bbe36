"""Assets that a Dagster user selects: a run makes those and no more, and later runs build on them."""

from collections.abc import Callable, Iterable
from typing import Any

import dagster as dg
import duckdb
import pytest
from support import SILENT, write_extract
from week import NALOXONE, YEAR, administrations, dated

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.home import Home
from dagster_project.core.night_lock import is_under_way
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import read_receipts
from dagster_project.definitions import build_defs
from dagster_project.landing import read_ledger
from dagster_project.nights import saved_steps
from dagster_project.publishing import outputs
from dagster_project.quality import engine
from dagster_project.transform import candidate, carry_forward, dbt_runner

ORDERS = ["order_ref", "order_date", "amount", "recipient"]
SEARCHES = ["search_ref", "searched_at", "object_of_search", "object_found"]

ALL_OUTPUTS = outputs.OUTPUTS

DBT_SCHEMAS = ("staging", "measures", "answers", "gate", "marts", "reports", "bi")

Materialize = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def home(new_home: Home) -> Home:
    """A home with a file of orders and one of searches in its inbox, and nothing else."""
    write_extract(new_home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=ORDERS)
    write_extract(new_home.inbox, "stop_search", [["S1", "2025-05-01 10:00", "Drugs", "N"]], columns=SEARCHES)
    return new_home


@pytest.fixture
def instance() -> Iterable[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


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


@pytest.mark.long
def test_selected_parts_add_up_to_a_night(home: Home, instance: dg.DagsterInstance) -> None:
    """One extract is landed, one mart built, then the rest, and then all published: each asset when it is selected."""
    landed = materialize(home, instance, "raw/mda_orders")
    assert landed.success
    assert [e.extract for e in read_ledger(home)] == ["mda_orders"]
    assert [p.name.partition("__")[0] for p in home.inbox.iterdir()] == ["stop_search"], "what is not selected stays"
    assert metadata(landed, "raw/mda_orders")["accepted"] == 1 == metadata(landed, "raw/mda_orders")["dagster/row_count"]
    assert metadata(landed, "inbox/mda_orders")["files"].startswith("mda_orders__derbyshire__")
    assert read_receipts(home) == [] and not is_under_way(home), "this is no failed night"

    built = materialize(home, instance, "raw/stop_search", "marts/mart_mda_orders")
    assert built.success
    details = metadata(built, "marts/mart_mda_orders")
    assert details["published"] == "nothing: no night is published yet"
    assert details["stale"] == "mart_control_charts, mart_stop_search", "marts that lack landed files are named"
    assert details["dagster/row_count"] > 0 and "value" in [c.name for c in details["dagster/column_schema"].columns]
    keys = {"/".join(e.asset_key.path) for e in built.get_asset_materialization_events()}
    assert keys == {"raw/stop_search", "inbox/stop_search", "marts/mart_mda_orders"}
    with duckdb.connect(str(home.candidate / WAREHOUSE), read_only=True) as con:
        tables = {t for (t,) in con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()}
        assert "mart_mda_orders" in tables
        assert con.execute("select count(*) from marts.mart_mda_orders").fetchone()[0] == details["dagster/row_count"]
    assert not home.warehouse.exists() and read_receipts(home) == []
    assert any("not judged" in r for r in logged(instance, built)), "the log says that a part is not judged"

    before = max(saved_steps.nights_without_receipt(home))
    written = (home.candidate / WORK).stat().st_mtime_ns
    again = materialize(home, instance, "marts/mart_mda_orders")
    assert again.success and metadata(again, "marts/mart_mda_orders")["built"].startswith("no")
    assert (home.candidate / WORK).stat().st_mtime_ns == written and before in saved_steps.nights_without_receipt(home)

    models = [k for d in build_defs().assets for k in getattr(d, "keys", ()) if k.path[0] in DBT_SCHEMAS]
    chosen = ["/".join(k.path) for k in models if k.path[-1] != "stg_naloxone"]
    assert materialize(home, instance, *chosen).success
    built = saved_steps.read_current_build(home, max(saved_steps.nights_without_receipt(home)), candidate.inputs_of(home))
    assert built.left == (), "all of it is built, in two parts"
    written = (home.candidate / WORK).stat().st_mtime_ns

    assert materialize(home, instance, "published/warehouse").success
    assert (home.candidate / WORK).stat().st_mtime_ns == written, "nothing was built again"
    (receipt,) = read_receipts(home)
    assert receipt.outcome == "published" and published_night(home) == receipt.night_id
    assert sorted(f["extract"] for f in receipt.files) == ["mda_orders", "stop_search"], "with the file landed on its own"
    assert saved_steps.nights_without_receipt(home) == set()
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        query = "select mart from marts.measures where value > 0 group by mart order by mart"
        assert con.execute(query).fetchall() == [("mart_mda_orders",), ("mart_stop_search",)]


@pytest.mark.long
def test_a_partial_night_can_be_built_in_two_parts(week_copy: Home) -> None:
    """On top of what is published: the second part completes the night, with the same rows as if built at once."""
    rows = administrations(range(1, 13))[:-1]
    write_extract(week_copy.inbox, "naloxone", rows, columns=NALOXONE, window=YEAR, stamp="20260108T010000Z")
    part = saved_steps.Plan("a", publishes=False)
    with dated(week_copy, "20260108T020000Z") as run:
        run.plan = part
        run.land()
        run.build_part({"mart_naloxone"})
        assert run.built.left and is_in_part(week_copy) and previous_tables(week_copy)
        run.build_part({n.name for n in dbt_runner.manifest().nodes.values() if n.resource_type in ("model", "seed")})
        assert run.built.left == () and not is_in_part(week_copy) and not previous_tables(week_copy)
        in_two = rows_of_marts(week_copy)
    with dated(week_copy, "20260109T020000Z") as run:
        run.land()
        run.build()
        assert rows_of_marts(week_copy) == in_two != []


def is_in_part(home: Home) -> bool:
    with duckdb.connect(str(home.candidate / WORK), read_only=True) as con:
        return con.execute("select is_in_part from raw.night").fetchall() == [(True,)]


def previous_tables(home: Home) -> list[tuple[str]]:
    """Copies of published tables, for a partial build."""
    with duckdb.connect(str(home.candidate / WORK), read_only=True) as con:
        query = "select table_name from duckdb_tables() where starts_with(table_name, ?)"
        return con.execute(query, [carry_forward.PREVIOUS]).fetchall()


def rows_of_marts(home: Home) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.candidate / WAREHOUSE), read_only=True) as con:
        return con.execute("from marts.mart_naloxone order by all").fetchall()


def test_a_selected_output_stays_as_published(
    sample_copy: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is built again from the same file. If a published output was changed, the run fails and says what to do."""
    monkeypatch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
    (receipt,) = read_receipts(sample_copy)
    unchanged = materialize(sample_copy, instance, "published/report", "published/public_form")
    assert unchanged.success
    details = metadata(unchanged, "published/report")
    assert (details["night"], details["sha256"]) == (receipt.night_id, receipt.outputs["report"]["sha256"])
    assert details["built"] == "no: it is as it was published" == metadata(unchanged, "published/public_form")["built"]
    assert [r.night_id for r in read_receipts(sample_copy)] == [receipt.night_id] and not is_under_way(sample_copy)
    with next((sample_copy.published / "report").rglob("index.html")).open("a") as page:
        page.write("somebody's")
    changed = materialize(sample_copy, instance, "published/report", "published/dashboard")
    assert not changed.success and changed.get_asset_materialization_events() == []
    assert any("report: not as it was published" in error and "`nightly`" in error for error in failures(changed))


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    return [str(e.step_failure_data.error) for e in result.all_events if e.is_step_failure]


def logged(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> list[str]:
    return [e.user_message for e in instance.all_logs(result.run_id)]
