// Figures and how they are printed. Every number on the page is from the marts; null is printed as [x] or [z].
"use strict";

const contents = globalThis.pamIndex;
const NUMBERS = ["value", "prior_value", "volume_change", "pct_change", "numerator", "denominator"];
const STATUS = { c: "complete", p: "provisional", n: "not available", f: "not begun" };
const COMPLETENESS = {
  c: "complete: files cover every day", p: "provisional: files cover a part of its days",
  n: "not available: no accepted file has it for these days", f: "not begun: its first day is after the update",
};
const PLACES = { percent: 1, per_100k: 1, percentage_points: 1 };
const NOT_AVAILABLE = "[x]";
const NOT_APPLICABLE = "[z]";
const MAX_PLACES = 10; // of every figure of the marts
const FORMULA = new RegExp(contents.formula.starts, "u");
const NUMBER = new RegExp(`^(?:${contents.formula.but})$`, "u");
const SMALL = 5; // with a mean below this a control chart moves in jumps: docs/reference/control-charts.md
const byId = (id) => document.getElementById(id);

/** An element that contains text or elements. Text from an extract is never read as markup. */
function createElement(name, text, attributes = {}) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...[text ?? ""].flat());
  return element;
}

/** Load a script of data once: `data/<path>.js` sets `globalThis[name][path]`. */
function load(name, path) {
  if (globalThis[name]?.[path]) return Promise.resolve(globalThis[name][path]);
  return new Promise((resolve, reject) => {
    const script = createElement("script", "", { src: `data/${path}.js` });
    script.onload = () => { script.remove(); resolve(globalThis[name][path]); };
    script.onerror = () => reject(new Error(`data/${path}.js can't be read: the folder is incomplete`));
    document.head.append(script);
  });
}

const MAX_CACHED = 8; // subjects whose figures stay in memory, so that going through many forces stays small

/** The figures of a mart and force, cached; the least recently used are dropped. */
async function figuresOf(force, mart) {
  const key = `${force}/${mart}`, figures = await load("pamFigures", key), cache = globalThis.pamFigures;
  delete cache[key];
  cache[key] = figures; // keys are in the order of their last use
  for (const old of Object.keys(cache).slice(0, -MAX_CACHED)) delete cache[old];
  return figures;
}

/** A positive number with so many decimal places, or with more where it would be 0: 0 is for a true zero alone, as in the report. */
function digitsOf(number, places) {
  let shown = places;
  while (number && shown < MAX_PLACES && !Number(number.toFixed(shown))) shown += 1;
  return number.toLocaleString("en-GB", { minimumFractionDigits: shown, maximumFractionDigits: shown });
}

/** Whether no figure is [z], by its status: files cover the period or a part of it, and nothing was counted or is there to divide by. */
const doesNotApply = (status) => status === "c" || status === "p";

/** A figure as the report prints it: `2,187`, `£1,431`, `32.6%`. Null is [x] or [z], never 0. */
function formatFigure(text, unit, status = "") {
  if (text === null) return doesNotApply(status) ? NOT_APPLICABLE : NOT_AVAILABLE;
  const number = Number(text);
  const places = PLACES[unit] ?? (Number.isInteger(number) ? 0 : unit === "gbp" ? 2 : 1);
  return `${number < 0 ? "−" : ""}${unit === "gbp" ? "£" : ""}${digitsOf(Math.abs(number), places)}${unit === "percent" ? "%" : ""}`;
}

const formatChange = (text, unit) => (text === null ? NOT_AVAILABLE : (Number(text) > 0 ? "+" : "") + formatFigure(text, unit));
const pointsOf = (unit) => (unit === "percent" ? "percentage_points" : unit);

/** A change in per cent. There is none from 0. */
const formatPercentChange = (row) => (row.pct_change === null ? (row.volume_change === null ? NOT_AVAILABLE : NOT_APPLICABLE) : formatChange(row.pct_change, "percent"));

/** A figure of a row, with [p] if files cover only part of the period. */
const formatValue = (row, field, unit) => formatFigure(row[field], unit, field === "value" ? row.status : "") + (field === "value" && row.status === "p" && row.value !== null ? " [p]" : "");

/** What a rate is made of: `45 of 78`. */
const madeOf = (row) => (row.denominator === null ? NOT_AVAILABLE : `${formatFigure(row.numerator, "count")} of ${formatFigure(row.denominator, "count")}`);

/** Whether a count is too small for a change in per cent, as in the report: 1 from 2 is `−50.0%`. */
const hasSmallSide = (row, unit) => unit === "count" && [row.value, row.prior_value].some((text) => text !== null && Math.abs(Number(text)) < contents.small);

