"""Editions of the report: what each prints, and what is held against the marts."""

from .asked import write_asked, write_frozen
from .freeze import frozen_paths
from .model import Edition, EditionError, load_editions, read_edition

__all__ = ["Edition", "EditionError", "frozen_paths", "load_editions", "read_edition", "write_asked", "write_frozen"]
