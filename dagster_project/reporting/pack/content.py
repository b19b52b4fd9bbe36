"""Reads the published night as a report pack, which the writers turn into pages, CSVs, a workbook and a document."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import chain, count, groupby
from typing import Any

import duckdb

from dagster_project.core.project_lists import extract_of, force_names, read_seed
from dagster_project.core.published_explanations import AcceptedMonth, accepted_months, accepted_within
from dagster_project.core.row_tables import read_rows
from dagster_project.core.sql import one_row
from dagster_project.editions import Edition
from dagster_project.editions.edition_tables import requested_by
from dagster_project.editions.model import NoEditionError
from dagster_project.editions.paragraphs import sort_paragraphs, within

from ..measure_words import NEVER_RECEIVED, formula_in_words, status_in_words
from .control_chart_words import read_evidence, window_of
from .findings import choose_findings
from .model import MISSING, PUBLIC_ONLY, Cell, Claim, Definition, Pack, Page, PrintedColumn, Row, Source, Table
from .page_charts import make_page_charts
from .public_cells import public_cells, read_public_rule
from .wording import PLACES, capitalise, day_in_words, days_in_words, format_number, join_words, slug

RESERVED = ("index", "findings", "claims", "sources")
"""Pages that every pack has."""
_BACK = re.compile(r"(?:(\d+) before the )?newest")
"""A window that counts back from the newest period."""
OTHER = "Other figures"
"""The page of tables without a part of the report."""


def read_pack(con: duckdb.DuckDBPyConnection, edition: Edition, is_made_up: bool = False, public: bool = False) -> Pack:
    """Read an edition from a night's file, published or candidate, by its schemas `reports`, `marts` and `meta`.

    The edition gives its title, and the shape of tables of which the night has no row. `public`: the public form, made from the
    edition, `marts_public` and `meta`, without counts of rows, claims and revisions. Raises NoEditionError if the night does
    not have the edition (it is newer than the night), and NoPublicFormError.
    """
    return _Reader(con, edition, public).pack(is_made_up)


class _Reader:
    """Reads one edition. `tables`: by part of the report, each with its cells, in the columns of `reports`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, edition: Edition, public: bool) -> None:
        self.con, self.edition, self.public = con, edition, public
        self.rule = read_public_rule(con) if public else None
        self.force = force_names().get(edition.force_code, edition.force_code)
        self.sources = _read_sources(con, edition.force_code, with_rows=not public)
        self.measures = _read_definitions(con)
        named = "select area_name from bi.dim_area where force_code = ? and area_type = 'section'"
        self.sections = [] if public else [name for (name,) in con.execute(named, [edition.force_code]).fetchall()]
        self.claims: list[Claim] = []
        # Why a figure was accepted is for the force's own people.
        self.accepted: Sequence[AcceptedMonth] = []
        if public:
            tables = requested_by([edition.model_copy(update={"claims": None})]).tables
            cells = public_cells(con, edition)
        else:
            tables, cells = _read_tables(con, edition)
            self.claims = _read_claims(con, edition.edition, self.measures, self.force)
            self.accepted = accepted_months(con, edition.force_code)
        self.tables: dict[str, list[tuple[dict[str, Any], list[dict[str, Any]]]]] = {}
        for row in tables:
            self.tables.setdefault(row["objective"] or OTHER, []).append((row, cells.get(row["table_name"], [])))
        self.cells = [c for tables_of_part in self.tables.values() for _, own in tables_of_part for c in own]
        _name_published_periods(con, edition.force_code, self.cells, public)
        self.evidence = read_evidence(con, edition.force_code, self.force, self.cells, public)

    def pack(self, is_made_up: bool) -> Pack:
        edition = self.edition
        this_night = "select night_id, started_at from meta.nights where finished_at is null"
        night, started_at = one_row(self.con, this_night)
        used_names = set(RESERVED)
        pages = _add_loose_claims([self._page(title, used_names) for title in self.tables], self.claims)
        frozen = max((c["printed_in"] for c in self.cells if c["printed_in"]), default=None)
        late = tuple(s for s in self.sources.values() if s.status not in ("current", "not sent"))
        return Pack(
            edition=edition.edition, title=edition.title, force_code=edition.force_code, force=self.force,
            data_to=edition.data_to, night_id=night, night_at=started_at, frozen_in=frozen, is_made_up=is_made_up,
            data_status=_completeness([t for p in pages for t in p.tables], self.sources, late), pages=pages,
            claims=tuple(self.claims), sources=tuple(self.sources.values()), late=late, rule=self.rule,
        )  # fmt: skip

    def _page(self, title: str, taken: set[str]) -> Page:
        """The page of a part of the report. `taken`: names of pages so far, to which its own is added."""
        tables = [self._table(row, cells) for row, cells in self.tables[title]]
        paragraphs = [t.paragraph for t in tables]
        return Page(
            slug=_unique(slug(title), taken), title=title, paragraphs=sort_paragraphs(paragraphs), tables=tuple(tables),
            charts=make_page_charts(self.con, self.edition.force_code, tables, self.evidence.charts, self.public),
            claims=tuple(c for c in self.claims if any(within(c.paragraph, p) for p in paragraphs)),
            sources=tuple({s.extract: s for t in tables for s in t.sources}.values()),
            findings=choose_findings(self.tables[title], self.measures, self.evidence, self.force),
        )  # fmt: skip

    def _table(self, row: dict[str, Any], cells: list[dict[str, Any]]) -> Table:
        name = row["table_name"]
        # Without cells, the edition says which columns and measures there would be.
        requested = [c for t in self.edition.tables if t.table == name and not cells for c in self.edition.cells(t)]
        keys = [(c["mart"], c["measure"]) for c in cells]
        keys += [(c.fields["mart"], c.fields["measure"]) for c in requested if c.fields]
        used = [self.measures[m] for m in dict.fromkeys(keys) if m in self.measures]
        sources = [self.sources[e] for e in dict.fromkeys(e for d in used for e in d.extracts) if e in self.sources]
        covered_to = {(d.mart, d.measure): self.sources[e].covered_to for d in used for e in d.extracts if e in self.sources}
        is_published = _is_published([c for c in cells if c["answer_id"]])
        scope = "as others publish it" if is_published else f"data to {day_in_words(row['data_to'])}"
        unavailable = None
        later_days = _later_days_note(cells, row["data_to"], covered_to)
        if cells:
            columns = _columns(cells)
            rows = _rows(cells, columns, self.evidence.describe_changes(cells))
        else:
            columns = tuple({c.column_no: PrintedColumn(c.column.name, c.column_label, None, None) for c in requested}.values())
            titles = join_words([s.title for s in sources if not s.files] or [s.title for s in sources])
            unavailable = "Not available: no accepted file" + (f" of {titles}" if titles else "") + " says anything of it."
            rows = (Row(1, "Not available", tuple(_missing_cell(f"{name}/1/{c.name}") for c in columns)),)
        return Table(
            name=name, number=row["table_no"], kind=row["kind"], chart=row["chart"],
            paragraph=row["paragraph"], title=row["title"],
            rows_are=row["rows_are"] or "Row", scope=f"{self.force}, {scope}", data_to=row["data_to"],
            columns=columns, rows=rows,
            notes=(
                *(row["notes"].split("\n") if row["notes"] else ()),
                *([later_days] if later_days else []),
                *([NO_SECTION] if not self.public and leaves_rows_out_of_sections(cells, self.sections) else []),
                *accepted_notes(cells, self.accepted, self.measures),
                *self.evidence.describe_rebases(
                    [w for c in cells if (w := window_of(c))], {key: d.title for key, d in self.measures.items()}
                ),
            ),
            sources=tuple(sources), definitions=tuple(used), of_one_category=_of_one_category(cells),
            claims=tuple(c for c in self.claims if within(c.paragraph, row["paragraph"])),
            statuses=dict(Counter(_status_of(c) for r in rows for c in r.cells)), unavailable=unavailable,
            later_days=later_days,
        )  # fmt: skip


