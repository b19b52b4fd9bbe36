"""Reads the published night as a report pack: every form of it is written from what `read_pack` returns."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb

from dagster_project.core.accepted_figures import Accepted, accepted_months, accepted_within
from dagster_project.core.raw_tables import columns_of
from dagster_project.core.seeds import force_names, read_seed
from dagster_project.editions import Edition
from dagster_project.editions.model import NoEditionError
from dagster_project.editions.raw_tables import requested_by

from .findings import findings_of
from .model import PUBLIC_ONLY, Cell, Claim, Definition, Finding, Pack, Page, PrintedColumn, Row, Source, Table
from .page_charts import charts_of_page
from .public import public_cells, rule
from .unusual import Charts, SeriesKey, Window, key_of, read_charts, read_compared, words_of_changes
from .wording import PLACES, day_in_words, days_in_words, listed, number, slug

MISSING = "[x]"
RESERVED = ("index", "findings", "claims", "sources")
"""Pages that every pack has."""
OTHER = "Other figures"
"""The page of tables that name no part of the report."""


def read_pack(con: duckdb.DuckDBPyConnection, edition: Edition, is_sample: bool = False, public: bool = False) -> Pack:
    """An edition as the night has it that `con` reads: a published file, or a candidate, by `reports`, `marts` and `meta`.

    The edition gives its title and the shape of a table of which the night has no row. `public`: the public form, made of the
    edition, `marts_public` and `meta`, without counts of rows, claims and revisions. Raises NoEditionError where the night
    does not print the edition (it is newer than the night), and NoPublicFormError.
    """
    said = rule(con) if public else None
    sources = _sources(con, edition.force_code, with_rows=not public)
    measures = _definitions(con)
    force = force_names().get(edition.force_code, edition.force_code)
    claims: list[Claim] = []
    if public:
        asked = requested_by([edition.model_copy(update={"claims": None})])
        tables = [dict(zip(columns_of("report_tables"), row, strict=True)) for row in asked.tables]
        cells = public_cells(con, edition)
    else:
        tables, cells = _printed(con, edition)
        claims = _claims(con, edition.edition, measures, force)
    night, at = con.execute("select night_id, started_at from meta.nights where finished_at is null").fetchone() or ("", None)
    # Why a figure was accepted is for the force's own people.
    accepted = [] if public else accepted_months(con, edition.force_code)
    every = [c for t in tables for c in cells.get(t["table_name"], [])]
    charts = read_charts(con, edition.force_code, _series(every, force), public)
    compared = read_compared(con, edition.force_code, _windows(every), public)
    unusual = {t["table_name"]: words_of_changes(cells.get(t["table_name"], []), charts, compared, public) for t in tables}
    made = [(t["objective"] or OTHER,
             _table(t, cells.get(t["table_name"], []), edition, force, sources, measures, claims, unusual, accepted))
            for t in tables]  # fmt: skip
    first = {}
    for part in dict.fromkeys(title for title, _ in made):
        own = [(t, cells.get(t["table_name"], [])) for t in tables if (t["objective"] or OTHER) == part]
        first[part] = findings_of(own, measures, charts, compared, force, public)
    pages = _pages(con, edition, made, claims, charts, first, public)
    frozen = max((c["printed_in"] for found in cells.values() for c in found if c["printed_in"]), default=None)
    late = tuple(s for s in sources.values() if s.status not in ("current", "not sent"))
    return Pack(
        edition=edition.edition, title=edition.title, force_code=edition.force_code, force=force, data_to=edition.data_to,
        night_id=night, night_at=at, frozen_in=frozen, is_sample=is_sample,
        data_status=_status([t for _, t in made], sources, late), pages=pages, claims=tuple(claims),
        sources=tuple(sources.values()), late=late, rule=said,
    )  # fmt: skip


def _printed(con: duckdb.DuckDBPyConnection, edition: Edition) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """The tables of an edition, and their cells by table, as `reports` has them."""
    tables = _dicts(con, "select * from reports.tables where edition = ? order by table_no", [edition.edition])
    if not tables:
        known = [r[0] for r in con.execute("select distinct edition from reports.tables order by 1").fetchall()]
        raise NoEditionError(
            f"the published night does not print edition {edition.edition}: it has {', '.join(known) or 'none'}; the next"
            " night prints every edition there is"
        )
    cells: dict[str, list[dict[str, Any]]] = {}
    for cell in _dicts(
        con, "select * from reports.cells where edition = ? order by table_name, row_no, column_no", [edition.edition]
    ):
        cells.setdefault(cell["table_name"], []).append(cell)
    return tables, cells


def _series(cells: Iterable[dict[str, Any]], force: str) -> set[SeriesKey]:
    """The series that have a control chart in the pack, where the night has one: those of the cells, and each measure's own."""
    found = {key for c in cells if (key := key_of(c))}
    return found | {SeriesKey(key.mart, key.measure, "all", "force", force) for key in found}


