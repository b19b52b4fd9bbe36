"""What a run may be told from Dagster's page: nothing that names a folder, a module or a variable of the environment."""

import dagster as dg
import pytest

from dagster_project.definitions import build_defs

FOLDERS = (
    {"resources": {"io_manager": {"config": {"base_dir": "/tmp/elsewhere"}}}},
    {"resources": {"io_manager": {"config": {"base_dir": {"env": "PAM_AUDIT_KEY"}}}}},
    {"resources": {"night": {"config": {"inbox": "/tmp/elsewhere"}}}},
    {"execution": {"config": {"multiprocess": {"start_method": {"forkserver": {"preload_modules": ["x"]}}}}}},
    {"execution": {"config": {"start_method": {"forkserver": {"preload_modules": ["x"]}}}}},
    {"ops": {"landing": {"inputs": {"x": {"pickle": {"path": "/tmp/elsewhere"}}}}}},
)


def test_no_run_can_be_told_what_to_read_or_to_load() -> None:
    """Of every job, also of the one that Dagster makes itself of all assets: it can be launched by its name."""
    jobs = build_defs().get_repository_def().get_all_jobs()
    assert {"nightly", "__ASSET_JOB"} <= {j.name for j in jobs}
    for job in jobs:
        assert dg.validate_run_config(job, {"resources": {"night": {"config": {"rebuild": True}}}})
        for config in FOLDERS:
            with pytest.raises(dg.DagsterInvalidConfigError):
                dg.validate_run_config(job, config)
