"""Identifiers: hashed as Python's hmac does, with a key that is never shown and may not change unnoticed."""

import hashlib
import hmac
import os

import duckdb
import pytest

from dagster_project.audit import read_log
from dagster_project.core.night_lock import locked
from dagster_project.landing import PseudonymKeyError
from dagster_project.landing.rows.pseudonyms import PseudonymKey, accepted_change, install, read_or_make_key

ROW = "{},2025-03-01T10:00,Theft,Completed,Positive"


@pytest.mark.parametrize("secret", [b"k", b"k" * 63, b"k" * 64, b"k" * 65, b"k" * 200, bytes(range(256))])
@pytest.mark.parametrize("text", ["", "D/123", "Caf\u00e9 \u20ac \U0001f600", "x" * 1000])
def test_sql_agrees_with_python_s_hmac(secret, text):
    with duckdb.connect() as con:
        install(con, PseudonymKey(secret))
        (pseudonym,) = con.execute("select pam_pseudonym($1)", [text]).fetchone()
    assert pseudonym == hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def test_identifiers_are_stored_only_as_hashes(warehouse, monkeypatch):
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "s\u00e9same")
    rows = [ROW.format(" PERSON-1 "), ROW.format("PERSON-2").replace("2025", "2024"), "PERSON-3,2025"]
    entry = warehouse.land("drug_tests", *rows)
    hashed = [hmac.new("s\u00e9same".encode(), f"PERSON-{i}".encode(), hashlib.sha256).hexdigest() for i in (1, 2, 3)]
    (row,) = warehouse.raw(entry)
    assert (row["custody_ref"], row["_key"]) == (hashed[0], hashed[0])
    assert [(r["custody_ref"], r["_key"]) for r in warehouse.quarantine(entry)] == [(h, h) for h in hashed[1:]]
    assert [r["_key"] for r in warehouse.withheld(entry)] == hashed[1:]
    for path in warehouse.home.path.rglob("*"):
        if path.is_file() and "archive" not in path.parts:
            assert b"PERSON-" not in path.read_bytes(), path
    assert not warehouse.home.key_file.exists()
    assert "PERSON" not in entry.model_dump_json() and "s\u00e9same" not in entry.model_dump_json()


def test_a_blank_identifier_stays_blank(warehouse):
    header = "outcome_ref,person_ref,outcome_on,strand,outcome"
    entry = warehouse.land("exploitation_outcomes", "E1, ,2025-03-01,OCG,Charged", header=header)
    assert warehouse.raw(entry)[0]["person_ref"] is None


def test_key_file_is_made_on_first_use_for_the_owner_only(warehouse):
    warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,")
    assert not warehouse.home.key_file.exists()
    first = warehouse.land("drug_tests", ROW.format("P1"))
    secret = warehouse.home.key_file.read_text().strip()
    assert len(bytes.fromhex(secret)) == 32
    assert warehouse.home.key_file.stat().st_mode & 0o777 == 0o600
    assert first.key_fingerprint == hashlib.sha256(secret.encode()).hexdigest()[:16]
    second = warehouse.land("drug_tests", ROW.format("P1"), at="20260106T000000Z")
    assert warehouse.raw(first)[0]["_key"] == warehouse.raw(second)[0]["_key"]


def test_key_that_others_may_read_is_refused(warehouse):
    read_or_make_key(warehouse.home, None)
    os.chmod(warehouse.home.key_file, 0o644)
    with pytest.raises(PseudonymKeyError, match="chmod 600"):
        read_or_make_key(warehouse.home, None)


def test_empty_key_file_is_refused(warehouse):
    read_or_make_key(warehouse.home, None)
    warehouse.home.key_file.write_text("\n")
    with pytest.raises(PseudonymKeyError, match="empty"):
        read_or_make_key(warehouse.home, None)


