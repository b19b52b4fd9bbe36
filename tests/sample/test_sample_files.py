"""The sample's files: always the same bytes, valid by the contract, and clearly made up."""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from dagster_project.sample import write_sample
from dagster_project.sample.files import gzipped
from dagster_project.sample.spans import Total, span, split_amount, split_totals

ROOT = Path(__file__).resolve().parents[2]
EXTRACTS = {
    "incidents", "crimes", "intelligence", "stop_search", "drug_tests", "confiscation_orders", "aris_returns",
    "cash_seizures", "forfeiture_orders", "mda_orders", "naloxone", "county_lines", "exploitation_outcomes",
    "op_trapped", "school_inputs", "pspos", "pspo_enforcement", "iom_cohort", "iom_visits", "public_health",
    "community_voices", "prevention_activity", "street_crime",
}  # fmt: skip
KEYLESS = {"public_health", "street_crime"}
LISTS = {"county_lines", "pspos"}
CHOICES = {
    ("incidents", "record_type"): {"INCIDENT", "ROC"},
    ("incidents", "grade"): {"Emergency", "Priority", "Scheduled", "Resolution without deployment", ""},
    ("crimes", "status"): {"Recorded", "Cancelled"},
    ("intelligence", "source"): {"Officer", "Crimestoppers", "Partner agency", "Member of public"},
    ("stop_search", "object_found"): {"Y", "N"},
    ("drug_tests", "test_status"): {"Completed", "Refused", "Missed", "Not required"},
    ("drug_tests", "cocaine"): {"Positive", "Negative", ""},
    ("drug_tests", "opiates"): {"Positive", "Negative", ""},
    ("drug_tests", "result"): {"Positive", "Negative", ""},
    ("drug_tests", "referred"): {"Y", "N"},
    ("confiscation_orders", "offence_category"): {"Drug supply", "Fraud", "Other"},
    ("cash_seizures", "status"): {"Under investigation", "Forfeited", "Returned"},
    ("mda_orders", "recipient"): {"Police", "Charity"},
    ("exploitation_outcomes", "strand"): {"County lines", "OCG"},
    ("exploitation_outcomes", "outcome"): {"Charged", "Safeguarded"},
    ("school_inputs", "phase"): {"Primary", "Secondary", "Further education"},
    ("pspo_enforcement", "kind"): {"Fixed penalty notice", "Prosecution"},
    ("iom_visits", "substance_misuse"): {"Y", "N"},
}


def digest(files: list[Path]) -> str:
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


def test_every_extract_has_a_file(sample_files: list[Path], sample_rows: dict[str, list[dict[str, str]]]) -> None:
    assert set(sample_rows) == EXTRACTS
    assert len({path.name for path in sample_files}) == len(sample_files) == 25
    assert sum(map(len, sample_rows.values())) > 50_000


