"""Finds repeated rows: feeds that were doubled, and keys that repeat within one file."""

import duckdb

from dagster_project.core.sql import one_row

from ..formats.csv_reader import CELLS
from .file_table import FileTable
from .parse_values import compared, separated
from .row_rules import PARSED, PARSED_TABLE, delivered_columns, ragged_cells

DOUBLED_ROWS = 100
DOUBLED_DISTINCT = 50

SEVERAL_ROWS = 100
SEVERAL_SHARE = 0.05
"""At least so many rows of a file, and such a share of them: records have several rows because it is exported so."""
ALONE_ROWS = 10
ALONE_SHARE = 0.01
"""The same of rows with a list column alone, which no single mistake makes."""

MERGED = "landing_merged"
CLASHING = "landing_clashing"
REPEATED_KIND = "key repeated with other content"


def count_rows(con: duckdb.DuckDBPyConnection, rows: str = PARSED) -> tuple[int, int, int, int, int, bool]:
    """Count the file just read: rows, bad rows, ragged rows, keys, distinct keys; and whether the feed may be doubled.

    `rows`: SQL for them, with at least the columns `_key`, `bad` and `ragged`; `landing_parsed`, or the same from elsewhere.
    """
    # Hashes take less memory than keys, and where they are all different, so are the keys.
    n_rows, n_bad, n_ragged, keys, distinct = one_row(
        con,
        f"""
        select count(*), count(*) filter (where bad), count(*) filter (where ragged), count(_key),
            count(distinct hash(_key)) filter (where _key is not null)
        from {rows}
        """,
    )
    if distinct < keys:
        (distinct,) = one_row(con, f"select count(distinct _key) from {rows}")
    # A doubled feed has at most half as many keys as rows, or none.
    return n_rows, n_bad, n_ragged, keys, distinct, n_rows >= DOUBLED_ROWS and 2 * distinct <= n_rows


