"""Access to Dagster's page: the guard alone, around a small application."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from dagster_project.core.home import Home
from dagster_project.orchestration.serve.request_guard import Guard, proxy_host, proxy_origin
from dagster_project.orchestration.serve.token import address_file, page_prefix, page_token, token_file

TOKEN = "t" * 43
PREFIX = page_prefix(TOKEN)
COOKIE = {"cookie": f"other=1; pam_page={TOKEN}"}
BEARER = {"authorization": f"Bearer {TOKEN}"}
JSON = {"content-type": "application/json"}
HERE = {"origin": "http://127.0.0.1:3000"}


async def page(scope: dict, receive: Any, send: Any) -> None:
    """The guarded application."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"referrer-policy", b"unsafe-url")]})
        await send({"type": "http.response.body", "body": b"reached"})


GUARD = Guard(page, TOKEN, PREFIX)
PROXIED = Guard(
    page, TOKEN, "", frozenset({"127.0.0.1", proxy_host("https://PAM.force.example/")}),
    frozenset({proxy_origin("https://PAM.force.example/")}),
)  # fmt: skip


def ask(guard: Guard, method: str, address: str, *headers: dict[str, str], host: str = "127.0.0.1:3000") -> list[dict]:
    """The messages sent back. `method`: `WS` is a websocket."""
    parts, sent = urlsplit(address), []
    given = [("host", host), *(pair for one in headers for pair in one.items())]
    scope = {
        "type": "websocket" if method == "WS" else "http", "path": parts.path, "query_string": parts.query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in given],
    }  # fmt: skip
    if method != "WS":
        scope["method"] = method

    async def receive() -> dict:
        return {"type": "websocket.connect" if method == "WS" else "http.request"}

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent


def status(*args: Any, **options: Any) -> int:
    first = ask(*args, **options)[0]
    return {"websocket.accept": 101, "websocket.close": 403}.get(first["type"]) or first["status"]


@pytest.mark.parametrize("method", ["GET", "POST", "WS"])
def test_requests_without_the_token_are_refused(method: str) -> None:
    where = f"{PREFIX}/graphql"
    cookies = ("pam_page=", f"pam_page={TOKEN[1:]}", f"other={TOKEN}")
    schemes = ("Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", f"Bearer {'é' * 43}")
    for wrong in ({}, *({"cookie": c} for c in cookies), *({"authorization": s} for s in schemes)):
        assert status(GUARD, method, where, HERE, JSON, wrong) in (401, 403), wrong
    assert status(GUARD, method, where, HERE, JSON, COOKIE) == (101 if method == "WS" else 200)
    assert status(GUARD, method, where, JSON, BEARER) == (101 if method == "WS" else 200)


@pytest.mark.parametrize("method", ["GET", "POST", "WS"])
@pytest.mark.parametrize("who", [COOKIE, BEARER])
def test_a_foreign_host_or_origin_is_refused_even_with_the_token(method: str, who: dict) -> None:
    where = f"{PREFIX}/graphql"
    for host in (
        "evil.example:3000",
        "127.0.0.1.evil.example",
        "",
        "localhost.",
        "pam.force.example",
        "[::1",
        "0.0.0.0:3000",
        "u@127.0.0.1",
        "127.0.0.1/evil.example",
        "127.0.0.1?x",
        "127.0.0.1#x",
        "[::1].evil.example",
        "local\thost",
        "127.0.0.1:x",
    ):
        assert status(GUARD, method, where, JSON, who, host=host) == 403, host
    for origin in ("https://evil.example", "null", "http://127.0.0.1:4000", "https://127.0.0.1:3000", "http://localhost:3000"):
        assert status(GUARD, method, where, JSON, who, {"origin": origin}) == 403, origin
    # A second Host header is checked too.
    assert status(GUARD, method, where, JSON, who, HERE, {"host": "evil.example"}) == 403
    for site in ("cross-site", "same-site"):
        assert status(GUARD, method, where, JSON, who, HERE, {"sec-fetch-site": site, "sec-fetch-mode": "cors"}) == 403
    assert status(GUARD, method, where, JSON, who, HERE, {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}) < 300
    for host in ("localhost:3000", "[::1]:3000", "127.0.0.1"):
        assert status(GUARD, method, where, JSON, who, {"origin": f"http://{host}"}, host=host) < 300, host