def _of_one_category(cells: Iterable[Mapping[str, Any]]) -> frozenset[tuple[str, str]]:
    """Marts and measures of which all cells are of one category, and not of all of them together."""
    categories: dict[tuple[str, str], set[str]] = {}
    for c in cells:
        categories.setdefault((c["mart"], c["measure"]), set()).add(c["category"])
    return frozenset(key for key, names in categories.items() if len(names) == 1 and "all" not in names)


def _read_tables(
    con: duckdb.DuckDBPyConnection, edition: Edition
) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """The tables of an edition in `reports`, and their cells by table."""
    tables = read_rows(con, "select * from reports.tables where edition = ? order by table_no", [edition.edition])
    if not tables:
        editions = [r[0] for r in con.execute("select distinct edition from reports.tables order by 1").fetchall()]
        raise NoEditionError(
            f"the published night does not print edition {edition.edition}: it has {', '.join(editions) or 'none'}; the next"
            " night prints every edition there is"
        )
    in_order = "select * from reports.cells where edition = ? order by table_name, row_no, column_no"
    cells = groupby(read_rows(con, in_order, [edition.edition]), lambda c: str(c["table_name"]))
    return tables, {table: list(rows) for table, rows in cells}


def _read_sources(con: duckdb.DuckDBPyConnection, force: str, with_rows: bool) -> dict[str, Source]:
    """Every extract, with how much of it came from the force."""
    sources = {}
    for r in read_rows(con, "select * from meta.extracts order by extract"):
        if r["force_code"] == force or r["extract"] not in sources:
            is_own = r["force_code"] == force
            status = status_in_words(r["status"]) if is_own or r["status"] == "not sent" else NEVER_RECEIVED
            sources[r["extract"]] = Source(
                extract=r["extract"], title=r["title"], status=status, rhythm=r["rhythm"],
                files=r["files_accepted"] if is_own else 0, rows=None if not with_rows else r["rows_current"] if is_own else 0,
                covered_from=r["covered_from"] if is_own else None, covered_to=r["covered_to"] if is_own else None,
                extracted_at=r["extracted_at"] if is_own else None,
                days_late=r["days_late"] if is_own else None, covered_days=r["covered_days"] if is_own else 0,
            )  # fmt: skip
    return sources


