"""The report pack: an edition as pages, charts and files that a person reads."""

from .content import read_pack
from .model import Cell, Chart, Claim, Column, Pack, Page, Panel, Point, Row, Series, Source, Table

__all__ = [
    "Cell", "Chart", "Claim", "Column", "Pack", "Page", "Panel", "Point", "Row", "Series", "Source", "Table", "read_pack",
]  # fmt: skip
