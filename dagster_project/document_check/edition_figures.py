"""Reads what an edition prints from the published night: the cells of its tables and its claims, each figure once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import duckdb

from dagster_project.core.project_lists import force_names, read_seed
from dagster_project.core.row_tables import read_rows
from dagster_project.core.sql import one_row
from dagster_project.editions import newest_with_files
from dagster_project.editions.model import NoEditionError
from dagster_project.editions.windows import month_number
from dagster_project.serving.typed_names import Area, areas_of

from .model import SHOWS, Figure, Printed
from .text.force_called import own_names
from .text.words import Mention, holds, named

_OF_MONTHS = """
    sum(value) as value, if(count(volume_change) = count(*), sum(volume_change), null) as volume_change,
    cast(100 * if(count(volume_change) = count(*), sum(volume_change), null) / nullif(sum(prior_value), 0) as decimal(28, 10))
        as pct_change, 'complete' as data_status, strftime(min(period_start), '%b-') || strftime(max(period_end), '%b %Y')
"""
"""The columns of a period that no mart has, from its months, of a measure that `_is_summed`."""


@dataclass(frozen=True)
class EditionCell:
    """A cell of a printed table. `figure`: None if the cell does not apply."""

    row_no: int
    column_no: int
    column_name: str
    figure: Figure | None


@dataclass
class PrintedTable:
    """A table of the edition: row and column labels by number, and cells by both numbers."""

    name: str
    title: str
    rows: dict[int, str] = field(default_factory=dict)
    columns: dict[int, str] = field(default_factory=dict)
    cells: dict[tuple[int, int], EditionCell] = field(default_factory=dict)


@dataclass(frozen=True)
class EditionFigures:
    """An edition's tables, and every figure of its tables and claims (`pool`). `claims`: figure and note, by the claim's
    number. `places`: the areas. `data_to`: its last day of data. `published_categories`: by mart and measure, also those that
    the edition does not print."""

    con: duckdb.DuckDBPyConnection
    edition: str
    force_code: str
    data_to: date
    tables: dict[str, PrintedTable]
    pool: tuple[Figure, ...]
    claims: dict[str, tuple[Figure, str]]
    places: Sequence[Area]
    published_categories: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def with_value(self, figure: Figure) -> Figure:
        """The figure with its value, if the edition or a mart of the published night has it, or months that add up to it."""
        if known := self.by_key.get(figure.key):
            return known
        keys = [figure.mart, figure.measure, self.force_code, figure.category, figure.area_type, figure.area_name]
        of_figure = "mart = ? and measure = ? and force_code = ? and category = ? and area_type = ? and area_name = ?"
        row: tuple[Any, ...] | None = self.con.execute(
            f"select value, volume_change, pct_change, data_status, period_label from marts.measures where {of_figure}"
            " and period_start = ? and period_end = ?", [*keys, figure.first, figure.last],
        ).fetchone()  # fmt: skip
        if row is None and figure.first and figure.last and figure.first.day == 1 and _is_summed(figure.what):
            months = month_number(figure.last) - month_number(figure.first) + 1
            row = self.con.execute(
                f"select {_OF_MONTHS} from marts.measures where {of_figure} and period_type = 'month'"
                " and data_status = 'complete' and period_start >= ? and period_end <= ? having count(value) = ?",
                [*keys, figure.first, figure.last, months],
            ).fetchone()
        if row is None:
            return figure
        value = dict(zip(SHOWS, row[:3], strict=True)).get(figure.shows)
        return replace(figure, value=value, status=row[3], period=figure.period or row[4])

    @property
    def force_name(self) -> str:
        return force_names().get(self.force_code, self.force_code)

    @cached_property
    def areas(self) -> dict[str, frozenset[str]]:
        """Names of areas, by kind."""
        return {kind: frozenset(p.name for p in self.places if p.kind == kind) for kind in {p.kind for p in self.places}}

    def areas_of(self, *kinds: str) -> frozenset[str]:
        """Names of areas of these kinds."""
        return frozenset().union(*(self.areas.get(kind, frozenset()) for kind in kinds))

    @cached_property
    def areas_within(self) -> frozenset[str]:
        """Names of areas other than the whole county."""
        return frozenset(a for names in self.areas.values() for a in names if not own_names(self.force_name).fullmatch(a))

    def names_whole(self, text: str) -> bool:
        """Whether a text names the force, or all of its area."""
        return bool(self.wholes(text))

    def without_whole(self, text: str, fill: str = " ") -> str:
        """A text of the same length without the names of the force and of all of its area, such as `Derby and Derbyshire`."""
        for whole in self.wholes(text):
            text = text[: whole.start] + fill * (whole.end - whole.start) + text[whole.end :]
        return text

    def wholes(self, text: str) -> list[Mention]:
        """Where a text names the force, or all of its area. `Derbyshire Dales` is another area."""
        areas = named(text, self.areas_within)
        found = [Mention(*m.span(), self.force_name) for m in own_names(self.force_name).finditer(text)]
        return [whole for whole in found if not any(holds(area, whole) for area in areas)]

    def newest(self, figure: Figure) -> date | None:
        """The last day of any of the edition's figures of the same series."""
        return self._ends.get(_series(figure))

    @cached_property
    def categories(self) -> dict[tuple[str, str], set[str]]:
        """The categories of each measure that the edition prints."""
        categories: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for f in self.pool:
            categories[f.mart, f.measure].add(f.category)
        return categories

    def named_categories(self, mart: str, measure: str | None = None) -> frozenset[str]:
        """The categories of a measure, or of all measures of a mart, printed or not, but for `all`."""
        return self._category_names.get((mart, measure), frozenset())

    @cached_property
    def _category_names(self) -> dict[tuple[str, str | None], frozenset[str]]:
        names: defaultdict[tuple[str, str | None], set[str]] = defaultdict(set)
        for known in (self.categories, self.published_categories):
            for (mart, measure), categories in known.items():
                names[mart, measure] |= categories - {"all"}
                names[mart, None] |= categories - {"all"}
        return {key: frozenset(found) for key, found in names.items()}

    @cached_property
    def by_key(self) -> dict[tuple[object, ...], Figure]:
        """Each figure that the edition prints, by what it is of."""
        return {f.key: f for f in reversed(self.pool)}

    @cached_property
    def by_id(self) -> dict[str, Figure | None]:
        """Each figure by the ids that a tag may have: `table/row/column`, the row also by its label, and `claim/number`."""
        by_id: dict[str, Figure | None] = {f"claim/{number}": figure for number, (figure, _) in self.claims.items()}
        cells = [(t, c) for t in self.tables.values() for c in t.cells.values()]
        # Numbers first, which `pam report` writes: a label may be a number too, or that of two rows.
        by_number = [(t, c, c.row_no) for t, c in cells]
        for t, c, row in (*by_number, *((t, c, t.rows[c.row_no]) for t, c in cells)):
            for column in (c.column_no, c.column_name):
                by_id.setdefault(f"{t.name}/{row}/{column}".lower(), c.figure)
        return by_id

    @cached_property
    def _ends(self) -> dict[tuple[str, ...], date]:
        ends: dict[tuple[str, ...], date] = {}
        for f in self.pool:
            if f.last:
                ends[_series(f)] = max(f.last, ends.get(_series(f), f.last))
        return ends


