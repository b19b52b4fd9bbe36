// Up to six measures side by side, over the same months.
"use strict";

const MAX_COMPARED = 6;
const seriesCode = (mart, s) => [mart, s[0], s[1], s[2], s[3]].map(encodeURIComponent).join("/");

async function showCompare(state) {
  const requested = state.m.slice(0, MAX_COMPARED).map((code) => ({ code, parts: code.split("/").map(decodeURIComponent) }));
  const force = contents.forces.find((f) => f.code === state.force);
  const tiles = (await Promise.all(requested.map(async ({ code, parts: [mart, ...key] }) => {
    if (!force.marts.includes(mart)) return null;
    const read = await figuresOf(state.force, mart);
    const series = read.series.find((s) => key.every((k, n) => s[n] === k));
    return series ? { code, mart, read, series } : null;
  }))).filter(Boolean);
  return () => {
    const kinds = Object.keys(contents.kinds).filter((k) => !tiles.length || tiles.some((h) => h.series[5][k]));
    fill(byId("compare-kind"), { "": kinds.map((k) => [k, contents.kinds[k]]) }, kinds.includes(state.kind) ? state.kind : "month");
    const kind = byId("compare-kind").value;
    const groups = {};
    for (const mart of Object.keys(contents.marts).filter((m) => force.marts.includes(m))) {
      groups[contents.marts[mart].title] = Object.keys(contents.measures).filter((k) => k.startsWith(`${mart}/`)).map((k) => [k, contents.measures[k].title]);
    }
    fill(byId("add"), groups, byId("add").value);
    byId("add-it").disabled = tiles.length >= MAX_COMPARED;
    const unknown = requested.length - tiles.length;
    const without = unknown ? ` ${count(unknown, "more measure of the address is", "more measures of the address are")} not among these figures.` : "";
    byId("compare-lead").textContent = (tiles.length ? `${count(tiles.length, "measure", "measures")}${tiles.length > 1 ? ", each on its own scale, over the same months" : ""}. ${tiles.length >= MAX_COMPARED ? "Six are the most." : ""}` : "Pick a measure and press Add: up to six stand side by side. A measure's own page adds a category or an area.") + without;
    const holder = byId("tiles");
    clear(holder);
    const all = tiles.map((h) => ({ ...h, rows: rowsOf(h.read, h.series, kind) }));
    const days = isMonthly(kind) ? [...new Set(all.flatMap((h) => h.rows.map((r) => `${r.end.slice(0, 8)}01`)))] : [];
    all.forEach((h, n) => holder.append(tile(state, h, n, kind, days)));
    document.title = `Compare ${count(tiles.length, "measure", "measures")} - Dashboard${contents.sample ? " (sample, made up)" : ""}`;
    byId("announcement").textContent = byId("compare-lead").textContent;
  };
}

/** A chart of one measure. `days`: the months of all of them, so that every chart spans the same. */
function tile(state, { code, mart, read, series, rows }, n, kind, days) {
  const { unit } = measureOf(mart, series[0]), title = seriesTitle(mart, series), latest = latestOf(rows);
  const control = kind === "month" ? controlOf(read, series) : null, month = latest && control?.months.get(latest.start.slice(0, 7));
  const points = rows.map((r) => {
    const ofMonth = control?.months.get(r.start.slice(0, 7));
    return pointOf(r, unit, { mark: ofMonth && ofMonth.variation !== "c" ? ofMonth.variation : "", verdict: describeVariation(ofMonth) });
  });
  const own = new Set(points.map((p) => p.day));
  const missing = days.filter((d) => !own.has(d)).map((day) => ({ day, y: null, whole: null, none: true, run: "", mark: "", value: null, status: "n", start: day }));
  const remove = createElement("button", "Remove", { type: "button", class: "plain", "aria-label": `Remove: ${title}` });
  remove.addEventListener("click", async () => {
    await go({ ...readState(), m: state.m.filter((c) => c !== code) });
    const left = [...document.querySelectorAll("#tiles .tools button:last-child")];
    (left[Math.min(n, left.length - 1)] ?? byId("add")).focus(); // the button that had it is gone
  });
  return chartFigure({
    id: `tile-${n}`, title, name: fileName(state.force, series[0], series[1], areaKey(series), kind),
    spec: (width) => trendSpec([...points, ...missing], unit, kind, control, { width, height: 180 }),
    onPoint: ({ key }) => { const r = rows.find((one) => one.key === key); if (r) showEvidence(state.force, mart, read, series, r); },
    note: rows.length ? (latest ? `${latest.label}: ${formatFigure(latest.value, unit, "c")}, ${describeChange(latest, unit)}${month ? `; ${describeVariation(month)}` : ""}.${incompleteNote(rows)}${gapNote([...rows, ...missing])}` : "No complete period.") : `No figures for the kind of period “${contents.kinds[kind]}”.`,
    csv: () => csvOf(state.force, mart, rows.map((r) => [series, r])),
    table: () => tableOf("", ["Period", "Figure", "Change on the year before", "Status"], [...rows].reverse().map((r) => [r.label, formatValue(r, "value", unit), formatChange(r.volume_change, pointsOf(unit)), STATUS[stateOf(r)]]), (i) => i === 1 || i === 2),
  }, remove);
}
