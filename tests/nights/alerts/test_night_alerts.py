"""The alerts of nights: which events, how often, to which channel, and again after a failed delivery."""

import errno
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from support import begin, night, run_night, write_extract

from dagster_project.core.check_results import Check
from dagster_project.core.config import ConfigError
from dagster_project.core.errors import InboxMissingError
from dagster_project.core.home import PROJECT, Home
from dagster_project.core.home_lists import HomeListError
from dagster_project.core.made_up_home import SampleHomeError
from dagster_project.core.night_lock import NightUnderWayError, locked
from dagster_project.core.receipts import Night, Receipt, read_receipts, write_receipt
from dagster_project.landing import PseudonymKeyError
from dagster_project.landing.refusal import WAITS
from dagster_project.nights import alerts, saved_steps
from dagster_project.nights.alerts import advice, send_new_alerts
from dagster_project.nights.alerts.event_sentences import NightEnd, events_of, one_line, waiting_files
from dagster_project.nights.alerts.event_sentences import _event as event_of
from dagster_project.nights.alerts.log import AlertLog
from dagster_project.nights.end_night import end_night
from dagster_project.nights.errors import BuildFailedError, NightHeldError
from dagster_project.nights.interrupted_nights import ENDED_EARLY, INTERRUPTED, explain, mark
from dagster_project.nights.night_run import NightRun
from dagster_project.nights.saved_steps import Judged
from nights.alerts.servers import HttpListener, SmtpServer

ORDERS = ["order_ref", "order_date", "amount", "recipient"]
NIGHT = datetime(2026, 1, 6, 2, 0, tzinfo=UTC)
IN_TIME = {"window": ("2025-01-01", "2026-01-05")}
SECRET_NAME = "Quentin Zebedee"


def order(home: Home, n: int = 1, **more: object) -> Path:
    stamp = f"202601{n + 5:02}T020000Z"
    return write_extract(
        home.inbox, "mda_orders", [[f"M{n}", "2025-05-01", "10", "Police"]], columns=ORDERS, stamp=stamp, **more
    )


def land(home: Home, today: date = date(2026, 1, 6)) -> NightRun:
    """A night that landed and was then recorded as published, without the cost of building."""
    run = begin(home, today=today)
    run.land()
    run.receipt = run._receipt("failed", "").finished(run.night)
    run.receipt = Receipt(**{**run.receipt.__dict__, "outcome": "published"})
    write_receipt(home, run.receipt)
    return run


def send_alerts(run: NightRun, at: datetime = NIGHT) -> list[str]:
    try:
        return send_new_alerts.send_alerts(run.ended, at)
    finally:
        run.end()


def kinds(home: Home) -> list[list[str]]:
    messages, _ = AlertLog(home).read()
    return [[e.kind for e in m.events] for m in messages]


def drop_refused_file(home: Home, name: str = "notes.csv") -> None:
    (home.inbox / name).write_text(f"a\n{SECRET_NAME}\n", encoding="utf-8")


def test_a_night_without_events_sends_nothing(new_home: Home, write_settings) -> None:
    order(new_home, **IN_TIME)
    with SmtpServer() as server:
        write_settings(new_home, server.port)
        assert send_alerts(land(new_home)) == []
        assert server.mails == [] and not (new_home.nights / "alerts.jsonl").exists()


def test_a_night_sends_one_message_for_all_its_files(new_home: Home, write_settings) -> None:
    order(new_home, **IN_TIME)
    for n in range(3):
        drop_refused_file(new_home, f"notes {n}.csv")
    searches = ["search_ref", "searched_at", "object_of_search", "object_found"]
    write_extract(new_home.inbox, "stop_search", [], columns=searches, window=("2025-12-01", "2026-01-05"))
    with SmtpServer() as server, HttpListener() as slack, HttpListener() as teams:
        write_settings(new_home, server.port, slack=slack.url, teams=teams.url)
        run = land(new_home)
        lines = send_alerts(run)
        assert lines == [f"{c}: PAM Warehouse: file held; 3 files refused" for c in ("email", "slack 1", "teams 2")]
        assert len(server.mails) == len(slack.bodies) == len(teams.bodies) == 1
        text = server.mails[0].message.get_content()
    load = next(f["load_id"] for f in run.receipt.files if f["outcome"] == "held")
    assert f"pam release --home {new_home.path} {load} --by NAME --why REASON" in text
    assert "header and no rows over" in text
    assert all(f"* notes {n}.csv is refused" in text for n in range(3)) and text.count("the name is neither") == 1
    everything = text + json.dumps([slack.bodies, teams.bodies]) + (new_home.nights / "alerts.jsonl").read_text()
    assert SECRET_NAME not in everything, "no value of a file is sent"
    assert server.mails[0].message["Subject"] in lines[0]


