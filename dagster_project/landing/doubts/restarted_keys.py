"""Holds files whose references begin again with each year or day: they would replace the records of the time before. Where a
short file does so, or replaces fewer, that is noted."""

from collections import Counter
from collections.abc import Iterable

from dagster_project.core.home import Home
from dagster_project.core.plurals import counted
from dagster_project.core.sql import one_row

from ..rows.file_table import FileTable
from ..storage.ledger import LedgerEntry
from ..storage.raw_store import Load, load_of, parquet_of
from .stored_rows import StoredRows

MIN_KEYS = 100
"""As for a file that would withdraw most of what stands: fewer records may have been moved to another day one by one."""
MIN_NOTED = 5
"""At least so many rows of a file that another, of other days, replaces are noted. Corrections move one or two. Fewer are noted
where they are most of the file's: its days may be left with none."""
MAX_KEYS = 200
"""Keys of the file that are looked up: all or none of them begin again."""
MAX_SHARE = 0.5
LOADS_BACK = 13
"""Earlier files that are searched: with a file a month, the same month of last year is the twelfth or thirteenth back."""
TIMES_LARGER = 20
"""A file of more rows than so many times this one's covers much longer: references that begin again would repeat within it.
Searching it would take longer than landing a day."""
MAX_FILES, MAX_ROWS = 62, 200_000
"""Files that are searched for rows to note, two months of nightly ones, and their rows in all. Larger files are held."""


def restarted_keys(rows: StoredRows, entries: Iterable[LedgerEntry]) -> str | None:
    """The reason to hold a file most of whose keys are those of earlier records of other days, or None. `entries`: the accepted
    loads of its extract and force."""
    home, load, file_table = rows.home, rows.load, rows.file_table
    if rows.n_read < MIN_KEYS or not _may_restart(file_table):
        return None
    first, last = file_table.covered_from, file_table.covered_to
    fewest, most = MIN_KEYS // 2, TIMES_LARGER * rows.n_read
    similar_loads = [
        e for e in entries
        if e.form == "canonical" and e.load_id != load.load_id and str(e.extracted_at) < load.extracted_at
        and fewest <= (e.rows_landed or 0) <= most
    ]  # fmt: skip
    newest = sorted(similar_loads, key=lambda e: str(e.extracted_at), reverse=True)
    # Within one window a newer version of a record may be of any day.
    other_days = [e for e in newest if e.window[1] < first or last < e.window[0]][:LOADS_BACK]
    same_days = [e for e in newest if first <= e.window[1] and e.window[0] <= last][:LOADS_BACK]
    other_days, same_days = ([e for e in group if load_of(e).raw(home).exists()] for group in (other_days, same_days))
    if not other_days:
        return None
    # Keys that an accepted file has on the same days have replaced the others already.
    known_keys = "select ''"
    if same_days:
        known_keys = f"select _key from {_rows(home, same_days)} where _date between '{first}' and '{last}'"
    keys, n_repeated = one_row(
        rows.con,
        f"""
        with keys as (
            select distinct _key from (from {rows.table} where _key is not null limit {MAX_KEYS})
        )
        select count(*),
            count(*) filter (where _key in (select _key from {_rows(home, other_days)}) and _key not in ({known_keys}))
        from keys
        """,
    )
    if n_repeated < MIN_KEYS or n_repeated <= MAX_SHARE * keys:
        return None
    return (
        f"{file_table.key[0]}: {n_repeated:,} of its first {keys:,} are those of records of other days, and would replace"
        f" them: {_remedy(file_table)}; if the records were moved to these days, release the file"
    )


