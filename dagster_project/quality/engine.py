"""Calls Great Expectations: takes a data frame and rules, returns its validation result as JSON."""

import logging
import sys
from collections.abc import Iterator
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PLACES = ("extract", "mart", "public", "report", "force_code", "measure", "table_name")
"""Columns that say what a fact is about."""


@cache
def _batch_definition() -> Any:
    """The data source, asset and batch of Great Expectations through which it is given every data frame."""
    import great_expectations as gx

    # It logs its temporary folders, by a logger with a level of its own.
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # pyrefly: ignore[bad-argument-type]  # it reads a dict
    facts = context.data_sources.add_pandas("candidate").add_dataframe_asset("facts")
    return facts.add_batch_definition_whole_dataframe("whole")


def is_loaded() -> bool:
    return "great_expectations" in sys.modules


def preload() -> None:
    """Load Great Expectations now, which takes two seconds."""
    _batch_definition()


def validate_facts(name: str, expectations: list[dict[str, Any]], frame: "pd.DataFrame") -> dict[str, Any]:
    """The result of rules on facts, with every fact that breaks one.

    Which facts they are is asked only of rules that are broken: it takes Great Expectations half as long again.
    """
    result = _validate(name, expectations, frame, {"result_format": "BASIC"})
    broken_rules = {a["expectation_config"]["meta"]["rule"] for a in result["results"] if not a["success"]}
    if broken := [e for e in expectations if e["meta"]["rule"] in broken_rules]:
        answers = [a for a in result["results"] if a["expectation_config"]["meta"]["rule"] not in broken_rules]
        form = {"result_format": "COMPLETE", "include_unexpected_rows": False}
        for rule in broken:
            # With the rule's own column among them, Data Docs would show its value as EMPTY.
            column = rule["kwargs"].get("column")
            places = [c for c in dict.fromkeys((*PLACES, *_named(rule))) if c in frame and c != column]
            answers += _validate(name, [rule], frame, {**form, "unexpected_index_column_names": places})["results"]
        result["results"] = answers
    return result


def _named(expectation: dict[str, Any]) -> Iterator[str]:
    """The columns that the answer of a rule names: `names` of its meta, and those in its `sentence`."""
    meta = expectation["meta"]
    yield from (meta["names"],) if "names" in meta else ()
    yield from (name for _, name, _, _ in Formatter().parse(meta.get("sentence", "")) if name)


def validate_values(name: str, expectations: list[dict[str, Any]], frame: "pd.DataFrame") -> dict[str, Any]:
    """The result of rules on a relation's own values: how many values break each rule, and some of them."""
    return _validate(name, expectations, frame, {"result_format": "SUMMARY", "partial_unexpected_count": 100})


def invalid_reason(expectation: dict[str, Any]) -> str:
    """Why Great Expectations rejects a rule as it is written; blank if it does not."""
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    try:
        ExpectationConfiguration(**expectation).to_domain_obj()
    except (GreatExpectationsError, ValueError, TypeError) as error:
        return " ".join(str(error).split())
    return ""


def _validate(name: str, expectations: list[dict[str, Any]], frame: "pd.DataFrame", form: dict[str, Any]) -> dict[str, Any]:
    from great_expectations import ExpectationSuite

    suite = ExpectationSuite(name=name, expectations=[dict(e) for e in expectations])
    batch = _batch_definition().get_batch({"dataframe": frame})
    result: dict[str, Any] = batch.validate(suite, result_format=form).to_json_dict()
    return result
