"""What all sequences share: compiled models, and a disk that is not waited for."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from oracle.nasty.plan import BELIEVED

from dagster_project.core.home import Home
from dagster_project.landing import canonical_values, landing_session
from dagster_project.landing.duckdb_connection import connect
from dagster_project.transform import raw_schema

from .plan import Sequence
from .warehouse import Kept, Staging, Warehouse, compile_staging


@pytest.fixture(scope="session")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Staging:
    """The models' SQL. To be read, not changed."""
    return compile_staging(tmp_path_factory.mktemp("staging"))


@pytest.fixture(scope="module")
def quick(staging: Staging) -> Iterator[None]:
    """What happens in a power cut is asked elsewhere; here thousands of small files are written. Landing and preparing
    keep their connections from night to night.
    """
    landing = Kept(connect({}, has_identifiers=True))
    landing.execute("set threads = 1")
    canonical_values.install(landing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(landing_session, "connect", lambda *_: landing)
        patch.setattr(canonical_values, "install", lambda _: None)
        patch.setattr(raw_schema, "duckdb", SimpleNamespace(connect=lambda _: staging.con))
        # No model of these asks for what the editions print, which would take a third of the time.
        patch.setattr(raw_schema, "write_edition_tables", lambda *_: None)
        patch.setattr(raw_schema, "write_frozen_figures", lambda *_: None)
        # Each sequence sets these two to its own.
        patch.setattr(raw_schema, "_published_before", raw_schema._published_before)
        patch.setattr(raw_schema, "load_contracts", raw_schema.load_contracts)
        yield


@pytest.fixture(scope="module")
def parts(staging: Staging, quick: None) -> Callable[..., list[str]]:
    """Where product and plain model part over a sequence, which gets a home of its own."""

    # DuckDB waits for the disk, too, where there is one.
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None

    def compare(
        sequence: Sequence, staging: Staging = staging, erased: int | None = None, in_part: bool = False, figures: bool = False
    ) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="pam-sequence-", dir=where) as folder:
            home = Home(Path(folder) / "home").create()
            home.config_file.write_text(BELIEVED, encoding="utf-8")
            warehouse = Warehouse(home, staging)
            if in_part:
                return warehouse.in_part(sequence, erased, figures)
            return warehouse.run(sequence) if erased is None else warehouse.erased(sequence, erased)

    return compare
