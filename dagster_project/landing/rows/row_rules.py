"""Checks rows against their contract, in SQL: canonical values, keys, dates, and all the reasons of rows that break a rule.
Also finds the window that rows cover where a name does not say it.
"""

from dataclasses import replace
from datetime import date, datetime

import duckdb

from dagster_project.contracts import Column
from dagster_project.contracts.model import DATE_TYPES, NUMBER_TYPES
from dagster_project.core.home import LONDON
from dagster_project.core.printable import LONGEST, NOT_PRINTABLE, TOO_LONG, UNPRINTABLE_RE2
from dagster_project.core.sql import literal, one_row

from .. import rows_not_to_count as words
from ..formats.csv_reader import CELLS
from ..formats.decode import MARK
from ..mappings.file_name_patterns import FIRST_YEAR, Covers, months
from ..refusal import Refused
from .file_table import FileTable
from .parse_values import FAULT, MONTH_ALONE, MONTH_CELL

PARSED = "landing_parsed"
PARSED_TABLE = "landing_parsed_rows"
ELSEWHERE = "landing_elsewhere"
KEY_JOINT = "chr(31)"
QUOTED_VALUE = 60
"""Characters of a bad value that a reason may repeat."""

RAGGED = "wrong number of fields"
TORN = "a quote opens in this line and does not close before the next row"
LINES = "lines and separators within the key: a quote opens or closes in the wrong place"
DAY_NUMBER = r"^[34]\d{4}(\.\d+)?$"
"""A spreadsheet's number of a day from 1982 to 2036, where it does not show it as one."""
NUMBERED = ": a spreadsheet's number of a day: show the column as dd/mm/yyyy and save again"
NO_DAY = "is what programs write for no day"


