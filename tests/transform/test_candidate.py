"""When a night builds on the one before, and when it must not."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from dbt.artifacts.resources import DependsOn
from support import copy_home

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.home import Home
from dagster_project.transform import candidate, changed_nodes, dbt_runner, empty_build
from dagster_project.transform.raw_schema import fresh_candidate


@pytest.fixture
def sample_copy(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of what a candidate is made from: the sample without its files, kept night and outputs."""
    others = ("archive", "cache", "publications", "open", "report", "dashboard", "catalogue", "dbt")
    return copy_home(sample_home, tmp_path / "home", others)


def builds_on(home: Home) -> bool:
    """Whether the next night builds on the candidate. This also begins the candidate, as a night does."""
    return candidate.start(home).base == "night"


def test_a_night_without_changes_builds_only_models_of_every_extract(sample_copy: Home) -> None:
    started = candidate.start(sample_copy)
    selected = {name.split(".")[-1] for name in changed_nodes.nodes_to_build(started.changed)}
    assert started.base == "night" and selected >= {*changed_nodes.ALWAYS} and not any(n.startswith("mart_") for n in selected)
    assert len({n.unique_id for n in started.unchanged}) == len(started.unchanged) > 100
    assert (sample_copy.candidate / WAREHOUSE).read_bytes() == sample_copy.warehouse.read_bytes()


def test_an_unpublished_night_is_not_built_on(sample_copy: Home) -> None:
    assert builds_on(sample_copy)
    assert not builds_on(sample_copy), "it did not publish: the candidate may be incomplete"


def test_rebuild_builds_all(sample_copy: Home) -> None:
    started = candidate.start(sample_copy, rebuild=True)
    selected = {name.split(".")[-1] for name in changed_nodes.nodes_to_build(started.changed)}
    marts = {n.name for n in dbt_runner.manifest().nodes.values() if n.resource_type == "model" and n.schema == "marts"}
    assert started.base == "empty build" and started.loads is None
    assert {m for m in marts if m.startswith("mart_")} <= selected


def test_a_project_that_changed_after_it_was_parsed_is_parsed_again(monkeypatch: pytest.MonkeyPatch, new_home: Home) -> None:
    """A process that loads dbt early may have an older manifest, and the next night trusts the digest of this one."""
    monkeypatch.setattr(dbt_runner, "build", lambda *_: [])
    dbt_runner.manifest()
    for digest, is_kept in ((dbt_runner.project_digest(), True), ("of a later project", False)):
        changed_nodes.build_changed(new_home, None, digest, progress=lambda *_: None)
        # Another test may have read the project for Spark, too.
        assert bool(dbt_runner._read_project.cache_info().currsize) is is_kept


