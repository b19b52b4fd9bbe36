"""`pam map --browser`: shows the draft as a page on this machine, to change, look at and save.

The page shows ten rows of a force's export, so its address has a random token, and no other site can request it or post to it:
Host and Origin must be this server's own. Nothing is fetched from elsewhere, and no script runs.
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
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.memory import NO_SPILL
from dagster_project.core.project_lists import force_names
from dagster_project.landing.rows.parse_values import MONTH_ALONE
from dagster_project.landing.storage.quarantine_export import describe_problems
from dagster_project.reporting.pack.web_pages import TEMPLATES as PACK_TEMPLATES
from dagster_project.reporting.pack.web_pages import make_environment

from .columns import Drafted, label_of
from .draft import Draft, draft_mapping
from .show import by_year
from .try_mapping import Preview, preview
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
    heading: str = "Check the draft"
    error: str = ""
    saved: str = ""
    is_in_home: bool = False


class DraftPage:
    """The page of one file."""

    def __init__(self, home: Home, file: Path, target: Path, extract: str | None, force: str | None) -> None:
        self.home, self.file, self.target = home, file, target
        self.requested = (extract, force)
        self.written: str | None = None
        self.environment = make_environment(TEMPLATES)
        filters: dict[str, Any] = self.environment.filters
        filters.update(thousands="{:,}".format, describe_problems=describe_problems)

    async def show(self, request: Request) -> Response:
        """The draft before a person changes it."""
        return self._answer({}, DraftState(), with_figures=False)

    async def change(self, request: Request) -> Response:
        """The draft with what a person picked; saved if they asked for that."""
        body = await request.body()
        if len(body) > LONGEST_FORM:
            return PlainTextResponse("The form is too long.", 413, HEADERS)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return self._answer(form, DraftState("The result"), with_figures=form.get("do") == "show")

    def _answer(self, form: dict[str, str], state: DraftState, *, with_figures: bool) -> HTMLResponse:
        # Not in a thread of its own, as dbt's runner needs the main one, and only one person uses the page.
        with duckdb.connect(config=NO_SPILL) as con:
            try:
                draft = self._draft(con, form)
            except (ValueError, OSError) as error:
                state.error, state.heading = str(error), "The file could not be drafted like this"
                draft = draft_mapping(con, self.home, self.file, *self.requested)
            text = mapping_yaml(draft)
            result = None
            if draft.force:
                try:
                    result = preview(con, self.home, draft, text, with_figures=with_figures)
                except (ValueError, OSError, RuntimeError) as error:
                    state.error = state.error or str(error)
            if form.get("do") == "save" and not state.error:
                self._save(text, state)
            html = self._html(draft, text, result, state, with_figures)
        return HTMLResponse(html, headers=HEADERS)

    def _draft(self, con: duckdb.DuckDBPyConnection, form: dict[str, str]) -> Draft:
        if not form:
            return draft_mapping(con, self.home, self.file, *self.requested)
        extract = form.get("extract") or self.requested[0]
        contract = load_contracts().get(extract or "")
        picked: dict[str, str] = {}
        if contract and form.get("drafted") in (None, extract):
            names = [c.name for c in contract.columns]
            picked = {n: form[f"column-{n}"] for n in names if f"column-{n}" in form}
        draft = draft_mapping(con, self.home, self.file, extract, form.get("force") or None, picked)
        for name, codes in draft.codes.items():
            picks = {c.code: form.get(f"code-{name}-{c.code}") for c in codes}
            draft.codes[name] = [c if picks[c.code] is None else replace(c, target=_target(picks[c.code])) for c in codes]
        return draft

    def _save(self, text: str, state: DraftState) -> None:
        try:
            if self.written is not None and self.target.exists() and self.target.read_text(encoding="utf-8") == self.written:
                # This page wrote the file and nobody has edited it since.
                self.target.write_text(text, encoding="utf-8")
            else:
                write_new(self.target, text, self.home)
        except OSError as error:
            state.error = str(error)
            return
        self.written, state.saved, state.heading = text, str(self.target.absolute()), "Saved"
        state.is_in_home = self.target.resolve().parent == self.home.mappings.resolve()

    def _html(self, draft: Draft, text: str, result: Preview | None, state: DraftState, with_figures: bool) -> str:
        likely, unfit, months = draft.likely, draft.unfit, draft.months
        columns = [
            {
                "name": d.column.name, "required": d.column.required, "description": d.column.description,
                "why": f"{d.why[0].upper()}{d.why[1:]}." if d.why else "",
                "to_do": _to_do(d, likely.get(d.column.name), unfit.get(d.column.name), months.get(d.column.name)),
                "options": [label_of(s) for s in draft.fields.sources(d.column)],
                "chosen": label_of(d.source) if d.source else "",
            }
            for d in draft.columns
        ]  # fmt: skip
        choices = [
            {"name": d.column.name, "targets": d.column.values, "codes": draft.codes[d.column.name]} for d in draft.columns
            if d.column.type == "choice" and draft.codes.get(d.column.name)
        ]  # fmt: skip
        figures, years = by_year(result.figures if result else [])
        if result is None:
            why = "Choose the force: figures are for a force."
        else:
            why = f"There are none: {result.why_none}." if with_figures else "Choose “Show rows and figures”."
        contracts = load_contracts()
        return self.environment.get_template("draft.html.j2").render(
            root="", is_made_up=False, draft=draft, text=text, state=state, seen=result, columns=columns, choices=choices,
            open_points=[_on_page(point) for point in draft.open_points], undecided="# ?" in text.partition("\nextract:")[2],
            shown=[d.column.name for d in draft.columns if d.source], figures=figures, years=years, why_none=why,
            target=str(self.target.absolute()), forces=sorted(force_names().items(), key=lambda item: item[1]),
            extracts=[(n, c.title) for n, c in contracts.items() if c.kind in ("events", "list")],
        )  # fmt: skip


def _target(pick: str | None) -> str | None:
    """A person's pick for a code: `=Emergency`, `=` for a blank, `?` for none yet."""
    return pick[1:] if pick and pick.startswith("=") else None


