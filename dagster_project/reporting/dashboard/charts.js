// The two charts, as Vega-Lite. Nothing is drawn where a figure is not available: a gap, on grey, never a 0.
"use strict";

const INK = "#0b0c0c", THIS = "#12436d", BEFORE = "#b84a0a", NONE = "#e3e6e8";

const CONFIG = {
  aria: false, // the chart's words are those of its figure; every number is in the table
  background: "#ffffff",
  font: "Arial, Helvetica, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: INK, titleColor: INK, labelFontSize: 13, titleFontSize: 13, titleFontWeight: "normal", gridColor: "#d8dcdf",
    domainColor: INK, tickColor: INK,
  },
  axisX: { grid: false, labelOverlap: true, labelFlush: false, title: null },
  axisY: { domain: false, ticks: false, tickCount: 5, tickMinStep: 1, title: null },
  legend: { orient: "top", title: null, labelFontSize: 13, labelColor: INK, symbolType: "stroke", symbolStrokeWidth: 3, symbolSize: 400 },
  line: { strokeWidth: 2.5, strokeCap: "round", strokeJoin: "round" },
};

const LABELS = {
  gbp: "abs(datum.value) >= 1e6 ? '£' + format(datum.value / 1e6, ',.1~f') + 'm' : '£' + format(datum.value, ',~f')",
  percent: "format(datum.value, ',~f') + '%'",
};

function yAxis(unit) {
  return {
    field: "y", type: "quantitative", scale: { zero: true, nice: true },
    axis: LABELS[unit] ? { labelExpr: LABELS[unit] } : { format: ",~f" },
  };
}

/** Layers of a line whose points are open where files cover a part of the period, and of the periods without a figure. */
function layers(x, unit, points, line) {
  const tooltip = [{ field: "label", title: "Period" }, { field: "series", title: "Series" }, { field: "said", title: "Figure" }];
  const y = yAxis(unit);
  const gaps = { transform: [{ filter: "datum.none" }], mark: { type: "rect", color: NONE }, encoding: { x } };
  return [
    ...(points.some((p) => p.none) ? [gaps] : []),
    { mark: { type: "line", invalid: "break-paths-show-domains" }, encoding: { x, y, ...line } },
    ...[false, true].filter((partial) => points.some((p) => p.y !== null && p.partial === partial)).map((partial) => ({
      transform: [{ filter: `datum.y !== null && datum.partial === ${partial}` }],
      mark: { type: "point", filled: true, strokeWidth: 2, opacity: 1, ...(partial ? { filled: false, fill: "#ffffff" } : {}) },
      encoding: { x, y, tooltip, color: line.color, size: { condition: { test: "datum.picked", value: 180 }, value: 45 } },
    })),
  ];
}

function drawn(holder, spec) {
  return globalThis.vegaEmbed(holder, { $schema: "https://vega.github.io/schema/vega-lite/v6.json", config: CONFIG, ...spec }, {
    ast: true, // no eval: the page's policy forbids it
    actions: false, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true },
  }).then(() => holder.querySelector("svg").setAttribute("aria-hidden", "true"));
}

/** The series: a point a period. `points`: day, label, y (a number or null), said, partial, none, picked, run. */
function drawTrend(holder, points, unit, byMonth) {
  const x = byMonth
    ? { field: "day", type: "temporal", timeUnit: "utcyearmonth", axis: { format: "%b %Y", tickCount: 6 } }
    : { field: "label", type: "ordinal", sort: null, axis: { labelAngle: 0 } };
  return drawn(holder, {
    width: "container", height: 260, autosize: { type: "fit", contains: "padding" }, data: { values: points },
    layer: layers(x, unit, points, { color: { value: THIS }, detail: { field: "run" } }),
  });
}

/** Months of the period against the same months a year earlier. `points`: as above, with `month` and `series`. */
function drawYears(holder, points, unit, names) {
  const scale = { domain: names, range: [THIS, BEFORE] };
  return drawn(holder, {
    width: "container", height: 260, autosize: { type: "fit", contains: "padding" }, data: { values: points },
    layer: layers({ field: "month", type: "ordinal", sort: null, axis: { labelAngle: 0 } }, unit, points, {
      color: { field: "series", type: "nominal", scale },
      strokeDash: { field: "series", type: "nominal", scale: { domain: names, range: [[1, 0], [6, 4]] } },
    }),
  });
}
