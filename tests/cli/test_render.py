"""What `pam nightly`, `pam status`, `pam publications`, `pam alerts` and `pam replay --check` print of a receipt, a state or a
comparison, each of which is made here by hand."""

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest
from support import write_extract

from dagster_project.cli import night_progress, render_alerts, render_history, render_night, render_status
from dagster_project.core.home import Home
from dagster_project.core.receipts import Receipt, read_receipts, receipt_path, write_receipt
from dagster_project.core.terminal_console import Console
from dagster_project.landing.refusal import CHANGED, CHANGED_MEANWHILE, MIXED, OPEN_FOR_WRITING, WAITS
from dagster_project.nights import end_night, night_state
from dagster_project.nights.replay import COLUMNS, NightComparison
from dagster_project.nights.status import status
from dagster_project.publishing.kept_nights import publication_of

CRIMES = {"extract": "crimes", "force_code": "kent", "covered_from": "2025-01-01", "covered_to": "2025-01-31",
          "outcome": "accepted"}  # fmt: skip
CRITICAL = {"severity": "critical", "rule": "numbers", "passed": False, "suite": "marts", "subject": "m", "found": "1",
            "reason": "Sums must agree.", "advice": "Look."}  # fmt: skip


def of_receipt(home: Home, capsys: pytest.CaptureFixture, outcome: Any = "published", **facts: Any) -> str:
    render_night.show_receipt(Console(width=200), Receipt("n1", outcome, "", "", **facts), home)
    return "".join(f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines() if line.strip())


def of_state(new_home: Home, capsys: pytest.CaptureFixture, **changes: Any) -> dict[str, str]:
    """What `pam status` prints of a home whose state has these changes, by the label of the line."""
    render_status.show_status(status(new_home) | changes)
    lines: dict[str, str] = {}
    label = ""
    for line in capsys.readouterr().out.splitlines():
        label = line[:11].strip() or label
        lines[label] = f"{lines[label]}\n{line[12:]}" if label in lines else line[12:]
    return lines


