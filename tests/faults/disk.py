"""A small disk of memory: one that fills up at a chosen step of a night, or refuses writes."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.cli import app
from dagster_project.core.home import Home
from dagster_project.nights.run import NightRun
from dagster_project.publishing import publish

from .nights import Ended
from .one_night import fill_disk

MEGABYTES = 256


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A tmpfs, mounted on a new folder. Skips the test, with the reason, where nothing may be mounted."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a tmpfs can't be mounted here: {done.stderr.strip() or done.returncode}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """Nothing on the disk may be written, meanwhile."""
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


def leave(disk: Path, room: int) -> None:
    """Fill the disk but for so many bytes."""
    ballast = disk / "ballast"
    fill_disk(str(ballast))
    os.truncate(ballast, max(0, ballast.stat().st_size - room))


@contextlib.contextmanager
def full_at(disk: Path, stage: str) -> Iterator[None]:
    """The disk fills when a stage begins; `published`: the moment after the figures have their name. Free afterwards."""
    step, publishing = NightRun._step, publish.publish

    def told(run: NightRun, name: str) -> contextlib.AbstractContextManager[None]:
        if name == stage:
            leave(disk, 0)
        return step(run, name)

    def published(*args: Any) -> Any:
        written = publishing(*args)
        if stage == "published":
            leave(disk, 0)
        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NightRun, "_step", told)
        patch.setattr(publish, "publish", published)
        try:
            yield
        finally:
            (disk / "ballast").unlink(missing_ok=True)


def night(home: Home, said: Callable[[], tuple[str, str]]) -> Ended:
    """`pam nightly` in this process. `said`: what reads and empties the output, as pytest's `capfd` does."""
    said()
    with pytest.raises(SystemExit) as ended:
        app(["nightly", "--home", str(home.path), "--wait", "0"])
    return Ended(ended.value.code, " ".join("".join(said()).split()))
