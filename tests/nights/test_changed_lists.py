"""A home's own lists change after files have landed: what they no longer know is said, and not counted as 0.

Each force is one life of a list; the nights are shared.
"""

import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
import yaml
from support import candidate, copy_home, land_night, night, publish_night, published, write_extract

from dagster_project.core.home import EXPECTATIONS, Home
from dagster_project.core.home_lists import OWN_LISTS
from dagster_project.core.receipts import read_receipts
from dagster_project.landing.storage.vocabulary import unknown_values
from dagster_project.nights.accept_vocabulary import accept_value
from dagster_project.nights.replay import rebuild_and_compare
from dagster_project.serving.trace import open_evidence, trace
from dagster_project.serving.trace_request import request_for_period
from dagster_project.serving.trace_why_no_rows import missing_rows
from dagster_project.transform.candidate import published_nodes_if_unchanged

JANUARY, FEBRUARY = ("2025-01-01", "2025-01-31"), ("2025-02-01", "2025-02-28")
NOT_AVAILABLE = (None, "not_available")
RENAMED = "kent"
LISTED_AGAIN, ACCEPTED = "surrey", "essex"
NEW_WORD = "cumbria"
FIRST_LIST_LACKS_A_FIFTH, FIRST_LIST_LACKS_LESS, SMALL_BEFORE_FIRST_LIST = "sussex", "hampshire", "norfolk"
LISTED_LATER = "suffolk"
NEWER_MONTH, NEWER_FILE = "dorset", "wiltshire"
HELD = "humberside"
LISTED_WHILE_A_NIGHT_RUNS = "devon-and-cornwall"

Figure = tuple[float | None, str]


def write_list(home: Home, name: str, *lines: str) -> None:
    home.seeds.mkdir(exist_ok=True)
    (home.seeds / f"{name}.csv").write_text("\n".join((",".join(OWN_LISTS[name]), *lines)) + "\n", encoding="utf-8")


def write_units(home: Home, units: dict[str, Sequence[str]]) -> None:
    """`units`: of each force."""
    write_list(home, "areas", *(f"{force},east,East,{unit.lower()},{unit}" for force, names in units.items() for unit in names))


def write_naloxone(
    home: Home, force: str, units: Sequence[str], window: tuple[str, str] = JANUARY, stamp: str = "20260105T020000Z"
) -> None:
    """An administration in each of the units, from the window's first days on."""
    rows = [[f"N{n}", f"{window[0][:7]}-{n % 28 + 1:02d}", unit] for n, unit in enumerate(units)]
    columns = ["administration_ref", "administered_at", "lpu"]
    write_extract(home.inbox, "naloxone", rows, columns=columns, window=window, force=force, stamp=stamp)


def write_incidents(
    home: Home, force: str, qualifiers: Sequence[str], units: Sequence[str] = (), window: tuple[str, str] = JANUARY
) -> None:
    rows = [[f"I{n}", "INCIDENT", window[0], words, *units[n : n + 1]] for n, words in enumerate(qualifiers)]
    columns = ["incident_ref", "record_type", "created_at", "qualifiers", *(["lpu"] if units else [])]
    write_extract(home.inbox, "incidents", rows, columns=columns, window=window, force=force)


def figures(home: Home, force: str, measure: str = "naloxone_administrations", month: str = "Jan 2025") -> dict[str, Figure]:
    """By area code."""
    mart = "mart_naloxone" if measure.startswith("naloxone") else "mart_incidents"
    query = f"""
        select area_code, value, data_status from marts.{mart}
        where measure = '{measure}' and category = 'all' and force_code = '{force}'
            and period_type = 'month' and period_label = '{month}'
    """
    return {area: (value, status) for area, value, status in published(home, query)}


def drugs_incidents(home: Home, force: str) -> Figure:
    return figures(home, force, "incidents_drugs")[force]