def test_the_alert_of_a_held_night_names_its_rules(new_home: Home, write_settings) -> None:
    with HttpListener() as listener:
        write_settings(new_home, slack=listener.url)
        with night(new_home) as run:
            run.judged = Judged((
                Check("crimes", "crimes", "share_quarantined", "critical", False, "pct 60", "Rows are lost.", "Ask."),
                Check("crimes", "crimes", "rows", "critical", True, "", "r", "a"),
                Check("crimes", "crimes", "freshness", "warning", False, "late", "r", "a"),
            ))  # fmt: skip
            with pytest.raises(NightHeldError):
                raise run._hold()
            send_alerts(run)
        (body,) = listener.bodies
    text = json.dumps(body)
    assert body["text"] == "PAM Warehouse: night held"
    assert f"Night: {run.receipt.night_id}" in text and "crimes: pct 60" in text
    assert "Why: share_quarantined: Rows are lost." in text and "Ask." in text and "Runbook: Night held" in text


def test_the_alert_of_a_held_night_has_a_line_for_each_measure_with_its_files(new_home: Home, write_settings) -> None:
    """A history has dozens of months that hold it. Each measure is whole and has its files, and the rule is said once."""
    file = order(new_home, **IN_TIME).name
    write_extract(new_home.inbox, "mda_orders", [["M9", "2024-05-01", "10", "Police"]], columns=ORDERS,
                  window=("2024-01-01", "2024-12-31"))  # fmt: skip
    months = [f"2025-{n:02} has 0 against 1,234.5" for n in range(1, 13)]
    orders = f"Orders made in mart_mda_orders (derbyshire): {', '.join(months)}, the mean of the months before"
    money = "Money ordered in mart_mda_orders (derbyshire): 2024-02 has 5; it had 500"
    reason = "A month must not be far off. The limits come from a sample, and nobody wants to read of that at night."
    with SmtpServer() as server:
        write_settings(new_home, server.port)
        with night(new_home) as run:
            run.land()
            check = Check("mart", "mart_mda_orders", "far_off", "critical", False, "x", reason, "Look.", f"{orders}; {money}")
            run.judged = Judged((check,))
            with pytest.raises(NightHeldError):
                raise run._hold()
            send_alerts(run)
        lines = server.mails[0].message.get_content().splitlines()
    block = lines[lines.index("NIGHT HELD") + 2 :]
    assert block[:4] == [f"* {orders}", f"  File: {file}", f"* {money}", block[3]] and "2024-01-01__2024-12-31" in block[3]
    assert block[4:6] == ["  Why: far_off: A month must not be far off.", "  - Look."]


def test_a_late_extract_is_reported_once_then_weekly_until_it_comes(new_home: Home, write_settings) -> None:
    def drop(to: str, stamp: str) -> None:
        columns = ["search_ref", "searched_at", "object_of_search", "object_found"]
        rows = [["S1", "2025-12-02 10:00", "Drugs", "N"]]
        write_extract(new_home.inbox, "stop_search", rows, columns=columns, window=("2025-12-01", to), stamp=stamp)

    drop("2025-12-31", "20260101T020000Z")
    alert_days = []
    with HttpListener() as listener:
        write_settings(new_home, slack=listener.url)
        for n in range(70):
            # Nights do not begin to the minute.
            if send_alerts(land(new_home, date(2026, 1, 3) + timedelta(days=n)), NIGHT + timedelta(days=n, minutes=-n)):
                alert_days.append(n)
            if n == 60:
                drop("2026-03-01", "20260302T020000Z")
    # Nightly: three days of grace, so 4 January is the first late day. A new lateness is reported at once.
    assert alert_days == [1, 8, 15, 22, 29, 36, 43, 50, 57, 61, 68]
    assert len(listener.bodies) == len(alert_days)
    assert "stop_search (derbyshire) is late by 1 day" in json.dumps(listener.bodies[0])
    assert "Ask who extracts it" in json.dumps(listener.bodies[0])
    assert "newest covered day 2026-03-01" in json.dumps(listener.bodies[-1])


