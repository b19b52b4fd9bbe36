"""Fixtures that all tests share: a published sample night, and a week of small nights, each made once."""

import fcntl
import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import how_often
import pytest
import typer.testing
from hypothesis import settings

from dagster_project.core.home import Home, be_quiet
from dagster_project.core.import_speed import collect_garbage_less, skip_unused_imports
from dagster_project.publishing import outputs

be_quiet()
skip_unused_imports()
collect_garbage_less()

ALL_OUTPUTS = outputs.OUTPUTS

# The suite draws the same examples each time, `--long` new ones. No deadline: machines differ.
settings.register_profile("suite", max_examples=100, derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=500, deadline=None, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--long`: many more examples, for someone who changed a rule and has hours."""
    parser.addoption("--long", action="store_true", help="run the tests marked long too, and draw many more examples")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start a process more than there are cores: now and then one waits for a browser, a server or a disk."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_configure(config: pytest.Config) -> None:
    """Parse the dbt project and make the empty build once, before the worker processes read them."""
    how_often.IS_LONG = config.getoption("long")
    settings.load_profile("long" if how_often.IS_LONG else "suite")
    if not hasattr(config, "workerinput"):
        from dagster_project.transform import empty_build
        from dagster_project.transform.dbt_runner import project_version

        if not empty_build.make(project_version()):
            raise pytest.UsageError("dbt could not build the project: `pam nightly --sample --home DIR` says why")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the files marked `begin_first` first: if they started last, a core would be idle at the end. Leave out tests marked
    `long`, unless `--long` or `-m` selects them.
    """
    if not (config.getoption("long") or "long" in config.getoption("markexpr")):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.get_closest_marker("long") is None]
    items.sort(key=lambda item: item.get_closest_marker("begin_first") is None)


def pytest_collection_finish() -> None:
    """Exclude everything loaded so far from garbage collection: it is needed until the end."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_default_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A test that forgets to name its home uses an empty one, not that of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAM_HOME", str(tmp_path_factory.mktemp("no_default_home") / "home"))
        for name in ("PAM_PSEUDONYM_KEY", "PAM_POSTGRES_DSN", "PAM_POSTGRES_DSN_FILE"):
            patch.delenv(name, raising=False)
        patch.delenv("DAGSTER_HOME", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def publish_without_outputs() -> Iterator[None]:
    """Nights in tests publish only the warehouse file, for speed, except the sample's and those of other processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "OUTPUTS", ())
        yield


@pytest.fixture(scope="session", autouse=True)
def make_commands_once() -> Iterator[None]:
    """Typer makes all commands anew for each call: a hundredth of the tests' time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.testing._get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def skip_fsync() -> Iterator[None]:
    """Writing every file through to the disk would take a tenth of the time, and no test cuts the power. Tests of `fsync`
    itself patch it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """A function that makes a folder once for all worker processes: the first that needs it makes it, the others wait. Copy
    the folder before you change it."""

    def make_once(name: str, make: Callable[[Path], object]) -> Path:
        base = tmp_path_factory.getbasetemp()
        shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
        folder, is_complete = shared / name, shared / f"{name}.whole"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_complete.exists():
                assert not folder.exists(), f"another process could not make {name}"
                folder.mkdir(mode=0o700)
                make(folder)
                is_complete.touch()
        return folder

    return make_once


@pytest.fixture(scope="session")
def sample_home(made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with the sample's night, run by the steps of `pam nightly` and published. Use `sample_copy` to change it.

    Each worker process has a copy, whose raw views read the Parquet of the original.
    """
    from support import copy_home

    return copy_home(Home(made_once("sample_night", run_sample) / "home"), tmp_path_factory.mktemp("sample_night") / "home")


def run_sample(folder: Path) -> None:
    """Run the sample's night, with all outputs."""
    from support import night

    from dagster_project.nights.run_steps import run_steps
    from dagster_project.sample import write_sample

    home = Home(folder / "home").create()
    write_sample(home.inbox)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
        with night(home) as run:
            run_steps(run)
    assert run.receipt.outcome == "published", run.receipt.reason


@pytest.fixture
def sample_copy(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the published sample, which a test may change."""
    from support import copy_home

    return copy_home(sample_home, tmp_path / "home")


@pytest.fixture
def figures_copy(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the published figures of the sample, and of no more: a third of it. A test may change it."""
    from support import copy_home

    others = ("archive", "cache", "candidate", "publications", "raw", "open", "report", "dashboard", "catalogue")
    return copy_home(sample_home, tmp_path / "home", others)


@pytest.fixture(scope="session")
def week(made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home after five small nights, all kept. Do not change it: use `week_copy`."""
    from week import make_week

    folder = made_once("week", lambda folder: make_week(Home(folder / "home").create()))
    home = Home(tmp_path_factory.mktemp("week") / "home")
    # Keep the hard link between the published file and the kept night.
    subprocess.run(["cp", "-a", str(folder / "home"), str(home.path)], check=True)
    return home


@pytest.fixture
def week_copy(week: Home, tmp_path: Path) -> Home:
    """A copy of the week, which a test may change. Its kept nights are separate files."""
    from support import copy_home

    return copy_home(week, tmp_path / "home")


@pytest.fixture(scope="session")
def week_with_lists(made_once: MadeOnce, week: Home) -> Home:
    """The week and one more night, with the home's own lists. Do not change it."""
    from support import copy_home
    from week import publish_with_lists

    return Home(made_once("week_with_lists", lambda to: publish_with_lists(copy_home(week, to / "home"))) / "home")


@pytest.fixture
def new_home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home").create()


@pytest.fixture
def pam(monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """Run `pam ARGS` in this process. The result has `.exit_code`, `.stdout` and `.stderr`."""
    from typer.testing import CliRunner

    from dagster_project.cli import load_app
    from dagster_project.quality import engine

    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*args: object, stdin: str | None = None) -> object:
        if args and args[0] == "nightly":
            # Once for all nights of this process, as in `run_night` of tests/support.py.
            engine.preload()
        return CliRunner().invoke(load_app(), [str(a) for a in args], input=stdin)

    return call
