"""What an edition may contain, and the errors of one that is not valid."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from support import published

from dagster_project.core.home import DBT_PROJECT, Home
from dagster_project.editions import EditionError, read_edition, read_editions
from dagster_project.editions.adapt_to_force import complete_months, end_with_data, with_data
from dagster_project.editions.model import FOLDER
from dagster_project.editions.next_edition import _moved_on, make_next_edition
from dagster_project.editions.usable_editions import read_usable_edition

TABLE = {
    "table": "offences", "paragraph": "1", "title": "T", "figure": {"mart": "mart_drug_offences"},
    "columns": [{"name": "rolling", "window": {"rolling_12_months": 0}}],
    "rows": [{"label": "Possession", "measure": "possession_offences"}],
}  # fmt: skip
VALID = {"edition": "2026-09", "title": "T", "force_code": "derbyshire", "data_to": "2026-04-30", "tables": [TABLE]}


def write_edition(folder: Path, body: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "2026-09.yml"
    path.write_text(yaml.safe_dump(body), encoding="utf-8")
    return path


def test_a_valid_edition_is_read(tmp_path: Path) -> None:
    edition = read_edition(write_edition(tmp_path, VALID))
    (cell,) = edition.cells(edition.tables[0])
    assert (cell.row_label, cell.column_label, str(cell.days.first)) == ("Possession", "May-Apr 2025/26", "2025-05-01")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edition": "2026-10"}, "2026-09.yml: line 2: edition: says 2026-10"),
        ({"data_to": "soon"}, "2026-09.yml: data_to: "),
        ({"tabels": []}, "2026-09.yml: tabels: not known here; is tables meant?"),
        ({"tables": [TABLE, TABLE]}, "offences: a table of this name appears twice (line 16)"),
        ({"tables": [{**TABLE, "columns": [{"name": "x", "window": "nowhere"}]}]}, "no window is called 'nowhere'"),
        ({"tables": [{**TABLE, "columns": [{"name": "x"}]}]}, "says no window"),
        ({"tables": [{**TABLE, "figure": {}}]}, "says no mart"),
        ({"tables": [{**TABLE, "rows": [{"measure": "possession_offences"}]}]}, "a row needs a label"),
        ({"tables": [{**TABLE, "rows": [{**TABLE["rows"][0], "blank": ["y"]}]}]}, "blank names no column: y"),
        ({"tables": [{**TABLE, "rows": [{"months": 3, "label": "M"}]}]}, "a row is either one series"),
        ({"tables": [{**TABLE, "rows": [{"months": 3, "by_month_name": True}]}]}, "by_month_name goes with months: 12"),
        ({"tables": [{**TABLE, "kind": "chart"}]}, "kind chart goes with chart"),
        ({"claims": "none.csv"}, "claims: there is no none.csv in the same folder or in seeds/"),
        ({"claims": "../seeds/forces.csv"}, "is not the name of a file"),
        (
            {"claims": "published_figures.csv", "known": [{"paragraph": "1", "measure": "m", "printed": "2", "because": "b"}]},
            "known: no claim is printed like this",
        ),
    ],
)
def test_an_invalid_edition_is_an_error(change: dict, message: str, new_home: Home) -> None:
    from dagster_project.editions.edition_tables import requested_by

    path = write_edition(new_home.editions, VALID | change)
    with pytest.raises(EditionError) as error:
        requested_by([read_edition(path)])
    assert message in str(error.value)


def test_a_printed_figure_without_a_number_is_an_error(new_home: Home) -> None:
    from dagster_project.editions.edition_tables import requested_by

    header = "kind,paragraph,mart,measure,figure,area_type,area_name,category,period_type,period_label,period_start,period_end,"
    row = "figure,1,mart_x,m,value,force,F,all,month,M,2025-01-01,2025-01-31,,count,many,"
    path = write_edition(new_home.editions, VALID | {"claims": "printed.csv"})
    path.with_name("printed.csv").write_text(f"{header}value,unit,printed,note\n{row}\n", encoding="utf-8")
    with pytest.raises(EditionError, match=r"printed.csv: line 2: 'many' holds no figure"):
        requested_by([read_edition(path)])


def test_every_table_has_its_relation_and_columns(sample_home: Home) -> None:
    """Otherwise the table or the column would be lost."""
    for edition in read_editions(sample_home).sound.values():
        for table in edition.tables:
            assert (DBT_PROJECT / "models" / "reports" / f"{table.table}.sql").exists()
            columns = published(
                sample_home,
                f"select column_name from duckdb_columns() where schema_name = 'reports' and table_name = '{table.table}'"
                " order by column_index",
            )
            assert [c for (c,) in columns][3:] == [c.name for c in table.columns], table.table


def test_an_edition_of_the_home_replaces_that_of_the_project(new_home: Home) -> None:
    new_home.editions.mkdir()
    text = (FOLDER / "2026-03.yml").read_text(encoding="utf-8").replace("title: Drug", "title: Ours, drug", 1)
    (new_home.editions / "2026-03.yml").write_text(text, encoding="utf-8")
    assert read_editions(new_home).sound["2026-03"].title.startswith("Ours")


def test_the_next_edition_moves_every_window_on(new_home: Home) -> None:
    path, notes = make_next_edition(new_home, "2026-03", "2026-09")
    old, new = (read_editions(new_home).sound[name] for name in ("2026-03", "2026-09"))
    assert str(new.data_to) == "2026-04-30" and new.claims is None and not new.statements
    assert [t.table for t in new.tables] == [t.table for t in old.tables]
    assert {t.data_to and str(t.data_to) for t in new.tables} >= {"2026-05-31", "2026-06-30"}
    rolling = next(c for c in new.cells(new.tables[0]) if c.column.name == "rolling")
    assert rolling.days.label == "May-Apr 2025/26"
    dropped, notes_left = [n for n in notes if "is left out" in n], [n for n in notes if "is left out" not in n]
    fixed, unfinished = [n for n in notes_left if "fixed" in n], [n for n in notes_left if "fixed" not in n]
    assert fixed and all(f.startswith(("windows.since", "tables.prevention_activity")) for f in fixed)
    year = "it asks for days up to 2026-12-31, after its last day of data, 2026-06-30"
    assert unfinished == [f"tables.{t}: {year}" for t in ("incidents", "emergency_incidents", "intelligence")]
    assert not [n for t in new.tables for n in t.notes if n.startswith("The report has ")], "its text is not written yet"
    assert len(dropped) == len([n for t in old.tables for n in t.notes if n.startswith("The report has ")]) == 4
    assert [t.table for t in new.tables if any("cuts the percentage" in n for n in t.notes)] == ["offences", "op_trapped"]
    assert path.read_text(encoding="utf-8").count("# Look at ") == len(notes)
    for name, message in (("2026-09", "already exists"), ("2026-03", "already exists")):
        with pytest.raises(EditionError, match=message):
            make_next_edition(new_home, "2026-03", name)
    with pytest.raises(EditionError, match="there is no edition 2020-01"):
        make_next_edition(new_home, "2020-01", "2027-03")
    with pytest.raises(EditionError, match="named after its month"):
        make_next_edition(new_home, "2026-03", "autumn")
    shutil.rmtree(new_home.editions)


def test_days_move_on_by_months_and_those_of_a_window_from_a_day_stay() -> None:
    def moved(day: date | str) -> date:
        return _moved_on({"data_to": day}, 4, (), [])["data_to"]

    assert [moved(day) for day in (date(2025, 10, 15), "2025-10-30", date(2025, 10, 31), date(2026, 2, 28))] == [
        date(2026, 2, 15), date(2026, 2, 28), date(2026, 2, 28), date(2026, 6, 30),
    ]  # fmt: skip
    fixed: list[str] = []
    body = {"windows": {"autumn": {"from": date(2025, 9, 1), "to": date(2025, 10, 31)}, "month": {"months": 1}}}
    assert _moved_on(body, 4, (), fixed) == body and fixed == ["windows.autumn"], "a person must look at it"


def test_a_window_of_no_days_is_named_in_an_edition_made_for_earlier(new_home: Home) -> None:
    """A window since a fixed day, which the last day of data is now before, was printed as [x] without a word."""
    path, notes = make_next_edition(new_home, "2026-03", "2025-05")
    none = "tables.prevention_activity: it asks for days from 2025-05-01 to 2025-01-31, which are none"
    assert [n for n in notes if "which are none" in n] == [none] and f"# Look at {none}.\n" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("force", [None, "kent"])
def test_a_note_that_the_next_edition_leaves_out_is_named(new_home: Home, force: str | None) -> None:
    """A force's own may begin like those on the printed report; another force gets none of them."""
    own = "The report has counts of\n  Derby alone."
    write_edition(new_home.editions, VALID | {"tables": [TABLE | {"notes": [own, "Counts are of crimes."]}]})
    path, to_check = make_next_edition(new_home, "2026-09", "2026-10", force=force)
    assert read_edition(path).tables[0].notes == ("Counts are of crimes.",)
    point = "'The report has counts of Derby alone.' is left out, as of the old report: write it again if it still applies"
    assert f"tables.{TABLE['table']}: {point}" in to_check
    assert f"# Look at tables.{TABLE['table']}: {point}.\n" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("present", "is_told"), [("kent", True), ("derbyshire", False)])
