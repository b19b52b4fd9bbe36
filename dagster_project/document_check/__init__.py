"""Checks a document that anybody wrote: compares each number in it with the published night."""

from dagster_project.editions.verdicts import VERDICTS as _OF_CLAIMS

from .check import Checked, check_document
from .judge import NOT_LINKED
from .model import DocumentError

VERDICTS = (*_OF_CLAIMS, NOT_LINKED)

__all__ = ["VERDICTS", "Checked", "DocumentError", "check_document"]
