"""The record of processing: any change to it is detected, and a killed writer damages no earlier record."""

import json
import os
import random
import re
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.audit import AuditKeyError, anchor, mask_query, read_log, record, record_all, record_first, verify
from dagster_project.audit.lines import digest
from dagster_project.audit.log import head_path, log_path
from dagster_project.core.config import ConfigError
from dagster_project.core.home import Home
from dagster_project.core.receipts import Receipt, read_receipts, write_receipt
from dagster_project.serving import ReasonError, connect, record_consultation

FLIPS = 150


@pytest.fixture
def logged(new_home: Home) -> Home:
    """A home with nine records, some of them written together."""
    for n in range(4):
        record(new_home, "collection", source_file=f"crimes {n}.csv", outcome="accepted", rows_landed=n)
    record_all(new_home, [("erasure", {"file": f"raw/{n}", "note": "naïve; £5"}) for n in range(4)])
    record(new_home, "consultation", by="pam query", why="", asked=None)
    return new_home


def faults(home: Home) -> list[str]:
    return verify(home).faults


def test_records_are_read_back_as_written(logged: Home) -> None:
    records = [*read_log(logged)]
    assert [(r.n, r.kind) for r in records] == [
        *((n, "collection") for n in (1, 2, 3, 4)), *((n, "erasure") for n in (5, 6, 7, 8)), (9, "consultation"),
    ]  # fmt: skip
    assert records[7].facts == {"file": "raw/3", "note": "naïve; £5"} and records[8].facts == {"by": "pam query"}
    verdict = verify(logged)
    assert (verdict.records, verdict.anchor, verdict.faults, verdict.notes) == (9, anchor(logged), [], [])
    assert {p.stat().st_mode & 0o777 for p in logged.audit.iterdir()} == {0o600}
    with pytest.raises(ValueError, match="unknown kind of record"):
        record(logged, "gossip")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="can't be called before"):
        record(logged, "alteration", before="x")


def test_any_flipped_bit_is_detected_even_after_a_later_record(logged: Home) -> None:
    chance = random.Random(1)
    log_file, head_file = log_path(logged), head_path(logged)
    originals = {path: path.read_bytes() for path in (log_file, head_file, logged.audit_anchor_file)}
    for path, whole in originals.items():
        places = [*range(len(whole))] if len(whole) < FLIPS else chance.sample(range(len(whole)), FLIPS)
        ends = [n for n, byte in enumerate(whole) if byte == 10]
        for place in {*places, *ends}:
            spoilt = bytearray(whole)
            spoilt[place] ^= 1 << chance.randrange(8)
            path.write_bytes(spoilt)
            assert faults(logged), (path.name, place)
            record(logged, "erasure", file="later")
            assert faults(logged), (path.name, place, "after the next record")
            for each, data in originals.items():
                each.write_bytes(data)
    assert not faults(logged)


def test_a_cut_log_is_detected_when_the_head_was_written_without_the_key(logged: Home) -> None:
    lines = log_path(logged).read_bytes().splitlines(keepends=True)
    log_path(logged).write_bytes(b"".join(lines[:2]))
    logged.audit_anchor_file.unlink()
    head = json.loads(head_path(logged).read_bytes())
    head |= {"n": 2, "last": digest(lines[1].rstrip(b"\n")), "mac": "0" * 64}
    head_path(logged).write_text(json.dumps(head, separators=(",", ":")) + "\n")
    assert faults(logged) == ["audit/head.json is not as it was signed"]
    assert record(logged, "erasure", file="later") == 4, "after a record that says what was found"
    assert [r.kind for r in read_log(logged)][2:] == ["broken", "erasure"]
    assert faults(logged) == ["line 3: record 3 says that the log was found changed: audit/head.json was not as it was signed"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [(b"{", b"[", "could not be read"), (b'"key":"', b'"key":"0', "was not as it was signed"), (b"", b"", "was gone")],
)
def test_a_damaged_head_does_not_stop_recording(logged: Home, old: bytes, new: bytes, fault: str) -> None:
    """Otherwise one damaged byte would stop every night until the log is given up."""
    if old:
        head_path(logged).write_bytes(head_path(logged).read_bytes().replace(old, new, 1))
    else:
        head_path(logged).unlink()
    assert len([*read_log(logged)]) == 9 and anchor(logged) == "", "a damaged head gives no anchor"
    assert len(faults(logged)) == 1 and "audit/head.json" in faults(logged)[0]
    assert record(logged, "erasure", file="later") == 11
    verdict = verify(logged)
    assert verdict.records == 11 and verdict.anchor == anchor(logged)
    assert verdict.faults == [f"line 10: record 10 says that the log was found changed: audit/head.json {fault}"]


