"""`pam map --browser`: the draft as a page on this machine, to choose, look and save.

Whoever has the address may see ten rows of a force's export, so it has a random token; and no page of another site can ask for
it or post to it: Host and Origin must be this server's own. Nothing is fetched from elsewhere, and no script runs.
"""

import secrets
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import duckdb
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.seeds import force_names
from dagster_project.reporting.pack.web_pages import TEMPLATES as PACK_TEMPLATES
from dagster_project.reporting.pack.web_pages import make_environment

from .columns import label_of
from .draft import Draft, draft_mapping
from .preview import Preview, preview
from .show import said_of
from .write_yaml import mapping_yaml, write_new

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_FORM = 1 << 20
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
}  # fmt: skip


@dataclass
class DraftState:
    """What the page says of the last thing done."""

    heading: str = "Check the draft"
    error: str = ""
    saved: str = ""


class DraftPage:
    """The page of one file. `hosts`: what a request may call this server."""

    def __init__(self, home: Home, file: Path, target: Path, extract: str | None, force: str | None) -> None:
        self.home, self.file, self.target = home, file, target
        self.asked = (extract, force)
        self.written: str | None = None
        self.environment = make_environment(TEMPLATES)
        self.environment.filters["thousands"] = lambda n: f"{n:,}"

    async def show(self, request: Request) -> Response:
        """The draft as it was made, before a person changed it."""
        return self._answer({}, DraftState(), with_figures=False)

    async def change(self, request: Request) -> Response:
        """The draft with what a person picked; saved where they said so."""
        body = await request.body()
        if len(body) > LONGEST_FORM:
            return PlainTextResponse("The form is too long.", 413, HEADERS)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return self._answer(form, DraftState("What comes of it"), with_figures=form.get("do") == "show")

    def _answer(self, form: dict[str, str], state: DraftState, *, with_figures: bool) -> HTMLResponse:
        # What takes long is done here and not in a thread of its own: dbt's runner wants the main one, and one person asks.
        with duckdb.connect() as con:
            try:
                draft = self._draft(con, form)
            except (ValueError, OSError) as error:
                state.error, state.heading = str(error), "The file could not be drafted so"
                draft = draft_mapping(con, self.home, self.file, *self.asked)
            text = mapping_yaml(draft)
            seen = None
            if draft.force:
                try:
                    seen = preview(con, self.home, draft, text, with_figures=with_figures)
                except (ValueError, OSError, RuntimeError) as error:
                    state.error = state.error or str(error)
            if form.get("do") == "save" and not state.error:
                self._save(text, state)
            html = self._html(draft, text, seen, state, with_figures)
        return HTMLResponse(html, headers=HEADERS)

    def _draft(self, con: duckdb.DuckDBPyConnection, form: dict[str, str]) -> Draft:
        if not form:
            return draft_mapping(con, self.home, self.file, *self.asked)
        extract = form.get("extract") or self.asked[0]
        contract = load_contracts().get(extract or "")
        picked = {}
        if contract and form.get("drafted") in (None, extract):
            names = [c.name for c in contract.columns]
            picked = {n: form[f"column-{n}"] for n in names if f"column-{n}" in form}
        draft = draft_mapping(con, self.home, self.file, extract, form.get("force") or None, picked)
        for name, codes in draft.codes.items():
            said = {c.code: form.get(f"code-{name}-{c.code}") for c in codes}
            draft.codes[name] = [c if said[c.code] is None else replace(c, target=_target(said[c.code])) for c in codes]
        draft.decide()
        return draft

    def _save(self, text: str, state: DraftState) -> None:
        try:
            if self.written is not None and self.target.exists() and self.target.read_text(encoding="utf-8") == self.written:
                # Written from this page, and as it was written: nobody's edits are lost.
                self.target.write_text(text, encoding="utf-8")
            else:
                write_new(self.target, text, self.home)
        except OSError as error:
            state.error = str(error)
            return
        self.written, state.saved, state.heading = text, str(self.target.absolute()), "Saved"

    def _html(self, draft: Draft, text: str, seen: Preview | None, state: DraftState, with_figures: bool) -> str:
        columns = [
            {
                "name": d.column.name, "required": d.column.required, "description": d.column.description,
                "why": f"{d.why[0].upper()}{d.why[1:]}." if d.why else "", "to_do": _to_do(d),
                "options": [label_of(s) for s in draft.fields.sources(d.column)],
                "chosen": label_of(d.source) if d.source else "",
            }
            for d in draft.columns
        ]  # fmt: skip
        choices = [
            {"name": d.column.name, "targets": d.column.values, "codes": draft.codes[d.column.name]} for d in draft.columns
            if d.column.type == "choice" and draft.codes.get(d.column.name)
        ]  # fmt: skip
        figures, years = _by_year(seen)
        if seen is None:
            why = "Say whose file it is: figures are a force's."
        else:
            why = f"There are none: {seen.why_none}." if with_figures else "Choose “Show rows and figures”."
        contracts = load_contracts()
        return self.environment.get_template("draft.html.j2").render(
            root="", is_sample=False, draft=draft, text=text, state=state, seen=seen, columns=columns, choices=choices,
            shown=[d.column.name for d in draft.columns if d.source], figures=figures, years=years, why_none=why,
            target=str(self.target.absolute()), forces=sorted(force_names().items(), key=lambda item: item[1]),
            extracts=[(n, c.title) for n, c in contracts.items() if c.kind in ("events", "list")],
        )  # fmt: skip


