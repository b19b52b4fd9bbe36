"""Exports of different made-up systems, each with the mapping that a person who knows the system would write.

No system, person, place or event is real. Every row comes from a random seed, so that all runs have the same rows.
"""

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import xlsxwriter

ROWS = 400
UNITS = ("Northgate", "Southmoor", "Eastbrook", "Westvale")
AREAS = "force_code,section_code,section_name,lpu_code,lpu_name\n" + "".join(
    f"kent,main,Main,{u.lower()},{u}\n" for u in UNITS
)  # fmt: skip
"""The list of areas of the made-up home."""


@dataclass(frozen=True)
class System:
    """One export. `right`: contract column -> its entry in `headers`. `undecided`: column -> codes that must not be guessed."""

    name: str
    extract: str
    file: str
    write: Callable[[Path, random.Random], None]
    right: dict[str, Any]
    header_row: int = 1
    sheet: str | None = None
    dates: dict[str, str] = field(default_factory=dict)
    separators: dict[str, str] = field(default_factory=dict)
    undecided: dict[str, set[str]] = field(default_factory=dict)
    decided: dict[str, dict[str, str]] = field(default_factory=dict)
    rule: str | None = None


def day(r: random.Random, year: int = 2025, month: int | None = 10) -> datetime:
    first = date(year, month or 1, 1)
    return datetime.combine(first, time()) + timedelta(days=r.randrange(31 if month else 365), minutes=r.randrange(1440))


