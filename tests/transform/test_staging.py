"""The macro `stage` of all staging models: which rows, types and units they give. It reads the project's sources, which dbt's
unit tests cannot, so these tests run it on raw rows."""

from dagster_project.contracts import load_contracts

from .conftest import Candidate

TYPES = {
    "text": "VARCHAR", "choice": "VARCHAR", "list": "VARCHAR", "unit": "VARCHAR", "date": "DATE", "month": "DATE",
    "timestamp": "TIMESTAMP", "money": "DECIMAL(28,10)", "number": "DECIMAL(28,10)", "whole": "BIGINT",
}  # fmt: skip


def test_columns_and_types_are_those_of_the_contract(empty_candidate: Candidate) -> None:
    rows = empty_candidate.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where database_name = 'work' and schema_name = 'staging' and table_name like 'stg\\_%' escape '\\'"
        " order by table_name, column_index"
    )
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        columns.setdefault(table, []).append((column, kind))
    first = [("force_code", "VARCHAR"), ("load_id", "VARCHAR"), ("line", "VARCHAR")]
    assert columns == {
        f"stg_{c.extract}": [*first, *((k.name, TYPES[k.type]) for k in c.columns), ("unit_code", "VARCHAR")]
        for c in load_contracts().values()
    }


def _incident(line: int, lpu: str | None, load: str = "a", force: str = "derbyshire") -> str:
    unit = "null" if lpu is None else f"'{lpu}'"
    return (
        "insert into work.raw.incidents (incident_ref, created_at, lpu, _force_code, _load_id, _line)"
        f" values ('I{line}', '2025-01-31 23:59:59', {unit}, '{force}', '{load}', '{line}')"
    )


def test_a_unit_is_recognised_by_its_code_or_name_in_its_force(candidate: Candidate) -> None:
    candidate.execute(
        _incident(2, "derby-east"), _incident(3, "DERBY EAST"), _incident(4, "Derby East"), _incident(5, "Dover"),
        _incident(6, None), _incident(7, "Derby East", force="kent"), _incident(8, "unknown"),
    )  # fmt: skip
    rows = candidate.execute("select line, unit_code from work.staging.stg_incidents order by line")
    recognised = {"2", "3", "4"}
    assert rows == [(str(n), "derby-east" if str(n) in recognised else "unknown") for n in range(2, 9)]


def test_superseded_rows_are_left_out(candidate: Candidate) -> None:
    """By extract, load and line."""
    candidate.execute(
        _incident(2, None), _incident(3, None), _incident(2, None, load="b"),
        "insert into work.staging.superseded_rows (extract, load_id, line, reason) values ('incidents', 'a', '2', 'withdrawn'),"
        " ('crimes', 'a', '3', 'withdrawn')",
    )  # fmt: skip
    rows = candidate.execute("select load_id, line, created_at from work.staging.stg_incidents order by load_id")
    assert [row[:2] for row in rows] == [("a", "3"), ("b", "2")]
    assert {str(row[2]) for row in rows} == {"2025-01-31 23:59:59"}


def test_columns_that_no_measure_needs_are_not_read(candidate: Candidate) -> None:
    """Staging has every column; a query that sums a subject reads only the columns of its measures."""
    needed, others = ("lsoa_name", "crime_type"), ("longitude", "latitude", "location", "crime_id", "reported_by")
    columns = (*needed, *others)
    names, values = ", ".join(columns), ", ".join("'x'" for _ in columns)
    candidate.execute(
        f"insert into work.raw.street_crime (month, _load_id, _line, {names}) values ('2025-01-01', 'a', '2', {values})"
    )
    ((_, plan),) = candidate.execute(
        "explain (format json) select leaf_code, event_on, category, sum(amount)"
        " from work.measures.street_crime_events group by all"
    )
    assert all(column in plan for column in needed)
    assert not any(column in plan for column in others)
