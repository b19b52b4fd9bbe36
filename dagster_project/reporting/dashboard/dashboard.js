// What is picked, and what is shown of it. Every number on the page is a number of the marts; what is null there is [x] or [z] here.
"use strict";

const known = globalThis.pamIndex;
const NUMBERS = ["value", "prior_value", "volume_change", "pct_change", "numerator", "denominator"];
const STATUS = { c: "complete", p: "provisional", n: "not available" };
const PLACES = { percent: 1, per_100k: 1, percentage_points: 1 };
const NOTHING = "[x]";
const NOT_APPLICABLE = "[z]";
const FORMULA = new RegExp(known.formula.starts, "u");
const NUMBER = new RegExp(`^(?:${known.formula.but})$`, "u");
const byId = (id) => document.getElementById(id);
const pick = Object.fromEntries(["force", "mart", "measure", "category", "area", "kind", "period"].map((n) => [n, byId(n)]));
let figures = null; // of the picked mart and force
let shown = null; // what the page shows: for the download
let turn = 0; // a choice that comes while another's figures are read takes its place

/** An element with text in it, never markup: what an extract says stays what it says. */
function made(name, text, attributes = {}) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...[text ?? ""].flat());
  return element;
}

/** Fill a select: groups of [value, words]. Keeps `wanted` where it is there. */
function fill(select, groups, wanted) {
  select.replaceChildren(...Object.entries(groups).flatMap(([title, options]) => {
    const items = options.map(([value, words]) => made("option", words, { value }));
    return title ? [made("optgroup", items, { label: title })] : items;
  }));
  const values = [...select.options].map((o) => o.value);
  if (values.includes(wanted)) select.value = wanted;
  select.parentElement.hidden = values.length < 2;
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

/** With [p] where files cover a part of the period. */
const marked = (row, field, unit) => spelled(row[field], unit, field === "value" ? row.status : "") + (field === "value" && row.status === "p" && row.value !== null ? " [p]" : "");

function day(iso) {
  return new Date(`${iso}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

/** The rows of a series over one kind of period: those that the mart has. */
function rowsOf(series, kind) {
  const packed = series[5][kind];
  if (!packed) return [];
  const columns = packed.slice(0, 6).map((text) => (text ? text.split(",") : null));
  const places = packed[7]?.split(",") ?? figures.periods[kind].keys();
  return Array.from(places, (place, n) => {
    const [start, end, label] = figures.periods[kind][place];
    const row = { start, end, label, status: packed[6][n] };
    NUMBERS.forEach((name, c) => { row[name] = columns[c]?.[n] || null; });
    return row;
  });
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

const measureOf = () => known.measures[`${pick.mart.value}/${pick.measure.value}`] ?? { title: pick.measure.value, unit: "count", meaning: "", formula: "" };
const areaKey = (s) => `${s[2]}/${s[3]}`;
const seriesOf = () => figures.series.find((s) => s[0] === pick.measure.value && s[1] === pick.category.value && areaKey(s) === pick.area.value);

/** Load a mart's figures once. */
function load(force, mart) {
  const key = `${force}/${mart}`;
  if (globalThis.pamFigures?.[key]) return Promise.resolve(globalThis.pamFigures[key]);
  return new Promise((resolve, reject) => {
    const script = made("script", "", { src: `data/${key}.js` });
    script.onload = () => resolve(globalThis.pamFigures[key]);
    script.onerror = () => reject(new Error(`data/${key}.js can't be read: the folder is not whole`));
    document.head.append(script);
  });
}

function fillForces(wanted) {
  fill(pick.force, { "": known.forces.map((f) => [f.code, f.name]) }, wanted.force);
}

function fillMarts(wanted) {
  const marts = known.forces.find((f) => f.code === pick.force.value)?.marts ?? [];
  const order = Object.keys(known.marts).filter((m) => marts.includes(m));
  fill(pick.mart, { "": order.map((m) => [m, known.marts[m].title]) }, wanted.mart ?? "mart_drug_offences");
  pick.mart.parentElement.hidden = false;
}

function fillMeasures(wanted) {
  const order = Object.keys(known.measures).map((k) => k.split("/")).filter(([m]) => m === pick.mart.value).map(([, name]) => name);
  const there = new Set(figures.series.map((s) => s[0]));
  fill(pick.measure, { "": order.filter((m) => there.has(m)).map((m) => [m, known.measures[`${pick.mart.value}/${m}`].title]) }, wanted.measure);
}

function fillCategories(wanted) {
  const there = [...new Set(figures.series.filter((s) => s[0] === pick.measure.value).map((s) => s[1]))];
  there.sort((a, b) => (b === "all") - (a === "all") || a.localeCompare(b, "en-GB"));
  fill(pick.category, { "": there.map((c) => [c, c === "all" ? "All" : c]) }, wanted.category ?? "all");
}

