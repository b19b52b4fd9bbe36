"""Assembly only: the assets, checks, job, schedule and sensors that Dagster shows and runs."""

from dagster_project.core.home import be_quiet
from dagster_project.core.import_speed import skip_unused_imports

be_quiet()
skip_unused_imports()

import dagster as dg  # noqa: E402  (nothing is imported before the libraries are told to be quiet)

from dagster_project.core.home import Home, be_private  # noqa: E402
from dagster_project.nights.run import NightRun  # noqa: E402
from dagster_project.orchestration.assets import inbox_specs, landing_assets, model_assets, prepared_specs  # noqa: E402
from dagster_project.orchestration.checks import gate_checks  # noqa: E402
from dagster_project.orchestration.described import signed  # noqa: E402
from dagster_project.orchestration.nights_elsewhere import elsewhere_sensor  # noqa: E402
from dagster_project.orchestration.published import published_assets  # noqa: E402
from dagster_project.orchestration.schedules import nightly_job, nightly_schedule  # noqa: E402
from dagster_project.orchestration.sensors import arrival_sensor, vanished_sensor  # noqa: E402
from dagster_project.orchestration.tonight import tonight  # noqa: E402

be_private()


@dg.io_manager(config_schema={}, description="What steps return, in the instance's folder.")
def kept(context: dg.InitResourceContext) -> dg.IOManager:
    """Dagster's own one, but that it can't be told another folder from the page, to read pickles from."""
    return dg.FilesystemIOManager().create_io_manager(context)


def build_defs(night: NightRun | None = None) -> dg.Definitions:
    """All definitions. `night` stands in for the one that a run makes for itself (the command line's, a test's)."""
    job = nightly_job()
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        *inbox_specs(), landing_assets(), *prepared_specs(), model_assets(), *published_assets(),
    ]  # fmt: skip
    return dg.Definitions(
        assets=signed(assets, Home.of()),
        asset_checks=[gate_checks()],
        jobs=[job],
        schedules=[nightly_schedule(job)],
        sensors=[arrival_sensor(job), vanished_sensor(job), elsewhere_sensor()],
        executor=dg.in_process_executor,
        resources={"night": dg.ResourceDefinition.hardcoded_resource(night) if night else tonight, "io_manager": kept},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads: `pam serve`, or `dagster dev` of those who work on the project."""
    return build_defs()
