"""The plain model of landing, on cases worked out by hand: each row of "What a newer file means"."""

import gzip
import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from .landing import land
from .values import parse_date, parse_money, parse_timestamp

FORCES = {"derbyshire": "Derbyshire Constabulary"}
JANUARY = ("2025-01-01", "2025-01-31")
FEBRUARY = ("2025-02-01", "2025-02-28")


class Inbox:
    """Drops small files of one force, a night at a time, and lands them all."""

    def __init__(self, folder):
        self.folder, self.nights = folder, [[]]

    def night(self):
        self.nights.append([])

    def put(self, name, data):
        folder = self.folder / str(len(self.nights))
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        self.nights[-1].append(path)
        return path

    def drop(self, extract, window, stamp, header, *rows, suffix=""):
        """A canonical file. `stamp`: the day of April 2025 on which it was extracted."""
        data = "\n".join([header, *rows]) + "\n"
        name = f"{extract}__derbyshire__{window[0]}__{window[1]}__202504{stamp:02d}T020000Z.csv{suffix}"
        return self.put(name, gzip.compress(data.encode()) if suffix == ".gz" else data)

    def orders(self, window, stamp, *rows, **more):
        """MDA orders as `ref day amount`. The recipient is Police, unless there is a fourth word."""
        cells = [row.split() for row in rows]
        lines = [",".join([*c[:3], c[3] if len(c) > 3 else "Police"]) for c in cells]
        return self.drop("mda_orders", window, stamp, "order_ref,order_date,amount,recipient", *lines, **more)

    def land(self, **more):
        return land(self.nights, FORCES, **more)


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path)


def amounts(landing):
    """key -> amount of the current orders."""
    rows = landing.rows.get(("mda_orders", "derbyshire"), [])
    return {row["order_ref"]: int(row["amount"]) for row in rows}


def outcomes(landing):
    return [result.outcome for result in landing.files]