def test_an_edition_of_a_force_without_files_is_said_to_be_one(new_home: Home, present: str, is_told: bool) -> None:
    """Without --force it is of the old edition's force, and the next night left it out without a word."""
    new_home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(new_home.warehouse)) as con:
        con.execute(
            f"create schema marts; create table marts.measures as select '{present}' as force_code, 'mart_naloxone' as mart,"
            " date '2026-03-31' as period_end, 'complete' as data_status, 'month' as period_type"
        )
    _, to_check = make_next_edition(new_home, "2026-03", "2026-09")
    told = "force_code: the night has no figure of derbyshire, and prints no edition of it: --force names yours"
    assert (told in to_check) == is_told
    with pytest.raises(EditionError, match="no table is left for essex: what is left out, as the published night has"):
        make_next_edition(new_home, "2026-03", "2026-10", force="essex")
    path, _ = make_next_edition(new_home, "2026-03", "2026-10", force="essex", tables=["naloxone"])
    assert [t.table for t in read_edition(path).tables] == ["naloxone"], "it is named"
    if present == "kent":
        # How long after its data Derbyshire reports was kept, and months that Kent has were left out without a word.
        lag = "data_to: all tables end by 2025-06-30, and data are complete to 2026-03-31: move it on"
        assert [lag in make_next_edition(new_home, "2026-03", name, force="kent")[1] for name in ("2025-10", "2026-08")] == [
            True, False,
        ]  # fmt: skip
        with duckdb.connect(str(new_home.warehouse)) as con:
            con.execute("insert into marts.measures select 'kent', 'mart_pspo', date '2026-05-31', 'complete', 'month'")
        _, to_check = make_next_edition(new_home, "2026-03", "2026-12", force="kent", tables=["naloxone"])
        assert not [point for point in to_check if point.startswith("data_to: no table")], "it has all that its table can have"
    path, _ = make_next_edition(new_home, "2026-03", "2026-11", force="derbyshire")
    tables = [t.table for t in read_edition(path).tables]
    assert (tables == ["naloxone", "naloxone_units"]) == (present == "derbyshire"), "before their first night, all stay"


