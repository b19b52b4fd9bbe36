"""Partial nights publish the same as whole ones. tests/sequences tests the models alone, with many sequences of files, and
tests/nights/test_nights_against_model.py a partial night; here is what only whole nights have.
"""

from typing import Any

import pytest
import yaml
from support import candidate, copy_home, differing, night, publish_night, published, write_extract

from dagster_project.core.home import Home
from dagster_project.transform import empty_build

pytestmark = pytest.mark.long

COLUMNS = ("crime_ref", "recorded_on", "offence_code", "status", "lpu")
AREAS = "force_code,section_code,section_name,lpu_code,lpu_name\nnorfolk,A,A,A1,One\nnorfolk,A,A,A2,Two\n"


def crime(home: Home, force: str, day: str, first: str, last: str, stamp: str) -> None:
    """A file with one row, of key K."""
    row = ["K", day, "92D", "Recorded", ""]
    write_extract(home.inbox, "crimes", [row], columns=COLUMNS, window=(first, last), stamp=stamp, force=force)


def crimes_of_march(home: Home, force: str) -> None:
    """A file with one crime on each of the first 28 days of March 2018, a month that is erased after it was published."""
    rows = [[f"C{n}", f"2018-03-{n:02d}", "92D", "Recorded", ("One", "Two", "Chesterfield")[n % 3]] for n in range(1, 29)]
    write_extract(home.inbox, "crimes", rows, columns=COLUMNS, window=("2018-03-01", "2018-03-31"), force=force)


def write_edition_with_days(home: Home, edition: str, force: str) -> None:
    """An edition with a figure of eleven days of March 2018."""
    columns = [{"name": "rolling", "window": {"from": "2018-03-10", "to": "2018-03-20"}}]
    table = {
        "table": "offences", "paragraph": "1", "title": "T", "figure": {"mart": "mart_drug_offences"}, "columns": columns,
        "rows": [{"label": "Possession", "measure": "possession_offences"}],
    }  # fmt: skip
    body = {"edition": edition, "title": "T", "force_code": force, "data_to": "2026-04-30", "tables": [table]}
    (home.editions / f"{edition}.yml").write_text(yaml.safe_dump(body), encoding="utf-8")


def download(home: Home, force: str, value: str, stamp: str) -> None:
    """A file of indicators with one value."""
    row = ["92432", "Deaths", "E10000007", "Derbyshire", "Counties", "Persons", "2021-23", value, value]
    columns = ("indicator_id", "indicator_name", "area_code", "area_name", "area_type", "sex", "time_period", "value", "count")
    write_extract(home.inbox, "public_health", [row], columns=columns, stamp=stamp, force=force)


def answers_for_days(home: Home, force: str) -> list[tuple[Any, ...]]:
    """Value and status of the eleven days."""
    with candidate(home) as con:
        return con.execute(
            "select value, data_status from answers.answers join answers.asked_figures using (answer_id)"
            " where from_day = date '2018-03-10' and force_code = ?", [force],
        ).fetchall()  # fmt: skip


def rows_current(home: Home) -> list[tuple[Any, ...]]:
    return published(home, "select rows_current from meta.extracts where extract = 'crimes' and force_code = 'norfolk'")


