"""An edition with an error waits, and its message names the line. (`test_frozen` has nights that go on without it.)"""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from dagster_project.cli import load_app
from dagster_project.core.home import Home
from dagster_project.editions import EditionError, read_editions
from dagster_project.editions.model import FOLDER

VALID = """\
edition: 2026-09
title: T
force_code: derbyshire
data_to: 2025-10-31
tables:
  - table: offences
    paragraph: "1"
    title: T
    figure: {mart: mart_drug_offences}
    columns:
      - {name: rolling, window: {rolling_12_months: 0}}
    rows:
      - label: Possession
        measure: possession_offences
      - {label: North, measure: possession_offences, area_type: section, area_name: North}
"""


def write(home: Home, text: str, name: str = "2026-09.yml") -> Path:
    home.editions.mkdir(parents=True, exist_ok=True)
    path = home.editions / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            ("        measure: possession_offences", "        measure: posession_offences"),
            "2026-09.yml: line 14: measure: 'posession_offences' is no measure of mart_drug_offences; is"
            " possession_offences meant?",
        ),
        (("mart_drug_offences", "mart_drug_offence"), "line 9: mart: 'mart_drug_offence' is no mart; is mart_drug_offences"),
        (("area_name: North", "area_name: Nroth"), "line 15: area_name: 'Nroth' is no area name of derbyshire; is North"),
        (("area_type: section", "area_type: sektion"), "line 15: area_type: 'sektion' is no area type; is section meant?"),
        (("force_code: derbyshire", "force_code: derbishire"), "line 3: force_code: 'derbishire' is no force code; is derb"),
        (("force_code: derbyshire", "force_code: kent"), "line 15: area_name: 'North' is no area name of kent; there are"),
        (("area_name: North", "area_name: Dales"), "line 15: area_name: 'Dales' is no area name of derbyshire; there are"),
        (
            (
                "measure: possession_offences, area_type: section, area_name: North",
                "mart: mart_school_inputs, measure: inputs_delivered, category: Primry",
            ),
            "line 15: category: 'Primry' is no category of inputs_delivered; is Primary meant?",
        ),
        (
            (
                "measure: possession_offences, area_type: section, area_name: North",
                "mart: mart_naloxone, measure: naloxone_administrations, category: Nasal",
            ),
            "there are none: leave it out",
        ),
        (("data_to: 2025-10-31", "data_to: soon"), "(line 4)"),
        (("rolling_12_months: 0", "rolling_12_month: 0"), "(line 11)"),
        (("window: {rolling_12_months: 0}", "window: nowhere"), "no window is called 'nowhere'"),
        (("title: T\nforce", "title: [T\nforce"), "line 3: can't be read as YAML"),
        (("data_to: 2025-10-31", "data_to: 2025-04-31"), "line 4: 2025-04-31 is not a real date"),
        (("data_to: 2025-10-31", "data_to: soon"), "data_to: 'soon' is not a date: write it as 2026-03-31 (line 4)"),
        (("title: T\n", "title: T\ntitle: U\n"), "line 3: title appears twice: delete one"),
        (("title: T\n", "title:\n"), "title: is not text"),
        (("edition: 2026-09", "edition: 2026-9"), "edition: '2026-9' is no month such as 2026-03 (line 1)"),
        (("rolling_12_months: 0", "rolling_12_months: no"), "window.rolling_12_months: is a number, not false (line 11)"),
        (("rolling_12_months: 0}", "rolling_12_months: 0}, decimals: yes"), "decimals: is a number, not true (line 11)"),
        (("edition: 2026-09", "edition: 2026-10"), "line 1: edition: says 2026-10"),
        (("rolling_12_months: 0", "rolling_12_month: 0"), "window.rolling_12_month: not known here; is rolling_12_months"),
        (("rolling_12_months: 0", "rolling_12_months: now"), "window.rolling_12_months: 'now' is not a whole number (line 11)"),
        (("rolling_12_months: 0}", "rolling_12_months: 0}, shows: pct_chang"), "is pct_change meant? (line 11)"),
        (("rolling_12_months: 0}", "rolling_12_months: 0}, decimals: 9"), "decimals: 9 is more than 2 (line 11)"),
        (("tables:", "claims: none.csv\ntables:"), "claims: there is no none.csv"),
    ],
)
def test_an_error_is_reported_with_its_line(change: tuple[str, str], problem: str, new_home: Home) -> None:
    assert change[0] in VALID
    write(new_home, VALID.replace(*change, 1))
    (unusable,) = read_editions(new_home).waiting
    assert problem in unusable.problem, unusable.problem
    assert list(read_editions(new_home).sound) == ["2026-03"]
    with pytest.raises(EditionError, match="waits until that is corrected"):
        read_editions(new_home).named("2026-09")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "line 1: has no fields"),
        (b"- a list\n", "line 1: has no fields"),
        (VALID.replace("title: T", "title: T\u00e9").encode("latin-1"), "line 2: is not UTF-8 text (byte"),
        (b"edition: 2026-09\ntitle: \x00\n", "line 2: can't be read as YAML: it has an unprintable character"),
        (b"\x89PNG\r\n\x1a\n\x00", "line 1: is not UTF-8 text (byte 0)"),
        ((VALID + VALID[VALID.index("  - table"):]).encode(), "a table of this name appears twice"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_an_edition_is_reported_with_its_line(data: bytes, problem: str, new_home: Home) -> None:
    write(new_home, VALID).write_bytes(data)
    (unusable,) = read_editions(new_home).waiting
    assert problem in unusable.problem, unusable.problem


def test_a_valid_edition_does_not_wait(new_home: Home) -> None:
    write(new_home, VALID)
    assert read_editions(new_home).waiting == () and "2026-09" in read_editions(new_home).sound


def test_editions_of_the_project_are_valid(new_home: Home) -> None:
    write(new_home, (FOLDER / "2026-03.yml").read_text(encoding="utf-8"), "2026-03.yml")
    assert read_editions(new_home).waiting == ()


def test_an_edition_of_the_home_that_waits_is_not_replaced_by_the_projects(new_home: Home) -> None:
    """The home wanted something else: the project's edition must not be printed in its name."""
    write(new_home, VALID.replace("edition: 2026-09", "edition: 2026-03").replace("title: T", "titel: T", 1), "2026-03.yml")
    assert list(read_editions(new_home).sound) == []


def test_a_bad_line_of_a_claims_file_is_named(new_home: Home) -> None:
    path = write(new_home, VALID.replace("tables:", "claims: printed.csv\ntables:"))
    header = "paragraph,mart,measure,figure,area_type,area_name,category,period_label,period_start,period_end,unit,printed\n"
    row = "1,mart_x,m,value,force,F,all,M,2025-01-01,2025-01-31,count,many\n"
    path.with_name("printed.csv").write_text(header + row, encoding="utf-8")
    assert "printed.csv: line 2: 'many' holds no figure" in read_editions(new_home).waiting[0].problem
    path.with_name("printed.csv").write_text(header.replace(",unit", "") + row, encoding="utf-8")
    assert "printed.csv: line 1: has no column unit" in read_editions(new_home).waiting[0].problem
    row = "1,mart_drug_offences,MEASURE,FIGURE,force,F,all,M,2025-01-01,2025-01-31,count,5\n"
    for measure, figure, problem in (
        ("posession_offences", "value", "line 2: measure: 'posession_offences' is no measure; is possession_offences meant?"),
        ("possession_offences", "pct_chang", "line 2: figure: 'pct_chang' is no figure; is pct_change meant?"),
        ("possession_offences", "value", ""), ("median_days_to_register", "value", ""),
    ):  # fmt: skip
        text = header + row.replace("MEASURE", measure).replace("FIGURE", figure)
        path.with_name("printed.csv").write_text(text, encoding="utf-8")
        problems = "".join(w.problem for w in read_editions(new_home).waiting)
        assert problem in problems if problem else not problems


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("2025-01-01", "01/01/2025", "line 2: period_start '01/01/2025' is no date: write it as 2025-04-01"),
        ("2025-01-31", "2024-01-31", "line 2: period_end is 2024-01-31, before period_start 2025-01-01"),
        ("2025-01-31", "", "line 2: period_end is blank, after period_start 2025-01-01"),
        (",force,", ",Force,", "line 2: area_type: 'Force' is no area_type; is force meant?"),
        (",F,", ",,", "line 2: area_name: is blank: write something"),
        (",count,", ",COUNT,", "line 2: unit: 'COUNT' is no unit; is count meant?"),
        (",5\n", ",1 431\n", "line 2: '1 431' is no single number"),
        (",5\n", ',"5\n', "line 2: not readable as CSV: unexpected end of data"),
        ("unit,printed", "unit,printed,printed", "line 1: has printed twice: leave one out"),
        (",5\n", ",£5\n".encode("cp1252"), "printed.csv: not UTF-8 (byte "),
        ("2025-01-01,2025-01-31", ",", ""),
        (",5\n", ",5\n,,,,,,,,,,,\n\n", ""),
        ("paragraph", "\ufeffparagraph", ""),
    ],
)
def test_what_a_spreadsheet_makes_of_a_claims_file(new_home: Home, before: str, after: str | bytes, problem: str) -> None:
    path = write(new_home, VALID.replace("tables:", "claims: printed.csv\ntables:"))
    text = (
        b"paragraph,mart,measure,figure,area_type,area_name,category,period_label,period_start,period_end,unit,printed\n"
        b"1,mart_drug_offences,possession_offences,value,force,F,all,M,2025-01-01,2025-01-31,count,5\n"
    )
    assert before.encode() in text
    changed = text.replace(before.encode(), after if isinstance(after, bytes) else after.encode())
    path.with_name("printed.csv").write_bytes(changed)
    problems = "".join(w.problem for w in read_editions(new_home).waiting)
    assert problem in problems if problem else not problems, problems


