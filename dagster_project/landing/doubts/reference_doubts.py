"""Notes references that are probably not what they seem: one record under several, people and addresses written in several
ways, and totals."""

from collections.abc import Iterator

from dagster_project.core.sql import literal, one_row

from ..formats.csv_reader import CELLS
from ..rows_not_to_count import LIKE_TOTAL
from .stored_rows import StoredRows

BLOCK_ROWS, BLOCK_KINDS = 20, 5
"""So many rows in turn do not say by chance what others in turn say, if they are of so many kinds besides their days."""
TOTAL_ROWS, TOTAL_SHARE = 20, 0.05
"""Among at least so many rows, and in at most such a share of them, a reference without a number is unlike the others."""
TYPED_ROWS = 100_000
"""In a longer file, comparing all references takes too long. Files that people type are short."""

LETTERS = r"a-z\x{c0}-\x{1fff}"
"""Lower-case letters of European scripts, for the brackets of a regular expression. DuckDB takes five times as long to prepare
`\\pL`, letters of every script."""


def reference_doubts(rows: StoredRows) -> Iterator[str]:
    """What may be wrong with the references of a load's stored rows, a sentence for each."""
    if 1 < rows.n <= TYPED_ROWS:
        for notes in (_keys_alike, _keys_like_totals, _repeated_block, _identifiers_alike):
            yield from notes(rows)


def _keys_like_totals(rows: StoredRows) -> Iterator[str]:
    """Notes the few references that may be totals or averages, as nearly all others have numbers. Lists may have names, such as
    those of county lines."""
    file_table = rows.file_table
    is_list = file_table.contract.kind == "list"
    if not file_table.key or is_list or rows.n < TOTAL_ROWS or file_table.contract.column(file_table.key[0]).identifier:
        return
    n, line = one_row(
        rows.con,
        f"select count(*), min(cast(_line as bigint)) from {rows.table}"
        f" where regexp_full_match(lower(_key), {literal(LIKE_TOTAL)})",
    )
    if 0 < n <= TOTAL_SHARE * rows.n:
        say, they = ("1 row, line", "it counts") if n == 1 else (f"{n:,} rows, such as line", "they count")
        yield (
            f"{file_table.key[0]}: {say} {line}, may be a total, an average or no record by its reference, and {they}: leave"
            " such rows out, by table: ignore: in a mapping, if they should not"
        )


def _keys_alike(rows: StoredRows) -> Iterator[str]:
    """Notes keys that differ in case, blanks or zeros before them alone, or in how they are written and in nothing else of the
    record: they are different keys, and may be one record."""
    file_table = rows.file_table
    if (
        not file_table.key
        or file_table.contract.column(file_table.key[0]).identifier
        or file_table.contract.date_column in file_table.key
    ):
        return
    unversioned = r"regexp_replace(lower(_key), '^(.*\w)[\s._(-]+v(er(sion)?)?\.?\s*\d+\)?$', '\1')"
    # Most keys have no version, and a plain search is faster than a regular expression.
    unversioned = f"case when contains(lower(_key), 'v') then {unversioned} else lower(_key) end"
    plain_key = f"ltrim(replace(replace({unversioned}, ' ', ''), chr(9), ''), '0')"
    # `A-12` may not be `A12`, unless all that it says is the same; `1-12` is never `11-2`.
    bare_key = r"regexp_replace(regexp_replace(lower(_key), '\.0+$', ''), '(^|\D)0+(\d)', '\1\2', 'g')"
    parts = rf"regexp_replace({bare_key}, '[^0-9{LETTERS}]+', '/', 'g')"
    bare_key = rf"trim(regexp_replace(regexp_replace({parts}, '([{LETTERS}])/', '\1', 'g'), '/([{LETTERS}])', '\1', 'g'), '/')"
    # Few records share all their content and, apart from zeros and punctuation, their reference: only those are read closely.
    rough_key = rf"regexp_replace(lower(_key), '[^1-9{LETTERS}]+', '', 'g')"
    content = "".join(f", {name}" for name in rows.content)
    likely = f"(from {rows.table} qualify count(*) over (partition by {rough_key}{content}) > 1)"
    for searched, group, how in (
        (rows.table, plain_key, "case, blanks, zeros before it or a version after it"),
        (likely, bare_key + content, "how it is written, with the same content"),
    ):
        if searched == likely and not rows.n_repeated:
            return
        # A load has each key once, so there are as many different keys as keys.
        more, lines = one_row(
            rows.con,
            f"""
            select coalesce(sum(n - 1), 0)::bigint, arg_min(lines, lines[1])
            from (
                select count(_key) as n, list_sort(list(cast(_line as bigint))) as lines
                from {searched} group by {group} having n > 1
            )
            """,
        )
        if more:
            times = f" and {more - 1:,} times more" if more > 1 else ""
            yield (
                f"{file_table.key[0]}: differs only in {how}, as on lines {lines[0]} and {lines[1]}{times}: such rows count as"
                " different records"
            )
            return


def _repeated_block(rows: StoredRows) -> Iterator[str]:
    """Notes rows that say, one after the other, what others say under other references: as where they were imported twice."""
    file_table = rows.file_table
    # Counts of different days may well be the same.
    if not file_table.key or file_table.contract.date_column in file_table.key or rows.n < 2 * BLOCK_ROWS:
        return
    if rows.n_repeated < BLOCK_ROWS:
        return
    # What an hour says besides its day makes it of another kind.
    kind = ", ".join(f"substr({name}, 11)" if name == file_table.contract.date_column else name for name in rows.content)
    found = rows.con.execute(
        f"""
        with pairs as (
            select
                min(place) as place, max(place) as again, min(line) as line, max(line) as line_again,
                any_value(hash({kind})) as kind
            from (select *, cast(_line as bigint) as line, row_number() over (order by line) as place from {rows.table})
            group by {", ".join(rows.content)} having count(*) = 2
        ),
        runs as (
            select *, place - row_number() over (partition by again - place order by place) as run from pairs
        )
        select count(*) as n, min(line), min(line_again) from runs group by again - place, run
        having n >= {BLOCK_ROWS} and count(distinct kind) >= {BLOCK_KINDS} order by n desc limit 1
        """
    ).fetchone()
    if found:
        n, line, again = found
        yield (
            f"{n:,} records, from line {again:,} on, say what those from line {line:,} on say, in the same order, under other"
            " references: were they exported or imported twice? They count twice"
        )


def _identifiers_alike(rows: StoredRows) -> Iterator[str]:
    """Notes people and addresses that are written in several ways: hashed, they are several."""
    file_table = rows.file_table
    for column in file_table.contract.columns:
        if not column.identifier or column.key or column.name not in file_table.layout.position:
            continue
        text = file_table.text(column.name)
        # `1, 1 High Street` is not `11 High Street`.
        plain_text = r"regexp_replace(regexp_replace(lower(t), '(\d)[\s.,]+(\d)', '\1/\2', 'g'), '[\s.,]', '', 'g')"
        texts, different = one_row(
            rows.con,
            f"select count(distinct t), count(distinct {plain_text})"
            f" from (select {text} as t from {CELLS} where not {file_table.is_ragged})",
        )
        if texts > different:
            n = texts - different
            yield f"{column.name}: {n:,} differ from others only in case, blanks, points or commas, and count as others"