def test_files_have_the_same_bytes_each_time(sample_files: list[Path], tmp_path: Path) -> None:
    assert digest(write_sample(tmp_path / "again")) == digest(sample_files)


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_files_have_the_same_bytes_in_any_process_time_zone_and_python(
    minor: int, sample_files: list[Path], tmp_path: Path
) -> None:
    """Hash seeds, time zones and Python versions differ between machines: the sample must not."""
    name = f"python3.{minor}"
    program = sys.executable if sys.version_info[:2] == (3, minor) else shutil.which(name)
    # a version manager may leave a name on the path that does not run
    if program is None or subprocess.run([program, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"no {name} here")
    code = "import sys, pathlib, dagster_project.sample as s; s.write_sample(pathlib.Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([program, "-c", code, str(tmp_path)], cwd=ROOT, env=environment, check=True)
    assert digest(sorted(tmp_path.iterdir())) == digest(sample_files)


def test_keys_are_present_and_unique(sample_rows: dict[str, list[dict[str, str]]]) -> None:
    for extract in EXTRACTS - KEYLESS:
        keys = Counter(next(iter(row.values())) for row in sample_rows[extract])
        assert "" not in keys, extract
        assert max(keys.values()) == 1, extract


def test_rows_are_in_the_window_of_their_file(
    sample_rows: dict[str, list[dict[str, str]]], sample_windows: dict[str, tuple[str, str]]
) -> None:
    for extract in EXTRACTS - KEYLESS:
        first, last = sample_windows[extract]
        days = [row["day"] for row in sample_rows[extract]]
        assert max(days) <= last, extract
        # lists begin before their window; events do not
        assert (min(days) < first) == (extract in LISTS), extract


def test_values_are_those_of_the_contract(sample_rows: dict[str, list[dict[str, str]]]) -> None:
    for (extract, column), allowed in CHOICES.items():
        assert {row[column] for row in sample_rows[extract]} <= allowed, (extract, column)


def test_every_row_is_marked_as_made_up(sample_rows: dict[str, list[dict[str, str]]]) -> None:
    marks = {
        "public_health": lambda row: row["value_note"] == "Made-up sample value",
        "street_crime": lambda row: "Sample Street" in row["location"] or row["location"] == "No location",
        "iom_cohort": lambda row: row["remark"] == "made-up sample",
    }
    for extract, rows in sample_rows.items():
        is_marked: Callable[[dict[str, str]], bool] = marks.get(
            extract, lambda row: next(iter(row.values())).startswith("SAMPLE-")
        )
        assert all(map(is_marked, rows)), extract
    for extract, column in (
        ("drug_tests", "custody_ref"),
        ("exploitation_outcomes", "person_ref"),
        ("op_trapped", "address_ref"),
    ):
        assert all(row[column].startswith("SAMPLE-") or not row[column] for row in sample_rows[extract])


def test_some_files_use_other_encodings_and_separators(sample_files: list[Path]) -> None:
    start = {path.name.split("__")[0]: path.read_bytes()[:600] for path in sample_files}
    assert start["drug_tests"].startswith(b"\x1f\x8b")
    assert start["school_inputs"].startswith(b"\xff\xfe")
    assert start["pspo_enforcement"].startswith(b"\xef\xbb\xbfEnforcement Ref,") and b"\r\n" in start["pspo_enforcement"]
    assert b";" in start["county_lines"] and b"/2024;" in start["county_lines"]
    assert b"\t" in start["prevention_activity"]
    assert b'"\xa3' in start["confiscation_orders"]


def test_no_street_file_looks_like_a_doubled_feed(
    sample_files: list[Path], read_sample: Callable[[Path], list[dict[str, str]]]
) -> None:
    for path in (path for path in sample_files if path.name.endswith("-street.csv")):
        counts = Counter(tuple(row.values()) for row in read_sample(path) if row["crime_type"] == "Anti-social behaviour")
        assert any(number % 2 for number in counts.values())
        assert max(counts.values()) > 1, "genuine identical rows are part of a real file"


def test_a_search_after_midnight_in_summer_has_the_utc_day_before(
    sample_rows: dict[str, list[dict[str, str]]],
) -> None:
    assert any(row["searched_at"][:10] < row["day"] for row in sample_rows["stop_search"])


def test_uncompressed_gzip_is_valid() -> None:
    for content in (b"", b"a", bytes(range(256)) * 700):
        assert gzip.decompress(gzipped(content)) == content


class TestSplitTotals:
    """How printed totals are split over the days."""

    year, rolling = span("2023-04-01", "2024-03-31"), span("2023-11-01", "2024-10-31")
    next_year = span("2024-04-01", "2025-03-31")

    def test_overlapping_totals_are_all_met(self) -> None:
        totals = [Total(self.year, 100), Total(self.rolling, 140), Total(self.next_year, 150)]
        pieces = split_totals(totals, span("2023-04-01", "2025-12-31"))
        for total in totals:
            first, last = total.span.start, total.span.end
            assert sum(p.value for p in pieces if first <= p.span.start and p.span.end <= last) == total.value
        assert all(piece.value >= 0 for piece in pieces)
        assert (pieces[0].span.start, pieces[-1].span.end) == (
            self.year.start,
            span("2025-12-31", "2025-12-31").end,
        )

    def test_contradictory_totals_are_refused(self) -> None:
        with pytest.raises(ValueError, match="contradict"):
            split_totals([Total(self.year, 100), Total(self.year, 101)], self.year)

    def test_impossible_totals_are_refused(self) -> None:
        inner = span("2023-06-01", "2023-06-30")
        with pytest.raises(ValueError, match="no run of counts"):
            split_totals([Total(self.year, 1), Total(inner, 2)], self.year)

    def test_shares_add_up(self) -> None:
        assert sum(split_amount(Random(1), 12_345, 7, least=3)) == 12_345
        assert min(split_amount(Random(1), 12_345, 7, least=3)) >= 3
        assert split_amount(Random(1), 0, 0) == []
        with pytest.raises(ValueError, match="too little"):
            split_amount(Random(1), 5, 3, least=2)
        with pytest.raises(ValueError, match="nothing to share"):
            split_amount(Random(1), 5, 0)
