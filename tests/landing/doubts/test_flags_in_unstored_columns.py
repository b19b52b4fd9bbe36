"""Notes on columns that are not stored and may say that rows should not count, or count for more than one."""

import pytest

CRIMES = "crime_ref,recorded_on,offence_code,status,lpu"
UNITS = ("Dales", "Erewash", "High Peak", "Chesterfield")


def crimes(cell, rest, status="Recorded", n=20):
    """Rows of which every fifth has this cell at its end, and the others `rest`."""
    return [f"C{i},2025-{i % 12 + 1:02}-01,92D,{status},{UNITS[i % 4]},{rest if i % 5 else cell}" for i in range(n)]


def notes_of(warehouse, header, rows):
    entry = warehouse.land("crimes", *rows, header=f"{CRIMES},{header}")
    assert (entry.outcome, entry.rows_landed) == ("accepted", len(rows)), entry.reason
    return entry.drift


@pytest.mark.parametrize(
    "header,cell,rest,note",
    [
        ("No Crimed", "-1", "0", "No Crimed: says of 4 rows with the status Recorded that they no longer stand"),
        ("Cancelled date", "2025-12-30", "", "Cancelled date: says of 4 rows with the status"),
        ("Cancelled?", "Yes", "No", "Cancelled?: says of 4 rows with the status"),
        ("IsActive", "0", "1", "IsActive: may call 4 rows inactive, and they count: leave such rows out, by table: ignore:"),
        ("Record status", "Inactive", "Active", "Record status: may call 4 rows inactive"),
        ("Duplicate of", "C1", "", "Duplicate of: may call 4 rows duplicates"),
        ("Is duplicate", "Y", "N", "Is duplicate: may call 4 rows duplicates"),
        ("Closure code", "DUPLICATE - see C1", "Filed", "Closure code: may call 4 rows duplicates or errors"),
        ("Number of offences", "3", "1", "Number of offences: above 1 in 4 of 20 rows, and each row counts once"),
        ("Crime count", "2", "1", "Crime count: above 1 in 4 of 20 rows"),
        ("Count", "12", "1", "Count: above 1 in 4 of 20 rows"),
        ("", "Dales", "", "4 rows with a text after the last header, such as line 2: did a separator in an earlier cell"),
    ],
)  # fmt: skip
def test_columns_that_say_how_rows_count_are_noted(warehouse, header, cell, rest, note):
    drift = notes_of(warehouse, header, crimes(cell, rest))
    assert [d for d in drift if d.startswith(note)], drift


@pytest.mark.parametrize(
    "header,cell,rest",
    [
        ("No Crimed", "0", "0"), ("Cancelled date", "", ""), ("Cancelled by", "Y", ""), ("IsActive", "1", "1"),
        # Most are: the column means something else, as an investigation that has ended.
        ("Active", "Y", "N"), ("Duplicates", "Y", "N"), ("Duplicate", "No", ""), ("Closure code", "Filed", "Charged"),
        ("Count", "1", "1"), ("Count", "0", "2"), ("Number of suspects", "3", "1"), ("Count", "a", "2"),
        ("Count of victims", "3", "1"),
        # An index, and what is blank throughout.
        ("", "1", "2"), ("", "", ""),
    ],
)  # fmt: skip
def test_other_columns_are_not_noted(warehouse, header, cell, rest):
    drift = notes_of(warehouse, header, crimes(cell, rest))
    assert not [d for d in drift if "count" in d or "no longer stand" in d or "last header" in d], drift


def test_cancelled_crimes_that_say_so_twice_are_not_noted(warehouse):
    assert not [d for d in notes_of(warehouse, "No Crimed", crimes("-1", "-1", "Cancelled")) if "stand" in d]


def test_a_running_number_is_no_count(warehouse):
    rows = [f"{row}{n}" for n, row in enumerate(crimes("", ""), 1)]
    assert not [d for d in notes_of(warehouse, "Count", rows) if "above 1" in d]


def test_a_running_number_in_another_order_is_no_count(warehouse):
    rows = [f"{row}{n}" for n, row in zip(range(20, 0, -1), crimes("", ""), strict=True)]
    assert not [d for d in notes_of(warehouse, "Count", rows) if "above 1" in d]


def test_counts_that_are_different_in_every_row(warehouse):
    """A pivot table by month counted as four records: its counts were taken for running numbers."""
    pivot = [f"{row}{n}" for n, row in zip((72, 65, 81, 66), crimes("", "", n=4), strict=True)]
    for header, at in (("Count", 5), ("Count of ref", 6), ("Qty", 7), ("Volume", 8)):
        entry = warehouse.land("crimes", *pivot, header=f"{CRIMES},{header}", at=f"2026010{at}T020000Z")
        assert [d for d in entry.drift if d.startswith(f"{header}: above 1 in 4 of 4 rows")], entry.drift


def test_a_column_by_which_a_mapping_leaves_rows_out_is_not_noted(warehouse):
    text = "extract: crimes\ntable: {ignore: {IsActive: ['0']}}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    entry = warehouse.land("crimes", *crimes("0", "1"), header=f"{CRIMES},IsActive")
    assert (entry.rows_landed, [d for d in entry.drift if "inactive" in d]) == (16, [])


ITEMS = "intel_ref,submitted_on,source,themes,lpu"


def items(second):
    return [f"N{i},2025-{i % 12 + 1:02}-01,Officer,{('Drugs', 'Burglary')[i % 2]},,{second(i)}" for i in range(20)]


