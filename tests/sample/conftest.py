"""The sample, written once, and its rows as dictionaries, read with the csv module and not with the warehouse."""

import csv
import gzip
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dagster_project.sample import write_sample

LONDON = ZoneInfo("Europe/London")

DATE_COLUMNS = (
    "created_at", "recorded_on", "submitted_on", "searched_at", "arrested_at", "order_date", "received_on",
    "administered_at", "identified_on", "outcome_on", "delivered_on", "starts_on", "enforced_on",
    "counted_on", "visited_on", "responded_on", "activity_on",
)  # fmt: skip


def _text(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if content.startswith(b"\xff\xfe"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _day(text: str) -> str:
    """The London day of a date or timestamp in any of the sample's formats, as ISO text."""
    if text[2:3] == "/":
        return f"{text[6:10]}-{text[3:5]}-{text[:2]}"
    if "+" in text:
        return datetime.fromisoformat(text).astimezone(LONDON).date().isoformat()
    return text[:10]


def _read(path: Path) -> list[dict[str, str]]:
    text = _text(path)
    header = text[: text.index("\n")]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max("\t;|,", key=header.count))
    columns = [name.lower().replace(" ", "_") for name in next(reader)]
    date_column = next((columns.index(name) for name in DATE_COLUMNS if name in columns), None)
    rows = [dict(zip(columns, row, strict=True)) for row in reader]
    if date_column is not None:
        for row in rows:
            row["day"] = _day(row[columns[date_column]])
    if "closed_on" in columns:
        for row in rows:
            row["closed_on"] = _day(row["closed_on"])
    return rows


def _extract(path: Path) -> str:
    return path.name.split("__")[0] if "__" in path.name else "street_crime"


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The sample's files."""
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def sample_rows(sample_files: list[Path]) -> dict[str, list[dict[str, str]]]:
    """Rows by extract: columns by snake-case name, and `day` for the London day that places the row."""
    rows: dict[str, list[dict[str, str]]] = {}
    for path in sample_files:
        rows.setdefault(_extract(path), []).extend(_read(path))
    return rows


@pytest.fixture(scope="session")
def sample_windows(sample_files: list[Path]) -> dict[str, tuple[str, str]]:
    """First and last covered day by extract, from the canonical file names."""
    return {
        path.name.split("__")[0]: (path.name.split("__")[2], path.name.split("__")[3])
        for path in sample_files
        if "__" in path.name
    }


@pytest.fixture
def read_sample() -> Callable[[Path], list[dict[str, str]]]:
    """Reads one file as `sample_rows` does."""
    return _read