def test_late_extracts_share_a_block_with_a_line_each(new_home: Home, write_settings) -> None:
    order(new_home, **IN_TIME)
    searches = ["search_ref", "searched_at", "object_of_search", "object_found"]
    write_extract(new_home.inbox, "stop_search", [["S1", "2025-12-02 10:00", "Drugs", "N"]], columns=searches,
                  window=("2025-12-01", "2026-01-05"))  # fmt: skip
    with SmtpServer() as server:
        write_settings(new_home, server.port)
        send_alerts(land(new_home, date(2027, 1, 1)))
        (mail,) = server.mails
    text = mail.message.get_content()
    assert mail.message["Subject"] == "PAM Warehouse: 2 extracts late"
    assert text.count("is late by") == 2 and text.count("Why:") == text.count("Ask who extracts it") == 1


def test_a_failed_delivery_is_retried_the_next_night_by_that_channel_only(new_home: Home, write_settings) -> None:
    drop_refused_file(new_home)
    with HttpListener() as slack, HttpListener(answer=500) as teams:
        write_settings(new_home, slack=slack.url, teams=teams.url)
        assert send_alerts(land(new_home)) == [
            "slack 1: PAM Warehouse: file refused", "teams 2: not delivered, the server answered 500",
        ]  # fmt: skip
        teams.answer = 202
        assert send_alerts(land(new_home), NIGHT + timedelta(days=1)) == ["teams 2: PAM Warehouse: file refused"]
        assert send_alerts(land(new_home), NIGHT + timedelta(days=2)) == []
        assert (len(slack.bodies), len(teams.bodies)) == (1, 2)
    first, second = teams.bodies
    assert first == second
    _, attempts = AlertLog(new_home).read()
    assert [(a.channel, a.error) for a in attempts] == [
        ("slack 1", None), ("teams 2", "the server answered 500"), ("teams 2", None),
    ]  # fmt: skip


def test_a_failing_channel_is_tried_once_a_night_for_a_week(new_home: Home, write_settings) -> None:
    with HttpListener(answer=503) as listener:
        write_settings(new_home, slack=listener.url)
        for n in range(9):
            drop_refused_file(new_home, f"n{n}.csv") if n < 2 else None
            send_alerts(land(new_home), NIGHT + timedelta(days=n))
    assert len(listener.bodies) == 8, "one a night, and none after a week"
    assert alerts.overview(new_home, 5)[0]["channels"][0]["waiting"] is False


