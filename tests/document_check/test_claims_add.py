"""`pam claims add`: it reads a sentence, shows how it understood it and writes it. It asks for what is missing."""

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_project.audit import read_log
from dagster_project.cli.claims import _show as show_claim
from dagster_project.cli.document_check import _rounded as rounded_in_check
from dagster_project.cli.trace import _show_change as show_change
from dagster_project.core.home import Home
from dagster_project.document_check.model import Figure
from dagster_project.document_check.sentences.understand_sentence import SentenceClaim
from dagster_project.editions import read_editions
from dagster_project.serving.trace import Trail
from dagster_project.serving.trace_change import Change
from dagster_project.serving.trace_request import FigureRequest
from document_check.documents import EDITION

RISE = "Drug searches rose by 12% in the year to June 2026"


def read_claims(home: Home) -> list[dict[str, str]]:
    with (home.editions / "published_figures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_claim_is_shown_and_written_only_after_a_yes(pam: Callable, figures_copy: Home) -> None:
    refused = pam("claims", "add", RISE, "--home", figures_copy.path, stdin="n\n")
    assert refused.exit_code == 1 and "Nothing was written" in refused.stdout
    assert not (figures_copy.editions / f"{EDITION}.yml").exists()
    none = pam("claims", "add", RISE, "--home", figures_copy.path, "--edition", "1999-01", "--yes")
    assert none.exit_code == 1 and "there is no edition 1999-01" in none.stderr and not figures_copy.editions.exists()
    why = ("--why", "PAM, item 2")
    added = pam("claims", "add", RISE, "--home", figures_copy.path, "--paragraph", "3.2", *why, stdin="y\n")
    assert [*read_log(figures_copy)][-1].facts == {"by": "pam claims add", "why": "PAM, item 2"}
    assert added.exit_code == 0, added.output
    assert "mart_stop_search.drug_searches" in added.stdout and "the change in per cent" in added.stdout
    assert "2025-07-01 to 2026-06-30" in added.stdout and "Printed: 12%. Published now: not available" in added.stdout
    *before, row = read_claims(figures_copy)
    assert len(before) == 291 and row == {
        "kind": "figure", "paragraph": "3.2", "mart": "mart_stop_search", "measure": "drug_searches", "figure": "pct_change",
        "area_type": "force", "area_name": "Derbyshire Constabulary", "category": "all", "period_type": "custom",
        "period_label": "year to June 2026", "period_start": "2025-07-01", "period_end": "2026-06-30", "value": "",
        "unit": "percent", "printed": "12%", "note": RISE,
    }  # fmt: skip
    # The edition is now a file of the home, and valid.
    assert f"Edition {EDITION} is now a file of the home" in added.stdout
    assert read_editions(figures_copy).sound[EDITION].claims_path == figures_copy.editions / "published_figures.csv"
    other = "Naloxone was given 26 times in Derby North in May 2025."
    again = pam("claims", "add", other, "--home", figures_copy.path, "--yes")
    assert again.exit_code == 0 and "is now a file of the home" not in again.stdout
    assert [read_claims(figures_copy)[-1][c] for c in ("area_type", "area_name", "figure", "period_end")] == [
        "lpu", "Derby North", "value", "2025-05-31",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "option"),
    [
        ("There were 1,649 drug searches in Nottinghamshire in 2025.", "--area"),
        ("There were 142 drug searches in Derby North and Derby East in 2024/25.", "--area"),
        ("At least 1,351 drug searches were made in 2024/25.", "--measure"),
        ("Just over 1,300 drug searches were made in 2024/25.", "--measure"),
        ("An average of 1,351 drug searches was made in 2024/25.", "--measure"),
        ("There were 1,936 cannabis possession offences in 2024/25.", "--measure"),
        ("Total benefit from confiscation orders in 2025 was £1,415,693.", "--measure"),
        ("Drug searches rose by 40.5% in 2025 on 2023.", "--figure"),
    ],
)
def test_words_that_mean_another_figure_are_not_passed_over(
    pam: Callable, figures_copy: Home, sentence: str, option: str
) -> None:
    refused = pam("claims", "add", sentence, "--home", figures_copy.path, "--yes")
    assert refused.exit_code == 2 and option in refused.output and not figures_copy.editions.exists()


