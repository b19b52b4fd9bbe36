"""The DuckDB connection used for landing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb


def connect(bounds: Mapping[str, str], identified: bool) -> duckdb.DuckDBPyConnection:
    """An in-memory database of its own, which writes nothing but what it is told to.

    `bounds`: how much memory it may take, and where it spills what does not fit. `identified`: the rows have identifiers. They
    wait in memory in the clear, and a temporary file would put them on disk: they are not spilled, and a file of them that is
    too large for memory is refused. No extension is loaded behind one's back, and no SQL name means a Python variable.
    """
    return duckdb.connect(
        config={
            **bounds,
            **({"temp_directory": ""} if identified else {}),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            # Files come by descriptors, whose numbers are used again: nothing read is kept for the next of that name.
            "enable_external_file_cache": False,
        }
    )


@contextmanager
def one_thread(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have statements run on one thread: where rows come one after another, others only hand them about, and wait."""
    con.execute("set threads = 1")
    try:
        yield
    finally:
        con.execute("reset threads")
