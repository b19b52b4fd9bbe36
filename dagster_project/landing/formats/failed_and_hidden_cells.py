"""Finds what the library that reads a sheet does not say: formulas that failed, and what is hidden or struck out."""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from .containers import CHUNK

_WORKBOOK, _RELATIONS, _STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"
# Each part is short, so that no tag, however long, takes long to search.
_SHEET_ID = re.compile(rb"<(?:\w{1,9}:)?sheet\s[^<>]{0,999}?\w{1,9}:id=[\"']([^\"'<>]{1,99})")
_RELATION = re.compile(rb"<(?:\w{1,9}:)?Relationship\s([^<>]{0,2000})>")
_ATTRIBUTE = re.compile(rb"\b(Id|Target)=[\"']([^\"']{0,999})")
LONGEST_CELL = 1 << 14
"""Bytes that a failed formula's cell takes at most, as `_ERROR` looks for it."""
_ERROR = re.compile(
    rb"<(?:\w{1,9}:)?c\s[^<>]{0,99}?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^<>]{0,99}?\bt=[\"']e[\"'][^<>]{0,99}>"
    rb"(?:<(?:\w{1,9}:)?f\b[^<>]{0,99}(?:/>|>[^<]{0,9999}</(?:\w{1,9}:)?f>))?\s{0,9}<(?:\w{1,9}:)?v>([^<]{0,20})"
)
_UNWORKED = re.compile(
    rb"<(?:\w{1,9}:)?c\s([^<>]{0,99})>\s{0,9}<(?:\w{1,9}:)?f\b[^<>]{0,99}(?:/>|>[^<]{0,9999}</(?:\w{1,9}:)?f>)\s{0,9}"
    rb"(?:<(?:\w{1,9}:)?v ?/>|<(?:\w{1,9}:)?v></(?:\w{1,9}:)?v>)?\s{0,9}</(?:\w{1,9}:)?c>"
)
_NO_VALUE = (b"f></", b"v></v>", b"/></c")
"""Found in a sheet with such a formula: most have none, and each cell need not be searched."""
_CELL = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_HIDDEN = re.compile(rb"<(?:\w{1,9}:)?(row|col)\s([^<>]{0,499}?\bhidden=[\"'](?:1|true)[\"'][^<>]{0,499})>")
_NUMBER = re.compile(rb"\b(r|min|max)=[\"'](\d{1,7})[\"']")
_LARGEST_STYLES = 1 << 24
"""Bytes of a workbook's styles, beyond which they are not read: Excel allows 64,000 styles of some 100 bytes."""
_FONTS = re.compile(rb"</?(?:\w{1,9}:)?fonts\b")
_STYLE_LIST = re.compile(rb"</?(?:\w{1,9}:)?cellXfs\b")
_STRIKE = re.compile(rb"<(?:\w{1,9}:)?strike\s{0,9}(?:/?>|val=[\"'](?:1|true)[\"'])")
_STYLE = re.compile(rb"\bs=[\"'](\d{1,7})[\"']")
_MAX_STYLES = 100
"""Struck styles that cells are searched for: people's workbooks have a few, and each takes time at each cell."""
_NUMBER_FORMAT = re.compile(rb"<(?:\w{1,9}:)?numFmt\s([^<>]{0,999})>")
_FOREIGN = re.compile(
    "(?=[^<>]*\\bnumFmtId=[\"'](\\d{1,7}))[^<>]*\\bformatCode=[\"'][^<>]*?(?:€|¥|₹|\\[\\$(?:\\$|€|EUR|USD)|(?<!\\[)\\$)".encode()
)
"""The attributes of a number format that shows another currency: `[$€-2] #,##0.00`, not `[$£-809]`, `[$-809]`."""
_TEXT_CELL = re.compile(rb"\bt=[\"'](s|str|inlineStr)[\"']")
_FORMAT_OF_STYLE = re.compile(rb"\bnumFmtId=[\"'](\d{1,7})[\"']")
_FONT_OF_STYLE = re.compile(rb"\bfontId=[\"'](\d{1,7})[\"']")


@dataclass
class SheetMarks:
    """What is odd in a sheet; rows and columns from 0.

    `failed`: cells whose formula failed, with the error, such as `#REF!`; None where it was never worked out, as in a workbook
    that a program wrote and nobody has opened. Excel writes errors to a CSV; the library has blanks for both, which would land.
    `hidden_rows`: by a filter, a group or a person. `hidden_columns`: first and last of each run. `struck`: row -> a bit for
    each column whose cell is struck out. `foreign`: the same of cells that show another currency than the pound.
    """

    failed: list[tuple[int, int, str | None]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    struck: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    foreign: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))


