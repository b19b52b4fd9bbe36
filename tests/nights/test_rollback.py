"""Going back to an earlier night: in one step, with name and reason, and with no effect on the next night."""

import grp
import os
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from support import begin, meta_rows, published, same_figures, says
from week import NIGHTS, publish_dated

from dagster_project.audit import anchor, read_log
from dagster_project.core.config import ConfigError, read_config
from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.published_file import night_of, sha256_of
from dagster_project.core.receipts import NightNotFoundError, Receipt, read_receipts, write_receipt
from dagster_project.nights import rollback
from dagster_project.nights.rollback import roll_back
from dagster_project.nights.status import status
from dagster_project.publishing import keep_and_prune, outputs
from dagster_project.publishing.kept_nights import NotKeptError, kept_before, list_kept
from dagster_project.transform import candidate

WHO = {"by": "A. Person", "why": "the list of the 6th is of another force"}
NEXT = "20991231T020000Z"


def last(home: Home) -> Receipt:
    return read_receipts(home)[-1]


def test_the_night_before_is_published_again(week_copy: Home) -> None:
    newest = week_copy.warehouse.read_bytes()
    receipt = roll_back(week_copy, **WHO)
    assert receipt.audit == anchor(week_copy), "a log that was cut since lacks it"
    assert night_of(week_copy.warehouse) == NIGHTS[3]
    assert week_copy.warehouse.samefile(week_copy.publications / f"{NIGHTS[3]}.duckdb")
    assert (week_copy.publications / f"{NIGHTS[4]}.duckdb").read_bytes() == newest, "the newest night stays kept"
    assert sorted(os.listdir(week_copy.published)) == [".nights", "current", "warehouse.duckdb"]
    assert receipt == last(week_copy) and receipt.outcome == "rolled back"
    assert (receipt.republished, receipt.by, receipt.reason) == (NIGHTS[3], WHO["by"], WHO["why"])
    of_night = next(r for r in read_receipts(week_copy) if r.night_id == NIGHTS[3])
    assert (receipt.sha256, receipt.figures) == (of_night.sha256, of_night.figures)
    assert sha256_of(week_copy.warehouse) == of_night.sha256
    assert roll_back(week_copy, **WHO).republished == NIGHTS[2], "before what is published now"
    assert roll_back(week_copy, NIGHTS[4], **WHO).republished == NIGHTS[4], "and forward again"
    assert week_copy.warehouse.read_bytes() == newest


@pytest.mark.parametrize("later", [None, "held", "failed"])
def test_a_rollback_without_the_connection_string_says_that_postgresql_is_behind(week_copy: Home, later: str | None) -> None:
    """Also after a night that never came to PostgreSQL. A home whose nights don't go there is not told."""
    newest = last(week_copy)
    assert not roll_back(week_copy, **WHO).postgres
    write_receipt(week_copy, replace(newest, postgres={"outcome": "loaded"}))
    if later:
        write_receipt(week_copy, replace(newest, night_id="20991230T020000Z", outcome=later))
    receipt = roll_back(week_copy, **WHO)
    assert "PAM_POSTGRES_DSN is not set here" in receipt.not_in_postgres and receipt == last(week_copy)


