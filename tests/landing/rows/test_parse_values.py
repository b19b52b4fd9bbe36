"""The forms of dates, times, amounts and lists that a cell may have, and those that it may not."""

import duckdb
import pytest

from dagster_project.contracts import Column
from dagster_project.landing.rows import parse_values


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as connection:
        parse_values.install(connection)
        yield connection


def canonical(con, kind: str, text: str, utc: bool = False, **more) -> str | None:
    column = Column(name="x", description="x", type=kind, **more)
    return con.execute(f"select {parse_values.canonical(column, 't', utc=utc)} from (select $1 as t)", [text]).fetchone()[0]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-10-31", "2025-10-31 00:00:00"),
        ("31/10/2025", "2025-10-31 00:00:00"),
        ("1/2/2025", "2025-02-01 00:00:00"),
        ("2025-10-31 10:05", "2025-10-31 10:05:00"),
        ("2025-10-31T10:05:06", "2025-10-31 10:05:06"),
        ("2025-10-31T10:05:06.999", "2025-10-31 10:05:06"),
        ("2025-10-31T10:05:06,5", "2025-10-31 10:05:06"),
        ("31/10/2025 23:59", "2025-10-31 23:59:00"),
        ("31/10/2025 23:59:58", "2025-10-31 23:59:58"),
        ("31/10/2025  9:05", "2025-10-31 09:05:00"),
        ("2018-06-30T23:30:00+00:00", "2018-07-01 00:30:00"),
        ("2018-06-30T23:30:00Z", "2018-07-01 00:30:00"),
        ("2018-06-30T23:30Z", "2018-07-01 00:30:00"),
        ("2018-06-30 23:30:00 Z", "2018-07-01 00:30:00"),
        ("2018-06-30T23:30:00z", "2018-07-01 00:30:00"),
        ("2018-06-30T23:30:00.25+0000", "2018-07-01 00:30:00"),
        ("2018-06-30T23:30:00+01", "2018-06-30 23:30:00"),
        ("2018-07-01T00:30:00+01:00", "2018-07-01 00:30:00"),
        ("2018-12-31T23:30:00Z", "2018-12-31 23:30:00"),
        ("2018-12-31T20:30:00-05:00", "2019-01-01 01:30:00"),
        ("30/06/2018 23:30+00:00", "2018-07-01 00:30:00"),
        # As SQL Server writes an offset.
        ("2018-06-30 23:30:00.0000000 +00:00", "2018-07-01 00:30:00"),
        ("2018-12-31 20:30:00 -05:00", "2019-01-01 01:30:00"),
        ("30/06/2018 23:30 +0000", "2018-07-01 00:30:00"),
        # The hours when clocks change: what London's clocks showed, or would have.
        ("2025-03-30 01:30", "2025-03-30 01:30:00"),
        ("2025-10-26T00:30:00Z", "2025-10-26 01:30:00"),
        ("2025-10-26T01:30:00Z", "2025-10-26 01:30:00"),
    ],
)
def test_moments(con, text, moment):
    assert canonical(con, "timestamp", text) == moment
    assert canonical(con, "date", text) == moment[:10]


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-29", "31/02/2025", "2025-13-01", "13/13/2025", "2025-1-5", "25-01-01", "31/10/25",
        "31-10-2025",
        "31.10.2025", "20251031", "epoch", "infinity", "today", "now", "2025-10", "2025", "45961",
        "0025-10-31",
        "1899-12-31", "2101-01-01", "9999-12-31", "2025-10-31 24:00", "2025-10-31 10:60",
        "2025-10-31 10:00:60",
        "2025-10-31 10", "2025-10-31T10:00+15:00", "2025-10-31T10:00+99:00", "2025-10-31T", "2025-10-31 (BC)",
        "2025-10-31 10:00 London", "1/1/2025 1:00 PM", "2025-10-31Z", "31 Oct 2025",
        "\uff12\uff10\uff12\uff15-10-31",
    ],
)  # fmt: skip
def test_text_that_is_no_moment(con, text):
    assert canonical(con, "timestamp", text) is None
    assert canonical(con, "date", text) is None


