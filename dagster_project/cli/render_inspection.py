"""Shows at the terminal what inspected files would do."""

from dagster_project.core.plurals import counted
from dagster_project.core.terminal_console import Console
from dagster_project.landing.inbox.file_names import EVER
from dagster_project.landing.refusal import is_waiting
from dagster_project.landing.storage.quarantine_export import describe_problems
from dagster_project.landing.storage.vocabulary import shown_values
from dagster_project.nights.dry_run import InspectedFile, TrialOutcome

from .echo import print_line, print_lines

SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe"}


def show_inspected(inspected: list[InspectedFile], trial: TrialOutcome | None) -> None:
    """Print each file, then the gate's result if there is one."""
    console = Console()
    for n, inspected_file in enumerate(inspected):
        if n:
            print_line(console, "")
        _show_file(console, inspected_file)
    if trial:
        print_line(console, "")
        _show_gate(console, trial)


def _show_file(console: Console, item: InspectedFile) -> None:
    e = item.entry
    print_line(console, str(item.file.path))
    outcome = "would wait" if is_waiting(e.reason) else f"{'is' if e.outcome == 'known' else 'would be'} {e.outcome}"
    print_line(console, f"Outcome     {outcome}" + (f": {e.reason}" if e.reason else ""), "green" if item.fine else "yellow")
    if e.extract:
        window = f"{e.covered_from} to {e.covered_to}"
        window = "any window" if (e.covered_from, e.covered_to) == EVER else window
        extraction = f", extracted at {e.extracted_at}" if e.form == "canonical" else ", as data.police.uk publishes it"
        print_line(console, f"Recognised  {e.extract} of {e.force_code}, {window}{extraction}")
    if item.name:
        print_line(console, f"Name        {item.name} would do, if the file covers no other days")
    if e.encoding:
        separator = f", {SEPARATORS.get(e.delimiter, e.delimiter)} between fields" if e.delimiter else ""
        encoding = "" if f".{e.encoding}" == item.file.container else f", {e.encoding}"
        print_line(console, f"Read as     {item.file.container}{encoding}{separator}")
    if e.mapping:
        print_line(console, f"Mapping     {e.mapping}")
    if e.headers:
        mapped = item.mapped()
        print_lines(
            console, "Columns", [f"{c} <- {h}{' (by the mapping)' if c in mapped else ''}" for c, h in e.headers.items()]
        )
        print_lines(console, "Not stored", [", ".join(e.unknown_columns)] if e.unknown_columns else [])
        print_lines(console, "Missing", [", ".join(e.missing_columns)] if e.missing_columns else [])
        print_lines(console, "Notes", e.drift)
        print_lines(console, "Unknown", [f"{column}: {shown_values(values)}" for column, values in e.unknown_values.items()])
    no_records = "is no record and is" if e.rows_ignored == 1 else "are no records and are"
    ignored = f"; {e.rows_ignored:,} more {no_records} left out" if e.rows_ignored else ""
    if e.rows_in_file is not None and e.outcome == "refused":
        print_line(console, f"Rows        {e.rows_in_file:,} in the file{ignored}: none would land")
    elif e.rows_in_file is not None and e.outcome != "known":
        landed = "would land" if e.outcome == "accepted" else "would be stored and not count"
        print_line(
            console,
            f"Rows        {e.rows_in_file:,} in the file: {e.rows_landed:,} {landed}, {e.rows_quarantined:,} quarantined,"
            f" {e.rows_duplicate:,} repeats{ignored}",
        )
        print_lines(console, "Quarantined", [f"{n:,} {kind}" for kind, n in e.quarantine_reasons.items()])
        print_lines(console, "Problems", describe_problems(item.problems))
        if e.withheld:
            print_lines(console, "Withheld", [f"{counted(n, 'row')} of {load}, which differ" for load, n in e.withheld.items()])
    for rule in item.rules:
        print_line(console, f"Rule        {rule.column}: {rule.description}")
        print_lines(console, "", [f"line {line}: {_shown(before)} -> {_shown(after)}" for line, before, after in rule.rows])
    if e.extract is None and item.name is None:
        print_line(console, "Try         pam inspect FILE --extract EXTRACT --force FORCE, which ignores the name")


def _shown(text: str | None) -> str:
    return "(blank)" if text is None else text


def _show_gate(console: Console, trial: TrialOutcome) -> None:
    result = {"published": "a night with this would be published", "held": "a night with this would be held back",
            "failed": "a night with this would fail", "unchanged": "the same night as without it"}[trial.outcome]  # fmt: skip
    reason = f": {trial.reason}" if trial.reason else ""
    print_line(console, f"Gate        {result}{reason}", "green" if trial.fine else "red")
    for check in trial.checks:
        print_line(console, f"  {check.severity}  {check.message} [{check.rule}]", "red" if check.holds else "yellow")
        print_line(console, f"    {check.reason} {check.advice}", "dim")
    if trial.standing:
        print_line(console, f"  {len(trial.standing)} more fail, as on the last night: pam status")
    if trial.outcome in ("published", "held"):
        changes = [f"{m}: {n['changed']:,} changed, {n['new']:,} new, {n['gone']:,} gone" for m, n in trial.figures.items()]
        print_lines(console, "Figures", changes)
