"""Short random sequences of small files: windows, corrections, withdrawals, conflicts, late files, repeats.

One events extract (`mda_orders`), one whole list (`cash_seizures`) and searches, published and canonical, of
one force. Few keys and days, so that files overlap. A test takes a seed, or hypothesis draws one:

    @given(st.integers(0, 2**32))
    def test_sequence(seed): nights = write_sequence(directory, seed)
"""

import random
from collections import Counter
from datetime import date, timedelta

from .files import Nights, Style, add_manifest, canonical_name, encode, table_text
from .published import month_ends, searches

FORCE = "derbyshire"
FIRST_DAY = date(2025, 1, 1)
DAYS = 90
STAMPS = [f"202504{day:02d}T0{hour}0000Z" for day in (1, 2, 3) for hour in (1, 2)]
KEYS = [f"K{n}" for n in range(1, 9)]
HEADERS = {
    "mda_orders": ["order_ref", "order_date", "amount", "recipient"],
    "cash_seizures": ["seizure_ref", "order_date", "amount", "status"],
    "stop_search": ["search_ref", "searched_at", "object_of_search", "object_found"],
}
CHOICES = {
    "mda_orders": ("Police", "Charity"),
    "cash_seizures": ("Under investigation", "Forfeited"),
    "stop_search": ("Y", "N"),
}
MONTHS = [date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)]


def write_sequence(directory, seed, nights=4, list_ties=True):
    """Write a sequence of at most `nights` nights.

    Args:
        directory: where to write. seed: the same seed writes the same files. list_ties: whole lists may have the
            same time of extraction, too.

    Returns:
        files.Nights.
    """
    rng = random.Random(seed)
    out = Nights(directory)
    plan = _plan(rng, nights, list_ties)
    with_stamp = Counter((drop["extract"], drop["stamp"]) for drop in plan if not drop["again"])
    written = {}
    for drop in plan:
        _write(rng, out, drop, written, with_stamp[drop["extract"], drop["stamp"]] > 1)
    for night in range(rng.randint(1, nights)):
        for month in MONTHS:
            if rng.random() < 0.25:
                header, cells = searches(rng, month, rng.randint(0, 4))
                cells = cells if rng.random() < 0.9 else []
                path = out.place(night, f"{month:%Y-%m}-{FORCE}-stop-and-search.csv")
                path.write_bytes(table_text(header, cells, Style()).encode())
    return out


def _plan(rng, nights, list_ties):
    """Which files come on which night. A file comes again unchanged, or with other content under its name."""
    plan, stamps, names, lists, repeated = [], set(), set(), set(), set()
    for night in range(rng.randint(2, nights)):
        for _ in range(rng.randint(1, 4)):
            extract = rng.choice(("mda_orders", "mda_orders", "cash_seizures", "stop_search"))
            start, end = _window(rng)
            stamp = rng.choice(STAMPS)
            earlier = [d for d in plan if d["extract"] == extract and d["night"] < night and not d["again"]]
            if earlier and extract != "stop_search" and rng.random() < 0.15:
                drop = {**rng.choice(earlier), "night": night, "again": rng.choice(("same", "other"))}
                if (night, *_identity(drop)) not in names:
                    repeated.add(_identity(drop))
                    names.add((night, *_identity(drop)))
                    plan.append(drop)
                continue
            drop = {"extract": extract, "start": start, "end": end, "stamp": stamp}
            if _identity(drop) in stamps or (extract == "cash_seizures" and not list_ties and stamp in lists):
                continue
            stamps.add(_identity(drop))
            names.add((night, *_identity(drop)))
            lists |= {stamp} if extract == "cash_seizures" else set()
            plan.append({**drop, "night": night, "again": None})
    for drop in plan:
        # A refused file claims no extraction, so only a file that never comes again may have a wrong manifest.
        drop["fails"] = _identity(drop) not in repeated and rng.random() < 0.06
    return plan


def _identity(drop):
    return drop["extract"], drop["start"], drop["end"], drop["stamp"]


def _window(rng):
    if rng.random() < 0.3:
        month = rng.choice(MONTHS)
        return month_ends(month)
    start = FIRST_DAY + timedelta(rng.randrange(DAYS - 10))
    return start, min(start + timedelta(rng.choice((0, 3, 10, 30, 60))), FIRST_DAY + timedelta(DAYS - 1))


def _write(rng, out, drop, written, is_tied):
    extract, name = drop["extract"], _identity(drop)
    path = out.place(drop["night"], canonical_name(extract, FORCE, *name[1:]))
    if drop["again"] == "same":
        path.write_bytes(written[name])
        return
    cells = _cells(rng, extract, drop["start"], drop["end"], clean=is_tied)
    if drop["again"] == "other":
        cells.append(["K99", str(drop["start"]), "1", CHOICES[extract][0]])
    style = Style(delimiter=rng.choice(",;\t"))
    path.write_bytes(encode(table_text(HEADERS[extract], cells, style), style))
    if drop["fails"] or rng.random() < 0.1:
        add_manifest(path, len(cells), holds=not drop["fails"])
    written[name] = path.read_bytes()


def _cells(rng, extract, start, end, clean):
    """Rows of a few keys. Files that share a time of extraction are clean: the contract has no rule for one with a bad row."""
    days = (end - start).days
    cells = []
    for key in KEYS:
        if rng.random() < 0.45:
            continue
        row = _row(rng, extract, key, start + timedelta(rng.randint(0, days)))
        roll = rng.random()
        if roll < 0.05 and extract == "cash_seizures":
            row[1] = str(start - timedelta(rng.randint(1, 60)))  # rows of a list may be dated before the window
        elif roll < 0.12 and not clean:
            at, text = rng.choice(((3, "Perhaps"), (1, "31/02/2025"), (1, str(end + timedelta(2))), (1, "")))
            row[at] = text
        elif roll < 0.16:
            cells.append(list(row))  # the same row twice counts once
        elif roll < 0.19 and not clean:
            cells.append(_row(rng, extract, key, start, amount="77"))
        cells.append(row)
    rng.shuffle(cells)
    return cells


def _row(rng, extract, key, day, amount=None):
    if extract == "stop_search":
        object_of_search = "Drugs" if amount is None else "Stolen goods"
        return [key, f"{day}T12:00:00", object_of_search, rng.choice(CHOICES[extract])]
    return [key, str(day), amount or rng.choice(("10", "20.50")), rng.choice(CHOICES[extract])]
