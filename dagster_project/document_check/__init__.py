"""Checks a document, whoever wrote it: compares each number in it with the published night.

`read_document` reads it. `figures_in_text` finds numbers, also in words (`editions.printed` has these), and tells figures from
dates and other numbers. `link_sentences` and `link_any_table` find the figure that a number is meant to be, and
`judge_number` compares the two. In a sentence, `measure_of_number`, `period_of_number` and `areas_and_categories` read what a
number is of, and `words_around_numbers`, `part_of_measure`, `base_of_change` and `excluding_words` what other words make of it.
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
