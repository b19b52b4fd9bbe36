"""A small SMTP server and a small HTTP listener, real ones on loopback, that keep what they were sent."""

import asyncio
import base64
import email
import email.policy
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Mail:
    """A mail as it was received: envelope, parsed message, and how the session was secured."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    over_tls: bool
    login: tuple[str, str] | None
    raw: bytes


@dataclass
class SmtpServer:
    """Understands what smtplib sends: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA, QUIT.

    `tls`: its context, for STARTTLS; `wrapped`: TLS from the first byte. `login`: what AUTH must give. `silent`: accepts a
    connection and never answers. `refused`: recipients that it rejects.
    """

    tls: ssl.SSLContext | None = None
    wrapped: bool = False
    login: tuple[str, str] | None = None
    silent: bool = False
    refused: tuple[str, ...] = ()
    mails: list[Mail] = field(default_factory=list)
    sessions: int = 0
    port: int = 0

    def __enter__(self) -> "SmtpServer":
        self._loop = asyncio.new_event_loop()
        # A client that does not trust the certificate ends the handshake early, as the tests expect.
        self._loop.set_exception_handler(lambda *_: None)
        started = threading.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._session, "127.0.0.1", 0, ssl=self.tls if self.wrapped else None)
            self.port = server.sockets[0].getsockname()[1]
            started.set()

        self._serving = self._loop.create_task(serve())
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        assert started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        over_tls, login, sender, recipients = self.wrapped, None, "", []

        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        try:
            if self.silent:
                await asyncio.sleep(60)
            await say("220 test ESMTP")
            while line := (await reader.readline()).decode().strip():
                word = line.split()[0].upper()
                if word == "EHLO":
                    offered = ["STARTTLS"] if self.tls and not over_tls else []
                    offered += ["AUTH PLAIN"] if self.login else []
                    offers = ["test", *offered, "8BITMIME"]
                    for n, offer in enumerate(offers):
                        await say(f"250{' ' if n == len(offers) - 1 else '-'}{offer}")
                elif word == "STARTTLS" and self.tls:
                    await say("220 go on")
                    await writer.start_tls(self.tls)
                    over_tls = True
                elif word == "AUTH":
                    _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                    login = (user, password)
                    await say("235 welcome" if login == self.login else "535 5.7.8 no such user secret-word-of-the-server")
                elif word == "MAIL":
                    sender = line.partition("<")[2].partition(">")[0]
                    await say("250 yes" if not self.login or login == self.login else "530 log in first")
                elif word == "RCPT":
                    to = line.partition("<")[2].partition(">")[0]
                    if to in self.refused:
                        await say("550 nobody of that name")
                    else:
                        recipients.append(to)
                        await say("250 yes")
                elif word == "DATA":
                    await say("354 go on")
                    lines = []
                    while (got := await reader.readline()) != b".\r\n":
                        lines.append(got[1:] if got.startswith(b"..") else got)
                    raw = b"".join(lines)
                    parsed = email.message_from_bytes(raw, policy=email.policy.default)
                    self.mails.append(Mail(sender, recipients, parsed, over_tls, login, raw))
                    await say("250 taken")
                elif word == "QUIT":
                    await say("221 bye")
                    break
                else:
                    await say("250 yes" if word in ("RSET", "NOOP") else "502 not here")
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass
class HttpListener:
    """Keeps the bodies of what is posted to it. `answer`: the status; `location`: of a redirect.

    `silent`: seconds until it answers; `trickle`: answers a byte at a time, for ever.
    """

    answer: int = 200
    location: str | None = None
    silent: float = 0
    trickle: bool = False
    bodies: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def __enter__(self) -> "HttpListener":
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.bodies.append(json.loads(body))
                listener.paths.append(self.path)
                listener.kinds.append(self.headers["Content-Type"])
                if listener.silent:
                    time.sleep(listener.silent)
                if listener.trickle:
                    try:
                        while True:
                            self.wfile.write(b"X")
                            time.sleep(0.05)
                    except OSError:
                        return
                self.send_response(listener.answer)
                if listener.location:
                    self.send_header("Location", listener.location)
                self.end_headers()
                self.wfile.write(b"ok")

            def do_GET(self) -> None:
                listener.paths.append(f"GET {self.path}")
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
