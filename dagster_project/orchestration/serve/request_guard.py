"""The guard before Dagster's page, in the same process: it lets in only requests from the page itself that have the token.

Dagster's page has no log-in. It accepts any `Host` and any `Origin`, and mutations by GET. The guard requires that each
request, websockets too, names an allowed host, comes from no other site, and has the token: in the cookie that the printed
address sets, or as `Authorization: Bearer TOKEN`, as programs and a proxy send it. Only POST may change anything.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "pam_page"
HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""The form of a valid `Host`."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
BODIES = ("application/json", "application/graphql")
"""Content types of GraphQL requests. A form of another site can't send these without the browser's asking first."""

HEADERS = {
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}

# After a redirect, a browser still counts the request as coming from another site, and leaves out a strict cookie.
COOKIE_PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={0}">'
COOKIE_PAGE += '<link rel="icon" href="data:,"><title>PAM Warehouse</title><p><a href="{0}">Open the page</a></p></html>'


@dataclass(frozen=True)
class Guard:
    """An ASGI application around another.

    `prefix`: the page's path, such as `/3f9c...`; blank under a proxy, which authenticates people and sends the token itself.
    `hosts`: allowed names in `Host`, on any port. `origins`: a proxy's, such as `https://pam.force.example`.
    """

    app: ASGIApp
    token: str
    prefix: str
    hosts: frozenset[str] = LOOPBACK
    origins: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] not in ("http", "websocket"):
            return
        response = self._response(HTTPConnection(scope))
        if response is None:
            await self.app(scope, receive, with_headers(send, HEADERS))
        elif scope["type"] == "http":
            await response(scope, receive, with_headers(send, HEADERS))
        else:
            # Closed before it is accepted, which the server answers with 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _response(self, request: HTTPConnection) -> Response | None:
        """The response in place of the page's; None if the request may pass."""
        host = request.headers.getlist("host")
        if len(host) != 1 or (_host_name(host[0]) not in self.hosts):
            return _refusal(403, "The request names a host that is not this page's.")
        if not self._is_same_site(request, host[0]):
            return _refusal(403, "The request comes from another site.")
        method = request.scope.get("method", "GET")
        if method not in ("GET", "HEAD", "POST"):
            return _refusal(405, "Not this way.")
        sent = parse_qs(request.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        if self.prefix and request.scope["type"] == "http" and method == "GET" and self._is_token(sent.get("token", [""])[0]):
            return self._set_cookie()
        bearer = _bearer(request)
        if not self._is_token(bearer) and not (self.prefix and self._is_token(request.cookies.get(COOKIE, ""))):
            return _refusal(401, self._advice())
        if not bearer and (method == "POST" or request.scope["type"] == "websocket") and "origin" not in request.headers:
            return _refusal(403, "The request does not say which site it comes from.")
        if request.scope["type"] == "http" and request.scope["path"].rstrip("/").endswith("/graphql"):
            if method != "POST" and "query" in sent:
                return _refusal(405, "Ask GraphQL by POST.")
            if method == "POST" and request.headers.get("content-type", "").split(";")[0].strip().lower() not in BODIES:
                return _refusal(415, f"Ask GraphQL with a body of one of {', '.join(BODIES)}.")
        return None

    def _is_same_site(self, request: HTTPConnection, host: str) -> bool:
        """Whether the request is from the page itself, a typed or clicked address or a program, not another site's page."""
        # Behind a proxy only the proxy's own address counts: the same name with `http://` may be somebody in between.
        if any(o not in (self.origins or {f"http://{host}"}) for o in request.headers.getlist("origin")):
            return False
        site, mode = request.headers.get("sec-fetch-site", "none"), request.headers.get("sec-fetch-mode", "navigate")
        is_visit = mode == "navigate" and request.scope.get("method") == "GET"
        return site in ("none", "same-origin") or is_visit

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self.token.encode())

    def _set_cookie(self) -> Response:
        answer = HTMLResponse(COOKIE_PAGE.format(f"{self.prefix}/"), headers={"cache-control": "no-store"})
        answer.set_cookie(COOKIE, self.token, path=self.prefix, httponly=True, samesite="strict")
        return answer

    def _advice(self) -> str:
        if not self.prefix:
            return f"Open {', '.join(sorted(self.origins))}, which asks you to log in."
        return "Open the address that `pam serve` printed when it started: it is in dagster/page.address of the home."


def proxy_host(proxy: str) -> str:
    """The host of a proxy's address, such as `pam.force.example`."""
    return urlsplit(proxy).hostname or ""


def proxy_origin(proxy: str) -> str:
    """What a browser calls the site of a proxy's address: `https://pam.force.example`."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _bearer(request: HTTPConnection) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _host_name(host: str) -> str:
    """The name in a `Host` that is a name and perhaps a port; blank for anything else, such as `127.0.0.1/evil.example`."""
    match = HOST.fullmatch(host)
    return match[1].strip("[]").lower() if match else ""


def _refusal(code: int, message: str) -> Response:
    return PlainTextResponse(f"{message}\n", code, {"cache-control": "no-store"})


def with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    """`send` with these headers on each response, in place of the response's own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return sending
