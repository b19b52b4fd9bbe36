"""A force's own headers, codes and dates: what loads, what is quarantined as delivered, and mappings with mistakes."""

import hashlib

import pytest

from dagster_project.core.project_lists import force_names
from dagster_project.landing.mappings.mappings import read_mappings
from dagster_project.landing.same_rows_again import MAPPING_CHANGED, NEWER_TIME

STORM = """
extract: incidents
forces: [derbyshire]
headers: {incident_ref: Inc No, record_type: Rec Type, created_at: [Date Created, Created], qualifiers: Flags}
values:
  record_type: {in: incident, RC: ROC}
  qualifiers: {DRG: Drugs, ALC: Alcohol, NIL: ""}
  grade: {01: Emergency, No: Scheduled, "": Priority, N/K: ""}
  channel: {TEL: Telephone}
dates: {created_at: ["%d-%b-%Y %H:%M", "%Y%m%d%H%M"]}
"""
HEADER = "Inc No,Rec Type,Date Created,Flags,grade,channel,Officer"
ROW = "S1,IN,31-Oct-2025 23:05,DRG;ALC,01,tel,PC Smith"


def write(warehouse, text, name="storm.yml"):
    warehouse.home.mappings.mkdir(exist_ok=True)
    (warehouse.home.mappings / name).write_text(text, encoding="utf-8")


def land(warehouse, *rows, header=HEADER, extract="incidents", **more):
    return warehouse.land(extract, *rows, header=header, **more)


def columns(warehouse, entry, *names):
    assert entry.outcome == "accepted", entry.reason
    return [tuple(row[n] for n in names) for row in warehouse.raw(entry)]


def test_a_force_s_own_headers_codes_and_dates_load(warehouse):
    write(warehouse, STORM)
    entry = land(
        warehouse, ROW, "S2, rc ,202510051200, drg ; nil;Violence ,no,,", "S3,ROC,2025-10-06T09:00:00+01:00,,,Web,",
        "S4,INCIDENT,06/10/2025 09:00,NIL,n/k,,",
    )  # fmt: skip
    names = ("incident_ref", "record_type", "created_at", "qualifiers", "grade", "channel")
    assert columns(warehouse, entry, *names) == [
        ("S1", "INCIDENT", "2025-10-31 23:05:00", "Drugs;Alcohol", "Emergency", "Telephone"),
        ("S2", "ROC", "2025-10-05 12:00:00", "Drugs;Violence", "Scheduled", None),
        ("S3", "ROC", "2025-10-06 09:00:00", None, "Priority", "Web"),
        ("S4", "INCIDENT", "2025-10-06 09:00:00", None, None, None),
    ]
    assert entry.rows_landed == 4
    assert entry.headers["created_at"] == "Date Created" and entry.headers["grade"] == "grade"
    assert entry.unknown_columns == ["Officer"] and entry.missing_columns == ["lpu"]


def test_ledger_names_the_mapping_and_a_hash_of_its_content(warehouse):
    write(warehouse, STORM)
    first = land(warehouse, ROW)
    write(warehouse, "# only a comment\n" + STORM)
    second = land(warehouse, ROW, at="20260106T020000Z")
    write(warehouse, STORM.replace("TEL: Telephone", "TEL: Phone"))
    third = land(warehouse, ROW, at="20260107T020000Z")
    assert first.mapping.startswith("storm.yml@") and len(first.mapping) == len("storm.yml@") + 12
    assert second.mapping == first.mapping != third.mapping
    assert [e.mapping for e in warehouse.ledger()] == [first.mapping, second.mapping, third.mapping]
    assert warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,Dales").mapping is None


