"""Reads the paragraphs and tables of a .docx, .pdf or .txt file, up to a limit."""

from pathlib import Path

from ..model import Block, DocumentError, cells_of, visible_text
from .read_pdf import pdf_text
from .read_text import blocks_of
from .read_word import word_blocks

LARGEST = 50 << 20
"""Bytes of a file."""
MAX_TEXT = 5_000_000
"""Characters of a document's text."""
FORMS = (".docx", ".pdf", ".txt")


def read_document(path: Path) -> list[Block]:
    """A document's paragraphs and tables, in order. Raises DocumentError, and OSError if there is no such file."""
    form = path.suffix.lower()
    if form not in FORMS:
        raise DocumentError(f"{path.name}: can't be checked: give a file that ends in {', '.join(FORMS[:-1])} or {FORMS[-1]}")
    size = path.stat().st_size
    if size > LARGEST:
        raise DocumentError(f"{path.name}: has {size:,} bytes, more than the {LARGEST:,} that are read; check it in parts")
    try:
        if form == ".docx":
            blocks = word_blocks(path)
        elif form == ".pdf":
            blocks = blocks_of(visible_text(pdf_text(path, MAX_TEXT)))
        else:
            blocks = blocks_of(visible_text(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path.name}: is not UTF-8 text (byte {error.start:,}): save it as UTF-8") from error
    except DocumentError as error:
        raise DocumentError(f"{path.name}: {error}") from error
    if sum(len(c.text) for b in blocks for c in cells_of(b)) > MAX_TEXT:
        raise DocumentError(f"{path.name}: holds more than {MAX_TEXT:,} characters; check it in parts")
    return blocks
