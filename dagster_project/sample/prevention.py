"""Made-up rows of prevention that add up to 2.7, 2.11, 2.12, 5.12, 7.6 and 7.7.

Naloxone, public space protection orders, offender management, community voices (6.2), prevention activity.

Assumed: public space protection orders except the numbers printed for 2024/25, the size of the managed cohort except on
30 November 2025, visits of other operations, activity outside the printed days, and all community voices.
"""

from datetime import date

from .files import Extract, Form, uk_date
from .published import Published
from .random_rows import Choice, add_times, random_for, references, unit_code, units
from .spans import DAY, Span, Total, choose, draw_days, span, split_amount, split_totals

NALOXONE_COVERED = span("2024-05-01", "2025-12-31")
PSPO_COVERED = span("2024-04-01", "2025-12-31")
PSPO_BEFORE = Span(date(2019, 4, 1), date(2024, 3, 31))
PSPOS_ENDED = 3
PSPOS_LATER = 4
AUTHORITIES = (
    "Amber Valley Borough Council",
    "Chesterfield Borough Council",
    "Derby City Council",
    "Derbyshire Dales District Council",
    "Erewash Borough Council",
    "High Peak Borough Council",
    "North East Derbyshire District Council",
    "South Derbyshire District Council",
)
"""Councils of the county that the report does not name."""

TEAMS = Choice({"Council officers": 70, "Safer neighbourhood team": 20, "Joint patrol": 8, "": 2})
PROSECUTIONS = 11
IOM_COVERED = span("2024-04-01", "2025-12-31")
OTHER_VISITS = 48
VOICES_COVERED = span("2025-01-01", "2025-12-31")
VOICES = 1500
ISSUES = Choice(
    {
        "Drug use and dealing": 26,
        "Anti-social behaviour": 24,
        "Speeding and parking": 20,
        "Burglary": 10,
        "Violence": 8,
        "Vehicle crime": 7,
        "Rural crime": 4,
        "": 1,
    }
)
ACTIVITY_COVERED = span("2025-04-01", "2025-12-31")
REGULAR_ACTIVITY = {
    "School liaison visit": (40, 2400),
    "Licensed premises visit": (85, 85),
    "Market stall": (18, 900),
    "Leaflets delivered": (14, 5200),
    "Derbyshire Alert recipients": (9, 7800),
}
"""Rows and their quantity in the nine months, in addition to what the report prints."""


def naloxone(published: Published) -> Extract:
    """Administrations by unit, as code or name. One in the last month has no unit."""
    rng = random_for("naloxone")
    rows: list[tuple[str, str]] = []
    for unit in published.units():
        totals = published.totals("naloxone_administrations", NALOXONE_COVERED, area=unit)
        for day in add_times(rng, draw_days(rng, split_totals(totals, NALOXONE_COVERED))):
            rows.append((day, rng.choice((unit, unit_code(unit), f" {unit.upper()}"))))
    rows.append((f"{NALOXONE_COVERED.end}T20:15:00", ""))
    rows.sort()
    return Extract(
        "naloxone",
        NALOXONE_COVERED,
        ["administration_ref", "administered_at", "lpu"],
        [(ref, *row) for ref, row in zip(references("NAL", len(rows)), rows, strict=True)],
    )


def pspos(published: Published) -> Extract:
    """The whole list of orders: in force at the end of the printed year, ended before that, or started later."""
    rng = random_for("pspos")
    new = published.totals("pspos_new", PSPO_COVERED)
    year_end = new[-1].span.end
    (active,) = published.totals("pspos_active", PSPO_COVERED)
    before = active.value - sum(each.value for each in new)
    starts = sorted(rng.choices(PSPO_BEFORE.days(), k=before + PSPOS_ENDED)) + draw_days(rng, new)
    starts += draw_days(rng, [Total(Span(year_end + DAY, PSPO_COVERED.end), PSPOS_LATER)])
    ended = choose(rng, range(before), PSPOS_ENDED)
    authorities = [*published.categories("fpns_issued"), *AUTHORITIES]
    rows: list[tuple[str, str, str]] = []
    for at, start in enumerate(starts):
        # ended orders ended within the printed year; the others run for years, some without an end
        end = f"{year_end.year - 1}-{6 + len(rows) % 4:02d}-30" if at in ended else ""
        if not end and at % 3:
            end = f"{max(int(start[:4]), PSPO_COVERED.end.year) + 1 + at % 2}-03-31"
        rows.append((start, end, authorities[at % len(authorities)]))
    return Extract(
        "pspos",
        PSPO_COVERED,
        ["order_ref", "authority", "starts_on", "ends_on"],
        [(ref, who, start, end) for ref, (start, end, who) in zip(references("PSP", len(rows)), rows, strict=True)],
    )


