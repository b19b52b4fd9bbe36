"""Checks a document, whoever wrote it: compares each number in it with the published night.

`check` reads the document (`reading`), finds the figures that its numbers are meant to be (`sentences` and `tables`, by what
`text` finds in each), and judges each number (`judge_in_context`, by `verdict_rule`). `edition_figures`
has what an edition prints, `model` what is read of a document. The lists of words are `measure_words.yml`, for each measure,
and `word_lists.yml`.
"""

from dagster_project.editions.verdicts import VERDICTS as CLAIM_VERDICTS

from .check import CheckedDocument, check_document
from .edition_figures import EditionFigures, read_edition_figures
from .model import DocumentError
from .verdict_rule import NOT_LINKED

VERDICTS = (*CLAIM_VERDICTS, NOT_LINKED)

__all__ = [
    "NOT_LINKED", "VERDICTS", "CheckedDocument", "DocumentError", "EditionFigures", "check_document", "read_edition_figures",
]  # fmt: skip
