"""`pam check`: it finds every changed figure, reports no other, and links nothing by guess."""

import csv
import json
import random
import re
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from docx import Document

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.document_check import CheckedDocument, DocumentError
from dagster_project.document_check.edition_figures import EditionCell, EditionFigures, PrintedTable
from dagster_project.document_check.model import Figure
from dagster_project.document_check.text.figures_in_text import numbers_of
from document_check.documents import EDITION, add_bound_figure, check, check_text, make_word, printed_tables, resave

SENTENCES = [
    "2.1 We recorded 1,936 drug possession offences in 2024/25, against 1,431 in 2023/24.",
    "2.2 Trafficking offences rose by 4.9% in the twelve months to October 2025.",
    "2.12 Officers gave naloxone 47 times from May 2024 to November 2025.",
    "2.17 Between September 2024 and October 2025, 953 tests were completed and 523 tests were positive.",
    "3.2 Drug searches went up by 688, or 67%, in the year to October 2025.",
    "3.10 January 2025 to September 2025:",
    "Primary schools had 37 inputs, which reached 1,790 young people.",
    "4.3 For the 2025/26 financial year to date, 13 forfeiture orders brought in £53,000.",
    "6.4 Drug incidents: 4,202 in 2023, 3,525 in 2024 and 3,395 in 2025.",
]
"""Our own sentences. Every number in them agrees with the sample."""
REFERENCE = next(
    (p for up in (3, 4) if (p := Path(__file__).resolve().parents[up] / "shared" / "reference").is_dir()), Path("nowhere")
)


def count_verdicts(checked: CheckedDocument) -> Counter[str]:
    return Counter(i.verdict for i in checked.items)


def misprint(text: str) -> str:
    """The number with another first digit."""
    return re.sub(r"[0-9]", lambda m: str(int(m[0]) % 9 + 1) if m[0] != "1" else "7", text, count=1)


@pytest.fixture(scope="module")
def tables(sample_home: Home) -> list[tuple[str, list[list[str]]]]:
    return printed_tables(sample_home)


def test_only_changed_figures_disagree_even_after_a_resave(sample_home: Home, tables: Any, tmp_path: Path) -> None:
    make_word(tables, SENTENCES).save(str(tmp_path / "right.docx"))
    right = check(sample_home, tmp_path / "right.docx")
    assert not right.disagreeing
    figures = [i for i in right.items if i.measure]
    assert len(figures) > 480 and len(figures) == len(right.items)
    # 30 figures of tables and 10 of sentences.
    rng = random.Random(7)
    in_sentences = [i for i in figures if i.where.startswith("paragraph")]
    spoiled = {id(i) for i in (*rng.sample(in_sentences, 10), *rng.sample(figures[len(in_sentences) :], 30))}
    document = Document(str(tmp_path / "right.docx"))
    items = iter(right.items)
    for paragraph in [p for p in document.paragraphs if not p.text.startswith("Table ")]:
        text, at = paragraph.text, 0
        for number in [n for n in numbers_of(text) if n.kind == "figure"]:
            item = next(items)
            assert item.printed == number.text
            at = text.index(number.text, at)
            new = misprint(number.text) if id(item) in spoiled else number.text
            text, at = text[:at] + new + text[at + len(number.text) :], at + len(new)
        paragraph.text = text
    for table in document.tables:
        for row in table.rows[1:]:
            for cell in row.cells[1:]:
                if re.search(r"[0-9]|^\[x\]$", cell.text) and cell.text != "[z]":
                    item = next(items)
                    assert item.text == cell.text
                    cell.text = cell.text.replace(item.printed, misprint(item.printed)) if id(item) in spoiled else cell.text
    document.save(str(tmp_path / "wrong.docx"))
    for path in (tmp_path / "wrong.docx", resave(tmp_path / "wrong.docx", tmp_path)):
        checked = check(sample_home, path)
        assert len(checked.items) == len(right.items)
        for was, now in zip(right.items, checked.items, strict=True):
            expected = "disagrees" if id(was) in spoiled and was.printed != now.printed else was.verdict
            assert (now.verdict, now.measure) == (expected, was.measure), (was, now)
        assert checked.disagreeing >= 39