def test_bad_rows_are_quarantined_as_delivered(warehouse):
    write(warehouse, STORM)
    entry = land(warehouse, ROW, "S2,XX,31-Oct-2025 23:05,DRG,09,tel,PC Jones", "S3,IN,31-Okt-2025,drg,01,,", ",IN,,,,,")
    bad = warehouse.quarantine(entry)
    assert [row["_line"] for row in bad] == ["3", "4", "5"]
    assert bad[0]["_reasons"] == (
        "record_type: 'XX' is not one of INCIDENT, ROC; "
        "grade: '09' is not one of Emergency, Priority, Scheduled, Resolution without deployment"
    )
    assert (bad[0]["record_type"], bad[0]["channel"], bad[0]["qualifiers"]) == ("XX", "tel", "DRG")
    assert bad[1]["_reasons"] == "created_at: '31-Okt-2025' is not a date and time"
    assert bad[2]["_reasons"] == "incident_ref: blank, and it is the key; created_at: blank, and it places the row"
    assert "Jones" not in str(bad)
    assert entry.rows_in_file == entry.rows_landed + entry.rows_quarantined == 4


def test_placeholder_date_mapped_to_a_blank_is_no_error(warehouse):
    write(warehouse, 'extract: pspos\nvalues: {ends_on: {31/12/9999: ""}, starts_on: {01/01/1900: ""}}\n')
    header = "order_ref,authority,starts_on,ends_on"
    entry = land(warehouse, "P1,High Peak,01/02/2025,31/12/9999", "P2,High Peak,01/01/1900,", extract="pspos", header=header)
    assert columns(warehouse, entry, "order_ref", "starts_on", "ends_on") == [("P1", "2025-02-01", None)]
    assert entry.quarantine_reasons == {"starts_on: blank": 1}


@pytest.mark.parametrize(
    ("form", "cell", "expected"),
    [
        ("%m/%d/%Y", "03/04/2025", "2025-03-04"),
        ("%m/%d/%Y", "25/12/2025", None),  # there is no month 25, and it must not be read the UK's way
        ("%-m/%-d/%Y", "25/12/2025", None),
        ("%m/%d/%Y", "2025-12-25", "2025-12-25"),
        ("%d/%m/%y", "03/04/25", "2025-04-03"),
        ("%d/%m/%y", "03/04/2025", "2025-04-03"),
        ("%d.%m.%Y", "3.4.2025", "2025-04-03"),
        ("%B %d, %Y", "April 3, 2025", "2025-04-03"),
        ("%Y%m%d", "20250403", "2025-04-03"),
        ("%Y-%m-%dT%H:%M:%S%z", "2025-06-30T23:30:00+0000", "2025-07-01"),
        ("%d %b %Y", "31 Feb 2025", None),
    ],
)
def test_formats_of_dates(warehouse, form, cell, expected):
    write(warehouse, f'extract: crimes\ndates: {{recorded_on: "{form}"}}\n')
    entry = warehouse.land("crimes", f'C1,"{cell}",92D,Recorded,Dales')
    dates = [row["recorded_on"] for row in warehouse.raw(entry)]
    assert dates == ([expected] if expected else []) and entry.rows_quarantined == (0 if expected else 1)


def test_times_in_utc_are_converted_in_any_format(warehouse):
    write(warehouse, 'extract: naloxone\ntimes_are_utc: true\ndates: {administered_at: ["%d-%b-%Y %H:%M", "%d-%b-%Y"]}\n')
    rows = ["N1,30-Jun-2025 23:30", "N2,30/06/2025 23:30", "N3,30-Jun-2025", "N4,2025-06-30T23:30:00+01:00"]
    entry = land(warehouse, *rows, extract="naloxone", header="administration_ref,administered_at")
    assert [at for (at,) in columns(warehouse, entry, "administered_at")] == [
        "2025-07-01 00:30:00", "2025-07-01 00:30:00", "2025-06-30 00:00:00", "2025-06-30 23:30:00",
    ]  # fmt: skip