def _read_definitions(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Definition]:
    rows = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}
    definitions = {}
    for r in read_rows(con, "select * from meta.dictionary where kind = 'measure'"):
        key = (r["relation_name"], r["name"])
        definitions[key] = Definition(
            mart=key[0], measure=key[1], title=r["title"], unit=r["unit"], meaning=r["description"],
            formula=formula_in_words(r["formula"]),
            aggregation=rows[key]["aggregation"] if key in rows else "",
            extracts=(extract_of(rows[key]),) if key in rows else (),
        )  # fmt: skip
    return definitions


def _name_published_periods(
    con: duckdb.DuckDBPyConnection, force_code: str, cells: Iterable[dict[str, Any]], public: bool
) -> None:
    """Name the period of figures that others publish as they do: `2022 - 24`, where the edition asks for the `newest`."""
    asked = [(c, back) for c in cells if c["answer_id"] and (back := _BACK.fullmatch(c["window_label"] or ""))]
    if not asked:
        return
    rows = con.execute(
        "select measure, category, area_type, area_name, list(period_label order by period_end desc, period_start desc)"
        f" from {'marts_public' if public else 'marts'}.mart_public_health where force_code = ? group by all",
        [force_code],
    ).fetchall()
    periods = {row[:4]: row[4] for row in rows}
    for c, back in asked:
        labels = periods.get((c["measure"], c["category"] or "all", c["area_type"], c["area_name"]), [])
        c["window_label"] = labels[n] if (n := int(back[1] or 0)) < len(labels) else c["window_label"]


NO_SECTION = "Records without a known unit are in the force's figure, and in no section."

COLUMN_WORDS = {"volume_change": "change", "pct_change": "change in per cent", "prior_value": "the year before"}
"""What a claim's column of the marts is called, if it is not the value."""


def _read_claims(
    con: duckdb.DuckDBPyConnection, edition: str, measures: dict[tuple[str, str], Definition], force: str
) -> list[Claim]:
    claims = []
    for r in read_rows(con, "select * from reports.claims where edition = ? order by claim_no", [edition]):
        measure = measures.get((r["mart"], r["measure"]))
        name = measure.title if measure else r["measure"].replace("_", " ")
        parts = [name, COLUMN_WORDS.get(r["figure"], r["figure"] if r["figure"] != "value" else None),
                 None if r["area_name"] == force else r["area_name"],
                 None if r["category"] in (None, "all") else r["category"], r["period_label"]]  # fmt: skip
        what = r["says"] or ", ".join(p for p in parts if p)
        claims.append(
            Claim(
                no=r["claim_no"], paragraph=r["paragraph"], kind=r["kind"], what=capitalise(what),
                printed=r["printed"] or "",
                computed=_exact(r["computed"], r["unit"], r["figure"]),
                # Two percentages differ by points, not by a percentage.
                difference=_exact(r["difference"], r["unit"], r["figure"]).replace("%", " points"),
                verdict=r["verdict"],
                reason="; ".join(dict.fromkeys(t for t in (r["known_reason"], r["reason"], r["note"]) if t)),
                is_known=bool(r["is_known"]),
            )
        )  # fmt: skip
    return claims


