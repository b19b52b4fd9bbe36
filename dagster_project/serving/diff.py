"""`pam diff`: which figures changed between two published nights, by how much, and which files caused it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import duckdb

from dagster_project.core.cell_text import json_text
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.receipts import night_order
from dagster_project.core.sql import one_row
from dagster_project.publishing.figure_diff import MARTS, attach, by_mart, find_differences
from dagster_project.publishing.kept_nights import TODAY, Publication, find_kept, kept_before
from dagster_project.transform.figure_causes import UNEXPLAINED, find_causes

from .answer_formats import write_result

AT_A_GLANCE = ("month", "calendar_year", "financial_year", "as_published")
"""Period types that are shown unless all are asked for: rolling and to-date ones move with these."""

OUTSIDE = (
    "(n): the period lies outside file n's window: a row of the file was dated there before, counts with one that was,"
    " or says which figures there are\n"
)

WIDEST = "(area_type = 'force' or period_type = 'as_published')"

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
    """What moved between two nights. Rows are tuples under the names of `MARTS`, `FIGURES` and `FILES`."""

    before: str
    after: str
    moved: int
    """Figures that are not the same, whether or not they are among `figures`."""
    unexplained: int
    """Of these, the ones that no file explains."""
    marts: list[tuple[Any, ...]]
    figures: list[tuple[Any, ...]]
    files: list[tuple[Any, ...]]


def choose_nights(home: Home, nights: Sequence[str]) -> tuple[Publication, Publication]:
    """The two nights of `pam diff [NIGHT [NIGHT]]`, in the order they are compared in.

    None: the published one against the one before it. One: that one against the published. Raises NotKeptError, and
    ValueError for the same night twice.
    """
    if len(nights) == 2:
        one, other = (find_kept(home, night) for night in nights)
    elif nights:
        one, other = find_kept(home, nights[0]), find_kept(home, TODAY)
    else:
        other = find_kept(home, TODAY)
        one = kept_before(home, other.night_id)
    if one.night_id == other.night_id:
        raise ValueError(f"night {one.night_id} is compared with itself: name two")
    return one, other


def compare(
    one: Publication, other: Publication, mart: str | None = None, measure: str | None = None, limit: int | None = 20
) -> Difference:
    """What moved from one night to another. `limit` None: every figure; else the largest moves at force level.

    Raises ValueError where neither night has the mart or the measure, or a file can't be read.
    """
    con = duckdb.connect()
    try:
        attach(con, one.path, "earlier")
        attach(con, other.path, "later")
        where = _asked(con, mart, measure)
        total = find_differences(con, where=where)
        find_causes(con)
        _explained(con)
        figures = con.execute(_figures(limit)).fetchall()
        files = con.execute(f"select {', '.join(FILES)} from files_told order by no").fetchall()
        (lost,) = one_row(con.execute("select count(*) from moves_told where cause = 'none'"))
        feeding = {x for (x,) in con.execute(f"select distinct extract from measure_sources where {where}").fetchall()}
        at = FILES.index("extract")
        return Difference(
            one.night_id, other.night_id, total, lost, by_mart(con, where=where), figures,
            [f for f in files if f[at] in feeding],
        )  # fmt: skip
    finally:
        con.close()


def _asked(con: duckdb.DuckDBPyConnection, mart: str | None, measure: str | None) -> str:
    """SQL for what `--mart` and `--measure` ask for; a mart's name may leave out `mart_`."""
    parts = []
    for column, value in (("mart", mart), ("measure", measure)):
        if value is None:
            continue
        names = [value, f"mart_{value}"] if column == "mart" else [value]
        known = con.execute(
            f"select distinct {column} from (from earlier.marts.measures union all from later.marts.measures)"
        ).fetchall()
        found = [name for name in names if (name,) in known]
        if not found:
            there = ", ".join(sorted(name for (name,) in known))
            raise ValueError(f"no figure of {column} {value} in either night; there are: {there}")
        parts.append(f"{column} = '{found[0]}'")
    return " and ".join(parts) or "true"


