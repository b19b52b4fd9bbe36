"""Which files changed a figure: files of its extracts that only one of two nights has in `meta.files`.

The extracts of a measure follow from `measure_list`; the periods that a file can change, from its window
and its extract's contract.
"""

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.project_lists import extract_of, read_seed
from dagster_project.core.row_tables import make_table

FILE_COLUMNS = (
    "night_id", "landed_at", "source_file", "outcome", "extract", "force_code", "load_id", "covered_from", "covered_to",
    "rows_landed", "rows_quarantined", "rows_duplicate",
)  # fmt: skip
"""The columns of `meta.files` that are read: nights of another version may have more."""

COUNTING = ("accepted", "retracted")
"""Outcomes that change what counts."""

UNEXPLAINED = "no file: a reference list or the code changed"


def measure_sources() -> list[tuple[str, str, str]]:
    """Mart, measure and extract: what each published measure is counted from, including its numerator and denominator."""
    measures = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}

    def extracts(mart: str, measure: str) -> set[str]:
        row = measures[mart, measure]
        return {extract_of(row)}.union(*(extracts(mart, row[part]) for part in ("numerator", "denominator") if row[part]))

    return sorted((mart, name, extract) for mart, name in measures for extract in extracts(mart, name))


def make_cause_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables `landed` and `caused`, from the table `differences` and `meta.files` of the two nights that are
    attached as `earlier` and `later`.

    `landed`: the accepted, released and retracted files that only one night has, and those held since: file_id (from 1, in
    order of landing), night_id, landed_at, source_file, outcome (`accepted`, `released`, `retracted` or `held`), extract,
    force_code, covered_from, covered_to, rows_landed, rows_quarantined, rows_duplicate.

    `caused`: for each mart, measure, force_code, period_start, period_end and kind of a differing figure, the ids of the
    files of its extract and force that explain it; a figure without a row has none. is_direct: their windows overlap the
    period (a whole list overlaps any). If none does, the files are those that can change figures beyond their window, because
    they move a row to another period by its key, or decide which rows there are.
    """
    _make_landed(con)
    columns = {"mart": "varchar", "measure": "varchar", "extract": "varchar"}
    make_table(con, "measure_sources", columns, measure_sources(), temporary=True)
    kinds = [(c.extract, c.kind in ("list", "indicators"), bool(c.key)) for c in load_contracts().values()]
    columns = {"extract": "varchar", "is_whole": "boolean", "is_keyed": "boolean"}
    make_table(con, "extract_kinds", columns, kinds, temporary=True)
    _make_caused(con)


def _make_landed(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        f"""
        create or replace temp table landed as
        with files as (
            select {", ".join(FILE_COLUMNS)} from earlier.meta.files
            union
            select {", ".join(FILE_COLUMNS)} from later.meta.files
        ),
        in_one_night as (
            (select load_id, landed_at from earlier.meta.files where outcome in {COUNTING}
             except select load_id, landed_at from later.meta.files)
            union
            (select load_id, landed_at from later.meta.files where outcome in {COUNTING}
             except select load_id, landed_at from earlier.meta.files)
            union
            -- Held since, as another file of its time contradicts it.
            (select load_id, landed_at from later.meta.files
             where outcome = 'held' and load_id in (select load_id from earlier.meta.files where outcome = 'accepted')
             except select load_id, landed_at from earlier.meta.files)
        )
        select
            cast(row_number() over (order by files.landed_at, files.load_id) as integer) as file_id,
            files.night_id, files.landed_at, files.source_file,
            case
                when files.outcome = 'accepted' and exists (
                    from files as before where before.load_id = files.load_id and before.landed_at < files.landed_at
                    and before.outcome in ('held', 'retracted')
                ) then 'released'
                else files.outcome
            end as outcome,
            files.extract, files.force_code, files.covered_from, files.covered_to,
            files.rows_landed, files.rows_quarantined, files.rows_duplicate
        from files
        join in_one_night using (load_id, landed_at)
        where files.outcome in {(*COUNTING, "held")}
            -- A held file that is retracted never counted.
            and (files.outcome <> 'retracted' or exists (
                from files as before where before.load_id = files.load_id and before.outcome = 'accepted'
                and before.landed_at < files.landed_at))
        """
    )


def _make_caused(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        create or replace temp table caused as
        with changed as (
            select distinct mart, measure, force_code, period_start, period_end, kind from differences
        ),
        reached as (
            select
                changed.*, landed.file_id, extract_kinds.is_keyed,
                extract_kinds.is_whole
                or (landed.covered_from <= changed.period_end and landed.covered_to >= changed.period_start) as touches
            from changed
            join measure_sources using (mart, measure)
            join landed using (extract, force_code)
            join extract_kinds using (extract)
        ),
        by_figure as (
            select
                mart, measure, force_code, period_start, period_end, kind,
                list(file_id order by file_id) filter (touches) as direct,
                list(file_id order by file_id) filter (not touches and (is_keyed or kind <> 'changed')) as indirect
            from reached group by all
        )
        select
            mart, measure, force_code, period_start, period_end, kind,
            coalesce(direct, indirect) as file_ids, direct is not null as is_direct
        from by_figure
        where direct is not null or indirect is not null
        """
    )
