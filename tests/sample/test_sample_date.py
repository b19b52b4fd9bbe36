"""The sample has a fixed date, so that its files never become late."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

from dagster_project.core.config import Extracts
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import SAMPLE_DAY, SAMPLE_MARK
from dagster_project.core.receipts import Night, today_of
from dagster_project.nights.late_extracts import late_extracts
from dagster_project.sample.spans import span

LATER = datetime(2027, 6, 1, 12, tzinfo=UTC)


def test_a_night_of_the_sample_has_the_sample_date(new_home: Home) -> None:
    assert Night.begin(new_home, LATER).today == date(2027, 6, 1) == today_of(new_home, LATER)
    (new_home.path / SAMPLE_MARK).write_text("made up", encoding="utf-8")
    night = Night.begin(new_home, LATER)
    assert (night.today, night.night_id) == (SAMPLE_DAY, "20270601T120000Z")


def test_a_nightly_extract_of_the_sample_is_not_late(new_home: Home) -> None:
    covered = span("2024-01-01", "2025-12-31").end
    load = SimpleNamespace(extract="incidents", force_code="derbyshire", covered_to=covered)
    assert late_extracts([load], today_of(new_home, LATER), Extracts())
    (new_home.path / SAMPLE_MARK).write_text("made up", encoding="utf-8")
    assert not late_extracts([load], today_of(new_home, LATER), Extracts())
