"""The form of a force's documents: template and front page, from `[report]` of pam.toml."""

from dataclasses import dataclass
from pathlib import Path

from dagster_project.core.config import visible_settings
from dagster_project.core.home import Home

FRONT = {
    "by": "Report by", "date": "Date", "purpose": "Purpose of the report", "attachments": "Attachments",
    "recommendations": "Recommendations", "contact": "Contact for enquiries",
}  # fmt: skip
"""The parts of the front page: settings of `[report]`, and their headings."""


@dataclass(frozen=True)
class DocumentSettings:
    """How to make a document. `template`: None for our plain one. `front`: heading and text of each part of the front page; the
    author writes those without a text. `tables_only`: without charts, sentences and places to write in."""

    template: Path | None = None
    front: tuple[tuple[str, str], ...] = tuple((heading, "") for heading in FRONT.values())
    tables_only: bool = False


def document_settings(home: Home | None, tables_only: bool = False) -> DocumentSettings:
    """The form of a home's documents: the template named in `[report]`, else `report.docx` of the home, else ours.

    Raises ConfigError, and ValueError for a template that does not exist.
    """
    if home is None:
        return DocumentSettings(tables_only=tables_only)
    settings = visible_settings(home).report
    default = home.path / "report.docx"
    template = (home.path / settings.template) if settings.template else default if default.is_file() else None
    if template and not template.is_file():
        raise ValueError(f"{home.config_file.name}: report.template: there is no {template}")
    front = tuple((heading, getattr(settings, name) or "") for name, heading in FRONT.items())
    return DocumentSettings(template, front, tables_only)
