// The charts as Vega-Lite. A figure that is not available is a gap on grey, never 0. A period that is not complete is an open
// point that no line joins.
"use strict";

const INK = "#0b0c0c", THIS = "#12436d", UNUSUAL = "#b84a0a", NONE = "#e3e6e8", LIMIT = "#505a5f";
const COLOURS = ["#12436d", "#28a197", "#801650", "#f46a25", "#3d3d3d", "#a285d1"]; // of the Government Analysis Function
const DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 0], [4, 4]];

const CONFIG = {
  aria: false, // the figure element describes the chart, and every number is in a table
  background: "#ffffff",
  font: "Arial, Helvetica, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: INK, titleColor: INK, labelFontSize: 13, titleFontSize: 13, titleFontWeight: "normal", gridColor: "#d8dcdf",
    domainColor: INK, tickColor: INK,
  },
  axisX: { grid: false, labelOverlap: true, labelSeparation: 8, labelFlush: 30, title: null },
  axisY: { domain: false, ticks: false, title: null },
  header: { title: null, labelFontSize: 13, labelColor: INK, labelFontWeight: "bold", labelAnchor: "start", labelLimit: 200 },
  legend: { orient: "top", title: null, labelFontSize: 13, labelColor: INK, labelLimit: 400, symbolStrokeWidth: 3, symbolSize: 150, direction: "vertical" },
  line: { strokeWidth: 2.5, strokeCap: "round", strokeJoin: "round" },
  title: { anchor: "start", fontSize: 18, subtitleFontSize: 13, color: INK, subtitleColor: INK, offset: 14 },
};

const LABELS = {
  gbp: "abs(datum.value) >= 1e6 ? '£' + format(datum.value / 1e6, ',.1~f') + 'm' : '£' + format(datum.value, ',~f')",
  percent: "format(datum.value, ',~f') + '%'",
};
const axisOf = (unit) => (LABELS[unit] ? { labelExpr: LABELS[unit] } : { format: ",~f" });
/** The axis of figures, with about `ticks` ticks; small counts have whole ones only. Without a figure it has no number, and if
 * all are 0 it begins there: alone, 0 would be in the middle. */
function yOf(unit, points, { ticks = 5, ...axis } = {}) {
  const most = unit === "count" ? Math.max(1, ...points.map((p) => p.y ?? 0)) : ticks;
  const flat = points.every((p) => !p.y), own = flat ? { values: points.some((p) => p.y === 0) ? [0] : [] } : { tickCount: Math.min(ticks, most) };
  return { field: "y", type: "quantitative", scale: flat ? { domain: [0, 1] } : { zero: true, nice: true }, axis: { ...own, ...axis, ...axisOf(unit) } };
}

const isMonthly = (kind) => !["financial_year", "calendar_year", "as_published"].includes(kind);

/** A row of figures as data of a chart. */
function pointOf(r, unit, more = {}) {
  const y = r.value === null ? null : Number(r.value);
  return {
    key: r.key, label: r.label, day: `${r.end.slice(0, 8)}01`, y, whole: r.status === "c" ? y : null, text: formatValue(r, "value", unit),
    partial: r.status === "p", none: y === null, picked: false, run: r.kind.endsWith("to_date") ? r.start : "", mark: "", verdict: "", ...more,
  };
}

function xOf(kind, more = {}) {
  return isMonthly(kind)
    ? { field: "day", type: "temporal", timeUnit: "utcyearmonth", axis: { format: "%b %Y", tickCount: 6, ...more.axis } }
    : { field: "label", type: "ordinal", sort: { field: "day", op: "min" }, axis: { labelAngle: 0, ...more.axis } };
}

const tooltips = (...names) => [["label", "Period"], ...names, ["text", "Figure"]].map(([field, title]) => ({ field, title }));
const CHOSEN = { condition: { test: "datum.picked", value: 180 }, value: 45 };

/** A line through complete periods, and points; open ones are provisional. `color`: a Vega-Lite encoding. `marks`: the legend of
 * unusual points. */
