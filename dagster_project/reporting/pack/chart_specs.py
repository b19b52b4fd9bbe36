"""What a chart looks like: its Vega-Lite specification.

Dark on white. Colours follow the Government Analysis Function's palette for charts, which people with colour blindness can tell
apart; orange and turquoise are darker, so that text in them can be read. Up to four lines are labelled at their ends, more in a
legend.

Names (of categories, areas, teams) come from extracts. To the renderer they are only texts to print: series, categories and
panels are identified by number, because the renderer uses identifiers as property names of an object, which has some of its own
(`constructor`).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from textwrap import wrap
from typing import Any

from .model import Chart, Panel, Point
from .wording import strip_invalid_xml

Spec = dict[str, Any]


@dataclass(frozen=True)
class ChartSizes:
    """Sizes in pixels, width and height: of one panel (`size`), of several (`half`) and of one for each unit (`small`), and how
    many are side by side. `is_narrow`: no room to the side, so names are above bars and lines have a legend."""

    size: tuple[int, int]
    half: tuple[int, int]
    columns: int
    small: tuple[int, int]
    small_columns: int
    is_narrow: bool = False


WIDE = ChartSizes((640, 290), (292, 190), 2, (138, 84), 4)
NARROW = ChartSizes((262, 200), (262, 170), 1, (122, 80), 2, is_narrow=True)
"""For a telephone: 360 pixels less the margins, with letters as large as those of the page."""
WIDER = 0.22
"""How much wider than the renderer's typeface a reader's may be: text at an edge gets that much more room."""
LETTER = 6.4
"""The mean width of a letter in the renderer's typeface at 12 pixels, in pixels."""
WIDE_LETTER, WIDE_BOLD = 7, 9
"""The mean width of a letter in a wide typeface, in pixels: at 12 pixels, and at 13 and bold."""

INK, RULE, QUIET = "#0b0c0c", "#d8dcdf", "#7f8b95"
COLOURS = ("#12436d", "#b84a0a", "#801650", "#1a7d74", "#3d3d3d", "#7a5ba8")
LONGEST_NAME = 200
"""Characters of a name that a chart prints at most; the widest space holds about eighty."""
SURELY_FITS = 10
"""Characters of a name that fit everywhere, even the widest ones."""

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

_NUMBER_FORMATS = {
    "gbp": "'£' + format(datum.value, ',.0~f')",
    "percent": "format(datum.value, ',.1~f') + '%'",
}
POUNDS = ((1_000_000, 1_000_000, "m"), (10_000, 1_000, "k"))
"""From which height of an axis its ticks are in millions and thousands of pounds."""
_AXIS_TITLES = {"per_100k": "Per 100,000 people", "days": "Days"}
DIRECT = 4
"""Up to this many lines are labelled at their ends; more have a legend."""


def spec(chart: Chart, look: ChartSizes = WIDE) -> Spec:
    """A chart as Vega-Lite. The same chart gives the same spec."""
    drawn = {"line": _line, "bar": _bar, "trend": _trend, "years": _years, "units": _units}[chart.kind](chart, look)
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": CONFIG, "padding": padding(), **drawn}


def _line(chart: Chart, look: ChartSizes) -> Spec:
    (panel,) = chart.panels
    rows, labels = _point_rows(panel), _labels_of(panel)
    names = [s.name for s in panel.series]
    y = value_axis(panel.unit, rows, room=1.05)
    direct = len(names) <= DIRECT and not look.is_narrow
    colour = _of_series(names, sort=None, legend=None if direct or len(names) == 1 else _legend_of(names, look))
    x = _name_axis(labels)
    # Part of a month would look like a fall: its point is open, and no line joins it.
    for row in rows:
        row["joined"] = row["y"] if row["whole"] else None
    layers: list[Spec] = [
        {"mark": "line", "encoding": {"x": x, "y": {**y, "field": "joined"}, "color": colour}},
        {
            "mark": {"type": "point", "size": 44, "filled": True, "opacity": 1, "strokeWidth": 2},
            "encoding": {
                "x": x, "y": y, "stroke": _of_series(names, sort=None, legend=None),
                "fill": {"condition": {"test": "!datum.whole", "value": "#ffffff"}, **_of_series(names, legend=None)},
            },
        },
    ]  # fmt: skip
    if direct and len(names) > 1:
        layers.append(
            {
                "data": {"values": _line_labels(panel, y["scale"]["domain"][1], look.size[1])},
                "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 13, "fontWeight": "bold"},
                "encoding": {"x": x, "y": y, "text": {"field": "name"}, "color": colour},
            }
        )
    room = padding(right=[shorten(n) for n in names] if direct and len(names) > 1 else labels[-1:])
    return {"width": look.size[0], "height": look.size[1], "data": {"values": rows}, "layer": layers, "padding": room}


