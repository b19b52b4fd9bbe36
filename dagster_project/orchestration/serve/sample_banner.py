"""Adds a banner to every page of a home with made-up data."""

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

BANNER = (
    b'<div role="note" style="position:fixed;bottom:0;left:0;right:0;z-index:99;padding:4px;text-align:center;'
    b'background:#ffdd00;color:#0b0c0c;font:bold 14px sans-serif;pointer-events:none">'
    b"Sample data: every figure of this home is made up</div>"
)


class SampleBanner(BaseHTTPMiddleware):
    """An ASGI application with a banner in each of its HTML documents. Anything else passes unchanged."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer as the application does, with the banner."""
        response = await call_next(request)
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if not is_page or "content-encoding" in response.headers:
            return response
        body = b"".join([part async for part in response.body_iterator])  # type: ignore[attr-defined]  # it streams
        page = Response(body.replace(b"</body>", BANNER + b"</body>", 1), response.status_code)
        response.headers["content-length"] = page.headers["content-length"]
        page.raw_headers = response.headers.raw
        return page
