"""Notes periods of public health that are shown nowhere: the mart has years alone, and none after the extraction."""

import re
from collections.abc import Iterator

from dagster_project.core.plurals import counted, list_first
from dagster_project.core.project_lists import read_seed
from dagster_project.core.sql import literal

from ..refusal import printable
from .stored_rows import StoredRows

_YEARS = re.compile(r"((?:19|20)\d\d)(/\d\d)?(?:-(\d\d|\d{4})(/\d\d)?)?", re.ASCII)
"""`2024`, `2023/24`, and ranges of either, as `mart_public_health` reads them."""


def period_doubts(rows: StoredRows) -> Iterator[str]:
    """Notes rows of listed indicators whose period the mart leaves out."""
    if rows.file_table.contract.kind != "indicators" or not rows.n:
        return
    listed = ", ".join(literal(i) for i in sorted({row["indicator_id"] for row in read_seed("public_health_indicators")}))
    found = rows.con.execute(
        f"select time_period, count(*) from {rows.table} where indicator_id in ({listed}) and category is null"
        " group by all order by all"
    ).fetchall()
    last_year = int(rows.load.extracted_at[:4])
    left_out = {period: n for period, n in found if not is_shown(period, last_year)}
    if left_out:
        named = list_first([f"'{printable(period)}'" for period in left_out], 3)
        n = counted(sum(left_out.values()), "row")
        yield f"time_period: {named} in {n} are no years, or after {last_year}: no figure shows them"


def is_shown(period: str, last_year: int) -> bool:
    """Whether the mart shows a period as published. `last_year`: of the file's extraction."""
    match = _YEARS.fullmatch(period.replace(" ", "").replace("–", "-"))
    if not match:
        return False
    first, after, last, last_after = match.groups()
    begins = int(first)
    ends = begins if last is None else int(last) if len(last) == 4 else begins // 100 * 100 + int(last)
    if last is not None and len(last) == 2 and int(last) < begins % 100:
        ends += 100
    is_financial = bool(after or last_after)
    return begins <= ends <= last_year and (not is_financial or after == f"/{(begins + 1) % 100:02}")
