"""From a file in any container to rows of cells: the one place that knows which container is read how."""

from dataclasses import dataclass

import duckdb

from ..contracts import Contract
from .containers import Stored, unpack
from .drift import likely
from .header import Layout, Wanted, read_header, wanted_headers
from .mappings import SystemMapping
from .names import InboxFile
from .parquet import read_parquet
from .reader import ALL_BLANKS, Cells, read_cells
from .refusal import Refused, shown
from .sheets import sheet_text
from .text import decode


@dataclass(frozen=True)
class Opened:
    """How the rows that now are in `landing_cells` are laid out. 
    `other_than`: the encoding that the file is in, where some of its cells are not.
    """

    layout: Layout
    cells: Cells
    other_than: str | None = None


def open_file(
    con: duckdb.DuckDBPyConnection,
    file: InboxFile,
    stored: Stored,
    contract: Contract,
    facts: dict,
    mapping: SystemMapping | None = None,
) -> Opened:
    """Fill `landing_cells (line, cells)` from a file.

    `facts` gets what the ledger keeps of it, as far as it can be read: encoding, delimiter, headers, columns that
    are unknown or missing. `mapping`: what the force's system calls things. Raises Refused.
    """
    wanted = wanted_headers(contract, file.form, mapping)
    if file.container == ".parquet":
        facts["encoding"] = "parquet"
        layout = read_parquet(con, file.path, contract, file.form, mapping)
        _tell(facts, layout, wanted, file.form)
        return Opened(layout, Cells(ALL_BLANKS))
    if file.container == ".xlsx":
        facts["encoding"] = "xlsx"
        text = sheet_text(stored.data)
        layout = read_header(text, contract, file.form, ",", mapping)
        _tell(facts, layout, wanted, file.form)
        return Opened(layout, read_cells(con, text, layout, by_row=True))
    decoded = decode(unpack(stored, file.container))
    facts["encoding"] = decoded.encoding
    layout = read_header(decoded.text, contract, file.form, None, mapping)
    facts["delimiter"] = layout.separator
    _tell(facts, layout, wanted, file.form)
    return Opened(layout, read_cells(con, decoded.text, layout), decoded.other_than)


def _tell(facts: dict, layout: Layout, wanted: Wanted, form: str) -> None:
    """Note what the header says. Raises Refused where a column is missing that the file can't do without."""
    facts.update(headers=dict(layout.headers), unknown_columns=list(layout.unknown), missing_columns=list(layout.missing))
    if not layout.lacking:
        return
    names = {c: [h for h, name in wanted.headers.items() if name == c] for c in layout.lacking}
    perhaps = ", ".join(f"{c} is '{shown(header)}' there" for c, header in likely(names, layout.unknown).items())
    # What data.police.uk publishes is not mapped: there a contract has to follow.
    advice = "" if form == "police_uk" else ": then map it in mappings/"
    raise Refused(f"misses required columns: {', '.join(layout.lacking)}{f'; perhaps {perhaps}{advice}' if perhaps else ''}")
