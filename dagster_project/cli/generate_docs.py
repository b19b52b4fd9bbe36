"""`pam docs`: writes the pages of docs/reference/ that list contracts, measures and the rules of the gate.

A page's sentences are in its template. What it lists is read from the contracts, seeds, models and suites.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jinja2
import yaml

from dagster_project.contracts import Column, Contract, load_contracts
from dagster_project.core.coverages import read_coverage
from dagster_project.core.home import DBT_PROJECT, PROJECT
from dagster_project.core.project_lists import coverage_of, extract_of, read_seed
from dagster_project.public_form import CHARTS
from dagster_project.publishing import dictionary
from dagster_project.quality.suites import DEFAULT_SUITE, FACTS, load_suites

DOCS = PROJECT / "docs"
FOLDER = DOCS / "reference"
"""Where the generated pages are."""
TEMPLATES = DOCS / "_templates"
MODELS = DBT_PROJECT / "models"

_MART = re.compile(r"(?P<title>[^.]+)\. (?P<about>.*?)(?: Report (?P<report>[\d., -]+)\.)? Grain: (?P<grain>.+)", re.S)

TYPES = {
    "timestamp": "date and time",
    "money": "money",
    "whole": "whole number",
    "list": "list, `;` between items",
    "unit": "unit",
    "choice": "one of a list",
}


def pages() -> dict[str, str]:
    """Every generated page's text by file name. Raises the loaders' errors, and jinja2's for a bad template."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701  (Markdown, made of the project's own files)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    global_names: dict[str, Any] = environment.globals
    global_names["table"] = table
    contents: dict[str, Callable[[], dict[str, Any]]] = {"extracts": extracts, "marts": marts, "checks": checks}
    return {f"{name}.md": environment.get_template(f"{name}.md.j2").render(read()) for name, read in contents.items()}


def write_pages(folder: Path = FOLDER) -> list[Path]:
    """Write the pages that have changed. Returns their paths."""
    changed = []
    for name, text in pages().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table without its last line end. `|` in a cell is escaped, line breaks become blanks, None is blank."""
    lines: list[list[object]] = [list(header), *(list(row) for row in rows)]
    written = ["| " + " | ".join(_cell(value) for value in line) + " |" for line in lines]
    return "\n".join([written[0], "|" + " --- |" * len(lines[0]), *written[1:]])


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")


def extracts() -> dict[str, Any]:
    """What extracts.md lists: the contracts, their columns, and the marts that count their rows."""
    contracts = load_contracts()
    marts_of: dict[str, set[str]] = {name: set() for name in contracts}
    for measure in read_seed("measure_list"):
        marts_of[extract_of(measure)].add(measure["mart"])
    return {
        "contracts": list(contracts.values()),
        "columns": {c.extract: [_column(k) for k in c.columns] for c in contracts.values()},
        "as_downloaded": {c.extract: _as_downloaded(c) for c in contracts.values() if c.kind in ("indicators", "monthly_file")},
        "marts": {name: sorted(names) for name, names in marts_of.items()},
        "police_uk": [(f"`{c.extract}`", *_police_uk(c)) for c in contracts.values() if c.police_uk],
    }


def _column(column: Column) -> tuple[str, ...]:
    """Name, marks, type or allowed values, other headers and description."""
    name = f"**`{column.name}`**" if column.places_row else f"`{column.name}`"
    flags = {"required": column.required, "key": column.key, "identifier": column.identifier}
    marks = ", ".join(name for name, is_set in flags.items() if is_set)
    values = ", ".join(f"`{v}`" for v in column.values)
    listed = f"{'list of' if column.type == 'list' else 'one of'} {values}" if values else TYPES.get(column.type, column.type)
    aliases = ", ".join(f"`{a}`" for a in column.aliases)
    return (name, marks, listed, f"{column.description}{f'. Also called {aliases}' if aliases else ''}")


def _as_downloaded(contract: Contract) -> str:
    """The columns of what others publish, in a sentence: nobody has to make such a file."""
    required = [c.aliases[0] if c.aliases else c.name for c in contract.columns if c.required]
    others = [c.aliases[0] if c.aliases else c.name for c in contract.columns if not c.required]
    return f"Required: {_names(required)}. Also stored: {_names(others)}."


def _police_uk(contract: Contract) -> tuple[str, ...]:
    """A file's name, its headers with our columns, the columns that it lacks, and its clock."""
    source = contract.police_uk
    assert source is not None
    return (
        f"`2024-01-derbyshire-{source.suffix}.csv`",
        ", ".join(f"{header} = `{name}`" for header, name in source.columns.items()),
        _names(source.absent),
        "UTC" if source.times_are_utc else "",
    )


def marts() -> dict[str, Any]:
    """What marts.md lists: the columns that all marts share, each mart with its measures, and the `meta` schema."""
    by_name = {m["name"]: m for m in _models(MODELS / "marts" / "_marts.yml") if m["name"].startswith("mart_")}
    # Control charts have other columns than the marts of figures.
    charts = by_name.pop(CHARTS)
    models = [model for _, model in sorted(by_name.items())]
    all_marts = [_mart(model) for model in models]
    return {
        "columns": [(f"`{c['name']}`", c["data_type"], c["description"]) for c in models[0]["columns"]],
        "charts": CHARTS,
        "chart_columns": _names(column["name"] for column in charts["columns"]),
        "marts": all_marts,
        "marts_table": [
            (f"`{m['name']}`", m["about"], m["report"], ", ".join(f"[{e}](extracts.md#{e})" for e in m["extracts"]), m["areas"])
            for m in all_marts
        ],
        "measures_table": [(m["name"].removeprefix("mart_"), *measure) for m in all_marts for measure in m["measures"]],
        "meta_columns": [
            (f"`meta.{name}`", about, _names(fields)) for name, (about, fields) in sorted(dictionary.TABLES.items())
        ],
    }


