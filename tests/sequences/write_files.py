"""Write the files of a sequence, as an inbox receives them."""

import csv
import gzip
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from .plan import File, Format, Row

FIRST_DAY = date(2025, 1, 1)
FIRST_NIGHT = datetime(2026, 2, 1, 3, tzinfo=UTC)
FIRST_MTIME = 1_760_000_000
"""Modification time of the first drop. The times tell drops apart in the ledger."""
DOUBLED_ROWS = 52

HEADERS = {
    "mda_orders": ["order_ref", "order_date", "amount", "recipient"],
    "cash_seizures": ["seizure_ref", "order_date", "amount", "status"],
    "stop_search": ["search_ref", "searched_at", "object_of_search", "object_found"],
    "crimes": ["crime_ref", "recorded_on", "offence_code", "status"],
    "iom_cohort": ["counted_on", "cohort_size"],
    "street_crime": ["Crime ID", "Month", "LSOA name", "Crime type"],
    "public_health": [
        "Indicator ID", "Indicator Name", "Area Code", "Area Name", "Area Type", "Sex", "Time period", "Value",
    ],
}  # fmt: skip
OPTIONAL_COLUMNS = {"stop_search": ["legislation", "lpu"], "crimes": ["lpu"]}
"""Columns that some files lack."""
SEARCHES = ["Date", "Legislation", "Object of search", "Outcome"]
AMOUNTS = ("10", "20.50", "(7)")
CHOICES = {
    "mda_orders": ("Police", "Charity"),
    "cash_seizures": ("Under investigation", "Forfeited"),
    "stop_search": ("Y", "N"),
    "crimes": ("Recorded", "Cancelled"),
}


def night_moment(night: int) -> datetime:
    """The time at which a night lands its files."""
    return FIRST_NIGHT + timedelta(days=7 * night)


def extracted_at(moment: int) -> datetime:
    """A time of extraction: the first is before all nights, the others are between them."""
    return datetime(2026, 1, 30, 2, tzinfo=UTC) + timedelta(days=3 * moment)


def window(file: File) -> tuple[date, date]:
    """The first and last covered day."""
    first = FIRST_DAY + timedelta(file.start)
    return first, first + timedelta(file.days - 1)


def file_name(file: File, force: str) -> str:
    """The file's name."""
    first, last = window(file)
    if file.moment is None:
        kind = "street" if file.extract == "street_crime" else "stop-and-search"
        return f"{first:%Y-%m}-{force}-{kind}{file.format.container}"
    return f"{file.extract}__{force}__{first}__{last}__{extracted_at(file.moment):%Y%m%dT%H%M%SZ}{file.format.container}"


