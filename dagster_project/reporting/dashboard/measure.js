// One measure: its figure and change, its charts, its areas, and all of its figures.
"use strict";

const selects = Object.fromEntries(["mart", "measure", "category", "area", "kind", "period", "show"].map((n) => [n, byId(n)]));
let figures = null; // of the selected mart and force
let outlines = []; // of the force's areas, if there are any
let current = null; // what the page shows

/** Fill a select with groups of [value, words], and select `wanted` if it is among them. */
function fill(select, groups, wanted) {
  select.replaceChildren(...Object.entries(groups).flatMap(([title, options]) => {
    const items = options.map(([value, words]) => createElement("option", words, { value }));
    return title ? [createElement("optgroup", items, { label: title })] : items;
  }));
  const values = [...select.options].map((o) => o.value);
  if (values.includes(wanted)) select.value = wanted;
  select.parentElement.hidden = values.length < 2;
}

const ofMeasure = () => figures.series.filter((s) => s[0] === selects.measure.value);
const seriesOf = () => ofMeasure().find((s) => s[1] === selects.category.value && areaKey(s) === selects.area.value);
const byWords = (a, b) => a.localeCompare(b, "en-GB");

function fillMarts(wanted) {
  const force = contents.forces.find((f) => f.code === wanted.force);
  fill(selects.mart, { "": Object.keys(contents.marts).filter((m) => force.marts.includes(m)).map((m) => [m, contents.marts[m].title]) }, wanted.mart);
}

function fillMeasures(wanted) {
  const available = new Set(figures.series.map((s) => s[0]));
  const listed = Object.keys(contents.measures).filter((k) => k.startsWith(`${selects.mart.value}/`)).map((k) => k.split("/")[1]);
  fill(selects.measure, { "": [...listed.filter((m) => available.has(m)), ...[...available].filter((m) => !listed.includes(m))].map((m) => [m, measureOf(selects.mart.value, m).title]) }, wanted.measure);
}

function fillCategories(wanted) {
  const available = [...new Set(ofMeasure().map((s) => s[1]))].sort((a, b) => (b === "all") - (a === "all") || byWords(a, b));
  fill(selects.category, { "": available.map((c) => [c, categoryWords(c)]) }, wanted.category ?? "all");
}

function fillAreas(wanted) {
  const own = ofMeasure().filter((s) => s[1] === selects.category.value), groups = {};
  for (const type of Object.keys(contents.areaTypes)) {
    const available = own.filter((s) => s[2] === type).sort((a, b) => isUnknown(a) - isUnknown(b) || byWords(a[4], b[4]));
    if (available.length) groups[contents.areaTypes[type]] = [...new Map(available.map((s) => [areaKey(s), s[4]]))];
  }
  const home = areaKey(homeArea(own, wanted.force));
  fill(selects.area, groups, own.some((s) => areaKey(s) === wanted.area) ? wanted.area : home);
}

function fillKinds(wanted) {
  const available = Object.keys(contents.kinds).filter((k) => seriesOf()?.[5][k]);
  fill(selects.kind, { "": available.map((k) => [k, contents.kinds[k]]) }, wanted.kind ?? "month");
}

function fillPeriods(wanted) {
  const rows = rowsOf(figures, seriesOf(), selects.kind.value), words = (r) => (r.status === "c" ? "" : ` (${STATUS[stateOf(r)]})`);
  fill(selects.period, { "": [...rows].reverse().map((r) => [r.key, r.label + words(r)]) }, wanted.period);
  const newest = latestOf(rows) ?? rows.findLast((r) => stateOf(r) !== "f") ?? rows.at(-1);
  if (newest && selects.period.value !== wanted.period) selects.period.value = newest.key;
}

