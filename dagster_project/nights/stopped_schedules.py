"""Finds schedules and sensors that somebody switched off on Dagster's page. They stay off after a restart."""

import contextlib
import json
import sqlite3
from urllib.parse import quote

from dagster_project.core.home import Home

WAIT_SECONDS = 5.0
STOPPED = "select instigator_type, instigator_body from instigators where status = 'STOPPED' order by instigator_type, id"
REMEDY = "switch it on again on Dagster's page, under Automation"


def stopped_schedules(home: Home) -> list[str]:
    """The schedule and sensors that are stopped, with the remedy, such as `the schedule nightly_at_two is stopped: ...`.

    Empty if none is, or if `pam serve` never ran. Reads Dagster's SQLite file directly, because loading Dagster takes seconds
    and monitoring runs often.
    """
    path = home.dagster / "schedules" / "schedules.db"
    if not path.exists():
        return []
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as con:
            is_new = con.execute("select 1 from sqlite_master where name = 'instigators'").fetchone() is None
            rows: list[tuple[str, str]] = [] if is_new else con.execute(STOPPED).fetchall()
            names = [(kind.lower(), json.loads(body)["origin"]["job_name"]) for kind, body in rows]
    except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
        return [f"{path} can't be read ({error}), so that nobody knows whether the schedule is on: restart `pam serve`"]
    return [f"the {kind} {name} is stopped: {REMEDY}" for kind, name in names]
