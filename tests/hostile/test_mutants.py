"""No damaged file ends a night: each is accepted, known, held or refused with a reason, and the good files load.

The suite has 36 damaged files, `--long` has 500.
"""

import os
import re
import resource
from collections import Counter
from datetime import UTC, datetime

import duckdb
from how_often import often

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import find_files, land_files, read_ledger

from .mutants import MARK, mutant

N = often(36, 500)
BATCH = often(18, 35)
SEED = 3
GOOD = "custody_ref,arrested_at,trigger_offence,test_status,result\nA1,2025-03-01 10:00,Theft,,\nA2,2025-03-02 10:00,Theft,,\n"
UNCLEAR = re.compile(r"\b\w+(Error|Exception)\b|Traceback|duckdb", re.I)


def _land_night(home, contracts, number):
    name = f"drug_tests__derbyshire__2025-03-01__2025-03-31__20260105T{number:06d}Z.csv"
    (home.inbox / name).write_text(GOOD.replace("A1", f"A{number}x"), encoding="utf-8")
    files = find_files(home.inbox, contracts, {"derbyshire"})
    now = datetime(2026, 1, 6, 3, tzinfo=UTC)
    return land_files(home, contracts, files, f"night-{number:03d}", now=now, archive=True)


def _good_rows(home):
    columns = "custody_ref, arrested_at, _line, _source_file"
    with duckdb.connect() as con:
        return con.execute(f"select {columns} from '{home.raw}/drug_tests/*/*.parquet' order by all").fetchall()


def _stored_rows(folder, load_id):
    paths = [str(p) for p in folder.rglob(f"{load_id}*.parquet")]
    with duckdb.connect() as con:
        return con.execute("select count(*) from read_parquet($1)", [paths]).fetchone()[0] if paths else 0


def test_every_mutant_has_an_outcome_and_the_good_files_load(tmp_path, monkeypatch):
    # Both homes hash with the same key.
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "a key for tests")
    contracts = load_contracts()
    home, plain = (Home.of(tmp_path / name).create() for name in ("mutants", "plain"))
    dropped, outcomes, entries = 0, Counter(), []
    for first in range(0, N, BATCH):
        for number in range(first, min(first + BATCH, N)):
            m = mutant(SEED, number)
            path = os.path.join(os.fsencode(home.inbox), m.name)
            dropped += not os.path.exists(path)
            with open(path, "wb") as file:
                file.write(m.data)
            if m.manifest is not None:
                with open(path + b".manifest.json", "wb") as file:
                    file.write(m.manifest)
        night = _land_night(home, contracts, first // BATCH)
        _land_night(plain, contracts, first // BATCH)
        assert not os.listdir(os.fsencode(home.inbox))
        entries += night
    assert len(entries) == dropped + len(range(0, N, BATCH))
    assert _good_rows(home) == _good_rows(plain)
    assert read_ledger(home) == entries
    for e in entries:
        outcomes[e.outcome] += 1
        if e.outcome in ("held", "refused"):
            assert e.reason and e.reason.isprintable() and len(e.reason) < 800, e
            assert not UNCLEAR.search(e.reason) and MARK not in e.reason, e.reason
        if e.outcome in ("accepted", "held"):
            assert e.rows_in_file == e.rows_landed + e.rows_quarantined + e.rows_duplicate
            assert _stored_rows(home.raw / e.extract, e.load_id) == e.rows_landed + _conflicting(e)
    print(outcomes, "peak MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
    for reason, n in Counter(re.sub(r"\d+", "N", e.reason)[:200] for e in entries if e.outcome == "refused").most_common():
        print(n, reason)
    for folder in (home.raw, home.quarantine):
        for path in folder.rglob("*.parquet"):
            with duckdb.connect() as con:
                sql = "select count(*) from read_parquet($1) as r where contains(cast(r as varchar), $2)"
                assert con.execute(sql, [str(path), MARK]).fetchone()[0] == 0, path


def _conflicting(entry):
    return entry.quarantine_reasons.get("differs from an extraction of the same time", 0)


def test_the_same_number_makes_the_same_file():
    assert [mutant(SEED, n) for n in range(34)] == [mutant(SEED, n) for n in range(34)]
