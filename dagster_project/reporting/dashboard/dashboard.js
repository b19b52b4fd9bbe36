// The views, and the address, which says all that is picked: a link to it shows the same.
"use strict";

const PICKED = ["force", "mart", "measure", "category", "area", "kind", "period", "show", "limits", "by", "rate", "subject", "all", "unusual"];
const VIEWS = { overview: showOverview, measure: showMeasure, compare: showCompare };
const CHARTED = ["main-chart", "area-chart", "tiles", "cards"];
let turn = 0; // a choice that comes while another's figures are read takes its place

/** What the address says: `view`, what is picked by name, and `m`, the series that are compared. */
function readState() {
  const said = new URLSearchParams(location.hash.slice(1));
  const state = Object.fromEntries(PICKED.filter((n) => said.has(n)).map((n) => [n, said.get(n)]));
  const force = known.forces.some((f) => f.code === state.force) ? state.force : known.forces[0]?.code;
  const view = said.get("view") ?? (said.has("mart") || said.has("measure") ? "measure" : "overview");
  return { ...state, force, view: VIEWS[view] ? view : "overview", m: [...new Set(said.getAll("m"))].slice(0, SIDE_BY_SIDE) };
}

function addressOf({ view, m, ...state }) {
  const said = new URLSearchParams({ view });
  for (const name of PICKED) if (state[name]) said.set(name, state[name]); // nothing: as it opens
  for (const code of m) said.append("m", code);
  return `#${said}`;
}

/** Show a state, and have the address say it. `whole`: another page, to which the browser's Back leads back. */
function go(state, whole = false) {
  history[whole ? "pushState" : "replaceState"](null, "", addressOf(state));
  return show();
}

async function show() {
  const own = ++turn, state = readState();
  try {
    const paint = await VIEWS[state.view](state);
    if (own !== turn) return;
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
    fill(byId("force"), { "": known.forces.map((f) => [f.code, f.name]) }, state.force);
    byId("download").disabled = byId("side").disabled = false;
    paint();
    if (state.view === "measure") history.replaceState(null, "", addressOf({ ...state, ...pickedNow() }));
  } catch (error) {
    failed(error);
  }
}

const pickedNow = () => Object.fromEntries(Object.entries(pick).map(([n, s]) => [n, s.value]));

/** Say what is wrong, and leave nothing of what was picked before. */
function failed(error) {
  shown = null;
  byId("problem").hidden = false;
  byId("problem").textContent = byId("said").textContent = `The figures can't be shown: ${error.message}`;
  for (const id of CHARTED) clear(byId(id));
  for (const id of ["title", "meaning", "headline", "table", "odd-ones", "overview-table", "overview-lead"]) byId(id).replaceChildren();
  byId("download").disabled = byId("side").disabled = true;
}

function showNight() {
  const { night } = known;
  const late = known.extracts.filter((e) => e.status !== "current" && e.status !== "not sent");
  const several = known.forces.length > 1;
  byId("sample").hidden = !known.sample;
  byId("night").textContent = night.night_id ? `Figures of the night ${night.night_id}, begun on ${day(night.started_at.slice(0, 10))} at ${night.started_at.slice(11, 16)} UTC` : "No night is known.";
  byId("status").replaceChildren(
    term("Outcome", night.outcome ?? "not known", night.reason),
    term("Files accepted", count(night.files_accepted, "file", "files"), `${Number(night.files_held ?? 0)} held, ${Number(night.files_refused ?? 0)} refused`),
    term("Rows landed", count(night.rows_landed, "row", "rows"), `${Number(night.rows_quarantined ?? 0).toLocaleString("en-GB")} in quarantine`),
    term("Figures", count(night.figures, "figure", "figures"), count(night.warnings, "warning", "warnings")),
  );
  byId("beside").replaceChildren(...(known.beside ?? []).map(([href, words]) => made("li", [made("a", words, { href })])));
  const moves = Object.entries(known.moved.counts).flatMap(([force, marts]) => Object.entries(marts).map(([mart, n]) => [known.marts[mart]?.title ?? mart, ...(several ? [force] : []), ...n]));
  const total = moves.reduce((sum, row) => sum + row.at(-4) + row.at(-2) + row.at(-1), 0);
  byId("moved").hidden = !known.moved.before;
  for (const [id, title, table] of [
    ["moved", `Moved since the night before (${known.moved.before}): ${count(total, "figure", "figures")}`, () => (moves.length ? tableOf("", ["Subject", ...(several ? ["Force"] : []), "Changed", "Of these complete before", "New", "Gone"], moves.map((row) => row.map((n) => (typeof n === "number" ? n.toLocaleString("en-GB") : n))), (i) => i > (several ? 1 : 0)) : made("p", "None."))],
    ["warnings", `Warnings: ${known.warnings.length}`, () => made("ul", known.warnings.map((w) => made("li", [made("strong", `${w.subject}, ${w.rule}: `), [w.found, w.reason, w.advice].filter(Boolean).join(" · ")])), { class: "told" })],
    ["extracts", `Extracts: ${known.extracts.length - late.length} current, ${late.length} late or never dropped`, () => tableOf("", ["Extract", "Status", "Covered from", "Covered to", "Rows", ...(several ? ["Force"] : [])], known.extracts.map((e) => [e.title, e.status, e.covered_from ? day(e.covered_from) : "", e.covered_to ? day(e.covered_to) : "", Number(e.rows_current ?? 0).toLocaleString("en-GB"), ...(several ? [e.force_code] : [])]), (n) => n === 4)],
  ]) {
    const details = byId(id), holder = details.querySelector("div");
    details.querySelector("summary").textContent = title;
    details.addEventListener("toggle", () => { if (details.open && !holder.firstChild) holder.append(table()); });
  }
}