@pytest.mark.parametrize(
    "second,rows",
    [
        (lambda i: "Drugs" if i % 4 == 1 else "", "5 rows"),
        (lambda i: "fraud; drugs" if i == 1 else "", "1 row"),
        (lambda i: "Drugs" if i % 2 == 0 else "", None),
        (lambda i: "Drugs team", None),
    ],
)
def test_a_second_column_of_themes_is_noted(warehouse, second, rows):
    entry = warehouse.land("intelligence", *items(second), header=f"{ITEMS},Secondary theme")
    note = (
        f"Secondary theme: is not stored, and has Drugs in {rows} where themes has not: if it is one more of them, add it in a"
    )
    assert any(d.startswith(note) for d in entry.drift) == bool(rows), entry.drift


def test_a_column_under_a_merged_header_of_themes_is_noted(warehouse):
    """Only the first column has the header, so that all Drugs of this file count nowhere and its figure is 0."""
    lines = [f"N{i},2025-{i % 12 + 1:02}-01,Officer,Burglary,{'Drugs' if i % 4 == 1 else ''}," for i in range(20)]
    entry = warehouse.land("intelligence", *lines, header="intel_ref,submitted_on,source,themes,,lpu")
    assert entry.rows_landed == 20 and entry.drift == [
        "column 5, without a header: is not stored, and has Drugs in 5 rows where themes has not: if it is one more of them,"
        " give it a header and add it in a mapping (headers: themes: {list: [...]})"
    ]


def test_a_second_column_of_a_mapping_s_codes_is_noted(warehouse):
    text = "extract: intelligence\nvalues: {themes: {DRG: Drugs}}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    entry = warehouse.land("intelligence", *items(lambda i: "DRG" if i == 3 else ""), header=f"{ITEMS},Theme 2")
    assert any(d.startswith("Theme 2: is not stored, and has Drugs in 1 row where") for d in entry.drift), entry.drift


@pytest.mark.parametrize(
    "header,yes,no,rows",
    [
        ("Drugs", "Y", "N", "5 rows"), ("Drug-related?", "Yes", "", "5 rows"), ("Is drugs (Y/N)", "1", "0", "5 rows"),
        ("Drugs flag", "x", "", "5 rows"), ("Drug marker", "2025-03-01", "", None), ("Drug marker", "Deleted", "", None),
        # Of something else, or with nothing that says Yes.
        ("Drugs found", "Y", "N", None), ("Drug test", "Y", "N", None), ("Alcohol related", "Y", "N", None),
        ("Drugs", "N", "", None), ("Drugs", "Unknown", "", None),
    ],
)  # fmt: skip
def test_a_column_of_yes_and_no_on_drugs_is_noted(warehouse, header, yes, no, rows):
    """Half of the rows have the theme; a quarter of all have it in this column alone, and their figure would be too low."""
    lines = items(lambda i: yes if i % 4 == 1 or i % 2 == 0 else no)
    entry = warehouse.land("intelligence", *lines, header=f"{ITEMS},{header}")
    note = (
        f"{header}: is not stored, and says Yes in {rows} where themes does not say Drugs: they do not count as Drugs. If they"
    )
    assert any(d.startswith(note) for d in entry.drift) == bool(rows), entry.drift
    assert rows or not any("Yes" in d for d in entry.drift)


def test_the_remedy_for_a_column_of_yes_and_no_on_drugs_counts_its_rows(warehouse):
    lines = items(lambda i: "Yes" if i % 4 == 1 else "No")
    entry = warehouse.land("intelligence", *lines, header=f"{ITEMS},Drugs related")
    (note,) = (d for d in entry.drift if d.startswith("Drugs related"))
    assert note.endswith("add it in a mapping (headers: themes: {list: [...]}), with its Yes as Drugs and its No as ''")
    text = "extract: intelligence\nheaders: {themes: {list: [Themes, Drugs related]}}\nvalues: {themes: {Yes: Drugs, No: ''}}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    entry = warehouse.land("intelligence", *lines, header=f"{ITEMS},Drugs related", at="20260106T020000Z")
    assert sum("Drugs" in r["themes"].split(";") for r in warehouse.raw(entry)) == 15
    assert not any("Yes" in d for d in entry.drift)


def test_the_remedy_names_a_value_as_the_list_does(warehouse):
    """`Heroins` would be unknown, and count nowhere."""
    warehouse.home.seeds.mkdir(exist_ok=True)
    (warehouse.home.seeds / "vocabulary.csv").write_text("extract,column,value,counts_as\nintelligence,themes,Heroin,Drugs\n")
    entry = warehouse.land("intelligence", *items(lambda i: "Y" if i == 1 else "N"), header=f"{ITEMS},Heroin")
    (note,) = (d for d in entry.drift if d.startswith("Heroin: "))
    assert "with its Yes as Heroin and" in note


def test_a_search_that_only_a_flag_calls_one_for_drugs_is_noted(warehouse):
    header = "search_ref,searched_at,object_of_search,object_found,Drugs search"
    lines = [f"S{i},2025-{i % 12 + 1:02}-01,{('Drugs', 'Weapons')[i % 2]},{'YN'[i % 2]},{'YYN'[i % 3]}" for i in range(12)]
    entry = warehouse.land("stop_search", *lines, header=header)
    assert [d for d in entry.drift if d.startswith("Drugs search")] == [
        "Drugs search: is not stored, and says Yes in 4 rows where object_of_search does not say Drugs: they do not count as"
        " Drugs. If they should, have the system write Drugs there"
    ]
