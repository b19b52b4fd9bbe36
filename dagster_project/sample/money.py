"""Made-up confiscation orders, returns, cash seizures, forfeitures and orders under the Misuse of Drugs Act:
section 4 of the report.

Rows add up to the printed sums to the penny. If police and charity are a pound less than the printed total, the pence lost
in rounding are added (50,243.46 + 35,236.48 = 85,479.94, printed 85,480). "2025/26 to date" is taken as April to November
2025, and its round sums as exact. Assumed: compensation and the offences of earlier years, the number of orders if only their
value is printed, and December 2025.
"""

from random import Random

from . import printed_figures
from .files import Extract
from .random_rows import random_for, references, with_references
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


def _pence(measure: str, **which: str) -> list[Total]:
    return printed_figures.totals(measure, COVERED, scale=100, **which)


def _values(totals: list[Total], counts: list[Total]) -> dict[Span, int]:
    """Pence for each piece of the window: as printed, or from the average of a row in the periods that print both."""
    printed, rows = {each.span: each.value for each in totals}, {each.span: each.value for each in counts}
    shared_totals = [each for each in totals if each.span in rows]
    average = sum(each.value for each in shared_totals) // sum(rows[each.span] for each in shared_totals)
    return {each.span: printed.get(each.span, average * each.value) for each in counts}


def _pounds(pence: int) -> str:
    """`118569600` as `1185696.00`."""
    return f"{pence // 100}.{pence % 100:02d}"


def _pounds_signed(pence: int) -> str:
    """`118569600` as a person would type it: `£1,185,696.00`."""
    return f"£{pence // 100:,}.{pence % 100:02d}"


