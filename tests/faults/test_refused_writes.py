"""A home that may not be written to: the last publication opens, the message says so, and the next night is fine."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .nights import Between, copied, run


@pytest.fixture
def read_only(between: Between, tmp_path: Path) -> Iterator[Path]:
    """A home on a file system that is mounted read-only. Skips where nothing may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a tmpfs can't be mounted here: {done.stderr.strip()}")
    try:
        copied(between.home, disk / "home")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_disk_that_is_read_only(read_only: Path, between: Between) -> None:
    """Not even the lock can be taken."""
    home = type(between.home)(read_only / "home")
    ended = run(home)
    assert ended.code == 1, ended.words
    assert "Traceback" not in ended.words
    assert "Read-only file system" in ended.words
    assert between.which(home) == "old"
    subprocess.run(["mount", "-o", "remount,rw", read_only], check=True)
    between.check_next(home)


@pytest.mark.parametrize("folder", ["raw", "candidate", "published", "nights"])
def test_a_folder_of_the_home_that_refuses(folder: str, between: Between, tmp_path: Path) -> None:
    """A bind mount, read-only, stands for rights that somebody took away: it holds for the superuser, too."""
    home = copied(between.home, tmp_path / "home")
    path = home.path / folder
    done = subprocess.run(["mount", "--bind", path, path], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no folder can be mounted here: {done.stderr.strip()}")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)
        ended = run(home)
        print(f"REFUSED {folder} {ended.stages[-2:]} {between.which(home)} {ended.words[-300:]}")
        assert ended.code == 1, ended.words
        assert "Traceback" not in ended.words, ended.words
        assert "ead-only file system" in ended.words or "ermission denied" in ended.words, ended.words
        if folder != "nights":
            assert between.which(home) == "old"
    finally:
        subprocess.run(["umount", "-l", path], check=True)
    between.check_next(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can run a night as somebody else")
def test_somebody_who_may_only_read(between: Between, tmp_path: Path) -> None:
    """A night of another user ends with a line; what is published stays."""
    home = copied(between.home, tmp_path / "home")
    ended = run(home, user=65534)
    assert ended.code == 2, ended.words
    assert "is not readable" in ended.words
    assert between.which(home) == "old"
    between.check_next(home)
