"""Made-up confiscation orders, returns, cash seizures, forfeitures and orders under the Misuse of Drugs Act:
section 4 of the report.

Rows add up to the printed sums to the penny. If police and charity are a pound less than the printed total, the pence lost
in rounding are added (50,243.46 + 35,236.48 = 85,479.94, printed 85,480). "2025/26 to date" is taken as April to November
2025, and its round sums as exact. Assumed: compensation and the offences of earlier years, the number of orders if only their
value is printed, and December 2025.
"""

from random import Random

from .files import Extract, Form, pounds, pounds_signed
from .published import Published
from .random_rows import random_for, references
from .spans import DAY, Span, Total, draw_days, span, split_amount, split_totals

COVERED = span("2019-04-01", "2025-12-31")
TO_DATE = span("2025-04-01", "2025-11-30")
"""The part year in the text of section 4."""

CUTS = (TO_DATE.start, TO_DATE.end + DAY)

CONFISCATION, MDA = "mart_confiscation_orders", "mart_mda_orders"
"""Both have the measures `orders` and `order_value`."""

RECIPIENTS = ("Police", "Charity")
CHARITY_SINCE = "2024-05-01"
"""Before this day all orders were to the police (4.4)."""

DRUG_SUPPLY_PER_CENT = 62
"""Most cases are of drug supply (4.1): the same share in every period."""

MDA_POLICE_ORDERS_PER_CENT = 48
SEIZURES_TO_DATE = 14
RETURNED_TO_DATE = (2, 410000)
"""Seizures of 2025/26 that were returned to their owner: number and pence."""


def _per_row(totals: list[Total], counts: list[Total]) -> int:
    """Average pence of a row, from the periods that print both; used for other periods."""
    rows = {each.span: each.value for each in counts}
    both = [each for each in totals if each.span in rows]
    return sum(each.value for each in both) // sum(rows[each.span] for each in both)


def _values(totals: list[Total], counts: list[Total]) -> dict[Span, int]:
    """Pence for each piece of the window: as printed, or from the average of a row."""
    printed, average = {each.span: each.value for each in totals}, _per_row(totals, counts)
    return {each.span: printed.get(each.span, average * each.value) for each in counts}


