"""The catalogue: dictionary, lineage and checks of a night, as pages that need no network and no JavaScript."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from dagster_project.core.worker_process import BUILDER
from dagster_project.transform.dbt_runner import project_relations

from ..measure_words import OFFENCE_MART, describe_offences, status_in_words
from ..pack.web_pages import TEMPLATES, make_environment, write_text
from .lineage import Lineage
from .read import Catalogue, read_catalogue
from .search import dashboard_link, search_entries

HERE = Path(__file__).parent
PAGES = ("index", "search", "measures", "relations", "checks", "extracts")


def write(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    is_made_up: bool = False,
    links: Sequence[tuple[str, str]] = (),
    editions: Sequence[str] = (),
) -> Catalogue:
    """Write the catalogue of the night that `con` reads into `folder`, and return it. `index.html` opens it.

    `is_made_up`: the data are made up, and every page says so. `links`: addresses of what is published with it, and
    descriptions. `editions`: those of the report that are published with it, in `../report/`. The same file and project give
    the same bytes. Raises OSError, and ValueError if two relations would share a page.
    """
    catalogue = read_catalogue(con)
    words = describe_offences(c for m in catalogue.measures if m.mart == OFFENCE_MART for c in m.categories)
    entries = search_entries(catalogue, words)
    # What an older night has and the project no longer does is shown without lineage.
    shared = {
        "root": "", "is_made_up": is_made_up, "links": tuple(links), "editions": tuple(editions), "c": catalogue,
        "lineage": Lineage(BUILDER.submit(project_relations).result(), catalogue), "entries": entries, "category_words": words,
        "dashboard_link": dashboard_link, "status_in_words": status_in_words,
        "dashboard": next((href for href, _ in links if "/dashboard/" in href), ""),
    }  # fmt: skip
    environment = make_environment(HERE / "templates")
    for name in PAGES:
        write_text(folder / f"{name}.html", environment.get_template(f"{name}.html.j2").render(shared, here=name))
    template = environment.get_template("relation.html.j2")
    for relation in catalogue.relations:
        write_text(folder / relation.page, template.render(shared, here="", relation=relation))
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8") + (HERE / "catalogue.css").read_text(encoding="utf-8")
    write_text(folder / "style.css", style)
    write_text(folder / "filter.js", (HERE / "filter.js").read_text(encoding="utf-8"))
    return catalogue