def _mart(model: dict[str, Any]) -> dict[str, Any]:
    parts = _MART.fullmatch(model["description"].strip())
    if parts is None:
        raise ValueError(f"{model['name']}: its description is not `Title. What it holds. Report n. Grain: ...`")
    measures = [m for m in read_seed("measure_list") if m["mart"] == model["name"] and m["is_published"] == "true"]
    extracts = sorted({extract_of(m) for m in measures})
    return {
        "name": model["name"],
        **parts.groupdict(),
        "extracts": extracts,
        "areas": _areas([load_contracts()[e] for e in extracts]),
        "measures": [(f"`{m['measure']}`", m["title"], m["unit"], _categories(m), _needs(m), _meaning(m)) for m in measures],
    }


def _meaning(measure: dict[str, str]) -> str:
    """What is counted, and the formula for a period if it is not a sum of months."""
    return measure["meaning"] + ("" if measure["aggregation"] == "sum" else f". {dictionary.formula(measure)}")


def _needs(measure: dict[str, str]) -> str:
    """The columns that a file must have for the measure, and those that it needs too for the measure's categories."""
    whole = read_coverage(measure["coverage"])
    by_category = read_coverage(coverage_of(measure, "by category"))
    groups = [set(group) for group in whole.needs]
    # Where one column of a group is needed anyway, the others are not.
    needs = ", ".join(" or ".join(_names([c]) for c in sorted(group)) for group in groups if not any(g < group for g in groups))
    more = _names(sorted(by_category.columns - whole.columns))
    parts = [needs, f"{more} for categories" if more else "", f"from {whole.available_from}" if whole.available_from else ""]
    return "; ".join(filter(None, parts))


def _areas(contracts: list[Contract]) -> str:
    if any(c.kind == "indicators" for c in contracts):
        return "country, region, upper_tier and district, as published"
    if any(c.kind == "monthly_file" for c in contracts):
        return "force and district"
    with_units = [c.extract for c in contracts if c.has_units]
    if not with_units:
        return "force"
    levels = "force, section and lpu"
    if len(with_units) == len(contracts):
        return levels
    return f"{levels} for measures of {_names(with_units)}; force for the others"


def _categories(measure: dict[str, str]) -> str:
    """The column that a measure is split by, with its values."""
    if measure["split_by"]:
        extract, column = measure["split_by"].split(".")
        return f"{column}: {', '.join(load_contracts()[extract].column(column).values)}"
    if measure["aggregation"] == "published":
        return "sex, as published"
    group = measure["category_group"]
    # A group of offence codes has the class, not its offences: `92D` of `92D/1`.
    return group and f"{group}, {'the part before `/`' if group.endswith(' codes') else 'as the rows have it'}"


def checks() -> dict[str, Any]:
    """What checks.md lists: the rules of the suites."""
    suites = load_suites()
    described = _models(MODELS / "gate" / "_gate.yml")
    facts = {model["name"]: {c["name"]: c["description"] for c in model["columns"]} for model in described}
    rules: dict[tuple[str, str], dict[str, Any]] = {}
    for suite in (s for s in suites.values() if s.subject != "relation"):
        for e in suite.expectations:
            rule = rules.setdefault((suite.subject, e["meta"]["rule"]), {**e, "suites": []})
            rule["suites"].append(suite.name)
    everywhere = {subject: sum(x.subject == subject for x in suites.values()) for subject in ("extract", "mart")}
    first = min(r["meta"]["since"] for r in rules.values())
    return {
        "rules": {
            subject: [_rule(r, facts[FACTS[subject]], everywhere[subject], first)
                      for (s, _), r in sorted(rules.items(), key=lambda kv: kv[1]["severity"])
                      if s == subject or (subject, s) in (("mart", "public"), ("mart", "report"))]
            for subject in everywhere
        },
        "first": first,
        "default": DEFAULT_SUITE,
        "shared": _names(sorted(n for n in load_contracts() if n not in suites)),
    }  # fmt: skip


def _rule(rule: dict[str, Any], facts: dict[str, str], suites: int, first: object) -> tuple[str, ...]:
    """Name, level, what passes, reason, advice, and which suites have the rule: "all" if each of them does."""
    column, meta = rule["kwargs"]["column"], rule["meta"]
    low, high = rule["kwargs"].get("min_value"), rule["kwargs"].get("max_value")
    passes = f"is {low}" if low == high else f"is {low} to {high}" if low is not None else f"is {high} at most"
    fact = meta.get("fact") or facts[column]
    return (
        f"`{meta['rule']}`",
        rule["severity"],
        f"`{column}` {passes}: {fact[0].lower()}{fact[1:]}",
        meta["reason"] + (f" Since {meta['since']}." if meta["since"] != first else ""),
        meta["advice"],
        "all" if len(rule["suites"]) == suites else _names(rule["suites"]),
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _models(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["models"])