def _target(said: str | None) -> str | None:
    """What a person picked for a code: `=Emergency`, `=` for a blank, `?` for nothing yet."""
    return said[1:] if said and said.startswith("=") else None


def _to_do(drafted: Any) -> str:
    if drafted.source is None:
        return "Required, and no header is it." if drafted.column.required else ""
    return f"Check: {'; '.join(drafted.checks)}." if drafted.checks else ""


def _by_year(seen: Preview | None) -> tuple[list[tuple[str, list[str]]], list[str]]:
    found = seen.figures if seen else []
    years = sorted({f.year for f in found})
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for f in found:
        rows.setdefault((f.measure, f.title), {})[f.year] = said_of(f)
    return [(title, [values.get(y, "not available") for y in years]) for (_, title), values in rows.items()], years


class OwnRequestsOnly:
    """Refuses what another site or name could have sent: another Host, and a post of another Origin or of none."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or hand on."""
        if scope["type"] == "http":
            request = Request(scope)
            origin = request.headers.get("origin")
            own = {f"http://{host}" for host in self.hosts}
            bad_origin = origin not in own if request.method not in ("GET", "HEAD") else origin not in (None, *own)
            if request.headers.get("host") not in self.hosts or bad_origin:
                await PlainTextResponse("Not from this page.", 403, HEADERS)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def page_app(page: DraftPage, token: str, port: int) -> ASGIApp:
    """The server's app: one page and its style sheets under `/TOKEN/`."""

    async def style(request: Request) -> Response:
        folder = PACK_TEMPLATES if request.url.path.endswith("style.css") else TEMPLATES
        css = (folder / request.url.path.rpartition("/")[2]).read_text(encoding="utf-8")
        return Response(css, media_type="text/css", headers=HEADERS)

    routes = [
        Route(f"/{token}/", page.show, methods=["GET"]),
        Route(f"/{token}/", page.change, methods=["POST"]),
        Route(f"/{token}/style.css", style),
        Route(f"/{token}/draft.css", style),
    ]
    return OwnRequestsOnly(Starlette(routes=routes), frozenset({f"127.0.0.1:{port}", f"localhost:{port}"}))


def serve(home: Home, file: Path, target: Path, *, extract: str | None = None, force: str | None = None) -> None:
    """Serve the page on the loopback until it is interrupted. Raises DraftError for a file that can't be drafted, OSError."""
    with duckdb.connect() as con:
        draft_mapping(con, home, file, extract, force)
    token = secrets.token_urlsafe(24)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        # Who opens the address at once finds it there.
        bound.listen()
        port = bound.getsockname()[1]
        address = f"http://127.0.0.1:{port}/{token}/"
        print(f"{address}\nOpen it on this machine. Ctrl-C stops it.", flush=True)
        app = page_app(DraftPage(home, file, target, extract, force), token, port)
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[bound])