def test_an_alert_never_changes_a_night(new_home: Home, write_settings, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_refused_file(new_home)
    write_settings(new_home, 1)
    run = land(new_home)
    before = (new_home.nights / f"{run.receipt.night_id}.json").read_bytes()
    assert end_night(run) == ["email: not delivered, ConnectionRefusedError: Connection refused"]
    monkeypatch.setattr(send_new_alerts, "events_of", lambda _: 1 / 0)
    other = land(new_home)
    assert end_night(other) == ["alerts could not be sent: ZeroDivisionError"]
    assert (new_home.nights / f"{run.receipt.night_id}.json").read_bytes() == before
    with locked(new_home):
        pass


def test_alerts_are_sent_when_their_log_can_t_be_written(new_home: Home, write_settings) -> None:
    drop_refused_file(new_home)
    (new_home.nights / "alerts.jsonl").mkdir()
    with HttpListener() as listener:
        write_settings(new_home, slack=listener.url)
        lines = send_alerts(land(new_home))
        assert lines[0].startswith("nights/alerts.jsonl could not be written") and len(listener.bodies) == 1
        assert sum("alerts.jsonl" in line for line in lines) == 1, "said once, though the message and each attempt is lost"


def test_a_cut_line_of_the_log_is_skipped(new_home: Home, write_settings) -> None:
    drop_refused_file(new_home)
    write_settings(new_home)
    assert send_alerts(land(new_home)) == ["No alert sent (no contact set up in pam.toml): PAM Warehouse: file refused"]
    path = new_home.nights / "alerts.jsonl"
    path.write_bytes(path.read_bytes() + b'{"id": "2026')
    drop_refused_file(new_home, "b.csv")
    send_alerts(land(new_home), NIGHT + timedelta(days=1))
    assert kinds(new_home) == [["refused"], ["refused"]] and path.stat().st_mode & 0o777 == 0o600


def test_a_night_that_fails_sends_an_alert(new_home: Home, write_settings) -> None:
    (new_home.path / "seeds").mkdir()
    (new_home.seeds / "areas.csv").write_text("nothing\n", encoding="utf-8")
    order(new_home, **IN_TIME)
    with HttpListener() as listener:
        write_settings(new_home, slack=listener.url)
        run = run_night(new_home, today=date(2026, 1, 6))
        assert run.receipt.outcome == "failed"
        send_alerts(run)
        text = json.dumps(listener.bodies)
    assert "night failed" in text and "seeds/areas.csv: line 1: the header lacks" in text and "Runbook: A list is wrong" in text


def test_a_killed_night_is_reported_once_by_a_run_that_does_not_publish(new_home: Home) -> None:
    """A person builds a mart before the killed night is dealt with: that run sends no alert of its own."""
    killed = Night(new_home, "20260106T020000Z", NIGHT, NIGHT.date())
    saved_steps.save_step(new_home, killed.night_id, saved_steps.StartedNight(killed.night_id, NIGHT, NIGHT.date(), "a"))
    for again in ((), ("a",)):
        mark(killed)
        part = NightRun(new_home, plan=saved_steps.Plan("b", again, lands=False, publishes=False))
        assert part.begin().night_id == killed.night_id
        assert end_night(part) == []
        assert [(r.night_id, r.outcome) for r in read_receipts(new_home)] == [(killed.night_id, "failed")]
        assert kinds(new_home) == [["failed"]]
    rest = NightRun(new_home, plan=saved_steps.Plan("c", ("b", "a"), lands=False))
    assert rest.begin().night_id == killed.night_id
    end_night(rest)
    assert kinds(new_home) == [["failed"]], "one message for one failed night"


def test_a_night_that_could_not_begin_sends_an_alert(pam: Callable, new_home: Home, write_settings) -> None:
    with HttpListener() as listener:
        write_settings(new_home, slack=listener.url)
        with locked(new_home):
            result = pam("nightly", "--home", new_home.path, "--wait", "0", "--quiet")
        assert result.exit_code == 1 and "another night is under way" in result.stderr
        assert "A night could not start" in json.dumps(listener.bodies) and len(listener.bodies) == 1
        assert listener.bodies[0]["text"] == "PAM Warehouse: night not started (another night is under way)"
        assert "Runbook: Another night is under way" in json.dumps(listener.bodies)
        # Saved by an editor that writes a mark first, which TOML does not know.
        new_home.config_file.write_text(new_home.config_file.read_text() + "[keep]\npublications = 0\n", encoding="utf-8-sig")
        result = pam("nightly", "--home", new_home.path, "--wait", "0")
        assert result.exit_code == 1 and "pam.toml: keep.publications" in result.stderr
        assert "keep.publications" in json.dumps(listener.bodies[1]) and "Runbook: The settings" in json.dumps(
            listener.bodies[1]
        )
    assert read_receipts(new_home) == []


def test_an_alert_waits_while_the_settings_can_t_be_read(new_home: Home, write_settings) -> None:
    new_home.config_file.write_text("[alerts\n", encoding="utf-8")
    run = NightRun(new_home)
    with pytest.raises(ValueError, match=r"pam\.toml: not readable as TOML"):
        run.begin()
    lines = end_night(run, "pam.toml: not readable as TOML")
    assert lines == ["No alert sent (pam.toml can't be read): PAM Warehouse: night not started"]
    with HttpListener() as listener:
        write_settings(new_home, slack=listener.url)
        assert [c["channel"] for m in alerts.overview(new_home, 10) for c in m["channels"] if c["waiting"]] == ["slack 1"]
        order(new_home, **IN_TIME)
        assert send_alerts(land(new_home), datetime.now(UTC) + timedelta(hours=1)) == [
            "slack 1: PAM Warehouse: night not started"
        ]
        assert len(listener.bodies) == 1


def test_pam_alerts_shows_sent_and_waiting_alerts(pam: Callable, new_home: Home, write_settings) -> None:
    assert pam("alerts", "--home", new_home.path).stdout == "No night has had a reason for an alert.\n"
    drop_refused_file(new_home, "[bold]x.csv")
    with HttpListener() as slack, HttpListener(answer=500) as teams:
        write_settings(new_home, slack=slack.url, teams=teams.url)
        send_alerts(land(new_home), datetime.now(UTC))
        teams.answer = 503
        send_alerts(land(new_home), datetime.now(UTC))
        text = pam("alerts", "--home", new_home.path).stdout
    assert "PAM Warehouse: file refused" in text and "[bold]x.csv is refused" in text
    assert "slack 1: delivered at " in text
    assert "teams 2: not delivered (the server answered 503); the next night tries again" in text
    (alert,) = json.loads(pam("alerts", "--json", "--home", new_home.path).stdout)
    assert [(c["channel"], c["tries"], c["waiting"]) for c in alert["channels"]] == [
        ("slack 1", 1, False),
        ("teams 2", 2, True),
    ]
    assert slack.url not in text + json.dumps(alert) and not (new_home.nights / "alerts.jsonl").read_text().count(slack.url)


def test_pam_alerts_test(pam: Callable, new_home: Home, write_settings) -> None:
    result = pam("alerts", "--test", "--home", new_home.path)
    assert result.exit_code == 1 and "names no channel" in result.stdout
    with SmtpServer() as server, HttpListener(answer=500) as teams:
        write_settings(new_home, server.port, teams=teams.url)
        result = pam("alerts", "--test", "--home", new_home.path)
        assert result.exit_code == 1
        assert result.stdout.splitlines() == ["email: delivered", "teams 1: not delivered: the server answered 500"]
        teams.answer = 200
        assert pam("alerts", "--test", "--home", new_home.path).exit_code == 0
        assert server.mails[0].message["Subject"] == "PAM Warehouse: test"
    assert not (new_home.nights / "alerts.jsonl").exists()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Conversion Error: Could not convert string 'Quentin Zebedee' to INT32", "Conversion Error"),
        (
            "dbt could not build 1 of the models: stg_x: Runtime Error: Invalid Input Error: date field value: 'Q Z'",
            "dbt could not build 1 of the models: stg_x: Runtime Error",
        ),
        ("IO Error: Could not write: No space left on device", "IO Error: Could not write: No space left on device"),
        (
            'TransactionContext Error: Failed to commit: Could not write file "Q Z": No space left on device',
            "TransactionContext Error: No space left on device",
        ),
        ("seeds/areas.csv: line 2: lpu_name is blank", "seeds/areas.csv: line 2: lpu_name is blank"),
        ("a\x1b[31m\nb\tc", "a [31m b c"),
        ("x" * 1000, "x" * 399 + "…"),
    ],
)
def test_values_quoted_by_a_library_are_left_out(text: str, line: str) -> None:
    assert one_line(text) == line


