"""Files that were accepted wrongly, and are taken back."""

from datetime import date

import pytest

from dagster_project.audit import read_log
from dagster_project.core.receipts import locked
from dagster_project.landing import NotHeld, accepted, counts, read_ledger, release_load
from dagster_project.landing.quarantine_export import quarantined_files, quarantined_rows
from dagster_project.landing.release_held import WhichFileError, held_files, release
from dagster_project.landing.retention import Erasure, record_erasures
from dagster_project.landing.retract import NotRetractedError, retract
from dagster_project.nights.health import find_problems
from dagster_project.nights.status import status

ROW, SECOND = "C1,2025-03-01,92D,Recorded,Dales", "C2,2025-03-02,92D,Recorded,"
ERE, HIGH = ROW.replace("Dales", "Erewash"), ROW.replace("Dales", "High Peak")
WHO = {"by": "A. Person", "why": "the window is too wide"}


def test_a_retracted_load_is_in_ledger_and_record_and_counts_no_more(warehouse):
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
    found = status(warehouse.home)
    assert [(f["source_file"], f["reason"]) for f in found["retracted"]] == [(load.source_file, entry.reason)]
    assert found["held"] == found["refused"] == [] and "crimes" in found["missing"]
    assert not [p for p in find_problems(warehouse.home, 24) if load.source_file in p]
    with pytest.raises(WhichFileError, match="none of the accepted"):
        retract(warehouse.home, load.load_id, **WHO)


def test_nothing_is_retracted_while_a_night_is_under_way(warehouse):
    load = warehouse.land("crimes", ROW)
    with locked(warehouse.home), pytest.raises(RuntimeError, match="under way"):
        retract(warehouse.home, load.load_id, **WHO)
    assert warehouse.ledger() == [load]


def test_a_name_of_several_loads_names_them(warehouse):
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


def test_the_same_again_is_refused_with_the_reason_and_a_correction_lands(warehouse):
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


def test_in_an_inbox_of_others_it_is_known_and_what_was_refused_is_read_again(warehouse, tmp_path):
    inbox = tmp_path / "share"
    load_file = warehouse.drop("crimes", ROW, SECOND, folder=inbox)
    warehouse.drop("crimes", ROW, folder=inbox / "later")
    took = warehouse.night(archive=False, inbox=inbox)
    assert [e.outcome for e in took] == ["accepted", "refused"]
    retract(warehouse.home, took[0].load_id, **WHO)
    again = warehouse.night(archive=False, inbox=inbox)
    assert [e.outcome for e in again] == ["known", "accepted"] and load_file.exists()
    assert "retracted" in again[0].reason
    assert [e.outcome for e in warehouse.night(archive=False, inbox=inbox)] == ["known"] * 2


def test_a_mended_mapping_reads_it_again_as_a_newer_extraction(warehouse):
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


def test_a_retracted_file_is_released_as_a_held_one_is(warehouse):
    load = warehouse.land("crimes", ROW, SECOND)
    taken = retract(warehouse.home, load.load_id, **WHO)
    assert held_files(warehouse.home) == [] and held_files(warehouse.home, "retracted") == [taken]
    entry = release(warehouse.home, load.source_file, by="A. Person", why="it was right")
    assert entry.reason == f"released by A. Person: it was right; was {taken.reason}"
    assert [e.load_id for e in accepted(warehouse.ledger())] == [load.load_id]
    assert held_files(warehouse.home, "retracted") == []
    assert warehouse.land("crimes", ROW, SECOND).outcome == "known"
    retract(warehouse.home, load.load_id, **WHO)
    (warehouse.home.raw / "crimes/derbyshire" / f"{load.load_id}.parquet").unlink()
    with pytest.raises(NotHeld, match="erased"):
        release_load(warehouse.home, warehouse.contracts, load.load_id, "release", **WHO)


def test_conflicts_with_it_end_and_come_back_when_it_is_released(warehouse):
    first = warehouse.land("crimes", ROW, SECOND)
    second = warehouse.land("crimes", ERE, start="2025-03-01")
    third = warehouse.land("crimes", HIGH, start="2025-02-01")
    loads = [e.load_id for e in (first, second, third)]

    def now() -> list[tuple[int, int]]:
        totals = counts(warehouse.ledger())
        return [totals[load][1:3] for load in loads]

    def quarantined() -> dict[str, str]:
        rows = quarantined_rows(warehouse.home, quarantined_files(warehouse.home)).get(("crimes", "derbyshire"), [])
        return {row[2]: row[4] for row in rows}

    assert now() == [(1, 1), (0, 1), (0, 1)]
    assert all(reasons.count("extracted at the same time") == 2 for reasons in quarantined().values())
    taken = retract(warehouse.home, third.load_id, **WHO)
    assert now() == [(1, 1), (0, 1), (1, 0)], "the others still differ"
    assert taken.withheld == {} and len(quarantined()) == 2
    assert all(third.source_file not in reasons for reasons in quarantined().values())
    taken = retract(warehouse.home, first.load_id, **WHO)
    assert (taken.withheld, taken.rows_landed) == ({first.load_id: -1, second.load_id: -1}, 2)
    assert now() == [(2, 0), (1, 0), (1, 0)] and quarantined() == {}
    assert [e.has_rows for e in accepted(warehouse.ledger())] == [True], "its row is read again"
    for load in (third, first):
        release(warehouse.home, load.load_id, **WHO)
    assert now() == [(1, 1), (0, 1), (0, 1)]


def test_values_that_no_list_knows_go_with_it(warehouse):
    rows = [f"C{i},2025-03-01,{'99X' if i == 0 else '92D'},Recorded," for i in range(200)]
    load = warehouse.land("crimes", *rows)
    assert load.outcome == "accepted" and status(warehouse.home)["unknown_values"]
    retract(warehouse.home, load.load_id, **WHO)
    assert not status(warehouse.home)["unknown_values"]


def test_a_refused_file_is_corrected_no_longer(warehouse):
    refused = warehouse.land("crimes", text="nothing of crimes\n")
    corrected = warehouse.land("crimes", ROW)
    assert (refused.outcome, status(warehouse.home)["refused"]) == ("refused", [])
    retract(warehouse.home, corrected.load_id, **WHO)
    assert [f["source_file"] for f in status(warehouse.home)["refused"]] == [refused.source_file]


@pytest.mark.parametrize(("place", "night", "may"), [
    ("crimes/derbyshire", "night-1", False), ("crimes/derbyshire", "night-0", True), ("crimes/kent", "night-2", True),
])  # fmt: skip
def test_rows_erased_since_are_not_made_again(warehouse, place, night, may):
    """Their totals were made while it counted: without it they would be others."""
    load = warehouse.land("crimes", ROW)
    erased = Erasure(
        night_id=night, erased_on=date(2026, 1, 6), archived=f"raw/{place}/x.parquet", bytes=1, sha256="", kind="raw"
    )
    record_erasures(warehouse.home, "erased.jsonl", [erased])
    if may:
        assert retract(warehouse.home, load.load_id, **WHO).outcome == "retracted"
        return
    with pytest.raises(NotRetractedError, match="erased at its retention limit"):
        retract(warehouse.home, load.load_id, **WHO)
    assert read_ledger(warehouse.home) == [load]