function fillAreas(wanted) {
  const groups = {};
  for (const type of Object.keys(known.areaTypes)) {
    for (const s of figures.series) {
      if (s[0] === pick.measure.value && s[1] === pick.category.value && s[2] === type) (groups[known.areaTypes[type]] ??= new Map()).set(areaKey(s), s[4]);
    }
  }
  const sorted = Object.fromEntries(Object.entries(groups).map(([t, m]) => [t, [...m].sort((a, b) => (a[0].endsWith("/unknown") - b[0].endsWith("/unknown")) || a[1].localeCompare(b[1], "en-GB"))]));
  fill(pick.area, sorted, wanted.area);
}

function fillKinds(wanted) {
  const series = seriesOf();
  const there = Object.keys(known.kinds).filter((k) => series?.[5][k]);
  fill(pick.kind, { "": there.map((k) => [k, known.kinds[k]]) }, wanted.kind ?? "rolling_12_months");
}

function fillPeriods(wanted) {
  const series = seriesOf();
  const rows = series ? rowsOf(series, pick.kind.value).reverse() : [];
  const words = { c: "", p: " (provisional)", n: " (not available)" };
  fill(pick.period, { "": rows.map((r) => [`${r.start}/${r.end}`, r.label + words[r.status]]) }, wanted.period);
  const newest = rows.find((r) => r.status === "c" && r.value !== null) ?? rows[0];
  if (newest && pick.period.value !== wanted.period) pick.period.value = `${newest.start}/${newest.end}`;
}

const STEPS = [["force", fillForces], ["mart", fillMarts], ["measure", fillMeasures], ["category", fillCategories], ["area", fillAreas], ["kind", fillKinds], ["period", fillPeriods]];

/** Fill every select after `changed`, then show what is picked. What still can be picked stays picked. */
async function refill(changed, wanted) {
  const own = ++turn;
  const from = changed ? STEPS.findIndex(([name]) => name === changed) + 1 : 0;
  for (const [name, step] of STEPS.slice(from)) {
    if (name === "measure") {
      const read = await load(pick.force.value, pick.mart.value);
      if (own !== turn) return;
      figures = read;
    }
    step(wanted);
  }
  show();
}

const picked = () => Object.fromEntries(Object.entries(pick).map(([n, s]) => [n, s.value]));

function term(name, figure, more) {
  return made("div", [made("dt", name), made("dd", more ? [figure, made("small", more)] : figure)]);
}

function show() {
  const series = seriesOf(), measure = measureOf(), kind = pick.kind.value;
  const rows = series ? rowsOf(series, kind) : [];
  const row = rows.find((r) => `${r.start}/${r.end}` === pick.period.value);
  if (!row) return;
  const unit = measure.unit, split = pick.category.value === "all" ? "" : `, ${pick.category.value}`;
  shown = { series, rows, unit, kind };
  byId("download").disabled = false;
  const title = `${measure.title}${split}: ${series[4]}`;
  byId("title").textContent = `${title}, ${row.label}`;
  document.title = `${title}, ${row.label} - Dashboard${known.sample ? " (sample, made up)" : ""}`;
  byId("meaning").textContent = [measure.meaning, measure.formula].filter(Boolean).map((t) => `${t}.`).join(" ");
  headline(row, rows, unit);
  table(rows, row, unit, title);
  const points = trend(rows, row, unit, kind, title);
  years(series, row, unit, kind, title);
  byId("said").textContent = `${title}, ${row.label}: ${inWords(row, unit)}. ${points} periods in the table.`;
  const state = new URLSearchParams(picked());
  history.replaceState(null, "", `#${state}`);
}

function inWords(row, unit) {
  if (row.value === null) return row.status === "c" ? "no figure" : "not available";
  return spelled(row.value, unit) + (row.status === "p" ? ", provisional" : "");
}

function headline(row, rows, unit) {
  const status = { c: "complete", p: "provisional: files cover a part of its days", n: "no accepted file covers its days" }[row.status];
  const points = unit === "percent" ? "percentage_points" : unit;
  const why = row.status === "c" ? "no complete year before" : "this period is not complete";
  const change = row.volume_change === null ? NOTHING : (Number(row.volume_change) > 0 ? "+" : "") + spelled(row.volume_change, points);
  const per = row.pct_change === null ? (row.volume_change === null ? `not available: ${why}` : unit === "percent" ? "percentage points" : "") : `${Number(row.pct_change) > 0 ? "+" : ""}${spelled(row.pct_change, "percent")}`;
  byId("headline").replaceChildren(
    term(row.label, marked(row, "value", unit), status),
    term("The year before", before(row, rows, unit), row.prior_value === null ? "not available" : ""),
    term("Change", change, per),
    ...(row.denominator === null ? [] : [term("Made of", `${spelled(row.numerator, "count")} of ${spelled(row.denominator, "count")}`)]),
  );
}