/** The ways to draw the selection. A measure that is a breakdown opens as one: another measure has its total. */
function fillWays(wanted) {
  const split = categoriesOf().length > 1, areas = areaTypesOf().length > 0;
  const ways = [
    ["trend", "Trend"], ...(seriesOf()?.[5].month ? [["years", "Year on year, by month"]] : []),
    ...(split ? [["categories", "Categories, as lines"]] : []), ...(split && measureOf(selects.mart.value, selects.measure.value).adds ? [["stacked", "Categories, stacked"]] : []),
    ...(areas ? [["units", "Each area by itself"]] : []),
  ];
  fill(selects.show, { "": ways }, wanted.show ?? (selects.measure.value.includes("_by_") && split ? "categories" : "trend"));
}

const STEPS = [["mart", fillMarts], ["measure", fillMeasures], ["category", fillCategories], ["area", fillAreas], ["kind", fillKinds], ["period", fillPeriods], ["show", fillWays]];

const categoriesOf = () => ofMeasure().filter((s) => s[1] !== "all" && areaKey(s) === selects.area.value && s[5][selects.kind.value]);
/** Kinds of area with two or more areas to compare. */
function areaTypesOf() {
  const own = ofMeasure().filter((s) => s[1] === selects.category.value && s[5][selects.kind.value]);
  return Object.keys(contents.areaTypes).filter((t) => own.filter((s) => s[2] === t).length > 1);
}

async function showMeasure(state) {
  fillMarts(state);
  const [read, drawn] = await Promise.all([figuresOf(state.force, selects.mart.value), contents.outlined.includes(state.force) ? load("pamOutlines", `${state.force}/outlines`) : []]);
  return () => {
    [figures, outlines] = [read, drawn];
    for (const [, step] of STEPS.slice(1)) step(state);
    byId("limits").checked = state.limits !== "off";
    showPicked(state);
  };
}

function definition(name, figure, more) {
  return createElement("div", [createElement("dt", name), createElement("dd", more ? [figure, createElement("small", more)] : figure)]);
}

function showPicked(state) {
  const series = seriesOf(), mart = selects.mart.value, kind = selects.kind.value, measure = measureOf(mart, selects.measure.value), { unit } = measure;
  const rows = rowsOf(figures, series, kind), row = rows.find((r) => r.key === selects.period.value);
  if (!row) return;
  const control = kind === "month" ? controlOf(figures, series) : null;
  current = { force: state.force, mart, series, rows, row, unit, kind, control, title: seriesTitle(mart, series), limits: byId("limits").checked && control };
  byId("limits").parentElement.hidden = !control || selects.show.value !== "trend";
  byId("title").textContent = `${current.title}, ${row.label}`;
  document.title = `${current.title}, ${row.label} - Dashboard${contents.sample ? " (sample, made up)" : ""}`;
  const catalogue = catalogueOf(mart, series[0]);
  byId("meaning").replaceChildren([measure.meaning, measure.formula].filter(Boolean).map((t) => `${t}. `).join(""), ...(catalogue ? [createElement("a", "More in the catalogue", { href: catalogue })] : []));
  headline(row, rows, unit, control);
  const main = byId("main-chart"), areas = byId("area-chart");
  clear(main);
  main.append(({ trend: trendFigure, years: yearsFigure, categories: () => categoriesFigure(false), stacked: () => categoriesFigure(true), units: unitsFigure })[selects.show.value]());
  clear(areas);
  const types = areaTypesOf();
  areas.parentElement.hidden = !types.length;
  if (types.length) areasFigure(areas, types, state);
  table(rows, row, unit, current.title);
  byId("announcement").textContent = `${current.title}, ${row.label}: ${describeFigure(row, unit)}. ${describeVariation(control?.months.get(row.start.slice(0, 7)))} ${rows.length} periods in the table.`;
}

function describeFigure(row, unit) {
  if (row.value === null) return doesNotApply(row.status) ? "no figure" : stateOf(row) === "f" ? "not begun" : "not available";
  return formatFigure(row.value, unit) + (row.status === "p" ? ", provisional" : "");
}

const evidenceOf = (row, series = current.series) => showEvidence(current.force, current.mart, figures, series, row);

