"use strict";
// A field that leaves the rows with a text. Without JavaScript the page is whole, and the browser's own search finds things.
for (const place of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll("table.filtered tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const made = (name, attributes) => Object.assign(document.createElement(name), attributes);
  const input = made("input", { type: "search", id: "filter", autocomplete: "off" });
  const said = made("p", { className: "note" });
  said.setAttribute("role", "status");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, n) => {
      row.hidden = !words.every((word) => texts[n].includes(word));
      left += row.hidden ? 0 : 1;
    });
    said.textContent = words.length ? `${left} of ${rows.length} shown` : "";
  });
  place.append(made("label", { htmlFor: "filter", textContent: place.dataset.filter }), input, said);
}
