"""The comparison with the plain model can fail: break a rule of the product, and a sequence shows it.

Each fault is one that somebody could make: in a model's SQL, or in the code that decides on files. For each there is a sequence
that shows it. The suite runs these sequences without the faults, and one fault of each kind. `--long` runs all faults, and also
looks for a random sequence that shows each.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from how_often import IS_LONG
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from dagster_project.landing import store_file
from dagster_project.landing.rows import duplicate_rows
from dagster_project.landing.storage import raw_store
from dagster_project.landing.storage.earlier_decisions import Decisions
from dagster_project.transform import carry_forward, changed_months, raw_schema

from .plan import DOWNLOADS, NIGHTS, Again, File, Format, Release, Row, Sequence, sequences
from .warehouse import FORCE, Staging


def nights(*drops: list[File | Again | Release], published: bool = False) -> Sequence:
    """A sequence of these nights: compared at the end or, if they are published, after each."""
    return Sequence(tuple(map(tuple, drops)), published=(published,) * NIGHTS)


def file(moment: int | None, *rows: Row, extract: str = "mda_orders", days: int = 20, **more: Any) -> File:
    """A file over the first days of the year."""
    return File(extract, more.pop("start", 0), days, moment, rows, **more)


def download(moment: int, *rows: Row) -> File:
    """The download of indicators at a time of extraction."""
    return File("public_health", *DOWNLOADS[moment], moment, rows)


FIRST, OTHER, BAD = Row(0), Row(0, value=1), Row(0, odd="choice")
CONFLICT = nights([file(0, FIRST), file(0, OTHER, days=7)])
JANUARY = {"days": 31, "extract": "street_crime"}

SQL = {
    "an older version comes back": (
        nights([file(0, FIRST), file(1, OTHER), file(2)], published=True),
        "superseded_rows",
        "(known_by = 'key' and version_no > 1)",
        "(known_by = 'key' and version_no > 1 and row_key not in"
        " (select v.row_key from versions as v join withdrawn as w using (load_id, line)))",
    ),
    "no key is ever withdrawn": (
        nights([file(0, FIRST)], [file(1)], published=True), "superseded_rows", "present.load_id is null", "false",
    ),
    "a key in quarantine counts as absent": (
        nights([file(0, FIRST)], [file(1, BAD)]), "superseded_rows", "and present.load_id is null", "",
    ),
    "files of one time withdraw from each other": (
        nights([file(0, FIRST), file(0, days=7)]),
        "superseded_rows",
        "and versions.load_rank < newer.load_rank",
        "and versions.load_rank <= newer.load_rank and versions.load_id <> newer.load_id",
    ),
    "a whole list withdraws within its window only": (
        nights([file(0, Row(0, day=10), extract="cash_seizures")], [file(1, extract="cash_seizures", days=3)]),
        "superseded_rows", "versions.kind = 'list' or", "",
    ),
    "the version that counts is the oldest": (
        nights([file(0, FIRST), file(1, OTHER)], published=True),
        "superseded_rows", "order by landed.load_rank desc", "order by landed.load_rank",
    ),
    "a month that comes again is added to the first": (
        nights([file(None, Row(1), **JANUARY)], [file(None, Row(2), **JANUARY)], published=True),
        "superseded_rows", "landed.known_by = 'file' and not", "false and not",
    ),
    "a window that begins within a month leaves what was there": (
        nights([file(0, Row(1), **JANUARY)], [file(1, Row(2), extract="street_crime", start=4, days=10)]),
        "superseded_rows",
        "(year(landed.row_date) * 12 + month(landed.row_date) - 1) between"
        " (year(newer.covered_from) * 12 + month(newer.covered_from) - 1) and",
        "landed.row_date >= newer.covered_from and (year(landed.row_date) * 12 + month(landed.row_date) - 1) <=",
    ),
    "published searches count beside the force's own": (
        nights([file(None, Row(1), extract="stop_search", days=31), file(0, Row(2), extract="stop_search")]),
        "standing_loads", "where outranked.load_id is null", "",
    ),
    "a newer download replaces every indicator": (
        nights([download(0, Row(0)), download(1, Row(1))]),
        "superseded_rows",
        "partition by landed.extract, landed.force_code, landed.row_key",
        "partition by landed.extract, landed.force_code, case when known_by = 'key' then landed.row_key end",
    ),
    "coverage is the last window alone": (
        nights([file(0, days=3), file(1, start=30, days=3)]),
        "coverage_windows",
        "where covered_from <= covered_to",
        "where covered_from <= covered_to qualify covered_to = max(covered_to) over (partition by coverage, force_code)",
    ),
    "rows that a tie withholds count": (CONFLICT, "superseded_rows", "where is_withheld and not is_outranked", "where false"),
}  # fmt: skip


def with_held(entries):
    """The accepted loads and the held ones."""
    return list({e.load_id: e for e in entries if e.load_id and e.outcome in ("accepted", "held")}.values())


def without_released(entries):
    """The accepted loads that were never held."""
    held = {e.load_id for e in entries if e.outcome == "held"}
    return [e for e in entries if e.outcome == "accepted" and e.load_id not in held]


def replaces_all(contract, newer, load, withheld, since):
    """A newer load replaces every older one whose window it covers, even if it has rows in quarantine."""
    return newer.rank > load.rank and newer.known_by == load.known_by and raw_schema.covers(newer.entry, load.entry)


CODE = {
    "a held file counts": (nights([file(0, doubled=True)]), raw_schema, "accepted", with_held),
    "a released file is held still": (
        nights([file(0, doubled=True)], [Release(0)]), raw_schema, "accepted", without_released,
    ),
    "a file with rows in quarantine replaces older ones": (
        nights([file(0, FIRST)], [file(1, BAD)]), raw_schema, "_replaces", replaces_all,
    ),
    "a doubled feed is not looked for": (
        nights([file(0, doubled=True)]), duplicate_rows, "doubled_feed", lambda con, sheet: None,
    ),
    "one extraction in other bytes is two": (
        nights([file(0, FIRST)], [Again(0, format=Format(delimiter=";"))]), raw_store, "same_rows", lambda *_: False,
    ),
    "any second file of an extraction is known": (
        nights([file(0, FIRST), file(0, OTHER)]), raw_store, "same_rows", lambda *_: True,
    ),
    "two claims of one extraction both land": (
        nights([file(0, FIRST), file(0, OTHER)]), Decisions, "same_extraction", lambda self, file: None,
    ),
    "rows of odd width are alike where their keys are": (
        nights([file(0, Row(0, odd="ragged"))], [file(0, Row(0, value=1, odd="ragged"))]),
        raw_store, "ragged_digest", lambda *_: "",
    ),
    "a month that was replaced since is known": (
        nights([file(None, Row(1), **JANUARY)], [file(2, Row(2), **JANUARY)], [Again(0)]),
        Decisions, "_replaced", lambda *_: False,
    ),
    "files of one time are not compared": (CONFLICT, store_file, "settle_conflicts", lambda *_: {}),
    "extractions count in the order of arrival": (
        nights([file(1, FIRST)], [file(0, OTHER)]), raw_schema, "extracted", lambda e: datetime.fromisoformat(e.landed_at),
    ),
}  # fmt: skip


def all_but_first_long(faults: Iterable[str]) -> list[Any]:
    """Faults as parameters: the first is in the suite, the others are marked long."""
    first, *others = faults
    return [first, *(pytest.param(fault, marks=pytest.mark.long) for fault in others)]


@pytest.mark.parametrize("fault", [*SQL, *CODE])
def test_without_the_fault_nothing_differs(compare: Callable[..., list[str]], fault: str) -> None:
    sequence, *_ = (SQL | CODE)[fault]
    assert compare(sequence) == []


NOT_FOUND_BY_CHANCE = {"rows of odd width are alike where their keys are"}
"""Faults that none of a thousand random sequences showed on 28 November 2026: two ragged rows with one key are rare."""


def caught_by_chance(compare: Callable[..., list[str]]) -> bool:
    """Whether any of a thousand random sequences shows the fault."""
    once = settings(max_examples=1000, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    try:
        find(sequences(), lambda sequence: bool(compare(sequence)), settings=once)
    except NoSuchExample:
        return False
    return True


@pytest.mark.parametrize("fault", all_but_first_long(SQL))
def test_a_fault_in_the_models_is_caught(compare: Callable[..., list[str]], staging: Staging, fault: str) -> None:
    sequence, model, right, wrong = SQL[fault]
    assert right in staging.sql[model], "the fault would change nothing"
    broken = replace(staging, sql=staging.sql | {model: staging.sql[model].replace(right, wrong)})
    assert compare(sequence, broken) != []
    assert not IS_LONG or caught_by_chance(lambda s: compare(s, broken))


@pytest.mark.parametrize("fault", all_but_first_long(CODE))
def test_a_fault_in_the_code_is_caught(compare: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    sequence, owner, name, wrong = CODE[fault]
    monkeypatch.setattr(owner, name, wrong)
    assert compare(sequence) != []
    assert not IS_LONG or fault in NOT_FOUND_BY_CHANCE or caught_by_chance(compare)


MOVED = nights([file(0, Row(0), start=10), file(1, Row(0), days=5)], published=True)
"""A row that a newer file moved to an earlier day: the newer file expires before the older one."""
ERASED = {
    "a version that an erased row had replaced comes back": ("superseded_rows", "from outlived", "from outlived where false"),
    "what is kept counts beside what it stands for": ("kept_measures", ".amount,", ".amount * 2 as amount,"),
}  # fmt: skip


@pytest.mark.parametrize("fault", ERASED)
def test_a_fault_in_the_kept_totals_is_caught(compare: Callable[..., list[str]], staging: Staging, fault: str) -> None:
    model, right, wrong = ERASED[fault]
    assert right in staging.sql[model], "the fault would change nothing"
    broken = replace(staging, sql=staging.sql | {model: staging.sql[model].replace(right, wrong)})
    assert compare(MOVED, erased=8) == []
    assert compare(MOVED, broken, erased=8) != []


def only_months_of_window(con, home, contract, new, *_):
    """A new file touches only the months of its window."""
    return changed_months._months(new)


IN_PART = {
    "a row that moves to another month counts in both": (
        nights([file(0, Row(0), start=40)], [file(1, Row(0), days=5)], published=True),
        changed_months, "_months_touched", only_months_of_window,
    ),
    "a whole list is measured in part": (
        nights(
            [file(0, Row(0), start=40, extract="cash_seizures")], [file(1, extract="cash_seizures", days=3)], published=True
        ),
        raw_schema, "find_months_to_rebuild",
        lambda *_: changed_months.MonthsToRebuild(months={("cash_seizures", FORCE): {"2025-01"}}),
    ),
    "rows of other months with the same keys are not looked for": (
        nights([file(0, Row(0), start=40)], [file(1, Row(0), days=5)], [file(2, Row(1), start=55, days=3)], published=True),
        raw_schema, "has_key_of", lambda *_: "false",
    ),
    "a touched month is carried over": (
        nights([file(0, Row(0))], [file(1, OTHER)], published=True), carry_forward, "_not_rebuilt", lambda *_: "",
    ),
    "other months are not carried over": (
        nights([file(0, Row(0, day=1), Row(1, day=40), days=60)], [file(1, OTHER)], published=True),
        carry_forward, "_not_rebuilt", lambda *_: " where false",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", IN_PART)
def test_a_fault_in_a_night_in_part_is_caught(
    compare: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    sequence, owner, name, wrong = IN_PART[fault]
    assert compare(sequence, in_part=True) == []
    monkeypatch.setattr(owner, name, wrong)
    assert compare(sequence, in_part=True) != []