def test_a_column_that_is_headed_by_a_year_has_the_months_of_that_year_alone(new_home: Home) -> None:
    """Whatever month the data end in. Their last twelve months are of two years, and had the first one as their heading."""
    make_next_edition(new_home, "2026-03", "2026-09")
    new = read_editions(new_home).sound["2026-09"]
    (table,) = (t for t in new.tables if t.table == "intelligence")
    cells = new.cells(table)
    assert str(table.data_to) == "2026-06-30"
    assert [c.row_label for c in cells if c.column_no == 1] == [f"{date(2026, n, 1):%B}" for n in range(1, 13)] + ["Total"]
    assert {c.column_label for c in cells} == {"2024", "2025", "2026"}
    assert all(str(day.year) == c.column_label for c in cells for day in (c.days.first, c.days.last))


KENT = """force_code,section_code,section_name,lpu_code,lpu_name
kent,w,West,t,Thameside
kent,e,East,s,Swale
kent,e,East,d,Dover
"""


def test_an_edition_for_another_force_has_its_own_areas_and_tables(new_home: Home) -> None:
    new_home.seeds.mkdir(exist_ok=True)
    (new_home.seeds / "areas.csv").write_text(KENT, encoding="utf-8")
    tables = ["naloxone_units", "naloxone", "offences", "public_health"]
    path, notes = make_next_edition(new_home, None, "2026-09", force="kent", tables=tables)
    assert read_usable_edition(path, new_home).force_code == "kent"
    edition = read_editions(new_home).sound["2026-09"]
    assert [t.table for t in edition.tables] == ["offences", "naloxone", "naloxone_units", "public_health"]
    offences, naloxone, units, health = edition.tables
    areas = [(r.label, r.area_type, r.area_name) for r in naloxone.rows]
    assert areas == [("West", "section", "West"), ("East", "section", "East"), ("Force", None, None)]
    assert [(r.area_type, r.area_name) for r in units.rows] == [("lpu", "*")]
    assert [r.area_name for r in health.rows] == ["England"] and "public_health: areas of local authorities" in " ".join(notes)
    # How the printed report rounds, and its notes, do not apply to another force.
    assert not offences.notes and all(not ask.cut for r in offences.rows for ask in r.cells.values())
    assert "Derb" not in path.read_text(encoding="utf-8")
    assert set(edition.windows) == {"financial_year_before", "last_financial_year", "rolling_before", "rolling",
                                    "since_naloxone", "newest"}  # fmt: skip


