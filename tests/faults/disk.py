"""A small disk in memory, which fills up at a chosen step of a night or refuses writes."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.cli import load_app
from dagster_project.core.home import Home
from dagster_project.nights.night_run import NightRun
from dagster_project.publishing import publish

from .night_process import fill_disk
from .nights import NightResult

MEGABYTES = 256


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A tmpfs, mounted on a new folder. Skips the test, with the reason, if it can't be mounted."""
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
    """Make the disk read-only for the `with` block."""
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


def leave_free(disk: Path, size: int) -> None:
    """Fill the disk except for `size` bytes."""
    ballast = disk / "ballast"
    fill_disk(str(ballast))
    os.truncate(ballast, max(0, ballast.stat().st_size - size))


@contextlib.contextmanager
def full_at(disk: Path, stage: str) -> Iterator[None]:
    """Fill the disk when a stage begins; `published`: just after the published file has its name. Free it afterwards."""
    run_step, publish_candidate = NightRun._step, publish.publish

    def fill_before_step(run: NightRun, name: str) -> contextlib.AbstractContextManager[None]:
        if name == stage:
            leave_free(disk, 0)
        return run_step(run, name)

    def fill_after_publishing(*args: Any) -> Any:
        result = publish_candidate(*args)
        if stage == "published":
            leave_free(disk, 0)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NightRun, "_step", fill_before_step)
        patch.setattr(publish, "publish", fill_after_publishing)
        try:
            yield
        finally:
            (disk / "ballast").unlink(missing_ok=True)


def night(home: Home, read_output: Callable[[], tuple[str, str]]) -> NightResult:
    """Run `pam nightly` in this process. `read_output`: reads and empties the output, as `readouterr` of pytest's `capfd`."""
    read_output()
    with pytest.raises(SystemExit) as exit_info:
        load_app()(["nightly", "--home", str(home.path), "--wait", "0"])
    return NightResult(exit_info.value.code, " ".join("".join(read_output()).split()))
