"""What a chart looks like: its Vega-Lite specification.

Dark on white. Colours follow those that the Government Analysis Function recommends for charts, which people who see colours
otherwise can tell apart; orange and turquoise are darker, so that words in them can be read. Few lines are named where they
end, not in a key.

Names (of categories, areas, teams) come from extracts. To the renderer they are texts to print and nothing else: series,
categories and panels are told apart by their number, as the renderer keeps what it is to tell apart as properties of an object,
which has some of its own (`constructor`).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap
from typing import Any

from .model import PUBLIC_ONLY, Chart, Panel, Point
from .shared_sentences import legible

Spec = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """How large pictures are, in pixels: of one panel, of several (`half`) and of one a unit (`small`), width and height, and
    how many of those stand side by side. `is_narrow`: names stand above bars and lines have a key, as there is no room beside
    them."""

    size: tuple[int, int]
    half: tuple[int, int]
    columns: int
    small: tuple[int, int]
    small_columns: int
    is_narrow: bool = False


WIDE = Look((640, 290), (292, 190), 2, (138, 84), 4)
NARROW = Look((262, 200), (262, 170), 1, (122, 80), 2, is_narrow=True)
"""For a telephone: 360 pixels less what stands beside, with letters of the size of the page's."""
WIDER = 0.22
"""By how much letters may be wider than in the renderer's typeface: what stands at an edge has so much room more."""
LETTER = 6.4
"""The mean width of a letter in the renderer's, in pixels, at 12 pixels."""
WIDE_LETTER, WIDE_BOLD = 7, 9
"""The mean width of a letter of a wide typeface, in pixels: at 12 pixels, and at 13 and bold."""

INK, RULE, QUIET = "#0b0c0c", "#d8dcdf", "#7f8b95"
COLOURS = ("#12436d", "#b84a0a", "#801650", "#1a7d74", "#3d3d3d", "#7a5ba8")
LONGEST_NAME = 200
"""Characters of a name that a chart prints; the widest place has room for about eighty."""
SURELY_FITS = 10
"""Characters of a name that fit everywhere, the widest ones too."""
DIRECT = 4
"""So many lines are named where they end; more have a key."""

CONFIG: Spec = {
    "aria": False,
    "background": "#ffffff",
    "font": "Arial, Helvetica, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
        "gridColor": RULE, "domainColor": INK, "tickColor": INK, "labelLimit": 260, "titlePadding": 8,
    },
    "axisY": {"domain": False, "ticks": False, "titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0,
              "titleY": -10, "tickCount": 5},
    "axisX": {"grid": False, "labelAngle": 0, "labelOverlap": True, "labelSeparation": 12, "title": None},
    "legend": {"orient": "top", "title": None, "labelFontSize": 12, "labelColor": INK, "labelLimit": 400,
               "symbolStrokeWidth": 3, "symbolSize": 400, "offset": 26, "columnPadding": 36},
    "title": {"anchor": "start", "fontSize": 13, "color": INK, "subtitleFontSize": 12, "subtitleColor": INK, "offset": 16},
    "line": {"strokeWidth": 2.5, "strokeCap": "round", "strokeJoin": "round"},
    "concat": {"spacing": 28},
}  # fmt: skip

_NUMBERS = {
    "gbp": "abs(datum.value) >= 1e6 ? '£' + format(datum.value / 1e6, ',.1~f') + 'm' : abs(datum.value) >= 1e4 ?"
    " '£' + format(datum.value / 1e3, ',.0~f') + 'k' : '£' + format(datum.value, ',.0~f')",
    "percent": "format(datum.value, ',.1~f') + '%'",
}
_TITLES = {"per_100k": "Per 100,000 people", "days": "Days"}


def spec(chart: Chart, look: Look = WIDE) -> Spec:
    """A chart as Vega-Lite. The same chart gives the same spec."""
    drawn = {"line": _line, "bar": _bar, "trend": _trend, "years": _years, "units": _units}[chart.kind](chart, look)
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": CONFIG, "padding": _room(), **drawn}


def _room(left: Sequence[str] = (), right: Sequence[str] = ()) -> Spec:
    """Room around a picture: more where names stand at its edge, which another typeface makes wider."""
    more = [WIDER * LETTER * max((min(len(t), 40) for t in texts), default=0) for texts in (left, right)]
    return {"left": 14 + round(more[0]), "top": 8, "right": 16 + round(more[1]), "bottom": 8}


