"""Documents are read as people see them, whichever program wrote them and however a page breaks their lines."""

import time
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from dagster_project.document_check.model import Figure, Grid, Text
from dagster_project.document_check.reading.read_document import read_document
from dagster_project.document_check.reading.read_pdf import _without_edges
from dagster_project.document_check.reading.read_text import blocks_of
from dagster_project.document_check.sentences.claimed_sentences import _with
from dagster_project.document_check.sentences.understand_sentence import SentenceClaim

W = nsdecls("w")
NUMBERS = (
    f"<w:abstractNum {W} w:abstractNumId='77'>"
    "<w:lvl w:ilvl='0'><w:start w:val='2'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.'/></w:lvl>"
    "<w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.%2'/></w:lvl></w:abstractNum>"
)
AS_WORD_SAVES = (
    "<w:proofErr w:type='spellStart'/><w:r w:rsidR='00AB12CD'><w:t xml:space='preserve'>We recorded 1</w:t></w:r>"
    "<w:r><w:t>,9</w:t></w:r><w:ins w:id='1' w:author='A'><w:r><w:t>3</w:t></w:r></w:ins>"
    "<w:del w:id='2' w:author='A'><w:r><w:delText>5</w:delText></w:r></w:del><w:smartTag w:element='n'><w:r><w:t>6</w:t></w:r>"
    "</w:smartTag><w:r><w:rPr><w:vanish/></w:rPr><w:t>777</w:t></w:r><w:r><w:rPr><w:strike/></w:rPr><w:t>5</w:t></w:r>"
    "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>1,2</w:t></w:r>"
    "<w:moveFrom w:id='3' w:author='A'><w:r><w:t>8</w:t></w:r></w:moveFrom>"
    "<w:r><w:noBreakHyphen/><w:t>\u00a0possession offences</w:t></w:r>"
    "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t xml:space='preserve'> only</w:t></w:r>"
)
BOX = (
    "<w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent><w:p><w:r><w:t>In a box: 12</w:t>"
    "</w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
)


def numbered(level: int, content: str, number: int = 77) -> str:
    properties = f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{number}'/></w:numPr>"
    return f"<w:p {W}><w:pPr>{properties}</w:pPr>{content}</w:p>"


