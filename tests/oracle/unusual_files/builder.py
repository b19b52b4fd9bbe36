"""Drop files into nights. Remember what each force has sent, to correct, withdraw or contradict it later."""

import gzip
from datetime import date, datetime, timedelta

from .fields import RECIPES, as_text, date_field, key_field, make_rows, seeded
from .files import (
    STYLES,
    Nights,
    Style,
    add_manifest,
    canonical_name,
    encode,
    extract_cells,
    rows_as_text,
    table_text,
)

BAD_DATES = ("31/02/2025", "2025-13-01", "soon", "31/10/25")
BAD_MONEY = ("12,50", "n/a", "£", "1.2.3")
LISTS = ("county_lines", "pspos", "cash_seizures")
SUMMER_TIME = ("2025-03-29", "2025-03-30", "2025-10-25", "2025-10-26")


class Builder:
    """Write nights of files. `sent`: (extract, force) -> {key: typed row}, the last good version of each row sent."""

    def __init__(self, directory, seed):
        self.nights = Nights(directory)
        self.seed = seed
        self.sent = {}
        self.number = 0
        self.files = 0

    def rng(self, *parts):
        return seeded(self.seed, *parts)

    def new_rows(self, extract, start, end, count, before=0):
        """New typed rows of an extract in a window, with new keys."""
        rng = self.rng("rows", extract, start, end, self.number)
        rows = make_rows(rng, extract, start, end, count, self.number + 1, before)
        self.number += count
        return rows

    def drop(self, night, extract, force, window, stamp, rows, **options):
        """Write one canonical file of typed rows, and rows of every kind that must go to quarantine.

        Options: style, odd (add rows that break rules; True by default), texts (more rows, as text),
        manifest (True: right, False: wrong), note.
        """
        start, end = map(date.fromisoformat, window)
        style = options.get("style") or STYLES[self.files % len(STYLES)]
        self.files += 1
        rng = self.rng("file", extract, force, window, stamp)
        texts = rows_as_text(rng, extract, rows) + options.get("texts", [])
        if options.get("odd", True):
            texts += self._edges(rng, extract, start, end) + self._broken(rng, extract, start, end)
        rng.shuffle(texts)
        header, cells = extract_cells(rng, extract, texts, style)
        if options.get("odd", True):
            self._ragged(rng, extract, start, end, style, header, cells)
        path = self.write(night, extract, force, window, stamp, header, cells, style)
        if options.get("manifest") is not None:
            add_manifest(path, len(cells), options["manifest"])
        self.note(path, options.get("note"))
        sent = self.sent.setdefault((extract, force), {})
        sent |= {row[key_field(extract)]: row for row in rows}
        return path

    def write(self, night, extract, force, window, stamp, header, cells, style=None):
        """Write header and cells unchanged."""
        style = style or Style()
        path = self.nights.place(night, canonical_name(extract, force, *window, stamp, style.container))
        path.write_bytes(encode(table_text(header, cells, style), style))
        return path

    def publish(self, night, name, header, cells, note=None):
        """Write a file of data.police.uk, with its own form of name."""
        path = self.nights.place(night, name)
        path.write_bytes(table_text(header, cells, Style()).encode())
        self.note(path, note)
        return path

    def again(self, night, path, container=None, change=False, note=None):
        """Drop an earlier file again under its name: unchanged, gzipped, or with other content."""
        data = path.read_bytes()
        name = path.name
        if container == ".gz":
            data, name = gzip.compress(data, mtime=0), name + ".gz"
        if change:
            data = gzip.decompress(data) if name.endswith(".gz") else data
            lines = data.splitlines(keepends=True)
            data = b"".join(lines[: len(lines) // 2])
            data = gzip.compress(data, mtime=0) if name.endswith(".gz") else data
        new = self.nights.place(night, name)
        new.write_bytes(data)
        self.note(new, note)
        return new

    def correct(self, night, extract, force, window, stamp, new=5, lose=4, spoil=2, note=None):
        """A newer file of a window: some rows missing, some changed, some new, some now invalid."""
        start, end = map(date.fromisoformat, window)
        rng = self.rng("correct", extract, force, window, stamp)
        date_column, is_list = date_field(extract), extract in LISTS
        sent = self.sent.get((extract, force), {})
        old = {key: row for key, row in sent.items() if is_list or start <= day_of(row[date_column]) <= end}
        keys = list(old)
        rng.shuffle(keys)
        for key in keys[:lose]:
            del old[key]
            del sent[key]
        invalid = [self._invalidate(rng, extract, old.pop(key)) for key in keys[lose : lose + spoil]]
        for key in keys[lose + spoil : lose + spoil + 4]:
            old[key] = change(rng, extract, old[key])
        rows = list(old.values())
        if extract != "iom_cohort":
            rows += self.new_rows(extract, start, end, new)
        return self.drop(night, extract, force, window, stamp, rows, texts=invalid, note=note)

    def note(self, path, text):
        if text:
            self.nights.notes[f"{path.parent.name}/{path.name}"] = text

    def _text_row(self, rng, extract, start, end):
        """One good row, typed and as text, with a new key."""
        (row,) = self.new_rows(extract, start, end, 1)
        return row, {f.name: as_text(rng, f, row[f.name]) for f in RECIPES[extract]}

    def _invalidate(self, rng, extract, row):
        """A row that was good, now with a value that breaks a rule. It keeps its key."""
        texts = {f.name: as_text(rng, f, row[f.name]) for f in RECIPES[extract]}
        if choices := choice_columns(extract):
            texts[choices[0]] = "Not in the list"
        elif extract == "iom_cohort":
            texts["cohort_size"] = "many"
        else:
            texts[date_field(extract)] = rng.choice(BAD_DATES)
        return texts

    def _broken(self, rng, extract, start, end):
        """A row that breaks each rule, a repeated row, and a key with two versions."""
        out = []

        def add_broken(name, text):
            out.append({**self._text_row(rng, extract, start, end)[1], name: text})

        date_column = date_field(extract)
        if extract == "iom_cohort":
            return [{date_column: "31/02/2025", "cohort_size": "80"}, {date_column: "", "cohort_size": "80"}]
        add_broken(key_field(extract), " ")
        for text in ("", rng.choice(BAD_DATES), f"{end + timedelta(1):%d/%m/%Y}"):
            add_broken(date_column, self._as_moment(extract, date_column, text))
        if extract not in LISTS:
            add_broken(date_column, self._as_moment(extract, date_column, f"{start - timedelta(1):%d/%m/%Y}"))
        for name in choice_columns(extract):
            add_broken(name, "Perhaps")
        for f in RECIPES[extract]:
            if f.kind == "money":
                add_broken(f.name, rng.choice(BAD_MONEY))
            elif f.kind == "whole":
                add_broken(f.name, "many")
            elif f.kind == "later" or f.name == "tested_at":
                add_broken(f.name, "31/02/2025")
        row, same = self._text_row(rng, extract, start, end)
        out += [same, dict(same)]
        row, _ = self._text_row(rng, extract, start, end)
        out += rows_as_text(rng, extract, [row, change(rng, extract, row)])
        text = self._text_row(rng, extract, start, end)[1]
        out.append({**text, key_field(extract): "", date_column: "soon"})  # two reasons at once
        if extract == "crimes":
            text = self._text_row(rng, extract, start, end)[1]
            out += [text, {**text, "status": "Perhaps"}]  # a key twice, once good and once broken: the rows differ
        return out

    def _as_moment(self, extract, date_column, text):
        timed = any(f.name == date_column and f.kind == "moment" for f in RECIPES[extract])
        return f"{text} 12:00" if timed and text.count("/") == 2 else text

    def _edges(self, rng, extract, start, end):
        """Times with an offset near midnight: at the ends of the window, and when the clocks change."""
        date_column, out = date_field(extract), []
        if all(f.name != date_column or f.kind != "moment" for f in RECIPES[extract]):
            return out
        days = {start - timedelta(1), end, *map(date.fromisoformat, SUMMER_TIME)}
        for day in sorted(days):
            if start - timedelta(1) <= day <= end:
                text = self._text_row(rng, extract, start, end)[1]
                out.append({**text, date_column: f"{day}T23:30:00+00:00"})
        return out

    def _ragged(self, rng, extract, start, end, style, header, cells):
        """Add one row with a field too few and one with a field too many, in the middle of the file."""
        if style.shuffle or extract == "iom_cohort":
            return
        for cut in (slice(0, -1), slice(None)):
            text = self._text_row(rng, extract, start, end)[1]
            row = [text[f.name] for f in RECIPES[extract]]
            row += [""] * (len(header) - len(row))
            cells.insert(len(cells) // 2, row[cut] if cut.stop else [*row, "left over"])


def change(rng, extract, row):
    """The same row with one value changed, but not its key, day or unit."""
    row = dict(row)
    changeable = [f for f in RECIPES[extract] if f.kind not in ("ref", "day", "unit")]
    if not changeable:
        return row
    f = rng.choice(changeable)
    day = day_of(row[date_field(extract)])
    for _ in range(50):
        value = f.make(rng, day, 0)
        if comparable(value) != comparable(row[f.name]):
            break
    row[f.name] = value
    return row


def choice_columns(extract):
    """Names of the columns with a list of allowed values."""
    return [f.name for f in RECIPES[extract] if f.kind == "choice" and f.name != "object_of_search"]


def comparable(value):
    """A value as it compares after it was written as text, which may drop seconds. An empty list is blank."""
    if isinstance(value, datetime):
        return value.replace(second=0)
    if isinstance(value, tuple):
        return tuple(part.casefold() for part in value) or None
    return value.casefold() if isinstance(value, str) else value


def day_of(value):
    return value.date() if isinstance(value, datetime) else value
