"""Adds a banner to every page of a home with made-up data."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BANNER = (
    b'<div role="note" style="position:fixed;bottom:0;left:0;right:0;z-index:99;padding:4px;text-align:center;'
    b'background:#ffdd00;color:#0b0c0c;font:bold 14px sans-serif;pointer-events:none">'
    b"Sample data: every figure of this home is made up</div>"
)


class SampleBanner:
    """An ASGI application with a banner in each of its HTML documents. Anything else passes unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the banner."""
        await self.app(scope, receive, _with_banner(send) if scope["type"] == "http" else send)


def _with_banner(send: Send) -> Send:
    start: list[Message] = []
    parts: list[bytes] = []

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            start.append(message)
        elif message["type"] == "http.response.body" and start:
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                await _send_page(send, start.pop(), b"".join(parts))
        else:
            await send(message)

    return sending


def _is_page(message: Message) -> bool:
    headers = {k.lower(): v for k, v in message.get("headers", [])}
    return headers.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in headers


async def _send_page(send: Send, start: Message, body: bytes) -> None:
    body = body.replace(b"</body>", BANNER + b"</body>", 1)
    others = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
    await send({**start, "headers": [*others, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