def test_the_command_takes_the_edition_force_and_tables_that_are_named(pam: Callable, new_home: Home) -> None:
    write_edition(new_home.editions, VALID | {"tables": [TABLE | {"table": "own"}]})
    options = ("--from", "2026-03", "--force", " Kent", "--tables", "naloxone, offences,")
    result = pam("edition", "new", "2026-10", *options, "--home", new_home.path)
    path = new_home.editions / "2026-10.yml"
    assert (result.exit_code, result.stdout) == (0, f"{path}\n"), result.stderr
    edition, text = read_edition(path), path.read_text(encoding="utf-8")
    assert (edition.force_code, [t.table for t in edition.tables]) == ("kent", ["offences", "naloxone"])
    points = [line.removeprefix("pam: look at ") for line in result.stderr.splitlines()]
    assert len(points) == text.count("# Look at ") > 1 and all(f"# Look at {point}." in text for point in points)
    assert pam("edition", "new", "2026-11", "--from", "2026-03", "--home", new_home.path).exit_code == 0
    assert "Made from edition 2026-03:" in (new_home.editions / "2026-11.yml").read_text(encoding="utf-8")


def test_an_edition_for_a_force_without_a_list_of_areas_has_no_areas(new_home: Home) -> None:
    path, notes = make_next_edition(new_home, "2026-03", "2026-09", force="kent")
    edition = read_usable_edition(path, new_home)
    assert not [r for t in edition.tables for r in t.rows if r.area_type in ("section", "lpu")]
    assert "naloxone_units: all its areas are of kinds that kent has no list of: it is left out" in notes
    assert "Derb" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"force": "kentt"}, "no force is called kentt; is kent meant"),
        ({"tables": ["ofences"]}, "has no table ofences; is offences meant"),
        ({"old": "2019-01"}, "there is no edition 2019-01: there are 2026-03"),
        ({"new": "2020-01", "old": None}, "there is no edition before 2020-01: there are 2026-03; say with --from"),
    ],
)
def test_wrong_options_of_a_new_edition_are_errors(new_home: Home, options: dict, message: str) -> None:
    arguments = {"old": "2026-03", "new": "2026-09"} | options
    with pytest.raises(EditionError, match=message):
        make_next_edition(new_home, arguments.pop("old"), arguments.pop("new"), **arguments)


def test_a_misspelt_force_is_reported_even_if_the_edition_exists(new_home: Home) -> None:
    make_next_edition(new_home, "2026-03", "2026-09")
    with pytest.raises(EditionError, match="no force is called kentt"):
        make_next_edition(new_home, "2026-03", "2026-09", force="kentt")


