"""Which version of the project this checkout is: the dbt project, the code and DuckDB."""

import hashlib
from functools import cache
from pathlib import Path

import duckdb

from .dbt_runner import project_stamp

PACKAGE = Path(__file__).parents[1]


@cache
def project_version() -> str:
    """Changes with the dbt project, the contracts and code that it rests on, and DuckDB; as read at the first call."""
    digest = hashlib.sha256(f"{project_stamp()} {duckdb.__version__}".encode())
    for path in sorted(p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".yml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
