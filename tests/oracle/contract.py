"""The 23 extracts in the contract's notation, read into plain objects.

Written only from the public contract page. In the notation below `*` is a key column, `!` a required header,
`@` the date that places the row, `[a|b]` the allowed values, `:type` a type other than text. `#` (identifiers)
is left out: the plain model never hashes, it compares the text itself.
"""

from dataclasses import dataclass, field

TEXT = """
incidents: incident_ref*!, record_type! [INCIDENT|ROC], @created_at!:timestamp, qualifiers!:list,
    grade [Emergency|Priority|Scheduled|Resolution without deployment], channel, lpu
crimes: crime_ref*!, @recorded_on!:date, offence_code!, status! [Recorded|Cancelled], lpu
intelligence: intel_ref*!, @submitted_on!:date,
    source! [Officer|Crimestoppers|Partner agency|Member of public], themes!:list, lpu
stop_search: search_ref*!, @searched_at!:timestamp, legislation, object_of_search!, outcome,
    object_found! [Y|N], age_range, self_defined_ethnicity, lpu
drug_tests: custody_ref*!, @arrested_at!:timestamp, trigger_offence!,
    test_status! [Completed|Refused|Missed|Not required], missed_reason, tested_at:timestamp,
    cocaine [Positive|Negative], opiates [Positive|Negative], result [Positive|Negative], referred [Y|N], lpu
confiscation_orders: order_ref*!, @order_date!:date, offence_category! [Drug supply|Fraud|Other],
    order_value!:money, benefit_value!:money, compensation_value:money
aris_returns: return_ref*!, @received_on!:date, amount!:money
cash_seizures: seizure_ref*!, @order_date!:date, amount!:money,
    status! [Under investigation|Forfeited|Returned]
forfeiture_orders: order_ref*!, @order_date!:date, amount!:money, seizure_ref
mda_orders: order_ref*!, @order_date!:date, amount!:money, recipient! [Police|Charity]
naloxone: administration_ref*!, @administered_at!:timestamp, lpu
county_lines: line_ref*!, @identified_on!:date, closed_on:date, lpu
exploitation_outcomes: outcome_ref*!, person_ref!, @outcome_on!:date, strand! [County lines|OCG],
    outcome! [Charged|Safeguarded]
op_trapped: identification_ref*!, address_ref!, @identified_on!:date, people_safeguarded!:whole, lpu
school_inputs: input_ref*!, @delivered_on!:date, phase! [Primary|Secondary|Further education],
    young_people!:whole
pspos: order_ref*!, authority!, @starts_on!:date, ends_on:date
pspo_enforcement: enforcement_ref*!, @enforced_on!:date, kind! [Fixed penalty notice|Prosecution], authority!,
    issuing_team
iom_cohort: @counted_on*!:date, cohort_size!:whole
iom_visits: visit_ref*!, @visited_on!:date, operation!, substance_misuse! [Y|N]
public_health: Indicator ID!, Indicator Name!, Area Code!, Area Name!, Area Type!, Sex!, Age, Time period!,
    Value!:number, Lower CI 95.0 limit:number, Upper CI 95.0 limit:number, Count:number, Denominator:number,
    Category Type, Category
community_voices: response_ref*!, @responded_on!:date, issue!, lpu
prevention_activity: activity_ref*!, @activity_on!:date, activity!, quantity!:whole
street_crime: Crime ID, @Month!:month, Reported by, Falls within, Longitude, Latitude, Location, LSOA code,
    LSOA name, Crime type!, Last outcome category, Context
"""

# `county_lines` says "(closures: closed_on)" with no `!`: the header may be missing, as any optional one.

LISTS = ("county_lines", "pspos", "cash_seizures")  # whole lists as they were at extraction
EMPTY_IS_SUSPECT = ("incidents", "crimes", "intelligence", "stop_search")

# published header -> contract column, for searches of data.police.uk
POLICE_UK_SEARCHES = {
    "Date": "searched_at",
    "Legislation": "legislation",
    "Object of search": "object_of_search",
    "Outcome": "outcome",
    "Age range": "age_range",
    "Self-defined ethnicity": "self_defined_ethnicity",
}


@dataclass(frozen=True)
class Column:
    """One column: `name` is the key in the row dict, `header` what the file calls it."""

    name: str
    header: str
    type: str = "text"
    values: tuple = ()
    key: bool = False
    required: bool = False
    places: bool = False


@dataclass(frozen=True)
class Extract:
    """One extract: its columns in the contract's order and its kind (events, list, indicators, monthly)."""

    name: str
    kind: str
    columns: tuple
    keys: tuple = field(default=())
    date: str | None = None

    @property
    def has_units(self):
        return any(column.name == "lpu" for column in self.columns)


def normal(header):
    """A header as it is compared: without case, outer blanks, `_`, space or `-`."""
    return header.strip().casefold().replace("_", "").replace(" ", "").replace("-", "")


def _column(text):
    words, _, values = text.partition("[")
    words, _, kind = words.strip().partition(":")
    header = words.strip("*!@ ")
    kind = kind.strip() or ("choice" if values else "text")
    return Column(
        name=header.lower().replace(" ", "_").replace(".", "_"),
        header=header,
        type=kind,
        values=tuple(values.rstrip("] ").split("|")) if values else (),
        key="*" in words,
        required="!" in words,
        places="@" in words,
    )


def _read(text):
    extracts = {}
    for block in text.replace("\n    ", " ").strip().splitlines():
        name, _, columns = block.partition(": ")
        parsed = tuple(_column(c) for c in columns.split(", "))
        kind = {"public_health": "indicators", "street_crime": "monthly"}.get(name, "events")
        dates = [c.name for c in parsed if c.places]
        extracts[name] = Extract(
            name=name,
            kind="list" if name in LISTS else kind,
            columns=parsed,
            keys=tuple(c.name for c in parsed if c.key),
            date=dates[0] if dates else None,
        )
    return extracts


EXTRACTS = _read(TEXT)


def police_uk(extract):
    """The same extract as data.police.uk publishes it: its headers, no key, no rules for columns that it lacks."""
    if extract.name == "street_crime":
        return extract
    by_name = {c.name: c for c in extract.columns}
    columns = []
    for header, name in POLICE_UK_SEARCHES.items():
        old = by_name[name]
        columns.append(Column(name, header, old.type, old.values, False, old.required, old.places))
    return Extract(extract.name, "monthly", tuple(columns), (), extract.date)