/** A figure as a button that shows its evidence. */
function evidenceButton(text, row, series) {
  const button = createElement("button", text, { type: "button", class: "evidence", "aria-label": `${text}, ${row.label}: evidence` });
  button.addEventListener("click", () => evidenceOf(row, series));
  return button;
}

function headline(row, rows, unit, control) {
  const status = row.status === "c" ? "Complete" : upperFirst(COMPLETENESS[stateOf(row)]);
  const why = row.status !== "c" ? `this period ${stateOf(row) === "f" ? "has not begun" : "is not complete"}` : row.value === null ? "this period has no figure" : "no complete figure of the year before";
  const change = row.volume_change === null ? NOT_AVAILABLE : formatChange(row.volume_change, pointsOf(unit));
  const per = row.volume_change === null ? `not available: ${why}` : unit === "percent" ? "percentage points" : row.pct_change === null || hasSmallSide(row, unit) ? "" : formatPercentChange(row);
  const month = control?.months.get(row.start.slice(0, 7));
  byId("headline").replaceChildren(
    definition(row.label, evidenceButton(formatValue(row, "value", unit), row), `${status}. Select the figure for its evidence`),
    definition("The year before", formatYearBefore(row, rows, unit), row.prior_value !== null ? "" : doesNotApply(yearBefore(row, rows)?.status) ? "not applicable" : "not available"),
    definition("Change", change, per),
    ...(month ? [definition("Is it unusual?", month.notJudged ? "Not known" : month.variation === "c" ? "No" : "Yes", `${describeVariation(month)}${unit === "count" && !month.notJudged && Number(month.mean) < SMALL ? `. Small numbers: under ${SMALL} a month on average` : ""}`)] : []),
    ...(row.denominator === null ? [] : [definition("Made of", madeOf(row))]),
  );
}

function table(rows, row, unit, title) {
  const heads = ["Period", "Figure", "The year before", unit === "percent" ? "Change, percentage points" : "Change", "Change, %", "Status", ...(current?.control ? ["Is it unusual?"] : [])];
  const head = createElement("thead", createElement("tr", heads.map((h, n) => createElement("th", h, { scope: "col", class: n && n < 5 ? "n" : "" }))));
  const body = createElement("tbody", [...rows].reverse().map((r) => createElement("tr", [
    createElement("th", r.label, { scope: "row" }),
    createElement("td", current ? evidenceButton(formatValue(r, "value", unit), r) : formatValue(r, "value", unit), { class: "n" }),
    createElement("td", formatYearBefore(r, rows, unit), { class: "n" }),
    createElement("td", formatChange(r.volume_change, pointsOf(unit)), { class: "n" }),
    createElement("td", formatPercentChange(r), { class: "n" }),
    createElement("td", STATUS[stateOf(r)]),
    ...(current?.control ? [createElement("td", describeVariation(current.control.months.get(r.start.slice(0, 7))), { class: "why" })] : []),
  ], r === row ? { class: "picked", "aria-current": "true" } : {})));
  byId("table").replaceChildren(createElement("table", [createElement("caption", `${title} (${contents.kinds[selects.kind.value].toLowerCase()})`), head, body]));
  byId("shorthand").textContent = "[x] not available. [z] not applicable: nothing to divide by, or nothing was counted. [p] provisional: files cover a part of the period. 0 is a true zero. A change is shown only between two complete periods.";
}

const nameOf = (...parts) => fileName(current.force, selects.measure.value, selects.category.value, selects.area.value, selects.kind.value, ...parts);
const picksPeriod = (rows) => ({ key }) => { const row = rows.find((r) => r.key === key); if (row) evidenceOf(row); };
/** How many periods are not complete, in a sentence. */
const incompleteNote = (rows) => { const n = rows.filter((r) => r.status === "p" && r.value !== null).length; return n ? ` ${count(n, "period is", "periods are")} not complete: open points, which no line joins.` : ""; };

