"""The home's list of months that a person accepted, although their figures are far from those of the year before."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import UTC, date, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb

from dagster_project import audit
from dagster_project.core.errors import PamError
from dagster_project.core.files import read_written, write_whole
from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.project_lists import read_seed
from dagster_project.core.raw_table_columns import make_raw_table
from dagster_project.core.receipts import read_receipts
from dagster_project.core.similar_names import suggestion
from dagster_project.core.sql import literal

OF_FORCES = ("month_far_from_the_year_before", "money_far_above_the_year_before")
"""Rules of the gate on months of a force, which hold a night."""
RULES = (*OF_FORCES, "unit_without_events")
"""Rules of the gate that an accepted month passes."""
FOUND = re.compile(r"\(([\w-]+), (\w+), (\d{4}-\d{2})\)")
"""A month in what a check of `OF_FORCES` found: force, measure and month."""
MONTH_FORMATS = ("%Y-%m", "%b %Y", "%B %Y")


class AcceptError(PamError, ValueError):
    """A month that can't be accepted, or a list that can't be read. The message says what is possible."""


@dataclass(frozen=True)
class Accepted:
    """An accepted month of a measure. `month`: such as 2025-10; `accepted_at`: UTC; `area_code`: the force, or a unit of it."""

    measure: str
    month: str
    force_code: str
    why: str
    by: str
    accepted_at: str
    area_code: str

    @property
    def month_no(self) -> int:
        """Months since year 0."""
        return int(self.month[:4]) * 12 + int(self.month[5:]) - 1


COLUMNS = tuple(f.name for f in fields(Accepted))


def accepted_file(home: Home) -> Path:
    """The list; a home that accepted nothing has none."""
    return home.seeds / "accepted_months.csv"


def read_accepted(home: Home) -> list[Accepted]:
    """The home's accepted months, oldest decision first. Raises AcceptError for a list that can't be read."""
    path = accepted_file(home)
    if not path.exists():
        return []
    text = read_written(path, f"seeds/{path.name}", AcceptError, "CSV UTF-8")
    rows: list[Accepted] = []
    reader = csv.DictReader(io.StringIO(text))
    try:
        for listed in reader:
            # Lists of earlier versions have no areas.
            row = {"area_code": listed["force_code"]} | listed
            rows.append(Accepted(**{c: row[c] for c in COLUMNS}))
            date.fromisoformat(f"{rows[-1].month}-01")
    except (KeyError, ValueError, csv.Error) as error:
        if isinstance(error, KeyError):
            fault = f"line 1: the header lacks {error}"
        elif isinstance(error, csv.Error):
            fault = f"line {reader.line_num + 1}: can't be read: {error}"
        else:
            fault = f"line {reader.line_num}: month {rows[-1].month or ''!r} is not a month: write it as 2025-04"
        advice = "Correct it, or take the line out and run pam accept"
        raise AcceptError(f"seeds/{path.name}: {fault}. {advice}") from error
    return rows


def accept_months(
    home: Home, measure: str, months: Iterable[str], force: str, *, by: str, why: str, unit: str = ""
) -> list[Accepted]:
    """Accept months of a measure from the next night on, and record each. Takes the home's lock.

    `unit`: the code of the one whose month without events is accepted; by default the force's figure is.
    Raises AcceptError for an unknown measure or month, or an empty reason; NightUnderWayError; OSError; HomeListError.
    """
    _check_measure(measure)
    return _accept(home, [(measure, month, force, unit or force) for month in dict.fromkeys(map(_month, months))], by, why)


def accept_found(home: Home, night: str, *, by: str, why: str, measure: str = "", force: str = "") -> list[Accepted]:
    """Accept all months of forces that the night `night` was held for, of one `measure` or `force` if given. Raises as
    `accept_months`, also if it is not the last night that was checked, or was held for none."""
    if measure:
        _check_measure(measure)
    checked = next((r for r in reversed(read_receipts(home)) if r.checks), None)
    if checked is None or checked.night_id != night:
        last = f"the last one is {checked.night_id}" if checked else "there is none"
        raise AcceptError(f"{night} is not the last night that was checked: {last} (pam checks shows what it found)")
    months_found = [
        (of_measure, month, of_force, of_force)
        for c in checked.checks if c["rule"] in OF_FORCES and not c["passed"]
        for of_force, of_measure, month in FOUND.findall(c["found"]) if force in ("", of_force) and measure in ("", of_measure)
    ]  # fmt: skip
    if not months_found:
        of_these = "".join(f" of {name}" for name in (measure, force) if name)
        raise AcceptError(
            f"night {night} found no month{of_these} far from the mean of the twelve months before: there is none to accept"
        )
    # Two marts may have a measure of one name.
    return _accept(home, list(dict.fromkeys(months_found)), by, why)


def _accept(home: Home, months: list[tuple[str, str, str, str]], by: str, why: str) -> list[Accepted]:
    """Record that months are accepted. `months`: measure, month, force and area of each."""
    if not why.strip():
        raise AcceptError("say why (--why): it goes on record, and is shown beside the figure")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    new_rows = [Accepted(measure, month, force, why.strip(), by, at, area) for measure, month, force, area in months]
    with locked(home):
        key = attrgetter("measure", "month", "force_code", "area_code")
        other_rows = [a for a in read_accepted(home) if key(a) not in set(map(key, new_rows))]
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows([COLUMNS, *map(astuple, [*other_rows, *new_rows])])
        for row in new_rows:
            details = {"measure": row.measure, "month": row.month, "force_code": row.force_code, "area_code": row.area_code}
            audit.record(home, "alteration", what="accepted month", by=by, **details, why=row.why)
        write_whole(accepted_file(home), out.getvalue().encode("utf-8"))
    return new_rows


def is_flagged(home: Home, accepted: Accepted) -> bool:
    """Whether the last night that was checked found the month, or the unit of it, far from those before."""
    checks = next((r.checks for r in reversed(read_receipts(home)) if r.checks), ())
    what = accepted.month if accepted.area_code == accepted.force_code else accepted.area_code
    finding = f"({accepted.force_code}, {accepted.measure}, {what})"
    # A check names its first findings alone.
    return any(
        finding in c["found"] or re.search(r" and \d+ more$", c["found"])
        for c in checks if c["rule"] in RULES and not c["passed"]
    )  # fmt: skip


def make_month_tables(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Make `raw.accepted_months`, and `raw.published_months`: the published figures of complete months, of judged measures.

    Raises AcceptError.
    """
    make_raw_table(con, "accepted_months", [(a.measure, a.force_code, a.area_code, a.month_no) for a in read_accepted(home)])
    published: list[tuple[Any, ...]] = []
    if home.warehouse.exists():
        con.execute(f"attach {literal(str(home.warehouse))} as published (read_only)")
        published = con.execute(
            "select mart, force_code, measure, year(period_end) * 12 + month(period_end) - 1, value"
            " from published.marts.measures"
            " where area_type = 'force' and category = 'all' and period_type = 'month' and data_status = 'complete'"
            " and list_contains(?, measure)",
            [_judged_measures()],
        ).fetchall()
        con.execute("detach published")
    make_raw_table(con, "published_months", published)


def _judged_measures() -> list[str]:
    """Measures whose months are compared with the year before: headline counts and rates, and money."""
    return sorted({r["measure"] for r in read_seed("measure_list") if r["is_headline"] == "true" or r["unit"] == "gbp"})


def _check_measure(measure: str) -> None:
    judged = _judged_measures()
    if measure not in judged:
        hint = suggestion(measure, judged) or "."
        raise AcceptError(f"no measure with judged months is called {measure}{hint} There are {', '.join(judged)}")


def _month(text: str) -> str:
    for format_ in MONTH_FORMATS:
        try:
            return f"{datetime.strptime(text.strip(), format_):%Y-%m}"
        except ValueError:
            continue
    raise AcceptError(f"{text!r} is no month such as 2025-10 or Oct 2025")
