"""Encodings, separators, line ends, containers, headers and manifests: the rows are the same in any of them."""

import gzip
import hashlib
import json

import pytest

from dagster_project.landing.formats.decode import decode
from dagster_project.landing.refusal import Refused

HEADER = "order_ref,order_date,offence_category,order_value,benefit_value"
ROWS = [
    "A1,2025-03-01,Drug supply,£1.50,2",
    "Caf\u00e9 2,02/03/2025,fraud,(3),£4",
    "B\u2019s,2025-03-03,Other,5,",
]
TEXT = "\n".join([HEADER, *ROWS]) + "\n"
EXPECTED = [
    ("A1", "2025-03-01", "Drug supply", "1.50", "2.00", "2"),
    ("Café 2", "2025-03-02", "Fraud", "-3.00", "4.00", "3"),
    ("B\u2019s", "2025-03-03", "Other", "5.00", None, "4"),
]


def landed(warehouse, data: bytes, ext: str = ".csv"):
    warehouse.put(f"confiscation_orders__derbyshire__2025-01-01__2025-12-31__20260105T020000Z{ext}", data)
    (entry,) = warehouse.night()
    return entry


def landed_apart(warehouse, *files: bytes, ext: str = ".csv"):
    """The entries of files of different forces, landed in one night, in that order."""
    forces = [f"force-{n}" for n in range(len(files))]
    for force, data in zip(forces, files, strict=True):
        warehouse.put(f"confiscation_orders__{force}__2025-01-01__2025-12-31__20260105T020000Z{ext}", data)
    return sorted(warehouse.night(forces={*forces}), key=lambda e: e.source_file)


def values(warehouse, entry):
    assert entry.outcome == "accepted", entry.reason
    return [
        tuple(row[c] for c in ("order_ref", "order_date", "offence_category", "order_value", "benefit_value", "_line"))
        for row in warehouse.raw(entry)
    ]


ENCODINGS = [
    ("utf-8", b"", "utf-8"), ("utf-8", b"\xef\xbb\xbf", "utf-8-bom"), ("cp1252", b"", "windows-1252"),
    ("utf-16-le", b"\xff\xfe", "utf-16-le"), ("utf-16-be", b"\xfe\xff", "utf-16-be"),
    ("utf-16-le", b"", "utf-16-le"), ("utf-16-be", b"", "utf-16-be"),
]  # fmt: skip
"""The codec, the bytes before the text, and the name that the ledger gives the encoding."""


@pytest.mark.parametrize(("eol", "ext"), [("\n", ".csv"), ("\r\n", ".csv.gz"), ("\r", ".csv")])
def test_encodings_line_ends_and_containers(warehouse, eol, ext):
    files = (bom + TEXT.replace("\n", eol).encode(codec) for codec, bom, _ in ENCODINGS)
    for entry, (*_, name) in zip(landed_apart(warehouse, *files, ext=ext), ENCODINGS, strict=True):
        assert entry.encoding == name
        assert values(warehouse, entry) == EXPECTED, name


@pytest.mark.parametrize("has_sep_line", [False, True])
def test_separators(warehouse, has_sep_line):
    separators, shift = [",", "\t", ";", "|"], int(has_sep_line)
    files = ((f"sep={s}\n" if has_sep_line else "") + TEXT.replace(",", s) for s in separators)
    for separator, entry in zip(separators, landed_apart(warehouse, *(text.encode() for text in files)), strict=True):
        assert entry.delimiter == separator
        assert values(warehouse, entry) == [(*row[:-1], str(int(row[-1]) + shift)) for row in EXPECTED], separator


def test_separator_inside_quotes_does_not_separate(warehouse):
    text = TEXT.replace("£1.50", '"£1,001.50"').replace("£4", '"1,000,004"')
    (first, second, _) = values(warehouse, landed(warehouse, text.encode()))
    assert (first[3], second[4]) == ("1001.50", "1000004.00")


def test_no_line_end_on_the_last_line(warehouse):
    assert values(warehouse, landed(warehouse, TEXT.rstrip("\n").encode())) == EXPECTED


def test_blank_lines_are_no_rows_and_count_as_lines(warehouse):
    text = "\n\n" + TEXT.replace("\nCaf", "\n  \n\nCaf") + "\n \n\x1a"
    assert [row[-1] for row in values(warehouse, landed(warehouse, text.encode()))] == ["4", "7", "8"]


@pytest.mark.parametrize(
    "header",
    [
        "Order Ref,ORDER-DATE, offence_category ,orderValue,Benefit value",
        '"Order Ref","order_date","offence category","order value","benefit_value"',
        '"order\n_ref",order_date,offence_category,order_value,benefit_value',
    ],
)
def test_headers_are_matched_loosely(warehouse, header):
    lines = header.count("\n")
    rows = values(warehouse, landed(warehouse, TEXT.replace(HEADER, header).encode()))
    assert rows == [(*row[:-1], str(int(row[-1]) + lines)) for row in EXPECTED]


