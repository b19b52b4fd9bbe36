"""A home's own lists change after files have landed: what they no longer know is said, and not counted as 0."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml
from support import night, publish_night, published, write_extract

from dagster_project.core.home import EXPECTATIONS, Home
from dagster_project.core.reference_lists import OWN_LISTS
from dagster_project.landing.vocabulary import unknown_values
from dagster_project.nights.accept_vocabulary import accept_value
from dagster_project.nights.replay import rebuild_and_compare
from dagster_project.serving.trace import open_evidence, trace
from dagster_project.serving.trace_missing_rows import missing_rows
from dagster_project.serving.trace_request import request_for_period

JANUARY = ("2025-01-01", "2025-01-31")
NOT_AVAILABLE = (None, "not_available")


def write_list(home: Home, name: str, *lines: str) -> None:
    home.seeds.mkdir(exist_ok=True)
    (home.seeds / f"{name}.csv").write_text("\n".join((",".join(OWN_LISTS[name]), *lines)) + "\n", encoding="utf-8")


def write_units(home: Home, *units: str) -> None:
    write_list(home, "areas", *(f"kent,east,East,{unit.lower()},{unit}" for unit in units))


def figure(home: Home, mart: str, measure: str, area: str) -> tuple[float | None, str]:
    query = f"""
        select value, data_status from marts.{mart}
        where measure = '{measure}' and category = 'all' and area_code = '{area}'
            and period_type = 'month' and period_label = 'Jan 2025'
    """
    (row,) = published(home, query)
    return row


def administrations(home: Home) -> dict[str, tuple[float | None, str]]:
    areas = published(home, "select distinct area_code from marts.mart_naloxone where force_code = 'kent'")
    return {area: figure(home, "mart_naloxone", "naloxone_administrations", area) for (area,) in areas}


def warnings(home: Home) -> list[tuple[str, str]]:
    return published(home, "select subject, message from meta.checks where rule = 'forgotten_values' and not passed order by 1")


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Three administrations in Dover, one in Ashford; two incidents of what the home's own list says is Drugs."""
    home = Home(tmp_path_factory.mktemp("changed_lists") / "home").create()
    write_units(home, "Dover", "Ashford")
    write_list(home, "vocabulary", "incidents,qualifiers,Narcotics,Drugs")
    rows = [[f"N{n}", f"2025-01-0{n}", unit] for n, unit in enumerate(("Dover", "DOVER", "dover", "Ashford"), 1)]
    write_extract(
        home.inbox, "naloxone", rows, columns=["administration_ref", "administered_at", "lpu"], window=JANUARY, force="kent"
    )
    rows = [[f"I{n}", "INCIDENT", f"2025-01-0{n}", "Narcotics; ASB"] for n in (1, 2)]
    columns = ["incident_ref", "record_type", "created_at", "qualifiers"]
    write_extract(home.inbox, "incidents", rows, columns=columns, window=JANUARY, force="kent")
    publish_night(home)
    assert administrations(home)["dover"] == (3, "complete")
    assert figure(home, "mart_incidents", "incidents_drugs", "kent") == (2, "complete")
    assert unknown_values(home) == warnings(home) == []
    return home


