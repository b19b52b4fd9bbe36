"""Five published nights of small files with a difficult history: corrections, rows that move to another month, withdrawals, a
replaced list, a late older file, conflicts, and a held file that is released and conflicts.

Each night has its own date in its id, so that tests can name it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from support import begin, write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.home_lists import OWN_LISTS
from dagster_project.core.night_lock import locked
from dagster_project.landing import read_ledger, release_load
from dagster_project.nights.night_run import NightRun

NIGHTS = [f"202601{day:02d}T020000Z" for day in (3, 4, 5, 6, 7)]
RELEASED = "20260105T120000Z"
YEAR = ("2025-01-01", "2025-12-31")
NALOXONE = ["administration_ref", "administered_at", "lpu"]
CRIMES = ["crime_ref", "recorded_on", "offence_code", "status", "lpu"]
LINES = ["line_ref", "identified_on", "closed_on"]
TRAPPED = ["identification_ref", "address_ref", "identified_on", "people_safeguarded"]
VOICES = ["response_ref", "responded_on", "issue"]
SEARCHES = ["search_ref", "searched_at", "object_of_search", "object_found", "legislation"]
OTHER = "leicestershire"


@contextmanager
def dated(home: Home, night_id: str) -> Iterator[NightRun]:
    """A night with this id, started at its time."""
    at = datetime.strptime(night_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    run = begin(home, today=at.date())
    run.night = replace(run.night, night_id=night_id, started_at=at)
    try:
        yield run
    finally:
        run.end()


def publish_dated(home: Home, night_id: str) -> NightRun:
    """Run a whole night with this id."""
    with dated(home, night_id) as run:
        run.land()
        run.build()
        run.judge()
        run.publish()
    return run


def administrations(months: range, prefix: str = "N", unit: str = "Dales") -> list[list[str]]:
    """Two administrations in each of these months of 2025."""
    return [[f"{prefix}{m}-{n}", f"2025-{m:02d}-1{n} 10:00", unit] for m in months for n in (1, 2)]


def first(inbox: Path) -> None:
    """Two forces' naloxone, and crimes, county lines and addresses of one."""
    stamp = "20260103T010000Z"
    write_extract(inbox, "naloxone", administrations(range(1, 13)), columns=NALOXONE, window=YEAR, stamp=stamp)
    other = administrations(range(1, 13), "L")
    write_extract(inbox, "naloxone", other, columns=NALOXONE, window=YEAR, stamp=stamp, force=OTHER)
    crimes = [[f"C{m}", f"2025-{m:02d}-05", "92D/1" if m % 2 else "92A/1", "Recorded", "Dales"] for m in range(1, 13)]
    write_extract(inbox, "crimes", crimes, columns=CRIMES, window=YEAR, stamp=stamp)
    lines = [[f"A{n}", f"2025-0{n}-01", "2025-10-01" if n > 4 else ""] for n in range(1, 7)]
    write_extract(inbox, "county_lines", lines, columns=LINES, window=YEAR, stamp=stamp)
    homes = [[f"T{n}", f"ADDRESS-{n % 3}", f"2025-0{n}-01", "1"] for n in range(4, 9)]
    write_extract(inbox, "op_trapped", homes, columns=TRAPPED, window=("2025-04-01", "2025-12-31"), stamp=stamp)


def second(inbox: Path) -> None:
    """Correct November and December: one row withdrawn, one moved from June to November, one new."""
    stamp = "20260104T010000Z"
    rows = [r for r in administrations(range(11, 13)) if r[0] != "N12-2"]
    rows += [["N6-1", "2025-11-20 10:00", "Dales"], ["N13-1", "2026-01-02 10:00", "Dales"]]
    write_extract(inbox, "naloxone", rows, columns=NALOXONE, window=("2025-11-01", "2026-01-03"), stamp=stamp)
    crimes = [["L1", "2025-12-03", "92D/1", "Recorded", ""]]
    write_extract(inbox, "crimes", crimes, columns=CRIMES, window=("2025-12-01", "2025-12-31"), stamp=stamp, force=OTHER)


