"""`pam dbt`: dbt on the latest built night, run by a person."""

import hashlib
import os
import shutil

import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import load_app
from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.core.night_lock import take_lock
from dagster_project.core.read_database import read_database
from dagster_project.transform import dbt_runner
from dagster_project.transform.candidate import is_current, prepare_for_dbt, published_nodes_if_unchanged

from .conftest import Candidate


def pam_dbt(home: Home, *args: str) -> Result:
    """`pam dbt ARGS` in this process, quietly."""
    return CliRunner().invoke(load_app(), ["dbt", *args, "--home", str(home.path)], env={"DBT_QUIET": "true"})


@pytest.fixture
def published_home(candidate: Candidate) -> Home:
    """A home after a night: publishing moves the figures out of the candidate."""
    home = candidate.home
    home.published.mkdir(exist_ok=True)
    os.replace(home.candidate / "warehouse.duckdb", home.warehouse)
    (home.candidate / "base.json").write_text("{}")
    return home


def _digest(home: Home) -> str:
    return hashlib.sha256(home.warehouse.read_bytes()).hexdigest()


def test_it_works_on_a_copy_of_the_published_figures(published_home: Home) -> None:
    """The next night does not build on a candidate that a person changed; a command that only reads changes nothing."""
    before, base = _digest(published_home), published_home.candidate / "base.json"
    result = pam_dbt(published_home, "test", "-s", "stg_incidents")
    assert result.exit_code == 0, result.output
    assert "a copy of the published figures" in result.stderr
    assert (published_home.candidate / "warehouse.duckdb").exists() and base.exists()
    again = pam_dbt(published_home, "run", "-s", "mart_iom")
    assert again.exit_code == 0 and "copy" not in again.stderr
    assert not base.exists()
    assert _digest(published_home) == before


def test_months_can_be_tested_and_shown_after_a_night_in_part(week_copy: Home) -> None:
    """Both read the sums of days that such a night drops. The next night still builds on the candidate."""
    assert published_nodes_if_unchanged(week_copy)
    result = pam_dbt(week_copy, "test", "-s", "months_have_what_is_unsplit_in_all")
    assert result.exit_code == 0, result.output
    assert published_nodes_if_unchanged(week_copy)
    assert pam_dbt(week_copy, "show", "-s", "monthly").exit_code == 0


def test_months_that_a_person_builds_have_the_rows_of_all_months(week_copy: Home) -> None:
    """The last night of the week built some months alone. `monthly` is made from days that such a night drops."""
    months = "select * exclude (leaf_name) from measures.monthly order by all"
    with read_database(week_copy.candidate / WORK) as con:
        before = con.execute(months).fetchall()
        assert not con.execute("select 1 from duckdb_tables() where table_name = 'event_days'").fetchall()
    result = pam_dbt(week_copy, "run", "-s", "monthly")
    assert result.exit_code == 0, result.output
    with read_database(week_copy.candidate / WORK) as con:
        assert con.execute(months).fetchall() == before != []


def test_only_commands_that_may_write_stop_the_next_night_from_building_on_the_candidate(published_home: Home) -> None:
    base = published_home.candidate / "base.json"
    assert pam_dbt(published_home, "ls", "-s", "mart_iom").exit_code == 0 and base.exists()
    # Not run: dbt would parse the whole project again for this option.
    prepare_for_dbt(published_home, ["test", "-s", "stg_incidents", "--store-failures"])
    assert not base.exists()


@pytest.mark.parametrize(
    "args",
    [("test", "--store-failures"), ("ls", "--vars={}"), ("ls", "-tspark"), ("ls", "--target", "lint"), ("parse",), ("--help",)],
)
def test_the_project_is_parsed_again_only_if_needed(args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    assert dbt_runner._parsed_for(["test", "-s", "stg_incidents"]) is dbt_runner.manifest()
    assert dbt_runner._parsed_for([*args]) is None
    monkeypatch.setenv("DBT_TARGET", "lint")
    assert dbt_runner._parsed_for(["test", "-s", "stg_incidents"]) is None


def test_a_failed_test_is_exit_1(candidate: Candidate) -> None:
    row = "insert into work.raw.incidents (incident_ref, created_at) values ('x', null)"
    candidate.execute(row)
    assert pam_dbt(candidate.home, "test", "-s", "stg_incidents").exit_code == 1


def test_a_failure_on_a_night_of_other_code_or_settings_says_what_to_do(week_copy: Home) -> None:
    """After an update dbt said `Binder Error`, and no more: its tables were those of the last night."""
    advice = "`pam nightly` builds all again"
    assert is_current(week_copy) and advice not in pam_dbt(week_copy, "ls", "-s", "no_such_model").stderr
    week_copy.config_file.write_text("[keep]\npublications = 3\n")
    assert not is_current(week_copy)
    failed = pam_dbt(week_copy, "run", "-s", "no_such_model")
    assert failed.exit_code == 1 and advice in failed.stderr
    assert advice not in pam_dbt(week_copy, "test", "-s", "stg_incidents").stderr


def test_a_selection_that_matches_nothing_is_exit_1(candidate: Candidate) -> None:
    assert pam_dbt(candidate.home, "test", "-s", "no_such_model").exit_code == 1


def test_docs_are_one_page_in_the_candidate(published_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAM_CANDIDATE", raising=False)
    result = pam_dbt(published_home, "docs", "generate", "--static")
    assert result.exit_code == 0, result.output
    page = published_home.candidate / "dbt" / "static_index.html"
    assert str(page) in result.stderr
    text = page.read_text(encoding="utf-8")
    assert "mart_drug_tests" in text and "Naloxone. Administrations of naloxone." in text
    assert "PAM_CANDIDATE" not in os.environ and "DBT_TARGET_PATH" not in os.environ


def test_it_is_refused_while_a_night_is_under_way(candidate: Candidate) -> None:
    lock = take_lock(candidate.home)
    try:
        result = pam_dbt(candidate.home, "test", "-s", "stg_incidents")
    finally:
        lock.close()
    assert result.exit_code == 1
    assert "under way" in result.stderr


def test_a_home_without_a_night_is_refused(candidate: Candidate) -> None:
    shutil.rmtree(candidate.home.candidate)
    result = pam_dbt(candidate.home, "test")
    assert result.exit_code == 1
    assert "pam nightly" in result.stderr


def test_a_missing_folder_is_not_made(candidate: Candidate) -> None:
    nowhere = Home(candidate.home.path / "nowhere")
    assert pam_dbt(nowhere, "test").exit_code == 1
    assert not nowhere.path.exists()
    assert pam_dbt(nowhere, "--help").exit_code == 0
