"""Shows the kept nights, and a night that was made again, at the terminal."""

import sys

from dagster_project.core.home import Home
from dagster_project.core.terminal_console import Console
from dagster_project.nights.replay import COLUMNS, NightComparison
from dagster_project.publishing.figure_diff import MARTS
from dagster_project.publishing.kept_nights import list_kept
from dagster_project.serving import write_result

from .echo import print_line


def show_publications(home: Home) -> None:
    """Print the kept nights, the newest last, with figures and warnings from their receipts."""
    rows = []
    for p in list_kept(home):
        r = p.receipt
        warned = sum(1 for c in r.checks if not c["passed"] and c["severity"] == "warning") if r else None
        figures = f"{sum(r.figures.values()):,}" if r else None
        note = "published" if p.is_published else "" if r else "no receipt in nights/"
        rows.append((p.night_id, r.finished_at if r else None, figures, warned, note))
    if rows:
        write_result(("night", "finished", "figures", "warnings", ""), rows, "table", sys.stdout)
    else:
        print_line(Console(), "No night is kept: each one that is published will be")


def show_comparison(compared: NightComparison, quiet: bool) -> None:
    """Print which figures made again differ from those of a published night. `quiet`: nothing where none does."""
    console = Console()
    figures, night = f"{compared.figures:,} figures", f"those of night {compared.night_id}"
    if not compared.differing:
        print_line(Console(quiet=quiet), f"All {figures} are {night}", "green")
        return
    print_line(console, f"{compared.differing:,} of {figures} are not {night}:", "red")
    write_result(MARTS, compared.marts, "table", sys.stdout)
    rows = [[", ".join(v) if isinstance(v, list) else v for v in row] for row in compared.rows]
    write_result(COLUMNS, rows, "table", sys.stdout)
    causes = "a file has landed since (`pam diff` names it), or the lists or the code have changed"
    print_line(console, f"Either {causes}, or somebody changed the published file or raw/")