function limitsNote({ bases }) {
  if (!bases.length) return "Too few a month, or too few changes, for a mean and limits.";
  const inWords = (b) => ["low", "high"].filter((end) => isReachable(b[end], current.unit)).map((end) => `${end === "low" ? "lower" : "upper"} limit ${formatFigure(b[end], current.unit)}`);
  return bases.map((b) => `${[`Mean ${formatFigure(b.mean, current.unit)}`, ...inWords(b)].join(", ")}, worked out from the months ${day(b.start)} to ${day(b.end)}.${b.notJudged ? ` ${upperFirst(b.notJudged)}.` : ""}`).join(" ");
}

function trendFigure() {
  const { rows, row, unit, kind, title, control, limits } = current;
  const points = rows.map((r) => {
    const month = limits && control.months.get(r.start.slice(0, 7));
    return pointOf(r, unit, { picked: r === row, mark: month && month.variation !== "c" ? month.variation : "", verdict: month ? describeVariation(month) : "" });
  });
  const complete = rows.filter((r) => r.status === "c" && r.value !== null), odd = points.filter((p) => p.mark).length;
  return chartFigure({
    id: "trend", title: trendTitle(), name: nameOf(), spec: (width) => trendSpec(points, unit, kind, limits, { width }), onPoint: picksPeriod(rows),
    note: complete.length ? `From ${formatFigure(complete[0].value, unit)} (${complete[0].label}) to ${formatFigure(complete.at(-1).value, unit)} (${complete.at(-1).label}).${limits ? ` ${limitsNote(limits)}${odd ? ` Triangles mark ${count(odd, "unusual month", "unusual months")}.` : limits.bases.some((b) => !b.notJudged) ? " No month is unusual." : ""}` : ""}${incompleteNote(rows)}${gapNote(rows)} The large point is the one picked.` : `No complete figure is available.${incompleteNote(rows)}`,
    csv: () => csvOf(current.force, current.mart, rows.map((r) => [current.series, r])),
  });

  /** Whether the newest complete month is unusual, and since when. */
  function trendTitle() {
    const newest = latestOf(rows), month = control && newest && control.months.get(newest.start.slice(0, 7));
    if (!month) return `${title} (${contents.kinds[kind].toLowerCase()})`;
    if (month.notJudged) return `${title}: ${month.notJudged}`;
    if (month.variation === "c") return `${title}: ${newest.label} is within normal variation`;
    const first = firstAlike(rows, newest, control.months);
    return `${title}: unusually ${month.variation === "h" ? "high" : "low"} ${first === newest ? "in" : "since"} ${first.label}`;
  }
}

const YEARS_SHOWN = 4;

function yearsFigure() {
  const { unit, title, series, row } = current;
  const yearOf = (r) => { const y = Number(r.start.slice(0, 4)) - (r.start.slice(5, 7) < "04" ? 1 : 0); return `${y}/${String(y + 1).slice(2)}`; };
  const all = rowsOf(figures, series, "month");
  const years = [...new Set(all.filter((r) => r.start <= row.end && r.value !== null).map(yearOf))].slice(-YEARS_SHOWN).reverse();
  const rows = all.filter((r) => years.includes(yearOf(r)));
  const order = ["Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar"];
  const points = rows.map((r) => pointOf(r, unit, { month: r.label.slice(0, 3), series: yearOf(r), run: yearOf(r), none: false }));
  const x = { field: "month", type: "ordinal", scale: { domain: order }, axis: { labelAngle: 0 } };
  return chartFigure({
    id: "trend", title: `${title}: months of ${years.length > 1 ? `${years.at(-1)} to ${years[0]}` : years[0] ?? "no year"}, year on year`, name: nameOf("years"),
    spec: (width) => linesSpec(points, unit, years, x, width), onPoint: picksPeriod(rows),
    note: `Financial years, the newest ${YEARS_SHOWN} at most up to the picked period.${gapNote(rows, "A gap")}${incompleteNote(rows)}`,
    csv: () => csvOf(current.force, current.mart, rows.map((r) => [series, r])),
    table: () => tableOf("", ["Month", ...years], order.map((m) => [m, ...years.map((y) => { const r = rows.find((one) => yearOf(one) === y && one.label.startsWith(m)); return r ? formatValue(r, "value", unit) : NOT_AVAILABLE; })]), (i) => i > 0),
  });
}

