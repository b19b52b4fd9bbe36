"""The gate in a process of its own answers as in this one, and leaves nothing behind."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagster_project.core.home import Home
from dagster_project.quality import gate, gate_process
from dagster_project.quality.gate_process import GateProcess

KILLED = """
from dagster_project.quality.gate_process import GateProcess
own = GateProcess()
own.begin()
print(own._child.pid, flush=True)
input()
"""


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> GateProcess:
    """One that has begun, whatever is loaded here by now."""
    monkeypatch.setattr(gate_process, "LIBRARY", "nothing_of_this_name")
    own = GateProcess()
    own.begin()
    assert own._child is not None
    return own


def test_the_other_process_says_and_writes_what_this_one_does(
    own: GateProcess, sample_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = gate.judge(sample_home, tmp_path / "here.json")
    with monkeypatch.context() as patch:
        patch.setattr(gate, "judge", lambda *_: pytest.fail("asked here"))
        assert own.judge(sample_home, tmp_path / "there.json", None) == checks
    assert (tmp_path / "there.json").stat().st_size == pytest.approx((tmp_path / "here.json").stat().st_size, rel=0.01)
    assert own._child is None


def test_where_the_other_process_is_gone_the_gate_is_asked_here(
    own: GateProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own._child.kill()
    own._child.wait()
    monkeypatch.setattr(gate, "judge", lambda *asked: [asked])
    assert own.judge(Home(tmp_path), None, None) == [(Home(tmp_path), None, None)]


def test_what_the_gate_raises_is_raised_here(own: GateProcess, tmp_path: Path) -> None:
    """There is no candidate: the other process has no answer, and this one says why."""
    with pytest.raises(Exception, match=r"work\.duckdb"):
        own.judge(Home(tmp_path), None, None)


def test_a_night_that_is_killed_leaves_no_process_behind() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as night:
        other = int(night.stdout.readline())
        night.kill()
    until = time.monotonic() + 120
    while _lives(other) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _lives(other)


def _lives(process: int) -> bool:
    try:
        # One that has ended and that nobody has asked about is still listed.
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
