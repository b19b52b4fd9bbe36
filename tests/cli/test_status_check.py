"""`pam status --check`: one line and an exit code for a monitoring program, even where no night ran."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support import TODAY, land_night, write_extract

from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.receipts import read_receipts, write_receipt
from dagster_project.landing.refusal import WAITS
from dagster_project.nights import health
from dagster_project.nights.health import find_problems
from dagster_project.nights.interrupted_nights import mark_path

MORNING = datetime(TODAY.year, TODAY.month, TODAY.day, 8, tzinfo=UTC)


@pytest.fixture
def published_at_two(sample_copy: Home) -> Home:
    """The sample, published at 2 a.m. on the day after its last extract is due."""
    (receipt,) = read_receipts(sample_copy)
    write_receipt(sample_copy, replace(receipt, finished_at=f"{TODAY}T02:01:00Z", started_at=f"{TODAY}T02:00:00Z"))
    return sample_copy


def without_late(problems: list[str]) -> list[str]:
    return [line for line in problems if not line.startswith("late: ")]


def test_no_publication_is_critical(pam: Callable, new_home: Home, tmp_path) -> None:
    for home in (new_home, Home(tmp_path / "nowhere")):
        result = pam("status", "--check", "--home", home.path)
        assert (result.exit_code, result.stdout) == (2, "PAM CRITICAL: nothing is published\n")
    assert not (tmp_path / "nowhere").exists()


def test_an_old_publication_is_a_problem_and_a_fresh_one_is_not(published_at_two: Home) -> None:
    assert without_late(find_problems(published_at_two, 26, MORNING)) == []
    assert without_late(find_problems(published_at_two, 26, MORNING + timedelta(hours=20))) == []
    (problem,) = without_late(find_problems(published_at_two, 26, MORNING + timedelta(hours=21)))
    assert problem.startswith("the publication is 27 hours old, more than 26: night ")
    assert without_late(find_problems(published_at_two, 4, MORNING)) != []


def test_a_publication_of_later_than_now_is_a_problem(published_at_two: Home) -> None:
    """A clock that was a year ahead for one night: until that year is over the publication would never be old."""
    assert without_late(find_problems(published_at_two, 26, MORNING - timedelta(hours=6.5))) == []
    (problem,) = without_late(find_problems(published_at_two, 26, MORNING - timedelta(days=365)))
    assert problem == f"the publication is of {TODAY}T02:01+00:00, later than now: set the machine's clock, then pam nightly"


def test_a_home_that_others_can_enter_is_the_first_problem(published_at_two: Home) -> None:
    """No night runs in it, and others may read rows."""
    published_at_two.path.chmod(0o755)
    first, *_ = find_problems(published_at_two, 26, MORNING)
    assert "can be read or entered by others than its owner" in first and "chmod 700" in first


def test_an_unchanged_night_confirms_the_publication(published_at_two: Home) -> None:
    (receipt,) = read_receipts(published_at_two)
    at = (MORNING + timedelta(hours=18)).isoformat()
    unchanged = {"night_id": "20991231T020000Z", "outcome": "unchanged", "stands": receipt.night_id}
    write_receipt(published_at_two, replace(receipt, started_at=at, finished_at=at, **unchanged))
    assert without_late(find_problems(published_at_two, 26, MORNING + timedelta(hours=40))) == []


def test_late_extracts_are_named_up_to_a_limit(published_at_two: Home) -> None:
    (problem,) = find_problems(published_at_two, 26, MORNING)
    assert problem.startswith("late: intelligence (derbyshire) ")
    (late,) = [s for s in find_problems(published_at_two, 1e6, MORNING + timedelta(days=1000)) if s.startswith("late")]
    assert " more" in late and len(late) < 400


@pytest.mark.parametrize("outcome", ["held", "failed"])
def test_a_last_night_that_was_held_or_failed_is_a_problem(published_at_two: Home, outcome: str) -> None:
    (receipt,) = read_receipts(published_at_two)
    later = replace(receipt, night_id="20990103T030000Z", started_at=f"{TODAY}T03:00:00Z", outcome=outcome, reason="x: y")
    write_receipt(published_at_two, later)
    (problem,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert problem == f"night 20990103T030000Z {'is held' if outcome == 'held' else 'failed'}: x: y"
    rollback = {"night_id": "20990103T040000Z", "started_at": f"{TODAY}T04:00:00Z", "republished": receipt.night_id}
    write_receipt(published_at_two, replace(receipt, outcome="failed", **rollback))
    assert without_late(find_problems(published_at_two, 26, MORNING)) == [problem], "a rollback is no night"


def test_a_night_that_postgresql_lacks_is_a_problem(published_at_two: Home) -> None:
    (receipt,) = read_receipts(published_at_two)
    write_receipt(published_at_two, replace(receipt, postgres={"outcome": "failed", "reason": "no answer"}))
    (problem,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert problem == f"night {receipt.night_id} is not in PostgreSQL: no answer"


@pytest.mark.parametrize("outcome", [None, "held", "failed"])
def test_a_rollback_that_postgresql_lacks_is_a_problem_after_later_nights_too(
    published_at_two: Home, outcome: str | None
) -> None:
    """Until one is published, PostgreSQL serves what was taken back."""
    (receipt,) = read_receipts(published_at_two)
    lacks = {"outcome": "failed", "reason": "no answer"}
    write_receipt(
        published_at_two,
        replace(receipt, night_id="20990103T040000Z", outcome="rolled back", republished=receipt.night_id, postgres=lacks),
    )
    if outcome:
        write_receipt(published_at_two, replace(receipt, night_id="20990104T040000Z", outcome=outcome))
    told = f"night {receipt.night_id} is published again, but not in PostgreSQL: no answer"
    assert told in without_late(find_problems(published_at_two, 26, MORNING))


def test_a_rollback_that_postgresql_has_leaves_no_problem(published_at_two: Home) -> None:
    (receipt,) = read_receipts(published_at_two)
    write_receipt(published_at_two, replace(receipt, postgres={"outcome": "failed", "reason": "no answer"}))
    write_receipt(
        published_at_two,
        replace(receipt, night_id="20990103T040000Z", outcome="rolled back", republished=receipt.night_id,
                postgres={"outcome": "loaded"}),
    )  # fmt: skip
    assert without_late(find_problems(published_at_two, 26, MORNING)) == []


def test_a_night_without_a_receipt_and_one_that_runs_too_long_are_problems(published_at_two: Home) -> None:
    mark_path(published_at_two).write_text(f'{{"night_id": "n", "started_at": "{TODAY}T01:00:00Z"}}')
    (problem,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert problem == f"the night that began at {TODAY}T01:00:00Z ended without a receipt"
    with locked(published_at_two):
        (problem,) = without_late(find_problems(published_at_two, 26, MORNING))
        assert problem == f"a night has been under way since {TODAY}T01:00:00Z, 7 hours"
        assert without_late(find_problems(published_at_two, 26, MORNING - timedelta(hours=2))) == []


def test_unreadable_settings_and_files_are_problems(published_at_two: Home) -> None:
    published_at_two.config_file.write_text("[keep]\npublications = 0\n")
    (problem,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert problem.startswith("pam.toml: keep.publications")
    published_at_two.config_file.unlink()
    published_at_two.warehouse.write_bytes(b"not a database")
    assert "the published file can't be read" in find_problems(published_at_two, 26, MORNING)
    (published_at_two.nights / "x.json").write_text("{")
    (problem,) = find_problems(published_at_two, 26, MORNING)
    assert problem.startswith("the home can't be read: ")


def test_a_refused_file_is_a_problem_for_a_fortnight(new_home: Home) -> None:
    write_extract(new_home.inbox, "school_inputs", [["I1"]], columns=["input_ref"])
    (entry,) = land_night(new_home)
    landed_at = datetime.fromisoformat(entry.landed_at)
    for days, is_shown in ((13, True), (15, False)):
        problems = find_problems(new_home, 1e6, landed_at + timedelta(days=days))
        assert any(f"{entry.source_file} is refused" in problem for problem in problems) == is_shown


def test_files_that_wait_for_their_mapping_are_problems_up_to_a_limit(published_at_two: Home) -> None:
    (receipt,) = read_receipts(published_at_two)
    files = [{"source_file": f"f{n}.csv", "reason": f"{WAITS}: mappings/odd.yml: x"} for n in range(11)]
    for number, more in ((10, []), (11, ["and 1 more file: pam status"])):
        write_receipt(published_at_two, replace(receipt, files=files[:number]))
        problems = without_late(find_problems(published_at_two, 26, MORNING))
        assert problems[0] == f"file f0.csv waits: {WAITS}: mappings/odd.yml: x" and problems[10:] == more


def test_the_command_prints_one_line_and_exits_2(pam: Callable, published_at_two: Home) -> None:
    result = pam("status", "--check", "--max-age", "1000000000", "--home", published_at_two.path)
    assert result.exit_code == 2 and result.stdout.startswith("PAM CRITICAL: late: ") and result.stdout.count("\n") == 1


def test_the_gates_warnings_of_the_published_night_are_a_warning(
    pam: Callable, published_at_two: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is late is no warning here: it is critical, as of today."""
    check = dict.fromkeys(("suite", "subject", "found", "reason", "advice"), "") | {"severity": "warning", "passed": False}
    checks = [check | {"rule": rule, "message": f"It is {rule}"} for rule in ("freshness", "share_quarantined")]
    checks += [check | {"rule": "held", "severity": "critical"}, check | {"rule": "fine", "passed": True}]
    (receipt,) = read_receipts(published_at_two)
    monkeypatch.setattr("dagster_project.cli.status.find_problems", lambda *_: [])
    for failed, line in ((checks, "PAM WARNING: It is share_quarantined [share_quarantined]\n"), ([], "PAM OK\n")):
        write_receipt(published_at_two, replace(receipt, checks=failed))
        result = pam("status", "--check", "--home", published_at_two.path)
        assert (result.exit_code, result.stdout) == (1 if failed else 0, line)
    write_receipt(published_at_two, replace(receipt, checks=checks[1:2] * 12))
    lines = health.find_warnings(published_at_two)
    assert len(lines) == 11 and lines[-1] == "and 2 more: pam status"


