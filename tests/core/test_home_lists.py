"""What people and spreadsheets do to a home's own lists: the same rows are read, or the list is refused with its line."""

import re
from pathlib import Path

import pytest

from dagster_project.core.home_lists import OWN_LISTS, HomeListError, read_own_list

HEADER = "force_code,section_code,section_name,lpu_code,lpu_name"
ROWS = "derbyshire,n,North,n1,Dales\nderbyshire,n,North,n2,High Peak\nderbyshire,s,South,s1,Erewash\n"
PLAIN = f"{HEADER}\n{ROWS}"


def read_areas(folder: Path, text: str, name: str = "areas.csv") -> list[tuple[str, ...]]:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return read_own_list(folder / "areas.csv")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",", ", "),
        "\n".join(", ".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.splitlines()),
        PLAIN + ",,,,\n ,,,,\n\n",
        PLAIN.replace("\n", ",,,\n"),
        f"{HEADER}\n{ROWS}".replace("Dales\n", "Dales,,\n"),
        PLAIN.replace(HEADER, f" {HEADER.replace(',', ' , ')} "),
        PLAIN.replace("Dales", '"Dales" '),
        "".join(f"{line},a note\n" for line in PLAIN.splitlines()),
    ],
    ids=[
        "Excel",
        "blanks",
        "blanks and quotes",
        "emptied rows",
        "empty columns",
        "a longer row",
        "header",
        "quotes",
        "further column",
    ],
)
def test_the_same_rows_in_another_form(tmp_path: Path, text: str) -> None:
    assert read_areas(tmp_path, text) == [tuple(line.split(",")) for line in ROWS.splitlines()]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("High Peak", "High Peak, Glossop", "line 3: it has more cells than the header ('Glossop'): name their column"),
        ("High Peak", '"High Peak', "line 3: a cell has a line break: is a quotation mark alone?"),
        ("n,North,n2", "n,Not recorded,n2", "line 3: n (Not recorded) is what rows without a unit count as: leave it out"),
        ("section_name,lpu_code", "lpu_name,lpu_code", "line 1: the header lacks section_name"),
        ("lpu_name", "lpu_name,lpu_name", "line 1: the header has lpu_name twice: leave one out"),
        (",", ";", "(CSV UTF-8, comma delimited)"),
        (",", "\t", "(CSV UTF-8, comma delimited)"),
        ("derbyshire,s", "Derbyshire,s", "line 4: force_code 'Derbyshire' is in no row of the project's seeds/forces.csv; is "),
        ("North,n2", "The North,n2", "line 3: section n (The North) has another name than on line 2, North: write both alike"),
        ("n,North,n2", "N,North,n2", "line 3: section N (North) is n on line 2: write both alike, or give one another code"),
        ("s,South", "s,north", "line 4: section s (north) has another code than on line 2, n: write both alike"),
        ("s,South", "N,South", "line 4: section N (South) is n on line 2: write both alike, or give one another code"),
        ("s1,Erewash", "N1,Erewash", "line 4: derbyshire N1 appears twice (line 2 too)"),
        ("s1,Erewash", "s1,dales", "line 4: unit s1 (dales) has another code than on line 2, n1: write both alike"),
        ("n2,High Peak", "unknown,High Peak", "line 3: unknown (High Peak) is what rows without a unit count as: leave it out"),
        ("High Peak", "Not Recorded", "line 3: n2 (Not Recorded) is what rows without a unit count as: leave it out"),
    ],
)  # fmt: skip
def test_what_would_be_read_as_something_else_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    with pytest.raises(HomeListError, match=re.escape(message)) as error:
        read_areas(tmp_path, PLAIN.replace(before, after))
    assert str(error.value).startswith("seeds/areas.csv: line ")


@pytest.mark.parametrize("name", ["Areas.csv", "areas.CSV", "areas.csv.txt", "areas.csv.csv"])
def test_a_list_under_nearly_its_name_is_named(tmp_path: Path, name: str) -> None:
    """It was not read, without a word."""
    with pytest.raises(HomeListError, match=rf"^seeds/{name}: is not read: its name must be areas\.csv$"):
        read_areas(tmp_path, PLAIN, name)
    read_areas(tmp_path, PLAIN)


@pytest.mark.parametrize("name", ["areas.xlsx", "areas old.csv", "my areas.csv", "areas.geojson"])
def test_other_files_may_be_beside_the_lists(tmp_path: Path, name: str) -> None:
    assert read_areas(tmp_path, PLAIN, name) == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("derbyshire,The Dales,dale", "derbyshire, The Dales: lpu_code 'dale' is not the code of a unit; is dales meant?"),
        ("derbyshire,erewash,dales", "derbyshire, erewash: is the code or name of the unit erewash: rows that say"),
        ("derbyshire,not recorded,dales", "derbyshire, not recorded: rows that say so have no unit: leave it out"),
        ("derbyshire,Unknown,dales", "derbyshire, Unknown: rows that say so have no unit: leave it out"),
        ("derbyshire,Peak,dales\nderbyshire,PEAK,high-peak", "line 3: derbyshire PEAK appears twice (line 2 too)"),
        (
            "kent,Dover,dales",
            "kent, Dover: lpu_code 'dales' is not the code of a unit: write the code that the unit has in areas.csv now, or"
            " list it there",
        ),
    ],
)
def test_another_name_is_of_one_listed_unit(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "unit_names.csv"
    path.write_text(f"force_code,other_name,lpu_code\n{row}\n", encoding="utf-8")
    with pytest.raises(HomeListError, match=re.escape(message)) as error:
        read_own_list(path)
    assert str(error.value).startswith("seeds/unit_names.csv: ")


def test_a_unit_may_have_several_other_names_and_its_own(tmp_path: Path) -> None:
    path = tmp_path / "unit_names.csv"
    rows = [("derbyshire", "The Dales", "dales"), ("derbyshire", "Dales", "dales"), ("derbyshire", "D Division", "dales")]
    path.write_text("\n".join(map(",".join, [OWN_LISTS["unit_names"], *rows])), encoding="utf-8")
    assert read_own_list(path) == rows
