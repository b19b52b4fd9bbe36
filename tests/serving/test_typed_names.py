"""The same words name a measure, a force and an area in every command, and unknown ones are errors that say what is meant."""

import json
from collections.abc import Callable, Sequence

import pytest

from dagster_project.core.home import Home
from dagster_project.serving import connect
from dagster_project.serving.typed_names import Area, UnknownNameError, area_named, areas_of, force_named, measure_named

MEASURES = ("searches", "Searches", " SEARCHES ", "mart_stop_search.searches", "stop_search.searches", "Stop_Search.Searches")
FORCE = ("derbyshire", "Derbyshire", "derbyshire constabulary")
AREAS = {
    "lpu": ("High Peak", "high peak", "HIGH-PEAK"), "section": ("North", "north"),
    "force": ("derbyshire", "Derbyshire Constabulary"),
}  # fmt: skip


def year_of(pam: Callable, home: Home, *words: str) -> tuple[str, str]:
    """The measure and figure of 2025 that `pam trace` and `pam topline` give, which agree."""
    (line,) = json.loads(pam("topline", *words, "--format", "json", "--home", home.path).stdout)
    traced = pam("trace", *words, "--period", "2025", "--home", home.path)
    assert traced.exit_code == 0, traced.output
    value = str(line["twelve_months_value"]).partition(".")[0]
    assert line["month"] == "Dec 2025" and f"Figure: {value} (count)" in traced.stdout, (words, value, traced.stdout)
    assert f" {line['area']}, 2025-01-01" in traced.stdout, "both call the area by its name"
    return line["measure"], value


def test_a_word_means_the_same_in_trace_and_topline(pam: Callable, sample_home: Home) -> None:
    force = year_of(pam, sample_home, "searches")
    assert force == ("searches", "2745") == year_of(pam, sample_home, MEASURES[-1], "--force", FORCE[-1])
    for kind, words in AREAS.items():
        # By its code or in small letters, and by its name with its kind.
        figures = {year_of(pam, sample_home, "searches", "--area", *t) for t in ((words[-1],), (words[0], "--area-type", kind))}
        assert len(figures) == 1 and (figures == {force}) == (kind == "force"), kind


def test_code_name_title_and_case_are_the_same(sample_home: Home) -> None:
    assert {measure_named(word)["measure"] for word in MEASURES} == {"searches"}
    assert {force_named(word) for word in FORCE} == {"derbyshire"}
    with connect(sample_home) as con:
        areas = areas_of(con, "derbyshire", "mart_stop_search")
    for kind, words in AREAS.items():
        assert len({area_named(word, k, areas) for word in words for k in (None, kind)}) == 1, kind


def test_an_area_is_of_its_only_kind(pam: Callable, sample_home: Home) -> None:
    """Amber Valley and Erewash are units in some marts, and districts in others."""
    crimes = ("street crimes", "--home", sample_home.path, "--format", "csv", "--area", "Erewash")
    for command in (["topline"], ["trace", "--period", "2025"]):
        found, district = (pam(*command, *crimes, *kind) for kind in ([], ["--area-type", "District"]))
        assert found.exit_code == 0 and found.stdout == district.stdout and found.stdout.count("\n") > 1
    deaths = ("trace", "Deaths from drug misuse", "--period", "2021 - 23", "--home", sample_home.path)
    assert "1 row makes" in pam(*deaths, "--area", "amber valley").stdout
    several = pam(*deaths, "--area", "Derby")
    assert several.exit_code == 1 and "of several kinds: say which with --area-type: district, upper_tier" in several.stderr
    assert pam(*deaths, "--area", "derby", "--area-type", "upper_tier").exit_code == 0
    elsewhere = pam("trace", "searches", "--period", "2025", "--area", "Bolsover", "--home", sample_home.path)
    assert "no area is called 'Bolsover' (mart_stop_search has force: Derbyshire Constabulary; lpu: " in elsewhere.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["serches"], "no measure is called 'serches'; nearest: searches, "),
        (["drug incident"], "no measure is called 'drug incident'; nearest: incidents_drugs"),
        (["naloxone.searches"], "no measure is called 'naloxone.searches'; nearest: searches, "),
        (["xyz"], "no measure is called 'xyz' (docs/reference/marts.md lists them"),
        (["searches", "--force", "kent"], "no force with figures is called 'kent' (there are derbyshire)"),
        (["searches", "--force", "derbyshir"], "no force with figures is called 'derbyshir'; is derbyshire meant?"),
        (["searches", "--area", "High Peek"], "no area is called 'High Peek'; is High Peak meant? ("),
        (["searches", "--area", "Atlantis"], "lpu: Amber Valley, Chesterfield, Dales, "),
        (["searches", "--area", ""], "no area is called '' ("),
        (["searches", "--area", "High Peak", "--area-type", "section"], "no section is called 'High Peak': say --area-type "),
        (["searches", "--area", "High Peak", "--area-type", "force"], "no force is called 'High Peak': say --area-type "),
        (["searches", "--area-type", "lpu"], "--area-type lpu says only which kind of --area is meant: name the area too"),
    ],
)
def test_unknown_words_are_errors_and_never_0(pam: Callable, sample_home: Home, words: Sequence[str], message: str) -> None:
    for command in (["topline"], ["trace", "--period", "2025"]):
        result = pam(*command, *words, "--home", sample_home.path)
        assert (result.exit_code, result.stdout) == (1, "") and message in result.stderr, result.output


