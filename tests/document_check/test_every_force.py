"""`pam check` for every force of seeds/forces.csv: its whole name stands for it, a part of the name and other forces do not."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from dagster_project.core.home import Home
from dagster_project.core.project_lists import force_names
from dagster_project.document_check import EditionFigures, check_document
from dagster_project.serving.typed_names import Area
from document_check.documents import make_word, read_figures

FORMS = (
    "In {} there were {n} possession offences in 2024/25.", "{} recorded {n} possession offences in 2024/25.",
    "There were {n} possession offences across {} in 2024/25.", "Drug possession offences in {} came to {n} in 2024/25.",
    "{}: {n} possession offences in 2024/25.", "{}\n\nIn 2024/25 there were {n} possession offences.",
)  # fmt: skip
TITLE, YEARS = "Drug offences in {}", [["Offence", "2023/24", "2024/25"], ["Drug Possession", "1,431", "1,936"]]
ALSO_CALLED = {
    "btp": ["BTP"], "devon-and-cornwall": ["Devon and Cornwall"], "dyfed-powys": ["Dyfed Powys"],
    "durham": ["County Durham and Darlington"], "greater-manchester": ["GMP"], "hampshire": ["Hampshire and the Isle of Wight"],
    "metropolitan": ["The Met", "London"], "northern-ireland": ["PSNI"], "nottinghamshire": ["Nottingham and Nottinghamshire"],
    "west-midlands": ["West Midlands"],
}  # fmt: skip
NO_AREAS = {"btp", "durham", "metropolitan"}
"""Their area's name alone is a city's, or nobody says it."""
OTHER_PLACES = {
    "avon-and-somerset": ["Avon", "Somerset", "North Somerset"], "btp": ["Great Britain"],
    "city-of-london": ["London", "Greater London"], "cleveland": ["Redcar and Cleveland"],
    "derbyshire": ["Leicester and Derbyshire", "North East Derbyshire", "the rest of Derbyshire"],
    "devon-and-cornwall": ["Devon", "Cornwall"], "durham": ["Durham", "Darlington and Durham"],
    "dyfed-powys": ["Dyfed", "Powys"], "gloucestershire": ["South Gloucestershire"], "greater-manchester": ["Manchester"],
    "metropolitan": ["the City of London", "central London"], "northern-ireland": ["Ireland"],
    "north-wales": ["Wales", "South Wales"], "north-yorkshire": ["Yorkshire", "West and North Yorkshire"],
    "south-wales": ["Wales", "North and South Wales"], "south-yorkshire": ["Yorkshire", "North Yorkshire"],
    "sussex": ["East Sussex"], "west-mercia": ["Mercia", "West Midlands"],
    "west-midlands": ["the Midlands", "the East Midlands", "the West Midlands region"], "west-yorkshire": ["Yorkshire"],
}  # fmt: skip


def area_of(name: str) -> str:
    """`Kent` of `Kent Police`."""
    for end in (" Constabulary", " Service", " Police"):
        name = name.removesuffix(end)
    return name.removeprefix("Police Service of ")


@cache
def figures_of(warehouse: Path, code: str, units: tuple[str, ...] = ()) -> EditionFigures:
    """The sample's figures, as those of another force. `units`: names of further units, without figures."""
    _, edition = read_figures(warehouse)
    name = force_names()[code]
    places = [Area("force", code, name, ""), *(p for p in edition.places if p.kind in ("section", "lpu"))]
    places += [Area("lpu", unit.lower(), unit, "") for unit in units]
    pool = tuple(replace(f, area_name=name) if f.area_type == "force" else f for f in edition.pool)
    return replace(edition, force_code=code, places=places, pool=pool, tables={}, claims={})


def verdicts(folder: Path, edition: EditionFigures, name: str, number: str = "1,936") -> list[tuple[str, str]]:
    """The verdict on each form of sentence that has the name."""
    path, found = folder / "document.txt", []
    for form in FORMS:
        path.write_text(form.format(name, n=number), encoding="utf-8")
        found += [(i.verdict, i.text) for i in check_document(path, edition).items]
    return found