def run(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>"


def read(document: object, folder: Path) -> list[Text | Grid]:
    document.save(str(folder / "a.docx"))
    return read_document(folder / "a.docx")


def test_automatic_numbers_and_split_runs_of_word_are_read(tmp_path: Path) -> None:
    document = Document()
    numbering = document.part.numbering_part.element
    numbering.insert(0, parse_xml(NUMBERS))
    numbering.append(parse_xml(f"<w:num {W} w:numId='77'><w:abstractNumId w:val='77'/></w:num>"))
    end = document.element.body[-1]
    for level, content in ((0, run("Aims")), (1, AS_WORD_SAVES), (1, run("More") + BOX), (0, run("Next")), (1, run("Last"))):
        end.addprevious(parse_xml(numbered(level, content)))
    document.add_paragraph("An item", style="List Bullet")
    blocks = read(document, tmp_path)
    assert [(b.number, b.text, b.place) for b in blocks if isinstance(b, Text)] == [
        ("2", "Aims", ""), ("2.1", "We recorded 1,936- possession offences only", ""), ("2.2", "More", ""),
        ("", "In a box: 12", "text box"), ("3", "Next", ""), ("3.1", "Last", ""), ("", "An item", ""),
    ]  # fmt: skip
    assert blocks[-1].is_item


def test_a_restarted_list_has_its_own_numbers(tmp_path: Path) -> None:
    """As Word writes `Restart at 1` and `Continue numbering`: two lists of one form."""
    document = Document()
    numbering = document.part.numbering_part.element
    numbering.insert(0, parse_xml(NUMBERS))
    restart = "<w:lvlOverride w:ilvl='0'><w:startOverride w:val='1'/></w:lvlOverride>"
    for number, more in ((77, ""), (78, restart), (79, "")):
        numbering.append(parse_xml(f"<w:num {W} w:numId='{number}'><w:abstractNumId w:val='77'/>{more}</w:num>"))
    end = document.element.body[-1]
    for level, number in ((0, 77), (1, 77), (0, 78), (1, 78), (0, 78), (0, 79)):
        end.addprevious(parse_xml(numbered(level, run("Told"), number)))
    assert [b.number for b in read(document, tmp_path) if isinstance(b, Text)] == ["2", "2.1", "1", "1.1", "2", "3"]


def test_frames_nested_tables_notes_and_headers_are_read(tmp_path: Path) -> None:
    document = Document()
    document.add_table(1, 1).cell(0, 0).text = "A frame around 5 words."
    table = document.add_table(2, 2)
    table.cell(0, 0).text = "Outer"
    inner = table.cell(1, 1).add_table(2, 1)
    inner.cell(0, 0).text, inner.cell(1, 0).text = "Inner", "9"
    skipped = f"<w:trPr {W}><w:gridBefore w:val='1'/></w:trPr>"
    table.rows[1]._tr.insert(0, parse_xml(skipped))
    note = f"<w:footnote w:id='1'><w:p>{run('Note 4')}</w:p></w:footnote>"
    notes = f"<w:footnotes {W}><w:footnote w:type='separator' w:id='0'/>{note}</w:footnotes>"
    part = Part(PackURI("/word/footnotes.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
                notes.encode(), document.part.package)  # fmt: skip
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.sections[0].header.paragraphs[0].text = "At the top: 3"
    blocks = read(document, tmp_path)
    assert [(b.text, b.place) for b in blocks if isinstance(b, Text)] == [
        ("A frame around 5 words.", ""), ("Note 4", "footnote 1"), ("At the top: 3", "header"),
    ]  # fmt: skip
    outer, nested = [[[c.text for c in row] for row in b.rows] for b in blocks if isinstance(b, Grid)]
    assert outer == [["Outer", ""], ["", "", ""]] and nested == [["Inner"], ["9"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("O\ufb00ences: 47 of tra\ufb03cking, 3 con\ufb01scations.", ["Offences: 47 of trafficking, 3 confiscations."]),
        ("We saw 47\u00a0cases, 1\u2009936 in all, in Nov\u2011Oct.", ["We saw 47 cases, 1,936 in all, in Nov-Oct."]),
        ("2.1 Our officers gave naloxone on\n47 occasions in all of our county\nsince May 2024.", None),
        ("2.9     Tests: 12 in all.\n2.10    Refused: 3.", ["2.9 Tests: 12 in all.", "2.10 Refused: 3."]),
        # A list is not joined: its second line would have fitted on the first.
        ("Derby North 26\nErewash 2\nDales 1 and High Peak 1", ["Derby North 26", "Erewash 2", "Dales 1 and High Peak 1"]),
        ("\uf0b7   Possession: 12.\n\uf0b7   Supply: 3.", ["• Possession: 12.", "• Supply: 3."]),
        ("It is so. To see\nTo check, 2.1: agrees", ["It is so. To see", "To check, 2.1: agrees"]),
    ],
)
def test_wrapped_lines_of_a_text_are_joined(tmp_path: Path, text: str, expected: list[str] | None) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    texts = [b.text for b in read_document(tmp_path / "a.txt")]
    assert texts == (expected or [text.replace("\n", " ")])


NARROW = """
Month        19/20        20/21

TOTAL        88           76
(Orders      £528,66      £1,185,6
)            4            96

ARIS         £86,821.     £18.5
returns      28           0
"""


def test_wrapped_cells_of_a_narrow_table_are_joined() -> None:
    (grid,) = blocks_of(NARROW)
    assert [[c.text for c in row] for row in grid.rows] == [
        ["Month", "19/20", "20/21"], ["TOTAL (Orders )", "88 £528,664", "76 £1,185,696"],
        ["ARIS returns", "£86,821.28", "£18.50"],
    ]  # fmt: skip


def test_a_long_table_is_read_quickly() -> None:
    started = time.monotonic()
    (grid,) = blocks_of("\n".join(f"North{n}  {n}  2  3" for n in range(10_000)))
    assert isinstance(grid, Grid) and len(grid.rows) == 10_000 and time.monotonic() - started < 30


def test_table_rows_at_page_edges_are_not_footers() -> None:
    """One table a page, all with one layout: rows at the edge have the same words and other numbers."""
    pages = [
        f"Drugs report\nOffences by unit, year {2000 + 3 * n}\nUnit   Offences   Change\nNorth  {10 * n}  {n}"
        f"\nTotal  {30 * n}  {n}\n\nDrugs report {n} of 6"
        for n in range(1, 7)
    ]
    trimmed = _without_edges(pages)
    assert all(f"Total  {30 * n}" in page and "Unit   Offences" in page for n, page in enumerate(trimmed, start=1))
    assert not any("Drugs report" in page for page in trimmed)


def test_headers_and_footers_of_pages_are_left_out() -> None:
    words = ["of one", "of two", "of three", "of four"]
    pages = [f"A report, 2026\n\nTold\n{w}\nand 7\n{w}\nmore {w}\n{w}\n\nPage {n} of 4" for n, w in enumerate(words, 1)]
    trimmed = _without_edges([*pages, "Another top\n\nhere\nand\nthere\nPage 3 of 4"])
    assert trimmed[1].split("\n") == ["", "of two", "and 7", "of two", "more of two", "of two", ""]
    assert "Another top" in trimmed[4] and "Page" not in trimmed[4]


def test_adding_a_claim_adds_missing_columns() -> None:
    day = date(2025, 10, 31)
    figure = Figure("mart_x", "m", "value", "force", "F", "all", day, day, "count", None, None, "p")
    claim = SentenceClaim(figure, "7", "We saw 7, not 8.")
    columns = "paragraph,mart,measure,figure,area_type,area_name,category,period_label,period_start,period_end,unit,printed"
    old = f'{columns}\n1.1,mart_x,m,value,force,F,all,"p, q",,,count,5\n'
    header, first, added = _with(old, claim, "2.1").splitlines()
    assert header == f"{columns},note" and added.endswith(',7,"We saw 7, not 8."')
    assert first == '1.1,mart_x,m,value,force,F,all,"p, q",,,count,5,'
    # A file that has the columns is unchanged.
    whole = "\n".join([header, first, ""])
    assert _with(whole, claim, "2.1").startswith(whole)
    assert _with("", claim, "2.1").splitlines()[0] == header


def test_a_list_s_number_without_a_blank_starts_a_paragraph() -> None:
    """As a PDF has it from the tenth item on."""
    text = "9. In 2025 there were 3 searches.\n10.In 2024 there were 4 searches.\n11.£5 was spent.\n"
    assert [b.text for b in blocks_of(text)] == text.splitlines()


def test_a_short_line_that_ends_in_mid_sentence_goes_on() -> None:
    """A narrow page of a PDF cut the area off its number."""
    lines = ["There were 4 searches in", "Derby East. The value of", "all orders came", "to £5. In all,", "it was 6."]
    assert [b.text for b in blocks_of("\n".join(lines))] == [" ".join(lines)]
    assert len(blocks_of("searches: 4\norders: 5\nTotal: 9\n")) == 3