def warned_of(home: Home, force: str) -> list[tuple[str, str]]:
    """What the night warns of in a force's files: extract, and how many values of which columns. Messages name five forces."""
    with candidate(home) as con:
        query = "select extract, forgotten_values from raw.forgotten_values where force_code = ? order by all"
        return con.execute(query, [force]).fetchall()


def unknown_in(home: Home, force: str) -> list[tuple[str, str, str, int]]:
    return [(u.extract, u.column_name, u.value, u.rows) for u in unknown_values(home) if u.force_code == force]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[Home]:
    """The home as it was after each of five nights: files land; lists change; a file comes, for a night in part; lists are
    mended; newer files and names come."""
    folder = tmp_path_factory.mktemp("changed_lists")
    home = Home(folder / "home").create()
    dover_and_ashford = ("Dover", "DOVER", "dover", "Ashford")
    for force in (RENAMED, LISTED_AGAIN, NEW_WORD, NEWER_MONTH):
        write_naloxone(home, force, dover_and_ashford)
    write_naloxone(home, ACCEPTED, ("Walmer", "Walmer", "Ashford"))
    # A file of which the list does not know a fifth of the units would have been held, had there been a list.
    write_naloxone(home, FIRST_LIST_LACKS_A_FIFTH, 10 * ["D Division"] + 40 * ["Dover"])
    write_naloxone(home, FIRST_LIST_LACKS_LESS, 9 * ["D Division"] + 41 * ["Dover"])
    write_naloxone(home, SMALL_BEFORE_FIRST_LIST, 4 * ["D Division"])
    write_naloxone(home, LISTED_LATER, 6 * ["Dover"] + 54 * ["Ashford"])
    # Of days of its own, and one of which the newer file says the unit.
    write_naloxone(home, NEWER_FILE, ["Ashford"], ("2025-01-01", "2025-03-31"), stamp="20260105T020000Z")
    write_naloxone(home, NEWER_FILE, ["Dover"], stamp="20260106T020000Z")
    write_incidents(home, NEW_WORD, 2 * ["Narcotics; ASB"])
    write_incidents(home, LISTED_LATER, ["Snow"] + 59 * ["Drugs"])
    write_incidents(home, HELD, 60 * ["Ganja"], 9 * ["Dover"] + 51 * ["Ashford"], FEBRUARY)
    write_naloxone(home, LISTED_WHILE_A_NIGHT_RUNS, ("Dover", "Dover", "Ashford"))
    listed_first = (RENAMED, LISTED_AGAIN, NEW_WORD, NEWER_MONTH, NEWER_FILE, HELD)
    units: dict[str, Sequence[str]] = dict.fromkeys(listed_first, ("Dover", "Ashford")) | {ACCEPTED: ("Walmer", "Ashford")}
    units[LISTED_WHILE_A_NIGHT_RUNS] = ("Ashford",)
    write_units(home, units)
    write_list(home, "vocabulary", "incidents,qualifiers,Narcotics,Drugs")
    after = []

    def end_of_night(
        landed: Callable[[], None] = lambda: None, built: Callable[[], None] = lambda: None, **options: bool
    ) -> None:
        """`landed`, `built`: what somebody does then, while the night runs."""
        with night(home, **options) as run:
            run.land()
            landed()
            run.build()
            built()
            run.judge()
            run.publish()
        after.append(copy_home(home, folder / f"after_{len(after)}"))

    end_of_night()
    units |= dict.fromkeys((RENAMED, LISTED_AGAIN, ACCEPTED, NEWER_MONTH, NEWER_FILE, HELD), ("Harbour", "Ashford"))
    units |= dict.fromkeys((FIRST_LIST_LACKS_A_FIFTH, FIRST_LIST_LACKS_LESS), ("Dover",))
    write_units(home, units | dict.fromkeys((SMALL_BEFORE_FIRST_LIST, LISTED_LATER), ("Dover", "Ashford")))
    write_list(home, "vocabulary", "incidents,qualifiers,Snow,Drugs")
    accept_value(home, "incidents", "qualifiers", ["Ganja"], "Drugs", by="A. Person")
    write_naloxone(home, NEWER_MONTH, ["Harbour"], FEBRUARY, stamp="20260107T020000Z")
    end_of_night()
    write_naloxone(home, NEWER_MONTH, ["Harbour"], FEBRUARY, stamp="20260108T020000Z")
    end_of_night()
    units |= {LISTED_AGAIN: ("Harbour", "Ashford", "Dover"), LISTED_LATER: ("Harbour", "Ashford")}
    write_units(home, units)
    write_list(home, "unit_names", *(
        f"{force},{name}" for force, name in (
            (RENAMED, "Dover,harbour"), (FIRST_LIST_LACKS_A_FIFTH, "D Division,dover"),
            (FIRST_LIST_LACKS_LESS, "D Division,dover"),
        )
    ))  # fmt: skip
    write_list(home, "vocabulary", "incidents,qualifiers,Ganja,Drugs")
    accept_value(home, "naloxone", "lpu", ["Walmer"], "nothing", by="A. Person")
    accept_value(home, "incidents", "qualifiers", ["Narcotics"], "nothing", by="A. Person")
    end_of_night(landed=lambda: write_units(home, units | {LISTED_WHILE_A_NIGHT_RUNS: ("Ashford", "Dover")}))
    write_units(home, units | {LISTED_WHILE_A_NIGHT_RUNS: ("Ashford", "Harbour")})
    with (home.seeds / "unit_names.csv").open("a", encoding="utf-8") as file:
        file.write(f"{LISTED_LATER},Dover,harbour\n")
    accept_value(home, "incidents", "qualifiers", ["Snow"], "nothing", by="A. Person")
    write_naloxone(home, NEWER_FILE, ["Harbour"], stamp="20260108T020000Z")
    end_of_night(built=lambda: write_list(home, "offence_codes", "92A,possession"), rebuild=True)
    return after


