"""Retracting files that were accepted by mistake."""

from datetime import date, timedelta

import pytest

from dagster_project.audit import read_log
from dagster_project.core.night_lock import locked
from dagster_project.landing import NotHeld, accepted, counts, land, read_ledger, release_load
from dagster_project.landing.release_held import WhichFileError, file_of_name, held_files, release
from dagster_project.landing.retract import NotErasedError, NotRetractedError, erase, retract
from dagster_project.landing.storage.erase_unused import Erasure, record_erasures
from dagster_project.landing.storage.ledger import CONFLICT_KIND
from dagster_project.landing.storage.quarantine_export import quarantined_files, quarantined_rows
from dagster_project.nights.health import find_problems
from dagster_project.nights.status import status

from .conftest import NOW

ROW, SECOND = "C1,2025-03-01,92D,Recorded,Dales", "C2,2025-03-02,92D,Recorded,"
EREWASH, HIGH_PEAK = ROW.replace("Dales", "Erewash"), ROW.replace("Dales", "High Peak")
WHO = {"by": "A. Person", "why": "the window is too wide"}


def test_retracted_load_is_recorded_and_no_longer_counts(warehouse):
    load = warehouse.land("crimes", ROW, SECOND)
    raw = warehouse.raw(load)
    entry = retract(warehouse.home, load.source_file[:20], **WHO)
    assert (entry.outcome, entry.load_id, entry.rows_landed) == ("retracted", load.load_id, 2)
    assert entry.reason.startswith("retracted on 20") and entry.reason.endswith("by A. Person: the window is too wide")
    assert accepted(warehouse.ledger()) == [] and warehouse.ledger() == [load, entry], "earlier lines stay"
    assert warehouse.raw(load) == raw
    *_, record = read_log(warehouse.home)
    assert (record.kind, *(record.facts[k] for k in ("what", "load_id", "by", "why"))) == (
        "alteration", "retracted", load.load_id, *WHO.values(),
    )  # fmt: skip
    shown = status(warehouse.home)
    assert [(f["source_file"], f["reason"]) for f in shown["retracted"]] == [(load.source_file, entry.reason)]
    assert shown["held"] == shown["refused"] == [] and "crimes" in shown["missing"]
    assert not [p for p in find_problems(warehouse.home, 24) if load.source_file in p]
    with pytest.raises(WhichFileError, match="none of the accepted"):
        retract(warehouse.home, load.load_id, **WHO)


def test_nothing_is_retracted_during_a_night(warehouse):
    load = warehouse.land("crimes", ROW)
    with locked(warehouse.home), pytest.raises(RuntimeError, match="under way"):
        retract(warehouse.home, load.load_id, **WHO)
    assert warehouse.ledger() == [load]


def test_error_names_all_loads_of_an_ambiguous_name(warehouse):
    """A month of data.police.uk that came twice has one name."""
    text = "Date,Object of search,Outcome\n2024-01-02T10:00:00,x,y\n"
    for more in ("", "2024-01-03T10:00:00,x,y\n"):
        warehouse.put("2024-01-derbyshire-stop-and-search.csv", text + more)
        warehouse.night()
    first, second = warehouse.ledger()
    with pytest.raises(WhichFileError, match="2 of the accepted") as error:
        retract(warehouse.home, second.source_file, **WHO)
    assert first.load_id in str(error.value) and second.load_id in str(error.value)
    retract(warehouse.home, second.load_id, **WHO)
    outcomes = []
    for more in ("2024-01-03T10:00:00,x,y\n", ""):
        warehouse.put("2024-01-derbyshire-stop-and-search.csv", text + more)
        outcomes += [e.outcome for e in warehouse.night()]
    assert outcomes == ["refused", "known"]


