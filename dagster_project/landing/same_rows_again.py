"""A file whose rows or whose extraction the home knows: what was decided before, or why it is refused."""

from dataclasses import replace

from dagster_project.contracts import Contract

from .formats.containers import Manifest, StoredFile
from .inbox.inbox_files import check_unchanged
from .landing_session import LandingSession
from .opening.file_facts import FileFacts
from .read_file_rows import RowCounts
from .refusal import Refused
from .rows.file_table import FileTable
from .storage import raw_store
from .storage.ledger import LedgerEntry
from .storage.raw_store import load_of

MAPPING_CHANGED = "It was read with another mapping, or with none"
"""In the reason of a known file whose mapping has changed since: the command line finds it by these words, and shows it."""
NEWER_TIME = "in its name, or, where a mapped name has none, by saving the file anew"


def find_same_rows(session: LandingSession, facts: FileFacts, file_table: FileTable, counts: RowCounts) -> LedgerEntry | None:
    """The earlier load with the same rows in other bytes (another container or encoding), or None."""
    rival = session.decisions.same_extraction(facts.file)
    for earlier in [rival] if rival else session.decisions.newest(facts.file, not file_table.contract.key):
        if _has_rows_of(session, earlier, file_table, counts):
            return earlier
    return None


def known_again(facts: FileFacts, earlier: LedgerEntry, stored: StoredFile, manifest: Manifest) -> LedgerEntry:
    """The entry of a file with the content of an earlier one. Raises Refused if it changed meanwhile, or its manifest says
    otherwise."""
    check_unchanged(facts.file, stored.state)
    manifest.check_rows(earlier.rows_in_file, earlier.rows_ignored)
    reason = f"the same as {earlier.source_file}, {earlier.outcome} on {earlier.landed_at[:10]}: nothing changes"
    if earlier.mapping != facts.mapping:
        reason += f". {MAPPING_CHANGED}: to have it read with today's, drop it again under a newer time ({NEWER_TIME})"
    # The stored rows were read with the mapping of that time.
    facts = replace(facts, mapping=earlier.mapping, rows_in_file=earlier.rows_in_file, rows_ignored=earlier.rows_ignored)
    return facts.entry("known", reason, load_id=earlier.load_id)


def refuse_retracted(session: LandingSession, facts: FileFacts, file_table: FileTable, counts: RowCounts) -> None:
    """Raise Refused for a file that a person has retracted, in whatever container it comes again."""
    for retracted in session.decisions.retracted(facts.file):
        if retracted.sha256 == facts.sha256 or _has_rows_of(session, retracted, file_table, counts):
            remedy = f"pam release {retracted.load_id}"
            if retracted.mapping != facts.mapping:
                remedy += "; to read it with another mapping, drop it as a newer extraction"
            raise Refused(f"{retracted.reason}. If it is right after all: {remedy}")


def refuse_second_claim(session: LandingSession, facts: FileFacts, contract: Contract) -> None:
    """Raise Refused if another file claims to be the same extraction."""
    rival = session.decisions.rival(facts.file, contract)
    if rival is None:
        return
    is_part = rival.window != facts.file.window
    how = "and covers some of the same months, whose rows would count twice" if is_part else "with other content"
    reason = (
        f"two files claim to be one extraction: {rival.source_file} came first, {how}; if this one corrects it,"
        f" drop it again under a newer time ({NEWER_TIME})"
    )
    if len({m.partition("@")[0] for m in (rival.mapping, facts.mapping) if m}) > 1:
        reason += "; if they are of two systems, have each cover its own days alone (covers: months in its mapping)"
    elif rival.mapping != facts.mapping:
        reason += " (or the mapping changed since: drop what is mapped again as a newer extraction)"
    raise Refused(reason)


def _has_rows_of(session: LandingSession, other: LedgerEntry, file_table: FileTable, counts: RowCounts) -> bool:
    other_counts = (other.rows_in_file, other.ragged_digest)
    return other_counts == (counts.rows, counts.ragged_digest) and raw_store.same_rows(
        session.con, session.home, load_of(other), file_table, counts.good, counts.has_repeats
    )
