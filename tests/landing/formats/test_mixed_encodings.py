"""Mixed encodings: lines in another encoding than the rest, undefined bytes, and quotes in the wrong place."""

import gzip

import pytest

HEADER = "crime_ref,recorded_on,offence_code,status,lpu,Officer"


def put(warehouse, data: bytes, ext=".csv", extract="crimes", at="20260105T020000Z"):
    warehouse.put(f"{extract}__derbyshire__2025-01-01__2025-12-31__{at}{ext}", data)
    (entry,) = warehouse.night()
    return entry


def line(number, lpu="Dales", codec="utf-8", officer="Smith", offence="92D"):
    return f"C{number},2025-03-01,{offence},Recorded,{lpu},{officer}\n".encode(codec)


def test_windows_1252_lines_in_a_utf_8_file(warehouse):
    data = HEADER.encode() + b"\n" + line(1, "Café") + line(2, "Café", "cp1252") + line(3) + line(4, "£’", officer="Zoë")
    entry = put(warehouse, data)
    assert (entry.outcome, entry.encoding, entry.rows_landed, entry.rows_quarantined) == ("accepted", "utf-8", 3, 1)
    assert [(r["crime_ref"], r["lpu"]) for r in warehouse.raw(entry)] == [("C1", "Café"), ("C3", "Dales"), ("C4", "£’")]
    (bad,) = warehouse.quarantine(entry)
    assert (bad["_line"], bad["_key"], bad["lpu"]) == ("3", "C2", "Café")
    assert bad["_reasons"] == "lpu: not text in UTF-8, as the rest of the file is"
    assert entry.quarantine_reasons == {"lpu: not text in UTF-8": 1}
    assert [r["_key"] for r in warehouse.withheld(entry)] == ["C2"], "the key counts as present"
    assert "Smith" not in str(bad)


def test_utf_8_lines_in_a_windows_1252_file(warehouse):
    first_lines = [line(n, "Café", "cp1252") for n in (1, 2)]
    entry = put(warehouse, HEADER.encode() + b"\n" + b"".join(first_lines) + line(3, "Café"))
    assert (entry.encoding, entry.rows_landed) == ("windows-1252", 2)
    assert {r["lpu"] for r in warehouse.raw(entry)} == {"Café"}
    (bad,) = warehouse.quarantine(entry)
    assert (bad["_line"], bad["lpu"]) == ("4", "Café")
    assert bad["_reasons"] == "lpu: not text in Windows-1252, as the rest of the file is"


def test_windows_1252_without_utf_8_is_read_as_such(warehouse):
    entry = put(warehouse, HEADER.encode() + b"\n" + line(1, "Café", "cp1252") + line(2, "£", "cp1252"))
    assert (entry.encoding, entry.rows_landed, entry.rows_quarantined) == ("windows-1252", 2, 0)


