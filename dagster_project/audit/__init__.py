"""The record of processing (Data Protection Act 2018, section 62): what was collected, consulted, disclosed, altered,
combined and erased, when, by whom and why.

    from dagster_project.audit import record
    record(home, "disclosure", what="published", night_id=night_id)

`masked_query` leaves out of a query what a person typed.

Each home has one log, `audit/log.jsonl`, to which lines are only added. Each line is signed with a key and holds the hash of
the line before it, so that `pam audit verify` finds a change anywhere. SECURITY.md says what that protects from, and what not.
"""

from .lines import AuditKeyError
from .log import KINDS, anchor, record, record_all, record_first
from .masked_query import mask_query
from .read import Record, read_log, withdraw_undone
from .verify import Verdict, verify
from .who import who

__all__ = [
    "KINDS", "AuditKeyError", "Record", "Verdict", "anchor", "mask_query", "read_log", "record", "record_all", "record_first",
    "verify", "who", "withdraw_undone",
]  # fmt: skip