def test_a_landed_file_has_its_counts_under_their_names(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    counts = {"source_file": "a.csv", "rows_landed": 1200, "rows_quarantined": 3, "rows_duplicate": 4}
    lines = of_receipt(new_home, capsys, files=[CRIMES | counts]).splitlines()
    assert lines[0] == "Landed tonight, kent"
    assert lines[1].split() == ["extract", "covers", "landed", "quarantined", "repeats"]
    assert lines[3].split() == ["crimes", "2025-01-01", "to", "2025-01-31", "1,200", "3", "4"]
    forces = [CRIMES | counts, CRIMES | counts | {"force_code": "essex"}]
    lines = of_receipt(new_home, capsys, files=forces).splitlines()
    assert lines[0] == "Landed tonight" and lines[1].split()[:2] == ["extract", "force"]
    assert [line.split()[1] for line in lines[3:5]] == ["essex", "kent"]


def test_rows_left_out_and_drift_are_those_of_files_read_tonight(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    files = [CRIMES | {"source_file": f"{o}.csv", "outcome": o, "rows_ignored": 2, "reason": ""} for o in ("accepted", "known")]
    files[0]["drift"] = ["new column: x", "gone: y"]
    said = of_receipt(new_home, capsys, files=files)
    assert said.count("left out") == 1 and "accepted.csv: 2 rows left out, as its mapping says (ignore)" in said
    assert "note accepted.csv: new column: x; gone: y\n" in said


def test_a_file_that_waits_is_not_called_refused(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    reasons = {
        "bad.csv": "empty", "early.csv": OPEN_FOR_WRITING, "mapped.csv": f"{WAITS}: why", "made up.csv": MIXED,
        "read.csv": CHANGED_MEANWHILE, "slow.csv": CHANGED.format(seconds=1),
    }  # fmt: skip
    files = [CRIMES | {"source_file": name, "outcome": "refused", "reason": why} for name, why in reasons.items()]
    lines = of_receipt(new_home, capsys, files=files).splitlines()
    assert [line.split()[0] for line in lines if ".csv" in line] == ["refused", *["waiting"] * 5]


def test_every_check_that_holds_a_night_is_shown_and_four_of_those_that_warn(
    new_home: Home, capsys: pytest.CaptureFixture
) -> None:
    warning = CRITICAL | {"severity": "warning", "rule": "late"}
    checks = [*[CRITICAL] * 6, *[warning] * 6, CRITICAL | {"passed": True}]
    said = of_receipt(new_home, capsys, "held", checks=checks)
    assert "Checks: 1 of 13 passed" in said
    assert said.count("[numbers]") == 6 and said.count("[late]") == 4
    assert "and 2 more of this rule: pam checks shows them" in said and said.count("more of this rule") == 1


def test_a_load_into_postgresql_is_shown_with_its_remark(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    load = {"outcome": "loaded", "rows": 5, "reason": "the old log-in is still there"}
    assert "PostgreSQL: 5 rows loaded; the old log-in is still there\n" in of_receipt(new_home, capsys, postgres=load)
    assert "PostgreSQL: 5 rows loaded\n" in of_receipt(new_home, capsys, postgres=load | {"reason": ""})
    newer = {"outcome": "there already", "rows": 0, "reason": ""}
    assert "PostgreSQL: has it, or a newer one, already\n" in of_receipt(new_home, capsys, postgres=newer)
    # The error line says so, with the exit code.
    assert "PostgreSQL" not in of_receipt(new_home, capsys, postgres=load | {"outcome": "failed"})


def test_a_held_night_says_what_stands_and_a_failed_one_has_no_checks_to_look_at(new_home: Home, sample_home: Home) -> None:
    held, failed = (Receipt("n1", o, "", "", reason="Why.") for o in ("held", "failed"))
    todo = ". What to do: pam checks"
    assert render_night.headline(held, new_home) == f"Night n1 is held back; nothing is published yet. Why.{todo}"
    assert render_night.headline(failed, sample_home) == "Night n1 failed; the last publication stays. Why."


def test_files_of_one_reason_are_named_up_to_a_limit() -> None:
    files = [{"source_file": f"{n}.csv", "reason": "late"} for n in range(render_night.MAX_FILES + 2)]
    first, names = render_night.by_reason("held ", files)
    assert first == "held 102 files: late"
    assert names.startswith("  0.csv, 1.csv") and names.endswith("99.csv and 2 more (pam status --json)")
    assert list(render_night.by_reason("held ", files[:1])) == ["held 0.csv: late"]


def write_orders(home: Home) -> None:
    write_extract(home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]],
                  columns=["order_ref", "order_date", "amount", "recipient"])  # fmt: skip


def test_a_published_night_without_its_receipt_is_said_once_and_exits_with_3(
    pam: Callable, new_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_orders(new_home)
    message = os.strerror(errno.ENOSPC)
    published: list[str] = []

    def refuse(home: Home, receipt: Receipt) -> None:
        published.append(receipt.night_id)
        raise OSError(errno.ENOSPC, message)

    with monkeypatch.context() as patch:
        patch.setattr(end_night, "write_receipt", refuse)
        patch.setattr(night_state, "write_receipt", refuse)
        result = pam("nightly", "--home", new_home.path)
    assert published and publication_of(new_home, published[0])
    assert result.exit_code == night_progress.PUBLISHED_ONLY == 3, result.output
    assert result.stderr.count("its receipt could not be written") == 1 and "Alert: Night" not in result.stderr
    assert read_receipts(new_home) == []


def test_status_says_how_the_last_night_ended_and_what_to_do(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    last = {"night_id": "n2", "outcome": "failed", "reason": "no space"}
    first = of_state(new_home, capsys, last_night=last)
    assert first["Published"] == "nothing yet: `pam nightly` publishes a night"
    assert first["Last night"] == "n2 was not published: failed: no space"
    restored = of_state(new_home, capsys, last_night=last | {"outcome": "published", "reason": ""})
    assert restored["Last night"] == "n2 was published, and its publication is not in this home: `pam replay` makes it again"
    nowhere = of_state(new_home, capsys, home=str(new_home.path / "nowhere"))
    assert nowhere["Published"].startswith("nothing yet: there is no such ")
    assert of_state(new_home, capsys, last_night=last | {"outcome": "held"})["Last night"].endswith("\nWhat to do: pam checks")
    figures = {"night_id": "n1", "figures": {"a": 1000, "b": 1}, "finished_at": "today"}
    both = of_state(new_home, capsys, published=figures, last_night=figures | {"outcome": "published", "reason": ""})
    assert both["Published"] == "night n1, 1,001 figures, at today" and "Last night" not in both
    rolled_back = {"since": "noon", "by": "Ann", "why": "a wrong list", "night_id": "n1"}
    back = of_state(new_home, capsys, published=figures, last_night=last | {"outcome": "published"}, rolled_back=rolled_back)
    assert back["Last night"] == "n2 was published, and is kept: an earlier one is published again"
    assert "Rolled back since noon, by Ann: a wrong list" in "".join(f"{k} {v}" for k, v in back.items()).replace("  ", " ")
    killed = of_state(new_home, capsys, published={"night_id": "n1"}, last_night=last | {"outcome": "unchanged"})
    assert "ended before its receipt was written" in killed["Published"]
    assert killed["Last night"] == "n2 published nothing: no space"


def test_status_names_what_is_missing_kept_retracted_and_not_sent(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    assert of_state(new_home, capsys, missing=[])["Missing"] == "nothing: every extract was received at least once"
    some = of_state(new_home, capsys, missing=[], not_expected=["pspos"], without_areas=["kent"])
    assert some["Missing"] == "nothing: every extract that is expected was received at least once"
    assert some["Not sent"] == "pspos, as pam.toml says ([extracts])"
    assert some["Areas"].startswith("kent: no list of its units, so they count as Not recorded")
    archive = {"files": 2, "bytes": 5_000_000, "oldest": "2025-01-01", "kept_days": 30, "erased": 7}
    file = {"source_file": "a.csv", "reason": "a double"}
    state = of_state(new_home, capsys, archive=archive, retracted=[file], refused=[], held=[])
    assert state["Archive"] == "2 files since 2025-01-01, 5.0 MB; kept for 30 days, 7 erased"
    assert (state["Held"], state["Retracted"], state["Refused"]) == ("none", "a.csv: a double", "none")
    assert "Areas" not in state and "Not sent" not in state


def test_status_shows_warnings_once(new_home: Home, capsys: pytest.CaptureFixture) -> None:
    """What is late has a line of its own."""
    late, other = (CRITICAL | {"severity": "warning", "rule": rule} for rule in ("freshness", "share_withdrawn"))
    assert "[freshness]" not in (both := of_state(new_home, capsys, warnings=[late, other])["Warnings"])
    assert both.endswith("[share_withdrawn]") and "\n" not in both
    assert of_state(new_home, capsys, warnings=[late])["Warnings"] == "none but what is late"
    assert of_state(new_home, capsys, warnings=[])["Warnings"] == "none"


def test_publications_count_warnings_alone_and_name_the_one_without_a_receipt(
    sample_copy: Home, capsys: pytest.CaptureFixture
) -> None:
    (receipt,) = read_receipts(sample_copy)
    warned = sum(not c["passed"] and c["severity"] == "warning" for c in receipt.checks)
    receipt.checks.append(CRITICAL)
    write_receipt(sample_copy, receipt)
    render_history.show_publications(sample_copy)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if receipt.night_id in line)
    assert line.split()[-2:] == [str(warned), "published"] and f"{sum(receipt.figures.values()):,}" in line
    receipt_path(sample_copy, receipt.night_id).unlink()
    render_history.show_publications(sample_copy)
    assert receipt.night_id in capsys.readouterr().out


def test_a_comparison_that_finds_nothing_prints_nothing_if_quiet(capsys: pytest.CaptureFixture) -> None:
    equal = NightComparison("n1", 1000, 0, [], [])
    render_history.show_comparison(equal, quiet=True)
    assert capsys.readouterr().out == ""
    render_history.show_comparison(equal, quiet=False)
    assert capsys.readouterr().out == "All 1,000 figures are those of night n1\n"
    row = tuple(["changed"] if name == "columns" else name for name in COLUMNS)
    render_history.show_comparison(NightComparison("n1", 1000, 1, [("mart_iom", 9, 1, 0, 0, 0)], [row]), quiet=True)
    said = capsys.readouterr().out
    assert said.startswith("1 of 1,000 figures are not those of night n1:\n") and "somebody changed the published file" in said


def test_alerts_say_whether_they_are_tried_again(capsys: pytest.CaptureFixture) -> None:
    channel = {"channel": "email", "delivered": None, "waiting": True, "error": "refused"}
    message = {"at": "noon", "subject": "held", "events": [{"what": "a night"}], "channels": [channel]}
    given_up = message | {"channels": [channel | {"waiting": False, "error": ""}]}
    delivered = message | {"channels": [channel | {"delivered": "one"}]}
    render_alerts.show_alerts([message, given_up, delivered, message | {"channels": []}])
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ") and "a night" not in line] == [
        "  email: not delivered (refused); the next night tries again",
        "  email: not delivered (not tried yet); given up",
        "  email: delivered at one",
        "  No alert sent: no contact set up in pam.toml",
    ]
    render_alerts.show_alerts([])
    assert capsys.readouterr().out == "No night has had a reason for an alert.\n"


def test_a_test_message_says_what_became_of_it(capsys: pytest.CaptureFixture) -> None:
    render_alerts.show_test({"email": None, "command": "exit code 1"})
    assert capsys.readouterr().out == "email: delivered\ncommand: not delivered: exit code 1\n"
    render_alerts.show_test({})
    assert "pam.toml names no channel" in capsys.readouterr().out
