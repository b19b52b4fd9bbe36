"""The outlines of the project: every district of the sample has one, and each map names their source."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support import published

from dagster_project.core.home import PROJECT, SEEDS, Home
from dagster_project.reporting.dashboard import write
from dagster_project.reporting.dashboard.population_and_outlines import read_outlines
from dagster_project.serving import connect

from .test_ten_questions import make_outlines

FILE = SEEDS / "areas.geojson"
CONTENT = json.loads(FILE.read_text(encoding="utf-8"))
ATTRIBUTION = (
    "Source: Office for National Statistics licensed under the Open Government Licence v.3.0."
    " Contains OS data © Crown copyright and database right 2016."
)


@pytest.fixture(scope="module")
def with_maps(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dashboard of the sample with the project's outlines."""
    out = tmp_path_factory.mktemp("mapped") / "out"
    with connect(sample_home) as con:
        write(con, out, sample_home)
    return out


def test_only_districts_of_the_sample_have_an_outline(sample_home: Home) -> None:
    districts = published(
        sample_home,
        "select distinct force_code, area_code, area_name from marts.measures where area_type = 'district'"
        " and area_code <> 'unknown' order by all",
    )
    listed = [f["properties"] for f in CONTENT["features"]]
    assert sorted((p["force_code"], p["area_code"], p["area_name"]) for p in listed) == districts
    assert {p["area_type"] for p in listed} == {"district"}
    assert len({p["area_name"] for p in listed}) == 9


def test_both_codes_of_a_district_have_the_same_outline() -> None:
    shapes: dict[str, list[Any]] = {}
    for feature in CONTENT["features"]:
        shapes.setdefault(feature["properties"]["area_name"], []).append(feature["geometry"])
    assert all(one == other for one, other in shapes.values())


def test_neighbours_share_their_borders() -> None:
    segments: Counter[tuple[tuple[float, float], ...]] = Counter()
    for feature in CONTENT["features"][:9]:
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        segments.update((tuple(a), tuple(b)) for a, b in pairwise(ring))
    assert max(segments.values()) == 1, "no two districts overlap along a border"
    outer = {a: b for a, b in segments if (b, a) not in segments}
    first = corner = next(iter(outer))
    length = 0
    while length == 0 or corner != first:
        corner, length = outer[corner], length + 1
    assert length == len(outer), "the other borders are one ring around the county, without a gap or a sliver"


def test_the_file_is_small_and_names_its_source() -> None:
    assert FILE.stat().st_size < 60_000
    points = [p for f in CONTENT["features"] for ring in f["geometry"]["coordinates"] for p in ring]
    assert all(round(number, 4) == number for point in points for number in point)
    assert CONTENT["date"] == "2016" and "Office for National Statistics" in CONTENT["source"]
    assert CONTENT["licence"].startswith("Open Government Licence v3.0")
    assert CONTENT["attribution"].startswith(ATTRIBUTION)
    page = (PROJECT / "docs" / "reference" / "reference-lists.md").read_text(encoding="utf-8")
    assert ATTRIBUTION in " ".join(page.split())


def test_a_home_replaces_outlines_by_force_and_area_type(new_home: Home) -> None:
    def codes() -> list[tuple[str, str]]:
        return sorted((o["type"], o["code"]) for o in read_outlines(new_home)["derbyshire"])

    shipped = codes()
    assert len(shipped) == 18
    new_home.seeds.mkdir()
    file = new_home.seeds / "areas.geojson"
    file.write_text(json.dumps(make_outlines("dales")), encoding="utf-8")
    assert codes() == [*shipped, ("lpu", "dales")]
    own = {"force_code": "derbyshire", "area_type": "district", "area_code": "one"}
    file.write_text(json.dumps(make_outlines("one", properties=own)), encoding="utf-8")
    assert codes() == [("district", "one")]


@pytest.mark.parametrize("mart", ["mart_street_crime", "mart_public_health"])
def test_a_map_of_districts_names_the_source_of_its_outlines(opened: Callable[..., Any], with_maps: Path, mart: str) -> None:
    page = opened(with_maps, mart=mart, by="district")
    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_selector("#map svg")
    assert page.locator("#map .mark-shape path").count() == 9
    note = page.locator("#map-note").inner_text()
    assert ATTRIBUTION in note and "no outline" not in note
    assert "Grey" not in note, "every district has a figure"
    figure = page.locator("figure:has(#map)")
    with page.expect_download() as download:
        figure.get_by_role("button", name="Save as SVG").click()
    assert "Crown copyright" in Path(download.value.path()).read_text(encoding="utf-8")


def test_a_map_with_grey_areas_explains_the_colour(opened: Callable[..., Any], with_maps: Path) -> None:
    page = opened(with_maps, mart="mart_street_crime", by="district", kind="month", period="2025-08-01/2025-08-31")
    assert "Grey is not available." in page.locator("#map-note").text_content()


def test_units_without_outlines_have_no_map(opened: Callable[..., Any], with_maps: Path) -> None:
    page = opened(with_maps, mart="mart_drug_offences")
    page.locator("#areas").scroll_into_view_if_needed()
    page.wait_for_selector("#areas svg")
    assert page.locator("#map").count() == 0