def _explained(con: duckdb.DuckDBPyConnection) -> None:
    """`files_told`: the files with their number, those that moved most first. `moves_told`: the moves with theirs."""
    con.execute(
        """
        create or replace temp table files_told as
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
        create or replace temp table moves_told as
        with named as (
            select
                file_ids,
                string_agg(source_file, '; ' order by no) as files,
                list(no order by no) as nos
            from (select file_ids, unnest(file_ids) as file_id from (select distinct file_ids from caused))
            join files_told using (file_id)
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
    """SQL for the figures that are shown: all in order of key, or the largest moves.

    Largest first within each unit, for pounds and offences can't be ranked together, and the units in turn. What was
    complete before comes first: it is a correction of the past, where a partial period is bound to grow.
    """
    columns = ", ".join((*FIGURES[:-2], "files", "cause", "nos"))
    if limit is None:
        return f"select {columns} from moves_told order by mart, force_code, area_type, area_code, measure, category," + (
            " period_type, period_start, period_end"
        )
    types = ", ".join(f"'{t}'" for t in AT_A_GLANCE)
    return f"""
        with shown as (
            select
                *,
                coalesce(data_status_before = 'complete', false) as was_complete,
                coalesce(value_after, value_before) is null as is_empty
            from moves_told
            where {WIDEST} and period_type in ({types})
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


def write(found: Difference, form: str, out: TextIO) -> None:
    """Write a difference: `csv` has the figures, `json` all of it, `table` what a person reads first."""
    if form == "csv":
        write_result(FIGURES, [row[:-1] for row in found.figures], "csv", out)
    elif form == "json":
        out.write(json_text(as_dict(found)) + "\n")
    else:
        _write_text(found, out)


def as_dict(found: Difference) -> dict[str, Any]:
    """A difference as plain data, its rows by name."""

    def named(columns: Sequence[str], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        return [dict(zip(columns, row, strict=False)) for row in rows]

    return {
        "before": found.before,
        "after": found.after,
        "moved": found.moved,
        "unexplained": found.unexplained,
        "marts": named([m.replace(" ", "_") for m in MARTS], found.marts),
        "figures": named(FIGURES, found.figures),
        "files": named(FILES, found.files),
    }


def _write_text(found: Difference, out: TextIO) -> None:
    back = ", which is the older" if night_order(found.after) < night_order(found.before) else ""
    out.write(f"From night {found.before} to night {found.after}{back}: {found.moved:,} figures moved\n")
    if not found.moved:
        return
    write_result(MARTS, found.marts, "table", out)
    if found.figures:
        out.write("\nThe largest moves" if len(found.figures) < found.moved else "\nThe moves")
        out.write(", complete periods first; files by their number below\n")
        write_result(
            ("mart", "measure", "category", "area", "period", "before", "after", "change", "status", "files"),
            [_line(dict(zip((*FIGURES, "nos"), row, strict=True))) for row in found.figures],
            "table",
            out,
        )
    if found.files:
        out.write("\nFiles that landed between the two\n")
        columns = ("no", "source_file", "outcome", "landed_at", "rows_landed", "rows_quarantined", "figures")
        places = [FILES.index(c) for c in columns]
        write_result(
            ("no", "file", "outcome", "landed", "rows", "quarantined", "figures moved"),
            [[_second(row[p]) for p in places] for row in found.files],
            "table",
            out,
        )
    if found.unexplained:
        out.write(f"{found.unexplained:,} figures: {UNEXPLAINED}\n")
    if any(row[FIGURES.index("cause")] == "other window" for row in found.figures):
        out.write(OUTSIDE)


def _second(value: Any) -> Any:
    return value.replace(microsecond=0) if hasattr(value, "microsecond") else value


def _line(row: dict[str, Any]) -> tuple[Any, ...]:
    numbers = ", ".join(str(n) for n in row["nos"] or ())
    files = {"none": "none", "window": numbers, "other window": f"({numbers})"}[row["cause"]]
    statuses = [s for s in (row["data_status_before"], row["data_status_after"]) if s]
    status = statuses[0] if len(set(statuses)) == 1 else " to ".join(statuses)
    area = row["area_code"] if row["area_type"] == "force" else f"{row['area_name']} ({row['area_type']})"
    return (
        row["mart"].removeprefix("mart_"), row["measure"], row["category"], area, f"{row['period_label']}", row["value_before"],
        row["value_after"], row["change"], status if row["kind"] == "changed" else f"{row['kind']}, {status}", files,
    )  # fmt: skip


def write_to(found: Difference, form: str, path: Path) -> None:
    """The same to a file of the owner's alone, whole or not at all. Raises OSError."""
    text = io.StringIO()
    write(found, form, text)
    write_whole(path, text.getvalue().encode("utf-8"))
