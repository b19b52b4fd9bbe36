"""Made-up extracts of every force over years: the national case, for trying how far a warehouse carries.

    python -m benchmarks.national FOLDER [--forces all] [--years 10] [--scale 2]

`--forces`: `all`, the 43 of England and Wales and British Transport Police, or codes such as `derbyshire,kent`. `--scale`:
times about 56,000 rows a force and year.

They match no report: the number of rows of a force and year, and their content, are assumed, and the same for every force.
Every reference says that it is made up, as in the sample of Derbyshire. DuckDB writes the rows, because there may be
hundreds of millions; the same release writes the same bytes.
"""

import argparse
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from pathlib import Path
from zlib import crc32

import duckdb

from benchmarks.recipes import EXTRACTS, UNITS, Made
from dagster_project.core.home import Home
from dagster_project.core.project_lists import force_names, read_seed
from dagster_project.core.similar_names import suggestion
from dagster_project.core.sql import literal
from dagster_project.sample.files import EXTRACTED_AT
from dagster_project.sample.public_health import MADE_UP, indicators

LAST_DAY = date(2025, 12, 31)
"""The last day of every window."""

NIGHTLY = ("incidents", "intelligence", "crimes", "stop_search", "drug_tests")
NEXT_DAY = LAST_DAY + timedelta(days=1)
NEXT_REFERENCE = 900_000_001
"""Higher than any reference of an earlier window."""

SECTIONS = ("East", "West")
"""Sections of each force."""


def write_areas(home: Home, forces: Sequence[str]) -> Path:
    """Write the home's `areas.csv`, with the areas of the made-up rows. Returns its path."""
    home.seeds.mkdir()
    path = home.seeds / "areas.csv"
    lines = ["force_code,section_code,section_name,lpu_code,lpu_name"]
    for force in forces:
        for at in range(1, UNITS + 1):
            section = SECTIONS[at % len(SECTIONS)]
            lines.append(f"{force},sample-{section.lower()},Sample {section},sample-unit-{at:02d},Sample unit {at:02d}")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def scale_for(rows: float, forces: int, years: int) -> float:
    """The scale that gives about so many rows for so many forces and years."""
    return rows / (sum(made.rows for made in EXTRACTS.values()) * forces * years)


def write_next_day(
    directory: Path, forces: Sequence[str], scale: float = 1.0, day: date = NEXT_DAY, only: Collection[str] | None = None
) -> list[Path]:
    """Write the files of a night after `write_national`: one day of the nightly extracts (of `only` alone), the first after the
    windows unless `day` is given."""
    directory.mkdir(parents=True, exist_ok=True)
    names, later = force_names(), (day - NEXT_DAY).days
    paths = []
    with duckdb.connect() as con:
        for force in sorted(set(forces)):
            for name in NIGHTLY:
                if only is not None and name not in only:
                    continue
                path = directory / f"{name}__{force}__{day}__{day}__{day + timedelta(days=5):%Y%m%d}T020000Z.csv"
                facts = f"{_seed(path)} as seed, {literal(names[force])} as force_name"
                rows = max(1, round(EXTRACTS[name].rows * scale / 365))
                _write(con, path, _rows_of(EXTRACTS[name], facts, day, day, rows, NEXT_REFERENCE + later * rows))
                paths.append(path)
    return paths


