"""Reads the pages of a pack: tables, links, headings, images."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "img", "source", "br", "hr", "input", "wbr"}


@dataclass
class PageRead(HTMLParser):
    """The content of a page. `faults`: elements not closed, or in the wrong order. `unusual`: the notes on changes."""

    path: Path
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    unusual: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self._open: list[str] = []
        self._rows: list[list[str]] = []
        self._table = ""
        self._in_unusual = False
        self.feed(self.path.read_text(encoding="utf-8"))
        self.close()
        self.faults += [f"{self.path.name}: {tag} is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self.tags.add(tag)
        self.attributes |= set(given)
        if tag not in VOID:
            self._open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        self.links += [given[name] for name in ("href", "src") if name in given]
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        elif tag == "img":
            self.images.append(given)
        elif tag == "table":
            self._rows, self._table = [], ""
        elif tag == "caption":
            self._table = given["id"]
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
        elif tag == "span" and given.get("class", "").startswith("unusual"):
            self._in_unusual = True
            self.unusual.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"{self.path.name}: {tag} at {self.getpos()}")
        self._in_unusual = False
        if tag == "table":
            self.tables[self._table] = self._rows

    def handle_data(self, data: str) -> None:
        if self._in_unusual:
            self.unusual[-1] += data
        elif self._rows and {"td", "th"} & set(self._open):
            self._rows[-1][-1] += data


def read_pages(folder: Path) -> dict[str, PageRead]:
    """Every page of a pack, by its path."""
    return {p.relative_to(folder).as_posix(): PageRead(p) for p in sorted(folder.rglob("*.html"))}