def confiscation_orders(published: Published) -> Extract:
    """Orders by the court, with the amount ordered, the benefit found and any compensation.

    Written in Windows-1252, with pound signs and commas. Only fraud and other cases have compensation.
    """
    rng = random_for("confiscation_orders")
    counts = split_totals(published.totals("orders", COVERED, mart=CONFISCATION), COVERED, CUTS)
    values = published.totals("order_value", COVERED, scale=100, mart=CONFISCATION)
    ordered = _values(values, counts)
    benefit = _values(published.totals("benefit_value", COVERED, scale=100), counts)
    compensation = {each.span: each.value for each in published.totals("compensation_value", COVERED, scale=100)}
    rows: list[tuple[str, ...]] = []
    for piece in counts:
        amounts = split_amount(rng, ordered[piece.span], piece.value, least=100)
        extra = split_amount(rng, benefit[piece.span] - ordered[piece.span], piece.value)
        offences = _offences(rng, piece.value)
        paid = _compensation(amounts, offences, compensation.get(piece.span, ordered[piece.span] // 20))
        rows += [
            (day, offence, pounds_signed(amount), pounds_signed(amount + more), pounds_signed(back) if back else "")
            for day, offence, amount, more, back in zip(draw_days(rng, [piece]), offences, amounts, extra, paid, strict=True)
        ]
    return Extract(
        "confiscation_orders",
        COVERED,
        ["order_ref", "order_date", "offence_category", "order_value", "benefit_value", "compensation_value"],
        [(ref, *row) for ref, row in zip(references("CON", len(rows)), rows, strict=True)],
        form=Form(encoding="cp1252"),
    )


def _offences(rng: Random, number: int) -> list[str]:
    """Offence categories of a period's orders: most are drug supply, the rest half fraud, half other."""
    drugs = -(-number * DRUG_SUPPLY_PER_CENT // 100)
    fraud = (number - drugs + 1) // 2
    offences = ["Drug supply"] * drugs + ["Fraud"] * fraud + ["Other"] * (number - drugs - fraud)
    rng.shuffle(offences)
    return offences


def _compensation(amounts: list[int], offences: list[str], total: int) -> list[int]:
    """Compensation for each order that is not for drug supply, in proportion to its amount, to the penny."""
    base = [0 if offence == "Drug supply" else amount for amount, offence in zip(amounts, offences, strict=True)]
    paid = [total * each // sum(base) for each in base]
    paid[base.index(max(base))] += total - sum(paid)
    return paid


def aris_returns(published: Published) -> Extract:
    """Quarterly returns of the asset recovery incentive scheme. Those of 2025/26 are average."""
    rng = random_for("aris_returns")
    totals = published.totals("aris_returns", COVERED, scale=100)
    average = sum(each.value for each in totals) // len(totals)
    this_year = Total(Span(TO_DATE.start, COVERED.end), average * 3 // 4)
    rows: list[tuple[str, str]] = []
    for year in [*totals, this_year]:
        months = ("05", "08", "11") if year is this_year else ("05", "08", "11", "02")
        amounts = split_amount(rng, year.value, len(months), skew=False)
        first = year.span.start.year
        rows += [
            (f"{first + (month == '02')}-{month}-15", pounds(amount)) for month, amount in zip(months, amounts, strict=True)
        ]
    return Extract(
        "aris_returns",
        COVERED,
        ["return_ref", "received_on", "amount"],
        [(ref, *row) for ref, row in zip(references("ARI", len(rows)), rows, strict=True)],
    )


def cash(published: Published) -> tuple[Extract, Extract]:
    """Seizures (the whole list, with present status) and the forfeitures of some of them.

    A forfeiture is of the oldest earlier seizure without one; if there is none, the cash was seized before the list starts.
    The other seizures were returned, except those of 2025/26 that are under investigation.
    """
    rng = random_for("cash_seizures")
    obtained = published.totals("orders_obtained", COVERED)
    counts = split_totals([*obtained, Total(TO_DATE, SEIZURES_TO_DATE + RETURNED_TO_DATE[0])], COVERED, CUTS)
    investigated = published.totals("under_investigation_value", COVERED, scale=100)
    to_date = Total(TO_DATE, sum(each.value for each in investigated if each.span == TO_DATE) + RETURNED_TO_DATE[1])
    values = _values([*published.totals("orders_obtained_value", COVERED, scale=100), to_date], counts)
    seizures: list[list[str]] = []
    for piece in counts:
        back, back_value = RETURNED_TO_DATE if piece.span == TO_DATE else (0, 0)
        amounts = split_amount(rng, back_value, back, least=5000)
        amounts += split_amount(rng, values[piece.span] - back_value, piece.value - back, least=5000)
        days = draw_days(rng, [piece])
        statuses = ["Returned"] * back + ["Under investigation"] * (piece.value - back)
        seizures += sorted([day, pounds(amount), status] for day, amount, status in zip(days, amounts, statuses, strict=True))
    seizure_refs = references("SEI", len(seizures))

    forfeited = split_totals(published.totals("forfeiture_orders", COVERED), COVERED, CUTS)
    forfeited_value = _values(published.totals("forfeiture_value", COVERED, scale=100), forfeited)
    last_year = TO_DATE.start.isoformat()
    free = [at for at, (day, _, _) in enumerate(seizures) if day < last_year]
    forfeitures: list[tuple[str, str, str]] = []
    for piece in forfeited:
        amounts = split_amount(rng, forfeited_value[piece.span], piece.value, least=5000)
        for day, amount in zip(draw_days(rng, [piece]), amounts, strict=True):
            seizure = free.pop(0) if free and seizures[free[0]][0] < day else None
            if seizure is not None:
                seizures[seizure][2] = "Forfeited"
            forfeitures.append((day, pounds(amount), "" if seizure is None else seizure_refs[seizure]))
    for at in free:
        seizures[at][2] = "Returned"
    return (
        Extract(
            "cash_seizures",
            COVERED,
            ["seizure_ref", "order_date", "amount", "status"],
            [(ref, *row) for ref, row in zip(seizure_refs, seizures, strict=True)],
        ),
        Extract(
            "forfeiture_orders",
            COVERED,
            ["order_ref", "order_date", "amount", "seizure_ref"],
            [(ref, *row) for ref, row in zip(references("FOR", len(forfeitures)), forfeitures, strict=True)],
        ),
    )


def mda_orders(published: Published) -> Extract:
    """Orders under the Misuse of Drugs Act, to the police or to charities."""
    rng = random_for("mda_orders")
    counts = split_totals(published.totals("orders", COVERED, mart=MDA), COVERED, CUTS)
    printed = {
        recipient: published.totals("order_value", COVERED, scale=100, category=recipient, mart=MDA)
        for recipient in ("all", *RECIPIENTS)
    }
    values = _values(printed["all"], counts)
    parts = {name: {each.span: each.value for each in printed[name]} for name in RECIPIENTS}
    rows: list[tuple[str, str, str]] = []
    for piece in counts:
        total = values[piece.span]
        days = draw_days(rng, [piece])
        to_police = piece.value * MDA_POLICE_ORDERS_PER_CENT // 100
        if piece.span.end.isoformat() < CHARITY_SINCE:
            amounts = split_amount(rng, total, piece.value, least=1000)
            rows += [(day, pounds(amount), "Police") for day, amount in zip(days, amounts, strict=True)]
            continue
        police, charity = (parts[name].get(piece.span) for name in RECIPIENTS)
        if police is None or charity is None:
            police = total * 55 // 100
            charity = total - police
        lost = total - police - charity
        police, charity = police + lost * 46 // 100, charity + lost * 48 // 100
        orders = [
            *((amount, "Police") for amount in split_amount(rng, police, to_police, least=1000)),
            *((amount, "Charity") for amount in split_amount(rng, charity, piece.value - to_police, least=1000)),
        ]
        rng.shuffle(orders)
        # Only orders to the police on days before charities had any.
        early = sum(day < CHARITY_SINCE for day in days)
        orders.sort(key=lambda order: order[1] != "Police")
        late = orders[early:]
        rng.shuffle(late)
        rows += [
            (day, pounds(amount), recipient) for day, (amount, recipient) in zip(days, [*orders[:early], *late], strict=True)
        ]
    return Extract(
        "mda_orders",
        COVERED,
        ["order_ref", "order_date", "amount", "recipient"],
        [(ref, *row) for ref, row in zip(references("MDA", len(rows)), rows, strict=True)],
    )
