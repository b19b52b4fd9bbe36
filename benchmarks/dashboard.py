"""How soon the dashboard shows its first chart, and what memory its page takes: the sample, and 44 forces over ten years.

    python -m benchmarks.dashboard [--forces 44] [--years 10] [--times 5] [--out FOLDER]

Ten years are the sample's months put before themselves until there are enough; other forces have the same figures. The page is
opened from its folder. First chart: the best of some times, from the start of the navigation to the first chart on the page.
Heap: what JavaScript holds after its garbage is collected. Memory: what the page's process has for itself alone, Chromium's own
part included. Walked: the heap after the largest subject of every force was read, one after another.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb

from benchmarks.report import options, run_night, write_results
from dagster_project.core.home import Home
from dagster_project.reporting.dashboard import write
from dagster_project.sample import write_sample

STATES: dict[str, dict[str, Any]] = {
    "overview": {},
    "one measure, of the largest subject": {"mart": "mart_stop_search", "measure": "drug_searches"},
    "each area by itself": {"mart": "mart_stop_search", "measure": "drug_searches", "show": "units"},
}
FIRST = """
new MutationObserver((_, watch) => {
  if (document.querySelector('.chart svg')) { globalThis.firstChart = performance.now(); watch.disconnect(); }
}).observe(document, { childList: true, subtree: true });
"""


def main() -> None:
    args = options(__doc__)
    args.add_argument("--forces", type=int, default=44)
    args.add_argument("--years", type=int, default=10)
    args.add_argument("--times", type=int, default=5)
    args.add_argument("--home", type=Path, help="a home with the sample's night; one is made where none is named")
    given = args.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        warehouse, home = Path(folder) / "night.duckdb", Home(given.home or Path(folder) / "home")
        if not given.home:
            write_sample(Path(folder) / "extracts")
            run_night(home, Path(folder) / "extracts")
        shutil.copy(home.warehouse, warehouse)
        warehouse.chmod(0o600)
        _write(warehouse, Path(folder) / "sample", home)
        stretch(warehouse, given.years)
        _write(warehouse, Path(folder) / "many", home)
        copy_forces(Path(folder) / "many", given.forces)
        rows = []
        with sync_playwright() as play:
            chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
            for name, words in (("sample", "the sample"), ("many", f"{given.forces} forces, {given.years} years")):
                for state, picked in STATES.items():
                    browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                    rows.append({"figures": words, "page": state, **measure(browser, Path(folder) / name, picked, given.times)})
                    browser.close()
        write_results("dashboard", rows, given.out)


def _write(warehouse: Path, folder: Path, home: Home) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        write(con, folder, home)


def stretch(warehouse: Path, years: int) -> None:
    """Copy a night's figures to earlier years, mart by mart, until they cover so many years."""
    with duckdb.connect(str(warehouse)) as con:
        tables = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' and table_name like 'mart!_%' escape '!'"
        ).fetchall()
        for (table,) in tables:
            span, relabelled = con.execute(
                f"select 1 + date_diff('month', min(period_start), max(period_end)),"
                f" (select count(*) from duckdb_columns() where schema_name = 'marts' and table_name = '{table}'"
                f" and column_name = 'period_label') from marts.{table}"
            ).fetchone() or (0, 0)
            dates = ("period_start", "period_end", *(() if relabelled else ("baseline_start", "baseline_end")))
            for n in range(1, -(-12 * years // span)):
                moved = ", ".join(f"cast({d} - to_months({span * n}) as date) as {d}" for d in dates)
                label = ", period_label || ' -' || " + str(n) + " as period_label" if relabelled else ""
                con.execute(f"insert into marts.{table} select * replace ({moved}{label}) from marts.{table}"
                            f" where period_end > (select max(period_end) - to_months({span}) from marts.{table})")  # fmt: skip


def copy_forces(folder: Path, forces: int) -> None:
    """Copy a dashboard's force until it has so many."""
    index = folder / "data" / "index.js"
    begin, _, text = index.read_text(encoding="utf-8").partition(" = ")
    known = json.loads(text.rstrip(";\n"))
    (one,) = known["forces"]
    own = folder / "data" / one["code"]
    known["forces"] += [{**one, "code": f"force-{n}", "name": f"Force {n}"} for n in range(2, forces + 1)]
    known["extracts"] = [{**e, "force_code": f["code"]} for f in known["forces"] for e in known["extracts"]]
    index.write_text(f"{begin} = {json.dumps(known, separators=(',', ':'))};\n", encoding="utf-8")
    for force in known["forces"][1:]:
        (folder / "data" / force["code"]).mkdir()
        for script in own.glob("*.js"):
            said = script.read_text(encoding="utf-8").replace(f'["{one["code"]}/', f'["{force["code"]}/', 1)
            (folder / "data" / force["code"] / script.name).write_text(said, encoding="utf-8")


def measure(browser: Any, folder: Path, picked: dict[str, Any], times: int) -> dict[str, float]:
    """Seconds to the first chart, and megabytes once all visible charts are drawn."""
    seconds, heap, alone, walked = [], 0.0, 0.0, 0.0
    for _ in range(times):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(FIRST)
        page.goto(f"{(folder / 'index.html').as_uri()}#{urlencode(picked)}")
        page.wait_for_function("globalThis.firstChart")
        seconds.append(page.evaluate("firstChart") / 1000)
        page.wait_for_timeout(300)
        session = page.context.new_cdp_session(page)
        heap, alone = max(heap, _heap(session)), max(alone, _alone(browser))
        page.evaluate("(async () => { for (const { code } of contents.forces) await figuresOf(code, 'mart_stop_search'); })()")
        walked = max(walked, _heap(session))
        page.close()
    said = {"first chart s": min(seconds), "heap MB": heap, "memory MB": alone, "walked MB": walked}
    return {name: round(number, 2 if name.endswith(" s") else 1) for name, number in said.items()}


def _heap(session: Any) -> float:
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1e6


def _alone(browser: Any) -> float:
    """Megabytes of private memory of the largest page process; 0 if the system does not report it."""
    found = [0]
    for process in browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]:
        rollup = Path(f"/proc/{process['id']}/smaps_rollup")
        if process["type"] == "renderer" and rollup.exists():
            lines = rollup.read_text(encoding="ascii").splitlines()
            found.append(sum(int(line.split()[1]) for line in lines if line.startswith("Private_")))
    return max(found) * 1024 / 1e6


if __name__ == "__main__":
    main()
