"""The guard before Dagster's page, in the same process: it lets in requests of the page itself that bring the token.

Dagster's page has no log-in. It takes any `Host` and any `Origin`, and mutations by GET. Here each request, websockets
too, must name a host of ours, come from no other site, and bring the token: in the cookie that the printed address sets, or
as `Authorization: Bearer TOKEN`, as programs and a proxy do. What changes something comes by POST alone.
"""

import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

COOKIE = "pam_page"
HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""What `Host` may look like."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
BODIES = ("application/json", "application/graphql")
"""What a question to GraphQL may come as: another site's form can send neither unasked."""

HEADERS = {
    b"referrer-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
    b"cross-origin-resource-policy": b"same-origin",
}

# A redirect would still count as coming from wherever the address was clicked, and a strict cookie would not be sent.
COME_IN = '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={0}">'
COME_IN += '<link rel="icon" href="data:,"><title>PAM Warehouse</title><p><a href="{0}">Open the page</a></p></html>'


@dataclass(frozen=True)
class Guard:
    """An ASGI application around another.

    `prefix`: where the page is, such as `/3f9c...`; blank under a proxy, which asks who comes and brings the token itself.
    `hosts`: names that `Host` may have, on any port. `origins`: those of a proxy, such as `https://pam.force.example`.
    """

    app: App
    token: str
    prefix: str
    hosts: frozenset[str] = LOOPBACK
    origins: frozenset[str] = frozenset()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] not in ("http", "websocket"):
            return
        answer = self._answer(HTTPConnection(scope))
        if answer is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            await answer(scope, receive, _with_headers(send))
        else:
            # Before it is accepted: the server says 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _answer(self, asked: HTTPConnection) -> Response | None:
        """What is answered in place of the page; None where the request may pass."""
        host = asked.headers.getlist("host")
        if len(host) != 1 or (_host_name(host[0]) not in self.hosts):
            return _no(403, "The request names a host that is not this page's.")
        if not self._is_own(asked, host[0]):
            return _no(403, "The request comes from another site.")
        method = asked.scope.get("method", "GET")
        if method not in ("GET", "HEAD", "POST"):
            return _no(405, "Not this way.")
        sent = parse_qs(asked.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        if self.prefix and asked.scope["type"] == "http" and method == "GET" and self._is_token(sent.get("token", [""])[0]):
            return self._come_in()
        bearer = _bearer(asked)
        if not self._is_token(bearer) and not (self.prefix and self._is_token(asked.cookies.get(COOKIE, ""))):
            return _no(401, self._advice())
        if not bearer and (method == "POST" or asked.scope["type"] == "websocket") and "origin" not in asked.headers:
            return _no(403, "The request does not say which site it comes from.")
        if asked.scope["type"] == "http" and asked.scope["path"].rstrip("/").endswith("/graphql"):
            if method != "POST" and "query" in sent:
                return _no(405, "Ask GraphQL by POST.")
            if method == "POST" and asked.headers.get("content-type", "").split(";")[0].strip().lower() not in BODIES:
                return _no(415, f"Ask GraphQL with a body of one of {', '.join(BODIES)}.")
        return None

    def _is_own(self, asked: HTTPConnection, host: str) -> bool:
        """Whether the page itself asks, or a person by its address, or a program: not a page of another site or port."""
        # Behind a proxy the page is at the proxy's address alone: `http://` of its name may be somebody in between.
        if any(o not in (self.origins or {f"http://{host}"}) for o in asked.headers.getlist("origin")):
            return False
        site, mode = asked.headers.get("sec-fetch-site", "none"), asked.headers.get("sec-fetch-mode", "navigate")
        is_visit = mode == "navigate" and asked.scope.get("method") == "GET"
        return site in ("none", "same-origin") or is_visit

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self.token.encode())

    def _come_in(self) -> Response:
        answer = HTMLResponse(COME_IN.format(f"{self.prefix}/"), headers={"cache-control": "no-store"})
        answer.set_cookie(COOKIE, self.token, path=self.prefix, httponly=True, samesite="strict")
        return answer

    def _advice(self) -> str:
        if not self.prefix:
            return f"Go by way of {', '.join(sorted(self.origins))}, which asks who you are."
        return "Open the address that `pam serve` printed when it started: it is in dagster/page.address of the home."


def proxy_host(proxy: str) -> str:
    """The host of a proxy's address, such as `pam.force.example`."""
    return urlsplit(proxy).hostname or ""


def proxy_origin(proxy: str) -> str:
    """What a browser calls the site of a proxy's address: `https://pam.force.example`."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _bearer(asked: HTTPConnection) -> str:
    scheme, _, given = asked.headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def _host_name(host: str) -> str:
    """A name and perhaps a port, and nothing else: `127.0.0.1/evil.example` names no host."""
    found = HOST.fullmatch(host)
    return found[1].strip("[]").lower() if found else ""


def _no(code: int, said: str) -> Response:
    return PlainTextResponse(f"{said}\n", code, {"cache-control": "no-store"})


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(k, v) for k, v in message.get("headers", []) if k.lower() not in HEADERS]
            message = {**message, "headers": [*kept, *HEADERS.items()]}
        await send(message)

    return sending