def test_a_figure_of_a_part_of_the_days_says_so(pam: Callable, figures_copy: Home) -> None:
    added = pam("claims", "add", "There were 16,150 items of drug intelligence in 2025.", "--home", figures_copy.path, "--yes")
    assert "Published now: 16150 [p], of a part of the days" in added.stdout


@pytest.mark.parametrize(("value", "shown"), [("0.004", "0.004"), ("0", "0"), ("12.346", "12.35"), ("-0.001", "-0.001")])
def test_a_small_figure_is_not_shown_as_0(value: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0 is for a true zero alone, here and in the other two commands that show a figure at two places."""
    place = ("force", "Derbyshire Constabulary", "all", date(2025, 1, 1), date(2025, 12, 31))
    now = Figure("mart_stop_search", "drug_searches", "pct_change", *place, "percent", Decimal(value), "complete")
    show_claim(SentenceClaim(now, "12%", RISE), now.value, is_partial=False)
    request = FigureRequest("drug_searches", date(2025, 12, 31), date(2025, 1, 1))
    trail = Trail(request, now.mart, "Searches", "gbp", "A sum", "sum", None, [])
    show_change(Change(trail, trail, now.value, "gbp"), "volume_change", 1, {}, {})
    output = capsys.readouterr().out
    assert f"Published now: {shown}\n" in output and f" = {shown} gbp" in output and rounded_in_check(value) == shown


@pytest.mark.parametrize(("value", "shown"), [("0.04", "0.04%"), ("-0.0312", "-0.03%"), ("0", "0.0%"), ("33", "33.0%")])
def test_a_traced_change_in_per_cent_is_not_shown_as_0(value: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    request = FigureRequest("drug_searches", date(2025, 12, 31), date(2025, 1, 1))
    trail = Trail(request, "mart_stop_search", "Searches", "count", "A sum", "sum", None, [])
    show_change(Change(trail, trail, Decimal(value), "percent"), "pct_change", 1, {}, {})
    assert capsys.readouterr().out.endswith(f" = {shown}\n")


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Possession offences fell by 4% in 2024/25.", {"printed": "-4%", "figure": "pct_change"}),
        ("The find rate fell by 3 percentage points in 2024/25.", {"unit": "percentage_points", "figure": "volume_change"}),
        ("County lines: 29 new lines in 2025.", {"measure": "lines_identified", "period_start": "2025-01-01"}),
        ("In 2023/24 Derby had 756 alcohol admissions per 100,000.", {"area_type": "upper_tier", "unit": "per_100k"}),
        ("£17,000 of Section 27 orders went to charity in 2024/25.", {"category": "Charity", "unit": "gbp"}),
    ],
)  # fmt: skip
def test_sentences_are_understood(pam: Callable, figures_copy: Home, sentence: str, expected: dict[str, str]) -> None:
    added = pam("claims", "add", sentence, "--home", figures_copy.path, "--yes")
    assert added.exit_code == 0, added.output
    row = read_claims(figures_copy)[-1]
    assert {k: row[k] for k in expected} == expected


def test_missing_parts_are_asked_for_or_named_as_options(pam: Callable, figures_copy: Home) -> None:
    home = ("--home", figures_copy.path)
    added = pam("claims", "add", "It came to 1,708.", *home, stdin="drug_searches\n2024-11-01\n2025-10-31\ny\n")
    assert added.exit_code == 0, added.output
    assert "Printed: 1,708. Published now: 1708" in added.stdout
    for sentence, option in (
        ("It came to 1,708 in 2024/25.", "--measure"), ("Drug searches came to 1,708.", "--from and --to"),
        ("Drug searches were 1,351 in 2024/25 and 637 before.", "--number"), ("Drug searches rose.", "has no number"),
    ):  # fmt: skip
        refused = pam("claims", "add", sentence, *home, "--yes")
        assert refused.exit_code == 2 and option in refused.stderr, refused.output
    unasked = pam("claims", "add", "Drug searches rose.", *home, stdin="")
    assert unasked.exit_code == 2 and "has no number" in unasked.stderr, "no answer to a question would help"
    assert len(read_claims(figures_copy)) == 292


@pytest.mark.parametrize("measure", ["drug_misuse_deaths", "drug_searches"])
def test_a_district_with_another_code_in_other_marts_is_one_area(pam: Callable, figures_copy: Home, measure: str) -> None:
    args = ("There were 12.", "--measure", measure, "--area", "Derbyshire Dales", "--from", "2021-01-01", "--to", "2023-12-31")
    added = pam("claims", "add", *args, "--home", figures_copy.path, "--yes")
    assert added.exit_code == 0 and "Derbyshire Dales, category all" in added.stdout, added.output


def test_a_wrong_mart_is_asked_for_as_such(pam: Callable, figures_copy: Home) -> None:
    args = ("It came to 12 in 2024/25.", "--measure", "drug_searches", "--mart", "foo")
    refused = pam("claims", "add", *args, "--home", figures_copy.path, "--yes")
    assert refused.exit_code == 2 and "no mart is called 'foo'" in refused.stderr and "say --mart" in refused.stderr


def test_an_invalid_day_is_asked_for_again(pam: Callable, figures_copy: Home) -> None:
    stdin = "drug_searches\n2024-11-01\n2025-10-32\n2025-10-31\ny\n"
    added = pam("claims", "add", "It came to 1,708.", "--home", figures_copy.path, stdin=stdin)
    assert added.exit_code == 0, added.output
    assert "'2025-10-32' is no date (YYYY-MM-DD)" in added.stdout
    assert added.stdout.count("--from (YYYY-MM-DD)") == 1 and added.stdout.count("--to (YYYY-MM-DD)") == 2
    assert read_claims(figures_copy)[-1]["period_end"] == "2025-10-31"


def test_an_added_sentence_is_linked_whatever_its_number(pam: Callable, figures_copy: Home, tmp_path: Path) -> None:
    home = ("--home", figures_copy.path)
    path = tmp_path / "a.txt"
    path.write_text("It is the busiest year: officers stopped 1,709 people for that reason.", encoding="utf-8")
    assert "1 not linked" in pam("check", path, *home).stdout
    sentence = "It is the busiest year: officers stopped 1,708 people for that reason"
    options = ("--measure", "drug_searches", "--from", "2024-11-01", "--to", "2025-10-31", "--yes")
    assert pam("claims", "add", sentence, *options, *home).exit_code == 0
    wrong = pam("check", path, *home)
    assert wrong.exit_code == 1 and "printed 1,709, computed 1708" in wrong.stdout
    path.write_text(path.read_text(encoding="utf-8").replace("1,709", "1,708"), encoding="utf-8")
    assert pam("check", path, *home).exit_code == 0


def test_first_claims_wait_for_the_next_night(pam: Callable, figures_copy: Home) -> None:
    """`pam claims` said that there are none yet, and to add one."""
    with duckdb.connect(str(figures_copy.warehouse)) as con:
        con.execute("delete from reports.claims")
    assert pam("claims", "add", RISE, "--home", figures_copy.path, "--yes").exit_code == 0
    listed = pam("claims", "--home", figures_copy.path, "--edition", EDITION)
    assert listed.exit_code == 1 and "were added after the published night: run `pam nightly`" in listed.stderr
    # A file with its header alone has none that a night could bring.
    for path in figures_copy.editions.glob("*.csv"):
        path.write_text(path.read_text(encoding="utf-8").partition("\n")[0] + "\n", encoding="utf-8")
    edition = next(figures_copy.editions.glob("*.yml"))
    edition.write_text(edition.read_text(encoding="utf-8").replace("says: ", "# says: "), encoding="utf-8")
    listed = pam("claims", "--home", figures_copy.path, "--edition", EDITION)
    assert listed.exit_code == 1 and "has no claims yet: `pam claims add` adds one" in listed.stderr


def test_claims_without_add_lists_the_claims(pam: Callable, sample_home: Home) -> None:
    listed = pam("claims", "--home", sample_home.path, "--edition", EDITION)
    assert "290 of 291 printed figures and 19 of 20 statements checked" in listed.stdout
