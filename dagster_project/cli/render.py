"""Shows a night, and the state of the warehouse, at the terminal."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from dagster_project.core.check_results import advice_of, message_of
from dagster_project.core.home import Home
from dagster_project.core.plurals import counted
from dagster_project.core.receipts import Receipt
from dagster_project.core.terminal_console import Console
from dagster_project.landing.refusal import is_waiting
from dagster_project.landing.same_rows_again import MAPPING_CHANGED
from dagster_project.landing.storage.retention import WITHDRAWN_LIST
from dagster_project.landing.storage.vocabulary import SHOWN_BY, how_many
from dagster_project.nights.replay import COLUMNS, NightComparison
from dagster_project.publishing.figure_diff import MARTS
from dagster_project.publishing.publications import list_kept
from dagster_project.serving import write_result

from .common import NO_SUCH_HOME
from .echo import print_line, print_lines

MAX_FILES = 100
"""Files that are named below a reason."""


def headline(receipt: Receipt, home: Home) -> str:
    if receipt.outcome in ("held", "failed"):
        is_held = receipt.outcome == "held"
        ended = "is held back" if is_held else "failed"
        stands = "the last publication stays" if home.warehouse.exists() else "nothing is published yet"
        todo = ". What to do: pam checks" if is_held else ""
        return f"Night {receipt.night_id} {ended}; {stands}. {receipt.reason}{todo}"
    if receipt.outcome == "unchanged":
        return f"Night {receipt.night_id} publishes nothing: {receipt.reason}"
    figures, marts = sum(receipt.figures.values()), counted(len(receipt.figures), "mart")
    return f"Night {receipt.night_id} is published: {figures:,} figures in {marts}"


def show_receipt(console: Console, receipt: Receipt, home: Home, found_none: bool = False) -> None:
    """`found_none`: landing has looked at the whole inbox, and there was no new file."""
    _show_landed(console, [f for f in receipt.files if f["outcome"] == "accepted"])
    _show_not_landed(console, receipt.files)
    _show_left_out(console, receipt.files)
    _show_notes(console, receipt.files)
    if found_none:
        print_line(console, "No new file.")
    _show_checks(console, receipt)
    for extract, n in receipt.withdrawn.items():
        listed = home.nights / f"{receipt.night_id}{WITHDRAWN_LIST}"
        print_line(console, f"{extract}: {counted(n, 'row')} withdrawn, listed in {listed}")
    if load := receipt.postgres:
        outcomes = {"loaded": f"{counted(load['rows'], 'row')} loaded", "there already": "has it, or a newer one, already"}
        if load["outcome"] in outcomes:
            reason = f"; {load['reason']}" if load["reason"] else ""
            print_line(console, f"PostgreSQL: {outcomes[load['outcome']]}{reason}")
    print_line(console, "Time: " + ", ".join(f"{k} {v:.1f} s" for k, v in receipt.seconds.items()))
    if receipt.outcome in ("published", "unchanged"):
        print_line(console, headline(receipt, home), "green")
        print_line(console, 'Query it: pam query "select * from meta.extracts", or see pam status')


def _show_landed(console: Console, files: Sequence[Mapping[str, Any]]) -> None:
    """A table of the files that landed, with the force in each row if there are several."""
    if not files:
        return
    names = {f["force_code"] for f in files}
    forces = ("force",) if len(names) > 1 else ()
    title = "Landed tonight" if forces else f"Landed tonight, {names.pop()}"
    # No word is broken: in a terminal of 80 columns the days take more lines, and long names leave room for the numbers.
    between = 0 if forces else 1
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, padding=(0, between, 0, 0))
    for name in ("extract", *forces):
        table.add_column(name, no_wrap=True)
    table.add_column("covers", min_width=len("2025-12-31"))
    for name in ("landed", "quarantined", "repeats"):
        table.add_column(name, justify="right", no_wrap=True)
    for f in sorted(files, key=lambda f: (f["extract"], f["force_code"], f["covered_from"])):
        table.add_row(
            f["extract"], *([f["force_code"]] if forces else []), f"{f['covered_from']} to {f['covered_to']}",
            f"{f.get('rows_landed', 0):,}", f"{f.get('rows_quarantined', 0):,}", f"{f.get('rows_duplicate', 0):,}",
        )  # fmt: skip
    console.print(table)


def _show_not_landed(console: Console, files: Sequence[Mapping[str, Any]]) -> None:
    """The files that were held or refused, or wait. One that is known is shown only if somebody may expect that it is read
    again."""
    shown: dict[str, list[Mapping[str, Any]]] = {}
    for f in files:
        if f["outcome"] != "known" or MAPPING_CHANGED in (f.get("reason") or ""):
            shown.setdefault("waiting" if is_waiting(f.get("reason")) else f["outcome"], []).append(f)
    for label in ("held", "refused", "waiting", "known"):
        for line in by_reason(f"{label} ", shown.get(label, [])):
            print_line(console, line, "yellow")


def _show_left_out(console: Console, files: Sequence[Mapping[str, Any]]) -> None:
    """The rows that mappings leave out. Files of one extract share a line: a first night may have years of monthly files."""
    left_out: dict[tuple[str, str, int], list[str]] = {}
    for f in files:
        if (n := f.get("rows_ignored")) and f["outcome"] != "known":
            left_out.setdefault((f["extract"], f["force_code"], n), []).append(f["source_file"])
    for (extract, _, n), (name, *others) in left_out.items():
        where, its = (f"{name} and {len(others):,} more of {extract}, each", "their") if others else (name, "its")
        print_line(console, f"{where}: {counted(n, 'row')} left out, as {its} mapping says (ignore)")


def _show_notes(console: Console, files: Sequence[Mapping[str, Any]]) -> None:
    """What landing noted on each file, and how many values no list has. Those of a held file are in its reason."""
    unknown: dict[str, tuple[list[str], set[str]]] = {}
    for f in files:
        if f.get("drift"):
            print_line(console, f"note {f['source_file']}: {'; '.join(f['drift'])}", "yellow")
        for column, values in (f.get("unknown_values") or {}).items() if f["outcome"] != "held" else ():
            in_files, of_files = unknown.setdefault(f"{f['extract']}.{column} of {f['force_code']}", ([], set()))
            in_files.append(f["source_file"])
            of_files.update(values)
    for name, (in_files, of_files) in unknown.items():
        where = in_files[0] if len(in_files) == 1 else counted(len(in_files), "file")
        # How many, and not which: what a night prints may be kept in a log.
        print_line(console, f"no list has {name}, in {where}: {how_many(of_files)}; {SHOWN_BY}", "yellow")


def by_reason(label: str, files: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each reason, which begins with `label` and the file that has it. Where several have it, as of a history that
    is dropped at once, it begins with their number, and a second line names them."""
    names: dict[str, list[str]] = {}
    for f in files:
        names.setdefault(f.get("reason") or "", []).append(f["source_file"])
    for reason, own in names.items():
        has_several = len(own) > 1
        yield f"{label}{counted(len(own), 'file') if has_several else own[0]}: {reason}"
        if has_several:
            more = f" and {len(own) - MAX_FILES} more (pam status --json)" if len(own) > MAX_FILES else ""
            yield f"  {', '.join(own[:MAX_FILES])}{more}"


