"""Made-up rows of each extract, and the unusual ways in which real systems write values."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
UNITS = (
    ("north", "North", "amber-valley", "Amber Valley"),
    ("north", "North", "chesterfield", "Chesterfield"),
    ("north", "North", "dales", "Dales"),
    ("north", "North", "high-peak", "High Peak"),
    ("north", "North", "north-east", "North East"),
    ("south", "South", "derby-east", "Derby East"),
    ("south", "South", "derby-north", "Derby North"),
    ("south", "South", "derby-west", "Derby West"),
    ("south", "South", "erewash", "Erewash"),
    ("south", "South", "swadlincote", "Swadlincote"),
)
AREAS = [
    {
        "force_code": "derbyshire", "force_name": "Derbyshire Constabulary", "section_code": section,
        "section_name": section_name, "lpu_code": code, "lpu_name": name,
    }
    for section, section_name, code, name in UNITS
]  # fmt: skip
FORCES = {"derbyshire": "Derbyshire Constabulary", "leicestershire": "Leicestershire Police"}


@dataclass(frozen=True)
class Field:
    """One column: how to make a value, and how often it is blank."""

    name: str
    kind: str  # ref | day | moment | later | money | whole | choice | list | unit | text
    pool: tuple = ()
    blank: float = 0.0

    def make(self, rng, on, number):
        if rng.random() < self.blank:
            return None
        match self.kind:
            case "ref":
                return f"{self.pool[0]}{number:06d}"
            case "day":
                return on
            case "later":
                return on + timedelta(rng.randint(*self.pool))
            case "moment":
                # Summer time moves hours around midnight to another day.
                hour = rng.choice((0, 0, 1, 9, 13, 17, 22, 23, 23))
                return datetime.combine(on, time(hour, rng.randrange(60), rng.choice((0, 0, 17))))
            case "money":
                low, high = self.pool
                return Decimal(rng.randint(low * 100, high * 100)) / 100
            case "whole":
                return rng.randint(*self.pool)
            case "list":
                return tuple(rng.sample(self.pool, rng.randint(0, min(3, len(self.pool)))))
            case "unit":
                return rng.choice(UNITS)[2:]
        return rng.choice(self.pool)


def _fields(*fields):
    return tuple(Field(*field) for field in fields)


LPU = ("lpu", "unit", (), 0.1)
YES_NO = ("Y", "N")
SIGN = ("Positive", "Negative")
TEAMS = ("Neighbourhood, North", "Rangers", "Council wardens")
AUTHORITIES = ("Derby City Council", "Erewash; Ilkeston", "High Peak BC")
LAWS = (
    "Misuse of Drugs Act 1971 (section 23)",
    "Police and Criminal Evidence Act 1984 (section 1)",
    "Firearms Act 1968 (section 47)",
)
OBJECTS = ("Controlled drugs", "Drugs", "Stolen goods", "Offensive weapons")
OUTCOMES = ("A no further action disposal", "Arrest", "Khat or Cannabis warning")
AGES = ("10-17", "18-24", "over 34")
ETHNICITIES = ("White - English/Welsh/Scottish/Northern Irish/British", "Other ethnic group - Not stated")
CODES = ("92A", "92A/1", "92C/3", "92D", "92D/1", "92D/2", "92E/1", "8N/1", "105A", "77/50")

RECIPES = {
    "incidents": _fields(
        ("incident_ref", "ref", ("INC-",)),
        ("record_type", "choice", ("INCIDENT", "ROC"), 0.03),
        ("created_at", "moment"),
        ("qualifiers", "list", ("Drugs", "Alcohol", "Mental Health", "Drugs paraphernalia")),
        ("grade", "choice", ("Emergency", "Priority", "Scheduled", "Resolution without deployment"), 0.1),
        ("channel", "text", ("999", "101", "Online", "Front counter; walk-in"), 0.1),
        LPU,
    ),
    "crimes": _fields(
        ("crime_ref", "ref", ("22*",)),
        ("recorded_on", "day"),
        ("offence_code", "text", CODES, 0.02),
        ("status", "choice", ("Recorded", "Recorded", "Recorded", "Cancelled"), 0.02),
        LPU,
    ),
    "intelligence": _fields(
        ("intel_ref", "ref", ("INT/",)),
        ("submitted_on", "day"),
        ("source", "choice", ("Officer", "Crimestoppers", "Partner agency", "Member of public"), 0.05),
        ("themes", "list", ("Drugs", "County Lines", "Firearms", "Rural")),
        LPU,
    ),
    "stop_search": _fields(
        ("search_ref", "ref", ("SS",)),
        ("searched_at", "moment"),
        ("legislation", "text", LAWS, 0.05),
        ("object_of_search", "choice", OBJECTS, 0.05),
        ("outcome", "text", OUTCOMES, 0.05),
        ("object_found", "choice", YES_NO, 0.05),
        ("age_range", "text", AGES, 0.1),
        ("self_defined_ethnicity", "text", ETHNICITIES, 0.1),
        LPU,
    ),
    "drug_tests": _fields(
        ("custody_ref", "ref", ("CUST ",)),
        ("arrested_at", "moment"),
        ("trigger_offence", "text", ("Theft", "Robbery, with intent", "Possession\nClass A")),
        ("test_status", "choice", ("Completed", "Completed", "Refused", "Missed", "Not required"), 0.03),
        ("missed_reason", "text", ("No tester", "Released early"), 0.5),
        ("tested_at", "moment", (), 0.4),
        ("cocaine", "choice", SIGN, 0.3),
        ("opiates", "choice", SIGN, 0.3),
        ("result", "choice", SIGN, 0.3),
        ("referred", "choice", YES_NO, 0.2),
        LPU,
    ),
    "confiscation_orders": _fields(
        ("order_ref", "ref", ("CO",)),
        ("order_date", "day"),
        ("offence_category", "choice", ("Drug supply", "Fraud", "Other"), 0.1),
        ("order_value", "money", (1, 90_000), 0.05),
        ("benefit_value", "money", (1, 1_500_000)),
        ("compensation_value", "money", (1, 5000), 0.5),
    ),
    "aris_returns": _fields(
        ("return_ref", "ref", ("ARIS",)), ("received_on", "day"), ("amount", "money", (-2000, 60_000), 0.05)
    ),
    "cash_seizures": _fields(
        ("seizure_ref", "ref", ("CS",)),
        ("order_date", "day"),
        ("amount", "money", (100, 40_000)),
        ("status", "choice", ("Under investigation", "Forfeited", "Returned"), 0.05),
    ),
    "forfeiture_orders": _fields(
        ("order_ref", "ref", ("FO",)),
        ("order_date", "day"),
        ("amount", "money", (100, 40_000)),
        ("seizure_ref", "text", ("CS000001", "CS000002"), 0.4),
    ),
    "mda_orders": _fields(
        ("order_ref", "ref", ("MDA",)),
        ("order_date", "day"),
        ("amount", "money", (10, 9000)),
        ("recipient", "choice", ("Police", "Charity"), 0.05),
    ),
    "naloxone": _fields(("administration_ref", "ref", ("NX",)), ("administered_at", "moment"), LPU),
    "county_lines": _fields(
        ("line_ref", "ref", ("LINE",)), ("identified_on", "day"), ("closed_on", "later", (0, 40), 0.5), LPU
    ),
    "exploitation_outcomes": _fields(
        ("outcome_ref", "ref", ("EX",)),
        ("person_ref", "text", ("P1", "P2", "P3", "P4"), 0.05),
        ("outcome_on", "day"),
        ("strand", "choice", ("County lines", "OCG"), 0.05),
        ("outcome", "choice", ("Charged", "Safeguarded")),
    ),
    "op_trapped": _fields(
        ("identification_ref", "ref", ("OT",)),
        ("address_ref", "text", tuple(f"UPRN{n}" for n in range(25)), 0.05),
        ("identified_on", "day"),
        ("people_safeguarded", "whole", (0, 4), 0.05),
        LPU,
    ),
    "school_inputs": _fields(
        ("input_ref", "ref", ("SI",)),
        ("delivered_on", "day"),
        ("phase", "choice", ("Primary", "Secondary", "Further education"), 0.05),
        ("young_people", "whole", (5, 240), 0.1),
    ),
    "pspos": _fields(
        ("order_ref", "ref", ("PSPO",)),
        ("authority", "text", AUTHORITIES, 0.05),
        ("starts_on", "day"),
        ("ends_on", "later", (0, 900), 0.3),
    ),
    "pspo_enforcement": _fields(
        ("enforcement_ref", "ref", ("ENF",)),
        ("enforced_on", "day"),
        ("kind", "choice", ("Fixed penalty notice", "Fixed penalty notice", "Prosecution")),
        ("authority", "text", AUTHORITIES, 0.05),
        ("issuing_team", "text", TEAMS, 0.2),
    ),
    "iom_cohort": _fields(("counted_on", "day"), ("cohort_size", "whole", (60, 120), 0.1)),
    "iom_visits": _fields(
        ("visit_ref", "ref", ("V",)),
        ("visited_on", "day"),
        ("operation", "text", ("Knightlow", "Other operation"), 0.05),
        ("substance_misuse", "choice", YES_NO, 0.05),
    ),
    "community_voices": _fields(
        ("response_ref", "ref", ("CV",)),
        ("responded_on", "day"),
        ("issue", "text", ("Drug use", 'Speeding, "boy racers"', "Litter|dogs", "Knife crime"), 0.1),
        LPU,
    ),
    "prevention_activity": _fields(
        ("activity_ref", "ref", ("PA",)),
        ("activity_on", "day"),
        ("activity", "text", ("LERO event", "Leaflets delivered", "Derbyshire Alert recipients"), 0.03),
        ("quantity", "whole", (1, 900), 0.05),
    ),
}


def date_field(extract):
    """Name of the column that dates a row: the first day or moment of the recipe."""
    return next(f.name for f in RECIPES[extract] if f.kind in ("day", "moment"))


def key_field(extract):
    """Name of the key column: a recipe's first."""
    return RECIPES[extract][0].name


