"""A night with hostile texts in every category column, hostile file names and hostile files."""

import csv
from pathlib import Path

import pytest
from how_often import IS_LONG, often
from oracle.unusual_files.plan import BELIEVED
from support import publish_night, shorten_edition

from dagster_project.core.home import Home
from dagster_project.nights.night_run import NightRun
from dagster_project.publishing import outputs

from .corpus import FILES, NAMES, OVERLONG, STAMP, TEXTS, UNPRINTABLE, random_texts

RANDOM = often(8, 80)
"""Number of random texts. With `--long`, some have 100,000 characters."""

ONE_UNIT = "force_code,section_code,section_name,lpu_code,lpu_name\nderbyshire,A,One,derbyshire-one,One\n"
DAY = "2025-06-02"
COLUMNS = {
    "community_voices": ("response_ref", "responded_on", {}, ("issue",)),
    "drug_tests": ("custody_ref", "arrested_at", {"test_status": "Missed"}, ("trigger_offence", "missed_reason")),
    "incidents": ("incident_ref", "created_at", {"record_type": "INCIDENT"}, ("qualifiers", "channel")),
    "intelligence": ("intel_ref", "submitted_on", {"source": "Crimestoppers"}, ("themes",)),
    "iom_visits": ("visit_ref", "visited_on", {"substance_misuse": "Y"}, ("operation",)),
    "prevention_activity": ("activity_ref", "activity_on", {"quantity": "1"}, ("activity",)),
    "pspos": ("order_ref", "starts_on", {}, ("authority",)),
    "pspo_enforcement": ("enforcement_ref", "enforced_on", {"kind": "Prosecution"}, ("authority", "issuing_team")),
    "stop_search": ("search_ref", "searched_at", {"object_found": "Y"},
                    ("legislation", "object_of_search", "outcome", "age_range", "self_defined_ethnicity")),
    "crimes": ("crime_ref", "recorded_on", {"status": "Recorded"}, ("offence_code",)),
}  # fmt: skip
"""Key, date, other required values, and the columns that take any text, of each extract with such columns."""


def texts(extract: str) -> list[str]:
    """The texts of an extract's rows: all with `--long`, otherwise a share, as each category makes many figures."""
    all_texts = [*TEXTS, *UNPRINTABLE, *OVERLONG, *random_texts(RANDOM)]
    return all_texts if IS_LONG else all_texts[list(COLUMNS).index(extract) :: len(COLUMNS)]


def write_extracts(folder: Path) -> None:
    """Write a file of each extract. Each row has one text in all the columns that take any text."""
    folder.mkdir(parents=True, exist_ok=True)
    for extract, (key, day, required, text_columns) in COLUMNS.items():
        with (folder / f"{extract}{STAMP}").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([key, day, *required, *text_columns])
            values = [*required.values()]
            writer.writerows([f"K{n}", DAY, *values, *[text] * len(text_columns)] for n, text in enumerate(texts(extract)))


def run_corpus_night(home: Home, all_outputs: tuple[outputs.Output, ...]) -> NightRun:
    """Run a night over the whole corpus, with every output."""
    write_extracts(home.inbox)
    # Most of these values are on no list, and many can't be printed. The corpus tests neither rule.
    (home.path / "pam.toml").write_text(BELIEVED, encoding="utf-8")
    if not IS_LONG:
        # Ten units would make four times as many figures of the same texts.
        home.seeds.mkdir()
        (home.seeds / "areas.csv").write_text(ONE_UNIT, encoding="utf-8")
        shorten_edition(home, "statements", "says")
    for name in NAMES:
        (home.inbox / name).write_bytes(b"a,b\n1,2\n")
    for name, body in FILES:
        (home.inbox / name).write_bytes(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "OUTPUTS", all_outputs)
        return publish_night(home)
