"""Short random sequences of files against the plain model, many forces in one home and built by dbt itself.

Forces and extracts are independent: one home has six forces, each with its own sequence of three extracts.
`--long` runs twenty homes of 34 forces. The short suite has tests/sequences: more kinds of files, a force a home.
"""

import os
import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from how_often import often
from oracle.compare import diff_files
from oracle.landing import Landing, land
from oracle.unusual_files.random_sequences import FORCE, write_sequence
from support import TODAY, candidate, night

from dagster_project.core.home import Home
from dagster_project.core.project_lists import force_names
from dagster_project.landing import read_ledger
from dagster_project.transform import dbt_runner, raw_schema

from .conftest import ledger_rows

pytestmark = pytest.mark.long

HOMES = often(1, 20)
FORCES = sorted(force_names())[: often(6, 34)]
EXTRACTS = ("mda_orders", "cash_seizures", "stop_search")
MODELS = ["+superseded_rows", "+coverage_windows", "+unit_names", *(f"stg_{x}" for x in EXTRACTS)]


def write_sequences(folder: Path, number: int) -> list[list[Path]]:
    """Nights of files, one sequence a force; the files of a night in the order of their arrival."""
    nights: dict[int, list[Path]] = defaultdict(list)
    for n, force in enumerate(FORCES):
        sequence = write_sequence(folder / "made" / force, seed=number * 1000 + n)
        for place, files in enumerate(sequence.nights):
            into = folder / "drop" / f"night{place}"
            into.mkdir(parents=True, exist_ok=True)
            for file in files:
                path = into / file.name.replace(FORCE, force)
                shutil.copy2(file, path)
                manifest = file.with_name(f"{file.name}.manifest.json")
                if manifest.exists():
                    shutil.copy2(manifest, path.with_name(f"{path.name}.manifest.json"))
                nights[place].append(path)
    return [nights[n] for n in sorted(nights)]


def land_copies(home: Home, files: list[Path], place: int) -> str:
    """Land a night's files, and no more. Returns the night's id."""
    into = home.inbox / f"night{place}"
    into.mkdir()
    for file in files:
        for path in (file, file.with_name(f"{file.name}.manifest.json")):
            if path.exists():
                shutil.copy2(path, into / path.name)
    with night(home) as run:
        run.land()
        assert run.night is not None
        return run.night.night_id


def identity(file: str, line: int | str, key: object) -> tuple[str, ...]:
    """What identifies a current row: its key and when it was extracted (two files of one extraction may both have it, with
    the same values), or file and line where rows have no key.
    """
    if file.count("__") == 4:
        return file.split("__")[-1], key if isinstance(key, str) else "\x1f".join(map(str, key))
    return file, str(line)


def differences(home: Home, night_id: str, landing: Landing) -> list[str]:
    """Build the models of rows and coverage; list where they differ from the plain model, by extract and force."""
    raw_schema.fresh_candidate(home)
    raw_schema.prepare_raw(home, night_id, TODAY)
    nodes = dbt_runner.build(home, select=MODELS)
    assert nodes and all(n.ok for n in nodes), [n for n in nodes if not n.ok]
    lines = []
    with candidate(home) as con:
        rows, days = defaultdict(set), defaultdict(set)
        for extract in EXTRACTS:
            for force, *row in con.execute(
                f"select stg.force_code, loads.source_file, stg.line, landed.row_key from staging.stg_{extract} as stg"
                " join raw.loads as loads using (load_id) join raw.landed_rows as landed using (load_id, line)"
            ).fetchall():
                rows[extract, force].add(identity(*row))
        for extract, force, day in con.execute(
            "select coverage, force_code, unnest(range(covered_from, covered_to + interval 1 day, interval 1 day))::date"
            " from staging.coverage_windows"
        ).fetchall():
            days[extract, force].add(day)
    for extract in EXTRACTS:
        for force in FORCES:
            at = (extract, force)
            expected = {identity(r["_file"], r["_line"], r["_key"]) for r in landing.rows.get(at, [])}
            if rows[at] != expected:
                lines.append(f"{at}: extra {sorted(rows[at] - expected)[:3]}, missing {sorted(expected - rows[at])[:3]}")
            if days[at] != landing.covered(*at):
                lines.append(f"{at}: {len(days[at])} covered days, expected {len(landing.covered(*at))}")
    return lines


@pytest.fixture
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Power cuts are tested elsewhere; here thousands of small files are written."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.mark.parametrize("number", range(HOMES))
def test_sequences_of_many_forces_match_the_model(
    number: int, tmp_path: Path, no_fsync: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other home is compared from the third night on, as if the night before had been published; the rest at the end,
    as if all had been: loads without effect by then are left out, and must not be missed.
    """
    nights = write_sequences(tmp_path, number)
    home = Home(tmp_path / "home").create()
    night_ids = [""]
    for n, files in enumerate(nights, start=1):
        night_ids.append(land_copies(home, files, n))
        if (number % 2 and n > 2) or n == len(nights):
            landing = land(nights[:n], force_names())
            monkeypatch.setattr(raw_schema, "_published_before", lambda _: night_ids[-1 - number % 2])
            assert differences(home, night_ids[-1], landing) == [], f"after night {n}"
    assert diff_files(landing.files, ledger_rows(read_ledger(home))) == []
