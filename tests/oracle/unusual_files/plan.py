"""What two forces drop over four nights, with every special case of the contract at least once.

Derbyshire has units in its list of areas, Leicestershire none. Contents are random by seed; the plan is fixed.
"""

import gzip
from datetime import date

from .builder import Builder, change
from .fields import RECIPES, as_text
from .files import STYLES, Style, extract_cells, rows_as_text
from .published import fingertips, indicator_ids, month, searches, street

D, L = "derbyshire", "leicestershire"
FIRST, SECOND, THIRD, FOURTH = (f"202511{day:02d}T020000Z" for day in (1, 8, 15, 22))
THREE_YEARS = ("2023-04-01", "2025-10-31")
ONE_YEAR = ("2024-11-01", "2025-10-31")
AUTUMN = ("2025-09-15", "2025-11-07")


BELIEVED = """[believe]
vocabulary_rows = 1000000
withdrawn_rows = 1000000
quarantined_rows = 1000000
"""
"""Settings of a home that accepts these files, whose values and windows are unusual on purpose. Other tests check that such
files are held."""


def write_unusual_files(directory, seed, indicators=None):
    """Write the nights below `directory`.

    Args:
        directory: gets a sub-directory per night. seed: of the random contents.
        indicators: Fingertips ids -> measure or measures, at least one. Only the ids are used.

    Returns:
        files.Nights.
    """
    builder = Builder(directory, seed)
    ids = indicator_ids(indicators)
    first_night(builder, ids)
    second_night(builder, ids)
    third_night(builder)
    fourth_night(builder)
    return builder.nights


def first_night(b, ids):
    """The first files of each force: long windows, gaps, published months, a doubled feed."""
    for extract, window, count in (
        ("incidents", THREE_YEARS, 420),
        ("crimes", THREE_YEARS, 420),
        ("intelligence", ("2023-05-10", "2025-10-20"), 260),
        ("stop_search", ("2024-04-01", "2025-10-31"), 380),
        ("drug_tests", THREE_YEARS, 420),
        ("confiscation_orders", THREE_YEARS, 120),
        ("aris_returns", THREE_YEARS, 40),
        ("forfeiture_orders", ONE_YEAR, 40),
        ("mda_orders", ONE_YEAR, 60),
        ("exploitation_outcomes", THREE_YEARS, 150),
        ("op_trapped", THREE_YEARS, 120),
        ("school_inputs", ("2023-09-01", "2025-10-31"), 140),
        ("pspo_enforcement", THREE_YEARS, 160),
        ("iom_cohort", ONE_YEAR, 14),
        ("iom_visits", THREE_YEARS, 120),
        ("community_voices", ("2025-01-01", "2025-08-31"), 150),
    ):
        rows = b.new_rows(extract, *map(date.fromisoformat, window), count)
        b.drop(0, extract, D, window, FIRST, rows, manifest=True if extract == "mda_orders" else None)
    for window in (("2023-01-01", "2023-12-31"), ("2025-01-01", "2025-10-31")):
        rows = b.new_rows("naloxone", *map(date.fromisoformat, window), 90)
        b.drop(0, "naloxone", D, window, FIRST, rows, note="a file a year, and no 2024")
    for window in (("2025-03-10", "2025-06-20"), ("2025-08-15", "2025-10-31")):
        rows = b.new_rows("prevention_activity", *map(date.fromisoformat, window), 80)
        b.drop(0, "prevention_activity", D, window, FIRST, rows, note="months covered in part, and a gap")
    for extract, count in (("county_lines", 50), ("pspos", 24), ("cash_seizures", 70)):
        rows = b.new_rows(extract, *map(date.fromisoformat, ONE_YEAR), count, before=300)
        b.drop(0, extract, D, ONE_YEAR, FIRST, rows, note="a whole list; rows begin before the window")
    leicestershire(b)
    published(b, ids)


def leicestershire(b):
    """The force without units: some extracts, zeros, a doubled feed, a wrong sidecar."""
    for extract, window, count, manifest in (
        ("crimes", ("2024-01-01", "2025-10-31"), 200, True),
        ("drug_tests", ONE_YEAR, 120, None),
        ("naloxone", ONE_YEAR, 60, False),
        ("county_lines", ONE_YEAR, 20, None),
        ("school_inputs", ONE_YEAR, 40, None),
    ):
        rows = b.new_rows(extract, *map(date.fromisoformat, window), count)
        if extract == "drug_tests":
            doubled_feed(b, extract, window, rows)
            continue
        note = "its manifest does not hold: refused whole" if manifest is False else None
        b.drop(0, extract, L, window, FIRST, rows, manifest=manifest, note=note)
        if manifest is False:
            b.sent.pop((extract, L))
    for extract, window, note in (
        ("op_trapped", ONE_YEAR, "header and no rows: zeros"),
        ("incidents", ("2025-10-01", "2025-10-06"), "header and no rows, six days: zeros"),
        ("intelligence", ("2025-10-01", "2025-10-07"), "header and no rows, seven days: held"),
        ("aris_returns", ONE_YEAR, "header and no rows: zeros"),
        ("pspos", ONE_YEAR, "an empty list: zeros"),
    ):
        header, _ = extract_cells(b.rng("empty", extract), extract, [], STYLES[1])
        path = b.write(0, extract, L, window, FIRST, header, [], Style("utf-8-sig", "\r\n"))
        b.note(path, note)