async function copyLink() {
  const said = byId("copied");
  try {
    await navigator.clipboard.writeText(location.href);
    said.textContent = "The link is copied.";
  } catch {
    // A browser that gives a page from a folder no clipboard.
    said.replaceChildren("Copy this address: ", made("code", location.href));
  }
}

function listen() {
  const on = (id, event, what) => byId(id).addEventListener(event, what);
  // What still can be picked stays picked; another subject or measure opens on its newest period, drawn as it is best drawn.
  for (const [name, select] of Object.entries(pick)) {
    const anew = { mart: ["period", "show"], measure: ["period", "show"], kind: ["period"] }[name] ?? [];
    select.addEventListener("change", () => go({ ...readState(), ...pickedNow(), ...Object.fromEntries(anew.map((n) => [n, ""])) }));
  }
  on("force", "change", () => go({ view: readState().view, m: [], force: byId("force").value }));
  on("limits", "change", () => go({ ...readState(), limits: byId("limits").checked ? "" : "off" }));
  on("by", "change", () => go({ ...readState(), by: byId("by").value }));
  on("rate", "change", () => go({ ...readState(), rate: byId("rate").checked ? "yes" : "" }));
  on("subject", "change", () => go({ ...readState(), subject: byId("subject").value }));
  on("every", "change", () => go({ ...readState(), all: byId("every").checked ? "yes" : "" }));
  on("odd", "change", () => go({ ...readState(), unusual: byId("odd").checked ? "yes" : "" }));
  on("compare-kind", "change", () => go({ ...readState(), kind: byId("compare-kind").value }));
  on("download", "click", () => saveCsv(csvOf(shown.force, shown.mart, shown.rows.map((r) => [shown.series, r])), nameOf()));
  on("overview-csv", "click", () => saveCsv(overviewCsv(), fileName(readState().force, "overview")));
  on("close", "click", () => byId("evidence").close());
  on("copy", "click", copyLink);
  on("print", "click", printPage);
  on("side", "click", () => {
    const state = readState(), code = codeOf(shown.mart, shown.series);
    const full = state.m.length >= SIDE_BY_SIDE && !state.m.includes(code);
    byId("copied").textContent = full ? "Six measures are compared already: remove one first." : "";
    if (!full) go({ view: "compare", force: state.force, kind: state.kind, m: [...new Set([...state.m, code])] }, true);
  });
  on("add-it", "click", async () => {
    const state = readState(), [mart, measure] = byId("add").value.split("/");
    const read = await figuresOf(state.force, mart);
    const own = read.series.filter((s) => s[0] === measure), whole = own.filter((s) => s[1] === "all");
    if (own.length) go({ ...state, m: [...new Set([...state.m, codeOf(mart, homeArea(whole.length ? whole : own, state.force))])] });
  });
  for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); byId("figures").focus(); });
  addEventListener("hashchange", () => { byId("evidence").close(); show(); });
  addEventListener("popstate", () => { byId("evidence").close(); });
}

showNight();
if (known.forces.length) {
  listen();
  show();
} else {
  failed(new Error("no night has published a figure yet."));
  byId("views").hidden = true;
}
