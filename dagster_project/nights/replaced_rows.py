"""Counts the rows of earlier files that this night's files replace or withdraw."""

import io
from collections import Counter
from typing import Any

import duckdb

from dagster_project.core.files import write_whole
from dagster_project.core.receipts import Night
from dagster_project.serving.answer_formats import write_result
from dagster_project.transform import raw_schema


def _rows(night: Night, select: str) -> list[tuple[Any, ...]]:
    """A query of the superseded rows `old` and the `newer` loads of this night that supersede them."""
    with duckdb.connect(str(night.home.candidate / raw_schema.WORK), read_only=True) as con:
        newer = "raw.loads as newer on old.by_load_id = newer.load_id and newer.is_tonight"
        return con.execute(select.format(f"staging.superseded_rows as old join {newer}")).fetchall()


def count_superseded(night: Night) -> dict[str, dict[str, int]]:
    """Rows of earlier files that this night's files supersede: extract -> reason -> number of rows."""
    counts: dict[str, dict[str, int]] = {}
    rows = _rows(night, "select newer.extract, old.reason, count(*) from {} group by all order by all")
    for extract, reason, n in rows:
        counts.setdefault(extract, {})[reason] = n
    return counts


def list_withdrawn(night: Night) -> dict[str, int]:
    """How many rows this night's files withdraw, by extract. Lists each row in `nights/<night id>__withdrawn.csv`."""
    rows = _rows(
        night,
        "select landed.extract, landed.force_code, landed.row_key, landed.row_date, own.source_file, landed.line,"
        " newer.source_file from {}"
        " join raw.landed_rows as landed on old.load_id = landed.load_id and old.line = landed.line"
        " join raw.loads as own on landed.load_id = own.load_id"
        " where old.reason = 'withdrawn' order by all",
    )
    if not rows:
        return {}
    text = io.StringIO()
    write_result(("extract", "force_code", "key", "date", "file", "line", "withdrawn_by"), rows, "csv", text)
    write_whole(night.home.nights / f"{night.night_id}__withdrawn.csv", text.getvalue().encode("utf-8"))
    return dict(Counter(row[0] for row in rows))
