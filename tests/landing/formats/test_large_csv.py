"""Large CSV files: one scan decides whether the fast reader may be used, and its rows equal those of the slow reader."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.landing.formats import csv_reader
from dagster_project.landing.formats.csv_reader import TextScan, scan_text
from dagster_project.landing.interrupted_landing import MARK
from dagster_project.landing.storage import raw_store

from ..conftest import NOW

ROWS = [f"C{i},2025-03-{1 + i % 28:02d},92D,Recorded,Dales" for i in range(300)]


def scan_line_by_line(text: str, separator: str, width: int) -> TextScan | None:
    """What the scan must return, worked out from the lines one by one."""
    lines = text.removesuffix("\n").split("\n")
    rows = [line.split(separator) for line in lines]
    if any(len(row) != width for row in rows) or set(text) & set('"\r\0\xa0\ufeff') or text.endswith("\x1a"):
        return None
    edges = any(cell[:1] == " " or cell[-1:] == " " for row in rows for cell in row)
    longest = max(len(line) for line in text.encode().replace(b"\n", b"\n\0").split(b"\0"))
    unprintable = set(text) & set("\x0b\x1a\x85\u2028")
    return TextScan(len(lines), longest, "\t" in text and separator != "\t", edges, not unprintable)


CELL = st.text(st.sampled_from("ab \x0b\x85\u2028"), max_size=3) | st.text(
    st.sampled_from('a£\xa0\ufeff\t\x1a"\r\0;,\n'), max_size=2
)


@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    separator=st.sampled_from(",;\t"),
    ends=st.booleans(),
    chunk=st.integers(1, 9),
)
def test_scan_agrees_with_a_scan_line_by_line(rows, separator, ends, chunk):
    text = "\n".join(separator.join(row) for row in rows) + ("\n" if ends else "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "CHUNK", chunk)
        scan = scan_text(memoryview(text.encode()), separator, 3)
    assert scan == scan_line_by_line(text, separator, 3)


@pytest.mark.parametrize("bad", [b"\xe9,b\n", b"a,\xc3", b"a,\xed\xa0\x80\n"], ids=["Windows-1252", "cut short", "surrogate"])
def test_text_that_is_not_utf8_is_not_scanned(bad):
    assert scan_text(memoryview(b"a,b\n" + bad), ",", 2) is None


@pytest.fixture
def large(monkeypatch):
    """Treats every text as large."""
    monkeypatch.setattr(csv_reader, "WORTH_IT", 0)


BAD, REPEATED, CONFLICT = "C1,soon,92D,Recorded,Dales", "C5,2025-03-06,92D,Recorded,Dales", "C5,2025-04-01,92D,Recorded,Dales"


@pytest.mark.parametrize(
    ("template", "extra_rows"),
    [
        ("{}", []), ("{}", [BAD]), ("{}", [REPEATED]), ("{}", [CONFLICT]),
        ("\ufeff{}", [CONFLICT]), ("\n\n{}", [BAD]), ("sep=,\n{}", [REPEATED]),
    ],
)  # fmt: skip
def test_fast_reader_stores_the_rows_of_the_slow_one_in_line_order(warehouse, monkeypatch, large, extra_rows, template):
    text = template.format("\n".join(["crime_ref,recorded_on,offence_code,status,lpu", *ROWS, *extra_rows, ""]))
    fast = warehouse.land("crimes", text=text)
    stored = warehouse.raw(fast), warehouse.quarantine(fast)
    path = warehouse.home.raw / "crimes" / "derbyshire" / f"{fast.load_id}.parquet"
    lines = [int(line) for (line,) in duckdb.connect().execute("select _line from read_parquet(?)", [str(path)]).fetchall()]
    assert lines == sorted(lines)

    monkeypatch.setattr(csv_reader, "WORTH_IT", 1 << 30)
    other = type(warehouse)(type(warehouse.home).of(warehouse.home.path.with_name("other")).create())
    slow = other.land("crimes", text=text)
    assert (other.raw(slow), other.quarantine(slow)) == stored
    times = {"night_id", "landed_at", "file_mtime"}
    assert slow.model_dump(exclude=times) == fast.model_dump(exclude=times)


@pytest.mark.parametrize("row", ["", "X1,2025-03-01,92D", "X1,2025-03-01,92D,Recorded,Dales,more"])
def test_slow_reader_is_used_if_duckdb_finds_other_rows_than_the_scan(warehouse, monkeypatch, large, row):
    scanned = []

    def wrong_scan(body, separator, width):
        scanned.append(bytes(body))
        return TextScan(301, 100, False, False, True)

    monkeypatch.setattr(csv_reader, "scan_text", wrong_scan)
    entry = warehouse.land("crimes", *ROWS[:200], row, *ROWS[200:])
    assert scanned and (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 300, 1 if row else 0)
    assert [row["_line"] for row in warehouse.raw(entry)][199:201] == ["201", "203"]


def test_rows_without_a_key_are_counted_by_all_their_columns(warehouse, large):
    entry = warehouse.land("street_crime", *["2025-03,Derby 001A,Robbery"] * 2, header="Month,LSOA name,Crime type")
    assert (entry.outcome, entry.rows_landed, entry.rows_duplicate) == ("accepted", 2, 0)


def rows_on_disk(warehouse) -> list[str]:
    return [path.name for path in warehouse.home.raw.rglob("*.parquet*")]


def test_rows_of_a_file_refused_after_writing_are_removed(warehouse, large):
    path = warehouse.drop("crimes", *ROWS)
    path.with_name(path.name + ".manifest.json").write_text('{"rows": 301}')
    (entry,) = warehouse.night()
    assert (entry.outcome, rows_on_disk(warehouse)) == ("refused", [])


def test_stored_rows_are_not_stored_again(warehouse, large):
    first = warehouse.land("crimes", *ROWS)
    again = warehouse.land("crimes", *[row.replace("Dales", " Dales") for row in ROWS])
    assert (again.outcome, rows_on_disk(warehouse)) == ("known", [f"{first.load_id}.parquet"])


FULL = "No space left on device"


@pytest.mark.parametrize("error", [OSError(28, FULL), duckdb.IOException(FULL), duckdb.OutOfMemoryException(FULL)], ids=repr)
def test_file_is_not_called_damaged_if_its_rows_cannot_be_written(warehouse, monkeypatch, large, error):
    """The file is sound, only the place of its rows is not: no message says to export it again."""
    marked = []

    def fail(*_):
        marked.append((warehouse.home.ledger / MARK).exists())
        raise error

    monkeypatch.setattr(raw_store, "write_raw", fail)
    warehouse.drop("crimes", *ROWS)
    with pytest.raises(type(error)):
        warehouse.night()
    assert warehouse.ledger() == [] and len(marked) > 1
    assert all(marked), "before it writes, the home says that it landed: a killed night's rows are removed"


def test_large_file_whose_rows_give_the_window(warehouse, large):
    """And the same again under another name. Its manifest counts the total, which is no record."""
    warehouse.home.mappings.mkdir(exist_ok=True)
    mapping = "extract: crimes\nforces: [derbyshire]\nfiles: [{name: 'book*.csv', covers: days}]\n"
    mapping += "table: {ignore: {crime_ref: Total}}\n"
    (warehouse.home.mappings / "book.yml").write_text(mapping, encoding="utf-8")
    text = "\n".join(["crime_ref,recorded_on,offence_code,status,lpu", *ROWS, "Total,300,,,", ""])
    for name, outcome in (("book 1.csv", "accepted"), ("book 2.csv", "known")):
        path = warehouse.put(name, text, mtime=NOW.timestamp())
        path.with_name(f"{name}.manifest.json").write_text('{"rows": 301}')
        (entry,) = warehouse.night()
        assert (entry.outcome, entry.rows_in_file, str(entry.covered_to)) == (outcome, 300, "2025-03-28"), entry.reason
        assert rows_on_disk(warehouse) == [f"{entry.load_id}.parquet"]