def test_values_that_are_known_are_not_warned_of(nights: list[Home]) -> None:
    assert figures(nights[0], RENAMED)["dover"] == (3, "complete")
    assert drugs_incidents(nights[0], NEW_WORD) == (2, "complete")
    assert unknown_in(nights[0], RENAMED) == unknown_in(nights[0], FIRST_LIST_LACKS_A_FIFTH) == []
    assert published(nights[0], "select * from meta.checks where rule = 'forgotten_values' and not passed") == []


def test_a_renamed_unit_is_not_0_before_its_old_name_is_listed(nights: list[Home]) -> None:
    # Which unit the three rows are of is not known: it may be any. As where a file has no units, none is recorded.
    renamed = figures(nights[1], RENAMED)
    assert renamed.pop(RENAMED) == renamed.pop("unknown") == (4, "complete")
    assert renamed == dict.fromkeys(("east", "harbour", "ashford"), NOT_AVAILABLE)
    assert unknown_in(nights[1], RENAMED) == [("naloxone", "lpu", "DOVER", 3)]
    assert published(nights[1], f"select value, rows from meta.vocabulary where force_code = '{RENAMED}'") == [("DOVER", 3)]
    ((message,),) = published(
        nights[1], "select message from meta.checks where rule = 'forgotten_values' and subject = 'naloxone' and not passed"
    )
    assert "naloxone (kent): stored rows have values" in message and "lpu: 1 value in 3 rows" in message
    with open_evidence(nights[1]) as con:
        request = request_for_period(
            con, "naloxone_administrations", None, "all", "lpu", "Harbour", RENAMED, None, date(2025, 1, 1), date(2025, 1, 31)
        )
        ((reason,),) = missing_rows(con, nights[1], trace(con, request)).values()
    assert "has values that no list knows any more: 'DOVER' (3)" in reason

    assert figures(nights[3], RENAMED) == {
        RENAMED: (4, "complete"), "east": (4, "complete"), "harbour": (3, "complete"), "ashford": (1, "complete"),
        "unknown": (0, "complete"),
    }  # fmt: skip
    assert unknown_in(nights[3], RENAMED) == warned_of(nights[3], RENAMED) == []


