"""Which loads are erased after a night, and what is stored in place of their rows."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from support import write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.core.raw_table_columns import columns_of, make_raw_table
from dagster_project.core.row_tables import make_table
from dagster_project.landing import Erasure, LedgerEntry, find_files, land_files, read_erasures, read_ledger
from dagster_project.landing.storage.erase_unused import write_erasures
from dagster_project.landing.storage.raw_store import load_of
from dagster_project.nights import erase_expired_rows
from dagster_project.nights.erase_expired_rows import expired_loads, replace_by_totals
from dagster_project.transform.kept_totals import absent_in_totals, load_kept_totals, loads_as_totals
from dagster_project.transform.raw_schema import make_row_index

TODAY = date(2026, 1, 6)
NIGHT = "20260106T020000Z"


def land(home: Home, *names: str) -> dict[str, LedgerEntry]:
    """Land a file of each extract (`naloxone 2018`, by its year). Returns the loads by these names."""
    contracts = load_contracts()
    for name in names:
        extract, year = name.split()
        samples = {"whole": "1", "date": f"{year}-05-05", "timestamp": f"{year}-05-05"}
        row = {
            c.name: samples.get(c.type, (c.values or ("X",))[0]) for c in contracts[extract].columns if c.required
        }  # fmt: skip
        window = (f"{year}-01-01", f"{year}-12-31")
        write_extract(home.inbox, extract, [row], window=window, stamp=f"{year}1231T020000Z")
    land_files(home, contracts, find_files(home.inbox, contracts, {"derbyshire"}), NIGHT, archive=True)
    return {f"{e.extract} {e.window[0].year}": e for e in read_ledger(home) if e.outcome == "accepted"}


@pytest.fixture
def erasable(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, LedgerEntry]]:
    """Loads of crimes of six years; figures use all but that of 2015. Their monthly totals are made up."""
    loads = land(new_home, *(f"crimes {year}" for year in range(2014, 2020)))
    totals = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in erase_expired_rows.TOTALS_COLUMNS.items())
    monkeypatch.setattr(erase_expired_rows, "_monthly_totals_sql", lambda e: f"select {totals}")
    new_home.candidate.mkdir(exist_ok=True)
    with duckdb.connect(str(new_home.candidate / WORK)) as con:
        con.execute("create schema raw; create schema staging")
        con.execute("create table staging.areas_listed (force_code varchar, area_type varchar, area_code varchar)")
        con.execute("insert into staging.areas_listed values ('derbyshire', 'lpu', 'dales'), ('kent', 'lpu', 'dartford')")
        make_raw_table(con, "absent_columns", [])
        con.execute("create table raw.loads (extract varchar, force_code varchar, load_id varchar, rows_landed bigint)")
        for name, e in loads.items():
            if "2015" not in name:
                con.execute("insert into raw.loads values ('crimes', 'derbyshire', ?, 1)", [e.load_id])
        make_table(con, "staging.superseded_rows", columns_of("carried_superseded"), [
            ("crimes", loads[f"crimes {year}"].load_id, "2", reason, loads[f"crimes {by}"].load_id)
            for year, reason, by in (
                (2019, "newer version", 2016), (2018, "withdrawn", 2016), (2014, "newer version", 2016),
                (2018, "newer version", 2019),
            )
        ])  # fmt: skip
    yield loads


def rows_left(home: Home, loads: dict[str, LedgerEntry]) -> list[str]:
    return [name for name, e in loads.items() if load_of(e).raw(home).exists()]


def test_only_expired_loads_that_figures_use_are_archived(new_home: Home, erasable: dict[str, LedgerEntry]) -> None:
    """The next landing erases one that no figure uses. The year is over by a day."""
    erased = replace_by_totals(new_home, load_contracts(), {"crimes": 8}, date(2026, 1, 1), NIGHT)
    assert rows_left(new_home, erasable) == ["crimes 2015", "crimes 2018", "crimes 2019"]
    assert [Path(e.archived).stem for e in erased] == [erasable[f"crimes {y}"].load_id for y in (2014, 2016, 2017)]
    assert [len(e.kept) for e in erased] == [1, 2, 1], "only that of 2016 had replaced rows of a load that stays"
    assert [e.units for e in erased] == [["dales"]] * 3
    with duckdb.connect() as con:
        con.execute("create schema raw")
        load_kept_totals(con, new_home, {str(erasable["crimes 2016"].load_id)})
        replaced = con.execute("select load_id, by_load_id from raw.kept_superseded").fetchall()
        assert replaced == [(erasable["crimes 2019"].load_id, erasable["crimes 2016"].load_id)]
        assert con.execute("select kept_night, is_carried from raw.kept_months").fetchall() == [(NIGHT, False)]


def test_the_candidate_reads_no_erased_file(new_home: Home, erasable: dict[str, LedgerEntry]) -> None:
    """`pam dbt` ended with an error of a file that is gone, until another night was built."""
    used = [e for name, e in erasable.items() if "2015" not in name]
    with duckdb.connect(str(new_home.candidate / WORK)) as con:
        make_row_index(con, new_home, load_contracts(), used, [], None)
    replace_by_totals(new_home, load_contracts(), {"crimes": 8}, date(2026, 1, 1), NIGHT)
    with duckdb.connect(str(new_home.candidate / WORK)) as con:
        left = [(erasable[f"crimes {year}"].load_id,) for year in (2018, 2019)]
        for view, column in (("row_index", "load_id"), ("crimes", "_load_id")):
            assert con.execute(f"select distinct {column} from raw.{view} order by all").fetchall() == left


def test_rows_that_an_empty_file_withdrew_stay_withdrawn_in_the_candidate(
    new_home: Home, erasable: dict[str, LedgerEntry]
) -> None:
    """A single load needs no index. With the empty one left out, `pam dbt build` would have counted the other's rows again."""
    full = land(new_home, "naloxone 2019")["naloxone 2019"]
    contracts = load_contracts()
    columns = [c.name for c in contracts["naloxone"].columns]
    window = ("2019-01-01", "2019-12-31")
    write_extract(new_home.inbox, "naloxone", [], columns=columns, window=window, stamp="20200101T020000Z")
    land_files(new_home, contracts, find_files(new_home.inbox, contracts, {"derbyshire"}), NIGHT, archive=True)
    empty = next(e for e in read_ledger(new_home) if e.extract == "naloxone" and not e.has_rows)
    with duckdb.connect(str(new_home.candidate / WORK)) as con:
        for e, n in ((full, 1), (empty, 0)):
            con.execute("insert into raw.loads values ('naloxone', 'derbyshire', ?, ?)", [e.load_id, n])
    replace_by_totals(new_home, contracts, {"crimes": 8}, date(2026, 1, 1), NIGHT)
    with duckdb.connect(str(new_home.candidate / WORK)) as con:
        indexed = con.execute("select load_id from raw.row_index where extract = 'naloxone'").fetchall()
    assert indexed == [(full.load_id,)]