def doubled_feed(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> str | None:
    """The reason to hold a file whose feed was doubled, or None.

    Doubled: every distinct row occurs an even number of times, among at least 100 rows and 50 distinct ones, in the whole file
    or in one group of the contract's `doubled_group`. Rows are compared by the contract's columns as delivered; ragged rows,
    whose columns are unknown, by all their cells.
    """
    contract = file_table.contract
    grouped = contract.by_header(contract.doubled_group) if contract.doubled_group else None
    group = f"coalesce({file_table.text(grouped.name)}, '')" if grouped else "''"
    rows = f"{delivered_columns(file_table)}, {ragged_cells(file_table)}"
    matches = con.execute(
        f"""
        with distinct_rows as (
            select {group} as part, count(*) as n
            from {CELLS}
            group by {group}, {rows}
        ),
        parts as (
            select part, sum(n) as n_rows, count(*) as n_distinct, bool_and(n % 2 = 0) as is_even
            from distinct_rows
            group by grouping sets ((), (part))
        )
        select part, n_rows::bigint, n_distinct
        from parts
        where is_even and n_rows >= {DOUBLED_ROWS} and n_distinct >= {DOUBLED_DISTINCT}
        order by part nulls first
        """
    ).fetchall()
    if not matches:
        return None
    value, rows, distinct = matches[0]
    where = f"{contract.doubled_group} '{value}'" if contract.doubled_group and value is not None else "the file"
    return f"doubled feed: every distinct row of {where} occurs an even number of times ({rows} rows, {distinct} distinct)"


def sort_repeated_keys(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> tuple[int, int]:
    """Make `landing_merged (line)` and `landing_clashing (line, reason, kind)` of the rows whose keys repeat.

    Merged: all but the first of identical good rows (the contract's columns in canonical form). Clashing: every row of a key
    whose rows differ. Where the mapping says `row_for_each`, rows may differ in that column: the first has the items of all.
    Returns the number of each.
    """
    items = file_table.mapping.table.row_for_each
    columns = ", ".join(
        compared(c, f"p.c_{c.name}") for c in file_table.contract.columns if not (items and _is_of(file_table, c.name, items))
    )
    # Bad rows are compared as delivered: a cell that can't be read has no canonical form.
    content = f"{columns}, case when p.bad then [{delivered_columns(file_table)}] end"
    # A blank has a mapping's meaning of "" in a record without items alone: it is no item among others.
    has_item = "true"
    if items and items in file_table.layout.position:
        has_item = f"coalesce(pam_list({separated(items, file_table.text(items), file_table.mapping)}), '') <> ''"
    con.execute(
        f"""
        create or replace temp table landing_repeated as
        with repeated as (
            select _key from {PARSED} where _key is not null group by _key having count(*) > 1
        ),
        contents as (
            select
                p.line, p._key, p.bad, {has_item} as has_item,
                dense_rank() over (partition by p._key order by {content}) as content,
                row_number() over (partition by p._key, {content} order by p.line) as copy
            from {PARSED} as p
            join repeated as r on p._key = r._key
            join {CELLS} as c on p.line = c.line
        )
        select line, _key, bad, has_item, copy, max(content) over (partition by _key) > 1 as clashes
        from contents
        """
    )
    if items:
        con.execute(
            f"""
            update {PARSED_TABLE} as p set c_{items} = array_to_string(list_sort(list_distinct(flatten(records.items))), ';')
            from (
                select
                    min(line) as line,
                    list(string_split(c_{items}, ';')) filter (where c_{items} is not null and has_item) as items
                from {PARSED} join landing_repeated using (line) where not clashes and not landing_repeated.bad
                group by landing_repeated._key
            ) as records
            where p.line = records.line and records.items is not null
            """
        )
    con.execute(
        f"""
        create or replace temp table {MERGED} as
        select line from landing_repeated where not clashes and copy > 1 and not bad
        """
    )
    name = ", ".join(file_table.key)
    con.execute(
        f"""
        create or replace temp table {CLASHING} as
        with keys as (
            select _key, count(*) as n, array_to_string(list_slice(list(line order by line), 1, 5), ', ') as lines
            from landing_repeated where clashes group by _key
        )
        select
            r.line,
            '{name}: the same key with other content on lines ' || k.lines
                || case when k.n > 5 then ' and ' || (k.n - 5) || ' more' else '' end as reason,
            '{REPEATED_KIND}' as kind
        from landing_repeated as r
        join keys as k on r._key = k._key
        """
    )
    return one_row(con, f"select (select count(*) from {MERGED}), (select count(*) from {CLASHING})")


def _is_of(file_table: FileTable, name: str, items: str) -> bool:
    """Whether a column is the list `items`, or has its cells."""
    fields = {*file_table.layout.fields_of(name)}
    return name == items or (bool(fields) and fields <= {*file_table.layout.fields_of(items)})


def several_rows_a_record(con: duckdb.DuckDBPyConnection, file_table: FileTable, n_rows: int) -> tuple[str, str | None]:
    """What is wrong with a file in which many records have several rows that differ in one column alone, none of which counts;
    "" if there are few. And that column, if it is a list: a mapping can then make one row of them. Cells that are blank on
    later rows of a record are taken for those of its first. Reads what `sort_repeated_keys` made."""
    lists = [c.name for c in file_table.contract.columns if c.type == "list" and c.name in file_table.layout.position]
    columns = [
        c for c in file_table.contract.columns
        if c.name in file_table.layout.position and c.name not in file_table.key
        and not any(_is_of(file_table, c.name, name) for name in lists if name != c.name)
    ]  # fmt: skip
    strict = [f"case when count(distinct coalesce(c_{c.name}, '')) > 1 then '{c.name}' end" for c in columns]
    loose = [
        sql
        if c.name in lists
        else f"case when count(distinct c_{c.name}) > 1"
        f" or count(c_{c.name}) > 0 and arg_min(coalesce(c_{c.name}, ''), line) = '' then '{c.name}' end"
        for c, sql in zip(columns, strict, strict=True)
    ]
    day = f"nullif({file_table.text(str(file_table.contract.date_column))}, '')"
    match = con.execute(
        f"""
        select differing[1], n
        from (
            select case when len(loose) = 1 then loose else strict end as differing, sum(n) as n, sum(sum(n)) over () as n_all
            from (
                select
                    list_filter([{", ".join(strict)}], lambda x: x is not null) as strict,
                    list_filter([{", ".join(loose)}], lambda x: x is not null) as loose,
                    count(*) as n
                from {PARSED} join {CLASHING} using (line) join (select line, {day} as day from {CELLS}) using (line)
                group by _key having count(day) > 0 and not bool_or(bad and day is not null)
            )
            group by differing
        )
        where len(differing) = 1 and n >= {SEVERAL_ROWS} and n >= {SEVERAL_SHARE} * {n_rows} and 2 * n > n_all
        """
    ).fetchone()
    if match is None:
        return "", None
    name, rows = match
    text = (
        f"{rows:,} of {n_rows:,} rows share their {', '.join(file_table.key)} with others and differ in {name} alone, as where"
        " a record has a row for each value there: none of them counts"
    )
    return text, name if file_table.contract.column(name).type == "list" else None


def _fewest_alone(n_rows: int) -> float:
    return max(ALONE_ROWS, ALONE_SHARE * n_rows)


def items_alone(con: duckdb.DuckDBPyConnection, file_table: FileTable, n_rows: int, n_bad: int) -> tuple[str, str] | None:
    """What is wrong with a file in which many rows have a list column alone, as in a report that says what a record's rows have
    in common on the first of them; and that column. None if there are few."""
    fewest = _fewest_alone(n_rows)
    if n_bad < fewest:
        # All of them are bad: they have no key.
        return None
    blank_sql = {name: f"nullif({file_table.text(name)}, '') is null" for name in file_table.layout.position}
    for c in file_table.contract.columns:
        if c.type != "list" or c.name not in blank_sql:
            continue
        alone = [f"not {blank_sql[c.name]}", *(sql for name, sql in blank_sql.items() if not _is_of(file_table, name, c.name))]
        (n,) = one_row(con, f"select count(*) from {CELLS} where not {file_table.is_ragged} and {' and '.join(alone)}")
        if n >= fewest:
            return f"{n:,} of {n_rows:,} rows have {c.name} alone, as later rows of a record in a report: none counts", c.name
    return None


def out_of_order(file_table: FileTable, n_rows: int) -> str | None:
    """The reason to hold a file whose mapping says `row_for_each` and whose rows without a reference were moved, or None."""
    if file_table.n_astray < _fewest_alone(n_rows):
        return None
    return (
        f"{file_table.n_astray:,} of {n_rows:,} rows have no {', '.join(file_table.key)}, and an item that the record above has"
        " already: was the table sorted? Have the system export it again; if records have an item more than once, release the"
        " file"
    )
