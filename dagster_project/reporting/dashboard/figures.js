// Figures and their words. Every number on the page is a number of the marts; what is null there is [x] or [z] here.
"use strict";

const known = globalThis.pamIndex;
const NUMBERS = ["value", "prior_value", "volume_change", "pct_change", "numerator", "denominator"];
const STATUS = { c: "complete", p: "provisional", n: "not available" };
const PLACES = { percent: 1, per_100k: 1, percentage_points: 1 };
const NOTHING = "[x]";
const NOT_APPLICABLE = "[z]";
const FORMULA = new RegExp(known.formula.starts, "u");
const NUMBER = new RegExp(`^(?:${known.formula.but})$`, "u");
const SMALL = 5; // a month: below it a control chart moves in jumps, as docs/reference/control-charts.md says
const FEW_A_MONTH = known.few; // a series with fewer a month on average is not judged, as in the report
const byId = (id) => document.getElementById(id);

/** An element with text in it, never markup: what an extract says stays what it says. */
function made(name, text, attributes = {}) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...[text ?? ""].flat());
  return element;
}

/** Load a script of data once: `data/<path>.js` puts `globalThis[name][path]` there. */
function load(name, path) {
  if (globalThis[name]?.[path]) return Promise.resolve(globalThis[name][path]);
  return new Promise((resolve, reject) => {
    const script = made("script", "", { src: `data/${path}.js` });
    script.onload = () => { script.remove(); resolve(globalThis[name][path]); };
    script.onerror = () => reject(new Error(`data/${path}.js can't be read: the folder is incomplete`));
    document.head.append(script);
  });
}

const HELD = 8; // subjects whose figures the page keeps: one that walks through many forces stays small

/** The figures of a mart and force. Of those read before, the ones not asked for the longest are let go. */
async function figuresOf(force, mart) {
  const key = `${force}/${mart}`, read = await load("pamFigures", key), held = globalThis.pamFigures;
  delete held[key];
  held[key] = read;
  for (const old of Object.keys(held).slice(0, -HELD)) delete held[old];
  return read;
}

/** A figure as the report prints it: `2,187`, `£1,431`, `32.6%`. Null is not available, and never 0. */
function spelled(text, unit, status = "") {
  // As the pack: files cover all of it, and there is nothing to divide by, or none was counted.
  if (text === null) return status === "c" ? NOT_APPLICABLE : NOTHING;
  const number = Number(text);
  const places = PLACES[unit] ?? (Number.isInteger(number) ? 0 : unit === "gbp" ? 2 : 1);
  const digits = Math.abs(number).toLocaleString("en-GB", { minimumFractionDigits: places, maximumFractionDigits: places });
  return `${number < 0 ? "−" : ""}${unit === "gbp" ? "£" : ""}${digits}${unit === "percent" ? "%" : ""}`;
}

const signed = (text, unit) => (text === null ? NOTHING : (Number(text) > 0 ? "+" : "") + spelled(text, unit));
const pointsOf = (unit) => (unit === "percent" ? "percentage_points" : unit);

/** A change in per cent. Between two figures of which the first is 0 there is none. */
const inPercent = (row) => (row.pct_change === null ? (row.volume_change === null ? NOTHING : NOT_APPLICABLE) : signed(row.pct_change, "percent"));

/** With [p] where files cover a part of the period. */
const marked = (row, field, unit) => spelled(row[field], unit, field === "value" ? row.status : "") + (field === "value" && row.status === "p" && row.value !== null ? " [p]" : "");

/** A change on the year before in words: `+538 (+32.6%)`. */
function changed(row, unit) {
  if (row.volume_change === null) return "No complete year before it to compare with";
  if (unit === "percent") return `${signed(row.volume_change, "percentage_points")} percentage points on the year before`;
  return `${signed(row.volume_change, unit)} (${inPercent(row)}) on the year before`;
}