@pytest.mark.parametrize("name", ["2026-03.yaml", "2026-03.YML", "2026-03.yml.txt"])
def test_an_edition_under_nearly_its_name_is_named(new_home: Home, name: str) -> None:
    """The project's edition was printed in its place."""
    write(new_home, VALID.replace("edition: 2026-09", "edition: 2026-03"), name)
    assert list(read_editions(new_home).sound) == []
    assert [w.problem for w in read_editions(new_home).waiting] == [f"{name}: is not read: its name must be 2026-03.yml"]
    write(new_home, VALID.replace("edition: 2026-09", "edition: 2026-03"), "2026-03.yml")
    assert read_editions(new_home).waiting == ()


def invoke(*args: Any) -> Any:
    return CliRunner().invoke(load_app(), [str(a) for a in args])


def test_check_needs_no_night(new_home: Home) -> None:
    write(new_home, VALID.replace("possession_offences", "posession_offences"))
    result = invoke("edition", "check", "--home", new_home.path)
    assert result.exit_code == 1 and "is possession_offences meant?" in result.stdout
    assert "2026-09 waits" in invoke("edition", "list", "--home", new_home.path).stderr
    result = invoke("edition", "check", "2026-03", "--home", new_home.path)
    assert (result.exit_code, result.stdout) == (0, "2026-03: the next night prints it\n"), "another waits"
    write(new_home, VALID)
    assert invoke("edition", "check", "--home", new_home.path).stdout == "2 editions: the next night prints them\n"
    assert invoke("edition", "check", "2026-09", "--home", new_home.path).exit_code == 0
    assert invoke("edition", "check", "1999-01", "--home", new_home.path).exit_code == 1


