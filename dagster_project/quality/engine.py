"""Calls Great Expectations: takes a frame and a suite, returns its validation result as JSON."""

import logging
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

NAMED = ("quarantined_file", "unquarantined_file", "month_apart", "unknown_values")
"""Columns of the audit tables that a rule's answer may name (`names` in its meta)."""
PLACES = ("extract", "mart", "public", "report", "force_code", "measure", "table_name", *NAMED)
"""Columns of facts that say of what a fact is."""


@cache
def _context() -> Any:
    import great_expectations as gx

    # It tells of its temporary folders, by a logger with a level of its own.
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]  # a dict is what it reads
    return context


def is_loaded() -> bool:
    """Whether this process has loaded Great Expectations."""
    return "great_expectations" in sys.modules


def load() -> None:
    """Load Great Expectations now: it takes two seconds when first asked."""
    _context()


def validate_facts(name: str, expectations: list[dict[str, Any]], frame: "pd.DataFrame") -> dict[str, Any]:
    """The result of rules on facts, with every fact that breaks one.

    Which facts they are is asked only of rules that are broken: it takes Great Expectations half as long again.
    """
    result = _validate(name, expectations, frame, {"result_format": "BASIC"})
    passed = [a for a in result["results"] if a["success"]]
    passed_rules = {a["expectation_config"]["meta"]["rule"] for a in passed}
    if broken := [e for e in expectations if e["meta"]["rule"] not in passed_rules]:
        places = [c for c in PLACES if c in frame]
        form = {"result_format": "COMPLETE", "unexpected_index_column_names": places, "include_unexpected_rows": False}
        result["results"] = [*passed, *_validate(name, broken, frame, form)["results"]]
    return result


def validate_values(name: str, expectations: list[dict[str, Any]], frame: "pd.DataFrame") -> dict[str, Any]:
    """The result of rules on a relation's own values, with some of those that break one, and how many there are."""
    return _validate(name, expectations, frame, {"result_format": "SUMMARY", "partial_unexpected_count": 100})


def why_not(expectation: dict[str, Any]) -> str:
    """Why Great Expectations can't take a rule as it is written; nothing where it can."""
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    try:
        ExpectationConfiguration(**expectation).to_domain_obj()
    except (GreatExpectationsError, ValueError, TypeError) as error:
        return " ".join(str(error).split())
    return ""


def _validate(
    name: str, expectations: list[dict[str, Any]], frame: "pd.DataFrame", form: dict[str, Any]
) -> dict[str, Any]:
    from great_expectations import ExpectationSuite

    suite = ExpectationSuite(name=name, expectations=[dict(e) for e in expectations])
    found: dict[str, Any] = _batch(frame).validate(suite, result_format=form).to_json_dict()
    return found


def _batch(frame: "pd.DataFrame") -> Any:
    context = _context()
    source = (
        context.data_sources.get("candidate")
        if "candidate" in context.data_sources.all()
        else context.data_sources.add_pandas("candidate")
    )
    asset = source.get_asset("facts") if "facts" in source.get_asset_names() else source.add_dataframe_asset("facts")
    definition = (
        asset.get_batch_definition("whole") if asset.batch_definitions else asset.add_batch_definition_whole_dataframe("whole")
    )
    return definition.get_batch({"dataframe": frame})
