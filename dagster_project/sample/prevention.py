"""Made-up rows of prevention that add up to 2.7, 2.11, 2.12, 5.12, 7.6 and 7.7.

Naloxone, public space protection orders, offender management, community voices (6.2), prevention activity.

Assumed: public space protection orders except the numbers printed for 2024/25, the size of the managed cohort except on
30 November 2025, visits of other operations, activity outside the printed days, and all community voices.
"""

from . import printed_figures
from .files import Extract, uk_date
from .random_rows import add_times, draw, random_for, unit_code, with_references, with_units
from .spans import DAY, Span, Total, draw_days, span, split_amount

NALOXONE_COVERED = span("2024-05-01", "2025-12-31")
PSPO_COVERED = span("2024-04-01", "2025-12-31")
PSPO_BEFORE = span("2019-04-01", "2024-03-31")
PSPO_ALL_END_BEFORE = "2022-01-01"
"""Orders from before this day have an end, as by law all have."""

PSPOS_ENDED = 3
PSPOS_LATER = 4
AUTHORITIES = (
    "Amber Valley Borough Council", "Chesterfield Borough Council", "Derby City Council", "Derbyshire Dales District Council",
    "Erewash Borough Council", "High Peak Borough Council", "North East Derbyshire District Council",
    "South Derbyshire District Council",
)  # fmt: skip
"""Councils of the county that the report does not name."""

TEAMS = {"Council officers": 70, "Safer neighbourhood team": 20, "Joint patrol": 8, "": 2}
PROSECUTIONS = 11
IOM_COVERED = span("2024-04-01", "2025-12-31")
OTHER_VISITS = 48
VOICES_COVERED = span("2025-01-01", "2025-12-31")
VOICES = 1500
ISSUES = {
    "Drug use and dealing": 26, "Anti-social behaviour": 24, "Speeding and parking": 20, "Burglary": 10, "Violence": 8,
    "Vehicle crime": 7, "Rural crime": 4, "": 1,
}  # fmt: skip
ACTIVITY_COVERED = span("2025-04-01", "2025-12-31")
REGULAR_ACTIVITY = {
    "School liaison visit": (40, 2400),
    "Licensed premises visit": (85, 85),
    "Market stall": (18, 900),
    "Leaflets delivered": (14, 5200),
    "Derbyshire Alert recipients": (9, 7800),
}
"""Rows and their quantity in the nine months, in addition to what the report prints."""


def naloxone() -> Extract:
    """Administrations by unit, as code or name. One in the last month has no unit."""
    rng = random_for("naloxone")
    rows = [(f"{NALOXONE_COVERED.end}T20:15:00", "")]
    for unit in printed_figures.units():
        days = draw_days(rng, printed_figures.pieces("naloxone_administrations", NALOXONE_COVERED, area=unit))
        rows += [(at, rng.choice((unit, unit_code(unit), f" {unit.upper()}"))) for at in add_times(rng, days)]
    columns = "administration_ref, administered_at, lpu"
    return Extract("naloxone", NALOXONE_COVERED, columns, with_references("NAL", sorted(rows)))


def pspos() -> Extract:
    """The whole list of orders: in force at the end of the printed year, ended before that, or started later."""
    rng = random_for("pspos")
    new = printed_figures.totals("pspos_new", PSPO_COVERED)
    year_end = new[-1].span.end
    (active,) = printed_figures.totals("pspos_active", PSPO_COVERED)
    before = active.value - sum(each.value for each in new)
    starts = sorted(rng.choices(PSPO_BEFORE.days(), k=before + PSPOS_ENDED)) + draw_days(rng, new)
    starts += draw_days(rng, [Total(Span(year_end + DAY, PSPO_COVERED.end), PSPOS_LATER)])
    ended = rng.sample(range(before), PSPOS_ENDED)
    authorities = [*printed_figures.categories("fpns_issued"), *AUTHORITIES]
    rows: list[tuple[str, str, str]] = []
    for at, start in enumerate(starts):
        # Ended orders ended within the printed year. The others run for years; some later ones have no end yet.
        end = f"{year_end.year - 1}-{6 + at % 4:02d}-30" if at in ended else ""
        if not end and (at % 3 or start < PSPO_ALL_END_BEFORE):
            end = f"{max(int(start[:4]), PSPO_COVERED.end.year) + 1 + at % 2}-03-31"
        rows.append((authorities[at % len(authorities)], start, end))
    return Extract("pspos", PSPO_COVERED, "order_ref, authority, starts_on, ends_on", with_references("PSP", rows))