@pytest.mark.parametrize("code", force_names())
def test_the_whole_name_of_a_force_stands_for_it(sample_home: Home, tmp_path: Path, code: str) -> None:
    """No sentence that names South Yorkshire was linked: `Yorkshire` was another place."""
    edition, name = figures_of(sample_home.warehouse.resolve(), code), force_names()[code]
    for called in (name, *([] if code in NO_AREAS else [area_of(name)]), *ALSO_CALLED.get(code, [])):
        for number, expected in (("1,936", "agrees"), ("1,963", "disagrees")):
            assert [v for v in verdicts(tmp_path, edition, called, number) if v[0] != expected] == []


@pytest.mark.parametrize("code", force_names())
def test_another_force_or_a_part_of_the_name_is_another_place(sample_home: Home, tmp_path: Path, code: str) -> None:
    """`In Somerset` agreed with the figure of Avon and Somerset."""
    edition = figures_of(sample_home.warehouse.resolve(), code)
    others = [area_of(name) for other, name in force_names().items() if other != code]
    path = tmp_path / "document.txt"
    path.write_text("\n\n".join(FORMS[n % 5].format(other, n="1,936") for n, other in enumerate(others)), encoding="utf-8")
    linked = [(i.verdict, i.text) for i in check_document(path, edition).items if i.verdict != "not linked"]
    for place in OTHER_PLACES.get(code, []):
        linked += [v for v in verdicts(tmp_path, edition, place) if v[0] != "not linked"]
    assert linked == []


@pytest.mark.parametrize("code", ["avon-and-somerset", "south-yorkshire", "metropolitan", "derbyshire"])
def test_a_table_of_the_whole_name_is_linked_and_one_of_another_place_is_not(
    sample_home: Home, tmp_path: Path, code: str
) -> None:
    _, edition = read_figures(sample_home.warehouse.resolve())
    edition = replace(figures_of(sample_home.warehouse.resolve(), code), tables=edition.tables)
    own = [force_names()[code], *ALSO_CALLED.get(code, []), *([] if code in NO_AREAS else [area_of(force_names()[code])])]
    for names, expected in ((own, {"agrees"}), (OTHER_PLACES[code], {"not linked"})):
        for name in names:
            make_word([(TITLE.format(name), YEARS)]).save(str(tmp_path / "a.docx"))
            assert {i.verdict for i in check_document(tmp_path / "a.docx", edition).items} == expected, name


def test_a_unit_may_be_called_as_a_part_of_the_name(sample_home: Home, tmp_path: Path) -> None:
    """Its number is not the force's, and the force's name is not its own."""
    edition = figures_of(sample_home.warehouse.resolve(), "avon-and-somerset", ("Somerset",))
    assert {v for v, _ in verdicts(tmp_path, edition, "Somerset")} == {"not linked"}
    assert {v for v, _ in verdicts(tmp_path, edition, "Avon & Somerset")} == {"agrees"}


@pytest.mark.parametrize(("code", "verdict"), [("derbyshire", "agrees"), ("devon-and-cornwall", "not linked")])
def test_the_county_is_the_force_only_where_it_has_one(sample_home: Home, tmp_path: Path, code: str, verdict: str) -> None:
    edition = figures_of(sample_home.warehouse.resolve(), code)
    assert {v for v, _ in verdicts(tmp_path, edition, "the county")[:1]} == {verdict}


@pytest.mark.parametrize("place", ["South Normanton", "North Wingfield", "High Peak Borough"])
def test_a_place_that_begins_as_a_unit_is_not_the_unit(sample_home: Home, tmp_path: Path, place: str) -> None:
    """`In South Normanton` was of the section South, and of the force where the measure has no sections."""
    edition = figures_of(sample_home.warehouse.resolve(), "derbyshire")
    assert {v for v, _ in verdicts(tmp_path, edition, place)[:4]} == {"not linked"}
