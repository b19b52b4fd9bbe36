"""`[extracts]`: an extract that is not expected is never missing or late; without the setting nothing changes."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from support import publish_night, published, write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.config import Arrival, ConfigError, Extracts, read_config
from dagster_project.core.home import Home
from dagster_project.landing import complete_inbox
from dagster_project.nights.alerts.event_sentences import NightEnd, events_of
from dagster_project.nights.health import find_problems
from dagster_project.nights.status import status

MDA = ("order_ref", "order_date", "amount", "recipient")
STOPS = ("search_ref", "searched_at", "object_of_search", "object_found")
LATER = datetime(2026, 12, 1, 12, tzinfo=UTC)


def drop(home: Home) -> None:
    write_extract(home.inbox, "mda_orders", [["M1", "2025-05-01", "10", "Police"]], columns=MDA)


@pytest.mark.parametrize(
    ("settings", "expected", "not_expected"),
    [
        ({}, ["mda_orders", "crimes"], []),
        ({"sends": ["mda_orders"]}, ["mda_orders"], ["crimes"]),
        ({"never": ["crimes"]}, ["mda_orders"], ["crimes"]),
        ({"since": {"crimes": "2026-01-03"}}, ["crimes", "mda_orders"], []),
        ({"since": {"crimes": "2026-01-04"}}, ["mda_orders"], ["crimes"]),
    ],
)
def test_expected_extracts_on_a_day(settings: dict[str, Any], expected: list[str], not_expected: list[str]) -> None:
    sent = Extracts.model_validate(settings)
    day = date(2026, 1, 3)
    assert all(sent.is_expected(x, day) for x in expected) and not any(sent.is_expected(x, day) for x in not_expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('sends = ["crime"]', "no extract is called crime; is crimes meant?"),
        ('sends = ["crimes"]\nnever = ["crimes"]', "under never too: take it out of one"),
        ('never = ["crimes"]\nsince = {crimes = 2026-01-01}', "under never too: take it out of one"),
        ('sends = ["crimes"]\nsince = {incidents = 2026-01-01}', "incidents: not among sends"),
        ('from = "x"', "not known here"),
    ],
)
def test_impossible_settings_are_refused(new_home: Home, text: str, message: str) -> None:
    new_home.config_file.write_text(f"[extracts]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"pam\.toml: extracts") as caught:
        read_config(new_home)
    assert message in str(caught.value)


def test_an_extract_no_longer_sent_is_neither_late_nor_missing(new_home: Home) -> None:
    """An extract that is sent is late on the same day for the gate, alerts and `find_problems`."""
    drop(new_home)
    new_home.config_file.write_text('[extracts]\nsends = ["stop_search"]\n', encoding="utf-8")
    write_extract(new_home.inbox, "stop_search", [["S1", "2025-05-01T10:00:00", "Drugs", "N"]], columns=STOPS)
    run = publish_night(new_home, today=LATER.date())
    night = NightEnd(new_home, run.night, run.receipt)
    assert [c.subject for c in run.checks if c.rule == "freshness" and not c.passed] == ["stop_search"]
    late = [e.what for e in events_of(night) if e.kind == "late"]
    assert any("stop_search" in what for what in late) and not any("mda_orders" in what for what in late)
    assert any(t.startswith("late: stop_search") for t in find_problems(new_home, 1e6, LATER))
    assert not [t for t in find_problems(new_home, 1e6, LATER) if "mda_orders" in t]
    own = "select status, days_late from meta.extracts where extract = 'mda_orders'"
    assert published(new_home, own) == [("current", None)]
    result = status(new_home)
    assert result["missing"] == [] and set(result["not_expected"]) == set(load_contracts()) - {"stop_search"}
    for settings, missing in (
        ("", None), ('sends = ["stop_search", "crimes", "naloxone"]', "crimes, naloxone: [extracts] of pam.toml expects them"),
        ("since = {crimes = 2026-12-01}", "crimes: [extracts] of pam.toml expects it"), ("since = {crimes = 2026-12-02}", None),
    ):  # fmt: skip
        new_home.config_file.write_text(f"[extracts]\n{settings}\n", encoding="utf-8")
        problems = [t for t in find_problems(new_home, 1e6, LATER) if t.startswith("missing: ")]
        assert [t.startswith(f"missing: {missing}") for t in problems] == [True] * (missing is not None)
    others = "select distinct status from meta.extracts where extract not in ('mda_orders', 'stop_search')"
    assert published(new_home, others) == [("not sent",)]


def test_a_night_waits_for_expected_extracts(new_home: Home) -> None:
    assert complete_inbox.expected_set(new_home, Arrival()) == set()
    new_home.config_file.write_text('[extracts]\nsends = ["crimes", "mda_orders"]\n', encoding="utf-8")
    nightly = {x for x, c in load_contracts().items() if c.rhythm == "nightly"}
    assert complete_inbox.expected_set(new_home, Arrival()) == {(x, None) for x in ("crimes", "mda_orders") if x in nightly}
