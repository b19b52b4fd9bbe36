"""Lists and models of measures that contradict each other are refused, with what to write. Each was a figure of 0 that looked
complete, or no figure at all, and nobody was told."""

from collections.abc import Callable

import pytest
from support import seed

from dagster_project.cli.developer_commands import docs
from dagster_project.core.home import DBT_PROJECT, Home
from dagster_project.transform import candidate, check_measure_lists
from dagster_project.transform.check_measure_lists import LISTS, MeasureListError, find_faults

MODELS = {p.stem: p.read_text(encoding="utf-8") for p in (DBT_PROJECT / "models" / "measures").glob("*_events.sql")}

SUBJECTS = (DBT_PROJECT / "macros" / "subjects.sql").read_text(encoding="utf-8")

Row = dict[str, str]
Edit = Callable[[dict[str, Row], dict[str, str]], None]


def faults_with(edit: Edit) -> list[str]:
    """What is found once the measures (by name) and the models are edited."""
    lists = {name: seed(name) for name in LISTS}
    models = {**MODELS}
    edit({m["measure"]: m for m in lists["measure_list"]}, models)
    return list(find_faults(lists, models, SUBJECTS))


def rename_in(model: str, old: str, new: str) -> Edit:
    def edit(_: dict[str, Row], models: dict[str, str]) -> None:
        assert old in models[model]
        models[model] = models[model].replace(old, new)

    return edit


def set_in(measure: str, **values: str) -> Edit:
    return lambda measures, _: measures[measure].update(values)


def test_those_of_the_project_are_sound() -> None:
    assert faults_with(lambda *_: None) == []


