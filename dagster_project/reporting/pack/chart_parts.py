"""What the charts have in common: sizes, colours, axes, rows of data and names.

Names (of categories, areas, teams) come from extracts. To the renderer they are only texts to print: series, categories and
panels are identified by number, because the renderer uses identifiers as property names of an object, which has some of its own
(`constructor`).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from .model import Panel, Point
from .shared_sentences import strip_invalid_xml

Spec = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """Sizes in pixels, width and height: of one panel (`size`), of several (`half`) and of one for each unit (`small`), and how
    many are side by side. `is_narrow`: no room to the side, so names are above bars and lines have a legend."""

    size: tuple[int, int]
    half: tuple[int, int]
    columns: int
    small: tuple[int, int]
    small_columns: int
    is_narrow: bool = False


WIDE = Look((640, 290), (292, 190), 2, (138, 84), 4)
NARROW = Look((262, 200), (262, 170), 1, (122, 80), 2, is_narrow=True)
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
    "gbp": "abs(datum.value) >= 1e6 ? '£' + format(datum.value / 1e6, ',.1~f') + 'm' : abs(datum.value) >= 1e4 ?"
    " '£' + format(datum.value / 1e3, ',.0~f') + 'k' : '£' + format(datum.value, ',.0~f')",
    "percent": "format(datum.value, ',.1~f') + '%'",
}
_AXIS_TITLES = {"per_100k": "Per 100,000 people", "days": "Days"}


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
    return {
        "field": "y", "type": "quantitative", "scale": {"domain": [low, top or 1.0], "nice": True},
        "axis": {"labelExpr": number, "title": _AXIS_TITLES.get(unit), **axis},
    }  # fmt: skip


def point_rows(panel: Panel, **columns: Any) -> list[Spec]:
    """A row of data for each point. A point without a figure breaks the line; it is never 0."""
    numbers = number_labels(labels_of(panel))
    return [
        {"x": p.day.replace(day=1).isoformat() if p.day else numbers[p.label], "y": None if p.value is None else float(p.value),
         "series": n, "role": s.role, "text": p.printed, "mark": p.mark,
         "whole": p.data_status != "partial", **columns}
        for n, s in enumerate(panel.series) for p in _trim(s.points)
    ]  # fmt: skip


def _trim(points: Sequence[Point]) -> Sequence[Point]:
    """The points from the first with a figure to the last."""
    known = [n for n, p in enumerate(points) if p.value is not None]
    return points[known[0] : known[-1] + 1] if known else ()


def labels_of(panel: Panel) -> list[str]:
    return list(dict.fromkeys(p.label for s in panel.series for p in s.points))


def number_labels(labels: Sequence[str]) -> dict[str, int]:
    """The number by which the renderer knows each name."""
    return {label: n for n, label in enumerate(labels)}


def print_names(names: Sequence[str]) -> Spec:
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


def name_axis(labels: Sequence[str]) -> Spec:
    """An axis of names in their order; months with their years are on two lines."""
    axis = print_names(labels)
    if all(re.fullmatch(r"[A-Z][a-z]{2} \d{4}", label) for label in labels):
        axis = {"labelExpr": f"split({axis['labelExpr']}, ' ')"}
    sort = list(range(len(labels)))
    return {"field": "x", "type": "ordinal", "sort": sort, "axis": axis, "scale": {"padding": 0.3}}


def legend_of(names: Sequence[str], look: Look) -> Spec:
    """A legend, in one column where there is little room."""
    return {**print_names(names), **({"columns": 1} if look.is_narrow else {})}


def month_axis(rows: Sequence[Spec], width: int, padding: int = 8, small: bool = False) -> Spec:
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


def panel_title(panel: Panel, several: bool, width: int) -> Spec:
    """The heading of one of several panels: what is counted, and what its newest month is."""
    if not several:
        return {}
    subtitle = {"subtitle": wrap(panel.newest_month, width // WIDE_LETTER), "subtitlePadding": 4} if panel.newest_month else {}
    return {"title": {"text": wrap(shorten(panel.title), width // WIDE_BOLD) or "", **subtitle}}
