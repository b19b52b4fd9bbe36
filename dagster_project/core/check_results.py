"""The result of one rule for one extract or mart, whoever checked it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Check:
    suite: str
    subject: str
    rule: str
    severity: Severity
    passed: bool
    found: str
    """What broke the rule, or nothing."""
    reason: str = ""
    advice: str = ""
    message: str = ""
    """What is wrong, in a plain sentence that names the extract or mart, unit and period; blank if it passed. By default what
    was found, for rules without a sentence and receipts of earlier versions."""

    def __post_init__(self) -> None:
        if not self.passed and not self.message:
            object.__setattr__(self, "message", f"{self.subject}: {self.found}")

    @property
    def holds(self) -> bool:
        """Whether the night must be held."""
        return not self.passed and self.severity == "critical"

    def for_receipt(self) -> dict[str, Any]:
        """What a receipt keeps. Of a check that passed not why it is there: the rules say that, and a home has a receipt of
        hundreds of checks for each night."""
        return {k: v for k, v in asdict(self).items() if not (self.passed and k in ("reason", "advice", "message"))}


def message_of(check: Mapping[str, Any]) -> str:
    """The message of a failed check of a receipt."""
    return Check(**check).message


def advice_of(check: Mapping[str, Any], night_id: str) -> str:
    """What to do about a failed check of a night's receipt, with the night's id where a command needs it."""
    return str(check["advice"]).replace("--night NIGHT", f"--night {night_id}")
