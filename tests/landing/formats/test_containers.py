"""Zip, Excel and Parquet: the same extraction as the CSV, and known whichever comes first."""

import gzip
import tracemalloc
import zipfile
from datetime import date, datetime
from io import BytesIO

import duckdb
import pytest

from dagster_project.landing.formats import containers
from dagster_project.landing.formats.excel import sheet_text
from dagster_project.landing.refusal import Refused

from ..conftest import HEADERS
from ..workbook import workbook

HEADER = HEADERS["confiscation_orders"].split(",")
TEXT = (
    ",".join(HEADER)
    + "\n1001,2025-03-01,Drug supply,1250.10,0.3\n"
    + '"A\nB",02/03/2025,fraud,(3),\n'
    + "007,2026-03-03,Other,12x,5\n"
)
ROWS = [
    [1001, date(2025, 3, 1), "Drug supply", 1250.1, 0.1 + 0.2],
    ["A\nB", "02/03/2025", "fraud", -3, None],
    ["007", datetime(2026, 3, 3), "Other", "12x", 5],
]
EXPECTED = [
    ("1001", "2025-03-01", "Drug supply", "1250.10", "0.30"),
    ("A\nB", "2025-03-02", "Fraud", "-3.00", None),
]


def zipped(packing: int = zipfile.ZIP_DEFLATED, **files: str | bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", packing) as file:
        for name, data in files.items():
            file.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def parquet(tmp_path, select: str) -> bytes:
    path = tmp_path / "made.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path.read_bytes()


PARQUET = """
    select * from (values
        ('1001', date '2025-03-01', 'Drug supply', '1250.10', 0.1::double + 0.2::double),
        ('A' || chr(13) || chr(10) || 'B', date '2025-03-02', 'fraud', '-3', 'nan'::double),
        ('007', date '2026-03-03', 'Other', '12x', 5.0::double)
    ) as t("Order Ref", order_date, offence_category, order_value, "benefit-value")
"""


@pytest.fixture
def containers_of_same_rows(tmp_path):
    return {
        ".csv": TEXT.encode(),
        ".csv.gz": TEXT.encode(),
        ".zip": zipped(orders_csv=TEXT, __MACOSX___orders_csv="x", folder__=""),
        ".csv.zip": zipped(folder__Orders_CSV=TEXT.encode("utf-16")),
        ".xlsx": workbook([HEADER, *ROWS], [["another sheet"]]),
        ".parquet": parquet(tmp_path, PARQUET),
    }


def put(warehouse, ext, data, minute=0):
    name = f"confiscation_orders__derbyshire__2025-01-01__2025-12-31__20260105T02{minute:02}00Z{ext}"
    return warehouse.put(name, data)


def night(warehouse, ext, data):
    put(warehouse, ext, data)
    (entry,) = warehouse.night()
    return entry


EXTENSIONS = [".csv", ".csv.gz", ".zip", ".csv.zip", ".xlsx", ".parquet"]


@pytest.mark.parametrize("ext", EXTENSIONS)
def test_same_rows_from_any_container(warehouse, containers_of_same_rows, ext):
    entry = night(warehouse, ext, containers_of_same_rows[ext])
    assert entry.outcome == "accepted", entry.reason
    assert [tuple(row[c] for c in HEADER) for row in warehouse.raw(entry)] == EXPECTED
    (bad,) = warehouse.quarantine(entry)
    assert bad["_key"] == "007" and bad["_reasons"] == (
        "order_value: '12x' is not an amount, or has over 10 decimals;"
        " order_date: 2026-03-03 is outside the window 2025-01-01 to 2025-12-31"
    )
    assert entry.encoding == {".xlsx": "xlsx", ".parquet": "parquet", ".csv.zip": "utf-16-le"}.get(ext, "utf-8")


@pytest.mark.parametrize("first", [".csv", ".parquet"])
def test_same_extraction_in_another_container_is_known(warehouse, containers_of_same_rows, first):
    assert night(warehouse, first, containers_of_same_rows[first]).outcome == "accepted"
    for ext in (ext for ext in EXTENSIONS if ext != first):
        assert night(warehouse, ext, containers_of_same_rows[ext]).outcome == "known", ext


@pytest.mark.parametrize(("ext", "lines"), [(".csv", ["2", "3", "5"]), (".xlsx", ["2", "3", "4"])])
def test_rows_are_numbered_by_line_of_a_text_and_by_row_of_a_sheet(warehouse, containers_of_same_rows, ext, lines):
    entry = night(warehouse, ext, containers_of_same_rows[ext])
    numbers = [r["_line"] for r in (*warehouse.raw(entry), *warehouse.quarantine(entry))]
    assert numbers == lines


def test_rows_of_parquet_are_numbered_as_in_a_csv_without_line_breaks(warehouse, containers_of_same_rows):
    entry = night(warehouse, ".parquet", containers_of_same_rows[".parquet"])
    assert [r["_line"] for r in warehouse.raw(entry)] == ["2", "3"]


def test_a_sheet_with_blank_rows_and_a_tall_header(warehouse):
    header = ["Order\nRef", *HEADER[1:]]
    rows = [[], [None], header, ROWS[0], [], ["", " "], ROWS[1], ["9", date(2025, 3, 1), "Other", 1, 1], [], []]
    entry = night(warehouse, ".xlsx", workbook(rows))
    assert [r["_line"] for r in warehouse.raw(entry)] == ["4", "7", "8"]
    # A row of typed blanks is a row.
    assert [(r["_line"], r["_key"]) for r in warehouse.quarantine(entry)] == [("6", None)]


def test_excel_values_as_text():
    rows = [
        [True, 12.0, 1e20, 0.1 + 0.2, 1e-7, -0.5],
        [datetime(2025, 3, 1, 10, 4, 59, 999999), date(2025, 3, 1), "007", 'a"b', "x,y", " z "],
    ]
    assert sheet_text(workbook(rows)).text == (
        'TRUE,12,1e+20,0.3,0.0000001,-0.5\n2025-03-01 10:05:00,2025-03-01,007,"a""b","x,y", z \n'
    )


def test_parquet_values_as_text(warehouse, tmp_path):
    select = """
        select
            'I' || i as incident_ref, 'ROC'::blob as record_type, ['Drugs', 'Alcohol'] as qualifiers,
            timestamptz '2025-06-30 23:30:00+00' as created_at, 12.0::double as channel, 1.5::float as lpu, 7 as extra
        from range(2) as t(i)
    """
    name = "incidents__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.parquet"
    warehouse.put(name, parquet(tmp_path, select))
    (entry,) = warehouse.night()
    assert entry.outcome == "accepted", entry.reason
    row = warehouse.raw(entry)[1]
    assert (row["incident_ref"], row["record_type"], row["qualifiers"]) == ("I1", "ROC", "Drugs;Alcohol")
    assert (row["created_at"], row["channel"], row["lpu"]) == ("2025-07-01 00:30:00", "12", "1.5")
    assert entry.unknown_columns == ["extra"] and entry.missing_columns == ["grade"]


def test_a_month_of_data_police_uk_in_a_zip(warehouse):
    warehouse.put("2024-01-derbyshire-street.zip", zipped(street_csv="Month,Crime type\n2024-01,Drugs\n"))
    assert warehouse.night()[0].rows_landed == 1


def test_header_without_rows(warehouse, tmp_path):
    for at, ext, data in (
        ("20260105T020000Z", ".xlsx", workbook([HEADER])),
        ("20260106T020000Z", ".parquet", parquet(tmp_path, PARQUET.replace("from (values", "from (values")
                                                 .rstrip() + " where false")),
    ):  # fmt: skip
        warehouse.put(f"confiscation_orders__derbyshire__2025-01-01__2025-12-31__{at}{ext}", data)
        (entry,) = warehouse.night()
        assert (entry.outcome, entry.rows_in_file) == ("accepted", 0)


REFUSED = (
    (".zip", b"PK nonsense", "not a sound zip"),
    (".zip", zipped(a_csv=TEXT)[:-30], "not a sound zip"),
    (".zip", zipped(zipfile.ZIP_BZIP2, a_csv=TEXT).replace(b"BZh9", b"BZhx"), "not a sound zip"),
    (".zip", zipped(zipfile.ZIP_LZMA, a_csv=TEXT).replace(b"\x5d\0\0", b"\xff\0\0"), "not a sound zip"),
    (".zip", zipped(a_csv=TEXT, b_csv=TEXT), "this one has 2 files"),
    (".zip", zipped(a_txt=TEXT), "a zip must contain one CSV"),
    (".zip", zipped(), "this one has no files"),
    (".zip", zipped(a_csv=""), "empty"),
    (".zip", zipped(a_csv=TEXT + "A9,2025"), "cut short"),
    (".xlsx", b"PK nonsense", "not a sound Excel file"),
    (".xlsx", workbook([HEADER, *ROWS])[:-40], "not a sound Excel file"),
    (".xlsx", TEXT.encode(), "does not begin as Excel files do"),
    (".xlsx", workbook([]), "no header"),
    (".xlsx", workbook(ROWS), "no header"),
    (".xlsx", workbook([HEADER[:3], *ROWS]), "misses required columns: order_value, benefit_value"),
    (".xlsx", workbook([[*HEADER, "Order Ref"]]), "two headers mean order_ref"),
    (".parquet", b"PAR1 nonsense", "not a sound Parquet"),
    (".parquet", TEXT.encode(), "does not begin as Parquet files do"),
)


def test_unsound_containers_are_refused(warehouse):
    for minute, (ext, data, _) in enumerate(REFUSED):
        put(warehouse, ext, data, minute)
    entries = sorted(warehouse.night(), key=lambda e: e.source_file)
    for entry, (ext, data, reason) in zip(entries, REFUSED, strict=True):
        assert entry.outcome == "refused" and reason in entry.reason, (ext, data[:40])


def test_damaged_containers_are_refused(warehouse, containers_of_same_rows):
    for ext in (".zip", ".parquet"):
        data = bytearray(containers_of_same_rows[ext])
        data[60:80] = bytes(b ^ 0xFF for b in data[60:80])
        assert night(warehouse, ext, bytes(data)).outcome == "refused", ext


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        (PARQUET.replace('"Order Ref"', '"Ref"'), "misses required columns: order_ref"),
        ("select 1 as x", "no header"),
        (PARQUET.replace("'fraud'", "'fr' || chr(0)"), "NUL"),
    ],
)
def test_unsound_parquet_is_refused(warehouse, tmp_path, select, reason):
    entry = night(warehouse, ".parquet", parquet(tmp_path, select))
    assert entry.outcome == "refused" and reason in entry.reason


