// What a figure rests on: its months, the files that cover them, how far they are complete, and what it was before.
"use strict";

const FILES_SHOWN = 100;

/** What to type to see the rows of a figure. Texts are quoted so that no shell takes them for more. */
function traceOf(mart, [measure, category, areaType, areaCode], { start, end }) {
  const quoted = (text) => (/^[A-Za-z0-9_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  return ["pam trace", measure, "--mart", mart, ...(category === "all" ? [] : ["--category", quoted(category)]),
    ...(areaType === "force" ? [] : ["--area", quoted(areaCode), "--area-type", areaType]), "--from", start, "--to", end].join(" ");
}

/** What moved of a figure since the night before, as what the dialog shows. `months`: those that it is made of. */
async function movedSince(force, mart, series, row, months, unit) {
  const { before, counts, most } = known.moved, found = counts[force]?.[mart];
  if (!before) return made("p", "No earlier night is kept that this one can be compared with.");
  if (!found) return made("p", `On the night before (${before}) it was the same, and so was all of this subject.`);
  const [changed, , fresh, gone] = found;
  if (changed + fresh + gone > most) return made("p", ["Too many figures of this subject moved to list here. In a terminal: ", made("code", `pam diff --mart ${mart}`)]);
  const { rows, periods } = await load("pamMoved", `${force}/moved/${mart}`);
  const was = new Map(rows.filter((r) => [0, 1, 2, 3].every((n) => r[n] === series[n])).map((r) => [`${r[4]} ${r[5]}/${r[6]}`, r]));
  const added = new Set(periods.map(([kind, start, end]) => `${kind} ${start}/${end}`));
  const moves = [row, ...months].flatMap((r) => {
    const key = `${r.kind} ${r.key}`, [value, status, how] = was.get(key)?.slice(7) ?? [];
    if (!how && !added.has(key)) return [];
    const now = marked(r, "value", unit);
    const then = how === "c" ? marked({ value, status }, "value", unit) : "not there";
    return [[r.label, then, then === now ? `${now}, made of other numbers` : now]];
  });
  if (!moves.length) return made("p", `On the night before (${before}) it was the same.`);
  return scrolled("What moved since the night before", tableOf(`Against the night ${before}`, ["Period", "It was", "It is now"], moves, (i) => i > 0));
}

const scrolled = (label, table) => made("div", table, { class: "scroll", role: "region", "aria-label": label, tabindex: "0" });

/** Show the evidence of one row of a series in the dialog. */
async function showEvidence(force, mart, figures, series, row) {
  const measure = measureOf(mart, series[0]), { unit } = measure;
  const title = `${seriesTitle(mart, series)}, ${row.label}`;
  const months = row.kind === "month" ? [] : rowsOf(figures, series, "month").filter((r) => r.start >= row.start && r.end <= row.end);
  const extracts = known.extracts.filter((e) => e.extract === measure.extract && e.force_code === force);
  const files = ((await load("pamFiles", `${force}/files`).catch(() => null)) ?? {})[measure.extract] ?? [];
  const covering = files.filter(([, from, to]) => from && from <= row.end && to >= row.start);
  const since = await movedSince(force, mart, series, row, months, unit).catch((error) => made("p", `What moved can't be read: ${error.message}.`));
  const printed = known.revisions.filter((r) => r.mart === mart && r.measure === series[0] && r.category === series[1] && r.area_type === series[2] && r.area_name === series[4] && r.period_start <= row.end && r.period_end >= row.start);
  const status = { c: "complete: files cover every day", p: "provisional: files cover a part of its days", n: "not available: no accepted file covers its days" }[row.status];
  const catalogue = catalogueOf(mart, series[0]);
  const control = row.kind === "month" ? controlOf(figures, series)?.months.get(row.start.slice(0, 7)) : null;
  byId("evidence-title").textContent = `Evidence: ${title}`;
  byId("evidence-body").replaceChildren(
    made("dl", [
      term("Figure", marked(row, "value", unit)), term("Completeness", status),
      ...(row.denominator === null ? [] : [term("Made of", `${spelled(row.numerator, "count")} of ${spelled(row.denominator, "count")}`)]),
      ...(control ? [term("Is it unusual?", verdict(control))] : []),
      term("Days", `${day(row.start)} to ${day(row.end)}`),
      ...extracts.map((e) => term("Extract", `${e.title}: ${e.status}`, e.covered_from ? `covered from ${day(e.covered_from)} to ${day(e.covered_to)}` : "no day is covered")),
    ], { class: "headline" }),
    ...(months.length ? [made("h3", "Months"), scrolled("Months of the figure", tableOf("", ["Month", "Figure", "Status"], months.map((r) => [r.label, marked(r, "value", unit), STATUS[r.status]]), (i) => i === 1))] : []),
    made("h3", "Files"),
    ...(covering.length ? [
      made("p", `${count(covering.length, "accepted file covers", "accepted files cover")} some of these days${covering.length > FILES_SHOWN ? `; the newest ${FILES_SHOWN} are shown` : ""}. Where two cover a day, the one extracted later counts.`),
      scrolled("Files of the figure", tableOf("", ["Load", "Covers", "Rows landed", "In quarantine", "Night"], covering.slice(-FILES_SHOWN).reverse().map(([id, from, to, landed, aside, night]) => [id, `${day(from)} to ${day(to)}`, Number(landed ?? 0).toLocaleString("en-GB"), Number(aside ?? 0).toLocaleString("en-GB"), night === known.night.night_id ? `${night}, this night` : night]), (i) => i === 2 || i === 3)),
    ] : [made("p", "No accepted file of this force covers these days.")]),
    made("h3", "What moved since the night before"),
    since,
    made("h3", "What moved since the last edition"),
    ...(printed.length ? [scrolled("What moved since the last edition", tableOf("", ["Window", "Edition", "It said", "It is now"], printed.map((r) => [`${day(r.period_start)} to ${day(r.period_end)} (${r.shows})`, r.printed_in, spelled(r.was, unit), spelled(r.now, unit)]), (i) => i > 1))]
      : [made("p", "No edition of the report that went out printed another figure for these days.")]),
    made("h3", "Every row"),
    made("p", ["In a terminal: ", made("code", traceOf(mart, series, row))]),
    ...(catalogue ? [made("p", made("a", "What the measure means and where it comes from, in the catalogue", { href: catalogue }))] : []),
  );
  byId("evidence").showModal();
}
