"""Write files as forces' systems do: encodings, line ends, delimiters, headers, sidecars."""

import csv
import gzip
import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

from .fields import AREAS, FORCES, RECIPES, as_text


@dataclass(frozen=True)
class Style:
    """How one system writes its files."""

    encoding: str = "utf-8"
    newline: str = "\n"
    delimiter: str = ","
    headers: str = "plain"  # plain | title | shout | dashes
    shuffle: bool = False
    extras: bool = False
    container: str = ""  # "" | ".gz"


STYLES = (
    Style(),
    Style("utf-16", "\r\n", "\t", "title", True, True),
    Style("cp1252", "\r\n", ";", "shout", False, True),
    Style("utf-8-sig", "\r\n", ",", "title", True, True, ".gz"),
    Style("utf-8", "\n", "|", "dashes", True, False),
    Style("utf-8-sig", "\n", ";", "plain", False, True, ".gz"),
    Style("cp1252", "\n", "\t", "title", True, False),
)
EXTRAS = ("Officer Name", "Subject DOB", "Notes")


@dataclass
class Nights:
    """The files written, by night, and the areas and forces they belong to.

    `nights`: lists of paths in the order of arrival, each night in its own directory. `notes`: the purpose of an
    unusual file, by `nightNN/name`.
    """

    directory: Path
    nights: list = field(default_factory=list)
    areas: list = field(default_factory=lambda: list(AREAS))
    forces: dict = field(default_factory=lambda: dict(FORCES))
    notes: dict = field(default_factory=dict)

    def place(self, night, name):
        """The path of a new file in a night (numbered from 0)."""
        while len(self.nights) <= night:
            self.nights.append([])
        folder = Path(self.directory) / f"night{night + 1:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        if path.exists():
            raise FileExistsError(f"{path}: a night takes each name once")
        self.nights[night].append(path)
        return path


def canonical_name(extract, force, start, end, stamp, container=""):
    return f"{extract}__{force}__{start}__{end}__{stamp}.csv{container}"


def header_text(name, spelling):
    """A contract column's name as this system spells it."""
    return {
        "plain": name,
        "title": f" {name.replace('_', ' ').title()} ",
        "shout": name.upper().replace("_", ""),
        "dashes": name.replace("_", "-").capitalize(),
    }[spelling]


def table_text(header, rows, style):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=style.delimiter, lineterminator=style.newline)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def encode(text, style):
    data = text.encode(style.encoding)
    return gzip.compress(data, mtime=0) if style.container == ".gz" else data


def rows_as_text(rng, extract, rows):
    """Typed rows as dicts of text. A value that begins with `!` is text already: only the `!` is removed."""
    fields = RECIPES[extract]
    return [{f.name: _text(rng, f, row[f.name]) for f in fields} for row in rows]


def _text(rng, field_, value):
    if isinstance(value, str) and value.startswith("!"):
        return value[1:]
    return as_text(rng, field_, value)


def extract_cells(rng, extract, texts, style):
    """Header and cells of rows of text, in a style: its column order, header spelling and extra columns."""
    names = [f.name for f in RECIPES[extract]]
    if style.shuffle:
        rng.shuffle(names)
    header = [header_text(name, style.headers) for name in names]
    extras = EXTRAS if style.extras else ()
    cells = [[row[name] for name in names] + [_extra(rng, extra) for extra in extras] for row in texts]
    return header + list(extras), cells


def _extra(rng, name):
    if name == "Officer Name":
        return rng.choice(("PC 1234 Example", "Sgt, Example", ""))
    if name == "Subject DOB":
        return f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/19{rng.randint(50, 99)}"
    return rng.choice(('said "no comment"', "two\nlines; and | a, comma\ttoo", "", "café"))


def add_manifest(path, rows, holds=True, digest=True):
    """Write the sidecar of a file: right, or with one row too many."""
    manifest = {"rows": rows if holds else rows + 1}
    if digest:
        manifest["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".manifest.json").write_text(json.dumps(manifest), "utf-8")