function day(iso) {
  return new Date(`${iso}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

const count = (n, one, many) => `${Number(n ?? 0).toLocaleString("en-GB")} ${Number(n) === 1 ? one : many}`;
const lower = (text) => text.slice(0, 1).toLowerCase() + text.slice(1);

/** The rows of a series over one kind of period: those that the mart has. */
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

/** The control chart of a series: `bases`, and by month (`2025-10`) what the rules say; null where it has none. */
function controlOf(figures, series) {
  const rows = figures.charts.filter((c) => c[0] === series[0] && c[1] === series[1] && c[2] === series[2] && c[3] === series[3]);
  if (!rows.length) return null;
  const bases = [], months = new Map();
  for (const [, , , , start, end, mean, low, high, at, bits, variation] of rows) {
    const places = Array.isArray(at) ? at : Array.from(bits, (_, n) => at + n);
    const own = places.map((p) => figures.periods.month[p]), few = Number(mean) < FEW_A_MONTH;
    if (!few) bases.push({ start, end, mean, low, high, from: own[0][0], to: own.at(-1)[0] });
    own.forEach(([first], n) => months.set(first.slice(0, 7), {
      rules: parseInt(bits[n], 16), variation: few ? "c" : variation[n], mean, few,
    }));
  }
  return { bases, months };
}

/** What a control chart says of a month, in words that are the same for every measure. */
function verdict(month) {
  if (!month) return "";
  if (month.few) return "too few a month to tell";
  if (month.variation === "c") return "within normal variation";
  const high = month.variation === "h";
  const why = month.rules & 1 ? (high ? "above the upper limit" : "below the lower limit")
    : month.rules & 4 ? (high ? "seven or more months in a row rising" : "seven or more months in a row falling")
    : month.rules & 8 ? `two of three months near the ${high ? "upper" : "lower"} limit`
    : `seven or more months in a row ${high ? "above" : "below"} the mean`;
  return `unusually ${high ? "high" : "low"}: ${why}`;
}

/** The row of the same period a year earlier, where the mart has one. */
function yearBefore(row, rows) {
  const back = (iso) => `${Number(iso.slice(0, 4)) - 1}${iso.slice(4, 7)}`;
  return rows.find((r) => r.start.slice(0, 7) === back(row.start) && r.end.slice(0, 7) === back(row.end));
}

/** The figure of the year before, with [p] where that year is covered in part. */
function before(row, rows, unit) {
  const partial = row.prior_value !== null && yearBefore(row, rows)?.status === "p";
  return spelled(row.prior_value, unit, yearBefore(row, rows)?.status) + (partial ? " [p]" : "");
}

const latestOf = (rows) => rows.findLast((r) => r.status === "c" && r.value !== null);
const measureOf = (mart, measure) => known.measures[`${mart}/${measure}`] ?? { title: measure, unit: "count", meaning: "", formula: "" };
const areaKey = (s) => `${s[2]}/${s[3]}`;
/** A category with its words: `92C Other drug offences`. */
const categoryWords = (category) => (category === "all" ? "All" : Object.hasOwn(known.categories, category) ? `${category} ${known.categories[category]}` : category);
const isUnknown = (s) => s[3] === "unknown";
const seriesTitle = (mart, s) => `${measureOf(mart, s[0]).title}${s[1] === "all" ? "" : `, ${categoryWords(s[1])}`}: ${s[4]}`;

/** The area of a measure that is opened first: the nearest to the whole force, and of those the one with its name. */
function homeArea(series, force) {
  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const rank = (s) => { const n = known.nearest.indexOf(s[2]); return (n < 0 ? known.nearest.length : n) * 2 + (slug(s[4]) === force ? 0 : 1); };
  return [...series].sort((a, b) => rank(a) - rank(b) || a[4].localeCompare(b[4], "en-GB"))[0];
}

/** Where the catalogue tells of a measure; empty where none is published beside the page. */
function catalogueOf(mart, measure) {
  const at = (known.beside ?? []).find(([href]) => href.includes("/catalogue/"));
  const slug = (text) => text.replaceAll("_", "-");
  return at ? at[0].replace("index.html", `marts-${slug(mart)}.html#measure-${slug(measure)}`) : "";
}

/** A table: heads, and rows of cells. `numbers`: from which column on they are numbers, and to which. */
function tableOf(caption, heads, rows, isNumber = () => false) {
  return made("table", [
    ...(caption ? [made("caption", caption)] : []),
    made("thead", made("tr", heads.map((h, n) => made("th", h, { scope: "col", ...(isNumber(n) ? { class: "n" } : {}) })))),
    made("tbody", rows.map((r) => made("tr", r.map((t, n) => made(n ? "td" : "th", t ?? "", { ...(n ? {} : { scope: "row" }), ...(isNumber(n) ? { class: "n" } : {}) }))))),
  ]);
}

/** A cell of a CSV. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
function csvCell(value, isNumber) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = !isNumber && FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const HEADS = ["force_code", "area_type", "area_code", "area_name", "measure", "category", "period_type", "period_start", "period_end", "period_label", "unit"];

/** Figures as CSV, in the columns of the marts. `rows`: each a series and a row of it. */
function csvOf(force, mart, rows) {
  const status = { c: "complete", p: "partial", n: "not_available" };
  const cells = rows.map(([s, r]) => [
    ...[force, s[2], s[3], s[4], s[0], s[1], r.kind, r.start, r.end, r.label, measureOf(mart, s[0]).unit].map((v) => csvCell(v)),
    ...NUMBERS.map((n) => csvCell(r[n], true)), status[r.status],
  ].join(","));
  return [[...HEADS, ...NUMBERS, "data_status"].join(","), ...cells].join("\r\n") + "\r\n";
}
