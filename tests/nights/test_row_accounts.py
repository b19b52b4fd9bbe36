"""Every row of every file is counted in one place, on each night."""

import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from support import candidate, copy_home, each, night, write_extract

from dagster_project.core.home import Home
from dagster_project.landing import read_ledger
from dagster_project.nights.errors import NightHeldError
from dagster_project.quality.gate import held_by
from dagster_project.transform.raw_schema import RawLostError

ORDERS = ["order_ref", "order_date", "amount", "recipient"]
YEAR, AUTUMN = ("2025-01-01", "2025-12-31"), ("2025-09-01", "2025-12-31")


def order(n: int, amount: str = "10") -> list[str]:
    return [f"M{n}", "2025-10-01", amount, "Police"]


@pytest.fixture(scope="module")
def mixed_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Files with a broken row, a repeat, a clash, a tie, a wrong manifest, and a doubled feed."""
    home = Home(tmp_path_factory.mktemp("mixed") / "home").create()
    rows = [*each(20, order), order(19), order(18, "11"), order(30, "about ten")]
    write_extract(home.inbox, "mda_orders", rows, columns=ORDERS, window=YEAR)
    write_extract(home.inbox, "mda_orders", [order(5), order(6, "12")], columns=ORDERS, window=AUTUMN)
    path = write_extract(home.inbox, "mda_orders", each(7, order), columns=ORDERS, window=YEAR, stamp="20260106T020000Z")
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps({"rows": 8}), encoding="utf-8")
    (home.inbox / "2025-11-derbyshire-stop-and-search.csv").write_text(
        "Type,Date,Object of search\n" + "".join(f"Person search,2025-11-03T10:{n % 60:02d}:{n // 60:02d}+00:00,Drugs\n" * 2
                                                   for n in range(60)), encoding="utf-8")  # fmt: skip
    with night(home) as run:
        run.land()
        run.build_part({"extract_facts"})
    return home


def test_every_row_is_accounted_for(mixed_home: Home) -> None:
    outcomes = Counter(e.outcome for e in read_ledger(mixed_home))
    assert outcomes == {"accepted": 2, "held": 1, "refused": 1}
    with candidate(mixed_home) as con:
        rows = con.execute(
            "select outcome, rows_in_file, rows_landed, rows_quarantined, rows_duplicate, rows_refused, rows_in_raw,"
            " rows_in_quarantine, rows_tied from raw.accounts order by rows_in_file, outcome"
        ).fetchall()
    assert rows == [
        ("accepted", 2, 1, 1, 0, 0, 2, 0, 1),
        ("refused", 7, 0, 0, 0, 7, 0, 0, 0),
        ("accepted", 23, 18, 4, 1, 0, 19, 3, 1),
        ("held", 120, 120, 0, 0, 0, 120, 0, 0),
    ]


def stored_files(home: Home) -> list[Path]:
    """The stored rows of its two accepted files, the smaller first."""
    accepted = sorted((e for e in read_ledger(home) if e.outcome == "accepted"), key=lambda e: e.rows_in_file or 0)
    return [home.raw / "mda_orders" / "derbyshire" / f"{e.load_id}.parquet" for e in accepted]


def test_a_changed_stored_file_holds_the_night_and_a_lost_quarantine_is_a_warning(mixed_home: Home, tmp_path: Path) -> None:
    home = copy_home(mixed_home, tmp_path / "home")
    small, large = stored_files(home)
    with duckdb.connect() as con:
        con.execute(f"copy (select * from read_parquet('{small}') limit 1) to '{small}' (format parquet)")
    (home.quarantine / "mda_orders" / "derbyshire" / large.name).unlink()
    with night(home) as run:
        run.land()
        run.build()
        run.judge()
        with pytest.raises(NightHeldError, match=r"mda_orders .* 1 \[rows_unaccounted\]"):
            run.publish()
    findings = {c.rule: c.found for c in run.checks or [] if not c.passed and c.subject == "mda_orders"}
    assert [c.rule for c in held_by(run.checks or [])] == ["rows_unaccounted"]
    assert findings["rows_unaccounted"] == "rows_unaccounted 1 (derbyshire)", "only of the stored rows"
    name = "mda_orders__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.csv"
    assert findings["rows_missing_in_quarantine"] == f"rows_missing_in_quarantine 3 (derbyshire, {name})"


def test_a_missing_stored_file_is_named(mixed_home: Home, tmp_path: Path) -> None:
    home = copy_home(mixed_home, tmp_path / "home")
    path = stored_files(home)[1]
    path.unlink()
    with night(home) as run:
        run.land()
        with pytest.raises(RawLostError, match=f"^raw/mda_orders/derbyshire/{path.name} is gone, .* restore raw/"):
            run.build()