def _of_series(names: Sequence[str], values: Sequence[Any] = COLOURS, **more: Any) -> Spec:
    """What differs from one series to the next, such as the colour."""
    scale = {"domain": list(range(len(names))), "range": list(values)}
    return {"field": "series", "type": "nominal", "scale": scale, **more}


def _bar(chart: Chart, look: ChartSizes) -> Spec:
    (panel,) = chart.panels
    names, labels = [s.name for s in panel.series], _labels_of(panel)
    numbers, label_numbers = list(range(len(names))), _number_labels(labels)
    values = [
        {"x": label_numbers[p.label], "y": float(p.value or 0), "series": n, "text": p.printed}
        for n, s in enumerate(panel.series) for p in s.points
    ]  # fmt: skip
    axis: Spec = {"title": None, "labelPadding": 6, "labelLimit": 240, **_print_names(labels)}
    if look.is_narrow:
        style = {"labelAlign": "left", "labelBaseline": "bottom", "labelPadding": -2, "labelLimit": look.size[0], "zindex": 1}
        axis |= {**style, "labelOffset": -9 - 12 * len(names) if len(names) > 1 else -10}
    y: Spec = {"field": "x", "type": "nominal", "sort": list(range(len(labels))), "axis": axis}
    x = value_axis(panel.unit, values, room=1.3 if look.is_narrow else 1.12)
    shared: Spec = {"y": y, "x": {**x, "axis": None, "scale": {"domain": x["scale"]["domain"]}}}
    colour: Spec = {"value": COLOURS[0]}
    step = 44 if look.is_narrow else 30
    # Below its name where there is no room beside it.
    shape: Spec = {"height": {"band": 0.44}, "yOffset": 6} if look.is_narrow else {"height": {"band": 0.72}}
    if len(names) > 1:
        shape = {}
        shared["yOffset"] = {"field": "series", "type": "nominal", "sort": numbers}
        colour = _of_series(names, sort=numbers, legend={"symbolSize": 180, **_legend_of(names, look)})
        step = 24
        if look.is_narrow:
            y["scale"] = {"paddingInner": 0.5, "paddingOuter": 0.4}
    return {
        "width": look.size[0] + 20 if look.is_narrow else look.size[0] - 120,
        "padding": padding([] if look.is_narrow else [shorten(n) for n in labels]),
        "height": {"step": step} if len(names) == 1 else {"step": step, "for": "offset"},
        "data": {"values": values},
        "layer": [
            {"mark": {"type": "bar", **shape}, "encoding": {**shared, "color": colour}},
            {"mark": {"type": "text", "align": "left", "dx": 5, "color": INK, "fontSize": 12,
                      **({"yOffset": 6} if look.is_narrow and len(names) == 1 else {})},
             "encoding": {**shared, "text": {"field": "text"}}},
        ],
        "resolve": {"scale": {"color": "independent"}},
    }  # fmt: skip


def _line_labels(panel: Panel, top: float, height: int) -> list[Spec]:
    """The name of each line, placed at its end; moved apart where two are close."""
    ends: list[Spec] = []
    numbers = _number_labels(_labels_of(panel))
    for n, s in enumerate(panel.series):
        known = [p for p in s.points if p.value is not None]
        if known:
            ends.append({"x": numbers[known[-1].label], "y": float(known[-1].value or 0), "series": n, "name": shorten(s.name)})
    gap = 15 / height * (top or 1)
    ends.sort(key=lambda e: e["y"])
    for lower, upper in pairwise(ends):
        upper["y"] = max(upper["y"], lower["y"] + gap)
    return ends


