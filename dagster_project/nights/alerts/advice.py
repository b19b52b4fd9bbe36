"""What to do about each event: the commands to type, and the section of docs/how-to/runbook.md."""

import re
import shlex
from dataclasses import dataclass

from dagster_project.core.errors import Cause
from dagster_project.core.home import Home
from dagster_project.landing.made_up import MIXED

RUNBOOK = "docs/how-to/runbook.md"
"""In the checkout: a section for each `Advice.see`."""


@dataclass(frozen=True)
class Advice:
    """What to do, line by line, and the section of the runbook that says more."""

    todo: tuple[str, ...]
    see: str


FAILURES: dict[Cause, tuple[str, tuple[str, ...]]] = {
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
        ("See that the disk or share answers: ls {home}/inbox", "Then: {pam} nightly"),
    ),
    Cause.MODEL: ("A model could not be built", ("Read what dbt says: {pam} dbt build", "Once it is fixed: {pam} nightly")),
}  # fmt: skip
"""The runbook's section and what to do, by the cause of the failure. All other causes share the section `Night failed`."""


def _fill_in(home: Home, lines: tuple[str, ...], **more: str) -> tuple[str, ...]:
    """Lines with `{pam} COMMAND` replaced by the command for this home, and `{home}` by its folder."""
    folder = shlex.quote(str(home.path))
    commands = (re.sub(r"\{pam\} ((?:postgres )?[\w-]+)", r"pam \1 --home {home}", line) for line in lines)
    return tuple(line.format(home=folder, **more) for line in commands)


def for_failure(home: Home, cause: str) -> Advice:
    """For a night that failed, or could not start, for this cause."""
    if cause in FAILURES:
        section, todo = FAILURES[Cause(cause)]
    else:
        section, todo = "Night failed", ("See what is published: {pam} status", "Once the cause is fixed: {pam} nightly")
    return Advice(_fill_in(home, todo), section)


def for_held(home: Home) -> Advice:
    """For a night that the gate held back."""
    return Advice(_fill_in(home, ("See every rule: {pam} status", "Once the cause is fixed: {pam} nightly")), "Night held")


def for_postgres(home: Home) -> Advice:
    """For a published night that could not be loaded into PostgreSQL."""
    todo = ("See what it serves, and why: {pam} postgres status", "Once the cause is fixed: {pam} postgres load")
    return Advice(_fill_in(home, todo), "PostgreSQL behind")


def for_output(home: Home) -> Advice:
    """For a published night with an output that is missing or incomplete."""
    todo = ("See what is missing: {pam} status", "Once the cause is fixed, make everything again: {pam} nightly --rebuild")
    return Advice(_fill_in(home, todo), "Output incomplete")


def for_file(home: Home, kind: str, name: str, load_id: str | None, reason: str) -> Advice:
    """For a file that was held or refused."""
    if kind == "file_held":
        load = load_id or "LOAD"
        return Advice(
            _fill_in(
                home,
                ("If its sender agrees that it is wrong: have a newer one extracted and drop it in {home}/inbox",
                 "If a person has looked and believes it: {pam} release {load} --by NAME --why REASON"), load=load,
            ), "File held",
        )  # fmt: skip
    if reason.startswith(MIXED):
        todo = "Take the file out of the inbox, and give made-up files a home of their own: pam nightly --inbox DIR --home DIR"
        return Advice((todo,), "A home of sample data")
    if reason.startswith("waits in the inbox"):
        todo = "Correct the mapping as the reason says: the next night then lands the file, which is still in {home}/inbox"
        return Advice(_fill_in(home, (todo, "See what is wrong with mappings: {pam} status")), "File refused")
    if re.search(r"\bmapping\b|mappings/", reason):
        todo = "Correct the mapping in {home}/mappings as the reason says, then drop the file again in {home}/inbox"
        return Advice(_fill_in(home, (todo, "Try it first, which changes nothing: {pam} inspect FILE")), "File refused")
    if "unknown force" in reason:
        todo = "Correct the force in the name, or add the force to the checkout's seeds/forces.csv, and drop the file again"
        return Advice(_fill_in(home, (todo,)), "File refused")
    return Advice(
        _fill_in(
            home,
            ("Tell its sender the reason; have it corrected and dropped again in {home}/inbox",
             "Try a corrected file first, which changes nothing: {pam} inspect FILE"),
        ), "File refused",
    )  # fmt: skip


def for_late(home: Home, extract: str) -> Advice:
    """For an extract that has not come."""
    todo = (f"Ask who extracts {extract} why it has not come; drop it in {{home}}/inbox", "See what is late now: {pam} status")
    return Advice(_fill_in(home, todo), "Extract late")