def _on_page(point: str) -> str:
    """A point left open, for somebody who has lists to choose from, not the YAML."""
    point = point.replace("give --force, or write the force's code", "choose it under Whose it is")
    by_hand = "look at it, and take off the # of its line under headers if it is"
    return point.replace(by_hand, "choose it under Columns if it is")


def _to_do(drafted: Drafted, likely: str | None, unfit: str | None, month: str | None) -> str:
    if month:
        return f"“{month}” says {MONTH_ALONE}: have the system export it."
    if unfit:
        return f"Perhaps “{unfit}”, but not all of its cells fit."
    if drafted.source is None:
        perhaps = f" Perhaps “{likely}”." if likely else ""
        return f"Required, but no header matches.{perhaps}" if drafted.column.required else ""
    return f"Check: {'; '.join(drafted.checks)}." if drafted.checks else ""


def page_app(page: DraftPage, token: str, port: int) -> Starlette:
    """The server's app: one page and its style sheets under `/TOKEN/`. It refuses requests of other sites."""

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
    hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
    own_origins = {f"http://{host}" for host in hosts}

    async def own_requests_only(request: Request, answer: RequestResponseEndpoint) -> Response:
        origin = request.headers.get("origin")
        # A post must say its origin.
        is_own = origin in own_origins or (origin is None and request.method in ("GET", "HEAD"))
        if request.headers.get("host") not in hosts or not is_own:
            return PlainTextResponse("Not from this page.", 403, HEADERS)
        return await answer(request)

    return Starlette(routes=routes, middleware=[Middleware(BaseHTTPMiddleware, dispatch=own_requests_only)])


def serve_page(home: Home, file: Path, target: Path, *, extract: str | None = None, force: str | None = None) -> None:
    """Serve the page on the loopback until it is interrupted. Raises DraftError for a file that can't be drafted, OSError."""
    with duckdb.connect(config=NO_SPILL) as con:
        draft_mapping(con, home, file, extract, force)
    token = secrets.token_urlsafe(24)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        # So that the address works at once.
        bound.listen()
        port = bound.getsockname()[1]
        address = f"http://127.0.0.1:{port}/{token}/"
        print(f"{address}\nOpen it on this machine. Ctrl-C stops it.", flush=True)
        app = page_app(DraftPage(home, file, target, extract, force), token, port)
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[bound])
