"""What is made once for all tests: one published sample night, and the nights of awkward files."""

import fcntl
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from dagster_project.core.home import Home, be_quiet
from dagster_project.core.import_speed import collect_less, import_less
from dagster_project.publishing import outputs

be_quiet()
import_less()
collect_less()

ALL_OUTPUTS = outputs.OUTPUTS

# The suite draws the same examples each time. `--hypothesis-profile=long` draws many, others each time: for a person who
# has changed a rule, and an hour. No example has a deadline: machines differ.
settings.register_profile("suite", max_examples=100, derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=1667, deadline=None, print_blob=True)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Parse the dbt project and lay the groundwork once, before the processes that share the work read them."""
    if not hasattr(config, "workerinput"):
        from dagster_project.transform import empty_build
        from dagster_project.transform.project_version import project_version

        assert empty_build.lay(project_version())


LONG = (
    "nights/test_on_spark.py", "nights/test_replay.py", "nights/test_diff.py", "sequences/test_any_sequence.py",
    "dbt_project/test_by_hand.py",
    "faults/test_cut_short.py", "serve/test_server.py", "nights/test_awkward_nights.py", "privacy/test_canary.py",
    "postgres/test_swap.py", "pack/test_browser.py", "gate/test_held_nights.py", "mutations/test_mutants.py",
    "definitions/test_retries.py", "landing/test_landing_model.py", "docs/test_history.py",
)  # fmt: skip
"""The files that take longest, the longest first: begun last, they would leave a core idle in the end."""


TOGETHER = {
    "tests/cli/test_diff.py": "week", "tests/cli/test_replay.py": "week", "tests/cli/test_rollback.py": "week",
    "tests/nights/test_diff.py": "week", "tests/nights/test_publications.py": "week", "tests/nights/test_replay.py": "week",
    "tests/nights/test_rollback.py": "week", "tests/docs/test_history.py": "week", "tests/serving/test_connect.py": "week",
}  # fmt: skip
"""Files that share what takes long to make: one process makes it, once. Folders beside: all of their files."""
FOLDERS = ("tests/dbt_project", "tests/pack", "tests/postgres", "tests/sample")


class Grouped(LoadFileScheduling):
    """Hands out files, as `--dist loadfile` does; those that belong together to one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        folder = file.rpartition("/")[0]
        return TOGETHER.get(file, folder if folder in FOLDERS else file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Grouped:
    """What hands out the tests."""
    return Grouped(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand out long files first; within a file the order stays."""
    place = {name: n for n, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get("/".join(item.path.parts[-2:]), len(LONG)))


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


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose one night is the sample's, run by the real job and published. To be read, not changed.

    The first of the processes that share the tests makes it, and each has a copy: its candidate's raw views read the Parquet
    of the one that was made.
    """
    from support import copy_home, run_night

    from dagster_project.sample import write_sample

    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder
    made = Home(shared / "sample_night" / "home")
    with (shared / "sample_night.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.path.exists():
            write_sample(made.create().inbox)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
                run = run_night(made)
            assert run.receipt.outcome == "published", run.receipt.reason
        assert made.warehouse.exists(), "the other process could not make it"
    return copy_home(made, tmp_path_factory.mktemp("sample_night") / "home")


@pytest.fixture
def sample_copy(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the published sample, for a test to spoil."""
    from support import copy_home

    return copy_home(sample_home, tmp_path / "home")


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home after five small nights, all kept. To be read, not changed."""
    from week import make_week

    return make_week(Home(tmp_path_factory.mktemp("week") / "home").create())


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
