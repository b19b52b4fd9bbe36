"""A frozen edition keeps its figures. Later corrections are marked and listed."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml
from support import copy_home, publish_night, published, write_extract

from dagster_project.core.home import SEEDS, Home
from dagster_project.core.night_lock import locked
from dagster_project.editions import write_frozen_figures
from dagster_project.editions.frozen import FrozenError, freeze_edition, frozen_editions, read_frozen_cells, revised_cells
from dagster_project.nights.status import status
from dagster_project.publishing.dictionary import REVISIONS

NALOXONE = ["administration_ref", "administered_at", "lpu"]
EDITION = {
    "edition": "2026-03", "title": "T", "force_code": "derbyshire", "data_to": "2025-10-31", "claims": "printed.csv",
    "tables": [{
        "table": "naloxone", "paragraph": "1", "title": "N",
        "figure": {"mart": "mart_naloxone", "measure": "naloxone_administrations", "window": {"since": "2025-09-01"}},
        "columns": [{"name": "administrations", "label": "Administrations"}],
        "rows": [{"label": "Force"}, {"area_type": "lpu", "area_name": "*"}],
    }],
}  # fmt: skip
EDITION["known"] = [
    {"paragraph": "2", "measure": "naloxone_administrations", "printed": "three", "because": "one was withdrawn"}
]
PRINTED = (
    "kind,paragraph,mart,measure,figure,area_type,area_name,category,period_type,period_label,period_start,period_end,"
    "value,unit,printed,note\n"
    + "".join(
        f"figure,{paragraph},mart_naloxone,naloxone_administrations,value,force,Derbyshire Constabulary,all,custom,Autumn,"
        "2025-09-01,2025-10-31,3,count,three,\n"
        for paragraph in (1, 2)
    )
)


RENAMED = "Dales and Peak"


def write_naloxone(home: Home, days: list[str], stamp: str) -> None:
    rows = [[f"N{n}", day, "Dales"] for n, day in enumerate(days)]
    write_extract(home.inbox, "naloxone", rows, columns=NALOXONE, window=("2025-01-01", "2025-12-31"), stamp=stamp)


def write_areas(home: Home, dales: str) -> None:
    """The home's list of areas, with another name of the unit `dales`."""
    home.seeds.mkdir(exist_ok=True)
    lines = (SEEDS / "areas.csv").read_text(encoding="utf-8").splitlines()
    (home.seeds / "areas.csv").write_text(
        "\n".join(line.replace(",dales,Dales", f",dales,{dales}") for line in lines if "derbyshire" in line or "lpu" in line)
    )


NOT_READ = ("archive", "cache", "candidate", "publications", "raw")


