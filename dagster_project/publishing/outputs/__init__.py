"""What a night publishes with its warehouse file: open files, report packs, the dashboard and the catalogue, a folder each.

They are made only from the sealed file; the dashboard also reads the previous kept night. All are written to a hidden folder
before anything is published. If one can't be written, the last good one replaces it and is marked as old (`stale`), or, if the
settings say so, the night is not published.
"""

import hashlib
import importlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from dagster_project.core.config import Config, OutputName, read_config
from dagster_project.core.errors import PamError, is_transient
from dagster_project.core.files import make_folder
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.core.published_file import open_hardened, published_folder
from dagster_project.core.receipts import read_receipts
from dagster_project.core.reuse_outputs import ReusedFiles
from dagster_project.core.worker_process import WORKER

from .stale import night_of_good, replace_failed, settings_hash


class OutputError(PamError, RuntimeError):
    """An output could not be written. Nothing is published, and the last publication stays."""


@dataclass(frozen=True)
class OutputContext:
    """What an output can use besides the night's figures."""

    home: Home
    """For the force's own editions and settings; everything else is in the warehouse file."""
    night_id: str
    is_made_up: bool
    """Whether the data are made up. An output that people read must say so on each page."""
    published_folders: tuple[str, ...]
    """The folders that this night publishes, this output's included: it may link to them."""
    reused: ReusedFiles = field(default_factory=ReusedFiles)
    """Files of the last publication that need not be made again."""