const MOST = 6; // colours that can be told apart

function categoriesFigure(stacked) {
  const { unit, kind, title, force, mart } = current;
  const entries = categoriesOf().map((s) => ({ s, words: categoryWords(s[1]), rows: rowsOf(figures, s, kind) }));
  const total = (h) => h.rows.reduce((sum, r) => sum + (r.status === "c" && r.value !== null ? Number(r.value) : 0), 0);
  entries.sort((a, b) => total(b) - total(a) || byWords(a.words, b.words));
  const largest = entries.length > MOST && stacked ? entries.slice(0, MOST - 1) : entries.slice(0, MOST), rest = entries.slice(largest.length);
  const points = largest.flatMap(({ words, rows }, order) => rows.map((r) => pointOf(r, unit, { series: words, order, run: kind.endsWith("to_date") ? r.start : "" })));
  const names = largest.map((h) => h.words), others = `${rest.length} others`;
  if (stacked && rest.length) {
    names.push(others);
    for (const r of rest[0].rows) {
      const same = rest.map((h) => h.rows.find((o) => o.key === r.key));
      if (same.every((o) => o?.status === "c" && o.value !== null)) {
        const sum = String(same.reduce((n, o) => n + Number(o.value), 0));
        points.push(pointOf({ ...r, value: sum }, unit, { series: others, order: largest.length }));
      }
    }
  }
  const first = entries[0].rows;
  return chartFigure({
    id: "trend", title: `${title.replace(/^([^:]*?), [^:]*:/, "$1:")} by category, ${stacked ? "stacked" : "as lines"} (${contents.kinds[kind].toLowerCase()})`, name: nameOf("categories"),
    spec: (width) => (stacked ? stackedSpec(points, unit, names, kind, width) : linesSpec(points, unit, names, xOf(kind), width)),
    onPoint: ({ series, key }) => { const one = entries.find((h) => h.words === series); const r = one?.rows.find((o) => o.key === key); if (r) evidenceOf(r, one.s); },
    note: `${rest.length ? (stacked ? `The ${largest.length} largest by themselves, and ${rest.length} others together. ` : `The ${largest.length} largest; the table has ${rest.length} more. `) : ""}${stacked ? "Only complete periods have a bar: the others are grey." : `${gapNote(largest.flatMap((h) => h.rows), "A gap")}${incompleteNote(first)}`}`,
    csv: () => csvOf(force, mart, entries.flatMap((h) => h.rows.map((r) => [h.s, r]))),
    table: () => tableOf("", ["Period", ...entries.map((h) => h.words)], [...first].reverse().map((r) => [r.label, ...entries.map((h) => { const o = h.rows.find((one) => one.key === r.key); return o ? formatValue(o, "value", unit) : NOT_AVAILABLE; })]), (i) => i > 0),
  });
}

/** The series of the selection for every area of a kind. */
const areasOf = (type) => ofMeasure().filter((s) => s[1] === selects.category.value && s[2] === type && s[5][selects.kind.value]).sort((a, b) => isUnknown(a) - isUnknown(b) || byWords(a[4], b[4]));

function comparedType(state, types = areaTypesOf()) {
  const own = current.series[2];
  return types.includes(state?.by) ? state.by : types.includes(own) ? own : types.includes("lpu") ? "lpu" : types[0];
}

