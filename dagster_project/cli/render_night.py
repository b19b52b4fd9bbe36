"""Shows a night at the terminal: what landed, the checks that failed, and how it ended."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
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
from dagster_project.landing.storage.erase_unused import WITHDRAWN_LIST
from dagster_project.landing.storage.vocabulary import SHOWN_BY, how_many

from .echo import print_line

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