def third(inbox: Path) -> None:
    """Conflicting responses; searches extracted at the same time in two files, one of which is doubled and held."""
    stamp = "20260105T010000Z"
    one = [[f"V{n}", "2025-09-10", "Drugs"] for n in range(5)]
    other = [["V0", "2025-09-10", "Litter"], ["V9", "2025-10-10", "Drugs"], *one[1:3]]
    write_extract(inbox, "community_voices", one, columns=VOICES, window=("2025-08-01", "2025-09-30"), stamp=stamp)
    write_extract(inbox, "community_voices", other, columns=VOICES, window=("2025-09-01", "2025-10-31"), stamp=stamp)
    doubled = [[f"S{n}", "2025-11-03 12:00", "Drugs", "N", "Section 23"] for n in range(60)] * 2
    write_extract(inbox, "stop_search", doubled, columns=SEARCHES, window=("2025-11-01", "2025-11-30"), stamp=stamp)
    clash = [["S0", "2025-11-03 12:00", "Drugs", "Y", "Section 23"], ["S99", "2025-12-03 12:00", "Drugs", "Y", "Section 23"]]
    write_extract(inbox, "stop_search", clash, columns=SEARCHES, window=("2025-11-01", "2025-12-31"), stamp=stamp)


def fourth(inbox: Path) -> None:
    """A newer list; a late file with older crimes of 2024; an address of an earlier month."""
    lines = [[f"A{n}", f"2025-0{n}-01", "2025-12-01"] for n in range(1, 6)]
    write_extract(inbox, "county_lines", lines, columns=LINES, window=YEAR, stamp="20260106T010000Z")
    crimes = [["C1", "2024-11-05", "92A/1", "Recorded", ""], ["C99", "2024-12-05", "92A/2", "Recorded", "Dales"]]
    write_extract(inbox, "crimes", crimes, columns=CRIMES, window=("2024-11-01", "2025-02-28"), stamp="20250301T010000Z")
    homes = [["T1", "ADDRESS-1", "2025-01-01", "2"]]
    write_extract(inbox, "op_trapped", homes, columns=TRAPPED, window=("2025-01-01", "2025-01-31"), stamp="20260106T010000Z")


def release_held(home: Home) -> None:
    """Release the held file, between the third night and the fourth."""
    (held,) = {e.load_id for e in read_ledger(home) if e.outcome == "held"}
    with locked(home):
        entry = release_load(home, load_contracts(), held, RELEASED, by="A. Person", why="checked")
    assert entry.withheld, "it conflicts with the other file"


LISTED = "20260301T020000Z"
"""The night of `publish_with_lists`."""
REBASE = ("derbyshire", "force", "derbyshire", "naloxone_administrations", "all", "2025-07-01", "New form")


def publish_with_lists(home: Home) -> None:
    """Publish one more night of the week: two lists of the home's own, two more months of one force, a correction of the
    other's."""
    home.seeds.mkdir()
    (home.seeds / "offence_codes.csv").write_text("offence_code,offence_class\n92A,possession\n", encoding="utf-8")
    (home.seeds / "rebases.csv").write_text(f"{','.join(OWN_LISTS['rebases'])}\n{','.join(REBASE)}\n", encoding="utf-8")
    days = [f"2026-01-0{n}" for n in range(1, 6)] + [f"2026-02-0{n}" for n in range(1, 10)]
    later = [[f"R{n}", f"{day}T10:00:00", "Dales"] for n, day in enumerate(days)]
    window = ("2026-01-01", "2026-02-28")
    write_extract(home.inbox, "naloxone", later, columns=NALOXONE, window=window, stamp="20260301T000000Z")
    fewer = administrations(range(1, 13), "L")[:-1]
    write_extract(home.inbox, "naloxone", fewer, columns=NALOXONE, window=YEAR, stamp="20260301T000000Z", force=OTHER)
    assert publish_dated(home, LISTED).receipt.outcome == "published"


def make_week(home: Home) -> Home:
    """Run all five nights in an empty home."""
    for night_id, write in zip(NIGHTS, (first, second, third, fourth, lambda _: None), strict=True):
        write(home.inbox)
        run = publish_dated(home, night_id)
        assert run.receipt.outcome == "published", run.receipt.reason
        if night_id == NIGHTS[2]:
            release_held(home)
    assert date(2026, 1, 7) == run.night.today
    return home