def test_times_in_utc_of_a_column_of_days_are_converted(warehouse):
    write(warehouse, 'extract: crimes\ntimes_are_utc: true\ndates: {recorded_on: ["%d-%b-%Y %H:%M", "%d-%b-%Y"]}\n')
    days = ["30-Jun-2025 23:30", "30/06/2025 23:30", "2025-06-30T22:30", "30-Jun-2025"]
    entry = land(warehouse, *(f"C{i},{day},92D,Recorded,Dales" for i, day in enumerate(days)), extract="crimes",
                 header="crime_ref,recorded_on,offence_code,status,lpu")  # fmt: skip
    days = [day for (day,) in columns(warehouse, entry, "recorded_on")]
    assert days == ["2025-07-01", "2025-07-01", "2025-06-30", "2025-06-30"]


def test_a_constant_and_a_separator(warehouse):
    write(warehouse, 'extract: incidents\nconstants: {record_type: incident}\nseparators: {qualifiers: " / "}\n')
    header = "incident_ref,created_at,qualifiers"
    entry = land(warehouse, "S1,2025-05-01,Drugs / Alcohol", "S2,never,Drugs", header=header)
    assert columns(warehouse, entry, "record_type", "qualifiers") == [("INCIDENT", "Drugs;Alcohol")]
    assert entry.rows_quarantined == 1 and "record_type" not in entry.missing_columns + entry.absent_columns
    header = "incident_ref,record_type,created_at,qualifiers"
    again = land(warehouse, "S1,ROC,2025-05-01,Drugs", header=header, end="2025-06-30")
    assert columns(warehouse, again, "record_type") == [("ROC",)], "a column that is there is taken as it is"


def test_a_blank_item_of_a_list_has_no_meaning(warehouse):
    """As after a separator at the end. The meaning of a blank is for a cell without items, and a code that becomes a blank has
    none."""
    values = '{DRG: Drugs, NIL: "", "": ASB}'
    write(warehouse, f"extract: incidents\nvalues: {{qualifiers: {values}}}\n")
    cells = ["DRG;", " ; DRG", "DRG;;Weapons", "", " ; ", "NIL", "NIL;DRG"]
    rows = [f"S{n},INCIDENT,2025-05-01,{cell}" for n, cell in enumerate(cells)]
    entry = land(warehouse, *rows, header="incident_ref,record_type,created_at,qualifiers")
    expected = ["Drugs", "Drugs", "Drugs;Weapons", "ASB", "ASB", None, "Drugs"]
    assert [q for (q,) in columns(warehouse, entry, "qualifiers")] == expected


def test_header_of_the_mapping_takes_priority_over_the_contract_s(warehouse):
    write(warehouse, "extract: crimes\nheaders: {status: Rec Status, lpu: Status}\n")
    entry = land(warehouse, "C1,2025-03-01,92D,Recorded,Dales,x", extract="crimes",
                 header="crime_ref,recorded_on,offence_code,Rec Status,Status,lpu")  # fmt: skip
    assert columns(warehouse, entry, "status", "lpu") == [("Recorded", "Dales")]
    assert entry.unknown_columns == ["lpu"]


def test_file_with_two_headers_of_one_column_is_refused(warehouse):
    write(warehouse, STORM)
    entry = land(warehouse, ROW + ",x", header=HEADER + ",Created")
    assert (entry.outcome, entry.reason) == ("refused", "two headers mean created_at: 'Date Created' and 'Created'")


def test_mapping_that_names_the_force_takes_priority(warehouse):
    write(warehouse, "extract: crimes\nvalues: {lpu: {X: Everyone}}\n", "all.yml")
    write(warehouse, "extract: crimes\nforces: leicestershire\nvalues: {lpu: {X: Leicester}}\n", "one.yml")
    row = "C1,2025-03-01,92D,Recorded,x"
    assert columns(warehouse, warehouse.land("crimes", row), "lpu") == [("Everyone",)]
    assert columns(warehouse, warehouse.land("crimes", row, force="leicestershire"), "lpu") == [("Leicester",)]


