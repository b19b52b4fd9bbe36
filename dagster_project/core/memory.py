"""How much memory a night's work in DuckDB may take, and where in the home it goes when it needs more."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from .config import read_config
from .files import free_bytes, make_folder
from .home import Home
from .sql import literal

SHARE = 4
"""By default a night takes one part in so many of the machine's memory."""

SPILL_SHARE = 2
"""By default what a night spills takes one part in so many of the free disk: what it is to write needs the rest."""

LEAST = 1 << 30
CGROUP = Path("/sys/fs/cgroup/memory.max")


def memory_of(home: Home) -> str:
    """What `[night] memory` of the home's settings says, else a quarter of the machine's memory. Raises ConfigError."""
    return read_config(home).night.memory or f"{max(LEAST, machine_memory() // SHARE) >> 20}MiB"


def machine_memory() -> int:
    """Bytes that this process may have: the machine's, or those of its container where it has fewer."""
    try:
        own = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        # No POSIX: what a small machine has.
        own = 8 << 30
    try:
        return min(own, int(CGROUP.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return own


def megabytes(said: str) -> int:
    """DuckDB's `5.5GiB`, or `5.5GB`, in units of 1024 * 1024 bytes."""
    found = re.fullmatch(r"([\d.]+) ?([KMGT])(i?)B", said)
    assert found is not None, said
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** ("KMGT".index(unit) + 1)) >> 20


def spill_of(home: Home) -> int:
    """How much a night's work may spill to disk, in units of 1024 * 1024 bytes: what `[night] spill` of the home's settings
    says, else half of what is free on the home's disk now. Raises ConfigError.
    """
    if said := read_config(home).night.spill:
        return megabytes(said)
    there = next(p for p in (home.path, *home.path.parents) if p.exists())
    return max(LEAST, free_bytes(there) // SPILL_SHARE) >> 20


def bounds(home: Home, parts: int = 1, place: str = "") -> dict[str, str]:
    """DuckDB's settings for a connection that works on a night. `parts`: how many databases share the memory. `place`: a folder
    below `spill/`, which must be there; no two databases may spill to one.
    """
    limit = memory_of(home)
    return {
        "memory_limit": limit if parts == 1 else f"{max(1, megabytes(limit) // parts)}MiB",
        "temp_directory": str(home.spill / place),
        "max_temp_directory_size": f"{max(1, spill_of(home) // parts)}MiB",
    }


def bound(con: duckdb.DuckDBPyConnection, home: Home) -> duckdb.DuckDBPyConnection:
    """Hold a connection to the home's memory; what does not fit into it goes to the home's `spill/`. Returns it."""
    for name, value in bounds(home).items():
        con.execute(f"set {name} = {literal(value)}")
    return con


@contextmanager
def working_database(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB database in memory, to read a home's files with. It has the home's share of memory, and spills to a folder of
    its own below `spill/`. Someone who may not write in the home spills nothing: what is too large for memory fails.
    """
    settings: dict[str, Any] = {"temp_directory": ""}
    new_folder = None
    if os.access(home.path, os.W_OK):
        is_new = not home.spill.is_dir()
        new_folder = make_folder(home.spill).stat() if is_new else None
        # DuckDB makes this folder when it first spills, and removes it at the end.
        settings |= bounds(home, place=f"read-{os.getpid()}-{threading.get_ident()}")
    try:
        with duckdb.connect(config=settings) as con:
            yield con
    finally:
        # Leave the home as it was, but not without a folder that a night has made since.
        with suppress(OSError):
            if new_folder and os.path.samestat(new_folder, home.spill.stat()):
                home.spill.rmdir()


def clear(home: Home) -> None:
    """Remove what was spilled, by this night or by one that was killed. Raises OSError."""
    if home.spill.exists():
        shutil.rmtree(home.spill)
