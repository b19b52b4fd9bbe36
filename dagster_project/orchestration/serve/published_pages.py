"""Serves the published outputs behind the same guard as Dagster's page: `<page>/published/report/index.html` and so on.

Only the folders of outputs are served: not the warehouse file, and no earlier night. They share a site with Dagster's page, so
a content security policy lets them run only scripts that are files of the site, and neither fetch nor send anything.
"""

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from dagster_project.core.home import Home
from dagster_project.publishing import outputs

from .request_guard import with_headers
from .token import published_path

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {"content-security-policy": POLICY, "cache-control": "no-cache"}


class Folder(StaticFiles):
    """The folder of one output, of whichever night is published. Does not follow a link out of it."""

    async def check_config(self) -> None:
        """Accept a missing folder: a home that has published nothing answers 'not found'."""


class PublishedPages:
    """Serves the home's published outputs, and passes other requests on to an ASGI application at the path `prefix`."""

    def __init__(self, app: ASGIApp, home: Home, prefix: str) -> None:
        self.app = app
        self.below = f"{published_path(prefix)}/"
        folders = {o.name: home.published / o.folder for o in outputs.OUTPUTS}
        self.published = Starlette(
            routes=[Mount(self.below + name, Folder(directory=path, check_dir=False)) for name, path in folders.items()]
        )
        self.published.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a published file, or as the application does."""
        if scope["type"] == "http" and scope["path"].startswith(self.below):
            await self.published(scope, receive, with_headers(send, HEADERS))
        else:
            await self.app(scope, receive, send)
