"""The `pam` command; `python -m dagster_project` is the same."""

import sys

NIGHTS = ("nightly", "backfill")


def main() -> None:
    """Run a command. A night needs dbt, which takes longest to load: a process of its own begins with it before all else."""
    if sys.argv[1:] and sys.argv[1] in NIGHTS and not {"--help", "spark"} & {*sys.argv}:
        from dagster_project.core.worker_process import BUILDER

        BUILDER.load("dagster_project.transform.dbt_runner")
    from dagster_project.cli import main as run_command

    run_command()


if __name__ == "__main__":
    main()