def write_national(
    directory: Path, forces: Sequence[str], years: int, scale: float = 1.0, only: Collection[str] | None = None
) -> list[Path]:
    """Write a file for each force and extract (street crime: for each year, too) into `directory`; return their paths.

    The windows are the last `years` calendar years to 2025. `scale`: multiplies the rows, about 56,000 a force and year.
    `only`: these extracts alone.
    Files of the same name are overwritten, others left alone. Raises ValueError for a force that there is not.
    """
    known = force_names()
    if other := sorted(set(forces) - known.keys()):
        raise ValueError(
            f"no force is called {', '.join(other)}{suggestion(other[0], known)}: seeds/forces.csv has their codes"
        )
    directory.mkdir(parents=True, exist_ok=True)
    first_year = LAST_DAY.year - years + 1
    paths = []
    with duckdb.connect() as con:
        for force in sorted(set(forces)):
            for name, made in EXTRACTS.items():
                if only is not None and name not in only:
                    continue
                spans = [(y, y) for y in range(first_year, LAST_DAY.year + 1)] if made.split else [(first_year, LAST_DAY.year)]
                for begin, end in spans:
                    path = directory / _file_name(name, force, begin, end)
                    rows = max(1, round(made.rows * scale * (end - begin + 1)))
                    facts = f"{_seed(path)} as seed, {literal(known[force])} as force_name"
                    _write(con, path, _rows_of(made, facts, date(begin, 1, 1), date(end, 12, 31), rows))
                    paths.append(path)
            for name, select in (("iom_cohort", _cohort), ("public_health", _public_health)):
                if only is not None and name not in only:
                    continue
                paths.append(directory / _file_name(name, force, first_year, LAST_DAY.year))
                _write(con, paths[-1], select(first_year, _seed(paths[-1])))
    return sorted(paths)


def _file_name(extract: str, force: str, first_year: int, last_year: int) -> str:
    return f"{extract}__{force}__{first_year}-01-01__{last_year}-12-31__{EXTRACTED_AT}.csv"


def _seed(path: Path) -> int:
    """The random seed of a file: always the same for one file, and different for each."""
    return crc32(path.name.encode())


def _write(con: duckdb.DuckDBPyConnection, path: Path, select: str) -> None:
    con.execute(f"copy ({select}) to {literal(str(path))} (format csv, header true)")


def _rows_of(made: Made, facts: str, first: date, last: date, rows: int, first_reference: int = 1) -> str:
    """SQL of one file's rows, in order of their days, which are spread evenly over the window."""
    days = (last - first).days + 1
    base = f"""
        select
            i + {first_reference} as i, date '{first}' + (i * {days} // {rows})::int as day, date '{last}' as last_day, {facts}
        from range({rows}) as numbers(i)
    """
    if made.first:
        base = f"select *, {made.first} from ({base})"
    return f"select {', '.join(f'{sql} as {name}' for name, sql in made.columns.items())} from ({base})"


def _cohort(first_year: int, seed: int) -> str:
    """One count a month: a second row would be another count for the same day."""
    return f"""
        select last_day(month) as counted_on, 200 + (hash(month, {seed}) % 90)::int as cohort_size, 'made-up sample' as remark
        from (select unnest(generate_series(date '{first_year}-01-01', date '{LAST_DAY}', interval 1 month))::date as month)
    """


def _public_health(first_year: int, seed: int) -> str:
    """England's row of each indicator and year."""
    wanted = ", ".join(f"({literal(i['indicator_id'])}, {literal(i['indicator_name'])})" for i in indicators().values())
    return f"""
        select
            id as "Indicator ID", name as "Indicator Name", 'E92000001' as "Area Code", 'England' as "Area Name",
            'England' as "Area Type", 'Persons' as "Sex", 'All ages' as "Age", null as "Category Type", null as "Category",
            year::varchar as "Time period", 100 + (hash(id, year, {seed}) % 900)::int as "Value", 90 as "Lower CI 95.0 limit",
            1100 as "Upper CI 95.0 limit", 1000 + (hash(id, year, {seed}) % 9000)::int as "Count", 57700000 as "Denominator",
            '{MADE_UP}' as "Value note"
        from (select distinct id, name from (values {wanted}) as listed(id, name))
        cross join range({first_year}, {LAST_DAY.year}) as years(year)
        order by all
    """


def forces_named(forces: str) -> list[str]:
    """The codes that `--forces` names: all are the 43 forces of England and Wales, and British Transport Police."""
    if forces == "all":
        return [r["force_code"] for r in read_seed("forces") if r["nation"] != "Northern Ireland"]
    return [code.strip().lower() for code in forces.split(",")]


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("folder", type=Path)
    args.add_argument("--forces", default="all")
    args.add_argument("--years", type=int, default=1)
    args.add_argument("--scale", type=float, default=1)
    given = args.parse_args()
    paths = write_national(given.folder, forces_named(given.forces), given.years, given.scale)
    print(f"{len(paths)} made-up extracts in {given.folder}")


if __name__ == "__main__":
    main()
