"""The chief's table as a Word document, in the force's own template."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from docx.enum.section import WD_ORIENT

from .document_settings import DocumentSettings
from .ooxml import Controls, add_caption, add_field, add_table, save_document
from .word_template import NOTE, NOTICE, open_template

HEADER = ("Measure", "Month", "In the month", "Year before", "Change", "12 months to it", "Year before", "Change",
          "Complete", "Unusual")  # fmt: skip
"""The table's headings. `pam check` knows the table by them."""


def write_topline(
    path: Path, form: DocumentSettings, title: str, rows: Sequence[Sequence[str]], *,
    notes: Sequence[str], notices: Sequence[str], night_at: datetime,
) -> None:  # fmt: skip
    """Write a table, its rows by HEADER, to a document. `notices`: shown first, such as that figures are made up.

    Raises WordTemplateError.
    """
    doc = open_template(form.template)
    section = doc.sections[-1]
    if section.page_width and section.page_height and section.page_width < section.page_height:
        # Wide enough for ten columns.
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    doc.core_properties.title, doc.core_properties.language, doc.core_properties.author = title, "en-GB", ""
    doc.core_properties.created = doc.core_properties.modified = night_at
    doc.add_paragraph(title, style="Title")
    for notice in notices:
        doc.add_paragraph(notice, style=NOTICE)
    add_caption(doc, "Table", 1, title)
    add_table(doc, Controls(""), HEADER, rows, title=title, about=f"{len(rows)} rows, one a measure.")
    for note in notes:
        doc.add_paragraph(note, style=NOTE)
    footer = doc.sections[0].footer
    if "PAGE" not in footer._element.xml:
        paragraph = footer.paragraphs[0] if footer.paragraphs else footer.add_paragraph()
        paragraph.add_run("Page ")
        add_field(paragraph, "PAGE", "1")
    save_document(doc, path, night_at)