def test_manifest_of_a_workbook(warehouse, containers_of_same_rows):
    path = put(warehouse, ".xlsx", containers_of_same_rows[".xlsx"])
    path.with_name(path.name + ".manifest.json").write_text('{"rows": 3}')
    assert warehouse.night()[0].outcome == "accepted"


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(a_csv=data)], ids=["gz", "zip"])
def test_bomb_is_refused_before_it_is_fully_unpacked(pack, monkeypatch):
    """A few kilobytes that unpack to more than the limit: reading stops there, whatever size the file states."""
    bomb = pack(TEXT.encode() + b"a" * (64 << 20))
    assert len(bomb) < 200_000
    monkeypatch.setattr(containers, "LARGEST", 2 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="too large: it unpacks to more than"):
            (containers._gunzip if bomb[:2] == b"\x1f\x8b" else containers._unzip)(bomb)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_hostile_column_names_of_parquet_do_no_harm(warehouse, tmp_path):
    """Names that would end a quoted one, run a statement, or be a path: they are unknown columns, and the rows land."""
    hostile_names = ['x"; drop table t; --', "x') from read_text('/etc/passwd') --", "../../etc", "=cmd|' /C calc'!A0", "a\nb"]
    more = ", ".join("'s3cret' as \"" + name.replace('"', '""') + '"' for name in hostile_names)
    entry = night(warehouse, ".parquet", parquet(tmp_path, f"select *, {more} from ({PARQUET})"))
    assert entry.outcome == "accepted", entry.reason
    assert [tuple(row[c] for c in HEADER) for row in warehouse.raw(entry)] == EXPECTED
    folders = (warehouse.home.raw, warehouse.home.quarantine)
    stored = b"".join(p.read_bytes() for folder in folders for p in folder.rglob("*") if p.is_file())
    assert b"s3cret" not in stored and b"root:" not in stored
