"""A made-up download in the form of OHID Fingertips, with the figures of 5.2 to 5.7 of the report.

The indicator of each measure is read from `seeds/public_health_indicators.csv`. Printed values are in their printed periods;
the three-year death rate, whose years the report does not state, is in the newest. Assumed: all other values, and the numbers
behind percentage changes (an England total of 140,000, a county total of 1,900 the year before). As in a real download,
unitary authorities are in both local area types, some rows are split by deprivation, and some values are blank.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from dagster_project.core.project_lists import read_seed

from .files import Extract
from .printed_figures import figures
from .random_rows import random_for
from .spans import span

COVERED = span("2015-01-01", "2025-12-31")

HEADERS = (
    "Indicator ID, Indicator Name, Parent Code, Parent Name, Area Code, Area Name, Area Type, Sex, Age, Category Type,"
    " Category, Time period, Value, Lower CI 95.0 limit, Upper CI 95.0 limit, Count, Denominator, Value note,"
    " Time period Sortable"
)
MADE_UP = "Made-up sample value"
"""In the download's own `Value note`, on every row."""

ENGLAND = ("E92000001", "England", "England", 57_700_000)
AREAS = {
    "country": [ENGLAND],
    "region": [("E12000004", "East Midlands region (statistical)", "Regions (statistical)", 4_934_000)],
    "upper_tier": [
        ("E06000015", "Derby", "Counties & UAs (from Apr 2023)", 274_000),
        ("E10000007", "Derbyshire", "Counties & UAs (from Apr 2023)", 822_000),
    ],
    "district": [
        (code, name, "Districts & UAs (from Apr 2023)", people)
        for code, name, people in (
            ("E06000015", "Derby", 274_000),
            ("E07000032", "Amber Valley", 130_000),
            ("E07000033", "Bolsover", 84_000),
            ("E07000034", "Chesterfield", 106_000),
            ("E07000035", "Derbyshire Dales", 72_000),
            ("E07000036", "Erewash", 114_000),
            ("E07000037", "High Peak", 92_000),
            ("E07000038", "North East Derbyshire", 107_000),
            ("E07000039", "South Derbyshire", 117_000),
        )
    ],
}
THREE_YEARS = ("2018 - 20", "2019 - 21", "2020 - 22", "2021 - 23", "2022 - 24")
FINANCIAL_YEARS = ("2019/20", "2020/21", "2021/22", "2022/23", "2023/24")
YEARS = ("2020", "2021", "2022", "2023", "2024")

DEATHS = {"Derbyshire": 140, "High Peak": 190, "Amber Valley": 170, "Bolsover": 105}
"""5.4: Derbyshire is well above England, High Peak and Amber Valley even more, Bolsover close to it."""
ADMISSIONS = {
    "Amber Valley": 150, "Bolsover": 124, "Chesterfield": 128, "Erewash": 122, "South Derbyshire": 121,
    "Derbyshire Dales": 100, "High Peak": 101, "North East Derbyshire": 102,
}  # fmt: skip
"""5.8: all districts but three are well above England, and Amber Valley is the highest in the county."""


@dataclass(frozen=True)
class Shape:
    """The form of an indicator's values. `rate`: of England per 100,000; `digits`: after the point."""

    periods: tuple[str, ...]
    area_types: tuple[str, ...]
    rate: Decimal
    digits: int = 1
    age: str = "All ages"
    before: dict[str, int] = field(default_factory=dict)
    """Persons counted the year before a printed percentage change, by name of the area."""
    levels: dict[str, int] = field(default_factory=dict)
    """An area's rate in per cent of England's, if the report compares them; others are random."""


ALL = ("country", "region", "upper_tier", "district")
SHAPES = {
    "drug_misuse_death_rate": Shape(THREE_YEARS, ALL, Decimal("5.4"), levels=DEATHS),
    "alcohol_admission_rate": Shape(FINANCIAL_YEARS, ALL, Decimal("480"), digits=0, levels=ADMISSIONS),
    "ocu_prevalence": Shape(("2016/17", "2019/20"), ("country", "upper_tier"), Decimal("520"), age="15-64 yrs"),
    "treatment_registrations": Shape(
        YEARS, ("country", "upper_tier"), Decimal("245"), age="18+ yrs", before={"England": 140_000, "Derbyshire": 1_900}
    ),
}