def doubled_feed(b, extract, window, rows):
    """Every row twice, some four times, 120 distinct rows: held."""
    rng = b.rng("doubled")
    header, cells = extract_cells(rng, extract, rows_as_text(rng, extract, rows), Style())
    path = b.write(0, extract, L, window, FIRST, header, [*cells, *cells, *cells[:5], *cells[:5]])
    b.note(path, "a doubled feed: held")


def published(b, ids):
    """data.police.uk months, and the download of the Office for Health Improvement and Disparities."""
    for text in ("2023-11", "2023-12", "2024-03", "2024-05", "2024-07"):
        header, cells = searches(b.rng("searches", D, text), month(text), 60)
        note = "a month that the canonical extract covers: outranked" if text > "2024-03" else None
        b.publish(0, f"{text}-{D}-stop-and-search.csv", header, cells, note)
    for text in ("2024-06", "2024-11", "2024-12", "2025-03", "2025-10"):
        header, cells = searches(b.rng("searches", L, text), month(text), 60)
        b.publish(0, f"{text}-{L}-stop-and-search.csv", header, cells)
    for force, texts in ((D, ("2024-01", "2024-02")), (L, ("2024-01",))):
        for text in texts:
            header, cells = street(b.rng("street", force, text), month(text), 200, b.nights.forces[force])
            b.publish(0, f"{text}-{force}-street.csv", header, cells)
    header, cells = fingertips(b.rng("fingertips", 1), ids)
    b.write(0, "public_health", D, ("2020-01-01", "2025-10-31"), FIRST, header, cells, STYLES[3])


def second_night(b, ids):
    """A week later: corrections, repeats, replaced lists, replaced months, a late file."""
    for extract in (
        "incidents", "crimes", "intelligence", "stop_search", "drug_tests", "confiscation_orders",
        "exploitation_outcomes", "op_trapped", "school_inputs", "pspo_enforcement", "naloxone",
        "mda_orders", "aris_returns", "forfeiture_orders", "iom_visits",
    ):  # fmt: skip
        b.correct(1, extract, D, AUTUMN, SECOND, note="corrects, withdraws and spoils rows of the window")
    b.correct(1, "iom_cohort", D, ("2025-07-01", "2025-11-07"), SECOND, lose=1, spoil=1)
    for extract in ("county_lines", "pspos", "cash_seizures"):
        window = ("2024-11-01", "2025-11-07")
        b.correct(1, extract, D, window, SECOND, note="a newer list replaces the list")
    by_name = {path.name: path for path in b.nights.nights[0]}
    b.again(1, _one(by_name, "incidents", D), note="the same again: known")
    crimes = _one(by_name, "crimes", D)
    b.again(1, crimes, None if crimes.suffix == ".gz" else ".gz", note="in another container: known")
    for extract in ("crimes", "school_inputs"):
        path = _one(by_name, extract, L)
        b.again(1, path, change=True, note="one extraction, other content: refused")
    window, late = ("2023-10-01", "2025-03-31"), "20240110T020000Z"
    rows = b.new_rows("naloxone", *map(date.fromisoformat, window), 90)
    b.drop(1, "naloxone", D, window, late, rows, note="older, arrives late: fills only what no newer covers")
    rows = b.new_rows("naloxone", *map(date.fromisoformat, ONE_YEAR), 60)
    b.drop(1, "naloxone", L, ONE_YEAR, FIRST, rows, note="the refused one sent again, whole this time")
    rows = b.new_rows("drug_tests", *map(date.fromisoformat, ONE_YEAR), 90)
    b.drop(1, "drug_tests", L, ONE_YEAR, SECOND, rows, note="a newer file replaces the held one")
    header, cells = searches(b.rng("searches", L, "again"), month("2024-12"), 50)
    b.publish(1, f"2024-12-{L}-stop-and-search.csv", header, cells, "a published month replaced")
    header, cells = street(b.rng("street", "again"), month("2024-02"), 180, b.nights.forces[D])
    b.publish(1, f"2024-02-{D}-street.csv", header, cells, "a published month replaced")
    header, cells = fingertips(b.rng("fingertips", 2), ids[:2])
    window = ("2025-11-01", "2025-11-07")
    path = b.write(1, "public_health", D, window, SECOND, header, cells, STYLES[1])
    b.note(path, "newer figures of two indicators; the others stand")


