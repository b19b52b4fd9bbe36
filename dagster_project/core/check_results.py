"""The result of one rule for one extract or mart, whoever checked it."""

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
    reason: str
    advice: str

    @property
    def holds(self) -> bool:
        """Whether the night must be held."""
        return not self.passed and self.severity == "critical"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