/** A change on the year before: `+538 (+32.6%) on the year before`. */
function describeChange(row, unit) {
  if (row.volume_change === null) return "No complete figure of the year before to compare with";
  if (Number(row.volume_change) === 0) return "The same as the year before";
  const change = formatChange(row.volume_change, pointsOf(unit));
  if (unit === "percent") return `${change} percentage points on the year before`;
  if (row.pct_change === null) return `${change} on the year before, which was 0`;
  return hasSmallSide(row, unit) ? `${change} on the year before` : `${change} (${formatPercentChange(row)}) on the year before`;
}

/** How complete a row is: a letter of STATUS, `f` where its period has not begun. */
const stateOf = (row) => (row.status === "n" && contents.today && row.start > contents.today ? "f" : row.status);

/** Why a chart has no point for some periods, in a sentence. `what`: that they are grey, or a gap in a line. */
function gapNote(rows, what = "Grey") {
  const states = new Set(rows.filter((r) => r.value === null).map(stateOf));
  const why = [states.has("n") ? "not available" : "", [...states].some(doesNotApply) ? "not applicable" : "", states.has("f") ? "not begun" : ""].filter(Boolean);
  return why.length ? ` ${what} is ${[why.slice(0, -1).join(", "), why.at(-1)].filter(Boolean).join(" or ")}.` : "";
}

