"""Delivers a message by e-mail (SMTP) and the webhooks of Slack and Teams, or says why not; `message_formats` has the words. A
channel also needs settings (`core/config.py`).
"""

import json
import os
import smtplib
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from functools import partial
from urllib.parse import urlsplit

from dagster_project.core.config import Alerts, Email, Webhook
from dagster_project.core.errors import PamError

from .message_formats import Message

TIMEOUT = 10.0
"""For how many seconds a server may be silent."""

DEADLINE = 30.0
"""How many seconds a delivery may take in all, whatever its server does."""


class DeliveryError(PamError, RuntimeError):
    """A message was not delivered. The text holds no address, password or server's answer."""


@dataclass(frozen=True)
class Channel:
    """One way to a person: `email`, `slack 1`, `teams 2`."""

    name: str
    send: Callable[[Message], None]

    def deliver(self, message: Message) -> str | None:
        """Send a message within `DEADLINE`. Returns None, or why it was not delivered. Never raises."""
        results: list[str | None] = []

        def work() -> None:
            try:
                self.send(message)
                results.append(None)
            except DeliveryError as error:
                results.append(str(error))
            except Exception as error:
                results.append(_reason(error))

        # A server that answers byte by byte does not delay the night: the thread is abandoned.
        thread = threading.Thread(target=work, name=f"alert by {self.name}", daemon=True)
        thread.start()
        thread.join(DEADLINE)
        return results[0] if results else f"no answer within {DEADLINE:.0f} s"


def channels_of(settings: Alerts) -> list[Channel]:
    """The channels that a home's settings name."""
    email = [Channel("email", partial(_send_email, settings.email))] if settings.email else []
    return email + [Channel(f"{w.shape} {n}", partial(_send_webhook, w)) for n, w in enumerate(settings.webhooks, 1)]


def _reason(error: Exception) -> str:
    """What went wrong, without the server's words or address."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__}: the server answered {error.smtp_code}"
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        return _reason(error.reason)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError) or (isinstance(error, smtplib.SMTPServerDisconnected) and "timed out" in str(error)):
        return f"no answer within {TIMEOUT:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return type(error).__name__


def _send_email(settings: Email, message: Message) -> None:
    """Send by SMTP: plain, with STARTTLS or over TLS, checking certificates. Raises DeliveryError, SMTPException, OSError."""
    password = os.environ.get(settings.password_env)
    if settings.user and not password:
        raise DeliveryError(f"the environment variable {settings.password_env} is not set")
    if settings.user and settings.security == "none":
        raise DeliveryError("a password is sent over starttls or tls only: set alerts.email.security")
    context = ssl.create_default_context()
    # smtplib would look up the machine's full name, which may take longer than all the rest.
    server_at, own_name = (settings.host, settings.port), socket.gethostname()
    client: smtplib.SMTP = (
        smtplib.SMTP_SSL(*server_at, local_hostname=own_name, timeout=TIMEOUT, context=context)
        if settings.security == "tls"
        else smtplib.SMTP(*server_at, local_hostname=own_name, timeout=TIMEOUT)
    )
    with client as server:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.user:
            server.login(settings.user, str(password))
        refused = server.send_message(mail(settings, message))
    if refused:
        raise DeliveryError(f"the server refused {len(refused)} of {len(settings.recipients)} recipients")


def mail(settings: Email, message: Message) -> EmailMessage:
    """The message as an e-mail, marked as automatic so that out-of-office notices do not answer it."""
    email = EmailMessage(policy=SMTP)
    email["From"] = settings.sender
    email["To"] = ", ".join(settings.recipients)
    email["Subject"] = message.subject
    email["Date"] = format_datetime(datetime.fromisoformat(message.at))
    email["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2].strip("> ") or "localhost")
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.text())
    return email


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the message goes only to the address in the settings."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _send_webhook(settings: Webhook, message: Message) -> None:
    """Post the message to a webhook. Raises DeliveryError, URLError, OSError."""
    url = settings.url or os.environ.get(str(settings.url_env))
    if not url:
        raise DeliveryError(f"the environment variable {settings.url_env} is not set")
    if urlsplit(url).scheme not in ("http", "https"):
        raise DeliveryError("its address is not one of http or https")
    body = json.dumps(message.slack() if settings.shape == "slack" else message.teams()).encode("utf-8")
    headers = {"Content-Type": "application/json", "User-Agent": "pam-warehouse"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310  (the scheme is checked above)
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    with opener.open(request, timeout=TIMEOUT) as response:
        response.read(1024)
