"""One night of SQLMesh, by the Python of its own environment: `python run_night.py DAY`, the newest that the files cover.

The first night in a file plans and backfills; later ones run what is due. The environment is `night`: in `prod` a plan can't
end on a day of the past.
"""

import os
import sys
from datetime import date, timedelta
from pathlib import Path

from sqlmesh import Context

is_first = not Path(os.environ["BENCHMARK_FILE"]).exists()
until = {"end": sys.argv[1], "execution_time": str(date.fromisoformat(sys.argv[1]) + timedelta(1))}
context = Context(paths=str(Path(__file__).parent))
if is_first:
    context.plan("night", auto_apply=True, no_prompts=True, skip_tests=True, start="2016-01-01", **until)
else:
    done = context.run("night", ignore_cron=True, **until)
    if not done.is_success:
        raise SystemExit(f"SQLMesh: {done}")