def test_identifiers_are_hashed_under_any_header(warehouse):
    write(warehouse, "extract: drug_tests\nheaders: {custody_ref: Cust No}\nvalues: {result: {P: Positive}}\n")
    header = "Cust No,arrested_at,trigger_offence,test_status,result"
    entry = land(warehouse, "CU-77,2025-03-01,Theft,Completed,p", "CU-78,never,Theft,Completed,p", extract="drug_tests",
                 header=header)  # fmt: skip
    assert columns(warehouse, entry, "result") == [("Positive",)]
    stored = str(warehouse.raw(entry)) + str(warehouse.quarantine(entry))
    assert "CU-7" not in stored and len(warehouse.quarantine(entry)[0]["custody_ref"]) == 64


def test_the_same_extraction_in_another_container_is_the_same_file(warehouse):
    write(warehouse, STORM)
    rows = (ROW, "S2,XX,31-Oct-2025 23:05,DRG,01,tel,x")
    first = land(warehouse, *rows)
    again = land(warehouse, *rows[::-1], ext=".csv.gz")
    assert (again.outcome, again.load_id) == ("known", first.load_id)


def test_file_is_not_read_again_after_its_mapping_changed(warehouse):
    write(warehouse, STORM)
    first = land(warehouse, ROW)
    write(warehouse, STORM.replace("TEL: Telephone", "TEL: Phone"))
    known = land(warehouse, ROW)
    assert (known.outcome, known.mapping) == ("known", first.mapping), "the same bytes"
    assert f"nothing changes. {MAPPING_CHANGED}" in known.reason and known.reason.endswith(f"under a newer time ({NEWER_TIME})")
    other = land(warehouse, ROW, ext=".csv.gz")
    assert other.outcome == "refused" and "the mapping changed since" in other.reason
    newer = land(warehouse, ROW, at="20260106T020000Z")
    assert columns(warehouse, newer, "channel") == [("Phone",)] and first.mapping != newer.mapping


def test_doubled_feed_is_found_in_the_rows_as_delivered(warehouse):
    write(warehouse, STORM)
    rows = [f"S{i},IN,31-Oct-2025 23:05,DRG,01,tel,x" for i in range(60)]
    assert land(warehouse, *rows, *rows).outcome == "held"
    # One value for two of their codes: as delivered, no row appears twice.
    write(warehouse, STORM.replace("TEL: Telephone", "TEL: Telephone, T: Telephone"))
    entry = land(warehouse, *rows, *(r.replace("tel", "t") for r in rows), at="20260106T020000Z")
    assert (entry.outcome, entry.rows_duplicate) == ("accepted", 60)


def test_police_uk_files_are_read_without_a_mapping(warehouse):
    write(warehouse, "extract: street_crime\nvalues: {crime_type: {Drugs: Other}}\n")
    header = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    warehouse.put("2024-01-derbyshire-street.csv", header + "Last outcome category,Context\n,2024-01,,,,,,,,Drugs,,\n")
    (entry,) = warehouse.night()
    assert entry.mapping is None and columns(warehouse, entry, "crime_type") == [("Drugs",)]


