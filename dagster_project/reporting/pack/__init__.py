"""The report pack: an edition as pages, charts and files that a person reads.

`content.read_pack` reads the published night into a `model.Pack`, which `web_pages`, `tables_csv`, `workbook` and
`word_document` write; the last suggests sentences, too. `figure_trails` counts the rows behind each figure, for the pages of
the trail. `page_charts` says which charts a page has and which points each has, `chart_specs` how its lines, bars and gaps
look; `picture_cache` has the pictures made by `picture_processes`. `word_refresh` brings a document that its author has
changed up to date.
"""

from .content import read_pack
from .model import Cell, Pack, Table
from .write import write_editions, write_pack

__all__ = ["Cell", "Pack", "Table", "read_pack", "write_editions", "write_pack"]
