"""Shows a night and the state of the warehouse at the terminal."""

import re
from datetime import date
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from rich import box
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dagster_project.core.home import Engine, Home
from dagster_project.core.receipts import SAMPLE_MARK, Receipt, SampleHomeError, refuse_sample
from dagster_project.core.terminal_console import Console
from dagster_project.core.terminal_text import indented_message
from dagster_project.editions import read_editions
from dagster_project.landing import LedgerEntry, read_ledger
from dagster_project.landing.vocabulary import shown_values
from dagster_project.nights import backfill
from dagster_project.nights.end_night import end_night
from dagster_project.nights.listener import Listener
from dagster_project.nights.run import NightRun
from dagster_project.nights.run_steps import has_ended_early, interrupted_by_sigterm, run_steps

if TYPE_CHECKING:
    from dagster_project.nights.replay import Comparison

PUBLISHED_ONLY = 3
"""Exit code of a night that is published, where what follows failed: its receipt could not be written, or PostgreSQL could not
be given it."""

OUTCOMES = ("accepted", "known", "held", "refused")
STAGES = {"landing": "Landing the extracts", "building": "Building the marts", "checking": "Checking the night",
          "publishing": "Publishing", "serving": "Loading PostgreSQL"}  # fmt: skip


class _Drawn(Listener):
    """The progress of a night on a terminal: a line a step."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task: Any = None

    def stage(self, name: str) -> None:
        self._done()
        self.task = self.progress.add_task(STAGES[name], total=None, detail="")

    def file(self, entry: LedgerEntry) -> None:
        self.progress.update(self.task, advance=1, detail=f"{entry.source_file}: {entry.outcome}")

    def node(self, name: str, status: str) -> None:
        self.progress.update(self.task, advance=1, detail=name)

    def wait(self, reason: str, seconds: float) -> None:
        if self.task is None:
            self.task = self.progress.add_task("Waiting", total=None, detail="")
        self.progress.update(self.task, detail=f"{reason}: trying again for {seconds:.0f} s")

    def _done(self) -> None:
        if self.task is not None:
            done = self.progress.tasks[self.task].completed or 1
            self.progress.update(self.task, total=done, completed=done, detail="")

    def close(self) -> None:
        """All steps are over."""
        self._done()


def run_night(
    home: Home,
    inbox: Path | None,
    sample: bool,
    quiet: bool,
    rebuild: bool = False,
    wait: float = 0,
    period: tuple[date, date] | None = None,
    engine: Engine | None = None,
) -> int:
    """Run a night with its progress and a closing table. Returns the exit code.

    `wait`: seconds to wait in all for what can pass by itself, first of all another night. Raises SampleHomeError where
    `sample` meets a home of real extracts, or a real night one of the sample's, and what keeps a night from beginning.
    """
    if sample:
        _write_sample(home)
    else:
        refuse_sample(home)
    run = NightRun(home, inbox, rebuild=rebuild, period=period, sample=sample, patience=wait, engine=engine)
    return drive(run, quiet, wait)


def drive(run: NightRun, quiet: bool, wait: float = 0) -> int:
    """Run a night, with its progress and a closing table. Returns the exit code. Raises as `run_night`."""
    console = Console(stderr=True, quiet=quiet)
    with Progress(
        SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), BarColumn(bar_width=20),
        TimeElapsedColumn(), TextColumn("{task.fields[detail]}", style="dim", markup=False), console=console, disable=quiet,
    ) as progress:  # fmt: skip
        drawn = run.listener = _Drawn(progress)
        stopped: BaseException | None = None
        try:
            with interrupted_by_sigterm():
                run.begin_within(wait)
                if not has_ended_early(run):
                    run_steps(run)
        except BaseException as error:
            stopped = error
        told = end_night(run, stopped)
        drawn.close()
    for line in told:
        if line != run.receipt_problem:
            _say(console, f"Alert: {line}", "yellow")
    if stopped and (run.receipt is None or isinstance(stopped, Exception)):
        raise stopped if isinstance(stopped, Exception) else RuntimeError("interrupted before the night began")
    if run.receipt is None:
        raise RuntimeError("the night ended without a receipt")
    _show_receipt(Console(quiet=quiet), run.receipt, run.receipt.seconds, run.home)
    for waits in read_editions(run.home).waiting:
        said = f"Edition {waits.name} is not printed until it is mended: {waits.problem}"
        _say(Console(stderr=True, quiet=quiet), said, "yellow")
    if run.period:
        _show_covered(Console(quiet=quiet), backfill.coverage_of(read_ledger(run.home), run.period), run.period)
    if run.receipt_problem:
        _say(Console(stderr=True), run.receipt_problem, "red")
    if run.receipt.outcome not in ("published", "unchanged"):
        _say(Console(stderr=True), _headline(run.receipt), "red")
        return 1
    if not_served := run.receipt.not_served:
        _say(Console(stderr=True), f"Published, but not in PostgreSQL, which serves what it served before. {not_served}", "red")
    return PUBLISHED_ONLY if not_served or run.receipt_problem else 0


def _show_covered(console: Console, found: list[backfill.Coverage], period: tuple[date, date]) -> None:
    table = Table(box=box.SIMPLE_HEAD, title=f"Covered of {period[0]} to {period[1]}", title_justify="left")
    for name in ("extract", "force", "days", "not available"):
        table.add_column(name, overflow="fold")
    for row in backfill.coverage_rows(found):
        table.add_row(*row)
    console.print(table)


def _write_sample(home: Home) -> None:
    from dagster_project.sample import write_sample

    mark = home.path / SAMPLE_MARK
    home.create()
    if not mark.exists():
        if read_ledger(home):
            raise SampleHomeError(f"{home.path} holds extracts already: give the sample a home of its own (--home DIR)")
        mark.write_text("This home holds made-up data.\n", encoding="utf-8")
    write_sample(home.inbox)


def _say(console: Console, text: str, style: str | None = None) -> None:
    """Print text as it is: names and reasons come from files, and may look like markup.

    A terminal gets lines that end between words, those that go on as far in as the text begins; a file or a pipe gets one line.
    """
    said = indented_message(text)
    if console.is_terminal:
        label = re.match(r" *(?:\S+(?: \S+)? {2,}|Quarantined )?", said)
        inset = " " * (label.end() if label else 0)
        lines = said.split("\n")
        said = "\n".join(fill(line, console.width, subsequent_indent=inset, break_on_hyphens=False) or line for line in lines)
    console.print(said, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)


def _headline(receipt: Receipt) -> str:
    if receipt.outcome == "held":
        return f"Night {receipt.night_id} is held back; the last publication stays. {receipt.reason}"
    if receipt.outcome == "failed":
        return f"Night {receipt.night_id} failed; the last publication stays. {receipt.reason}"
    if receipt.outcome == "unchanged":
        return f"Night {receipt.night_id} publishes nothing: {receipt.reason}"
    return f"Night {receipt.night_id} is published: {sum(receipt.figures.values()):,} figures in {len(receipt.figures)} marts"


def _show_receipt(console: Console, receipt: Receipt, seconds: dict[str, float], home: Home) -> None:
    by = {o: [f for f in receipt.files if f["outcome"] == o] for o in OUTCOMES}
    if by["accepted"]:
        names = {f["force_code"] for f in by["accepted"]}
        forces = [] if len(names) == 1 else ["force"]
        title = "Landed tonight" if forces else f"Landed tonight, {names.pop()}"
        table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, padding=(0, 1, 0, 0))
        # No word is broken: where there is little room, a cell takes more lines.
        table.add_column("extract", min_width=max(len(f["extract"]) for f in by["accepted"]))
        for name in forces:
            table.add_column(name, min_width=max(len(f["force_code"]) for f in by["accepted"]))
        table.add_column("covers", min_width=len("2025-12-31"))
        for name in ("landed", "quarantined", "repeats"):
            table.add_column(name, justify="right", no_wrap=True)
        for f in sorted(by["accepted"], key=lambda f: (f["extract"], f["force_code"], f["covered_from"])):
            table.add_row(
                f["extract"], *([f["force_code"]] if forces else []), f"{f['covered_from']} to {f['covered_to']}",
                f"{f.get('rows_landed', 0):,}", f"{f.get('rows_quarantined', 0):,}", f"{f.get('rows_duplicate', 0):,}",
            )  # fmt: skip
        console.print(table)
    for outcome in ("held", "refused"):
        for f in by[outcome]:
            _say(console, f"{outcome} {f['source_file']}: {f.get('reason', '')}", "yellow")
    for f in receipt.files:
        if (n := f.get("rows_ignored")) and f["outcome"] != "known":
            _say(console, f"{f['source_file']}: {n:,} row{'' if n == 1 else 's'} left out, as its mapping says (ignore)")
        if f.get("drift"):
            _say(console, f"drift {f['source_file']}: {'; '.join(f['drift'])}", "yellow")
        for column, values in (f.get("unknown_values") or {}).items():
            said = f"no list knows {f['extract']}.{column} of {f['source_file']}: {shown_values(values)}; see pam vocabulary"
            _say(console, said, "yellow")
    if not receipt.files:
        _say(console, "No new file.")
    _show_checks(console, receipt.checks)
    for extract, n in receipt.withdrawn.items():
        _say(console, f"{extract}: {n:,} rows withdrawn, listed in {home.nights / receipt.night_id}__withdrawn.csv")
    if served := receipt.postgres:
        outcomes = {"loaded": f"{served['rows']:,} rows loaded", "there already": "has it, or a newer one, already"}
        if served["outcome"] in outcomes:
            _say(console, f"PostgreSQL: {outcomes[served['outcome']]}" + (f"; {served['reason']}" if served["reason"] else ""))
    _say(console, "Time: " + ", ".join(f"{k} {v:.1f} s" for k, v in seconds.items()))
    if receipt.outcome in ("published", "unchanged"):
        _say(console, _headline(receipt), "green")
        _say(console, 'Ask it: pam query "select * from meta.extracts", or see pam status')


def _show_checks(console: Console, checks: list[dict[str, Any]]) -> None:
    failed = [c for c in checks if not c["passed"]]
    rules = {(c["severity"], c["rule"]) for c in failed}
    if checks:
        _say(console, f"Checks: {len(checks) - len(failed)} of {len(checks)} passed")
    for severity, rule in sorted(rules):
        own = [c for c in failed if (c["severity"], c["rule"]) == (severity, rule)]
        colour = "red" if severity == "critical" else "yellow"
        said = "; ".join(f"{c['subject']}: {c['found']}" for c in own[:4]) + (
            f"; and {len(own) - 4} more" if len(own) > 4 else ""
        )
        _say(console, f"{severity} {rule}: {said}", colour)
        _say(console, f"  {own[0]['reason']} {own[0]['advice']}", "dim")


def show_status(found: dict[str, Any]) -> None:
    """Print `status.status`'s answer for a person."""
    console = Console()
    published, last = found["published"], found["last_night"]
    _say(console, f"Home        {found['home']}")
    if published:
        figures = sum(published.get("figures", {}).values())
        at = published.get("finished_at", "a time that no receipt says")
        _say(console, f"Published   night {published['night_id']}, {figures:,} figures, at {at}")
    else:
        is_there = Path(found["home"]).is_dir()
        hint = "" if is_there else "there is no such folder (is --home, or PAM_HOME, the right one?); "
        _say(console, f"Published   nothing yet: {hint}`pam nightly` publishes a night")
    back = found["rolled_back"]
    if back:
        _say(console, f"Gone back   since {back['since']}, by {back['by']}: {back['why']}", "yellow")
        _say(console, "            The next night publishes the newest state again", "yellow")
    if last and last["outcome"] == "published" and back:
        _say(console, f"Last night  {last['night_id']} was published, and is kept: an earlier one is published again")
    elif last and last["outcome"] == "unchanged":
        _say(console, f"Last night  {last['night_id']} published nothing: {last['reason']}")
    elif last and (published is None or last["night_id"] != published["night_id"]):
        _say(console, f"Last night  {last['night_id']} was not published: {last['outcome']}: {last['reason']}", "red")
    nothing = f"nothing: every extract{' that is expected' if found['not_expected'] else ''} was dropped at least once"
    _say(console, "Missing     " + (", ".join(found["missing"]) or nothing))
    if found["not_expected"]:
        _say(console, f"Not sent    {', '.join(found['not_expected'])}, as pam.toml says ([extracts])")
    _lines(console, "Late", [f"{f['extract']} ({f['force_code']}): covered to {f['covered_to']}, {f['days_late']} days late"
                             for f in found["late"]])  # fmt: skip
    for name in ("held", "refused"):
        _lines(console, name.title(), [f"{f['source_file']}: {f['reason']}" for f in found[name]])
    _lines(console, "Quarantined", [f"{f['source_file']}: {f['rows']:,} rows: "
                                    + ", ".join(f"{n} {r}" for r, n in f["reasons"].items())
                                    for f in found["quarantined"]])  # fmt: skip
    archive = found["archive"]
    since = f" since {archive['oldest']}, {archive['bytes'] / 1e6:,.1f} MB" if archive["files"] else ""
    time = f"kept for {archive['kept_days']} days, {archive['erased']:,} erased"
    _lines(console, "Archive", [f"{archive['files']:,} files{since}; {time}"])
    _lines(console, "Withdrawn", [f"{x}: {n:,} rows" for x, n in found["withdrawn"].items()])
    _lines(console, "Drift", [f"{f['source_file']}: {'; '.join(f['drift'])}" for f in found["drift"]])
    if found["editions"]:
        _lines(console, "Editions", [f"editions/{e['problem']}: it is not printed until it is mended"
                                     for e in found["editions"]])  # fmt: skip
    _lines(console, "Unknown", found["unknown_values"])
    if found["mappings"]:
        _lines(console, "Mappings", [f"mappings/{m['file']}: {m['problem']}: files wait in the inbox until it is mended"
                                     for m in found["mappings"]])  # fmt: skip
    _lines(console, "Warnings", [f"{c['subject']}: {c['rule']}: {c['found']}" for c in found["warnings"]
                                 if c["rule"] != "freshness"])  # fmt: skip


