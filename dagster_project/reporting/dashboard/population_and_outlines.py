"""Lists for the dashboard that a home may have: population and outlines of its areas.

`seeds/areas.geojson` has the outlines, for a map; that of the project those of Derbyshire's districts.
"""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from dagster_project.core.files import read_written
from dagster_project.core.home import SEEDS, Home
from dagster_project.core.home_lists import HomeListError, fault_of_text, read_own_list
from dagster_project.core.printable import LONGEST

Population = dict[str, tuple[int, str]]
"""By `force/area_type/area_code`: the number of people, and when they were counted."""

FILE = "seeds/areas.geojson"
KEYS = ("force_code", "area_type", "area_code")
"""The properties that each feature must have, as in the marts."""
LARGEST = 20_000_000
"""Bytes. Larger outlines would make the page slow, and have more detail than the map can show."""
PLACES = 5
"""Decimal places of degrees in the page: about a metre."""

Outlines = dict[str, list[dict[str, Any]]]
"""By force: `type` (area type), `code`, `geometry` as in GeoJSON but on a plane (degrees of longitude are shortened by the
latitude of the middle of the force's outlines), and `source`, if the file has an attribution."""
Polygons = list[list[list[tuple[float, float]]]]


def read_population(home: Home) -> Population:
    """Read `seeds/population.csv`, for rates. Raises HomeListError, with line and reason."""
    rows = read_own_list(home.seeds / "population.csv")
    return {f"{force}/{area_type}/{area}": (int(people), as_of) for force, area_type, area, people, as_of in rows}


class _Outline(NamedTuple):
    force: str
    area_type: str
    area_code: str
    polygons: Polygons
    source: dict[str, str]
    """With the attribution of its file, if that has one."""


def read_outlines(home: Home) -> Outlines:
    """Read the outlines, for a map: the home's own, and the project's of the forces and area types that its file lacks.

    Raises HomeListError, with the feature, the reason and what to do.
    """
    home_outlines, shipped = _read_file(home.seeds / "areas.geojson"), _read_file(SEEDS / "areas.geojson")
    replaced = {(o.force, o.area_type) for o in home_outlines}
    by_force: dict[str, list[_Outline]] = {}
    for outline in [*home_outlines, *(o for o in shipped if (o.force, o.area_type) not in replaced)]:
        by_force.setdefault(outline.force, []).append(outline)
    return {force: _put_on_plane(outlines) for force, outlines in by_force.items()}


def _put_on_plane(outlines: list[_Outline]) -> list[dict[str, Any]]:
    latitudes = [y for o in outlines for polygon in o.polygons for ring in polygon for _, y in ring]
    scale = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
    areas = []
    for o in outlines:
        plane = [[[[round(x * scale, PLACES), round(y, PLACES)] for x, y in r] for r in polygon] for polygon in o.polygons]
        geometry = {"type": "MultiPolygon", "coordinates": plane}
        areas.append({"type": o.area_type, "code": o.area_code, "geometry": geometry, **o.source})
    return areas


def _read_file(path: Path) -> list[_Outline]:
    """The outlines of a file; none if there is no file. Raises HomeListError."""
    if not path.exists():
        return []
    if path.stat().st_size > LARGEST:
        raise HomeListError(f"{FILE}: larger than {LARGEST:,} bytes: simplify the outlines, as QGIS or mapshaper does")
    text = read_written(path, FILE, HomeListError)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        # A number of more than 4,300 digits is a ValueError alone.
        raise HomeListError(f"{FILE}: not JSON: {error}: export it again as GeoJSON") from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not features:
        raise HomeListError(f"{FILE}: no FeatureCollection with features: export it as GeoJSON")
    attribution = content.get("attribution")
    if isinstance(attribution, str) and (fault := fault_of_text(attribution, LONGEST)):
        raise HomeListError(f"{FILE}: attribution {fault}")
    source = {"source": attribution} if isinstance(attribution, str) and attribution else {}
    return [_Outline(*_read_feature(n, feature), source) for n, feature in enumerate(features, 1)]


def _get_object(feature: Any, name: str) -> dict[str, Any]:
    part = feature.get(name) if isinstance(feature, dict) else None
    return part if isinstance(part, dict) else {}


def _read_feature(number: int, feature: Any) -> tuple[str, str, str, Polygons]:
    """The force, area type, area code and polygons (lists of rings) of a feature. Raises HomeListError."""
    properties, geometry = _get_object(feature, "properties"), _get_object(feature, "geometry")
    values = [v for k in KEYS if isinstance(v := properties.get(k), str) and v]
    if len(values) < len(KEYS):
        raise HomeListError(
            f"{FILE}: feature {number}: its properties lack one of {', '.join(KEYS)}: add them, as the marts do"
        )
    for key, text in zip(KEYS, values, strict=True):
        if fault := fault_of_text(text, LONGEST):
            raise HomeListError(f"{FILE}: feature {number}: {key} {fault}")
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise HomeListError(f"{FILE}: feature {number}: its geometry is {str(kind)[:60]}, and not a Polygon or MultiPolygon")
    try:
        coordinates = geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]
        polygons = [[[(float(p[0]), float(p[1])) for p in ring] for ring in polygon] for polygon in coordinates]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise HomeListError(f"{FILE}: feature {number}: its coordinates can't be read: export it again as GeoJSON") from error
    points = [p for polygon in polygons for ring in polygon for p in ring]
    if not points or not all(abs(x) <= 180 and abs(y) <= 89 for x, y in points):
        raise HomeListError(
            f"{FILE}: feature {number}: its coordinates are not degrees of longitude and latitude:"
            " export it in WGS 84 (EPSG:4326)"
        )
    force, area_type, area_code = values
    return force, area_type, area_code, polygons