FAILURES = (
    (NightUnderWayError("another night is under way in /srv/pam; wait for it"), "Another night is under way"),
    (INTERRUPTED, "A night was interrupted"),
    (ENDED_EARLY, "A night was interrupted"),
    (KeyboardInterrupt(), "A night was interrupted"),
    (OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
    (duckdb.IOException("IO Error: Could not write file: No space left on device"), "The disk is full"),
    (BuildFailedError.quoting("dbt could not build 3 of the models: m: IO Error: No space left on device"), "The disk is full"),
    (PseudonymKeyError("the pseudonym key has changed"), "The pseudonym key"),
    (ConfigError("pam.toml: keep.publications: too few"), "The settings"),
    (HomeListError("seeds/areas.csv: line 2: lpu_name is blank"), "A list is wrong"),
    (OSError(errno.EIO, "Input/output error"), "A disk or a share was away"),
    (InboxMissingError("/data: no such folder; `pam nightly --inbox DIR` names the one to read"), "A disk or a share was away"),
    (SampleHomeError("/srv/pam holds made-up sample data: give real extracts"), "A home of sample data"),
    (BuildFailedError.quoting("dbt could not build 2 of the models: x"), "A model could not be built"),
    (KeyError("x"), "Night failed"),
)


@pytest.mark.parametrize(("error", "section"), FAILURES, ids=[repr(e)[:60] for e, _ in FAILURES])
def test_each_failure_has_its_runbook_section(error: BaseException | str, section: str) -> None:
    """The cause decides the advice, not the wording of the message; also where another error wraps it."""
    (event,) = events_of(NightEnd(Home(Path("/srv/pam")), not_started="why", not_started_cause=explain(error)[1]))
    assert event.see == section
    assert any("--home" in line for line in event.todo) or event.see == "A home of sample data"
    assert not any("{" in line for line in event.todo)
    if isinstance(error, Exception):
        outer = RuntimeError("outer")
        outer.__cause__ = error
        assert explain(outer)[1] == explain(error)[1]


def receipt_of(outcome: str, **more: object) -> Receipt:
    return Receipt("20260107T020000Z", outcome, "2026-01-07T02:00:00Z", "2026-01-07T02:01:00Z", "why", **more)


def test_the_events_of_a_receipt(new_home: Home) -> None:
    def events(receipt: Receipt) -> list[str]:
        return [e.kind for e in events_of(NightEnd(new_home, receipt=receipt))]

    assert events(receipt_of("held")) == ["held"], "also without a check that says why"
    assert events(receipt_of("failed", outputs={"report": {"failed": "x"}})) == ["failed"], "it published no output"
    not_served = receipt_of("published", postgres={"outcome": "failed", "reason": "no connection"})
    (event,) = events_of(NightEnd(new_home, receipt=not_served))
    assert f"pam postgres status --home {new_home.path}" in event.todo[0]
    name = order(new_home, **IN_TIME).name
    land(new_home).end()
    growing = {"source_file": name, "outcome": "refused", "reason": "changed while it was read"}
    assert events(receipt_of("published", files=[growing])) == [], "it is in the ledger of an earlier night alone"


def test_files_still_wait_after_a_rollback() -> None:
    waiting = receipt_of("published", files=[{"source_file": "a.csv", "reason": f"{WAITS}: why"}])
    assert waiting_files([waiting, receipt_of("rolled back", republished="20260106T020000Z")]) == waiting.files


def test_a_message_says_what_analysts_read_now(figures_copy: Home, tmp_path: Path) -> None:
    assert send_new_alerts._publication(Home(tmp_path / "new").create()) == "Nothing is published yet."
    (receipt,) = figures_copy.nights.glob("*.json")
    assert send_new_alerts._publication(figures_copy).startswith(f"Published is night {receipt.stem}, of 20")
    receipt.write_text("{", encoding="utf-8")
    assert send_new_alerts._publication(figures_copy).startswith("What is published can't be read: ")


def test_a_file_without_a_column_may_need_a_mapping() -> None:
    reason = "misses required columns: crime_type; perhaps crime_type is 'Type' there: then map it in mappings/"
    assert advice.for_refused(reason)[1][0].startswith("Correct the mapping in {home}/mappings")


def test_a_name_that_says_nothing_needs_another_name_or_a_mapping() -> None:
    reason = (
        "the name is neither extract__force.csv nor another. An export lands once it has a mapping: `pam map FILE` drafts one"
    )
    _, todo = advice.for_refused(reason)
    assert todo[0].startswith("If it is no extract: see that no more come to")
    assert "draft a mapping" in todo[1], "there is no mapping yet that could be corrected"


def test_advice_names_the_folder_that_nights_read(new_home: Home, tmp_path: Path) -> None:
    """Nobody is sent to the home's inbox, which no night reads, if files come to another folder."""
    share = tmp_path / "files of the night"
    told = events_of(NightEnd(new_home, receipt=receipt_of("failed"), inbox=str(share)))[0]
    assert f"pam nightly --home {new_home.path} --inbox '{share}'" in told.todo[-1]

    new_home.config_file.write_text(f'[night]\ninbox = "{share}"\n', encoding="utf-8")
    away = NightEnd(new_home, not_started="why", not_started_cause=explain(InboxMissingError("/data: no such folder"))[1])
    by_settings = events_of(away)[0]
    assert f"ls '{share}'" in by_settings.todo[0]
    assert by_settings.todo[-1].endswith(f"pam nightly --home {new_home.path}"), "the settings name the folder"

    by_hand = NightEnd(new_home, inbox=str(tmp_path / "by hand"))
    late = event_of(by_hand, "late", "key", "what", "why")
    assert f"drop it in '{share}'" in late.todo[0], "one night on another folder does not change where extracts are sent"

    new_home.config_file.write_text("", encoding="utf-8")
    assert f"drop it in {new_home.inbox}" in event_of(by_hand, "late", "key", "what", "why").todo[0]

    earlier = NightEnd(new_home, interrupted=(receipt_of("failed"),), inbox=str(tmp_path / "by hand"))
    assert "by hand" not in events_of(earlier)[0].todo[-1], "an earlier night was not told of tonight's folder"
    earlier = NightEnd(new_home, interrupted=(receipt_of("failed", inbox=str(share)),))
    assert f"--inbox '{share}'" in events_of(earlier)[0].todo[-1], "but of its own"

    new_home.config_file.write_text("[night", encoding="utf-8")
    assert f"ls {new_home.inbox}" in events_of(away)[0].todo[0], "settings that can't be read"


def test_advice_on_a_past_period_fills_it_again_from_its_folder(new_home: Home, tmp_path: Path) -> None:
    """The scheduled night does not read the folder of a past period: what lies there needs the same command again."""
    again = f"pam backfill 2024-01-01 2024-12-31 --home {new_home.path} --inbox {tmp_path}"
    told = NightEnd(new_home, inbox=str(tmp_path), period="2024-01-01 2024-12-31")
    assert event_of(told, "failed", "key", "what", "why").todo[-1].endswith(f": {again}")
    waits = event_of(told, "waiting", "key", "what", "why", advice.for_refused(f"{WAITS}: why"))
    assert f"still in {tmp_path}" in waits.todo[0] and waits.todo[-1] == f"Then: {again}"
    assert event_of(told, "output", "key", "what", "why").todo[-1].endswith(f"pam nightly --home {new_home.path} --rebuild")


def test_a_killed_night_is_told_with_the_folder_that_it_was_to_read(new_home: Home, tmp_path: Path) -> None:
    run = NightRun(new_home, tmp_path, period=(date(2024, 1, 1), date(2024, 12, 31)))
    run.begin()
    # As the process of a killed night ends: the mark stays.
    run.end(keep_mark=True)
    following = NightRun(new_home)
    following.begin()
    following.end()
    told = AlertLog(new_home).read()[0][-1].events[0].todo[-1]
    assert told.endswith(f"pam backfill 2024-01-01 2024-12-31 --home {new_home.path} --inbox {tmp_path}")


def test_every_section_is_in_the_runbook() -> None:
    headings = set(re.findall(r"^#+ (.+)$", (PROJECT / advice.RUNBOOK).read_text(encoding="utf-8"), re.M))
    sections = {section for section, _ in advice.FAILURES.values()} | {*advice.TITLES.values(), "How alerts come"}
    assert sections - headings == {"Test", "Night not started", "File waiting"}, "their advice has the section of the cause"
