"""Nights interrupted by kill -9, a full disk or refused writes: what is published is whole, and the next night neither loses
nor doubles a row.

The suite kills one night while it builds, and has the full disks of single steps where those are tested. `-m long` makes the
disk read-only and full, night after night. `--long` kills twenty times, and prints the stage and what was published then. It
also leaves eight amounts of disk space, all too small for a night, and fills the disk at the beginning of every step.
"""

import random
import shutil
from pathlib import Path

import pytest
from how_often import often

from dagster_project.core.receipts import read_receipts
from dagster_project.publishing import outputs

from .disk import full_at, leave_free, night, read_only, small_disk
from .nights import TwoNights, copied, read_published, run

pytestmark = pytest.mark.begin_first

KILLS = often(1, 20)
FULL_DISKS = often(0, 8)
STAGES = ("landing", "building", "publishing") if FULL_DISKS else ("building",)
ALL_OUTPUTS = outputs.OUTPUTS
NEEDED = 24 << 20
"""Bytes that the second night writes, with a margin."""


@pytest.mark.parametrize("n", range(KILLS))
def test_a_killed_night_leaves_a_whole_publication_and_the_next_succeeds(
    n: int, two_nights: TwoNights, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of three are killed at a time, one before a change of a file, both spread over the night. In the suite, one is killed
    while it builds."""
    share = (n + random.Random(f"{KILLS} {n}").random()) / KILLS if KILLS > 1 else 0.4
    home = copied(two_nights.home, tmp_path / "home")
    if n % 3 == 2:
        # The number of changes differs a little between runs, so the last few may never come.
        result = run(home, writes=1 + int(share * (two_nights.changes - 5)))
    else:
        result = run(home, seconds=share * two_nights.seconds)
    assert result.code in (0, -9), result.messages
    stage = result.stages[-1][0] if result.stages else "loading"
    with capfd.disabled():
        how = "by write" if n % 3 == 2 else "by clock"
        print(f"KILLED {n} {how} {stage} {two_nights.published_night(home)} code {result.code}", flush=True)
    # The next night writes all outputs, unless the home chooses some (`make_two_nights`).
    monkeypatch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
    two_nights.check_next(home, night(home, capfd.readouterr))
    shutil.rmtree(home.path)


@pytest.mark.long
def test_a_disk_that_is_full_or_read_only_at_each_step(
    two_nights: TwoNights, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One home, night after night, each stopped at a later step. The last has enough space."""
    with small_disk(tmp_path / "disk") as disk:
        home = copied(two_nights.home, disk / "home")
        with read_only(disk):
            result = night(home, capfd.readouterr)
        assert result.code == 1 and "Read-only file system" in result.output and "Traceback" not in result.output, result.output
        assert two_nights.published_night(home) == "old"
        for stage in STAGES:
            with full_at(disk, stage):
                result = night(home, capfd.readouterr)
                assert two_nights.published_night(home) == "old"
            assert result.code == 1 and "make room on the home's disk" in result.output, (stage, result.output)
        with full_at(disk, "published"):
            result = night(home, capfd.readouterr)
            assert two_nights.published_night(home) == "new"
            night_id = read_published(home).night_id
        assert result.code == 3, result.output
        assert f"Night {night_id} IS published, and its receipt could not be written" in result.output
        assert "No space left on device" in result.output and "do not put its files into the inbox again" in result.output
        assert night_id not in [r.night_id for r in read_receipts(home)]
        two_nights.check_next(home, night(home, capfd.readouterr))
        assert [r.outcome for r in read_receipts(home)][-2:] == ["published", "published"]
        assert read_receipts(home)[-2].night_id == night_id


if FULL_DISKS:

    @pytest.mark.parametrize("n", range(FULL_DISKS))
    def test_less_space_than_a_night_needs(
        n: int, two_nights: TwoNights, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """The disk fills at any point of the night, usually in the middle of a file."""
        rng = random.Random(f"{FULL_DISKS} {n}")
        with small_disk(tmp_path / "disk") as disk:
            home = copied(two_nights.home, disk / "home")
            room = int((n + rng.random()) / FULL_DISKS * NEEDED)
            leave_free(disk, room)
            result = night(home, capfd.readouterr)
            published = two_nights.published_night(home)
            with capfd.disabled():
                print(f"FULL {n} room {room:,} code {result.code} {published} {read_receipts(home)[-1].seconds}", flush=True)
            assert "Traceback" not in result.output and result.code in (0, 1, 3), result.output
            assert result.code == 0 or "make room" in result.output, result.output
            assert published == ("old" if result.code == 1 else "new")
            (disk / "ballast").unlink()
            two_nights.check_next(home, night(home, capfd.readouterr))
