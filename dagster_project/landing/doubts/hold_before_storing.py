"""The reasons to hold a file that its own rows and notes give, before its rows are stored."""

from datetime import datetime, timedelta

from ..inbox.file_names import InboxFile
from ..landing_session import LandingSession
from ..opening import text_around_table
from ..rows import duplicate_rows
from ..rows.file_table import FileTable
from . import implausible_files, other_sheets, suspicious_dates

FAR_AHEAD = timedelta(days=366)
"""A file is held that was extracted so long after it landed. Clocks of a few days or weeks ahead give a note
(`column_drift.describe_extraction`)."""
SUSPECT_DAYS = 7
"""A file without rows that covers at least so many days is held, where its contract says that no rows are suspect."""


def reason_to_hold(session: LandingSession, file: InboxFile, file_table: FileTable, rows: int, bad: int) -> str | None:
    """The first reason to hold a file, or None. `bad`: how many of its `rows` are.

    What quarantine, earlier files and lists give is asked in `store_file`.
    """
    con, table, placing = session.con, file_table.mapping.table, file_table.contract.date_column
    return (
        _has_no_records(session, file_table, rows, bad)
        or implausible_files.of_another_extract(file_table)
        or implausible_files.cut_by_spreadsheet(file_table, rows)
        or other_sheets.left_on_other_sheets(con, file_table)
        or other_sheets.records_on_other_sheets(con, file_table, rows)
        or implausible_files.points_for_thousands(con, file_table, rows)
        or implausible_files.only_on_first_rows(con, file_table, rows)
        or text_around_table.says_rows_are_missing(file_table.around, table, rows)
        or text_around_table.says_thousands(file_table.around, file_table.contract, file_table.layout.headers)
        or text_around_table.records_above_header(file_table.around, table, file_table.layout, placing)
        or suspicious_dates.stretched_by_few(con, file_table, file.covers, rows - bad)
        or suspicious_dates.firsts_of_months(con, file_table, rows)
        or suspicious_dates.either_order(con, file_table)
        or suspicious_dates.swapped_by_program(con, file_table, bad)
        or duplicate_rows.out_of_order(file_table, rows)
    )


def extracted_far_ahead(file: InboxFile, landed_at: datetime) -> str | None:
    """The reason to hold a file with a time of extraction of a wrong clock or year: no later file could correct its days."""
    if file.extracted_at is None or file.extracted_at <= landed_at + FAR_AHEAD:
        return None
    return (
        f"extracted at {file.extracted_at:%Y-%m-%d %H:%M}, more than a year after it landed: until then every other file would"
        " count as older. Not believed: drop it again under the time at which it was extracted"
    )


def _has_no_records(session: LandingSession, file_table: FileTable, rows: int, bad: int) -> str | None:
    """The reason to hold a file with a header alone, or a message below it, over many days of what happens daily."""
    days = (file_table.covered_to - file_table.covered_from).days + 1
    if not file_table.contract.empty_is_suspect or days < SUSPECT_DAYS or not rows == bad < session.limits.quarantined_rows:
        return None
    if not text_around_table.has_notes_alone(session.con, file_table):
        return None
    none = "a message, and no rows," if rows else "no rows"
    reason = f"header and {none} over {days} days: not believed of {file_table.contract.extract}"
    if file_table.n_ignored:
        reason += f". The mapping (table: ignore:) leaves out {file_table.n_ignored:,}: are they records? Then correct it"
    return reason
