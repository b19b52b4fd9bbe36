"""The `meta` schema, which describes the published file. It is written into the candidate before publishing.

It holds no row of an extract, no identifier, and no path of this machine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from dagster_project import public_form
from dagster_project.contracts import Contract, load_contracts
from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.check_results import Check
from dagster_project.core.config import read_config
from dagster_project.core.coverages import read_coverage
from dagster_project.core.project_lists import read_seed
from dagster_project.core.receipts import Night, Receipt
from dagster_project.core.row_tables import make_table
from dagster_project.core.sql import literal
from dagster_project.core.yaml_io import read_yaml
from dagster_project.landing import Counts, LedgerEntry, counts, read_erasures
from dagster_project.landing.storage.ledger import STORED, current_files, extracted, is_replaced
from dagster_project.landing.storage.vocabulary import unknown_values
from dagster_project.transform.accepted_months import read_accepted

TABLES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    name: (table["about"], {column: tuple(described) for column, described in table["columns"].items()})
    for name, table in read_yaml(Path(__file__).with_name("meta_tables.yml").read_text(encoding="utf-8")).items()
}
"""By table: what it is, and the type and meaning of its columns."""

REVISIONS = """
    select edition, table_name, row_label, column_label, mart, measure, category, area_type, area_name, period_start,
        period_end, shows, printed_in, printed_before, value
    from reports.cells where contains(marker, '[r]') or (value is null and printed_before is not null)
    order by edition, table_name, row_no, column_no
"""

EXTRACT_FACTS = """
    with covered as (
        select coverage as extract, force_code, min(covered_from) as covered_from, max(covered_to) as covered_to,
            sum(date_diff('day', covered_from, covered_to) + 1)::bigint as covered_days
        from work.staging.coverage_windows group by all
    )
    select extract, force_code, coalesce(rows_current, 0), coalesce(rows_withdrawn, 0),
        covered.covered_from, covered.covered_to, coalesce(covered_days, 0)
    from work.gate.extract_facts full join covered using (extract, force_code)
"""
NO_FACTS = (0, 0, None, None, 0)
"""Those of an extract and force that have none."""

RELATIONS_AND_COLUMNS = """
    with relations as (
        select schema_name, table_name, comment from duckdb_tables() where database_name = current_database()
        union all
        select schema_name, view_name, comment from duckdb_views() where database_name = current_database() and not internal
    ),
    columns as (
        select schema_name, table_name, column_name, column_index, lower(data_type) as data_type, comment
        from duckdb_columns() where database_name = current_database() and not internal
    )
    select kind, schema_name, table_name, name, null, null, data_type, comment, null, null
    from (
        select 'relation' as kind, *, table_name as name, 0 as column_index, null as data_type from relations
        union all by name
        select 'column' as kind, * rename (column_name as name) from columns
    )
    order by schema_name, table_name, column_index
"""
"""For `meta.dictionary`: what the comments say of each relation and column of the file."""

FORMULAS = {
    "sum": "Total of all records in the period",
    "stock": "The number on the period's last day",
    "last": "The last count in the period",
    "published": "As published",
}


def write_meta(
    night: Night, entries: list[LedgerEntry], checks: Iterable[Check], receipts: Iterable[Receipt], this: Receipt
) -> None:
    """Write the `meta` schema into the candidate. `this`: the night's own receipt so far."""
    with duckdb.connect(str(night.home.candidate / WAREHOUSE)) as con:
        con.execute(f"attach {literal(str(night.home.candidate / WORK))} as work (read_only)")
        facts = _extract_rows(con, night, entries)
        columns = ", ".join(TABLES["rebases"][1])
        rebases = con.execute(f"select {columns} from work.raw.rebases order by all").fetchall()
        con.execute("detach work")
        con.execute("begin")
        con.execute("drop schema if exists meta cascade")
        con.execute("create schema meta")
        _fill(con, "extracts", facts)
        _fill(con, "files", _file_rows(entries, {e.archived: e.erased_on for e in read_erasures(night.home)}))
        accepted_months = [(*astuple(a)[:5], _timestamp(a.accepted_at[:19]), a.area_code) for a in read_accepted(night.home)]
        _fill(con, "accepted_months", accepted_months)
        _fill(con, "rebases", rebases)
        _fill(con, "vocabulary", [tuple(asdict(u).values()) for u in unknown_values(night.home, entries)])
        _fill(con, "checks", [(night.night_id, *astuple(c)) for c in checks])
        _fill(con, "nights", [_night_row(r) for r in (*receipts, this)])
        _fill(con, "revisions", con.execute(REVISIONS).fetchall())
        _comment_public(con)
        _fill(con, "dictionary", _measure_rows())
        con.execute(f"insert into meta.dictionary {RELATIONS_AND_COLUMNS}")
        con.execute("commit")


