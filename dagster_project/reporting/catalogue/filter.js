"use strict";
// A field that filters rows by words. Without JavaScript all rows are shown, and the browser's own search works.
// The address has the words (`search.html#q=92C`). A field with `data-leads` opens the search page with them.
for (const place of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll("table.filtered tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const createElement = (name, attributes) => Object.assign(document.createElement(name), attributes);
  const input = createElement("input", { type: "search", id: "filter", autocomplete: "off" });
  const status = createElement("p", { className: "note" });
  const query = () => `#${new URLSearchParams({ q: input.value })}`;
  status.setAttribute("role", "status");
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, n) => {
      row.hidden = !words.every((word) => texts[n].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    const found = shown ? `${shown} of ${rows.length} shown` : "No row has all of these words. Try fewer, or a part of one.";
    status.textContent = words.length ? found : "";
  };
  const fromAddress = () => {
    const words = new URLSearchParams(location.hash.slice(1)).get("q");
    if (words === null) return;
    input.value = words;
    filter();
  };
  if (place.dataset.leads) {
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") location.href = place.dataset.leads + query(); });
    status.textContent = "Press Enter to search.";
  } else {
    input.addEventListener("input", () => { filter(); history.replaceState(null, "", query()); });
    addEventListener("hashchange", fromAddress);
    fromAddress();
  }
  place.append(createElement("label", { htmlFor: "filter", textContent: place.dataset.filter }), input, status);
}
