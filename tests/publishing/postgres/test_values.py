"""PostgreSQL has what the published file has: every value of every relation, its type and its description."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest

from dagster_project.core.home import Home
from dagster_project.publishing.postgres import PostgresError, load, loading, table_definitions

from .conftest import Database


def differing_rows(database: Database, path: Path, folder: Path) -> dict[str, int]:
    """How many rows of each relation are missing or different in PostgreSQL, read from it by COPY."""
    counts = {}
    with loading.night_file(path) as night, psycopg.connect(database.analyst, autocommit=True) as con:
        con.execute("set timezone = 'UTC'; set datestyle = 'ISO'")
        for relation in table_definitions.relations(night):
            if relation.is_view:
                continue  # a view of the others
            file = folder / "rows.csv"
            query = f"copy (select * from {relation.full}) to stdout (format csv)"
            with file.open("wb") as out, con.cursor().copy(query) as copy:
                for block in copy:
                    out.write(block)
            kinds = night.execute(f"select column_name, column_type from (describe {relation.full})").fetchall()
            # Times come with their zone, which is UTC.
            columns = "{" + ", ".join(f"'{n}': '{'TIMESTAMPTZ' if k == 'TIMESTAMP' else k}'" for n, k in kinds) + "}"
            night.execute("set timezone = 'UTC'")
            # `allow_quoted_nulls`: a quoted empty text is one, and an unquoted one is null, as PostgreSQL writes them.
            postgres_rows = (
                f"select {', '.join(f'cast({n} as {k}) as {n}' for n, k in kinds)} from read_csv('{file}', header = false,"
                f" columns = {columns}, allow_quoted_nulls = false, nullstr = '',"
                " auto_detect = false, delim = ',', quote = '\"', escape = '\"', max_line_size = 10000000)"
            )
            file_rows = f"select * from {relation.full}"
            # Two sets of rows of the same size are equal if one contains the other.
            (n,) = night.execute(
                f"select (select count(*) from ({file_rows} except all {postgres_rows}))"
                f" + abs((select count(*) from {relation.full}) - (select count(*) from ({postgres_rows})))"
            ).fetchone()
            if n:
                counts[relation.full] = n
    return counts


def test_every_value_equals_the_published_file(loaded: Database, sample_home: Home, tmp_path: Path) -> None:
    assert differing_rows(loaded, sample_home.warehouse, tmp_path) == {}
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as con:
        count, total = con.execute("select count(*), sum(value) from marts.measures").fetchone()
    assert loaded.as_analyst("select count(*), sum(value) from marts.measures") == [(count, total)] and count > 100_000


def test_a_model_of_the_forces_own_is_no_mart(
    make_database: Callable[..., Database], small_night: Callable[..., Path], tmp_path: Path
) -> None:
    """Called like one, and of another shape."""
    database = make_database("own")
    path = small_night("20260101T020000Z", "create table marts.mart_own as select 'Dales' as area, 5 as n")
    load(path, database.server, tmp_path / "t", is_made_up=False)
    assert database.as_analyst("select area, n from marts.mart_own") == [("Dales", 5)]


def test_a_different_value_is_detected(
    make_database: Callable[..., Database], small_night: Callable[..., Path], tmp_path: Path
) -> None:
    database = make_database("spoilt")
    words = "create table marts.words as select 'a' as word, cast(0.1 as decimal(28,10)) as value"
    path = small_night("20260101T020000Z", words)
    load(path, database.server, tmp_path / "t", is_made_up=False)
    assert differing_rows(database, path, tmp_path) == {}
    database.as_admin("update marts.words set value = value + 0.0000000001", "update reports.tables set title = null")
    assert differing_rows(database, path, tmp_path) == {"marts.words": 1, "reports.tables": 1}


UNUSUAL_TEXTS = (
    None, "", " ", '"', '""', "\\.", "\\N", "NULL", "null", "a,b", "a\nb", "a\r\nb", "\t", "'", "£ – é 🚓", "a\\nb", "\ufeff",
)  # fmt: skip


def test_unusual_texts_numbers_and_dates_are_loaded_exactly(
    make_database: Callable[..., Database], small_night: Callable[..., Path], tmp_path: Path
) -> None:
    path = small_night(
        "20260101T020000Z",
        "create table marts.words (n bigint, word varchar)",
        "create table marts.numbers (d decimal(28,10), b bigint, i integer, t timestamp, day date, yes boolean)",
        "insert into marts.numbers values (999999999999999999.9999999999, 9223372036854775807, -2147483648,"
        " '2026-03-29 01:30:00.123456', '0001-01-01', true),"
        " (-0.0000000001, -9223372036854775808, 0, null, '9999-12-31', false),"
        " (null, null, null, '1969-12-31 23:59:59', null, null)",
    )
    with duckdb.connect(str(path)) as con:
        con.executemany("insert into marts.words values (?, ?)", list(enumerate(UNUSUAL_TEXTS)))
    database = make_database("awkward")
    loaded = load(path, database.server, tmp_path / "t", is_made_up=False)
    assert loaded.rows == len(UNUSUAL_TEXTS) + 3 + 4 and not (tmp_path / "t").exists()
    assert [w for (w,) in database.as_analyst("select word from marts.words order by n")] == list(UNUSUAL_TEXTS)
    numbers = database.as_analyst("select d, b, i, extract(epoch from t), day, yes from marts.numbers order by b nulls last")
    assert numbers[0][:3] == (Decimal("-0.0000000001"), -(2**63), 0) and numbers[0][4:] == (date.max, False)
    assert numbers[1][:4] == (Decimal("999999999999999999.9999999999"), 2**63 - 1, -(2**31), Decimal("1774747800.123456"))
    assert numbers[1][4:] == (date.min, True) and numbers[2][3] == Decimal(-1)
    assert differing_rows(database, path, tmp_path) == {}


def test_values_without_an_exact_type_are_refused(
    make_database: Callable[..., Database], small_night: Callable[..., Path], tmp_path: Path
) -> None:
    database = make_database("inexact")
    for night, kind in (("20260101T020000Z", "double"), ("20260102T020000Z", "hugeint"), ("20260103T020000Z", "integer[]")):
        path = small_night(night, f"create table marts.words as select cast(null as {kind}) as value")
        with pytest.raises(PostgresError, match=r"marts\.words\.value has the type .*does not go to PostgreSQL exactly"):
            load(path, database.server, tmp_path / "t", is_made_up=False)
    path = small_night("20260104T020000Z", "create table marts.words as select 'a' || chr(0) || 'b' as word")
    with pytest.raises(PostgresError, match=r"copying marts\.words"):
        load(path, database.server, tmp_path / "t", is_made_up=False)
    assert database.as_admin("select nspname from pg_namespace where nspname ~ 'marts'") == []


def test_types_are_exact(loaded: Database) -> None:
    rows = loaded.as_analyst(
        "select table_schema, data_type, count(*) from information_schema.columns where table_schema in"
        " ('marts', 'reports', 'meta', 'bi') group by 1, 2"
    )
    kinds = {kind for _, kind, _ in rows}
    assert kinds == {"text", "numeric", "bigint", "integer", "date", "boolean", "timestamp with time zone"}
    assert {kind for schema, kind, _ in rows if schema == "marts"} == {"text", "numeric", "date", "boolean"}
    assert loaded.as_analyst(
        "select distinct numeric_precision, numeric_scale from information_schema.columns"
        " where table_schema in ('marts', 'bi') and data_type = 'numeric'"
    ) == [(28, 10)]


def test_every_relation_and_column_has_a_comment(loaded: Database, sample_home: Home) -> None:
    without_comment = loaded.as_analyst(
        "select n.nspname || '.' || c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " join pg_attribute a on a.attrelid = c.oid and a.attnum >= 0 and not a.attisdropped"
        " where n.nspname in ('marts', 'reports', 'meta', 'bi') and c.relkind in ('r', 'v') and (obj_description(c.oid,"
        " 'pg_class') is null or col_description(c.oid, a.attnum) is null)"
    )
    assert without_comment == []
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as con:
        (description,) = con.execute(
            "select description from meta.dictionary where relation_name = 'mart_pspo' and kind = 'relation'"
        ).fetchone()
    assert loaded.as_analyst("select obj_description('marts.mart_pspo'::regclass, 'pg_class')") == [(description,)]


def test_keys_and_references_are_declared(loaded: Database) -> None:
    rows = loaded.as_analyst(
        "select contype::text, conrelid::regclass::text, confrelid::regclass::text from pg_constraint"
        " where contype in ('p', 'f') and connamespace::regnamespace::text in ('marts', 'bi', 'meta')"
    )
    assert sum(kind == "p" for kind, *_ in rows) == 18 + 1 + 5 + 1
    assert {other.split(".")[-1] for kind, _, other in rows if kind == "f"} == {"dim_measure", "dim_area", "dim_date"}
