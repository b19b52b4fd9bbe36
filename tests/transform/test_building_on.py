"""When a night builds on the one before, and when it must not."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.core.home import Home
from dagster_project.transform import candidate, changed_nodes, dbt_runner, empty_build
from dagster_project.transform.raw_schema import WAREHOUSE, WORK, fresh_candidate


def builds_on(home: Home) -> bool:
    """Whether the next night takes over what stands. Asking lays the candidate out, as a night does."""
    return candidate.start(home).base == "night"


def test_a_quiet_night_builds_only_what_is_of_every_extract(sample_copy: Home) -> None:
    begun = candidate.start(sample_copy)
    selected = {name.split(".")[-1] for name in changed_nodes.nodes_to_build(begun.changed)}
    assert begun.base == "night" and selected >= {*changed_nodes.ALWAYS} and not any(n.startswith("mart_") for n in selected)
    assert len({n.unique_id for n in begun.unchanged}) == len(begun.unchanged) > 100
    assert (sample_copy.candidate / WAREHOUSE).read_bytes() == sample_copy.warehouse.read_bytes()


def test_a_night_that_was_begun_is_never_built_on(sample_copy: Home) -> None:
    assert builds_on(sample_copy)
    assert not builds_on(sample_copy), "it did not publish: what is there may be half of something"


def test_rebuild_builds_all(sample_copy: Home) -> None:
    begun = candidate.start(sample_copy, rebuild=True)
    selected = {name.split(".")[-1] for name in changed_nodes.nodes_to_build(begun.changed)}
    marts = {n.name for n in dbt_runner.manifest().nodes.values() if n.resource_type == "model" and n.schema == "marts"}
    assert begun.base == "empty build" and begun.loads is None
    assert {m for m in marts if m.startswith("mart_")} <= selected


def test_a_project_that_changed_after_it_was_read_is_read_again(monkeypatch: pytest.MonkeyPatch, new_home: Home) -> None:
    """A process that loads dbt early may have read an older one; the night after this trusts the stamp that this one gives."""
    monkeypatch.setattr(dbt_runner, "build", lambda *_: [])
    dbt_runner.manifest()
    for stamp, is_kept in ((dbt_runner.project_stamp(), True), ("of a later project", False)):
        changed_nodes.build_changed(new_home, None, stamp, progress=lambda *_: None)
        # Another test may have read the project for Spark, too.
        assert bool(dbt_runner._read_manifest.cache_info().currsize) is is_kept


def test_set_up_makes_a_home_that_a_night_takes(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        fresh_candidate(home := Home(tmp_path / "home"))
    finally:
        os.umask(umask)
    assert (home.path.stat().st_mode & 0o777, home.candidate.stat().st_mode & 0o777) == (0o700, 0o700)


@pytest.mark.parametrize("begin", [fresh_candidate, empty_build.copy_to])
def test_a_candidate_that_cannot_be_emptied_is_an_error(new_home: Home, tmp_path: Path, begin: Callable[[Home], None]) -> None:
    """As of a link to another disk: what is there would be built on unseen."""
    shutil.rmtree(new_home.candidate)
    new_home.candidate.symlink_to(tmp_path)
    (tmp_path / WORK).write_bytes(b"of a night before")
    with pytest.raises(FileExistsError):
        begin(new_home)
    assert (tmp_path / WORK).read_bytes() == b"of a night before"


def test_lists_of_the_home_are_what_the_empty_build_does_not_know() -> None:
    nodes = dbt_runner.manifest().nodes.values()
    assert {n.name for n in nodes if any("raw.own_" in parent for parent in n.depends_on_nodes)} == {*candidate.LIST_MODELS}


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
    selected = {name.split(".")[-1] for name in changed_nodes.nodes_to_build(["stg_naloxone"])}
    assert {*changed_nodes.ALWAYS, "mart_naloxone", "asked_figures", "answers", "claims"} <= selected
    assert {s for s in selected if s.startswith("mart_")} == {"mart_naloxone", "mart_control_charts"}
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
