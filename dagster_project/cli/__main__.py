"""`python -m dagster_project.cli`: the same as `pam`."""

from . import main

if __name__ == "__main__":
    main()