def test_a_retracted_file_is_erased_once_no_figure_rests_on_it(warehouse, monkeypatch):
    """Also its original that came again, and was refused."""
    home, rows = warehouse.home, (ROW, "BAD,no day,92D,Recorded,")
    load, other = warehouse.land("crimes", *rows), warehouse.land("iom_cohort", "2025-03-01,9")
    with pytest.raises(NotErasedError, match="counts: pam retract it without --erase"):
        erase(home, load.load_id, **WHO)
    retracted = retract(home, load.load_id, **WHO)
    assert warehouse.land("crimes", *rows).outcome == "refused"
    published = ["20200101T020000Z"]
    monkeypatch.setattr("dagster_project.landing.retract.published_night", lambda _: published[-1])
    with pytest.raises(NotErasedError, match=f"which is published, rest on {load.source_file}: pam nightly"):
        erase(home, load.load_id, **WHO)
    published.append(f"{retracted.night_id}-2")
    entry, erasures = erase(home, load.load_id, **WHO)
    assert entry.load_id == load.load_id and sorted(e.kind for e in erasures) == ["archive", "archive", "quarantine", "raw"]
    folders = (home.raw / "crimes", home.raw / "iom_cohort", home.quarantine, home.archive)
    left = [p.name for folder in folders for p in folder.rglob("*") if p.is_file()]
    assert sorted(left) == sorted([other.source_file, f"{other.load_id}.parquet"])
    ordered, *files = [r.facts for r in read_log(home) if r.kind == "erasure"]
    assert (ordered["what"], ordered["load_id"], ordered["by"], ordered["why"]) == ("load", load.load_id, *WHO.values())
    assert [f["file"] for f in files] == [e.archived for e in erasures]
    with pytest.raises(NotHeld, match="its rows were erased"):
        release(home, load.load_id, **WHO)
    # What was erased so keeps no other file of its extract from being retracted.
    assert retract(home, warehouse.land("crimes", SECOND, end="2025-03-31").load_id, **WHO).outcome == "retracted"