def test_a_file_sent_again_is_known_in_any_container(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-05 10")
    inbox.night()
    inbox.orders(JANUARY, 1, "A 2025-01-05 10")
    inbox.orders(JANUARY, 1, "A 2025-01-05 10", suffix=".gz")
    assert outcomes(inbox.land()) == ["accepted", "known", "known"]


def test_one_extraction_with_other_content_is_refused(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-05 10")
    inbox.night()
    inbox.orders(JANUARY, 1, "A 2025-01-05 11")
    landing = inbox.land()
    assert outcomes(landing) == ["accepted", "refused"]
    assert amounts(landing) == {"A": 10}


def test_the_same_content_with_another_window_extends_coverage(inbox):
    inbox.orders(("2025-01-01", "2025-01-30"), 1, "A 2025-01-05 10")
    inbox.orders(JANUARY, 2, "A 2025-01-05 10")
    landing = inbox.land()
    assert outcomes(landing) == ["accepted", "accepted"]
    assert len(landing.covered("mda_orders", "derbyshire")) == 31


def test_the_version_extracted_last_counts_in_any_order_of_arrival(inbox):
    inbox.orders(JANUARY, 3, "A 2025-01-05 30")
    inbox.night()
    inbox.orders(JANUARY, 2, "A 2025-01-05 20")
    assert amounts(inbox.land()) == {"A": 30}


def test_a_key_absent_from_a_newer_file_is_withdrawn_in_all_versions(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-05 10", "B 2025-01-06 1")
    inbox.orders(("2025-01-01", "2025-02-28"), 2, "A 2025-02-10 20", "B 2025-01-06 1")
    inbox.orders(FEBRUARY, 3, "C 2025-02-11 3")
    landing = inbox.land()
    assert amounts(landing) == {"B": 1, "C": 3}  # A moved to February, where the newest file lacks it
    assert landing.withdrawn["mda_orders", "derbyshire"] == {("A",)}


def test_a_newer_file_that_does_not_cover_the_date_withdraws_nothing(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-05 10")
    inbox.orders(FEBRUARY, 2)
    assert amounts(inbox.land()) == {"A": 10}


def test_a_newer_version_in_quarantine_counts_as_present(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-05 10")
    newer = inbox.orders(JANUARY, 2, "A 2025-01-05 lots")
    landing = inbox.land()
    assert amounts(landing) == {"A": 10}
    assert landing.warnings["mda_orders", "derbyshire"] == {("A",): newer.name}
    inbox.orders(JANUARY, 3, "B 2025-01-06 5")
    assert amounts(inbox.land()) == {"B": 5}


def test_a_withdrawn_version_does_not_return_when_a_newer_one_is_in_quarantine(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-05 10")
    inbox.orders(JANUARY, 2, "B 2025-01-05 1")
    inbox.orders(JANUARY, 3, "A 2025-01-05 lots", "B 2025-01-05 1")
    assert amounts(inbox.land()) == {"B": 1}


def test_an_older_file_that_arrives_late_fills_only_days_without_newer_files(inbox):
    inbox.orders(JANUARY, 5, "A 2025-01-05 10")
    inbox.night()
    inbox.orders(("2025-01-01", "2025-02-28"), 1, "A 2025-01-05 1", "B 2025-01-09 2", "C 2025-02-09 3")
    assert amounts(inbox.land()) == {"A": 10, "C": 3}


def test_files_extracted_at_one_time_quarantine_keys_that_differ_and_withdraw_nothing(inbox):
    inbox.orders(("2025-01-01", "2025-01-20"), 1, "A 2025-01-15 10", "B 2025-01-16 1", "C 2025-01-17 3")
    inbox.orders(("2025-01-10", "2025-01-31"), 1, "A 2025-01-15 11", "B 2025-01-16 1", "D 2025-01-15 4")
    landing = inbox.land()
    assert amounts(landing) == {"B": 1, "C": 3, "D": 4}
    assert [f.rows_quarantined for f in landing.files] == [1, 1]


def test_a_conflict_leaves_the_last_good_version(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-15 9")
    inbox.orders(("2025-01-01", "2025-01-20"), 2, "A 2025-01-15 10")
    inbox.orders(("2025-01-10", "2025-01-31"), 2, "A 2025-01-15 11")
    assert amounts(inbox.land()) == {"A": 9}


def test_a_repeated_key_counts_once_if_its_rows_are_equal_and_never_if_they_differ(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-05 10", "A 2025-01-05 10", "B 2025-01-05 1", "B 2025-01-05 2")
    landing = inbox.land()
    assert amounts(landing) == {"A": 10}
    (result,) = landing.files
    assert (result.rows_landed, result.rows_quarantined, result.rows_duplicate) == (1, 2, 1)


def test_each_broken_rule_is_named_with_its_line(inbox):
    inbox.orders(JANUARY, 1, "A 2025-01-05 10", "B 2025-02-01 1", "C 2025-01-32 1", "D 2025-01-01 x Nobody")
    inbox.drop("mda_orders", FEBRUARY, 1, "Amount,ORDER DATE,Order-Ref,recipient", "1,,,Police", "1")
    first, second = inbox.land().files
    assert [(bad.line, bad.reasons) for bad in first.quarantine] == [
        (3, ["outside the window: order_date"]),
        (4, ["bad date: order_date"]),
        (5, ["not an amount: amount", "not in the list: recipient"]),
    ]
    assert [(bad.line, bad.reasons) for bad in second.quarantine] == [
        (2, ["no key: order_ref", "no date: order_date"]),
        (3, ["ragged row"]),
    ]


def test_a_doubled_feed_is_held_until_released(inbox):
    rows = [f"K{n} 2025-01-05 {n}" for n in range(50)] * 2
    path = inbox.orders(JANUARY, 1, *rows)
    landing = inbox.land()
    assert outcomes(landing) == ["held"]
    assert not landing.covered("mda_orders", "derbyshire")
    assert len(amounts(inbox.land(releases={path: 1}))) == 50
    assert outcomes(Inbox(inbox.folder).land()) == []


def test_almost_doubled_feeds_are_not_held(inbox):
    few = [f"K{n} 2025-01-05 {n}" for n in range(49)]
    inbox.orders(JANUARY, 1, *few * 2, *few[:2] * 2)
    inbox.orders(JANUARY, 2, *[f"K{n} 2025-01-05 {n}" for n in range(50)] * 2, "L 2025-01-05 1")
    assert outcomes(inbox.land()) == ["accepted", "accepted"]


def test_one_doubled_group_of_street_crime_holds_the_file(inbox):
    header = "Crime ID,Month,LSOA name,Crime type\n"
    group = [f",2025-01,Derby {n:03d}A,Anti-social behaviour\n" for n in range(50)]
    rows = [f"{n},2025-01,Derby 001A,Drugs\n" for n in range(7)]
    inbox.put("2025-01-derbyshire-street.csv", header + "".join(group * 2 + rows))
    (result,) = inbox.land().files
    assert (result.outcome, result.reason) == ("held", "doubled feed in Anti-social behaviour")


def test_refused_files_change_nothing(inbox):
    good = inbox.orders(JANUARY, 1, "A 2025-01-05 10")
    inbox.night()
    name = good.name.replace("20250401", "20250402")
    broken = {
        name + ".gz": gzip.compress(good.read_bytes())[:-9],
        name.replace("0402", "0403"): b"order_ref,order_date,amount\nA,2025-01-05,10\n",
        name.replace("0402", "0404"): b"",
        name.replace("0402", "0405"): b'order_ref,order_date,amount,recipient\nA,2025-01-05,"10',
        name.replace("0402", "0406"): b"order_ref,order_date,amount,recipient\nA,2025-01-05",
        name.replace("derbyshire", "atlantis"): good.read_bytes(),
        "list of orders.csv": good.read_bytes(),
    }
    for name, data in broken.items():
        inbox.put(name, data)
    landing = inbox.land()
    assert outcomes(landing) == ["accepted"] + ["refused"] * len(broken)
    assert amounts(landing) == {"A": 10}


@pytest.mark.parametrize(
    ("manifest", "outcome"),
    [({"rows": 1}, "accepted"), ({"rows": 2}, "refused"), ({"sha256": "0" * 64}, "refused"), ([], "refused")],
)
def test_a_file_with_a_wrong_manifest_is_refused(inbox, manifest, outcome):
    path = inbox.orders(JANUARY, 1, "A 2025-01-05 10")
    if manifest == {"rows": 1}:
        manifest["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".manifest.json").write_text(json.dumps(manifest))
    assert outcomes(inbox.land()) == [outcome]


def test_a_file_without_rows_is_held_if_its_window_is_long(inbox):
    inbox.orders(JANUARY, 1)
    header = "crime_ref,recorded_on,offence_code,status"
    inbox.drop("crimes", ("2025-01-01", "2025-01-06"), 1, header)
    inbox.drop("crimes", ("2025-01-01", "2025-01-07"), 2, header)
    landing = inbox.land()
    assert outcomes(landing) == ["accepted", "accepted", "held"]
    assert len(landing.covered("crimes", "derbyshire")) == 6


def test_the_newest_list_supplies_all_rows_even_before_its_window(inbox):
    header = "seizure_ref,order_date,amount,status"
    inbox.drop("cash_seizures", JANUARY, 1, header, "A,2024-06-01,1,Forfeited", "B,2025-01-02,2,Returned")
    inbox.drop("cash_seizures", FEBRUARY, 2, header, "A,2024-06-01,1,Returned", "C,2025-03-01,2,Returned")
    landing = inbox.land()
    rows = landing.rows["cash_seizures", "derbyshire"]
    assert [(row["seizure_ref"], row["status"]) for row in rows] == [("A", "Returned")]
    assert len(landing.covered("cash_seizures", "derbyshire")) == 59
    assert landing.files[1].quarantine[0].reasons == ["outside the window: order_date"]


def test_public_health_has_the_newest_download_of_each_indicator(inbox):
    header = "Indicator ID,Indicator Name,Area Code,Area Name,Area Type,Sex,Time period,Value"
    inbox.drop(
        "public_health",
        JANUARY,
        1,
        header,
        "1,a,E1,E,England,Persons,2023,5",
        "2,b,E1,E,England,Persons,2023,6",
    )
    inbox.drop("public_health", FEBRUARY, 2, header, "1,a,E1,E,England,Persons,2024,7")
    rows = inbox.land().rows["public_health", "derbyshire"]
    assert sorted((row["indicator_id"], row["value"]) for row in rows) == [("1", 7), ("2", 6)]


SEARCH = "Date,Legislation,Object of search,Outcome,Age range,Self-defined ethnicity"


def test_a_newer_published_month_replaces_the_older_and_a_canonical_file_outranks_both(inbox):
    name = "2025-07-derbyshire-stop-and-search.csv"
    same = "2025-07-05T10:00:00+00:00,,Drugs,,,"
    inbox.put(name, f"{SEARCH}\n{same}\n{same}\n2025-06-30T22:59:00+00:00,,,,,\n2025-06-30T23:00:00+00:00,,,,,\n")
    landing = inbox.land()
    assert len(landing.rows["stop_search", "derbyshire"]) == 3  # repeated rows stay; one row is of June
    inbox.night()
    inbox.put(name, f"{SEARCH}\n{same}\n")
    landing = inbox.land()
    assert len(landing.rows["stop_search", "derbyshire"]) == 1
    inbox.drop(
        "stop_search", ("2025-07-30", "2025-08-01"), 1,
        "search_ref,searched_at,object_of_search,object_found", "S1,2025-07-30T00:00,drugs,y",
    )  # fmt: skip
    landing = inbox.land()
    assert [row["_form"] for row in landing.rows["stop_search", "derbyshire"]] == ["canonical"]
    assert len(landing.covered("stop_search", "derbyshire")) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_file_reads_the_same_in_any_encoding_and_delimiter(inbox, encoding, delimiter):
    rows = [
        ["order_ref", "order_date", "amount", "recipient", "Note"],
        ["A", "05/01/2025", "£10", " POLICE ", '"é\r\n,"'],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    name = "mda_orders__derbyshire__2025-01-01__2025-01-31__20250401T020000Z.csv"
    inbox.put(name, text.encode(encoding))
    landing = inbox.land()
    (row,) = landing.rows["mda_orders", "derbyshire"]
    assert (row["amount"], row["recipient"], row["_day"]) == (Decimal(10), "Police", date(2025, 1, 5))
    assert landing.files[0].unknown_columns == ["Note"]


def test_money_dates_and_times_are_parsed():
    for text in ("1185696", "1,185,696.00", "£1,185,696"):
        assert parse_money(text) == 1185696
    assert parse_money("(250.00)") == -250
    assert parse_date("31/10/2025") == parse_date("2025-10-31") == date(2025, 10, 31)
    for text in ("2018-07-01T00:30:00", "2018-06-30T23:30:00+00:00", "2018-06-30T23:30Z", "01/07/2018 00:30"):
        assert parse_timestamp(text) == datetime(2018, 7, 1, 0, 30)
    for parse, text in (
        (parse_money, "12,50"),
        (parse_money, ""),
        (parse_date, "31/02/2025"),
        (parse_date, "1.2.25"),
    ):
        with pytest.raises(ValueError):
            parse(text)


REAL = Path(__file__).parents[3] / "shared" / "real"


@pytest.mark.skipif(not REAL.is_dir(), reason="the published files are not in the folder of the checkout")
def test_of_real_published_files_only_the_two_doubled_ones_are_held():
    forces = {force: force for force in ("derbyshire", "durham", "leicestershire", "city-of-london")}
    landing = land([sorted(REAL.glob("20??-??-*.csv"))], forces)
    held = [result.name for result in landing.files if result.outcome == "held"]
    assert held == ["2020-07-city-of-london-stop-and-search.csv", "2024-02-derbyshire-street.csv"]
    assert all(result.rows_quarantined == 0 for result in landing.files)
