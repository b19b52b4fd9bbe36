"""Refresh a document for a later night: its figures change, its author's words and all else stay."""

import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from docx import Document
from docx.oxml.ns import qn
from lxml import etree
from office import OFFICE, WITHOUT, convert

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.editions import read_editions
from dagster_project.reporting.pack import Pack, read_pack
from dagster_project.reporting.pack.content_controls import find_controls, read_part
from dagster_project.reporting.pack.refreshable_figures import tag_of
from dagster_project.reporting.pack.word_document import write_docx
from dagster_project.reporting.pack.word_refresh import (
    DELETED,
    KEPT,
    NEW,
    NEW_NOTE,
    OTHER_DAYS,
    REMOVED,
    TYPED,
    UNKNOWN,
    NotRefreshableError,
    read_document,
    refresh,
)
from dagster_project.reporting.pack.word_template import copy_zip

from .conftest import WrittenPack
from .documents import controls_of, text_of

WORDS = "Officers’ own words & “figures”, such as 4,321:  two spaces, <angle>, Київ."
MARK = b"<w:p><w:r><w:t>"
BODY = "word/document.xml"
NAMESPACE_OF_WORD = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.fixture(scope="module")
def pack(sample_pack: WrittenPack) -> Pack:
    """The sample's pack without charts."""
    return replace(sample_pack.pack, pages=tuple(replace(p, charts=()) for p in sample_pack.pack.pages))