def links_to(context: OutputContext, up: str, folders: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Links (address, text) to those of these folders that the night publishes. `up`: the path to the published folder."""
    return tuple((f"{up}/{f}/index.html", PAGES[f]) for f in folders if f in context.published_folders)


PAGES = {
    "catalogue": "Catalogue: every measure and column, where it comes from, and the data checks",
    "dashboard": "Dashboard: every measure, area and period",
}
"""Outputs with a start page, and the text of a link to it."""

T = TypeVar("T")
Finish = Callable[[], list[str]]
Writer = Callable[[duckdb.DuckDBPyConnection, Path, OutputContext], Finish | None]
"""Writes an output. If another process does part of the work, it returns a function that waits for that process and returns
what is missing from the output, such as a chart that could not be drawn. It is called once the other outputs are written."""


@dataclass(frozen=True)
class Output:
    """Something that is published with the warehouse file.

    `module`: the module of this package whose `write(con, folder, context)` fills the empty `folder`. `con` reads the night's
    file, and can only write below that folder (`copy ... to`). The same input gives the same bytes.
    """

    name: OutputName
    """Its name in `[publish] outputs` of pam.toml, and its folder below `published/`."""
    module: str
    description: str
    needs: tuple[str, ...] = ()
    """Modules that the worker process loads in advance."""
    links_others: bool = False
    """Whether it links to files of other outputs: it is written when they are all there."""

    @property
    def write(self) -> Writer:
        """Its writer. Imports its libraries."""
        writer: Writer = importlib.import_module(f"{__name__}.{self.module}").write
        return writer


OFFICE = ("dagster_project.reporting.pack.workbook", "dagster_project.reporting.pack.word_document")

OUTPUTS: tuple[Output, ...] = (
    Output("report", "report", "Each edition of the report as pages, CSVs, a workbook and a document", OFFICE),
    Output("open", "open_files", "Every mart and table of the report as Parquet, and as CSV with its metadata"),
    Output("dashboard", "dashboard", "A page for the browser: every measure, area and period"),
    Output("catalogue", "catalogue", "Pages: every measure, relation, column and check", links_others=True),
)
"""In the order in which they are written. The report is first: others are written while it waits for the worker process."""


@dataclass(frozen=True)
class WrittenOutput:
    """What was written for an output.

    `sha256`: of the lines that `sha256sum` prints for its files, by path within its folder, sorted. `form`: a hash of the
    settings of its form (exact or public). `failed`: why it could not be made; then `of` is the night whose output replaced it,
    blank if there was none. `lost`: what is missing from it.
    """

    files: int
    bytes: int
    sha256: str
    seconds: float
    form: str = ""
    failed: str = ""
    of: str = ""
    lost: tuple[str, ...] = ()


def chosen_outputs(config: Config) -> list[Output]:
    """The outputs that a home's settings choose, in the order in which they are written."""
    names = config.publish.outputs
    return [o for o in OUTPUTS if names is None or o.name in names]


def load_early(outputs: Iterable[Output]) -> None:
    """Load the slow modules of these outputs in the worker process, while the night is being built."""
    if modules := [name for o in outputs for name in o.needs]:
        WORKER.load(*modules)


def write(
    home: Home,
    warehouse: Path,
    night_id: str,
    folder: Path,
    outputs: Iterable[Output],
    *,
    strict: bool = False,
    reused: ReusedFiles | None = None,
) -> dict[str, WrittenOutput]:
    """Write the outputs of a sealed file to a night's folder. Returns what was written for each.

    `reused`: files that may be taken from the last publication; None: every file is made. If an output fails, the last good
    one replaces it. Raises OutputError if `strict` or the settings don't allow that, or if the fault may pass by itself, such
    as a full disk.
    """
    outputs = tuple(outputs)
    if not outputs:
        return {}
    config = read_config(home)
    strict = strict or config.publish.failed_output == "hold"
    context = OutputContext(home, night_id, holds_made_up(home), tuple(o.name for o in outputs), reused or ReusedFiles())
    writing = _Writing(warehouse, folder, context, settings_hash(config), strict)
    try:
        without_links = [o for o in outputs if not o.links_others]
        for output in without_links:
            writing.start(output)
        written: dict[str, WrittenOutput] = {o.name: writing.finish(o) for o in without_links}
        for output in (o for o in outputs if o.links_others):
            writing.start(output)
            written[output.name] = writing.finish(output)
    finally:
        writing.con.close()
    return written


class _Writing:
    """Outputs that are being written. If one fails, the last good one replaces it."""

    def __init__(self, warehouse: Path, folder: Path, context: OutputContext, form: str, strict: bool) -> None:
        self.warehouse, self.folder, self.context, self.form, self.strict = warehouse, folder, context, form, strict
        self.con = open_hardened(warehouse, writable=folder)
        self._finish: dict[str, Finish] = {}
        self._written: dict[str, WrittenOutput] = {}

    def start(self, output: Output) -> None:
        """Write an output, except what another process does. Raises OutputError."""
        output_folder = make_folder(self.folder / output.name)
        self._written[output.name] = WrittenOutput(0, 0, "", 0)
        finish = self._try(output, lambda: output.write(self.con, output_folder, self.context))
        self._finish[output.name] = finish or list

    def finish(self, output: Output) -> WrittenOutput:
        """Wait for the other process, if any. Returns what was written. Raises OutputError."""
        lost = self._try(output, self._finish[output.name]) or ()
        so_far = self._written[output.name]
        done = measure_output(self.folder / output.name, so_far.seconds)
        return replace(done, form=self.form, failed=so_far.failed, of=so_far.of, lost=tuple(lost))

    def _try(self, output: Output, call: Callable[[], T]) -> T | None:
        started, so_far = time.perf_counter(), self._written[output.name]
        try:
            return call()
        except Exception as error:
            if self.strict or is_transient(error):
                raise OutputError(
                    f"the output {output.name} could not be written, so nothing is published: {error};"
                    " `[publish] outputs` of pam.toml can leave it out"
                ) from error
            context, output_folder = self.context, self.folder / output.name
            night_of_last_good = _put_last_good(context.home, output, output_folder, context.night_id, self.form)
            so_far = replace(so_far, failed=str(error) or type(error).__name__, of=night_of_last_good)
            self.con.close()
            # The error may have left it unusable.
            self.con = open_hardened(self.warehouse, writable=self.folder)
        finally:
            self._written[output.name] = replace(so_far, seconds=round(so_far.seconds + time.perf_counter() - started, 3))
        return None


def _put_last_good(home: Home, output: Output, output_folder: Path, night_id: str, form: str) -> str:
    """Replace an output that failed with the last good one. Returns that output's night; blank if there is none."""
    current, night_of_last_good = published_folder(home), ""
    last = current / output.name if current else None
    if last and last.is_dir():
        written = [(r.republished or r.night_id, r.outputs.get(output.name)) for r in read_receipts(home)]
        night_of_last_good = night_of_good(written, measure_output(last, 0).sha256, form)
    replace_failed(output_folder, night_id, f"The output {output.name}", last, night_of_last_good)
    return night_of_last_good


def problems_of(written: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Problems of a night's outputs, from its receipt: output, problem, and reason."""
    problems = []
    for name, output in written.items():
        if output.get("failed"):
            instead = f"that of night {output['of']} takes its place" if output.get("of") else "no earlier one takes its place"
            problems.append((name, f"the output {name} could not be made: {instead}", output["failed"]))
        elif output.get("lost"):
            problems.append((name, f"the output {name} is incomplete", f"could not be drawn: {', '.join(output['lost'])}"))
    return problems


def measure_output(folder: Path, seconds: float) -> WrittenOutput:
    """Count and hash an output's files."""
    lines, size, files = list[str](), 0, 0
    # By name as text, as `sort` does: paths would sort `a/b` before `a-b`.
    for name in sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()):
        body = (folder / name).read_bytes()
        files, size = files + 1, size + len(body)
        lines.append(f"{hashlib.sha256(body).hexdigest()}  {name}\n")
    return WrittenOutput(files, size, hashlib.sha256("".join(lines).encode()).hexdigest(), round(seconds, 3))


def outputs_in(folder: Path | None) -> dict[str, WrittenOutput]:
    """The outputs in a published folder; empty if there is no folder."""
    return {o.name: measure_output(folder / o.name, 0) for o in OUTPUTS if folder and (folder / o.name).is_dir()}


def as_dicts(written: dict[str, WrittenOutput]) -> dict[str, dict[str, Any]]:
    """What was written, in the form of a receipt."""
    return {name: {**asdict(output), "lost": list(output.lost)} for name, output in written.items()}
