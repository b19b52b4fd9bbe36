"""Files that appear whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagster_project.core import files
from dagster_project.core.files import write_whole


def test_a_file_of_many_writers_is_always_whole(tmp_path: Path) -> None:
    path, data = tmp_path / "cache" / "picture.svg", b"<svg/>" * 10_000
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: write_whole(path, data, many_writers=True), range(200)))
    assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path], "nothing half written is left"


@pytest.mark.parametrize("many", [False, True])
def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    path = tmp_path / "receipt.json"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new", many_writers=many)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
