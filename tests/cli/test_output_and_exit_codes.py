"""The output of `pam`: queries in each format, the state of a home, clear errors and exit codes."""

import csv
import io
import json

import pytest
from support import OFFENCES, land_night, write_extract

ORDERS = ["order_ref", "order_date", "amount", "recipient"]


def test_the_query_of_the_readme(pam, sample_home):
    result = pam("query", OFFENCES, "--format", "csv", "--home", sample_home.path)
    assert (result.exit_code, result.stdout) == (0, "value,prior_value\n2187,1649\n")
    result = pam("query", OFFENCES, "--home", sample_home.path)
    assert result.exit_code == 0
    assert result.stdout.split() == ["value", "prior_value", *result.stdout.split()[2:]]
    assert "2187" in result.stdout and "1649" in result.stdout


def test_json_keeps_every_digit(pam, sample_home):
    sql = "select 32.6258338387::decimal(28,10) as pct, 12345678901234567.25::decimal(28,10) as money, null as nothing"
    result = pam("query", sql, "--format", "json", "--home", sample_home.path)
    assert result.exit_code == 0
    assert '"money": 12345678901234567.25' in result.stdout
    assert json.loads(result.stdout)[0]["pct"] == 32.6258338387
    assert json.loads(result.stdout)[0]["nothing"] is None


def test_csv_writes_null_as_nothing_and_zero_as_zero(pam, sample_home):
    sql = "select null::decimal(28,10) as a, 0::decimal(28,10) as b, 100::decimal(28,10) as c, date '2025-10-31' as d"
    result = pam("query", sql, "--format", "csv", "--home", sample_home.path)
    assert list(csv.reader(io.StringIO(result.stdout)))[1] == ["", "0", "100", "2025-10-31"]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "from '/etc/passwd'",
        "attach '/tmp/other.duckdb'",
        "copy (select 1) to '/tmp/out.csv'",
        "create table marts.mine as select 1",
        "delete from marts.mart_incidents",
        "set enable_external_access = true",
        "install httpfs",
        "select * from glob('/*')",
    ],
)
def test_a_query_reaches_only_the_figures(pam, sample_home, sql):
    result = pam("query", sql, "--home", sample_home.path)
    assert result.exit_code == 1
    assert result.stderr.startswith("pam: ")
    assert "Traceback" not in result.stderr


def test_a_query_of_an_unknown_table_is_an_error(pam, sample_home):
    result = pam("query", "select * from marts.mart_incident", "--home", sample_home.path)
    assert result.exit_code == 1
    assert "mart_incident" in result.stderr


def test_an_unknown_format_is_a_usage_error(pam, sample_home):
    assert pam("query", "select 1", "--format", "xml", "--home", sample_home.path).exit_code == 2
    assert pam("trace", "possession_offences", "--format", "xml", "--home", sample_home.path).exit_code == 2


def test_a_home_without_a_published_night(pam, new_home, tmp_path):
    for form in ((), ("--format", "parquet", "--out", tmp_path / "answer")):
        result = pam("query", "select 1", *form, "--home", new_home.path)
        assert result.exit_code == 1
        assert "pam nightly" in result.stderr
    assert "nothing yet: `pam nightly`" in pam("status", "--home", new_home.path).stdout
    assert "there is no such folder" in pam("status", "--home", new_home.path / "mistyped").stdout
    assert json.loads(pam("status", "--json", "--home", new_home.path).stdout)["published"] is None


@pytest.mark.parametrize(
    "call",
    [
        ["accept", "searches", "2025-01", "--force", "kent", "--why", "w"],
        ["alerts"],
        ["audit", "show"],
        ["audit", "verify"],
        ["edition", "check"],
        ["edition", "freeze", "2026-03"],
        ["edition", "list"],
        ["edition", "new", "2026-09"],
        ["edition", "revisions", "2026-03"],
        ["key", "show"],
        ["postgres", "load"],
        ["postgres", "status"],
        ["postgres", "user", "add", "dora"],
        ["quarantine"],
        ["release"],
        ["vocabulary"],
        ["vocabulary", "accept", "crimes", "offence_code", "X", "--counts-as", "nothing"],
    ],
)
def test_a_mistyped_home_is_not_one_where_all_is_well(pam, tmp_path, call):
    """`pam audit verify` found all as it was written; `accept` and three others made the home."""
    result = pam(*call, "--home", tmp_path / "mistyped")
    assert result.exit_code == 1 and "no such folder (is --home, or PAM_HOME, the right one?)" in result.stderr
    assert result.stdout == "" and not (tmp_path / "mistyped").exists()


