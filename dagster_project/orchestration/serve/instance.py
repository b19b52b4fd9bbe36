"""The folder in which Dagster keeps its runs, and its settings there."""

import os
import tempfile
from pathlib import Path

import yaml

from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home

HEADER = "# Written by `pam serve`, each time it starts: what is changed here does not stay.\n"
LOCATION = "pam_warehouse"
LONGEST_NIGHT = 6 * 3600
SOCKET_BYTES = 100
"""What the name of a socket may have, with some to spare: the kernel takes 107."""

DAGSTER_YAML = {
    "telemetry": {"enabled": False},
    # The page would ask a newcomer for an address.
    "nux": {"enabled": False},
    # The daemon reckons it from the last file of each extract.
    "freshness": {"enabled": True},
    # A night is one run; a second one waits for the first, as does a run of some assets: all write in the home.
    "concurrency": {"runs": {"max_concurrent_runs": 1}, "pools": {"default_limit": 1, "granularity": "run"}},
    # What was missed while nothing ran is made up for by one night: it takes all the files there are.
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
    # A look at the inbox each minute is half a million a year.
    "retention": {
        "schedule": {"purge_after_days": 90},
        "sensor": {"purge_after_days": {"skipped": 2, "failure": 30, "success": 90}},
    },
}


def write_settings(home: Home) -> Path:
    """Write `dagster.yaml` and `workspace.yaml` of a home where they are not as they should be. Returns the socket."""
    folder = make_folder(home.dagster)
    socket = socket_path(folder)
    workspace = {"load_from": [{"grpc_server": {"socket": str(socket), "location_name": LOCATION}}]}
    for name, body in (("dagster.yaml", DAGSTER_YAML), ("workspace.yaml", workspace)):
        data = (HEADER + yaml.safe_dump(body, sort_keys=False)).encode("utf-8")
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)
    return socket


def socket_path(folder: Path) -> Path:
    """Where the code server listens: a socket for the owner alone, where a port would be open to all on the machine."""
    path = folder / "code.sock"
    if len(os.fsencode(path)) <= SOCKET_BYTES:
        return path
    return Path(tempfile.mkdtemp(prefix="pam-serve-")) / "code.sock"