def test_a_damaged_head_does_not_bypass_the_key(logged: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAM_AUDIT_KEY", "another")
    for data in (b"rubbish", None):
        head_path(logged).unlink() if data is None else head_path(logged).write_bytes(data)
        with pytest.raises(AuditKeyError, match="no record at the log's end is of it"):
            record(logged, "erasure", file="later")


def test_records_of_actions_that_did_not_happen_are_withdrawn(logged: Home) -> None:
    records = [("alteration", {"what": "rows"}), ("disclosure", {"what": "published"})]
    for done in (False, True):
        with (
            pytest.raises(KeyboardInterrupt),
            record_first(logged, records, is_done=lambda done=done: done, what="not published"),
        ):
            raise KeyboardInterrupt
    withdrawals = [(r.n, r.facts) for r in read_log(logged) if "withdraws" in r.facts]
    assert withdrawals == [(12, {"what": "not published", "withdraws": [10, 11]})], "what was done stays on record"
    with record_first(logged, records, is_done=lambda: False):
        pass
    assert sum(1 for _ in read_log(logged)) == 16
    assert not faults(logged)


def test_the_changed_line_is_named(logged: Home, pam: Callable) -> None:
    lines = log_path(logged).read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b"crimes 2", b"crimes 9")
    log_path(logged).write_bytes(b"\n".join(lines))
    result = pam("audit", "verify", "--home", logged.path)
    assert result.exit_code == 1 and "line 3: is not as it was signed" in result.stderr
    record(logged, "erasure", file="later")
    assert "line 3: is not as it was signed" in faults(logged), "a later record hides no change"


@pytest.mark.parametrize("change", ["removed", "doubled", "swapped", "cut", "emptied", "gone"])
def test_added_removed_or_moved_lines_are_detected(logged: Home, change: str) -> None:
    lines = log_path(logged).read_bytes().splitlines(keepends=True)
    changed = {
        "removed": [*lines[:3], *lines[4:]], "doubled": [*lines[:3], lines[2], *lines[3:]],
        "swapped": [lines[1], lines[0], *lines[2:]], "cut": lines[:-2], "emptied": [], "gone": [],
    }[change]  # fmt: skip
    log_path(logged).write_bytes(b"".join(changed))
    if change == "gone":
        log_path(logged).unlink()
    assert faults(logged)
    record(logged, "erasure", file="later")
    assert faults(logged), "a later record hides nothing"


def test_a_replaced_log_is_detected_by_receipts_and_a_saved_anchor(logged: Home, pam: Callable) -> None:
    """Whoever has the key can write another log. Receipts, and an anchor saved elsewhere, still show the change."""
    write_receipt(logged, Receipt("20260103T020000Z", "published", "", "", audit=anchor(logged)))
    saved_anchor = anchor(logged)
    record(logged, "erasure", file="later")
    assert not faults(logged)
    assert pam("audit", "verify", "--anchor", saved_anchor, "--home", logged.path).exit_code == 0
    shutil.rmtree(logged.audit)
    logged.audit_anchor_file.unlink()
    assert faults(logged) == ["audit/head.json is gone, or all of the log is"]
    record(logged, "collection", source_file="another")
    (fault,) = faults(logged)
    assert "the receipt of night 20260103T020000Z knows a record 9" in fault
    result = pam("audit", "verify", "--anchor", saved_anchor, "--home", logged.path)
    assert result.exit_code == 1 and "the anchor given knows a record 9" in result.stderr


