"""Nights in part, whole ones beside them: what each publishes is the same. tests/sequences asks it of the models alone, of many
sequences of files; here is what only whole nights have.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import candidate, copy_home, differing, publish_night, published, run_night, write_extract

from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts

COLUMNS = ("crime_ref", "recorded_on", "offence_code", "status", "lpu")
MID_MARCH = {"from": "2018-03-10", "to": "2018-03-20"}


def whole_beside(home: Home, folder: Path, run: Callable[..., Any] = publish_night) -> list[tuple[Any, ...]]:
    """Run the home's next night in part, and in a copy whole. Returns where they part."""
    beside = copy_home(home, folder)
    run(beside, rebuild=True)
    run(home)
    with candidate(home) as con:
        assert con.execute("select count(*) from duckdb_tables() where table_name = 'figures_made'").fetchone() == (1,)
    return differing(home, beside)


@pytest.fixture(scope="module")
def erased_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose edition asks for some days of a month; the month's rows were erased when that had been published. To be
    copied, not changed."""
    home = Home(tmp_path_factory.mktemp("erased") / "home").create()
    rows = [[f"C{n}", f"2018-03-{n:02d}", "92D", "Recorded", "Chesterfield"] for n in range(1, 29)]
    write_extract(home.inbox, "crimes", rows, columns=COLUMNS, window=("2018-03-01", "2018-03-31"))
    home.config_file.write_text("[keep]\nyears = { crimes = 7 }\n", encoding="utf-8")
    home.config_file.chmod(0o600)
    columns = [{"name": "rolling", "window": MID_MARCH}]
    table = {
        "table": "offences", "paragraph": "1", "title": "T", "figure": {"mart": "mart_drug_offences"}, "columns": columns,
        "rows": [{"label": "Possession", "measure": "possession_offences"}],
    }  # fmt: skip
    edition = {"edition": "2026-09", "title": "T", "force_code": "derbyshire", "data_to": "2026-04-30", "tables": [table]}
    home.editions.mkdir()
    (home.editions / "2026-09.yml").write_text(yaml.safe_dump(edition), encoding="utf-8")
    publish_night(home)
    assert answered(home) == [(11, "complete")]
    return home


@pytest.fixture
def erased(erased_once: Home, tmp_path: Path) -> Home:
    return copy_home(erased_once, tmp_path / "home")


def crime(home: Home, force: str, day: str, first: str, last: str, stamp: str) -> None:
    """A file whose only row is the key K."""
    row = ["K", day, "92D", "Recorded", ""]
    write_extract(home.inbox, "crimes", [row], columns=COLUMNS, window=(first, last), stamp=stamp, force=force)


def download(home: Home, force: str, value: str, stamp: str) -> None:
    """A file of indicators with one value."""
    row = ["92432", "Deaths", "E10000007", "Derbyshire", "Counties", "Persons", "2021-23", value, value]
    columns = ("indicator_id", "indicator_name", "area_code", "area_name", "area_type", "sex", "time_period", "value", "count")
    write_extract(home.inbox, "public_health", [row], columns=columns, stamp=stamp, force=force)


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
    """Nor is a day of it counted, in what is said of the extract. A night without files says it, for no figure is made again;
    the next one has nothing to say."""
    assert published(erased, "select cast(sum(rows_current) as int) from meta.extracts") == [(28,)]
    assert whole_beside(erased, tmp_path / "whole", run_night) == []
    assert read_receipts(erased)[-1].outcome == "published"
    assert answered(erased) == [(None, "not_available")]
    assert published(erased, "select cast(sum(rows_current) as int) from meta.extracts") == [(0,)]
    with candidate(erased) as con:
        assert con.execute("from audit.row_days").fetchall() == con.execute("from raw.figures_made").fetchall() == []
    assert run_night(erased).receipt.outcome == "unchanged"


@pytest.fixture(scope="module")
def of_many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[tuple[Any, ...]]]:
    """A home of forces that each live through something else, after a night in part; and where a whole night parts from it.

    `derbyshire`: a key stands in May, then in June, then in the month that is erased. `kent`: a key is in a file that is
    erased, then in another one. `nottinghamshire` and `essex`: indicators, of which one force's come again.
    """
    folder = tmp_path_factory.mktemp("many")
    home = Home(folder / "home").create()
    home.config_file.write_text("[keep]\nyears = { crimes = 7 }\n", encoding="utf-8")
    home.config_file.chmod(0o600)
    crime(home, "derbyshire", "2025-05-02", "2025-05-01", "2025-05-31", "20260102T010000Z")
    crime(home, "derbyshire", "2025-06-03", "2025-06-01", "2025-06-30", "20260102T020000Z")
    crime(home, "kent", "2025-05-02", "2025-05-01", "2025-05-31", "20260102T010000Z")
    crime(home, "kent", "2018-03-02", "2018-03-01", "2018-03-30", "20260103T010000Z")
    for force in ("nottinghamshire", "essex"):
        download(home, force, "5.5", "20260105T020000Z")
    publish_night(home)
    crime(home, "kent", "2018-04-02", "2018-04-01", "2018-04-30", "20260104T010000Z")
    crime(home, "derbyshire", "2018-03-02", "2018-03-01", "2018-03-31", "20260102T030000Z")
    publish_night(home)
    download(home, "nottinghamshire", "6.5", "20260106T020000Z")
    return home, whole_beside(home, folder / "whole")


def test_nights_in_part_of_many_forces_are_the_whole_night(of_many: tuple[Home, list[tuple[Any, ...]]]) -> None:
    assert of_many[1] == []


def superseded(home: Home, force: str) -> list[tuple[Any, ...]]:
    """Why a force's rows do not count, and the load that each gave way to; those of loads that are not there among them."""
    with candidate(home) as con:
        return con.execute(
            "select reason, by_load_id from staging.superseded_rows left join raw.loads using (load_id)"
            " where coalesce(force_code, $1) = $1 order by all", [force],
        ).fetchall()  # fmt: skip


def test_what_an_erased_row_had_superseded_is_asked_again(of_many: tuple[Home, list[tuple[Any, ...]]]) -> None:
    """The newest version of May's is that of June again."""
    found = superseded(of_many[0], "derbyshire")
    assert {reason for reason, _ in found} == {"newer version"} and len({load for _, load in found}) == 2


def test_a_row_that_two_erased_ones_had_superseded_is_superseded_once(of_many: tuple[Home, list[tuple[Any, ...]]]) -> None:
    """Each is kept as what it had superseded."""
    with candidate(of_many[0]) as con:
        (last,) = con.execute("select max(load_id) from raw.loads where force_code = 'kent'").fetchone()
    assert superseded(of_many[0], "kent") == [("newer version", last)]


def test_a_download_of_one_force_leaves_the_others_figures(of_many: tuple[Home, list[tuple[Any, ...]]]) -> None:
    """Of an extract that is measured whole, rows of the forces whose files are new are read, and no others."""
    figures = published(of_many[0], "select distinct force_code, value from marts.mart_public_health order by all")
    assert [(force, float(value)) for force, value in figures] == [("essex", 5.5), ("nottinghamshire", 6.5)]