def test_a_load_whose_totals_are_on_record_is_erased_without_new_ones(new_home: Home, erasable: dict[str, LedgerEntry]) -> None:
    """A night that was stopped before it erased: its figures are made of the totals already."""
    replace_by_totals(new_home, load_contracts(), {"crimes": 11}, TODAY, NIGHT)
    path = load_of(erasable["crimes 2014"]).raw(new_home)
    path.write_bytes(b"not erased yet")
    with duckdb.connect(str(new_home.candidate / WORK)) as con:
        con.execute("delete from raw.loads")
    before = read_erasures(new_home)
    assert replace_by_totals(new_home, load_contracts(), {"crimes": 11}, TODAY, "20260107T020000Z") == []
    assert not path.exists() and read_erasures(new_home) == before and len(before) == 1


def test_extracts_without_monthly_totals_and_without_a_limit_stay(new_home: Home) -> None:
    """Indicators that others publish, and what a later row looks back at."""
    loads = land(new_home, "naloxone 2010", "op_trapped 2010", "crimes 2010", "naloxone 2025")
    contracts = load_contracts()
    no_limit = {x: c.model_copy(update={"keep_years": None}) if x == "crimes" else c for x, c in contracts.items()}
    years = {"naloxone": 3, "op_trapped": 3}
    assert expired_loads(new_home, no_limit, years, TODAY) == [loads["naloxone 2010"]]
    kinds = contracts | {"naloxone": contracts["naloxone"].model_copy(update={"kind": "indicators"})}
    assert expired_loads(new_home, kinds, years | {"crimes": 90}, TODAY) == []
    load_of(loads["naloxone 2010"]).raw(new_home).unlink()
    assert expired_loads(new_home, no_limit, years, TODAY) == []


