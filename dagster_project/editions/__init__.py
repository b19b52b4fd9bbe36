"""Editions of the report: what each prints, and what is held against the marts."""

from .frozen import frozen_paths
from .model import Edition, EditionError, load_editions, read_edition
from .questions import write_asked, write_frozen

__all__ = ["Edition", "EditionError", "frozen_paths", "load_editions", "read_edition", "write_asked", "write_frozen"]
