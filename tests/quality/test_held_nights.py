"""A night that is held or fails: its messages, that the publication stays, and that the next night succeeds."""

import json
from collections.abc import Callable

import duckdb
import pytest
from support import candidate, drop_something, night, published, run_night, same_figures

from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.core.night_lock import NightUnderWayError
from dagster_project.core.receipts import Receipt, read_receipts
from dagster_project.nights.errors import NightFailedError
from dagster_project.nights.night_run import NightRun
from dagster_project.transform import candidate as candidate_module
from dagster_project.transform import dbt_runner, raw_schema

RULE = "year_not_its_months"
SET_A_WRONG_FIGURE = (
    "update warehouse.marts.mart_county_lines set value = value + 1 where measure = 'lines_closed' and"
    " area_type = 'force' and period_type = 'calendar_year' and value is not null"
)
LINES_CLOSED = (
    "select value from marts.mart_county_lines where measure = 'lines_closed' and area_type = 'force'"
    " and period_type = 'calendar_year' and value is not null"
)


def build_a_wrong_figure(patch: pytest.MonkeyPatch) -> None:
    """Has nights build a mart with one wrong figure."""
    build = NightRun.build

    def build_wrong(run: NightRun) -> list[dbt_runner.Node]:
        nodes = build(run)
        with candidate(run.home, read_only=False) as con:
            con.execute(SET_A_WRONG_FIGURE)
        dbt_runner.build(run.home, select=["figure_facts"])
        return nodes

    patch.setattr(NightRun, "build", build_wrong)


def last_receipt(home: Home) -> Receipt:
    return read_receipts(home)[-1]


@pytest.fixture
def week_copy(week_copy: Home) -> Home:
    """The week with a file in its inbox: without one, a night builds nothing."""
    drop_something(week_copy)
    return week_copy


@pytest.fixture
def check_unchanged(week_copy: Home) -> Callable[[], None]:
    """Asserts that the publication is still, to the byte, the one before the test."""
    before = week_copy.warehouse.read_bytes()
    links = {p.name: p.readlink() if p.is_symlink() else None for p in week_copy.published.iterdir()}
    assert {"current", "warehouse.duckdb"} < set(links)

    def check() -> None:
        assert week_copy.warehouse.read_bytes() == before
        assert {p.name: p.readlink() if p.is_symlink() else None for p in week_copy.published.iterdir()} == links
        assert published(week_copy, LINES_CLOSED) == [(5,)]

    return check


def test_a_night_with_a_wrong_figure_is_held(week_copy: Home, check_unchanged: Callable[[], None], pam: Callable) -> None:
    with pytest.MonkeyPatch.context() as patch:
        build_a_wrong_figure(patch)
        result = pam("nightly", "--home", week_copy.path)
    assert result.exit_code == 1
    message = (
        f"Lines closed in mart_county_lines (derbyshire): in 1 place this is not so: A year is the sum of its months. [{RULE}]"
    )
    assert message in result.stderr and "held back; the last publication stays" in result.stderr
    assert f"Critical  {message}" in result.stdout
    check_unchanged()
    held = last_receipt(week_copy)
    assert (held.outcome, held.figures, held.sha256) == ("held", {}, None) and message in held.reason
    state = json.loads(pam("status", "--json", "--home", week_copy.path).stdout)
    assert state["last_night"]["outcome"] == "held" and RULE in {c["rule"] for c in state["holding"]}
    assert state["published"]["night_id"] != held.night_id
    answer = pam("query", LINES_CLOSED, "--format", "csv", "--home", week_copy.path)
    assert (answer.exit_code, answer.stdout) == (0, "value\n5\n")


@pytest.mark.long
def test_the_night_after_a_held_one_publishes(week: Home, week_copy: Home) -> None:
    """Also if the held one's candidate was damaged. The suite has a night after a held one in test_relation_rules.py."""
    with pytest.MonkeyPatch.context() as patch:
        build_a_wrong_figure(patch)
        held = run_night(week_copy).receipt
    assert held.outcome == "held"
    (week_copy.candidate / WORK).write_bytes(b"cut short")
    next_run = run_night(week_copy)
    assert next_run.receipt.outcome == "published"
    assert same_figures(week, week_copy) == []
    nights = published(week_copy, "select outcome, reason from meta.nights order by started_at, night_id")
    assert nights[-3:] == [("published", ""), ("held", held.reason), ("published", "")]


