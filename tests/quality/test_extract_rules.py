"""Each rule on extracts has files that break it, and files exactly at its limit that do not.

Derbyshire's files break one rule an extract; Leicestershire's are the same, at the limit. All are in one home and two nights:
a force's checks must not depend on another's files.
"""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from support import TODAY, each, failed, land_night, publish_night, published, write_extract

from dagster_project.core.home import Home
from dagster_project.nights.night_run import NightRun
from dagster_project.quality.engine import validate_facts

from .conftest import Spoil

BREAKING, AT_LIMIT = "derbyshire", "leicestershire"
YEAR = ("2025-01-01", "2025-12-31")
LAST_DAY = date(2025, 12, 31)
UNIT = {BREAKING: "Dales", AT_LIMIT: "LE1"}
OLDER, NEWER = "20260101T020000Z", "20260102T020000Z"
UNITS = "force_code,section_code,section_name,lpu_code,lpu_name\nleicestershire,city,City,LE1,Leicester Central\n"

EXTRACT_CASES = {
    "share_quarantined": {("mda_orders", "warning")},
    "share_withdrawn": {("school_inputs", "warning")},
    "freshness": {("incidents", "warning"), ("forfeiture_orders", "warning"), ("public_health", "warning")},
    "rows_stood_in": {("exploitation_outcomes", "warning")},
    "rows_replaced": {("aris_returns", "warning")},
    "unknown_values": {("crimes", "warning")},
    "rows_a_day": {("crimes", "warning"), ("intelligence", "warning")},
    "kinds_of_row": {("stop_search", "warning")},
    "days_without_rows": {("drug_tests", "warning")},
    "share_unplaced": {("naloxone", "warning")},
    "rows_unaccounted": {("aris_returns", "critical")},
    "rows_missing_in_quarantine": {("drug_tests", "warning")},
    "rows_in_erased_months": {("naloxone", "warning")},
    "rows_outside_windows": {("community_voices", "critical")},
}
"""Rule -> the extracts that must fail it, with the severity."""
LANDING_LOST = ("rows_unaccounted", "rows_missing_in_quarantine", "rows_in_erased_months", "rows_outside_windows")
"""No file breaks these unless landing is wrong: their tests change the ledger's figures."""


def days_before(day: date, n: int) -> str:
    return str(day - timedelta(days=n))


def daily(before: int, recent: int) -> list[str]:
    """Dates: `before` a day over 364 days, then `recent` rows over the last 28."""
    return [days_before(LAST_DAY, 28 + n) for n in range(364) for _ in range(before)] + [
        days_before(LAST_DAY, n % 28) for n in range(recent)
    ]


def drop_shares(inbox: Path, force: str, bad: bool) -> None:
    """2 or 3 of 100 rows in quarantine; 25 or 26 of 100 rows without a known unit."""
    broken = 3 if bad else 2
    amounts = each(100, lambda n: [f"M{n}", "2025-06-01", "about ten" if n < broken else "10", "Police"])
    write_extract(
        inbox, "mda_orders", amounts, columns=["order_ref", "order_date", "amount", "recipient"], force=force, window=YEAR
    )
    unplaced, unit = 26 if bad else 25, UNIT[force]
    units = each(100, lambda n: [f"N{n}", "2025-06-01T10:00", "" if n < unplaced else unit])
    write_extract(inbox, "naloxone", units, columns=["administration_ref", "administered_at", "lpu"], force=force, window=YEAR)