BAD = {
    "extract: crimez": "extract: no contract is called 'crimez'",
    "forces: [derbyshire]": "extract: Field required",
    "extract: crimes\nforces: [mordor]": "forces: unknown force 'mordor'",
    "extract: crimes\nheader: {lpu: Beat}": "header: not known here; is headers meant?",
    "extract: crimes\nheaders: {lpus: Beat}": "headers.lpus: no such column: crimes has crime_ref, recorded_on",
    "extract: crimes\nvalues: {status: {R: Recoded}}": "values.status.R: 'Recoded' is not one of Recorded, Cancelled",
    "extract: crimes\nheaders: {status: [A, B, a]}": "headers.status: 'a' appears twice",
    "extract: crimes\nheaders: {status: [Rec Status, rec_status]}": "headers.status: 'rec_status' appears twice",
    "extract: crimes\nheaders: {lpu: Status}": "headers.lpu: 'Status' is the contract's own header for status",
    "extract: crimes\nheaders: {lpu: '-'}": "headers.lpu: '-' is no header",
    "extract: crimes\nvalues: {lpu: {a: B, A: C}}": "values.lpu: the code 'a' appears twice",
    "extract: crimes\nvalues: {lpu: {a: B, a: C}}": "line 2: a appears twice: delete one",
    "extract: crimes\nvalues: {crime_ref: {a: B}}": "values.crime_ref: a key is taken as it is",
    "extract: op_trapped\nvalues: {address_ref: {a: B}}": "values.address_ref: an identifier is taken as it is",
    "extract: crimes\nvalues: {recorded_on: {a: 2025-01-01}}": "values.recorded_on.a: a date column maps codes to a blank only",
    "extract: mda_orders\nvalues: {amount: {'*': ''}}": "values.amount.*: would make every money a blank",
    "extract: crimes\ndates: {lpu: '%Y'}": "dates.lpu: not a column of dates",
    "extract: crimes\ndates: {recorded_on: '%d/%Q/%Y'}": "dates.recorded_on: '%d/%Q/%Y' is no format that strptime knows",
    "extract: crimes\ndates: {recorded_on: '%d-%m'}": "dates.recorded_on: '%d-%m' lacks a year (%Y)",
    "extract: crimes\ndates: {recorded_on: '%m/%Y'}": "'%m/%Y' lacks a day (%d): rows count by their day, so have",
    "extract: crimes\ndates: {recorded_on: '%d/%Y'}": "dates.recorded_on: '%d/%Y' lacks a month (%m, %b, %B)",
    "extract: crimes\ndates: {recorded_on: '%d-%m-%Y %I:%M'}": "%I without %p",
    "extract: crimes\ndates: {recorded_on: '%d-%m-%Y %H:%M %Z'}": "%Z is not taken",
    "extract: incidents\ndates: {created_at: '%d-%M-%Y %H:%m'}": "has %M, the minutes, without the hour before it: %m is the",
    "extract: crimes\nvalues: {lpu: {D1:Dales}}": "values.lpu.D1:Dales: has no meaning: write it after a colon and a space",
    "extract: crimes\nvalues:\n  lpu:\n    D1:  # ? 91 rows": "values.lpu.D1: has no meaning: write it after a colon",
    "extract: Crimes": "extract: is no name: write it in small letters and digits, with _ between words",
    "extract: crimes\nconstants: {crime_ref: X}": "constants.crime_ref: only columns of text",
    "extract: op_trapped\nconstants: {address_ref: X}": "constants.address_ref: only columns of text",
    "extract: crimes\nconstants: {status: X}": "constants.status: 'X' is not one of Recorded, Cancelled",
    "extract: crimes\nseparators: {lpu: ','}": "separators.lpu: not a list column",
    "extract: crimes\ntimes_are_utc: perhaps": "times_are_utc: Input should be a valid boolean",
    "extract: [crimes": "not readable as YAML: ",
    "extract: [crimes]": "extract: Input should be a valid string",
    "extract: &a [*a]": "extract: Input should be a valid string",
    "extract: crimes\nforces: [[derbyshire]]": "forces.0: Input should be a valid string",
    "just words": "not a mapping of fields",
    "": "not a mapping of fields",
    "extract: !!python/object:os.system {}": "not readable as YAML: ",
}


def test_a_code_becomes_a_blank_where_a_mapping_says_so(warehouse):
    write(warehouse, 'extract: crimes\nvalues: {lpu: {D1: \'\'}, status: {"": Recorded, N/K: ""}}\n')
    (named,) = read_mappings(warehouse.home, warehouse.contracts, force_names()).valid
    assert named.mapping.values == {"lpu": {"D1": ""}, "status": {"": "Recorded", "N/K": ""}}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_mistake_in_a_mapping_is_reported_with_its_field(warehouse, text):
    write(warehouse, text, "odd.yml")
    mappings = read_mappings(warehouse.home, warehouse.contracts, force_names())
    assert not mappings.valid and len(mappings.problems) == 1
    assert str(mappings.problems[0]).startswith("mappings/odd.yml: ") and BAD[text] in str(mappings.problems[0])


