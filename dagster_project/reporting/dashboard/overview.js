// The first page: the headline measures of a force, whether each is unusual, and how complete it is.
"use strict";

/** The cards of a force: one for each measure, in the order of the subjects. */
async function overviewOf(force) {
  const figures = await load("pamOverview", `${force}/overview`);
  return Object.keys(contents.marts).filter((m) => figures[m]).flatMap((mart) => {
    const order = Object.keys(contents.measures);
    const sorted = [...figures[mart].series].sort((a, b) => order.indexOf(`${mart}/${a[0]}`) - order.indexOf(`${mart}/${b[0]}`));
    return sorted.map((series) => cardOf(figures[mart], mart, series));
  });
}

function cardOf(figures, mart, series) {
  const measure = measureOf(mart, series[0]);
  const kind = series[5].month ? "month" : Object.keys(series[5])[0];
  const rows = rowsOf(figures, series, kind).filter((r) => stateOf(r) !== "f"), latest = latestOf(rows), control = kind === "month" ? controlOf(figures, series) : null;
  const year = latestOf(rowsOf(figures, series, "rolling_12_months")) ?? null;
  const month = latest && control?.months.get(latest.start.slice(0, 7));
  const after = latest ? rows.filter((r) => r.end > latest.end) : rows;
  return {
    mart, series, measure, kind, rows, latest, year, control, month, after, unusual: Boolean(month && month.variation !== "c"),
    // Subjects without headline measures show all.
    headline: measure.headline || !figures.series.some((s) => measureOf(mart, s[0]).headline),
  };
}

const linkTo = (force, card) => `#${new URLSearchParams({ view: "measure", force, mart: card.mart, measure: card.series[0], category: "all", area: areaKey(card.series), kind: card.kind })}`;

/** How complete the figures of a card are, in words. */
function completeness({ rows, latest, after, kind }) {
  const [one, many] = kind === "month" ? ["month", "months"] : ["period", "periods"];
  const first = rows.find((r) => r.status === "c" && r.value !== null);
  const between = latest ? rows.filter((r) => r.end < latest.end && r.start > first.start) : [];
  const states = [["p", "not complete"], ["n", "not available"], ["c", "not applicable"]];
  const without = [["later", after], ["earlier", between]].flatMap(([which, own]) => states.map(([state, words]) => {
    const n = own.filter((r) => r.status === state && (state !== "c" || r.value === null)).length;
    return n ? `${count(n, `${latest ? `${which} ` : ""}${one} is`, `${latest ? `${which} ` : ""}${many} are`)} ${words}` : "";
  }));
  return [latest ? `Complete to ${latest.label}` : `No complete ${one}`, ...without].filter(Boolean).join("; ") + ".";
}

function cardVariation(card) {
  const { latest, month, control, kind, measure } = card;
  if (!latest) return "No figure is available.";
  const small = month && !month.notJudged && measure.unit === "count" && Number(month.mean) < SMALL ? ` Small numbers: under ${SMALL} a month on average.` : "";
  if (!control) return kind === "month" ? "No control chart: fewer than twelve complete months." : "No control chart: not monthly.";
  return month ? `${describeVariation(month)[0].toUpperCase()}${describeVariation(month).slice(1)}.${small}` : "";
}

function cardElement(force, card, n) {
  const { mart, series, measure, latest, year, kind, rows, control } = card, { unit } = measure;
  const main = year ?? latest, id = `card-${n}`;
  const holder = createElement("div", "", { class: "chart spark", role: "img", "aria-label": `${measure.title}, ${contents.kinds[kind].toLowerCase()}: ${rows.length} periods. ${completeness(card)} The table of all measures has the figures.` });
  const points = rows.map((r) => {
    const month = control?.months.get(r.start.slice(0, 7));
    return pointOf(r, unit, { picked: r === latest, mark: month && month.variation !== "c" ? month.variation : "", verdict: describeVariation(month) });
  });
  const any = points.some((p) => p.y !== null);
  if (any) registerChart(holder, { spec: (width) => cardSpec(points, unit, kind, control, width) });
  return createElement("li", [
    createElement("h3", createElement("a", measure.title, { href: linkTo(force, card), id })),
    createElement("p", `${contents.marts[mart].title}${series[2] === "force" ? "" : `: ${series[4]}`}`, { class: "of" }),
    createElement("p", main ? [formatFigure(main.value, unit, "c"), createElement("small", ` ${main.label}`)] : NOT_AVAILABLE, { class: "big" }),
    ...(main ? [createElement("p", describeChange(main, unit))] : []),
    ...(any ? [holder] : []),
    ...(latest ? [createElement("p", [createElement("strong", `${latest.label}: ${formatFigure(latest.value, unit, "c")}. `), cardVariation(card)], { class: card.unusual ? "odd" : "" })] : []),
    createElement("p", completeness(card), { class: "of" }),
  ], { class: card.unusual ? "card odd" : "card" });
}