def _lines(console: Console, name: str, lines: list[str]) -> None:
    for n, line in enumerate(lines or ["none"]):
        _say(console, f"{name if n == 0 else '':<11} {line}")


def show_publications(home: Home) -> None:
    """Print which nights are kept, the newest last, with what their receipts say of them."""
    from dagster_project.publishing.kept_nights import list_kept

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("night", "finished", "figures", "warnings", ""):
        table.add_column(name, justify="right" if name in ("figures", "warnings") else "left")
    nights = list_kept(home)
    for p in nights:
        r = p.receipt
        warned = sum(1 for c in r.checks if not c["passed"] and c["severity"] == "warning") if r else 0
        figures = f"{sum(r.figures.values()):,}" if r else ""
        said = "published" if p.is_published else "" if r else "no receipt in nights/"
        table.add_row(p.night_id, r.finished_at if r else "", figures, str(warned) if r else "", said)
    console = Console()
    if nights:
        console.print(table)
    else:
        _say(console, "No night is kept: each one that is published will be")


def show_comparison(found: "Comparison") -> None:
    """Print how figures made again stand to those of a published night."""
    import sys

    from dagster_project.nights.replay import COLUMNS
    from dagster_project.publishing.figure_diff import MARTS
    from dagster_project.serving import write_result

    console = Console()
    if not found.differing:
        _say(console, f"All {found.figures:,} figures are those of night {found.night_id}", "green")
        return
    _say(console, f"{found.differing:,} of {found.figures:,} figures are not those of night {found.night_id}:", "red")
    write_result(MARTS, found.marts, "table", sys.stdout)
    rows = [[", ".join(v) if isinstance(v, list) else v for v in row] for row in found.rows]
    write_result(COLUMNS, rows, "table", sys.stdout)
    _say(
        console,
        "Either a file landed that was not published then (`pam diff` names it), or the lists or the code are others than"
        " then, or somebody changed the published file or raw/",
    )


def say_alerts(found: list[dict[str, Any]]) -> None:
    """Print `alerts.overview`'s answer for a person."""
    console = Console()
    for m in found:
        _say(console, f"{m['at']}  {m['subject']}")
        for e in m["events"]:
            _say(console, f"  {e['what']}", "dim")
        for c in m["channels"]:
            if c["delivered"]:
                _say(console, f"  {c['channel']}: delivered at {c['delivered']}", "green")
            else:
                then = "the next night tries again" if c["waiting"] else "given up"
                _say(console, f"  {c['channel']}: not delivered ({c['error'] or 'not tried yet'}); {then}", "yellow")
        if not m["channels"]:
            _say(console, "  No alert sent: no contact set up in pam.toml", "yellow")
    if not found:
        _say(console, "No night has had anything to tell.")


def say_test(done: list[Any]) -> None:
    """Print what became of a test message, by channel."""
    console = Console()
    for d in done:
        _say(console, f"{d.channel}: not delivered: {d.error}" if d.error else f"{d.channel}: delivered",
             "red" if d.error else "green")  # fmt: skip
    if not done:
        _say(console, "pam.toml names no channel: see [alerts.email] in docs/how-to/run-nights.md", "yellow")
