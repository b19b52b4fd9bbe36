"""The pack as HTML pages: plain, printable, and nothing is fetched."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2

from dagster_project.core.plurals import counted
from dagster_project.editions.verdicts import share_checked

from ..measure_words import formula_in_words
from . import wording as words
from .figure_trails import TrailPart, Trails
from .model import MARKERS, UNITS, Cell, Claim, Pack, Table
from .picture_cache import NOT_DRAWN, draw_svgs

TEMPLATES = Path(__file__).parent / "templates"
NOT_COUNTED = "Not counted here."


def write_html(
    pack: Pack,
    folder: Path,
    trails: Trails | None = None,
    downloads: Sequence[tuple[str, str]] = (),
    cache: Path | None = None,
    links: Sequence[tuple[str, str]] = (),
) -> set[str]:
    """Write all pages, the style sheet and the charts into `folder`. A pack in the public form has no trails.

    Returns the ids of charts that could not be drawn; their pages say so.

    `trails`: None if the night's rows can't be read; pages of trails then only have the commands. `downloads`: paths in the
    folder, and descriptions. `cache`: where pictures are cached between nights. `links`: addresses of what is published with
    the pack, and descriptions.
    """
    pictures = draw_svgs(pack.charts, cache)
    (folder / "charts").mkdir(parents=True, exist_ok=True)
    if pack.rule is None:
        (folder / "trail").mkdir(exist_ok=True)
    for name, (wide, narrow) in pictures.items():
        write_text(folder / "charts" / f"{name}.svg", wide)
        write_text(folder / "charts" / f"{name}-narrow.svg", narrow)
    write_text(folder / "style.css", (TEMPLATES / "style.css").read_text(encoding="utf-8"))
    shared = {
        "pack": pack, "is_made_up": pack.is_made_up, "root": "", "links": links, "with_trails": pack.rule is None,
        "public_notice": pack.rule, "zero": words.zero_words(pack), "findings": any(p.findings for p in pack.pages),
        "svgs": {n: (*_size(wide), *_size(narrow)) for n, (wide, narrow) in pictures.items()}, "not_drawn": NOT_DRAWN,
        "with_csv": any(p.startswith("csv/") for p, _ in downloads),
    }  # fmt: skip
    _write_page(folder / "index.html", "index", shared, here="index", downloads=downloads)
    if shared["findings"]:
        _write_page(folder / "findings.html", "findings", shared, here="findings", order=words.ORDER_OF_FINDINGS)
    for page in pack.pages:
        _write_page(folder / f"{page.slug}.html", "page", shared, here=page.slug, page=page)
        for table in page.tables if pack.rule is None else ():
            figures, files = _trail_rows(table, trails), (trails.files.get(table.name, []) if trails else [])
            _write_page(
                folder / "trail" / f"{table.name}.html", "trail", shared, root="../", here="", page=page, table=table,
                figures=figures, files=files, counted=trails is not None,
                with_records=any(parts or _why_no_trail(cell) != NOT_COUNTED for _, _, cell, parts in figures),
            )  # fmt: skip
    if pack.claims:
        placed = {c.no for p in pack.pages for c in p.claims}
        loose = [c for c in pack.claims if c.no not in placed]
        _write_page(folder / "claims.html", "claims", shared, here="claims", loose=loose)
    _write_page(folder / "sources.html", "sources", shared, here="sources", units=UNITS)
    return {c.chart_id for c in pack.charts if not c.unavailable} - pictures.keys()


def _write_page(path: Path, template: str, shared: Mapping[str, Any], **own: Any) -> None:
    write_text(path, _environment().get_template(f"{template}.html.j2").render({**shared, **own}))


def write_text(path: Path, text: str) -> None:
    """Write a text (UTF-8) with the same line ends on every machine."""
    path.write_text(text, encoding="utf-8", newline="\n")


@functools.cache
def _environment() -> jinja2.Environment:
    environment = make_environment()
    filters: dict[str, Any] = environment.filters
    filters.update(
        slug=words.slug, verdicts=_count_verdicts, before=_printed_before, why=_why_no_trail, made_of=_describe_part,
        month=_describe_month, share_checked=share_checked, paragraphs=words.name_paragraphs, formula=formula_in_words,
        covered_days=words.covered_days,
    )  # fmt: skip
    global_names: dict[str, Any] = environment.globals
    global_names.update(pack_markers=MARKERS, verdict_words=words.VERDICTS)
    return environment


def make_environment(*folders: Path) -> jinja2.Environment:
    """Templates of these folders and of the pack; every text is escaped. Filters: `day` and `moment`, in words."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, TEMPLATES]), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {"day": words.day_in_words, "moment": words.moment_in_words}
    return environment


def _count_verdicts(claims: Iterable[Claim]) -> str:
    counts = Counter(c.verdict for c in claims).most_common()
    return words.join_words([f"{n:,} {words.verdict_in_sentence(verdict, n)}" for verdict, n in counts])


def _printed_before(cell: Cell) -> str:
    return words.format_number(cell.printed_before, cell.unit, cell.decimals) if cell.printed_before is not None else "[x]"


def _size(svg: str) -> tuple[str, str]:
    """Width and height of a picture, so that the page does not move while it loads."""
    match = re.search(r'<svg[^>]*?\bwidth="([\d.]+)"[^>]*?\bheight="([\d.]+)"', svg)
    assert match, "an SVG says its size"
    return (str(round(float(match[1]))), str(round(float(match[2]))))


def _trail_rows(table: Table, trails: Trails | None) -> list[tuple[str, str, Cell, list[TrailPart]]]:
    """Each figure of a table: its row and column, and what it is made from."""
    return [
        (row.label, column.label, cell, trails.parts.get(cell.cell_id, []) if trails else [])
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True) if cell.measure is not None
    ]  # fmt: skip


def _why_no_trail(cell: Cell) -> str:
    if cell.value is None and cell.marker in MARKERS:
        return f"{MARKERS[cell.marker].capitalize()}."
    return "As published by others." if not cell.can_be_traced else NOT_COUNTED


def _describe_part(part: TrailPart, cell: Cell, is_rate: bool) -> str:
    """`Numerator: 12 records make 12.`"""
    role = f"{part.role.capitalize()}: " if is_rate else ""
    makes = "makes" if part.rows == 1 else "make"
    return f"{role}{counted(part.rows, 'record')} {makes} {words.format_number(part.amount, _unit(cell))}."


def _describe_month(month: tuple[str, int, Decimal], cell: Cell) -> str:
    """`October 2025: 3 records, 3`."""
    return f"{words.month_in_words(month[0])}: {counted(month[1], 'record')}, {words.format_number(month[2], _unit(cell))}"


def _unit(cell: Cell) -> str:
    return "gbp" if cell.unit == "gbp" else "count"