def test_changes_from_a_browser_need_an_origin() -> None:
    assert status(GUARD, "POST", f"{PREFIX}/graphql", JSON, COOKIE) == 403
    assert status(GUARD, "WS", f"{PREFIX}/graphql", COOKIE) == 403
    assert status(GUARD, "GET", f"{PREFIX}/runs", COOKIE) == 200


def test_changes_need_post_with_a_body_that_no_form_sends() -> None:
    where = f"{PREFIX}/graphql"
    for query in ("?query=mutation{x}", "?query=", "?a=b&query={version}", "?%71uery=mutation{x}"):
        for method in ("GET", "HEAD"):
            for path in (where, f"{where}/", f"{where}//"):
                assert status(GUARD, method, path + query, COOKIE, BEARER) == 405, (method, query)
    assert status(GUARD, "GET", where, COOKIE) == 200, "GraphiQL"
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert status(GUARD, method, f"{PREFIX}/runs", HERE, JSON, COOKIE) == 405
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=application/json", ""):
        assert status(GUARD, "POST", where, HERE, COOKIE, {"content-type": kind}) == 415
    for kind in ("application/json", "Application/JSON; charset=utf-8", "application/graphql"):
        assert status(GUARD, "POST", where, HERE, COOKIE, {"content-type": kind}) == 200


def test_the_address_sets_a_cookie_hidden_from_scripts_other_sites_and_ports() -> None:
    start, body = ask(GUARD, "GET", f"{PREFIX}/?token={TOKEN}")
    (cookie,) = [v.decode() for k, v in start["headers"] if k == b"set-cookie"]
    assert start["status"] == 200 and TOKEN.encode() not in body["body"] and f"{PREFIX}/".encode() in body["body"]
    # Cookies of 127.0.0.1 go to all its ports: this one only under a path that is secret.
    assert cookie.split("; ") == [f"pam_page={TOKEN}", "HttpOnly", f"Path={PREFIX}", "SameSite=strict"]
    assert status(GUARD, "GET", f"{PREFIX}/?token={TOKEN[1:]}") == 401
    assert status(GUARD, "POST", f"{PREFIX}/?token={TOKEN}", HERE) == 401
    assert status(GUARD, "WS", f"{PREFIX}/graphql?token={TOKEN}", HERE) == 403
    assert status(GUARD, "GET", f"{PREFIX}/?token={TOKEN}", host="evil.example") == 403


def test_a_proxy_needs_the_token_and_a_cookie_is_not_enough() -> None:
    site = {"origin": "https://pam.force.example"}
    assert status(PROXIED, "POST", "/graphql", JSON, BEARER, site, host="pam.force.example") == 200
    assert status(PROXIED, "WS", "/graphql", BEARER, site, host="pam.force.example") == 101
    assert status(PROXIED, "POST", "/graphql", JSON, COOKIE, site, host="pam.force.example") == 401
    assert status(PROXIED, "GET", f"/?token={TOKEN}", host="pam.force.example") == 401
    # Somebody between browser and proxy can pose as the site over http.
    for origin in ("http://pam.force.example", "https://pam.force.example:444", "http://127.0.0.1"):
        assert status(PROXIED, "POST", "/graphql", JSON, BEARER, {"origin": origin}, host=urlsplit(origin).netloc) == 403
    evil = {"origin": "https://evil.example"}
    assert status(PROXIED, "POST", "/graphql", JSON, BEARER, evil, host="pam.force.example") == 403
    assert status(PROXIED, "POST", "/graphql", JSON, BEARER, site, host="evil.example") == 403


def test_answers_can_t_be_framed_and_send_no_referrer_to_other_sites() -> None:
    for credentials in ([BEARER], []):
        headers = dict(ask(GUARD, "GET", f"{PREFIX}/", *credentials)[0]["headers"])
        assert headers[b"referrer-policy"] == b"same-origin" and headers[b"x-frame-options"] == b"DENY"


def test_only_the_owner_can_read_the_token(new_home: Home) -> None:
    token = page_token(new_home)
    assert len(token) >= 43 and page_token(new_home) == token and token_file(new_home).stat().st_mode & 0o777 == 0o600
    assert token not in page_prefix(token) and page_prefix(token) != page_prefix(token[1:])
    token_file(new_home).unlink()
    assert page_token(new_home) != token
    assert address_file(new_home).parent.stat().st_mode & 0o777 == 0o700
