"use strict";
// A field that leaves the rows with a text. Without JavaScript the page is whole, and the browser's own search finds things.
// The address keeps what is looked for (`search.html#q=92C`), and a field with `data-leads` leads to the page that looks.
for (const place of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll("table.filtered tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const made = (name, attributes) => Object.assign(document.createElement(name), attributes);
  const input = made("input", { type: "search", id: "filter", autocomplete: "off" });
  const said = made("p", { className: "note" });
  const addressed = () => `#${new URLSearchParams({ q: input.value })}`;
  said.setAttribute("role", "status");
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, n) => {
      row.hidden = !words.every((word) => texts[n].includes(word));
      left += row.hidden ? 0 : 1;
    });
    said.textContent = words.length ? `${left} of ${rows.length} shown` : "";
  };
  const fromAddress = () => {
    const asked = new URLSearchParams(location.hash.slice(1)).get("q");
    if (asked === null) return;
    input.value = asked;
    filter();
  };
  if (place.dataset.leads) {
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") location.href = place.dataset.leads + addressed(); });
    said.textContent = "Press Enter to search.";
  } else {
    input.addEventListener("input", () => { filter(); history.replaceState(null, "", addressed()); });
    addEventListener("hashchange", fromAddress);
    fromAddress();
  }
  place.append(made("label", { htmlFor: "filter", textContent: place.dataset.filter }), input, said);
}