@pytest.mark.parametrize(("force", "area", "value"), [(LISTED_AGAIN, "dover", 3), (ACCEPTED, "unknown", 2)])
def test_a_unit_that_is_gone_is_listed_again_or_counts_as_not_recorded(
    nights: list[Home], force: str, area: str, value: int
) -> None:
    assert figures(nights[1], force)["harbour"] == NOT_AVAILABLE
    assert len(warned_of(nights[1], force)) == 1
    mended = figures(nights[3], force)
    assert mended["harbour"] == (0, "complete") and mended["ashford"] == (1, "complete")
    assert mended[area] == (value, "complete")
    assert warned_of(nights[3], force) == []


def test_a_value_that_the_vocabulary_no_longer_has_makes_what_it_counted_not_available(nights: list[Home]) -> None:
    assert drugs_incidents(nights[1], NEW_WORD) == NOT_AVAILABLE
    assert figures(nights[1], NEW_WORD)["dover"] == (3, "complete"), "another extract"
    assert unknown_in(nights[1], NEW_WORD) == [("incidents", "qualifiers", "Narcotics", 2)]
    assert warned_of(nights[1], NEW_WORD) == [("incidents", "qualifiers: 1 value in 2 rows")]
    assert drugs_incidents(nights[3], NEW_WORD) == (0, "complete")
    assert unknown_in(nights[3], NEW_WORD) == warned_of(nights[3], NEW_WORD) == []


@pytest.mark.parametrize("n", [1, 2])
def test_files_that_land_later_say_their_units_themselves(nights: list[Home], n: int) -> None:
    """A night in part: units of the months that only newer files cover are available, the others are not."""
    assert figures(nights[n], NEWER_MONTH)["harbour"] == NOT_AVAILABLE
    assert figures(nights[n], NEWER_MONTH, month="Feb 2025")["harbour"] == (1, "complete")
    assert len(warned_of(nights[n], NEWER_MONTH)) == 1
    if n == 2:
        with candidate(nights[n]) as con:
            assert con.execute("select mart, min(from_month_no) > 0 from raw.figures_made group by 1").fetchall() == [
                ("mart_naloxone", True)
            ], "a night in part"


def test_units_that_landed_before_the_first_list_are_looked_up_in_it(nights: list[Home]) -> None:
    for force, n_unknown, dover in (
        (FIRST_LIST_LACKS_A_FIFTH, 10, NOT_AVAILABLE),
        (FIRST_LIST_LACKS_LESS, 9, (41, "complete")),
    ):
        assert unknown_in(nights[1], force) == [("naloxone", "lpu", "D Division", n_unknown)]
        assert figures(nights[1], force)["dover"] == dover
        assert figures(nights[3], force)["dover"] == (50, "complete")
        assert unknown_in(nights[3], force) == warned_of(nights[3], force) == []
    assert warned_of(nights[1], FIRST_LIST_LACKS_A_FIFTH) == [("naloxone", "lpu: 1 value in 10 rows")]
    assert warned_of(nights[1], FIRST_LIST_LACKS_LESS) == []


def test_small_files_that_landed_before_the_first_list_have_no_units_of_0(nights: list[Home]) -> None:
    """Many files of a month have fewer rows than are compared with the lists when one lands."""
    small = figures(nights[1], SMALL_BEFORE_FIRST_LIST)
    assert small.pop(SMALL_BEFORE_FIRST_LIST) == small.pop("unknown") == (4, "complete")
    assert small == dict.fromkeys(("east", "dover", "ashford"), NOT_AVAILABLE)
    assert warned_of(nights[1], SMALL_BEFORE_FIRST_LIST) == [("naloxone", "lpu: 1 value in 4 rows")]


