"""An output that fails: the last good one stands in its place, marked, or nothing is published where the settings say so."""

from pathlib import Path

from dagster_project.publishing.outputs import stale
from dagster_project.publishing.outputs.stale import Good, find_good, put_in_place


def test_the_last_good_one_says_on_each_page_that_it_is_not_of_tonight(tmp_path: Path) -> None:
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "index.html").write_text("<html><body class='x'><p>figures</p></body></html>", "utf-8")
    for night in ("N2", "N3"):
        put_in_place(Good(tmp_path / "last", "N1"), tmp_path / night, night, "The output report")
        page = (tmp_path / night / "index.html").read_text("utf-8")
        assert page.count("Not of tonight. The output report") == 1 and f"night {night} could" in page and "figures" in page
        assert "night N1" in (tmp_path / night / stale.MARK).read_text("utf-8")
        (tmp_path / "last" / "index.html").write_text(page, "utf-8")
    put_in_place(None, tmp_path / "none", "N4", "The output <x>")
    assert "&lt;x&gt;" in (tmp_path / "none" / "index.html").read_text("utf-8")


def test_only_what_was_made_under_the_same_settings_may_stand(tmp_path: Path) -> None:
    told = [{"night_id": "N1", "outputs": {"report": {"sha256": "s", "form": "f"}}}]
    assert find_good("report", tmp_path, "s", "f", told) == Good(tmp_path, "N1")
    assert find_good("report", tmp_path, "s", "other", told) is None and find_good("report", tmp_path, "t", "f", told) is None
    again = [*told, {"night_id": "N2", "outputs": {"report": {"sha256": "u", "form": "f", "of": "N1"}}}]
    assert find_good("report", tmp_path, "u", "f", again) == Good(tmp_path, "N1"), "carried twice, it is still of its night"
    none = [{"night_id": "N2", "outputs": {"report": {"sha256": "v", "form": "f", "failed": "it broke", "of": ""}}}]
    assert find_good("report", tmp_path, "v", "f", none) is None, "a page that says there is none is not good"