def _exact(value: Decimal | None, unit: str | None, figure: str | None) -> str:
    """A computed figure: two decimal places unless it is a whole number."""
    if value is None:
        return ""
    unit = "percent" if figure == "pct_change" else unit
    return format_number(value, unit, 0 if value == value.to_integral_value() else 2)


def accepted_notes(
    cells: Iterable[dict[str, Any]], accepted: Sequence[AcceptedMonth], measures: dict[tuple[str, str], Definition]
) -> list[str]:
    """A note for each month that a person accepted at the gate and that a figure of the table includes."""
    titles: dict[AcceptedMonth, str] = {}
    for c in cells if accepted else ():
        if c["answer_id"] is not None and c["period_end"]:
            for a in accepted_within(accepted, {c["measure"]}, c["period_start"], c["period_end"]):
                titles[a] = measures[c["mart"], c["measure"]].title if (c["mart"], c["measure"]) in measures else a.measure
    return [
        f"{title} of {a.month} is far from the mean of the twelve months before, and was accepted: {a.why}"
        for a, title in titles.items()
    ]


def _later_days_note(cells: Iterable[dict[str, Any]], data_to: date, covered_to: Mapping[tuple[str, str], date | None]) -> str:
    """A note where figures count days after the table's last day of data, as their period ends later: the year it lies in.
    `covered_to`: by mart and measure, the last day that files of its own extract cover. Empty where they do not."""
    later: dict[str, date] = {}
    for c in cells:
        covered = covered_to.get((c["mart"], c["measure"]))
        if c["value"] is not None and c["period_end"] and covered and (last := min(covered, c["period_end"])) > data_to:
            later[c["window_label"]] = max(last, later.get(c["window_label"], last))
    if not later:
        return ""
    days = f"after {day_in_words(data_to)}, up to {day_in_words(max(later.values()))}, as files cover them"
    return f"{join_words(list(later))}: also counts days {days}."


def leaves_rows_out_of_sections(cells: Iterable[dict[str, Any]], sections: Collection[str]) -> bool:
    """Whether all of a force's `sections` add up to less than its figure beside them, as rows without a unit are in none."""
    values: dict[tuple[Any, ...], dict[tuple[str, str], Decimal]] = {}
    for c in cells:
        if c["value"] is not None and c["shows"] == "value" and c["unit"] in ("count", "gbp"):
            figure = (c["mart"], c["measure"], c["category"], c["period_start"], c["period_end"])
            values.setdefault(figure, {})[c["area_type"], c["area_name"]] = c["value"]
    for by_area in values.values():
        listed = {name: value for (kind, name), value in by_area.items() if kind == "section"}
        whole = sum(value for (kind, _), value in by_area.items() if kind == "force")
        # One section of several is less than the force without any such row.
        if listed and listed.keys() >= set(sections) and sum(listed.values()) < whole:
            return True
    return False


def _columns(cells: list[dict[str, Any]]) -> tuple[PrintedColumn, ...]:
    by_no: dict[int, list[dict[str, Any]]] = {}
    for cell in cells:
        by_no.setdefault(cell["column_no"], []).append(cell)
    columns = []
    for _, cells_of_column in sorted(by_no.items()):
        label = next((c["column_label"] for c in cells_of_column if c["window_label"]), cells_of_column[0]["column_label"])
        # A cell without a figure has no period.
        window = _shared([c for c in cells_of_column if not _BACK.fullmatch(c["window_label"] or "")], "window_label")
        columns.append(PrintedColumn(cells_of_column[0]["column_name"], label, window, _shared(cells_of_column, "unit")))
    return tuple(columns)


def _is_published(cells: list[dict[str, Any]]) -> bool:
    """Whether all of it is figures that others publish, for periods of their own."""
    return bool(cells) and all(c["period_end"] is None for c in cells)