def test_a_lost_head_is_detected(logged: Home) -> None:
    head_path(logged).unlink()
    log_path(logged).write_bytes(b"".join(log_path(logged).read_bytes().splitlines(keepends=True)[:5]))
    assert faults(logged)
    record(logged, "erasure", file="later")
    assert any("head.json was gone" in f for f in faults(logged))


def test_a_write_that_stops_at_any_byte_leaves_a_log_that_verifies(logged: Home) -> None:
    before, head, outer = (p.read_bytes() for p in (log_path(logged), head_path(logged), logged.audit_anchor_file))
    record_all(logged, [("erasure", {"file": n}) for n in range(2)])
    after = log_path(logged).read_bytes()
    for length in range(len(before), len(after) + 1, 7):
        log_path(logged).write_bytes(after[:length])
        head_path(logged).write_bytes(head)
        logged.audit_anchor_file.write_bytes(outer)
        assert not faults(logged), length
        record(logged, "collection", source_file="next")
        verdict = verify(logged)
        assert not verdict.faults, length
        torn = not after[:length].endswith((b"\n", b'"}'))
        assert bool(verdict.notes) == torn, "an unfinished line is noted"
        # Once a record vouches for the line, a change to it is detected too.
        if torn and length % 5 == 0:
            data = bytearray(log_path(logged).read_bytes())
            data[length - 1] ^= 1
            log_path(logged).write_bytes(data)
            assert faults(logged), length


def test_killed_writers_leave_a_log_that_verifies(new_home: Home) -> None:
    """Two at once, writing a byte at a time, each killed at any moment."""
    record(new_home, "collection", source_file="first")
    chance = random.Random(2)
    for _ in range(12):
        children = [_start_writer(new_home) for _ in range(2)]
        time.sleep(chance.random() / 20)
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        assert not faults(new_home)
    n = record(new_home, "erasure", file="last")
    verdict = verify(new_home)
    assert not verdict.faults and verdict.records == n > 12


def _start_writer(home: Home) -> int:
    child = os.fork()
    if child:
        return child
    write = os.write
    os.write = lambda handle, data: write(handle, data[:1])
    try:
        while True:
            record(home, "collection", source_file="x" * 50)
    finally:
        os._exit(1)


def test_a_changed_exposed_or_lost_key_is_refused(logged: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert logged.audit_key_file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("PAM_AUDIT_KEY", "another")
    for call in (lambda: verify(logged), lambda: record(logged, "erasure"), lambda: [*read_log(logged)]):
        with pytest.raises(AuditKeyError, match="has changed") as raised:
            call()
        assert "another" not in str(raised.value).replace("is another", "")
    monkeypatch.delenv("PAM_AUDIT_KEY")
    logged.audit_key_file.chmod(0o644)
    with pytest.raises(AuditKeyError, match="chmod 600"):
        verify(logged)
    logged.audit_key_file.unlink()
    with pytest.raises(AuditKeyError, match="is gone"):
        record(logged, "erasure")
    assert not logged.audit_key_file.exists(), "a lost key is not replaced in silence"


KNOWN = frozenset({"marts", "mart_crime", "value", "measure"})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select value, \"Jo Smith\" as jo_smith from marts.mart_crime as jo where measure = 'Jo' and value in (42, 7) -- Jo",
         "select value, _ as _ from marts.mart_crime as _ where measure = ? and value in ( ? , ? )"),
        ("with jo_smith as (select 1) select * exclude (jo_smith) from jo_smith",
         "with _ as (select ? ) select * exclude (_) from _"),
        ("describe jo_smith.jo_smith", "describe _._"),
        ("select struct_pack(jo_smith := 1), jo_smith(2), value::decimal(9, 2), $jo_smith",
         "select struct_pack(_ := ? ), _( ? ), value::decimal( ? , ? ), $_"),
        ("explain select jo_smith, value from marts.mart_crime where measure = 'Jo''s' /* Jo */",
         "explain select _, value from marts.mart_crime where measure = ?"),
        ("pivot marts.mart_crime on jo_smith using sum(value)", "pivot marts.mart_crime on _ using sum(value)"),
        ("select jo_smith from where $$Jo$$ 'Jo", "select _ from where ? ?"),
        ('select jo."Smith""s", 42jo, Joë, 🙂, "Jo', "select _._, ? _, _, _, _"),
    ],
)  # fmt: skip
def test_values_and_names_of_a_query_are_not_recorded(query: str, expected: str) -> None:
    """A person's name can be typed anywhere: only names that the published night itself uses are kept."""
    masked = mask_query(query, KNOWN)
    assert masked == expected
    assert not re.search("jo|smith|42", masked.replace("json", ""), re.I)