def test_checks_of_a_night_without_a_receipt_are_not_those_of_a_published_one(pam, sample_copy):
    assert "Passed    " not in pam("checks", "--home", sample_copy.path).stdout
    for receipt in sample_copy.nights.glob("*Z.json"):
        receipt.unlink()
    assert "(not finished): 0 of 0 checks passed" in pam("checks", "--home", sample_copy.path).stdout


def test_accept_needs_a_force_and_no_area_of_a_night(pam, new_home):
    for call in (["searches", "2025-10"], ["--night", "20260126T020000Z", "--area", "Dover"]):
        assert pam("accept", *call, "--why", "w", "--home", new_home.path).exit_code == 2, call
    result = pam("accept", "searches", "2025-10", "--force", " Kent", "--why", "w", "--home", new_home.path)
    assert result.stdout == "searches of kent in 2025-10 passes from the next night on\n"
    assert "no rule of the last checked night found fault with it: whatever comes" in result.stderr


def test_accepted_units_are_said_to_be_in_no_figure_of_a_unit(pam, new_home):
    """A line that was pasted for a unit that was renamed makes it 0 in earlier months."""
    for extract, column, value, is_told in (("naloxone", "lpu", "Dover", True), ("crimes", "offence_code", "99X", False)):
        told = pam("vocabulary", "accept", extract, column, value, "--counts-as", "nothing", "--home", new_home.path).stdout
        assert ("seeds/unit_names.csv" in told.replace("\n", " ")) is is_told, told


def test_status_of_the_sample(pam, sample_home):
    status = json.loads(pam("status", "--json", "--home", sample_home.path).stdout)
    assert status["published"]["outcome"] == "published"
    assert status["missing"] == status["held"] == status["refused"] == status["quarantined"] == []
    assert sum(status["published"]["figures"].values()) > 100_000


def test_usage_errors_of_nightly(pam, tmp_path):
    assert pam("nightly", "--inbox", tmp_path / "none", "--home", tmp_path / "h").exit_code == 2
    assert pam("nightly", "--sample", "--inbox", tmp_path, "--home", tmp_path / "h").exit_code == 2
    assert pam("nightly", "--everything").exit_code == 2


def test_a_night_reports_the_outcome_of_each_file(pam, new_home, tmp_path):
    columns = ["administration_ref", "administered_at", "lpu"]
    good = [["N1", "2025-01-05 10:00", "Chesterfield"], ["N2", "31/01/2025 23:59", ""], ["N3", "soon", ""]]
    write_extract(tmp_path / "in", "naloxone", good, columns=columns)
    (tmp_path / "in" / "notes.csv").write_text("a,b\n1,2\n")
    write_extract(tmp_path / "before", "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=ORDERS)
    land_night(new_home, tmp_path / "before")
    drifted = write_extract(
        tmp_path / "in", "mda_orders", [["M1", "2025-05-01", "10", "Police", "x"]], columns=[*ORDERS, "Case [b]"],
        stamp="20260106T020000Z",
    )  # fmt: skip
    new_home.editions.mkdir(exist_ok=True)
    (new_home.editions / "2026-09.yml").write_text("tables: 3\n", encoding="utf-8")
    result = pam("nightly", "--inbox", tmp_path / "in", "--home", new_home.path)
    assert result.exit_code == 0, result.stderr
    assert "notes.csv" in result.stdout and "is published" in result.stdout and "No new file" not in result.stdout
    again = pam("nightly", "--home", new_home.path)
    assert "No new file." in again.stdout
    for night in (result, again):
        assert "Edition 2026-09 is not printed until it is corrected: " in night.stdout + night.stderr
    assert f"note {drifted.name}: new column, not stored: Case [b]" in result.stdout
    status = json.loads(pam("status", "--json", "--home", new_home.path).stdout)
    assert [(q["extract"], q["rows"]) for q in status["quarantined"]] == [("naloxone", 1)]
    assert [r["source_file"] for r in status["refused"]] == ["notes.csv"]
    assert "naloxone" not in status["missing"] and "incidents" in status["missing"]
    assert sorted(p.name for p in (tmp_path / "in").iterdir())[-1] == "notes.csv"
    sql = (
        "select area_name, value from marts.mart_naloxone where period_type = 'month' and period_label = 'Jan 2025'"
        " and area_type <> 'section' and (value > 0 or area_type = 'force') order by value desc, area_name"
    )
    rows = list(csv.reader(io.StringIO(pam("query", sql, "-f", "csv", "--home", new_home.path).stdout)))
    assert rows[1:] == [["Derbyshire Constabulary", "2"], ["Chesterfield", "1"], ["Not recorded", "1"]]
    result = pam("nightly", "--sample", "--home", new_home.path)
    assert result.exit_code == 1 and "home of its own" in result.stderr


@pytest.mark.parametrize("command", ["nightly", "status", "query", "sample"])
def test_every_command_has_help(pam, command):
    result = pam(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout
