"""A whole night against one bare SQL script on the same files, side by side, and whether both have the same figures.

    python -m benchmarks.whole_night [--rows 0.1 1 10] [--forces all] [--years 3] [--extracts crimes ...] [--memory 4GiB]
                                     [--outputs] [--work FOLDER] [--out FOLDER]

`--rows`: millions. `--extracts`: these alone. `imports` is a process that loads what a night loads, and does nothing; `ratio`
is the night's processor time over that of imports and script together. `--memory`: what the night may take (`[night] memory`).
Without `--outputs` the night publishes its file alone, as the script does. The files are made in the work folder, which is
emptied again: about 150 bytes a row, and as much again for the homes.
"""

import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.bare_script import write_script
from benchmarks.national import forces_named, scale_for, write_areas, write_national
from benchmarks.report import options, run_measured, run_night, write_results
from dagster_project.core.home import Home, be_quiet
from dagster_project.core.receipts import read_receipts

IMPORTS = """
from dagster_project.core.import_speed import skip_unused_imports
from dagster_project.core.home import be_quiet
be_quiet(); skip_unused_imports()
import dagster_project.cli.render_night, dagster_project.definitions, dbt.cli.main, dbt.adapters.duckdb, great_expectations
"""


def prepared(
    work: Path, forces: list[str], years: int, rows: float, extracts: Collection[str] | None = None
) -> tuple[Path, Home, int]:
    """An inbox of about so many rows (of `extracts` alone, fewer), and an empty home with a list of areas. Returns them and the
    rows that there are."""
    inbox, home = work / "inbox", Home(work / "home").create()
    write_national(inbox, forces, years, scale_for(rows, len(forces), years), extracts)
    write_areas(home, forces)
    lines = "columns = {'t': 'varchar'}, auto_detect = false, header = true, delim = '', quote = ''"
    with duckdb.connect() as con:
        (written,) = con.execute(f"select count(*) from read_csv(?, {lines})", [f"{inbox}/*.csv"]).fetchone()
    return inbox, home, written


def differing(one: Path, other: Path) -> tuple[int, int]:
    """Figures of the one file, and rows that only one of the two has."""
    figures = differ = 0
    with duckdb.connect() as con:
        con.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        # Mart by mart: of 14 million figures at once, DuckDB needs 20 GB.
        for (mart,) in con.execute("select distinct mart from one.marts.measures order by mart").fetchall():
            mine, theirs = (f"from {name}.marts.measures where mart = '{mart}'" for name in ("one", "other"))
            found, more, fewer = con.execute(
                f"select (select count(*) {mine}), (select count(*) from ({mine} except all {theirs})),"
                f" (select count(*) from ({theirs} except all {mine}))"
            ).fetchone()
            figures, differ = figures + found, differ + more + fewer
    return figures, differ


def compared(
    forces: list[str], years: int, rows: float, extracts: list[str] | None, settings: str, work: Path
) -> dict[str, Any]:
    """One size, in a folder of its own. Raises RuntimeError if the two have different figures."""
    inbox, home, written = prepared(work, forces, years, rows, extracts)
    home.config_file.write_text(settings, encoding="utf-8")
    imports = run_measured([sys.executable, "-c", IMPORTS])
    write_script(inbox, work / "bare", home.seeds / "areas.csv")
    bare = run_measured([sys.executable, "-m", "benchmarks.bare_script", str(inbox), str(work / "bare"), "--run"])
    night = run_night(home, inbox)
    figures, differ = differing(home.warehouse, work / "bare" / "warehouse.duckdb")
    if differ:
        raise RuntimeError(f"the night and the bare script differ in {differ} figures")
    parts = {f"{name} wall": seconds for name, seconds in read_receipts(home)[-1].seconds.items()}
    ratio = round(night["cpu"] / (imports["cpu"] + bare["cpu"]), 2)
    return {
        "forces": len(forces), "years": years, "rows": written, "figures": figures, "imports cpu": imports["cpu"],
        "bare cpu": bare["cpu"], "bare wall": bare["wall"], "bare MB": bare["peak"], "night cpu": night["cpu"],
        "night wall": night["wall"], "night MB": night["peak"], "ratio": ratio,
        "rows/s cpu": round(written / night["cpu"]), "equal": True, **parts,
    }  # fmt: skip


def main() -> None:
    args = options(__doc__)
    args.add_argument("--rows", type=float, nargs="+", default=[0.1, 1, 10])
    args.add_argument("--forces", default="derbyshire")
    args.add_argument("--years", type=int, default=3)
    args.add_argument("--extracts", nargs="+")
    args.add_argument("--memory")
    args.add_argument("--outputs", action="store_true")
    given = args.parse_args()
    be_quiet()
    forces = forces_named(given.forces)
    settings = ("" if given.outputs else "[publish]\noutputs = []\n") + (
        f'[night]\nmemory = "{given.memory}"\n' if given.memory else ""
    )
    rows = []
    for millions in given.rows:
        with tempfile.TemporaryDirectory(prefix="pam-whole-night-", dir=given.work) as work:
            rows.append(compared(forces, given.years, millions * 1e6, given.extracts, settings, Path(work)))
    write_results(f"whole_night_{'all' if given.forces == 'all' else 'one'}_{given.years}", rows, given.out)


if __name__ == "__main__":
    main()
