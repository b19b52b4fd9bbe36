"""The process of `pam serve` that shows Dagster's page, behind the guard.

`python -m dagster_project.orchestration.serve.page --host 127.0.0.1 --port 3000 [--proxy https://pam.force.example]`, with
PAM_HOME and DAGSTER_HOME in the environment. Page and guard share a process, so that there is no way around the guard.
The token is read from the home, because every user of the machine can see a process's arguments.

The same guard is before the published outputs: `<page>/published/report/index.html` and so on. Only the folders of outputs are
served: not the warehouse file, and no earlier night. They share a site with Dagster's page, so a content security policy lets
them run only scripts that are files of the site, and neither fetch nor send anything.
"""

import argparse
from urllib.parse import urlsplit

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from dagster_project.core.home import Home, be_private
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.publishing import outputs

from .request_guard import LOOPBACK, Guard, proxy_host, proxy_origin, with_headers
from .token import page_prefix, page_token

POLL_MS = 2000
"""How often an open page asks for news."""

STATEMENT_MS, RECYCLE_SECONDS, OVERFLOW = 15_000, 3600, 20
"""The settings that Dagster's own command uses for the page's database."""

ENDING_SECONDS = 3

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {"content-security-policy": POLICY, "cache-control": "no-cache"}

BANNER = (
    b'<div role="note" style="position:fixed;bottom:0;left:0;right:0;z-index:99;padding:4px;text-align:center;'
    b'background:#ffdd00;color:#0b0c0c;font:bold 14px sans-serif;pointer-events:none">'
    b"Sample data: every figure of this home is made up</div>"
)


class Folder(StaticFiles):
    """The folder of one output, of whichever night is published. Does not follow a link out of it."""

    async def check_config(self) -> None:
        """Accept a missing folder: a home that has published nothing answers 'not found'."""


class PublishedPages:
    """Serves the home's published outputs, and passes other requests on to an ASGI application at the path `prefix`.

    `scheme`: that of the address people open. A folder asked for without its last slash answers with its whole address.
    """

    def __init__(self, app: ASGIApp, home: Home, prefix: str, scheme: str = "http") -> None:
        self.app, self.scheme = app, scheme
        self.below = f"{prefix}/published/"
        folders = {o.name: home.published / o.name for o in outputs.OUTPUTS}
        # `html`: a folder answers with its index.html.
        served = {name: Folder(directory=path, html=True, check_dir=False) for name, path in folders.items()}
        self.published = Starlette(routes=[Mount(self.below + name, folder) for name, folder in served.items()])
        self.published.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self.below):
            await self.published({**scope, "scheme": self.scheme}, receive, with_headers(send, HEADERS))
        else:
            await self.app(scope, receive, send)


class MadeUpBanner(BaseHTTPMiddleware):
    """An ASGI application with a banner in each of its HTML documents. Anything else passes unchanged."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if not is_page or "content-encoding" in response.headers:
            return response
        body = b"".join([part async for part in response.body_iterator])  # pyrefly: ignore[missing-attribute]  # it streams
        page = Response(body.replace(b"</body>", BANNER + b"</body>", 1), response.status_code)
        response.headers["content-length"] = page.headers["content-length"]
        page.raw_headers = response.headers.raw
        return page


def serve_page(home: Home, host: str, port: int, proxy: str | None) -> None:
    """Serve until a signal."""
    token = page_token(home)
    prefix = "" if proxy else page_prefix(token)
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(STATEMENT_MS, RECYCLE_SECONDS, OVERFLOW)
        target = WorkspaceFileTarget(paths=[str(home.dagster / "workspace.yaml")])
        with WorkspaceProcessContext(instance, workspace_load_target=target) as workspace:
            app: ASGIApp = create_app_from_workspace_process_context(workspace, prefix, POLL_MS)
            app = MadeUpBanner(app) if holds_made_up(home) else app
            guarded = Guard(
                PublishedPages(app, home, prefix, urlsplit(proxy).scheme if proxy else "http"), token, prefix,
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
