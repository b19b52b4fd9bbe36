"""What a chart looks like: its Vega-Lite specification.

Dark on white. Colours follow the Government Analysis Function's palette for charts, which people with colour blindness can tell
apart; orange and turquoise are darker, so that text in them can be read. Up to four lines are labelled at their ends, more in a
legend.
"""

from collections.abc import Sequence
from itertools import pairwise

from .chart_parts import (
    COLOURS,
    CONFIG,
    INK,
    QUIET,
    WIDE,
    WIDER,
    Look,
    Spec,
    labels_of,
    legend_of,
    month_axis,
    name_axis,
    number_labels,
    padding,
    panel_title,
    point_rows,
    print_names,
    shorten,
    value_axis,
)
from .model import PUBLIC_ONLY, Chart, Panel

DIRECT = 4
"""Up to this many lines are labelled at their ends; more have a legend."""


def spec(chart: Chart, look: Look = WIDE) -> Spec:
    """A chart as Vega-Lite. The same chart gives the same spec."""
    drawn = {"line": _line, "bar": _bar, "trend": _trend, "years": _years, "units": _units}[chart.kind](chart, look)
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": CONFIG, "padding": padding(), **drawn}


def _line(chart: Chart, look: Look) -> Spec:
    (panel,) = chart.panels
    rows, labels = point_rows(panel), labels_of(panel)
    names = [s.name for s in panel.series]
    numbers = list(range(len(names)))
    y = value_axis(panel.unit, rows, room=1.05)
    direct = len(names) <= DIRECT and not look.is_narrow
    colour = {"field": "series", "type": "nominal", "scale": {"domain": numbers, "range": list(COLOURS)},
              "sort": None, "legend": None if direct or len(names) == 1 else legend_of(names, look)}  # fmt: skip
    x = name_axis(labels)
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
                "data": {"values": _line_labels(panel, y["scale"]["domain"][1], look.size[1])},
                "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 13, "fontWeight": "bold"},
                "encoding": {"x": x, "y": y, "text": {"field": "name"}, "color": colour},
            }
        )
    room = padding(right=[shorten(n) for n in names] if direct and len(names) > 1 else labels[-1:])
    return {"width": look.size[0], "height": look.size[1], "data": {"values": rows}, "layer": layers, "padding": room}


def _bar(chart: Chart, look: Look) -> Spec:
    (panel,) = chart.panels
    names, labels = [s.name for s in panel.series], labels_of(panel)
    numbers, label_numbers = list(range(len(names))), number_labels(labels)
    values = [
        {"x": label_numbers[p.label], "y": float(p.value or 0), "series": n, "text": p.printed}
        for n, s in enumerate(panel.series) for p in s.points
    ]  # fmt: skip
    axis: Spec = {"title": None, "labelPadding": 6, "labelLimit": 240, **print_names(labels)}
    if look.is_narrow:
        above = {"labelAlign": "left", "labelBaseline": "bottom", "labelPadding": -2, "labelLimit": look.size[0], "zindex": 1}
        axis |= {**above, "labelOffset": -9 - 12 * len(names) if len(names) > 1 else -10}
    y: Spec = {"field": "x", "type": "nominal", "sort": list(range(len(labels))), "axis": axis}
    x = value_axis(panel.unit, values, room=1.3 if look.is_narrow else 1.12)
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
            "legend": {"symbolSize": 180, **legend_of(names, look)},
        }
        step = 24
        if look.is_narrow:
            y["scale"] = {"paddingInner": 0.5, "paddingOuter": 0.4}
    return {
        "width": look.size[0] + 20 if look.is_narrow else look.size[0] - 120,
        "padding": padding([] if look.is_narrow else [shorten(n) for n in labels]),
        "height": {"step": step} if len(names) == 1 else {"step": step, "for": "offset"},
        "data": {"values": values},
        "layer": [
            {"mark": _bar_mark(len(names), look),
             "encoding": {**shared, "color": colour}},
            {"mark": {"type": "text", "align": "left", "dx": 5, "color": INK, "fontSize": 12,
                      **({"yOffset": 6} if look.is_narrow and len(names) == 1 else {})},
             "encoding": {**shared, "text": {"field": "text"}}},
        ],
        "resolve": {"scale": {"color": "independent"}},
    }  # fmt: skip


def _bar_mark(series: int, look: Look) -> Spec:
    """The mark of a bar: below its name where there is no room beside it."""
    if series > 1:
        return {"type": "bar"}
    return {"type": "bar", **({"height": {"band": 0.44}, "yOffset": 6} if look.is_narrow else {"height": {"band": 0.72}})}