def as_text(rng, field, value):
    """One value as text, in one of the spellings that the contract allows."""
    if value is None:
        return rng.choice(("", "", "  "))
    match value:
        case datetime():
            return _moment(rng, value)
        case date():
            return rng.choice((f"{value:%Y-%m-%d}", f"{value:%d/%m/%Y}"))
        case Decimal():
            return _money(rng, value)
        case int():
            return str(value)
    if field.kind == "unit":
        return _unit(rng, value)
    if field.kind == "list":
        return _list(rng, value)
    if field.kind == "choice":
        return rng.choice((value, value, value.upper(), value.lower(), f" {value} "))
    return rng.choice((value, value, f" {value}", f"{value}  "))


def _moment(rng, value):
    utc = value.replace(tzinfo=LONDON).astimezone(UTC)
    return rng.choice(
        (
            f"{value:%Y-%m-%dT%H:%M:%S}",
            f"{value:%Y-%m-%d %H:%M:%S}",
            f"{value:%d/%m/%Y %H:%M}",
            f"{utc:%Y-%m-%dT%H:%M:%SZ}",
            f"{utc:%Y-%m-%dT%H:%M:%S}+00:00",
            f"{utc + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+01:00",
            f"{utc - timedelta(hours=5):%Y-%m-%dT%H:%M:%S}-05:00",
        )
    )