def parse(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> None:
    """Make the temporary view `landing_parsed`, with a row for every row of the file, good or bad.

    Columns: line, c_<column> (canonical), _key, _date, ragged (another number of fields than the header), bad.
    """
    forms = ", ".join(f"c_{c.name}" for c in file_table.contract.columns)
    rows = f"""
        select
            line, {forms}, _key, _date, ragged,
            ({" or ".join(["ragged", *(f"coalesce({broken}, false)" for broken, _, _ in _rules(file_table))])}) as bad
        from ({_with_values(file_table, CELLS)})
    """
    if not file_table.cells.is_uniform:
        con.execute(f"create or replace temp table {PARSED_TABLE} as {rows}")
        rows = f"from {PARSED_TABLE}"
    # The cells of a large text are computed at each use, usually one: storing millions of rows costs more.
    con.execute(f"create or replace temp view {PARSED} as {rows}")


def widest_window(extracted_at: datetime) -> tuple[date, date]:
    """The widest window that a file of an extraction can have, in London's days."""
    return date(FIRST_YEAR, 1, 1), extracted_at.astimezone(LONDON).date()


def parse_within_rows(con: duckdb.DuckDBPyConnection, file_table: FileTable, covers: Covers) -> FileTable:
    """Make `landing_parsed`, as `parse` does, with the window given by the rows: from the first to the last one, in days or
    months. Returns the table with this window.

    `file_table`: with the `widest_window`. Rows dated after the extraction, or that break another rule, are left out. Raises
    Refused where none is left.
    """
    parse(con, file_table)
    days = one_row(con, f"select min(_date), max(_date) from {PARSED} where not bad")
    if days[0] is None:
        no_window = f"the mapping says covers: {covers}, and the name says no window"
        why = months_alone(con, file_table) or no_window + _usual_fault(con, file_table)
        raise Refused(f"no valid row to take the window from: {why}")
    first, until = map(date.fromisoformat, days)
    if covers == "months":
        first, until = months(first, until)
    file_table = replace(file_table, covered_from=first, covered_to=min(until, file_table.covered_to))
    parse(con, file_table)
    return file_table


def _usual_fault(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> str:
    """What is wrong with most rows of a file without a good one, without their cells, as the end of a reason; "" where it has
    no row."""
    rows = f"(select line, cast(null as varchar) as reason, cast(null as varchar) as kind from {PARSED})"
    reasons(con, file_table, rows, "landing_faults")
    usual = con.execute(
        """
        select _kinds, count(*), min(line), (select count(*) from landing_faults)
        from landing_faults group by _kinds order by 2 desc, 3 limit 1
        """
    ).fetchone()
    con.execute("drop table landing_faults")
    if usual is None or not usual[0]:
        return ""
    kinds, n, line, n_rows = usual
    remedy = ". Say in the mapping (dates:) how it is written" if f"{file_table.contract.date_column}: is not" in kinds else ""
    return f"; {n:,} of {n_rows:,} rows, such as line {line}: {kinds}{remedy}"


def months_alone(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> str | None:
    """What is wrong with a file where the dates of most rows are months without their day, or None."""
    placing = file_table.contract.date_column
    if placing is None or placing not in file_table.layout.position or file_table.contract.column(placing).type == "month":
        return None
    rows, months = one_row(
        con,
        f"""
        select count(*), count(*) filter (where regexp_matches(lower({file_table.text(placing)}), {literal(MONTH_CELL)}))
        from {CELLS} where not {file_table.is_ragged}
        """,
    )
    if 2 * months <= rows:
        return None
    return (
        f"{placing}: {months:,} of {rows:,} rows say {MONTH_ALONE}, and rows count by their day: have the system export it. A"
        " spreadsheet may only hide it: show the column as dd/mm/yyyy and save again"
    )


def store_parsed(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> None:
    """Store the rows of `landing_parsed`, where they are about to be used more often."""
    if file_table.cells.is_uniform:
        con.execute(f"create or replace temp table {PARSED_TABLE} as from {PARSED}")
        con.execute(f"create or replace temp view {PARSED} as from {PARSED_TABLE}")


def reasons(con: duckdb.DuckDBPyConnection, file_table: FileTable, extra: str, table: str) -> None:
    """Make `table` of the rows in `extra (line, reason, kind)`, each with all its reasons.

    `extra` has each line once; its reason is NULL where the row's own broken rules are the only reasons. Columns: line,
    q_<column> (as delivered and trimmed, identifiers hashed), _key, _reasons and _kinds (texts joined by "; ").
    """
    rules = _reasons(file_table)
    delivered = ", ".join(f"{_delivered(file_table, c)} as q_{c.name}" for c in file_table.contract.columns)
    chosen = f"(from {CELLS} where line in (select line from {extra}))"
    con.execute(
        f"""
        create or replace temp table {table} as
        select
            line, {delivered}, _key,
            concat_ws('; ', {", ".join(reason for reason, _ in rules)}, reason) as _reasons,
            concat_ws('; ', {", ".join(kind for _, kind in rules)}, kind) as _kinds
        from ({_with_values(file_table, chosen)}) join {extra} using (line)
        """
    )


def delivered_columns(file_table: FileTable) -> str:
    """SQL for the contract's columns as delivered: rows of a feed with the same ones are the same row."""
    return ", ".join(f"coalesce({file_table.cell(index)}, '')" for index in file_table.layout.fields)


def ragged_cells(file_table: FileTable) -> str:
    """SQL for all trimmed cells of a ragged row, whose columns are unknown; NULL for any other row."""
    if file_table.cells.is_uniform:
        return "cast(null as varchar[])"
    trimmed = f"list_transform(cells, lambda cell: {file_table.trimmed('cell')})"
    return f"case when {file_table.is_ragged} then {trimmed} end"


def _with_values(file_table: FileTable, source: str) -> str:
    """SQL for line, n_fields, ragged, t_<column>, c_<column>, _key and _date of every row of `source`."""
    torn = "torn, " if file_table.cells.has_lines else ""
    trimmed = ", ".join(f"{_trimmed(file_table, c)} as t_{c.name}" for c in file_table.contract.columns)
    unstored_rules = _rules_of_unstored_columns(file_table)
    unstored_columns = "".join(f"{name}, " for name in unstored_rules)
    trimmed = ", ".join([*(f"{sql} as {name}" for name, (sql, _, _) in unstored_rules.items()), trimmed])
    # In a step after the trimming: in one expression DuckDB would trim twice. Untrimmed cells are NULL where they are blank.
    is_blanked = file_table.cells.is_uniform and file_table.cells.blanks is None
    blank = "t_{0} as t_{0}" if is_blanked else "nullif(t_{0}, '') as t_{0}"
    blanked = ", ".join(blank.format(c.name) for c in file_table.contract.columns)
    forms = ", ".join(f"{file_table.canonical(c)} as c_{c.name}" for c in file_table.contract.columns)
    key = f" || {KEY_JOINT} || ".join(f"c_{name}" for name in file_table.key) or "cast(null as varchar)"
    if no_record := ", ".join(name for name in unstored_rules if name != "other_currency"):
        # Another force's references are its own: they neither repeat nor replace this one's. What was deleted is not there.
        # A row of another currency is a record, and stands for its key.
        key = f"case when coalesce({no_record}) is null then {key} end"
    placing = file_table.contract.date_column
    day = f"c_{placing}" if placing else "cast(null as varchar)"
    if placing and file_table.contract.column(placing).type == "timestamp":
        day = f"left({day}, 10)"
    elif placing and file_table.contract.column(placing).type == "month" and file_table.covered_from.day > 1:
        # A row that says its month alone is placed on the first day of it that the file covers.
        day = f"case when {day} = '{file_table.covered_from.replace(day=1)}' then '{file_table.covered_from}' else {day} end"
    return f"""
        select *, {key} as _key, {day} as _date
        from (
            select *, {forms}
            from (
                select line, n_fields, {torn}ragged, {unstored_columns}{blanked}
                from (select line, {file_table.n_fields} as n_fields, {torn}{file_table.is_ragged} as ragged, {trimmed}
                from {source} as rows_read) as rows_trimmed
            ) as rows_blanked
        ) as rows_formed
    """


def _trimmed(file_table: FileTable, column: Column) -> str:
    """SQL for a cell's trimmed text. Of a ragged row only the key is read: any other cell may hold an address."""
    if column.name not in file_table.layout.position:
        return "cast(null as varchar)"
    cell = file_table.text(column.name)
    if column.name in file_table.key:
        if not file_table.cells.has_lines:
            return cell
        return f"case when torn then ltrim({cell}, '\"') when not {file_table.has_rows(cell)} then {cell} end"
    if file_table.cells.is_uniform:
        return cell
    return f"case when not {file_table.is_ragged} then {cell} end"


def _delivered(file_table: FileTable, column: Column) -> str:
    if column.identifier:
        return f"c_{column.name}"
    return f"replace(t_{column.name}, {literal(MARK)}, '')" if file_table.main_encoding else f"t_{column.name}"


def _rules(file_table: FileTable) -> list[tuple[str, str, str]]:
    """Every rule of a row: SQL that is true where it is broken, SQL of the reason, and the kind of reason."""
    rules = []
    for column in file_table.contract.columns:
        if column.name not in file_table.layout.position:
            continue
        if file_table.main_encoding:
            kind = f"{column.name}: not text in {file_table.main_encoding}"
            rules.append((file_table.undecoded(column), literal(f"{kind}, as the rest of the file is"), kind))
        is_blank = f"{file_table.translated(column)} is null"
        if column.name in file_table.key:
            rules.append((is_blank, literal(f"{column.name}: blank, and it is the key"), f"{column.name}: blank"))
        elif column.places_row:
            rules.append((is_blank, literal(f"{column.name}: blank, and it places the row"), f"{column.name}: blank"))
        if column.type in FAULT:
            text = file_table.translated(column)
            is_unread = f"{text} is not null and c_{column.name} is null and not {file_table.undecoded(column)}"
            rules.append((is_unread, _fault(column), f"{column.name}: {FAULT[column.type]}"))
            if column.type in DATE_TYPES and file_table.contract.kind == "list":
                # Dates of other rows are in the window, or no figure asks for them.
                reason = literal(f"{column.name}: ") + f" || left(c_{column.name}, 10) || " + literal(f" {NO_DAY}")
                rules.append((f"left(c_{column.name}, 10) in ('1900-01-01', '1970-01-01')", reason, f"{column.name}: {NO_DAY}"))
        elif column.type in ("text", "list") and not column.identifier:
            if not file_table.cells.is_printable:
                is_unprintable = f"regexp_matches({file_table.translated(column)}, {literal(UNPRINTABLE_RE2)})"
                rules.append((is_unprintable, literal(f"{column.name}: {NOT_PRINTABLE}"), f"{column.name}: {NOT_PRINTABLE}"))
            if not file_table.cells.is_short:
                is_too_long = f"length({file_table.translated(column)}) > {LONGEST}"
                rules.append((is_too_long, literal(f"{column.name}: {TOO_LONG}"), f"{column.name}: {TOO_LONG}"))
    unstored = (
        (f"{name} is not null", reason, kind) for name, (_, reason, kind) in _rules_of_unstored_columns(file_table).items()
    )
    return [*rules, *_window(file_table), *_words(file_table), *unstored]


def _words(file_table: FileTable) -> list[tuple[str, str, str]]:
    """The rule that no cell is a word that no record has, such as a total. Lists as published, without a key, have totals."""
    rules = []
    for column in file_table.contract.columns if file_table.key else ():
        known = dict(words.KEY_WORDS if column.name in file_table.key else words.WORDS)
        if not file_table.cells.may_have_totals or words.knows_total(file_table.mapping.codes(column)):
            del known[words.TOTAL]
        if not known or column.type in DATE_TYPES | NUMBER_TYPES or column.name not in file_table.layout.position:
            continue
        text = f"t_{column.name}"
        shown_value = literal("...") if column.identifier else f"left({text}, {QUOTED_VALUE})"
        reason = literal(f"{column.name}: '") + f" || {shown_value} || {words.why_word(text, known)}"
        rules.append((words.is_word(text, known), reason, f"{column.name}: {words.NO_VALUE}"))
    return rules


def _rules_of_unstored_columns(file_table: FileTable) -> dict[str, tuple[str, str, str]]:
    """What columns that are not stored may say of a row: name -> SQL that is NULL where they do not say it, SQL of the reason,
    and the kind of reason."""
    rules = {}
    if file_table.other_force:
        says = literal(f"{file_table.force_headers}: says ")
        reason = f"{says} || other_force || {literal(f', and the file is of {file_table.force}')}"
        rules["other_force"] = file_table.other_force, reason, f"{file_table.force_headers}: says another force"
    if file_table.void:
        remedy = "(table: ignore: in a mapping leaves such rows out; if the column means something else, export without it)"
        reason = f"void || {literal(f': says that it is no record {remedy}')}"
        rules["void"] = (
            file_table.void,
            reason,
            f"{' or '.join(file_table.layout.void_fields.values())}: says that it is no record",
        )
    if file_table.other_currency:
        kind = f"{' or '.join(file_table.layout.currency_fields.values())}: is not the pound"
        reason = literal(f"{kind}: give the amount in pounds, and leave the column out or blank")
        rules["other_currency"] = f"nullif({file_table.other_currency}, false)", reason, kind
    return rules


def _fault(column: Column) -> str:
    fault = f"is not one of {', '.join(column.values)}" if column.values else FAULT[column.type]
    before, after = literal(f"{column.name}: '"), literal(f"' {fault}")
    reason = f"{before} || left(t_{column.name}, {QUOTED_VALUE}) || {after}"
    if column.type in ("date", "timestamp"):
        is_month = f"regexp_matches(lower(t_{column.name}), {literal(MONTH_CELL)})"
        is_number = f"regexp_matches(t_{column.name}, {literal(DAY_NUMBER)})"
        month, number = literal(f": {MONTH_ALONE}"), literal(NUMBERED)
        reason += f" || case when {is_month} then {month} when {is_number} then {number} else '' end"
    return reason


def _window(file_table: FileTable) -> list[tuple[str, str, str]]:
    """The rule for a row's date and the window. Rows of a list may begin before it."""
    contract, name = file_table.contract, file_table.contract.date_column
    if name is None:
        return []
    first, last = file_table.covered_from, file_table.covered_to
    kind = f"{name}: outside the window"
    day = f"{literal(f'{name}: ')} || _date || "
    if contract.kind == "list":
        return [(f"_date > '{last}'", day + literal(f" is after the end of the window {first} to {last}"), kind)]
    outside = literal(f" is outside the window {first} to {last}")
    return [(f"_date not between '{first}' and '{last}'", day + outside, kind)]


def _reasons(file_table: FileTable) -> list[tuple[str, str]]:
    """SQL of each rule's reason and kind, NULL where the rule is kept. A ragged row has no other reason: its cells may be under
    the wrong headers."""
    width = file_table.layout.width
    fields = f"n_fields || ' fields where the header has {width}'"
    if file_table.cells.has_lines:
        fields = f"case when torn then {literal(TORN)} when n_fields <> {width} then {fields} else {literal(LINES)} end"
    rule_reasons = [(f"case when ragged then {fields} end", f"case when ragged then {literal(RAGGED)} end")]
    for broken, reason, kind in _rules(file_table):
        when = f"case when not ragged and ({broken}) then "
        rule_reasons.append((f"{when}{reason} end", f"{when}{literal(kind)} end"))
    return rule_reasons