@pytest.mark.parametrize("text", SENTENCES[:5] + SENTENCES[7:])
def test_a_figure_is_linked_by_its_words_not_its_number(sample_home: Home, tmp_path: Path, text: str) -> None:
    right = check_text(sample_home, tmp_path, text)
    assert all(i.measure for i in right.items) and not right.disagreeing
    wrong = check_text(sample_home, tmp_path, text.replace(right.items[-1].printed, misprint(right.items[-1].printed)))
    assert [i.measure for i in wrong.items] == [i.measure for i in right.items]
    assert wrong.items[-1].verdict == "disagrees" and wrong.disagreeing == 1


JUDGED = [
    ("Possession offences rose by 33% in the year to October 2025.", "agrees", "32.6258338387"),
    ("Possession offences rose by 32% in the year to October 2025.", "agrees when cut", "32.6258338387"),
    ("Possession offences fell by 33% in the year to October 2025.", "disagrees", "32.6258338387"),
    ("In the year to October 2025 possession offences rose by 538.", "agrees", "538"),
    ("2.12 Naloxone was given on 47 occasions.", "agrees", "47"),
    ("Naloxone: 26 times in Derby North from May 2024 to November 2025.", "agrees", "26"),
    ("5.7 In 2023/24 the alcohol rate of Derby was 756 per 100,000.", "agrees", "756"),
    ("2.11 In 2024/25, eight new PSPOs began.", "agrees", "8"),
    ("2.11 In 2024/25, nine new PSPOs began.", "disagrees", "8"),
    ("There were 12 county lines active at the end of October 2025.", "agrees", "12"),
    ("Lines active in October 2025: 13.", "disagrees", "12"),
    # A count without a comma, which looks like a year.
    ("We recorded 1936 possession offences in 2024/25.", "agrees", "1936"),
    ("We recorded 2024 possession offences in 2024/25.", "disagrees", "1936"),
    # A figure that the edition does not print, but a mart has.
    ("Drug searches rose by 41% in the year to September 2025.", "disagrees", "73.2438016529"),
]
"""Sentences, each with the verdict on its figure and the computed figure."""


def test_a_figure_is_compared_at_its_printed_precision(sample_home: Home, tmp_path: Path) -> None:
    items = check_text(sample_home, tmp_path, "\n\n".join(text for text, *_ in JUDGED)).items
    assert [(i.verdict, i.computed) for i in items] == [tuple(expected) for _, *expected in JUDGED]


def test_a_change_of_the_wrong_direction_is_told_from_a_wrong_number(sample_home: Home, tmp_path: Path) -> None:
    """`printed 33%, computed 32.63: the marts have another figure` did not say what is wrong."""
    sentences = ["fell by 33%", "fell by 32.6%", "fell by 31%"]
    text = "\n\n".join(f"Possession offences {s} in the year to October 2025." for s in sentences)
    right = "the number is right, but it rose"
    assert [i.reason for i in check_text(sample_home, tmp_path, text).items] == [right, right, "the marts have another figure"]


