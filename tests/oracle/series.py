"""What each measure counts: current rows to facts, one function per mart, written from the contract.

A fact is (day, unit of the row or None, category or None, amount). A Flow adds up facts over a period; a Rate
divides two sums; a Stock counts what is active on a period's last day; a Last takes the last count in a period.
"""

from dataclasses import dataclass, field
from datetime import date

EMERGENCY_BEGAN = date(2023, 10, 1)
NOT_RECORDED = "Not recorded"
ALL = "all"


@dataclass
class Flow:
    mart: str
    measure: str
    extract: str
    facts: list
    unit: str = "count"
    split: list = field(default_factory=list)  # categories other than `all`
    since: date | None = None  # the measure began on that day
    form: str | None = None  # counts only what files of this form cover


@dataclass
class Rate:
    mart: str
    measure: str
    extract: str
    numerator: list
    denominator: list
    unit: str = "percent"
    split: list = field(default_factory=list)
    form: str | None = None
    of_whole: bool = False  # each category's share of the area's total: no `all` row


@dataclass
class Stock:
    mart: str
    measure: str
    extract: str
    facts: list  # (first day, day it ended or None, unit, category)
    unit: str = "count"
    split: list = field(default_factory=list)


@dataclass
class Last:
    mart: str
    measure: str
    extract: str
    facts: list
    unit: str = "count"
    split: list = field(default_factory=list)


def facts(rows, amount=None, by=None, day="_day"):
    """Facts of rows: 1 each, or the column `amount` (rows without it don't count), split by column `by`."""
    out = []
    for row in rows:
        value = 1 if amount is None else row[amount]
        on = row[day]
        if value is None or on is None:
            continue
        out.append((on, row.get("lpu"), (row[by] or NOT_RECORDED) if by else None, value))
    return out


def seen(rows, by, values=()):
    """Categories: always those of the list, then those that occur. `Not recorded` only if it occurs."""
    present = {row[by] or NOT_RECORDED for row in rows}
    return list(values) + sorted(present - set(values))


def where(rows, **wanted):
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def has(row, column, item):
    """Whether a list column has an item, ignoring case."""
    return any(part.casefold() == item.casefold() for part in row[column] or ())


def drug_offences(get, options):
    mart = "mart_drug_offences"
    for measure, wanted in (("possession_offences", "possession"), ("trafficking_offences", "trafficking")):
        rows = []
        for row in where(get("crimes"), status="Recorded"):
            code = (row["offence_code"] or "").upper()
            short = code.partition("/")[0].strip()
            if options["offence_codes"].get(code, options["offence_codes"].get(short)) == wanted:
                rows.append({**row, "code": short})
        yield Flow(mart, measure, "crimes", facts(rows, by="code"), split=seen(rows, "code"))


def naloxone(get, options):
    yield Flow("mart_naloxone", "naloxone_administrations", "naloxone", facts(get("naloxone")))


def is_positive(row):
    if row["test_status"] != "Completed":
        return False
    if row["result"] is None:
        return "Positive" in (row["cocaine"], row["opiates"])
    return row["result"] == "Positive"


def drug_tests(get, options):
    mart, extract = "mart_drug_tests", "drug_tests"
    arrests = get(extract)
    completed, missed = where(arrests, test_status="Completed"), where(arrests, test_status="Missed")
    positive = [row for row in arrests if is_positive(row)]
    required = [row for row in arrests if row["test_status"] != "Not required"]

    def positive_by(cocaine, opiates):
        return facts(
            row for row in positive if ((row["cocaine"] == "Positive"), (row["opiates"] == "Positive")) == (cocaine, opiates)
        )

    yield Flow(mart, "trigger_arrests", extract, facts(arrests))
    yield Flow(mart, "tests_completed", extract, facts(completed))
    yield Flow(mart, "tests_refused", extract, facts(where(arrests, test_status="Refused")))
    reasons = seen(missed, "missed_reason")
    yield Flow(mart, "tests_missed", extract, facts(missed, by="missed_reason"), split=reasons)
    yield Flow(mart, "tests_positive", extract, facts(positive))
    yield Rate(mart, "positivity_rate", extract, facts(positive), facts(completed))
    yield Flow(mart, "positive_cocaine", extract, positive_by(True, False))
    yield Flow(mart, "positive_opiates", extract, positive_by(False, True))
    yield Flow(mart, "positive_both", extract, positive_by(True, True))
    yield Flow(mart, "positive_not_recorded", extract, positive_by(False, False))
    yield Flow(mart, "referrals", extract, facts(where(arrests, referred="Y")))
    yield Rate(mart, "test_rate", extract, facts(completed), facts(required))


