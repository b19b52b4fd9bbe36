"""The plain model of the marts, compared with numbers added up by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from .compare import diff
from .landing import Landing, Load
from .marts import marts
from .periods import Cover, Month, periods_of, span
from .public_health import area_type, period

FORCES = {"derbyshire": "Derbyshire Constabulary", "leicestershire": "Leicestershire Police"}
UNIT_COLUMNS = ("force_code", "section_code", "section_name", "lpu_code", "lpu_name")
AREAS = [
    dict(zip(UNIT_COLUMNS, ("derbyshire", "north", "North", "dales", "Dales"), strict=True)),
    dict(zip(UNIT_COLUMNS, ("derbyshire", "south", "South", "derby-east", "Derby East"), strict=True)),
]


def month(text):
    return Month.of(date.fromisoformat(text + "-01"))


@pytest.mark.parametrize(
    ("kind", "first", "last", "label"),
    [
        ("month", "2025-10", "2025-10", "Oct 2025"),
        ("calendar_year", "2025-01", "2025-12", "2025"),
        ("financial_year", "2024-04", "2025-03", "2024/25"),
        ("financial_year", "1999-04", "2000-03", "1999/00"),
        ("rolling_12_months", "2024-11", "2025-10", "Nov-Oct 2024/25"),
        ("rolling_12_months", "2025-01", "2025-12", "Jan-Dec 2025"),
        ("calendar_year_to_date", "2025-01", "2025-11", "Jan-Nov 2025"),
        ("calendar_year_to_date", "2025-01", "2025-01", "Jan 2025"),
        ("financial_year_to_date", "2025-04", "2025-10", "Apr-Oct 2025/26"),
        ("financial_year_to_date", "2025-04", "2025-04", "Apr 2025/26"),
        ("financial_year_to_date", "2025-04", "2026-03", "Apr-Mar 2025/26"),
    ],
)
def test_period_labels(kind, first, last, label):
    assert span(kind, month(first), month(last)).label == label


def days(first, last):
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(n) for n in range((end - start).days + 1)}


def test_periods_of_a_coverage_that_touches_two_calendar_years():
    by_type = {}
    for p in periods_of(days("2024-02-10", "2025-03-31")):
        by_type.setdefault(p.type, []).append(p)
    # Days of 2024 and 2025, and of 2023/24 and 2024/25: months from April 2023 to December 2025.
    assert [p.label for p in by_type["month"]][:: len(by_type["month"]) - 1] == ["Apr 2023", "Dec 2025"]
    assert len(by_type["month"]) == 33
    assert {p.label for p in by_type["calendar_year"]} == {"2024", "2025"}
    assert {p.label for p in by_type["financial_year"]} == {"2023/24", "2024/25"}
    # The first window that starts no earlier than February 2024 ends with January 2025; none ends after March 2025.
    assert [p.label for p in by_type["rolling_12_months"]] == ["Feb-Jan 2024/25", "Mar-Feb 2024/25", "Apr-Mar 2024/25"]
    to_date = [p.label for p in by_type["calendar_year_to_date"]]
    assert to_date[0] == "Jan-Feb 2024"
    assert len(to_date) == 11 + 3
    fiscal = [p.label for p in by_type["financial_year_to_date"]]
    assert (fiscal[0], fiscal[-1], len(fiscal)) == ("Apr-Feb 2023/24", "Apr-Mar 2024/25", 2 + 12)


def test_period_status():
    cover = Cover(days("2024-02-10", "2024-03-31"))
    statuses = [cover.status(span("month", month(m), month(m))) for m in ("2024-01", "2024-02", "2024-03")]
    assert statuses == ["not_available", "partial", "complete"]


def landing_of(extract, rows, *windows, force="derbyshire", form="canonical"):
    """A Landing with one extract. Rows are dicts with `_day`."""
    landing = Landing()
    landing.rows[extract, force] = [{"_form": form, "lpu": None, **row} for row in rows]
    windows = [(*map(date.fromisoformat, window), form) for window in windows]
    landing.windows[extract, force] = windows
    landing.loads[extract, force] = [Load(extract, force, form, a, b, 0, {}, set(), None, None) for a, b, _ in windows]
    return landing


class Figures:
    """Rows of the marts, looked up by measure, category, area and the label of the period."""

    def __init__(self, landing, **options):
        self.rows = marts(landing, AREAS, FORCES, **options)
        self.by = {}
        for row in self.rows:
            place = (
                row["measure"],
                row["category"],
                row["area_code"],
                row["period_type"],
                row["period_label"],
            )
            assert place not in self.by
            self.by[place] = row

    def __call__(self, measure, label, category="all", area="derbyshire", kind="month", column="value"):
        return self.by[measure, category, area, kind, label][column]


def row_on(text, **values):
    return {"_day": date.fromisoformat(text), **values}


def test_flow_by_unit_and_period():
    rows = [
        row_on("2024-05-01", lpu="Dales"),
        row_on("2024-05-31", lpu=" DALES "),
        row_on("2024-06-10", lpu="derby-east"),
        row_on("2024-06-11", lpu="Ripley"),
        row_on("2025-05-02"),
    ]
    f = Figures(landing_of("naloxone", rows, ("2024-05-01", "2025-05-31")))
    name = "naloxone_administrations"
    assert [f(name, "May 2024", area=a) for a in ("derbyshire", "north", "dales", "south")] == [2, 2, 2, 0]
    assert f(name, "Jun 2024", area="unknown") == 1
    assert f(name, "Apr 2024") is None
    assert f(name, "Apr 2024", column="data_status") == "not_available"
    assert f(name, "2024/25", kind="financial_year", column="data_status") == "partial"
    assert f(name, "2024/25", kind="financial_year") == 4
    assert f(name, "May-Apr 2024/25", kind="rolling_12_months", column="data_status") == "complete"
    assert f(name, "Jun-May 2024/25", kind="rolling_12_months") == 3
    may = f.by[name, "all", "derbyshire", "month", "May 2025"]
    assert (may["value"], may["prior_value"], may["volume_change"], may["pct_change"]) == (1, 2, -1, -50)


def test_no_change_where_either_period_is_partial_and_no_percentage_of_zero():
    rows = [row_on("2025-05-10"), row_on("2025-06-10")]
    f = Figures(landing_of("naloxone", rows, ("2024-05-02", "2025-06-30")))
    may, june = (f.by["naloxone_administrations", "all", "derbyshire", "month", m] for m in ("May 2025", "Jun 2025"))
    assert (may["prior_value"], may["volume_change"], may["pct_change"]) == (0, None, None)
    assert (june["prior_value"], june["volume_change"], june["pct_change"]) == (0, 1, None)


def test_a_force_without_units_has_only_the_force_and_not_recorded():
    landing = landing_of("naloxone", [row_on("2024-05-01", lpu="Dales")], ("2024-05-01", "2024-05-31"), force="leicestershire")
    rows = Figures(landing).rows
    assert {(r["area_type"], r["area_code"]) for r in rows} == {
        ("force", "leicestershire"),
        ("lpu", "unknown"),
    }


def test_offences_by_code():
    rows = [
        row_on("2025-01-01", offence_code=code, status=status)
        for code, status in (
            ("92D/1", "Recorded"),
            ("92D", "Recorded"),
            ("92C/3", "Recorded"),
            ("92A", "Recorded"),
            ("92E", "Cancelled"),
            ("8N", "Recorded"),
            ("77/50", "Recorded"),
            ("92D", None),
        )
    ]
    codes = {"92A": "trafficking", "77/50": "trafficking", "92C": "possession", "92D": "possession"}
    f = Figures(landing_of("crimes", rows, ("2025-01-01", "2025-01-31")), offence_codes=codes)
    assert f("possession_offences", "Jan 2025") == 3
    assert f("possession_offences", "Jan 2025", "92D") == 2
    assert f("trafficking_offences", "Jan 2025", "77") == 1
    assert {r["category"] for r in f.rows if r["measure"] == "possession_offences"} == {"all", "92C", "92D"}


def test_drug_tests():
    def arrest(status, result=None, cocaine=None, opiates=None, **more):
        columns = {"test_status": status, "result": result, "cocaine": cocaine, "opiates": opiates}
        return row_on("2025-01-01", **{"missed_reason": None, "referred": None} | columns | more)

    yes, no = "Positive", "Negative"
    rows = [
        arrest("Completed", yes, yes),
        arrest("Completed", None, yes, yes),
        arrest("Completed", yes, referred="Y"),
        arrest("Completed", no, yes),
        arrest("Completed", None, None, yes),
        arrest("Refused", yes, yes),
        arrest("Missed", missed_reason="No tester"),
        arrest("Missed"),
        arrest("Not required"),
        arrest(None),
    ]
    f = Figures(landing_of("drug_tests", rows, ("2025-01-01", "2025-01-31")))
    january = {
        r["measure"]: r["value"]
        for r in f.rows
        if r["period_label"] == "Jan 2025"
        and r["category"] == "all"
        and r["period_type"] == "month"
        and r["area_type"] == "force"
    }
    assert january == {
        "trigger_arrests": 10,
        "tests_completed": 5,
        "tests_refused": 1,
        "tests_missed": 2,
        "tests_positive": 4,
        "positivity_rate": 80,
        "positive_cocaine": 1,
        "positive_opiates": 1,
        "positive_both": 1,
        "positive_not_recorded": 1,
        "referrals": 1,
        "test_rate": Decimal("55.5555555556"),
    }
    assert f("tests_missed", "Jan 2025", "Not recorded") == 1
    rate = f.by["test_rate", "all", "derbyshire", "month", "Jan 2025"]
    assert (rate["numerator"], rate["denominator"], rate["unit"]) == (5, 9, "percent")
    assert f("test_rate", "Jan 2025", area="north") is None  # zero divided by zero
    assert f("test_rate", "Jan 2025", area="north", column="data_status") == "complete"


def test_drug_finds_are_not_available_from_published_searches():
    search = {
        "object_of_search": "Drugs",
        "legislation": None,
        "outcome": None,
        "age_range": None,
        "self_defined_ethnicity": None,
    }
    landing = landing_of("stop_search", [row_on("2025-01-05", **search)], ("2025-01-01", "2025-01-31"), form="police_uk")
    del landing.rows["stop_search", "derbyshire"][0]["lpu"]
    own_searches = landing_of("stop_search", [row_on("2025-02-05", object_found="Y", **search)], ("2025-02-01", "2025-02-28"))
    place = ("stop_search", "derbyshire")
    landing.rows[place] += own_searches.rows[place]
    landing.windows[place] += own_searches.windows[place]
    landing.loads[place] += own_searches.loads[place]
    f = Figures(landing)
    # They have no units either: `Not recorded` has the force's figure.
    assert [f("drug_searches", m, area="dales") for m in ("Jan 2025", "Feb 2025")] == [None, 0]
    assert [f("drug_searches", m, area="unknown") for m in ("Jan 2025", "Feb 2025")] == [1, 1]
    assert f("drug_searches", "2025", area="north", kind="calendar_year", column="data_status") == "partial"
    assert [f("drug_searches", m) for m in ("Jan 2025", "Feb 2025")] == [1, 1]
    assert [f("drug_finds", m) for m in ("Jan 2025", "Feb 2025")] == [None, 1]
    assert f("drug_finds", "Jan 2025", column="data_status") == "not_available"
    year = f.by["drug_find_rate", "Not recorded", "derbyshire", "calendar_year", "2025"]
    assert (year["value"], year["denominator"], year["data_status"]) == (100, 1, "partial")


def test_emergency_grading_began_in_october_2023():
    row = {"record_type": "INCIDENT", "qualifiers": ("drugs",), "grade": "Emergency", "channel": "999"}
    rows = [row_on(day, **row) for day in ("2023-09-30", "2023-10-01")]
    f = Figures(landing_of("incidents", rows, ("2023-01-01", "2023-12-31")))
    name = "incidents_drugs_emergency"
    assert [f(name, m, column="data_status") for m in ("Sep 2023", "Oct 2023")] == [
        "not_available",
        "complete",
    ]
    assert f(name, "2023", kind="calendar_year") == 1
    assert f(name, "2023", kind="calendar_year", column="data_status") == "partial"
    assert f("incidents_drugs", "2023", kind="calendar_year") == 2
    assert f("incidents_drugs_by_channel", "2023", "999", kind="calendar_year") == 2


def test_a_stock_counts_the_last_day_of_the_period():
    lines = [
        {"identified_on": date.fromisoformat(first), "closed_on": closed and date.fromisoformat(closed)}
        for first, closed in (
            ("2024-06-01", None),
            ("2025-01-10", "2025-01-31"),
            ("2025-01-31", "2025-02-01"),
            ("2025-02-27", None),
        )
    ]
    rows = [{**line, "_day": line["identified_on"]} for line in lines]
    f = Figures(landing_of("county_lines", rows, ("2025-01-01", "2025-02-27")))
    assert f("lines_identified", "Jan 2025") == 2
    assert f("lines_closed", "Jan 2025") == 1
    assert f("lines_active", "Jan 2025") == 2
    assert f("lines_active", "Feb 2025", column="data_status") == "not_available"
    assert f("lines_identified", "2025", kind="calendar_year") == 3  # the first began before the coverage


def test_the_cohort_is_its_last_count_in_the_period():
    rows = [row_on("2025-01-05", cohort_size=80), row_on("2025-01-20", cohort_size=85)]
    f = Figures(landing_of("iom_cohort", rows, ("2025-01-01", "2025-02-28")))
    assert [f("cohort_size", m) for m in ("Jan 2025", "Feb 2025")] == [85, None]
    assert f("cohort_size", "Feb 2025", column="data_status") == "complete"
    assert f("cohort_size", "Jan-Feb 2025", kind="calendar_year_to_date") == 85
    assert f("cohort_size", "2025", kind="calendar_year", column="data_status") == "not_available"


def test_repeat_addresses_are_counted():
    rows = [
        {
            **row_on(day, address_ref=address, people_safeguarded=people, identification_ref=ref),
            "identified_on": date.fromisoformat(day),
        }
        for day, address, people, ref in (
            ("2025-01-05", "a", 1, "2"),
            ("2025-01-05", "a", None, "1"),
            ("2025-01-09", None, 2, "3"),
            ("2025-02-01", None, 0, "4"),
            ("2025-02-02", "a", 0, "5"),
        )
    ]
    f = Figures(landing_of("op_trapped", rows, ("2025-01-01", "2025-02-28")))
    assert [f("properties_identified", m) for m in ("Jan 2025", "Feb 2025")] == [3, 2]
    assert [f("repeat_addresses", m) for m in ("Jan 2025", "Feb 2025")] == [1, 1]
    assert f("people_safeguarded", "Jan 2025") == 3


def test_fpn_share_is_each_authority_s_share_of_the_force():
    rows = [row_on("2025-01-05", kind="Fixed penalty notice", authority=a, issuing_team=None) for a in ("X", "X", "X", "Y")]
    f = Figures(landing_of("pspo_enforcement", rows, ("2025-01-01", "2025-01-31")))
    assert f("fpn_share", "Jan 2025", "X") == 75
    assert ("fpn_share", "all", "derbyshire", "month", "Jan 2025") not in f.by
    assert f("fpns_issued_by_team", "Jan 2025", "Not recorded") == 4


def test_money_is_exact_and_blanks_do_not_count():
    row = {"offence_category": "Fraud", "benefit_value": Decimal("0.20")}
    rows = [
        row_on("2025-01-05", order_value=Decimal("0.10"), compensation_value=None, **row),
        row_on("2025-01-06", order_value=None, compensation_value=Decimal(5), **row),
    ]
    f = Figures(landing_of("confiscation_orders", rows, ("2025-01-01", "2025-01-31")))
    assert [f(m, "Jan 2025") for m in ("orders", "order_value", "benefit_value")] == [
        2,
        Decimal("0.10"),
        Decimal("0.40"),
    ]
    assert f("orders", "Jan 2025", "Drug supply") == 0


def test_street_crime_by_district():
    rows = [
        row_on("2024-01-01", lsoa_name=name, crime_type=kind)
        for name, kind in (("North East Derbyshire 001A", "Drugs"), (None, "Drugs"), ("Derby 001A", None))
    ]
    f = Figures(landing_of("street_crime", rows, ("2024-01-01", "2024-01-31"), form="police_uk"))
    assert f("crimes", "Jan 2024", "Drugs", "north-east-derbyshire") == 1
    assert f("crimes", "Jan 2024", area="unknown") == 1
    assert f("crimes", "Jan 2024", "Not recorded", "derby") == 1


def test_public_health_areas_periods_and_figures():
    assert [
        area_type(t)
        for t in (
            "England",
            "Regions (statistical)",
            "Counties & UAs (from Apr 2023)",
            "Districts & UAs (from Apr 2023)",
            "ICBs",
        )
    ] == ["country", "region", "upper_tier", "district", None]
    assert period("2021 - 23") == (date(2021, 1, 1), date(2023, 12, 31))
    assert period("2023/24") == (date(2023, 4, 1), date(2024, 3, 31))
    assert period("2021/22 - 23/24") == (date(2021, 4, 1), date(2024, 3, 31))
    assert period("2024") == (date(2024, 1, 1), date(2024, 12, 31))
    assert period("2023/24 Q1") is None
    base = {
        "indicator_id": "1",
        "area_code": "E1",
        "area_name": "England",
        "area_type": "England",
        "category": None,
        "_day": None,
    }
    rows = [
        {**base, "sex": sex, "time_period": when, "value": value, "count": 9}
        for sex, when, value in (
            ("Persons", "2021 - 23", Decimal("5.5")),
            ("Persons", "2020 - 22", Decimal(5)),
            ("Male", "2020 - 22", None),
        )
    ]
    rows.append({**rows[0], "category": "Most deprived decile"})
    f = Figures(
        landing_of("public_health", rows, ("2025-01-01", "2025-01-31")),
        indicators={"1": ("r", "per_100k", "Value")},
    )
    assert len(f.rows) == 3
    newest = f.by["r", "all", "E1", "as_published", "2021 - 23"]
    assert (newest["prior_value"], newest["volume_change"], newest["pct_change"]) == (5, Decimal("0.5"), 10)
    assert f("r", "2020 - 22", "Male", "E1", "as_published", "data_status") == "not_available"


def test_diff_reports_missing_extra_and_different_rows():
    rows = Figures(landing_of("naloxone", [row_on("2025-01-05")], ("2025-01-01", "2025-01-31"))).rows
    assert diff(rows, [dict(row) for row in rows]) == []
    changed = [dict(row) for row in rows[1:]]
    changed.append({**changed[3], "category": "other"})
    changed[0]["value"] = 7
    messages = diff(rows, changed)
    assert [message.split(":")[0] for message in sorted(messages)] == ["extra", "missing", "value"]