def _y(unit: str, rows: Sequence[Spec], room: float = 1.0, **axis: Any) -> Spec:
    """The axis of figures, from 0. `room`: how much more than the highest it holds. Of few things there is no half."""
    known = [r["y"] for r in rows if r["y"] is not None]
    low, top = min(0.0, *known, 0.0), max(0.0, *known, 0.0) * room
    if unit == "count" and top <= 4:
        axis["values"] = list(range(int(low), int(top) + 2))
    return {
        "field": "y", "type": "quantitative", "scale": {"domain": [low, top or 1.0], "nice": True},
        "axis": {"labelExpr": _NUMBERS.get(unit, "format(datum.value, ',.1~f')"), "title": _TITLES.get(unit), **axis},
    }  # fmt: skip


def _rows(panel: Panel, **more: Any) -> list[Spec]:
    """Its points. One without a figure breaks the line where it lies between others, and is no 0."""
    place = _places(_labels(panel))
    return [
        {"x": p.day.replace(day=1).isoformat() if p.day else place[p.label], "y": None if p.value is None else float(p.value),
         "series": n, "role": s.role, "text": p.printed, "mark": p.mark,
         "whole": p.data_status != "partial", **more}
        for n, s in enumerate(panel.series) for p in _between(s.points)
    ]  # fmt: skip


def _between(points: Sequence[Point]) -> Sequence[Point]:
    """From the first point that has a figure to the last."""
    known = [n for n, p in enumerate(points) if p.value is not None]
    return points[known[0] : known[-1] + 1] if known else ()


def _labels(panel: Panel) -> list[str]:
    return list(dict.fromkeys(p.label for s in panel.series for p in s.points))


def _places(labels: Sequence[str]) -> dict[str, int]:
    """Each name's number, by which the renderer knows it."""
    return {label: n for n, label in enumerate(labels)}


def _names(names: Sequence[str]) -> Spec:
    """What an axis, a key or a heading prints for the numbers 0, 1, 2 and so on.

    The renderer looks each text of an expression up among its own functions, and finds `constructor`: with a sign before it,
    which the expression takes away, no text is the name of anything.
    """
    return {"labelExpr": f"slice({json.dumps([f':{_cut(n)}' for n in names])}[datum.value], 1)"}


