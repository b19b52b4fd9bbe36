"""`pam release`, `pam retract` and `pam quarantine`: held files, files accepted wrongly, and quarantined rows."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dagster_project.contracts import load_contracts
from dagster_project.core.plurals import counted
from dagster_project.landing.release_held import held_files
from dagster_project.landing.release_held import release as release_held
from dagster_project.landing.retract import erase
from dagster_project.landing.retract import retract as retract_file
from dagster_project.landing.storage import quarantine_export as store
from dagster_project.landing.storage.quarantine_export import ABOUT, QuarantinedFile, columns_of_export
from dagster_project.serving import record_consultation, write_result
from dagster_project.serving.recorded_access import record_disclosure
from dagster_project.serving.typed_names import UnknownNameError, force_named

from .common import HOME, WHY, ByOption, FormOption, HomeOption, app, option, require_home
from .echo import echo


@app.command()
def release(
    file: Annotated[
        str | None,
        typer.Argument(help="The held or retracted file's name or load id, or its beginning. Without it, they are listed."),
    ] = None,
    why: Annotated[str, option("--why", "Why the file is right. It goes into the ledger.")] = "",
    by: ByOption = "",
    home: HomeOption = HOME,
) -> None:
    """Release a held or retracted file: it counts from the next night on, and the ledger says who released it and why.

    Example: pam release crimes__derbyshire__2026-01-01 --why "the export really has no rows: system was down"
    """
    require_home(home)
    if file is None:
        held = held_files(home)
        for e in held:
            echo(f"{e.load_id}  {e.source_file}, landed {e.landed_at[:10]}: {e.reason}")
        for e in held_files(home, "retracted"):
            echo(f"{e.load_id}  {e.source_file}: {e.reason}")
        echo(f'{len(held)} held; `pam release FILE --why "..."` releases one' if held else "No file is held", err=True)
        return
    if not why.strip():
        raise typer.BadParameter("say why the file is right", param_hint="--why")
    entry = release_held(home, file, by=by, why=why.strip())
    echo(
        f"{entry.source_file} is accepted as it is, with {counted(entry.rows_landed or 0, 'row')}."
        " Its figures come with the next night: `pam nightly`"
    )


@app.command()
def retract(
    file: Annotated[str, typer.Argument(help="The accepted or held file's name or load id, or its first characters.")],
    why: Annotated[str, option("--why", "Why the file is wrong. It goes into the ledger. No personal data here.")],
    is_erased: Annotated[
        bool, option("--erase", "Erase a retracted or held file's rows, quarantine and originals for good.")
    ] = False,
    by: ByOption = "",
    home: HomeOption = HOME,
) -> None:
    """Take back a file that is wrong, accepted or held: from the next night on, it is as if it had never come.

    Its rows stay in raw/ and do not count, and its days are not covered by it. The ledger says who retracted it and why. pam
    release lets it count again. A held file needs this only if no newer file will replace it. --erase needs a published night
    without the file.

    Example: pam retract incidents__derbyshire__2026-01-01__2026-11-28 --why "the window is too wide: it has January alone"
    """
    if not why.strip():
        raise typer.BadParameter("say why the file is wrong", param_hint="--why")
    require_home(home)
    if is_erased:
        e, erasures = erase(home, file, by=by, why=why.strip())
        echo(f"{e.source_file} (load {e.load_id}): {counted(len(erasures), 'file')} erased, on record")
        for erasure in erasures:
            echo(f"  {erasure.kind}: {erasure.archived}")
        return
    e = retract_file(home, file, by=by, why=why.strip())
    echo(
        f"{e.source_file} (load {e.load_id}, {e.covered_from} to {e.covered_to}, {counted(e.rows_landed or 0, 'row')}) is"
        " retracted. If it counted, its figures go with the next night: `pam nightly`"
    )


@app.command()
def quarantine(
    extract: Annotated[str | None, option("--extract", "Only of this extract.")] = None,
    force: Annotated[str | None, option("--force", "Only of this force, by code or name.")] = None,
    reason: Annotated[
        str, option("--reason", "Only rows with this text in their reasons. Why you need the rows is --why.")
    ] = "",
    every: Annotated[bool, option("--all", "Also rows of files that a newer one has replaced.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="Rows to show in a table; 0 shows all.", min=0)] = 20,
    form: FormOption = "table",
    out: Annotated[
        Path | None,
        option("--out -o", "Write all rows to this folder, a CSV for each extract and force, to be corrected.",
               file_okay=False),
    ] = None,
    why: Annotated[str, option("--why", WHY, envvar="PAM_REASON")] = "",
    home: HomeOption = HOME,
) -> None:  # fmt: skip
    """Show the rows in quarantine: file, line, every reason, and the row as delivered (identifiers as hashes).

    Rows leave quarantine when they are corrected at the source and a newer file has them.
    """
    if extract and extract not in load_contracts():
        raise typer.BadParameter(f"{extract!r} is none of {', '.join(load_contracts())}", param_hint="--extract")
    try:
        force = force and force_named(force)
    except UnknownNameError as error:
        raise typer.BadParameter(str(error), param_hint="--force") from error
    require_home(home)
    record_consultation(home, why, by="pam quarantine", extract=extract, force_code=force)
    files = [
        f for f in store.quarantined_files(home, all_files=every)
        if extract in (None, f.entry.extract) and force in (None, f.entry.force_code)
    ]  # fmt: skip
    rows = store.quarantined_rows(home, files, reason)
    all_rows = [row for group in rows.values() for row in group]
    if out is not None:
        for group in rows:
            to = str(store.path_of_export(out.absolute(), *group))
            record_disclosure(home, why, by="pam quarantine", what="quarantine", to=to)
        for path in store.export(out, rows):
            echo(path)
    elif form == "table" and not files:
        echo(f"No {'such ' if extract or force else ''}row is in quarantine.")
    elif form == "table":
        _show(files, all_rows, limit)
    else:
        write_result([*store.ABOUT, "row"], [(*row[:5], _text(row)) for row in all_rows], form, sys.stdout)
    missing = sum(f.rows for f in files) - len(all_rows)
    if missing > 0 and not reason:
        echo(f"pam: {counted(missing, 'row')} missing in the quarantine folder; the ledger still counts them", err=True)


def _text(row: tuple[Any, ...]) -> str:
    """A row's own columns as JSON, without blank ones."""
    cells = dict(zip(columns_of_export(row[0])[len(ABOUT) :], row[len(ABOUT) :], strict=True))
    return json.dumps({k: v for k, v in cells.items() if v is not None}, ensure_ascii=False)


def _show(files: list[QuarantinedFile], rows: list[tuple[Any, ...]], limit: int) -> None:
    write_result(
        ["extract", "force", "file", "rows", "reasons"],
        [(f.entry.extract, f.entry.force_code, f.entry.source_file, f.rows,
          ", ".join(f"{n} {r}" for r, n in sorted(f.reasons.items(), key=lambda item: -item[1]))) for f in files],
        "table", sys.stdout,
    )  # fmt: skip
    shown = rows[: limit or None]
    write_result(["file", "line", "reasons", "row"], [(*row[2:5], _text(row)) for row in shown], "table", sys.stdout)
    if len(shown) < len(rows):
        echo(f"{len(rows) - len(shown):,} more: --limit 0 shows all, --out DIR writes them")
