"""Files are written whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagster_project.core import files
from dagster_project.core.files import new_file, write_whole


def test_a_file_with_many_writers_is_always_whole(tmp_path: Path) -> None:
    path, data = tmp_path / "cache" / "picture.svg", b"<svg/>" * 10_000
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: write_whole(path, data, many_writers=True), range(200)))
    assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path], "no part-written file is left"


@pytest.mark.parametrize("many_writers", [False, True])
def test_a_failed_write_leaves_the_old_file_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many_writers: bool
) -> None:
    path = tmp_path / "receipt.json"
    write_whole(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new", many_writers=many_writers)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_both_ways_to_write_make_a_private_file_or_leave_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def by_name(path: Path) -> None:
        with new_file(path) as new:
            new.write_bytes(b"new")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for write in (by_name, lambda path: write_whole(path, b"new")):
        path = tmp_path / "a"
        write(path)
        assert path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == 0o600
        path.write_bytes(b"old")
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(files.os, "fsync", interrupt)
            write(path)
        assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
        path.unlink()