def drop_volumes(inbox: Path, force: str, bad: bool) -> None:
    """Half the rows a day, or fewer; double, or more; a quarter of another kind, or more. 7 of 756 rows, or 8 of 755, with an
    unknown offence code. Two rows a day, then 15 or 16 days without any.
    """
    window = (days_before(LAST_DAY, 391), str(LAST_DAY))
    fewer, unknown = enumerate(daily(2, 27 if bad else 28)), 8 if bad else 7
    write_extract(
        inbox, "crimes", [[f"C{n}", day, "ZZ" if n < unknown else "92D", "Recorded", UNIT[force]] for n, day in fewer],
        columns=["crime_ref", "recorded_on", "offence_code", "status", "lpu"], force=force, window=window,
    )  # fmt: skip
    more = enumerate(daily(1, 57 if bad else 56))
    write_extract(
        inbox, "intelligence", [[f"I{n}", day, "Officer", "Drugs", UNIT[force]] for n, day in more],
        columns=["intel_ref", "submitted_on", "source", "themes", "lpu"], force=force, window=window,
    )  # fmt: skip
    finds = 15 if bad else 14
    days = daily(2, 56)
    write_extract(
        inbox, "stop_search",
        [
            [f"S{n}", f"{day}T10:00", "Drugs", "Y" if n >= len(days) - finds else "N", UNIT[force]]
            for n, day in enumerate(days)
        ],
        columns=["search_ref", "searched_at", "object_of_search", "object_found", "lpu"], force=force, window=window,
    )  # fmt: skip
    quiet = 16 if bad else 15
    tested = daily(2, 0) + [days_before(LAST_DAY, quiet + n % (28 - quiet)) for n in range(40)]
    write_extract(
        inbox, "drug_tests",
        [[f"D{n}", f"{day}T10:00", "Theft", "Completed", "Positive", UNIT[force]] for n, day in enumerate(tested)],
        columns=["custody_ref", "arrested_at", "trigger_offence", "test_status", "result", "lpu"], force=force, window=window,
    )  # fmt: skip


def drop_late(inbox: Path, force: str, bad: bool) -> None:
    """Files that end 3, 45 and 400 days before the night, or a day earlier."""
    more = 1 if bad else 0
    columns = ["incident_ref", "record_type", "created_at", "qualifiers"]
    write_extract(
        inbox, "incidents", [["A1", "ROC", "2025-12-01T10:00", "Drugs"]],
        columns=columns, force=force, window=("2025-12-01", days_before(TODAY, 3 + more)),
    )  # fmt: skip
    write_extract(
        inbox, "forfeiture_orders", [["F1", "2025-06-01", "10"]],
        columns=["order_ref", "order_date", "amount"], force=force, window=("2025-01-01", days_before(TODAY, 45 + more)),
    )  # fmt: skip
    fingertips = ["Indicator ID", "Indicator Name", "Area Code", "Area Name", "Area Type", "Sex", "Time period", "Value"]
    write_extract(
        inbox, "public_health", [["92432", "Deaths", "E10000007", "Derbyshire", "Counties", "Persons", "2022", "5.1"]],
        columns=fingertips, force=force, window=("2022-01-01", days_before(TODAY, 400 + more)),
    )  # fmt: skip


def drop_versions(inbox: Path, force: str, bad: bool, night: int) -> None:
    """10 or 11 rows withdrawn, of 200 since the last publication (there is none, so of both nights); a bad row with an earlier
    version of its key, or without one.
    """
    withdrawn = (11 if bad else 10) if night == 2 else 0
    rows = each(100 - withdrawn, lambda n: [f"I{n}", "2025-06-01", "Primary", "30"])
    stamp = NEWER if night == 2 else OLDER
    write_extract(
        inbox, "school_inputs", rows, columns=["input_ref", "delivered_on", "phase", "young_people"], force=force,
        window=YEAR, stamp=stamp,
    )  # fmt: skip
    outcomes = each(100, lambda n: [f"O{n}", f"P{n}", "2025-06-01", "OCG", "Charged"])
    if night == 2:
        outcomes = [*outcomes[1:], ["O0" if bad else "O100", "P0", "2025-06-01", "OCG", "Perhaps"]]
    elif not bad:
        outcomes = outcomes[1:]
    write_extract(
        inbox, "exploitation_outcomes", outcomes,
        columns=["outcome_ref", "person_ref", "outcome_on", "strand", "outcome"], force=force, window=YEAR, stamp=stamp,
    )  # fmt: skip


def drop_numbers(inbox: Path, force: str, bad: bool) -> None:
    """December repeats 4 or 5 of the 10 references of November."""
    for month, numbers in ("11", 10), ("12", 5 if bad else 4):
        rows = each(numbers, lambda n, month=month: [f"A{n}", f"2025-{month}-03", "10"])
        write_extract(
            inbox, "aris_returns", rows, columns=["return_ref", "received_on", "amount"], force=force,
            window=(f"2025-{month}-01", f"2025-{month}-30"), stamp=OLDER if month == "11" else NEWER,
        )  # fmt: skip


