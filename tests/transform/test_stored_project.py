"""The parsed project that is stored in the checkout: root may set it up for another user, who may not write there."""

import os
import shutil
import stat
import tempfile
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace

import pytest

from dagster_project.transform import dbt_runner

NOBODY = 65534
FILES = ("pam_manifest.msgpack", "manifest.json", "pam_manifest.digest")
Parsed = list[Path]


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A copy of target/ where any user may come, unlike `tmp_path`."""
    dbt_runner.manifest()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        target = Path(folder) / "target"
        target.mkdir()
        target.chmod(0o755)
        for name in FILES:
            shutil.copyfile(dbt_runner.TARGET / name, target / name)
            (target / name).chmod(0o644)
        monkeypatch.setattr(dbt_runner, "TARGET", target)
        yield target
        if target.exists():
            target.chmod(0o755)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch, target: Path) -> Parsed:
    """The folders that the project was parsed in: dbt takes seconds, so it gives what is parsed already."""
    project, as_json = dbt_runner.manifest(), (target / "manifest.json").read_bytes()
    folders: Parsed = []

    def parse(args: list[str], given: object, folder: Path) -> SimpleNamespace:
        folders.append(folder)
        (folder / "manifest.json").write_bytes(as_json)
        return SimpleNamespace(result=project)

    monkeypatch.setattr(dbt_runner, "_invoke", parse)
    return folders


def read_as_a_user() -> None:
    """Read the project anew, as a user whom modes bind: root becomes another one."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(NOBODY)
    try:
        project, as_json = dbt_runner._read_project.__wrapped__("duckdb")
    finally:
        if was_root:
            os.seteuid(0)
    assert project.nodes.keys() == dbt_runner.manifest().nodes.keys() and as_json.startswith(b"{")


def test_a_project_that_is_not_of_its_digest_is_parsed_again(target: Path, parsed: Parsed) -> None:
    """Two processes that parse two versions at once write the files in any order."""
    read_as_a_user()
    assert parsed == []
    for name in FILES[:2]:
        whole = (target / name).read_bytes()
        (target / name).write_bytes(whole.replace(b"mart_naloxone", b"mart_nalaxone"))
        read_as_a_user()
        (target / name).write_bytes(whole)
    assert len(parsed) == 2


@pytest.mark.parametrize(
    ("files", "folder", "is_parsed"),
    [(0o444, 0o555, False), (0o000, 0o555, True), (0o000, 0o755, True), (0o444, 0o000, True)],
    ids=["not writable", "files neither", "files not readable", "folder neither"],
)
def test_what_another_user_left_ends_no_night(target: Path, parsed: Parsed, files: int, folder: int, is_parsed: bool) -> None:
    for name in FILES:
        (target / name).chmod(files)
    target.chmod(folder)
    read_as_a_user()
    assert len(parsed) == is_parsed


@pytest.mark.parametrize("has_target", [False, True])
def test_a_project_that_cannot_be_stored_is_parsed_each_time(target: Path, parsed: Parsed, has_target: bool) -> None:
    """As after an update whose set-up was forgotten: nothing of it is half stored."""
    (target / FILES[2]).write_text("of an earlier project")
    if not has_target:
        shutil.rmtree(target)
    before = sorted(target.glob("*"))
    (target if has_target else target.parent).chmod(0o555)
    for _ in range(2):
        read_as_a_user()
    target.parent.chmod(0o755)
    assert len(parsed) == 2 and sorted(target.glob("*")) == before


def test_what_root_stores_serves_every_user(target: Path, parsed: Parsed) -> None:
    """Whatever the umask, and the modes that an earlier version left."""
    (target / FILES[2]).write_text("of an earlier project")
    for path in (target, *target.iterdir()):
        path.chmod(path.stat().st_mode & 0o700)
    umask = os.umask(0o077)
    try:
        dbt_runner._read_project.__wrapped__("duckdb")
    finally:
        os.umask(umask)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (target, *target.iterdir())] == [0o755, 0o644, 0o644, 0o644]
    read_as_a_user()
    assert len(parsed) == 1