def test_receipts_and_the_ledger_are_read_once(published_at_two: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the receipts of five years, each reading took two seconds."""
    read = []
    for name in ("read_receipts", "read_ledger"):
        function = getattr(health, name)
        monkeypatch.setattr(health, name, lambda home, name=name, function=function: read.append(name) or function(home))
    find_problems(published_at_two, 26, MORNING)
    assert sorted(read) == ["read_ledger", "read_receipts"]


def test_a_publication_without_figures_is_a_problem(published_at_two: Home) -> None:
    """A night on an empty inbox publishes this: it succeeds though no extract ever arrived."""
    (receipt,) = read_receipts(published_at_two)
    for figures in ({}, {"mart_naloxone": 0}):
        write_receipt(published_at_two, replace(receipt, figures=figures))
        (problem,) = without_late(find_problems(published_at_two, 26, MORNING))
        assert problem.startswith("the publication has no figures: have extracts dropped")
    # The receipt of a stopped night may not know its figures.
    write_receipt(published_at_two, replace(receipt, figures={}, sha256=""))
    assert without_late(find_problems(published_at_two, 26, MORNING)) == []


def test_an_unknown_group_in_the_settings_is_named(published_at_two: Home) -> None:
    published_at_two.config_file.write_text('[publish]\ngroup = "no such group"\n', encoding="utf-8")
    (problem,) = without_late(find_problems(published_at_two, 26, MORNING))
    assert problem.startswith("pam.toml: publish.group: this machine has no group 'no such group': name one")
