"""Counts rows of earlier files that the night's files replace or withdraw."""

import csv
import io

import duckdb

from dagster_project.core.cell_text import escape_formula
from dagster_project.core.files import write_whole
from dagster_project.core.receipts import Night
from dagster_project.transform import raw_schema


def count_superseded(night: Night) -> dict[str, dict[str, int]]:
    """Rows of earlier files that the night's files supersede: extract -> reason -> rows."""
    con = duckdb.connect(str(night.home.candidate / raw_schema.WORK), read_only=True)
    try:
        rows = con.execute(
            "select newer.extract, gone.reason, count(*) from staging.superseded_rows as gone"
            " join raw.loads as newer on gone.by_load_id = newer.load_id and newer.is_tonight"
            " group by all order by all"
        ).fetchall()
    finally:
        con.close()
    found: dict[str, dict[str, int]] = {}
    for extract, reason, n in rows:
        found.setdefault(extract, {})[reason] = n
    return found


def list_withdrawn(night: Night) -> dict[str, int]:
    """Rows that the night's files take back, by extract; each is in `nights/<night id>__withdrawn.csv`."""
    con = duckdb.connect(str(night.home.candidate / raw_schema.WORK), read_only=True)
    try:
        rows = con.execute(
            "select landed.extract, landed.force_code, landed.row_key, landed.row_date, own.source_file, landed.line,"
            " newer.source_file from staging.superseded_rows as gone"
            " join raw.loads as newer on gone.by_load_id = newer.load_id and newer.is_tonight"
            " join raw.landed_rows as landed on gone.load_id = landed.load_id and gone.line = landed.line"
            " join raw.loads as own on landed.load_id = own.load_id"
            " where gone.reason = 'withdrawn' order by all"
        ).fetchall()
    finally:
        con.close()
    if not rows:
        return {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["extract", "force_code", "key", "date", "file", "line", "withdrawn_by"])
    writer.writerows([escape_formula(value) for value in row] for row in rows)
    write_whole(night.home.nights / f"{night.night_id}__withdrawn.csv", text.getvalue().encode("utf-8"))
    extracts = [row[0] for row in rows]
    return {extract: extracts.count(extract) for extract in sorted(set(extracts))}