@pytest.mark.parametrize("byte", [b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"])
def test_bytes_that_windows_1252_does_not_define(warehouse, byte):
    bad_line = line(2, "Caf?").replace(b"?", byte)
    entry = put(warehouse, HEADER.encode() + b"\n" + line(1, "Café", "cp1252") + bad_line + line(3))
    assert (entry.encoding, entry.rows_landed) == ("windows-1252", 2)
    (bad,) = warehouse.quarantine(entry)
    assert (bad["_line"], bad["lpu"]) == ("3", "Caf\ufffd")


def test_byte_order_mark_decides_against_most_lines(warehouse):
    rows = b"".join(line(n, "Café", "cp1252") for n in (1, 2)) + line(3)
    entry = put(warehouse, b"\xef\xbb\xbf" + HEADER.encode() + b"\n" + rows)
    assert (entry.encoding, entry.rows_landed, entry.rows_quarantined) == ("utf-8-bom", 1, 2)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_half_a_character_of_utf_16(warehouse, codec):
    text = HEADER + "\nC1,2025-03-01,92D,Recorded,Café,\nC2,2025-03-01,92D,Recorded,Caf\ud83d,\n"
    entry = put(warehouse, ("\ufeff" + text).encode(codec, "surrogatepass"))
    assert (entry.encoding, entry.rows_landed, entry.rows_quarantined) == (codec, 1, 1)
    assert warehouse.quarantine(entry)[0]["_reasons"] == "lpu: not text in UTF-16, as the rest of the file is"


@pytest.mark.parametrize("eol", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("ext", [".csv", ".csv.gz"])
def test_lines_are_counted_with_any_line_ends_and_container(warehouse, eol, ext):
    data = (HEADER.encode() + b"\n" + line(1, "Café") + line(2, "£", "cp1252") + line(3, "é")).replace(b"\n", eol)
    entry = put(warehouse, data, ext)
    assert entry.rows_landed == 2 and [r["_line"] for r in warehouse.quarantine(entry)] == ["3"]


def test_a_column_that_is_not_stored_may_be_in_any_encoding(warehouse):
    data = HEADER.encode() + b"\n" + line(1, "Café") + line(2, officer="Zoë", codec="cp1252")
    entry = put(warehouse, data)
    assert (entry.rows_landed, entry.rows_quarantined) == (2, 0)


def test_a_header_in_another_encoding_than_the_rows(warehouse):
    header = HEADER.replace("Officer", "Prénom").encode("cp1252")
    entry = put(warehouse, header + b"\n" + line(1, "Café") + line(2, "Café"))
    assert entry.unknown_columns == ["Prénom"] and entry.rows_landed == 2


def test_record_over_several_lines_is_quarantined_by_its_first_line(warehouse):
    quoted = 'C2,2025-03-01,92D,Recorded,"High\nPéak",\n'.encode("cp1252")
    entry = put(warehouse, HEADER.encode() + b"\n" + line(1, "Café") + quoted + line(3))
    (bad,) = warehouse.quarantine(entry)
    assert (bad["_line"], bad["lpu"]) == ("3", "High\nPéak") and entry.rows_landed == 2


def test_uncertain_key_or_coded_value_is_not_guessed(warehouse):
    bad_line = "Cé,2025-03-01,92D,Recordé,Dales,\n".encode("cp1252")
    entry = put(warehouse, HEADER.encode() + b"\n" + line(1, "Café") + bad_line)
    (bad,) = warehouse.quarantine(entry)
    assert bad["_key"] is None and warehouse.withheld(entry) == []
    assert bad["_reasons"].split("; ") == [
        "crime_ref: not text in UTF-8, as the rest of the file is", "status: not text in UTF-8, as the rest of the file is",
    ]  # fmt: skip


def test_uncertain_identifier_is_not_hashed(warehouse):
    text = "custody_ref,arrested_at,trigger_offence,test_status\nCU1,2025-03-01,Café,Refused\n".encode()
    entry = put(warehouse, text + "Cé,2025-03-01,Theft,Refused\n".encode("cp1252"), extract="drug_tests")
    (bad,) = warehouse.quarantine(entry)
    assert bad["custody_ref"] is None and "Cé" not in str(bad)


def test_row_with_wrong_width_and_encoding_has_one_reason(warehouse):
    bad_line = "C2,2025-03-01,Zoë Smith,92D,Recorded,Dales,x\n".encode("cp1252")
    entry = put(warehouse, HEADER.encode() + b"\n" + line(1, "Café") + bad_line + b"C3,2025-03-01\n")
    bad = warehouse.quarantine(entry)
    assert [(r["_key"], r["_reasons"]) for r in bad] == [
        ("C2", "7 fields where the header has 6"), ("C3", "2 fields where the header has 6"),
    ]  # fmt: skip
    assert "Zo" not in str(bad)


def test_the_same_file_in_another_container_is_known(warehouse):
    data = HEADER.encode() + b"\n" + line(1, "Café") + line(2, "Café", "cp1252")
    first = put(warehouse, data)
    path = warehouse.put("crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.csv.gz", b"")
    path.write_bytes(gzip.compress(data))
    (again,) = warehouse.night()
    assert (again.outcome, again.load_id) == ("known", first.load_id)
    corrected = put(warehouse, HEADER.encode() + b"\n" + line(1, "Café") + line(2, "Café"))
    assert corrected.outcome == "refused" and "two files claim to be one extraction" in corrected.reason


def test_file_cut_within_a_character_is_still_refused(warehouse):
    entry = put(warehouse, HEADER.encode() + b"\n" + line(1, "Café") + "C2,2025-03-01,92D,Recorded,é".encode()[:-1])
    assert (entry.outcome, entry.reason) == ("refused", "cut short: the file stops within a character")


def test_a_long_line_does_not_take_long(warehouse):
    data = HEADER.encode() + b"\n" + line(1, "x" * 3_000_000) + line(2, "Café") + line(3, "é", "cp1252")
    entry = put(warehouse, data)
    assert (entry.rows_landed, entry.rows_quarantined) == (2, 1)


def test_misplaced_quote_swallows_no_rows(warehouse):
    """Only its own line is quarantined, and its key counts as present. A field of several lines stays one field."""
    several = line(6, officer='"Smith,\nof 1 High Street, Derby,\nwhere, since, 2025-03-01, nothing"')
    rows = line(1, officer='"Smith') + line(2) + line(3) + line(4, officer='"Jones') + line(5)
    data = HEADER.encode() + b"\n" + rows + several
    entry = put(warehouse, data)
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 4, 2)
    assert [r["crime_ref"] for r in warehouse.raw(entry)] == ["C2", "C3", "C5", "C6"]
    assert [(r["_line"], r["_key"], r["lpu"]) for r in warehouse.quarantine(entry)] == [("2", "C1", None), ("5", "C4", None)]
    assert {r["_reasons"] for r in warehouse.quarantine(entry)} == {
        "a quote opens in this line and does not close before the next row"
    }
    assert entry.quarantine_reasons == {"wrong number of fields": 2}


def test_key_after_a_misplaced_quote_counts_as_present_without_the_quote(warehouse):
    entry = put(warehouse, HEADER.encode() + b'\n"' + line(1) + line(2) + b'"' + line(3))
    assert [r["_key"] for r in warehouse.withheld(entry)] == ["C1", "C3"]
    assert "Smith" not in str(warehouse.raw(entry) + warehouse.quarantine(entry))


def test_both_keys_of_two_rows_joined_by_a_quote_count_as_present(warehouse):
    """Each line is a row of its own: neither is lost, and no cell contains the other."""
    joined = 'C2,"2025-03-01,92D,Recorded,Dales,Jones\nC3,2025-03-0"2,92D,Recorded,Dales,Smith\n'
    entry = put(warehouse, HEADER.encode() + b"\n" + line(1) + joined.encode() + line(4))
    assert [r["crime_ref"] for r in warehouse.raw(entry)] == ["C1", "C4"]
    assert [(r["_line"], r["_key"]) for r in warehouse.quarantine(entry)] == [("3", "C2"), ("4", "C3")]
    assert "Jones" not in str(warehouse.quarantine(entry))


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("2025-03-01,92D,Recorded,Dales,x", "lines and separators within the key: a quote opens or closes in the wrong place"),
        ("2025-03-01,92D,Recorded", "4 fields where the header has 6"),
    ],
)
def test_key_that_spans_two_rows_is_no_key(warehouse, rest, reason):
    entry = put(warehouse, HEADER.encode() + b"\n" + line(1) + b'"C2,Jones\nC3",' + rest.encode() + b"\n")
    (bad,) = warehouse.quarantine(entry)
    assert (entry.rows_landed, bad["_line"], bad["_key"], bad["crime_ref"], bad["_reasons"]) == (1, "3", None, None, reason)
    assert warehouse.withheld(entry) == []


def test_note_in_the_first_column_may_span_lines(warehouse):
    rows = b'Note,crime_ref,recorded_on,offence_code,status,lpu\n"one\ntwo",C1,2025-03-01,92D,Recorded,\n'
    entry = put(warehouse, rows)
    assert (entry.rows_landed, entry.rows_quarantined) == (1, 0)