NOT_LINKED = [
    "Two further naloxone administrations followed.",
    "Naloxone was given 47 times.",
    "Several teams issued five or more FPNs in 2024/25.",
    "More than 1,900 possession offences were recorded in 2024/25.",
    "There were 1,936 possession offences.",
    "There were 300 burglaries in 2024/25.",
    "Searches of homes found 1,351 plants in 2024/25.",
    "Drug searches rose by 12% in the year to June 2035.",
    "The force keeps 100% of the funds.",
    "In 2024/25 possession offences were dealt with by 12 teams.",
    # A part of what is counted.
    "Cannabis possession offences numbered 1,400 in 2024/25.",
    "1,200 possession offences were charged in 2024/25.",
    "Drug searches in which nothing was found: 1,025 in the year to October 2025.",
    "Intelligence items from Crimestoppers: 900 in 2025.",
    "In 2025, 825 drug incidents were graded as an emergency.",
    # An average, a target, a forecast, an earlier report.
    "On average 1,468 intelligence items were submitted in 2025.",
    "Each officer submitted nine intelligence items in 2025.",
    "Our target is 2,000 possession offences in 2025/26.",
    "Possession offences are forecast to reach 2,500 in 2025/26.",
    "In the previous report we said 1,900 possession offences for 2024/25.",
    # Another place.
    "Leicestershire recorded 1,936 drug possession offences in 2024/25.",
    "Nationally, possession offences rose by 6% in 2024/25.",
    "In 2024/25 there were 1,936 possession offences in Derby.",
    # A part of a period, or no stated period.
    "In Q4 2024 there were 535 possession offences.",
    "Last year there were 1,936 possession offences.",
    # Something else.
    "The force has 1,936 officers; possession offences rose in 2024/25.",
    "Drug searches above the mean since April 2024; one more within normal variation".replace("one", "5"),
    # A year or a count.
    "Compared with 2024 drug searches fell.",
    "2024 possession offences were recorded.",
    # The number of a paragraph is no reason to link an ambiguous sentence.
    "3.6 People safeguarded: 43 in Nov-Oct 2024/25.",
]


def test_an_ambiguous_figure_is_not_linked(sample_home: Home, tmp_path: Path) -> None:
    items = check_text(sample_home, tmp_path, "\n\n".join(NOT_LINKED)).items
    assert len(items) == len(NOT_LINKED)
    assert [i for i in items if (i.verdict, i.measure, i.computed) != ("not linked", None, None)] == []


@pytest.mark.parametrize("text", ["In 2024 drug searches rose.", "It was the year 2024, and drug searches rose."])
def test_a_year_is_not_a_figure(sample_home: Home, tmp_path: Path, text: str) -> None:
    checked = check_text(sample_home, tmp_path, text)
    assert not checked.items and checked.others == {"year": 1}


@pytest.mark.parametrize(
    ("title", "rows"),
    [
        # Areas, months and totals alone do not say what is counted.
        ("Burglary by section", [["Section", "Total"], ["North", "500"], ["South", "300"], ["Force", "800"]]),
        ("Our own", [["Month", "2023", "2024"], ["January", "10", "20"], ["February", "30", "40"]]),
        ("Offences", [["Offence", "2023/24"], ["Drug Possession - cannabis", "900"], ["Burglary", "1,431"]]),
        ("Offences", [["Offence", "Dec-Nov 2018/19"], ["Drug Possession", "900"], ["Drug Trafficking", "901"]]),
    ],
)
def test_a_table_of_another_subject_is_not_linked(sample_home: Home, tmp_path: Path, title: str, rows: list[list[str]]) -> None:
    make_word([(title, rows)]).save(str(tmp_path / "own.docx"))
    checked = check(sample_home, tmp_path / "own.docx")
    assert {i.verdict for i in checked.items} == {"not linked"} and len(checked.items) >= 2