def test_changed_key_stops_landing_and_the_error_says_what_to_do(warehouse, monkeypatch):
    warehouse.land("drug_tests", ROW.format("P1"))
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "another")
    warehouse.drop("drug_tests", ROW.format("P2"), at="20260106T000000Z")
    warehouse.drop("crimes", "C1,2025-03-01,92D,Recorded,")
    with pytest.raises(PseudonymKeyError, match=r"has changed.*PAM_PSEUDONYM_KEY"):
        warehouse.night()
    assert len(warehouse.inbox()) == 2 and len(warehouse.ledger()) == 1
    assert "another" not in str(PseudonymKey(b"another"))


def test_lost_key_is_not_replaced_silently(warehouse):
    warehouse.land("drug_tests", ROW.format("P1"))
    warehouse.home.key_file.unlink()
    warehouse.drop("drug_tests", ROW.format("P2"), at="20260106T000000Z")
    with pytest.raises(PseudonymKeyError, match="is gone"):
        warehouse.night()
    assert not warehouse.home.key_file.exists()


def test_changed_key_is_used_once_a_person_accepts_it(warehouse, monkeypatch, pam):
    first = warehouse.land("drug_tests", ROW.format("P1"))
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "another")
    args = ("key", "accept", "--by", "A. Person", "--home", warehouse.home.path)
    assert pam(*args, "--why", " ").exit_code == 2
    with locked(warehouse.home):
        assert "another night is under way" in pam(*args, "--why", "the old one was seen").stderr
    with monkeypatch.context() as patch:
        patch.setenv("PAM_AUDIT_KEY", "of another home")
        assert pam(*args, "--why", "the old one was seen").exit_code == 1
        assert accepted_change(warehouse.home) == {}, "it is not on record"
    result = pam(*args, "--why", "the old one was seen")
    assert result.exit_code == 0 and first.key_fingerprint in result.stdout
    second = warehouse.land("drug_tests", ROW.format("P1"), at="20260106T000000Z")
    assert second.key_fingerprint != first.key_fingerprint
    alterations = [r.facts for r in read_log(warehouse.home) if r.kind == "alteration"]
    assert [(f["earlier"], f["now"], f["by"]) for f in alterations] == [
        (first.key_fingerprint, second.key_fingerprint, "A. Person")
    ]
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "a third")
    warehouse.drop("drug_tests", ROW.format("P1"), at="20260107T000000Z")
    with pytest.raises(PseudonymKeyError, match="has changed"):
        warehouse.night()
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "another")
    assert pam(*args, "--why", "again").exit_code == 1
    assert pam("key", "show", "--home", warehouse.home.path).stdout.strip() == second.key_fingerprint


def test_identifier_is_not_taken_for_the_key_in_a_row_with_the_wrong_width(warehouse):
    """If the first field is missing, a person is in the place of the key: only a known key is kept as one."""
    header = "outcome_ref,person_ref,outcome_on,strand,outcome"
    good = "E1,PERSON-1,2025-03-01,OCG,Charged"
    warehouse.land("exploitation_outcomes", good, good.replace("E1", "E2"), header=header)
    rows = (good, "E2,2025", "PERSON-2,2025-03-01,OCG,Charged")
    entry = warehouse.land("exploitation_outcomes", *rows, header=header, at="20260106T000000Z")
    assert entry.rows_quarantined == 2
    assert [(r["_key"], r["outcome_ref"]) for r in warehouse.quarantine(entry)] == [("E2", "E2"), (None, None)]
    assert [r["_key"] for r in warehouse.withheld(entry)] == ["E2"]


def test_nights_without_identifiers_need_no_key(warehouse, monkeypatch):
    warehouse.land("drug_tests", ROW.format("P1"))
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "another")
    assert warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,").outcome == "accepted"


def test_placeholders_for_a_blank_are_no_addresses(warehouse):
    addresses = ("N/A", "unknown", "NFA", "Not known", "-", "12 N/A", "Unknown Road")
    rows = [f"T{n},{address},2025-03-01,1,Dales" for n, address in enumerate(addresses)]
    entry = warehouse.land("op_trapped", *rows)
    assert entry.rows_landed == 7
    assert [row["address_ref"] is None for row in warehouse.raw(entry)] == [True] * 5 + [False] * 2