const OVERVIEW_HEADS = ["Measure", "Area", "Latest complete period", "Figure", "Is it unusual?", "Twelve months to", "Figure of twelve months", "Change on the year before", "Change, %", "Completeness"];

/** What is in place of twelve months: figures that are published by the year have none. */
const noYear = (card) => (card.kind === "month" ? NOT_AVAILABLE : NOT_APPLICABLE);

const overviewCells = (card) => {
  const { measure, series, latest, year } = card, main = year ?? latest;
  return [measure.title, series[4], latest?.label ?? NOT_AVAILABLE, latest ? formatFigure(latest.value, measure.unit, "c") : NOT_AVAILABLE, cardVariation(card),
    year?.label ?? noYear(card), year ? formatFigure(year.value, measure.unit, "c") : noYear(card),
    main ? formatChange(main.volume_change, pointsOf(measure.unit)) : NOT_AVAILABLE,
    main ? formatPercentChange(main) : NOT_AVAILABLE, completeness(card)];
};

let overviewCards = []; // the cards on the page, for the CSV

async function showOverview(state) {
  const all = await overviewOf(state.force);
  return () => {
    const selected = all.filter((c) => (!state.subject || c.mart === state.subject) && (state.all === "yes" || c.headline));
    const unusual = selected.filter((c) => c.unusual), charted = selected.filter((c) => c.month && !c.month.notJudged);
    const rest = selected.length - charted.length;
    const cards = state.unusual === "yes" ? unusual : selected;
    overviewCards = cards;
    const name = contents.forces.find((f) => f.code === state.force).name;
    fill(byId("subject"), { "": [["", "All subjects"], ...Object.keys(contents.marts).filter((m) => all.some((c) => c.mart === m)).map((m) => [m, contents.marts[m].title])] }, state.subject ?? "");
    byId("every").checked = state.all === "yes";
    byId("odd").checked = state.unusual === "yes";
    byId("overview-title").textContent = `Overview: ${name}`;
    byId("overview-lead").textContent = charted.length
    ? `${unusual.length} of ${count(charted.length, "measure", "measures")} judged by a control chart ${unusual.length === 1 ? "is" : "are"} unusual in the latest complete month.${rest ? ` ${count(rest, "other has no control chart, or is", "others have no control chart, or are")} not judged.` : ""}`
    : "No measure here has a control chart that is judged.";
    byId("odd-ones").replaceChildren(...unusual.map((c) => createElement("li", [createElement("a", c.measure.title, { href: linkTo(state.force, c) }), `, ${c.latest.label}: ${formatFigure(c.latest.value, c.measure.unit, "c")}, ${describeVariation(c.month)}`])));
    const holder = byId("cards");
    clear(holder);
    holder.append(createElement("ul", cards.map((c, n) => cardElement(state.force, c, n)), { class: "cards" }));
    if (!cards.length) holder.append(createElement("p", "No measure is left: change what is shown."));
    byId("overview-table").replaceChildren(tableOf(`Measures of ${name}`, OVERVIEW_HEADS, cards.map(overviewCells), (i) => [3, 6, 7, 8].includes(i)));
    document.title = `Overview: ${name} - Dashboard${contents.sample ? " (sample, made up)" : ""}`;
    byId("announcement").textContent = `${name}: ${count(cards.length, "measure", "measures")}. ${byId("overview-lead").textContent}`;
  };
}

const OVERVIEW_COLUMNS = ["mart", "measure", "title", "area_type", "area_code", "area_name", "unit", "period_label", "value", "is_it_unusual", "year_label", "year_value", "volume_change", "pct_change", "completeness"];

/** The overview as CSV, with exact figures. */
function overviewCsv() {
  const rows = overviewCards.map((card) => {
    const { mart, series, measure, latest, year } = card, main = year ?? latest;
    const texts = [mart, series[0], measure.title, ...series.slice(2, 5), measure.unit, latest?.label].map((t) => csvCell(t));
    return [...texts, csvCell(latest?.value, true), csvCell(cardVariation(card)), csvCell(year?.label), ...[year?.value, main?.volume_change, main?.pct_change].map((n) => csvCell(n, true)), csvCell(completeness(card))];
  });
  return [OVERVIEW_COLUMNS, ...rows].map((r) => r.join(",")).join("\r\n") + "\r\n";
}