def test_a_transposed_table_and_cells_with_two_figures_are_linked(sample_home: Home, tmp_path: Path) -> None:
    turned = [["", "Drug Possession", "Drug Trafficking"], ["2023/24", "1,431", "909"], ["2024/25", "1,936", "1,033"]]
    both = [["MDA Orders", "23/24", "24/25"], ["TOTAL", "45", "57"], ["(number and value)", "£82,349", "£85,481"]]
    make_word([("Offences", turned), ("Misuse of Drugs Act", both)]).save(str(tmp_path / "a.docx"))
    checked = check(sample_home, tmp_path / "a.docx")
    assert [i.printed for i in checked.items if i.verdict == "disagrees"] == ["1,033", "£85,481"]
    assert count_verdicts(checked) == {"agrees": 6, "disagrees": 2}
    assert checked.items[0].where == "table 1 (Recorded drug offences), row 2023/24, column Drug Possession"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("The find rate fell from 43% to 40% in the year to October 2025.",
         {"43%": "43.0392156863", "40%": "40.0468384075"}),
        ("In Chesterfield, 7 of the 47 naloxone administrations from May 2024 to November 2025 took place.", {"7": "7"}),
        ("Stop and search for drugs: 1,351 in 2024/25 (2023/24: 637).", {"1,351": "1351", "637": "637"}),
        ("Emergency: 1 of 2 drug incidents in 2025 were within normal variation.", {}),
        ("Possession offences in 2024-25 were 505 higher than in 2023-24.", {"505": "505"}),
        # A list below the period that introduces it, without paragraph numbers.
        ("School inputs from January 2025 to September 2025:\n- Primary: 37 inputs\nSchool inputs in the same period during"
         " 2024:\n- Primary: 39 inputs\n\nWe reached 12 inputs.\n", {"37": "37", "39": "39"}),
    ],
)  # fmt: skip
def test_every_figure_of_a_sentence_is_linked(sample_home: Home, tmp_path: Path, text: str, printed: dict[str, str]) -> None:
    checked = check_text(sample_home, tmp_path, text)
    assert {i.printed: i.computed for i in checked.items if i.measure} == printed and not checked.disagreeing


@pytest.mark.parametrize(
    ("heading", "sentence", "disagreeing"),
    [
        ("Recorded drug offences (2.1-2.2)",
         "Drug Possession: 2,187 in Nov-Oct 2024/25, against 1,649 in Nov-Oct 2023/24; a change of 539 (32%).", ["539"]),
        ("Naloxone administered by officers, by section (2.12)", "2.6     North: 11 (Total).", ["11"]),
        ("Deaths from drug misuse per 100,000 people (5.3-5.4)",
         "5.5     2022 - 24: 8.1 (Derbyshire), 5.6 (Derby), 5.9 (England).", ["5.9"]),
        ("Drug intelligence by month and year (6.7)", "Total: 17,577 (2023), 17,874 (2024), 16,150 [p] (2025).", ["17,874"]),
        # Below another heading the labels mean something else.
        ("Burglary by section", "North: 11 (Total).", None), ("Our budget", "Police: £3,000 (24/25).", None),
        ("Drug intelligence by month and year", "Total: 17,577 (2023), 17,874 of them new.", None),
    ],
)  # fmt: skip
def test_a_sentence_of_the_report_is_linked_without_its_tags(
    sample_home: Home, tmp_path: Path, heading: str, sentence: str, disagreeing: list[str] | None
) -> None:
    checked = check_text(sample_home, tmp_path, f"{heading}\n\n{sentence}\n")
    assert [i.printed for i in checked.items if i.verdict == "disagrees"] == (disagreeing or [])
    assert {bool(i.measure) for i in checked.items} == {disagreeing is not None}


def test_two_joined_tables_are_separated(sample_home: Home, tmp_path: Path) -> None:
    rows = [["Section", "Total"], ["North", "10"], ["Force", "47"], ["Section", "Total"], ["Derby North", "26"], ["Dales", "2"]]
    make_word([("Naloxone, May 2024 to November 2025", rows)]).save(str(tmp_path / "a.docx"))
    checked = check(sample_home, tmp_path / "a.docx")
    assert [(i.printed, i.verdict) for i in checked.items] == [
        ("10", "agrees"), ("47", "agrees"), ("26", "agrees"), ("2", "disagrees"),
    ]  # fmt: skip


