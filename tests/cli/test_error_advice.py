"""Error messages say what to do: about a misspelt name, a missing option, a missing permission."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagster_project.core.home import Home
from dagster_project.core.published_file import NoRightsError, published_path
from dagster_project.core.similar_names import closest_names, suggestion
from dagster_project.landing.blank_extract import write_template

COUNT = "select count(*) as n from marts.measures where measure = '{}'"


@pytest.mark.parametrize(
    ("name", "suggested"),
    [("kentt", "; is kent meant?"), ("Kentt", "; is kent meant?"), ("zzz", ""), ("derbyshir", "; is derbyshire meant?")],
)
def test_the_nearest_name_is_suggested(name: str, suggested: str) -> None:
    assert suggestion(name, ("kent", "derbyshire", "essex")) == suggested
    assert closest_names("kent", ()) == []


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("from marts.measures where measure = 'posession_offences'", "`posession_offences`; nearest: possession_offences"),
        (COUNT.format("naloxone_administration"), "nearest: naloxone_administrations"),
        (COUNT.format("drug_incidents"), "no measure `drug_incidents`; nearest: incidents_drugs,"),
        ("select sum(value) from marts.measures m where 'posession_offences' = m.measure", "no measure `posession_offences`"),
        ("from marts.measures where measure in ('lines_closed', 'x') and category = 'al'", "no category `al`; nearest: all"),
        ("from marts.measures where area_name = 'Chesterfeld'", "no area name `Chesterfeld`; nearest: Chesterfield"),
        ("from marts.measures where area_code = 'chesterfeld'", "no area code `chesterfeld`; nearest: chesterfield"),
        ("from bi.fact_figure where measure_key = 'mart_naloxone/naloxone'", "no measure key `mart_naloxone/naloxone`"),
        ("from bi.fact_figure f where f.area_key = 'derbyshire/lpu/dale'", "no area key `derbyshire/lpu/dale`; nearest"),
        ("from meta.dictionary where mart = 'mart_x'", ""),
        (COUNT.format("naloxone_administrations"), ""),
        ("select 1 from marts.measures where measure = 'naloxone_administrations' and value < 0", ""),
        ("select 1 where 'x' = 'y'", ""),
    ],
)  # fmt: skip
def test_a_query_with_a_misspelt_value_names_the_nearest(pam: Callable, week: Home, sql: str, message: str) -> None:
    result = pam("query", sql, "--home", week.path, "-f", "csv")
    assert message in result.stderr if message else "nearest" not in result.stderr and "no measure" not in result.stderr


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet", "xlsx"])
def test_a_misspelt_value_is_named_also_if_the_answer_goes_to_a_file(
    pam: Callable, week: Home, tmp_path: Path, form: str
) -> None:
    """An empty file would look like an answer."""
    path = tmp_path / f"a=1/b[2]*.{form}"
    path.parent.mkdir()
    for sql in ("select value from marts.measures where measure = 'posession_offences'", COUNT.format("posession_offences")):
        result = pam("query", sql, "--home", week.path, "-f", form, "-o", path)
        assert result.exit_code == 0 and "`posession_offences`; nearest: possession_offences" in result.stderr
    result = pam("query", COUNT.format("naloxone_administrations"), "--home", week.path, "-f", form, "-o", path)
    assert "nearest" not in result.stderr and path.exists()


def test_misspelt_forces_get_a_hint(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    accept = ("accept", "naloxone_administrations", "2025-01", "--why", "x", "--force", "kentt", "--home", new_home.path)
    template = ("template", "crimes", "--force", "kentt", "--out", tmp_path, "--home", new_home.path)
    for args in (accept, template):
        result = pam(*args)
        assert result.exit_code == 2 and "is kent meant?" in result.stderr, args


def test_a_template_is_for_the_force_that_the_homes_mappings_name(new_home: Home, tmp_path: Path) -> None:
    assert "__derbyshire__" in write_template(new_home, "crimes", tmp_path).path.name
    (new_home.mappings / "kent.yml").write_text("extract: crimes\nforces: [kent]\nheaders: {crime_ref: No}\n", encoding="utf-8")
    assert "__kent__" in write_template(new_home, "crimes", tmp_path).path.name


def test_a_rollback_without_options_names_them(pam: Callable, new_home: Home) -> None:
    result = pam("rollback", "--home", new_home.path)
    assert result.exit_code == 2 and all(option in result.stderr for option in ("--why", "--by", "--list"))


@pytest.fixture
def as_another_user(tmp_path: Path) -> Iterator[None]:
    """Run the test as a user who owns nothing here."""
    if os.geteuid() != 0:
        pytest.skip("only root can take another user's place")
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_an_error_of_permissions_names_the_group_setting(week: Home, as_another_user: None) -> None:
    with pytest.raises(NoRightsError, match=r"\[publish\] group in pam.toml") as caught:
        published_path(week)
    assert "Permission denied" not in str(caught.value)


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (("map", "FILE", "--force", "kentt"), "no force is called 'kentt'; is kent meant?"),
        (("map", "FILE", "--extract", "crime"), "no contract is called 'crime'; is crimes meant?"),
        (("template", "crimes", "--force", "kentt"), "no force is called 'kentt'; is kent meant? (seeds/forces.csv has"),
        (("template", "incidens"), "no contract is called 'incidens'; is incidents meant?"),
        (("vocabulary", "accept", "incident", "qualifiers", "X", "--counts-as", "Drugs"), "is incidents meant?"),
        (("vocabulary", "accept", "incidents", "qualifier", "X", "--counts-as", "Drugs"), "; is qualifiers meant?"),
        (("inspect", "FILE"), "lands once it has a mapping: `pam map FILE` drafts one"),
    ],
)
def test_misspelt_names_get_a_hint(pam: Callable, new_home: Home, tmp_path: Path, args: tuple[str, ...], hint: str) -> None:
    file = tmp_path / "Crimes Oct.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    result = pam(*[str(file) if a == "FILE" else a for a in args], "--home", new_home.path)
    assert hint in " ".join(result.output.split()), result.output
    assert result.exit_code != 0