def _trend(chart: Chart, look: ChartSizes) -> Spec:
    several = len(chart.panels) > 1
    width, height = look.half if several else look.size
    pictures = []
    for panel in chart.panels:
        rows, gaps = _point_rows(panel), _gaps(panel)
        if not rows:
            continue
        months = len({r["x"] for r in [*rows, *gaps]})
        bar = max(2, min(26, round(0.68 * width / max(months, 1))))
        x = _month_axis([*rows, *gaps], width, bar // 2 + 3)
        ticks = 4 if several else 5
        layers = _control_chart(panel, rows, x, ticks) if panel.limits else _month_bars(panel, rows, x, ticks, bar)
        if gaps:
            layers.append({"data": {"values": gaps}, "mark": {"type": "text", "dy": -5, "fontSize": 9, "color": INK},
                           "encoding": {"x": x, "y": layers[0]["encoding"]["y"], "text": {"field": "text"}}})  # fmt: skip
        pictures.append(
            {**_panel_title(panel, several, width), "width": width, "height": height, "data": {"values": rows}, "layer": layers}
        )
    return _side_by_side(pictures, look)


def _month_bars(panel: Panel, rows: Sequence[Spec], x: Spec, ticks: int, bar: int) -> list[Spec]:
    """Bars of months, and a line of the twelve months to each."""
    y = value_axis(panel.unit, rows, tickCount=ticks)
    return [
        {"transform": [{"filter": "datum.role == 'months'"}], "mark": {"type": "bar", "size": bar, "color": QUIET},
         "encoding": {"x": x, "y": y}},
        {"transform": [{"filter": "datum.role == 'rolling'"}], "mark": {"type": "line", "color": COLOURS[0]},
         "encoding": {"x": x, "y": y}},
        lone_points({"x": x, "y": y}, "datum.role == 'rolling'"),
    ]  # fmt: skip


def _control_chart(panel: Panel, rows: Sequence[Spec], x: Spec, ticks: int) -> list[Spec]:
    """An XmR chart: mean and limits of each baseline, the months, and a triangle for each unusual month."""
    lines = [
        {"x": b.first.replace(day=1).isoformat(), "x2": b.last.replace(day=1).isoformat(), "y": float(v), "is_limit": n > 0}
        for b in panel.limits for n, v in enumerate((b.mean, b.lower, b.upper)) if v is not None
    ]  # fmt: skip
    y = value_axis(panel.unit, [*rows, *lines], room=1.03, tickCount=ticks)
    position: Spec = {"x": x, "y": y}
    shape: Spec = {"field": "mark", "type": "nominal", "legend": None,
                   "scale": {"domain": ["", "high", "low"], "range": ["circle", "triangle-up", "triangle-down"]}}  # fmt: skip
    unusual = "datum.mark !== ''"
    return [
        {"data": {"values": lines}, "mark": {"type": "rule", "color": INK},
         "encoding": {**position, "x2": {"field": "x2"},
                      "strokeDash": {"condition": {"test": "datum.is_limit", "value": [5, 4]}, "value": [1, 0]},
                      "strokeWidth": {"condition": {"test": "datum.is_limit", "value": 1}, "value": 1.5}}},
        {"mark": {"type": "line", "color": QUIET, "strokeWidth": 1.5}, "encoding": position},
        {"mark": {"type": "point", "filled": True, "opacity": 1},
         "encoding": {**position, "shape": shape, "size": {"condition": {"test": unusual, "value": 70}, "value": 22},
                      "color": {"condition": {"test": unusual, "value": COLOURS[1]}, "value": COLOURS[0]}}},
    ]  # fmt: skip


def _gaps(panel: Panel) -> list[Spec]:
    """Months that are not public, not available or not complete: a letter in place of the bar, which must not look like 0."""
    return [
        {"x": p.day.replace(day=1).isoformat(), "y": 0.0, "text": p.printed.strip("[]")}
        for s in panel.series if s.role == "months" for p in s.points if p.value is None and p.day
    ]  # fmt: skip


def _years(chart: Chart, look: ChartSizes) -> Spec:
    several = len(chart.panels) > 1
    width, height = look.half if several else look.size
    names = [s.name for s in chart.panels[0].series]
    numbers = list(range(len(names)))
    pictures = []
    for panel in chart.panels:
        rows, legend = _point_rows(panel), _legend_of(names, look)
        at = {"x": _name_axis(_labels_of(panel)), "y": value_axis(panel.unit, rows, tickCount=4 if several else 5)}
        lines = {
            "color": _of_series(names, [QUIET, COLOURS[0]], sort=numbers, legend=legend),
            "strokeDash": _of_series(names, [[6, 4], [1, 0]], sort=numbers, legend=legend),
        }
        layers = [{"mark": "line", "encoding": {**at, **lines}},
                  lone_points({**at, "fill": _of_series(names, [QUIET, COLOURS[0]], legend=None)})]  # fmt: skip
        pictures.append(
            {**_panel_title(panel, several, width), "width": width, "height": height, "data": {"values": rows}, "layer": layers}
        )
    return _side_by_side(pictures, look)


def _units(chart: Chart, look: ChartSizes) -> Spec:
    rows = [row for n, p in enumerate(chart.panels) for row in _point_rows(p, unit=n)]
    unit = chart.panels[0].unit
    for row, after in zip_longest(rows, rows[1:]):
        row["last"] = after is None or row["unit"] != after["unit"]
    x, y = _month_axis(rows, look.small[0], 4, small=True), value_axis(unit, rows, room=1.15, tickCount=3)
    last = [{"filter": "datum.last"}]
    dot: Spec = {"type": "point", "filled": True, "size": 34, "color": COLOURS[0], "opacity": 1}
    text: Spec = {"type": "text", "dy": -10, "align": "right", "dx": 4, "fontSize": 12, "fontWeight": "bold", "color": INK}
    return {
        "data": {"values": rows},
        "facet": {"field": "unit", "type": "nominal", "sort": list(range(len(chart.panels))), "title": None,
                  "header": {**_print_names([p.title for p in chart.panels]),
                             "labelFontSize": 12, "labelFontWeight": "bold", "labelColor": INK, "labelAnchor": "start",
                             "labelLimit": round(look.small[0] / (1 + WIDER)) + 20}},
        "columns": look.small_columns, "spacing": 20, "resolve": {"axis": {"x": "independent"}},
        "spec": {
            "width": look.small[0], "height": look.small[1],
            "layer": [
                {"mark": {"type": "line", "color": COLOURS[0], "strokeWidth": 2}, "encoding": {"x": x, "y": y}},
                lone_points({"x": x, "y": y}),
                {"transform": last, "mark": dot, "encoding": {"x": x, "y": y}},
                {"transform": last, "mark": text, "encoding": {"x": x, "y": y, "text": {"field": "text"}}},
            ],
        },
    }  # fmt: skip


def _side_by_side(pictures: list[Spec], look: ChartSizes) -> Spec:
    return pictures[0] if len(pictures) == 1 else {"concat": pictures, "columns": look.columns}


def padding(left: Sequence[str] = (), right: Sequence[str] = ()) -> Spec:
    """Room around a picture: more where names are at its edge, as another typeface may make them wider."""
    extra = [WIDER * LETTER * max((min(len(t), 40) for t in texts), default=0) for texts in (left, right)]
    return {"left": 14 + round(extra[0]), "top": 8, "right": 16 + round(extra[1]), "bottom": 8}


def value_axis(unit: str, rows: Sequence[Spec], room: float = 1.0, **axis: Any) -> Spec:
    """The axis of figures, from 0. `room`: its top as a multiple of the highest figure. Small counts have whole ticks."""
    known = [r["y"] for r in rows if r["y"] is not None]
    low, top = min(0.0, *known, 0.0), max(0.0, *known, 0.0) * room
    if unit == "count" and top <= 4:
        axis["values"] = list(range(int(low), int(top) + 2))
    number = _NUMBER_FORMATS.get(unit, "format(datum.value, ',.1~f')")
    for least, divisor, letter in POUNDS:
        if unit == "gbp" and max(top, -low) >= least:
            # All ticks of an axis in one unit: £5k and £10k, not £5,000 and £10k.
            number = f"datum.value ? '£' + format(datum.value / {divisor}, ',.2~f') + '{letter}' : '£0'"
            break
    return {
        "field": "y", "type": "quantitative", "scale": {"domain": [low, top or 1.0], "nice": True},
        "axis": {"labelExpr": number, "title": _AXIS_TITLES.get(unit), **axis},
    }  # fmt: skip


def _point_rows(panel: Panel, **columns: Any) -> list[Spec]:
    """A row of data for each point. A point without a figure breaks the line; it is never 0. `alone`: between two breaks."""
    numbers = _number_labels(_labels_of(panel))
    rows: list[Spec] = []
    for n, s in enumerate(panel.series):
        points = _trim(s.points)
        known = [False, *(p.value is not None for p in points), False]
        rows += [
            {"x": p.day.replace(day=1).isoformat() if p.day else numbers[p.label],
             "y": None if p.value is None else float(p.value), "series": n, "role": s.role, "text": p.printed, "mark": p.mark,
             "whole": p.data_status != "partial", "alone": known[at : at + 3] == [False, True, False], **columns}
            for at, p in enumerate(points)
        ]  # fmt: skip
    return rows


def lone_points(encoding: Spec, which: str = "true") -> Spec:
    """The figures that no line joins: a line of one point is too small to see."""
    mark: Spec = {"type": "point", "fill": COLOURS[0], "strokeWidth": 0, "opacity": 1, "size": 26}
    return {"transform": [{"filter": f"datum.alone && {which}"}], "mark": mark, "encoding": encoding}


def _trim(points: Sequence[Point]) -> Sequence[Point]:
    known = [n for n, p in enumerate(points) if p.value is not None]
    return points[known[0] : known[-1] + 1] if known else ()


def _labels_of(panel: Panel) -> list[str]:
    return list(dict.fromkeys(p.label for s in panel.series for p in s.points))


def _number_labels(labels: Sequence[str]) -> dict[str, int]:
    """The number by which the renderer knows each name."""
    return {label: n for n, label in enumerate(labels)}


def _print_names(names: Sequence[str]) -> Spec:
    """What an axis, legend or heading prints for the numbers 0, 1, 2 and so on.

    The renderer looks up each text of an expression among its own functions, and would find `constructor`. A colon in front,
    which the expression removes again, makes no text the name of a function.
    """
    return {"labelExpr": f"slice({json.dumps([f':{shorten(n)}' for n in names])}[datum.value], 1)"}


def shorten(name: str) -> str:
    """A name as a chart prints it. The table under the chart has the whole name.

    The renderer shortens texts letter by letter, so a long one takes minutes. A character that XML can't have crashes its
    process, and so does one outside the Basic Multilingual Plane in a name that it has to shorten.
    """
    name = strip_invalid_xml(name)
    if len(name) > SURELY_FITS:
        name = re.sub("[\U00010000-\U0010ffff]", "\ufffd", name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _name_axis(labels: Sequence[str]) -> Spec:
    """An axis of names in their order; months with their years are on two lines."""
    axis = _print_names(labels)
    if all(re.fullmatch(r"[A-Z][a-z]{2} \d{4}", label) for label in labels):
        axis = {"labelExpr": f"split({axis['labelExpr']}, ' ')"}
    sort = list(range(len(labels)))
    return {"field": "x", "type": "ordinal", "sort": sort, "axis": axis, "scale": {"padding": 0.3}}


def _legend_of(names: Sequence[str], look: ChartSizes) -> Spec:
    """A legend, in one column where there is little room."""
    return {**_print_names(names), **({"columns": 1} if look.is_narrow else {})}


def _month_axis(rows: Sequence[Spec], width: int, padding: int = 8, small: bool = False) -> Spec:
    """A time axis of months; a small picture labels the first and the last."""
    first, last = min(r["x"] for r in rows), max(r["x"] for r in rows)
    span = range(int(first[:4]) * 12 + int(first[5:7]) - 1, int(last[:4]) * 12 + int(last[5:7]))
    step = next(n for n in (3, 6, 12, 24, 48, 1200) if len(span) * 76 / n < width)
    ticks = [span[0], span[-1]] if small else [n for n in span if n % step == 0] or [span[0]]
    values = [{"year": n // 12, "month": n % 12 + 1, "date": 1, "utc": True} for n in dict.fromkeys(ticks)]
    axis: Spec = {"values": values, "format": "%b %Y", "labelOverlap": False}
    if small:
        ends = {"condition": {"test": "datum.index === 0", "value": "left"}, "value": "right"}
        axis |= {"format": "%b %y", "tickSize": 3, "labelFontSize": 11, "labelAlign": ends}
    return {"field": "x", "type": "temporal", "scale": {"type": "utc", "padding": padding}, "axis": axis}


def _panel_title(panel: Panel, several: bool, width: int) -> Spec:
    """The heading of one of several panels: what is counted, and what its newest month is."""
    if not several:
        return {}
    subtitle = {"subtitle": wrap(panel.newest_month, width // WIDE_LETTER), "subtitlePadding": 4} if panel.newest_month else {}
    return {"title": {"text": wrap(shorten(panel.title), width // WIDE_BOLD) or "", **subtitle}}