def test_an_original_that_a_later_night_archived_is_erased(warehouse, monkeypatch):
    """A night was killed before it archived what it had landed: the archive has the file under another day."""
    warehouse.drop("crimes", ROW)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(land, "move_to_archive", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        warehouse.night()
    warehouse.night(now=NOW + timedelta(days=1))
    (load,) = accepted(warehouse.ledger())
    retract(warehouse.home, load.load_id, **WHO)
    _, erasures = erase(warehouse.home, load.load_id, **WHO)
    assert [e.archived for e in erasures if e.kind == "archive"] == [f"2026-01-07/{load.source_file}"]


def test_a_held_file_is_retracted_and_erased_at_once(warehouse):
    load = warehouse.land("crimes", *(f"C{n},2025-03-01,99X,Recorded," for n in range(60)))
    assert load.outcome == "held"
    entry, erasures = erase(warehouse.home, load.source_file, **WHO)
    assert entry.outcome == "retracted" and sorted(e.kind for e in erasures) == ["archive", "raw"]


def test_a_whole_name_is_of_one_file_and_the_newest_are_listed(warehouse):
    load = warehouse.land("crimes", ROW)
    names = ("a.csv", "a.csv.gz", *(f"b{n}.csv" for n in range(10)))
    files = [load.model_copy(update={"source_file": name, "load_id": f"{n:02}"}) for n, name in enumerate(names)]
    assert file_of_name(files, "a.csv", "held").load_id == "00", "another file's name begins with it"
    with pytest.raises(WhichFileError, match=r"Held: 02 \(b0\.csv\); .*; 11 \(b9\.csv\); and 2 more$"):
        file_of_name(files, "c", "held")
    with pytest.raises(WhichFileError, match=r"2 of the held files\. Held: 00 \(a\.csv\); 01 \(a\.csv\.gz\)$"):
        file_of_name(files, "a", "held")


def test_same_file_again_is_refused_and_a_correction_lands(warehouse):
    load = warehouse.land("crimes", ROW, SECOND)
    refused = warehouse.land("crimes", ROW)
    assert refused.outcome == "refused", "two files claim to be one extraction"
    reason = retract(warehouse.home, load.load_id, **WHO).reason
    for again in (warehouse.land("crimes", ROW, SECOND), warehouse.land("crimes", SECOND, ROW, ext=".csv.gz")):
        assert (again.outcome, again.load_id) == ("refused", None)
        assert again.reason == f"{reason}. If it is right after all: pam release {load.load_id}"
    corrected = warehouse.land("crimes", ROW)
    narrower = warehouse.land("crimes", ROW, SECOND, end="2025-03-31")
    assert [e.outcome for e in (corrected, narrower)] == ["accepted"] * 2
    assert accepted(warehouse.ledger()) == [corrected, narrower]
    with pytest.raises(NotHeld, match="is of the same extraction"):
        release(warehouse.home, load.load_id, **WHO)
    assert warehouse.land("crimes", ROW, SECOND).outcome == "refused", "its rows in raw/ stay as they are"


def test_in_a_shared_inbox_it_is_known_and_a_refused_correction_is_read_again(warehouse, tmp_path):
    inbox = tmp_path / "share"
    load_file = warehouse.drop("crimes", ROW, SECOND, folder=inbox)
    warehouse.drop("crimes", ROW, folder=inbox / "later")
    entries = warehouse.night(archive=False, inbox=inbox)
    assert [e.outcome for e in entries] == ["accepted", "refused"]
    retract(warehouse.home, entries[0].load_id, **WHO)
    again = warehouse.night(archive=False, inbox=inbox)
    assert [e.outcome for e in again] == ["known", "accepted"] and load_file.exists()
    assert "retracted" in again[0].reason
    assert [e.outcome for e in warehouse.night(archive=False, inbox=inbox)] == ["known"] * 2


def test_corrected_mapping_reads_it_again_only_as_a_newer_extraction(warehouse):
    mapping = warehouse.home.mappings / "crimes.yml"
    mapping.parent.mkdir(exist_ok=True)
    text = "extract: crimes\nforces: [derbyshire]\nheaders: {{crime_ref: Ref}}\nvalues: {{status: {{R: {}}}}}\n"
    row = {"header": "Ref,recorded_on,offence_code,status,lpu"}
    mapping.write_text(text.format("Cancelled"), encoding="utf-8")
    load = warehouse.land("crimes", "C1,2025-03-01,92D,R,", **row)
    retract(warehouse.home, load.load_id, **WHO)
    mapping.write_text(text.format("Recorded"), encoding="utf-8")
    again = warehouse.land("crimes", "C1,2025-03-01,92D,R,", **row)
    assert again.outcome == "refused" and "with another mapping, drop it as a newer extraction" in again.reason
    assert warehouse.land("crimes", "C1,2025-03-01,92D,R,", at="20260105T020001Z", **row).outcome == "accepted"


def test_retracted_file_can_be_released_like_a_held_one(warehouse):
    load = warehouse.land("crimes", ROW, SECOND)
    retracted = retract(warehouse.home, load.load_id, **WHO)
    assert held_files(warehouse.home) == [] and held_files(warehouse.home, "retracted") == [retracted]
    entry = release(warehouse.home, load.source_file, by="A. Person", why="it was right")
    assert entry.reason == f"released by A. Person: it was right; was {retracted.reason}"
    assert [e.load_id for e in accepted(warehouse.ledger())] == [load.load_id]
    assert held_files(warehouse.home, "retracted") == []
    assert warehouse.land("crimes", ROW, SECOND).outcome == "known"
    retract(warehouse.home, load.load_id, **WHO)
    (warehouse.home.raw / "crimes/derbyshire" / f"{load.load_id}.parquet").unlink()
    with pytest.raises(NotHeld, match="erased"):
        release_load(warehouse.home, warehouse.contracts, load.load_id, "release", **WHO)


def test_its_conflicts_end_and_return_when_it_is_released(warehouse):
    first = warehouse.land("crimes", ROW, SECOND)
    second = warehouse.land("crimes", EREWASH, start="2025-03-01")
    third = warehouse.land("crimes", HIGH_PEAK, start="2025-02-01")
    loads = [e.load_id for e in (first, second, third)]

    def landed_and_quarantined() -> list[tuple[int, int]]:
        totals = counts(warehouse.ledger())
        in_quarantine = {f.entry.load_id: f.reasons for f in quarantined_files(warehouse.home, all_files=True)}
        for load, reasons in in_quarantine.items():
            assert list(reasons.values()) == [totals[load].rows_quarantined]
        return [totals[load][1:3] for load in loads]

    def quarantined() -> dict[str, str]:
        rows = quarantined_rows(warehouse.home, quarantined_files(warehouse.home)).get(("crimes", "derbyshire"), [])
        return {row[2]: row[4] for row in rows}

    assert landed_and_quarantined() == [(1, 1), (0, 1), (0, 1)]
    assert [f.reasons for f in quarantined_files(warehouse.home)] == [{CONFLICT_KIND: 1}] * 3
    assert all(reasons.count("extracted at the same time") == 2 for reasons in quarantined().values())
    retracted = retract(warehouse.home, third.load_id, **WHO)
    assert landed_and_quarantined() == [(1, 1), (0, 1), (1, 0)], "the others still differ"
    assert retracted.withheld == {} and len(quarantined()) == 2
    assert all(third.source_file not in reasons for reasons in quarantined().values())
    retracted = retract(warehouse.home, first.load_id, **WHO)
    assert (retracted.withheld, retracted.rows_landed) == ({first.load_id: -1, second.load_id: -1}, 2)
    assert landed_and_quarantined() == [(2, 0), (1, 0), (1, 0)] and quarantined() == {}
    assert [e.has_rows for e in accepted(warehouse.ledger())] == [True], "its row is read again"
    for load in (third, first):
        release(warehouse.home, load.load_id, **WHO)
    assert landed_and_quarantined() == [(1, 1), (0, 1), (0, 1)]
    assert [f.reasons for f in quarantined_files(warehouse.home)] == [{CONFLICT_KIND: 1}] * 3


def test_a_conflict_that_has_ended_is_no_reason_any_more(warehouse):
    """It was counted on, below the row that is still wrong for another."""
    first = warehouse.land("crimes", ROW)
    warehouse.land("crimes", EREWASH, SECOND.replace("2025-03-02", "soon"), start="2025-03-01")
    (_, second) = quarantined_files(warehouse.home)
    assert (second.rows, sum(second.reasons.values())) == (2, 2)
    retract(warehouse.home, first.load_id, **WHO)
    (second,) = quarantined_files(warehouse.home)
    assert (second.rows, second.reasons) == (1, {"recorded_on: is not a date": 1})


def test_its_unknown_values_are_no_longer_shown(warehouse):
    rows = [f"C{i},2025-03-01,{'99X' if i == 0 else '92D'},Recorded," for i in range(200)]
    load = warehouse.land("crimes", *rows)
    assert load.outcome == "accepted" and status(warehouse.home)["unknown_values"]
    retract(warehouse.home, load.load_id, **WHO)
    assert not status(warehouse.home)["unknown_values"]


def test_refused_file_is_shown_again_once_its_correction_is_retracted(warehouse):
    refused = warehouse.land("crimes", text="nothing of crimes\n")
    corrected = warehouse.land("crimes", ROW)
    assert (refused.outcome, status(warehouse.home)["refused"]) == ("refused", [])
    retract(warehouse.home, corrected.load_id, **WHO)
    assert [f["source_file"] for f in status(warehouse.home)["refused"]] == [refused.source_file]


@pytest.mark.parametrize(("kind", "place", "night", "is_allowed"), [
    ("raw", "crimes/derbyshire", "night-1", False), ("raw", "crimes/derbyshire", "night-0", True),
    ("raw", "crimes/kent", "night-2", True), ("quarantine", "crimes/derbyshire", "night-2", True),
])  # fmt: skip
def test_file_is_not_retracted_after_its_rows_were_erased(warehouse, kind, place, night, is_allowed):
    """Monthly totals of erased rows include the file, and cannot be made again without it."""
    load = warehouse.land("crimes", ROW)
    erased = Erasure(
        night_id=night, erased_on=date(2026, 1, 6), archived=f"{kind}/{place}/x.parquet", bytes=1, sha256="", kind=kind
    )
    record_erasures(warehouse.home, "erased.jsonl", [erased])
    if is_allowed:
        assert retract(warehouse.home, load.load_id, **WHO).outcome == "retracted"
        return
    with pytest.raises(NotRetractedError, match="erased at its retention limit"):
        retract(warehouse.home, load.load_id, **WHO)
    assert read_ledger(warehouse.home) == [load]


def test_a_held_file_that_nothing_will_replace_is_closed(warehouse):
    """A daily file of the last 35 days: every later one begins later, so that none covers its window, and the monitoring of a
    home with one such file stayed critical for good."""
    rows = [f"C{n},2025-03-01,92D,Recorded,Dales" for n in range(100)]
    warehouse.land("crimes", *rows)
    held = warehouse.land("crimes", rows[0], at="20260106T020000Z", start="2025-02-28")
    warehouse.land("crimes", *rows, at="20260107T020000Z", start="2025-03-01")
    assert held.outcome == "held" and held_files(warehouse.home) == [held]
    # It counted nowhere, so that what was erased since needs nothing of it.
    place = "raw/crimes/derbyshire/x.parquet"
    erased = Erasure(night_id="night-9", erased_on=date(2026, 1, 6), archived=place, bytes=1, sha256="", kind="raw")
    record_erasures(warehouse.home, "erased.jsonl", [erased])
    entry = retract(warehouse.home, held.source_file, **WHO)
    assert entry.outcome == "retracted" and entry.reason.endswith(f"the window is too wide; was held: {held.reason}")
    assert held_files(warehouse.home) == [] and not [p for p in find_problems(warehouse.home, 24) if "is held" in p]
    assert len(accepted(warehouse.ledger())) == 2
    again = warehouse.land("crimes", rows[0], at="20260106T020000Z", start="2025-02-28")
    assert again.outcome == "refused" and "retracted on" in again.reason
    assert release(warehouse.home, str(entry.load_id), by="A. Person", why="it was right").outcome == "accepted"
