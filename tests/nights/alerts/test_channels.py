"""Delivery to a real SMTP server and a real HTTP listener: every setting, and what can go wrong."""

import json
import re
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest

from dagster_project.core.config import Alerts, Email, Webhook
from dagster_project.nights.alerts import channels
from dagster_project.nights.alerts.channels import Channel, channels_of
from dagster_project.nights.alerts.event_sentences import Event
from dagster_project.nights.alerts.message_formats import SHOWN, Message
from nights.alerts.servers import HttpListener, SmtpServer

SECRET = "Tr0ub4dor-hook-token"


def event(n: int = 1, kind: str = "refused", what: str = "") -> Event:
    return Event(kind, f"{kind} {n}", what or f"file {n} is {kind}", "no header", ("Tell its sender",), "File refused")


def message(*events: Event) -> Message:
    return Message(
        "20260106T020000Z", "2026-01-06T02:00:30Z", "20260106T020000Z", "host:/srv/pam", "Nothing is published yet.",
        events or (event(),),
    )  # fmt: skip


def email(port: int, **more: object) -> Alerts:
    return Alerts(
        email=Email(
            host="127.0.0.1", port=port, sender="PAM <pam@force.example>",
            recipients=("one@force.example", "two@force.example"), **more,
        )
    )  # fmt: skip


def deliver(settings: Alerts, what: Message | None = None) -> str | None:
    (channel,) = channels_of(settings)
    return channel.deliver(what or message())