def test_kept_totals_are_those_of_the_wanted_loads(new_home: Home, erasable: dict[str, LedgerEntry]) -> None:
    replace_by_totals(new_home, load_contracts(), {"crimes": 8}, date(2026, 1, 1), NIGHT)
    with duckdb.connect() as con:
        con.execute("create schema raw")
        make_raw_table(con, "kept_months", ())
        for wanted, totals, superseded in ((("2014", "2017"), 2, 0), (("2016",), 1, 1), ((), 0, 0)):
            load_kept_totals(con, new_home, {str(erasable[f"crimes {year}"].load_id) for year in wanted})
            assert con.execute("select count(*) from raw.kept_months").fetchone() == (totals,), wanted
            assert con.execute("select count(*) from raw.kept_superseded").fetchone() == (superseded,), wanted


def test_only_erased_rows_with_totals_are_loads_as_totals(new_home: Home) -> None:
    """Not rows that no figure used, nor originals and rows in quarantine."""
    kept = {"crimes/derbyshire/a.parquet": "0"}
    erasures = [
        Erasure(night_id=NIGHT, erased_on=TODAY, archived=f"raw/{name}.parquet", bytes=1, sha256="0", kind=kind, kept=totals)
        for name, kind, totals in (("a", "raw", kept), ("b", "raw", {}), ("c", "archive", kept), ("d", "quarantine", kept))
    ]
    write_erasures(new_home.erasures / f"{NIGHT}.jsonl", erasures)
    assert loads_as_totals(new_home) == {"a": erasures[0]}


def test_totals_say_nothing_of_units_that_are_listed_since(new_home: Home, erasable: dict[str, LedgerEntry]) -> None:
    """Rows of such a unit were not recorded: its figure is not available, not 0. A record without units is an older one."""
    replace_by_totals(new_home, load_contracts(), {"crimes": 11}, TODAY, NIGHT)
    archived, with_units = loads_as_totals(new_home), {"absent_columns": list[str]()}
    load = erasable["crimes 2014"].model_copy(update=with_units)

    def without_units(units: list[str] | None, entry: LedgerEntry = load) -> list[tuple[str, str, bool]]:
        erasures = {x: erasure.model_copy(update={"units": units}) for x, erasure in archived.items()}
        return absent_in_totals(new_home, [entry], load_contracts(), erasures)

    new_home.seeds.mkdir()
    (new_home.seeds / "areas.csv").write_text(
        "force_code,section_code,section_name,lpu_code,lpu_name\nderbyshire,s,South,dales,The Dales\nkent,k,Kent,ash,Ashford\n",
        encoding="utf-8",
    )
    assert without_units(["dales", "gone", "unknown"]) == without_units(None) == []
    assert without_units(["gone"]) == without_units([]) == [(load.load_id, "lpu", True)]
    assert without_units([], load.model_copy(update={"absent_columns": ["lpu"]})) == [], "it is listed already"
    (new_home.seeds / "unit_names.csv").write_text("force_code,other_name,lpu_code\nderbyshire,Gone,dales\n", encoding="utf-8")
    assert without_units(["gone"]) == [], "it is not new, but has another code"
    assert without_units(["other"]) == [(load.load_id, "lpu", True)]
    erasures = {x: e.model_copy(update={"units": None, "forgotten": ["offence_code", "lpu"]}) for x, e in archived.items()}
    assert absent_in_totals(new_home, [load], load_contracts(), erasures) == [
        (load.load_id, "offence_code", False), (load.load_id, "lpu", True),
    ]  # fmt: skip
    assert without_units([], erasable["crimes 2019"].model_copy(update=with_units)) == [], "it is not erased"