def test_unknown_missing_and_reordered_columns(warehouse):
    text = (
        "Officer Name,order_value,,offence category,order date,order ref,benefit value\nConstable X,5,y,Other,2025-03-03,A1,7\n"
    )
    entry = landed(warehouse, text.encode())
    assert entry.unknown_columns == ["Officer Name", "(column 3 has no name)"]
    assert entry.missing_columns == ["compensation_value"]
    (row,) = warehouse.raw(entry)
    assert row["compensation_value"] is None and row["benefit_value"] == "7.00"
    assert "Constable X" not in str(row)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n \n", "no header"),
        (b"A1,2025-03-01,Other,1,2\n", "no header: the first line names none"),
        (b"order_ref,order_date,offence_category\n", "misses required columns: order_value, benefit_value"),
        ((HEADER + ",Order Ref\n").encode(), "two headers mean order_ref: 'order_ref' and 'Order Ref'"),
        (TEXT.encode("utf-8")[:-40] + b'"never closed\n' + TEXT.encode(), "cut short: a quote that opens in"),
        (TEXT.encode() + b"A9,2025-0", "cut short: line 5 is the last"),
        (
            TEXT.encode() + "A9,2025-03-01,Other,£".encode()[:-1],
            "cut short: the file stops within a character",
        ),
        (TEXT.encode("utf-16")[:-1], "cut short: the file stops within a character"),
        (TEXT.encode() + b"A9\0,2025-03-01,Other,1,2\n", "NUL"),
    ],
)
def test_unsound_files_are_refused(warehouse, data, reason):
    entry = landed(warehouse, data)
    assert entry.outcome == "refused" and reason in entry.reason
    assert entry.load_id is None and not list(warehouse.home.raw.rglob("*.parquet"))


def test_reason_names_the_line_of_a_quote_that_never_closes(warehouse):
    entry = landed(warehouse, (TEXT + 'A4,2025-03-01,Other,1,2\n"A5,2025\nA6,x\n').encode())
    assert entry.reason == "cut short: a quote that opens in the row of line 6 never closes"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:-6], "cut short: the gzip stream"),
        (lambda data: data[:-8] + b"\0\0\0\0" + data[-4:], "damaged"),
        (lambda data: data[:60] + bytes(b ^ 0xFF for b in data[60:70]) + data[70:], "damaged"),
        (lambda data: TEXT.encode(), "damaged"),
        (lambda data: gzip.compress(b""), "empty"),
    ],
)
def test_damaged_gzip_is_refused(warehouse, damage, reason):
    path = warehouse.drop("confiscation_orders", text=TEXT, ext=".csv.gz")
    path.write_bytes(damage(path.read_bytes()))
    (entry,) = warehouse.night()
    assert entry.outcome == "refused" and reason in entry.reason


def test_gzip_of_several_members(warehouse):
    path = warehouse.drop("confiscation_orders", text="", ext=".csv.gz")
    middle = len(TEXT) // 2
    path.write_bytes(gzip.compress(TEXT[:middle].encode()) + gzip.compress(TEXT[middle:].encode()))
    assert values(warehouse, warehouse.night()[0]) == EXPECTED


def test_windows_1252_that_ends_in_an_accented_letter_is_not_cut_short():
    assert decode(b"caf\xe9").text == "caf\u00e9"
    with pytest.raises(Refused):
        decode("caf\u00e9 caf\u00e9".encode()[:-1])


SHA = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ({"rows": 3, "sha256": SHA}, None),
        ({"rows": 3}, None),
        ({"sha256": SHA.upper()}, None),
        ({"rows": 3, "exporter": "x"}, None),
        ({"rows": 4, "sha256": SHA}, "says 4 rows, the file has 3"),
        ({"rows": 3, "sha256": "0" * 64}, "says sha256 000"),
        ({"rows": "3"}, "rows is not a whole number"),
        ({"rows": True}, "rows is not a whole number"),
        ({"sha256": 5}, "sha256 is not 64 hexadecimal digits"),
        ({"sha256": "0" * 63}, "sha256 is not 64 hexadecimal digits"),
        ({}, "neither rows nor sha256"),
        ([], "not an object"),
        ("{", "can't be read as JSON"),
    ],
)
def test_manifests(warehouse, manifest, reason):
    path = warehouse.drop("confiscation_orders", text=TEXT)
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    path.with_name(path.name + ".manifest.json").write_text(text)
    (entry,) = warehouse.night()
    if reason is None:
        assert entry.outcome == "accepted"
    else:
        assert entry.outcome == "refused" and entry.reason.startswith("manifest: ") and reason in entry.reason


def test_a_manifest_counts_every_data_row_good_or_bad(warehouse):
    text = TEXT + "A9,2025-03-01\n\nA9,never,Other,1,2\n"
    path = warehouse.drop("confiscation_orders", text=text)
    path.with_name(path.name + ".manifest.json").write_text('{"rows": 5}')
    (entry,) = warehouse.night()
    assert (entry.outcome, entry.rows_in_file, entry.rows_quarantined) == ("accepted", 5, 2)


def test_manifest_has_the_hash_of_the_stored_bytes(warehouse):
    path = warehouse.drop("confiscation_orders", text=TEXT, ext=".csv.gz")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".manifest.json").write_text(json.dumps({"rows": 3, "sha256": sha256}))
    assert warehouse.night()[0].sha256 == sha256


def test_headers_in_a_reason_are_printable(warehouse):
    header = "crime\x16reff,recorded_on,offence_code,status,\x1b[2J"
    entry = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,x", header=header)
    assert entry.outcome == "refused" and r"crime_ref is 'crime\x16reff' there" in entry.reason
    assert entry.unknown_columns == [r"crime\x16reff", r"\x1b[2J"]
