"""A printed figure is read as a value and the decimal place it is rounded to."""

from decimal import Decimal

import pytest

from dagster_project.editions.read_printed_numbers import fault_of_printed, read_printed


@pytest.mark.parametrize(
    ("text", "unit", "value", "place"),
    [
        ("1,431", "count", "1431", "1"),
        ("16,150", "count", "16150", "1"),
        ("1,000", "count", "1000", "1"),
        ("32%", "percent", "32", "1"),
        ("4.9%", "percent", "4.9", "0.1"),
        ("-3%", "percentage_points", "-3", "1"),
        ("\u22123%", "percentage_points", "-3", "1"),
        ("–3%", "percentage_points", "-3", "1"),
        ("–£12", "gbp", "-12", "1"),
        ("Searches – 1,234", "count", "1234", "1"),
        ("15.4", "per_100k", "15.4", "0.1"),
        ("£86,821.28", "gbp", "86821.28", "0.01"),
        ("£52,995.90", "gbp", "52995.90", "0.01"),
        ("£528,664", "gbp", "528664", "1"),
        ("£136,000", "gbp", "136000", "1000"),
        ("£2,600", "gbp", "2600", "1"),
        ("£1.2bn", "gbp", "1200000000", "100000000"),
        ("3 billion", "count", "3000000000", "1000000000"),
        ("£53k", "gbp", "53000", "1000"),
        ("£1.1 million", "gbp", "1100000", "100000"),
        ("£2m", "gbp", "2000000", "1000000"),
        ("about 12 thousand", "count", "12000", "1000"),
        ("-2.1ppts", "percentage_points", "-2.1", "0.1"),
        ("£0", "gbp", "0", "1"),
        ("eight", "count", "8", "1"),
        ("only two", "count", "2", "1"),
        ("Nil", "count", "0", "1"),
        ("no", "count", "0", "1"),
    ],
)
def test_a_printed_figure_has_a_value_and_a_place(text: str, unit: str, value: str, place: str) -> None:
    printed = read_printed(text, unit)
    assert printed.value == Decimal(value)
    assert printed.places * Decimal(place) == 1
    assert fault_of_printed(text) == ""


@pytest.mark.parametrize("text", ["*", "", " ", "–", "[x]", "n/a"])
def test_markers_have_no_value(text: str) -> None:
    assert read_printed(text).value is None
    assert fault_of_printed(text) == ""


@pytest.mark.parametrize("text", ["many", "£", "%", "no data", "nil return"])
def test_text_without_a_number_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="holds no figure"):
        read_printed(text)


@pytest.mark.parametrize(
    "text",
    ["1.43E+03", "1 431", "1\u00a0431", "1\u202f431", "1.234.567", "12,5%", "1431,00", "01/04/2025", "10-17", "32%-35%",
     "2024/25", "£1.1mn", "in 2025, 56", "10 - 17", "10 to 17", "32% - 35%", "1e3", "Q1: 56"],
)  # fmt: skip
def test_a_number_that_would_be_read_in_part_is_a_fault(text: str) -> None:
    assert "is no single number: write it as 1,431, 4.9% or £1.1 million" in fault_of_printed(text)


def test_only_words_up_to_ninety_nine_are_read() -> None:
    for text in ("one hundred and twelve", "ten thousand", "1 hundred", "£1.1 mn"):
        assert "write a number over ninety-nine in digits" in fault_of_printed(text)


@pytest.mark.parametrize("text", ["32% (from 28%)", "-9%", "56 people", "78[1]", "108(2)", "about 12 thousand"])
def test_words_beside_a_number_are_no_fault(text: str) -> None:
    assert fault_of_printed(text) == ""