def _series(figure: Figure) -> tuple[str, ...]:
    return figure.mart, figure.measure, figure.shows, figure.area_type, figure.category


def read_edition_figures(con: duckdb.DuckDBPyConnection, edition: str | None) -> EditionFigures:
    """An edition's figures; by default those of the newest of a force with files. Raises NoEditionError."""
    known = [r[0] for r in con.execute("select distinct edition from reports.tables union select edition from reports.claims"
                                       " order by 1").fetchall()]  # fmt: skip
    if not known or edition not in (None, *known):
        raise NoEditionError(f"the published night has no edition {edition or 'at all'}: it has {', '.join(known) or 'none'}")
    chosen = edition or newest_with_files(con, {name: _scope(con, name)[0] for name in known}) or known[-1]
    tables = _read_tables(con, chosen)
    pool: dict[tuple[object, ...], Figure] = {}
    for table in tables.values():
        for cell in table.cells.values():
            # An earlier period that others publish has no days here, so only its table can use it.
            if cell.figure and (cell.figure.last or cell.figure.period == ""):
                pool.setdefault(cell.figure.key, cell.figure)
    claims = _add_claims(con, chosen, pool)
    force, data_to = _scope(con, chosen)
    areas, categories = areas_of(con, force), _categories(con, force)
    return EditionFigures(con, chosen, force, data_to, tables, tuple(pool.values()), claims, areas, categories)


