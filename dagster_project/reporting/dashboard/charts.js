// A chart on the page: drawn when it comes into sight, with its words, its table, and what can be taken away of it.
"use strict";

const drawnCharts = new Map(); // holder -> { chart, width, result }
const sight = new IntersectionObserver((seen) => {
  for (const one of seen) if (one.isIntersecting) draw(one.target);
}, { rootMargin: "200px" });
const sizes = new ResizeObserver((changed) => {
  for (const { target, contentRect } of changed) {
    const held = drawnCharts.get(target);
    if (held?.result && contentRect.width > 0 && Math.abs(held.width - contentRect.width) > 8) draw(target, true);
  }
});

function embed(holder, spec, renderer = "svg") {
  return globalThis.vegaEmbed(holder, { $schema: "https://vega.github.io/schema/vega-lite/v6.json", config: CONFIG, ...spec }, {
    ast: true, // no eval: the page's policy forbids it
    logLevel: 1, // errors alone: a layer without a point is no mistake
    actions: false, defaultStyle: false, renderer, tooltip: { disableDefaultStyle: true },
  });
}

/** Draw a chart into its holder, once, or `again` as its width is another now. */
async function draw(holder, again = false) {
  const held = drawnCharts.get(holder);
  if (!held || (held.begun && !again)) return held?.begun;
  held.width = holder.clientWidth;
  held.begun = (async () => {
    try {
      const result = await embed(holder, held.chart.spec(held.width));
      held.result?.finalize();
      held.result = result;
      if (!drawnCharts.has(holder)) return result.finalize();
      holder.querySelector("svg")?.setAttribute("aria-hidden", "true");
      if (held.chart.onPoint) result.view.addEventListener("click", (_, item) => item?.datum?.key && held.chart.onPoint(item.datum));
    } catch (error) {
      holder.textContent = `The chart can't be drawn: ${error.message}. Its figures are in the table.`;
    }
  })();
  return held.begun;
}

/** Have a holder hold a chart. `chart.spec(width)` gives its Vega-Lite. */
function put(holder, chart) {
  drawnCharts.set(holder, { chart, width: 0, begun: null, result: null });
  sight.observe(holder);
  sizes.observe(holder);
}

/** Empty an element, and let go of the charts in it. */
function clear(element) {
  for (const holder of element.querySelectorAll(".chart")) {
    drawnCharts.get(holder)?.result?.finalize();
    drawnCharts.delete(holder);
    sight.unobserve(holder);
    sizes.unobserve(holder);
  }
  element.replaceChildren();
}

const fileName = (...parts) => [known.sample ? "SAMPLE" : "", ...parts].filter(Boolean).join("-").replace(/[^A-Za-z0-9_-]+/g, "_");

function save(blob, name) {
  const link = made("a", "", { download: name });
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const saveCsv = (text, name) => save(new Blob(["\ufeff", text], { type: "text/csv" }), `${name}.csv`);

/** A text in lines of at most so many letters; a word that is longer has a line of its own. */
function lines(text, most) {
  return text.split(" ").reduce((found, word) => {
    if (`${found.at(-1)} ${word}`.length > most) found.push(word);
    else found[found.length - 1] = `${found.at(-1)} ${word}`.trim();
    return found;
  }, [""]).filter(Boolean);
}

/** The chart as a file that says by itself what it shows, of which night, and whether its figures are made up. */
async function saveChart(chart, form) {
  const width = 900, holder = made("div", "", { class: "off" });
  const origin = `${known.sample ? "Sample: all figures are made up. " : ""}PAM Warehouse, night ${known.night.night_id ?? "not known"}.`;
  document.body.append(holder);
  try {
    const { title, note } = chart;
    const result = await embed(holder, { ...chart.spec(width), title: { text: lines(title, 90), subtitle: [...lines(note, 130), origin] }, padding: 16 });
    if (form === "svg") save(new Blob([await result.view.toSVG()], { type: "image/svg+xml" }), `${chart.name}.svg`);
    else await new Promise((done) => { result.view.toCanvas(2).then((canvas) => canvas.toBlob((blob) => { save(blob, `${chart.name}.png`); done(); })); });
    result.finalize();
  } finally {
    holder.remove();
  }
}

/** A figure of the page. `chart`: id, title, note, name of files, spec(width), csv() and, where no table is beside it, table(). */
function chartFigure(chart, ...more) {
  const { id, title, note } = chart;
  const holder = made("div", "", { class: "chart", id, role: "img", "aria-labelledby": `${id}-title ${id}-note` });
  const button = (words, what) => {
    const b = made("button", words, { type: "button", class: "plain", "aria-label": `${words}: ${title}` });
    b.addEventListener("click", what);
    return b;
  };
  const tools = made("p", [
    button("Save as SVG", () => saveChart(chart, "svg")), button("Save as PNG", () => saveChart(chart, "png")),
    ...(chart.csv ? [button("Save figures as CSV", () => saveCsv(chart.csv(), chart.name))] : []), ...more,
  ], { class: "tools" });
  const behind = [];
  if (chart.table) {
    const details = made("details", [made("summary", "Table of this chart")]);
    details.addEventListener("toggle", () => {
      if (details.open && !details.querySelector("table")) details.append(made("div", chart.table(), { class: "scroll", role: "region", "aria-label": `Table: ${title}`, tabindex: "0" }));
    });
    behind.push(details);
  }
  put(holder, chart);
  return made("figure", [made("figcaption", title, { id: `${id}-title` }), holder, made("p", note, { class: "note", id: `${id}-note` }), tools, ...behind]);
}

/** Draw all that is on the page, then print it. */
async function printPage() {
  await Promise.all([...drawnCharts.keys()].filter((h) => h.offsetParent).map((h) => draw(h)));
  print();
}