def pspo_enforcement() -> Extract:
    """Fixed penalty notices and prosecutions. Written with a byte order mark, CRLF and spaced headings."""
    rng = random_for("pspo_enforcement")
    notice = "Fixed penalty notice"
    rows: list[tuple[str, str, str, str]] = []
    named: dict[Span, int] = {}
    for authority in printed_figures.categories("fpns_issued"):
        for piece in printed_figures.pieces("fpns_issued", PSPO_COVERED, category=authority):
            named[piece.span] = named.get(piece.span, 0) + piece.value
            teams = zip(draw_days(rng, [piece]), draw(rng, TEAMS, piece.value), strict=True)
            rows += [(day, notice, authority, team) for day, team in teams]
    issued = printed_figures.pieces("fpns_issued", PSPO_COVERED)
    days = draw_days(rng, [Total(each.span, each.value - named.get(each.span, 0)) for each in issued])
    others = rng.choices(AUTHORITIES, k=len(days))
    rows += zip(days, [notice] * len(days), others, draw(rng, TEAMS, len(days)), strict=True)
    days = draw_days(rng, [Total(PSPO_COVERED, PROSECUTIONS)])
    rows += [(day, "Prosecution", who, "") for day, who in zip(days, rng.choices(AUTHORITIES, k=len(days)), strict=True)]
    return Extract(
        "pspo_enforcement", PSPO_COVERED, "Enforcement Ref, Enforced On, Kind, Authority, Issuing Team",
        with_references("PSE", sorted(rows)), encoding="utf-8-sig", newline="\r\n",
    )  # fmt: skip


def iom_cohort() -> Extract:
    """The cohort on the last day of each month, within twelve of the printed size.

    Its two contract columns have no reference that could be marked: a third column, which landing does not store, says that
    the rows are made up.
    """
    rng = random_for("iom_cohort")
    sizes = {f"{each.span.end}": each.value for each in printed_figures.totals("cohort_size", IOM_COVERED)}
    usual = max(sizes.values())
    days = IOM_COVERED.days()
    ends = [day for day, after in zip(days, [*days[1:], "-01"], strict=True) if after.endswith("-01")]
    rows = [(day, sizes.get(day, usual + rng.randrange(-12, 13)), "made-up sample") for day in ends]
    return Extract("iom_cohort", IOM_COVERED, "counted_on, cohort_size, remark", rows)


def iom_visits() -> Extract:
    """Visits of Operation Knightlow, and of another operation, which no measure counts."""
    rng = random_for("iom_visits")
    misuse = printed_figures.pieces("knightlow_visits_substance_misuse", IOM_COVERED)
    rows: list[tuple[str, str, str]] = []
    for visits, some in zip(printed_figures.pieces("knightlow_visits", IOM_COVERED), misuse, strict=True):
        yes = rng.sample(range(visits.value), some.value)
        rows += [(day, "Knightlow", "Y" if at in yes else "N") for at, day in enumerate(draw_days(rng, [visits]))]
    days = draw_days(rng, [Total(IOM_COVERED, OTHER_VISITS)])
    rows += zip(days, ["Other operation"] * len(days), rng.choices("YN", k=len(days)), strict=True)
    columns = "visit_ref, visited_on, operation, substance_misuse"
    return Extract("iom_visits", IOM_COVERED, columns, with_references("VIS", sorted(rows)))


def community_voices() -> Extract:
    """What people said matters to them. The report prints no number of it: all assumed."""
    rng = random_for("community_voices")
    days = draw_days(rng, [Total(VOICES_COVERED, VOICES)])
    rows = with_units(rng, list(zip(days, draw(rng, ISSUES, VOICES), strict=True)))
    columns = "response_ref, responded_on, issue, lpu"
    return Extract("community_voices", VOICES_COVERED, columns, with_references("VOI", rows))


def prevention_activity() -> Extract:
    """Events, leaflets and alerts: as printed within the printed days, and regular activity beside them.

    Regular activity of a kind whose quantity is printed keeps away from those days. Written with tabs and UK
    dates.
    """
    rng = random_for("prevention_activity")
    rows: list[tuple[str, str, int]] = []
    for kind in printed_figures.categories("activities"):
        events = draw_days(rng, printed_figures.pieces("activities", ACTIVITY_COVERED, category=kind))
        rows += [(day, kind, rng.randrange(8, 40)) for day in events]
    busy: dict[str, set[str]] = {}
    for kind in printed_figures.categories("activity_quantity"):
        for total in printed_figures.totals("activity_quantity", ACTIVITY_COVERED, category=kind):
            number = 5 if total.value % 100 == 0 else 1
            quantities = split_amount(rng, total.value, number, least=20, skew=False)
            rows += zip(draw_days(rng, [Total(total.span, number)]), [kind] * number, quantities, strict=True)
            busy.setdefault(kind, set()).update(total.span.days())
    for kind, (number, quantity) in REGULAR_ACTIVITY.items():
        days = [day for day in ACTIVITY_COVERED.days() if day not in busy.get(kind, ())]
        quantities = split_amount(rng, quantity, number, least=1, skew=False)
        rows += zip(rng.choices(days, k=number), [kind] * number, quantities, strict=True)
    written = with_references("ACT", [(uk_date(day), kind, number) for day, kind, number in sorted(rows)])
    columns = "activity_ref, activity_on, activity, quantity"
    return Extract("prevention_activity", ACTIVITY_COVERED, columns, written, delimiter="\t")