def _line_labels(panel: Panel, top: float, height: int) -> list[Spec]:
    """The name of each line, placed at its end; moved apart where two are close."""
    ends: list[Spec] = []
    numbers = number_labels(labels_of(panel))
    for n, s in enumerate(panel.series):
        known = [p for p in s.points if p.value is not None]
        if known:
            ends.append({"x": numbers[known[-1].label], "y": float(known[-1].value or 0), "series": n, "name": shorten(s.name)})
    gap = 15 / height * (top or 1)
    ends.sort(key=lambda e: e["y"])
    for lower, upper in pairwise(ends):
        upper["y"] = max(upper["y"], lower["y"] + gap)
    return ends


def _trend(chart: Chart, look: Look) -> Spec:
    several = len(chart.panels) > 1
    width, height = look.half if several else look.size
    pictures = []
    for panel in chart.panels:
        rows, hidden = point_rows(panel), _hidden(panel)
        if not rows:
            continue
        months = len({r["x"] for r in [*rows, *hidden]})
        bar = max(2, min(26, round(0.68 * width / max(months, 1))))
        x = month_axis([*rows, *hidden], width, bar // 2 + 3)
        ticks = 4 if several else 5
        layers = _control_chart(panel, rows, x, ticks) if panel.limits else _month_bars(panel, rows, x, ticks, bar)
        if hidden:
            layers.append({"data": {"values": hidden}, "mark": {"type": "text", "dy": -5, "fontSize": 9, "color": INK},
                           "encoding": {"x": x, "y": layers[0]["encoding"]["y"], "text": {"field": "text"}}})  # fmt: skip
        pictures.append(
            {**panel_title(panel, several, width), "width": width, "height": height, "data": {"values": rows}, "layer": layers}
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
    ]  # fmt: skip


def _control_chart(panel: Panel, rows: Sequence[Spec], x: Spec, ticks: int) -> list[Spec]:
    """An XmR chart: mean and limits of each baseline, the months, and a triangle for each unusual month."""
    lines = [
        {"x": one.first.replace(day=1).isoformat(), "x2": one.last.replace(day=1).isoformat(), "y": float(v), "is_limit": n > 0}
        for one in panel.limits for n, v in enumerate((one.mean, one.lower, one.upper)) if v is not None
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


def _hidden(panel: Panel) -> list[Spec]:
    """Months that are not public: a letter in place of the bar, which must not look like 0."""
    return [
        {"x": p.day.replace(day=1).isoformat(), "y": 0.0, "text": PUBLIC_ONLY.strip("[]")}
        for s in panel.series if s.role == "months" for p in s.points if p.printed == PUBLIC_ONLY and p.day
    ]  # fmt: skip


def _years(chart: Chart, look: Look) -> Spec:
    several = len(chart.panels) > 1
    width, height = look.half if several else look.size
    names = [s.name for s in chart.panels[0].series]
    numbers = list(range(len(names)))
    pictures = [
        {
            **panel_title(panel, several, width), "width": width, "height": height, "data": {"values": point_rows(panel)},
            "mark": "line",
            "encoding": {
                "x": name_axis(labels_of(panel)), "y": value_axis(panel.unit, point_rows(panel), tickCount=4 if several else 5),
                "color": {"field": "series", "type": "nominal", "sort": numbers, "legend": legend_of(names, look),
                          "scale": {"domain": numbers, "range": [QUIET, COLOURS[0]]}},
                "strokeDash": {"field": "series", "type": "nominal", "sort": numbers, "legend": legend_of(names, look),
                               "scale": {"domain": numbers, "range": [[6, 4], [1, 0]]}},
            },
        }
        for panel in chart.panels
    ]  # fmt: skip
    return _side_by_side(pictures, look)


def _units(chart: Chart, look: Look) -> Spec:
    rows = [row for n, p in enumerate(chart.panels) for row in point_rows(p, unit=n)]
    unit = chart.panels[0].unit
    for row, after in pairwise([*rows, {"unit": None}]):
        row["last"] = row["unit"] != after["unit"]
    x, y = month_axis(rows, look.small[0], 4, small=True), value_axis(unit, rows, room=1.15, tickCount=3)
    last = [{"filter": "datum.last"}]
    dot: Spec = {"type": "point", "filled": True, "size": 34, "color": COLOURS[0], "opacity": 1}
    text: Spec = {"type": "text", "dy": -10, "align": "right", "dx": 4, "fontSize": 12, "fontWeight": "bold", "color": INK}
    return {
        "data": {"values": rows},
        "facet": {"field": "unit", "type": "nominal", "sort": list(range(len(chart.panels))), "title": None,
                  "header": {**print_names([p.title for p in chart.panels]),
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