@pytest.mark.parametrize(
    ("edit", "faults"),
    [
        (
            rename_in("drug_tests_events", "'referrals'", "'referals'"),
            [
                "drug_tests_events.sql: referals is no measure of mart_drug_tests in seeds/measure_list.csv; "
                "is referrals meant?",
                "seeds/measure_list.csv: referrals: no event of drug_tests_events.sql counts it: always 0",
            ],
        ),
        (
            set_in("referrals", coverage="drug_tests (referred)"),
            [
                "seeds/measure_list.csv: referrals: coverage: `drug_tests (referred)` is not written as "
                "`<extract> with <column> + <column> from <date>`"
            ],
        ),
        (
            set_in("referrals", coverage="drug_test with referred"),
            ["seeds/measure_list.csv: referrals: coverage: no extract is called drug_test; is drug_tests meant?"],
        ),
        (
            set_in("referrals", coverage="drug_tests with refered"),
            ["seeds/measure_list.csv: referrals: coverage: drug_tests has no column refered; is referred meant?"],
        ),
        (
            set_in("referrals", coverage="drug_tests with referred from 2023-02-30"),
            ["seeds/measure_list.csv: referrals: coverage: `drug_tests with referred from 2023-02-30`: 2023-02-30 is no date"],
        ),
        (
            # Before that date, categories would be 0.
            set_in("orders_obtained", coverage="cash_seizures from 2024-01-01"),
            [
                "seeds/measure_list.csv: orders_obtained: its category_coverage `cash_seizures with status` does not ask for "
                "all that its coverage `cash_seizures from 2024-01-01` asks for: write that, and the columns that only the "
                "categories need"
            ],
        ),
        (
            # Both extracts have that column.
            set_in("orders_obtained", category_coverage="crimes with status"),
            [
                "seeds/measure_list.csv: orders_obtained: its category_coverage `crimes with status` does not ask for all that "
                "its coverage `cash_seizures` asks for: write that, and the columns that only the categories need"
            ],
        ),
        (
            set_in("referrals", coverage="naloxone"),
            ["drug_tests_events.sql: referrals counts rows of drug_tests, and its coverage is of naloxone"],
        ),
        (
            set_in("test_rate", denominator="arrest_to_test"),
            [
                "seeds/measure_list.csv: test_rate: denominator: arrest_to_test is no measure of mart_drug_tests; "
                "is arrests_to_test meant?"
            ],
        ),
        (
            set_in("persons_charged", split_by="exploitation_outcomes.strands"),
            [
                "seeds/measure_list.csv: persons_charged: split_by: exploitation_outcomes.strands is no column with values; "
                "is exploitation_outcomes.strand meant?"
            ],
        ),
        (
            set_in("positivity_rate", denominator="tests_completed"),
            [
                "seeds/measure_list.csv: positivity_rate: its denominator tests_completed has a coverage of other columns or "
                "days: give both the same, or make a part of the coverage "
                "`drug_tests with cocaine/opiates/result + test_status` that is not published"
            ],
        ),
        (
            set_in("tests_missed", category_group=""),
            [
                "seeds/measure_list.csv: tests_missed has categories: say split_by, the contract's list, or category_group, a "
                "name that measures with the same categories share"
            ],
        ),
        (
            rename_in("naloxone_events", "extract='naloxone'", "extract='naloxon'"),
            ["naloxone_events.sql: no extract is called naloxon; is naloxone meant?"],
        ),
        (
            rename_in("naloxone_events", "'naloxone_administrations'", "measure"),
            ["naloxone_events.sql: line 2: event(...): write its measure as a text"],
        ),
        (rename_in("naloxone_events", "extract=", ", extract="), ["naloxone_events.sql: line 2: unexpected ','"]),
        (
            rename_in("naloxone_events", "stg_naloxone", "stg_op_trapped"),
            ["naloxone_events.sql: reads stg_op_trapped, and no event says extract='op_trapped'"],
        ),
        (
            rename_in("intelligence_events", "counts_as('Drugs', ", 'counts_as("Drug", '),
            ["intelligence_events.sql: no value of intelligence.themes counts as Drug: list one in seeds/vocabulary.csv"],
        ),
        (
            lambda measures, models: (
                measures["incidents_drugs_by_channel"].update(category_group=""),
                rename_in("incidents_events", "category('channel')", "'lower(channel)'")(measures, models),
            ),
            [
                "seeds/measure_list.csv: incidents_drugs_by_channel has categories: say split_by, the contract's list, or "
                "category_group, a name that measures with the same categories share"
            ],
        ),
        # Other ways to write the same.
        (rename_in("naloxone_events", "'naloxone_administrations'", '"naloxone_administrations"'), []),
        (rename_in("naloxone_events", "{{ event(", "{# An event() for each row. #}/* event() */{{-event("), []),
        (rename_in("naloxone_events", "'administered_at', ", "happened='administered_at', measure="), []),
        (
            rename_in(
                "confiscation_orders_events",
                "category('offence_category'), 'order_value',",
                "amount='order_value', category=category('offence_category'),",
            ),
            [],
        ),
        (rename_in("intelligence_events", "where {{", "cross join {{ source('raw', 'night') }} where {{"), []),
        (rename_in("naloxone_events", "from {{", "from days where x in (\n    select\n)\nunion all select 1 from {{"), []),
        (
            lambda measures, _: measures["test_rate"].update(
                numerator="tests_missed",
                denominator="arrests_to_test",
                coverage=measures["tests_missed"]["coverage"],
            ),
            [],
        ),
        (rename_in("naloxone_events", "_administrations', ", "_administrations', 'all', "), []),
        (
            lambda _, models: models.update(naloxone_given_events=""),
            ["naloxone_given_events.sql: nobody reads it: add 'naloxone_given' to dbt/macros/subjects.sql"],
        ),
        (
            rename_in("intelligence_events", "'Drugs'", "'Drug'"),
            ["intelligence_events.sql: no value of intelligence.themes counts as Drug: list one in seeds/vocabulary.csv"],
        ),
        (
            rename_in("drug_tests_events", "'arrested_at', 'referrals'", "'tested_at', 'referrals'"),
            [
                "drug_tests_events.sql: referrals counts on tested_at, and files of drug_tests cover days of arrested_at: "
                "count on that, or have a whole list sent (kind: list)"
            ],
        ),
        (
            set_in("tests_missed", category_coverage=""),
            [
                "seeds/measure_list.csv: tests_missed: its category_coverage does not ask for missed_reason, which it needs: "
                "write `drug_tests with missed_reason + test_status`, with / for + between columns of which one is enough"
            ],
        ),
        (
            # The column is in a filter of a query that the select reads.
            set_in("knightlow_visits", coverage="iom_visits"),
            [
                "seeds/measure_list.csv: knightlow_visits: its coverage does not ask for operation, which it needs: "
                "write `iom_visits with operation`, with / for + between columns of which one is enough"
            ],
        ),
        (
            # The filter is a column that named queries compute, of others that they compute.
            set_in("tests_positive", coverage="drug_tests with test_status"),
            [
                "seeds/measure_list.csv: positivity_rate: its numerator tests_positive has a coverage of other columns or "
                "days: give both the same, or make a part of the coverage "
                "`drug_tests with cocaine/opiates/result + test_status` that is not published",
                "seeds/measure_list.csv: tests_positive: its coverage does not ask for cocaine and opiates and result, which "
                "it needs: write `drug_tests with cocaine + opiates + result + test_status`, with / for + between columns of "
                "which one is enough",
            ],
        ),
        (
            set_in("roc_drugs_emergency", coverage="incidents from 2023-10-01"),
            [
                "seeds/measure_list.csv: roc_drugs_emergency: its coverage does not ask for grade and qualifiers and "
                "record_type, which it needs: write `incidents with grade + qualifiers + record_type from 2023-10-01`, with / "
                "for + between columns of which one is enough"
            ],
        ),
    ],
)
def test_what_would_be_a_false_figure_is_found(edit: Edit, faults: list[str]) -> None:
    assert faults_with(edit) == faults