def test_outputs_rights_and_record_are_of_the_night_that_is_published_again(
    week_copy: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_published = keep_and_prune.share_published

    def share_then_fail(home: Home, group: str | None) -> None:
        share_published(home, group)
        raise OSError("no right")

    monkeypatch.setattr(outputs, "OUTPUTS", (says("open"), says("report")))
    group = grp.getgrgid(os.getgid()).gr_name
    week_copy.config_file.write_text(f'[publish]\noutputs = ["open"]\ngroup = "{group}"\n', encoding="utf-8")
    monkeypatch.setattr(keep_and_prune, "share_published", share_then_fail)
    receipt = roll_back(week_copy, **WHO)
    assert (week_copy.published / "open" / "night.txt").read_text(encoding="utf-8") == NIGHTS[3]
    assert [*receipt.outputs] == ["open"], "what the settings name"
    assert receipt.reason.endswith("are not all as they should be: no right"), "it is published all the same"
    assert receipt.reason.startswith(WHO["why"]) and week_copy.path.stat().st_mode & 0o777 == 0o710, "the group may pass"
    altered, disclosed = (r.facts for r in [*read_log(week_copy)][-2:])
    assert altered == {"what": "rolled back", "night_id": receipt.night_id, "to": NIGHTS[3], **WHO}
    assert (disclosed["night_id"], disclosed["sha256"]) == (NIGHTS[3], receipt.sha256)


def test_status_reports_a_rollback(week_copy: Home) -> None:
    assert status(week_copy)["rolled_back"] is None
    receipt = roll_back(week_copy, NIGHTS[1], **WHO)
    result = status(week_copy)
    assert result["published"]["night_id"] == NIGHTS[1] and result["last_night"]["night_id"] == NIGHTS[4]
    assert result["rolled_back"] == {"since": receipt.finished_at, **WHO, "night_id": receipt.night_id}
    assert result["withdrawn"] == {"naloxone": 1}, "what the published night withdrew"
    roll_back(week_copy, NIGHTS[4], **WHO)
    assert status(week_copy)["rolled_back"] is None, "the newest night is published again"


@pytest.mark.long
def test_the_night_after_a_rollback_builds_everything(week: Home, week_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "OUTPUTS", (says("open"), says("report")))
    assert outputs.chosen_outputs(read_config(week_copy)) == list(outputs.OUTPUTS)
    week_copy.config_file.write_text('[publish]\noutputs = ["open"]\n', encoding="utf-8")
    back = roll_back(week_copy, NIGHTS[0], **WHO)
    assert (week_copy.candidate / "base.json").exists()
    run = publish_dated(week_copy, NEXT)
    assert len({n.unique_id for n in run.nodes}) > 100 and all(n.seconds >= 0 for n in run.nodes)
    assert same_figures(week, week_copy) == []
    assert night_of(week_copy.warehouse) == NEXT
    assert status(week_copy)["rolled_back"] is None
    # Compared with what readers had, this night reports the replaced list and the rows corrected meanwhile.
    assert run.receipt.withdrawn == {"county_lines": 1, "naloxone": 1}
    rows = {r["night_id"]: r for r in meta_rows(week_copy, "nights")}
    assert list(rows) == [*NIGHTS, back.night_id, NEXT]
    row = rows[back.night_id]
    assert (row["outcome"], row["figures"]) == ("rolled back", sum(back.figures.values()))
    assert row["reason"] == f"night {NIGHTS[0]} published again by A. Person: {WHO['why']}"
    assert list_kept(week_copy)[-1].night_id == NEXT and list_kept(week_copy)[0].night_id == NIGHTS[0]
    assert kept_before(week_copy, NEXT).night_id == NIGHTS[0], "what readers had, not the night that was rolled back"
    check_outputs_follow_rollback(week_copy, run.receipt)


def check_outputs_follow_rollback(home: Home, night: Receipt) -> None:
    """A night, then a rollback: the receipt of each has the outputs, built again from its file to the byte. Later nights do not
    build on the night that was rolled back."""

    def open_night() -> str:
        return (home.published / "open" / "night.txt").read_text(encoding="utf-8")

    assert candidate.start(home).base == "night"
    assert list(night.outputs) == ["open"] and open_night() == night.night_id
    back = roll_back(home, **WHO)
    assert candidate.start(home).base != "night"
    assert open_night() == back.republished and back.outputs["open"]["sha256"] != night.outputs["open"]["sha256"]
    forward = roll_back(home, night.night_id, **WHO)
    assert forward.outputs["open"]["sha256"] == night.outputs["open"]["sha256"]
    assert next(r for r in read_receipts(home) if r.night_id == forward.night_id).outputs == forward.outputs
    home.config_file.write_text('[publish]\noutputs = ["opne"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"pam\.toml: publish\.outputs\.0: Input should be 'open'"):
        read_config(home)


def test_a_night_that_is_not_kept_is_refused(week_copy: Home, tmp_path: Path) -> None:
    before = week_copy.warehouse.read_bytes()
    with pytest.raises(NightNotFoundError, match=rf"20251224T020000Z: no kept night of that id\. There are {NIGHTS[4]}"):
        roll_back(week_copy, "20251224T020000Z", **WHO)
    with pytest.raises(NotKeptError, match="is already published: there is nothing to go back to"):
        roll_back(week_copy, NIGHTS[4], **WHO)
    for path in week_copy.publications.iterdir():
        path.unlink()
    with pytest.raises(NotKeptError, match=f"no night before {NIGHTS[4]} is kept. Kept are: {NIGHTS[4]}"):
        roll_back(week_copy, **WHO)
    with pytest.raises(NotKeptError, match="no published night to go back from"):
        roll_back(Home(tmp_path / "none"), **WHO)
    assert week_copy.warehouse.read_bytes() == before and len(read_receipts(week_copy)) == 5


@pytest.mark.parametrize("harm", ["cut short", "a byte", "a figure", "of another night", "not a database", "no receipt"])
def test_a_damaged_kept_night_is_not_published(week_copy: Home, harm: str) -> None:
    path = week_copy.publications / f"{NIGHTS[3]}.duckdb"
    body = path.read_bytes()
    reason = "is damaged and can't be opened"
    if harm == "cut short":
        path.write_bytes(body[: len(body) // 2])
    elif harm == "a byte":
        path.write_bytes(body[:-100] + bytes([body[-100] ^ 1]) + body[-99:])
        # Whether opening the file or its SHA-256 shows it depends on the file's layout.
        reason = "is damaged"
    elif harm == "a figure":
        with duckdb.connect(str(path)) as con:
            con.execute("update marts.mart_naloxone set value = value + 1 where value > 0")
        reason = "its SHA-256 is not that of the receipt"
    elif harm == "of another night":
        shutil.copyfile(week_copy.publications / f"{NIGHTS[2]}.duckdb", path)
        reason = f"says that it is of night {NIGHTS[2]}: somebody renamed it"
    elif harm == "not a database":
        path.write_text("not a database", encoding="utf-8")
    else:
        (week_copy.nights / f"{NIGHTS[3]}.json").unlink()
        reason = "nights/ has no receipt with its SHA-256"
    with pytest.raises(NotKeptError, match=reason) as error:
        roll_back(week_copy, **WHO)
    assert f"publications/{NIGHTS[3]}.duckdb" in str(error.value)
    assert night_of(week_copy.warehouse) == NIGHTS[4]
    assert not [r for r in read_receipts(week_copy) if r.republished]


def test_name_and_reason_are_required(week_copy: Home) -> None:
    for by, why in ((" ", "x"), ("x", "")):
        with pytest.raises(ValueError, match="neither may be blank"):
            roll_back(week_copy, by=by, why=why)
    assert night_of(week_copy.warehouse) == NIGHTS[4]


def test_a_group_that_is_not_there_is_refused_before_anything_is_recorded(week_copy: Home) -> None:
    week_copy.config_file.write_text('[publish]\ngroup = "no-such-group"\n', encoding="utf-8")
    receipts, records = read_receipts(week_copy), list(read_log(week_copy))
    with pytest.raises(ConfigError, match="no-such-group"):
        roll_back(week_copy, **WHO)
    assert (read_receipts(week_copy), list(read_log(week_copy))) == (receipts, records)


def test_rollback_is_refused_while_a_night_is_under_way(week_copy: Home) -> None:
    with locked(week_copy), pytest.raises(RuntimeError, match="another night is under way"):
        roll_back(week_copy, **WHO)


def test_killed_before_publishing_the_newest_night_stays_and_the_attempt_is_recorded(
    week_copy: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback.publish, "publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        roll_back(week_copy, **WHO)
    monkeypatch.undo()
    begin(week_copy).end()
    assert night_of(week_copy.warehouse) == NIGHTS[4]
    assert last(week_copy).outcome == "failed" and "was not, by A. Person" in last(week_copy).summary
    back, again, withdrawal = [*read_log(week_copy)][-3:]
    assert (back.facts["what"], again.facts["what"]) == ("rolled back", "published again")
    assert withdrawal.facts == {"withdraws": [back.n, again.n], "what": "not published", "night_id": NIGHTS[3]}
    assert status(week_copy)["rolled_back"] is None and status(week_copy)["last_night"]["night_id"] == NIGHTS[4]


def test_killed_after_publishing_the_receipt_is_completed(week_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def first_only(home: Home, receipt: Receipt) -> None:
        if receipt.outcome == "rolled back":
            raise KeyboardInterrupt
        write_receipt(home, receipt)

    monkeypatch.setattr(rollback, "write_receipt", first_only)
    with pytest.raises(KeyboardInterrupt):
        roll_back(week_copy, **WHO)
    assert night_of(week_copy.warehouse) == NIGHTS[3] and last(week_copy).outcome == "failed"
    begin(week_copy).end()
    assert last(week_copy).outcome == "rolled back" and (last(week_copy).by, last(week_copy).reason) == tuple(WHO.values())
    assert status(week_copy)["rolled_back"]["why"] == WHO["why"]


def test_a_partial_copy_is_ignored(week_copy: Home) -> None:
    """Killed while the kept file was copied next to the published one."""
    half = week_copy.published / ".warehouse.duckdb.new"
    half.write_bytes(b"half")
    assert published(week_copy, "select count(*) from meta.nights") == [(5,)]
    roll_back(week_copy, **WHO)
    assert sorted(os.listdir(week_copy.published)) == [".nights", "current", "warehouse.duckdb"]
    assert night_of(week_copy.warehouse) == NIGHTS[3]


def test_an_unreadable_published_file_is_replaced(week_copy: Home) -> None:
    """As after damage to the disk: nights refuse the file, and name the command to type."""
    week_copy.warehouse.write_bytes(b"rubbish")
    with pytest.raises(RuntimeError, match=r"is not a published night.*`pam rollback --list`"):
        begin(week_copy)
    with pytest.raises(NotKeptError, match="the published file can't be read: name the night"):
        roll_back(week_copy, **WHO)
    roll_back(week_copy, NIGHTS[4], **WHO)
    assert night_of(week_copy.warehouse) == NIGHTS[4]


def test_the_night_that_is_taken_back_has_its_receipt(week_copy: Home) -> None:
    """It was killed once it was published: without a receipt, nobody could publish it again."""
    (week_copy.nights / f"{NIGHTS[4]}.json").unlink()
    roll_back(week_copy, NIGHTS[2], **WHO)
    assert roll_back(week_copy, NIGHTS[4], **WHO).republished == NIGHTS[4]