@pytest.fixture(scope="module")
def corrected_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A night, its edition frozen, and a second night that withdraws one row, by a list that gives the unit another name. The
    home also has an edition that waits to be corrected."""
    home = Home(tmp_path_factory.mktemp("frozen") / "home").create()
    home.editions.mkdir()
    (home.editions / "2026-03.yml").write_text(yaml.safe_dump(EDITION), encoding="utf-8")
    (home.editions / "printed.csv").write_text(PRINTED, encoding="utf-8")
    invalid = EDITION | {"edition": "2025-09", "force_code": "derbishire"}
    (home.editions / "2025-09.yml").write_text(yaml.safe_dump(invalid), encoding="utf-8")
    write_naloxone(home, ["2025-09-01", "2025-09-20", "2025-10-31", "2025-11-01"], "20260101T020000Z")
    publish_night(home)
    assert published(home, "select verdict from reports.claims") == [("agrees",)] * 2
    freeze_edition(home, "2026-03", "A. Person")
    write_naloxone(home, ["2025-09-01", "2025-09-20"], "20260102T020000Z")
    write_areas(home, RENAMED)
    publish_night(home)
    return home


def test_revised_figures_are_marked_with_their_printed_value(corrected_home: Home, tmp_path: Path) -> None:
    """Those of a unit that has another name, too: it was printed without [r], and was not in meta.revisions, as its name was
    looked for."""
    rows = published(corrected_home, "select row_label, administrations from reports.naloxone order by row_no limit 2")
    assert rows == [("Force", "2 [r]"), (RENAMED, "2 [r]")]
    assert published(corrected_home, "select row_label, printed_in, was, now from meta.revisions order by row_label") == [
        (RENAMED, "2026-03", 3, 2), ("Force", "2026-03", 3, 2),
    ]  # fmt: skip
    home = copy_home(corrected_home, tmp_path / "home", NOT_READ)
    write_areas(home, "Renamed since the night")
    for listed in (corrected_home, home):
        assert [r[1:5] for r in revised_cells(listed, "2026-03")] == [
            ("Force", "Administrations", "3", "2 [r]"), (RENAMED, "Administrations", "3", "2 [r]"),
        ]  # fmt: skip
    (frozen,) = frozen_editions(corrected_home)
    assert (frozen.edition, frozen.by, frozen.night_id < "9") == ("2026-03", "A. Person", True)


def test_figures_that_an_earlier_version_froze_are_found_by_name(corrected_home: Home, tmp_path: Path) -> None:
    """It had the name of today."""
    home = copy_home(corrected_home, tmp_path / "home", NOT_READ)
    before = revised_cells(home, "2026-03")
    path = home.editions / "frozen" / "2026-03__cells.parquet"
    then = ", ".join(f"replace({c}, 'Dales', '{RENAMED}') as {c}" for c in ("area_name", "row_label"))
    duckdb.sql(f"copy (select * exclude (area_code) replace ({then}) from '{path}') to '{path}.new' (format parquet)")
    Path(f"{path}.new").replace(path)
    assert revised_cells(home, "2026-03") == before
    with duckdb.connect() as con:
        con.execute("create schema raw")
        write_frozen_figures(con, home)
        assert (RENAMED, 3) in con.execute("select area_name, value from raw.frozen").fetchall()


def test_a_section_and_a_unit_of_one_code_keep_their_own_names(tmp_path: Path) -> None:
    cells = tmp_path / "cells.parquet"
    with duckdb.connect() as con:
        con.execute(
            "copy (select 'kent' as force_code, kind as area_type, 'north' as area_code, 'North' as area_name,"
            f" 'North' as row_label from unnest(['section', 'lpu']) as t(kind)) to '{cells}' (format parquet)"
        )
        units = [("kent", "section", "north", "North Kent"), ("kent", "lpu", "north", "Northfleet")]
        read_frozen_cells(con, [cells], lambda force: units)
        assert con.execute("select area_type, area_name, row_label from frozen_cells order by all").fetchall() == [
            ("lpu", "Northfleet", "Northfleet"), ("section", "North Kent", "North Kent"),
        ]  # fmt: skip


def test_a_printed_rate_that_is_one_of_nothing_now_is_listed(corrected_home: Home, tmp_path: Path) -> None:
    """As one that is not available: `pam edition revisions` had it, and meta.revisions did not."""
    home = copy_home(corrected_home, tmp_path / "home", NOT_READ)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("update reports.cells set value = null, marker = '[z]', printed = '[z]' where row_no = 2")
        listed = [(row[2], row[-2:]) for row in con.execute(REVISIONS).fetchall()]
    assert listed == [("Force", (3, 2)), (RENAMED, (3, None))]


def test_nights_publish_without_an_edition_that_waits(corrected_home: Home) -> None:
    assert published(corrected_home, "select distinct edition from reports.tables") == [("2026-03",)]
    assert [e["file"] for e in status(corrected_home)["editions"]] == ["2025-09.yml"]


def test_an_edition_is_frozen_only_once(corrected_home: Home) -> None:
    with pytest.raises(FrozenError, match="is frozen already"):
        freeze_edition(corrected_home, "2026-03", "B. Person")
    with pytest.raises(FrozenError, match="edition 2026-09 is not frozen"):
        revised_cells(corrected_home, "2026-09")


def test_figures_of_other_days_are_no_revision(corrected_home: Home, tmp_path: Path) -> None:
    """The edition was changed after it was frozen: its last day of data is a month later."""
    home = copy_home(corrected_home, tmp_path / "home")
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("update reports.cells set period_end = '2025-11-30', column_label = 'Later' where row_label = 'Force'")
    force = [(column, was, now, moved) for _, row, column, was, now, moved in revised_cells(home, "2026-03") if row == "Force"]
    assert sorted(force) == [("Administrations", "3", None, None), ("Later", None, "2 [r]", None)]


def test_rows_of_one_label_are_not_compared_with_each_other(pam: Callable, corrected_home: Home, tmp_path: Path) -> None:
    """A total of each part of a table: each was listed as revised to the figure of the other."""
    home = copy_home(corrected_home, tmp_path / "home", NOT_READ)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("update reports.cells set value = value + row_no, row_label = 'Total'")
        con.execute("insert into reports.cells select * replace ('2025-03' as edition, value + 9 as value) from reports.cells")
    (home.editions / "frozen" / "2026-03.json").unlink()
    freeze = ("edition", "freeze", "2026-03", "--by", "B. Person", "--home", home.path)
    with locked(home):
        result = pam(*freeze)
    assert result.exit_code == 1 and "another night is under way" in result.stderr and frozen_editions(home) == []
    result, (frozen,) = pam(*freeze), frozen_editions(home)
    assert result.stdout == f"Edition 2026-03 is frozen as of night {frozen.night_id}: 11 cells\n" and frozen.by == "B. Person"
    assert revised_cells(home, "2026-03") == []
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("update reports.cells set data_status = 'partial' where row_no = 2")
    assert [row[5] for row in revised_cells(home, "2026-03")] == [0], "its files cover some of its days now"


def test_claims_that_disagree_fail_unless_they_are_known(pam: Callable, corrected_home: Home, tmp_path: Path) -> None:
    result = pam("claims", "--home", corrected_home.path, "-f", "json")
    assert result.exit_code == 1
    assert [(c["verdict"], c["computed"], c["printed"]) for c in json.loads(result.stdout)] == [
        ("disagrees", 2, "three"), ("disagrees (known)", 2, "three"),
    ]  # fmt: skip
    assert "one was withdrawn" in result.stdout and "2 disagree" in result.stderr
    home = copy_home(corrected_home, tmp_path / "home")
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("delete from reports.claims where not is_known")
    assert pam("claims", "--home", home.path).exit_code == 0
    (home.editions / "2026-03.yml").unlink()  # its claims would wait for a night
    # Claims of another force alone: the force's own edition exists, and `pam edition new` would be the wrong advice.
    for change, words in (
        ("update reports.claims set edition = '2026-01', force_code = 'kent'", ()),
        ("select 1", ("--edition", "2026-03")),
        ("delete from reports.claims", ()),
    ):
        with duckdb.connect(str(home.warehouse)) as con:
            con.execute(change)
        result = pam("claims", "--home", home.path, *words)
        assert result.exit_code == 1 and "edition 2026-03 has no claims yet: `pam claims add" in result.stderr


def test_commands_for_editions(pam: Callable, corrected_home: Home, tmp_path: Path) -> None:
    (line,) = (x for x in pam("edition", "list", "--home", corrected_home.path).stdout.splitlines() if "2026-03" in x)
    (frozen,) = frozen_editions(corrected_home)
    assert line.split() == f"2026-03 T derbyshire 2025-10-31 1 yes night {frozen.night_id}, by A. Person".split()
    home = copy_home(corrected_home, tmp_path / "home", (*NOT_READ, "published"))
    (home.editions / "2026-03.yml").write_text("edition: 2026-03\n", encoding="utf-8")
    listed = pam("edition", "list", "--home", home.path)
    assert f"night {frozen.night_id}, by A. Person" in listed.stdout and "2026-03 waits" in listed.stderr, "it stays frozen"
    result = pam("edition", "revisions", "2026-03", "--home", corrected_home.path, "-f", "csv")
    assert result.stdout.splitlines()[0] == "table,row,column,printed,now,difference" and ",3,2 [r],-1\n" in result.stdout
    assert "marked [r] in the report" in pam("edition", "freeze", "--help").output
    result = pam("edition", "freeze", "2026-03", "--home", corrected_home.path)
    assert result.exit_code == 1 and "frozen already" in result.stderr
    result = pam("edition", "freeze", "2030-01", "--home", corrected_home.path)
    assert result.exit_code == 1 and "has no edition 2030-01: it has 2026-03" in result.stderr
    result = pam("claims", "--edition", "2030-01", "--home", corrected_home.path)
    assert result.exit_code == 1 and "no claims of edition 2030-01" in result.stderr
    result = pam("edition", "new", "2026-09", "--from", "2026-03", "--home", corrected_home.path)
    assert result.exit_code == 0 and "windows" not in result.stdout and "look at tables.naloxone" in result.stderr


def test_a_cell_of_an_edition_can_be_traced(pam: Callable, corrected_home: Home) -> None:
    result = pam("trace", "--cell", "naloxone/1/administrations", "--home", corrected_home.path, "-f", "json")
    assert result.exit_code == 0, result.output
    assert [(r["line"], r["amount"]) for r in json.loads(result.stdout)] == [(2, 1), (3, 1)]
    text = pam("trace", "--cell", "naloxone/1/administrations", "--home", corrected_home.path).stdout
    assert "2 rows make 2" in text and "Total of all records in the period." in text
    file = json.loads(result.stdout)[0]["file"]
    result = pam("trace", "--file", file, "--line", "2", "--home", corrected_home.path, "-f", "csv")
    assert result.stdout.splitlines()[1:] == ["mart_naloxone,naloxone_administrations,all,dales,2025-09,1,1"]
    assert pam("trace", "--home", corrected_home.path).exit_code == 2
    assert pam("trace", "searches", "--to", "soon", "--home", corrected_home.path).exit_code == 2
