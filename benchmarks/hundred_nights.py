"""A hundred nights in a row in one home: whether a night, the home and its files stay as they are.

    python -m benchmarks.hundred_nights [--nights 100] [--rows 0.02] [--extracts crimes ...] [--work FOLDER]
                                        [--out FOLDER]

The first night has three years of history of one force; each after it one more day of the five extracts that come nightly.
`--extracts`: these alone. The night publishes its file alone. Shown for nights 2, 50, 100 and the last: seconds, megabytes and
files of the home, in all and without what is kept on purpose: raw rows, the ledger, receipts, quarantine and the record.
"""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from benchmarks.national import LAST_DAY, scale_for, write_next_day
from benchmarks.report import options, run_night, write_results
from benchmarks.whole_night import prepared

FORCE = "derbyshire"
SHOWN = (2, 50, 100)
KEPT = ("raw", "nights", "quarantine", "audit", "checks")
"""Folders that grow by a few files each night, which must be kept."""


def size_of(folder: Path) -> tuple[float, int]:
    """Megabytes and number of files in a folder. A file with several links counts once."""
    found = {(s.st_dev, s.st_ino): s.st_size for p in folder.rglob("*") if p.is_file() and (s := p.lstat())}
    return round(sum(found.values()) / 1e6, 1), len(found)


def main() -> None:
    args = options(__doc__)
    args.add_argument("--nights", type=int, default=100)
    args.add_argument("--rows", type=float, default=0.02)
    args.add_argument("--extracts", nargs="+")
    given = args.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="pam-hundred-nights-", dir=given.work) as folder:
        work = Path(folder)
        inbox, home, _ = prepared(work, [FORCE], 3, given.rows * 1e6, given.extracts)
        home.config_file.write_text("[publish]\noutputs = []\n", encoding="utf-8")
        for night in range(1, given.nights + 1):
            if night > 1:
                inbox = work / "next"
                shutil.rmtree(inbox, ignore_errors=True)
                day = LAST_DAY + timedelta(days=night - 1)
                write_next_day(inbox, [FORCE], scale_for(given.rows * 1e6, 1, 3), day, given.extracts)
            cost = run_night(home, inbox)
            if night in (*SHOWN, given.nights):
                size, files = size_of(home.path)
                kept = [size_of(home.path / name) for name in KEPT]
                rows.append({
                    "night": night, **cost, "home MB": size, "files": files,
                    "MB without kept": round(size - sum(mb for mb, _ in kept), 1),
                    "files without kept": files - sum(n for _, n in kept),
                })  # fmt: skip
    write_results("hundred_nights", rows, given.out)


if __name__ == "__main__":
    main()
