"""Reads the suites: which rules apply to which extract, mart or relation, as YAML in `expectations/` here and in a home.

A suite has either a `subject` whose facts it judges (`extract`, `mart`, `public`, `report`), or a `relation` whose columns it
judges: a mart, a table of the report or a staging model. A relation's suite needs no SQL, and a home may have its own.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from dagster_project.core.check_results import Check
from dagster_project.core.errors import PamError
from dagster_project.core.files import misnamed_yaml, read_written
from dagster_project.core.home import EXPECTATIONS, Home
from dagster_project.core.yaml_io import read_yaml

DEFAULT_SUITE = "any_extract"
FACTS = {"extract": "extract_facts", "mart": "mart_facts"}
"""The tables of facts that a night's build makes for the gate, by subject."""
OUTGOING = {"public": "public_form", "report": "report_cells"}
"""The suites that judge what leaves the force, by subject. Each applies to every mart."""
Subject = Literal["extract", "mart", "public", "report", "relation"]
FIELDS = {"name", "subject", "relation", "include", "expectations"}
COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list")
"""The arguments of a rule that name columns."""


class SuiteError(PamError, ValueError):
    """A suite's YAML is invalid. The message names the file and the field."""


@dataclass(frozen=True)
class Suite:
    """One YAML file of expectations/, with the shared parts that it includes. `relation`: blank unless that is its subject."""

    name: str
    subject: Subject
    expectations: tuple[dict[str, Any], ...]
    relation: str = ""

    def subject_in(self, schema: str, name: str) -> str:
        """The subject of the checks of the relation, which is `name` in `schema`."""
        return name.removeprefix("stg_") if schema == "staging" else name if schema == "marts" else self.relation


def answer_to(suite: Suite, subject: str, e: dict[str, Any], passed: bool, found: str, message: str = "") -> Check:
    """The check of one rule of a suite."""
    meta = e["meta"]
    return Check(suite.name, subject, meta["rule"], e["severity"], passed, found, meta["reason"], meta["advice"], message)


@cache
def load_suites() -> dict[str, Suite]:
    """The project's suites by name. Raises as `read_suites`."""
    return read_suites(EXPECTATIONS)


def relation_suites(home: Home) -> list[Suite]:
    """The suites that judge relations: the project's and the home's own. Raises SuiteError, also for a suite of the home that
    judges anything else, or has the name of one of the project's.
    """
    shipped, home_suites = load_suites(), read_suites(home.expectations)
    for suite in home_suites.values():
        if suite.subject != "relation" or suite.name in shipped:
            raise SuiteError(
                f"{home.expectations / suite.name}.yml: a home's own suite has a `relation`, and a name that no suite in"
                f" {EXPECTATIONS} has"
            )
    return [s for s in (*shipped.values(), *home_suites.values()) if s.subject == "relation"]


def suite_for(subject: str, name: str) -> Suite | None:
    """The suite that judges an extract, a mart, or what leaves the force of a mart. Extracts without their own share one."""
    suites = load_suites()
    if subject in OUTGOING:
        return suites.get(OUTGOING[subject])
    return suites.get(name) or (suites[DEFAULT_SUITE] if subject == "extract" else None)


def read_suites(folder: Path) -> dict[str, Suite]:
    """All suites of a folder by name.

    Raises SuiteError for a rule without severity or advice (for facts also reason and date), a repeated one, or a missing part.
    """
    for file, name in misnamed_yaml(folder):
        raise SuiteError(f"{file}: is not read, and none of its rules asked: its name must be {name}.yml")
    return {path.stem: _read_suite(path) for path in sorted(folder.glob("[!.]*.yml"))}


def _read_suite(path: Path) -> Suite:
    """One suite. Raises SuiteError."""
    try:
        return _suite_of(path, _read(path))
    except SuiteError:
        raise
    # Such as a text where a rule is needed, or a day that there is none of.
    except (TypeError, ValueError, AttributeError) as error:
        raise SuiteError(f"{path.name}: {error}: write it as expectations/README.md shows") from error


