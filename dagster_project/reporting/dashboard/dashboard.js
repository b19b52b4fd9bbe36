// The views, and the address, which has the whole state: a link shows the same.
"use strict";

const PICKED = ["force", "mart", "measure", "category", "area", "kind", "period", "show", "limits", "by", "rate", "subject", "all", "unusual"];
const NAMED = { force: "force", mart: "subject", measure: "measure", category: "category", area: "area", period: "period" };
const VIEWS = { overview: showOverview, measure: showMeasure, compare: showCompare };
const CHARTED = ["main-chart", "area-chart", "tiles", "cards"];
let latestTurn = 0; // a newer choice replaces one whose figures are still loading
let isFromTop = false; // a link to another view begins at its top, and Back where the browser was

/** The state in the address: `view`, the selection, and `m`, the series that are compared. */
function readState() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const state = Object.fromEntries(PICKED.filter((n) => parameters.has(n)).map((n) => [n, parameters.get(n)]));
  const force = contents.forces.some((f) => f.code === state.force) ? state.force : contents.forces[0]?.code;
  const view = parameters.get("view") ?? (parameters.has("mart") || parameters.has("measure") ? "measure" : "overview");
  return { ...state, force, view: VIEWS[view] ? view : "overview", m: [...new Set(parameters.getAll("m"))].slice(0, MAX_COMPARED) };
}

function addressOf({ view, m, ...state }) {
  const parameters = new URLSearchParams({ view });
  for (const name of PICKED) if (state[name]) parameters.set(name, state[name]); // blank: the default
  for (const code of m) parameters.append("m", code);
  return `#${parameters}`;
}

/** Show a state, and put it in the address. `isNewPage`: add it to the browser's history. */
function go(state, isNewPage = false) {
  history[isNewPage ? "pushState" : "replaceState"](null, "", addressOf(state));
  return show();
}

/** Say so where the address of a link names what these figures do not have: another figure is shown in its place. */
function tellUnknown(named, state) {
  const shown = { force: state.force, ...(state.view === "measure" ? selectedNow() : {}) };
  const unknown = Object.keys(NAMED).find((n) => named.get(n) && n in shown && named.get(n) !== shown[n]);
  if (!unknown) return;
  byId("problem").hidden = false;
  byId("problem").textContent = `The address names the ${NAMED[unknown]} ${named.get(unknown)}, which these figures do not have: what is shown is another.`;
}

/** Show the state in the address. `isLink`: somebody opened an address, and did not choose on the page. */
async function show(isLink = false) {
  const turn = ++latestTurn, state = readState(), named = new URLSearchParams(location.hash.slice(1));
  try {
    const paint = await VIEWS[state.view](state);
    if (turn !== latestTurn) return;
    byId("problem").hidden = true;
    for (const view of Object.keys(VIEWS)) {
      byId(`${view}-view`).hidden = view !== state.view;
      const link = byId(`to-${view}`);
      link.href = addressOf(view === "measure" ? { ...state, view } : { view, force: state.force, m: state.m, ...(view === state.view ? state : {}) });
      link.toggleAttribute("aria-current", false);
      if (view === state.view) link.setAttribute("aria-current", "page");
    }
    for (const id of CHARTED) if (byId(id).closest("[hidden]")) clear(byId(id));
    byId("to-compare").textContent = state.m.length ? `Compare (${state.m.length})` : "Compare";
    fill(byId("force"), { "": contents.forces.map((f) => [f.code, f.name]) }, state.force);
    byId("download").disabled = byId("side").disabled = false;
    paint();
    if (isFromTop) scrollTo(0, 0);
    isFromTop = false;
    if (isLink) tellUnknown(named, state);
    if (state.view === "measure") history.replaceState(null, "", addressOf({ ...state, ...selectedNow() }));
  } catch (error) {
    showError(error);
  }
}

const selectedNow = () => Object.fromEntries(Object.entries(selects).map(([n, s]) => [n, s.value]));

/** Show an error, and clear the figures. */
function showError(error) {
  current = null;
  byId("problem").hidden = false;
  byId("problem").textContent = byId("announcement").textContent = `The figures can't be shown: ${error.message}`;
  for (const id of CHARTED) clear(byId(id));
  for (const id of ["title", "meaning", "headline", "table", "odd-ones", "overview-table", "overview-lead"]) byId(id).replaceChildren();
  byId("download").disabled = byId("side").disabled = true;
}

/** The rule that warns, why, and what to do: said once, below the last of several warnings of a rule. */
const whyOf = (warning) => warning && ` (${warning.rule}) ${[warning.reason, warning.advice].filter(Boolean).join(" ")}`;