function lineLayers(x, y, points, { color, dash, tooltip, detail, gaps = true, size = CHOSEN, marks = null }) {
  const open = points.some((p) => p.y !== null && p.partial), more = dash ? { strokeDash: dash } : {};
  return [
    ...(gaps && points.some((p) => p.none) ? [{ transform: [{ filter: "datum.none" }], mark: { type: "rect", color: NONE, stroke: NONE }, encoding: { x } }] : []),
    { mark: { type: "line", invalid: "break-paths-show-domains" }, encoding: { x, y: { ...y, field: "whole" }, color, ...more, detail: detail ?? { field: "run" } } },
    { transform: [{ filter: "datum.whole !== null && !datum.mark" }], mark: { type: "point", filled: true, opacity: 1, cursor: "pointer" }, encoding: { x, y, color, tooltip, size } },
    ...(open ? [{ transform: [{ filter: "datum.y !== null && datum.partial" }], mark: { type: "point", filled: false, fill: "#ffffff", strokeWidth: 2, opacity: 1, cursor: "pointer" }, encoding: { x, y, color, tooltip, size } }] : []),
    ...(points.some((p) => p.mark) ? [{
      transform: [{ filter: "datum.mark !== ''" }],
      mark: { type: "point", filled: true, opacity: 1, stroke: "#ffffff", strokeWidth: 1, cursor: "pointer" },
      encoding: { x, y, color: { value: UNUSUAL }, tooltip: [...tooltip, { field: "verdict", title: "Unusual" }], size: { condition: { test: "datum.picked", value: 260 }, value: 120 }, shape: { field: "mark", type: "nominal", legend: marks && { ...marks, symbolFillColor: UNUSUAL, symbolSize: 220, symbolStrokeWidth: 0, labelExpr: "datum.label === 'h' ? 'unusually high' : 'unusually low'" }, scale: { domain: ["h", "l"], range: ["triangle-up", "triangle-down"] } } },
    }] : []),
  ];
}

const WIDE = 480; // from this width, entries of a legend are side by side
const LINES = { mean: [1, 0], limits: [5, 4] };

/** Whether a month can reach a limit. Others are not drawn, as in the report. */
const isReachable = (limit, unit) => limit !== null && limit >= 0 && !(unit === "percent" && limit > 100);

/** Mean and limits of each baseline, as lines over its months. `legend`: as in Vega-Lite. */
function limitLayers(bases, x, y, unit, legend = null) {
  const values = bases.flatMap((b, n) => [["mean", b.mean], ["lower", b.low], ["upper", b.high]]
    .filter(([, v]) => isReachable(v, unit)).flatMap(([line, v]) => [b.from, b.to].map((d) => ({ line, what: line === "mean" ? "mean" : "limits", base: n, y: v, day: d }))));
  const strokeDash = { field: "what", type: "nominal", scale: { domain: Object.keys(LINES), range: Object.values(LINES) }, legend };
  return values.length ? [{ data: { values }, mark: { type: "line", color: LIMIT, strokeWidth: 1.7 }, encoding: { x, y, strokeDash, detail: [{ field: "line" }, { field: "base" }] } }] : [];
}

/** One series. `control`: its control chart; null to draw no limits. */
function trendSpec(points, unit, kind, control, { width, height = 260 }) {
  const x = xOf(kind), y = yOf(unit, points), direction = width < WIDE ? "vertical" : "horizontal";
  const legend = { direction, symbolType: "stroke", symbolSize: 220, symbolStrokeColor: LIMIT };
  return {
    width, height: height + (control && control.bases.length ? (width < WIDE ? 44 : 24) : 0), autosize: { type: "fit", contains: "padding" }, data: { values: points },
    layer: [...(control ? limitLayers(control.bases, x, y, unit, legend) : []), ...lineLayers(x, y, points, { color: { value: THIS }, tooltip: tooltips(), marks: { direction } })],
  };
}

