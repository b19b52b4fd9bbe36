"""Reports that have a value only on the first row of its group."""


def crimes(*values, n=60, column=2):
    """Crimes with these values of a column in turn."""
    rows = [[f"C{i}", "2025-03-01", "92D", "Recorded", "Dales"] for i in range(n)]
    for i, row in enumerate(rows):
        row[column] = values[i % len(values)]
    return [",".join(row) for row in rows]


CODES = ["92D", *[""] * 3, "92E", *[""] * 4, "93A", *[""] * 5]


def test_values_only_on_the_first_row_of_a_group_hold_the_file(warehouse, monkeypatch):
    entry = warehouse.land("crimes", *crimes(*CODES))
    assert entry.outcome == "held"
    assert "offence_code: blank in 48 of the first 60 rows, as in a report that has a value on the first row" in entry.reason
    assert warehouse.land("crimes", *crimes(*CODES, n=50), at="20260105T030000Z").outcome == "held"
    monkeypatch.setattr("dagster_project.landing.formats.csv_reader.WORTH_IT", 1)
    both = ("Recorded", *[""] * 8, "Cancelled", *[""] * 9, "Recorded", *[""] * 10, "Cancelled", *[""] * 9)
    status = crimes(*both, n=2_000, column=3)
    entry = warehouse.land("crimes", *status, at="20260106T020000Z")
    assert entry.outcome == "held" and "status: blank in 900 of the first 1,000 rows" in entry.reason


OTHER_BLANKS = {
    "few rows": crimes(*CODES, n=49),
    "repeats": crimes("92D", "", "", "92D", "", "", "92E", "", ""),
    "first blank": crimes("", *CODES[:-1]),
    "half": crimes("92D", "", "92E", ""),
    "two values": crimes("92D", "92E", *[""] * 58),
    "unit": crimes("Dales", "", "", "Derby", "", "", column=4),
    "then blanks": crimes("92D", *(f"92X/{n}" for n in range(9)), *[""] * 50),
    "in turn": crimes("92D", "", "", "92E", "", ""),
    "two sizes": crimes("92D", "", "92E", "", ""),
    # The last group is cut off.
    "cut": crimes("92D", "", "92E", "", "", n=61),
}


def test_other_blanks_land(warehouse):
    entries = warehouse.land_forces("crimes", *OTHER_BLANKS.values())
    for entry, (name, rows) in zip(entries, OTHER_BLANKS.items(), strict=True):
        assert (entry.outcome, entry.rows_landed) == ("accepted", len(rows)), (name, entry.reason)


def test_equal_groups_of_a_list_are_noted(warehouse):
    """They may be lists in turn, so they hold no file."""
    lists = ("Drugs", "", "", "", "ASB", "", "", "")
    rows = [f"I{n},INCIDENT,2025-03-01 10:00,{lists[n % 8]},,,Dales" for n in range(60)]
    entry = warehouse.land("incidents", *rows)
    assert entry.outcome == "accepted" and [d for d in entry.drift if d.startswith("qualifiers: blank in 45 of the first 60")]