EVENT = "{{ event('visited_on', 'knightlow_visits', extract='iom_visits') }}"
VISITS = "{{ ref('stg_iom_visits') }}"


def asked_of(model: str) -> bool:
    """Whether a model of visits, instead of the project's, is found to need `operation`."""
    lists = {name: seed(name) for name in LISTS}
    measures = [{**m, "coverage": "iom_visits"} for m in lists["measure_list"] if m["measure"] == "knightlow_visits"]
    faults = [*find_faults({**lists, "measure_list": measures}, {"iom_events": model}, SUBJECTS)]
    assert len(faults) < 2 and all("does not ask for operation, which it needs" in fault for fault in faults)
    return bool(faults)


@pytest.mark.parametrize(
    "model",
    [
        f"SELECT {EVENT}\nFROM {VISITS}\nWHERE operation = 'x'",
        f"select {EVENT}\nfrom {VISITS}\nwhere visit_ref <> 'a--b' and operation = 'x'",
        f"with a as (\n    select *\n    from\n        {VISITS}\n    where operation = 'x'\n)\n\nselect {EVENT}\nfrom\n    a",
        f"with a as (select *, operation = 'x' as is_x from {VISITS}) select {EVENT} from a where is_x",
        f"WITH a AS (SELECT *, operation = 'x' AS \"Is_X\" FROM {VISITS}) SELECT {EVENT} FROM a WHERE is_x",
        f"with a as (select *, operation = 'x' is_x, not is_x as is_y from {VISITS}) select {EVENT} from a where is_y",
        f"with a (visited_on, x) as (select visited_on, operation from {VISITS}) select {EVENT} from a where x = 'x'",
        f"with a as (select *, operation as x from {VISITS}), b as (select 1 as y) select {EVENT} from b, a where x = 'x'",
        f"with a as (select * from {VISITS} union select *, operation as x from {VISITS}) select {EVENT} from a where x = 'x'",
        f"select {EVENT} from (select *, operation = 'x' as is_x from {VISITS}) as a where is_x",
        f"with a as (select * from {VISITS}) select {EVENT} from a where exists (select operation from a)",
        f"with a as (select {EVENT} from {VISITS} where operation = 'x') select * from a",
        f"(select {EVENT} from {VISITS} where operation = 'x')",
    ],
)
def test_a_column_that_a_model_needs_is_found_however_it_is_written(model: str) -> None:
    assert asked_of(model)


@pytest.mark.parametrize(
    "model",
    [
        f"select {EVENT} -- operation\nfrom {VISITS}\n/* where it's\noperation */\nwhere visit_ref <> 'operation'",
        f"WITH a AS (SELECT *, operation = 'x' AS is_x FROM {VISITS}) SELECT {EVENT} FROM a",
        f"with a as (select *, operation as x from {VISITS}), b as (select * from a where x = 'x') select {EVENT} from a",
        f"with a as (select extract(year from visited_on) as y, operation = 'x' as is_x from {VISITS}) select {EVENT} from a",
        f"with a as (select 1 is distinct from 2 as y, operation = 'x' as is_x from {VISITS}) select {EVENT} from a",
        f"select {EVENT} from (select *, coalesce(operation, 'x') as x from {VISITS}) as a",
    ],
)
def test_a_column_that_a_model_does_not_need_is_not_asked_for(model: str) -> None:
    assert not asked_of(model)


def test_the_day_on_which_a_measure_counts_is_asked_for() -> None:
    def edit(measures: dict[str, Row], models: dict[str, str]) -> None:
        rename_in("county_lines_events", "where closed_on is not null\n", "")(measures, models)
        set_in("lines_closed", coverage="county_lines")(measures, models)

    (fault,) = faults_with(edit)
    assert "lines_closed: its coverage does not ask for closed_on, which it needs" in fault


def test_a_night_and_the_pages_refuse_them_before_anything_is_made(monkeypatch: pytest.MonkeyPatch, new_home: Home) -> None:
    monkeypatch.setattr(check_measure_lists, "find_faults", lambda *_: iter(["one fault", "another"]))
    for make in (lambda: candidate.start(new_home), docs):
        with pytest.raises(MeasureListError, match=r"^one fault\nanother$"):
            make()
