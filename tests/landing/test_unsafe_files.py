"""What a hostile or careless sender may put in the inbox: files that unpack too large, files still being written, and links."""

import io
import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.core.config import ConfigError, read_config
from dagster_project.core.memory import memory_settings
from dagster_project.landing import find_files, land_files
from dagster_project.landing import land as land_module
from dagster_project.landing import land_file as land_file_module
from dagster_project.landing.formats import containers, excel, parquet
from dagster_project.landing.inbox import inbox_files
from dagster_project.landing.inbox import move_to_archive as archive_module
from dagster_project.landing.rows.duckdb_connection import connect

from .conftest import FORCES, HEADERS, NOW
from .workbook import workbook

NAME = "crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z"
ROW = "C1,2025-03-01,92D,Recorded,Dales"
TEXT = f"{HEADERS['crimes']}\n{ROW}\n"
MORE = "C2,2025-03-02,92D,Recorded,Dales\n"


def night(warehouse, seconds: float = 1.0):
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    return land_files(warehouse.home, warehouse.contracts, files, "n", now=NOW, archive=True, settled_seconds=seconds)


def archived(warehouse) -> list[Path]:
    return sorted(p for p in warehouse.home.archive.rglob("*") if not p.is_dir())


# Size is limited while files are read


def parquet_of(path: Path, rows: int, length: int) -> Path:
    """Rows that all have the same long text, which the file holds once."""

    def same(text: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [text])

    columns = {"crime_ref": pa.array(range(rows)).cast(pa.string()), "recorded_on": same("2025-03-01")}
    columns |= {"offence_code": same("92D"), "status": same("Recorded"), "lpu": same("x" * length)}
    pq.write_table(pa.table(columns), path, compression="zstd", use_dictionary=list(columns)[1:], row_group_size=rows)
    return path


def test_parquet_that_unpacks_too_large_is_refused_before_anything_is_written(warehouse):
    path = parquet_of(warehouse.home.inbox / f"{NAME}.parquet", 300_000, 100_000)
    assert path.stat().st_size < 3 << 20
    before = bytes_written()
    (entry,) = warehouse.night()
    assert entry.outcome == "refused" and entry.reason.startswith("too large: it unpacks to more than 4 GiB")
    assert bytes_written() - before < 64 << 20


def bytes_written() -> int:
    counters = Path("/proc/self/io").read_text()
    return int(counters.split("\nwchar: ")[1].split("\n")[0])


def test_parquet_at_the_size_limit_lands_and_above_it_is_refused(warehouse, monkeypatch):
    # 100 rows: the other columns have at most 2 * 10 + 10 + 3 + 8 characters.
    warehouse.home.config_file.write_text("[believe]\nvocabulary_rows = 1000000\n", encoding="utf-8")
    path = warehouse.home.inbox / f"{NAME}.parquet"
    parquet_of(path, 100, 1000)
    total = pq.read_table(path)
    size = sum(len(str(v)) for column in total.columns for v in column.to_pylist())
    monkeypatch.setattr(parquet, "LARGEST", size - 1)
    assert warehouse.night()[0].outcome == "refused"
    parquet_of(path, 100, 1000)
    monkeypatch.setattr(parquet, "LARGEST", size)
    assert warehouse.night()[0].outcome == "accepted"


def test_empty_cells_count_towards_the_size(warehouse, monkeypatch):
    path = warehouse.home.inbox / f"{NAME}.parquet"
    parquet_of(path, 100, 0)
    monkeypatch.setattr(parquet, "LARGEST", 499)
    assert "too large" in warehouse.night()[0].reason


def test_sparse_file_takes_no_memory(warehouse):
    path = warehouse.put(f"{NAME}.csv", "")
    with path.open("r+b") as file:
        file.truncate(200 << 30)
    assert "has more than 4 GiB" in warehouse.night()[0].reason
    path = warehouse.put(f"{NAME}.csv", "")
    with path.open("r+b") as file:
        file.truncate(2 << 30)
    assert "holds NUL bytes" in warehouse.night()[0].reason


