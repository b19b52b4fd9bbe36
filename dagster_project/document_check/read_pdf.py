"""The text of a PDF, laid out as its pages are: a table's columns stand under each other."""

import logging
from pathlib import Path

from .model import DocumentError

MOST_PAGES = 1_000


def pdf_text(path: Path, most: int) -> str:
    """All pages' text, `most` characters of it. Raises DocumentError for what is no PDF, is locked, or is larger."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pages: list[str] = []
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("is locked with a password: save it without")
        if len(reader.pages) > MOST_PAGES:
            raise DocumentError(f"has {len(reader.pages):,} pages, more than the {MOST_PAGES:,} that are read")
        for page in reader.pages:
            pages.append(page.extract_text(extraction_mode="layout", layout_mode_space_vertically=True))
            if sum(map(len, pages)) > most:
                raise DocumentError(f"holds more than {most:,} characters; check it in parts")
    except DocumentError:
        raise
    # Files that are damaged in their own ways end in errors of any kind.
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise DocumentError(f"can't be read as a PDF: {error or type(error).__name__}") from error
    if not any(p.strip() for p in pages):
        raise DocumentError("holds no text, only pictures of pages: check the document that it was made from")
    return "\f".join(pages)
