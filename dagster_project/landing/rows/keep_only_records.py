"""The rows of a file that are records: leaves out those that a mapping says are none, such as totals, and fills the later rows
of a record that has several.
"""

import duckdb

from dagster_project.core.sql import literal, one_row

from ..formats.csv_reader import CELLS
from ..refusal import Refused
from .file_table import FileTable

DELIVERED = "landing_delivered"
FILLED = "landing_filled"


def ignore_rules(file_table: FileTable) -> dict[str, str]:
    """Contract column or header of the mapping's `table.ignore` -> SQL that is true of a row that is no record by it, also if
    it is ragged, as lines of totals seldom have all fields. Without those that the file lacks."""
    rules = {}
    for name, patterns in file_table.mapping.table.ignore.items():
        if patterns and (text := file_table.ignore_text(name)):
            # As a glob of DuckDB, in which a bracket is literal.
            globs = (literal(pattern.lower().replace("[", "[[]")) for pattern in patterns)
            rules[name] = " or ".join(f"coalesce(lower({text}), '') glob {glob}" for glob in globs)
    return rules


def remove_ignored_rows(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> int:
    """Remove the rows that are not records from `landing_cells`. Returns how many. Raises Refused where a record is cut
    short."""
    rules = ignore_rules(file_table)
    ignored = " or ".join(rules.values())
    n = 0
    if ignored:
        con.execute(f"drop view if exists {DELIVERED}")
        con.execute(f"alter view {CELLS} rename to {DELIVERED}")
        (n,) = one_row(con, f"select count(*) from {DELIVERED} where {ignored}")
        con.execute(f"create temp view {CELLS} as select * from {DELIVERED} where not ({ignored})")
    if cut := file_table.cells.cut_short:
        # A line of totals may end the file so. A record that is left out, such as a cancelled one, is as cut short as any.
        by_key = [rule for name, rule in rules.items() if (c := file_table.contract.by_name(name)) and c.name in file_table.key]
        without_key = [
            f"coalesce({file_table.text(name)}, '') = ''" for name in file_table.key if name in file_table.layout.position
        ]
        is_no_record = f"({ignored or 'false'}) and ({' or '.join([*by_key, *without_key]) or 'true'})"
        source = DELIVERED if ignored else CELLS
        if one_row(con, f"select count(*) from {source} where line = {cut[0]} and not ({is_no_record})")[0]:
            raise Refused(cut[1])
    return n


def fill_records(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> int:
    """Where the mapping says `row_for_each`: give the later rows of a record in `landing_cells` what they leave blank, from its
    first row. Rows of a record have its key, or follow one that has, with an item and nothing else. Returns how many of the
    latter have an item that their record has on another row: they are under a record that is not theirs.
    """
    items, layout = file_table.mapping.table.row_for_each, file_table.layout
    if items is None or not layout.position.keys() >= {items, *file_table.key}:
        return 0
    items_at = layout.fields_of(items)
    cell = {i: file_table.trimmed(f"cells[{i + 1}]") for i in range(layout.width)}
    is_alone = " and ".join(f"{cell[i]} = ''" for i in layout.fields if i not in items_at)
    filled = {
        i: f"coalesce(nullif({cell[i]}, ''), {file_table.trimmed(f'head[{i + 1}]')}, '')" for i in cell if i not in items_at
    }
    if file_table.cells.is_uniform:
        cells = ", ".join(f"if(is_filled, nullif({sql}, ''), f{i + 1}) as f{i + 1}" for i, sql in filled.items())
    else:
        cells = f"case when is_filled then [{', '.join(filled.get(i, cell[i]) for i in cell)}] else cells end as cells"
    key = " || ".join(f"nullif({file_table.text(name)}, '')" for name in file_table.key)
    item = f"nullif({file_table.text(items)}, '')"
    con.execute(
        f"""
        create or replace temp table {FILLED} as
        with keyed as (
            select
                *, {file_table.is_ragged} as ragged,
                -- A row without a key that says more, or nothing, is not of the record above; nor are the rows below it.
                case when ragged or {key} is null and not ({item} is not null and {is_alone}) then chr(1) || line else {key} end
                as own_key
            from {CELLS}
        ),
        placed as (
            select *, last_value(own_key ignore nulls) over (order by line rows unbounded preceding) as record from keyed
        ),
        headed as (
            select
                *, first_value(cells) over rows_of as head, record is not null and record[1] <> chr(1) as is_filled,
                own_key is null and is_filled and row_number() over (partition by record, {item} order by line) > 1 as is_astray
            from placed
            window rows_of as (partition by record order by line)
        )
        select * exclude (ragged, own_key, record, head, is_filled) replace ({cells}) from headed
        """
    )
    con.execute(f"create or replace temp view {CELLS} as select * exclude (is_astray) from {FILLED}")
    return int(one_row(con, f"select count(*) from {FILLED} where is_astray")[0])