/** The same for a card, small: the axis labels the first and last period. */
function cardSpec(points, unit, kind, control, width) {
  const ends = [points[0], points.at(-1)].map((p) => (isMonthly(kind) ? { year: Number(p.day.slice(0, 4)), month: Number(p.day.slice(5, 7)), utc: true } : p.label));
  const x = xOf(kind, { axis: { values: ends, labelFontSize: 12, labelFlush: true } }), y = yOf(unit, points, { ticks: 2, labelFontSize: 12 });
  return {
    width, height: 98, autosize: { type: "fit", contains: "padding" }, data: { values: points },
    layer: [...(control ? limitLayers(control.bases, x, y, unit) : []), ...lineLayers(x, y, points, { color: { value: THIS }, tooltip: tooltips(), size: { condition: { test: "datum.picked", value: 60 }, value: 6 } })],
  };
}

/** A legend, whose texts are wrapped if the chart is narrow, and its height. */
function legendOf(width, names, symbol) {
  const columns = legendColumns(width, names), wrapped = Object.fromEntries(names.map((n) => [n, lines(n, Math.max(16, Math.floor((width - 60) / 7.5)))]));
  const rows = columns > 1 ? Math.ceil(names.length / columns) : Object.values(wrapped).flat().length;
  return { height: 18 * rows, legend: { columns, ...symbol, labelExpr: `${JSON.stringify(wrapped)}[datum.label]` } };
}

const legendColumns = (width, names) => Math.max(1, Math.floor(width / Math.max(...names.map((n) => n.length * 7 + 50), 60)));

/** Several lines, one for each of at most six `names`. `x`: the axis of months or periods. */
function linesSpec(points, unit, names, x, width) {
  const { height, legend } = legendOf(width, names, { symbolType: "stroke", symbolSize: 400 });
  const color = { field: "series", type: "nominal", scale: { domain: names, range: COLOURS.slice(0, names.length) }, legend };
  const dash = { field: "series", type: "nominal", scale: { domain: names, range: DASHES.slice(0, names.length) } };
  return {
    width, height: 260 + height, autosize: { type: "fit", contains: "padding" }, data: { values: points },
    layer: lineLayers(x, yOf(unit, points), points, { color, dash, tooltip: tooltips(["series", "Series"]), detail: { field: "run" }, gaps: false, size: { value: 40 } }),
  };
}

/** Stacked bars of complete periods, on grey where there is none. */
function stackedSpec(points, unit, names, kind, width) {
  const x = isMonthly(kind) ? { ...xOf(kind), bandPosition: 0.5 } : xOf(kind);
  const { height, legend } = legendOf(width, names, { symbolType: "square" });
  const whole = points.filter((p) => p.whole !== null), drawn = new Set(whole.map((p) => p.key));
  const gaps = points.filter((p) => p.series === names[0] && !drawn.has(p.key));
  const bars = {
    data: { values: whole }, mark: { type: "bar", stroke: "#ffffff", strokeWidth: 0.5, cursor: "pointer" },
    encoding: {
      x, y: { ...yOf(unit, points), stack: "zero" }, tooltip: tooltips(["series", "Category"]), order: { field: "order", type: "quantitative" },
      color: { field: "series", type: "nominal", scale: { domain: names, range: COLOURS.slice(0, names.length) }, legend },
    },
  };
  const grey = { data: { values: gaps }, mark: { type: "rect", color: NONE, stroke: NONE }, encoding: { x: xOf(kind) } };
  return { width, height: 260 + height, autosize: { type: "fit", contains: "padding" }, layer: gaps.length ? [grey, bars] : [bars] };
}

/** A small chart for each area, on one scale. */
function unitsSpec(points, unit, names, kind, width) {
  const columns = Math.max(1, Math.floor(width / 240)), labels = unit === "gbp" ? 76 : 46;
  const x = xOf(kind, { axis: isMonthly(kind) ? { tickCount: 2, format: "%Y", labelFlush: true } : {} });
  return {
    data: { values: points }, columns, spacing: 18, facet: { field: "area", type: "nominal", sort: names, header: { labelPadding: 4 } },
    resolve: { axis: { x: "independent" } },
    spec: { width: Math.max(120, Math.floor((width - labels - 18 * (columns - 1)) / columns) - 2), height: 90, layer: lineLayers(x, yOf(unit, points, { ticks: 3 }), points, { color: { value: THIS }, tooltip: tooltips(["area", "Area"]), size: { value: 12 } }) },
  };
}