def test_a_measure_of_several_marts_is_said_with_its_mart(pam: Callable, sample_home: Home) -> None:
    orders = ("trace", "orders", "--period", "2025", "--home", sample_home.path)
    assert "say mart_confiscation_orders.orders or mart_mda_orders.orders" in pam(*orders).stderr
    for mart in ("mart_mda_orders", "MDA_orders"):
        assert "Misuse of Drugs Act orders" in pam(*orders, "--mart", mart).stdout
    assert "no mart is called 'mda_order'; is mda_orders meant?" in pam(*orders, "--mart", "mda_order").stderr
    other = pam("trace", "searches", "--period", "2025", "--mart", "iom", "--home", sample_home.path)
    assert other.exit_code == 1 and "no measure of iom is called 'searches' (there are " in other.stderr


def test_the_words_of_the_other_commands(pam: Callable, figures_copy: Home, week: Home) -> None:
    home = ("--home", figures_copy.path)
    claim = ("claims", "add", "It came to 1,708.", "--from", "2024-11-01", "--to", "2025-10-31", "--yes", *home)
    added = pam(*claim, "--measure", "stop_search.Drug_searches", "--area", "derby-north")
    assert added.exit_code == 0 and "Derby North, category all" in added.stdout, added.output
    refused = pam(*claim, "--measure", "Drug searches", "--area", "Derby Nort")
    assert refused.exit_code == 2 and "is Derby North meant?" in " ".join(refused.stderr.split())
    by_name, by_title, misspelt = (pam("sql", *home, stdin=f"\\v {m}\n") for m in ("drug_searches", "Drug Searches", "searchs"))
    assert by_name.stdout == by_title.stdout and "nearest: searches" in misspelt.stderr
    assert pam("quarantine", "--force", "Derbyshire Constabulary", *home).exit_code == 0
    diff = ("diff", "20260104", "20260105", "-f", "csv", "--all", "--home", week.path, "--measure")
    moved = {pam(*diff, word).stdout for word in ("responses", "RESPONSES", "community_voices.responses")}
    assert len(moved) == 1 and moved.pop().count("\n") > 1
    assert "nearest: responses" in pam(*diff, "respones").stderr


def test_a_night_of_several_forces(pam: Callable, week: Home) -> None:
    lines = ("topline", "naloxone_administrations", "--format", "json", "--home", week.path)
    assert "name the force with --force (there are derbyshire, leicestershire)" in pam(*lines).stderr
    by_name, by_code = (pam(*lines, "--force", f).stdout for f in ("LEICESTERSHIRE police", "leicestershire"))
    assert by_name == by_code and json.loads(by_name)[0]["area"] == "Leicestershire Police"


def test_the_earliest_kind_is_meant_where_several_have_the_word() -> None:
    areas = [Area("section", "s1", "Medway", "mart_a"), Area("lpu", "m1", "Medway", "mart_a")]
    assert area_named("Medway", None, areas, first=("lpu",)).code == "m1"
    assert area_named("medway", None, areas, first=("section", "lpu")).code == area_named("S1", None, areas).code == "s1"


def test_areas_of_one_name_are_told_apart_by_code() -> None:
    names = [("a", "Newtown", "mart_a"), ("b", "Newtown", "mart_a"), ("newtown", "Elsewhere", "mart_b")]
    areas = [Area("lpu", *name) for name in names]
    with pytest.raises(UnknownNameError, match="several areas are called 'Newtown': say which by its code: a, b"):
        area_named("Newtown", None, areas[:2])
    assert area_named("B", None, areas).code == "b"
    assert area_named("Newtown", None, areas).code == "newtown", "a code comes before a name"
    with pytest.raises(UnknownNameError):
        area_named("Newtown", None, areas, marts={"mart_a"})
