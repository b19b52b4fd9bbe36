"""The channels: e-mail by SMTP, and webhooks for Slack and Teams. Each delivers a message, or raises DeliveryError. A new
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

from .message import Message

TIMEOUT = 10.0
"""Seconds that a server may keep silent."""

DEADLINE = 30.0
"""Seconds that a delivery may take in all, whatever its server does."""


class DeliveryError(PamError, RuntimeError):
    """A message was not delivered. Its words hold no address, password or answer of a server."""


@dataclass(frozen=True)
class Channel:
    """One way to a person: `email`, `slack 1`, `teams 2`."""

    name: str
    send: Callable[[Message], None]

    def deliver(self, message: Message) -> str | None:
        """Send a message within `DEADLINE`. Returns None, or why it was not delivered. Never raises."""
        said: list[str | None] = []

        def work() -> None:
            try:
                self.send(message)
                said.append(None)
            except DeliveryError as error:
                said.append(str(error))
            except Exception as error:
                said.append(_reason(error))

        # A server that trickles its answer keeps no night waiting: the thread is left behind.
        thread = threading.Thread(target=work, name=f"alert by {self.name}", daemon=True)
        thread.start()
        thread.join(DEADLINE)
        return said[0] if said else f"no answer within {DEADLINE:.0f} s"


def channels_of(settings: Alerts) -> list[Channel]:
    """The channels that a home's settings name."""
    found = []
    if email := settings.email:
        found.append(Channel("email", partial(send_email, email)))
    for n, webhook in enumerate(settings.webhooks, 1):
        found.append(Channel(f"{webhook.shape} {n}", partial(send_webhook, webhook)))
    return found


def _reason(error: Exception) -> str:
    """What went wrong, without what a server said or where it is."""
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


def send_email(settings: Email, message: Message) -> None:
    """Send by SMTP, plain, with STARTTLS or over TLS, certificates checked. Raises DeliveryError, SMTPException, OSError."""
    password = os.environ.get(settings.password_env)
    if settings.user and not password:
        raise DeliveryError(f"the environment variable {settings.password_env} is not set")
    if settings.user and settings.security == "none":
        raise DeliveryError("a password is sent over starttls or tls only: set alerts.email.security")
    context = ssl.create_default_context()
    # The name that the machine gives itself: looking up a full one may take longer than all the rest.
    where, own = (settings.host, settings.port), socket.gethostname()
    client: smtplib.SMTP = (
        smtplib.SMTP_SSL(*where, local_hostname=own, timeout=TIMEOUT, context=context)
        if settings.security == "tls"
        else smtplib.SMTP(*where, local_hostname=own, timeout=TIMEOUT)
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
    """The message as a mail. It says that no person wrote it, so that no out-of-office notice answers."""
    made = EmailMessage(policy=SMTP)
    made["From"] = settings.sender
    made["To"] = ", ".join(settings.recipients)
    made["Subject"] = message.subject
    made["Date"] = format_datetime(datetime.fromisoformat(message.at))
    made["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2].strip("> ") or "localhost")
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.text())
    return made


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook that redirects is another than the one that was named: its body goes nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def send_webhook(settings: Webhook, message: Message) -> None:
    """Post a webhook's body. Raises DeliveryError, URLError, OSError."""
    url = settings.url or os.environ.get(str(settings.url_env))
    if not url:
        raise DeliveryError(f"the environment variable {settings.url_env} is not set")
    if urlsplit(url).scheme not in ("http", "https"):
        raise DeliveryError("its address is not one of http or https")
    body = json.dumps(message.slack() if settings.shape == "slack" else message.teams()).encode("utf-8")
    headers = {"Content-Type": "application/json", "User-Agent": "pam-warehouse"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310  (the scheme was looked at)
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    with opener.open(request, timeout=TIMEOUT) as answer:
        answer.read(1024)