/** Bars of areas, the highest first. `rows`: area, y, text. */
function rankSpec(rows, unit, width) {
  const limit = Math.round(width * 0.4), wrapped = Object.fromEntries(rows.map((r) => [r.area, lines(r.area, Math.max(10, Math.floor(limit / 7.5)))]));
  const step = Math.max(30, 17 * Math.max(...Object.values(wrapped).map((w) => w.length)));
  const label = `${JSON.stringify(wrapped)}[datum.label]`;
  // Of two lines one is above the middle of the bar and one below it.
  const labelBaseline = { condition: { test: `length(${label}) > 1`, value: "bottom" }, value: "middle" };
  const y = { field: "area", type: "nominal", sort: rows.map((r) => r.area), axis: { title: null, labelExpr: label, labelBaseline, labelLimit: limit, ticks: false, domain: false } };
  // Leaves room for the figure next to the longest bar.
  const letters = (key) => 8 * Math.max(...rows.map((r) => r[key].length)), plot = width - Math.min(limit, letters("area")) - 10;
  const most = Math.max(...rows.map((r) => r.at)), none = rows.every((r) => !r.y);
  const scale = none ? { domain: [0, 1] } : { zero: true, ...(most > 0 ? { domainMax: most / (1 - Math.min(0.6, (letters("text") + 10) / plot)) } : {}) };
  return {
    width, height: step * rows.length + 30, autosize: { type: "fit", contains: "padding" }, data: { values: rows },
    layer: [
      { mark: { type: "bar", cursor: "pointer", height: { band: 0.7 } }, encoding: { y, x: { field: "y", type: "quantitative", scale, axis: { title: null, ...axisOf(unit), ...(none ? { values: rows.some((r) => r.y === 0) ? [0] : [] } : { tickCount: 4 }) } }, color: { condition: { test: "datum.picked", value: UNUSUAL }, value: THIS }, tooltip: [{ field: "area", title: "Area" }, { field: "text", title: "Figure" }] } },
      { mark: { type: "text", align: "left", dx: 5, fontSize: 13, color: INK }, encoding: { y, x: { field: "at", type: "quantitative" }, text: { field: "text" } } },
    ],
  };
}

/** Areas on a map. `shapes`: features with area, y, text, picked; their outlines are already on a plane. `title`: of the legend. */
function mapSpec(shapes, unit, title, width) {
  const points = shapes.flatMap((s) => s.geometry.coordinates.flat(s.geometry.type === "Polygon" ? 1 : 2));
  const extent = (n) => { const [low, high] = points.reduce(([a, b], p) => [Math.min(a, p[n]), Math.max(b, p[n])], [Infinity, -Infinity]); return high - low; };
  return {
    width, height: Math.round(Math.min(560, Math.max(120, (width * extent(1)) / (extent(0) || 1)))) + 60, data: { values: shapes },
    projection: { type: "identity", reflectY: true },
    mark: { type: "geoshape", cursor: "pointer", invalid: "show", strokeJoin: "round" },
    encoding: {
      color: { condition: { test: "datum.y === null", value: NONE }, field: "y", type: "quantitative", scale: { scheme: "blues", domainMin: 0 }, legend: { title, titleFontSize: 13, titleFontWeight: "normal", titleLimit: width, orient: "bottom", direction: "horizontal", gradientLength: Math.min(240, width - 40), format: ",~f", ...(LABELS[unit] ? { labelExpr: LABELS[unit] } : {}) } },
      stroke: { condition: { test: "datum.picked", value: UNUSUAL }, value: "#505a5f" }, strokeWidth: { condition: { test: "datum.picked", value: 4 }, value: 1 },
      tooltip: [{ field: "area", title: "Area" }, { field: "text", title: "Figure" }],
    },
  };
}
