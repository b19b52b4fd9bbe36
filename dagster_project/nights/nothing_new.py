"""Finds out whether anything that figures are made from has changed. If not, the published night stays."""

from pathlib import Path

from dagster_project.contracts import load_contracts
from dagster_project.core.checks import Check
from dagster_project.core.config import Config
from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Night, read_receipts
from dagster_project.core.seeds import force_names
from dagster_project.landing import find_files, read_ledger
from dagster_project.transform import candidate

from .erase_expired import expired_loads
from .steps import Built, Judged


def are_names_known(home: Home, inbox: Path) -> bool:
    """Whether the ledger knows the name of every file in the inbox."""
    names = {e.source_file for e in read_ledger(home)}
    return all(f.path.name in names for f in find_files(inbox, load_contracts(), force_names()))


def find_unchanged(night: Night, config: Config) -> tuple[str, Built, Judged] | None:
    """The published night's id, what was built for it and the gate's answers. None if a new night would differ, or would erase
    rows.
    """
    if expired_loads(night.home, load_contracts(), config.keep.years, night.today):
        return None
    nodes, published = candidate.published_nodes_if_unchanged(night.home), published_night(night.home)
    last = next((r for r in reversed(read_receipts(night.home)) if r.night_id == published), None)
    if nodes is None or last is None:
        return None
    return last.night_id, Built(tuple(nodes)), Judged(tuple(Check(**c) for c in last.checks))
