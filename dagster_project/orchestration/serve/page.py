"""The process of `pam serve` that shows Dagster's page, behind the guard.

`python -m dagster_project.orchestration.serve.page --host 127.0.0.1 --port 3000 [--proxy https://pam.force.example]`, with
PAM_HOME and DAGSTER_HOME in the environment. Page and guard share a process, so that there is no way around the guard.
The token is read from the home, because every user of the machine can see a process's arguments.
"""

import argparse

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.types import ASGIApp

from dagster_project.core.home import Home, be_private
from dagster_project.core.receipts import SAMPLE_MARK

from .published_pages import PublishedPages
from .request_guard import LOOPBACK, Guard, proxy_host, proxy_origin
from .sample_banner import SampleBanner
from .token import page_prefix, page_token

POLL_MS = 2000
"""How often an open page asks for news."""

STATEMENT_MS, RECYCLE_SECONDS, OVERFLOW = 15_000, 3600, 20
"""The settings that Dagster's own command uses for the page's database."""

ENDING_SECONDS = 3


def serve_page(home: Home, host: str, port: int, proxy: str | None) -> None:
    """Serve until a signal."""
    token = page_token(home)
    prefix = "" if proxy else page_prefix(token)
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(STATEMENT_MS, RECYCLE_SECONDS, OVERFLOW)
        target = WorkspaceFileTarget(paths=[str(home.dagster / "workspace.yaml")])
        with WorkspaceProcessContext(instance, workspace_load_target=target) as workspace:
            app: ASGIApp = create_app_from_workspace_process_context(workspace, prefix, POLL_MS)
            app = SampleBanner(app) if (home.path / SAMPLE_MARK).exists() else app
            guarded = Guard(
                PublishedPages(app, home, prefix), token, prefix,
                LOOPBACK | {host.lower()} | ({proxy_host(proxy)} if proxy else set()),
                frozenset({proxy_origin(proxy)} if proxy else ()),
            )  # fmt: skip
            # Errors only: it warns of each request that is not HTTP, with which anybody on the machine could fill the log.
            uvicorn.run(
                guarded, host=host, port=port, log_level="error", access_log=False, proxy_headers=False, server_header=False,
                timeout_graceful_shutdown=ENDING_SECONDS,
            )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--proxy")
    arguments = parser.parse_args()
    be_private()
    serve_page(Home.of(), arguments.host, arguments.port, arguments.proxy)
