"""Shows the state of the warehouse at the terminal, for `pam status`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster_project.core.check_results import message_of
from dagster_project.core.plurals import counted
from dagster_project.core.terminal_console import Console

from .common import NO_SUCH_HOME
from .echo import print_line, print_lines
from .render_night import by_reason


def show_status(state: dict[str, Any]) -> None:
    """Print the result of `nights.status.status`."""
    console = Console()
    print_line(console, f"Home        {state['home']}")
    _show_published(console, state)
    nothing = f"nothing: every extract{' that is expected' if state['not_expected'] else ''} was received at least once"
    print_line(console, "Missing     " + (", ".join(state["missing"]) or nothing))
    if state["not_expected"]:
        print_line(console, f"Not sent    {', '.join(state['not_expected'])}, as pam.toml says ([extracts])")
    late = [
        f"{f['extract']} ({f['force_code']}): covered to {f['covered_to']}, {counted(f['days_late'], 'day')} late"
        for f in state["late"]
    ]
    print_lines(console, "Late", late)
    not_covered = "no file covers these days: not available, not 0"
    print_lines(console, "Gaps", [f"{g['extract']} ({g['force_code']}): {g['days']}: {not_covered}" for g in state["gaps"]])
    for name in ("held", "retracted", "refused"):
        print_lines(console, name.title(), list(by_reason("", state[name])))
    if state["waiting"]:
        print_lines(console, "Waiting", list(by_reason("", state["waiting"])))
    print_lines(console, "Quarantined", [_quarantined(f) for f in state["quarantined"]])
    archive = state["archive"]
    since = f" since {archive['oldest']}, {archive['bytes'] / 1e6:,.1f} MB" if archive["files"] else ""
    retention = f"kept for {archive['kept_days']} days, {archive['erased']:,} erased"
    print_lines(console, "Archive", [f"{counted(archive['files'], 'file')}{since}; {retention}"])
    print_lines(console, "Withdrawn", [f"{x}: {counted(n, 'row')}" for x, n in state["withdrawn"].items()])
    print_lines(console, "Notes", [f"{f['source_file']}: {'; '.join(f['drift'])}" for f in state["drift"]])
    if state["editions"]:
        print_lines(console, "Editions", [f"editions/{e['problem']}: it is not printed until it is corrected"
                                     for e in state["editions"]])  # fmt: skip
    print_lines(console, "Unknown", state["unknown_values"])
    if state["without_areas"]:
        what = "no list of its units, so they count as Not recorded: put them in seeds/areas.csv of the home"
        print_lines(console, "Areas", [f"{f}: {what} (docs/reference/settings.md)" for f in state["without_areas"]])
    if state["mappings"]:
        print_lines(console, "Mappings", [f"mappings/{m['file']}: {m['problem']}: files wait in the inbox until it is corrected"
                                     for m in state["mappings"]])  # fmt: skip
    warnings = [f"{message_of(c)} [{c['rule']}]" for c in state["warnings"] if c["rule"] != "freshness"]
    print_lines(console, "Warnings", warnings or (["none but what is late"] if state["warnings"] else []))


def _show_published(console: Console, state: Mapping[str, Any]) -> None:
    """Print which night is published, whether an earlier one was put back, and what became of the last one if it is another."""
    published, last = state["published"], state["last_night"]
    if published:
        # A night that was killed once it was published has no receipt before the next one: its figures are all there.
        how = "whole, though it ended before its receipt was written: the next night writes it"
        if "finished_at" in published:
            how = f"{sum(published['figures'].values()):,} figures, at {published['finished_at']}"
        print_line(console, f"Published   night {published['night_id']}, {how}")
    else:
        hint = "" if Path(state["home"]).is_dir() else f"there is {NO_SUCH_HOME}; "
        print_line(console, f"Published   nothing yet: {hint}`pam nightly` publishes a night")
    if rollback := state["rolled_back"]:
        print_line(console, f"Rolled back since {rollback['since']}, by {rollback['by']}: {rollback['why']}", "yellow")
        print_line(console, "            The next night publishes the newest state again", "yellow")
    if last and last["outcome"] == "published" and rollback:
        print_line(console, f"Last night  {last['night_id']} was published, and is kept: an earlier one is published again")
    elif last and last["outcome"] == "unchanged":
        print_line(console, f"Last night  {last['night_id']} published nothing: {last['reason']}")
    elif last and last["outcome"] == "published" and (published is None or last["night_id"] != published["night_id"]):
        what = "was published, and its publication is not in this home: `pam replay` makes it again"
        print_line(console, f"Last night  {last['night_id']} {what}", "yellow")
    elif last and (published is None or last["night_id"] != published["night_id"]):
        print_line(console, f"Last night  {last['night_id']} was not published: {last['outcome']}: {last['reason']}", "red")
        if last["outcome"] == "held":
            print_line(console, "            What to do: pam checks", "red")
    if (night := state["unfinished"]) and night["is_under_way"]:
        print_line(console, f"Under way   night {night['night_id']}, since {night['started_at']}")
    elif night and (published is None or night["night_id"] != published["night_id"]):
        what = "ended without a receipt. Nothing has to be cleaned up: pam nightly"
        print_line(console, f"Killed      night {night['night_id']}, which began at {night['started_at']}, {what}", "red")


def _quarantined(file: Mapping[str, Any]) -> str:
    """A file's rows in quarantine. A check warns of them only in the night that lands it: later only this says that figures
    may be too low."""
    rows, in_file = file["rows"], file["rows_in_file"] or 0
    share = f" of {in_file:,} ({rows / in_file:.1%})" if in_file else ""
    kinds = ", ".join(f"{n} {kind}" for kind, n in file["reasons"].items())
    return f"{file['source_file']}: {counted(rows, 'row')}{share}: {kinds}"
