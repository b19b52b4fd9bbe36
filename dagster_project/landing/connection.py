"""The DuckDB connection that files are landed with."""

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """An in-memory database of its own, which writes nothing but what it is told to.

    No spilling: rows that wait in memory still have their identifiers in the clear, and a temporary file
    would put them on disk. A file too large for memory is refused. No extension is loaded behind one's
    back, and no SQL name means a Python variable.
    """
    return duckdb.connect(
        config={
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
    )
