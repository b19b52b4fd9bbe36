"""`pam dashboard`: writes the dashboard of the published night."""

from pathlib import Path
from typing import Annotated

from dagster_project.publishing.changes_since import changes_since
from dagster_project.reporting.dashboard import MARK, write
from dagster_project.reporting.pack.write import whole_folder
from dagster_project.serving import connect
from dagster_project.serving.recorded_access import record_disclosure

from .common import HOME, HomeOption, ReasonOption, app, option
from .echo import echo


@app.command()
def dashboard(
    out: Annotated[Path, option("--out -o", "The folder to write. An earlier dashboard there is replaced.")],
    replace: Annotated[bool, option("--replace", "Replace the folder, although it holds other things.")] = False,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Write the dashboard of the published night: one page, to open from the folder or from a web server.

    Nothing is fetched from elsewhere. The folder appears whole or not at all.

    Example: pam dashboard --out dashboard/
    """
    with connect(home, reason, by="pam dashboard") as con:
        target = out.expanduser().absolute()
        record_disclosure(home, reason, by="pam dashboard", what="dashboard", to=str(target))
        with whole_folder(target, replace, MARK, "a dashboard") as new:
            write(con, new, home, changes=changes_since(home, con))
    echo(str(target / "index.html"))