def test_a_long_paragraph_is_read_quickly(sample_home: Home, tmp_path: Path) -> None:
    """The text before a sentence is searched for its context: for each sentence all of it would take too long."""
    started = time.monotonic()
    checked = check_text(sample_home, tmp_path, "In 2024/25 there were 1,936 possession offences. Much was done well. " * 500)
    assert len(checked.items) == 500 and not checked.disagreeing and time.monotonic() - started < 30


TABLE_IN_TEXT = """Recorded drug offences

                                Nov-Oct      Volume
Offence            2024/25      2024/25      Change
Drug Possession      1,936        2,187         538
Drug Trafficking     1,032        1,060          49

"""


def test_text_columns_are_a_table_even_with_a_wrapped_heading(sample_home: Home, tmp_path: Path) -> None:
    checked = check_text(sample_home, tmp_path, TABLE_IN_TEXT)
    assert count_verdicts(checked) == {"agrees": 5, "disagrees": 1}
    (wrong,) = [i for i in checked.items if i.verdict == "disagrees"]
    assert (wrong.printed, wrong.computed) == ("1,060", "1059")
    assert wrong.where.endswith("row Drug Trafficking, column Nov-Oct 2024/25")


def test_a_sentence_below_a_table_is_not_part_of_its_last_row(sample_home: Home, tmp_path: Path) -> None:
    table = "Section        Total\nNorth             10\nSouth             37\nForce             46\n"
    below = "Period of “Total”: May 2024 to Nov 2025.\n"
    checked = check_text(sample_home, tmp_path, f"Naloxone administered by officers, by section\n\n{table}{below}")
    assert [(i.printed, i.computed) for i in checked.items if i.verdict == "disagrees"] == [("46", "47")]
    assert count_verdicts(checked) == {"agrees": 2, "disagrees": 1}


def test_that_there_were_none_is_checked_too(sample_home: Home, tmp_path: Path) -> None:
    """What is 0, what is not, what no file covers, and words that may be about something else."""
    sentences = (
        "Zero naloxone administrations were recorded in Erewash in November 2025.",
        "In 2024/25 there were no possession offences.",
        "There were no drug searches in February 2023.",
        "There were no drug offences recorded in schools in 2025.",
    )
    checked = check_text(sample_home, tmp_path, "\n\n".join(sentences))
    assert [(i.printed, i.verdict, i.computed) for i in checked.items] == [
        ("Zero", "agrees", "0"), ("no", "disagrees", "1936"), ("no", "not computable", None), ("no", "not linked", None),
    ]  # fmt: skip


def test_a_pdf_is_read_without_headers_and_footers(sample_home: Home, tmp_path: Path) -> None:
    """Each sentence is on its own page, with a header and a footer whose numbers are not figures."""
    document = make_word(sentences=[*SENTENCES, "In 2024/25 there were 1,937 possession offences."])
    for paragraph in document.paragraphs:
        paragraph.paragraph_format.page_break_before = True
    document.sections[0].header.paragraphs[0].text = "Item 17 of the agenda"
    document.sections[0].footer.paragraphs[0].text = "Copy 23 of the paper"
    document.save(str(tmp_path / "a.docx"))
    checked = check(sample_home, resave(tmp_path / "a.docx", tmp_path, "pdf"))
    assert [(i.printed, i.computed) for i in checked.items if i.verdict == "disagrees"] == [("1,937", "1936")]
    assert count_verdicts(checked)["agrees"] >= 13 and not [i for i in checked.items if i.printed in ("17", "23")]


def test_a_row_number_in_a_tag_comes_before_a_label_and_the_first_of_two_equal_labels_counts() -> None:
    words = ("mart_naloxone", "uses", "value", "force", "Derbyshire", "all")
    figures = [Figure(*words, None, None, "count", Decimal(n), "complete") for n in range(4)]
    table = PrintedTable("t", "Table", rows={1: "Same", 2: "Same", 3: "1"}, columns={1: "N"})
    table.cells = {(n, 1): EditionCell(n, 1, "n", figures[n]) for n in (1, 2, 3)}
    by_id = EditionFigures(duckdb.connect(), "2026-03", "derbyshire", date(2025, 10, 31), {"t": table}, (), {}, {}).by_id
    assert (by_id["t/1/n"], by_id["t/3/n"], by_id["t/same/1"]) == (figures[1], figures[3], figures[1])