def test_all_mistakes_of_a_mapping_are_reported_at_once(warehouse):
    write(warehouse, "extract: crimes\nvalues: {status: {R: X}}\nheaders: {lpu: Status}\nseparators: {lpu: ','}\n")
    (problem,) = read_mappings(warehouse.home, warehouse.contracts, force_names()).problems
    assert problem.reason.count("; ") == 2


def test_two_mappings_of_one_extract_and_force_are_both_invalid(warehouse):
    write(warehouse, "extract: crimes\nforces: [derbyshire, leicestershire]\n", "a.yml")
    write(warehouse, "extract: crimes\nforces: [derbyshire]\n", "b.yaml")
    write(warehouse, "extract: crimes\n", "c.yml")
    mappings = read_mappings(warehouse.home, warehouse.contracts, force_names())
    assert [u.name for u in mappings.valid] == ["c.yml"]
    assert "b.yaml maps crimes of the same force" in mappings.problem("crimes", "derbyshire")
    assert mappings.problem("crimes", "cumbria") is None and mappings.problem("incidents", "derbyshire") is None
    write(warehouse, "extract: crimes\n", "d.yml")
    assert read_mappings(warehouse.home, warehouse.contracts, force_names()).problem("crimes", "cumbria")


def test_a_mapping_of_file_names_and_one_without_are_no_rivals(warehouse):
    write(warehouse, "extract: crimes\nforces: [derbyshire]\n", "a.yml")
    write(warehouse, "extract: crimes\nforces: [derbyshire]\nfiles: ['Crimes {year:%Y}.csv']\n", "b.yml")
    mappings = read_mappings(warehouse.home, warehouse.contracts, force_names())
    assert mappings.problems == () and mappings.of("crimes", "derbyshire").name == "a.yml"
    assert [u.name for u in mappings.reading("Crimes 2025.csv")] == ["b.yml"]


def test_a_mapping_whose_ending_is_in_capitals_is_read(warehouse):
    write(warehouse, "extract: crimes\n", "STORM.YML")
    assert len(read_mappings(warehouse.home, warehouse.contracts, force_names()).valid) == 1


def test_other_files_in_the_mappings_folder_are_not_read(warehouse):
    for name in (".hidden.yml", "notes.txt", "storm.yml~"):
        write(warehouse, "{", name)
    assert read_mappings(warehouse.home, warehouse.contracts, force_names()).problems == ()


def test_files_wait_for_a_mapping_that_a_program_gave_another_ending(warehouse):
    """Windows hides the second ending. Read without the mapping, the file would be refused, or its codes not known."""
    write(warehouse, "extract: crimes\nforces: [derbyshire]\n", "storm.yml.txt")
    warehouse.drop("crimes", "C1,2025-03-01,92D,Recorded,Dales")
    warehouse.drop("incidents", "I1,ROC,2025-05-01,,,,")
    reasons = {e.extract: e.reason for e in warehouse.night()}
    assert reasons.pop("incidents") is None and len(reasons) == 1
    assert "mappings/storm.yml.txt: is not read: its name must be storm.yml; or move it out" in reasons["crimes"]
    write(warehouse, "extract: crimes\nforces: [derbyshire]\n", "storm.yml")
    assert [e.outcome for e in warehouse.night()] == ["accepted"]


@pytest.mark.parametrize(
    ("name", "beside", "text"),
    [
        ("storm.yml", "storm.yml.txt", "extract: crimes\n"), ("storm.yaml", "storm.yml.txt", "extract: crimes\n"),
        ("storm.YML", "storm.yml.txt", "extract: crimes\n"), ("storm.yml", "storm-old.yml.txt", "extract: crimes\n"),
        ("storm.yml", "how to edit storm.yml.txt", "Ask the control room first.\n"),
        ("storm.yml", "other force.yml.txt", "extract: crimes\nforces: [derbyshire]\n"),
    ],
)  # fmt: skip
def test_notes_and_copies_beside_a_mapping_keep_nothing_waiting(warehouse, name, beside, text):
    write(warehouse, "extract: crimes\n", name)
    write(warehouse, text, beside)
    (warehouse.home.mappings / "old.yml.txt").mkdir()
    warehouse.drop("crimes", "C1,2025-03-01,92D,Recorded,Dales")
    assert [e.outcome for e in warehouse.night()] == ["accepted"]


