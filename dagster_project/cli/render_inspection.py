"""Shows inspected files at the terminal."""

from dagster_project.core.terminal_console import Console
from dagster_project.landing.plausibility import EVER
from dagster_project.landing.vocabulary import shown_values
from dagster_project.nights.dry_run import InspectedFile, TrialOutcome

from .render import _lines, _say

SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe"}


def show_inspected(found: list[InspectedFile], judged: TrialOutcome | None) -> None:
    """Print each file's part, then the gate's where it was asked."""
    console = Console()
    for n, one in enumerate(found):
        if n:
            _say(console, "")
        _show_file(console, one)
    if judged:
        _say(console, "")
        _show_gate(console, judged)


def _show_file(console: Console, one: InspectedFile) -> None:
    e = one.entry
    _say(console, str(one.file.path))
    outcome = f"{'is' if e.outcome == 'known' else 'would be'} {e.outcome}"
    _say(console, f"Outcome     {outcome}" + (f": {e.reason}" if e.reason else ""), "green" if one.fine else "yellow")
    if e.extract:
        window = f"{e.covered_from} to {e.covered_to}"
        said = "any window" if (e.covered_from, e.covered_to) == EVER else window
        at = f", extracted at {e.extracted_at}" if e.form == "canonical" else ", as data.police.uk publishes it"
        _say(console, f"Recognised  {e.extract} of {e.force_code}, {said}{at}")
    if one.name:
        _say(console, f"Name        {one.name} would do, where the file covers no other days")
    if e.encoding:
        separator = f", {SEPARATORS.get(e.delimiter, e.delimiter)} between fields" if e.delimiter else ""
        told = "" if f".{e.encoding}" == one.file.container else f", {e.encoding}"
        _say(console, f"Read as     {one.file.container}{told}{separator}")
    if e.mapping:
        _say(console, f"Mapping     {e.mapping}")
    if e.headers:
        mapped = one.mapped()
        _lines(console, "Columns", [f"{c} <- {h}{' (by the mapping)' if c in mapped else ''}" for c, h in e.headers.items()])
        _lines(console, "Not stored", [", ".join(e.unknown_columns)] if e.unknown_columns else [])
        _lines(console, "Missing", [", ".join(e.missing_columns)] if e.missing_columns else [])
        _lines(console, "Drift", e.drift)
        _lines(console, "Unknown", [f"{column}: {shown_values(values)}" for column, values in e.unknown_values.items()])
    ignored = f"; {e.rows_ignored:,} more are no records and left out" if e.rows_ignored else ""
    if e.rows_in_file is not None and e.outcome == "refused":
        _say(console, f"Rows        {e.rows_in_file:,} in the file{ignored}: none would land")
    elif e.rows_in_file is not None and e.outcome != "known":
        landed = "would land" if e.outcome == "accepted" else "would be stored and not count"
        _say(
            console,
            f"Rows        {e.rows_in_file:,} in the file: {e.rows_landed:,} {landed}, {e.rows_quarantined:,} quarantined,"
            f" {e.rows_duplicate:,} repeats{ignored}",
        )
        _lines(console, "Quarantined", [f"{n:,} {kind}" for kind, n in e.quarantine_reasons.items()])
        _lines(console, "Problems", [f"line {line}: {reasons}" for line, reasons in one.problems])
        if e.withheld:
            _lines(console, "Withheld", [f"{n:,} rows of {load}, which differ" for load, n in e.withheld.items()])
    for rule in one.rules:
        _say(console, f"Rule        {rule.column}: {rule.description}")
        _lines(console, "", [f"line {line}: {_shown(before)} -> {_shown(after)}" for line, before, after in rule.rows])
    if e.extract is None and one.name is None:
        _say(console, "Try         pam inspect FILE --extract EXTRACT --force FORCE says what it would do, whatever its name")


def _shown(text: str | None) -> str:
    return "(blank)" if text is None else text


def _show_gate(console: Console, judged: TrialOutcome) -> None:
    said = {"published": "a night with this would be published", "held": "a night with this would be held back",
            "failed": "a night with this would fail", "unchanged": "no other than without it"}[judged.outcome]  # fmt: skip
    reason = f": {judged.reason}" if judged.reason else ""
    _say(console, f"Gate        {said}{reason}", "green" if judged.fine else "red")
    for check in judged.checks:
        _say(console, f"  {check.severity} {check.subject}: {check.rule}: {check.found}", "red" if check.holds else "yellow")
        _say(console, f"    {check.reason} {check.advice}", "dim")
    if judged.standing:
        _say(console, f"  {len(judged.standing)} more fail as they did on the last night: pam status")
    if judged.outcome in ("published", "held"):
        moved = [f"{m}: {n['changed']:,} changed, {n['new']:,} new, {n['gone']:,} gone" for m, n in judged.figures.items()]
        _lines(console, "Figures", moved)
