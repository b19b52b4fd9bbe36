"""How much memory and temporary disk space DuckDB may use during a night."""

import os
import re
import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from .config import read_config
from .files import delete_abandoned, make_folder
from .home import Home
from .sql import literal

MINIMUM = 1 << 30
"""Bytes of memory, and of disk, that a night may use by default even if the machine has less."""
CGROUP = Path("/sys/fs/cgroup/memory.max")

READER = "read"
"""Prefix of the spill folders of readers: `read-<process id>-<thread id>`."""
NO_SPILL: dict[str, str | bool | int | float | list[str]] = {"temp_directory": ""}
"""Settings of DuckDB: what does not fit into the memory fails, and no row is written to disk."""


def memory_limit(home: Home) -> str:
    """DuckDB's memory limit: `[night] memory` of the settings, else a quarter of the machine's. Raises ConfigError."""
    return read_config(home).night.memory or f"{max(MINIMUM, machine_memory() // 4) >> 20}MiB"


def machine_memory() -> int:
    """Bytes that this process may use: the machine's memory, or its container's if that is less."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(total, int(CGROUP.read_text(encoding="ascii")))
    except (OSError, ValueError):
        # No container, or one without a limit: `max`.
        return total


def megabytes(size: str) -> int:
    """DuckDB's `5.5GiB`, `5.5GB` or `1000 bytes`, in units of 1024 * 1024 bytes."""
    match = re.fullmatch(r"([\d.]+) ?([KMGT]?)(i?)(?:B|bytes)", size)
    assert match is not None, size
    number, unit, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** ("KMGT".index(unit) + 1 if unit else 0)) >> 20


def spill_limit(home: Home) -> int:
    """How much a night may spill to disk, in units of 1024 * 1024 bytes: `[night] spill` of the settings, else half of the
    free space on the home's disk, as the night needs the rest for what it writes. Raises ConfigError.
    """
    if size := read_config(home).night.spill:
        return megabytes(size)
    folder = next(p for p in (home.path, *home.path.parents) if p.exists())
    return max(MINIMUM, shutil.disk_usage(folder).free // 2) >> 20


def memory_settings(home: Home, parts: int = 1, place: str = "") -> dict[str, str]:
    """DuckDB's settings for a connection that works on a night. `parts`: how many databases share the memory. `place`: an
    existing folder below `spill/`; each database needs its own.
    """
    limit = memory_limit(home)
    return {
        "memory_limit": limit if parts == 1 else f"{max(1, megabytes(limit) // parts)}MiB",
        "temp_directory": str(home.spill / place),
        "max_temp_directory_size": f"{max(1, spill_limit(home) // parts)}MiB",
    }


def limit_memory(con: duckdb.DuckDBPyConnection, home: Home) -> duckdb.DuckDBPyConnection:
    """Limit a connection to the home's memory settings. Returns it."""
    for name, value in memory_settings(home).items():
        con.execute(f"set {name} = {literal(value)}")
    return con


@contextmanager
def working_database(home: Home) -> Generator[duckdb.DuckDBPyConnection]:
    """A DuckDB database in memory, to read a home's files with. It has the home's share of memory, and spills to a folder of
    its own below `spill/`. Someone who may not write in the home spills nothing: what is too large for memory fails.
    """
    if not os.access(home.path, os.W_OK):
        with duckdb.connect(config=NO_SPILL) as con:
            yield con
        return
    # DuckDB makes no folder above its own: this one is there until the end, so that nobody removes `spill/` meanwhile.
    folder = make_folder(home.spill / f"{READER}-{os.getpid()}-{threading.get_ident()}")
    try:
        with duckdb.connect(config={**memory_settings(home, place=folder.name)}) as con:
            yield con
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        # Not while others spill.
        with suppress(OSError):
            home.spill.rmdir()


def delete_spill(home: Home) -> None:
    """Delete temporary files of this night, and of nights and readers that were killed. Raises OSError.

    The files of readers that still run stay (`working_database`): readers hold no lock.
    """
    if not home.spill.exists():
        return
    delete_abandoned(home.spill, READER)
    for path in home.spill.iterdir():
        if path.name.startswith(f"{READER}-"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    with suppress(OSError):
        home.spill.rmdir()