@pytest.fixture(scope="module")
def authored_document(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document with an author's words and a copied figure among them. Do not change it: use `document`."""
    folder = tmp_path_factory.mktemp("authored")
    original, path = folder / "made.docx", folder / "report.docx"
    write_docx(pack, original)

    def write(name: str, data: bytes) -> bytes:
        if name != BODY:
            return data
        copied = control(data, "offences/1/rolling").replace(b'<w:id w:val="', b'<w:id w:val="9')
        words = WORDS.replace("&", "&amp;").replace("<", "&lt;").encode()
        paragraph = b"<w:p  ><w:r ><w:t xml:space='preserve'>%b </w:t></w:r>%b<w:r><w:t> </w:t></w:r></w:p>" % (words, copied)
        return data.replace(b"<w:sectPr", paragraph + b"<w:sectPr", 1)

    copy_zip(original, path, write)
    return path


@pytest.fixture
def document(authored_document: Path, tmp_path: Path) -> Path:
    """A copy of the author's document, which a test may change."""
    return shutil.copy(authored_document, tmp_path / "report.docx")


def control(data: bytes, figure: str) -> bytes:
    """The bytes of the first control of a figure."""
    at = data.index(f'w:val="{tag_of("2026-03", figure)}"'.encode())
    return data[data.rindex(b"<w:sdt>", 0, at) : data.index(b"</w:sdt>", at) + 8]


def body(path: Path) -> bytes:
    with zipfile.ZipFile(path) as file:
        return file.read(BODY)


def without_figures(data: bytes) -> bytes:
    """A document in XML's canonical form, without the texts of its bound controls."""
    data = etree.tostring(etree.fromstring(data), method="c14n")
    bound = re.compile(rb'<w:sdt>(?:(?!</w:sdt>).)*?w:val="pam(?:-line)?:(?:(?!</w:sdt>).)*</w:sdt>', re.DOTALL)
    return bound.sub(lambda m: re.sub(rb"(<w:t(?: [^>]*)?>)[^<]*(</w:t>)", rb"\1\2", m[0]), data)


def next_night(pack: Pack, number: int, **figures: str) -> Pack:
    """The pack of another night with a few other figures, named by `table__row__column`."""
    printed = {k.replace("__", "/"): v for k, v in figures.items()}
    pages = tuple(
        replace(page, tables=tuple(
            replace(t, rows=tuple(
                replace(r, cells=tuple(replace(c, printed=printed.get(c.cell_id, c.printed)) for c in r.cells)) for r in t.rows
            )) for t in page.tables
        )) for page in pack.pages
    )  # fmt: skip
    return replace(pack, night_id=f"2027010{number}T020000Z", pages=pages)


def shown_in(path: Path, figure: str) -> list[str]:
    """The texts of a figure in a document, in each place that shows it."""
    tag = tag_of("2026-03", figure)
    return [text for t, text, _ in controls_of(Document(str(path)).element.body) if t == tag]


def update(path: Path, pack: Pack, keep_typed: bool = False) -> list[tuple[str, str, str, str]]:
    """Refresh a document in place. Returns what changed: figure, old text, new text and note."""
    result = refresh(read_document(path), pack, keep_typed)
    path.write_bytes(result.data)
    return [(c.figure, c.was, c.now, c.note) for c in result.changes if "/" in c.figure]


def test_three_refreshes_leave_the_words_unchanged(pack: Pack, document: Path) -> None:
    before = without_figures(body(document))
    assert WORDS in text_of(Document(str(document)).element.body) and b"2,187" not in before
    with zipfile.ZipFile(document) as file:
        others = {n: file.read(n) for n in file.namelist() if n not in (BODY, "customXml/item1.xml")}
    rolling = "offences__1__rolling"
    changing = ({rolling: "2,190"}, {rolling: "9 < 10 & [p]"}, {"naloxone__1__administrations": "[x]"})
    was = {"offences/1/rolling": "2,187", "naloxone/1/administrations": shown_in(document, "naloxone/1/administrations")[0]}
    first = dict(was)
    for number, figures in enumerate(changing, start=1):
        now = first | {k.replace("__", "/"): v for k, v in figures.items()}
        moved = update(document, next_night(pack, number, **figures))
        assert moved == [(f, was[f], now[f], "") for f in was if was[f] != now[f]]
        for figure, text in now.items():
            assert len(shown_in(document, figure)) >= 2 and {*shown_in(document, figure)} == {text}, "in tables and sentences"
        assert without_figures(body(document)) == before, "all else is unchanged"
        was = now
    assert len(shown_in(document, "offences/1/rolling")) == 3, "also where the author copied it"
    with zipfile.ZipFile(document) as file:
        assert {n: file.read(n) for n in others} == others
        part = file.read("customXml/item1.xml").decode()
    assert 'night="20270103T020000Z"' in part and 'id="naloxone/1/administrations" printed="[x]"' in part
    assert update(document, next_night(pack, 4, **changing[-1])) == []


def test_the_lines_about_the_night_are_refreshed_too(pack: Pack, document: Path) -> None:
    update(document, next_night(pack, 5))
    texts = {t: text for t, text, _ in controls_of(Document(str(document)).element.body)}
    assert "20270105T020000Z" in texts["pam-line:2026-03/night"] and "290 of 291" in texts["pam-line:2026-03/checked"]


def test_the_note_on_later_days_is_refreshed(pack: Pack, tmp_path: Path) -> None:
    """Of a year that is not over, the figures then count more days than the note said."""
    note, path = "2026: also counts days after 30 June 2026, up to 31 August 2026, as files cover them.", tmp_path / "a.docx"

    def counting(text: str) -> Pack:
        first, *pages = pack.pages
        tables = (replace(first.tables[0], notes=("Ours.", text), later_days=text), *first.tables[1:])
        return replace(next_night(pack, 8), pages=(replace(first, tables=tables), *pages))

    write_docx(counting(note), path)
    path.write_bytes(refresh(read_document(path), counting(note.replace("31 August", "30 September"))).data)
    text = text_of(Document(str(path)).element.body)
    assert text.count("Note: 2026: also counts days after 30 June 2026, up to 30 September 2026") == 1
    assert "31 August" not in text and "Note: Ours." in text
    write_docx(pack, path)
    lacking = [refresh(read_document(path), counting(note)).changes, refresh(read_document(path), pack).changes]
    table = pack.pages[0].tables[0].name
    assert [[(c.figure, c.now) for c in changes if c.note == NEW_NOTE] for changes in lacking] == [
        [(f"later-{table}", f"Note: {note}")], []
    ]  # fmt: skip


def test_a_typed_figure_is_reported_and_replaced(pack: Pack, document: Path) -> None:
    original = control(body(document), "stop_search/1/rolling")
    spoiled = re.sub(rb"<w:t>[^<]*</w:t>", rb"<w:t>1,7</w:t></w:r><w:r><w:t>77</w:t>", original)
    as_typed = document.with_name("typed.docx")
    copy_zip(document, as_typed, lambda name, data: data.replace(original, spoiled) if name == BODY else data)
    kept = document.with_name("kept.docx")
    shutil.copy(as_typed, kept)
    assert update(as_typed, pack) == [("stop_search/1/rolling", "1,777", "1,708", TYPED)]
    assert {*shown_in(as_typed, "stop_search/1/rolling")} == {"1,708"}
    assert ("stop_search/1/rolling", "1,777", "1,777", KEPT) in update(kept, next_night(pack, 2), keep_typed=True)
    assert "1,777" in shown_in(kept, "stop_search/1/rolling")
    # Word writes a typed figure to the data part, and shows it everywhere.
    in_word = document.with_name("word.docx")
    copy_zip(document, in_word, lambda _, data: re.sub(rb">1,708(</f>|</w:t>)", rb">1,799\1", data))
    assert update(in_word, pack) == [("stop_search/1/rolling", "1,799", "1,708", TYPED)]


def test_a_cleared_figure_is_filled(pack: Pack, document: Path) -> None:
    original = control(body(document), "stop_search/1/rolling")
    for spoiled in (
        re.sub(rb"<w:sdtContent>.*</w:sdtContent>", b"<w:sdtContent/>", original),
        re.sub(rb"<w:sdtContent>.*</w:sdtContent>", b"<w:sdtContent></w:sdtContent>", original),
        re.sub(rb"<w:t>[^<]*</w:t>", b"<w:t/>", original),
        re.sub(rb"1,708(</w:t>)", rb"Click here\1", original).replace(b"<w:dataBinding", b"<w:showingPlcHdr/><w:dataBinding"),
    ):
        path = document.with_name("cleared.docx")
        copy_zip(document, path, lambda name, data, new=spoiled: data.replace(original, new) if name == BODY else data)
        ((figure, _, now, note),) = update(path, pack)
        assert (figure, now, note) == ("stop_search/1/rolling", "1,708", TYPED)
        assert {*shown_in(path, figure)} == {"1,708"} and b"Click here" not in body(path)


def test_a_figure_that_is_deleted_under_review_stays_deleted(pack: Pack, document: Path) -> None:
    """It came back beside the deleted one, in a sentence that the author had deleted."""
    shown = control(body(document), "offences/1/rolling")
    text = b"<w:r><w:t>2,187</w:t></w:r>"
    deleted = shown.replace(text, b'<w:del w:id="1"><w:r><w:delText>2,187</w:delText></w:r></w:del>')
    path = document.with_name("reviewed.docx")
    copy_zip(document, path, lambda name, data: data.replace(shown, deleted, 1) if name == BODY else data)
    changes = update(path, next_night(pack, 6, offences__1__rolling="2,200"))
    assert ("offences/1/rolling", "", "", DELETED) in changes and ("offences/1/rolling", "2,187", "2,200", "") in changes
    assert deleted in body(path) and text in shown


def test_a_moved_row_keeps_its_figure(pack: Pack, document: Path) -> None:
    """Rows are sorted by size: the third is now second, one is new, one is gone."""
    page = next(p for p in pack.pages if any(t.name == "naloxone_units" for t in p.tables))
    table = next(t for t in page.tables if t.name == "naloxone_units")
    one, two, three, *rest = table.rows
    order = [one, three, two, *rest[:-1], replace(rest[-1], label="A new unit")]
    rows = tuple(
        replace(r, no=n, cells=(replace(r.cells[0], cell_id=f"naloxone_units/{n}/administrations", printed=f"{100 + n}"),))
        for n, r in enumerate(order, start=1)
    )
    page = replace(page, tables=tuple(replace(t, rows=rows) if t is table else t for t in page.tables))
    tonight = replace(next_night(pack, 6), pages=tuple(page if p.slug == page.slug else p for p in pack.pages))
    result = refresh(read_document(document), tonight)
    document.write_bytes(result.data)
    last = len(table.rows)
    gone = next(c for c in result.changes if c.note == REMOVED)
    assert (gone.figure, gone.what) == (f"naloxone_units/gone-{last}/administrations", rest[-1].label) and gone.was == gone.now
    added = [(c.figure, c.was, c.now) for c in result.changes if c.note == NEW]
    assert added == [(f"naloxone_units/{last}/administrations", "", str(100 + last))], "the document has no such row"
    doc = Document(str(document))
    word_table = next(t for t in doc.tables if text_of(t.rows[1]._tr).startswith(one.label))
    assert text_of(word_table.rows[2]._tr) == f"{two.label}103" and text_of(word_table.rows[3]._tr) == f"{three.label}102"
    ((tag, _, bound),) = controls_of(word_table.rows[2]._tr)
    assert tag == "pam:2026-03/naloxone_units/3/administrations", "as pam trace knows it"
    path = bound.find(f".//{qn('w:dataBinding')}").get(qn("w:xpath"))
    assert path == "/pam:figures/pam:f[@id='naloxone_units/3/administrations']"
    # Once the row is back, it is the same figure.
    update(document, pack)
    assert shown_in(document, f"naloxone_units/{last}/administrations") == [rest[-1].cells[0].printed]


def test_a_figure_of_other_days_is_not_replaced(pack: Pack, document: Path) -> None:
    """The edition's last day of data is later, but the words around the figure name the old window."""
    later = next_night(pack, 7, offences__1__rolling="2,345")
    page = later.pages[0]
    table = page.tables[0]
    cells = [replace(c, days="1 to 2 May 2030") if c.cell_id == "offences/1/rolling" else c for c in table.rows[0].cells]
    rows = (replace(table.rows[0], cells=tuple(cells)), *table.rows[1:])
    page = replace(page, tables=(replace(table, rows=rows), *page.tables[1:]))
    later = replace(later, pages=(page, *later.pages[1:]))
    left = [("offences/gone-1/rolling", "2,187", "2,187", OTHER_DAYS)]
    assert update(document, later) == left and update(document, later) == left
    assert b"2,345" not in body(document) and shown_in(document, "offences/gone-1/rolling") == ["2,187"] * 3
    assert update(document, pack) == [] and shown_in(document, "offences/1/rolling") == ["2,187"] * 3


def test_a_figure_that_others_publish_is_not_replaced_by_that_of_another_period(pack: Pack, document: Path) -> None:
    """The document names the period in words of its own."""
    (table, n), *_ = [(t, n) for p in pack.pages for t in p.tables for n, c in enumerate(t.columns) if c.window == "2022 - 24"]
    cell = table.rows[0].cells[n]
    later = next_night(pack, 7, **{cell.cell_id.replace("/", "__"): "999"})
    columns = tuple(replace(c, window="2023 - 25") if i == n else c for i, c in enumerate(table.columns))
    pages = tuple(
        replace(p, tables=tuple(replace(t, columns=columns) if t.name == table.name else t for t in p.tables))
        for p in later.pages
    )
    changes = update(document, replace(later, pages=pages))
    assert (cell.printed, cell.printed, OTHER_DAYS) in [change[1:] for change in changes] and b">999<" not in body(document)


def test_an_unknown_tag_is_left_and_reported(pack: Pack, document: Path) -> None:
    path = document.with_name("unknown.docx")
    copy_zip(document, path, lambda _, data: data.replace(b'"pam:2026-03/iom/1/', b'"pam:2025-03/iom/1/'))
    rows = update(path, next_night(pack, 7, iom__1__to_date="777"))
    assert [c for c in rows if c[3]] == [c for c in rows if c[3] == UNKNOWN and c[0].startswith("pam:2025-03/iom/1/")] != []
    assert b"777" not in body(path)


def test_a_long_tag_is_shortened_and_still_read(pack: Pack, tmp_path: Path) -> None:
    long = "c" * 60
    page = pack.pages[0]
    table = page.tables[0]
    cells = [replace(c, cell_id=f"offences/1/{long}") if n == 0 else c for n, c in enumerate(table.rows[0].cells)]
    rows = (replace(table.rows[0], cells=tuple(cells)), *table.rows[1:])
    long_pack = replace(pack, pages=(replace(page, tables=(replace(table, rows=rows), *page.tables[1:])), *pack.pages[1:]))
    write_docx(long_pack, tmp_path / "long.docx")
    tag = tag_of("2026-03", f"offences/1/{long}")
    assert re.fullmatch(r"pam:2026-03/~[0-9a-f]{16}", tag)
    later = next_night(long_pack, 8, **{f"offences__1__{long}": "55"})
    assert update(tmp_path / "long.docx", later)[0][:3] == (f"offences/1/{long}", cells[0].printed, "55")


def test_unsuitable_documents_are_refused(pack: Pack, document: Path, tmp_path: Path) -> None:
    def error_of(path: Path) -> str:
        with pytest.raises(NotRefreshableError) as error:
            read_document(path)
        return str(error.value)

    text = tmp_path / "a.docx"
    text.write_text("no zip", encoding="utf-8")
    assert "is not a Word document" in error_of(text)
    with zipfile.ZipFile(text, "w") as file:
        file.writestr("mimetype", "x")
    assert "it has no word/document.xml" in error_of(text)
    Document().save(str(text))
    assert "has no figures that can be refreshed" in error_of(text)
    copy_zip(document, text, lambda name, data: b"<figures" + data if name.startswith("customXml/item1") else data)
    assert "can't be read" in error_of(text)
    copy_zip(document, text, lambda name, data: data.replace(b'form="exact"', b'form="Public"'))
    assert "form 'Public'" in error_of(text), "exact figures would get into it"
    copy_zip(document, text, lambda name, data: data[:-9] if name == BODY else data)
    assert "it is broken" in error_of(text)
    copy_zip(document, text, lambda name, data: data.replace(b"?>", b"?><!DOCTYPE a>", 1) if name == BODY else data)
    assert "document type" in error_of(text)
    strict = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
    copy_zip(document, text, lambda name, data: data.replace(NAMESPACE_OF_WORD, strict) if name == BODY else data)
    assert "no content control with a figure can be read" in error_of(text), "it would say that it is of the new night"
    with pytest.raises(NotRefreshableError, match="made up"):
        refresh(read_document(document), replace(pack, is_made_up=False))
    with pytest.raises(NotRefreshableError, match="is of derbyshire"):
        refresh(read_document(document), replace(pack, force_code="kent"))


def test_any_namespace_prefix_and_comment_is_read() -> None:
    root = read_part(
        b"<x:d xmlns:x='%b'><x:sdt><x:sdtPr><x:tag\n x:val = 'pam:x/a/1/b' /></x:sdtPr>" % NAMESPACE_OF_WORD
        + b"<x:sdtContent ><x:r><x:t xml:space='preserve'>1 &amp; <!-- -->2</x:t></x:r></x:sdtContent></x:sdt></x:d>"
    )
    (control,) = find_controls(root, ("pam:",))
    assert (control.tag, control.text) == ("pam:x/a/1/b", "1 & 2")
    control.show("<3>")
    assert text_of(root) == "<3>"


LIBREOFFICE = pytest.mark.skipif(OFFICE is None, reason=WITHOUT)


@LIBREOFFICE
def test_the_sample_has_fewer_than_35_pages(sample_pack: WrittenPack, tmp_path: Path) -> None:
    (document,) = (sample_pack.home.published / "report" / "2026-03").glob("*.docx")
    pdf = convert(document, tmp_path, "pdf")
    pages = re.findall(rb"/Type\s*/Pages\b[^>]*?/Count (\d+)|/Count (\d+)[^>]*?/Type\s*/Pages\b", pdf.read_bytes())
    assert 10 < max(int(a or b) for a, b in pages) < 35


@LIBREOFFICE
def test_a_document_saved_by_libreoffice_can_be_refreshed(pack: Pack, document: Path, tmp_path: Path) -> None:
    saved = convert(document, tmp_path / "saved", "docx")
    before = {t: text for t, text, _ in controls_of(Document(str(document)).element.body)}
    assert {t: text for t, text, _ in controls_of(Document(str(saved)).element.body)} == before
    assert update(saved, pack) == [], "nobody typed over anything"
    assert update(saved, next_night(pack, 2, offences__1__rolling="2,222")) == [("offences/1/rolling", "2,187", "2,222", "")]
    assert shown_in(saved, "offences/1/rolling") == ["2,222"] * 3
    assert WORDS in text_of(Document(str(saved)).element.body)


def test_the_refresh_command(pam: Callable, figures_copy: Home, pack: Pack, document: Path, tmp_path: Path) -> None:
    home = figures_copy
    unchanged = document.read_bytes()
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("update reports.cells set printed = '2,999', value = 2999 where table_name = 'offences' and row_no = 1"
                    " and column_name = 'rolling'")  # fmt: skip
    out = tmp_path / "newer.docx"
    result = pam("report", "refresh", document, "--out", out, "--why", "PAM", "--home", home.path)
    assert result.exit_code == 0, result.output
    assert "offences/1/rolling" in result.stdout and "2,187" in result.stdout and "2,999" in result.stdout
    assert re.search(r"newer\.docx: 6\d\d figures are of night \w+ \(were of \w+\); 1 moved", result.stdout)
    recorded = [(e.kind, e.facts) for e in read_log(home)][-2:]
    by = {"by": "pam report refresh", "why": "PAM"}
    assert recorded == [
        ("consultation", by), ("disclosure", by | {"what": "edition 2026-03, exact: docx, refreshed", "to": str(out)}),
    ]  # fmt: skip
    assert pam("report", "refresh", out, "--format", "json", "--home", home.path).stdout == "[]\n", "no change is JSON, too"
    assert document.read_bytes() == unchanged and shown_in(out, "offences/1/rolling") == ["2,999"] * 3
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("insert into reports.cells (select * replace (99 as row_no, 'A new unit' as row_label, '7' as printed)"
                    " from reports.cells where table_name = 'naloxone_units' and row_no = 1)")  # fmt: skip
    result = pam("report", "refresh", document, "--out", tmp_path / "lacks_a_row.docx", "--home", home.path)
    assert result.exit_code == 1 and "naloxone_units/99/administrations" in result.stdout
    # The figure that moved above, and how many figures are complete.
    assert "2 moved, 1 of new rows and notes are not in the document" in result.stdout
    unknown = (b"pam:2026-03/iom/1/", b"pam:2026-03/nothing/1/")
    copy_zip(out, document, lambda _, data: data.replace(*unknown).replace(b">2,999<", b">2,998<"))
    result = pam("report", "refresh", document, "--keep-typed", "--home", home.path, "--format", "json")
    assert result.exit_code == 1 and "2 were left as they were" in result.stderr
    assert UNKNOWN in result.stdout and "pam:2026-03/nothing/1/to_date" in result.stdout
    assert KEPT in result.stdout and shown_in(document, "offences/1/rolling") == ["2,998"] * 3
    result = pam("report", "refresh", tmp_path / "none.docx", "--home", home.path)
    assert result.exit_code == 1 and "No such file" in result.stderr
    assert pam("report", "refresh", document, "--format", "xml", "--home", home.path).exit_code == 2
    assert pam("report", "--home", home.path).exit_code == 2, "a report needs a folder"
    assert [p.name for p in tmp_path.glob(".*")] == [], "nothing unfinished is left"


def test_a_public_document_stays_public(sample_pack: WrittenPack, document: Path, tmp_path: Path, pam: Callable) -> None:
    con = duckdb.connect(str(sample_pack.home.warehouse), read_only=True)
    public = read_pack(con, read_editions(sample_pack.home).sound["2026-03"], True, public=True)
    con.close()
    path = tmp_path / "public.docx"
    write_docx(replace(public, pages=tuple(replace(p, charts=()) for p in public.pages)), path)
    before = {t: text for t, text, _ in controls_of(Document(str(path)).element.body)}
    assert "[c]" in before.values()
    assert pam("report", "refresh", path, "--home", sample_pack.home.path).exit_code == 0
    assert [*read_log(sample_pack.home)][-1].facts["what"] == "edition 2026-03, public form: docx, refreshed"
    assert {t: text for t, text, _ in controls_of(Document(str(path)).element.body)} == before
