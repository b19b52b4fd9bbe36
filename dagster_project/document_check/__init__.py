"""Checks a document, whoever wrote it: compares each number in it with the published night.

`read_document` reads it, `figures_in_text` finds numbers, also in words (`editions.printed` has these), and tells figures from
dates and other numbers, `periods_in_text`, `areas_and_categories` and `words` find what else a text names, `link_sentences`,
`link_tables` and `link_own_tables` find the figure that a number is meant to be, `words_around_numbers` and `excluding_words`
see what the words around make of it, and `judge` compares the two.
"""

from dagster_project.editions.verdicts import VERDICTS as CLAIM_VERDICTS

from .check import CheckedDocument, check_document
from .edition_figures import EditionFigures, read_edition_figures
from .judge import NOT_LINKED
from .model import DocumentError

VERDICTS = (*CLAIM_VERDICTS, NOT_LINKED)

__all__ = [
    "NOT_LINKED", "VERDICTS", "CheckedDocument", "DocumentError", "EditionFigures", "check_document", "read_edition_figures",
]  # fmt: skip
