"""`pam diff`: which figures moved between two published nights, by how much, and which files caused it. A figure moved if it
changed, is new or is gone: its `kind` says which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import duckdb

from dagster_project.core.cell_text import json_text
from dagster_project.core.home import Home
from dagster_project.core.memory import working_database
from dagster_project.core.project_lists import read_seed
from dagster_project.core.receipts import night_order
from dagster_project.core.row_tables import read_rows
from dagster_project.core.sql import literal, one_row
from dagster_project.publishing.figure_diff import KEY, MARTS, attach, by_mart, make_differences
from dagster_project.publishing.kept_nights import TODAY, Publication, kept_before, publication_of
from dagster_project.transform.figure_causes import UNEXPLAINED, make_cause_tables

from .answer_formats import write_result
from .typed_names import measures_named

AT_A_GLANCE = ("month", "calendar_year", "financial_year", "as_published")
"""Period types that are shown unless all are requested: rolling and to-date ones change with these."""

OTHER_WINDOW = (
    "(n): the period is outside file n's window, but a row of the file had a date in it before, is counted together with"
    " such a row, or decides which figures there are\n"
)

FIGURES = (
    "mart", "force_code", "area_type", "area_code", "area_name", "measure", "category", "period_type", "period_start",
    "period_end", "period_label", "unit", "kind", "value_before", "value_after", "change", "data_status_before",
    "data_status_after", "files", "cause",
)  # fmt: skip
FILES = (
    "no", "source_file", "outcome", "extract", "force_code", "covered_from", "covered_to", "night_id", "landed_at",
    "rows_landed", "rows_quarantined", "figures",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """Which figures moved between two nights."""

    before: str
    after: str
    moved: int
    """How many figures moved, whether or not they are among `figures`."""
    unexplained: int
    """How many of these no file explains."""
    marts: list[tuple[Any, ...]]
    """Tuples under the names of `MARTS`."""
    figures: list[dict[str, Any]]
    """By `FIGURES`, and `nos`: the numbers of its files."""
    files: list[dict[str, Any]]
    """By `FILES`."""


def choose_nights(home: Home, nights: Sequence[str]) -> tuple[Publication, Publication]:
    """The two nights of `pam diff [NIGHT [NIGHT]]`, the first against the second.

    Without any: the night before the published one, and the published one. With one: that one and the published one. Raises
    NotKeptError, and ValueError for the same night twice.
    """
    if len(nights) == 2:
        first, second = (publication_of(home, night) for night in nights)
    elif nights:
        first, second = publication_of(home, nights[0]), publication_of(home, TODAY)
    else:
        second = publication_of(home, TODAY)
        first = kept_before(home, second.night_id)
    if first.night_id == second.night_id:
        raise ValueError(f"night {first.night_id} is compared with itself: name two")
    return first, second


def compare(
    home: Home,
    one: Publication,
    other: Publication,
    mart: str | None = None,
    measure: str | None = None,
    limit: int | None = 20,
) -> Difference:
    """Which figures moved from one night to another. `limit` None: every figure; else the largest changes at force level.

    Raises UnknownNameError if neither night has the mart or the measure, ValueError if a file can't be read.
    """
    with working_database(home) as con:
        attach(con, one.path, "earlier")
        attach(con, other.path, "later")
        where = _condition(con, mart, measure)
        total = make_differences(con, where=where)
        make_cause_tables(con)
        _explain_differences(con)
        figures = read_rows(con, _figures(limit))
        files = read_rows(con, f"select {', '.join(FILES)} from numbered_files order by no")
        (unexplained,) = one_row(con, "select count(*) from explained_differences where cause = 'none'")
        extracts = {x for (x,) in con.execute(f"select distinct extract from measure_sources where {where}").fetchall()}
        return Difference(
            one.night_id, other.night_id, total, unexplained, by_mart(con, where=where), figures,
            [f for f in files if f["extract"] in extracts],
        )  # fmt: skip


def _condition(con: duckdb.DuckDBPyConnection, mart: str | None, measure: str | None) -> str:
    """SQL for the figures that `--mart` and `--measure` select, named as `typed_names` has them."""
    if mart is None and measure is None:
        return "true"
    titles = {(m["mart"], m["measure"]): m["title"] for m in read_seed("measure_list")}
    # A night may have measures that the list no longer has.
    nights = "select mart, measure from earlier.marts.measures union select mart, measure from later.marts.measures order by 1"
    listed = [{"mart": a, "measure": b, "title": titles.get((a, b), "")} for a, b in con.execute(nights).fetchall()]
    chosen = measures_named(measure, mart, listed)
    return " and ".join(f"{c} in ({', '.join(sorted({literal(r[c]) for r in chosen}))})" for c in ("mart", "measure"))


def _explain_differences(con: duckdb.DuckDBPyConnection) -> None:
    """Make `numbered_files`, those that moved most figures first, and `explained_differences`, which have their files."""
    con.execute(
        """
        create or replace temp table numbered_files as
        select
            cast(row_number() over (order by coalesce(fed.figures, 0) desc, landed.file_id) as integer) as no,
            landed.*, coalesce(fed.figures, 0) as figures
        from landed
        left join (
            select file_id, count(*) as figures
            from (
                select unnest(file_ids) as file_id
                from differences
                join caused using (mart, measure, force_code, period_start, period_end, kind)
            ) group by file_id
        ) as fed using (file_id)
        """
    )
    con.execute(
        """
        create or replace temp table explained_differences as
        with named as (
            select
                file_ids,
                string_agg(source_file, '; ' order by no) as files,
                list(no order by no) as nos
            from (select file_ids, unnest(file_ids) as file_id from (select distinct file_ids from caused))
            join numbered_files using (file_id)
            group by file_ids
        )
        select
            differences.*, named.files, named.nos,
            case when caused.file_ids is null then 'none' when caused.is_direct then 'window' else 'other window' end as cause
        from differences
        left join caused using (mart, measure, force_code, period_start, period_end, kind)
        left join named using (file_ids)
        """
    )


def _figures(limit: int | None) -> str:
    """SQL for the figures that are shown: all by key, or the largest changes.

    Each unit is ranked by itself, as pounds and offences can't be compared, and the units take turns. Periods that were
    complete come first: their changes are corrections, while a partial period always grows.
    """
    columns = ", ".join((*FIGURES, "nos"))
    if limit is None:
        return f"select {columns} from explained_differences order by {', '.join(KEY)}"
    types = ", ".join(f"'{t}'" for t in AT_A_GLANCE)
    return f"""
        with shown as (
            select
                *,
                coalesce(data_status_before = 'complete', false) as was_complete,
                coalesce(value_after, value_before) is null as is_empty
            from explained_differences
            where (area_type = 'force' or period_type = 'as_published') and period_type in ({types})
        ),
        ranked as (
            select
                *,
                row_number() over (
                    partition by was_complete, is_empty, unit
                    order by abs(change) desc nulls last, abs(coalesce(value_after, value_before)) desc nulls last,
                        mart, measure, category, period_start desc, period_end, force_code, area_code
                ) as place
            from shown
        )
        select {columns} from ranked order by was_complete desc, is_empty, place, unit, mart, measure limit {limit}
        """


def write(difference: Difference, form: str, out: TextIO) -> None:
    """Write a difference: `csv` has the figures, `json` has everything, `table` is a summary for a person."""
    figures = [{column: figure[column] for column in FIGURES} for figure in difference.figures]
    if form == "csv":
        write_result(FIGURES, [[*figure.values()] for figure in figures], "csv", out)
    elif form == "json":
        names = [name.replace(" ", "_") for name in MARTS]
        marts = [dict(zip(names, row, strict=True)) for row in difference.marts]
        out.write(json_text({**vars(difference), "marts": marts, "figures": figures}) + "\n")
    else:
        _write_text(difference, out)


def _write_text(difference: Difference, out: TextIO) -> None:
    note = ", which is the older" if night_order(difference.after) < night_order(difference.before) else ""
    out.write(f"From night {difference.before} to night {difference.after}{note}: {difference.moved:,} figures moved\n")
    if not difference.moved:
        return
    write_result(MARTS, difference.marts, "table", out)
    if difference.figures:
        out.write("\nThe largest moves" if len(difference.figures) < difference.moved else "\nThe moves")
        out.write(", complete periods first; files by their number below\n")
        write_result(
            ("figure", "area", "period", "before", "after", "change", "status", "files"),
            [_table_row(figure) for figure in difference.figures],
            "table",
            out,
        )
    if difference.files:
        out.write("\nFiles that landed between the two\n")
        columns = ("no", "source_file", "outcome", "landed_at", "rows_landed", "rows_quarantined", "figures")
        write_result(
            ("no", "file", "outcome", "landed", "rows", "quarantined", "figures moved"),
            [[_without_fractions(file[c]) for c in columns] for file in difference.files],
            "table",
            out,
        )
    if difference.unexplained:
        out.write(f"{difference.unexplained:,} figures: {UNEXPLAINED}\n")
    if any(figure["cause"] == "other window" for figure in difference.figures):
        out.write(OTHER_WINDOW)


def _without_fractions(value: Any) -> Any:
    return value.replace(microsecond=0) if hasattr(value, "microsecond") else value


def _table_row(row: dict[str, Any]) -> tuple[Any, ...]:
    nos = ", ".join(str(n) for n in row["nos"] or ())
    files = {"none": "none", "window": nos, "other window": f"({nos})"}[row["cause"]]
    statuses = [s for s in (row["data_status_before"], row["data_status_after"]) if s]
    status = statuses[0] if len(set(statuses)) == 1 else " to ".join(statuses)
    area = row["area_code"] if row["area_type"] == "force" else f"{row['area_name']} ({row['area_type']})"
    # Two decimal places are enough for a person. 0 is for a true zero alone.
    numbers = [v if v is None else round(v, 2) or v for v in (row["value_before"], row["value_after"], row["change"])]
    category = "" if row["category"] == "all" else f", {row['category']}"
    return (
        f"{row['mart'].removeprefix('mart_')} {row['measure']}{category}",
        area,
        f"{row['period_label']}",
        *numbers,
        status if row["kind"] == "changed" else f"{row['kind']}, {status}",
        files,
    )
