"""Reads a PDF's text as its pages are laid out, so that a table's columns stay below each other."""

import logging
import re
from collections import Counter
from pathlib import Path

from .model import DocumentError

MOST_PAGES = 1_000
_EDGE = 3
"""Lines at the top and at the foot of a page that may be its header or footer."""


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
    return "\f".join(_without_edges(pages))


def _without_edges(pages: list[str]) -> list[str]:
    """Remove headers and footers from pages: lines at the same edge of half of the pages that differ only in their numbers. A
    table or paragraph that they interrupted is joined again."""
    lines = [page.rstrip().split("\n") for page in pages]
    edges = [_edge_lines(page) for page in lines]
    counts = Counter(key for page in edges for key in {*page.values()})
    least = max(3, len(pages) / 2)
    return [
        "\n".join(line for n, line in enumerate(page) if not (n in edge and counts[edge[n]] >= least))
        for page, edge in zip(lines, edges, strict=True)
    ]


def _edge_lines(lines: list[str]) -> dict[int, tuple[bool, str]]:
    """The lines at a page's edges, by number: whether at the top, and the words."""
    filled = [n for n, line in enumerate(lines) if line.strip()]
    near = [(True, n) for n in filled[:_EDGE]] + [(False, n) for n in filled[_EDGE:][-_EDGE:]]
    return {n: (is_top, re.sub(r"\d+", "#", " ".join(lines[n].split()))) for is_top, n in near}
