"""A home's own outlines of its areas for a map: `seeds/areas.geojson`. None is shipped."""

import json
import math
from typing import Any

from dagster_project.core.home import Home
from dagster_project.core.own_lists import SeedError, fault_of_text
from dagster_project.core.printable import LONGEST

FILE = "seeds/areas.geojson"
KEYS = ("force_code", "area_type", "area_code")
"""Properties that each feature has, as the marts have them."""
LARGEST = 20_000_000
"""Bytes. Outlines that are drawn this size are simplified first; more would be slow on the page."""
PLACES = 5
"""Decimal places of degrees that are kept: about a metre."""

Outlines = dict[str, list[dict[str, Any]]]
"""By force: `type` (area type), `code` and `geometry`, as GeoJSON has it, on a plane: degrees of longitude are shortened as
they are in the middle of the outlines; `source`, where the file says whose the outlines are."""


def read_outlines(home: Home) -> Outlines:
    """The home's outlines; nothing where it has none. Raises SeedError, with the feature, the reason and what to do."""
    path = home.seeds / "areas.geojson"
    if not path.exists():
        return {}
    if path.stat().st_size > LARGEST:
        raise SeedError(f"{FILE}: larger than {LARGEST:,} bytes: simplify the outlines, as QGIS or mapshaper does")
    try:
        held = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SeedError(f"{FILE}: not UTF-8 (byte {error.start + 1}): save it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        # A number of more than 4,300 digits is a ValueError alone.
        raise SeedError(f"{FILE}: not JSON: {error}: export it again as GeoJSON") from error
    features = held.get("features") if isinstance(held, dict) else None
    if not isinstance(features, list) or not features:
        raise SeedError(f"{FILE}: no FeatureCollection with features: export it as GeoJSON")
    said = held.get("attribution")
    if isinstance(said, str) and (fault := fault_of_text(said, LONGEST)):
        raise SeedError(f"{FILE}: attribution {fault}")
    source = {"source": said} if isinstance(said, str) and said else {}
    read = [_feature(n, feature) for n, feature in enumerate(features, 1)]
    latitudes = [y for _, _, polygons in read for polygon in polygons for ring in polygon for _, y in ring]
    shorter = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
    found: Outlines = {}
    for force, area, polygons in read:
        plane = [[[[round(x * shorter, PLACES), round(y, PLACES)] for x, y in r] for r in polygon] for polygon in polygons]
        found.setdefault(force, []).append({**area, "geometry": {"type": "MultiPolygon", "coordinates": plane}, **source})
    return found


Polygons = list[list[list[tuple[float, float]]]]


def _part(feature: Any, name: str) -> dict[str, Any]:
    part = feature.get(name) if isinstance(feature, dict) else None
    return part if isinstance(part, dict) else {}


def _feature(number: int, feature: Any) -> tuple[str, dict[str, str], Polygons]:
    """A feature's force, what it is of, and its polygons, each of rings. Raises SeedError."""
    said, geometry = _part(feature, "properties"), _part(feature, "geometry")
    named = [v for k in KEYS if isinstance(v := said.get(k), str) and v]
    if len(named) < len(KEYS):
        raise SeedError(f"{FILE}: feature {number}: its properties lack one of {', '.join(KEYS)}: add them, as the marts do")
    for key, text in zip(KEYS, named, strict=True):
        if fault := fault_of_text(text, LONGEST):
            raise SeedError(f"{FILE}: feature {number}: {key} {fault}")
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise SeedError(f"{FILE}: feature {number}: its geometry is {str(kind)[:60]}, and not a Polygon or MultiPolygon")
    try:
        held = geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]
        polygons = [[[(float(p[0]), float(p[1])) for p in ring] for ring in polygon] for polygon in held]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise SeedError(f"{FILE}: feature {number}: its coordinates can't be read: export it again as GeoJSON") from error
    points = [p for polygon in polygons for ring in polygon for p in ring]
    if not points or not all(abs(x) <= 180 and abs(y) <= 89 for x, y in points):
        raise SeedError(
            f"{FILE}: feature {number}: its coordinates are not degrees of longitude and latitude:"
            " export it in WGS 84 (EPSG:4326)"
        )
    return named[0], {"type": named[1], "code": named[2]}, polygons
