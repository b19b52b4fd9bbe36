"""A night of the command line is shown on Dagster's page: its assets, the answers of its gate, and how it ended."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.receipts import Receipt, read_receipts, write_receipt
from dagster_project.definitions import build_defs
from dagster_project.orchestration.command_line_nights import _publication_events, report_nights

WAREHOUSE = dg.AssetKey(["published", "warehouse"])


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_accepted_files_of_a_new_night_make_their_extract_fresh(new_home: Home) -> None:
    """A file that was held or refused does not, and Dagster would count an old night's from now on."""
    files = [{"extract": x, "source_file": f"{x}.csv", "outcome": o, "rows_landed": 5} for x, o in (
        ("crimes", "accepted"), ("incidents", "held"), ("drug_tests", "refused"), ("naloxone", "accepted"))]  # fmt: skip
    now = datetime.now(UTC)
    raw = ["raw/crimes", "raw/naloxone"]
    for hours, keys in ((23, ["inbox/crimes", raw[0], "inbox/naloxone", raw[1]]), (25, raw)):
        began = (now - timedelta(hours=hours)).isoformat()
        receipt = Receipt("20260106T020000Z", "published", began, now.isoformat(), files=files)
        events = list(islice(_publication_events(new_home, receipt), len(keys)))
        assert ["/".join(e.asset_key.path) for e in events] == keys
        assert events[-1].metadata["files"].value == "naloxone.csv" and events[-1].metadata["rows_landed"].value == 5


def test_assets_and_checks_of_the_night_are_shown_once(
    sample_copy: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    (receipt,) = read_receipts(sample_copy)
    began = time.process_time()
    n = report_nights(instance, sample_copy)
    assert n > 300 and time.process_time() - began < 40
    metadata = instance.get_latest_materialization_event(WAREHOUSE).asset_materialization.metadata
    assert metadata["night"].value == receipt.night_id and metadata["figures"].value == sum(receipt.figures.values())
    # All assets of dbt too, parents first: an asset that is missing, or older than its parents, makes its children stale.
    dbt_assets = ("seeds/measure_list", "staging/stg_naloxone", "measures/monthly", "reports/tables")
    outputs = ("published/report", "published/dashboard", "published/public_form")
    for key in ("raw/crimes", *dbt_assets, "marts/mart_naloxone", *outputs):
        materialized = instance.get_latest_materialization_event(dg.AssetKey(key.split("/"))).asset_materialization
        assert materialized.metadata["night"].value == receipt.night_id, key
    mart = instance.get_latest_materialization_event(dg.AssetKey(["marts", "mart_naloxone"])).asset_materialization
    assert mart.metadata["dagster/row_count"].value == receipt.figures["mart_naloxone"]
    report = instance.get_latest_materialization_event(dg.AssetKey(["published", "report"])).asset_materialization
    links = {name: value.url for name, value in report.metadata.items() if name.startswith("page")}
    assert links and all(Path(url.removeprefix("file://")).exists() for url in links.values())
    at = [instance.get_latest_materialization_event(dg.AssetKey(k.split("/"))).timestamp for k in dbt_assets[:3]]
    assert at == sorted(at)
    tested = next(c for c in receipt.checks if c["suite"] == "dbt" and c["subject"].startswith("mart_"))
    key = dg.AssetCheckKey(dg.AssetKey(["marts", tested["subject"]]), tested["rule"])
    assert instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key].event is not None
    warning = next(c for c in receipt.checks if not c["passed"])
    key = dg.AssetCheckKey(dg.AssetKey(["staging", f"stg_{warning['subject']}"]), warning["rule"])
    shown = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    evaluation = shown.event.dagster_event.event_specific_data
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.WARN), "a warning is no failure"
    assert evaluation.metadata["advice"].value == warning["advice"] and evaluation.metadata["found"].value == warning["found"]
    assert report_nights(instance, sample_copy) == 0

    later = {"night_id": "20991231T020000Z", "started_at": "2099-12-31T02:00:00Z"}
    held = replace(receipt, outcome="held", reason="pct 60", checks=[], **later)
    write_receipt(sample_copy, held)
    assert report_nights(instance, sample_copy) == 1 and report_nights(instance, sample_copy) == 0
    (record,) = instance.fetch_observations(WAREHOUSE, limit=5).records
    observed = {name: value.value for name, value in record.event_log_entry.asset_observation.metadata.items()}
    assert (observed["outcome"], observed["reason"]) == ("held", "pct 60")

    monkeypatch.setenv("PAM_HOME", str(sample_copy.path))
    defs = build_defs()
    sensor, repository = defs.resolve_sensor_def("nights_elsewhere"), defs.get_repository_def()
    with locked(sample_copy), dg.build_sensor_context(instance, repository_def=repository) as context:
        tick = sensor.evaluate_tick(context)
        assert tick.skip_message == "a night is under way" and not tick.cursor
    with dg.build_sensor_context(instance, repository_def=repository) as context:
        tick = sensor.evaluate_tick(context)
    assert (tick.skip_message, tick.cursor) == (f"night {held.night_id} is known", held.night_id)
    with dg.build_sensor_context(instance, cursor=held.night_id, repository_def=repository) as context:
        assert sensor.evaluate_tick(context).skip_message == "no new night"