@pytest.mark.parametrize(
    ("text", "waiting"),
    [
        ("extract: crimes\nforces: [derbyshire]\nvalues: {status: {R: X}}", {"crimes__derbyshire"}),
        ("extract: crimes\nvalues: {status: {R: X}}", {"crimes__derbyshire", "crimes__leicestershire"}),
        ("extract: [crimes", {"crimes__derbyshire", "crimes__leicestershire", "incidents__derbyshire"}),
        ("extract: crime\nforces: [derbyshire]", {"crimes__derbyshire", "incidents__derbyshire"}),
    ],
)
def test_files_that_an_invalid_mapping_may_be_for_wait_and_others_land(warehouse, text, waiting):
    write(warehouse, text, "odd.yml")
    row = "C1,2025-03-01,92D,Recorded,Dales"
    paths = {
        "crimes__derbyshire": warehouse.drop("crimes", row),
        "crimes__leicestershire": warehouse.drop("crimes", row, force="leicestershire"),
        "incidents__derbyshire": warehouse.drop("incidents", "I1,ROC,2025-05-01,,,,"),
    }
    before = {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in paths.items()}
    entries = {"__".join(e.source_file.split("__")[:2]): e for e in warehouse.night()}
    assert {n for n, e in entries.items() if e.outcome != "accepted"} == waiting
    for name in waiting:
        assert entries[name].reason.startswith("waits in the inbox until a mapping is corrected: mappings/odd.yml: ")
        assert hashlib.sha256(paths[name].read_bytes()).hexdigest() == before[name]
    assert {"__".join(e.source_file.split("__")[:2]) for e in warehouse.ledger()} == set(paths) - waiting
    write(warehouse, "extract: crimes\n", "odd.yml")
    assert {e.outcome for e in warehouse.night()} == {"accepted"}
    assert warehouse.inbox() == [] and len(warehouse.ledger()) == 3


def test_refused_file_of_a_shared_inbox_is_read_again_once_it_has_a_mapping(warehouse, tmp_path):
    folder = tmp_path / "share"
    warehouse.drop("incidents", ROW, header=HEADER, folder=folder)
    (first,) = warehouse.night(archive=False, inbox=folder)
    assert first.outcome == "refused"
    (same,) = warehouse.night(archive=False, inbox=folder)
    assert same.outcome == "known" and len(warehouse.ledger()) == 1
    write(warehouse, STORM)
    (mapped,) = warehouse.night(archive=False, inbox=folder)
    assert mapped.outcome == "accepted" and mapped.rows_landed == 1
    write(warehouse, STORM + "# x\n" + "times_are_utc: true\n")
    (known,) = warehouse.night(archive=False, inbox=folder)
    assert known.outcome == "known" and len(warehouse.ledger()) == 2


def test_a_thousand_codes_are_looked_up(warehouse):
    warehouse.home.config_file.write_text("[believe]\nunknown_held_percent = 100\nunknown_told_percent = 100\n")
    codes = "\n".join(f"    HO{i}: {i}A" for i in range(1000))
    write(warehouse, f"extract: crimes\nvalues:\n  offence_code:\n{codes}\n")
    entry = warehouse.land("crimes", *(f"C{i},2025-03-01,ho{i},Recorded," for i in range(1000)))
    codes_by_ref = columns(warehouse, entry, "crime_ref", "offence_code")
    assert sorted(codes_by_ref) == sorted((f"C{i}", f"{i}A") for i in range(1000))
