"""Published files: searches and street crime of data.police.uk, a Fingertips download of OHID."""

from datetime import UTC, date, datetime, timedelta

from .fields import AGES, ETHNICITIES, LAWS, LONDON, OUTCOMES

SEARCH_HEADER = (
    "Type", "Date", "Part of a policing operation", "Policing operation", "Latitude", "Longitude", "Gender",
    "Age range", "Self-defined ethnicity", "Officer-defined ethnicity", "Legislation", "Object of search",
    "Outcome", "Outcome linked to object of search", "Removal of more than just outer clothing",
)  # fmt: skip
STREET_HEADER = (
    "Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code",
    "LSOA name", "Crime type", "Last outcome category", "Context",
)  # fmt: skip
FINGERTIPS_HEADER = (
    "Indicator ID", "Indicator Name", "Parent Code", "Parent Name", "Area Code", "Area Name", "Area Type",
    "Sex", "Age", "Category Type", "Category", "Time period", "Value", "Lower CI 95.0 limit",
    "Upper CI 95.0 limit", "Lower CI 99.8 limit", "Upper CI 99.8 limit", "Count", "Denominator", "Value note",
    "Recent Trend", "Compared to England value or percentiles", "Time period Sortable", "New data",
)  # fmt: skip
INDICATORS = {
    "92432": [("drug_misuse_deaths", "count", "Count"), ("drug_misuse_death_rate", "per_100k", "Value")],
    "93764": ("alcohol_admission_rate", "per_100k", "Value"),
    "94160": ("ocu_prevalence", "per_100k", "Value"),
    "94161": ("treatment_registrations", "count", "Value"),
}
PERIODS = (
    ("2019 - 21", "2020 - 22", "2021 - 23"),
    ("2021/22", "2022/23", "2023/24"),
    ("2022", "2023", "2024"),
    ("2020/21 - 22/23", "2021/22 - 23/24", "2023/24 Q1"),
)
PLACES = (
    ("E92000001", "England", "England"),
    ("E12000004", "East Midlands", "Regions (statistical)"),
    ("E10000007", "Derbyshire", "Counties & UAs (from Apr 2023)"),
    ("E06000015", "Derby", "Counties & UAs (from Apr 2023)"),
    ("E06000015", "Derby", "Districts & UAs (from Apr 2023)"),
    ("E07000034", "Chesterfield", "Districts & UAs (from Apr 2023)"),
    ("E54000058", "NHS Derby and Derbyshire", "ICBs"),
)
CRIME_TYPES = ("Anti-social behaviour", "Drugs", "Other theft", "Violence and sexual offences")
LSOAS = ("Amber Valley 001A", "Derby 012B", "North East Derbyshire 003C", "Derby 013F", "High Peak 010D", "")


def month_ends(month):
    """The first and last day of a date's month."""
    first = month.replace(day=1)
    return first, (first + timedelta(31)).replace(day=1) - timedelta(1)


def searches(rng, month, count):
    """(header, cells) of one month's searches: UTC times, blanks, and a few of other months."""
    first, last = month_ends(month)
    begins = datetime(first.year, first.month, first.day, tzinfo=LONDON).astimezone(UTC)
    seconds = int((datetime(last.year, last.month, last.day, 23, 59, tzinfo=LONDON) - begins).total_seconds())
    moments = [begins + timedelta(seconds=rng.randrange(seconds)) for _ in range(count)]
    # In summer, UTC times of the first hour of the month are of the day before.
    moments += [begins, begins + timedelta(minutes=30), begins - timedelta(minutes=1)]
    cells = [_search(rng, f"{moment:%Y-%m-%dT%H:%M:%S}+00:00") for moment in moments]
    cells += [_search(rng, stamp) for stamp in ("", "not known", f"{last + timedelta(1)}T12:00:00+00:00")]
    return list(SEARCH_HEADER), cells


def _search(rng, stamp):
    def maybe(*values):
        return rng.choice((*values, *values, ""))

    return [
        rng.choice(("Person search", "Vehicle search")), stamp, "", "", "52.9", "-1.4",
        maybe("Male", "Female"), maybe(*AGES), maybe(*ETHNICITIES), maybe("White", "Black"), maybe(*LAWS),
        maybe("Controlled drugs", "Controlled drugs", "Stolen goods"), maybe(*OUTCOMES),
        maybe("True", "False"), maybe("True", "False"),
    ]  # fmt: skip


def street(rng, month, count, force_name):
    """(header, cells) of one month's street crime, with repeats and rows without an id."""
    cells = [_street(rng, f"{month:%Y-%m}", force_name) for _ in range(count)]
    cells += [list(row) for row in cells[:5]]
    cells += [_street(rng, stamp, force_name) for stamp in ("", "2019-01", f"{month:%Y-%m-01}x")]
    return list(STREET_HEADER), cells


def _street(rng, month, force_name):
    kind = rng.choice((*CRIME_TYPES, *CRIME_TYPES, ""))
    crime = "" if kind == CRIME_TYPES[0] else f"{rng.getrandbits(256):064x}"
    return [
        crime, month, force_name, force_name, f"{-1.3 - rng.random():.6f}", f"{53 + rng.random():.6f}",
        "On or near Prospect Street", "E01019400", rng.choice(LSOAS), kind, "Under investigation", "",
    ]  # fmt: skip


def fingertips(rng, indicators):
    """(header, cells) of a download of these indicators: areas, sexes, periods, breakdowns, blanks."""
    cells = []
    for at, indicator in enumerate(indicators):
        for place in PLACES:
            for sex in ("Persons", "Male", "Female"):
                for period in PERIODS[at % len(PERIODS)]:
                    cells.append(_published(rng, indicator, place, sex, period))
        deciles = ("County & UA deprivation deciles", "Most deprived decile")
        period = PERIODS[at % len(PERIODS)][0]
        cells.append(_published(rng, indicator, PLACES[0], "Persons", period, breakdown=deciles))
    cells.append(_published(rng, next(iter(indicators)), PLACES[2], "Persons", "2030", value="not known"))
    return list(FINGERTIPS_HEADER), cells


def _published(rng, indicator, place, sex, period, breakdown=("", ""), value=None):
    figure = rng.choice((f"{rng.uniform(1, 90):.14f}", f"{rng.uniform(1, 90):.3f}", f"{rng.randint(1, 90)}"))
    value = rng.choice((figure, figure, figure, "")) if value is None else value
    count = rng.choice((str(rng.randint(1, 400)), str(rng.randint(1, 400)), ""))
    return [
        indicator, f"Indicator {indicator}, as named", "E12000004", "East Midlands", *place, sex, "All ages",
        *breakdown, period, value, "1.5", "9.25", "", "", count, "100000", "", "", "Similar", "20240000", "",
    ]  # fmt: skip


def indicator_ids(indicators):
    return list(indicators or INDICATORS)


def month(text):
    """The first day of `2024-12`."""
    return date.fromisoformat(text + "-01")
