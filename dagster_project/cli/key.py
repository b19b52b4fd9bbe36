"""Commands about the key of the pseudonyms."""

from typing import Annotated

import typer

from dagster_project.core.home import Home

from .common import ByOption, HomeOption, app, explained
from .echo import echo

key = typer.Typer(
    help="The key that identifiers are hashed with: which one is used, and accepting another.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(key, name="key")


@key.command()
def show(home: HomeOption = None) -> None:
    """Show the fingerprint of the key that landed files were hashed with. It tells keys apart, and tells nothing of them."""
    from dagster_project.landing import read_ledger
    from dagster_project.landing.known_files import Decisions

    with explained():
        used = Decisions(read_ledger(Home.of(home))).key_fingerprint
        echo(used or "no file with identifiers has landed yet")


@key.command()
def accept(
    why: Annotated[str, typer.Option("--why", help="Why; it goes on record.")],
    by: ByOption = "",
    home: HomeOption = None,
) -> None:
    """Accept that the key has changed: the next night lands files under the one that there is now.

    Nobody can be linked over the change any more: a person before it and after it are two, and where a reference that is
    hashed is the key of a row (drug tests), a newer file no longer replaces its earlier rows one by one but takes them for
    withdrawn. Drop files anew that cover the whole past, and it is made good.
    """
    from dagster_project.audit import record
    from dagster_project.core.receipts import locked
    from dagster_project.landing import read_ledger
    from dagster_project.landing.known_files import Decisions
    from dagster_project.landing.pseudonyms import PseudonymKeyError, accept_key

    if not why.strip():
        raise typer.BadParameter("is needed: it goes on record", param_hint="--why")
    with explained():
        where = Home.of(home)
        used = Decisions(read_ledger(where)).key_fingerprint
        if used is None:
            raise PseudonymKeyError("no file with identifiers has landed yet: any key will do")
        with locked(where):
            now = accept_key(where, used)
            record(where, "alteration", what="pseudonym key", earlier=used, now=now.fingerprint, by=by, why=why)
        echo(f"The key with fingerprint {now.fingerprint} is accepted in place of {used}.")
