"""Runs a night at the terminal: shows its progress and a summary, and gives its exit code."""

import sys
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dagster_project.core.terminal_console import Console
from dagster_project.editions import read_editions
from dagster_project.landing import LedgerEntry, read_ledger
from dagster_project.nights.end_night import end_night
from dagster_project.nights.night_run import Listener, NightRun
from dagster_project.nights.period_coverage import coverage_rows
from dagster_project.nights.run_steps import interrupted_by_sigterm, run_steps
from dagster_project.serving import write_result

from .echo import print_line
from .render_night import headline, show_receipt

PUBLISHED_ONLY = 3
"""Exit code of a published night whose receipt could not be written, or that could not be loaded into PostgreSQL."""

STEP_TITLES = {"landing": "Landing the extracts", "building": "Building the marts", "checking": "Checking the night",
               "publishing": "Publishing", "serving": "Loading PostgreSQL"}  # fmt: skip


class _ProgressLines(Listener):
    """Shows the progress of a night on a terminal: a line for each step."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task: Any = None

    def step(self, name: str) -> None:
        self.finish_step()
        self.task = self.progress.add_task(STEP_TITLES[name], total=None, detail="")

    def file(self, entry: LedgerEntry) -> None:
        self.progress.update(self.task, advance=1, detail=f"{entry.source_file}: {entry.outcome}")

    def node(self, name: str, status: str) -> None:
        self.progress.update(self.task, advance=1, detail=name)

    def wait(self, reason: str) -> None:
        if self.task is None:
            self.task = self.progress.add_task("Waiting", total=None, detail="")
        self.progress.update(self.task, detail=reason)

    def finish_step(self) -> None:
        """Show the last step as finished."""
        if self.task is not None:
            steps = self.progress.tasks[self.task].completed or 1
            self.progress.update(self.task, total=steps, completed=steps, detail="")


def run_with_progress(run: NightRun, quiet: bool) -> int:
    """Run a night, show its progress and then a summary. Returns the exit code. Raises what prevents a night from starting."""
    console = Console(stderr=True, quiet=quiet)
    with Progress(
        SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), BarColumn(bar_width=20),
        TimeElapsedColumn(), TextColumn("{task.fields[detail]}", style="dim", markup=False), console=console, disable=quiet,
    ) as progress:  # fmt: skip
        lines = run.listener = _ProgressLines(progress)
        stopped: BaseException | None = None
        try:
            with interrupted_by_sigterm():
                run.begin_within(run.patience)
                run_steps(run)
        except BaseException as error:
            stopped = error
        notes = end_night(run, stopped)
        lines.finish_step()
    for note in notes:
        if note != run.receipt_problem:
            print_line(console, f"Alert: {note}", "yellow")
    if stopped and (run.receipt is None or isinstance(stopped, Exception)):
        raise stopped if isinstance(stopped, Exception) else RuntimeError("interrupted before the night started")
    if run.receipt is None:
        raise RuntimeError("the night ended without a receipt")
    show_receipt(Console(quiet=quiet), run.receipt, run.home, found_none=run.landed is not None and not run.entries)
    for waiting in read_editions(run.home).waiting:
        print_line(console, f"Edition {waiting.name} is not printed until it is corrected: {waiting.problem}", "yellow")
    if run.period and not quiet:
        print_line(Console(), f"Covered of {run.period[0]} to {run.period[1]}")
        rows = coverage_rows(read_ledger(run.home), run.period)
        write_result(("extract", "force", "days", "not available"), rows, "table", sys.stdout)
    errors = Console(stderr=True)
    if run.receipt_problem:
        print_line(errors, run.receipt_problem, "red")
    if run.receipt.outcome not in ("published", "unchanged"):
        print_line(errors, headline(run.receipt, run.home), "red")
        return 1
    if not_loaded := run.receipt.not_in_postgres:
        print_line(errors, f"Published, but not loaded into PostgreSQL, which keeps its earlier night. {not_loaded}", "red")
    return PUBLISHED_ONLY if not_loaded or run.receipt_problem else 0