def _windows(cells: Iterable[dict[str, Any]]) -> set[Window]:
    return {(key, c["period_start"], c["period_end"]) for c in cells if (key := key_of(c))}


def _dicts(con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    result = con.execute(sql, list(values))
    names = [c[0] for c in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _sources(con: duckdb.DuckDBPyConnection, force: str, with_rows: bool) -> dict[str, Source]:
    """Every extract, as far as the force dropped it."""
    found = {}
    for r in _dicts(con, "select * from meta.extracts order by extract"):
        if r["force_code"] == force or r["extract"] not in found:
            own = r["force_code"] == force
            status = r["status"] if own or r["status"] == "not sent" else "never dropped"
            found[r["extract"]] = Source(
                extract=r["extract"], title=r["title"], status=status, rhythm=r["rhythm"],
                files=r["files_accepted"] if own else 0, rows=None if not with_rows else r["rows_current"] if own else 0,
                covered_from=r["covered_from"] if own else None, covered_to=r["covered_to"] if own else None,
                extracted_at=r["extracted_at"] if own else None,
                days_late=r["days_late"] if own else None,
            )  # fmt: skip
    return found


def _definitions(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Definition]:
    """Measures in words, by mart and measure; which extract each comes from is in the project's list."""
    limits = {r["coverage"]: r["extract"] for r in read_seed("coverage_limits")}
    rows = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}
    found = {}
    for r in _dicts(con, "select * from meta.dictionary where kind = 'measure'"):
        key = (r["relation_name"], r["name"])
        coverage = rows[key]["coverage"] if key in rows else ""
        found[key] = Definition(
            mart=key[0], measure=key[1], title=r["title"], unit=r["unit"], meaning=r["description"], formula=r["formula"],
            aggregation=rows[key]["aggregation"] if key in rows else "",
            extracts=tuple(filter(None, [limits.get(coverage, coverage)])),
        )  # fmt: skip
    return found


SHOWN = {"volume_change": "change", "pct_change": "change in per cent", "prior_value": "the year before"}
"""What a claim's column of the marts is called, where it is not the value."""


def _claims(
    con: duckdb.DuckDBPyConnection, edition: str, measures: dict[tuple[str, str], Definition], force: str
) -> list[Claim]:
    found = []
    for r in _dicts(con, "select * from reports.claims where edition = ? order by claim_no", [edition]):
        measure = measures.get((r["mart"], r["measure"]))
        name = measure.title if measure else r["measure"].replace("_", " ")
        parts = [name, SHOWN.get(r["figure"], r["figure"] if r["figure"] != "value" else None),
                 None if r["area_name"] == force else r["area_name"],
                 None if r["category"] in (None, "all") else r["category"], r["period_label"]]  # fmt: skip
        what = r["says"] or ", ".join(p for p in parts if p)
        found.append(
            Claim(
                no=r["claim_no"], paragraph=r["paragraph"], kind=r["kind"], what=what[:1].upper() + what[1:],
                printed=r["printed"] or "",
                computed=_exact(r["computed"], r["unit"], r["figure"]),
                difference=_exact(r["difference"], r["unit"], r["figure"]),
                verdict=r["verdict"],
                reason="; ".join(dict.fromkeys(t for t in (r["known_reason"], r["reason"], r["note"]) if t)),
                is_known=bool(r["is_known"]),
            )
        )  # fmt: skip
    return found


def _exact(value: Decimal | None, unit: str | None, figure: str | None) -> str:
    """A computed figure to the places that show whether it agrees: two for what is no whole number."""
    if value is None:
        return ""
    unit = "percent" if figure == "pct_change" else unit
    return number(value, unit, 0 if value == value.to_integral_value() else 2)


def _table(
    said: dict[str, Any],
    cells: list[dict[str, Any]],
    edition: Edition,
    force: str,
    sources: dict[str, Source],
    measures: dict[tuple[str, str], Definition],
    claims: Sequence[Claim],
    unusual: Mapping[str, Mapping[tuple[int, str], str]],
    accepted: Sequence[Accepted] = (),
) -> Table:
    asked = _asked(edition, said["table_name"]) if not cells else [(c["mart"], c["measure"]) for c in cells]
    used = [measures[m] for m in dict.fromkeys(asked) if m in measures]
    behind = [sources[e] for e in dict.fromkeys(e for d in used for e in d.extracts) if e in sources]
    columns = _columns(said["table_name"], cells, edition)
    published = _is_published([c for c in cells if c["answer_id"]])
    scope = f"{force}, " + ("as others publish it" if published else f"data to {day_in_words(said['data_to'])}")
    unavailable = None
    if cells:
        rows = _rows(cells, columns, unusual.get(said["table_name"], {}))
    else:
        titles = listed([s.title for s in behind if not s.files] or [s.title for s in behind])
        unavailable = "Not available: no accepted file" + (f" of {titles}" if titles else "") + " says anything of it."
        no_cells = tuple(_no_cell(f"{said['table_name']}/1/{c.name}") for c in columns)
        rows = (Row(1, "Not available", no_cells),)
    return Table(
        name=said["table_name"], number=said["table_no"], kind=said["kind"], chart=said["chart"],
        paragraph=said["paragraph"], title=said["title"],
        rows_are=said["rows_are"] or "Row", scope=scope, data_to=said["data_to"],
        columns=columns, rows=rows,
        notes=(*(said["notes"].split("\n") if said["notes"] else ()), *accepted_notes(cells, accepted, measures)),
        sources=tuple(behind), definitions=tuple(used),
        claims=tuple(c for c in claims if within(c.paragraph, said["paragraph"])),
        statuses=dict(Counter(_status_of(c) for r in rows for c in r.cells)), unavailable=unavailable,
    )  # fmt: skip


def accepted_notes(
    cells: Iterable[dict[str, Any]], accepted: Sequence[Accepted], measures: dict[tuple[str, str], Definition]
) -> list[str]:
    """A note for each month that a person let pass the gate and that a figure of the table holds."""
    found: dict[Accepted, str] = {}
    for c in cells if accepted else ():
        if c["answer_id"] is not None and c["period_end"]:
            for a in accepted_within(accepted, {c["measure"]}, c["period_start"], c["period_end"]):
                found[a] = measures[c["mart"], c["measure"]].title if (c["mart"], c["measure"]) in measures else a[0]
    said = "is far from the year before, and was accepted"
    return [f"{title} of {month} {said}: {why}" for (_, month, why), title in found.items()]


def _columns(table: str, cells: list[dict[str, Any]], edition: Edition) -> tuple[PrintedColumn, ...]:
    """A table's columns, from its cells; from the edition where the night has none."""
    if not cells:
        found = [t for t in edition.tables if t.table == table]
        asked = edition.cells(found[0]) if found else []
        return tuple({c.column_no: PrintedColumn(c.column.name, c.column_label, None, None) for c in asked}.values())
    by_no: dict[int, list[dict[str, Any]]] = {}
    for cell in cells:
        by_no.setdefault(cell["column_no"], []).append(cell)
    columns = []
    for _, own in sorted(by_no.items()):
        label = next((c["column_label"] for c in own if c["window_label"]), own[0]["column_label"])
        window = None if _is_published(own) else _same(own, "window_label")
        columns.append(PrintedColumn(own[0]["column_name"], label, window, _same(own, "unit")))
    return tuple(columns)


def _is_published(cells: list[dict[str, Any]]) -> bool:
    """Whether others publish all of it, over periods of their own."""
    return bool(cells) and all(c["period_end"] is None for c in cells)


def _same(cells: list[dict[str, Any]], field: str) -> str | None:
    """What all cells say that say something; None where they differ."""
    said = {c[field] for c in cells if c[field]}
    return said.pop() if len(said) == 1 else None


def _rows(
    cells: list[dict[str, Any]], columns: Sequence[PrintedColumn], unusual: Mapping[tuple[int, str], str]
) -> tuple[Row, ...]:
    rows: dict[int, tuple[str, dict[str, Cell]]] = {}
    for c in cells:
        cell = replace(_cell(c), unusual=unusual.get((c["row_no"], c["column_name"]), ""))
        rows.setdefault(c["row_no"], (c["row_label"], {}))[1][c["column_name"]] = cell
    return tuple(
        Row(no, label, tuple(found.get(c.name) or _no_cell(f"{cells[0]['table_name']}/{no}/{c.name}") for c in columns))
        for no, (label, found) in sorted(rows.items())
    )


def _cell(c: dict[str, Any]) -> Cell:
    text = c["printed"] or MISSING
    for marker in (c["marker"] or "").split():
        text = text.replace(marker, "")
    text = text.strip()
    return Cell(
        cell_id=f"{c['table_name']}/{c['row_no']}/{c['column_name']}", printed=c["printed"] or MISSING, text=text,
        marker=c["marker"], value=c["value"], unit=c["unit"], decimals=_decimals(text, c["unit"]), data_status=c["data_status"],
        can_be_traced=c["answer_id"] is not None and c["period_end"] is not None and c["value"] is not None,
        mart=c["mart"], measure=c["measure"], shows=c["shows"], printed_before=c["printed_before"], printed_in=c["printed_in"],
        days=days_in_words(c["period_start"], c["period_end"]) or f"as published: {c['window_label'] or 'newest'}",
    )  # fmt: skip


def _status_of(cell: Cell) -> str:
    """How whole a figure is as printed: a change between whole years is not available where there is none."""
    if cell.marker == "[z]":
        return "not_applicable"
    if cell.marker == PUBLIC_ONLY:
        return "not_public"
    return (cell.data_status or "complete") if cell.value is not None else "not_available"


def _decimals(text: str, unit: str | None) -> int:
    """Places that a figure is printed with."""
    return len(text.rstrip("%").partition(".")[2]) if text else PLACES.get(unit or "", 0)


def _no_cell(cell_id: str) -> Cell:
    """What stands where the night has nothing: not available, and never 0."""
    return Cell(cell_id, MISSING, "", MISSING, None, None, 0, "not_available", False)


def _asked(edition: Edition, table: str) -> list[tuple[str, str]]:
    """Mart and measure of each cell that the edition asks for."""
    return [
        (c.fields["mart"], c.fields["measure"])
        for t in edition.tables if t.table == table for c in edition.cells(t) if c.fields
    ]  # fmt: skip


def _pages(
    con: duckdb.DuckDBPyConnection, edition: Edition, made: list[tuple[str, Table]], claims: Sequence[Claim],
    charts: Charts, first: Mapping[str, tuple[Finding, ...]], public: bool,
) -> tuple[Page, ...]:
    by_title: dict[str, list[Table]] = {}
    for title, table in made:
        by_title.setdefault(title, []).append(table)
    taken = set(RESERVED)
    pages = []
    for title, tables in by_title.items():
        name = _free(slug(title), taken)
        paragraphs = [t.paragraph for t in tables]
        pages.append(
            Page(
                slug=name, title=title, paragraphs=in_order(paragraphs), tables=tuple(tables),
                charts=charts_of_page(con, edition.force_code, tables, charts, public), findings=first.get(title, ()),
                claims=tuple(c for c in claims if any(within(c.paragraph, p) for p in paragraphs)),
                sources=tuple({s.extract: s for t in tables for s in t.sources}.values()),
            )
        )  # fmt: skip
    return _with_neighbours(pages, claims)


def _with_neighbours(pages: list[Page], claims: Sequence[Claim]) -> tuple[Page, ...]:
    """Give a claim that no table's paragraphs hold to the first page of its chapter."""
    placed = {c.no for p in pages for c in p.claims}
    for n, page in enumerate(pages):
        chapters = {part.partition(".")[0].strip() for part in re.split(r"[,-]", page.paragraphs)}
        more = [c for c in claims if c.no not in placed and c.paragraph.partition(".")[0] in chapters]
        if more:
            placed |= {c.no for c in more}
            pages[n] = replace(page, claims=tuple(sorted((*page.claims, *more), key=lambda c: c.no)))
    return tuple(pages)


def _free(name: str, taken: set[str]) -> str:
    found, n = name, 2
    while found in taken:
        found, n = f"{name}-{n}", n + 1
    taken.add(found)
    return found


def within(paragraph: str, paragraphs: str) -> bool:
    """Whether a claim's paragraph, `2.16` or `5.2-5.7`, lies in a table's: `2.15-2.18`, or `3.8, 8.4`."""
    if paragraph == paragraphs:
        return True
    at = [_key(p) for p in paragraph.split("-")]
    for part in paragraphs.split(","):
        ends = [_key(p) for p in part.split("-")]
        if ends[0] <= at[0] and at[-1] <= ends[-1]:
            return True
    return False


def in_order(paragraphs: Iterable[str]) -> str:
    """The paragraphs of a page, each once, as the report numbers them: `3.2-3.3, 3.8, 8.4`."""
    each = dict.fromkeys(part.strip() for p in paragraphs for part in p.split(","))
    whole = [p for p in each if not any(within(p, other) for other in each if other != p)]
    return ", ".join(sorted(whole, key=lambda p: _key(p.partition("-")[0])))


@cache
def _key(paragraph: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", paragraph))


def _status(tables: Iterable[Table], sources: dict[str, Source], late: Sequence[Source]) -> str:
    """How whole and how fresh the edition is, in a sentence or two."""
    counted: Counter[str] = Counter()
    for table in tables:
        counted.update(table.statuses)
    counted.pop("not_applicable", None)
    total = sum(counted.values())
    text = f"{counted['complete']:,} of {total:,} figures are complete"
    if counted["partial"]:
        text += f", {counted['partial']:,} provisional"
    if counted["not_available"]:
        text += f", {counted['not_available']:,} not available"
    if counted["not_public"]:
        text += f", {counted['not_public']:,} not public"
    never = sum(s.status == "never dropped" for s in late)
    if len(late) > never:
        text += f". {len(late) - never} of {len(sources)} extracts are late"
    if never:
        text += f". {never} of {len(sources)} extracts were never dropped"
    return text + "."
