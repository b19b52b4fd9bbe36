"""Which files changed a figure: those that landed between two nights and feed it.

What a measure rests on follows from `measure_list` and `coverage_limits`; what a file reaches, from its window and its
extract's contract. The files are those that one night's `meta.files` has and the other's has not.
"""

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.seeds import read_seed

TOLD = (
    "night_id", "landed_at", "source_file", "outcome", "extract", "force_code", "load_id", "covered_from", "covered_to",
    "rows_landed", "rows_quarantined", "rows_duplicate",
)  # fmt: skip
"""The columns of `meta.files` that are asked for: nights of another version may have more."""

UNEXPLAINED = "no file: a reference list or the code changed"


def measure_sources() -> list[tuple[str, str, str]]:
    """Mart, measure and extract: what each published measure is counted from, its numerator and denominator included."""
    limited = {row["coverage"]: row["extract"] for row in read_seed("coverage_limits")}
    measures = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}

    def extracts(mart: str, measure: str) -> set[str]:
        row = measures[mart, measure]
        own = {limited.get(row["coverage"], row["coverage"])}
        return own.union(*(extracts(mart, row[part]) for part in ("numerator", "denominator") if row[part]))

    return sorted((mart, name, extract) for mart, name in measures for extract in extracts(mart, name))


def find_causes(con: duckdb.DuckDBPyConnection, before: str = "earlier.meta.files", after: str = "later.meta.files") -> None:
    """Make the temporary tables `landed` and `caused`, from the table `differences` and two nights' `meta.files`.

    `landed`: the accepted and released files that one night has and the other has not: file_id (from 1, in order of
    landing), night_id, landed_at, source_file, outcome (`accepted` or `released`), extract, force_code, covered_from,
    covered_to, rows_landed, rows_quarantined, rows_duplicate.

    `caused`: for each mart, measure, force_code, period_start, period_end and kind of a differing figure, the ids of the files
    of its extract and force that explain it; figures without a row have none. is_direct: their windows touch the period
    (a whole list touches any). Where none does, those files stand that can reach beyond their window: they move a row
    from one period to another by its key, and say which rows there are at all.
    """
    con.execute("create or replace temp table measure_sources (mart varchar, measure varchar, extract varchar)")
    con.executemany("insert into measure_sources values (?, ?, ?)", measure_sources())
    con.execute("create or replace temp table reaches (extract varchar, is_whole boolean, is_keyed boolean)")
    con.executemany(
        "insert into reaches values (?, ?, ?)",
        [(c.extract, c.kind in ("list", "indicators"), bool(c.key)) for c in load_contracts().values()],
    )
    con.execute(
        f"""
        create or replace temp table landed as
        with told as (
            select {", ".join(TOLD)} from {before}
            union
            select {", ".join(TOLD)} from {after}
        ),
        one_night_s as (
            (select load_id, landed_at from {before} where outcome = 'accepted'
             except select load_id, landed_at from {after})
            union
            (select load_id, landed_at from {after} where outcome = 'accepted'
             except select load_id, landed_at from {before})
        )
        select
            cast(row_number() over (order by told.landed_at, told.load_id) as integer) as file_id,
            told.night_id, told.landed_at, told.source_file,
            case
                when told.load_id in (select load_id from told where outcome = 'held') then 'released'
                else told.outcome
            end as outcome,
            told.extract, told.force_code, told.covered_from, told.covered_to,
            told.rows_landed, told.rows_quarantined, told.rows_duplicate
        from told
        join one_night_s using (load_id, landed_at)
        where told.outcome = 'accepted'
        """
    )
    con.execute(
        """
        create or replace temp table caused as
        with places as (
            select distinct mart, measure, force_code, period_start, period_end, kind from differences
        ),
        reached as (
            select
                places.*, landed.file_id, reaches.is_keyed,
                reaches.is_whole
                or (landed.covered_from <= places.period_end and landed.covered_to >= places.period_start) as touches
            from places
            join measure_sources using (mart, measure)
            join landed using (extract, force_code)
            join reaches using (extract)
        ),
        told as (
            select
                mart, measure, force_code, period_start, period_end, kind,
                list(file_id order by file_id) filter (touches) as direct,
                list(file_id order by file_id) filter (not touches and (is_keyed or kind <> 'changed')) as indirect
            from reached group by all
        )
        select
            mart, measure, force_code, period_start, period_end, kind,
            coalesce(direct, indirect) as file_ids, direct is not null as is_direct
        from told
        where direct is not null or indirect is not null
        """
    )
