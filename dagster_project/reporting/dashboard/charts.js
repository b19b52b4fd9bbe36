// A chart on the page: drawn when it becomes visible, with a note, a table and files to save.
"use strict";

const drawnCharts = new Map(); // holder -> { chart, width, result }
const PAPER = 690; // pixels between the margins of an A4 page: the letters of a wider chart would be small in print
let isPrinting = false;
const visibility = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
}, { rootMargin: "200px" });
const sizes = new ResizeObserver((changed) => {
  for (const { target, contentRect } of changed) {
    const drawn = drawnCharts.get(target);
    if (!isPrinting && drawn?.result && contentRect.width > 0 && Math.abs(drawn.width - contentRect.width) > 8) draw(target, true);
  }
});

function embed(holder, spec, renderer = "svg") {
  return globalThis.vegaEmbed(holder, { $schema: "https://vega.github.io/schema/vega-lite/v6.json", config: CONFIG, ...spec }, {
    ast: true, // no eval: the page's policy forbids it
    logLevel: 1, // errors only: a layer may have no points
    actions: false, defaultStyle: false, renderer, tooltip: { disableDefaultStyle: true },
  });
}

/** Draw a chart into its holder, once, or `again` if its width changed, at most `widest`. */
async function draw(holder, again = false, widest = Infinity) {
  const drawn = drawnCharts.get(holder);
  if (!drawn || (drawn.drawing && !again)) return drawn?.drawing;
  drawn.width = Math.min(holder.clientWidth, widest);
  drawn.drawing = (async () => {
    try {
      const result = await embed(holder, drawn.chart.spec(drawn.width));
      drawn.result?.finalize();
      drawn.result = result;
      holder.style.minHeight = "";
      if (!drawnCharts.has(holder)) return result.finalize();
      holder.querySelector("svg")?.setAttribute("aria-hidden", "true");
      if (drawn.chart.onPoint) result.view.addEventListener("click", (_, item) => item?.datum?.key && drawn.chart.onPoint(item.datum));
    } catch (error) {
      holder.textContent = `The chart can't be drawn: ${error.message}. Its figures are in the table.`;
    }
  })();
  return drawn.drawing;
}

/** Have a chart drawn into a holder when it becomes visible. `chart.spec(width)`: its Vega-Lite. */
function registerChart(holder, chart) {
  drawnCharts.set(holder, { chart, width: 0, drawing: null, result: null });
  visibility.observe(holder);
  sizes.observe(holder);
}

/** Keep a chart's height free until it is drawn: a button below it would move away from under the pointer. */
function reserveHeight(holder) {
  const drawn = drawnCharts.get(holder);
  if (!drawn || drawn.result || !holder.clientWidth) return;
  const { height } = drawn.chart.spec(holder.clientWidth);
  if (height) holder.style.minHeight = `${height}px`;
}

/** Empty an element, and release the charts in it. */
function clear(element) {
  for (const holder of element.querySelectorAll(".chart")) {
    drawnCharts.get(holder)?.result?.finalize();
    drawnCharts.delete(holder);
    visibility.unobserve(holder);
    sizes.unobserve(holder);
  }
  element.replaceChildren();
}

const fileName = (...parts) => [contents.sample ? "SAMPLE" : "", ...parts].filter(Boolean).join("-").replace(/[^A-Za-z0-9_-]+/g, "_");

function save(blob, name) {
  const link = createElement("a", "", { download: name });
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const saveCsv = (text, name) => save(new Blob(["\ufeff", text], { type: "text/csv" }), `${name}.csv`);

/** Wrap a text into lines of at most `most` letters; a longer word has a line of its own. */
function lines(text, most) {
  return text.split(" ").reduce((wrapped, word) => {
    if (`${wrapped.at(-1)} ${word}`.length > most) wrapped.push(word);
    else wrapped[wrapped.length - 1] = `${wrapped.at(-1)} ${word}`.trim();
    return wrapped;
  }, [""]).filter(Boolean);
}

/** Save a chart as a file that says what it shows, from which night, and whether its figures are made up. */
async function saveChart(chart, form) {
  const width = 900, holder = createElement("div", "", { class: "off" });
  document.body.append(holder);
  try {
    const { title, note } = chart;
    const result = await embed(holder, { ...chart.spec(width), title: { text: lines(title, 90), subtitle: [...lines(note, 130), originOf()] }, padding: 16 });
    if (form === "svg") save(new Blob([await result.view.toSVG()], { type: "image/svg+xml" }), `${chart.name}.svg`);
    else await new Promise((done) => { result.view.toCanvas(2).then((canvas) => canvas.toBlob((blob) => { save(blob, `${chart.name}.png`); done(); })); });
    result.finalize();
  } finally {
    holder.remove();
  }
}

/** The figure element of a chart: id, title, note, name of files, spec(width) and, if there are any, csv(), table(), onPoint(). */
function chartFigure(chart, ...more) {
  const { id, title, note } = chart;
  const holder = createElement("div", "", { class: "chart", id, role: "img", "aria-labelledby": `${id}-title ${id}-note` });
  const button = (words, what) => {
    const b = createElement("button", words, { type: "button", class: "plain", "aria-label": `${words}: ${title}` });
    b.addEventListener("click", what);
    return b;
  };
  const tools = createElement("p", [
    button("Save as SVG", () => saveChart(chart, "svg")), button("Save as PNG", () => saveChart(chart, "png")),
    ...(chart.csv ? [button("Save figures as CSV", () => saveCsv(chart.csv(), chart.name))] : []), ...more,
  ], { class: "tools" });
  const tables = [];
  if (chart.table) {
    const details = createElement("details", [createElement("summary", "Table of this chart")]);
    details.addEventListener("toggle", () => {
      if (details.open && !details.querySelector("table")) details.append(createElement("div", chart.table(), { class: "scroll", role: "region", "aria-label": `Table: ${title}`, tabindex: "0" }));
    });
    tables.push(details);
  }
  registerChart(holder, chart);
  queueMicrotask(() => reserveHeight(holder)); // its figure is on the page then, and has a width
  return createElement("figure", [createElement("figcaption", title, { id: `${id}-title` }), holder, createElement("p", note, { class: "note", id: `${id}-note` }), tools, ...tables]);
}

/** Draw every chart of the view for paper, also those below the window. */
function drawForPaper() {
  isPrinting = true;
  return Promise.all([...drawnCharts].filter(([h]) => h.offsetParent).map(([h, { width }]) => draw(h, width > PAPER, PAPER)));
}

async function printPage() {
  await drawForPaper();
  print();
}
// The browser's own command to print waits for nothing but promises that are ready, and drawing has no others.
addEventListener("beforeprint", drawForPaper);
addEventListener("afterprint", () => {
  isPrinting = false;
  for (const [holder, { width }] of drawnCharts) if (width > 0 && width < holder.clientWidth) draw(holder, true);
});