function table(rows, row, unit, title) {
  const points = unit === "percent" ? "percentage_points" : unit;
  const heads = ["Period", "Figure", "The year before", unit === "percent" ? "Change, percentage points" : "Change", "Change, %", "Status"];
  const head = made("thead", made("tr", heads.map((h, n) => made("th", h, { scope: "col", class: n && n < 5 ? "n" : "" }))));
  const body = made("tbody", [...rows].reverse().map((r) => made("tr", [
    made("th", r.label, { scope: "row" }),
    made("td", marked(r, "value", unit), { class: "n" }),
    made("td", before(r, rows, unit), { class: "n" }),
    made("td", spelled(r.volume_change, points), { class: "n" }),
    made("td", r.pct_change === null ? (r.volume_change === null ? NOTHING : NOT_APPLICABLE) : spelled(r.pct_change, "percent"), { class: "n" }),
    made("td", STATUS[r.status]),
  ], r === row ? { class: "picked", "aria-current": "true" } : {})));
  byId("table").replaceChildren(made("table", [made("caption", `${title} (${known.kinds[pick.kind.value].toLowerCase()})`), head, body]));
  byId("shorthand").textContent = "[x] not available. [z] not applicable: nothing to divide by, or nothing was counted. [p] provisional: files cover a part of the period. 0 is a true zero. A change stands between two complete periods alone.";
}

/** A point as the charts take it. */
function point(r, unit, more) {
  return {
    label: r.label, day: `${r.end.slice(0, 8)}01`, y: r.value === null ? null : Number(r.value), said: marked(r, "value", unit), series: "This series",
    partial: r.status === "p", none: r.value === null, picked: false, run: "", ...more,
  };
}

const KEY = "Open points are provisional; grey is not available.";

function trend(rows, row, unit, kind, title) {
  const byMonth = !["financial_year", "calendar_year", "as_published"].includes(kind);
  // To-date figures begin anew each year: no line from one year to the next.
  const points = rows.map((r) => point(r, unit, { picked: r === row, run: kind.endsWith("to_date") ? r.start : "" }));
  const have = rows.filter((r) => r.value !== null);
  byId("trend-title").textContent = `Trend: ${title} (${known.kinds[kind].toLowerCase()})`;
  byId("trend-note").textContent = have.length
    ? `From ${marked(have[0], "value", unit)} (${have[0].label}) to ${marked(have.at(-1), "value", unit)} (${have.at(-1).label}). The large point is the one picked. ${KEY}`
    : "No figure is available.";
  draw("trend", have.length, (holder) => drawTrend(holder, points, unit, byMonth));
  return rows.length;
}

function years(series, row, unit, kind, title) {
  const all = rowsOf(series, "month");
  const at = new Map(all.map((r) => [r.end, r]));
  const last = all.findIndex((r) => r.end === row.end);
  const single = kind === "month" || kind === "rolling_12_months";
  const months = single ? all.slice(Math.max(0, last - 11), last + 1) : all.filter((r) => r.start >= row.start && r.end <= row.end);
  const names = ["This year", "The year before"];
  const points = months.flatMap((r) => {
    const month = new Date(`${r.start}T00:00:00Z`).toLocaleDateString("en-GB", { month: "short", timeZone: "UTC" });
    const earlier = yearBefore(r, all);
    return [point(r, unit, { month, series: names[0], none: false }), ...(earlier ? [point(earlier, unit, { month, series: names[1], none: false })] : [])];
  });
  const have = points.some((p) => p.y !== null) && at.size > 0;
  byId("years-title").textContent = `This year against last: ${title}, month by month`;
  byId("years-note").textContent = have
    ? `The months ${months[0].label} to ${months.at(-1).label}, and the same months a year earlier. A gap is not available; open points are provisional. Each month is in the table under the kind of period “Month”.`
    : kind === "as_published" ? "What others publish has no months." : "No month is available.";
  draw("years", have, (holder) => drawYears(holder, points, unit, names));
}

function draw(id, have, how) {
  const holder = byId(id);
  holder.hidden = !have;
  holder.replaceChildren();
  if (have) how(holder).catch((error) => { holder.textContent = `The chart can't be drawn: ${error.message}. Its figures are in the table.`; });
}

