"""Stores Great Expectations' validation results of a night as `checks/<night id>.json` in the home, and writes those of the
last nights as a Great Expectations project, to open with its own API:

    context = great_expectations.get_context(mode="file", project_root_dir=FOLDER)
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.receipts import night_order

from .suites import load_suites, relation_suites

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

LAST = 100
"""How many nights' results are kept, held nights included."""


def path_of(home: Home, night_id: str) -> Path:
    """Where a night's results are, if any."""
    return home.checks / f"{night_id}.json"


def write_results(path: Path, results: list[dict[str, Any]]) -> None:
    """Write a night's results, and delete those of the oldest nights. Raises OSError."""
    run = {"run_name": path.stem, "run_time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    for result in results:
        result["meta"]["run_id"] = run
    body = {"night_id": path.stem, "results": results}
    write_whole(path, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
    for old in sorted(path.parent.glob("[!.]*.json"), key=lambda p: night_order(p.stem))[:-LAST]:
        old.unlink(missing_ok=True)


def nights(home: Home) -> list[str]:
    """The nights whose results are kept, oldest first."""
    return sorted((p.stem for p in home.checks.glob("[!.]*.json")), key=night_order)


def read_results(home: Home, night_id: str) -> list[dict[str, Any]]:
    """A night's results as they were written. Raises OSError and ValueError."""
    results: list[dict[str, Any]] = json.loads(path_of(home, night_id).read_text(encoding="utf-8"))["results"]
    return results


def load_results(home: Home, night_id: str) -> "list[ExpectationSuiteValidationResult]":
    """A night's results as Great Expectations' own objects. Raises as `read_results`."""
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema

    return [expectationSuiteValidationResultSchema.load(r) for r in read_results(home, night_id)]


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
