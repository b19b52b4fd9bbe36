"""A night of known files only: no figure changes, nothing is landed, and open readers keep the old night."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import OFFENCES, copy_home, publish_night, published, same_figures

from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts
from dagster_project.landing import read_ledger
from dagster_project.nights.night_run import NightRun
from dagster_project.serving import connect

READER = """
import sys
from dagster_project.serving import connect
from dagster_project.core.home import Home
con = connect(Home.of(sys.argv[1]))
for line in sys.stdin:
    print(con.execute(line).fetchall(), flush=True)
"""
NIGHTS = "select count(*) from meta.nights"
ALL_FIGURES = "select count(*), sum(value)::varchar from marts.measures where mart <> 'mart_public_health'"


class Reader:
    """Another process that keeps the published file open."""

    def __init__(self, home: Home) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", READER, str(home.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, sql: str) -> str:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(sql + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@dataclass
class SecondNight:
    """A home after its second night, which had the first one's files in its inbox."""

    home: Home
    inbox: Path
    run: NightRun
    reader: Reader
    inode: int
    answers: list[str] = field(default_factory=list)


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder: its size and time."""
    return {str(p.relative_to(folder)): (p.stat().st_size, p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def night(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondNight]:
    home = copy_home(sample_home, tmp_path_factory.mktemp("second") / "home")
    inbox = home.path.parent / "extracts"
    (dropped,) = home.archive.iterdir()
    shutil.copytree(dropped, inbox)
    reader, inode = Reader(home), home.warehouse.stat().st_ino
    answers = [reader.ask(sql) for sql in (NIGHTS, ALL_FIGURES)]
    run = publish_night(home, inbox)
    yield SecondNight(home, inbox, run, reader, inode, answers)
    reader.process.stdin.close()
    reader.process.wait(10)
    reader.process.stdout.close()


def test_every_file_is_known_and_no_figure_changes(night: SecondNight, sample_home: Home) -> None:
    assert night.run.receipt.outcome == "published"
    assert {e.outcome for e in night.run.entries} == {"known"}
    assert len(night.run.entries) == len(list(night.inbox.iterdir()))
    assert same_figures(sample_home, night.home) == []
    assert night.run.receipt.withdrawn == {} and not list(night.home.nights.glob("*__withdrawn.csv"))


def test_landed_rows_and_the_inbox_are_unchanged(night: SecondNight, sample_home: Home) -> None:
    for folder in (night.home.raw, night.home.quarantine):
        assert {n: s for n, (s, _) in state(folder).items()} == {
            n: s for n, (s, _) in state(sample_home.path / folder.name).items() if not n.startswith("_ledger")
        } | {n: s for n, (s, _) in state(folder).items() if n.startswith("_ledger")}
    assert {e.load_id for e in read_ledger(night.home)} == {e.load_id for e in read_ledger(sample_home)}
    assert len(list(night.inbox.iterdir())) == len(list(next(sample_home.archive.iterdir()).iterdir()))


def test_a_night_of_known_files_runs_every_check(night: SecondNight, sample_home: Home) -> None:
    (first,) = read_receipts(sample_home)
    assert sorted((c["suite"], c["subject"], c["rule"]) for c in night.run.receipt.checks) == sorted(
        (c["suite"], c["subject"], c["rule"]) for c in first.checks
    )
    assert night.run.receipt.figures == first.figures


def test_open_readers_keep_the_old_night_and_new_ones_see_the_new(night: SecondNight) -> None:
    assert night.answers[0] == "[(1,)]"
    assert [night.reader.ask(sql) for sql in (NIGHTS, ALL_FIGURES)] == night.answers, "opened before: still the old night"
    assert night.home.warehouse.stat().st_ino != night.inode, "replaced, not written into"
    with connect(night.home) as con:
        assert con.execute(NIGHTS).fetchone() == (2,) and str(con.execute(ALL_FIGURES).fetchall()) == night.answers[1]
        assert con.execute(OFFENCES).fetchall() == [(2187, 1649)]


def test_the_published_file_lists_all_nights(night: SecondNight) -> None:
    rows = published(
        night.home,
        "select night_id, outcome, files_accepted, rows_landed > 0, figures, finished_at is null from meta.nights"
        " order by started_at, night_id",
    )
    first, last = read_receipts(night.home)
    figures = sum(first.figures.values())
    assert rows == [
        (first.night_id, "published", len(first.files), True, figures, False),
        (last.night_id, "published", 0, False, figures, True),
    ]


def test_only_the_owner_can_read_the_home(night: SecondNight) -> None:
    assert night.home.warehouse.stat().st_mode & 0o777 == 0o600
    assert night.home.published.stat().st_mode & 0o777 == 0o700
    assert sorted(os.listdir(night.home.published)) == [".nights", "current", "warehouse.duckdb"]
    assert {p.stat().st_mode & 0o077 for p in night.home.path.rglob("*")} == {0}
