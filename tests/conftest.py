"""What is made once for all tests: one published sample night, and the nights of awkward files."""

import fcntl
import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import how_often
import pytest
from hypothesis import settings

from dagster_project.core.home import Home, be_quiet
from dagster_project.core.import_speed import collect_garbage_less, skip_unused_imports
from dagster_project.publishing import outputs

be_quiet()
skip_unused_imports()
collect_garbage_less()

ALL_OUTPUTS = outputs.OUTPUTS

# The suite draws the same examples each time, `--long` others each time. No example has a deadline: machines differ.
settings.register_profile("suite", max_examples=100, derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=1667, deadline=None, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long`, for a person who has changed a rule, and hours."""
    parser.addoption("--long", action="store_true", help="draw, kill and look many times where the suite does a few")


def pytest_configure(config: pytest.Config) -> None:
    """Parse the dbt project and make the empty build once, before the processes that share the work read them."""
    how_often.IS_LONG = config.getoption("long")
    settings.load_profile("long" if how_often.IS_LONG else "suite")
    if not hasattr(config, "workerinput"):
        from dagster_project.transform import empty_build
        from dagster_project.transform.project_version import project_version

        assert empty_build.make(project_version())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand out the files marked `long` first: begun last, they would leave a core idle in the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: Python need not look through it for garbage again and again."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A test that forgets to name its home finds an empty one, not that of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAM_HOME", str(tmp_path_factory.mktemp("nowhere") / "home"))
        for name in ("PAM_PSEUDONYM_KEY", "PAM_POSTGRES_DSN", "PAM_POSTGRES_DSN_FILE"):
            patch.delenv(name, raising=False)
        patch.delenv("DAGSTER_HOME", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def figures_alone() -> Iterator[None]:
    """Nights of the tests publish the warehouse file alone, for speed: but for the sample's, and those of other processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "OUTPUTS", ())
        yield


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Makes a folder in the first of the processes that asks for its name; the others wait, and have the same one. It is to be
    read, not changed: a process that opens its files to write takes a copy.
    """

    def folder_of(name: str, make: Callable[[Path], object]) -> Path:
        base = tmp_path_factory.getbasetemp()
        shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
        folder, whole = shared / name, shared / f"{name}.whole"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                assert not folder.exists(), f"another process could not make {name}"
                folder.mkdir(mode=0o700)
                make(folder)
                whole.touch()
        return folder

    return folder_of


@pytest.fixture(scope="session")
def sample_home(made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose one night is the sample's, run by the real job and published. To be read, not changed.

    Each process has a copy: its candidate's raw views read the Parquet of the one that was made.
    """
    from support import copy_home

    return copy_home(Home(made_once("sample_night", run_sample) / "home"), tmp_path_factory.mktemp("sample_night") / "home")


def run_sample(folder: Path) -> None:
    """The sample's night, with all outputs."""
    from support import run_night

    from dagster_project.sample import write_sample

    home = Home(folder / "home").create()
    write_sample(home.inbox)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
        run = run_night(home)
    assert run.receipt.outcome == "published", run.receipt.reason


@pytest.fixture
def sample_copy(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the published sample, for a test to spoil."""
    from support import copy_home

    return copy_home(sample_home, tmp_path / "home")


@pytest.fixture(scope="session")
def week(made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home after five small nights, all kept. To be read, not changed."""
    from week import make_week

    made = made_once("week", lambda folder: make_week(Home(folder / "home").create()))
    home = Home(tmp_path_factory.mktemp("week") / "home")
    # What is published has a second name among the kept nights, in the copy too.
    subprocess.run(["cp", "-a", str(made / "home"), str(home.path)], check=True)
    return home


@pytest.fixture
def week_copy(week: Home, tmp_path: Path) -> Home:
    """A copy of them, for a test to spoil. Its kept nights are files of their own."""
    from support import copy_home

    return copy_home(week, tmp_path / "home")


@pytest.fixture
def new_home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home").create()


@pytest.fixture
def pam(monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """`pam ARGS` in this process: `.exit_code`, `.stdout`, `.stderr`."""
    from typer.testing import CliRunner

    from dagster_project.cli import app

    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*args: object, stdin: str | None = None) -> object:
        return CliRunner().invoke(app, [str(a) for a in args], input=stdin)

    return call
