"""The config that a run accepts from Dagster's page: nothing that names a folder, a module or an environment variable."""

import dagster as dg
import pytest

from dagster_project.definitions import build_defs

REFUSED = (
    {"resources": {"io_manager": {"config": {"base_dir": "/tmp/elsewhere"}}}},
    {"resources": {"io_manager": {"config": {"base_dir": {"env": "PAM_AUDIT_KEY"}}}}},
    {"resources": {"night": {"config": {"inbox": "/tmp/elsewhere"}}}},
    {"execution": {"config": {"multiprocess": {"start_method": {"forkserver": {"preload_modules": ["x"]}}}}}},
    {"execution": {"config": {"start_method": {"forkserver": {"preload_modules": ["x"]}}}}},
    {"ops": {"landing": {"inputs": {"x": {"pickle": {"path": "/tmp/elsewhere"}}}}}},
)


def test_no_run_config_can_name_what_to_read_or_load() -> None:
    """For every job, also Dagster's own job of all assets, which can be launched by its name."""
    jobs = build_defs().get_repository_def().get_all_jobs()
    assert {"nightly", "__ASSET_JOB"} <= {j.name for j in jobs}
    for job in jobs:
        assert dg.validate_run_config(job, {"resources": {"night": {"config": {"rebuild": True}}}})
        for config in REFUSED:
            with pytest.raises(dg.DagsterInvalidConfigError):
                dg.validate_run_config(job, config)