def test_a_bound_figure_is_checked_by_its_tag(sample_home: Home, tmp_path: Path) -> None:
    document = make_word()
    prefix = f"pam:{EDITION}"
    add_bound_figure(document, "Something rose by ", f"{prefix}/offences/1/pct_change", "32%", ".")
    add_bound_figure(document, "Typed over: ", f"{prefix}/offences/1/pct_change", "41%", ".")
    add_bound_figure(document, "By names: ", f"{prefix}/stop_search/stop search drug related/rolling", "1,708", "")
    add_bound_figure(document, "A claim: ", f"{prefix}/claim/1", "1,432", ", and a year: ")
    add_bound_figure(document, "", "pam:1999-01/offences/1/rolling", "7", "")
    add_bound_figure(document, "", f"{prefix}/offences/9/rolling", "7", "")
    table = document.add_table(1, 2)
    table.cell(0, 0).text = "Unknown label"
    add_bound_figure(table.cell(0, 1), "", f"{prefix}/intelligence/Total/year_before", "17,874", "")
    document.save(str(tmp_path / "a.docx"))
    checked = check(sample_home, tmp_path / "a.docx")
    assert [(i.printed, i.verdict, i.measure) for i in checked.items] == [
        ("32%", "agrees when cut", "possession_offences"), ("41%", "disagrees", "possession_offences"),
        ("1,708", "agrees", "drug_searches"), ("1,432", "disagrees", "possession_offences"),
        ("7", "not computable", None), ("7", "not computable", None), ("17,874", "disagrees", "intelligence_items"),
    ]  # fmt: skip
    resaved = check(sample_home, resave(tmp_path / "a.docx", tmp_path))
    assert [(i.printed, i.verdict) for i in resaved.items] == [(i.printed, i.verdict) for i in checked.items]