function unitsFigure() {
  const { unit, kind, force, mart } = current, type = comparedType(readState());
  const entries = areasOf(type).map((s) => ({ s, rows: rowsOf(figures, s, kind) }));
  const points = entries.flatMap(({ s, rows }) => rows.map((r) => pointOf(r, unit, { area: s[4] })));
  const title = `${measureOf(mart, selects.measure.value).title}${selects.category.value === "all" ? "" : `, ${categoryWords(selects.category.value)}`}: ${lowerFirst(contents.areaTypes[type])}, each by itself (${contents.kinds[kind].toLowerCase()})`;
  return chartFigure({
    id: "trend", title, name: nameOf("areas"), spec: (width) => unitsSpec(points, unit, entries.map((h) => h.s[4]), kind, width),
    onPoint: ({ area, key }) => { const one = entries.find((h) => h.s[4] === area); const r = one?.rows.find((o) => o.key === key); if (r) evidenceOf(r, one.s); },
    note: `One scale for all.${gapNote(entries.flatMap((h) => h.rows))}${incompleteNote(entries[0].rows)}`,
    csv: () => csvOf(force, mart, entries.flatMap((h) => h.rows.map((r) => [h.s, r]))),
    table: () => tableOf("", ["Period", ...entries.map((h) => h.s[4])], [...entries[0].rows].reverse().map((r) => [r.label, ...entries.map((h) => { const o = h.rows.find((one) => one.key === r.key); return o ? formatValue(o, "value", unit) : NOT_AVAILABLE; })]), (i) => i > 0),
  });
}