def indicators() -> dict[str, dict[str, str]]:
    """The seed's row of the preferred indicator for each measure."""
    preferred: dict[str, dict[str, str]] = {}
    for row in sorted(read_seed("public_health_indicators"), key=lambda row: int(row["priority"])):
        preferred.setdefault(row["measure"], row)
    return preferred


def public_health() -> Extract:
    """The download: every indicator that the seed maps and `SHAPES` describes."""
    rng = random_for("public_health")
    rows = [
        row
        for measure, indicator in indicators().items() if measure in SHAPES
        for row in _rows(rng, measure, indicator, SHAPES[measure])
    ]  # fmt: skip
    return Extract("public_health", COVERED, HEADERS, rows, "20260102T090000Z")


def _rows(rng: Random, measure: str, indicator: dict[str, str], shape: Shape) -> Iterator[tuple[object, ...]]:
    """All rows of one indicator: areas by period and sex, then England by deprivation."""
    printed = _printed(measure, shape)
    column = indicator["value_column"].strip().lower()
    unit = Decimal(1).scaleb(-shape.digits)

    def row(
        area: tuple[str, str, str], sex: str, period: str, rate: Decimal, people: int,
        wanted: Decimal | None = None, hidden: bool = False, category: tuple[str, str] = ("", ""),
    ) -> tuple[object, ...]:  # fmt: skip
        """One row. `wanted`: the value of the measure's column, if it was printed."""
        if wanted is not None and column == "value":
            rate = wanted
        years = 3 if " - " in period else 1
        counted = int(rate * people * years / 100_000)
        if wanted is not None and column == "count":
            counted, rate = int(wanted), wanted * 100_000 / people
        numbers: list[object] = [each.quantize(unit) for each in (rate, rate * Decimal("0.85"), rate * Decimal("1.17"))]
        if wanted is not None and column == "value":
            numbers[0] = wanted
        parent = ("", "") if area[2] == "England" else ("E92000001", "England")
        shown: list[object] = [""] * 4 if hidden else [*numbers, counted]
        return (
            indicator["indicator_id"], indicator["indicator_name"], *parent, *area, sex, shape.age, *category, period,
            *shown, people * years, MADE_UP, f"{period[:4]}0000",
        )  # fmt: skip

    for area_type in shape.area_types:
        for code, name, kind, people in AREAS[area_type]:
            drawn = Decimal(80 + rng.randrange(45)) / 100 if area_type != "country" else Decimal(1)
            level = Decimal(shape.levels[name]) / 100 if name in shape.levels else drawn
            for at, period in enumerate(shape.periods):
                for sex, tilt in (("Persons", 100), ("Male", 140), ("Female", 60)):
                    wanted = printed.get((area_type, name, period)) if sex == "Persons" else None
                    rate = shape.rate * level * tilt * (90 + 4 * at + rng.randrange(5)) / 10_000
                    # small numbers of deaths are not published: the value is blank, not 0
                    hidden = measure == "drug_misuse_death_rate" and area_type == "district" and sex == "Female" and at < 2
                    heads = people if sex == "Persons" else people // 2
                    yield row((code, name, kind), sex, period, rate, heads, wanted, hidden)
    for decile in range(1, 11):
        rate = shape.rate * (150 - 10 * decile) / 100
        deprivation = ("District & UA deprivation deciles in England (IMD2019)", f"Decile {decile}")
        yield row(ENGLAND[:3], "Persons", shape.periods[-1], rate, ENGLAND[3] // 10, category=deprivation)


def _printed(measure: str, shape: Shape) -> dict[tuple[str, str, str], Decimal]:
    """The printed values of a measure, by area type, area and the download's label of the period."""
    wanted: dict[tuple[str, str, str], Decimal] = {}
    for f in figures():
        if f["measure"] != measure or not f["value"]:
            continue
        area, value = (f["area_type"], f["area_name"]), Decimal(f["value"])
        # A period that the report does not state is the newest.
        period = f["period_label"] if f["period_label"] in shape.periods else shape.periods[-1]
        if f["figure"] == "value":
            wanted[*area, period] = value
        elif f["figure"] == "pct_change":
            before = shape.before[f["area_name"]]
            wanted[*area, shape.periods[shape.periods.index(period) - 1]] = Decimal(before)
            wanted[*area, period] = before * (100 + value) / 100
    return wanted