@pytest.fixture(scope="module")
def night_with_warnings(tmp_path_factory: pytest.TempPathFactory) -> NightRun:
    """A published night with warnings: each of its extracts breaks one rule."""
    home = Home(tmp_path_factory.mktemp("night_with_warnings") / "home").create()
    home.seeds.mkdir()
    (home.seeds / "areas.csv").write_text(UNITS, encoding="utf-8")
    for force in (BREAKING, AT_LIMIT):
        drop_versions(home.inbox, force, force == BREAKING, night=1)
    assert {e.outcome for e in land_night(home)} == {"accepted"}
    for force in (BREAKING, AT_LIMIT):
        drop_versions(home.inbox, force, force == BREAKING, night=2)
        for drop in (drop_shares, drop_volumes, drop_late, drop_numbers):
            drop(home.inbox, force, force == BREAKING)
    run = publish_night(home)
    assert {e.outcome for e in run.entries} == {"accepted"}
    return run


def test_files_that_break_one_rule_fail_only_that_rule(night_with_warnings: NightRun) -> None:
    expected = {
        (extract, rule, severity)
        for rule, cases in EXTRACT_CASES.items()
        if rule not in LANDING_LOST
        for extract, severity in cases
    }
    assert failed(night_with_warnings.checks) == expected


def test_files_at_the_limit_pass(night_with_warnings: NightRun) -> None:
    findings = {(c.subject, c.rule): c.found for c in night_with_warnings.checks if not c.passed}
    assert all(BREAKING in text and AT_LIMIT not in text for text in findings.values())
    assert findings["mda_orders", "share_quarantined"] == "pct_quarantined 3 (derbyshire)"
    assert findings["school_inputs", "share_withdrawn"] == "pct_withdrawn 5.5 (derbyshire)"
    assert findings["naloxone", "share_unplaced"] == "pct_unplaced 26 (derbyshire)"
    late = {findings[x, "freshness"] for x in ("incidents", "forfeiture_orders", "public_health")}
    assert late == {"days_late 1 (derbyshire)"}
    assert findings["crimes", "rows_a_day"] == "volume_ratio 0.482143 (derbyshire)"
    assert findings["crimes", "unknown_values"] == "rows_unknown 8 (derbyshire, offence_code: 'ZZ' (8))"
    november = f"aris_returns__{BREAKING}__2025-11-01__2025-11-30__{OLDER}.csv"
    assert findings["aris_returns", "rows_replaced"] == f"rows_replaced 5 (derbyshire, 5 of {november})"
    assert findings["intelligence", "rows_a_day"] == "volume_ratio 2.03571 (derbyshire)"
    assert findings["drug_tests", "days_without_rows"] == "rows_missing_in_quiet_days 32 (derbyshire)"
    assert findings["stop_search", "kinds_of_row"] == "pct_kinds_shift 26.7857 (derbyshire)"


def test_messages_say_what_is_wrong_where_and_when(night_with_warnings: NightRun) -> None:
    messages = {(c.subject, c.rule): c.message for c in night_with_warnings.checks if not c.passed}
    assert messages["incidents", "freshness"] == "incidents (derbyshire): covered to 2025-12-30; days late: 1"
    quarantined = "mda_orders (derbyshire): 3.0% of the rows of the latest files are in quarantine"
    assert messages["mda_orders", "share_quarantined"] == quarantined
    assert messages["drug_tests", "days_without_rows"] == (
        "drug_tests (derbyshire): no row from 2025-12-16 to 2025-12-31, where about 32 would be usual"
    )
    assert messages["crimes", "unknown_values"] == (
        "crimes (derbyshire): the latest files have values that no list knows: offence_code: 'ZZ' (8)"
    )
    assert all(text.startswith(f"{subject} ({BREAKING}): ") and "None" not in text for (subject, _), text in messages.items())
    assert not any(c.message for c in night_with_warnings.checks if c.passed)
    published_messages = published(night_with_warnings.home, "select subject, rule, message from meta.checks where not passed")
    assert {(subject, rule): message for subject, rule, message in published_messages} == messages


def test_an_earlier_version_in_use_names_the_file_to_correct(night_with_warnings: NightRun) -> None:
    (check,) = (c for c in night_with_warnings.checks if c.rule == "rows_stood_in" and not c.passed)
    name = f"exploitation_outcomes__{BREAKING}__{YEAR[0]}__{YEAR[1]}__{NEWER}.csv"
    assert check.found == f"rows_stood_in 1 (derbyshire, {name})"


