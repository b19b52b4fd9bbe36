"""kill -9 at any moment of a night: what is published is whole, and the next night loses and doubles nothing.

`PAM_KILLS=100` kills a hundred times (half an hour), and `-s` shows in which stage and what was published then.
"""

import os
import random
import shutil
from pathlib import Path

import pytest

from .nights import Between, copied, run

KILLS = int(os.environ.get("PAM_KILLS", "2"))


@pytest.mark.parametrize("n", range(KILLS))
def test_a_killed_night_leaves_a_whole_one_and_the_next_succeeds(n: int, between: Between, tmp_path: Path) -> None:
    """Two of three are killed at a moment, one before a change of a file; both spread over the night."""
    chance = random.Random(f"{KILLS} {n}")
    share = (n + chance.random()) / KILLS
    home = copied(between.home, tmp_path / "home")
    if n % 3 == 2:
        # The counts of two runs differ by a few: the last ones may never come.
        ended = run(home, writes=1 + int(share * (len(between.ended.changes) - 5)))
    else:
        ended = run(home, seconds=share * between.seconds)
    assert ended.code in (0, -9), ended.words
    stage = ended.stages[-1][0] if ended.stages else "loading"
    print(f"KILLED {n} {'by write' if n % 3 == 2 else 'by clock'} {stage} {between.which(home)} code {ended.code}", flush=True)
    between.check_next(home)
    shutil.rmtree(home.path)
