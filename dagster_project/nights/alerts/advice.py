"""What to do about each event: the commands to type, and the section of docs/how-to/runbook.md."""

import re

from dagster_project.core.errors import Cause
from dagster_project.landing.refusal import MIXED

RUNBOOK = "docs/how-to/runbook.md"
"""In the checkout: a section for each `Advice`."""

Advice = tuple[str, tuple[str, ...]]
"""The section of the runbook that says more, and what to do, line by line: `{pam} COMMAND` stands for the command for this
home, `{home}` for its folder, `{inbox}` for the folder that files come to."""

TITLES: dict[str, str] = {
    "failed": "Night failed",
    "not_started": "Night not started",
    "held": "Night held",
    "not_served": "PostgreSQL behind",
    "output": "Output incomplete",
    "file_held": "File held",
    "refused": "File refused",
    "waiting": "File waiting",
    "late": "Extract late",
    "test": "Test",
}
"""The title of each kind of event, in their order in a message: what stops figures from being published comes first."""

FAILURES: dict[str, Advice] = {
    Cause.UNDER_WAY: (
        "Another night is under way",
        ("See since when: {pam} status --check", "If it hangs, end its process, then: {pam} nightly"),
    ),
    Cause.INTERRUPTED: ("A night was interrupted", ("Nothing has to be cleaned up: {pam} nightly",)),
    Cause.DISK_FULL: (
        "The disk is full", ("See what fills it: df -h {home}; du -sh {home}/*", "Make room, then: {pam} nightly"),
    ),
    Cause.FILE_LIMIT: (
        "The disk is full", ("See how large a file may be: ulimit -f; df -h {home}", "Allow more, then: {pam} nightly"),
    ),
    Cause.SPILL_LIMIT: (
        "The disk is full", ("Allow more with [night] spill in {home}/pam.toml", "Then: {pam} nightly"),
    ),
    Cause.DISK_REFUSES: (
        "A disk or a share was away",
        ("See who may write there: ls -ld {home}; mount", "Let the night's user write, then: {pam} nightly"),
    ),
    Cause.KEY: ("The pseudonym key", ("Put the right key back, then: {pam} nightly",)),
    Cause.SETTINGS: ("The settings", ("Correct {home}/pam.toml as the message says, then: {pam} nightly",)),
    Cause.MAPPING: ("A mapping is wrong", ("Correct the mapping as the message says, then: {pam} nightly",)),
    Cause.LIST: ("A list is wrong", ("Correct the list as the message says, then: {pam} nightly",)),
    Cause.SAMPLE_HOME: ("A home of sample data", ("Give real extracts another home: pam nightly --home DIR",)),
    Cause.DISK_AWAY: (
        "A disk or a share was away",
        ("See that the disk or share answers: ls {inbox}", "Then: {pam} nightly"),
    ),
    Cause.MODEL: ("A model could not be built", ("Read what dbt says: {pam} dbt build", "Once it is fixed: {pam} nightly")),
}  # fmt: skip
"""By the cause of the failure. All other causes share the one of the kind `failed`."""

EVENTS: dict[str, tuple[str, ...]] = {
    "failed": ("See what is published: {pam} status", "Once the cause is fixed: {pam} nightly"),
    "held": ("See every rule, and what to do: {pam} checks", "Once the cause is fixed: {pam} nightly"),
    "not_served": (
        "See what it serves, and why: {pam} postgres status", "Once the cause is fixed: {pam} postgres load",
    ),
    "output": (
        "See what is missing: {pam} status", "Once the cause is fixed, make everything again: {pam} nightly --rebuild",
    ),
    "file_held": (
        "If its sender agrees that it is wrong: have a newer one extracted and drop it in {inbox}",
        "If a person has looked and believes it: {pam} release {load} --by NAME --why REASON",
    ),
    "late": (
        "Ask who extracts it why it has not come; drop it in {inbox}", "See what is late now: {pam} status",
    ),
}  # fmt: skip
"""What to do, by the kind of event, but for files that are refused or wait. The runbook's section is the title of the kind; of
a night that did not start that of its cause, or else of one that failed."""

REFUSED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        f"^{re.escape(MIXED)}", "A home of sample data",
        ("Take the file out of the inbox, and give made-up files a home of their own: pam nightly --inbox DIR --home DIR",),
    ),
    (
        "^waits in the inbox", "File refused",
        ("Correct the mapping as the reason says: the next night then lands the file, which is still in {inbox}",
         "See what is wrong with mappings: {pam} status"),
    ),
    (
        "^the name is neither", "File refused",
        ("If it is no extract: see that no more come to {inbox}",
         "If it is one: correct its name, or draft a mapping for its system with {pam} map FILE; drop it again in {inbox}"),
    ),
    (
        r"\bmapping\b|mappings/", "File refused",
        ("Correct the mapping in {home}/mappings as the reason says, then drop the file again in {inbox}",
         "Try it first, which changes nothing: {pam} inspect FILE"),
    ),
    (
        "unknown force", "File refused",
        ("Correct the force in the name, or add the force to the checkout's seeds/forces.csv, and drop the file again",),
    ),
    (
        "", "File refused",
        ("Tell its sender the reason; have it corrected and dropped again in {inbox}",
         "Try a corrected file first, which changes nothing: {pam} inspect FILE"),
    ),
)  # fmt: skip
"""The section and what to do for refused files: the first whose pattern is in the reason."""


def for_refused(reason: str) -> Advice:
    """For a file that was refused, or waits, for this reason."""
    return next((see, todo) for pattern, see, todo in REFUSED if re.search(pattern, reason))