def replaced_rows(rows: StoredRows, entries: Iterable[LedgerEntry]) -> tuple[dict[str, int], list[str]]:
    """The rows that a file replaces outside its window, or, where it arrives late, loses to newer files: by the file that has
    them, and a note for each. `entries`: as of `restarted_keys`."""
    home, load, file_table = rows.home, rows.load, rows.file_table
    if not _may_restart(file_table):
        return {}, []
    first, last = file_table.covered_from, file_table.covered_to
    nearby: list[LedgerEntry] = []
    n_rows = 0
    for entry in sorted(entries, key=lambda entry: str(entry.extracted_at), reverse=True):
        is_other = entry.form == "canonical" and entry.load_id != load.load_id and str(entry.extracted_at) != load.extracted_at
        has_room = len(nearby) < MAX_FILES and n_rows + (entry.rows_landed or 0) <= MAX_ROWS
        if is_other and has_room and load_of(entry).raw(home).exists():
            n_rows += entry.rows_landed or 0
            nearby.append(entry)
    within = [first <= e.window[0] and e.window[1] <= last for e in nearby if str(e.extracted_at) < load.extracted_at]
    around = [e.window[0] <= first and last <= e.window[1] for e in nearby if str(e.extracted_at) > load.extracted_at]
    if all(within) and all(around):
        return {}, []
    places = [(str(e.extracted_at), str(e.load_id), *e.window) for e in nearby]
    places.append((load.extracted_at, load.load_id, first, last))
    loads = ", ".join(f"('{load_id}', {n}, '{a}', '{b}')" for n, (_, load_id, a, b) in enumerate(sorted(places)))
    # A row that a file in between withdrew is not there to be replaced.
    replaced = rows.con.execute(
        f"""
        with loads(load_id, place, first, last) as (values {loads}),
        versions as (
            select r._key, r._date as day, l.load_id, l.place, lead(l.place) over (partition by r._key order by l.place) as by
            from {_rows(home, nearby, load)} as r join loads as l on r._load_id = l.load_id
            where r._key in (select _key from {rows.table})
        )
        select v.load_id, newer.load_id, count(*), min(v.day), max(v.day)
        from versions as v join loads as newer on v.by = newer.place
        where '{load.load_id}' in (v.load_id, newer.load_id) and v.day not between newer.first and newer.last
            and not exists (
                from loads as mid where mid.place > v.place and mid.place < v.by and v.day between mid.first and mid.last
            )
        group by all
        order by 4, 1
        """
    ).fetchall()
    files = {str(e.load_id): (e.source_file, e.rows_landed or 0) for e in nearby}
    files[load.load_id] = load.source_file, rows.n_read
    n_replaced, notes = Counter[str](), list[str]()
    for older_id, newer_id, n, since, to in replaced:
        name, landed = files[older_id]
        if n >= MIN_NOTED or 2 * n > landed:
            days = since if since == to else f"{since} to {to}"
            n_replaced[name] += n
            notes.append(
                f"{counted(n, 'row')} of {name}, dated {days}, {'are' if n > 1 else 'is'} replaced by rows of"
                f" {files[newer_id][0]} with the same {file_table.key[0]}: {_remedy(file_table)}, and drop the files again"
                " under a newer time; if the records were moved to other days, nothing is wrong"
            )
    return dict(n_replaced), notes


def _may_restart(file_table: FileTable) -> bool:
    is_log = file_table.form == "canonical" and file_table.contract.kind == "events"
    return is_log and bool(file_table.key) and file_table.contract.date_column not in file_table.key


def _remedy(file_table: FileTable) -> str:
    name, placing = file_table.key[0], str(file_table.contract.date_column)
    parts = ", ".join(file_table.layout.headers[c].replace(" + ", ", ") for c in (placing, name))
    return (
        "do references begin again each year, month or day? Then put the year, month or day before them, or say headers:"
        f" {{{name}: {{join: [{parts}]}}}} in a mapping"
    )


def _rows(home: Home, entries: Iterable[LedgerEntry], *more: Load) -> str:
    return f"(from {parquet_of(*(load.raw(home) for load in (*map(load_of, entries), *more)))} where _key is not null)"
