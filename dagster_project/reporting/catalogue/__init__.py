"""The catalogue: the dictionary, the lineage and the night's checks as pages that need no network and no JavaScript."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from dagster_project.transform.dbt_runner import manifest

from ..category_words import CODED, offence_words
from ..pack.web_pages import TEMPLATES, plain_environment
from .lineage import Lineage
from .read import Catalogue, read_catalogue
from .search import dashboard_state, everything

HERE = Path(__file__).parent
PAGES = ("index", "search", "measures", "relations", "checks", "extracts")


def write(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    is_sample: bool = False,
    beside: Sequence[tuple[str, str]] = (),
    editions: Sequence[str] = (),
) -> Catalogue:
    """Write the catalogue of the night that `con` reads into `folder`, to be opened by `index.html`. Returns what it tells.

    `is_sample`: the data are made up, and every page says so. `beside`: addresses of what is published with it, and what they
    are; `editions`: those of the report that are, in `../report/`. The same file and the same project give the same bytes.
    Raises OSError, and ValueError where two relations would share a page.
    """
    catalogue = read_catalogue(con)
    # Nobody but the file and the project is asked: what an older night has and the project has not, is shown without lineage.
    shared = {
        "root": "", "is_sample": is_sample, "beside": tuple(beside), "editions": tuple(editions), "c": catalogue,
        "lineage": Lineage.of(manifest(), catalogue), "everything": everything(catalogue), "dashboard_state": dashboard_state,
        "dashboard": next((href for href, _ in beside if "/dashboard/" in href), ""),
        "category_words": offence_words(c for m in catalogue.measures if m.mart == CODED for c in m.categories),
    }  # fmt: skip
    environment = plain_environment(HERE / "templates")
    for name in PAGES:
        _write(folder / f"{name}.html", environment.get_template(f"{name}.html.j2").render(shared, here=name))
    template = environment.get_template("relation.html.j2")
    for relation in catalogue.relations:
        _write(folder / relation.page, template.render(shared, here="", relation=relation))
    for name, parts in _FILES.items():
        _write(folder / name, "".join(p.read_text(encoding="utf-8") for p in parts))
    return catalogue


_FILES: dict[str, tuple[Path, ...]] = {
    "style.css": (TEMPLATES / "style.css", HERE / "catalogue.css"),
    "filter.js": (HERE / "filter.js",),
}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
