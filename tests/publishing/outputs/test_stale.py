"""An output that fails: the last good one replaces it, marked, or nothing is published if the settings say so."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from support import made_output

from dagster_project.core.config import read_config
from dagster_project.core.home import Home
from dagster_project.publishing import outputs
from dagster_project.publishing.outputs import OutputError, stale
from dagster_project.publishing.outputs.stale import night_of_good, replace_failed

ALL_OUTPUTS = outputs.OUTPUTS
"""As outside the tests, whose nights publish only the warehouse."""


def test_every_page_of_a_stale_output_is_marked(tmp_path: Path) -> None:
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "index.html").write_text("<html><body class='x'><p>figures</p></body></html>", "utf-8")
    (tmp_path / "last" / "part.html").write_text("<p>a part</p>", "utf-8")
    for night in ("N2", "N3"):
        replace_failed(tmp_path / night, night, "The output report", tmp_path / "last", "N1")
        page = (tmp_path / night / "index.html").read_text("utf-8")
        assert page.count("Not of tonight. The output report") == 1 and f"night {night} could" in page and "figures" in page
        assert (tmp_path / night / "part.html").read_text("utf-8").startswith("<!--stale--><aside"), "a page without a body"
        assert "night N1" in (tmp_path / night / stale.MARK).read_text("utf-8")
        (tmp_path / "last" / "index.html").write_text(page, "utf-8")
    replace_failed(tmp_path / "none", "N4", "The output <x>", None, "")
    assert "&lt;x&gt;" in (tmp_path / "none" / "index.html").read_text("utf-8")


def test_only_outputs_of_the_same_settings_are_reused() -> None:
    history = [("N0", None), ("N1", {"sha256": "s", "form": "f"})]
    assert night_of_good(history, "s", "f") == "N1"
    assert night_of_good(history, "s", "other") == night_of_good(history, "t", "f") == ""
    carried = [*history, ("N2", {"sha256": "u", "form": "f", "of": "N1"})]
    assert night_of_good(carried, "u", "f") == "N1", "carried forward twice, it keeps its night"
    again = [*history, ("N2", {"sha256": "s", "form": "g"})]
    assert (night_of_good(again, "s", "g"), night_of_good(again, "s", "f")) == ("N2", ""), "the last night that has it says how"
    none = [("N2", {"sha256": "v", "form": "f", "failed": "it broke", "of": ""})]
    assert night_of_good(none, "v", "f") == "", "a page in place of a missing output is not good"


def test_outputs_of_each_form_have_their_own(new_home: Home) -> None:
    forms = set()
    for text in ("", '[publish]\nopen = "public"', '[publish]\nreport = "public"', "[public]\nthreshold = 10"):
        new_home.config_file.write_text(text, "utf-8")
        forms.add(stale.settings_hash(read_config(new_home)))
    assert len(forms) == 4


def test_outputs_after_one_that_fails_can_read_the_night(new_home: Home, tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "night.duckdb")).close()

    def report(con: duckdb.DuckDBPyConnection, *_: object) -> None:
        con.close()
        raise ValueError

    def dashboard(con: duckdb.DuckDBPyConnection, folder: Path, _: object) -> None:
        (folder / "page.html").write_text(str(con.execute("select 1").fetchall()), "utf-8")

    made = [made_output("report", report), made_output("dashboard", dashboard)]
    results = outputs.write(new_home, tmp_path / "night.duckdb", "N1", tmp_path / "folder", made)
    assert (results["report"].failed, results["dashboard"].failed) == ("ValueError", "")


def test_outputs_are_those_of_the_settings_and_link_to_no_others(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
    new_home.config_file.write_text('[publish]\noutputs = ["dashboard", "report"]\n', "utf-8")
    chosen = outputs.chosen_outputs(read_config(new_home))
    assert [o.name for o in chosen] == ["report", "dashboard"]
    context = outputs.OutputContext(new_home, "N1", False, tuple(o.name for o in chosen))
    links = outputs.links_to(context, "..", ("dashboard", "catalogue"))
    assert links == (("../dashboard/index.html", outputs.PAGES["dashboard"]),)


def test_problems_of_outputs_are_named_with_what_takes_their_place() -> None:
    written = {
        "report": {"lost": ["2026-03/chart", "2026-03/map"]}, "open": {"failed": "no room", "of": "N1"},
        "dashboard": {"failed": "it broke", "of": ""}, "catalogue": {"failed": "", "lost": []},
    }  # fmt: skip
    assert outputs.problems_of(written) == [
        ("report", "the output report is incomplete", "could not be drawn: 2026-03/chart, 2026-03/map"),
        ("open", "the output open could not be made: that of night N1 takes its place", "no room"),
        ("dashboard", "the output dashboard could not be made: no earlier one takes its place", "it broke"),
    ]


def _late_outputs(end: Callable[[], list[str]]) -> list[outputs.Output]:
    """A report that another process finishes, and a catalogue that lists the files of the report."""

    def report(_: object, folder: Path, __: object) -> Callable[[], list[str]]:
        (folder / "page.html").write_text("figures", "utf-8")
        return end

    def catalogue(_: object, folder: Path, __: object) -> None:
        held = sorted(p.name for p in (folder.parent / "report").iterdir())
        (folder / "links.txt").write_text(" ".join(held), "utf-8")

    return [made_output("report", report), made_output("catalogue", catalogue, links_others=True)]


def test_an_output_that_fails_late_is_replaced_and_not_linked(new_home: Home, tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "night.duckdb")).close()

    def fails() -> list[str]:
        raise ValueError("no such template")

    for n, end in enumerate((lambda: ["2026-03/chart"], fails)):
        folder = tmp_path / str(n)
        folder.mkdir()
        results = outputs.write(new_home, tmp_path / "night.duckdb", "N1", folder, _late_outputs(end))
        links = (folder / "catalogue" / "links.txt").read_text("utf-8")
        if n == 0:
            assert results["report"].lost == ("2026-03/chart",) and not results["report"].failed and links == "page.html"
        else:
            assert results["report"].failed == "no such template" and links == f"{stale.MARK} index.html"
            assert results["catalogue"].sha256 == outputs.measure_output(folder / "catalogue", 0).sha256
    (tmp_path / "2").mkdir()
    with pytest.raises(OutputError, match="no such template"):
        outputs.write(new_home, tmp_path / "night.duckdb", "N1", tmp_path / "2", _late_outputs(fails), strict=True)