def _read(path: Path, name: str = "") -> Any:
    """The content of a YAML file. `name`: what errors call it. Raises SuiteError."""
    name = name or path.name
    text = read_written(path, name, SuiteError)
    try:
        return read_yaml(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise SuiteError(f"{name}: not readable as YAML: {' '.join(str(error).split())}") from error


def _listed(name: str, value: Any) -> list[Any]:
    """A list of a suite; an empty one where it is left out. `name`: what errors call it. Raises SuiteError."""
    if not isinstance(value or [], list):
        raise SuiteError(f"{name}: is a list: begin each of its lines with a hyphen")
    return value or []


def _suite_of(path: Path, body: Any) -> Suite:
    if not isinstance(body, dict):
        raise SuiteError(f"{path.name}: has no fields: a suite has name, relation and expectations")
    if unknown := sorted(str(field) for field in set(body) - FIELDS):
        raise SuiteError(f"{path.name}: {', '.join(unknown)}: not known here; what can be set is {', '.join(sorted(FIELDS))}")
    if body.get("name") != path.stem:
        raise SuiteError(f"{path.name}: name: {body.get('name')!r} is not that of the file: write {path.stem}")
    subjects = [s for s in get_args(Subject) if s != "relation"]
    if (body.get("subject") in subjects) == bool(body.get("relation")):
        raise SuiteError(
            f"{path.name}: needs a relation, such as stg_crimes, or else a subject, which is {' or '.join(subjects)}"
        )
    expectations = list(_listed(f"{path.name}: expectations", body.get("expectations")))
    for name in reversed(_listed(f"{path.name}: include", body.get("include"))):
        part = path.parent / "shared" / f"{name}.yml"
        if not part.exists():
            raise SuiteError(f"{path.name}: include: there is no shared/{part.name}")
        expectations[:0] = _listed(f"shared/{part.name}", _read(part, f"shared/{part.name}"))
    if body.get("relation"):
        expectations = [_complete_rule(path.name, str(body["relation"]), e) for e in expectations]
    for e in expectations:
        _check_rule(path.name, e)
    rules = [e["meta"]["rule"] for e in expectations]
    if repeated := sorted({r for r in rules if rules.count(r) > 1}):
        raise SuiteError(
            f"{path.name}: {', '.join(repeated)}: several rules have this name; `meta: {{rule: ...}}` sets another"
        )
    subject: Subject = "relation" if body.get("relation") else body["subject"]
    return Suite(path.stem, subject, tuple(expectations), str(body.get("relation") or ""))


def _check_rule(file: str, e: Any) -> None:
    if not isinstance(e, dict) or not isinstance(e.get("meta") or {}, dict):
        raise SuiteError(f"{file}: {e}: a rule has a type, a severity and meta, with advice below it")
    missing = [f for f in ("rule", "reason", "since", "advice") if not (e.get("meta") or {}).get(f)]
    if missing or e.get("severity") not in ("critical", "warning"):
        raise SuiteError(f"{file}: {e.get('type')}: lacks {', '.join(missing) or 'a severity (critical or warning)'}")


def _complete_rule(file: str, relation: str, e: Any) -> dict[str, Any]:
    """A relation's rule with its name, reason and date filled in where the YAML leaves them out."""
    if not isinstance(e, dict) or not isinstance(e.get("type"), str) or not isinstance(e.get("kwargs", {}), dict):
        raise SuiteError(f"{file}: {e}: a rule has a type (such as expect_column_values_to_be_in_set) and kwargs")
    if not isinstance(e.get("meta") or {}, dict):
        raise SuiteError(f"{file}: {e}: meta has advice below it, and may have rule, reason and since")
    kwargs = json.loads(json.dumps(e.get("kwargs", {}), default=_day))
    short = e["type"].removeprefix("expect_").removeprefix("column_").removeprefix("values_")
    names = [str(kwargs[k]) for k in ("column", "column_A", "column_B") if k in kwargs]
    defaults = {
        "rule": "_".join([*names, short]),
        "reason": e.get("description") or f"{relation}: {' '.join([*names, *short.split('_')])}.",
        "since": "unknown",
    }
    return {**e, "kwargs": kwargs, "meta": {**defaults, **(e.get("meta") or {})}}


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} is not a value that a rule can have")
