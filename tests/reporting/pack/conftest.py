"""Two packs: the sample's, and that of another force's edition, with few extracts and hostile texts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from support import copy_home, publish_night, write_extract

from dagster_project.core.home import Home
from dagster_project.editions import Edition, read_editions
from dagster_project.reporting.pack import Pack, write_pack
from dagster_project.serving import connect

HOSTILE = "<script>alert('x')</script>"
FORMULA = '=cmd|"/c calc"!A1'
OTHER_EDITION = {
    "edition": "2027-01", "title": f"Tablets & {HOSTILE}", "force_code": "leicestershire", "data_to": "2025-12-31",
    "claims": "printed.csv",
    "tables": [
        {
            "table": "unset", "paragraph": "9", "title": 'A "title" <b>bold</b>', "notes": [HOSTILE, "second"],
            "figure": {"mart": "mart_naloxone", "measure": "naloxone_administrations"},
            "columns": [
                {"name": "this", "window": {"calendar_year": 0}},
                {"name": "change", "label": FORMULA, "window": {"calendar_year": 0}, "shows": "pct_change"},
                {"name": "far", "label": "Far", "window": {"calendar_year": -7}},
            ],
            "rows": [{"label": FORMULA}, {"label": "-", "blank": ["change", "far"]}, {"label": HOSTILE}],
        },
        {
            "table": "outcomes", "objective": HOSTILE, "paragraph": "1.1", "title": "Outcomes",
            "figure": {"mart": "mart_stop_search", "measure": "drug_searches_by_outcome", "window": {"calendar_year": 0}},
            "columns": [{"name": "searches", "label": "Searches"}, {"name": "all", "label": "All", "measure": "drug_searches"}],
            "rows": [{"category": "*"}],
        },
        {
            "table": "searched", "kind": "chart", "chart": "line", "objective": HOSTILE, "paragraph": "1.2",
            "title": "Searched", "figure": {"mart": "mart_stop_search"}, "rows_are": "Month",
            "columns": [{"name": "searches", "measure": "searches"}, {"name": "rate", "measure": "drug_find_rate"}],
            "rows": [{"months": 14}],
        },
        {
            "table": "spoken", "kind": "chart", "chart": "bar", "objective": "Listen", "paragraph": "2", "title": "Spoken",
            "figure": {"mart": "mart_community_voices", "measure": "responses", "window": {"rolling_12_months": 0}},
            "columns": [{"name": "responses", "label": "Responses"}], "rows": [{"category": "*"}],
        },
        {
            "table": "seized", "objective": "Listen", "paragraph": "3", "title": "Seized",
            "figure": {"mart": "mart_cash_seizures", "measure": "orders_obtained_value", "window": {"financial_year": -1}},
            "columns": [{"name": "value", "label": "Value"}], "rows": [{"label": "All"}],
        },
    ],
}  # fmt: skip
PRINTED = (
    "kind,paragraph,mart,measure,figure,area_type,area_name,category,period_type,period_label,period_start,period_end,"
    "value,unit,printed,note\n"
    "figure,9,mart_naloxone,naloxone_administrations,value,force,Leicestershire Police,all,custom,2025,"
    f'2025-01-01,2025-12-31,3,count,three,"{HOSTILE}"\n'
    "figure,77.1,mart_naloxone,no_such_measure,value,force,Leicestershire Police,all,custom,2025,"
    "2025-01-01,2025-12-31,3,count,three,\n"
)


@dataclass(frozen=True)
class WrittenPack:
    """A pack, its folder, its edition and its home."""

    home: Home
    edition: Edition
    folder: Path
    pack: Pack


def make_pack(home: Home, name: str, folder: Path, is_made_up: bool) -> WrittenPack:
    edition = read_editions(home).sound[name]
    con = connect(home)
    try:
        pack = write_pack(con, edition, folder, ("html", "csv"), home=home, is_made_up=is_made_up)
    finally:
        con.close()
    return WrittenPack(home, edition, folder, pack)


@pytest.fixture(scope="session")
def sample_pack(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> WrittenPack:
    """The sample's pack, with counted trails."""
    return make_pack(sample_home, "2026-03", tmp_path_factory.mktemp("pack") / "sample", True)


@pytest.fixture(scope="session")
def other_pack(made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> WrittenPack:
    """The pack of a force without units, with two of 23 extracts and its own edition."""
    home = copy_home(Home(made_once("pack_home", publish_other) / "home"), tmp_path_factory.mktemp("pack_home") / "home")
    return make_pack(home, "2027-01", tmp_path_factory.mktemp("pack_other") / "other", False)


def publish_other(folder: Path) -> None:
    """Publish a night of the other force."""
    home = Home(folder / "home").create()
    home.editions.mkdir()
    (home.editions / "2027-01.yml").write_text(yaml.safe_dump(OTHER_EDITION), encoding="utf-8")
    (home.editions / "printed.csv").write_text(PRINTED, encoding="utf-8")
    options = {"force": "leicestershire", "window": ("2025-01-01", "2025-11-30")}
    rows = [[f"N{n}", f"2025-0{n % 9 + 1}-05 10:00", ""] for n in range(12)]
    write_extract(home.inbox, "naloxone", rows, columns=["administration_ref", "administered_at", "lpu"], **options)
    outcomes = (HOSTILE, FORMULA, "Arrest", "")
    searches = [[f"S{n}", f"2025-{n % 11 + 1:02d}-03 12:00", "Drugs", outcomes[n % 4], "YN"[n % 2]] for n in range(60)]
    columns = ["search_ref", "searched_at", "object_of_search", "outcome", "object_found"]
    write_extract(home.inbox, "stop_search", searches, columns=columns, **options)
    publish_night(home)


@pytest.fixture(params=["sample", "other"])
def either_pack(request: pytest.FixtureRequest) -> WrittenPack:
    """Either pack."""
    return request.getfixturevalue(f"{request.param}_pack")
