"""Writes Data Docs, Great Expectations' own pages of validation results, so that they load nothing from the web.

Great Expectations' page template loads styles and scripts from other hosts. So only its renderers and the templates of a page's
parts are used; the template of the page is ours.
"""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dagster_project.core.check_results import advice_of
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up

from .stored_results import load_results
from .suites import COLUMN_ARGUMENTS

HERE = Path(__file__).parent / "templates"
INDEX = "index.html"
LIMITS = "expect_column_values_to_be_between"
FURTHER_ARGUMENTS = ("strict_min", "strict_max", "row_condition")
"""What a rule of limits may say besides its limits and `mostly`."""


def write_docs(home: Home, folder: Path, nights: Sequence[str]) -> Path:
    """Write a page for each validation result of the nights, and an index of the pages. Returns the index.

    Makes `folder` if it does not exist, and replaces pages of earlier calls. Raises OSError and ValueError.
    """
    import jinja2
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    folder.mkdir(parents=True, exist_ok=True)
    view: Any = DefaultJinjaPageView()
    view.env.loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(HERE), view.env.loader])
    renderer, rows = ValidationResultsPageRenderer(run_info_at_end=True), list[dict[str, Any]]()
    made_up = holds_made_up(home)
    for night in sorted(nights, reverse=True):
        for number, result in enumerate(load_results(home, night), start=1):
            page = f"{night}-{number}.html"
            for answer in result.results:
                answer.result = _escaped(answer.result)
                if config := answer.expectation_config:
                    # A home's own suite may name any column. The renderers escape a rule's other values.
                    kwargs = config.kwargs
                    kwargs |= {name: _escaped(kwargs[name]) for name in COLUMN_ARGUMENTS if name in kwargs}
                    config.description = _escaped(describe_rule(config, bool(answer.success), night))
            text = view.render(renderer.render(result), made_up=made_up)
            (folder / page).write_text(text, encoding="utf-8")
            failed = sum(not r.success for r in result.results)
            rows.append({"night": night, "page": page, "suite": result.suite_name, "success": result.success,
                         "rules": len(result.results), "failed": failed})  # fmt: skip
    index = folder / INDEX
    index.write_text(view.env.get_template("index.j2").render(rows=rows, made_up=made_up), encoding="utf-8")
    return index


def describe_rule(config: Any, passed: bool, night: str) -> str | None:
    """What the page says of a rule (a Great Expectations configuration). None: Great Expectations' own sentence, which has all
    that a home's own rule may say. For limits alone it is "values must be at most 0", and not why."""
    says_more = config.kwargs.get("mostly") not in (None, 1) or any(map(config.kwargs.get, FURTHER_ARGUMENTS))
    if config.description or config.type != LIMITS or says_more:
        return config.description
    # The limits of a home's own rule may be days, as texts.
    limits = (config.kwargs.get(name) for name in ("min_value", "max_value"))
    low, high = (f"{n:,.15g}" if isinstance(n, int | float) else n for n in limits)
    bounds = [f"{word} {limit}" for word, limit in (("at least", low), ("at most", high)) if limit is not None]
    words = f"Always {low}." if low is not None and low == high else f"{' and '.join(bounds).capitalize()}."
    advice = "" if passed else f" What to do: {advice_of(config.meta, night)}"
    return f"{words} {config.meta['reason']}{advice}"


def _escaped(value: Any) -> Any:
    """A result with all its texts escaped: they come from files, and the templates print them as they are."""
    if isinstance(value, dict):
        return {name: _escaped(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(part) for part in value]
    return html.escape(value) if isinstance(value, str) else value