def stop_search(get, options):
    mart, extract = "mart_stop_search", "stop_search"
    # Only the canonical extract says what was found; data.police.uk has no such column.
    all_searches = [{"object_found": None, "lpu": None} | row for row in get(extract)]
    drugs = [r for r in all_searches if (r["object_of_search"] or "").casefold() in ("controlled drugs", "drugs")]
    canonical = where(drugs, _form="canonical")
    finds = facts(where(canonical, object_found="Y"), by="legislation")
    laws = seen(all_searches, "legislation")
    yield Flow(mart, "searches", extract, facts(all_searches, by="legislation"), split=laws)
    yield Flow(mart, "drug_searches", extract, facts(drugs, by="legislation"), split=laws)
    yield Flow(mart, "drug_finds", extract, finds, split=laws, form="canonical")
    searched = facts(canonical, by="legislation")
    yield Rate(mart, "drug_find_rate", extract, finds, searched, split=laws, form="canonical")
    for measure, by in (
        ("drug_searches_by_outcome", "outcome"),
        ("drug_searches_by_ethnicity", "self_defined_ethnicity"),
        ("drug_searches_by_age", "age_range"),
    ):
        yield Flow(mart, measure, extract, facts(drugs, by=by), split=seen(drugs, by))


def county_lines(get, options):
    mart, lines = "mart_county_lines", get("county_lines")
    yield Flow(mart, "lines_identified", "county_lines", facts(lines))
    yield Flow(mart, "lines_closed", "county_lines", facts(lines, day="closed_on"))
    active = [(row["identified_on"], row["closed_on"], row["lpu"], None) for row in lines]
    yield Stock(mart, "lines_active", "county_lines", active)
    outcomes = get("exploitation_outcomes")
    counted = [row for row in outcomes if row["outcome"] is not None]
    strands = seen(counted, "strand", ("County lines", "OCG"))
    for measure, outcome in (("persons_charged", "Charged"), ("persons_safeguarded", "Safeguarded")):
        persons = facts(where(outcomes, outcome=outcome), by="strand")
        yield Flow(mart, measure, "exploitation_outcomes", persons, split=strands)


def op_trapped(get, options):
    mart, rows = "mart_op_trapped", get("op_trapped")
    addresses, repeats = set(), []
    for row in sorted(rows, key=lambda row: (row["identified_on"], row["identification_ref"])):
        if row["address_ref"] is None:
            continue
        if row["address_ref"] in addresses:
            repeats.append(row)
        addresses.add(row["address_ref"])
    yield Flow(mart, "properties_identified", "op_trapped", facts(rows))
    yield Flow(mart, "repeat_addresses", "op_trapped", facts(repeats))
    yield Flow(mart, "people_safeguarded", "op_trapped", facts(rows, "people_safeguarded"))


def school_inputs(get, options):
    mart, rows = "mart_school_inputs", get("school_inputs")
    phases = seen(rows, "phase", ("Primary", "Secondary", "Further education"))
    yield Flow(mart, "inputs_delivered", "school_inputs", facts(rows, by="phase"), split=phases)
    young = facts(rows, "young_people", by="phase")
    yield Flow(mart, "young_people_engaged", "school_inputs", young, split=phases)


def confiscation_orders(get, options):
    mart, extract = "mart_confiscation_orders", "confiscation_orders"
    rows = get(extract)
    kinds = seen(rows, "offence_category", ("Drug supply", "Fraud", "Other"))
    yield Flow(mart, "orders", extract, facts(rows, by="offence_category"), split=kinds)
    for column in ("order_value", "benefit_value", "compensation_value"):
        yield Flow(mart, column, extract, facts(rows, column, by="offence_category"), unit="gbp", split=kinds)
    yield Flow(mart, "aris_returns", "aris_returns", facts(get("aris_returns"), "amount"), unit="gbp")


def cash_seizures(get, options):
    mart, extract = "mart_cash_seizures", "cash_seizures"
    rows, orders = get(extract), get("forfeiture_orders")
    states = seen(rows, "status", ("Under investigation", "Forfeited", "Returned"))
    yield Flow(mart, "orders_obtained", extract, facts(rows, by="status"), split=states)
    yield Flow(mart, "orders_obtained_value", extract, facts(rows, "amount", by="status"), "gbp", states)
    open_ones = where(rows, status="Under investigation")
    yield Flow(mart, "under_investigation_value", extract, facts(open_ones, "amount"), "gbp")
    yield Flow(mart, "forfeiture_orders", "forfeiture_orders", facts(orders))
    yield Flow(mart, "forfeiture_value", "forfeiture_orders", facts(orders, "amount"), "gbp")