def test_a_new_edition_starts_from_the_newest_one_with_the_tables(new_home: Home) -> None:
    path = write_edition(new_home.editions, VALID | {"edition": "2026-06", "tables": [TABLE | {"table": "own"}]})
    path.rename(new_home.editions / "2026-06.yml")
    path, _ = make_next_edition(new_home, None, "2026-09", tables=["stop_search"])
    assert "Made from edition 2026-03" in path.read_text(encoding="utf-8")
    path, _ = make_next_edition(new_home, "2026-09", "2026-08")
    assert path.read_text(encoding="utf-8").splitlines()[0].endswith("every last day of data is 1 month earlier.")
    path.unlink()
    path, _ = make_next_edition(new_home, None, "2026-10")
    assert [t.table for t in read_editions(new_home).sound["2026-10"].tables] == ["stop_search"]
    path, _ = make_next_edition(new_home, None, "2026-08", tables=["own"])
    assert "Made from edition 2026-06" in path.read_text(encoding="utf-8")
    with pytest.raises(EditionError, match="edition 2026-06 has no table owm; is own meant"):
        make_next_edition(new_home, None, "2026-07", tables=["owm"])


def test_tables_without_data_are_left_out_unless_requested(sample_home: Home) -> None:
    body = yaml.safe_load((FOLDER / "2026-03.yml").read_text(encoding="utf-8"))
    derbyshire, kent = (complete_months(sample_home, force) for force in ("derbyshire", "kent"))
    assert kent == {} and derbyshire and derbyshire["mart_naloxone"] == date(2025, 12, 31)
    assert derbyshire["mart_public_health"] is None
    marts = {"mart_drug_offences"}
    tables, left_out = with_data(body["tables"][:2], "kent", marts, is_chosen=False)
    assert [t["table"] for t in tables] == ["offences"]
    assert left_out == ["what is left out, as the published night has no figure of kent for it: prevention_activity"]
    named, to_check = with_data(body["tables"][:2], "kent", marts, is_chosen=True)
    assert [t["table"] for t in named] == ["offences", "prevention_activity"]
    assert to_check == ["prevention_activity: the published night has no figure of kent for it"]


def test_tables_end_with_the_last_complete_month() -> None:
    """Otherwise an edition after the newest one would show every figure as not available. `d` has no months, as what is
    published by year: the edition said that its data go on to a day of which there are none."""
    tables = [
        {"table": name, "figure": {"mart": mart}, "rows": [], "columns": []} | ({"data_to": own} if own else {})
        for name, mart, own in (
            ("a", "m1", None), ("b", "m2", date(2026, 6, 30)), ("c", "m1", date(2025, 9, 30)), ("d", "m3", None)
        )
    ]  # fmt: skip
    later = {"data_to": date(2026, 4, 30), "tables": tables}
    complete = {"m1": date(2025, 12, 31), "m2": date(2025, 11, 30), "m3": None}
    assert end_with_data(later, complete) == date(2025, 12, 31) == later["data_to"]
    assert [t.get("data_to") for t in tables] == [None, date(2025, 11, 30), date(2025, 9, 30), None]
    assert end_with_data(later, dict.fromkeys(complete, date(2027, 1, 31))) is None and later["data_to"] == date(2025, 12, 31)


def test_an_edition_for_the_own_force_has_only_tables_with_data(sample_copy: Home, tmp_path: Path) -> None:
    """Before the first night nobody knows which data there are: all tables stay."""
    path, notes = make_next_edition(sample_copy, "2026-03", "2026-09", force="derbyshire")
    edition, complete = read_usable_edition(path, sample_copy), complete_months(sample_copy, "derbyshire")
    assert complete is not None
    naloxone = next(t for t in edition.tables if t.table == "naloxone")
    assert (naloxone.data_to or edition.data_to) == complete["mart_naloxone"] == date(2025, 12, 31)
    assert any(point.startswith("data_to: each table ends with the last complete month") for point in notes)
    old = yaml.safe_load((FOLDER / "2026-03.yml").read_text(encoding="utf-8"))
    assert [len(t.rows) for t in edition.tables] == [len(t["rows"]) for t in old["tables"]], "its own areas"
    with duckdb.connect(str(sample_copy.warehouse)) as con:
        con.execute("update marts.mart_naloxone set data_status = 'not_available'")
    path.unlink()
    path, notes = make_next_edition(sample_copy, "2026-03", "2026-09", force="derbyshire")
    assert "naloxone" not in {t.table for t in read_usable_edition(path, sample_copy).tables}
    assert notes[0].startswith("what is left out, as the published night has no figure of derbyshire for it: naloxone")
    before_a_night = Home(tmp_path / "new").create()
    path, _ = make_next_edition(before_a_night, "2026-03", "2026-09", force="derbyshire")
    assert len(read_usable_edition(path, before_a_night).tables) == len(old["tables"])