def _shared(cells: list[dict[str, Any]], field: str) -> str | None:
    """The value of a field that all cells share, leaving out empty ones; None where they differ."""
    values = {c[field] for c in cells if c[field]}
    return values.pop() if len(values) == 1 else None


def _rows(
    cells: list[dict[str, Any]], columns: Sequence[PrintedColumn], unusual: Mapping[tuple[int, str], str]
) -> tuple[Row, ...]:
    rows = []
    for (table, no, label), cells_of_row in groupby(cells, lambda c: (c["table_name"], c["row_no"], c["row_label"])):
        by_name = {c["column_name"]: _cell(c, unusual.get((no, c["column_name"]), "")) for c in cells_of_row}
        rows.append(Row(no, label, tuple(by_name.get(c.name) or _missing_cell(f"{table}/{no}/{c.name}") for c in columns)))
    return tuple(rows)


def _cell(c: dict[str, Any], unusual: str) -> Cell:
    text = c["printed"] or MISSING
    for marker in (c["marker"] or "").split():
        text = text.replace(marker, "")
    text = text.strip()
    decimals = len(text.rstrip("%").partition(".")[2]) if text else PLACES.get(c["unit"] or "", 0)
    return Cell(
        cell_id=f"{c['table_name']}/{c['row_no']}/{c['column_name']}", printed=c["printed"] or MISSING, text=text,
        marker=c["marker"], value=c["value"], unit=c["unit"], decimals=decimals, data_status=c["data_status"],
        can_be_traced=c["answer_id"] is not None and c["period_end"] is not None and c["value"] is not None,
        measure=c["measure"], shows=c["shows"], printed_before=c["printed_before"], printed_in=c["printed_in"],
        days=days_in_words(c["period_start"], c["period_end"]) or f"as published: {c['window_label'] or 'newest'}",
        unusual=unusual,
    )  # fmt: skip


def _status_of(cell: Cell) -> str:
    """How complete a printed figure is: a change that is missing is not available, though both of its years are complete."""
    if cell.marker == "[z]":
        return "not_applicable"
    if cell.marker == PUBLIC_ONLY:
        return "not_public"
    return (cell.data_status or "complete") if cell.value is not None else "not_available"


def _missing_cell(cell_id: str) -> Cell:
    """The cell where the night has nothing: not available, never 0."""
    return Cell(cell_id, MISSING, "", MISSING, None, None, 0, "not_available", False)


def _add_loose_claims(pages: list[Page], claims: Sequence[Claim]) -> tuple[Page, ...]:
    """Add each claim of a paragraph without a table to the first page of its chapter."""
    placed = {c.no for p in pages for c in p.claims}
    for n, page in enumerate(pages):
        chapters = {part.partition(".")[0].strip() for part in re.split(r"[,-]", page.paragraphs)}
        more = [c for c in claims if c.no not in placed and c.paragraph.partition(".")[0] in chapters]
        if more:
            placed |= {c.no for c in more}
            pages[n] = replace(page, claims=tuple(sorted((*page.claims, *more), key=lambda c: c.no)))
    return tuple(pages)


def _unique(name: str, taken: set[str]) -> str:
    unique = next(n for n in chain([name], (f"{name}-{n}" for n in count(2))) if n not in taken)
    taken.add(unique)
    return unique


def _completeness(tables: Iterable[Table], sources: dict[str, Source], late: Sequence[Source]) -> str:
    """How complete and up to date the edition is, in a sentence or two."""
    counted: Counter[str] = Counter()
    for table in tables:
        counted.update(table.statuses)
    counted.pop("not_applicable", None)
    total = sum(counted.values())
    text = f"{counted['complete']:,} of {total:,} figures are complete"
    for status, words in (("partial", "provisional"), ("not_available", "not available"), ("not_public", "not public")):
        if counted[status]:
            text += f", {counted[status]:,} {words}"
    never = sum(s.status == NEVER_RECEIVED for s in late)
    sent = sum(s.status != "not sent" for s in sources.values())
    if len(late) > never:
        text += f". {len(late) - never} of {sent} extracts {'is' if len(late) - never == 1 else 'are'} late"
    if never:
        text += f". {never} of {sent} extracts {'was' if never == 1 else 'were'} {NEVER_RECEIVED}"
    return text + "."
