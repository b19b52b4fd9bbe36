"""Reads the paragraphs and tables of a .docx, .pdf or .txt file, up to a limit."""

from pathlib import Path

from .model import Block, DocumentError, Text, seen

LARGEST = 50 << 20
"""Bytes of a file."""
MOST_TEXT = 5_000_000
"""Characters of a document's text."""
FORMS = (".docx", ".pdf", ".txt")


def read_document(path: Path) -> list[Block]:
    """What a document holds, in its order. Raises DocumentError, and OSError where there is no such file."""
    # Here, not above: each needs a library of its own, which takes long to load.
    from .read_pdf import pdf_text
    from .read_text import blocks_of
    from .read_word import word_blocks

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
            blocks = blocks_of(seen(pdf_text(path, MOST_TEXT)))
        else:
            blocks = blocks_of(seen(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path.name}: is not UTF-8 text (byte {error.start:,}): save it as UTF-8") from error
    except DocumentError as error:
        raise DocumentError(f"{path.name}: {error}") from error
    if sum(_length(b) for b in blocks) > MOST_TEXT:
        raise DocumentError(f"{path.name}: holds more than {MOST_TEXT:,} characters; check it in parts")
    return blocks


def _length(block: Block) -> int:
    return len(block.text) if isinstance(block, Text) else sum(len(c.text) for row in block.rows for c in row)
