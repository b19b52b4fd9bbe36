"""Workbooks as people keep them: a sheet for each month, hidden sheets, failed formulas."""

import re
import zipfile
from datetime import date
from io import BytesIO

import pytest

from dagster_project.landing.formats import excel

from ..workbook import workbook

NAME = "crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.xlsx"
HEAD = ["crime_ref", "recorded_on", "offence_code", "status", "lpu"]


def rows(n, month=3):
    return [[f"C{month}-{i}", date(2025, month, i + 1), "92D", "Recorded", "Dales"] for i in range(n)]


def edit_part(data: bytes, part: str, old: str, new: str) -> bytes:
    """The workbook with a text replaced in one of its parts."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            assert name != part or old.encode() in content
            target.writestr(name, content.replace(old.encode(), new.encode()) if name == part else content)
    return out.getvalue()


def land(warehouse, data, name=NAME):
    warehouse.put(name, data)
    (entry,) = warehouse.night()
    return entry


def hide_sheet(data, n):
    return edit_part(data, "xl/workbook.xml", f'sheetId="{n}"', f'sheetId="{n}" state="hidden"')


def test_other_sheets_with_the_same_columns_are_named(warehouse):
    book = workbook([HEAD, *rows(5, 1)], [HEAD, *rows(5, 2)], [["notes"]], [["Crimes of March"], HEAD, *rows(5, 3)])
    entry = land(warehouse, book)
    assert (entry.outcome, entry.rows_landed) == ("accepted", 5)
    assert entry.drift == [
        "not read: S2, S4 with the same columns: put all rows in one sheet, or, if each sheet has days of its own, save each as"
        " a file of its own; or say table: {sheet: ...} in a mapping"
    ]


def test_tracker_that_was_split_in_two_sheets_is_held(warehouse):
    """It withdrew the half on the second sheet, and a month's other half was 0, complete: only a note said so."""
    both, half = [HEAD, *rows(30)], [HEAD, *rows(30)[:10]]
    entry = land(warehouse, workbook(half, [HEAD, *rows(30)[10:]]))
    assert entry.outcome == "held" and entry.reason.startswith("20 records of its window are on other sheets alone")
    # Records of the first sheet, fewer, and those of other days say nothing.
    other_days = [[f"X{i}", date(2024, 3, 1), "92D", "Recorded", "Dales"] for i in range(30)]
    for day, second in ((6, both), (7, [HEAD, *rows(30)[:29]]), (8, [HEAD, *other_days])):
        first = half if day == 7 else both
        entry = land(warehouse, workbook(first, second), NAME.replace("20260105", f"2026010{day}"))
        assert entry.outcome == "accepted", entry.reason
    (warehouse.home.mappings / "m.yml").write_text("extract: crimes\ntable: {sheet: 1}\n", encoding="utf-8")
    entry = land(warehouse, workbook(half, both), NAME.replace("20260105", "20260109"))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 10)
    # Nobody was told where a tracker was split later whose mapping names the sheet.
    said = "20 records of its window are on sheets alone that the mapping leaves out: S2"
    assert any(note.startswith(said) for note in entry.drift)


def test_rows_that_go_on_in_a_second_sheet_without_a_header(warehouse):
    """They were not read, and nothing said so."""
    entry = land(warehouse, workbook([["Crimes"], HEAD, *rows(30)[:10]], rows(30)[10:]))
    assert entry.outcome == "held" and entry.reason.startswith("20 records of its window are on other sheets alone")
    # Too few to hold it.
    entry = land(warehouse, workbook([HEAD, *rows(30)[:25]], rows(30)[25:]), NAME.replace("20260105", "20260106"))
    assert entry.outcome == "accepted" and entry.drift[0].startswith("not read: S2 with the same columns")
    # Hidden, the first is no reason to refuse the file: the second can't be read by itself.
    entry = land(
        warehouse, hide_sheet(workbook([HEAD, *rows(30)[:25]], rows(30)[25:]), 1), NAME.replace("20260105", "20260109")
    )
    assert (entry.outcome, entry.rows_landed) == ("accepted", 25)
    # A list of codes is no such sheet, nor one of days alone.
    for day, other in ((7, [["92D", "Possession", "Drugs", "Yes", "No"]] * 30), (8, [[None, date(2025, 3, 1)]] * 30)):
        entry = land(warehouse, workbook([HEAD, *rows(25)], other), NAME.replace("20260105", f"2026010{day}"))
        assert (entry.outcome, entry.drift) == ("accepted", [])