def person(r: random.Random) -> str:
    return (
        r.choice(["Ava", "Ben", "Cai", "Dot"])
        + " "
        + r.choice(["Madeup", "Nonesuch", "Inventia", "Fictor"])
        + str(r.randrange(99))
    )


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> None:
    with xlsxwriter.Workbook(path) as book:
        formats = {date: book.add_format({"num_format": "dd/mm/yyyy"}), time: book.add_format({"num_format": "hh:mm"}),
                   datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm"})}  # fmt: skip
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, value in enumerate(row):
                    if type(value) in formats:
                        sheet.write_datetime(y, x, value, formats[type(value)])
                    elif value not in (None, ""):
                        sheet.write(y, x, value)


def text(rows: list[list[Any]], separator: str = ",") -> str:
    out = StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def control_room(path: Path, r: random.Random) -> None:
    head = ["Incident No", "Log Type", "Opened Date", "Opened Time", "Qualifier 1", "Qualifier 2", "Qualifier 3",
            "Initial Grade", "Contact Method", "Beat", "Caller Name", "Location Text"]  # fmt: skip
    rows = []
    for n in range(ROWS):
        at = day(r)
        tags = r.sample(["Drugs", "Alcohol", "Domestic", "Mental health", "DRG-X"], r.randrange(4))
        rows.append(
            [
                f"HB-{n:06}",
                r.choice(["Incident", "Incident", "Record of Contact"]),
                at.date(),
                at.time().replace(second=0),
                *(tags + [""] * 3)[:3],
                r.choice(["Grade 1", "Grade 2", "Grade 3", "Scheduled"]),
                r.choice(["999", "101", "Online"]),
                r.choice([*UNITS, "Out of force"]),
                person(r),
                f"Flat {n}, Nowhere Road",
            ]
        )
    table = [
        ["Harbour Control Room"],
        ["Incidents opened in October 2025"],
        [],
        head,
        *rows,
        ["TOTAL", ROWS],
        ["Source: Harbour live system"],
    ]
    workbook(path, {"Cover": [["Made-up export"], ["Prepared for nobody"]], "Data": table})


def crime_book(path: Path, r: random.Random) -> None:
    head = ["Area", "CrimeNo", "Recorded Date", "HO Class", "HO Sub Class", "Offence Title", "Crime Status", "Officer"]
    rows = [[r.choice(UNITS), f"90/{n}/25", f"{day(r):%d.%m.%Y}", r.choice(["92D", "92E", "92A", "105A"]), r.randrange(1, 9),
             "Some offence", r.choice(["Recorded", "Cancelled", "NC-TRF"]), person(r)] for n in range(ROWS)]  # fmt: skip
    tail = [["Total crimes", ROWS], ["Report generated 03.11.2025 by the made-up crime book"]]
    path.write_bytes(text([["Crime book export"], [], head, *rows, *tail], ";").encode("cp1252"))


def search_slips(path: Path, r: random.Random) -> None:
    head = ["SlipNumber", "Search Date/Time", "Power Used", "Reason for Search", "Result of Search", "Item Found", "Age Band",
            "SDE", "District", "Person Name", "DOB"]  # fmt: skip
    rows = []
    for n in range(ROWS):
        at = day(r)
        rows.append([f"S{n:07}", f"{at:%m/%d/%Y %I:%M %p}", r.choice(["PACE s1", "MDA s23"]),
                     r.choice(["Controlled drugs", "Offensive weapons", "DRG"]), r.choice(["No further action", "Arrest"]),
                     r.choice(["YES", "NO"]), r.choice(["10-17", "18-24", "25-34"]), r.choice(["W1", "B1", "A1"]),
                     r.choice(UNITS), person(r), f"{day(r, 1990):%m/%d/%Y}"])  # fmt: skip
    path.write_bytes(text([head, *rows], "\t").encode("utf-16"))


def custody_desk(path: Path, r: random.Random) -> None:
    above = ["Custody", "", "", "", "Drug test", "", "", "", "", "", "Place"]
    head = ["Custody Record No", "Detainee", "Arrest Date/Time", "Offence Arrested For", "Status of Test", "No Test Reason",
            "Sample Taken", "Coc Result", "Opi Result", "Referral", "LPA"]  # fmt: skip
    rows = []
    for n in range(ROWS):
        at = day(r)
        completed = r.random() < 0.8
        rows.append([f"CU/{n:05}/25", person(r), f"{at:%d-%b-%Y %H:%M}".upper(), r.choice(["Theft", "Burglary"]),
                     "Completed" if completed else r.choice(["Refused", "MSD"]), "" if completed else "Equipment",
                     f"{at + timedelta(hours=2):%d-%b-%Y %H:%M}".upper() if completed else "",
                     r.choice(["POS", "Negative"]) if completed else "", r.choice(["POS", "Negative"]) if completed else "",
                     r.choice(["Yes", "No"]), r.choice(UNITS)])  # fmt: skip
    workbook(path, {"Sheet1": [above, head, *rows, ["Grand Total", "", "", "", ROWS]]})


def court_ledger(path: Path, r: random.Random) -> None:
    head = [
        "Defendant",
        "Benefit Figure (£)",
        "Amount Ordered (£)",
        "Compensation (£)",
        "Order Made",
        "JARD Ref",
        "Criminality Type",
    ]
    rows = [[person(r), f"£{r.randrange(9, 900_000):,}.50", f"£{r.randrange(9, 90_000):,}.00", r.choice(["", "£250.00"]),
             f"{day(r, 2025, None):%d %B %Y}", f"J{n:05}", r.choice(["Drug supply", "Fraud", "Money laundering"])]
            for n in range(120)]  # fmt: skip
    tail = [["", "£1,000.00", "£500.00"], ["Source: made-up court ledger"]]
    path.write_text(text([["Confiscation orders 2025"], head, *rows, tail[1]]), encoding="utf-8-sig")


def intel_desk(path: Path, r: random.Random) -> None:
    head = ["IR No", "Date Submitted", "Source Type", "Categories", "Sector", "Text", "Author"]
    rows = [[f"IR{n:06}", f"{day(r):%Y%m%d}", r.choice(["Officer", "CRIMESTOPPERS", "Member of the public", "PTR"]),
             ", ".join(r.sample(["Drugs", "Firearms", "CSE", "Burglary", "NEW-1"], r.randrange(1, 4))), r.choice(UNITS),
             f"Made-up text {n}", person(r)] for n in range(ROWS)]  # fmt: skip
    path.write_text(text([head, *rows], "|"), encoding="utf-8")


def order_register(path: Path, r: random.Random) -> None:
    head = ["PSPO No", "Council", "In Force From", "In Force To", "Restriction"]
    rows = []
    for n in range(60):
        first = day(r, 2022, None).date()
        rows.append([f"P-{n:03}", r.choice(["Northgate Council", "Westvale Council"]), first,
                     first + timedelta(days=900) if n % 3 else "", "No drinking"])  # fmt: skip
    workbook(path, {"Register": [["Public spaces protection orders"], ["as at 3 November 2025"], head, *rows]})


def kit_log(path: Path, r: random.Random) -> None:
    rows = [[f"K{n:04}", f"{(at := day(r)):%d/%m/%Y}", f"{at:%H%M}", r.choice(UNITS), person(r)] for n in range(90)]
    path.write_text(text([["REF", "DATE", "TIME", "AREA", "GIVEN BY"], *rows]), encoding="utf-8")


def pier_desk(path: Path, r: random.Random) -> None:
    head = ["Ref. No.", "Record Kind", "Logged On", "Logged Hour", "Keyword A", "Keyword B", "Urgency", "Call Route",
            "Policing Patch", "Attending Officer"]  # fmt: skip
    rows = [[f"L{n}", r.choice(["Incident", "ROC"]), f"{(at := day(r)):%d-%m-%Y}", f"{at:%H:%M}",
             r.choice(["Drugs", "Alcohol", ""]), r.choice(["Domestic", ""]), r.choice(["Emergency", "Priority", "ROUT"]),
             r.choice(["Phone", "Web"]), r.choice(UNITS), person(r)] for n in range(ROWS)]  # fmt: skip
    path.write_text(text([head, *rows]), encoding="utf-8")


def arrest_tests(path: Path, r: random.Random) -> None:
    head = ["Custody Rec", "Offender", "Arr Date", "Arr Time", "Trig Offence", "Test State", "Reason Test Missed", "Coc", "Opi",
            "Refd", "NPT"]  # fmt: skip
    result = ["1 - Positive", "2 - Negative", "P"]
    rows = [[f"X/{n}", person(r), f"{(at := day(r)):%d.%m.%y}", f"{at:%H.%M}", r.choice(["Theft", "Burglary"]),
             r.choice(["Completed", "Missed"]), r.choice(["", "No kit"]), r.choice(result), r.choice(result), r.choice("YN"),
             r.choice(UNITS)] for n in range(ROWS)]  # fmt: skip
    path.write_text(text([head, *rows], "|"), encoding="utf-8")


def join(*headers: str, between: str = " ") -> dict[str, Any]:
    return {"join": list(headers), "with": between}


SYSTEMS = (
    System(
        "control room", "incidents", "Kent incidents Oct 2025.xlsx", control_room,
        {"incident_ref": "Incident No", "record_type": "Log Type", "created_at": join("Opened Date", "Opened Time"),
         "qualifiers": {"list": ["Qualifier 1", "Qualifier 2", "Qualifier 3"]}, "grade": "Initial Grade",
         "channel": "Contact Method", "lpu": "Beat"},
        header_row=4, sheet="Data", undecided={"grade": {"Grade 1", "Grade 2", "Grade 3"}, "qualifiers": {"DRG-X"}},
        decided={"record_type": {"Incident": "INCIDENT", "Record of Contact": "ROC"}, "grade": {"Scheduled": "Scheduled"}},
        rule="Kent incidents {month:%b %Y}.xlsx",
    ),
    System(
        "crime book", "crimes", "crimebook_20251103.csv", crime_book,
        {"crime_ref": "CrimeNo", "recorded_on": "Recorded Date", "offence_code": join("HO Class", "HO Sub Class", between="/"),
         "status": "Crime Status", "lpu": "Area"},
        header_row=3, dates={"recorded_on": "%d.%m.%Y"}, undecided={"status": {"NC-TRF"}},
        decided={"status": {"Cancelled": "Cancelled", "Recorded": "Recorded"}}, rule="crimebook_{at:%Y%m%d}.csv",
    ),
    System(
        "search slips", "stop_search", "Stop search 2025-10 run 20251102 0415.csv", search_slips,
        {"search_ref": "SlipNumber", "searched_at": "Search Date/Time", "legislation": "Power Used",
         "object_of_search": "Reason for Search", "outcome": "Result of Search", "object_found": "Item Found",
         "age_range": "Age Band", "self_defined_ethnicity": "SDE", "lpu": "District"},
        dates={"searched_at": "%m/%d/%Y %I:%M %p"}, undecided={"object_of_search": {"DRG"}},
        decided={"object_found": {"YES": "Y", "NO": "N"}}, rule="Stop search {month:%Y-%m} run {at:%Y%m%d %H%M}.csv",
    ),
    System(
        "custody desk", "drug_tests", "DT 01-10-2025 to 31-10-2025.xlsx", custody_desk,
        {"custody_ref": "Custody Record No", "arrested_at": "Arrest Date/Time", "trigger_offence": "Offence Arrested For",
         "test_status": "Status of Test", "missed_reason": "No Test Reason", "tested_at": "Sample Taken",
         "cocaine": "Coc Result", "opiates": "Opi Result", "referred": "Referral", "lpu": "LPA"},
        header_row=2, dates={"arrested_at": "%d-%b-%Y %H:%M", "tested_at": "%d-%b-%Y %H:%M"},
        undecided={"test_status": {"MSD"}, "cocaine": {"POS"}, "opiates": {"POS"}},
        decided={"referred": {"Yes": "Y", "No": "N"}}, rule="DT {from:%d-%m-%Y} to {to:%d-%m-%Y}.xlsx",
    ),
    System(
        "court ledger", "confiscation_orders", "Confiscation ledger 2025.csv", court_ledger,
        {"order_ref": "JARD Ref", "order_date": "Order Made", "offence_category": "Criminality Type",
         "order_value": "Amount Ordered (£)", "benefit_value": "Benefit Figure (£)", "compensation_value": "Compensation (£)"},
        header_row=2, dates={"order_date": "%d %B %Y"}, undecided={"offence_category": {"Money laundering"}},
        decided={"offence_category": {"Fraud": "Fraud"}}, rule="Confiscation ledger {year:%Y}.csv",
    ),
    System(
        "intelligence desk", "intelligence", "intel_extract.csv", intel_desk,
        {"intel_ref": "IR No", "submitted_on": "Date Submitted", "source": "Source Type", "themes": "Categories",
         "lpu": "Sector"},
        dates={"submitted_on": "%Y%m%d"}, separators={"themes": ","}, undecided={"source": {"PTR"}, "themes": {"NEW-1"}},
        decided={"source": {"CRIMESTOPPERS": "Crimestoppers", "Member of the public": "Member of public"}},
        rule="intel_extract.csv",
    ),
    System(
        "order register", "pspos", "PSPO register (2).xlsx", order_register,
        {"order_ref": "PSPO No", "authority": "Council", "starts_on": "In Force From", "ends_on": "In Force To"},
        header_row=3, rule="PSPO register *.xlsx",
    ),
    System(
        "kit log", "naloxone", "naloxone kit log FY 2025-26.csv", kit_log,
        {"administration_ref": "REF", "administered_at": join("DATE", "TIME"), "lpu": "AREA"},
        dates={"administered_at": "%d/%m/%Y %H%M"}, rule="naloxone kit log FY *.csv",
    ),
    System(
        "pier desk", "incidents", "pier desk.csv", pier_desk,
        {"incident_ref": "Ref. No.", "record_type": "Record Kind", "created_at": join("Logged On", "Logged Hour"),
         "qualifiers": {"list": ["Keyword A", "Keyword B"]}, "grade": "Urgency", "channel": "Call Route",
         "lpu": "Policing Patch"},
        dates={"created_at": "%d-%m-%Y %H:%M"}, undecided={"grade": {"ROUT"}}, decided={"grade": {"Priority": "Priority"}},
        rule="pier desk.csv",
    ),
    System(
        "tests on arrest", "drug_tests", "tests on arrest.csv", arrest_tests,
        {"custody_ref": "Custody Rec", "arrested_at": join("Arr Date", "Arr Time"), "trigger_offence": "Trig Offence",
         "test_status": "Test State", "missed_reason": "Reason Test Missed", "cocaine": "Coc", "opiates": "Opi",
         "referred": "Refd", "lpu": "NPT"},
        dates={"arrested_at": "%d.%m.%y %H.%M"}, undecided={"cocaine": {"P"}, "opiates": {"P"}},
        decided={"cocaine": {"1 - Positive": "Positive", "2 - Negative": "Negative"}}, rule="tests on arrest.csv",
    ),
)  # fmt: skip


def write(system: System, folder: Path) -> Path:
    """A system's export in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / system.file
    system.write(path, random.Random(system.name))
    return path