def _one(by_name, extract, force):
    return next(path for name, path in by_name.items() if name.startswith(f"{extract}__{force}__"))


def third_night(b):
    """Conflicts, a canonical file that overlaps a published month, and refused files."""
    conflict(b)
    window = ("2024-03-16", "2024-03-31")
    rows = b.new_rows("stop_search", *map(date.fromisoformat, window), 20)
    b.drop(2, "stop_search", D, window, THIRD, rows, note="that published month gives way")
    b.correct(2, "crimes", L, ("2025-10-01", "2025-11-14"), THIRD, note="corrects the other force's")
    b.correct(2, "county_lines", D, ("2024-11-01", "2025-11-14"), THIRD, lose=8, note="a newer list still")
    b.correct(2, "incidents", D, ("2025-11-08", "2025-11-14"), THIRD)
    b.correct(2, "crimes", D, ("2025-10-20", "2025-11-14"), THIRD)
    refused_files(b)


def conflict(b):
    """Two windows extracted at one time: rows in one only, equal rows in both, different rows in both."""
    extract, rng = "community_voices", b.rng("tie")
    recipe = RECIPES[extract]
    overlap = b.new_rows(extract, date(2025, 9, 20), date(2025, 10, 5), 20)
    for window, rows in (
        (("2025-09-01", "2025-10-05"), overlap),
        (("2025-09-20", "2025-10-31"), overlap[:12] + [change(rng, extract, row) for row in overlap[12:16]]),
    ):
        # Equal rows have the same text in both files.
        texts = [{f.name: as_text(b.rng("tie", row["response_ref"], f.name), f, row[f.name]) for f in recipe} for row in rows]
        own = b.new_rows(extract, *map(date.fromisoformat, window), 20)
        b.drop(2, extract, D, window, THIRD, own, texts=texts, note="one extracted-at, two windows")


def refused_files(b):
    """One file of each kind that is refused whole."""
    rows = b.new_rows("op_trapped", date(2025, 11, 1), date(2025, 11, 14), 40)
    rng = b.rng("refused")
    header, cells = extract_cells(rng, "op_trapped", rows_as_text(rng, "op_trapped", rows), Style())
    window = ("2025-11-01", "2025-11-14")

    def path(extract, force, suffix=""):
        name = f"{extract}__{force}__{window[0]}__{window[1]}__{THIRD}.csv{suffix}"
        return b.nights.place(2, name)

    orders = b"order_ref,order_date,amount,recipient\n"
    whole = "\n".join(",".join(row) for row in [header, *cells]) + "\n"
    without = "\n".join(",".join([*row[:2], *row[3:]]) for row in [header, *cells]) + "\n"
    packed = gzip.compress(whole.encode(), mtime=0)
    for at, data, note in (
        (path("op_trapped", D, ".gz"), packed[: len(packed) // 2], "gzip cut short"),
        (path("op_trapped", L), without.encode(), "a required column is missing"),
        (path("aris_returns", D), b"", "an empty file"),
        (path("aris_returns", L), b"A1,2025-11-03,10.00\nA2,2025-11-04,20.00\n", "no header"),
        (path("mda_orders", L), orders + b"M1,2025-11-03,10", "cut in its last row"),
        (path("mda_orders", D), orders + b'M2,2025-11-03,10,"Pol', "cut in quotes"),
        (path("op_trapped", "atlantis"), whole.encode(), "a force that is in no list"),
        (path("cat_sightings", D), whole.encode(), "an extract that no contract names"),
        (b.nights.place(2, "op trapped november.csv"), whole.encode(), "a name of no known form"),
    ):
        at.write_bytes(data)
        b.note(at, f"refused: {note}")


def fourth_night(b):
    """Extensions without rows, a correction of a correction, a window without rows that withdraws rows."""
    window = ("2025-11-08", "2025-11-21")
    b.correct(3, "drug_tests", D, ("2025-10-25", "2025-11-21"), FOURTH, spoil=3)
    b.correct(3, "crimes", D, ("2025-10-20", "2025-11-21"), FOURTH, lose=10)
    b.correct(3, "pspos", D, ("2024-11-01", "2025-11-21"), FOURTH)
    header, _ = extract_cells(b.rng("empty"), "iom_visits", [], Style())
    path = b.write(3, "iom_visits", D, ("2025-11-01", "2025-11-21"), FOURTH, header, [])
    b.note(path, "header and no rows: zeros, and what was there is withdrawn")
    for extract in ("exploitation_outcomes", "forfeiture_orders"):
        header, _ = extract_cells(b.rng("empty", extract), extract, [], Style())
        path = b.write(3, extract, D, window, FOURTH, header, [], Style("utf-16", "\r\n", ";"))
        b.note(path, "a quiet fortnight")
    header, cells = searches(b.rng("searches", "late"), month("2024-11"), 40)
    b.publish(3, f"2024-11-{L}-stop-and-search.csv", header, cells, "a published month replaced")