def _quarantined(file: Mapping[str, Any]) -> str:
    """A file's rows in quarantine. A check warns of them only in the night that lands it: later only this says that figures
    may be too low."""
    rows, in_file = file["rows"], file["rows_in_file"] or 0
    share = f" of {in_file:,} ({rows / in_file:.1%})" if in_file else ""
    kinds = ", ".join(f"{n} {kind}" for kind, n in file["reasons"].items())
    return f"{file['source_file']}: {counted(rows, 'row')}{share}: {kinds}"


def _show_checks(console: Console, receipt: Receipt) -> None:
    if receipt.checks:
        passed = sum(c["passed"] for c in receipt.checks)
        print_line(console, f"Checks: {passed} of {len(receipt.checks)} passed")
        show_failed(console, receipt.checks, receipt.night_id, most=4)


def show_failed(console: Console, checks: Iterable[Mapping[str, Any]], night_id: str, most: int | None = None) -> None:
    """Print the failed checks of a night by rule: what is wrong, then once why the rule is there and what to do.

    `most`: at most so many warnings of a rule. What holds the night is all shown: a person decides on each.
    """
    failed = sorted(
        (c for c in checks if not c["passed"]),
        # What was skipped because of another comes after it.
        key=lambda c: (c["severity"], c["found"].endswith("skipped"), c["rule"], c["subject"]),
    )
    for (severity, rule, why, advice), group in groupby(
        failed, lambda c: (c["severity"], c["rule"], c["reason"], advice_of(c, night_id))
    ):
        of_rule = list(group)
        colour = "red" if severity == "critical" else "yellow"
        shown = of_rule if severity == "critical" else of_rule[:most]
        for c in shown:
            print_line(console, f"{severity.title():<8}  {message_of(c)} [{rule}]", colour)
        if len(of_rule) > len(shown):
            print_line(console, f"{'':<8}  and {len(of_rule) - len(shown)} more of this rule: pam checks shows them", colour)
        print_line(console, f"{'':<8}  {why} {advice}", "dim")


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


def show_alerts(messages: list[dict[str, Any]]) -> None:
    """Print the result of `alerts.overview`."""
    console = Console()
    for m in messages:
        print_line(console, f"{m['at']}  {m['subject']}")
        for e in m["events"]:
            print_line(console, f"  {e['what']}", "dim")
        for c in m["channels"]:
            if c["delivered"]:
                print_line(console, f"  {c['channel']}: delivered at {c['delivered']}", "green")
            else:
                note = "the next night tries again" if c["waiting"] else "given up"
                print_line(console, f"  {c['channel']}: not delivered ({c['error'] or 'not tried yet'}); {note}", "yellow")
        if not m["channels"]:
            print_line(console, "  No alert sent: no contact set up in pam.toml", "yellow")
    if not messages:
        print_line(console, "No night has had a reason for an alert.")


def show_test(errors: dict[str, str | None]) -> None:
    """Print whether a test message was delivered, by channel."""
    console = Console()
    for channel, error in errors.items():
        print_line(console, f"{channel}: {f'not delivered: {error}' if error else 'delivered'}", "red" if error else "green")
    if not errors:
        print_line(console, "pam.toml names no channel: see [alerts.email] in docs/how-to/run-nights.md", "yellow")