function day(iso) {
  return new Date(`${iso}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

/** The day after a day, as 2025-10-01. */
const dayAfter = (iso) => new Date(Date.parse(`${iso}T00:00:00Z`) + 86400000).toISOString().slice(0, 10);

/** The days that files of an extract cover, with their number where some in between are not: `607 of 1,461 days`. */
function coveredDays(e) {
  const days = (Date.parse(e.covered_to) - Date.parse(e.covered_from)) / 86400000 + 1;
  return `${day(e.covered_from)} to ${day(e.covered_to)}${e.covered_days < days ? `: ${e.covered_days.toLocaleString("en-GB")} of ${days.toLocaleString("en-GB")} days` : ""}`;
}

const count = (n, one, many) => (n === null || n === undefined ? "not known" : `${Number(n).toLocaleString("en-GB")} ${Number(n) === 1 ? one : many}`);
const listOf = (texts) => (texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`);
const lowerFirst = (text) => text.slice(0, 1).toLowerCase() + text.slice(1);
const upperFirst = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** The rows of a series for one kind of period. */
function rowsOf(figures, series, kind) {
  const packed = series?.[5][kind];
  if (!packed) return [];
  const columns = packed.slice(0, 6).map((text) => (text ? text.split(",") : null));
  const places = packed[7]?.split(",") ?? figures.periods[kind].keys();
  return Array.from(places, (place, n) => {
    const [start, end, label] = figures.periods[kind][place];
    const row = { start, end, label, status: packed[6][n], key: `${start}/${end}`, kind };
    NUMBERS.forEach((name, c) => { row[name] = columns[c]?.[n] || null; });
    return row;
  });
}

/** The control chart of a series: its baselines (`bases`) and its months (by `2025-10`); null if it has none. */
function controlOf(figures, series) {
  const rows = figures.charts.filter((c) => c[0] === series[0] && c[1] === series[1] && c[2] === series[2] && c[3] === series[3]);
  if (!rows.length) return null;
  const bases = [], months = new Map();
  for (const [, , , , start, end, mean, low, high, at, bits, variation, why] of rows) {
    const numbers = Array.isArray(at) ? at : Array.from(bits, (_, n) => at + n);
    const periods = numbers.map((p) => figures.periods.month[p]), notJudged = contents.notJudged[why] ?? "";
    if (mean !== null) bases.push({ start, end, mean, low, high, from: periods[0][0], to: periods.at(-1)[0], notJudged });
    periods.forEach(([first], n) => months.set(first.slice(0, 7), { rules: parseInt(bits[n], 16), variation: variation[n], mean, notJudged }));
  }
  return { bases, months };
}

/** Whether a month of a control chart is unusual, in words, or why it is not judged. */
function describeVariation(month) {
  if (!month) return "";
  if (month.notJudged) return month.notJudged;
  if (month.variation === "c") return "within normal variation";
  const high = month.variation === "h";
  const why = month.rules & 1 ? (high ? "above the upper limit" : "below the lower limit")
    : month.rules & 4 ? (high ? "seven or more months in a row rising" : "seven or more months in a row falling")
    : month.rules & 8 ? `two of three months near the ${high ? "upper" : "lower"} limit`
    : `seven or more months in a row ${high ? "above" : "below"} the mean`;
  return `unusually ${high ? "high" : "low"}: ${why}`;
}

/** Since when months are marked as one is: the first of those before it, never back over a month without a figure or with another mean. */
function firstAlike(rows, row, months) {
  const of = (r) => months.get(r.start.slice(0, 7)), own = of(row);
  let first = rows.indexOf(row);
  while (first > 0 && dayAfter(rows[first - 1].end) === rows[first].start && of(rows[first - 1])?.variation === own.variation && of(rows[first - 1]).mean === own.mean) first -= 1;
  return rows[first];
}

/** The row of the same period a year earlier, if there is one. */
function yearBefore(row, rows) {
  const back = (iso) => `${Number(iso.slice(0, 4)) - 1}${iso.slice(4, 7)}`;
  return rows.find((r) => r.start.slice(0, 7) === back(row.start) && r.end.slice(0, 7) === back(row.end));
}

/** The figure of the year before, with [p] if that year is only partly covered. */
function formatYearBefore(row, rows, unit) {
  const partial = row.prior_value !== null && yearBefore(row, rows)?.status === "p";
  return formatFigure(row.prior_value, unit, yearBefore(row, rows)?.status) + (partial ? " [p]" : "");
}

const latestOf = (rows) => rows.findLast((r) => r.status === "c" && r.value !== null);
const measureOf = (mart, measure) => contents.measures[`${mart}/${measure}`] ?? { title: measure, unit: "count", meaning: "", formula: "" };
const areaKey = (s) => `${s[2]}/${s[3]}`;
/** A category with its description: `92C Other drug offences`. */
const categoryWords = (category) => (category === "all" ? "All" : Object.hasOwn(contents.categories, category) ? `${category} ${contents.categories[category]}` : category);
const isUnknown = (s) => s[3] === "unknown";
const seriesTitle = (mart, s) => `${measureOf(mart, s[0]).title}${s[1] === "all" ? "" : `, ${categoryWords(s[1])}`}: ${s[4]}`;

/** The area that a measure opens on: the nearest to the whole force, by kind and then by name. */
function homeArea(series, force) {
  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const rank = (s) => { const n = contents.nearest.indexOf(s[2]); return (n < 0 ? contents.nearest.length : n) * 2 + (slug(s[4]) === force ? 0 : 1); };
  return [...series].sort((a, b) => rank(a) - rank(b) || a[4].localeCompare(b[4], "en-GB"))[0];
}

/** The page of a measure in the catalogue; empty if no catalogue is published. */
function catalogueOf(mart, measure) {
  const link = (contents.beside ?? []).find(([href]) => href.includes("/catalogue/"));
  const slug = (text) => text.replaceAll("_", "-");
  return link ? link[0].replace("index.html", `marts-${slug(mart)}.html#measure-${slug(measure)}`) : "";
}

/** What a chart or dialog says in print, away from its page: from which night it is, and whether its figures are made up. */
const originOf = () => `${contents.sample ? "Sample: all figures are made up. " : ""}PAM Warehouse, update ${contents.night.night_id ?? "not known"}.`;

/** A table: headings, and rows of cells. `isNumber`: whether a column, from 0, has numbers. */
function tableOf(caption, heads, rows, isNumber = () => false) {
  return createElement("table", [
    ...(caption ? [createElement("caption", caption)] : []),
    createElement("thead", createElement("tr", heads.map((h, n) => createElement("th", h, { scope: "col", ...(isNumber(n) ? { class: "n" } : {}) })))),
    createElement("tbody", rows.map((r) => createElement("tr", r.map((t, n) => createElement(n ? "td" : "th", t ?? "", { ...(n ? {} : { scope: "row" }), ...(isNumber(n) ? { class: "n" } : {}) }))))),
  ]);
}

/** A cell of a CSV. A text that a spreadsheet would read as a formula gets an apostrophe in front. */
function csvCell(value, isNumber) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = !isNumber && FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const HEADS = ["force_code", "area_type", "area_code", "area_name", "measure", "category", "period_type", "period_start", "period_end", "period_label", "unit"];

/** Figures as CSV, in the columns of the marts. `rows`: pairs of a series and a row of it. */
function csvOf(force, mart, rows) {
  const status = { c: "complete", p: "partial", n: "not_available" };
  const cells = rows.map(([s, r]) => [
    ...[force, s[2], s[3], s[4], s[0], s[1], r.kind, r.start, r.end, r.label, measureOf(mart, s[0]).unit].map((v) => csvCell(v)),
    ...NUMBERS.map((n) => csvCell(r[n], true)), status[r.status],
  ].join(","));
  return [[...HEADS, ...NUMBERS, "data_status"].join(","), ...cells].join("\r\n") + "\r\n";
}
