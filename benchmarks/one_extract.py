"""One extract's work three ways: pandas, bare DuckDB, and landing with all its rules.

    python -m benchmarks.one_extract [--rows 1] [--work FOLDER] [--out FOLDER]

Incidents: read, typed, drug incidents counted by month and unit. pandas and DuckDB do only that; landing checks every row
against its contract and stores it with its line, and the stored rows are counted. `--rows`: millions. Raises RuntimeError if
the counts differ.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.national import scale_for, write_national
from benchmarks.recipes import EXTRACTS
from benchmarks.report import run_measured, run_program, write_results
from dagster_project.core.home import Home, be_quiet

WAYS = {
    "pandas": """
import json, sys
import pandas as pd
rows = pd.read_csv(sys.argv[1], dtype=str)
rows["created_at"] = pd.to_datetime(rows["created_at"])
drugs = rows["qualifiers"].fillna("").str.lower().str.split(";").map(lambda items: any(i.strip() == "drugs" for i in items))
chosen = rows[drugs & (rows["record_type"] == "INCIDENT")]
print(json.dumps(sorted(chosen.groupby([chosen["created_at"].dt.strftime("%Y-%m"), chosen["lpu"].fillna("")]).size().tolist())))
""",
    "bare DuckDB": """
import json, sys
import duckdb
con = duckdb.connect()
con.execute("create table staged as select *, cast(created_at as timestamp) as happened from read_csv(?, all_varchar = true)",
            [sys.argv[1]])
COUNT
""",
    "landing": """
import json, sys
from pathlib import Path
import duckdb
from dagster_project.contracts import load_contracts
from dagster_project.landing import find_files, land_files
from dagster_project.core.sql import literal
from dagster_project.core.seeds import force_names
from dagster_project.core.home import Home
home, contracts = Home(Path(sys.argv[2])).create(), load_contracts()
(entry,) = land_files(home, contracts, find_files(Path(sys.argv[1]).parent, contracts, force_names()), "night", archive=False)
con = duckdb.connect()
landed = literal(str(home.raw / "incidents" / "derbyshire" / f"{entry.load_id}.parquet"))
con.execute(f"create view staged as select *, cast(created_at as timestamp) as happened from read_parquet({landed})")
COUNT
""",
}
COUNT = """
found = con.execute("select count(*)::int from staged where record_type = 'INCIDENT' and"
    " concat(';', regexp_replace(lower(coalesce(qualifiers, '')), ' *; *', ';', 'g'), ';') like '%;drugs;%'"
    " group by strftime(happened, '%Y-%m'), coalesce(lpu, '') order by 1").fetchall()
print(json.dumps([n for (n,) in found]))
"""


def main() -> None:
    """Measure, and print the result."""
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--rows", type=float, default=1)
    args.add_argument("--work", type=Path)
    args.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    given = args.parse_args()
    be_quiet()
    rows: list[dict[str, Any]] = []
    work = Path(tempfile.mkdtemp(prefix="pam-one-extract-", dir=given.work))
    try:
        share = EXTRACTS["incidents"].rows / sum(made.rows for made in EXTRACTS.values())
        write_national(work / "all", ["derbyshire"], 3, scale_for(given.rows * 1e6 / share, 1, 3))
        (path,) = (work / "all").glob("incidents__*")
        (work / "inbox").mkdir()
        path = path.rename(work / "inbox" / path.name)
        shutil.rmtree(work / "all")
        counts = []
        for name, code in WAYS.items():
            args_of = [sys.executable, "-c", code.replace("COUNT", COUNT), str(path), str(Home(work / "home").path)]
            rows.append({"way": name, "rows": round(given.rows * 1e6), **run_measured(args_of)})
            shutil.rmtree(work / "home", ignore_errors=True)
            printed, _, _ = run_program(args_of)
            shutil.rmtree(work / "home", ignore_errors=True)
            counts.append(json.loads(printed.splitlines()[-1]))
        if any(c != counts[0] for c in counts):
            raise RuntimeError("the three ways have different counts")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    write_results("one_extract", rows, given.out)


if __name__ == "__main__":
    main()
