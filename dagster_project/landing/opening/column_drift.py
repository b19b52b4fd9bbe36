"""Compares a file's columns with its contract's and with those of the last accepted file, since figures may depend on them: a
measure is not available where no file has its columns."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from dagster_project.contracts import plain_header
from dagster_project.core.home import LONDON

from ..formats.excel import SheetText
from ..formats.header_columns import Layout
from ..inbox.file_names import InboxFile
from ..refusal import printable
from ..storage.ledger import LedgerEntry

ALIKE = 0.6
"""Headers that are at least so similar (0 to 1): one may be the other's new name."""
LONG_AFTER = timedelta(days=31)
"""An extraction later than this after the landing is mistyped: clocks differ by less."""


def describe_drift(before: LedgerEntry, layout: Layout) -> list[str]:
    """What changed since the file of the entry `before`: a sentence for each change."""
    headers = layout.headers
    # Older ledger lines have no headers, only the missing columns.
    if before.headers:
        removed, added = [c for c in before.headers if c not in headers], [c for c in headers if c not in before.headers]
    else:
        removed = [c for c in layout.missing if c not in before.missing_columns]
        added = [c for c in before.missing_columns if c in headers]
    earlier, current = ({plain_header(h): h for h in listed} for listed in (before.unknown_columns, layout.unknown))
    new, dropped = [h for p, h in current.items() if p not in earlier], [h for p, h in earlier.items() if p not in current]
    renamed = likely_renames({c: [before.headers.get(c, c)] for c in removed}, new)
    changes = [f"renamed? {c} is gone, {h} is new" for c, h in renamed.items()]
    changes += [f"column gone: {c}" for c in removed if c not in renamed]
    changes += [f"column that is there now: {c}" for c in added]
    changes += [
        f"other header: {c} was {before.headers[c]}, is {h}"
        for c, h in headers.items()
        if c in before.headers and plain_header(h) != plain_header(before.headers[c])
    ]
    changes += [f"new column, not stored: {h}" for h in new if h not in renamed.values()]
    return changes + [f"column gone, was not stored: {h}" for h in dropped]


def describe_unseen(worksheet: SheetText, layout: Layout, unread: Collection[str], *, is_named: bool) -> Iterator[str]:
    """Sentences on a workbook's sheets with the same columns that were not read, and on what is hidden or struck out in the
    table of the one that was, and was read all the same.

    `unread`: those other sheets. `is_named`: whether a mapping names the sheet.
    """
    if unread and not is_named:
        # Of two files of the same days, the newer would withdraw the rows of the other.
        each = "put all rows in one sheet, or, if each sheet has days of its own, save each as a file of its own"
        yield f"not read: {', '.join(unread)} with the same columns: {each}; or say table: {{sheet: ...}} in a mapping"
    remedy = "if they should not, delete them in the sheet and drop it again with a later extraction"
    for kind, rows in (("hidden by a filter or by hand", worksheet.hidden_rows), ("struck out", worksheet.struck_rows)):
        if number := sum(row >= layout.rows for row in rows):
            is_one = number == 1
            they = f"{number:,} {'row is' if is_one else 'rows are'} {kind}, and count{'s' if is_one else ''} like the others"
            yield f"{they}: {remedy.replace('they', 'it').replace('them', 'it') if is_one else remedy}"
    hidden = worksheet.hidden_columns
    columns = [h for name, h in layout.headers.items()
               if any(first <= i <= last for i in layout.fields_of(name) for first, last in hidden)]  # fmt: skip
    if columns:
        yield f"hidden, and read like the others: {', '.join(map(printable, columns))}"
    if worksheet.is_hidden and not is_named:
        yield "the sheet that was read is hidden: if it is not the extract, delete it, or say table: {sheet: ...} in a mapping"


def describe_extraction(file: InboxFile, landed_at: datetime) -> list[str]:
    """A sentence on a name that says more days than its extraction can know, or an extraction long after it landed."""
    if file.form != "canonical" or file.covered_to is None or file.extracted_at is None:
        return []
    day, notes = file.extracted_at.astimezone(LONDON).date(), list[str]()
    if file.covered_to > day:
        notes.append(f"window: ends on {file.covered_to}, after its extraction on {day}: later days count as days without rows")
    if file.extracted_at > landed_at + LONG_AFTER:
        notes.append(f"extracted on {day}, long after it landed: until then, every other file counts as older")
    return notes


def likely_renames(missing: Mapping[str, Iterable[str]], headers: Iterable[str]) -> dict[str, str]:
    """The header that each missing column may have now: column -> header, no header twice.

    `missing`: column -> its known names. The most similar are paired first; a last column and a last header are always a pair.
    """
    unclaimed = list(dict.fromkeys(headers))
    scored = sorted(
        (
            (max(_similarity(plain_header(n), plain_header(h)) for n in (name, *names)), name, h)
            for name, names in missing.items()
            for h in unclaimed
        ),
        key=lambda s: -s[0],
    )
    renames: dict[str, str] = {}
    for score, name, header in scored:
        is_last_pair = len(missing) - len(renames) == 1 and len(unclaimed) == 1
        if (score >= ALIKE or is_last_pair) and name not in renames and header in unclaimed:
            renames[name] = header
            unclaimed.remove(header)
    return renames


def _similarity(header: str, other_header: str) -> float:
    """0 to 1. `status` is similar enough to `crimestatus`, which contains it but is much longer."""
    shorter, longer = sorted((header, other_header), key=len)
    contained_score = ALIKE if len(shorter) > 2 and shorter in longer else 0.0
    return max(contained_score, SequenceMatcher(None, header, other_header).ratio())