function showNight() {
  const { night } = contents;
  const late = contents.extracts.filter((e) => e.status !== "current" && e.status !== "not sent"), notSent = contents.extracts.filter((e) => e.status === "not sent");
  const several = contents.forces.length > 1;
  byId("sample").hidden = !contents.sample;
  byId("night").textContent = night.night_id ? `Figures of update ${night.night_id}, started on ${day(night.started_at.slice(0, 10))} at ${night.started_at.slice(11, 16)} UTC` : "No update is known.";
  byId("status").replaceChildren(
    definition("Outcome", night.outcome ?? "not known", night.reason),
    definition("Files accepted", count(night.files_accepted, "file", "files"), night.night_id && `${Number(night.files_held)} held, ${Number(night.files_refused)} refused`),
    definition("Rows landed", count(night.rows_landed, "row", "rows"), night.night_id && `${Number(night.rows_quarantined).toLocaleString("en-GB")} in quarantine`),
    definition("Figures", count(night.figures, "figure", "figures"), night.night_id && count(night.warnings, "warning", "warnings")),
  );
  byId("beside").replaceChildren(...(contents.beside ?? []).map(([href, words]) => createElement("li", [createElement("a", words, { href })])));
  const changes = Object.entries(contents.moved.counts).flatMap(([force, marts]) => Object.entries(marts).map(([mart, n]) => [contents.marts[mart]?.title ?? mart, ...(several ? [force] : []), ...n]));
  const total = changes.reduce((sum, row) => sum + row.at(-4) + row.at(-2) + row.at(-1), 0);
  byId("moved").hidden = !contents.moved.before;
  for (const [id, title, table] of [
    ["moved", `Moved since the update before (${contents.moved.before}): ${count(total, "figure", "figures")}`, () => (changes.length ? tableOf("", ["Subject", ...(several ? ["Force"] : []), "Changed", "Of these complete before", "New", "Gone"], changes.map((row) => row.map((n) => (typeof n === "number" ? n.toLocaleString("en-GB") : n))), (i) => i > (several ? 1 : 0)) : createElement("p", "None."))],
    ["warnings", `Warnings: ${contents.warnings.length}`, () => createElement("ul", contents.warnings.map((w, n, all) => createElement("li", [createElement("strong", w.message), whyOf(w) === whyOf(all[n + 1]) ? "" : whyOf(w)])), { class: "told" })],
    ["extracts", `Extracts: ${contents.extracts.length - late.length - notSent.length} current, ${late.length} late or never received${notSent.length ? `, ${notSent.length} not sent` : ""}`, () => tableOf("", ["Extract", "Status", "Days covered", "Rows", ...(several ? ["Force"] : [])], contents.extracts.map((e) => [e.title, e.status, e.covered_from ? coveredDays(e) : "", Number(e.rows_current ?? 0).toLocaleString("en-GB"), ...(several ? [e.force_code] : [])]), (n) => n === 3)],
  ]) {
    const details = byId(id), holder = details.querySelector("div");
    details.querySelector("summary").textContent = title;
    details.addEventListener("toggle", () => { if (details.open && !holder.firstChild) holder.append(table()); });
  }
}

async function copyLink() {
  const message = byId("copied");
  try {
    await navigator.clipboard.writeText(location.href);
    message.textContent = "The link is copied.";
  } catch {
    // Some browsers give a page from a folder no clipboard.
    message.replaceChildren("Copy this address: ", createElement("code", location.href));
  }
}

function listen() {
  const on = (id, event, handler) => byId(id).addEventListener(event, handler);
  // Selections stay where they can; another subject or measure opens on its newest period and its default chart.
  for (const [name, select] of Object.entries(selects)) {
    const reset = { mart: ["period", "show"], measure: ["period", "show"], kind: ["period"] }[name] ?? [];
    select.addEventListener("change", () => go({ ...readState(), ...selectedNow(), ...Object.fromEntries(reset.map((n) => [n, ""])) }));
  }
  on("force", "change", () => go({ view: readState().view, m: [], force: byId("force").value }));
  on("limits", "change", () => go({ ...readState(), limits: byId("limits").checked ? "" : "off" }));
  on("by", "change", () => go({ ...readState(), by: byId("by").value }));
  on("rate", "change", () => go({ ...readState(), rate: byId("rate").checked ? "yes" : "" }));
  on("subject", "change", () => go({ ...readState(), subject: byId("subject").value }));
  on("every", "change", () => go({ ...readState(), all: byId("every").checked ? "yes" : "" }));
  on("odd", "change", () => go({ ...readState(), unusual: byId("odd").checked ? "yes" : "" }));
  on("compare-kind", "change", () => go({ ...readState(), kind: byId("compare-kind").value }));
  on("download", "click", () => saveCsv(csvOf(current.force, current.mart, current.rows.map((r) => [current.series, r])), nameOf()));
  on("overview-csv", "click", () => saveCsv(overviewCsv(), fileName(readState().force, "overview")));
  on("close", "click", () => byId("evidence").close());
  on("copy", "click", copyLink);
  on("print", "click", printPage);
  on("side", "click", async () => {
    const state = readState(), code = seriesCode(current.mart, current.series);
    const full = state.m.length >= MAX_COMPARED && !state.m.includes(code);
    byId("copied").textContent = full ? "Six measures are compared already: remove one first." : "";
    if (full) return;
    await go({ view: "compare", force: state.force, kind: state.kind, m: [...new Set([...state.m, code])] }, true);
    byId("figures").focus();
  });
  on("add-it", "click", async () => {
    const state = readState(), [mart, measure] = byId("add").value.split("/");
    const read = await figuresOf(state.force, mart);
    const own = read.series.filter((s) => s[0] === measure), whole = own.filter((s) => s[1] === "all");
    if (own.length) await go({ ...state, m: [...new Set([...state.m, seriesCode(mart, homeArea(whole.length ? whole : own, state.force))])] });
    if (byId("add-it").disabled) byId("compare-kind").focus();
  });
  for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); byId("figures").focus(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#view="]');
    if (link && link.hash !== location.hash) isFromTop = true;
  });
  addEventListener("hashchange", () => { byId("evidence").close(); show(true); });
  addEventListener("popstate", () => { byId("evidence").close(); });
}

showNight();
if (contents.forces.length) {
  listen();
  show(true);
} else {
  byId("problem").hidden = false;
  byId("problem").textContent = byId("announcement").textContent = "There are no figures yet. They appear here after the first update that has files.";
  byId("views").hidden = byId("force").parentElement.parentElement.hidden = true;
}