@pytest.mark.parametrize("ext", [".csv", ".csv.gz", ".zip"])
def test_text_at_the_size_limit_lands_and_above_it_is_refused(warehouse, monkeypatch, ext):
    data = TEXT.encode()
    if ext == ".zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("a.csv", data)
    for largest, outcome in ((len(data) - 1, "refused"), (max(len(data), 1 << 10), "accepted")):
        monkeypatch.setattr(containers, "LARGEST", largest)
        warehouse.put(NAME + ext, packed.getvalue() if ext == ".zip" else data)
        assert warehouse.night()[0].outcome == outcome


def test_workbook_that_unpacks_too_large_is_refused(warehouse, monkeypatch):
    rows = [HEADERS["crimes"].split(","), *([f"C{n}", "2025-03-01", "92D", "Recorded", "x" * 30_000] for n in range(200))]
    data = workbook(rows)
    monkeypatch.setattr(excel, "LARGEST", 5_000_000)
    warehouse.put(f"{NAME}.xlsx", data)
    assert "too large: it unpacks to" in warehouse.night()[0].reason
    monkeypatch.setattr(excel, "LARGEST", 8_000_000)
    warehouse.put(f"{NAME}.xlsx", data)
    assert "too large" not in (warehouse.night()[0].reason or "")


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_a_text_that_many_cells_share_is_counted_for_each(warehouse, monkeypatch, prefix):
    """The workbook has it once, and reading writes it out: also where every tag has a prefix."""
    cells = "".join(f'<{prefix}c r="A{n}" t="s"><{prefix}v>0</{prefix}v></{prefix}c>' for n in range(1, 101))
    shared = f"<{prefix}sst><{prefix}si><{prefix}t>{'x' * 10_000}</{prefix}t></{prefix}si></{prefix}sst>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/sharedStrings.xml", shared)
        file.writestr("xl/worksheets/sheet1.xml", cells)
    monkeypatch.setattr(excel, "CHUNK", 64)
    for largest, is_refused in ((900_000, True), (1_100_000, False)):
        monkeypatch.setattr(excel, "LARGEST", largest)
        warehouse.put(f"{NAME}.xlsx", packed.getvalue())
        assert ("too large: it unpacks to" in (warehouse.night()[0].reason or "")) == is_refused


def test_spill_is_limited_and_the_error_names_the_setting(warehouse):
    warehouse.home.config_file.write_text('[night]\nmemory = "100MiB"\nspill = "50MiB"\n')
    assert memory_settings(warehouse.home, 2)["max_temp_directory_size"] == "25MiB"
    spills = pytest.raises(Exception, match="max_temp_directory_size")
    with connect(memory_settings(warehouse.home), has_identifiers=False) as con, spills:
        con.execute("create temp table t as select repeat(range::varchar, 20) as x from range(20000000)")
    used = sum(p.stat().st_size for p in warehouse.home.spill.rglob("*")) if warehouse.home.spill.exists() else 0
    assert used <= 50 << 20
    parquet_of(warehouse.home.inbox / f"{NAME}.parquet", 30_000, 30_000)
    assert "[night] spill" in warehouse.night()[0].reason
    warehouse.home.config_file.write_text('[night]\nspill = "a lot"\n')
    with pytest.raises(ConfigError):
        read_config(warehouse.home)


# Files that are still being written

