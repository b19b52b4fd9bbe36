"""Nights in part, whole ones beside them: what each publishes is the same. tests/sequences asks it of the models alone, of many
sequences of files; here is what only whole nights have.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from support import candidate, copy_home, differing, drop_something, publish_night, published, run_night, write_extract

from dagster_project.core.home import Home

COLUMNS = ("crime_ref", "recorded_on", "offence_code", "status", "lpu")
MID_MARCH = {"from": "2018-03-10", "to": "2018-03-20"}


def whole_beside(home: Home, folder: Path) -> list[tuple[Any, ...]]:
    """Run the home's next night in part, and in a copy whole. Returns where they part."""
    beside = copy_home(home, folder)
    publish_night(beside, rebuild=True)
    publish_night(home)
    with candidate(home) as con:
        assert con.execute("select count(*) from duckdb_tables() where table_name = 'figures_made'").fetchone() == (1,)
    return differing(home, beside)


@pytest.fixture
def erased(new_home: Home) -> Home:
    """A home whose edition asks for some days of a month; the month's rows were erased when that had been published."""
    rows = [[f"C{n}", f"2018-03-{n:02d}", "92D", "Recorded", "Chesterfield"] for n in range(1, 29)]
    write_extract(new_home.inbox, "crimes", rows, columns=COLUMNS, window=("2018-03-01", "2018-03-31"))
    new_home.config_file.write_text("[keep]\nyears = { crimes = 7 }\n", encoding="utf-8")
    new_home.config_file.chmod(0o600)
    columns = [{"name": "rolling", "window": MID_MARCH}]
    table = {
        "table": "offences", "paragraph": "1", "title": "T", "figure": {"mart": "mart_drug_offences"}, "columns": columns,
        "rows": [{"label": "Possession", "measure": "possession_offences"}],
    }  # fmt: skip
    edition = {"edition": "2026-09", "title": "T", "force_code": "derbyshire", "data_to": "2026-04-30", "tables": [table]}
    new_home.editions.mkdir()
    (new_home.editions / "2026-09.yml").write_text(yaml.safe_dump(edition), encoding="utf-8")
    publish_night(new_home)
    assert answered(new_home) == [(11, "complete")]
    return new_home


def crime(home: Home, day: str, first: str, last: str, stamp: str) -> None:
    """A file whose only row is the key K."""
    row = ["K", day, "92D", "Recorded", "Chesterfield"]
    write_extract(home.inbox, "crimes", [row], columns=COLUMNS, window=(first, last), stamp=stamp)


def answered(home: Home) -> list[tuple[Any, ...]]:
    with candidate(home) as con:
        return con.execute(
            "select value, data_status from answers.answers join answers.asked_figures using (answer_id)"
            f" where from_day = date '{MID_MARCH['from']}'"
        ).fetchall()


def test_days_of_an_erased_month_are_not_available_in_part_either(erased: Home, tmp_path: Path) -> None:
    write_extract(
        erased.inbox, "crimes", [["NEW", "2025-11-12", "92D", "Recorded", "Chesterfield"]], columns=COLUMNS,
        window=("2025-11-10", "2025-11-20"),
    )  # fmt: skip
    assert whole_beside(erased, tmp_path / "whole") == []
    assert answered(erased) == [(None, "not_available")]


def test_nor_in_a_night_that_touches_no_figure(erased: Home, tmp_path: Path) -> None:
    drop_something(erased)
    assert whole_beside(erased, tmp_path / "whole") == []
    assert answered(erased) == [(None, "not_available")]


def test_no_day_of_it_is_counted_either(erased: Home, tmp_path: Path) -> None:
    """Neither in what is said of the extract. No figure is made again for it."""
    assert published(erased, "select cast(sum(rows_current) as int) from meta.extracts") == [(28,)]
    drop_something(erased)
    assert whole_beside(erased, tmp_path / "whole") == []
    assert published(erased, "select cast(sum(rows_current) as int) from meta.extracts") == [(0,)]
    with candidate(erased) as con:
        assert con.execute("from audit.row_days").fetchall() == con.execute("from raw.figures_made").fetchall() == []


def test_a_night_without_files_says_it_and_the_next_has_nothing_to_say(erased: Home) -> None:
    outcomes = [run_night(erased).receipt.outcome for _ in range(2)]
    assert outcomes == ["published", "unchanged"]
    assert published(erased, "select cast(sum(rows_current) as int) from meta.extracts") == [(0,)]


def test_what_an_erased_row_had_superseded_is_asked_again(new_home: Home, tmp_path: Path) -> None:
    """A key stands in May, then in June, then in the month that goes: the newest version of May's is that of June again."""
    new_home.config_file.write_text("[keep]\nyears = { crimes = 7 }\n", encoding="utf-8")
    new_home.config_file.chmod(0o600)
    crime(new_home, "2025-05-02", "2025-05-01", "2025-05-31", "20260102T010000Z")
    crime(new_home, "2025-06-03", "2025-06-01", "2025-06-30", "20260102T020000Z")
    crime(new_home, "2018-03-02", "2018-03-01", "2018-03-31", "20260102T030000Z")
    publish_night(new_home)
    drop_something(new_home)
    assert whole_beside(new_home, tmp_path / "whole") == []
    with candidate(new_home) as con:
        found = con.execute("select reason, count(distinct by_load_id) from staging.superseded_rows group by all").fetchall()
    assert found == [("newer version", 2)]


def test_a_row_that_two_erased_ones_had_superseded_is_superseded_once(new_home: Home, tmp_path: Path) -> None:
    """Its newest version is in a file that goes, and then in another one: each is kept as what it had superseded."""
    new_home.config_file.write_text("[keep]\nyears = { crimes = 7 }\n", encoding="utf-8")
    new_home.config_file.chmod(0o600)
    crime(new_home, "2025-05-02", "2025-05-01", "2025-05-31", "20260102T010000Z")
    for month in ("03", "04"):
        crime(new_home, f"2018-{month}-02", f"2018-{month}-01", f"2018-{month}-30", f"202601{month}T010000Z")
        publish_night(new_home)
    drop_something(new_home)
    assert whole_beside(new_home, tmp_path / "whole") == []
    with candidate(new_home) as con:
        (last,) = con.execute("select max(load_id) from raw.loads").fetchone()
        assert con.execute("select reason, by_load_id from staging.superseded_rows").fetchall() == [("newer version", last)]


def test_a_download_of_one_force_leaves_the_others_figures(new_home: Home, tmp_path: Path) -> None:
    """Of an extract that is measured whole, rows of the forces whose files are new are read, and no others."""
    def download(force: str, value: str, stamp: str) -> None:
        write_extract(
            new_home.inbox, "public_health",
            [["92432", "Deaths", "E10000007", "Derbyshire", "Counties", "Persons", "2021-23", value, value]], force=force,
            stamp=stamp,
            columns=(
                "indicator_id", "indicator_name", "area_code", "area_name", "area_type", "sex", "time_period", "value", "count",
            ),
        )  # fmt: skip

    for force in ("derbyshire", "nottinghamshire"):
        download(force, "5.5", "20260105T020000Z")
    publish_night(new_home)
    download("derbyshire", "6.5", "20260106T020000Z")
    assert whole_beside(new_home, tmp_path / "whole") == []
    figures = published(new_home, "select distinct force_code, value from marts.mart_public_health order by all")
    assert [(force, float(value)) for force, value in figures] == [("derbyshire", 6.5), ("nottinghamshire", 5.5)]
