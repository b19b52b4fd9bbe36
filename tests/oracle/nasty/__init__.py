"""Extract files as someone else would write them: to the contract, not with the code in mind."""

from .files import Nights
from .plan import write_nasty

__all__ = ["Nights", "write_nasty"]