@pytest.fixture
def home(first_night: Home, tmp_path: Path) -> Home:
    shutil.copytree(first_night.path, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


def test_a_renamed_unit_is_not_0_before_its_old_name_is_listed(home: Home) -> None:
    write_units(home, "Harbour", "Ashford")
    publish_night(home)
    # Which unit the three rows are of is not known: it may be any. As where a file has no units, none is recorded.
    figures = administrations(home)
    assert figures.pop("kent") == figures.pop("unknown") == (4, "complete")
    assert figures == dict.fromkeys(("east", "harbour", "ashford"), NOT_AVAILABLE)
    assert [(u.extract, u.column_name, u.value, u.rows) for u in unknown_values(home)] == [("naloxone", "lpu", "DOVER", 3)]
    assert published(home, "select value, rows from meta.vocabulary") == [("DOVER", 3)]
    ((subject, message),) = warnings(home)
    assert subject == "naloxone" and "or no longer know" in message and "lpu: 'DOVER' (3)" in message
    with open_evidence(home) as con:
        request = request_for_period(
            con, "naloxone_administrations", None, "all", "lpu", "Harbour", "kent", None, date(2025, 1, 1), date(2025, 1, 31)
        )
        ((reason,),) = missing_rows(con, home, trace(con, request)).values()
    assert "has values that no list knows any more: 'DOVER' (3)" in reason

    write_list(home, "unit_names", "kent,Dover,harbour")
    publish_night(home)
    assert administrations(home) == {
        "kent": (4, "complete"), "east": (4, "complete"), "harbour": (3, "complete"), "ashford": (1, "complete"),
        "unknown": (0, "complete"),
    }  # fmt: skip
    assert unknown_values(home) == warnings(home) == []


@pytest.mark.parametrize("resolve", [
    lambda home: write_units(home, "Harbour", "Ashford", "Dover"),
    lambda home: accept_value(home, "naloxone", "lpu", ["Dover"], "nothing", by="A. Person"),
], ids=["listed_again", "accepted"])  # fmt: skip
def test_a_unit_that_is_gone_is_listed_again_or_counts_as_not_recorded(home: Home, resolve: Callable[[Home], None]) -> None:
    write_units(home, "Harbour", "Ashford")
    resolve(home)
    publish_night(home)
    figures = administrations(home)
    assert figures["harbour"] == (0, "complete") and figures["ashford"] == (1, "complete")
    assert (figures["dover"] if "dover" in figures else figures["unknown"]) == (3, "complete")
    assert warnings(home) == []


def test_a_value_that_the_vocabulary_no_longer_has_makes_what_it_counted_not_available(home: Home) -> None:
    write_list(home, "vocabulary")
    publish_night(home)
    assert figure(home, "mart_incidents", "incidents_drugs", "kent") == NOT_AVAILABLE
    assert administrations(home)["dover"] == (3, "complete"), "another extract"
    assert [(u.value, u.rows) for u in unknown_values(home)] == [("Narcotics", 2)]
    ((subject, message),) = warnings(home)
    assert subject == "incidents" and "qualifiers: 'Narcotics' (2)" in message
    accept_value(home, "incidents", "qualifiers", ["Narcotics"], "nothing", by="A. Person")
    publish_night(home)
    assert figure(home, "mart_incidents", "incidents_drugs", "kent") == (0, "complete")
    assert unknown_values(home) == warnings(home) == []


def test_files_that_land_later_say_their_units_themselves(home: Home) -> None:
    """A night in part: units of the months that only newer files cover are available, the others are not."""
    write_units(home, "Harbour", "Ashford")
    rows = [["N9", "2025-02-03", "Harbour"]]
    columns = ["administration_ref", "administered_at", "lpu"]
    for stamp in ("20260107T020000Z", "20260108T020000Z"):
        write_extract(
            home.inbox, "naloxone", rows, columns=columns, window=("2025-02-01", "2025-02-28"), force="kent", stamp=stamp
        )
        publish_night(home)
        query = """
            select period_label, value, data_status from marts.mart_naloxone
            where measure = 'naloxone_administrations' and category = 'all' and area_code = 'harbour'
                and period_type = 'month' and period_label in ('Jan 2025', 'Feb 2025')
            order by period_start
        """
        months = published(home, query)
        assert months == [("Jan 2025", *NOT_AVAILABLE), ("Feb 2025", 1, "complete")]
        assert len(warnings(home)) == 1


def test_units_that_landed_before_the_first_list_are_looked_up_in_it(new_home: Home) -> None:
    """A new home lands its files first: a file of which the list does not know a fifth of the units would have been held."""
    columns = ["administration_ref", "administered_at", "lpu"]
    for force, n_unknown in (("kent", 10), ("essex", 9)):
        rows = [[f"N{n}", f"2025-01-{n % 28 + 1:02d}", "D Division" if n < n_unknown else "Dover"] for n in range(50)]
        write_extract(new_home.inbox, "naloxone", rows, columns=columns, window=JANUARY, force=force)
    publish_night(new_home)
    assert unknown_values(new_home) == []
    write_list(new_home, "areas", *(f"{force},east,East,dover,Dover" for force in ("kent", "essex")))
    publish_night(new_home)
    assert {(u.force_code, u.value, u.rows) for u in unknown_values(new_home)} == {
        ("kent", "D Division", 10), ("essex", "D Division", 9),
    }  # fmt: skip
    query = """
        select force_code, value, data_status from marts.mart_naloxone
        where measure = 'naloxone_administrations' and area_code = 'dover'
            and period_type = 'month' and period_label = 'Jan 2025'
        order by force_code desc
    """
    assert published(new_home, query) == [("kent", *NOT_AVAILABLE), ("essex", 41, "complete")]
    ((_, message),) = warnings(new_home)
    assert message.startswith("naloxone (kent): ") and message.endswith("lpu: 'D Division' (10)")
    write_list(new_home, "unit_names", "kent,D Division,dover", "essex,D Division,dover")
    publish_night(new_home)
    assert published(new_home, query) == [("kent", 50, "complete"), ("essex", 50, "complete")]
    assert warnings(new_home) == unknown_values(new_home) == []


def test_small_files_that_landed_before_the_first_list_have_no_units_of_0(new_home: Home) -> None:
    """Many files of a month have fewer rows than are compared with the lists when one lands."""
    rows = [[f"N{n}", f"2025-01-0{n}", "D Division"] for n in range(1, 5)]
    columns = ["administration_ref", "administered_at", "lpu"]
    write_extract(new_home.inbox, "naloxone", rows, columns=columns, window=JANUARY, force="kent")
    publish_night(new_home)
    write_units(new_home, "Dover", "Ashford")
    publish_night(new_home)
    figures = administrations(new_home)
    assert figures.pop("kent") == figures.pop("unknown") == (4, "complete")
    assert figures == dict.fromkeys(("east", "dover", "ashford"), NOT_AVAILABLE)
    assert "lpu: 'D Division' (4)" in warnings(new_home)[0][1]


def test_a_list_that_came_after_the_file_forgets_like_one_that_was_there(new_home: Home) -> None:
    """What no list knew when the file landed counts by a later list; when that no longer knows it, it is no 0 either."""
    columns = ["administration_ref", "administered_at", "lpu"]
    rows = [[f"N{n}", f"2025-01-{n % 28 + 1:02d}", "Dover" if n < 6 else "Ashford"] for n in range(60)]
    write_extract(new_home.inbox, "naloxone", rows, columns=columns, window=JANUARY, force="kent")
    rows = [[f"I{n}", "INCIDENT", "2025-01-02", "Drugs" if n else "Narcotics"] for n in range(60)]
    columns = ["incident_ref", "record_type", "created_at", "qualifiers"]
    write_extract(new_home.inbox, "incidents", rows, columns=columns, window=JANUARY, force="kent")
    publish_night(new_home)
    write_units(new_home, "Dover", "Ashford")
    write_list(new_home, "vocabulary", "incidents,qualifiers,Narcotics,Drugs")
    publish_night(new_home)
    assert administrations(new_home)["dover"] == (6, "complete")
    assert figure(new_home, "mart_incidents", "incidents_drugs", "kent") == (60, "complete")
    write_units(new_home, "Harbour", "Ashford")
    write_list(new_home, "vocabulary")
    publish_night(new_home)
    figures = administrations(new_home)
    assert figures["harbour"] == figures["ashford"] == NOT_AVAILABLE and figures["kent"] == (60, "complete")
    assert figure(new_home, "mart_incidents", "incidents_drugs", "kent") == NOT_AVAILABLE
    assert ["'Narcotics' (1)" in m or "'Dover' (6)" in m for _, m in warnings(new_home)] == [True, True]
    assert rebuild_and_compare(new_home).differing == 0
    write_list(new_home, "unit_names", "kent,Dover,harbour")
    write_list(new_home, "vocabulary", "incidents,qualifiers,Narcotics,nothing")
    publish_night(new_home)
    assert administrations(new_home)["harbour"] == (6, "complete")
    assert figure(new_home, "mart_incidents", "incidents_drugs", "kent") == (59, "complete")
    assert warnings(new_home) == []


def test_a_unit_that_was_renamed_while_its_file_was_held_is_not_0(home: Home) -> None:
    """The release looks the values up in the lists of its night, which no longer know the name."""
    rows = [[f"H{n}", "INCIDENT", "2025-02-01", "Ganja", "Dover" if n < 9 else "Ashford"] for n in range(60)]
    columns = ["incident_ref", "record_type", "created_at", "qualifiers", "lpu"]
    write_extract(home.inbox, "incidents", rows, columns=columns, window=("2025-02-01", "2025-02-28"), force="kent")
    publish_night(home)
    write_units(home, "Harbour", "Ashford")
    accept_value(home, "incidents", "qualifiers", ["Ganja"], "Drugs", by="A. Person")
    publish_night(home)
    query = """
        select area_code, value, data_status from marts.mart_incidents
        where measure = 'incidents_drugs' and category = 'all' and period_type = 'month' and period_label = 'Feb 2025'
            and force_code = 'kent'
    """
    figures = {area: (value, status) for area, value, status in published(home, query)}
    assert figures["harbour"] == figures["ashford"] == NOT_AVAILABLE and figures["kent"] == (60, "complete")


@pytest.mark.parametrize("rule", ["unknown_values", "forgotten_values"])
def test_advice_on_units_names_their_lists_first(rule: str) -> None:
    """Accepted, a unit that was renamed is 0."""
    rules = yaml.safe_load((EXPECTATIONS / "shared" / "rows.yml").read_text(encoding="utf-8"))
    (advice,) = (r["meta"]["advice"] for r in rules if r["meta"].get("rule") == rule)
    assert advice.index("areas.csv") < advice.index("pam vocabulary accept") > advice.index("unit_names.csv")


ERASED_FROM = date(2026, 2, 1)
"""From this day on the first night's files are older than their retention limit."""


def erase(home: Home) -> None:
    home.config_file.write_text("[keep]\nyears = {naloxone = 1, incidents = 1}\n", encoding="utf-8")
    publish_night(home, today=ERASED_FROM)
    assert not list(home.raw.glob("*/*/*.parquet"))


def test_what_was_not_available_when_rows_were_erased_stays_so(home: Home) -> None:
    """Their totals say neither which unit they were of, nor what they counted as."""
    write_units(home, "Harbour", "Ashford")
    write_list(home, "vocabulary")
    erase(home)
    for rebuild in (False, True):
        publish_night(home, today=ERASED_FROM, rebuild=rebuild)
        figures = administrations(home)
        assert figures.pop("kent") == figures.pop("unknown") == (4, "complete")
        assert figures == dict.fromkeys(("east", "harbour", "ashford"), NOT_AVAILABLE)
        assert figure(home, "mart_incidents", "incidents_drugs", "kent") == NOT_AVAILABLE


def test_a_unit_of_erased_rows_that_is_merged_counts_as_the_other(home: Home) -> None:
    erase(home)
    assert administrations(home)["dover"] == (3, "complete")
    write_units(home, "Ashford")
    publish_night(home, today=ERASED_FROM)
    figures = administrations(home)
    assert figures["kent"] == (4, "complete") and figures["east"] == figures["ashford"] == NOT_AVAILABLE
    ((subject, message),) = warnings(home)
    assert subject == "naloxone" and "lpu: 'dover' (3)" in message
    write_list(home, "unit_names", "kent,Dover,ashford")
    publish_night(home, today=ERASED_FROM)
    assert administrations(home) == {"unknown": (0, "complete")} | dict.fromkeys(("kent", "east", "ashford"), (4, "complete"))
    assert warnings(home) == []


def test_a_unit_of_erased_rows_that_has_another_code_is_no_new_one(home: Home) -> None:
    erase(home)
    write_units(home, "Harbour", "Ashford")
    publish_night(home, today=ERASED_FROM)
    assert administrations(home)["harbour"] == NOT_AVAILABLE
    write_list(home, "unit_names", "kent,Dover,harbour")
    publish_night(home, today=ERASED_FROM)
    assert administrations(home) == {
        "kent": (4, "complete"), "east": (4, "complete"), "harbour": (3, "complete"), "ashford": (1, "complete"),
        "unknown": (0, "complete"),
    }  # fmt: skip


def test_a_list_that_is_saved_between_landing_and_building_is_remembered(new_home: Home) -> None:
    """And an earlier night, built again with its list, knows nothing of what a later one knew."""
    write_units(new_home, "Ashford")
    rows = [[f"N{n}", f"2025-01-0{n}", unit] for n, unit in enumerate(("Dover", "Dover", "Ashford"), 1)]
    columns = ["administration_ref", "administered_at", "lpu"]
    write_extract(new_home.inbox, "naloxone", rows, columns=columns, window=JANUARY, force="kent")
    first = publish_night(new_home).receipt.night_id
    with night(new_home, rebuild=True) as run:
        run.land()
        write_units(new_home, "Ashford", "Dover")
        run.build()
        run.judge()
        run.publish()
    assert administrations(new_home)["dover"] == (2, "complete")
    write_units(new_home, "Ashford", "Harbour")
    publish_night(new_home)
    assert administrations(new_home)["harbour"] == administrations(new_home)["ashford"] == NOT_AVAILABLE
    write_units(new_home, "Ashford")
    assert rebuild_and_compare(new_home, first).differing == 0


def test_a_file_whose_units_newer_ones_say_is_not_warned_of(new_home: Home) -> None:
    """It stays only for the days of which it has rows and that the newer one of its own days does not cover."""
    write_units(new_home, "Dover", "Ashford")
    columns = ["administration_ref", "administered_at", "lpu"]
    for stamp, last, unit in (("05", "2025-03-31", "Ashford"), ("06", "2025-01-31", "Dover")):
        write_extract(
            new_home.inbox, "naloxone", [["N1", "2025-01-03", unit]], columns=columns, window=("2025-01-01", last),
            force="kent", stamp=f"202601{stamp}T020000Z",
        )  # fmt: skip
    publish_night(new_home)
    write_units(new_home, "Harbour", "Ashford")
    publish_night(new_home)
    assert len(warnings(new_home)) == 1
    write_extract(
        new_home.inbox, "naloxone", [["N1", "2025-01-03", "Harbour"]], columns=columns, window=JANUARY, force="kent",
        stamp="20260108T020000Z",
    )  # fmt: skip
    publish_night(new_home, rebuild=True)
    assert administrations(new_home)["harbour"] == (1, "complete") and warnings(new_home) == []
