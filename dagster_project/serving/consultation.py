"""Puts on record who consults the warehouse and why, before anything is shown."""

import os

from dagster_project.audit import record, shape_of
from dagster_project.core.config import read_config
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.permissions import refuse_open

from .known_names import names_of


class ReasonError(PamError, ValueError):
    """The settings ask for a reason, and none is given."""


def consulted(home: Home, reason: str = "", *, by: str, asked: str = "", **facts: object) -> None:
    """Put a consultation on record: `by` which command, and `asked` which query, without the values in it.

    A member of the group that may read what is published can't write in the home: that reading is the file's to grant, and
    is not on record. Raises ReasonError, OpenHomeError, AuditKeyError and OSError.
    """
    if not has_record(home):
        return
    refuse_open(home)
    if not reason.strip() and read_config(home).audit.reasons == "required":
        raise ReasonError(f"say why, with --why (or `reason` of connect()): {home.config_file.name} asks for it")
    record(home, "consultation", by=by, why=reason.strip(), asked=_shape(home, asked), **facts)


def disclosed(home: Home, reason: str = "", *, by: str, what: str, to: str, asked: str = "", **facts: object) -> None:
    """Put on record that `what` goes to a file, `to`; for the same readers, and in the same words, as `consulted`."""
    if has_record(home):
        record(home, "disclosure", what=what, to=to, by=by, why=reason.strip(), asked=_shape(home, asked), **facts)


def _shape(home: Home, asked: str) -> str:
    return shape_of(asked, names_of(home)) if asked.strip() else ""


def has_record(home: Home) -> bool:
    """Whether what this process asks of a home is on record: whether it may write there."""
    return home.path.is_dir() and os.access(home.path, os.W_OK)