WRITER = """
import sys, time
file = open(sys.argv[1], "w")
file.write(sys.argv[2]); file.flush(); print("paused", flush=True)
sys.stdin.readline()
file.write(sys.argv[3]); file.flush(); print("wrote", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def sender(warehouse):
    """Another process that writes a file, pauses with the file open, and continues at a signal."""
    path = warehouse.home.inbox / f"{NAME}.csv"
    args = [sys.executable, "-c", WRITER, str(path), TEXT, MORE]
    with subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "paused\n"
        yield process
        process.stdin.close()


def resume(process) -> None:
    process.stdin.write("\n")
    process.stdin.flush()
    process.stdout.readline()


def test_file_still_open_for_writing_waits(warehouse, sender):
    path = warehouse.home.inbox / f"{NAME}.csv"
    os.utime(path, (1, 1))
    (entry,) = night(warehouse)
    assert entry.outcome == "refused" and "still has it open for writing" in entry.reason
    assert path.exists() and warehouse.ledger() == [] and archived(warehouse) == []
    resume(sender)
    sender.stdin.close()
    sender.wait()
    (entry,) = night(warehouse)
    assert (entry.outcome, entry.rows_landed) == ("accepted", 2)


def test_archive_has_the_bytes_of_the_ledger_even_if_the_writer_continues(warehouse, sender):
    """Even with no wait for the writer: it keeps its open file, and the archive gets a copy."""
    (entry,) = night(warehouse, 0)
    assert entry.outcome == "accepted"
    resume(sender)
    (path,) = archived(warehouse)
    assert sha256(path.read_bytes()).hexdigest() == entry.sha256


def test_recently_changed_file_waits(warehouse, monkeypatch):
    path = warehouse.drop("crimes", ROW)

    def sleep(_):
        with path.open("a") as file:
            file.write(MORE)

    monkeypatch.setattr(inbox_files.time, "sleep", sleep)
    (entry,) = night(warehouse)
    assert "changed within the last 1 s" in entry.reason and path.exists() and warehouse.ledger() == []
    monkeypatch.undo()
    assert night(warehouse)[0].rows_landed == 2


def test_unchanged_file_does_not_wait(warehouse, monkeypatch):
    monkeypatch.setattr(inbox_files.time, "sleep", lambda _: pytest.fail("waited"))
    warehouse.drop("crimes", ROW, mtime=1)
    assert night(warehouse, 60)[0].outcome == "accepted"
    warehouse.drop("crimes", ROW, at="20260106T020000Z")
    assert night(warehouse, 0)[0].outcome == "accepted"


def test_file_changed_after_the_decision_is_not_archived(warehouse, monkeypatch):
    path = warehouse.drop("crimes", ROW)
    real = land_module.commit

    def commit(*args):
        real(*args)
        with path.open("a") as file:
            file.write(MORE)

    monkeypatch.setattr(land_module, "commit", commit)
    assert night(warehouse, 0)[0].outcome == "accepted"
    assert path.exists() and archived(warehouse) == []
    monkeypatch.undo()
    (entry,) = night(warehouse, 0)
    assert entry.outcome == "refused" and "claim to be one extraction" in entry.reason
    assert [sha256(p.read_bytes()).hexdigest() for p in archived(warehouse)] == [entry.sha256]


def test_file_with_a_second_hard_link_is_copied_to_the_archive(warehouse, tmp_path):
    path = warehouse.drop("crimes", ROW)
    os.link(path, tmp_path / "other.csv")
    (entry,) = night(warehouse, 0)
    with (tmp_path / "other.csv").open("a") as file:
        file.write(MORE)
    (archived_file,) = archived(warehouse)
    assert sha256(archived_file.read_bytes()).hexdigest() == entry.sha256 and not path.exists()


# Links


@pytest.fixture
def secret(warehouse) -> Path:
    warehouse.home.key_file.write_text(TEXT)
    return warehouse.home.key_file


def assert_refused(warehouse, reason: str) -> None:
    before = warehouse.home.key_file.read_text()
    entries = [e for e in night(warehouse, 0) if e.outcome != "accepted"]
    assert entries and all(e.outcome == "refused" and reason in e.reason for e in entries), entries
    assert warehouse.home.key_file.read_text() == before
    assert not any(before == p.read_text() for p in archived(warehouse))
    assert not [p for p in warehouse.home.inbox.iterdir() if p.is_symlink()]
    assert not any(p.is_symlink() for p in warehouse.home.archive.rglob("*"))


def test_link_out_of_the_inbox_is_refused(warehouse, secret):
    (warehouse.home.inbox / f"{NAME}.csv").symlink_to(secret)
    assert_refused(warehouse, "leads out of the inbox")


def test_chain_of_links_out_of_the_inbox_is_refused(warehouse, secret):
    (warehouse.home.inbox / ".between").symlink_to(Path("..") / secret.name)
    (warehouse.home.inbox / f"{NAME}.csv").symlink_to(".between")
    entries = night(warehouse, 0)
    assert [e.outcome for e in entries] == ["refused"] and archived(warehouse) == []


def test_link_to_a_folder_is_refused(warehouse, secret, tmp_path):
    (warehouse.home.inbox / "folder").symlink_to(warehouse.home.path)
    assert_refused(warehouse, "a link to a folder")


def test_broken_link_out_of_the_inbox_is_refused(warehouse, secret):
    (warehouse.home.inbox / f"{NAME}.csv").symlink_to("/nowhere/at/all")
    assert_refused(warehouse, "leads out of the inbox")


def test_manifest_that_links_out_of_the_inbox_is_refused(warehouse, secret):
    warehouse.drop("crimes", ROW)
    (warehouse.home.inbox / f"{NAME}.csv.manifest.json").symlink_to(secret)
    (entry,) = night(warehouse, 0)
    assert entry.reason.startswith("manifest: a link that leads out")
    assert [p.name for p in archived(warehouse)] == [f"{NAME}.csv"] and secret.exists()


def test_hard_link_to_a_key_is_refused(warehouse, secret):
    os.link(secret, warehouse.home.inbox / f"{NAME}.csv")
    assert_refused(warehouse, "one of the home's keys")
    assert secret.stat().st_nlink == 1


@pytest.mark.parametrize("when", ["before it is opened", "before it is archived", "its folder"])
def test_file_replaced_by_a_link_is_not_archived(warehouse, secret, monkeypatch, tmp_path, when):
    inside = warehouse.home.inbox / "sub" / f"{NAME}.csv"
    warehouse.put(inside.name, TEXT.replace("C1", "C7"), inside.parent)

    def swap() -> None:
        if when == "its folder":
            outside = tmp_path / "outside"
            outside.mkdir()
            (outside / inside.name).write_text(TEXT)
            inside.parent.rename(tmp_path / "moved")
            inside.parent.symlink_to(outside)
        else:
            inside.unlink()
            inside.symlink_to(secret)

    module, name = (land_module, "commit") if when == "before it is archived" else (land_file_module, "read_manifest")
    real = getattr(module, name)

    def call_and_swap(*args):
        result = real(*args)
        swap()
        return result

    monkeypatch.setattr(module, name, call_and_swap)
    (entry,) = night(warehouse, 0)
    assert not any(p.read_text() == TEXT for p in archived(warehouse))
    assert secret.read_text() == TEXT
    if when != "before it is archived":
        assert entry.outcome == "refused" and "leads out of the inbox" in entry.reason
    if when == "its folder":
        assert (tmp_path / "outside" / inside.name).exists()


def test_link_swapped_in_after_the_check_is_not_followed(warehouse, secret, monkeypatch):
    """A swap between the check of a path and its opening: opening follows no link."""
    path = warehouse.drop("crimes", ROW)
    real = inbox_files.leads_out

    def leads_out(given, root):
        answer = real(given, root)
        if given == path and not path.is_symlink():
            path.unlink()
            path.symlink_to(secret)
        return answer

    monkeypatch.setattr(inbox_files, "leads_out", leads_out)
    (entry,) = night(warehouse, 0)
    assert entry.outcome == "refused" and archived(warehouse) == []


def test_pipe_as_a_manifest_does_not_block(warehouse):
    warehouse.drop("crimes", ROW)
    os.mkfifo(warehouse.home.inbox / f"{NAME}.csv.manifest.json")
    assert "manifest: not a file" in night(warehouse, 0)[0].reason


def test_a_link_within_the_inbox_is_read(warehouse):
    """A sender may link its own files."""
    (warehouse.home.inbox / ".own.csv").write_text(TEXT)
    (warehouse.home.inbox / f"{NAME}.csv").symlink_to(".own.csv")
    (entry,) = night(warehouse, 0)
    assert entry.outcome == "accepted"
    (archived_file,) = archived(warehouse)
    assert not archived_file.is_symlink() and archived_file.read_text() == TEXT


def test_archive_on_another_disk_gets_a_copy(warehouse, monkeypatch):
    warehouse.drop("crimes", ROW)

    def rename(*_, **__):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(archive_module.os, "rename", rename)
    (entry,) = night(warehouse, 0)
    (archived_file,) = archived(warehouse)
    assert sha256(archived_file.read_bytes()).hexdigest() == entry.sha256 and warehouse.inbox() == []
