"""Reading the published night from Python."""

import time
from decimal import Decimal

import duckdb
import pytest
from support import OFFENCES

from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts
from dagster_project.serving import LimitError, Limits, NothingPublishedError, connect, limited

FIVE_FIGURES = "select measure, value, period_end from marts.mart_drug_offences where value is not null order by all limit 5"


def test_connect_takes_a_home_a_path_or_the_environment(sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAM_HOME", str(sample_home.path))
    for home in (None, sample_home, sample_home.path, str(sample_home.path)):
        with connect(home) as con:
            assert con.execute(OFFENCES).fetchall() == [(Decimal(2187), Decimal(1649))]


def test_frames_of_pandas_polars_and_arrow(sample_home: Home) -> None:
    import pandas
    import polars
    import pyarrow

    with connect(sample_home) as con:
        rows = con.execute(FIVE_FIGURES).fetchall()
        frame = con.sql(FIVE_FIGURES).df()
        assert isinstance(frame, pandas.DataFrame) and list(frame["value"]) == [float(v) for _, v, _ in rows]
        other = con.sql(FIVE_FIGURES).pl()
        assert isinstance(other, polars.DataFrame) and other.schema["value"] == polars.Decimal(28, 10)
        assert other.rows() == rows, "exact"
        table = con.sql(FIVE_FIGURES).to_arrow_table()
        assert table.schema.field("value").type == pyarrow.decimal128(28, 10)
        assert [tuple(r.values()) for r in table.to_pylist()] == rows, "exact"


def test_open_connections_share_the_night_and_its_limits(sample_home: Home) -> None:
    with connect(sample_home, memory="200MB") as one, connect(sample_home, memory="500MB") as other:
        query = "select current_setting('memory_limit')"
        assert one.execute(query).fetchone() == other.execute(query).fetchone() == ("190.7 MiB",)
    with connect(sample_home, memory="500MB") as con:
        assert con.execute(query).fetchone() == ("476.8 MiB",)
    with pytest.raises(ValueError, match="memory 'lots'"):
        connect(sample_home, memory="lots")


@pytest.mark.parametrize("late", [False, True], ids=["while it runs", "before it begins"])
def test_a_time_limit_in_python(sample_home: Home, late: bool) -> None:
    with connect(sample_home) as con:
        with pytest.raises(LimitError, match=r"stopped after 0\.1 s"), limited(con, Limits(seconds=0.1)):
            time.sleep(0.2 * late)
            con.execute("select count(*) from range(1000000) a, range(1000000) b where a.range * b.range = -1").fetchall()
        assert con.execute("select 1").fetchone() == (1,), "the connection still works"


def test_a_limit_takes_relations_and_leaves_what_is_being_read(sample_home: Home) -> None:
    """The limit asks the connection for its memory: that must be no result of the person's connection."""
    with connect(sample_home) as con:
        result = con.execute("from range(5000)")
        first = result.fetchone()
        with limited(con, Limits(seconds=10)):
            rest = result.fetchall()
        assert (first, len(rest)) == ((0,), 4999)
        with limited(con, Limits(seconds=10)):
            assert con.sql("select 1").fetchall() == [(1,)]


def test_two_nights_open_in_one_process(week_copy: Home) -> None:
    """One opened before the next night, one after it: each reads its own."""
    from dagster_project.nights.rollback import roll_back

    before = read_receipts(week_copy)[-1].night_id
    night = "select night_id from meta.nights where finished_at is null"
    with connect(week_copy) as old:
        back = roll_back(week_copy, by="A. Person", why="to have two")
        with connect(week_copy) as new:
            assert old.execute(night).fetchone() == (before,)
            assert new.execute(night).fetchone() == (back.republished,)


def test_nothing_published(new_home: Home) -> None:
    with pytest.raises(NothingPublishedError, match="has no published night: `pam nightly` makes one"):
        connect(new_home)
    new_home.warehouse.write_bytes(b"rubbish")
    with pytest.raises(NothingPublishedError, match="can't be read as a published night"):
        connect(new_home.path)
    assert isinstance(duckdb.__version__, str)
