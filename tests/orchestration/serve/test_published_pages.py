"""Published pages behind the page's guard: the outputs of the current night, and nothing else of the home."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from dagster_project.core.home import Home
from dagster_project.orchestration.serve.page import PublishedPages
from dagster_project.orchestration.serve.token import link_to, page_prefix, page_token
from dagster_project.publishing import outputs

ALL_OUTPUTS = outputs.OUTPUTS
SECRET = "of the home alone"


@pytest.fixture
def published_home(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home after two nights: outputs behind a link, next to the warehouse and the earlier night."""
    monkeypatch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
    for night in ("20260104T020000Z", "20260105T020000Z"):
        folder = new_home.published / ".nights" / night
        (folder / "report" / "2026 spring").mkdir(parents=True)
        for name in ("report/index.html", "report/2026 spring/index.html", "report/report.docx"):
            (folder / name).write_text(night)
        (folder / "warehouse.duckdb").write_text(SECRET)
        (folder / "report" / "link.html").symlink_to(folder / "warehouse.duckdb")
    (new_home.published / "current").symlink_to(".nights/20260105T020000Z")
    for name in ("report", "warehouse.duckdb"):
        (new_home.published / name).symlink_to(f"current/{name}")
    (new_home.path / "pam.toml").write_text(f"# {SECRET}\n")
    page_token(new_home)
    return new_home


async def dagster_page(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("Dagster's page")(scope, receive, send)


def ask(
    home: Home, path: str, method: str = "GET", prefix: str = "/3f9c", scheme: str = "http"
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of an answer. The path is decoded, as a server passes it on."""
    sent: list[Any] = []

    async def receive() -> Message:
        await asyncio.Event().wait()  # the client stays, and sends nothing more
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "path": path,
        "method": method,
        "headers": [(b"host", b"pam.example")],
        "query_string": b"",
        "root_path": "",
    }
    asyncio.run(PublishedPages(dagster_page, home, prefix, scheme)(scope, receive, send))
    headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]).decode()


def test_the_current_night_is_shown_without_foreign_scripts(published_home: Home) -> None:
    status, headers, body = ask(published_home, "/3f9c/published/report/index.html")
    assert (status, body) == (200, "20260105T020000Z") and headers["content-type"].startswith("text/html")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "connect-src" not in policy
    assert ask(published_home, "/3f9c/published/report/2026 spring/index.html")[0] == 200
    assert ask(published_home, "/3f9c/published/report/")[2] == "20260105T020000Z", "a folder answers with its index"
    assert ask(published_home, "/published/report/index.html", prefix="")[2] == "20260105T020000Z", "behind a proxy"
    (published_home.published / "current").unlink()
    (published_home.published / "current").symlink_to(".nights/20260104T020000Z")
    assert ask(published_home, "/3f9c/published/report/index.html")[2] == "20260104T020000Z"


@pytest.mark.parametrize("prefix,scheme", [("/3f9c", "http"), ("", "https")])
def test_a_folder_without_its_slash_leads_to_the_address_that_people_open(
    published_home: Home, prefix: str, scheme: str
) -> None:
    status, headers, _ = ask(published_home, f"{prefix}/published/report/2026 spring", prefix=prefix, scheme=scheme)
    expected = f"{scheme}://pam.example{prefix}/published/report/2026%20spring/"
    assert (status, headers["location"]) == (307, expected), "behind a proxy with TLS, http would be refused or unprotected"


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/warehouse.duckdb", "/current/warehouse.duckdb", "/.nights/20260104T020000Z/report/index.html", "/report",
        "/report/link.html", "/report/../warehouse.duckdb", "/report/../../pam.toml", "/report//../../pam.toml",
        "/report/./../../pam.toml", "/report/2026 spring/../../../pam.toml", "/report/../report/index.html/../../../pam.toml",
        "/report/..\\..\\pam.toml", "/report/%2e%2e/%2e%2e/pam.toml", "/report/....//....//pam.toml", "/report/\0", "//report",
        "/report//etc/passwd", "/report/" + "x" * 5000, "/report/index.html/x", "/dashboard/index.html", "/reports/index.html",
        "/../published/warehouse.duckdb", "/..", "/report/.." , "/catalogue/../report/../warehouse.duckdb",
    ],
)  # fmt: skip
def test_nothing_else_of_the_home_is_served(published_home: Home, path: str) -> None:
    given = path.replace("/etc/passwd", f"/{published_home.path}/pam.toml") if "passwd" in path else path
    status, _, body = ask(published_home, f"/3f9c/published{given}")
    assert SECRET not in body and (status == 404 or body == "Dagster's page"), (status, body)


def test_writing_is_refused_and_a_home_without_a_night_has_no_pages(published_home: Home, tmp_path: Path) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert ask(published_home, "/3f9c/published/report/index.html", method)[0] == 405
    assert ask(Home(tmp_path / "new").create(), "/3f9c/published/report/index.html")[0] == 404
    assert ask(published_home, "/3f9c/runs")[2] == "Dagster's page"


def test_links_point_there_only_in_processes_of_pam_serve(published_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    page = published_home.published / "report" / "2026 spring" / "index.html"
    assert link_to(published_home, page) == page.as_uri()
    monkeypatch.setenv("DAGSTER_HOME", str(published_home.dagster))
    prefix = page_prefix(page_token(published_home))
    assert link_to(published_home, page) == f"{prefix}/published/report/2026%20spring/index.html"
    published_home.config_file.write_text('[serve]\nproxy = "https://pam.force.example"\n')
    assert link_to(published_home, page) == "/published/report/2026%20spring/index.html"
    assert os.environ["DAGSTER_HOME"] not in link_to(published_home, page)