def _cut(name: str) -> str:
    """A name as a chart prints it. The renderer measures a text letter by letter to make it fit: a long one takes minutes; and
    what can't be in XML ends its process. What it makes fit it cuts between the two halves of a sign beyond the first plane,
    and fails: a name that may be too wide is printed without those. The table under the chart has all names whole."""
    name = legible(name)
    if len(name) > SURELY_FITS:
        name = re.sub("[\U00010000-\U0010ffff]", "\ufffd", name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _ordinal(labels: Sequence[str]) -> Spec:
    """An axis of names in their order; months of years stand on two lines."""
    axis = _names(labels)
    if all(re.fullmatch(r"[A-Z][a-z]{2} \d{4}", label) for label in labels):
        axis = {"labelExpr": f"split({axis['labelExpr']}, ' ')"}
    sort = list(range(len(labels)))
    return {"field": "x", "type": "ordinal", "sort": sort, "axis": axis, "scale": {"padding": 0.3}}


def _ends(panel: Panel, top: float, height: int) -> list[Spec]:
    """Where the name of each line stands: at its end, moved apart where two are close."""
    ends: list[Spec] = []
    place = _places(_labels(panel))
    for n, s in enumerate(panel.series):
        known = [p for p in s.points if p.value is not None]
        if known:
            ends.append({"x": place[known[-1].label], "y": float(known[-1].value or 0), "series": n, "name": _cut(s.name)})
    gap = 15 / height * (top or 1)
    ends.sort(key=lambda e: e["y"])
    for lower, upper in pairwise(ends):
        upper["y"] = max(upper["y"], lower["y"] + gap)
    return ends


def _line(chart: Chart, look: Look) -> Spec:
    (panel,) = chart.panels
    rows, labels = _rows(panel), _labels(panel)
    names = [s.name for s in panel.series]
    numbers = list(range(len(names)))
    y = _y(panel.unit, rows, room=1.05)
    direct = len(names) <= DIRECT and not look.is_narrow
    colour = {"field": "series", "type": "nominal", "scale": {"domain": numbers, "range": list(COLOURS)},
              "sort": None, "legend": None if direct or len(names) == 1 else _key(names, look)}  # fmt: skip
    x = _ordinal(labels)
    layers: list[Spec] = [
        {"mark": "line", "encoding": {"x": x, "y": y, "color": colour}},
        {
            "mark": {"type": "point", "size": 44, "filled": True, "opacity": 1, "strokeWidth": 2},
            "encoding": {
                "x": x, "y": y, "color": colour,
                "fill": {"condition": {"test": "!datum.whole", "value": "#ffffff"}, "field": "series", "type": "nominal",
                         "scale": {"domain": numbers, "range": list(COLOURS)}, "legend": None},
            },
        },
    ]  # fmt: skip
    if direct and len(names) > 1:
        layers.append(
            {
                "data": {"values": _ends(panel, y["scale"]["domain"][1], look.size[1])},
                "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 13, "fontWeight": "bold"},
                "encoding": {"x": x, "y": y, "text": {"field": "name"}, "color": colour},
            }
        )
    room = _room(right=[_cut(n) for n in names] if direct and len(names) > 1 else labels[-1:])
    return {"width": look.size[0], "height": look.size[1], "data": {"values": rows}, "layer": layers, "padding": room}


def _bar(chart: Chart, look: Look) -> Spec:
    (panel,) = chart.panels
    names, labels = [s.name for s in panel.series], _labels(panel)
    numbers, place = list(range(len(names))), _places(labels)
    values = [
        {"x": place[p.label], "y": float(p.value or 0), "series": n, "text": p.printed}
        for n, s in enumerate(panel.series) for p in s.points
    ]  # fmt: skip
    axis: Spec = {"title": None, "labelPadding": 6, "labelLimit": 240, **_names(labels)}
    if look.is_narrow:
        above = {"labelAlign": "left", "labelBaseline": "bottom", "labelPadding": -2, "labelLimit": look.size[0], "zindex": 1}
        axis |= {**above, "labelOffset": -9 - 12 * len(names) if len(names) > 1 else -10}
    y: Spec = {"field": "x", "type": "nominal", "sort": list(range(len(labels))), "axis": axis}
    x = _y(panel.unit, values, room=1.3 if look.is_narrow else 1.12)
    shared: Spec = {"y": y, "x": {**x, "axis": None, "scale": {"domain": x["scale"]["domain"]}}}
    colour: Spec = {"value": COLOURS[0]}
    step = 44 if look.is_narrow else 30
    if len(names) > 1:
        shared["yOffset"] = {"field": "series", "type": "nominal", "sort": numbers}
        colour = {
            "field": "series",
            "type": "nominal",
            "scale": {"domain": numbers, "range": list(COLOURS)},
            "sort": numbers,
            "legend": {"symbolSize": 180, **_key(names, look)},
        }
        step = 24
        if look.is_narrow:
            y["scale"] = {"paddingInner": 0.5, "paddingOuter": 0.4}
    return {
        "width": look.size[0] + 20 if look.is_narrow else look.size[0] - 120,
        "padding": _room([] if look.is_narrow else [_cut(n) for n in labels]),
        "height": {"step": step} if len(names) == 1 else {"step": step, "for": "offset"},
        "data": {"values": values},
        "layer": [
            {"mark": _bars(len(names), look),
             "encoding": {**shared, "color": colour}},
            {"mark": {"type": "text", "align": "left", "dx": 5, "color": INK, "fontSize": 12,
                      **({"yOffset": 6} if look.is_narrow and len(names) == 1 else {})},
             "encoding": {**shared, "text": {"field": "text"}}},
        ],
        "resolve": {"scale": {"color": "independent"}},
    }  # fmt: skip


def _bars(series: int, look: Look) -> Spec:
    """A bar's mark: under its name where the name stands above it."""
    if series > 1:
        return {"type": "bar"}
    own: Spec = {"height": {"band": 0.44}, "yOffset": 6} if look.is_narrow else {"height": {"band": 0.72}}
    return {"type": "bar", **own}


def _key(names: Sequence[str], look: Look) -> Spec:
    """The key: names one below the other where there is little room."""
    return {**_names(names), **({"columns": 1} if look.is_narrow else {})}


def _month_axis(rows: Sequence[Spec], width: int, padding: int = 8, small: bool = False) -> Spec:
    """Months on a line of time; a small picture names its first and its last."""
    first, last = (pick(r["x"] for r in rows) for pick in (min, max))
    span = range(int(first[:4]) * 12 + int(first[5:7]) - 1, int(last[:4]) * 12 + int(last[5:7]))
    every = next(n for n in (3, 6, 12, 24, 48, 1200) if len(span) * 76 / n < width)
    ticks = [span[0], span[-1]] if small else [n for n in span if n % every == 0] or [span[0]]
    wanted = [{"year": n // 12, "month": n % 12 + 1, "date": 1, "utc": True} for n in dict.fromkeys(ticks)]
    axis: Spec = {"values": wanted, "format": "%b %Y", "labelOverlap": False}
    if small:
        ends = {"condition": {"test": "datum.index === 0", "value": "left"}, "value": "right"}
        axis |= {"format": "%b %y", "tickSize": 3, "labelFontSize": 11, "labelAlign": ends}
    return {"field": "x", "type": "temporal", "scale": {"type": "utc", "padding": padding}, "axis": axis}


def _panels(chart: Chart, look: Look) -> tuple[bool, int, int]:
    """Whether there are several panels, and the width and height of each."""
    several = len(chart.panels) > 1
    return (several, *(look.half if several else look.size))


def _head(panel: Panel, several: bool, width: int) -> Spec:
    """What stands above one of several panels: what is counted, and what happened."""
    if not several:
        return {}
    below = {"subtitle": wrap(panel.happened, width // WIDE_LETTER), "subtitlePadding": 4} if panel.happened else {}
    return {"title": {"text": wrap(_cut(panel.title), width // WIDE_BOLD) or "", **below}}


def _trend(chart: Chart, look: Look) -> Spec:
    several, width, height = _panels(chart, look)
    pictures = []
    for panel in chart.panels:
        rows, hidden = _rows(panel), _hidden(panel)
        if not rows:
            continue
        months = len({r["x"] for r in [*rows, *hidden]})
        bar = max(2, min(26, round(0.68 * width / max(months, 1))))
        x = _month_axis([*rows, *hidden], width, bar // 2 + 3)
        ticks = 4 if several else 5
        layers = _control(panel, rows, x, ticks) if panel.limits else _months(panel, rows, x, ticks, bar)
        if hidden:
            layers.append({"data": {"values": hidden}, "mark": {"type": "text", "dy": -5, "fontSize": 9, "color": INK},
                           "encoding": {"x": x, "y": layers[0]["encoding"]["y"], "text": {"field": "text"}}})  # fmt: skip
        pictures.append(
            {**_head(panel, several, width), "width": width, "height": height, "data": {"values": rows}, "layer": layers}
        )
    return _side_by_side(pictures, look)


def _months(panel: Panel, rows: Sequence[Spec], x: Spec, ticks: int, bar: int) -> list[Spec]:
    """Bars of months, and the line of the twelve to each."""
    y = _y(panel.unit, rows, tickCount=ticks)
    return [
        {"transform": [{"filter": "datum.role == 'months'"}], "mark": {"type": "bar", "size": bar, "color": QUIET},
         "encoding": {"x": x, "y": y}},
        {"transform": [{"filter": "datum.role == 'rolling'"}], "mark": {"type": "line", "color": COLOURS[0]},
         "encoding": {"x": x, "y": y}},
    ]  # fmt: skip


def _control(panel: Panel, rows: Sequence[Spec], x: Spec, ticks: int) -> list[Spec]:
    """An XmR chart: mean and limits of each base, the months, and a triangle for each that is unusual."""
    lines = [
        {"x": one.first.replace(day=1).isoformat(), "x2": one.last.replace(day=1).isoformat(), "y": float(v), "is_limit": n > 0}
        for one in panel.limits for n, v in enumerate((one.mean, one.lower, one.upper)) if v is not None
    ]  # fmt: skip
    y = _y(panel.unit, [*rows, *lines], room=1.03, tickCount=ticks)
    place: Spec = {"x": x, "y": y}
    shape: Spec = {"field": "mark", "type": "nominal", "legend": None,
                   "scale": {"domain": ["", "high", "low"], "range": ["circle", "triangle-up", "triangle-down"]}}  # fmt: skip
    unusual = "datum.mark !== ''"
    return [
        {"data": {"values": lines}, "mark": {"type": "rule", "color": INK},
         "encoding": {**place, "x2": {"field": "x2"},
                      "strokeDash": {"condition": {"test": "datum.is_limit", "value": [5, 4]}, "value": [1, 0]},
                      "strokeWidth": {"condition": {"test": "datum.is_limit", "value": 1}, "value": 1.5}}},
        {"mark": {"type": "line", "color": QUIET, "strokeWidth": 1.5}, "encoding": place},
        {"mark": {"type": "point", "filled": True, "opacity": 1},
         "encoding": {**place, "shape": shape, "size": {"condition": {"test": unusual, "value": 70}, "value": 22},
                      "color": {"condition": {"test": unusual, "value": COLOURS[1]}, "value": COLOURS[0]}}},
    ]  # fmt: skip


def _hidden(panel: Panel) -> list[Spec]:
    """Where a letter stands in the place of a bar: months that are not public, which must not look like 0."""
    return [
        {"x": p.day.replace(day=1).isoformat(), "y": 0.0, "text": PUBLIC_ONLY.strip("[]")}
        for s in panel.series if s.role == "months" for p in s.points if p.printed == PUBLIC_ONLY and p.day
    ]  # fmt: skip


def _years(chart: Chart, look: Look) -> Spec:
    several, width, height = _panels(chart, look)
    names = [s.name for s in chart.panels[0].series]
    numbers = list(range(len(names)))
    pictures = [
        {
            **_head(panel, several, width), "width": width, "height": height, "data": {"values": _rows(panel)},
            "mark": "line",
            "encoding": {
                "x": _ordinal(_labels(panel)), "y": _y(panel.unit, _rows(panel), tickCount=4 if several else 5),
                "color": {"field": "series", "type": "nominal", "sort": numbers, "legend": _key(names, look),
                          "scale": {"domain": numbers, "range": [QUIET, COLOURS[0]]}},
                "strokeDash": {"field": "series", "type": "nominal", "sort": numbers, "legend": _key(names, look),
                               "scale": {"domain": numbers, "range": [[6, 4], [1, 0]]}},
            },
        }
        for panel in chart.panels
    ]  # fmt: skip
    return _side_by_side(pictures, look)


def _units(chart: Chart, look: Look) -> Spec:
    rows = [row for n, p in enumerate(chart.panels) for row in _rows(p, unit=n)]
    unit = chart.panels[0].unit
    for one, after in pairwise([*rows, {"unit": None}]):
        one["last"] = one["unit"] != after["unit"]
    x, y = _month_axis(rows, look.small[0], 4, small=True), _y(unit, rows, room=1.15, tickCount=3)
    last = [{"filter": "datum.last"}]
    dot: Spec = {"type": "point", "filled": True, "size": 34, "color": COLOURS[0], "opacity": 1}
    text: Spec = {"type": "text", "dy": -10, "align": "right", "dx": 4, "fontSize": 12, "fontWeight": "bold", "color": INK}
    return {
        "data": {"values": rows},
        "facet": {"field": "unit", "type": "nominal", "sort": list(range(len(chart.panels))), "title": None,
                  "header": {**_names([p.title for p in chart.panels]),
                             "labelFontSize": 12, "labelFontWeight": "bold", "labelColor": INK, "labelAnchor": "start",
                             "labelLimit": round(look.small[0] / (1 + WIDER)) + 20}},
        "columns": look.small_columns, "spacing": 20, "resolve": {"axis": {"x": "independent"}},
        "spec": {
            "width": look.small[0], "height": look.small[1],
            "layer": [
                {"mark": {"type": "line", "color": COLOURS[0], "strokeWidth": 2}, "encoding": {"x": x, "y": y}},
                {"transform": last, "mark": dot, "encoding": {"x": x, "y": y}},
                {"transform": last, "mark": text, "encoding": {"x": x, "y": y, "text": {"field": "text"}}},
            ],
        },
    }  # fmt: skip


def _side_by_side(pictures: list[Spec], look: Look) -> Spec:
    return pictures[0] if len(pictures) == 1 else {"concat": pictures, "columns": look.columns}
