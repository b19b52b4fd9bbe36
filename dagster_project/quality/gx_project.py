"""Writes the suites and the results of the last nights as a Great Expectations project, to open with its own API:

    context = great_expectations.get_context(mode="file", project_root_dir=FOLDER)
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dagster_project.core.home import Home

from .stored_results import load_results
from .suites import load_suites, relation_suites


def write_project(home: Home, folder: Path, nights: Sequence[str]) -> Path:
    """Write the suites of this project and of the home, and the stored validation results of the nights.

    Replaces suites and results of the same name; other files in the folder stay. The gate reads `expectations/`, not this copy.
    Returns the project's folder. Raises OSError, and ValueError for results that can't be read.
    """
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    folder.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="file", project_root_dir=str(folder))
    for suite in {s.name: s for s in (*load_suites().values(), *relation_suites(home))}.values():
        rules = json.loads(json.dumps(suite.expectations, default=str))
        context.suites.add_or_update(gx.ExpectationSuite(name=suite.name, expectations=rules))
    for night in nights:
        for number, result in enumerate(load_results(home, night), start=1):
            name = ExpectationSuiteIdentifier(result.suite_name)
            run_id: Any = result.meta["run_id"]
            run = RunIdentifier(night, run_id["run_time"])
            context.validation_results_store.set(ValidationResultIdentifier(name, run, str(number)), result)
    return Path(context.root_directory)
