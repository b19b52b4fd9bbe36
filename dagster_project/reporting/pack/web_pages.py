"""The pack as HTML pages: plain, printable, with nothing fetched from elsewhere."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from dagster_project.editions.verdicts import share_checked

from . import wording as words
from .charts import NOT_DRAWN, svgs_of_pages
from .figure_trails import TrailPart, Trails
from .model import MARKERS, UNITS, Cell, Claim, Pack, Table
from .shared_sentences import ORDER_OF_FINDINGS, public_notice

TEMPLATES = Path(__file__).parent / "templates"


def write_html(
    pack: Pack, folder: Path, trails: Trails | None = None, downloads: Sequence[tuple[str, str]] = (), kept: Path | None = None,
    beside: Sequence[tuple[str, str]] = (),
) -> set[str]:
    """Write all pages, the style sheet and the charts into `folder`. Of a pack in the public form there are no trails.

    Returns the ids of charts that could not be drawn; their pages say so.

    `trails`: None where the night's rows are not at hand; the trails then have the commands alone. `downloads`: paths in the
    folder, and what they are. `kept`: where pictures of charts are kept between nights. `beside`: addresses of what is
    published with the pack, and what they are.
    """
    pictures = svgs_of_pages(pack.charts, kept)
    (folder / "charts").mkdir(parents=True, exist_ok=True)
    if pack.rule is None:
        (folder / "trail").mkdir(exist_ok=True)
    for name, (wide, narrow) in pictures.items():
        _write(folder / "charts" / f"{name}.svg", wide)
        _write(folder / "charts" / f"{name}-narrow.svg", narrow)
    _write(folder / "style.css", (TEMPLATES / "style.css").read_text(encoding="utf-8"))
    shared = {
        "pack": pack, "is_sample": pack.is_sample, "root": "", "beside": beside, "with_trails": pack.rule is None,
        "public_notice": public_notice(pack), "findings": any(p.findings for p in pack.pages),
        "svgs": {n: (*_size(wide), *_size(narrow)) for n, (wide, narrow) in pictures.items()}, "not_drawn": NOT_DRAWN,
        "with_csv": any(p.startswith("csv/") for p, _ in downloads),
    }  # fmt: skip
    missing = [f"{t.title} ({t.paragraph})" for t in pack.tables if t.unavailable]
    _page(folder / "index.html", "index", shared, here="index", downloads=downloads, missing=missing)
    if shared["findings"]:
        _page(folder / "findings.html", "findings", shared, here="findings", order=ORDER_OF_FINDINGS)
    for page in pack.pages:
        _page(folder / f"{page.slug}.html", "page", shared, here=page.slug, page=page)
        for table in page.tables if pack.rule is None else ():
            figures, files = _trail(table, trails), (trails.files.get(table.name, []) if trails else [])
            _page(
                folder / "trail" / f"{table.name}.html", "trail", shared, root="../", here="", page=page, table=table,
                figures=figures, files=files, counted=trails is not None,
            )  # fmt: skip
    if pack.claims:
        placed = {c.no for p in pack.pages for c in p.claims}
        _page(folder / "claims.html", "claims", shared, here="claims", loose=[c for c in pack.claims if c.no not in placed])
    definitions = {(d.mart, d.measure): d for t in pack.tables for d in t.definitions}
    _page(folder / "sources.html", "sources", shared, here="sources", definitions=definitions.values(), units=UNITS)
    return {c.chart_id for c in pack.charts if not c.unavailable} - pictures.keys()


def _page(path: Path, template: str, shared: Mapping[str, Any], **own: Any) -> None:
    _write(path, _environment().get_template(f"{template}.html.j2").render({**shared, **own}))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


@cache
def _environment() -> jinja2.Environment:
    environment = plain_environment()
    environment.filters |= {"anchor": anchor, "slug": words.slug, "verdicts": _verdicts, "before": _before}
    environment.filters |= {"why": _why, "made_of": _made_of, "month": _month}
    environment.filters |= {"share_checked": share_checked, "result": words.result}
    environment.globals["pack_markers"] = MARKERS
    return environment


def plain_environment(*folders: Path) -> jinja2.Environment:
    """Templates of these folders and of the pack, which escape every text. Filters: `day` and `moment`, in words."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, TEMPLATES]), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {"day": words.day_in_words, "moment": words.moment_in_words}
    return environment


def anchor(cell_id: str) -> str:
    """A cell's id as the name of a place in a page."""
    return cell_id.replace("/", "-")


def _verdicts(claims: Iterable[Claim]) -> str:
    counted = Counter(c.verdict for c in claims).most_common()
    return words.listed([f"{n:,} {words.verdict(verdict, n)}" for verdict, n in counted])


def _before(cell: Cell) -> str:
    return words.number(cell.printed_before, cell.unit, cell.decimals) if cell.printed_before is not None else "[x]"


def _size(svg: str) -> tuple[str, str]:
    """Width and height of a picture, so that a page keeps its place while it loads."""
    found = re.search(r'<svg[^>]*?\bwidth="([\d.]+)"[^>]*?\bheight="([\d.]+)"', svg)
    assert found, "an SVG says its size"
    return (str(round(float(found[1]))), str(round(float(found[2]))))


def _trail(table: Table, trails: Trails | None) -> list[tuple[str, str, Cell, list[TrailPart]]]:
    """Each figure of a table: its row and column, and what it is made of."""
    return [
        (row.label, column.label, cell, trails.parts.get(cell.cell_id, []) if trails else [])
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True) if cell.measure is not None
    ]  # fmt: skip


def _why(cell: Cell) -> str:
    """Why nothing is said of what a figure is made of."""
    if cell.value is None and cell.marker in MARKERS:
        return f"{MARKERS[cell.marker].capitalize()}."
    return "As published by others." if not cell.can_be_traced else "Not counted here."


def _made_of(part: TrailPart, cell: Cell, is_rate: bool) -> str:
    """`Numerator: 12 records make 12.`"""
    role = f"{part.role.capitalize()}: " if is_rate else ""
    makes = "makes" if part.rows == 1 else "make"
    return f"{role}{_records(part.rows)} {makes} {words.number(part.amount, _unit(cell))}."


def _month(month: tuple[str, int, Decimal], cell: Cell) -> str:
    """`October 2025: 3 records, 3`."""
    return f"{words.month(month[0])}: {_records(month[1])}, {words.number(month[2], _unit(cell))}"


def _unit(cell: Cell) -> str:
    return "gbp" if cell.unit == "gbp" else "count"


def _records(count: int) -> str:
    return f"{count:,} {'record' if count == 1 else 'records'}"