def test_times_of_data_police_uk_are_utc_even_without_an_offset(con):
    assert canonical(con, "timestamp", "2018-06-30T23:30:00", utc=True) == "2018-07-01 00:30:00"
    assert canonical(con, "timestamp", "30/06/2018 23:30", utc=True) == "2018-07-01 00:30:00"
    assert canonical(con, "timestamp", "2018-06-30T23:30:00+00:00", utc=True) == "2018-07-01 00:30:00"
    assert canonical(con, "timestamp", "2018-06-30", utc=True) == "2018-06-30 00:00:00"
    # A column of days may have times: just before midnight UTC is London's next day.
    assert canonical(con, "date", "2018-06-30T23:30:00", utc=True) == "2018-07-01"
    assert canonical(con, "date", "30/06/2018", utc=True) == "2018-06-30"


@pytest.mark.parametrize(
    ("text", "month"),
    [("2024-02", "2024-02-01"), ("2024-02-17", "2024-02-01"), ("17/02/2024", "2024-02-01"), ("2024-13", None),
     ("02/2024", None), ("Feb 2024", None), ("0024-01", None)],
)  # fmt: skip
def test_months(con, text, month):
    assert canonical(con, "month", text) == month


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1185696", "1185696.00"), ("1,185,696.00", "1185696.00"), ("£1,185,696", "1185696.00"),
        ("(250.00)", "-250.00"), ("-250", "-250.00"), ("(£1,250.50)", "-1250.50"), ("£(250)", "-250.00"),
        ("-£250", "-250.00"), ("£-250", "-250.00"), ("+3", "3.00"), ("£ 5", "5.00"), ("( 5 )", "-5.00"),
        (".5", "0.50"), ("0", "0.00"), ("-0.00", "0.00"), ("007", "7.00"), ("0.1234", "0.1234"),
        ("1.10", "1.10"), ("999999999999999999", "999999999999999999.00"),
        # As databases write decimal(38,18) and decimal(20,12).
        ("1,185,696.450000000000000000", "1185696.45"), ("(.250000000000)", "-0.25"), ("5.000000000000", "5.00"),
    ],
)  # fmt: skip
def test_money(con, text, amount):
    assert canonical(con, "money", text) == amount


@pytest.mark.parametrize(
    "text",
    ["1.2.3", "12,34", "1,2345", "1,,234", "1e5", "12x", "x", "£", "-", "()", "--5", "-(5)", "(5", "5)",
     "1 000",
     "$5", "5%", "nan", "inf", "1234567890123456789", "0.12345678901", ",", ".", "0x10", "1_000"],
)  # fmt: skip
def test_text_that_is_no_money(con, text):
    assert canonical(con, "money", text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", "12"), ("012", "12"), ("1,200", "1200"), ("12.0", "12"), ("+5", "5"), ("0", "0"), ("-5", None),
     ("1.5", None), ("1e3", None), ("12,00", None), ("£5", None), ("x", None)],
)  # fmt: skip
def test_whole_numbers(con, text, number):
    assert canonical(con, "whole", text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("12.50", "12.5"), ("100", "100"), ("1.2E-05", "0.000012"), ("-3", "-3"), ("0.0", "0"),
     ("1,000.5", "1000.5"),
     ("12.34567890123", "12.3456789012"), ("nan", None), ("12,5", None), ("1.2.3", None), ("*", None)],
)  # fmt: skip
def test_numbers_as_a_download_prints_them(con, text, number):
    assert canonical(con, "number", text) == number


@pytest.mark.parametrize(
    ("text", "items"),
    [("Drugs", "Drugs"), ("Drugs ; Alcohol;;", "Drugs;Alcohol"), (" ; a", "a"), (";;", None),
     ("a;\u00a0b", "a;b"), ("Mental health; Drugs", "Mental health;Drugs")],
)  # fmt: skip
def test_lists(con, text, items):
    assert canonical(con, "list", text) == items


def test_choices_in_any_case_get_the_spelling_of_the_list(con):
    values = ("Fixed penalty notice", "It's \u00c9")
    assert canonical(con, "choice", "FIXED penalty Notice", values=values) == "Fixed penalty notice"
    assert canonical(con, "choice", "it's \u00e9", values=values) == "It's \u00c9"
    assert canonical(con, "choice", "Fixed penalty", values=values) is None


def test_text_is_not_changed(con):
    assert canonical(con, "text", "Khat  or Cannabis") == "Khat  or Cannabis"
    assert canonical(con, "unit", "Amber Valley") == "Amber Valley"
