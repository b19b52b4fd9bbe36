"""Documents in a force's own template, with front matter from its settings."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from lxml import etree

from dagster_project.core.home import Home
from dagster_project.reporting.pack import Pack
from dagster_project.reporting.pack.document_settings import document_settings
from dagster_project.reporting.pack.word_document import write_docx
from dagster_project.reporting.pack.word_template import NUMBERED, STYLES, WordTemplateError, open_template

from .conftest import WrittenPack
from .documents import controls_of, text_of

ORDER = {
    "sdtPr": ["rPr", "alias", "tag", "id", "lock", "placeholder", "temporary", "showingPlcHdr", "dataBinding", "label", "text"],
    "pPr": ["pStyle", "keepNext", "keepLines", "pageBreakBefore", "numPr", "pBdr", "shd", "tabs", "spacing", "ind",
            "contextualSpacing", "jc", "outlineLvl", "rPr"],
    "rPr": ["rStyle", "rFonts", "b", "bCs", "i", "iCs", "noProof", "color", "spacing", "sz", "szCs", "u", "shd", "lang"],
    "tblPr": ["tblStyle", "tblW", "jc", "tblBorders", "tblLayout", "tblCellMar", "tblLook", "tblCaption", "tblDescription"],
    "tcPr": ["tcW", "shd", "vAlign"],
    "trPr": None,  # in any order
    "sdt": ["sdtPr", "sdtContent"],
    "lvl": ["start", "numFmt", "pStyle", "lvlText", "lvlJc", "pPr"],
}  # fmt: skip
"""The order of children in the schema of WordprocessingML, for each element that the documents use."""


@pytest.fixture(scope="module")
def pack(other_pack: WrittenPack) -> Pack:
    """A small pack without charts."""
    return replace(other_pack.pack, pages=tuple(replace(p, charts=()) for p in other_pack.pack.pages))


def write_template(path: Path) -> Path:
    """A force's template: its page, its header, its Heading 1, its numbered paragraph, a protective marking."""
    doc = Document()
    doc.sections[0].left_margin = Cm(4)
    doc.sections[0].header.paragraphs[0].text = "OFFICIAL"
    doc.styles["Heading 1"].font.size = Pt(33)
    doc.styles.add_style(NUMBERED, 1).font.size = Pt(9)
    doc.add_paragraph("Cover of the force")
    doc.save(str(path))
    return path


def write_dotx(path: Path) -> Path:
    """The same template as a .dotx."""
    template = path.with_suffix(".dotx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(template, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"document.main+xml", b"template.main+xml"))
    return template


def check_order(path: Path) -> int:
    """Check that all elements have the schema's order. Returns their number."""
    checked = 0
    with zipfile.ZipFile(path) as file:
        for name in ("word/document.xml", "word/numbering.xml", "word/styles.xml"):
            for part, order in ORDER.items():
                for element in etree.fromstring(file.read(name)).iter(qn(f"w:{part}")):
                    names = [etree.QName(child).localname for child in element]
                    if order and name == "word/document.xml":
                        assert set(names) <= set(order), (part, names)
                    if order and set(names) <= set(order):
                        assert names == sorted(names, key=order.index), (name, part)
                        checked += 1
    return checked


@pytest.mark.parametrize("kind", ["docx", "dotx"])
def test_a_template_of_the_force_gives_page_and_styles(pack: Pack, new_home: Home, tmp_path: Path, kind: str) -> None:
    template = write_template(tmp_path / "force.docx")
    if kind == "dotx":
        template = write_dotx(template)
        new_home.config_file.write_text(f'[report]\ntemplate = "{template}"\n', encoding="utf-8")
    else:
        template.rename(new_home.path / "report.docx")
    path = tmp_path / "made.docx"
    write_docx(pack, path, None, document_settings(new_home))
    doc = Document(str(path))
    assert doc.paragraphs[0].text == "Cover of the force" and doc.paragraphs[1].text == pack.title
    assert abs(doc.sections[0].left_margin - Cm(4)) < 1000 and doc.styles["Heading 1"].font.size == Pt(33)
    assert doc.styles[NUMBERED].font.size == Pt(9), "the force's size, not ours"
    header = [p.text for p in doc.sections[0].header.paragraphs]
    assert header[0] == "OFFICIAL" and "PAGE" in doc.sections[0].footer._element.xml
    assert {*STYLES} <= {s.name for s in doc.styles} and controls_of(doc.element.body)
    section = doc.sections[0]
    for table in doc.tables:
        width = sum(int(g.get(qn("w:w"))) for g in table._tbl.tblGrid) * 635
        assert width <= section.page_width - section.left_margin - section.right_margin
    assert check_order(path) > 100


def test_elements_of_a_document_have_the_order_of_the_schema(sample_pack: WrittenPack, tmp_path: Path) -> None:
    path = tmp_path / "made.docx"
    write_docx(replace(sample_pack.pack, pages=tuple(replace(p, charts=()) for p in sample_pack.pack.pages)), path)
    assert check_order(path) > 3000
    doc = open_template()
    assert {*STYLES} <= {s.name for s in doc.styles}
    assert not [p for p in doc.paragraphs if p.text], "our template is empty"


def test_paragraphs_are_numbered_in_a_template_without_numbering(pack: Pack, new_home: Home, tmp_path: Path) -> None:
    bare = Document()
    for rel in [k for k, r in bare.part.rels.items() if r.reltype.endswith("/numbering")]:
        del bare.part.rels[rel]
    bare.save(str(new_home.path / "report.docx"))
    write_docx(pack, tmp_path / "made.docx", None, document_settings(new_home))
    doc = Document(str(tmp_path / "made.docx"))
    heading, numbered = (doc.styles[n].element.pPr.numPr for n in ("Heading 1", NUMBERED))
    assert heading.numId.val == numbered.numId.val and numbered.ilvl.val == 1
    lists = doc.part.numbering_part.element
    assert str(numbered.numId.val) in lists.xpath("w:num/@w:numId")
    kinds = [child.tag.split("}")[1] for child in lists]
    assert kinds == sorted(kinds), "kinds of lists before lists"


def test_the_front_matter_comes_from_the_settings(pack: Pack, new_home: Home, tmp_path: Path) -> None:
    new_home.config_file.write_text('[report]\nby = "Chief Constable"\ncontact = "101"\n', encoding="utf-8")
    write_docx(pack, tmp_path / "made.docx", None, document_settings(new_home))
    paragraphs = [text_of(p._p) for p in Document(str(tmp_path / "made.docx")).paragraphs]
    assert paragraphs[paragraphs.index("Report by") + 1] == "Chief Constable"
    assert paragraphs[paragraphs.index("Contact for enquiries") + 1] == "101"
    assert paragraphs[paragraphs.index("Purpose of the report") + 1] == "Write here: purpose of the report."


def test_an_invalid_template_is_an_error(pack: Pack, new_home: Home, tmp_path: Path) -> None:
    new_home.config_file.write_text('[report]\ntemplate = "none.docx"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"pam\.toml: report\.template: there is no .*none\.docx"):
        document_settings(new_home)
    (tmp_path / "a.docx").write_text("no Word file", encoding="utf-8")
    with pytest.raises(WordTemplateError, match=r"a\.docx is not a Word document"):
        open_template(tmp_path / "a.docx")
    write_docx(pack, tmp_path / "report.docx")
    with pytest.raises(WordTemplateError, match=r"report\.docx is a report that was made by pam report"):
        open_template(tmp_path / "report.docx")
