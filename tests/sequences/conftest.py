"""Fixtures of all sequences: compiled models, connections that stay open, and no waiting for the disk."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from oracle.unusual_files.plan import BELIEVED

from dagster_project.core.home import Home
from dagster_project.transform import raw_schema

from .plan import Sequence
from .warehouse import Staging, Warehouse, compile_staging


@pytest.fixture(scope="session")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Staging:
    """The models' SQL. Read it, do not change it."""
    return compile_staging(tmp_path_factory.mktemp("staging"))


@pytest.fixture(scope="module")
def quick_landing(staging: Staging) -> Iterator[None]:
    """Land thousands of small files without waiting for the disk, with connections that stay open from night to night.
    Other tests cover power cuts.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(raw_schema, "duckdb", SimpleNamespace(connect=lambda _: staging.con))
        # These models do not need what the editions print, which would take a third of the time.
        patch.setattr(raw_schema, "write_edition_tables", lambda *_: None)
        patch.setattr(raw_schema, "write_frozen_figures", lambda *_: None)
        # Each sequence sets these two itself.
        patch.setattr(raw_schema, "_published_before", raw_schema._published_before)
        patch.setattr(raw_schema, "load_contracts", raw_schema.load_contracts)
        yield


@pytest.fixture(scope="module")
def compare(staging: Staging, quick_landing: None) -> Callable[..., list[str]]:
    """Compare the product with the plain model over a sequence, in a new home. Returns the differences."""

    # DuckDB waits for the disk, too. A folder in memory has none.
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else None

    def run(
        sequence: Sequence, staging: Staging = staging, erased: int | None = None, in_part: bool = False, figures: bool = False
    ) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="pam-sequence-", dir=parent) as folder:
            home = Home(Path(folder) / "home").create()
            home.config_file.write_text(BELIEVED, encoding="utf-8")
            warehouse = Warehouse(home, staging)
            if in_part:
                return warehouse.differences_in_part(sequence, erased, figures)
            return warehouse.run(sequence) if erased is None else warehouse.differences_after_erasing(sequence, erased)

    return run
