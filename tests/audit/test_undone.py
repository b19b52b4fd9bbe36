"""A disclosure on record that did not happen is withdrawn once, by whoever finds that."""

from dagster_project.audit import read_log, record, withdraw_undone
from dagster_project.core.home import Home

LONG_AGO, TO_COME = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def test_what_did_not_happen_is_withdrawn_once(new_home: Home) -> None:
    n = record(new_home, "disclosure", what="published", night_id="N1")
    record(new_home, "disclosure", what="published", night_id="N2")
    assert withdraw_undone(new_home, "published", "N1", TO_COME) == [], "of an earlier time: it stands"
    assert withdraw_undone(new_home, "published", "N1", LONG_AGO) == [n]
    assert withdraw_undone(new_home, "published", "N1", LONG_AGO) == []
    last = list(read_log(new_home))[-1]
    assert last.facts == {"what": "not published", "night_id": "N1", "withdraws": [n], "found_by": "the next night"}
