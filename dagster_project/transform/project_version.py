"""The version of this checkout: the dbt project, the code and DuckDB."""

import hashlib
from functools import cache
from pathlib import Path

import duckdb

from .dbt_runner import project_stamp

PACKAGE = Path(__file__).parents[1]


@cache
def project_version() -> str:
    """A hash of the dbt project, the contracts, the code and DuckDB's version, as read at the first call."""
    digest = hashlib.sha256(f"{project_stamp()} {duckdb.__version__}".encode())
    for path in sorted(p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".yml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