def test_a_masked_query_is_short() -> None:
    assert len(mask_query("select " + "a, " * 5000)) <= 500


def test_restoring_an_older_audit_folder_is_detected(logged: Home, pam: Callable, tmp_path: Path) -> None:
    """Copy the folder, query, put it back: the record of the query is gone, and that loss is detected from then on."""
    shutil.copytree(logged.audit, tmp_path / "kept")
    record(logged, "consultation", by="pam query", asked="select ?")
    assert not faults(logged)
    shutil.rmtree(logged.audit)
    shutil.copytree(tmp_path / "kept", logged.audit)
    assert faults(logged) == ["audit.anchor knows a record 10 that is not, or not so, in the log"]
    assert pam("audit", "verify", "--home", logged.path).exit_code == 1
    record(logged, "erasure", file="later")
    assert any("audit.anchor knows a record 10" in f for f in faults(logged)), "a later record hides nothing"


def test_removing_the_anchor_is_detected(logged: Home) -> None:
    record(logged, "erasure", file="before")
    logged.audit_anchor_file.unlink()
    assert faults(logged) == ["audit.anchor is gone"]
    record(logged, "erasure", file="later")
    assert any("audit.anchor was gone" in f for f in faults(logged))


def test_no_core_dump_is_written(pam: Callable, new_home: Home) -> None:
    """A process that aborts would leave identifiers in the clear."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    pam("status", "--home", new_home.path)
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_consultations_record_who_and_why(sample_copy: Home, pam: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    home = sample_copy
    earlier = sum(1 for _ in read_log(home))
    assert pam("query", "select count(*) from meta.nights where night_id = 'Jo'", "--reason", "PAM, item 2", "--home", home.path
               ).exit_code == 0  # fmt: skip
    assert pam("trace", "possession_offences", "--period", "2024/25", "--limit", 1, "--home", home.path).exit_code == 0
    assert pam("quarantine", "--why", "to mend them", "--home", home.path).exit_code == 0
    connect(home, "a notebook").close()
    consultations = [*read_log(home)][earlier:]
    assert {r.kind for r in consultations} == {"consultation"} and len({r.who for r in consultations}) == 1
    assert [(r.facts["by"], r.facts.get("why")) for r in consultations] == [
        ("pam query", "PAM, item 2"), ("pam trace", None), ("pam quarantine", "to mend them"), ("connect()", "a notebook"),
    ]  # fmt: skip
    assert consultations[0].facts["asked"] == "select count(*) from meta.nights where night_id = ?"
    out = home.path.parent / "answer.csv"
    assert pam("query", "select 42", "--out", out, "--format", "csv", "--why", "a list", "--home", home.path).exit_code == 0
    disclosure = [*read_log(home)][-1]
    assert (disclosure.kind, disclosure.facts) == ("disclosure", {
        "what": "answer", "to": str(out), "by": "pam query", "why": "a list", "asked": "select ?", "format": "csv",
    })  # fmt: skip
    assert pam("query", "select nothing", "--out", out, "--home", home.path).exit_code == 1
    assert [*read_log(home)][-1].kind == "consultation", "what was not written was not disclosed"
    home.config_file.write_text('[audit]\nreasons = "required"\n', encoding="utf-8")
    home.config_file.chmod(0o600)
    for command in (
        ("checks",), ("claims",), ("diff",), ("quarantine",), ("query", "select 1"), ("topline",),
        ("trace", "possession_offences", "--period", "2024/25"),
        ("report", "--out", out.with_name("report"), "--format", "csv"), ("dashboard", "--out", out.with_name("dashboard")),
        ("sql",), ("vocabulary",), ("dbt", "--quiet", "show", "-s", "stg_incidents"),
        ("replay", "--as-of", read_receipts(home)[0].night_id, "--out", out.with_name("then.duckdb")),
    ):  # fmt: skip
        result = pam(*command, "--home", home.path)
        assert result.exit_code == 1 and "say why, with --why" in result.stderr, command
    # The option that the message names, and the variable, work in every command.
    for command in ("claims", "diff", "quarantine", "vocabulary"):
        pam(command, "--why", "PAM, item 3", "--home", home.path)
        with monkeypatch.context() as patch:
            patch.setenv("PAM_REASON", "PAM, item 4")
            pam(command, "--home", home.path)
        reasons = [(r.facts["by"], r.facts["why"]) for r in [*read_log(home)][-2:]]
        assert reasons == [(f"pam {command}", "PAM, item 3"), (f"pam {command}", "PAM, item 4")]
    pam("dbt", "show", "-s", "stg_incidents", "--limit", 1, "--why", "a rule", "--home", home.path)
    shown = [*read_log(home)][-1].facts
    assert (shown["by"], shown["why"], shown["relations"]) == ("pam dbt", "a rule", ["stg_incidents"])
    result = pam("query", "select 1", "--home", home.path)
    assert result.exit_code == 1 and "say why, with --why" in result.stderr
    with pytest.raises(ReasonError):
        record_consultation(home, " ", by="pam query")
    home.config_file.write_text('[audit]\nreasons = "maybe"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"audit\.reasons"):
        record_consultation(home, "x", by="pam query")


def test_a_night_is_on_record(sample_home: Home, pam: Callable) -> None:
    records = [*read_log(sample_home)]
    kinds = [r.kind for r in records]
    assert kinds.count("collection") == 25 and kinds[25:27] == ["combination", "disclosure"]
    receipt = json.loads(next(sample_home.nights.glob("*Z.json")).read_text(encoding="utf-8"))
    assert records[26].facts["sha256"] == receipt["sha256"] and receipt["audit"].startswith("27:")
    result = pam("audit", "show", "--kind", "disclosure", "--format", "json", "--home", sample_home.path)
    # Other tests of the same home may have written reports from it since.
    assert [r["n"] for r in json.loads(result.stdout) if r["n"] <= 27] == [27]
    assert pam("audit", "show", "--since", "2999-01-01", "--format", "csv", "--home", sample_home.path).stdout.count("\n") == 1
    assert pam("audit", "show", "--kind", "gossip", "--home", sample_home.path).exit_code == 2
    assert pam("audit", "verify", "--home", sample_home.path).exit_code == 0


def test_the_last_records_of_a_person_are_shown(logged: Home, pam: Callable) -> None:
    def shown(*options: object) -> list[int]:
        result = pam("audit", "show", *options, "--format", "json", "--home", logged.path)
        return [r["n"] for r in json.loads(result.stdout)]

    assert shown("--limit", 2) == [8, 9] and shown("--limit", 0) == [*range(1, 10)]
    assert shown("--kind", "erasure", "--limit", 3) == [6, 7, 8]
    (name,) = {r.who for r in read_log(logged)}
    assert shown("--who", name[1:], "--limit", 1) == [9] and shown("--who", f"{name}x") == []


def test_verify_passes_where_nothing_was_recorded(tmp_path: Path, pam: Callable) -> None:
    result = pam("audit", "verify", "--home", tmp_path)
    assert result.exit_code == 0 and "no record has been written yet" in result.stderr
    assert not [*tmp_path.iterdir()]