def test_a_sheet_of_days_is_no_second_half_of_a_short_table(warehouse):
    """Two cells that a record needs may be anything: this calendar held the file."""
    for extract, head in (
        ("iom_cohort", ["counted_on", "cohort_size"]),
        ("naloxone", ["administration_ref", "administered_at"]),
    ):
        days = [[date(2025, 1 + i % 12, 1 + i // 12), 240 + i] for i in range(60)]
        days = days if extract == "iom_cohort" else [[f"N{n}", day] for day, n in days]
        name = NAME.replace("crimes", extract)
        entry = land(warehouse, workbook([head, *days[:30]], days[30:]), name)
        assert entry.outcome == "accepted", entry.reason


def test_reading_grows_in_proportion_to_the_sheets(warehouse, monkeypatch):
    """Counts the bytes that are read: how often the workbook is read must not depend on its number of sheets."""

    class Counted(BytesIO):
        taken = 0

        def read(self, size=-1, /):
            data = super().read(size)
            Counted.taken += len(data)
            return data

    monkeypatch.setattr(excel, "BytesIO", Counted)
    reads = []
    for day, number in ((5, 6), (6, 24)):
        book, before = workbook(*([HEAD, *rows(25, month)] for month in [*range(1, 13), *range(1, 13)][:number])), Counted.taken
        entry = land(warehouse, book, NAME.replace("20260105", f"2026010{day}"))
        assert entry.outcome == "held" and f"S{number}" in entry.drift[0]
        reads.append((Counted.taken - before) / len(book))
    few, many = reads
    assert few >= 1 and many < 1.2 * few, reads


def test_hidden_sheets_and_those_a_mapping_leaves_out_are_not_named(warehouse):
    book = workbook([HEAD, *rows(5, 1)], [HEAD, *rows(5, 2)])
    assert land(warehouse, hide_sheet(book, 2)).drift == []
    (warehouse.home.mappings / "m.yml").write_text("extract: crimes\ntable: {sheet: S2}\n", encoding="utf-8")
    entry = land(warehouse, book, NAME.replace("20260105", "20260106"))
    assert entry.rows_landed == 5 and not any("not read" in change for change in entry.drift)


def test_hidden_first_sheet_is_not_read_in_place_of_a_visible_one(warehouse):
    entry = land(warehouse, hide_sheet(workbook([HEAD, *rows(2)], [HEAD, *rows(9)]), 1))
    assert entry.outcome == "refused"
    assert "the first sheet is hidden, and sheet 'S2' has the columns, too: say table: {sheet: S2} in a mapping" in entry.reason
    # The other sheet has only notes, so this is the only table.
    entry = land(warehouse, hide_sheet(workbook([HEAD, *rows(2)], [["notes"]]), 1))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 2)


def test_a_failed_formula_is_not_a_blank(warehouse):
    data = workbook([HEAD, *rows(5)])
    part = "xl/worksheets/sheet1.xml"
    for place, text, error in (("A3", "C3-1", "#REF!"), ("D4", "Recorded", "#N/A"), ("C5", "92D", "#VALUE!")):
        old = f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        data = edit_part(data, part, old, f'<c r="{place}" s="1" t="e"><f>Old!A1</f><v>{error}</v></c>')
    entry = land(warehouse, data)
    assert (entry.rows_landed, entry.rows_quarantined) == (3, 2)
    assert [row["_reasons"] for row in warehouse.quarantine(entry)] == [
        "crime_ref: '#REF!' stands for a blank, and it is the key",
        "status: '#N/A' is not one of Recorded, Cancelled",
    ]
    assert entry.unknown_values["offence_code"] == {"#VALUE!": 1}


def test_blank_result_of_a_formula_is_no_error(warehouse):
    data = edit_part(
        workbook([HEAD, *rows(2)]),
        "xl/worksheets/sheet1.xml",
        '<c r="E3" t="inlineStr"><is><t xml:space="preserve">Dales</t></is></c>',
        '<c r="E3" t="str"><f>IF(A1="t=e","","")</f><v></v></c>',
    )
    entry = land(warehouse, data)
    assert [row["lpu"] for row in warehouse.raw(entry)] == ["Dales", None]


def test_reason_of_a_held_file_names_the_most_frequent_error(warehouse):
    bad = [[f"X{i}", f"{i + 1}.3.25", "92D", "Odd" if i < 3 else "Recorded", "Dales"] for i in range(20)]
    entry = land(warehouse, workbook([HEAD, *rows(5), *bad]))
    assert entry.outcome == "held" and "not believed. Most often recorded_on: is not a date (20)." in entry.reason


@pytest.mark.parametrize("mapping", ["", 'extract: crimes\ndates: {recorded_on: "%m/%d/%Y"}\n'])
def test_american_dates_swapped_by_a_spreadsheet_are_refused(warehouse, mapping):
    # 3/1/2025 became 3 January, 3/13/2025 stayed a text.
    days = [date(2025, i, 3) if i <= 12 else f"03/{i}/2025" for i in range(1, 32)]
    (warehouse.home.mappings / "m.yml").write_text(mapping, encoding="utf-8") if mapping else None
    entry = land(warehouse, workbook([HEAD, *[[f"C{i}", day, "92D", "Recorded", "Dales"] for i, day in enumerate(days)]]))
    assert entry.outcome == "refused"
    assert "recorded_on: a spreadsheet has swapped day and month of 12 American dates" in entry.reason
    # With this line in a mapping the swapped dates would be read as they are.
    assert "%m/%d/%Y" not in entry.reason


FORMATS = {
    "[$€-2] #,##0.00": True, "_-[$€-1809]* #,##0.00": True, "&quot;$&quot;#,##0": True, "[$$-409]#,##0.00": True,
    "[$USD] 0": True, "&quot;£&quot;#,##0.00": False, "[$£-809]#,##0": False, "[$-809]#,##0": False, "0%": False,
}  # fmt: skip


@pytest.mark.parametrize("is_amount", [True, False])
def test_amounts_in_another_currency_by_their_format(warehouse, is_amount):
    """A cell of 500 that shows €500 counted as £500."""
    own, other = ("amount", "Other") if is_amount else ("Other", "amount")
    head = ["seizure_ref", "order_date", own, "status", other]
    forces = [f"force-{n}" for n in range(len(FORMATS))]
    for force, code in zip(forces, FORMATS, strict=True):
        book = workbook([head, *[[f"S{i}", "2025-03-01", 500 + i, "Forfeited", 1] for i in range(3)]])
        formats = f'<numFmts><numFmt numFmtId="170" formatCode="{code}"/></numFmts>'
        book = edit_part(book, "xl/styles.xml", "<cellXfs", f"{formats}<cellXfs")
        book = edit_part(book, "xl/styles.xml", "</cellXfs>", '<xf numFmtId="170" fontId="0"/></cellXfs>')
        book = edit_part(book, "xl/worksheets/sheet1.xml", '<c r="C3"', '<c r="C3" s="3"')
        warehouse.put(NAME.replace("crimes", "cash_seizures").replace("derbyshire", force), book)
    entries = sorted(warehouse.night(forces={*forces}), key=lambda e: e.source_file)
    reason = "amount: 1 cell in another currency, by the cells' format, would count as pounds: give"
    for entry, (code, is_refused) in zip(entries, FORMATS.items(), strict=True):
        if is_refused and is_amount:
            assert entry.outcome == "refused" and entry.reason.startswith(reason), code
        else:
            assert (entry.outcome, entry.rows_landed) == ("accepted", 3), (code, entry.reason)


@pytest.mark.parametrize("late,outcome", [([], "refused"), ([date(2025, 3, 13)], "accepted")])
def test_uk_dates_swapped_by_an_american_spreadsheet_are_refused(warehouse, late, outcome):
    """1/3/2025 became 3 January, 13/3/2025 stayed a text. All can be read: rows counted in other months."""
    days = [*(date(2025, i, 3) if i <= 12 else f"{i}/03/2025" for i in range(1, 32)), *late]
    entry = land(warehouse, workbook([HEAD, *[[f"C{i}", day, "92D", "Recorded", "Dales"] for i, day in enumerate(days)]]))
    assert entry.outcome == outcome
    if outcome == "refused":
        assert entry.reason.startswith("recorded_on: a spreadsheet has swapped day and month of 12 UK dates: export the file")


@pytest.mark.parametrize(
    "days",
    [
        [date(2025, 1, i) for i in range(1, 14)],
        [date(2025, i, 3) for i in range(1, 10)],
        # On the first of each month, and one mistake.
        [date(2025, i, 1) for i in range(1, 12)],
    ],
)
def test_dates_that_a_spreadsheet_did_not_swap_land(warehouse, days):
    (warehouse.home.mappings / "m.yml").write_text('extract: crimes\ndates: {recorded_on: "%m/%d/%Y"}\n', encoding="utf-8")
    cells = [*days, "03/25/2025"]
    entry = land(warehouse, workbook([HEAD, *[[f"C{i}", day, "92D", "Recorded", "Dales"] for i, day in enumerate(cells)]]))
    assert (entry.outcome, entry.rows_landed) == ("accepted", len(cells))


@pytest.mark.parametrize(
    "dates,texts,later,outcome",
    [(10, 5, [], "refused"), (9, 5, [], "accepted"), (10, 4, [], "accepted"), (10, 9, [date(2025, 1, 13)], "accepted")],
    ids=["swapped", "few dates", "few texts", "a 13th"],
)
def test_how_many_dates_a_spreadsheet_must_have_swapped(warehouse, dates, texts, later, outcome):
    (warehouse.home.mappings / "m.yml").write_text('extract: crimes\ndates: {recorded_on: "%m/%d/%Y"}\n', encoding="utf-8")
    days = [*(date(2025, i, 3) for i in range(1, dates + 1)), *(f"03/{13 + i}/2025" for i in range(texts)), *later]
    entry = land(warehouse, workbook([HEAD, *[[f"C{i}", day, "92D", "Recorded", "Dales"] for i, day in enumerate(days)]]))
    assert entry.outcome == outcome


def test_sheets_named_by_numbers(warehouse):
    """A number means a position only if no sheet has it as its name."""
    data = edit_part(workbook([HEAD, *rows(3)], [["notes"]]), "xl/workbook.xml", 'name="S1"', 'name="2"')
    entry = land(warehouse, data)
    assert (entry.outcome, entry.rows_landed, entry.drift) == ("accepted", 3, [])


def test_a_failed_formula_in_tags_with_a_prefix(warehouse):
    data = workbook([HEAD, *rows(2)])
    part = "xl/worksheets/sheet1.xml"
    text = zipfile.ZipFile(BytesIO(data)).read(part).decode()
    prefixed = re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", text).replace("xmlns=", "xmlns:x=")
    old = '<x:c r="A3" t="inlineStr"><x:is><x:t xml:space="preserve">C3-1</x:t></x:is></x:c>'
    entry = land(warehouse, edit_part(data, part, text, prefixed.replace(old, '<x:c r="A3" t="e"><x:v>#REF!</x:v></x:c>')))
    assert (entry.rows_landed, entry.quarantine_reasons) == (1, {"crime_ref: is a total, a note or no value": 1})


def with_uncalculated_formulas(*formulas):
    """A workbook with these formulas in place of the codes, from the second row on."""
    data = workbook([HEAD, *rows(4)])
    for n, formula in enumerate(formulas, 2):
        old = f'<c r="C{n}" t="inlineStr"><is><t xml:space="preserve">92D</t></is></c>'
        data = edit_part(data, "xl/worksheets/sheet1.xml", old, f'<c r="C{n}" s="1">{formula}</c>')
    return data


@pytest.mark.parametrize("formula", ["<f>A1</f>", "<f>A1</f><v></v>", "<f>A1</f><v/>", '<f t="shared" si="0"/>'])
def test_uncalculated_formula_is_not_a_blank(warehouse, formula):
    entry = land(warehouse, with_uncalculated_formulas(formula))
    assert entry.outcome == "refused"
    assert "formulas under offence_code were never worked out, and have no value: open the workbook in Excel" in entry.reason


def test_formulas_with_a_value_and_outside_the_columns_land(warehouse):
    entry = land(warehouse, with_uncalculated_formulas("<f>A1</f><v>92</v>"))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 4)
    data = workbook([["Printed", None], HEAD, *rows(4)])
    data = edit_part(data, "xl/worksheets/sheet1.xml", '<row r="1">', '<row r="1"><c r="C1"><f>TODAY()</f></c>')
    data = edit_part(data, "xl/worksheets/sheet1.xml", "</row></sheetData>", '<c r="H6"><f>A1</f></c></row></sheetData>')
    entry = land(warehouse, data, NAME.replace("0105T", "0106T"))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 4), entry.reason


def test_uncalculated_total_does_not_refuse_the_file(warehouse):
    key_cell = '<row r="6"><c r="A6" t="inlineStr"><is><t>{}</t></is></c>'
    total = key_cell + '<c r="C6"><f>COUNTA(C2:C5)</f></c>{}</row></sheetData>'
    for n, (key, more) in enumerate((("TOTAL", ""), ("Sum", ""), ("Total", '<c r="B6"><f>MAX(B2:B5)</f></c>'))):
        data = edit_part(workbook([HEAD, *rows(4)]), "xl/worksheets/sheet1.xml", "</sheetData>", total.format(key, more))
        entry = land(warehouse, data, NAME.replace("0105T", f"010{n + 5}T"))
        assert (entry.outcome, entry.rows_landed) == ("accepted", 4), entry.reason
