"""Assembly only: the assets, checks, job, schedule and sensors that Dagster shows and runs."""

from dagster_project.core.home import be_quiet
from dagster_project.core.import_speed import collect_garbage_less, defer_serializers, skip_unused_imports

be_quiet()
skip_unused_imports()
collect_garbage_less()
defer_serializers()

import dagster as dg  # noqa: E402  (nothing is imported before the libraries are set to be quiet)

from dagster_project.core.home import Home, be_private  # noqa: E402
from dagster_project.nights.night_run import NightRun  # noqa: E402
from dagster_project.orchestration.asset_metadata import with_owners_and_tags  # noqa: E402
from dagster_project.orchestration.assets import inbox_specs, landing_assets, model_assets, prepared_specs  # noqa: E402
from dagster_project.orchestration.checks import gate_checks  # noqa: E402
from dagster_project.orchestration.command_line_nights import elsewhere_sensor  # noqa: E402
from dagster_project.orchestration.night_resource import tonight  # noqa: E402
from dagster_project.orchestration.published_assets import published_assets  # noqa: E402
from dagster_project.orchestration.schedules import nightly_job, nightly_schedule  # noqa: E402
from dagster_project.orchestration.sensors import arrival_sensor, vanished_sensor  # noqa: E402

be_private()


@dg.io_manager(config_schema={}, description="What steps return, in the instance's folder.")
def home_io_manager(context: dg.InitResourceContext) -> dg.IOManager:
    """Dagster's own, without its setting for another folder: whoever opens the page could have pickles read from there."""
    return dg.FilesystemIOManager().create_io_manager(context)


def build_defs(night: NightRun | None = None) -> dg.Definitions:
    """All definitions. `night`: used in place of the night that each run makes for itself, for tests."""
    job = nightly_job()
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        *inbox_specs(), landing_assets(), *prepared_specs(), model_assets(), *published_assets(),
    ]  # fmt: skip
    return dg.Definitions(
        assets=with_owners_and_tags(assets, Home.of()),
        asset_checks=[gate_checks()],
        jobs=[job],
        schedules=[nightly_schedule(job)],
        sensors=[arrival_sensor(job), vanished_sensor(job), elsewhere_sensor()],
        executor=dg.in_process_executor,
        resources={
            "night": dg.ResourceDefinition.hardcoded_resource(night) if night else tonight,
            "io_manager": home_io_manager,
        },
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads, in `pam serve` or in `dagster dev`."""
    return build_defs()