/** Areas ranked for the selected period: by figure, or by rate if the home has a list of population. */
function areasFigure(holder, types, state) {
  const { row, unit, force, mart, kind } = current, type = comparedType(state, types);
  fill(byId("by"), { "": types.map((t) => [t, contents.areaTypes[t]]) }, type);
  const entries = areasOf(type).map((s) => ({ s, rows: rowsOf(figures, s, kind), people: contents.population[`${force}/${areaKey(s)}`] }))
    .map((h) => ({ ...h, r: h.rows.find((r) => r.key === row.key) })).filter((h) => h.r);
  const canRate = unit === "count" && entries.some((h) => h.people), rated = canRate && state.rate === "yes";
  byId("rate").parentElement.hidden = !canRate;
  byId("rate").checked = rated;
  byId("by").form.hidden = types.length < 2 && !canRate;
  const rateOf = ({ r, people }) => (r.value === null || !people ? null : (1000 * Number(r.value)) / people[0]);
  const inRate = (y) => (y === null ? NOT_AVAILABLE : digitsOf(y, 2));
  const ranked = entries.map((h) => ({ ...h, y: rated ? rateOf(h) : h.r.value === null ? null : Number(h.r.value) }));
  ranked.sort((a, b) => isUnknown(a.s) - isUnknown(b.s) || (a.y === null) - (b.y === null) || b.y - a.y || byWords(a.s[4], b.s[4]));
  const textOf = (h) => (rated ? inRate(h.y) + (h.r.status === "p" && h.y !== null ? " [p]" : "") : formatValue(h.r, "value", unit));
  const bars = ranked.map((h) => ({ area: h.s[4], y: h.y, at: h.y ?? 0, text: textOf(h), picked: areaKey(h.s) === selects.area.value, key: h.r.key }));
  const texts = ranked.map(textOf), made = entries.some((h) => h.r.denominator !== null);
  const as = rated ? "rate per 1,000 people" : "figure", people = [...new Set(entries.flatMap((h) => (h.people ? [h.people[1]] : [])))].join("; ");
  // Searches of people of one ethnicity are not per 1,000 people of it.
  const ofEvery = selects.category.value === "all" ? "" : " for all people of the area, not those of the category alone";
  const marked = ranked.find((h) => areaKey(h.s) === selects.area.value); // a colour alone must not say which
  const known = ranked.filter((h) => h.y !== null && !isUnknown(h.s)), top = known.filter((h) => h.y === known[0].y);
  holder.append(chartFigure({
    id: "areas", title: `${contents.areaTypes[type]} by ${as}: ${measureOf(mart, selects.measure.value).title}${selects.category.value === "all" ? "" : `, ${categoryWords(selects.category.value)}`}, ${row.label}`, name: nameOf(rated ? "areas-rate" : "areas"),
    spec: (width) => rankSpec(bars, rated ? "rate" : unit, width),
    onPoint: ({ area }) => { const h = ranked.find((one) => one.s[4] === area); if (h) evidenceOf(h.r, h.s); },
    note: `${marked && marked.y !== null ? `Orange is ${marked.s[4]}, the area picked. ` : ""}${top.length ? `Highest: ${top.length === 1 ? top[0].s[4] : top.length > 3 ? `${top.length} areas` : listOf(top.map((h) => h.s[4]))}, ${textOf(top[0])}${top.length > 1 ? " each" : ""}. ` : "No figure is available. "}${made ? "The table has the numbers that each is made of: a few can make a high or low one. " : ""}${rated ? `Worked out on this page${ofEvery}; people: ${people}. ` : ""}${{ p: "The period is not complete. ", f: "The period has not begun. " }[stateOf(row)] ?? ""}${texts.some((t) => t.startsWith(NOT_AVAILABLE)) ? `[x] is not available${rated ? ", or the force's list of people lacks the area" : ""}. ` : ""}${texts.some((t) => t.startsWith(NOT_APPLICABLE)) ? "[z] is not applicable." : ""}`,
    csv: () => csvOf(force, mart, ranked.map((h) => [h.s, h.r])),
    table: () => tableOf("", ["Area", "Figure", "The year before", "Change", "Change, %", ...(made ? ["Made of"] : []), ...(canRate ? ["Per 1,000 people"] : [])], ranked.map(({ s, r, rows, people: p }) => [s[4], evidenceButton(formatValue(r, "value", unit), r, s), formatYearBefore(r, rows, unit), formatChange(r.volume_change, pointsOf(unit)), formatPercentChange(r), ...(made ? [madeOf(r)] : []), ...(canRate ? [inRate(rateOf({ r, people: p }))] : [])]), (i) => i > 0),
  }));
  const shapes = outlines.filter((o) => o.type === type).flatMap((o) => {
    const h = ranked.find((one) => one.s[3] === o.code);
    return h ? [{ type: "Feature", geometry: o.geometry, area: h.s[4], y: h.y, text: textOf(h), picked: areaKey(h.s) === selects.area.value, key: h.r.key }] : [];
  });
  shapes.sort((a, b) => a.picked - b.picked); // the selected one last, so that its edge is on top
  if (shapes.length) {
    const sources = [...new Set(outlines.filter((o) => o.type === type).map((o) => o.source).filter(Boolean))].join(" ");
    const missing = ranked.filter((h) => !isUnknown(h.s)).length - shapes.length;
    holder.append(chartFigure({
      id: "map", title: `Map of ${lowerFirst(contents.areaTypes[type])} by ${as}: ${measureOf(mart, selects.measure.value).title}, ${row.label}`, name: nameOf("map"),
      spec: (width) => mapSpec(shapes, rated ? "rate" : unit, rated ? "Per 1,000 people" : measureOf(mart, selects.measure.value).title, width),
      onPoint: ({ area }) => { const h = ranked.find((one) => one.s[4] === area); if (h) evidenceOf(h.r, h.s); },
      note: `${shapes.some((s) => s.picked) ? `The thick edge is ${marked.s[4]}, the area picked. ` : ""}Darker is more${rated || unit !== "count" ? "" : "; a count is higher where more people are"}.${shapes.some((s) => s.y === null) ? gapNote(rated ? [{ value: null, status: "n" }] : ranked.map((h) => h.r)) : ""}${missing ? ` ${count(missing, "area has", "areas have")} no outline.` : ""} The table above has the figures.${sources ? ` Outlines: ${sources}` : ""}`,
    }));
  }
}
