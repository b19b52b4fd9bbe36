"""The night after: one more day of the nightly extracts, on top of one year and of ten years of history.

    python -m benchmarks.delta_night [--years 1 10] [--forces derbyshire] [--rows 1] [--extracts crimes ...] [--work FOLDER]
                                     [--out FOLDER]

`--rows`: millions of rows of history. `--extracts`: these alone. `ratio` is the processor time against the first line's. The
night publishes its file alone; `quiet` is the night after, with no new file.
"""

import tempfile
from pathlib import Path

from benchmarks.national import forces_named, scale_for, write_next_day
from benchmarks.report import options, run_night, write_results
from benchmarks.whole_night import prepared
from dagster_project.core.home import be_quiet
from dagster_project.core.receipts import read_receipts


def main() -> None:
    """Measure, and print the result."""
    args = options(__doc__)
    args.add_argument("--years", type=int, nargs="+", default=[1, 10])
    args.add_argument("--forces", default="derbyshire")
    args.add_argument("--rows", type=float, default=1)
    args.add_argument("--extracts", nargs="+")
    given = args.parse_args()
    be_quiet()
    forces = forces_named(given.forces)
    rows = []
    for years in given.years:
        with tempfile.TemporaryDirectory(prefix="pam-delta-night-", dir=given.work) as folder:
            work = Path(folder)
            inbox, home, written = prepared(work, forces, years, given.rows * 1e6, given.extracts)
            home.config_file.write_text("[publish]\noutputs = []\n", encoding="utf-8")
            first = run_night(home, inbox)
            write_next_day(work / "next", forces, scale_for(given.rows * 1e6, len(forces), years), only=given.extracts)
            found = run_night(home, work / "next")
            parts = {f"{name} wall": seconds for name, seconds in read_receipts(home)[-1].seconds.items()}
            quiet = run_night(home, work / "next")
        rows.append(
            {"forces": len(forces), "years": years, "rows": written, "first cpu": first["cpu"], "delta cpu": found["cpu"],
             "delta wall": found["wall"], "delta MB": found["peak"], "quiet cpu": quiet["cpu"], **parts}
        )  # fmt: skip
    for row in rows:
        row["ratio"] = round(row["delta cpu"] / rows[0]["delta cpu"], 2)
    write_results(f"delta_night_{'all' if given.forces == 'all' else 'one'}", rows, given.out)


if __name__ == "__main__":
    main()