def mda_orders(get, options):
    mart, rows = "mart_mda_orders", get("mda_orders")
    recipients = seen(rows, "recipient", ("Police", "Charity"))
    yield Flow(mart, "orders", "mda_orders", facts(rows, by="recipient"), split=recipients)
    values = facts(rows, "amount", by="recipient")
    yield Flow(mart, "order_value", "mda_orders", values, "gbp", recipients)


def incidents(get, options):
    mart, extract = "mart_incidents", "incidents"
    drugs = [row for row in get(extract) if has(row, "qualifiers", "Drugs")]
    incident, roc = where(drugs, record_type="INCIDENT"), where(drugs, record_type="ROC")
    yield Flow(mart, "incidents_drugs", extract, facts(incident))
    yield Flow(mart, "roc_drugs", extract, facts(roc))
    for measure, rows in (("incidents_drugs_emergency", incident), ("roc_drugs_emergency", roc)):
        urgent = facts(where(rows, grade="Emergency"))
        yield Flow(mart, measure, extract, urgent, since=EMERGENCY_BEGAN)
    channels = facts(incident, by="channel")
    yield Flow(mart, "incidents_drugs_by_channel", extract, channels, split=seen(incident, "channel"))


def intelligence(get, options):
    rows = [row for row in get("intelligence") if has(row, "themes", "Drugs")]
    sources = seen(rows, "source", ("Officer", "Crimestoppers", "Partner agency", "Member of public"))
    counted = facts(rows, by="source")
    yield Flow("mart_intelligence", "intelligence_items", "intelligence", counted, split=sources)


def pspo(get, options):
    mart, orders, enforcement = "mart_pspo", get("pspos"), get("pspo_enforcement")
    authorities = seen(orders, "authority")
    yield Flow(mart, "pspos_new", "pspos", facts(orders, by="authority"), split=authorities)
    active = [(r["starts_on"], r["ends_on"], None, r["authority"] or NOT_RECORDED) for r in orders]
    yield Stock(mart, "pspos_active", "pspos", active, split=authorities)
    extract, authorities = "pspo_enforcement", seen(enforcement, "authority")
    notices, prosecutions = where(enforcement, kind="Fixed penalty notice"), where(enforcement, kind="Prosecution")
    issued = facts(notices, by="authority")
    yield Flow(mart, "fpns_issued", extract, issued, split=authorities)
    yield Flow(mart, "prosecutions", extract, facts(prosecutions, by="authority"), split=authorities)
    yield Rate(mart, "fpn_share", extract, issued, issued, split=authorities, of_whole=True)
    teams = facts(notices, by="issuing_team")
    yield Flow(mart, "fpns_issued_by_team", extract, teams, split=seen(notices, "issuing_team"))


def iom(get, options):
    mart, visits = "mart_iom", where(get("iom_visits"), operation="Knightlow")
    yield Last(mart, "cohort_size", "iom_cohort", facts(get("iom_cohort"), "cohort_size"))
    yield Flow(mart, "knightlow_visits", "iom_visits", facts(visits))
    misuse = facts(where(visits, substance_misuse="Y"))
    yield Flow(mart, "knightlow_visits_substance_misuse", "iom_visits", misuse)


def community_voices(get, options):
    rows = get("community_voices")
    issues = seen(rows, "issue")
    counted = facts(rows, by="issue")
    yield Flow("mart_community_voices", "responses", "community_voices", counted, split=issues)


def prevention_activity(get, options):
    mart, extract, rows = "mart_prevention_activity", "prevention_activity", get("prevention_activity")
    kinds = seen(rows, "activity")
    yield Flow(mart, "activities", extract, facts(rows, by="activity"), split=kinds)
    quantities = facts(rows, "quantity", by="activity")
    yield Flow(mart, "activity_quantity", extract, quantities, split=kinds)


def street_crime(get, options):
    rows = [dict(row, lpu=district(row["lsoa_name"])) for row in get("street_crime")]
    kinds = seen(rows, "crime_type")
    counted = facts(rows, by="crime_type")
    yield Flow("mart_street_crime", "crimes", "street_crime", counted, split=kinds)


def district(lsoa_name):
    """`Amber Valley` for `Amber Valley 001A`; None for a blank."""
    return (lsoa_name or "").rpartition(" ")[0].strip() or None


MARTS = (
    drug_offences, naloxone, drug_tests, stop_search, county_lines, op_trapped, school_inputs,
    confiscation_orders, cash_seizures, mda_orders, incidents, intelligence, pspo, iom,
    community_voices, street_crime, prevention_activity,
)  # fmt: skip
