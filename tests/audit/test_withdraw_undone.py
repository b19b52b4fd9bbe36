"""A disclosure that was recorded but did not happen is withdrawn once."""

from dagster_project.audit import read_log, record, withdraw_undone
from dagster_project.core.home import Home

LONG_AGO, TO_COME = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def test_an_undone_disclosure_is_withdrawn_once(new_home: Home) -> None:
    n = record(new_home, "disclosure", what="published", night_id="N1")
    record(new_home, "disclosure", what="published", night_id="N2")
    assert withdraw_undone(new_home, "published", "N1", TO_COME) == [], "recorded before that time: not withdrawn"
    assert withdraw_undone(new_home, "published", "N1", LONG_AGO) == [n]
    assert withdraw_undone(new_home, "published", "N1", LONG_AGO) == []
    last = list(read_log(new_home))[-1]
    assert last.facts == {"what": "not published", "night_id": "N1", "withdraws": [n], "found_by": "the next night"}