def _fill(con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    description, columns = TABLES[table]
    make_table(con, f"meta.{table}", {n: kind for n, (kind, _) in columns.items()}, rows)
    con.execute(f"comment on table meta.{table} is {literal(description)}")
    for name, (_, text) in columns.items():
        con.execute(f"comment on column meta.{table}.{name} is {literal(text)}")


def _timestamp(value: str | None) -> str | None:
    return value.replace("T", " ").replace("Z", "") if value else None


def _file_rows(entries: list[LedgerEntry], erased: dict[str, date]) -> list[tuple[Any, ...]]:
    """A row for each entry. `erased`: the day on which an archived original was erased, by its day and name in the archive."""
    first_landed: dict[str, str] = {}
    rows = []
    for e in entries:
        # A load that is released or retracted later has moved on its first day.
        landed_at = first_landed.setdefault(e.load_id, e.landed_at) if e.load_id and e.outcome in STORED else e.landed_at
        rows.append(_file_row(e, erased.get(f"{landed_at[:10]}/{e.source_file}")))
    return rows


def _file_row(e: LedgerEntry, erased_on: date | None) -> tuple[Any, ...]:
    # If the name is not an extract's, it may be anything, such as a person's name.
    is_named = e.extract is not None
    return (
        e.night_id, _timestamp(e.landed_at), e.extract, e.force_code, e.source_file if is_named else None, e.outcome,
        e.reason if is_named else "The name is no extract's; the home's ledger has it.", e.load_id,
        e.covered_from, e.covered_to, _timestamp(e.extracted_at), e.rows_in_file, e.rows_landed, e.rows_quarantined,
        e.rows_duplicate, ", ".join(e.unknown_columns), ", ".join(e.missing_columns), e.rows_refused,
        erased_on, e.rows_ignored,
    )  # fmt: skip


def _night_row(r: Receipt) -> tuple[Any, ...]:
    files = {o: [f for f in r.files if f["outcome"] == o] for o in ("accepted", "held", "refused")}
    return (
        r.night_id, _timestamp(r.started_at), _timestamp(r.finished_at) or None, r.outcome, r.summary,
        len(files["accepted"]), len(files["held"]), len(files["refused"]),
        sum(f.get("rows_landed") or 0 for f in files["accepted"]),
        sum(f.get("rows_quarantined") or 0 for f in files["accepted"]),
        sum(1 for c in r.checks if not c["passed"] and c["severity"] == "warning"), sum(r.figures.values()),
    )  # fmt: skip


def _extract_rows(con: duckdb.DuckDBPyConnection, night: Night, entries: list[LedgerEntry]) -> list[tuple[Any, ...]]:
    """`con`: the candidate, with its other file attached as `work`."""
    sent = read_config(night.home).extracts
    facts = {row[:2]: row[2:] for row in con.execute(EXTRACT_FACTS).fetchall()}
    rows: list[tuple[Any, ...]] = []
    for contract in load_contracts().values():
        entries_of_extract = [e for e in entries if e.extract == contract.extract]
        is_expected = sent.is_expected(contract.extract, night.today)
        forces = sorted({e.force_code for e in entries_of_extract if e.force_code})
        if not forces:
            status = "never dropped" if is_expected else "not sent"
            rows.append((contract.extract, contract.title, None, contract.rhythm, status, *[0] * 6, *NO_FACTS, None, None))
            continue
        files, totals = current_files(entries_of_extract), counts(entries_of_extract)
        for force in forces:
            of_force = [e for e in files if e.force_code == force]
            of_night = facts.get((contract.extract, force), NO_FACTS)
            rows.append(_row_of(contract, force, of_force, totals, of_night, night.today, is_expected))
    return rows


def _row_of(
    contract: Contract, force: str, files: list[LedgerEntry], totals: dict[str, Counts], facts: tuple[Any, ...], today: date,
    is_expected: bool,
) -> tuple[Any, ...]:  # fmt: skip
    accepted = [e for e in files if e.outcome == "accepted"]
    newest = max(accepted, key=extracted).extracted_at if accepted else None
    held_files = [e for e in files if e.outcome == "held" and not is_replaced(e, accepted)]
    rows = [totals[str(e.load_id)] for e in accepted]
    last = facts[3]
    late = max(0, (today - last).days - contract.grace_days) if last and is_expected else None
    status = "late" if late or (last is None and is_expected) else "current" if last else "not sent"
    return (
        contract.extract, contract.title, force, contract.rhythm, status,
        len(accepted), len(held_files), sum(e.outcome == "refused" for e in files),
        sum(r.rows_landed for r in rows), sum(r.rows_quarantined for r in rows), sum(r.rows_duplicate for r in rows),
        *facts, _timestamp(newest), late,
    )  # fmt: skip


def _comment_public(con: duckdb.DuckDBPyConnection) -> None:
    """Comment the columns of `marts_public` as those of the marts are. dbt comments the relations that it makes
    (`persist_docs`)."""
    comments = con.execute(
        "select column_name, comment from duckdb_columns() where schema_name = 'marts'"
        " and table_name in ('mart_control_charts', 'measures') order by table_name"  # of columns that both have, measures'
    ).fetchall()
    described = {**dict(comments), **public_form.MARKERS}
    for relation, name, comment in con.execute(
        "select table_name, column_name, comment from duckdb_columns() where schema_name = ?", [public_form.SCHEMA]
    ).fetchall():
        text = public_form.VALUE if name == "value" and relation != public_form.CHARTS else described[name]
        if comment != text:
            con.execute(f"comment on column {public_form.SCHEMA}.{relation}.{name} is {literal(text)}")


def _measure_rows() -> list[tuple[Any, ...]]:
    return [
        (
            "measure", "marts", m["mart"], m["measure"], m["title"], m["unit"], None, m["meaning"],
            formula(m), read_coverage(m["coverage"]).available_from,
        )
        for m in read_seed("measure_list")
        if m["is_published"] == "true"
    ]  # fmt: skip


def formula(measure: Mapping[str, str]) -> str:
    """How the figure of a period follows from its months, in words, from the measure's row of `measure_list`."""
    if measure["numerator"]:
        denominator = measure["denominator"] + (" in all" if measure["denominator_category"] else "")
        return f"100 * {measure['numerator']} / {denominator}, each totalled over the period first"
    return FORMULAS[measure["aggregation"]]
