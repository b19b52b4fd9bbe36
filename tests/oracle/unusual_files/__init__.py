"""Unusual extract files, written from the contract without regard to the warehouse's code."""

from .files import Nights
from .plan import write_unusual_files

__all__ = ["Nights", "write_unusual_files"]