def test_headers_and_text_of_a_mail() -> None:
    unusual = event(what="crimes__derbyshire — ‘ünïcode’.csv is refused\nBcc: evil@force.example")
    with SmtpServer() as server:
        assert deliver(email(server.port), message(unusual)) is None
        (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("pam@force.example", ["one@force.example", "two@force.example"])
    assert (mail.over_tls, mail.login) == (False, None)
    received = mail.message
    assert received["Subject"] == "PAM Warehouse: file refused" and received["To"] == "one@force.example, two@force.example"
    assert received["Auto-Submitted"] == "auto-generated" and "Bcc" not in received
    assert parsedate_to_datetime(received["Date"]).isoformat() == "2026-01-06T02:00:30+00:00"
    assert re.fullmatch(r"<[^@]+@force\.example>", received["Message-ID"])
    text = received.get_content()
    for part in ("Nothing is published yet.", "‘ünïcode’", "Why: no header", "- Tell its sender", "Runbook: File refused"):
        assert part in text
    assert all(len(line) <= 998 for line in mail.raw.splitlines())


def test_mail_with_starttls_and_a_login(certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("PAM_SMTP_PASSWORD", SECRET)
    with SmtpServer(tls=context, login=("pam", SECRET)) as server:
        assert deliver(email(server.port, security="starttls", user="pam")) is None
        assert [(m.over_tls, m.login) for m in server.mails] == [(True, ("pam", SECRET))]
        assert SECRET.encode() not in server.mails[0].raw


def test_mail_over_tls_from_the_first_byte(certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with SmtpServer(tls=context, wrapped=True) as server:
        assert deliver(email(server.port, security="tls")) is None
        assert server.mails[0].over_tls


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_nothing_is_sent_if_the_certificate_is_not_trusted(certificate, monkeypatch, security: str) -> None:
    context, _ = certificate
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with SmtpServer(tls=context, wrapped=security == "tls") as server:
        error = deliver(email(server.port, security=security))
        assert error.startswith("its certificate is not trusted") and server.mails == []


def test_nothing_is_sent_to_a_server_without_starttls() -> None:
    with SmtpServer() as server:
        assert deliver(email(server.port, security="starttls")) == "SMTPNotSupportedError"
        assert server.mails == []


def test_a_password_is_never_sent_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer(login=("pam", SECRET)) as server:
        monkeypatch.delenv("PAM_SMTP_PASSWORD", raising=False)
        assert deliver(email(server.port, user="pam")) == "the environment variable PAM_SMTP_PASSWORD is not set"
        monkeypatch.setenv("PAM_SMTP_PASSWORD", SECRET)
        assert "over starttls or tls only" in deliver(email(server.port, user="pam"))
        assert server.sessions == 0


def test_a_wrong_password_is_reported_without_the_server_s_text(certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("PAM_SMTP_PASSWORD", "wrong")
    with SmtpServer(tls=context, login=("pam", SECRET)) as server:
        error = deliver(email(server.port, security="starttls", user="pam"))
    assert error == "SMTPAuthenticationError: the server answered 535"


def test_a_recipient_that_the_server_refuses() -> None:
    with SmtpServer(refused=("two@force.example",)) as server:
        assert deliver(email(server.port)) == "the server refused 1 of 2 recipients"
        assert server.mails[0].recipients == ["one@force.example"]


def test_a_mail_server_that_is_down_or_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as server:
        port = server.port
    time.sleep(0.2)
    monkeypatch.setattr(channels, "TIMEOUT", 0.5)
    began = time.monotonic()
    assert deliver(email(1)) == "ConnectionRefusedError: Connection refused"
    with SmtpServer(silent=True) as server:
        assert "no answer" in deliver(email(server.port))
    assert time.monotonic() - began < 5 and port


def test_slack_s_body() -> None:
    unusual = event(what="<!channel> `rm` & [click](http://evil.example).csv is refused")
    with HttpListener() as listener:
        assert deliver(Alerts(webhooks=(Webhook(shape="slack", url=listener.url),)), message(unusual)) is None
        (body,) = listener.bodies
    assert listener.kinds == ["application/json"]
    assert body["text"] == "PAM Warehouse: file refused"
    assert [b["type"] for b in body["blocks"]] == ["header", "section", "divider", "section", "section", "section"]
    assert body["blocks"][0]["text"] == {"type": "plain_text", "text": "PAM Warehouse: file refused", "emoji": False}
    for block in body["blocks"]:
        if block["type"] == "section" and "<!channel>" in block["text"]["text"]:
            assert block["text"]["type"] == "plain_text", "text of a file is never a mention or a link"
    assert body["blocks"][-1]["text"] == {"type": "mrkdwn", "text": "```Tell its sender```", "verbatim": True}


def test_slack_s_limits() -> None:
    many = [event(n, kind, f"{n} " * 130) for kind in ("failed", "held", "file_held", "refused", "late") for n in range(40)]
    of_one_reason = message(*many).slack()["blocks"]
    assert all(e.what in json.dumps(of_one_reason) for e in many), "no line is cut"
    blocks = message(*(replace(e, why=f"reason {n}") for n, e in enumerate(many))).slack()["blocks"]
    for each in (blocks, of_one_reason):
        assert len(each) <= 50 and all(len(b["text"]["text"]) <= 3000 for b in each if "text" in b)
        assert len(each[0]["text"]["text"]) <= 150
    assert blocks[-1]["text"]["text"] == "and more: pam status names each"


def test_teams_body_is_one_adaptive_card() -> None:
    unusual = event(what="[click](http://evil.example) **bold**.csv is refused")
    with HttpListener(answer=202) as listener:
        assert deliver(Alerts(webhooks=(Webhook(shape="teams", url=listener.url),)), message(unusual)) is None
        (body,) = listener.bodies
    (attached,) = body["attachments"]
    assert body["type"] == "message" and attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attached["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4") and card["fallbackText"] == "PAM Warehouse: file refused"
    kinds = {item["type"] for part in card["body"] for item in (part, *part.get("items", ()))}
    assert kinds == {"RichTextBlock", "Container"}, "a TextBlock would render markdown in a file name"
    assert "[click](http://evil.example) **bold**.csv" in json.dumps(card)


def test_teams_limit() -> None:
    many = [event(n, kind, "x" * 400) for kind in ("failed", "held", "file_held", "refused", "late") for n in range(40)]
    body = message(*many).teams()
    assert len(json.dumps(body)) < 28_000
    assert body["attachments"][0]["content"]["body"][-1]["inlines"][0]["text"] == "and more: pam status names each"


def test_a_long_message_lists_some_events_and_counts_the_rest() -> None:
    text = message(*(event(n) for n in range(SHOWN + 5))).text()
    assert text.count("is refused") == SHOWN and "and 5 more: `pam status` names each" in text
    assert message(*(event(n) for n in range(17)), event(1, "held")).subject == "PAM Warehouse: night held; 17 files refused"


@pytest.mark.parametrize(
    ("listener", "reason"),
    [
        (HttpListener(answer=500), "the server answered 500"),
        (HttpListener(answer=404), "the server answered 404"),
        (HttpListener(answer=429), "the server answered 429"),
        (HttpListener(silent=5), "no answer within"),
    ],
    ids=["500", "404", "429", "silent"],
)
def test_a_webhook_that_fails(listener: HttpListener, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "TIMEOUT", 0.5)
    with listener:
        error = deliver(Alerts(webhooks=(Webhook(shape="slack", url=f"{listener.url}/{SECRET}"),)))
    assert reason in error and SECRET not in error and "127.0.0.1" not in error


def test_redirects_of_a_webhook_are_not_followed() -> None:
    with HttpListener() as other, HttpListener(answer=307, location=other.url) as listener:
        assert deliver(Alerts(webhooks=(Webhook(shape="slack", url=listener.url),))) == "the server answered 307"
        assert other.bodies == [] and other.paths == []


def test_a_webhook_that_trickles_does_not_delay_a_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "DEADLINE", 1.0)
    began = time.monotonic()
    with HttpListener(trickle=True) as listener:
        error = deliver(Alerts(webhooks=(Webhook(shape="teams", url=listener.url),)))
    assert error == "no answer within 1 s" and time.monotonic() - began < 4


def test_a_webhook_address_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Alerts(webhooks=(Webhook(shape="slack", url_env="PAM_HOOK"),))
    monkeypatch.delenv("PAM_HOOK", raising=False)
    assert deliver(settings) == "the environment variable PAM_HOOK is not set"
    monkeypatch.setenv("PAM_HOOK", "file:///etc/passwd")
    assert deliver(settings) == "its address is not one of http or https"
    with HttpListener() as listener:
        monkeypatch.setenv("PAM_HOOK", f"{listener.url}/{SECRET}")
        assert deliver(settings) is None and listener.paths == [f"/{SECRET}"]


def test_channels_are_numbered_in_order() -> None:
    hooks = (
        Webhook(shape="teams", url="http://a"),
        Webhook(shape="slack", url="http://b"),
        Webhook(shape="teams", url="http://c"),
    )
    settings = Alerts(email=email(25).email, webhooks=hooks)
    assert [c.name for c in channels_of(settings)] == ["email", "teams 1", "slack 2", "teams 3"]


def test_an_error_in_a_channel_is_returned_not_raised() -> None:
    def breaks(_: Message) -> None:
        raise ZeroDivisionError("a secret")

    assert Channel("odd", breaks).deliver(message()) == "ZeroDivisionError"
