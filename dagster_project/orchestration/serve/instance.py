"""Dagster's instance in a home: its folder, and the settings that `pam serve` writes there."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home

HEADER = "# Written by `pam serve` each time it starts: changes made here are lost.\n"
LOCATION = "pam_warehouse"
LONGEST_NIGHT = 6 * 3600
LAUNCHER = {"module": "dagster_project.orchestration.serve.launcher", "class": "NightLauncher"}
EVENT_LOG = {"module": "dagster_project.orchestration.serve.event_log", "class": "EventLog"}
NIGHT_SOCKET = "night.sock"
SOCKET_BYTES = 100
"""How long a socket's path may be, a little under the kernel's limit of 107."""

DAGSTER_YAML = {
    "telemetry": {"enabled": False},
    # The page would ask a newcomer for an address.
    "nux": {"enabled": False},
    # The daemon works it out from the last file of each extract.
    "freshness": {"enabled": True},
    # A night is one run. Any other run waits for it, because all write in the home.
    "concurrency": {"runs": {"max_concurrent_runs": 1}, "pools": {"default_limit": 1, "granularity": "run"}},
    # A night that somebody starts on the page waits up to so long, by default 5 seconds.
    "run_queue": {"dequeue_interval_seconds": 1},
    # One night makes up for all that were missed while nothing ran: it takes all the files there are.
    "scheduler": {
        "module": "dagster._core.scheduler",
        "class": "DagsterDaemonScheduler",
        "config": {"max_catchup_runs": 1},
    },
    "run_monitoring": {
        "enabled": True,
        "start_timeout_seconds": 300,
        "cancel_timeout_seconds": 120,
        "max_runtime_seconds": LONGEST_NIGHT,
        "poll_interval_seconds": 60,
    },
    # Looking at the inbox each minute makes half a million ticks a year.
    "retention": {
        "schedule": {"purge_after_days": 90},
        "sensor": {"purge_after_days": {"skipped": 2, "failure": 30, "success": 90}},
    },
}


@dataclass(frozen=True)
class Sockets:
    """On which the code server and the process that waits for a night listen. Only the home's owner can open them: a port would
    be open to everybody on the machine.
    """

    code: Path
    night: Path


def write_settings(home: Home) -> Sockets:
    """Write the home's `dagster.yaml` and `workspace.yaml`, unless they are right already. Returns the sockets they name."""
    folder = make_folder(home.dagster)
    sockets = sockets_in(folder)
    own = {
        "run_launcher": {**LAUNCHER, "config": {"path": str(sockets.night)}},
        "event_log_storage": {**EVENT_LOG, "config": {"base_dir": str(folder / "history" / "runs")}},
    }
    workspace = {"load_from": [{"grpc_server": {"socket": str(sockets.code), "location_name": LOCATION}}]}
    for name, body in (("dagster.yaml", DAGSTER_YAML | own), ("workspace.yaml", workspace)):
        data = (HEADER + yaml.safe_dump(body, sort_keys=False)).encode("utf-8")
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)
    return sockets


def sockets_in(folder: Path) -> Sockets:
    """The sockets of a home whose Dagster has this folder: in it, unless its path is too long."""
    if len(os.fsencode(folder / NIGHT_SOCKET)) > SOCKET_BYTES:
        folder = Path(tempfile.mkdtemp(prefix="pam-serve-"))
    return Sockets(folder / "code.sock", folder / NIGHT_SOCKET)