def confiscation_orders() -> Extract:
    """Orders by the court, with the amount ordered, the benefit found and any compensation.

    Written in Windows-1252, with pound signs and commas. Only fraud and other cases have compensation.
    """
    rng = random_for("confiscation_orders")
    counts = printed_figures.pieces("orders", COVERED, CUTS, mart=CONFISCATION)
    ordered = _values(_pence("order_value", mart=CONFISCATION), counts)
    benefit = _values(_pence("benefit_value"), counts)
    compensation = {each.span: each.value for each in _pence("compensation_value")}
    rows: list[tuple[str, ...]] = []
    for piece in counts:
        amounts = split_amount(rng, ordered[piece.span], piece.value, least=100)
        extra = split_amount(rng, benefit[piece.span] - ordered[piece.span], piece.value)
        offences = _offences(rng, piece.value)
        paid = _compensation(amounts, offences, compensation.get(piece.span, ordered[piece.span] // 20))
        rows += [
            (day, offence, _pounds_signed(amount), _pounds_signed(amount + more), _pounds_signed(back) if back else "")
            for day, offence, amount, more, back in zip(draw_days(rng, [piece]), offences, amounts, extra, paid, strict=True)
        ]
    columns = "order_ref, order_date, offence_category, order_value, benefit_value, compensation_value"
    return Extract("confiscation_orders", COVERED, columns, with_references("CON", rows), encoding="cp1252")


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


def aris_returns() -> Extract:
    """Quarterly returns of the Asset Recovery Incentivisation Scheme. Those of 2025/26 are average."""
    rng = random_for("aris_returns")
    totals = _pence("aris_returns")
    this_year = Total(Span(TO_DATE.start, COVERED.end), sum(each.value for each in totals) // len(totals) * 3 // 4)
    rows: list[tuple[str, str]] = []
    for year in [*totals, this_year]:
        first, months = year.span.start.year, ("05", "08", "11", "02")[: 3 if year is this_year else 4]
        amounts = split_amount(rng, year.value, len(months), skew=False)
        rows += [(f"{first + (m == '02')}-{m}-15", _pounds(amount)) for m, amount in zip(months, amounts, strict=True)]
    return Extract("aris_returns", COVERED, "return_ref, received_on, amount", with_references("ARI", rows))


def cash() -> tuple[Extract, Extract]:
    """Seizures (the whole list, with present status) and the forfeitures of some of them.

    A forfeiture is of the oldest earlier seizure without one; if there is none, the cash was seized before the list starts.
    The other seizures were returned, except those of 2025/26 that are under investigation.
    """
    rng = random_for("cash_seizures")
    obtained = printed_figures.totals("orders_obtained", COVERED)
    counts = split_totals([*obtained, Total(TO_DATE, SEIZURES_TO_DATE + RETURNED_TO_DATE[0])], COVERED, CUTS)
    investigated = sum(each.value for each in _pence("under_investigation_value") if each.span == TO_DATE)
    values = _values([*_pence("orders_obtained_value"), Total(TO_DATE, investigated + RETURNED_TO_DATE[1])], counts)
    seizures: list[list[str]] = []
    for piece in counts:
        back, back_value = RETURNED_TO_DATE if piece.span == TO_DATE else (0, 0)
        amounts = split_amount(rng, back_value, back, least=5000)
        amounts += split_amount(rng, values[piece.span] - back_value, piece.value - back, least=5000)
        statuses = ["Returned"] * back + ["Under investigation"] * (piece.value - back)
        days = draw_days(rng, [piece])
        seizures += sorted([day, _pounds(amount), status] for day, amount, status in zip(days, amounts, statuses, strict=True))
    seizure_refs = references("SEI", len(seizures))

    forfeited = printed_figures.pieces("forfeiture_orders", COVERED, CUTS)
    forfeited_value = _values(_pence("forfeiture_value"), forfeited)
    free = [at for at, (day, _, _) in enumerate(seizures) if day < TO_DATE.start.isoformat()]
    forfeitures: list[tuple[str, str, str]] = []
    for piece in forfeited:
        amounts = split_amount(rng, forfeited_value[piece.span], piece.value, least=5000)
        for day, amount in zip(draw_days(rng, [piece]), amounts, strict=True):
            ref = ""
            if free and seizures[free[0]][0] < day:
                seizure = free.pop(0)
                seizures[seizure][2], ref = "Forfeited", seizure_refs[seizure]
            forfeitures.append((day, _pounds(amount), ref))
    for at in free:
        seizures[at][2] = "Returned"
    columns = "order_ref, order_date, amount, seizure_ref"
    return (
        Extract("cash_seizures", COVERED, "seizure_ref, order_date, amount, status", with_references("SEI", seizures)),
        Extract("forfeiture_orders", COVERED, columns, with_references("FOR", forfeitures)),
    )


def mda_orders() -> Extract:
    """Orders under the Misuse of Drugs Act, to the police or to charities."""
    rng = random_for("mda_orders")
    counts = printed_figures.pieces("orders", COVERED, CUTS, mart=MDA)
    values = _values(_pence("order_value", mart=MDA), counts)
    parts = [{each.span: each.value for each in _pence("order_value", category=r, mart=MDA)} for r in RECIPIENTS]
    rows: list[tuple[str, str, str]] = []
    for piece in counts:
        total, days = values[piece.span], draw_days(rng, [piece])
        if piece.span.end.isoformat() < CHARITY_SINCE:
            amounts = split_amount(rng, total, piece.value, least=1000)
            rows += [(day, _pounds(amount), "Police") for day, amount in zip(days, amounts, strict=True)]
            continue
        police, charity = (part.get(piece.span) for part in parts)
        if police is None or charity is None:
            police = total * 55 // 100
            charity = total - police
        lost = total - police - charity
        to_police = piece.value * MDA_POLICE_ORDERS_PER_CENT // 100
        orders = [(amount, "Police") for amount in split_amount(rng, police + lost * 46 // 100, to_police, least=1000)]
        to_charity = split_amount(rng, charity + lost * 48 // 100, piece.value - to_police, least=1000)
        orders += [(amount, "Charity") for amount in to_charity]
        rng.shuffle(orders)
        # Only orders to the police on days before charities had any.
        early = sum(day < CHARITY_SINCE for day in days)
        orders.sort(key=lambda order: order[1] != "Police")
        late = orders[early:]
        rng.shuffle(late)
        given = zip(days, [*orders[:early], *late], strict=True)
        rows += [(day, _pounds(amount), recipient) for day, (amount, recipient) in given]
    return Extract("mda_orders", COVERED, "order_ref, order_date, amount, recipient", with_references("MDA", rows))