def test_check_names_categories_that_no_figure_has(new_home: Home) -> None:
    """Of free text: a mistyped one is 0. One that the force has had, and any of a measure without figures, may be right."""
    rows = "\n".join(
        f"      - {{label: L{n}, mart: {mart}, measure: {measure}, category: {category}}}"
        for n, (mart, measure, category) in enumerate((
            ("mart_community_voices", "responses", "Fly-tiping"), ("mart_community_voices", "responses", "Fly-tipping"),
            ("mart_community_voices", "responses", "Not recorded"), ("mart_drug_tests", "tests_missed", "No kit"),
        ))
    )  # fmt: skip
    columns = "paragraph,mart,measure,figure,area_type,area_name,category,period_label,period_start,period_end,unit,printed"
    claim = "1,mart_community_voices,responses,value,force,Derbyshire Constabulary,Litter,,2025-10-01,2025-10-31,count,7"
    write(new_home, f"{columns}\n{claim}\n", "printed.csv")
    write(new_home, VALID.replace("tables:", "claims: printed.csv\ntables:") + rows + "\n")
    check = ("edition", "check", "--home", new_home.path)
    assert invoke(*check).stderr == "", "no night is published"
    with duckdb.connect(str(new_home.warehouse)) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.measures as select 'derbyshire' as force_code, 'mart_community_voices' as mart, 'responses' as"
            " measure, unnest(['all', 'Fly-tipping']) as category, 'month' as period_type"
        )
    result = invoke(*check)
    assert (result.exit_code, result.stderr.splitlines()) == (
        0,
        [
            "pam: look at 2026-09.yml: line 17: no figure of responses has the category 'Fly-tiping' in the published night:"
            " it is 0 where files cover the days; is Fly-tipping meant?",
            "pam: look at printed.csv: line 2: no figure of responses has the category 'Litter' in the published night:"
            " it is 0 where files cover the days",
        ],
    )
    assert invoke("edition", "check", "2026-03", "--home", new_home.path).stderr == "", "the other edition is not asked for"
    made = invoke("edition", "new", "2026-12", "--from", "2026-09", "--home", new_home.path)
    assert made.exit_code == 0 and "no figure of responses has the category 'Fly-tiping'" in made.stderr
