"""A `pam serve` under test, in processes of its own."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster_project.core.home import PROJECT, Home
from dagster_project.orchestration.schedules import QUIET_RUN
from dagster_project.orchestration.serve.token import page_prefix, page_token

REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "pam_warehouse"}


class Served:
    """What it said, and what its page answers."""

    def __init__(self, home: Home) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = home.path.parent / "serve.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dagster_project.cli", "serve", "--home", str(home.path), "--port", str(self.port)],
                cwd=PROJECT, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def until(self, true: Callable[[], object], seconds: float = 120) -> object:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := true():
                return found
            time.sleep(0.3)
        raise AssertionError(f"not within {seconds} s; it said:\n{self.said()}")

    def ask(self, query: str, **variables: object) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        token = page_token(self.home)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{page_prefix(token)}/graphql", body,
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["data"]
        except OSError:
            return {}

    def launch(self, config: dict, job: str = "nightly", assets: Sequence[list[str]] = ()) -> str:
        """Start a night, or a run of some assets, from the page, once that answers and has found the code server. Returns the
        run's id.
        """
        selector = {**REPOSITORY, "jobName": job, **({"assetSelection": [{"path": a} for a in assets]} if assets else {})}

        def launched() -> dict | None:
            done = self.ask(
                "mutation($e: ExecutionParams!) {launchRun(executionParams: $e) {__typename"
                " ... on LaunchRunSuccess {run {runId}} ... on PythonError {message}"
                " ... on RunConfigValidationInvalid {errors {message}}}}",
                e={"selector": selector, "runConfigData": {**QUIET_RUN, **config}},
            ).get("launchRun", {})  # fmt: skip
            assert done.get("__typename") != "RunConfigValidationInvalid", done
            return done.get("run")

        return self.until(launched)["runId"]

    def status(self, run_id: str) -> str:
        found = self.ask("query($i: ID!) {runOrError(runId: $i) {... on Run {status}}}", i=run_id)
        return found.get("runOrError", {}).get("status", "")

    def ended(self, run_id: str) -> str:
        """How a run ended; blank while it is under way."""
        status = self.status(run_id)
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else ""

    def run(self, *args: Any, **options: Any) -> str:
        """Launch a run, as `launch` does, and wait for its end. Returns how it ended."""
        run_id = self.launch(*args, **options)
        return self.until(lambda: self.ended(run_id), 300)

    def pids(self) -> dict[int, str]:
        """Processes that have this home in their command or environment, by id: its own, and what those started."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(self.home.path) in command or f"PAM_HOME={self.home.path}\0" in environment:
                found[int(folder.name)] = command
        return found

    def pid(self, part: str) -> int:
        return next(p for p, command in self.pids().items() if part in command)


@contextmanager
def serving(home: Home) -> Iterator[Served]:
    """A `pam serve` of a home, until the end of the block."""
    server = Served(home)
    try:
        server.until(lambda: "the page is at" in server.said())
        yield server
    finally:
        server.process.terminate()
        try:
            server.process.wait(120)
        except subprocess.TimeoutExpired:
            server.process.kill()
            raise
