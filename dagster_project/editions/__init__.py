"""Editions of the report: what each prints, and what is held against the marts."""

from .asked import write_asked
from .model import Edition, EditionError, load_editions, read_edition

__all__ = ["Edition", "EditionError", "load_editions", "read_edition", "write_asked"]