@pytest.fixture(scope="module")
def partial_nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[tuple[Any, ...]]]:
    """A home after partial nights, with a different story for each force; and how the last night differs from a whole one built
    from nothing.

    `derbyshire`: a key is in May, then in June, then in the month that is erased. `kent`: a key is in a file that is erased,
    then in another file. `nottinghamshire` and `essex`: indicators, of which those of one force come again. `leicestershire`:
    days of an edition are erased, and another month comes. `norfolk`: the same, before a night without files, and the home has
    a list of its units.
    """
    folder = tmp_path_factory.mktemp("partial_nights")
    home = Home(folder / "home").create()
    home.config_file.write_text("[keep]\nyears = { crimes = 7 }\n", encoding="utf-8")
    home.config_file.chmod(0o600)
    for new_folder in (home.seeds, home.editions):
        new_folder.mkdir()
    (home.seeds / "areas.csv").write_text(AREAS)
    write_edition_with_days(home, "2026-09", "leicestershire")
    write_edition_with_days(home, "2026-10", "norfolk")
    crime(home, "derbyshire", "2025-05-02", "2025-05-01", "2025-05-31", "20260102T010000Z")
    crime(home, "derbyshire", "2025-06-03", "2025-06-01", "2025-06-30", "20260102T020000Z")
    crime(home, "kent", "2025-05-02", "2025-05-01", "2025-05-31", "20260102T010000Z")
    crime(home, "kent", "2018-03-02", "2018-03-01", "2018-03-30", "20260103T010000Z")
    for force in ("nottinghamshire", "essex"):
        download(home, force, "5.5", "20260105T020000Z")
    publish_night(home)
    crime(home, "kent", "2018-04-02", "2018-04-01", "2018-04-30", "20260104T010000Z")
    crime(home, "derbyshire", "2018-03-02", "2018-03-01", "2018-03-31", "20260102T030000Z")
    crimes_of_march(home, "leicestershire")
    publish_night(home)
    assert answers_for_days(home, "leicestershire") == [(11, "complete")]
    download(home, "nottinghamshire", "6.5", "20260106T020000Z")
    crime(home, "leicestershire", "2025-11-12", "2025-11-10", "2025-11-20", "20260105T020000Z")
    crimes_of_march(home, "norfolk")
    publish_night(home)
    assert answers_for_days(home, "norfolk") == [(11, "complete")] and rows_current(home) == [(28,)]
    units = published(home, "select distinct area_name from marts.mart_drug_offences where force_code = 'norfolk'")
    assert {unit for (unit,) in units} >= {"Not recorded", "One", "Two"} and ("Chesterfield",) not in units
    whole = copy_home(home, folder / "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(empty_build, "read", lambda stamp: None)
        run = publish_night(whole, rebuild=True)
    assert len(run.built.new_nodes) > 150, "views and seeds, too"
    with night(home) as run:
        run.land()
        assert not run.end_if_unchanged(), "rows were erased since"
        run.build()
        run.judge()
        run.publish()
    return home, differing(home, whole)


def test_partial_nights_equal_a_whole_night(partial_nights: tuple[Home, list[tuple[Any, ...]]]) -> None:
    assert partial_nights[1] == []


def test_days_of_an_erased_month_are_not_available(partial_nights: tuple[Home, list[tuple[Any, ...]]]) -> None:
    """Nor are they counted among the rows of the extract. A night without files publishes this, but makes no figure again; the
    next night has nothing to publish."""
    home, _ = partial_nights
    assert answers_for_days(home, "leicestershire") == answers_for_days(home, "norfolk") == [(None, "not_available")]
    assert rows_current(home) == [(0,)]
    with candidate(home) as con:
        assert con.execute("from gate.row_days where force_code = 'norfolk'").fetchall() == []
        assert con.execute("from raw.figures_made").fetchall() == []
    with night(home) as run:
        run.land()
        assert run.end_if_unchanged()


def superseded(home: Home, force: str) -> list[tuple[Any, ...]]:
    """Why a force's rows do not count, and the load that superseded each; also of loads that are gone."""
    with candidate(home) as con:
        return con.execute(
            "select reason, by_load_id from staging.superseded_rows left join raw.loads using (load_id)"
            " where coalesce(force_code, $1) = $1 order by all", [force],
        ).fetchall()  # fmt: skip


def test_rows_superseded_by_an_erased_row_are_compared_again(partial_nights: tuple[Home, list[tuple[Any, ...]]]) -> None:
    """The row of June again supersedes that of May."""
    rows = superseded(partial_nights[0], "derbyshire")
    assert {reason for reason, _ in rows} == {"newer version"} and len({load for _, load in rows}) == 2


def test_a_row_superseded_by_two_erased_rows_is_listed_once(partial_nights: tuple[Home, list[tuple[Any, ...]]]) -> None:
    """The home keeps what each erased row superseded."""
    with candidate(partial_nights[0]) as con:
        (last,) = con.execute("select max(load_id) from raw.loads where force_code = 'kent'").fetchone()
    assert superseded(partial_nights[0], "kent") == [("newer version", last)]


def test_a_download_of_one_force_keeps_the_figures_of_others(partial_nights: tuple[Home, list[tuple[Any, ...]]]) -> None:
    """Of an extract that is always measured whole, only rows of forces with new files are read."""
    figures = published(partial_nights[0], "select distinct force_code, value from marts.mart_public_health order by all")
    assert [(force, float(value)) for force, value in figures] == [("essex", 5.5), ("nottinghamshire", 6.5)]