def write(folder: Path, file: File, force: str, number: int) -> Path:
    """Write one file, and its manifest, into a folder of its own. Each drop is a second younger than the one before: `number`
    counts them.
    """
    path = folder / f"{number:03d}" / file_name(file, force)
    path.parent.mkdir(parents=True)
    header, cells = table(file)
    path.write_bytes(pack(text(header, cells, file.format.delimiter).encode(file.format.encoding), file.format))
    os.utime(path, (FIRST_MTIME + number,) * 2)
    if file.manifest:
        manifest = {"rows": len(cells) + (file.manifest == "fails"), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return path


def text(header: list[str], cells: list[list[str]], delimiter: str) -> str:
    """A CSV's text."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *cells])
    return out.getvalue()


def pack(data: bytes, file_format: Format) -> bytes:
    """The file's bytes: the data, packed if the format says so."""
    if file_format.container == ".csv.gz":
        return gzip.compress(data, mtime=0)
    if file_format.container == ".zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr(zipfile.ZipInfo("extract.csv"), data)
        return out.getvalue()
    return data


def table(file: File) -> tuple[list[str], list[list[str]]]:
    """Header and cells."""
    header = SEARCHES if file.extract == "stop_search" and file.moment is None else HEADERS[file.extract]
    header = [*header, *(OPTIONAL_COLUMNS[file.extract] if file.full else ())]
    cells: list[list[str]] = []
    for row in file.rows:
        cells += row_cells(file, row)
    if file.doubled:
        once = [good_cells(file, Row(100 + n, day=n % file.days)) for n in range(DOUBLED_ROWS)]
        cells += once + once
    return header, cells


def row_cells(file: File, row: Row) -> list[list[str]]:
    """The cells of a row, odd as the row says; of two rows if it comes twice."""
    cells = good_cells(file, row)
    match row.odd:
        case "ragged":
            cells.append("one too many")
        case "repeat":
            return [cells, list(cells)]
        case "twice":
            return [cells, good_cells(file, Row(row.key, row.day, row.value + 1))]
    return [cells]


def good_cells(file: File, row: Row) -> list[str]:
    """The cells of a row, optional columns included."""
    optional = {"legislation": f"Law {row.value % 2}", "lpu": "Dales"}
    return [*CELLS[file.extract](file, row), *(optional[c] for c in (OPTIONAL_COLUMNS[file.extract] if file.full else ()))]


def day(file: File, row: Row) -> date | None:
    """The date of a row; None if it has no valid one."""
    first, last = window(file)
    match row.odd:
        case "no date" | "bad date":
            return None
        case "outside":
            return last + timedelta(2)
        case "early":
            return first - timedelta(20)
    return min(first + timedelta(row.day), last)


def day_text(file: File, row: Row) -> str:
    """The date as text in the file."""
    on = day(file, row)
    return str(on) if on else "31/02/2025" if row.odd == "bad date" else ""


def keyed(file: File, row: Row) -> list[str]:
    """Key, date, amount, and a choice, which may be one that is not on its list."""
    choice = "Perhaps" if row.odd == "choice" else CHOICES[file.extract][row.value % 2]
    amount = f"92D/{row.value}" if file.extract == "crimes" else AMOUNTS[row.value % 3]
    return ["" if row.odd == "no key" else f"K{row.key}", day_text(file, row), amount, choice]


def search(file: File, row: Row) -> list[str]:
    """A search, of the force's own extract or of data.police.uk."""
    on, sought = day_text(file, row), ("Controlled drugs", "Stolen goods", "")[row.value % 3]
    if file.moment is None:
        return [f"{on}T12:00:00+00:00" if on.startswith("2") else on, f"Law {row.key}", sought, "Arrest"]
    cells = keyed(file, row)
    return [cells[0], f"{on} 12:00" if on.startswith("2") else on, sought or "Drugs", cells[3]]


def cohort(file: File, row: Row) -> list[str]:
    """A count of the cohort. Its date is the key."""
    return [day_text(file, row), "many" if row.odd == "choice" else str(100 + row.value)]


def street(file: File, row: Row) -> list[str]:
    """A street crime. Key 0 has no id. The month is the first or the last of the file."""
    first, last = window(file)
    month = {"no date": "", "bad date": "2025-13", "outside": "2019-01", "early": "2024-12"}.get(
        row.odd, f"{last if row.day > 30 else first:%Y-%m}"
    )
    kind = "Anti-social behaviour" if row.key == 0 else "Drugs"
    return [f"id{row.key}" if row.key else "", month, f"Amber Valley 00{row.value}A", kind]


def health(file: File, row: Row) -> list[str]:
    """A published figure of one of two indicators."""
    value = "not known" if row.odd == "choice" else f"{row.value}.5"
    return [str(90_000 + row.key % 2), "Named", f"E{row.key // 2}", "Somewhere", "England", "Persons", "2024", value]


CELLS: dict[str, Callable[[File, Row], list[str]]] = {
    "mda_orders": keyed,
    "cash_seizures": keyed,
    "crimes": keyed,
    "stop_search": search,
    "iom_cohort": cohort,
    "street_crime": street,
    "public_health": health,
}
