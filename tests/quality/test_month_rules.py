"""A month that is far from the mean of the twelve months before holds the night, until a person accepts it."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from support import copy_home, each, meta_rows, night, publish_night, run_night, write_extract
from typer.testing import CliRunner

from dagster_project.audit.read import read_log
from dagster_project.cli import load_app
from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.published_explanations import AcceptedMonth, accepted_months, accepted_within
from dagster_project.core.receipts import Receipt, read_receipts, write_receipt
from dagster_project.nights.night_run import NightRun
from dagster_project.quality import gate
from dagster_project.reporting.pack.content import accepted_notes
from dagster_project.transform.accepted_months import COLUMNS as ACCEPTED
from dagster_project.transform.accepted_months import (
    Accepted,
    AcceptError,
    accept_months,
    is_flagged,
    make_month_tables,
    read_accepted,
)

RULES = ("month_far_from_the_year_before", "money_far_above_the_year_before")
COLUMNS = ("administration_ref", "administered_at")


def naloxone(inbox: Path, months: list[int], stamp: str = "20260105T020000Z", force: str = "derbyshire") -> Path:
    """A file with these numbers of administrations a month, from January 2024 on."""
    days = [
        f"{2024 + n // 12}-{n % 12 + 1:02d}-{i % 28 + 1:02d}T12:00:00" for n, rows in enumerate(months) for i in range(rows)
    ]
    last = f"{2024 + (len(months) - 1) // 12}-{(len(months) - 1) % 12 + 1:02d}-31"
    rows = each(len(days), lambda i: [f"N{i}", days[i]])
    return write_extract(inbox, "naloxone", rows, columns=COLUMNS, window=("2024-01-01", last), stamp=stamp, force=force)


def holding_checks(home: Home) -> set[tuple[str, str]]:
    """Subject and finding of each check that holds the night."""
    with night(home) as run:
        run.land()
        run.build()
        return {(c.subject, c.found) for c in gate.held_by(run.judge()) if c.rule in RULES}


LIMITS = {
    "bedfordshire": ([30] * 12, 0, True),
    "cheshire": ([40] * 12, 3, True),
    "cumbria": ([40] * 12, 4, False),
    "derbyshire": ([30] * 12, 301, True),
    "essex": ([30] * 12, 300, False),
    "kent": ([30] * 11 + [29], 0, False),
    "surrey": ([30] * 11, 0, False),
}
"""Force -> rows of each earlier month, rows of the last month, and whether that holds the night."""


def test_each_kind_of_figure_holds_the_night_beyond_its_limit(new_home: Home) -> None:
    """Twelve months of searches, orders, and tests of which two thirds are positive, then a month far from them; and LIMITS.

    30 tests with none positive hold the night; 30 with two (a tenth of the rate) and 29 with none do not. Money holds it if it
    is over a hundred times as much, and not if it is far less.
    """
    month = lambda n: f"{2024 + n // 12}-{n % 12 + 1:02d}"  # noqa: E731
    days = [(n, i, f"{month(n)}-{i % 28 + 1:02d}T12:00:00") for n in range(13) for i in range(30)]
    window = ("2024-01-01", "2025-01-31")
    columns = ("search_ref", "searched_at", "object_of_search", "object_found")
    searches = [[f"S{n}-{i}", day, "Drugs" if i % 3 else "Firearms", "Y"] for n, i, day in days if n < 12 or i < 2]
    write_extract(new_home.inbox, "stop_search", searches, columns=columns, window=window)
    columns = ("custody_ref", "arrested_at", "trigger_offence", "test_status", "result")
    for force, tests, last in (("derbyshire", 30, 0), ("kent", 30, 2), ("essex", 29, 0)):
        positive = lambda n, i, last=last: i < (20 if n < 12 else last)  # noqa: E731
        rows = [
            [f"D{n}-{i}", day, "Theft", "Completed", "Positive" if positive(n, i) else "Negative"]
            for n, i, day in days if i < tests
        ]  # fmt: skip
        write_extract(new_home.inbox, "drug_tests", rows, columns=columns, window=window, force=force)
    columns = ("order_ref", "order_date", "amount", "recipient")
    for force, last in (("derbyshire", "1"), ("kent", "5000000"), ("essex", "5000001")):
        orders = [[f"M{n}", f"{month(n)}-05", "50000" if n < 12 else last, "Police"] for n in range(13)]
        write_extract(new_home.inbox, "mda_orders", orders, columns=columns, window=window, force=force)
    for force, (before, last, _) in LIMITS.items():
        naloxone(new_home.inbox, [*before, last], force=force)
    findings = [
        f"month_to_mean {last / (sum(before) / len(before)):.6g} ({force}, naloxone_administrations, 2025-01)"
        for force, (before, last, holds) in LIMITS.items() if holds
    ]  # fmt: skip
    assert holding_checks(new_home) == {
        ("mart_naloxone", "; ".join(findings)),
        ("mart_stop_search", "month_to_mean 0.0666667 (derbyshire, searches, 2025-01)"),
        ("mart_drug_tests", "month_to_mean 0 (derbyshire, positivity_rate, 2025-01)"),
        ("mart_mda_orders", "money_to_mean 100 (essex, order_value, 2025-01)"),
    }


UNITS = {
    "Dales": [30] * 12 + [0], "High Peak": [29] * 12 + [0], "Amber Valley": [30] * 11 + [0, 30], "": [30] * 12 + [0],
    "Chesterfield": [90] * 13, "Erewash": [90, 90, 90, 0] * 3 + [0],
    **dict.fromkeys(("Derby East", "Derby North", "Derby West", "Swadlincote"), [30] * 12 + [0]),
}  # fmt: skip


class AcceptedNight(NamedTuple):
    """A published night of UNITS and of a month of Kent that a person accepted; what `pam accept` said of each month."""

    home: Home
    run: NightRun
    said: dict[str, str]


def accept(home: Home, *more: str, force: str = "derbyshire", why: str = "Closed") -> str:
    """What `pam accept` says of January 2025."""
    words = ("accept", "naloxone_administrations", "2025-01", "--force", force, "--why", why, *more, "--home", str(home.path))
    return CliRunner().invoke(load_app(), words).output


@pytest.fixture(scope="module")
def accepted_night(tmp_path_factory: pytest.TempPathFactory) -> AcceptedNight:
    """Copy its home before you change it."""
    home = Home(tmp_path_factory.mktemp("accepted") / "home").create()
    days = [
        (unit, f"{2024 + n // 12}-{n % 12 + 1:02d}-{i % 28 + 1:02d}T12:00:00")
        for unit, months in UNITS.items() for n, rows in enumerate(months) for i in range(rows)
    ]  # fmt: skip
    rows = [[f"N{i}", day, unit] for i, (unit, day) in enumerate(days)]
    write_extract(home.inbox, "naloxone", rows, columns=(*COLUMNS, "lpu"), window=("2024-01-01", "2025-01-31"))
    # Held, as in LIMITS.
    naloxone(home.inbox, [30] * 12 + [0], force="kent")
    said = {"force": accept(home), "misspelt": accept(home, "--area", "dale"), "unit": accept(home, "--area", "Dales")}
    accept(home, "--by", "A. Person", force="kent", why="The kits were recalled")
    return AcceptedNight(home, publish_night(home), said)


def test_a_unit_that_falls_to_zero_is_a_warning_until_it_is_accepted(accepted_night: AcceptedNight, tmp_path: Path) -> None:
    """The newest month has none, after 30 administrations a month: up to three units are named. No warning after 29, in an
    older month, for rows whose unit is not recorded, or if an earlier month had none. Accepting a month of the force ends no
    warning of a unit; accepting that of a unit ends its own only.
    """
    assert "no rule of the last checked night found fault with it" in accepted_night.said["force"]
    assert "is Dales meant" in accepted_night.said["misspelt"]
    assert "naloxone_administrations of dales of derbyshire in 2025-01 passes" in accepted_night.said["unit"]
    (warning,) = (c for c in accepted_night.run.checks if c.rule == "unit_without_events" and not c.passed)
    assert (warning.subject, warning.severity) == ("mart_naloxone", "warning")
    assert warning.found == "units_without_events 4 (derbyshire, naloxone_administrations, derby-east)"
    assert warning.message == (
        "Naloxone administrations in mart_naloxone (derbyshire): 0 for Derby East, Derby North, Derby West in 2025-01, and in"
        " none of the twelve months before; units that fell to 0: 4"
    )
    accepted = [row["area_code"] for row in meta_rows(accepted_night.home, "accepted_months") if row["area_code"] != "kent"]
    assert sorted(accepted) == ["dales", "derbyshire"]
    home = copy_home(accepted_night.home, tmp_path / "home")
    assert "no rule" not in accept(home, "--area", "Derby East") and "no rule" in accept(home, "--area", "Chesterfield")
    # A list of an earlier version has no areas: its months are those of the force.
    path = home.seeds / "accepted_months.csv"
    first, second, *_ = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rpartition(",")[0] for line in (first, second)), encoding="utf-8")
    assert [month.area_code for month in read_accepted(home)] == ["derbyshire"]
    path.write_text("measure,month,force_code\nnaloxone_administrations,2025-01,derbyshire\n", encoding="utf-8")
    with pytest.raises(AcceptError, match="line 1: the header lacks 'why'"):
        read_accepted(home)


@pytest.mark.parametrize("month", ["2025-13", "13-2025", "Jan 2025", ""])
def test_a_month_that_is_none_is_named_with_its_line_and_what_to_write(tmp_path: Path, month: str) -> None:
    home = Home(tmp_path / "home").create()
    home.seeds.mkdir()
    rows = [f"naloxone_administrations,{m},derbyshire,Closed,A. Person,2026-01-03,dales" for m in ("2025-01", month)]
    (home.seeds / "accepted_months.csv").write_text("\n".join([",".join(ACCEPTED), *rows]), encoding="utf-8")
    reason = f"seeds/accepted_months.csv: line 3: month '{month}' is not a month: write it as 2025-04. Correct it, or take"
    with pytest.raises(AcceptError, match=re.escape(reason)):
        read_accepted(home)


def test_a_list_of_accepted_months_as_excel_and_people_save_it(tmp_path: Path) -> None:
    """The mark that Excel puts first is no part of the header, a bad byte is counted from the file's first, and a line may end
    early."""
    home = Home(tmp_path / "home").create()
    home.seeds.mkdir()
    path = home.seeds / "accepted_months.csv"
    row = "naloxone_administrations,2025-01,derbyshire,Closed,A. Person,2026-01-03,dales"
    path.write_text("\n".join([",".join(ACCEPTED), row]), encoding="utf-8-sig")
    assert [month.measure for month in read_accepted(home)] == ["naloxone_administrations"]
    path.write_text("\n".join([",".join(ACCEPTED), row, "naloxone_administrations"]), encoding="utf-8")
    with pytest.raises(AcceptError, match="line 3: month '' is not a month: write it as 2025-04"):
        read_accepted(home)
    text = "\n".join([",".join(ACCEPTED), *[row] * 400]).encode("utf-8")
    path.write_bytes(text[:23456] + b"\xe9" + text[23457:])
    with pytest.raises(AcceptError, match=r"not UTF-8 \(byte 23457\)"):
        read_accepted(home)


def test_an_accepted_month_is_published_on_record(accepted_night: AcceptedNight) -> None:
    home = accepted_night.home
    pam = lambda *args: CliRunner().invoke(load_app(), [*args, "--home", str(home.path)])  # noqa: E731
    assert pam("accept", "Naloxone administrations", "2025-01", "--force", "derbyshire", "--why", "").exit_code == 1
    assert pam("accept", "naloxone", "2025-01", "--force", "derbyshire", "--why", "x").exit_code == 1
    assert pam("accept", "naloxone_administrations", "13-2025", "--force", "derbyshire", "--why", "x").exit_code == 1
    assert accepted_night.run.receipt.outcome == "published"
    (accepted,) = (row for row in meta_rows(home, "accepted_months") if row["area_code"] == "kent")
    assert (accepted["month"], accepted["why"], accepted["accepted_by"]) == ("2025-01", "The kits were recalled", "A. Person")
    trace = ("trace", "naloxone_administrations", "--force", "kent", "--from")
    assert "was accepted: The kits were recalled" in pam(*trace, "2025-01-01", "--to", "2025-01-31").stdout
    assert "was accepted" not in pam(*trace, "2024-02-01", "--to", "2024-12-31").stdout
    assert any("accepted month" in str(line) for line in read_log(home))


def history(inbox: Path) -> None:
    """Three years of naloxone and stop and search, and two of orders: five odd months in three measures."""
    window = ("2023-01-01", "2025-12-31")
    naloxone(inbox, [40] * 14 + [0] + [40] * 5 + [500] + [40] * 3)
    counts = [40] * 12 + [3, 40, 2] + [40] * 21
    month = lambda n: f"{2023 + n // 12}-{n % 12 + 1:02d}"  # noqa: E731
    days = [f"{month(n)}-{i % 28 + 1:02d}T12:00:00" for n, rows in enumerate(counts) for i in range(rows)]
    columns = ("search_ref", "searched_at", "object_of_search", "object_found")
    searches = each(len(days), lambda i: [f"S{i}", days[i], "Firearms", "Y"])
    write_extract(inbox, "stop_search", searches, columns=columns, window=window)
    orders = [[f"M{n}", f"{month(n)}-05", "50000" if n != 30 else "6000000", "Police"] for n in range(36)]
    write_extract(inbox, "mda_orders", orders, columns=("order_ref", "order_date", "amount", "recipient"), window=window)


ODD = {
    "Naloxone administrations in mart_naloxone (derbyshire): 2025-03 has 0 against 40, 2025-09 has 500 against 36.67, the mean"
    " of the twelve complete months before",
    "Searches in mart_stop_search (derbyshire): 2024-01 has 3 against 40, 2024-03 has 2 against 36.92, the mean of the twelve"
    " complete months before",
    "Value of Misuse of Drugs Act orders in mart_mda_orders (derbyshire): 2025-07 has 6,000,000 against 50,000 pounds, the mean"
    " of the twelve complete months before",
}


@pytest.mark.long
def test_a_night_names_all_odd_months_of_a_history_and_one_command_accepts_them(new_home: Home) -> None:
    """Accepting some leaves the others, and the id of an earlier night accepts none: what it found may have changed."""
    pam = lambda *args: CliRunner().invoke(load_app(), [*args, "--home", str(new_home.path)])  # noqa: E731
    history(new_home.inbox)
    first = pam("nightly")
    (held,) = read_receipts(new_home)
    assert (first.exit_code, held.outcome) == (1, "held")
    assert {c["message"] for c in held.checks if not c["passed"] and c["rule"] in RULES} == ODD
    command = f"pam accept --night {held.night_id} --why"
    for shown in (first.stdout, pam("checks").stdout):
        assert all(text in shown for text in (command, *ODD))
    assert all(message in first.stderr and message in held.reason for message in ODD)
    assert f"Night {held.night_id} is held back; nothing is published yet. " in first.stderr
    assert first.stderr.endswith(". What to do: pam checks\n") and "What to do: pam checks" in pam("status").stdout
    accept = ("accept", "--night", held.night_id, "--why", "Operation Kestrel, and the old system was down")
    assert pam(*accept, "--force", "kent").exit_code == 1
    assert pam("accept", "--night", "20200101T020000Z", "--why", "x").exit_code == 1
    assert pam(*accept, "2025-03").exit_code == 1, "2025-03 is no measure"
    assert pam(*accept, "searches", "2024-01").exit_code == 2
    assert pam("accept", "searches", "--force", "derbyshire", "--why", "x").exit_code == 2
    assert read_accepted(new_home) == []
    some = pam(*accept, "searches")
    assert some.stdout == "searches of derbyshire in 2024-01, 2024-03 pass from the next night on\n" and not some.stderr
    again = run_night(new_home).receipt
    assert again.outcome == "held"
    left = {c["message"] for c in again.checks if not c["passed"] and c["rule"] in RULES}
    assert left == {message for message in ODD if "Searches" not in message}
    assert pam(*accept).exit_code == 1, "it is not the last night any more"
    rest = pam("accept", "--night", again.night_id, "--why", "Operation Kestrel")
    assert rest.exit_code == 0 and not rest.stderr
    assert run_night(new_home).receipt.outcome == "published"
    assert sorted((a["measure"], a["month"]) for a in meta_rows(new_home, "accepted_months")) == [
        ("naloxone_administrations", "2025-03"), ("naloxone_administrations", "2025-09"), ("order_value", "2025-07"),
        ("searches", "2024-01"), ("searches", "2024-03"),
    ]  # fmt: skip
    assert sum("accepted month" in str(line) for line in read_log(new_home)) == 5


def test_several_months_of_a_measure_are_accepted_together(new_home: Home) -> None:
    pam = lambda *args: CliRunner().invoke(load_app(), [*args, "--home", str(new_home.path)])  # noqa: E731
    words = ("Stop_search.searches", "2024-03", "Jan 2024", "2024-03", "--force", "Derbyshire Constabulary")
    done = pam("accept", *words, "--why", "The system was down")
    assert done.stdout == "searches of derbyshire in 2024-03, 2024-01 pass from the next night on\n"
    assert "found fault with 2024-03, 2024-01:" in done.stderr
    assert [(a.month, a.why) for a in read_accepted(new_home)] == [
        ("2024-03", "The system was down"), ("2024-01", "The system was down"),
    ]  # fmt: skip
    # The last reason counts; of a unit the month is another.
    for unit, why in (("dales", "The unit moved"), ("", "Operation Kestrel")):
        accept_months(new_home, "searches", ["2024-03"], "derbyshire", by="A. Person", why=why, unit=unit)
    assert [(a.month, a.area_code, a.why) for a in read_accepted(new_home)] == [
        ("2024-01", "derbyshire", "The system was down"), ("2024-03", "dales", "The unit moved"),
        ("2024-03", "derbyshire", "Operation Kestrel"),
    ]  # fmt: skip
    with locked(new_home), pytest.raises(RuntimeError, match="under way"):
        accept_months(new_home, "searches", ["2024-04"], "derbyshire", by="A. Person", why="x")


@pytest.mark.parametrize(("more", "is_seen"), [("", False), (" and 2 more", True)])
def test_a_unit_may_be_among_those_that_a_check_does_not_name(new_home: Home, more: str, is_seen: bool) -> None:
    check = {"rule": "unit_without_events", "passed": False, "found": f"units 5 (derbyshire, searches, dales){more}"}
    at = "2026-01-05T02:00:00Z"
    write_receipt(new_home, Receipt("20260105T020000Z", "published", at, at, checks=[check]))
    accepted = Accepted("searches", "2025-01", "derbyshire", "Closed", "A. Person", at, "erewash")
    assert is_flagged(new_home, accepted) == is_seen and is_flagged(new_home, replace(accepted, area_code="dales"))


def test_a_unit_of_another_force_is_none_of_this_one(new_home: Home) -> None:
    new_home.seeds.mkdir()
    header = "force_code,section_code,section_name,lpu_code,lpu_name"
    (new_home.seeds / "areas.csv").write_text(f"{header}\nkent,east,East,dover,Dover\n", encoding="utf-8")
    accept = ("accept", "searches", "2024-03", "--force", "derbyshire", "--why", "x", "--home", str(new_home.path), "--area")
    result = CliRunner().invoke(load_app(), [*accept, "Dover"])
    assert result.exit_code == 1 and "no area is called 'Dover' (there are lpu: Amber Valley, " in result.stderr
    assert (
        CliRunner()
        .invoke(load_app(), [*accept, "HIGH PEAK"])
        .stdout.startswith("searches of high-peak of derbyshire in 2024-03 ")
    )


def test_complete_months_of_forces_alone_count_as_published(new_home: Home) -> None:
    """A month that stays as published is not judged again."""
    row = {
        "mart": "mart_mda_orders", "force_code": "kent", "measure": "order_value", "area_type": "force", "category": "all",
        "period_type": "month", "data_status": "complete",
    }  # fmt: skip
    others = [
        {"area_type": "lpu"}, {"category": "Police"}, {"period_type": "calendar_year"}, {"data_status": "partial"},
        {"measure": "orders_below_1000"},
    ]  # fmt: skip
    new_home.warehouse.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(new_home.warehouse)) as con:
        con.execute(f"create table measures ({', '.join(f'{c} varchar' for c in row)}, period_end date, value decimal(18, 2))")
        for n, change in enumerate([{}, *others]):
            con.execute(f"insert into measures values ({'?, ' * len(row)} '2025-01-31', ?)", [*(row | change).values(), n])
        con.execute("create schema marts")
        con.execute("create table marts.measures as from measures")
    with duckdb.connect() as con:
        con.execute("create schema raw")
        make_month_tables(con, new_home)
        assert con.execute("from raw.published_months").fetchall() == [("mart_mda_orders", "kent", "order_value", 24300, 0)]


def test_a_table_of_the_report_notes_its_accepted_months() -> None:
    cell = {"answer_id": 1, "mart": "mart_naloxone", "measure": "naloxone_administrations"}
    january = cell | {"period_start": date(2025, 1, 1), "period_end": date(2025, 1, 31)}
    before = cell | {"period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31)}
    accepted = [AcceptedMonth("naloxone_administrations", "2025-01", "The kits were recalled")]
    note = (
        "naloxone_administrations of 2025-01 is far from the mean of the twelve months before, and was accepted: The kits were"
        " recalled"
    )
    assert accepted_notes([before, january, january], accepted, {}) == [note]
    assert accepted_notes([before, january | {"answer_id": None}], accepted, {}) == []
    assert accepted_notes([january | {"measure": "kits_issued"}], accepted, {}) == []


def test_months_that_are_noted_are_those_of_the_force_and_not_of_its_units() -> None:
    with duckdb.connect() as con:
        con.execute(
            "create schema meta; create table meta.accepted_months as from (values ('n', '2025-02', 'f', 'Closed', 'u'),"
            " ('n', '2025-01', 'f', 'Recalled', 'f'), ('n', '2025-03', 'g', 'Flood', 'g'))"
            " as t (measure, month, force_code, why, area_code)"
        )
        assert accepted_months(con, "f") == [("n", "2025-01", "Recalled")]
        con.execute("alter table meta.accepted_months drop column area_code")
        assert len(accepted_months(con, "f")) == 2, "a night of an earlier version has no areas"


def test_accepted_months_of_a_window_are_those_of_its_measures_that_it_touches() -> None:
    months = ("2024-12", "2025-01", "2025-03", "2025-04")
    accepted = [AcceptedMonth(measure, month, "Closed") for measure in "no" for month in months]
    first, last = date(2025, 1, 31), date(2025, 3, 1)
    assert [a[:2] for a in accepted_within(accepted, {"n"}, first, last)] == [("n", "2025-01"), ("n", "2025-03")]
    assert [a.month for a in accepted_within(accepted, {"o"}, None, last)] == ["2024-12", "2025-01", "2025-03"]
