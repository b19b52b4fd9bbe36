"""The report pack."""

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.core.home import Home

from .common import HomeOption, ReasonOption, app, explained
from .echo import echo


@app.command()
def report(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder to write. An earlier report there is replaced.", show_default=False)
    ],
    edition: Annotated[
        str | None, typer.Option("--edition", help="Which edition, such as 2026-03. (default: the newest)", show_default=False)
    ] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", help="Formats, with commas between: html, csv, xlsx, docx.")
    ] = "html,csv,xlsx,docx",
    public: Annotated[
        bool, typer.Option("--public", help="The form for the public: figures of marts_public alone, [c] where it has none.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the folder, although it holds other things.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")] = False,
    reason: ReasonOption = "",
    home: HomeOption = None,
) -> None:
    """Write an edition of the report from the published night: pages with charts, CSVs, a workbook and a document.

    Nothing is fetched from anywhere. The folder appears whole or not at all.

    Example: pam report --edition 2026-03 --out report/

    Example: pam report --out report/ --format html,csv

    Example: pam report --public --out for-the-public/
    """
    from dagster_project.core.receipts import holds_made_up
    from dagster_project.editions import read_editions
    from dagster_project.reporting.pack import write_pack
    from dagster_project.serving import connect
    from dagster_project.serving.consultation import disclosed, has_record

    def said(text: str) -> None:
        if not quiet:
            echo(text, err=True)

    forms = [f.strip() for f in form.split(",") if f.strip()]
    if not forms:
        raise typer.BadParameter("names no format", param_hint="--format")
    with explained():
        where = Home.of(home)
        chosen = read_editions(where).named(edition)
        con = connect(where, reason, by="pam report")
        try:
            said(f"Edition {chosen.edition}, {chosen.title}")
            sample = holds_made_up(where)
            target = out.expanduser().absolute()
            shape = "public form" if public else "exact"
            what = f"edition {chosen.edition}, {shape}: {', '.join(forms)}"
            disclosed(where, reason, by="pam report", what=what, to=str(target))
            # Who may read what is published and no more has neither the night's rows nor its pictures.
            own = where if has_record(where) else None
            pack = write_pack(
                con, chosen, target, forms, home=own, is_sample=sample, overwrite=replace, public=public, said=said
            )
        finally:
            con.close()
        said(f"{pack.data_status} Night {pack.night_id}.")
        echo(str(target / "index.html" if "html" in forms else target))
