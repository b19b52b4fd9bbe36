"""When a night builds on the one before, and when it must not."""

import json
import os
import shutil
from pathlib import Path

import pytest

from dagster_project import candidate
from dagster_project.prepare import WAREHOUSE, WORK
from dagster_project.settings import Home


def builds_on(home: Home) -> bool:
    """Whether the next night takes over what stands. Asking lays the candidate out, as a night does."""
    return candidate.begin(home).on == "night"


def test_a_quiet_night_builds_only_what_is_of_every_extract(sample_copy: Home) -> None:
    begun = candidate.begin(sample_copy)
    selected = {name.split(".")[-1] for name in begun.select}
    assert begun.on == "night" and selected >= {*candidate.ALWAYS} and not any(n.startswith("mart_") for n in selected)
    assert len({n.unique_id for n in begun.standing}) == len(begun.standing) > 100
    assert (sample_copy.candidate / WAREHOUSE).read_bytes() == sample_copy.warehouse.read_bytes()


def test_a_night_that_was_begun_is_never_built_on(sample_copy: Home) -> None:
    assert builds_on(sample_copy)
    assert not builds_on(sample_copy), "it did not publish: what is there may be half of something"


def test_rebuild_builds_all(sample_copy: Home) -> None:
    assert candidate.begin(sample_copy, rebuild=True) == candidate.Begun("nothing")


@pytest.mark.parametrize("name", ["areas", "offence_codes"])
def test_another_list_of_the_home_builds_all(name: str, sample_copy: Home) -> None:
    sample_copy.seeds.mkdir()
    (sample_copy.seeds / f"{name}.csv").write_text("changed\n", encoding="utf-8")
    assert not builds_on(sample_copy)


def test_another_publication_builds_all(sample_copy: Home) -> None:
    """One put back by hand, from before."""
    with sample_copy.warehouse.open("ab") as file:
        file.write(b"\0")
    assert not builds_on(sample_copy)


def test_a_copy_of_the_publication_is_read_to_be_believed(sample_copy: Home) -> None:
    """A home that was moved, or brought back from a backup, has other files with the same content."""
    shutil.copyfile(sample_copy.warehouse, sample_copy.path / "copy")
    os.replace(sample_copy.path / "copy", sample_copy.warehouse)
    assert builds_on(sample_copy)


def test_only_what_rests_on_changed_extracts_is_built() -> None:
    """And what holds something of every extract, but not what rests on that alone."""
    selected = {name.split(".")[-1] for name in candidate.resting_on(["naloxone"])}
    assert {*candidate.ALWAYS, "naloxone_monthly", "mart_naloxone", "asked_figures", "answers", "claims"} <= selected
    assert {s for s in selected if s.startswith("mart_")} == {"mart_naloxone"} and "iom_monthly" not in selected
    # Tests are of what is built, views among it; a view itself stands.
    assert any(s.startswith("one_current_version_stg_naloxone") for s in selected) and "stg_naloxone" not in selected


def test_a_ledger_from_before_builds_all(sample_copy: Home) -> None:
    """It lacks a load that the figures rest on."""
    path = sample_copy.candidate / "base.json"
    base = json.loads(path.read_text(encoding="utf-8"))
    base["loads"]["crimes"].append("20260101T020000Z-0123456789ab 2026-01-01T02:00:00Z")
    path.write_text(json.dumps(base), encoding="utf-8")
    assert not builds_on(sample_copy)


@pytest.mark.parametrize("missing", ["base.json", WORK])
def test_a_part_that_is_not_there_builds_all(missing: str, sample_copy: Home) -> None:
    (sample_copy.candidate / missing).unlink()
    assert not builds_on(sample_copy)


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"stamp": 1}'])
def test_a_base_that_can_not_be_read_builds_all(text: str, sample_copy: Home) -> None:
    (sample_copy.candidate / "base.json").write_text(text, encoding="utf-8")
    assert not builds_on(sample_copy)


def test_a_base_of_another_version_builds_all(sample_copy: Home) -> None:
    path = sample_copy.candidate / "base.json"
    base = json.loads(path.read_text(encoding="utf-8"))
    base["nodes"] = [{"name": "only"}]
    path.write_text(json.dumps(base), encoding="utf-8")
    assert not builds_on(sample_copy)


def test_nothing_published_builds_all(tmp_path: Path) -> None:
    assert not builds_on(Home(tmp_path / "home").create())