def test_set_up_makes_a_private_home(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        fresh_candidate(home := Home(tmp_path / "home"))
    finally:
        os.umask(umask)
    assert (home.path.stat().st_mode & 0o777, home.candidate.stat().st_mode & 0o777) == (0o700, 0o700)


@pytest.mark.parametrize("make_candidate", [fresh_candidate, empty_build.copy_to])
def test_a_candidate_that_cannot_be_emptied_is_an_error(
    new_home: Home, tmp_path: Path, make_candidate: Callable[[Home], None]
) -> None:
    """Here a link to another disk: a night would build on its files unnoticed."""
    shutil.rmtree(new_home.candidate)
    new_home.candidate.symlink_to(tmp_path)
    (tmp_path / WORK).write_bytes(b"of a night before")
    with pytest.raises(FileExistsError):
        make_candidate(new_home)
    assert (tmp_path / WORK).read_bytes() == b"of a night before"


def test_list_models_are_those_that_read_lists_of_the_home() -> None:
    nodes = dbt_runner.manifest().nodes.values()
    assert {n.name for n in nodes if any("raw.own_" in parent for parent in n.depends_on_nodes)} == {*candidate.LIST_MODELS}


@pytest.mark.parametrize("name", ["areas", "offence_codes"])
def test_a_changed_list_of_the_home_builds_all(name: str, sample_copy: Home) -> None:
    sample_copy.seeds.mkdir()
    (sample_copy.seeds / f"{name}.csv").write_text("changed\n", encoding="utf-8")
    assert not builds_on(sample_copy)


def test_a_changed_publication_builds_all(sample_copy: Home) -> None:
    """For example an earlier one, put back by hand."""
    with sample_copy.warehouse.open("ab") as file:
        file.write(b"\0")
    assert not builds_on(sample_copy)


def test_a_copy_of_the_publication_is_built_on(sample_copy: Home) -> None:
    """A home that was moved or restored from a backup has other files with the same content."""
    shutil.copyfile(sample_copy.warehouse, sample_copy.path / "copy")
    os.replace(sample_copy.path / "copy", sample_copy.warehouse)
    assert builds_on(sample_copy)


def test_only_models_of_changed_extracts_are_built() -> None:
    """And models of every extract, but not models that depend only on those."""
    selected = {name.split(".")[-1] for name in changed_nodes.nodes_to_build(["stg_naloxone"])}
    assert {*changed_nodes.ALWAYS, "mart_naloxone", "asked_figures", "answers", "claims"} <= selected
    assert {s for s in selected if s.startswith("mart_")} == {"mart_naloxone", "mart_control_charts"}
    # The tests of a view run again; the view itself is not made again.
    assert any(s.startswith("one_current_version_stg_naloxone") for s in selected) and "stg_naloxone" not in selected


def test_a_new_table_that_no_extract_leads_to_is_built_each_night(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stayed as the first night made it. What reads it is built, too, also over a view."""
    nodes = dict(dbt_runner.manifest().nodes)
    tables, view = ("reads_always", "reads_seed_and_always", "reads_view"), "own_view"
    parents = {
        "reads_always": ["superseded_rows"],
        "reads_seed_and_always": ["months", "monthly"],
        "own_view": ["reads_always"],
        "reads_view": ["own_view"],
        "reads_extract": ["superseded_rows", "stg_crimes"],
    }
    for name, read in parents.items():
        like = nodes[f"model.pam_warehouse.{'mart_facts' if name == view else 'row_days'}"]
        path, depends_on = ["pam_warehouse", name], DependsOn(nodes=[f"model.pam_warehouse.{x}" for x in read])
        nodes[f"model.pam_warehouse.{name}"] = replace(like, name=name, fqn=path, depends_on=depends_on)
    before = {*changed_nodes.nodes_to_build(["stg_naloxone"])}
    monkeypatch.setattr(dbt_runner, "manifest", lambda: SimpleNamespace(nodes=nodes))
    assert {*changed_nodes.nodes_to_build(["stg_naloxone"])} - before == {f"pam_warehouse.{name}" for name in tables}
    assert "pam_warehouse.reads_extract" in changed_nodes.nodes_to_build(["stg_crimes"])


def test_a_list_of_areas_builds_no_mart_of_an_extract_without_files() -> None:
    """A force's first night would build all marts, most of them empty."""
    selected = {name.split(".")[-1] for name in changed_nodes.nodes_to_build(["areas_listed", "stg_naloxone"])}
    assert {*changed_nodes.AREAS, "dim_area", "daily", "extract_facts"} <= selected
    assert {s for s in selected if s.startswith("mart_")} == {"mart_naloxone", "mart_control_charts"}
    assert not any(s.startswith("one_current_version_stg_crimes") for s in selected)


def test_an_older_ledger_builds_all(sample_copy: Home) -> None:
    """It lacks a load of the figures."""
    path = sample_copy.candidate / "base.json"
    base = json.loads(path.read_text(encoding="utf-8"))
    base["loads"]["crimes"].append("20260101T020000Z-0123456789ab 2026-01-01T02:00:00Z")
    path.write_text(json.dumps(base), encoding="utf-8")
    assert not builds_on(sample_copy)


@pytest.mark.parametrize("missing", ["base.json", WORK])
def test_a_missing_file_builds_all(missing: str, sample_copy: Home) -> None:
    (sample_copy.candidate / missing).unlink()
    assert not builds_on(sample_copy)


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"stamp": 1}'])
def test_an_unreadable_base_builds_all(text: str, sample_copy: Home) -> None:
    (sample_copy.candidate / "base.json").write_text(text, encoding="utf-8")
    assert not builds_on(sample_copy)


def test_a_base_of_another_version_builds_all(sample_copy: Home) -> None:
    path = sample_copy.candidate / "base.json"
    base = json.loads(path.read_text(encoding="utf-8"))
    base["nodes"] = [{"name": "only"}]
    path.write_text(json.dumps(base), encoding="utf-8")
    assert not builds_on(sample_copy)


def test_a_home_without_a_publication_builds_all(tmp_path: Path) -> None:
    assert not builds_on(Home(tmp_path / "home").create())
