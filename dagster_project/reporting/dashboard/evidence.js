// What a figure rests on: its months, the files that cover them, how far they are complete, and what it was before.
"use strict";

const FILES_SHOWN = 100;

/** What to type to see the rows of a figure. Texts are quoted so that no shell takes them for more. */
function traceOf(mart, [measure, category, areaType, areaCode], { start, end }) {
  const quoted = (text) => (/^[A-Za-z0-9_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  return ["pam trace", measure, "--mart", mart, ...(category === "all" ? [] : ["--category", quoted(category)]),
    ...(areaType === "force" ? [] : ["--area", quoted(areaCode), "--area-type", areaType]), "--from", start, "--to", end].join(" ");
}

/** Show the evidence of one row of a series in the dialog. */
async function showEvidence(force, mart, figures, series, row) {
  const measure = measureOf(mart, series[0]), { unit } = measure;
  const title = `${seriesTitle(mart, series)}, ${row.label}`;
  const months = rowsOf(figures, series, "month").filter((r) => r.start >= row.start && r.end <= row.end);
  const extracts = known.extracts.filter((e) => e.extract === measure.extract && e.force_code === force);
  const files = ((await load("pamFiles", `${force}/files`).catch(() => null)) ?? {})[measure.extract] ?? [];
  const covering = files.filter(([, from, to]) => from && from <= row.end && to >= row.start);
  const moved = known.revisions.filter((r) => r.mart === mart && r.measure === series[0] && r.category === series[1] && r.area_type === series[2] && r.area_name === series[4] && r.period_start <= row.end && r.period_end >= row.start);
  const status = { c: "complete: files cover every day", p: "provisional: files cover a part of its days", n: "not available: no accepted file covers its days" }[row.status];
  const catalogue = catalogueOf(mart, series[0]);
  const control = row.kind === "month" ? controlOf(figures, series)?.months.get(row.start.slice(0, 7)) : null;
  const scrolled = (label, table) => made("div", table, { class: "scroll", role: "region", "aria-label": label, tabindex: "0" });
  byId("evidence-title").textContent = `Evidence: ${title}`;
  byId("evidence-body").replaceChildren(
    made("dl", [
      term("Figure", marked(row, "value", unit)), term("Completeness", status),
      ...(row.denominator === null ? [] : [term("Made of", `${spelled(row.numerator, "count")} of ${spelled(row.denominator, "count")}`)]),
      ...(control ? [term("Is it unusual?", verdict(control))] : []),
      term("Days", `${day(row.start)} to ${day(row.end)}`),
      ...extracts.map((e) => term("Extract", `${e.title}: ${e.status}`, e.covered_from ? `covered from ${day(e.covered_from)} to ${day(e.covered_to)}` : "no day is covered")),
    ], { class: "headline" }),
    ...(row.kind !== "month" && months.length ? [made("h3", "Months"), scrolled("Months of the figure", tableOf("", ["Month", "Figure", "Status"], months.map((r) => [r.label, marked(r, "value", unit), STATUS[r.status]]), (i) => i === 1))] : []),
    made("h3", "Files"),
    ...(covering.length ? [
      made("p", `${count(covering.length, "accepted file covers", "accepted files cover")} some of these days${covering.length > FILES_SHOWN ? `; the newest ${FILES_SHOWN} are shown` : ""}. Where two cover a day, the one extracted later counts.`),
      scrolled("Files of the figure", tableOf("", ["Load", "Covers", "Rows landed", "In quarantine", "Night"], covering.slice(-FILES_SHOWN).reverse().map(([id, from, to, landed, aside, night]) => [id, `${day(from)} to ${day(to)}`, Number(landed ?? 0).toLocaleString("en-GB"), Number(aside ?? 0).toLocaleString("en-GB"), night]), (i) => i === 2 || i === 3)),
    ] : [made("p", "No accepted file of this force covers these days.")]),
    made("h3", "What moved"),
    ...(moved.length ? [scrolled("What moved", tableOf("", ["Window", "Edition", "It said", "It is now"], moved.map((r) => [`${day(r.period_start)} to ${day(r.period_end)} (${r.shows})`, r.printed_in, spelled(r.was, unit), spelled(r.now, unit)]), (i) => i > 1))]
      : [made("p", "No edition of the report that went out printed another figure for these days.")]),
    made("h3", "Every row"),
    made("p", ["In a terminal: ", made("code", traceOf(mart, series, row))]),
    ...(catalogue ? [made("p", made("a", "What the measure means and where it comes from, in the catalogue", { href: catalogue }))] : []),
  );
  byId("evidence").showModal();
}
