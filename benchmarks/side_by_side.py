"""SQLMesh and a night here on the same files, side by side: the first night, the next day, a night without a new file.

    python -m benchmarks.side_by_side [--rows 1 10] [--forces all] [--years 3] [--smallest] [--sqlmesh FOLDER] [--work FOLDER]
                                      [--out FOLDER]

`--rows`: millions of rows of the five extracts that come nightly. The night publishes its file alone. SQLMesh's project is in
`sqlmesh_project`: the same rows, months, years to date and rolling years of the same counts, no rates, and nothing else that a
night does. Raises RuntimeError where the two have another figure. `--sqlmesh`: where SQLMesh's own environment is kept; it is
made there where it is not (a folder beside the results, where not said). `--smallest`: 20,000 rows. Seconds are by the clock,
`cpu` is processor time, and `peak` is the largest process in MB.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.national import LAST_DAY, NEXT_DAY, NIGHTLY, forces_named, write_areas, write_national, write_next_day
from benchmarks.recipes import EXTRACTS
from benchmarks.report import options, run_measured, run_night, write_results
from dagster_project.core.home import PROJECT, Home

NEEDED = ("sqlmesh==0.236.4", "duckdb<2")
THEIR_PROJECT = PROJECT / "benchmarks" / "sqlmesh_project"
SMALLEST = 0.02
KEY = "force_code, area_type, area_code, measure, category, period_type, period_start, period_end"

AGREE = f"""
with here as (
    select {KEY}, value, prior_value from here.marts.measures
    where
        mart in ('mart_incidents', 'mart_intelligence', 'mart_drug_offences', 'mart_stop_search', 'mart_drug_tests')
        and unit = 'count' and value is not null
        and period_type in (select distinct period_type from theirs.marts__night.figures)
        and period_end <= (select max(period_end) from theirs.marts__night.figures)
)

select
    count(*) filter (where there.value is not null and here.value is not null) as compared,
    count(*) filter (where here.value is not null and coalesce(there.value, 0) <> here.value) as other,
    count(*) filter (where there.prior_value <> here.prior_value) as other_before
from here
full join theirs.marts__night.figures as there using ({KEY})
"""


def environment(folder: Path) -> Path:
    """The Python of SQLMesh's own environment, which is made if missing. Raises subprocess.CalledProcessError offline."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *NEEDED], check=True)
    return python


def equal_figures(file: Path, own: Path) -> int:
    """How many figures both have. Raises RuntimeError if one of them differs."""
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as here (read_only); attach '{own}' as theirs (read_only)")
        compared, other, before = con.execute(AGREE).fetchall()[0]
    if other or before or not compared:
        raise RuntimeError(f"of {compared} figures {other} differ, and {before} of the year before")
    return int(compared)


def figures_of(file: Path, table: str) -> int:
    """How many figures a file has."""
    with duckdb.connect(str(file), read_only=True) as con:
        return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def nights(work: Path, python: Path | None, forces: list[str], years: int, rows: float) -> list[dict[str, Any]]:
    """Run each night of one size with both, in a folder of its own. `python`: SQLMesh's, or None."""
    first, following, home = work / "first", work / "next", Home(work / "home").create()
    scale = rows / (sum(EXTRACTS[x].rows for x in NIGHTLY) * len(forces) * years)
    write_national(first, forces, years, scale, only=NIGHTLY)
    write_next_day(following, forces, scale)
    home.config_file.write_text("[publish]\noutputs = []\n", encoding="utf-8")
    shutil.copyfile(write_areas(home, forces), work / "areas.csv")
    inbox, own = work / "inbox", work / "theirs.duckdb"
    # SQLMesh keeps a cache and its logs beside the project.
    their_night = shutil.copytree(THEIR_PROJECT, work / "project") / "run_night.py"
    settings = {"BENCHMARK_FILE": str(own), "BENCHMARK_INBOX": str(inbox), "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true"}
    found = []
    for night, folder, day in (("first", first, LAST_DAY), ("next day", following, NEXT_DAY), ("no new file", following, None)):
        inbox.unlink(missing_ok=True)
        inbox.symlink_to(folder)
        mine = run_night(home, inbox)
        row: dict[str, Any] = {
            "forces": len(forces), "years": years, "rows": rows, "night": night, **{f"here {k}": v for k, v in mine.items()},
        }  # fmt: skip
        if python and day:
            theirs = run_measured([str(python), str(their_night), str(day)], **settings)
            row |= {f"sqlmesh {k}": v for k, v in theirs.items()}
            row |= {"figures": figures_of(home.warehouse, "marts.measures"), "equal": equal_figures(home.warehouse, own)}
            row["theirs"] = figures_of(own, "marts__night.figures")
        found.append(row)
    return found


def main() -> None:
    args = options(__doc__)
    args.add_argument("--rows", type=float, nargs="+", default=[1, 10])
    args.add_argument("--forces", default="derbyshire")
    args.add_argument("--years", type=int, default=3)
    args.add_argument("--smallest", action="store_true")
    args.add_argument("--sqlmesh", type=Path)
    given = args.parse_args()
    forces = forces_named(given.forces)
    try:
        python = environment((given.sqlmesh or given.out / "sqlmesh").absolute())
    except subprocess.CalledProcessError:
        print("SQLMesh can't be installed, and is left out", file=sys.stderr)
        python = None
    rows = []
    for millions in [SMALLEST] if given.smallest else given.rows:
        with tempfile.TemporaryDirectory(prefix="pam-side-by-side-", dir=given.work) as work:
            rows += nights(Path(work), python, forces, given.years, millions * 1e6)
    write_results(f"side_by_side_{'all' if given.forces == 'all' else 'one'}_{given.years}", rows, given.out)


if __name__ == "__main__":
    main()
