"""The same figures by one bare SQL script: DuckDB reads the files, stages every column, and makes the marts.

It has the SQL of a night's marts, and nothing else: no lines for tracing, no ledger, no contracts, no corrections, no tests, no
gate. It only works on the clean files of the national sample. Used by `whole_night`; by itself:

    python -m benchmarks.bare_script INBOX FOLDER

writes `FOLDER/script.sql`; with `--run` it runs it, into `FOLDER/warehouse.duckdb`.
"""

import argparse
import csv
import os
import tempfile
from pathlib import Path

import duckdb

from dagster_project.contracts import Column, Contract, load_contracts
from dagster_project.core.home import DBT_PROJECT, SEEDS, Home
from dagster_project.core.sql import literal

CASTS = {
    "date": "cast({} as date)",
    "month": "cast({} || '-01' as date)",
    "whole": "cast({} as bigint)",
    "money": "cast({} as decimal(28, 10))",
    "number": "cast({} as decimal(28, 10))",
    "list": "regexp_replace({}, ' *; *', ';', 'g')",
}


def write_script(inbox: Path, folder: Path, areas: Path | None = None) -> Path:
    """Write the script for the files of `inbox` into `folder`; return its path. `areas`: a home's own list, if any."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = ["attach ':memory:' as work", "set TimeZone = 'Europe/London'", "set preserve_insertion_order = false"]
    parts += [f"create schema work.{name}" for name in ("raw", "seeds", "staging", "measures")]
    parts += ["create schema marts"]
    contracts = load_contracts()
    files: dict[str, list[Path]] = {}
    for path in sorted(inbox.glob("*__*.csv")):
        files.setdefault(path.name.split("__")[0], []).append(path)
    parts += [_staged(contracts[name], paths) for name, paths in files.items()]
    parts += _lists(contracts, files, areas)
    parts += _models()
    script = folder / "script.sql"
    script.write_text(";\n\n".join(parts) + ";\n", encoding="utf-8")
    return script


def _staged(contract: Contract, paths: list[Path]) -> str:
    with paths[0].open(encoding="utf-8", newline="") as file:
        headers = next(csv.reader(file))
    found = {c.name: h for h in headers if (c := contract.by_header(h))}
    columns = ", ".join(f"{_typed(contract, c, found)} as {c.name}" for c in contract.columns)
    placing = contract.date_column
    day = f"cast({_typed(contract, contract.column(placing), found)} as date)" if placing else "cast(null as date)"
    listed = ", ".join(literal(str(p)) for p in paths)
    return f"""
create table work.raw.{contract.extract} as
select
    {columns},
    split_part(parse_filename(filename), '__', 2) as _force_code, parse_filename(filename) as _load_id, '0' as _line,
    {day} as _date