def _is_summed(measure: str) -> bool:
    """Whether a measure's months add up to longer periods. `measure`: `mart.measure`."""
    return any(r["aggregation"] == "sum" for r in read_seed("measure_list") if f"{r['mart']}.{r['measure']}" == measure)


def figures_to_understand(con: duckdb.DuckDBPyConnection, edition: str, force_code: str, data_to: date) -> EditionFigures:
    """An edition's figures; only the areas if no night has printed it yet."""
    try:
        return replace(read_edition_figures(con, edition), data_to=data_to)
    except NoEditionError:
        areas, categories = areas_of(con, force_code), _categories(con, force_code)
        return EditionFigures(con, edition, force_code, data_to, {}, (), {}, areas, categories)


def _categories(con: duckdb.DuckDBPyConnection, force: str) -> dict[tuple[str, str], frozenset[str]]:
    query = "select mart, measure, list(distinct category) from marts.measures where force_code = ? group by all"
    return {(mart, measure): frozenset(names) for mart, measure, names in con.execute(query, [force]).fetchall()}


def _scope(con: duckdb.DuckDBPyConnection, edition: str) -> tuple[str, date]:
    """The force, and the last day of data of most tables."""
    force, data_to = one_row(
        con,
        "select (select max(force_code) from (select force_code from reports.cells where edition = $e"
        " union all select force_code from reports.claims where edition = $e)),"
        " coalesce((select mode(data_to) from reports.tables where edition = $e),"
        " (select max(period_end) from reports.claims where edition = $e), current_date)",
        {"e": edition},
    )
    return force or "", data_to


def _read_tables(con: duckdb.DuckDBPyConnection, edition: str) -> dict[str, PrintedTable]:
    tables = {
        name: PrintedTable(name, title)
        for name, title in con.execute(
            "select table_name, title from reports.tables where edition = ? order by table_no", [edition]
        ).fetchall()
    }
    for cell in read_rows(
        con, "select * from reports.cells where edition = ? order by table_name, row_no, column_no", [edition]
    ):
        table, row_no, column_no = tables[cell["table_name"]], cell["row_no"], cell["column_no"]
        table.rows[row_no] = cell["row_label"]
        table.columns[column_no] = cell["column_label"]
        period = "" if cell["window_label"] == "newest" else cell["window_label"] or ""
        figure = None if cell["answer_id"] is None else make_figure(cell, period)
        table.cells[row_no, column_no] = EditionCell(row_no, column_no, cell["column_name"], figure)
    return tables


def make_figure(row: dict[str, Any], period: str) -> Figure:
    """The figure of a row of the marts or of `reports`, with what is shown of it. `period`: its days in words."""
    return Figure(
        row["mart"], row["measure"], row["shows"], row["area_type"], row["area_name"], row["category"], row["period_start"],
        row["period_end"], row["unit"], row["value"], row["data_status"], period,
    )  # fmt: skip


def _add_claims(
    con: duckdb.DuckDBPyConnection, edition: str, pool: dict[tuple[object, ...], Figure]
) -> dict[str, tuple[Figure, str]]:
    """Add the claims to their figures in the pool. Returns each claim's figure and note, by number."""
    numbers: dict[str, tuple[tuple[object, ...], str]] = {}
    for claim in read_rows(
        con, "select * replace (coalesce(unit, 'count') as unit), figure as shows, computed as value from reports.claims"
        " where edition = ? and kind = 'figure' order by claim_no", [edition],
    ):  # fmt: skip
        words = (claim["period_label"] or "") if claim["period_end"] else ""
        figure = make_figure(claim, words)
        known = pool.get(figure.key, figure)
        claims = (*known.claims, Printed(claim["paragraph"], claim["printed"], claim["verdict"], claim["reason"]))
        pool[figure.key] = replace(known, claims=claims, period=known.period or words)
        numbers[str(claim["claim_no"])] = figure.key, claim["note"] or ""
    return {number: (pool[key], note) for number, (key, note) in numbers.items()}