def test_a_failed_dbt_test_holds_the_night_and_is_named(
    week_copy: Home, check_unchanged: Callable[[], None], pam: Callable
) -> None:
    """A force's own list of areas, in which the name of one unit is the code of another."""
    week_copy.seeds.mkdir()
    (week_copy.seeds / "areas.csv").write_text(
        "force_code,section_code,section_name,lpu_code,lpu_name\n"
        "derbyshire,north,North,one,Dales\nderbyshire,north,North,two,One\n",
        encoding="utf-8",
    )
    run = run_night(week_copy)
    assert run.receipt.outcome == "held"
    assert "unique_unit_names" in run.receipt.reason
    failed = [c for c in run.receipt.checks if not c["passed"]]
    assert {(c["suite"], c["severity"]) for c in failed} == {("dbt", "critical")}
    *mended, not_run = sorted(failed, key=lambda c: c["found"].endswith("skipped"))
    assert len(mended) == 1 and "pam dbt test -s" in mended[0]["advice"]
    skipped = dbt_runner.skipped_tests({c["rule"] for c in run.receipt.checks})
    assert not_run["message"] == f"{len(skipped)} tests of dbt did not run, because of what failed"
    assert not any(c.passed for c in skipped) and dbt_runner.skipped_tests(set()) == [], "Dagster shows them as not passed"
    shown = pam("checks", "--home", week_copy.path)
    assert shown.exit_code == 0 and f"Night {run.receipt.night_id} (held)" in shown.stdout, "not an earlier night"
    assert "unit_names" in shown.stdout.partition("did not run")[0], "what failed comes before what was skipped because of it"
    check_unchanged()


def test_a_model_that_does_not_build_fails_the_night_and_is_named(
    week_copy: Home, check_unchanged: Callable[[], None], pam: Callable
) -> None:
    prepare_raw = raw_schema.prepare_raw

    def prepare_without_a_table(home: Home, *args: object) -> object:
        loads = prepare_raw(home, *args)
        with duckdb.connect(str(home.candidate / WORK)) as con:
            con.execute("drop table raw.withheld")
        return loads

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw_schema, "prepare_raw", prepare_without_a_table)
        result = pam("nightly", "--home", week_copy.path)
    assert result.exit_code == 1 and "superseded_rows" in result.stderr
    assert "failed; the last publication stays" in result.stderr
    failed = last_receipt(week_copy)
    assert failed.outcome == "failed" and "could not build" in failed.reason and "superseded_rows" in failed.reason
    assert failed.reason.startswith("dbt could not build") and failed.reason.index("superseded_rows") < 60
    check_unchanged()


def test_an_invalid_list_fails_the_night_with_its_line(week_copy: Home, check_unchanged: Callable[[], None]) -> None:
    week_copy.seeds.mkdir()
    path = week_copy.seeds / "offence_codes.csv"
    path.write_text("offence_code,offence_class\n77/50,possession\n92/30,supply\n", encoding="utf-8")
    run = run_night(week_copy)
    assert run.receipt.outcome == "failed"
    assert "seeds/offence_codes.csv: line 3: offence_class 'supply' is none of possession, trafficking" in run.receipt.reason
    check_unchanged()


def test_a_damaged_candidate_is_not_built_on(week_copy: Home) -> None:
    (week_copy.candidate / WORK).write_bytes(b"cut short")
    assert candidate_module.start(week_copy).base != "night", "it builds all again"


def test_a_second_night_cannot_begin_during_the_first(
    week_copy: Home, check_unchanged: Callable[[], None], pam: Callable
) -> None:
    with night(week_copy) as first:
        with pytest.raises(NightUnderWayError, match="another night is under way"):
            NightRun(week_copy).begin()
        result = pam("nightly", "--wait", 0, "--home", week_copy.path)
        assert result.exit_code == 1 and "another night is under way" in result.stderr
        assert first.night is not None
    assert len(read_receipts(week_copy)) == 5, "a night that could not begin has no receipt"
    check_unchanged()
    run = NightRun(week_copy)
    run.begin()
    run.end()


def test_a_step_needs_the_step_before(week_copy: Home, check_unchanged: Callable[[], None]) -> None:
    run = NightRun(week_copy)
    for step in (run.build, run.judge, run.publish):
        with pytest.raises(NightFailedError, match="begins with landing"):
            step()
    with night(week_copy) as run:
        with pytest.raises(NightFailedError, match="nothing was checked"):
            run.publish()
        with pytest.raises(NightFailedError, match="nothing was checked"):
            run.judge()
        assert run.receipt is None
    check_unchanged()
