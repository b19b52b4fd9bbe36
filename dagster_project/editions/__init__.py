"""Editions of the report: the tables that each prints, and the claims that are compared with the marts."""

from .edition_tables import write_edition_tables, write_frozen_figures
from .model import Edition, EditionError, read_edition
from .usable_editions import Editions, forces_with_files, newest_with_files, read_editions, unseen_categories

__all__ = [
    "Edition", "EditionError", "Editions", "forces_with_files", "newest_with_files", "read_edition",
    "read_editions", "unseen_categories", "write_edition_tables", "write_frozen_figures",
]  # fmt: skip
