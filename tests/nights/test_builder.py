"""`pam nightly` builds in a process of its own: the night is the same, also if that process is killed."""

from pathlib import Path

import pytest
from support import copy_home, differing, drop_something, run_night

from dagster_project.core.home import Home
from dagster_project.core.worker_process import BUILDER
from dagster_project.nights.night_run import Listener
from dagster_project.transform import dbt_runner


class Killer(Listener):
    """Kills the builder when it has built its first node."""

    def __init__(self) -> None:
        self.kills, self.nodes, self.waits = 0, 0, 0

    def node(self, name: str, status: str) -> None:
        self.nodes += 1
        if BUILDER._process:
            BUILDER._process.kill()
            self.kills += 1

    def wait(self, reason: str) -> None:
        assert "build_changed ended early" in reason
        self.waits += 1


@pytest.mark.long
def test_a_night_builds_again_if_its_builder_is_killed(week_copy: Home, tmp_path: Path) -> None:
    other = copy_home(week_copy, tmp_path / "other")
    for home in (week_copy, other):
        drop_something(home)
    BUILDER.load(dbt_runner.__name__)
    listener = Killer()
    run = run_night(week_copy, listener=listener, patience=1)
    assert run.receipt and run.receipt.outcome == "published" and listener.nodes > 10
    assert listener.waits == 1 and listener.kills
    run_night(other)
    assert differing(week_copy, other) == []