def read_marks(data: bytes, index: int) -> SheetMarks:
    """Read the marks of a sheet, by its number from 0. A workbook whose parts are elsewhere has none: it is read as the library
    reads it."""
    marks = SheetMarks()
    with zipfile.ZipFile(BytesIO(data)) as file:
        names = file.namelist()
        if not {_WORKBOOK, _RELATIONS} <= set(names):
            return marks
        ids = _SHEET_ID.findall(file.read(_WORKBOOK))
        relations = (dict(_ATTRIBUTE.findall(r)) for r in _RELATION.findall(file.read(_RELATIONS)))
        targets = {r.get(b"Id"): r.get(b"Target", b"").decode(errors="replace") for r in relations}
        target = targets.get(ids[index], "") if index < len(ids) else ""
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path not in names:
            return marks
        is_read = _STYLES in names and file.getinfo(_STYLES).file_size <= _LARGEST_STYLES
        styles = file.read(_STYLES) if is_read else b""
        struck, foreign = _struck_styles(styles), _foreign_styles(styles)
        with file.open(path) as member:
            tail = b""
            while chunk := member.read(CHUNK):
                piece = tail + chunk
                # After the last whole cell; 0 where there is none.
                end = piece.rfind(b"c>") + 1
                whole_cells, tail = piece[: end + 1], piece[end + 1 :][-LONGEST_CELL:]
                marks.failed += _failed_formulas(whole_cells)
                _add_hidden(marks, whole_cells)
                _add_styled(marks.struck, whole_cells, struck)
                _add_styled(marks.foreign, whole_cells, foreign, numbers_alone=True)
    return marks


def _failed_formulas(xml: bytes) -> Iterator[tuple[int, int, str | None]]:
    # Most sheets have none: the search of each cell takes a third as long again as reading the sheet.
    has_errors = b't="e"' in xml or b"t='e'" in xml
    for column, row, error in _ERROR.findall(xml) if has_errors else ():
        yield int(row) - 1, column_number(column) - 1, error.decode(errors="replace")
    has_unworked = b"<f" in xml and any(mark in xml for mark in _NO_VALUE)
    for attributes in _UNWORKED.findall(xml) if has_unworked else ():
        # Excel's own formulas that give an empty text say so.
        if (cell := _CELL.search(attributes)) and b't="str"' not in attributes:
            yield int(cell[2]) - 1, column_number(cell[1]) - 1, None


def _add_hidden(marks: SheetMarks, xml: bytes) -> None:
    for kind, attributes in _HIDDEN.findall(xml) if b"hidden=" in xml else ():
        numbers = {name: int(number) - 1 for name, number in _NUMBER.findall(attributes)}
        if kind == b"row" and b"r" in numbers:
            marks.hidden_rows.append(numbers[b"r"])
        elif {b"min", b"max"} <= numbers.keys():
            marks.hidden_columns.append((numbers[b"min"], numbers[b"max"]))


def _add_styled(columns_by_row: defaultdict[int, int], xml: bytes, styles: set[bytes], *, numbers_alone: bool = False) -> None:
    """Add cells that have one of the styles. `numbers_alone`: not blank cells and texts, which a number's format leaves as
    they are."""
    # A workbook keeps styles that no cell has: those in use are found before each cell is looked at.
    used = styles.intersection(_STYLE.findall(xml)) if styles else ()
    if not 0 < len(used) <= _MAX_STYLES:
        return
    cells = rb"<(?:\w{1,9}:)?c\s(?=[^<>]{0,99}\bs=[\"'](?:%b)[\"'])([^<>]{0,99})>" % b"|".join(used)
    for attributes in re.findall(cells, xml):
        if numbers_alone and (attributes.endswith(b"/") or _TEXT_CELL.search(attributes)):
            continue
        if cell := _CELL.search(attributes):
            columns_by_row[int(cell[2]) - 1] |= 1 << (column_number(cell[1]) - 1)


def _struck_styles(xml: bytes) -> set[bytes]:
    fonts = [bool(_STRIKE.search(font)) for font in re.split(rb"<(?:\w{1,9}:)?font\b", _between(_FONTS, xml))[1:]]
    if not any(fonts):
        return set()
    matches = (_FONT_OF_STYLE.search(style) for style in re.split(rb"<(?:\w{1,9}:)?xf\b", _between(_STYLE_LIST, xml))[1:])
    numbers = [int(match[1]) if match else 0 for match in matches]
    return {b"%d" % n for n, font in enumerate(numbers) if font < len(fonts) and fonts[font]}


def _foreign_styles(xml: bytes) -> set[bytes]:
    """The numbers of the styles that show another currency than the pound."""
    formats = {match[1] for attributes in _NUMBER_FORMAT.findall(xml) if (match := _FOREIGN.match(attributes))}
    if not formats:
        return set()
    styles = re.split(rb"<(?:\w{1,9}:)?xf\b", _between(_STYLE_LIST, xml))[1:]
    return {b"%d" % n for n, style in enumerate(styles) if (used := _FORMAT_OF_STYLE.search(style)) and used[1] in formats}


def _between(tag: re.Pattern[bytes], xml: bytes) -> bytes:
    """What is between an element's two tags; b"" where it has none."""
    ends = [match.end() for match in tag.finditer(xml)][:2]
    return xml[slice(*ends)] if len(ends) == 2 else b""


def column_number(letters: bytes) -> int:
    """A column's number from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
