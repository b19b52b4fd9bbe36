"""The list of rows that a night withdraws, without rows of its own files."""

import csv

import duckdb

from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.core.receipts import Night
from dagster_project.nights.publish_step import list_withdrawn


def test_rows_of_the_night_s_own_files_are_not_listed(new_home: Home) -> None:
    """The last of three files lacks a row of each of the others: the first came on an earlier night, the second in the same
    night. A row of both was there before."""
    night = Night.begin(new_home)
    new_home.candidate.mkdir(exist_ok=True)
    with duckdb.connect(str(new_home.candidate / WORK)) as con:
        con.execute(
            "create schema raw; create schema staging;"
            "create table raw.loads as select * from (values ('L1', 'naloxone', 'one.csv', 'before', false),"
            f" ('L2', 'naloxone', 'two.csv', '{night.night_id}', true),"
            f" ('L3', 'naloxone', 'three.csv', '{night.night_id}', true))"
            " as t(load_id, extract, source_file, night_id, is_tonight);"
            "create table raw.landed_rows as select 'naloxone' as extract, 'derbyshire' as force_code, * from"
            " (values ('L1', 2, 'A', date '2025-01-01'), ('L1', 3, 'C', date '2025-01-01'),"
            " ('L2', 2, 'B', date '2025-01-02'), ('L2', 3, 'C', date '2025-01-02')) as t(load_id, line, row_key, row_date);"
            "create view raw.row_index as from raw.landed_rows;"
            "create table staging.superseded_rows as select *, 'withdrawn' as reason, 'L3' as by_load_id"
            " from (values ('L1', 2), ('L2', 2), ('L2', 3)) as t(load_id, line)"
        )
    assert list_withdrawn(night) == {"naloxone": 2}
    with (new_home.nights / f"{night.night_id}__withdrawn.csv").open(encoding="utf-8", newline="") as file:
        assert [(r["key"], r["file"], r["withdrawn_by"]) for r in csv.DictReader(file)] == [
            ("A", "one.csv", "three.csv"),
            ("C", "two.csv", "three.csv"),
        ]
