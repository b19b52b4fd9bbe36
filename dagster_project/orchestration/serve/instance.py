"""Dagster's instance in a home: its folder, and the settings that `pam serve` writes there."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import yaml

from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home

HEADER = "# Written by `pam serve` each time it starts: changes made here are lost.\n"
LOCATION = "pam_warehouse"
LONGEST_NIGHT = 6 * 3600
"""Seconds after which Dagster ends a run."""
EVENT_LOG = {"module": "dagster_project.orchestration.serve.event_log", "class": "EventLog"}
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


def write_settings(home: Home) -> Path:
    """Write the home's `dagster.yaml` and `workspace.yaml`, unless they are right already. Returns the code server's socket."""
    folder = make_folder(home.dagster)
    socket = socket_path(folder)
    workspace = {"load_from": [{"grpc_server": {"socket": str(socket), "location_name": LOCATION}}]}
    own_storage = {"event_log_storage": {**EVENT_LOG, "config": {"base_dir": str(folder / "history" / "runs")}}}
    for name, body in (("dagster.yaml", DAGSTER_YAML | own_storage), ("workspace.yaml", workspace)):
        data = (HEADER + yaml.safe_dump(body, sort_keys=False)).encode("utf-8")
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)
    return socket


def socket_path(folder: Path) -> Path:
    """The code server's socket, which only the home's owner can open. A port would be open to everybody on the machine."""
    path = folder / "code.sock"
    if len(os.fsencode(path)) <= SOCKET_BYTES:
        return path
    return Path(tempfile.mkdtemp(prefix="pam-serve-")) / "code.sock"


def delete_socket(socket: Path, home: Home) -> None:
    """Delete the code server's socket, and the folder that was made for it."""
    with suppress(OSError):
        socket.unlink(missing_ok=True)
        if socket.parent != home.dagster:
            socket.parent.rmdir()