def _money(rng, value):
    size = abs(value)
    plain, grouped = f"{size:.2f}", f"{size:,.2f}"
    if value < 0:
        return rng.choice((f"({plain})", f"(£{grouped})", f"-{plain}", f"({grouped})"))
    short = f"{size:f}".rstrip("0").rstrip(".") if size == size.to_integral_value() else plain
    return rng.choice((plain, grouped, f"£{grouped}", f"£{plain}", short, f" {plain} "))


def _unit(rng, value):
    code, name = value
    return rng.choice((code, name, name.upper(), f" {name} ", code.title(), "Ripley Hills", "n/a"))


def _list(rng, value):
    items = [rng.choice((item, item.upper(), item.lower(), f" {item}")) for item in value]
    return rng.choice((";", "; ", " ;")).join(items) + rng.choice(("", "", ";", " ; "))


def make_rows(rng, extract, start, end, count, first_number, before=0):
    """Rows of an extract dated in the window, or up to `before` days earlier (whole lists)."""
    days = [start + timedelta(n) for n in range(-before, (end - start).days + 1)]
    if extract == "iom_cohort":
        chosen = rng.sample(days, min(count, len(days)))  # its key is the day
    else:
        chosen = [rng.choice(days) for _ in range(count)]
    rows = []
    for number, on in enumerate(chosen, first_number):
        row = {f.name: f.make(rng, on, number) for f in RECIPES[extract]}
        if "closed_on" in row and row["closed_on"] and row["closed_on"] > end:
            row["closed_on"] = None
        rows.append(row)
    return rows


def seeded(*parts):
    """A separate Random for each part, so that a change of one part leaves the others unchanged."""
    return random.Random("/".join(map(str, parts)))