from read_csv([{listed}], all_varchar = true, header = true, filename = true)"""


def _typed(contract: Contract, column: Column, found: dict[str, str]) -> str:
    if column.name not in found:
        return "cast(null as varchar)"
    text = f'"{found[column.name]}"'
    if column.type == "timestamp":
        # Times in data.police.uk's form have a zone; those of other systems are London time.
        is_zoned = contract.police_uk is not None
        return f"timezone('Europe/London', cast({text} as timestamptz))" if is_zoned else f"cast({text} as timestamp)"
    return CASTS.get(column.type, "{}").format(text)


def _lists(contracts: dict[str, Contract], files: dict[str, list[Path]], areas: Path | None) -> list[str]:
    loads, values, kinds = [], [], []
    for name, contract in contracts.items():
        known = "key" if contract.key else "indicator" if contract.kind == "indicators" else "file"
        units = str(contract.has_units or contract.kind == "monthly_file").lower()
        kinds.append(f"({literal(name)}, {literal(contract.kind)}, {str(bool(contract.key)).lower()}, {units})")
        values += [f"({literal(name)}, {literal(c.name)}, {literal(v)})" for c in contract.columns for v in c.values]
        for path in files.get(name, ()):
            _, force, first, last, at = path.name.split("__")
            window = f"date '{first}', date '{last}', strptime('{at[:16]}', '%Y%m%dT%H%M%SZ')"
            loads.append(f"({literal(name)}, '{force}', {literal(path.name)}, 'canonical', '{known}', 1, {window}, true, '')")
    own = f"from read_csv({literal(str(areas))}, all_varchar = true)" if areas else "from (select '' as force_code) where false"
    names = ("force_code", "section_code", "section_name", "lpu_code", "lpu_name")
    chosen = ", ".join(names) if areas else ", ".join(f"'' as {n}" for n in names)
    columns = (
        "extract, force_code, load_id, form, known_by, load_rank, covered_from, covered_to, extracted_at, is_tonight, night_id"
    )
    return [
        f"create table work.raw.loads as from (values {', '.join(loads)}) as t({columns})",
        f"create table work.raw.contract_values as from (values {', '.join(values)}) as t(extract, column_name, value)",
        f"create table work.raw.contracts as from (values {', '.join(kinds)}) as t(extract, kind, is_keyed, has_areas)",
        f"create table work.raw.own_areas as select {chosen} {own}",
        "create table work.raw.own_offence_codes (offence_code varchar, offence_class varchar)",
        "create table work.raw.own_unit_names (force_code varchar, other_name varchar, lpu_code varchar)",
        "create table work.staging.superseded_rows (extract varchar, load_id varchar, line varchar, reason varchar,"
        " by_load_id varchar)",
    ]


def _models() -> list[str]:
    """Seeds, then each model that the figures depend on, compiled by dbt."""
    from dbt.cli.main import dbtRunner

    from dagster_project.core.candidate_files import WORK
    from dagster_project.transform.dbt_runner import VIEW, _closing_connections, manifest
    from dagster_project.transform.empty_build import NO_NIGHT
    from dagster_project.transform.raw_schema import fresh_candidate, prepare_raw

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        fresh_candidate(home)
        prepare_raw(home, "none", NO_NIGHT)
        with duckdb.connect(str(home.candidate / WORK), read_only=True) as con:
            parts = _empty_tables(con)
        os.environ["PAM_CANDIDATE"] = str(home.candidate)
        with _closing_connections():
            done = dbtRunner(manifest=manifest()).invoke(
                ["--quiet", "--log-level", "none", "--log-level-file", "none", "compile", "-s", "+measures",
                 "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", folder]
            )  # fmt: skip
    if not done.success:
        raise RuntimeError(f"dbt could not compile the marts: {done.exception}")
    for result in done.result.results:
        node = result.node
        if node.resource_type == "seed":
            types = ", ".join(f"'{name}': '{kind}'" for name, kind in node.config.column_types.items())
            path = literal(str(SEEDS / f"{node.name}.csv"))
            parts.append(f"create table {node.relation_name} as from read_csv({path}, header = true, types = {{{types}}})")
        elif node.resource_type == "model" and node.name != "superseded_rows":
            kind = "view" if node.config.materialized == VIEW else "table"
            parts.append(f"create {kind} {node.relation_name} as\n{node.compiled_code}")
    return parts


def _empty_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables that models read besides the files: all but the project's own lists are empty on a night without history."""
    found = con.execute(
        "select table_name, string_agg(column_name || ' ' || data_type, ', ' order by column_index)"
        " from duckdb_columns() where schema_name = 'raw' group by table_name"
    ).fetchall()
    made = [f"create table if not exists work.raw.{name} ({columns})" for name, columns in found]
    for name in ("vocabulary", "coverages", "coverage_columns"):
        rows = con.execute(f"select columns(*)::varchar from raw.{name}").fetchall()
        values = ", ".join(f"({', '.join('null' if x is None else literal(x) for x in row)})" for row in rows)
        made.append(f"insert into work.raw.{name} values {values}")
    return made


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("inbox", type=Path)
    args.add_argument("folder", type=Path)
    args.add_argument("--run", action="store_true")
    given = args.parse_args()
    if not given.run:
        print(write_script(given.inbox, given.folder))
        return
    con = duckdb.connect()
    con.execute(f"attach {literal(str(given.folder / 'warehouse.duckdb'))} as warehouse (storage_version 'v1.5.0')")
    con.execute("use warehouse")
    con.execute((given.folder / "script.sql").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