def test_warnings_are_published_with_the_night(night_with_warnings: NightRun) -> None:
    assert night_with_warnings.receipt.outcome == "published" and failed(night_with_warnings.checks)
    rows = published(night_with_warnings.home, "select subject, rule, severity from meta.checks where not passed")
    assert set(rows) == failed(night_with_warnings.checks)
    assert published(night_with_warnings.home, "select warnings from meta.nights order by all desc limit 1") == [(len(rows),)]


def test_rows_that_landing_lost_hold_the_night(sample_candidate: Home, spoil: Spoil) -> None:
    """Lost, or not where the ledger says: each in its own extract. A file with a row too few and one with a row too many must
    not cancel out."""
    changes = {
        "aris_returns": "rows_in_file = rows_in_file + 1",
        "crimes": "rows_in_raw = rows_in_raw - 1",
        "incidents": "rows_in_raw = rows_in_raw + 1",
        "cash_seizures": "rows_in_quarantine = rows_in_quarantine + 1",
        "county_lines": "rows_landed = rows_landed - 1",
        "intelligence": "rows_refused = rows_refused + 1",
    }
    checks = spoil(
        sample_candidate, "extract_facts",
        "update raw.accounts set rows_in_quarantine = null, rows_in_file = rows_in_file + 1, rows_quarantined = 1"
        " where extract = 'drug_tests'",
        "insert into staging.superseded_rows select _extract, _load_id, _line, 'closed', _load_id from raw.naloxone limit 1",
        "update staging.coverage_windows set covered_from = covered_from + interval 1 year where coverage = 'community_voices'",
        *(f"update raw.accounts set {change} where extract = '{extract}'" for extract, change in changes.items()),
        "insert into raw.accounts select * replace ('again' as source_file) from raw.accounts where extract = 'mda_orders'",
        "update raw.accounts set rows_landed = rows_landed + 1 where source_file = 'again'",
        "update raw.accounts set rows_landed = rows_landed - 1 where extract = 'mda_orders' and source_file <> 'again'",
    )  # fmt: skip
    lost = {(x, rule, severity) for rule in LANDING_LOST for x, severity in EXTRACT_CASES[rule]}
    assert failed(checks) == lost | {(extract, "rows_unaccounted", "critical") for extract in (*changes, "mda_orders")}


def test_rows_of_files_that_were_published_before_are_not_judged_again(sample_candidate: Home, spoil: Spoil) -> None:
    """A warning would stay for ever: neither quarantined rows, nor withdrawn ones, nor those of erased months."""
    reasons = "(values ('withdrawn'), ('closed')) as r (reason)"
    earlier = "update raw.loads set is_tonight = false, rows_quarantined = rows_in_file"
    rows = f"select _extract, _load_id, _line, reason, _load_id from raw.{{}} cross join {reasons}"
    checks = spoil(
        sample_candidate, "extract_facts",
        *(f"insert into staging.superseded_rows {rows.format(extract)}" for extract in ("naloxone", "mda_orders")),
        # Of street crime, the newest file is tonight's.
        f"{earlier} where extract not in ('mda_orders', 'street_crime')",
        f"{earlier} where extract = 'street_crime' and covered_to < (select max(covered_to) from raw.loads where extract ="
        " 'street_crime')",
    )  # fmt: skip
    assert failed(checks) == {("mda_orders", rule, "warning") for rule in ("share_withdrawn", "rows_in_erased_months")}


def test_data_docs_show_the_value_of_a_column_that_the_sentence_names() -> None:
    """It was shown as EMPTY."""
    from great_expectations.render.util import build_count_and_index_table

    facts = pd.DataFrame({"extract": ["crimes", "naloxone"], "force_code": "derbyshire", "days_late": [0, 31], "files": [1, 2]})
    rules = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": name, "max_value": 0},
         "meta": {"rule": name, "sentence": "{files} files; days late: {days_late}"}}
        for name in ("days_late", "files")
    ]  # fmt: skip
    shown = {}
    for answer in validate_facts("facts", rules, facts)["results"]:
        fields = ("partial_unexpected_counts", "unexpected_index_list", "unexpected_count", "unexpected_list",
                  "unexpected_index_column_names")  # fmt: skip
        _, table = build_count_and_index_table(*(answer["result"][name] for name in fields))
        shown[answer["expectation_config"]["meta"]["rule"]] = [row[0] for row in table]
    assert shown == {"days_late": ["31"], "files": ["1", "2"]}