def test_a_list_that_came_after_the_file_forgets_like_one_that_was_there(nights: list[Home]) -> None:
    """What no list knew when the file landed counts by a later list; when that no longer knows it, it is no 0 either."""
    assert figures(nights[1], LISTED_LATER)["dover"] == (6, "complete")
    assert drugs_incidents(nights[1], LISTED_LATER) == (60, "complete")
    forgotten = figures(nights[3], LISTED_LATER)
    assert forgotten["harbour"] == forgotten["ashford"] == NOT_AVAILABLE and forgotten[LISTED_LATER] == (60, "complete")
    assert drugs_incidents(nights[3], LISTED_LATER) == NOT_AVAILABLE
    assert warned_of(nights[3], LISTED_LATER) == [
        ("incidents", "qualifiers: 1 value in 1 row"), ("naloxone", "lpu: 1 value in 6 rows"),
    ]  # fmt: skip
    assert rebuild_and_compare(nights[3]).differing == 0
    assert figures(nights[4], LISTED_LATER)["harbour"] == (6, "complete")
    assert drugs_incidents(nights[4], LISTED_LATER) == (59, "complete")
    assert warned_of(nights[4], LISTED_LATER) == []


def test_a_list_that_is_saved_between_landing_and_building_is_remembered(nights: list[Home]) -> None:
    assert figures(nights[3], LISTED_WHILE_A_NIGHT_RUNS)["dover"] == (2, "complete")
    later = figures(nights[4], LISTED_WHILE_A_NIGHT_RUNS)
    assert later["harbour"] == later["ashford"] == NOT_AVAILABLE


def test_a_list_that_is_saved_after_building_counts_from_the_next_night_on(nights: list[Home], tmp_path: Path) -> None:
    """The night had read it before, and the next one took it as read."""
    home = copy_home(nights[4], tmp_path / "home")
    assert published_nodes_if_unchanged(home) is None
    (home.seeds / "offence_codes.csv").unlink()
    assert published_nodes_if_unchanged(home), "as it was when the night began"


def test_an_earlier_night_built_again_with_its_lists_knows_nothing_of_later_ones(nights: list[Home], tmp_path: Path) -> None:
    home, first = copy_home(nights[4], tmp_path / "home"), read_receipts(nights[0])[0].night_id
    shutil.rmtree(home.seeds)
    shutil.copytree(nights[0].seeds, home.seeds)
    assert rebuild_and_compare(home, first).differing == 0


def test_a_unit_that_was_renamed_while_its_file_was_held_is_not_0(nights: list[Home]) -> None:
    """The release looks the values up in the lists of its night, which no longer know the name."""
    assert figures(nights[0], HELD, "incidents_drugs", "Feb 2025") == {}
    released = figures(nights[1], HELD, "incidents_drugs", "Feb 2025")
    assert released["harbour"] == released["ashford"] == NOT_AVAILABLE and released[HELD] == (60, "complete")


def test_a_file_whose_units_newer_ones_say_is_not_warned_of(nights: list[Home]) -> None:
    """It stays only for the days of which it has rows and that the newer one of its own days does not cover."""
    assert len(warned_of(nights[3], NEWER_FILE)) == 1
    assert figures(nights[4], NEWER_FILE)["harbour"] == (1, "complete") and warned_of(nights[4], NEWER_FILE) == []


@pytest.mark.parametrize("rule", ["unknown_values", "forgotten_values"])
def test_advice_on_units_names_their_lists_first(rule: str) -> None:
    """Accepted, a unit that was renamed is 0."""
    rules = yaml.safe_load((EXPECTATIONS / "shared" / "rows.yml").read_text(encoding="utf-8"))
    (advice,) = (r["meta"]["advice"] for r in rules if r["meta"].get("rule") == rule)
    assert advice.index("areas.csv") < advice.index("pam vocabulary accept") > advice.index("unit_names.csv")


