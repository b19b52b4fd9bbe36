"""A claim that other printed figures contradict is wrong, whatever the data. The marts judge the other claims."""

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from support import seed

from dagster_project.editions.edition_tables import requested_by
from dagster_project.editions.model import FOLDER, EditionError, read_edition

HEADER = "paragraph,mart,measure,figure,area_type,area_name,category,period_label,period_start,period_end,unit,printed\n"
EDITION = {"edition": "2026-09", "title": "T", "force_code": "derbyshire", "data_to": "2025-12-31", "claims": "printed.csv"}
MONTHS = (("2025-01-01", "2025-01-31"), ("2025-02-01", "2025-02-28"), ("2025-03-01", "2025-03-31"))


def contradicted(path: Path) -> list[dict]:
    return [r for r in requested_by([read_edition(path)]).claims if r["own_total"] is not None]


def write_edition(folder: Path, lines: list[str], **more: object) -> Path:
    (folder / "printed.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    path = folder / "2026-09.yml"
    path.write_text(yaml.safe_dump(EDITION | more), encoding="utf-8")
    return path


def claim_line(measure: str, first: str, last: str, printed: str, unit: str = "count") -> str:
    mart = "mart_mda_orders" if unit == "gbp" else "mart_county_lines"
    return f'1,{mart},{measure},value,force,Derbyshire Constabulary,all,P,{first},{last},{unit},"{printed}"'


def test_the_march_report_has_three_contradicted_claims() -> None:
    claims = contradicted(FOLDER / "2026-03.yml")
    assert [(r["paragraph"], r["own_total"], r["own_printed"]) for r in claims] == [
        ("3.6", 30, 32), ("3.6", 61, 56), ("2.17", 388, 523),
    ]  # fmt: skip
    disagree = [r["paragraph"] for r in seed("statements") if r["on_the_report_s_own_figures"] == "disagrees"]
    assert disagree == ["2.17"]


@pytest.mark.parametrize(
    ("measure", "unit", "months", "printed_total", "total"),
    [
        ("lines_closed", "count", ("1", "2", "3"), "6", None),
        ("lines_closed", "count", ("1", "2", "3"), "7", Decimal(6)),
        ("lines_closed", "count", ("1", "*", "3"), "7", None),
        # Thousands are rounded, also those of a count: four halves may add up to 2,000.
        ("lines_closed", "count", ("1 thousand", "2 thousand", "3 thousand"), "8 thousand", None),
        ("lines_closed", "count", ("1 thousand", "2 thousand", "3 thousand"), "9 thousand", Decimal(6000)),
        # A stock after three months is not the sum of the months.
        ("lines_active", "count", ("1", "2", "3"), "3", None),
        # Each figure is rounded to the pound: four halves may add up to two pounds.
        ("order_value", "gbp", ("£101", "£202", "£303"), "£608", None),
        ("order_value", "gbp", ("£101", "£202", "£303"), "£609", Decimal(606)),
    ],
)
def test_a_sum_that_differs_from_its_months_is_contradicted(
    measure: str, unit: str, months: tuple[str, ...], printed_total: str, total: Decimal | None, tmp_path: Path
) -> None:
    lines = [claim_line(measure, *days, printed, unit) for days, printed in zip(MONTHS, months, strict=True)]
    lines.append(claim_line(measure, "2025-01-01", "2025-03-31", printed_total, unit))
    assert [r["own_total"] for r in contradicted(write_edition(tmp_path, lines))] == ([total] if total is not None else [])


@pytest.mark.parametrize(
    ("measure", "unit", "parts", "printed_whole", "total"),
    [
        # £9,400 and £17,400 make £26,800: rounded to thousands, the print is right.
        ("order_value", "gbp", ("£9,000", "£17,000"), "£27,000", None),
        ("order_value", "gbp", ("£9,000", "£17,000"), "£28,000", Decimal(26_000)),
        ("lines_closed", "count", ("9", "17"), "27", Decimal(26)),
        # The pound that a statement allows is that of the rounding, not one more.
        ("order_value", "gbp", ("£9", "£17"), "£27", None),
        ("order_value", "gbp", ("£9", "£17"), "£28", Decimal(26)),
    ],
)
def test_parts_that_were_rounded_may_differ_from_their_whole(
    measure: str, unit: str, parts: tuple[str, ...], printed_whole: str, total: Decimal | None, tmp_path: Path
) -> None:
    lines = [claim_line(measure, *days, printed, unit) for days, printed in zip(MONTHS[:2], parts, strict=True)]
    # Not whole months: the months are compared with their sum without any statement.
    lines.append(claim_line(measure, "2025-01-02", "2025-02-28", printed_whole, unit))
    says = {
        "paragraph": "1", "says": "the months make the whole", "form": "adds_up",
        "figure": {"mart": "mart_mda_orders" if unit == "gbp" else "mart_county_lines", "measure": measure},
        "groups": [{
            "whole": {"from": "2025-01-02", "to": "2025-02-28"},
            "parts": [dict(zip(("from", "to"), days, strict=True)) for days in MONTHS[:2]],
            "within": 1 if unit == "gbp" else 0,
        }],
    }  # fmt: skip
    rows = contradicted(write_edition(tmp_path, lines, statements=[says]))
    assert [(r["kind"], r["own_total"]) for r in rows] == ([("statement", total)] if total is not None else [])


def test_a_file_of_statements_decides_which_are_tested(tmp_path: Path) -> None:
    """A statement that the file lacks is an error. A line without a test is not computable."""
    (tmp_path / "says.csv").write_text("paragraph,mart,measures,says\n1,mart_iom,cohort_size,it fell\n", encoding="utf-8")
    test = {
        "paragraph": "1", "says": "it rose", "form": "is",
        "figure": {"mart": "mart_iom", "measure": "cohort_size", "to": "2025-01-31"},
        "groups": [{"amount": 3}],
    }  # fmt: skip
    with pytest.raises(EditionError, match=r"says\.csv has no such line: 1 it rose"):
        requested_by([read_edition(write_edition(tmp_path, [], says="says.csv", statements=[test]))])
    requested = requested_by([read_edition(write_edition(tmp_path, [], says="says.csv"))])
    (claim,) = requested.claims
    assert (claim["kind"], claim["printed"], claim["says"]) == ("statement", None, "it fell") and not requested.terms
    # Without a file, the edition's own statements are used.
    requested = requested_by([read_edition(write_edition(tmp_path, [], statements=[test]))])
    assert [c["says"] for c in requested.claims] == ["it rose"] and len(requested.terms) == 1