/** A cell of a CSV. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
function csvCell(value, isNumber) {
  const text = value === null ? "" : String(value);
  const safe = !isNumber && FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csv() {
  const { series, rows, unit, kind } = shown;
  const [measure, category, areaType, areaCode, areaName] = series;
  const heads = ["force_code", "area_type", "area_code", "area_name", "measure", "category", "period_type", "period_start", "period_end", "period_label", "unit"];
  const status = { c: "complete", p: "partial", n: "not_available" };
  const lines = rows.map((r) => [
    ...[pick.force.value, areaType, areaCode, areaName, measure, category, kind, r.start, r.end, r.label, unit].map((v) => csvCell(v)),
    ...NUMBERS.map((n) => csvCell(r[n], true)), status[r.status],
  ].join(","));
  return [[...heads, ...NUMBERS, "data_status"].join(","), ...lines].join("\r\n") + "\r\n";
}

function download() {
  const link = made("a", "", { download: `${[known.sample ? "SAMPLE" : "", pick.force.value, pick.measure.value, pick.category.value, pick.area.value, pick.kind.value].filter(Boolean).join("-").replace(/[^A-Za-z0-9_-]+/g, "_")}.csv` });
  link.href = URL.createObjectURL(new Blob(["\ufeff", csv()], { type: "text/csv" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** A table of the night: heads, and a row an object. */
function listed(heads, rows, cells) {
  return made("table", [made("thead", made("tr", heads.map((h) => made("th", h, { scope: "col" })))),
    made("tbody", rows.map((r) => made("tr", cells(r).map((t, n) => made(n ? "td" : "th", t ?? "", n ? {} : { scope: "row" })))))]);
}

function showNight() {
  const night = known.night, count = (n, one, many) => `${Number(n ?? 0).toLocaleString("en-GB")} ${Number(n) === 1 ? one : many}`;
  const late = known.extracts.filter((e) => e.status !== "current" && e.status !== "not sent");
  byId("sample").hidden = !known.sample;
  byId("night").textContent = night.night_id ? `Figures of the night ${night.night_id}, begun on ${day(night.started_at.slice(0, 10))} at ${night.started_at.slice(11, 16)} UTC` : "No night is known.";
  byId("status").replaceChildren(
    term("Outcome", night.outcome ?? "not known", night.reason),
    term("Files accepted", count(night.files_accepted, "file", "files"), `${Number(night.files_held ?? 0)} held, ${Number(night.files_refused ?? 0)} refused`),
    term("Rows landed", count(night.rows_landed, "row", "rows"), `${Number(night.rows_quarantined ?? 0).toLocaleString("en-GB")} in quarantine`),
    term("Figures", count(night.figures, "figure", "figures"), count(night.warnings, "warning", "warnings")),
  );
  byId("beside").replaceChildren(...(known.beside ?? []).map(([href, words]) => made("li", [made("a", words, { href })])));
  byId("warnings").querySelector("summary").textContent = `Warnings: ${known.warnings.length}`;
  byId("warnings").querySelector("div").replaceChildren(listed(["Subject", "Rule", "Found", "Why it matters", "What to do"], known.warnings, (w) => [w.subject, w.rule, w.found, w.reason, w.advice]));
  byId("extracts").querySelector("summary").textContent = `Extracts: ${known.extracts.length - late.length} current, ${late.length} late or never dropped`;
  byId("extracts").querySelector("div").replaceChildren(listed(["Extract", "Force", "Status", "Covered from", "Covered to", "Rows"], known.extracts, (e) => [e.title, e.force_code, e.status, e.covered_from ? day(e.covered_from) : "", e.covered_to ? day(e.covered_to) : "", Number(e.rows_current ?? 0).toLocaleString("en-GB")]));
}

/** Say what is wrong, and leave nothing of what was picked before. */
function failed(error) {
  shown = null;
  byId("title").textContent = "The figures can't be shown";
  byId("meaning").textContent = byId("said").textContent = error.message;
  for (const id of ["headline", "table", "trend", "years", "trend-title", "trend-note", "years-title", "years-note"]) byId(id).replaceChildren();
  byId("download").disabled = true;
}

showNight();
if (known.forces.length) {
  const fromAddress = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  for (const [name, select] of Object.entries(pick)) {
    select.addEventListener("change", () => refill(name, { ...picked(), period: name === "period" || name === "area" || name === "category" ? pick.period.value : "" }).catch(failed));
  }
  addEventListener("hashchange", () => refill("", fromAddress()).catch(failed));
  byId("download").addEventListener("click", download);
  byId("pick").addEventListener("submit", (event) => event.preventDefault());
  refill("", fromAddress()).catch(failed);
} else {
  failed(new Error("No night has published a figure yet."));
  byId("pick").hidden = true;
}
