// The evidence of a figure: its months, the files that cover them, how complete they are, and what it was before.
"use strict";

const FILES_SHOWN = 100;

/** The command that lists the rows of a figure. Texts are quoted for the shell. */
function traceCommand(mart, [measure, category, areaType, areaCode], { start, end }) {
  const quoted = (text) => (/^[A-Za-z0-9_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  return ["pam trace", measure, "--mart", mart, ...(category === "all" ? [] : ["--category", quoted(category)]),
    ...(areaType === "force" ? [] : ["--area", quoted(areaCode), "--area-type", areaType]), "--from", start, "--to", end].join(" ");
}

/** What changed of a figure since the update before, as an element. `months`: the months that it is made from. */
async function changesSince(force, mart, series, row, months, unit) {
  const { before, counts, most } = contents.moved, changes = counts[force]?.[mart];
  if (!before) return createElement("p", "No earlier update is kept that this one can be compared with.");
  if (!changes) return createElement("p", `In the update before (${before}) it was the same, and so was all of this subject.`);
  const [changed, , added, removed] = changes;
  if (changed + added + removed > most) return createElement("p", ["Too many figures of this subject moved to list here. In a terminal: ", createElement("code", `pam diff --mart ${mart}`)]);
  const { rows, periods } = await load("pamMoved", `${force}/moved/${mart}`);
  const was = new Map(rows.filter((r) => [0, 1, 2, 3].every((n) => r[n] === series[n])).map((r) => [`${r[4]} ${r[5]}/${r[6]}`, r]));
  const newPeriods = new Set(periods.map(([kind, start, end]) => `${kind} ${start}/${end}`));
  const moves = [row, ...months].flatMap((r) => {
    const key = `${r.kind} ${r.key}`, [value, status, kind] = was.get(key)?.slice(7) ?? [];
    if (!kind && !newPeriods.has(key)) return [];
    const now = formatValue(r, "value", unit);
    const then = kind === "c" ? formatValue({ value, status }, "value", unit) : "not there";
    return [[r.label, then, then === now ? `${now}, made of other numbers` : now]];
  });
  if (!moves.length) return createElement("p", `In the update before (${before}) it was the same.`);
  return scrollRegion("What moved since the update before", tableOf(`Against update ${before}`, ["Period", "It was", "It is now"], moves, (i) => i > 0));
}

const scrollRegion = (label, table) => createElement("div", table, { class: "scroll", role: "region", "aria-label": label, tabindex: "0" });

/** Show the evidence of a row of a series in the dialog. */
async function showEvidence(force, mart, figures, series, row) {
  const measure = measureOf(mart, series[0]), { unit } = measure;
  const title = `${seriesTitle(mart, series)}, ${row.label}`;
  const months = row.kind === "month" ? [] : rowsOf(figures, series, "month").filter((r) => r.start >= row.start && r.end <= row.end);
  const extracts = contents.extracts.filter((e) => e.extract === measure.extract && e.force_code === force);
  const files = ((await load("pamFiles", `${force}/files`).catch(() => null)) ?? {})[measure.extract] ?? [];
  const covering = files.filter(([, from, to]) => from && from <= row.end && to >= row.start);
  const changes = await changesSince(force, mart, series, row, months, unit).catch((error) => createElement("p", `What moved can't be read: ${error.message}.`));
  const printed = contents.revisions.filter((r) => r.mart === mart && r.measure === series[0] && r.category === series[1] && r.area_type === series[2] && r.area_name === series[4] && r.period_start <= row.end && r.period_end >= row.start);
  const catalogue = catalogueOf(mart, series[0]);
  const control = row.kind === "month" ? controlOf(figures, series)?.months.get(row.start.slice(0, 7)) : null;
  byId("evidence-title").textContent = `Evidence: ${title}`;
  byId("evidence-body").replaceChildren(
    createElement("p", originOf(), { class: "origin" }),
    createElement("dl", [
      definition("Figure", formatValue(row, "value", unit)), definition("Completeness", COMPLETENESS[stateOf(row)]),
      ...(row.denominator === null ? [] : [definition("Made of", madeOf(row))]),
      ...(control ? [definition("Is it unusual?", describeVariation(control))] : []),
      definition("Days", `${day(row.start)} to ${day(row.end)}`),
      ...extracts.map((e) => definition("Extract", `${e.title}: ${e.status}`, e.covered_from ? `covered from ${coveredDays(e)}` : "no day is covered")),
    ], { class: "headline" }),
    ...(months.length ? [createElement("h3", "Months"), scrollRegion("Months of the figure", tableOf("", ["Month", "Figure", "Status"], months.map((r) => [r.label, formatValue(r, "value", unit), STATUS[stateOf(r)]]), (i) => i === 1))] : []),
    createElement("h3", "Files"),
    ...(covering.length ? [
      createElement("p", `${count(covering.length, "accepted file covers", "accepted files cover")} some of these days${covering.length > FILES_SHOWN ? `; the newest ${FILES_SHOWN} are shown` : ""}. Where two cover a day, the one extracted later counts.`),
      scrollRegion("Files of the figure", tableOf("", ["Load", "Covers", "Rows landed", "In quarantine", "Update"], covering.slice(-FILES_SHOWN).reverse().map(([id, from, to, landed, quarantined, night]) => [id, `${day(from)} to ${day(to)}`, Number(landed ?? 0).toLocaleString("en-GB"), Number(quarantined ?? 0).toLocaleString("en-GB"), night === contents.night.night_id ? `${night}, this update` : night]), (i) => i === 2 || i === 3)),
    ] : [createElement("p", "No accepted file of this force covers these days.")]),
    createElement("h3", "What moved since the update before"),
    changes,
    createElement("h3", "What moved since the last edition"),
    ...(printed.length ? [scrollRegion("What moved since the last edition", tableOf("", ["Window", "Edition", "It said", "It is now"], printed.map((r) => [`${day(r.period_start)} to ${day(r.period_end)} (${r.shows})`, r.printed_in, formatFigure(r.was, unit), formatFigure(r.now, unit)]), (i) => i > 1))]
      : [createElement("p", "No edition of the report that went out printed another figure for these days.")]),
    createElement("h3", "Every row"),
    createElement("p", ["In a terminal: ", createElement("code", traceCommand(mart, series, row))]),
    ...(catalogue ? [createElement("p", createElement("a", "What the measure means and where it comes from, in the catalogue", { href: catalogue }))] : []),
  );
  byId("evidence").showModal();
}
