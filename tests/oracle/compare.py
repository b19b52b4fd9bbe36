"""Compare the warehouse's rows with the plain model's, and describe the differences."""

from datetime import date, datetime
from decimal import Decimal

from .marts import COLUMNS

KEY = (
    "mart", "force_code", "area_type", "area_code", "measure", "category", "period_type", "period_start",
    "period_end",
)  # fmt: skip
PERIOD = ("period_start", "period_end")
EXACT_UNITS = ("count", "gbp", "days")
TOLERANCE = Decimal("1e-9")
NUMBERS = ("value", "numerator", "denominator", "prior_value", "volume_change", "pct_change")


def diff(expected_rows, actual_rows, limit=50):
    """Messages about rows that are missing, extra, there twice or different; empty if both sides agree.

    Args:
        expected_rows, actual_rows: dicts of marts.COLUMNS; numbers may be Decimal, int or float, dates date,
            datetime or ISO text, nulls None or NaN. Counts and money must be equal, rates within 1e-9.
        limit: at most so many messages, then one with the number of the others.
    """
    messages = []
    expected = _by_key(expected_rows, "expected", messages)
    actual = _by_key(actual_rows, "actual", messages)
    for key in sorted(expected.keys() | actual.keys(), key=str):
        if key not in actual:
            messages.append(f"missing: {_key_text(key)} value={expected[key]['value']}")
        elif key not in expected:
            messages.append(f"extra: {_key_text(key)} value={actual[key].get('value')}")
        else:
            messages += _differing(key, expected[key], actual[key])
    if len(messages) > limit:
        messages = [*messages[:limit], f"... and {len(messages) - limit} more"]
    return messages


def diff_files(expected, actual, limit=50):
    """Messages about files on which landing's ledger and the plain model disagree.

    Args:
        expected: landing.FileResult objects.
        actual: dicts with source_file, outcome, rows_in_file, rows_landed, rows_quarantined, rows_duplicate
            (final counts). Files of one name are matched in order.
    """
    messages, entries = [], {}
    for entry in actual:
        entries.setdefault(entry["source_file"], []).append(entry)
    counts = ("rows_in_file", "rows_landed", "rows_quarantined", "rows_duplicate")
    for result in expected:
        same_name = entries.get(result.name)
        if not same_name:
            messages.append(f"missing: {result.name} ({result.outcome})")
            continue
        entry = same_name.pop(0)
        # A held file has landed nothing yet, so its counts are not compared.
        names = ("outcome", *counts) if result.outcome == "accepted" else ("outcome",)
        for name in names:
            if getattr(result, name) != entry[name]:
                difference = f"expected {getattr(result, name)}, got {entry[name]}"
                messages.append(f"{result.name}: {name}: {difference} (oracle's reason: {result.reason})")
    messages += [f"extra: {name} x{len(left)}" for name, left in entries.items() if left]
    return messages[:limit]


def _by_key(rows, side, messages):
    out = {}
    for row in rows:
        key = tuple(_day(row[name]) if name in PERIOD else row[name] for name in KEY)
        if key in out:
            messages.append(f"twice in {side}: {_key_text(key)}")
        out[key] = row
    return out


def _differing(key, expected, actual):
    out = []
    for name in COLUMNS:
        if name in KEY:
            continue
        want, got = expected[name], actual.get(name)
        if name in NUMBERS:
            want, got = _number(want), _number(got)
            same = _same_number(name, want, got, expected["unit"])
        else:
            same = want == got
        if not same:
            out.append(f"{name}: expected {want}, got {got}: {_key_text(key)}")
    return out


def _same_number(name, want, got, unit):
    if want is None or got is None:
        return want is got
    if unit in EXACT_UNITS and name != "pct_change":
        return want == got
    return abs(want - got) <= TOLERANCE


def _number(value):
    if value is None or value != value:
        return None
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _day(value):
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def _key_text(key):
    return " / ".join(str(part) for part in key)
