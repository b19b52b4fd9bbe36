"""Hands each Dagster run to the process that waits for one, so that a night starts at once: see `night_process`.

`dagster.yaml` names the class. Dagster's daemon uses it to start a run, and the page to end one.
"""

import contextlib
import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from dagster._core.launcher import LaunchRunContext, RunLauncher
from dagster._serdes import ConfigurableClass, ConfigurableClassData

WAIT_SECONDS = 240
"""For how long a run waits for a process: after a night it takes some seconds until the next one has loaded everything."""
PAUSE = 0.1
ANSWER_SECONDS = 30


class NightLauncher(RunLauncher[Any], ConfigurableClass):
    """Dagster's run launcher under `pam serve`. `path`: the socket of the process that waits for a run."""

    def __init__(self, path: str, inst_data: ConfigurableClassData | None = None) -> None:
        self.path = Path(path)
        self._inst_data = inst_data
        super().__init__()  # type: ignore[no-untyped-call]  # Dagster gives it no types

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """What `dagster.yaml` says, for Dagster."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """What `dagster.yaml` must say."""
        return {"path": str}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Made by Dagster from `dagster.yaml`."""
        return cls(inst_data=inst_data, **config_value)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Give a run to the process that waits. Raises TimeoutError if there is none within `WAIT_SECONDS`."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not ask(self.path, "start", context.dagster_run.run_id):
            if time.monotonic() > deadline:
                raise TimeoutError("no process took the night: see the log of `pam serve`")
            time.sleep(PAUSE)

    def terminate(self, run_id: str) -> bool:
        """Interrupt a run. Returns whether a process has it."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        return ask(self.path, "stop", run_id)


def ask(path: Path, verb: str, run_id: str) -> bool:
    """Ask the night's process to start or stop a run. Returns whether it does; False also if there is no process."""
    with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_SECONDS)
        client.connect(str(path))
        with client.makefile("rw", encoding="utf-8") as stream:
            stream.write(json.dumps([verb, run_id]) + "\n")
            stream.flush()
            return json.loads(stream.readline()) is True
    return False
