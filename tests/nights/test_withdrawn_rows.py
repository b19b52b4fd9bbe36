"""The list of rows that a night takes back: of those that readers had."""

import csv

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.receipts import Night
from dagster_project.nights.publish_step import list_withdrawn
from dagster_project.transform.raw_schema import WORK


def test_a_row_that_the_night_itself_brought_is_not_listed(new_home: Home) -> None:
    """Of three files the last lacks a row of each of the others: the first was published, the second came in the same night."""
    night = Night.begin(new_home)
    new_home.candidate.mkdir(exist_ok=True)
    with duckdb.connect(str(new_home.candidate / WORK)) as con:
        con.execute(
            "create schema raw; create schema staging;"
            "create table raw.loads as select * from (values ('L1', 'naloxone', 'one.csv', false),"
            " ('L2', 'naloxone', 'two.csv', true), ('L3', 'naloxone', 'three.csv', true))"
            " as t(load_id, extract, source_file, is_tonight);"
            "create table raw.landed_rows as select * from (values ('naloxone', 'derbyshire', 'L1', 2, 'A', date '2025-01-01'),"
            " ('naloxone', 'derbyshire', 'L2', 3, 'B', date '2025-01-02'))"
            " as t(extract, force_code, load_id, line, row_key, row_date);"
            "create table staging.superseded_rows as select *, 'withdrawn' as reason, 'L3' as by_load_id"
            " from (values ('L1', 2), ('L2', 3)) as t(load_id, line)"
        )
    assert list_withdrawn(night) == {"naloxone": 1}
    with (new_home.nights / f"{night.night_id}__withdrawn.csv").open(encoding="utf-8", newline="") as file:
        assert [(r["key"], r["file"], r["withdrawn_by"]) for r in csv.DictReader(file)] == [("A", "one.csv", "three.csv")]
