"""Publishes the candidate, or a kept night again, in one step. Nothing else does.

The candidate is complete, checked and on disk, and all outputs are made from it, before any name changes. Readers who have the
old file open keep the old night; later readers see the new one. Nothing opens a published or kept file for writing.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from dagster_project import public_form
from dagster_project.core.candidate_files import WAREHOUSE, open_candidate
from dagster_project.core.config import ConfigError
from dagster_project.core.files import flush, new_file, put_in_place, temporary_path
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, night_of, published_night, sha256_of
from dagster_project.core.read_database import read_database
from dagster_project.core.reuse_outputs import ReusedFiles
from dagster_project.transform.dbt_runner import project_version

from . import folder_swap, outputs
from .outputs import Output, WrittenOutput

PUBLISHED_SCHEMAS = {"bi", "marts", "meta", "reports"}
"""The schemas that every published file has."""
OPTIONAL_SCHEMAS = {public_form.SCHEMA}
"""Schemas that a home's settings can leave out."""

NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS}
"""Errors of file systems without hard links, or with no more of them: the file is then copied."""


def count_figures(path: Path) -> dict[str, int]:
    """Rows of each mart in a night's file, the candidate's or a published one."""
    with read_database(path) as con:
        return dict(con.execute("select mart, count(*) from marts.measures group by mart order by mart").fetchall())


def seal(home: Home) -> str:
    """Check the schemas of the candidate's file, flush it to disk, and return its SHA-256.

    Raises PublishError if it has a schema that must not be published, or lacks one.
    """
    path = home.candidate / WAREHOUSE
    with open_candidate(path) as con:
        schemas = {
            r[0] for r in con.execute(
                "select schema_name from duckdb_schemas() where not internal and database_name = 'warehouse'"
            ).fetchall()
        }  # fmt: skip
        if unknown := schemas - {"main"} - OPTIONAL_SCHEMAS - PUBLISHED_SCHEMAS:
            raise PublishError(
                f"the candidate has the schema {', '.join(sorted(unknown))}, which is not published: give its models the schema"
                " bi, marts or reports, or `database: work`, which stays in the candidate"
            )
        if missing := PUBLISHED_SCHEMAS - schemas:
            raise PublishError(f"the candidate lacks the schema {', '.join(sorted(missing))}")
        con.execute("checkpoint")
    if path.with_name(path.name + ".wal").exists():
        raise PublishError("the candidate is still being written")
    flush(path)
    return sha256_of(path)


def publish(home: Home, wanted: Iterable[Output] = (), kept: Path | None = None) -> dict[str, WrittenOutput]:
    """Publish the sealed candidate, or a kept night again, which stays kept; with these outputs made from it. Returns what was
    written for each output.

    Raises OutputError, PublishError, ConfigError and OSError: then the last publication and the candidate stay.
    """
    # The published file may be damaged, which is why a kept night replaces it.
    with contextlib.suppress(PublishError) if kept else contextlib.nullcontext():
        repair_layout(home)
    source = kept or home.candidate / WAREHOUSE
    night_id = night_of(source)
    if night_id is None:
        raise PublishError(f"{source.name} does not say which night it is of")
    folder = folder_swap.begin_folder(home, night_id)
    reused = ReusedFiles(home, folder, project_version())
    try:
        # In a kept night, no output of another night may take the place of one that fails.
        written = outputs.write(home, source, night_id, folder, wanted, strict=kept is not None, reused=reused)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    published = folder / home.warehouse.name
    try:
        # A candidate is moved, not linked: opening the candidate must never open the published file.
        (link_or_copy if kept else put_in_place)(source, published)
        folder_swap.finish_folder(home, folder)
    except (OSError, ConfigError):
        for place in (folder, folder_swap.final_name(folder)):
            if not kept and (place / published.name).exists():
                put_in_place(place / published.name, source)
            shutil.rmtree(place, ignore_errors=True)
        raise
    reused.save(folder_swap.final_name(folder).name)
    return written


def repair_layout(home: Home) -> None:
    """Repair the published folder of a copied home, whose warehouse is a file instead of a link, or after a killed night.

    The published night stays the same, and can be read throughout. Raises OSError, and PublishError if the published file can't
    be read.
    """
    if home.warehouse.is_symlink() or not home.warehouse.exists():
        # Missing: a first night was stopped after it set `current`, or nothing is published.
        folder_swap.repair_links(home)
    elif night_id := published_night(home):
        folder = folder_swap.begin_folder(home, night_id)
        link_or_copy(home.warehouse, folder / home.warehouse.name)
        folder_swap.finish_folder(home, folder)


def link_or_copy(path: Path, name: Path) -> None:
    """Give a file a second name: a hard link if the disk has them, else a copy (0600).

    `name` appears whole or not at all, and replaces an existing file. Raises OSError.
    """
    new = temporary_path(name)
    new.unlink(missing_ok=True)
    # Link to the file itself, not to a symbolic link.
    path = path.resolve()
    try:
        os.link(path, new)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        with new_file(name) as copy:
            shutil.copyfile(path, copy)
    else:
        put_in_place(new, name)
