"""`pam key`: shows and accepts the key that personal identifiers are hashed with."""

from typing import Annotated

import typer

from dagster_project.audit import record
from dagster_project.core.night_lock import locked
from dagster_project.landing import read_ledger
from dagster_project.landing.rows.pseudonyms import PseudonymKeyError, accept_key, changed_key
from dagster_project.landing.storage.earlier_decisions import Decisions

from .common import HOME, ByOption, HomeOption, make_group, option, require_home
from .echo import echo

ABOUT = "The key that identifiers are hashed with: show which one is used, or accept another."
key = make_group("key", help=ABOUT, no_args_is_help=True)


@key.command()
def show(home: HomeOption = HOME) -> None:
    """Show the fingerprint of the key that landed files were hashed with. It tells keys apart and does not reveal them."""
    require_home(home)
    echo(Decisions(read_ledger(home)).key_fingerprint or "no file with identifiers has landed yet")


@key.command()
def accept(
    why: Annotated[str, option("--why", "Why; it goes on record.")],
    by: ByOption = "",
    home: HomeOption = HOME,
) -> None:
    """Accept that the key has changed: the next night lands files under the present key.

    Records before and after the change can no longer be linked: the same person counts as two. In drug tests, whose rows have
    a hashed reference as their key, a newer file no longer replaces earlier rows one by one but takes them as withdrawn. To
    correct this, drop files again that cover the whole past.
    """
    if not why.strip():
        raise typer.BadParameter("is needed: it goes on record", param_hint="--why")
    require_home(home)
    earlier = Decisions(read_ledger(home)).key_fingerprint
    if earlier is None:
        raise PseudonymKeyError("no file with identifiers has landed yet: any key will do")
    with locked(home):
        key = changed_key(home, earlier)
        record(home, "alteration", what="pseudonym key", earlier=earlier, now=key.fingerprint, by=by, why=why)
        accept_key(home, earlier, key)
    echo(f"The key with fingerprint {key.fingerprint} is accepted in place of {earlier}.")