def pspo_enforcement(published: Published) -> Extract:
    """Fixed penalty notices and prosecutions. Written with a byte order mark, CRLF and spaced headings."""
    rng = random_for("pspo_enforcement")
    issued = split_totals(published.totals("fpns_issued", PSPO_COVERED), PSPO_COVERED)
    rows: list[tuple[str, str, str, str]] = []
    named: dict[Span, int] = {}
    for authority in published.categories("fpns_issued"):
        for piece in split_totals(published.totals("fpns_issued", PSPO_COVERED, category=authority), PSPO_COVERED):
            named[piece.span] = named.get(piece.span, 0) + piece.value
            rows += [
                (day, "Fixed penalty notice", authority, team)
                for day, team in zip(draw_days(rng, [piece]), TEAMS.draw(rng, piece.value), strict=True)
            ]
    days = draw_days(rng, [Total(each.span, each.value - named.get(each.span, 0)) for each in issued])
    rows += zip(
        days,
        ["Fixed penalty notice"] * len(days),
        rng.choices(AUTHORITIES, k=len(days)),
        TEAMS.draw(rng, len(days)),
        strict=True,
    )
    days = draw_days(rng, [Total(PSPO_COVERED, PROSECUTIONS)])
    rows += zip(days, ["Prosecution"] * len(days), rng.choices(AUTHORITIES, k=len(days)), [""] * len(days), strict=True)
    rows.sort()
    return Extract(
        "pspo_enforcement",
        PSPO_COVERED,
        ["Enforcement Ref", "Enforced On", "Kind", "Authority", "Issuing Team"],
        [(ref, *row) for ref, row in zip(references("PSE", len(rows)), rows, strict=True)],
        form=Form(encoding="utf-8-sig", newline="\r\n"),
    )


def iom_cohort(published: Published) -> Extract:
    """The cohort on the last day of each month, within twelve of the printed size.

    Its two contract columns have no reference that could be marked: a third column, which landing does not store, says that
    the rows are made up.
    """
    rng = random_for("iom_cohort")
    sizes = {each.end: int(each.value or 0) for each in published.select("cohort_size")}
    usual = max(sizes.values())
    rows: list[tuple[str, int, str]] = []
    day = IOM_COVERED.start
    while day <= IOM_COVERED.end:
        if (day + DAY).day == 1:
            rows.append((day.isoformat(), sizes.get(day, usual + rng.randrange(-12, 13)), "made-up sample"))
        day += DAY
    return Extract("iom_cohort", IOM_COVERED, ["counted_on", "cohort_size", "remark"], rows)


def iom_visits(published: Published) -> Extract:
    """Visits of Operation Knightlow, and of another operation, which no measure counts."""
    rng = random_for("iom_visits")
    visits = split_totals(published.totals("knightlow_visits", IOM_COVERED), IOM_COVERED)
    misuse = split_totals(published.totals("knightlow_visits_substance_misuse", IOM_COVERED), IOM_COVERED)
    rows: list[tuple[str, str, str]] = []
    for all_of_them, some in zip(visits, misuse, strict=True):
        yes = choose(rng, range(all_of_them.value), some.value)
        rows += [(day, "Knightlow", "Y" if at in yes else "N") for at, day in enumerate(draw_days(rng, [all_of_them]))]
    days = draw_days(rng, [Total(IOM_COVERED, OTHER_VISITS)])
    rows += zip(days, ["Other operation"] * len(days), rng.choices("YN", k=len(days)), strict=True)
    rows.sort()
    return Extract(
        "iom_visits",
        IOM_COVERED,
        ["visit_ref", "visited_on", "operation", "substance_misuse"],
        [(ref, *row) for ref, row in zip(references("VIS", len(rows)), rows, strict=True)],
    )


def community_voices(published: Published) -> Extract:
    """What people said matters to them. The report prints no number of it: all assumed."""
    rng = random_for("community_voices")
    days = draw_days(rng, [Total(VOICES_COVERED, VOICES)])
    return Extract(
        "community_voices",
        VOICES_COVERED,
        ["response_ref", "responded_on", "issue", "lpu"],
        [*zip(references("VOI", VOICES), days, ISSUES.draw(rng, VOICES), units(published).draw(rng, VOICES), strict=True)],
    )


def prevention_activity(published: Published) -> Extract:
    """Events, leaflets and alerts: as printed within the printed days, and regular activity beside them.

    Regular activity of a kind whose quantity is printed keeps away from those days. Written with tabs and UK
    dates.
    """
    rng = random_for("prevention_activity")
    rows: list[tuple[str, str, int]] = []
    for kind in published.categories("activities"):
        events = split_totals(published.totals("activities", ACTIVITY_COVERED, category=kind), ACTIVITY_COVERED)
        rows += [(day, kind, rng.randrange(8, 40)) for day in draw_days(rng, events)]
    busy: dict[str, set[str]] = {}
    for kind in published.categories("activity_quantity"):
        for total in published.totals("activity_quantity", ACTIVITY_COVERED, category=kind):
            number = 5 if total.value % 100 == 0 else 1
            quantities = split_amount(rng, total.value, number, least=20, skew=False)
            rows += zip(draw_days(rng, [Total(total.span, number)]), [kind] * number, quantities, strict=True)
            busy.setdefault(kind, set()).update(total.span.days())
    for kind, (number, quantity) in REGULAR_ACTIVITY.items():
        days = [day for day in ACTIVITY_COVERED.days() if day not in busy.get(kind, ())]
        quantities = split_amount(rng, quantity, number, least=1, skew=False)
        rows += zip(rng.choices(days, k=number), [kind] * number, quantities, strict=True)
    rows.sort()
    return Extract(
        "prevention_activity",
        ACTIVITY_COVERED,
        ["activity_ref", "activity_on", "activity", "quantity"],
        [
            (ref, uk_date(day), kind, number)
            for ref, (day, kind, number) in zip(references("ACT", len(rows)), rows, strict=True)
        ],
        form=Form(delimiter="\t"),
    )
