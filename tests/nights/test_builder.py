"""`pam nightly` builds in a process of its own: the night is the same, also if that process is killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import copy_home, differing, drop_something, run_night

from dagster_project.core.home import Home
from dagster_project.core.worker_process import BUILDER
from dagster_project.nights.run import Listener
from dagster_project.transform import changed_nodes


class Killer(Listener):
    """Kills the builder when it has built its first node."""

    def __init__(self, kills: bool) -> None:
        self.kills, self.nodes, self.waits = kills, 0, 0

    def node(self, name: str, status: str) -> None:
        self.nodes += 1
        if self.kills and BUILDER._process:
            BUILDER._process.kill()

    def wait(self, reason: str, seconds: float) -> None:
        assert "build_changed ended early" in reason
        self.waits += 1


@pytest.fixture
def builder() -> Iterator[None]:
    BUILDER.load(changed_nodes.__name__)
    yield
    BUILDER.stop()


@pytest.mark.usefixtures("builder")
@pytest.mark.parametrize("kills", [False, True])
def test_a_night_builds_there_and_again_if_it_is_killed(week_copy: Home, tmp_path: Path, kills: bool) -> None:
    other = copy_home(week_copy, tmp_path / "other")
    for home in (week_copy, other):
        drop_something(home)
    listener = Killer(kills)
    run = run_night(week_copy, listener=listener, patience=1)
    assert run.receipt and run.receipt.outcome == "published" and listener.nodes > 10
    assert listener.waits == kills
    run_night(other)
    assert differing(week_copy, other) == []