def test_the_command_prints_disagreements_and_counts(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("In 2024/25 there were 1,936 possession offences.\nTel: 101, on 3 May 2025.\n", encoding="utf-8")
    right = pam("check", path, "--home", sample_home.path, "--edition", EDITION, "--format", "json", "--why", "PAM")
    assert right.exit_code == 0, right.output
    assert [*read_log(sample_home)][-1].facts == {"by": "pam check", "why": "PAM"}
    (item,) = json.loads(right.stdout)
    assert {k: item[k] for k in ("where", "printed", "verdict", "measure", "computed")} == {
        "where": "paragraph no. 1", "printed": "1,936", "verdict": "agrees", "measure": "possession_offences",
        "computed": "1936",
    }  # fmt: skip
    assert "possession offences" in item["text"] and "1 of 1 numbers checked: 1 agrees" in right.stderr
    path.write_text("In 2024/25 there were 1,937 possession offences and 12 others.\n", encoding="utf-8")
    wrong = pam("check", path, "--home", sample_home.path)
    assert wrong.exit_code == 1
    assert "1 of 2 numbers checked: 1 disagrees, 1 not linked" in wrong.stdout
    assert "Disagrees: paragraph no. 1: printed 1,937, computed 1936" in wrong.stdout
    assert "not linked: the words do not say which figure it is" in wrong.stdout and "agrees when cut" not in wrong.stdout
    path.write_text("Possession offences rose by 32% in the year to October 2025, twelve months ago.\n", encoding="utf-8")
    text = pam("check", path, "--home", sample_home.path).stdout
    assert "agrees when cut: matches if rounded down" in text and "1 of 1 numbers checked: 1 matches if rounded down" in text
    assert "Not figures: date 1, length of time 1" in text
    path.write_text("Confiscation orders were at a record low of 108 in 2024/25.\n", encoding="utf-8")
    more = pam("check", path, "--home", sample_home.path)
    assert more.exit_code == 0 and "Not computable: paragraph no. 1: printed 108: the number is right, but" in more.stdout
    path.write_text("There were 16,150 items of drug intelligence in 2025.\n", encoding="utf-8")
    part = pam("check", path, "--home", sample_home.path).stdout
    assert "Provisional: paragraph no. 1: printed 16,150: agrees over the covered part of the period" in part


def test_usage_errors_exit_with_2(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("none", encoding="utf-8")
    (tmp_path / "a.odt").write_text("none", encoding="utf-8")
    for args in (["none.txt"], ["a.odt"], ["a.txt", "--edition", "1999-01"], ["a.txt", "--format", "xml"]):
        args[0] = tmp_path / args[0]
        assert pam("check", *args, "--home", sample_home.path).exit_code == 2


def test_hostile_documents_are_refused_with_a_reason(sample_home: Home, tmp_path: Path) -> None:
    def error_of(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DocumentError) as error:
            check(sample_home, tmp_path / name)
        return str(error.value)

    assert error_of("a.docx", b"PK\x03\x04 no") == "a.docx: can't be read as a Word document: File is not a zip file"
    assert "can't be read as a PDF" in error_of("a.pdf", b"%PDF-1.7 no")
    assert "is not UTF-8 text (byte 0)" in error_of("a.txt", b"\xff\xfe1")
    assert "holds more than 100,000 numbers" in error_of("b.txt", b"17 cars\n" * 100_001)
    with zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as file:
        for n in range(3):
            file.writestr(f"word/{n}.xml", b"0" * (70 << 20))
    assert "unpacks to 220,200,960 bytes" in error_of("bomb.docx", (tmp_path / "bomb.docx").read_bytes())


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the printed report is not here")
def test_every_figure_of_the_printed_report_is_linked_correctly(sample_home: Home) -> None:
    checked = check(sample_home, REFERENCE / "report-2026-03.txt")
    with (REFERENCE / "published_figures.csv").open(encoding="utf-8") as file:
        printed = Counter((r["measure"], r["printed"].removeprefix("only ")) for r in csv.DictReader(file))
    linked = Counter((i.measure, i.printed) for i in checked.items if i.measure)
    assert not printed - linked, "all 291 are linked"
    # A figure printed twice, in a table and in the text, is one figure of the list.
    assert set(linked - printed) <= set(printed)
    assert [i.printed for i in checked.items if i.verdict == "disagrees"] == ["32", "56"]


@pytest.mark.long
@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the printed report is not here")
def test_the_printed_report_as_a_pdf_is_linked_the_same(sample_home: Home, tmp_path: Path) -> None:
    text = (REFERENCE / "report-2026-03.txt").read_text(encoding="utf-8")
    document, rows = Document(), []
    for line in [*text.splitlines(), ""]:
        if "\t" in line:
            rows.append([t.strip() for t in line.split("\t")])
            continue
        if rows:
            table = document.add_table(len(rows), max(map(len, rows)))
            for row, table_row in zip(rows, table.rows, strict=True):
                for text_of_cell, cell in zip(row, table_row.cells, strict=False):
                    cell.text = text_of_cell
            rows = []
        if line.strip():
            document.add_paragraph(line.strip())
    document.save(str(tmp_path / "a.docx"))
    as_text = check(sample_home, REFERENCE / "report-2026-03.txt")
    as_pdf = check(sample_home, resave(tmp_path / "a.docx", tmp_path, "pdf"))
    linked, expected = (Counter((i.measure, i.printed, i.verdict) for i in f.items if i.measure) for f in (as_pdf, as_text))
    assert not linked - expected and linked.total() > 285