ERASED_FROM = date(2026, 2, 1)
"""From this day on the first night's files are older than their retention limit."""
ERASED_AFTER_RENAMING, RENAMED_AFTER, MERGED_AFTER = "surrey", "kent", "essex"


@pytest.fixture(scope="module")
def nights_of_erased_rows(tmp_path_factory: pytest.TempPathFactory) -> list[Home]:
    """The home as it was after each of three nights: rows that had landed before are erased; units change; the changes are
    listed."""
    folder = tmp_path_factory.mktemp("erased_rows")
    home, after = Home(folder / "home").create(), []
    units: dict[str, Sequence[str]] = dict.fromkeys((ERASED_AFTER_RENAMING, RENAMED_AFTER, MERGED_AFTER), ("Dover", "Ashford"))
    for force in units:
        write_naloxone(home, force, ("Dover", "DOVER", "dover", "Ashford"))
    write_incidents(home, ERASED_AFTER_RENAMING, 2 * ["Narcotics; ASB"])
    write_units(home, units)
    write_list(home, "vocabulary", "incidents,qualifiers,Narcotics,Drugs")
    land_night(home)
    units[ERASED_AFTER_RENAMING] = ("Harbour", "Ashford")
    write_list(home, "vocabulary")
    home.config_file.write_text("[keep]\nyears = {naloxone = 1, incidents = 1}\n", encoding="utf-8")
    for n in range(3):
        if n == 1:
            units |= {RENAMED_AFTER: ("Harbour", "Ashford"), MERGED_AFTER: ("Ashford",)}
        if n == 2:
            write_list(home, "unit_names", f"{RENAMED_AFTER},Dover,harbour", f"{MERGED_AFTER},Dover,ashford")
        write_units(home, units)
        publish_night(home, today=ERASED_FROM, rebuild=n == 2)
        after.append(copy_home(home, folder / f"after_{n}"))
    assert not list(home.raw.glob("*/*/*.parquet"))
    return after


def test_what_was_not_available_when_rows_were_erased_stays_so(nights_of_erased_rows: list[Home]) -> None:
    """Their totals say neither which unit they were of, nor what they counted as."""
    for home in nights_of_erased_rows:
        erased = figures(home, ERASED_AFTER_RENAMING)
        assert erased.pop(ERASED_AFTER_RENAMING) == erased.pop("unknown") == (4, "complete")
        assert erased == dict.fromkeys(("east", "harbour", "ashford"), NOT_AVAILABLE)
        assert drugs_incidents(home, ERASED_AFTER_RENAMING) == NOT_AVAILABLE


def test_a_unit_of_erased_rows_that_is_merged_counts_as_the_other(nights_of_erased_rows: list[Home]) -> None:
    erased, merged, listed = nights_of_erased_rows
    assert figures(erased, MERGED_AFTER)["dover"] == (3, "complete")
    units = figures(merged, MERGED_AFTER)
    assert units[MERGED_AFTER] == (4, "complete") and units["east"] == units["ashford"] == NOT_AVAILABLE
    assert warned_of(merged, MERGED_AFTER) == [("naloxone", "lpu: 1 value in 3 rows")]
    assert figures(listed, MERGED_AFTER) == {
        "unknown": (0, "complete"), **dict.fromkeys((MERGED_AFTER, "east", "ashford"), (4, "complete")),
    }  # fmt: skip
    assert warned_of(listed, MERGED_AFTER) == []


def test_a_unit_of_erased_rows_that_has_another_code_is_no_new_one(nights_of_erased_rows: list[Home]) -> None:
    _, renamed, listed = nights_of_erased_rows
    assert figures(renamed, RENAMED_AFTER)["harbour"] == NOT_AVAILABLE
    assert figures(listed, RENAMED_AFTER) == {
        RENAMED_AFTER: (4, "complete"), "east": (4, "complete"), "harbour": (3, "complete"), "ashford": (1, "complete"),
        "unknown": (0, "complete"),
    }  # fmt: skip
