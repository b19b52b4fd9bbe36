"""Parse the text of a cell: dates, times, money, choices. Each function raises ValueError with the reason."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
UK_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?")
OFFSET = re.compile(r"(Z|z|[+-]\d\d:?\d\d)$")
NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+|\d{1,3}(,\d{3})+(\.\d*)?")


def parse_date(text):
    """A date: `2025-10-31` or `31/10/2025`."""
    if match := ISO_DAY.fullmatch(text):
        year, month, day = match.groups()
    elif match := UK_DAY.fullmatch(text):
        day, month, year = match.groups()
    else:
        raise ValueError("bad date")
    return date(int(year), int(month), int(day))


def parse_timestamp(text, naive_is_utc=False):
    """London wall time of an ISO or UK timestamp. Without an offset it is London time (for data.police.uk, UTC)."""
    offset = None
    day, _, rest = text.replace("T", " ").partition(" ")
    rest = rest.strip()
    if match := OFFSET.search(rest):
        offset, rest = match.group(1), rest[: match.start()].strip()
    hour = minute = second = "0"
    if rest:
        match = TIME.fullmatch(rest)
        if not match:
            raise ValueError("bad date")
        hour, minute, second = match.group(1), match.group(2), match.group(3) or "0"
    on = parse_date(day)
    moment = datetime(on.year, on.month, on.day, int(hour), int(minute), int(second))
    if offset is None and not naive_is_utc:
        return moment
    if offset is None or offset in "Zz":
        aware = moment.replace(tzinfo=UTC)
    else:
        aware = datetime.strptime(f"{moment:%Y-%m-%d %H:%M:%S}{offset}", "%Y-%m-%d %H:%M:%S%z")
    return aware.astimezone(LONDON).replace(tzinfo=None)


def parse_month(text):
    """`2024-02` as the first of that month."""
    if not re.fullmatch(r"\d{4}-\d\d", text):
        raise ValueError("bad date")
    return parse_date(text + "-01")


def parse_money(text):
    """An exact amount: `1185696`, `1,185,696.00`, `£1,185,696`, `(250.00)`."""
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    if text.startswith("£"):
        text = text[1:].strip()
    if text.startswith("-") and not negative:
        negative, text = True, text[1:].strip()
    if text.startswith("£"):
        text = text[1:].strip()
    if text.startswith("(") and text.endswith(")") and not negative:
        negative, text = True, text[1:-1].strip()
    if not NUMBER.fullmatch(text):
        raise ValueError("not an amount")
    amount = Decimal(text.replace(",", ""))
    return -amount if negative else amount


def parse_whole(text):
    """A whole number, with or without grouping."""
    amount = parse_money(text) if "£" not in text else None
    if amount is None or amount != amount.to_integral_value():
        raise ValueError("not an amount")
    return int(amount)


def parse_number(text):
    """A number as a download has it: `12.5` or `1.2E-05`."""
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text):
        raise ValueError("not an amount")
    return Decimal(text)


def parse_choice(text, values):
    """A value in the list's own spelling, ignoring case."""
    for value in values:
        if value.casefold() == text.casefold():
            return value
    raise ValueError("not in the list")


def parse_list(text):
    """`a; b` as ("a", "b"), without blank items."""
    return tuple(item.strip() for item in text.split(";") if item.strip())


def parse_cell(column, text, naive_is_utc=False):
    """The value of a non-blank cell of a column.

    Raises:
        ValueError: with the reason (`bad date`, `not in the list`, `not an amount`).
    """
    match column.type:
        case "date":
            return _date_or_reason(parse_date, text)
        case "month":
            return _date_or_reason(parse_month, text)
        case "timestamp":
            return _date_or_reason(lambda t: parse_timestamp(t, naive_is_utc), text)
        case "money":
            return parse_money(text)
        case "whole":
            return parse_whole(text)
        case "number":
            return parse_number(text)
        case "choice":
            return parse_choice(text, column.values)
        case "list":
            return parse_list(text)
    return text


def _date_or_reason(parse, text):
    try:
        return parse(text)
    except (ValueError, OverflowError):
        raise ValueError("bad date") from None
