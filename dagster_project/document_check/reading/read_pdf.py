"""Reads a PDF's text with the layout of its pages, so that the columns of a table stay aligned."""

import logging
import re
from collections import Counter, defaultdict
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from ..model import DocumentError

MAX_PAGES = 1_000
_EDGE = 3
"""Lines at the top and foot of a page that may be its header or footer."""
_PAGE = re.compile(r"(?:page )?(?:[-–] ?)?#(?: ?(?:of|/) ?#)?(?: ?[-–])?", re.I)
"""A page number, with # for each number. Parts of a report may have page numbers of their own."""


class _Edge(NamedTuple):
    """A line near the edge of a page, and the numbers in it."""

    page: int
    line: int
    numbers: list[str]


def pdf_text(path: Path, most: int) -> str:
    """The text of all pages. Raises DocumentError for a file that is not a PDF, is locked, or has more than `most`
    characters."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pages: list[str] = []
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("is locked with a password: save it without")
        if len(reader.pages) > MAX_PAGES:
            raise DocumentError(f"has {len(reader.pages):,} pages, more than the {MAX_PAGES:,} that are read")
        for page in reader.pages:
            pages.append(page.extract_text(extraction_mode="layout", layout_mode_space_vertically=True))
            if sum(map(len, pages)) > most:
                raise DocumentError(f"holds more than {most:,} characters; check it in parts")
    except DocumentError:
        raise
    # A damaged file can cause any of these errors.
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise DocumentError(f"can't be read as a PDF: {error or type(error).__name__}") from error
    if not any(p.strip() for p in pages):
        raise DocumentError("holds no text, only pictures of pages: check the document that it was made from")
    return "\f".join(_without_edges(pages))


def _without_edges(pages: list[str]) -> list[str]:
    """Remove headers and footers: the outermost lines that are at that edge of half of the pages, with the same numbers or with
    page numbers. This joins a table or paragraph that they interrupted. The last row of a table on each page stays.
    """
    lines = [page.rstrip().split("\n") for page in pages]
    least = max(3, len(pages) / 2)
    alike: defaultdict[tuple[bool, str], list[_Edge]] = defaultdict(list)
    for number, page in enumerate(lines):
        for is_top, n in (*((True, n) for n in _filled(page)[:_EDGE]), *((False, n) for n in _filled(page)[-_EDGE:])):
            words = " ".join(page[n].split())
            alike[is_top, re.sub(r"\d+", "#", words)].append(_Edge(number, n, re.findall(r"\d+", words)))
    edges_to_remove = {
        (is_top, edge.page, edge.line)
        for (is_top, words), edges in alike.items()
        if len(same_edges := edges if _PAGE.fullmatch(words) else _same_numbers(edges)) >= least for edge in same_edges
    }  # fmt: skip
    kept = []
    for number, page in enumerate(lines):
        top = takewhile(lambda n: (True, number, n) in edges_to_remove, _filled(page))  # noqa: B023  (used at once)
        foot = takewhile(lambda n: (False, number, n) in edges_to_remove, reversed(_filled(page)))  # noqa: B023
        edges_of_page = {*top, *foot}
        kept.append("\n".join(line for n, line in enumerate(page) if n not in edges_of_page))
    return kept


def _filled(page: list[str]) -> list[int]:
    return [n for n, line in enumerate(page) if line.strip()]


def _same_numbers(edges: list[_Edge]) -> list[_Edge]:
    """Of lines with the same words, the largest group with the same numbers, or with numbers that rise with the pages."""
    for place in range(len(edges[0].numbers)):
        numbers = [e.numbers[place] for e in edges]
        rising = [str(int(e.numbers[place][-9:]) - e.page) for e in edges]
        forms = max((numbers, rising), key=lambda form: Counter(form).most_common(1)[0][1])
        ((most, _),) = Counter(forms).most_common(1)
        edges = [e for e, form in zip(edges, forms, strict=True) if form == most]
    return edges
