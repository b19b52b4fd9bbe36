"""Delivery: by a real SMTP server and a real HTTP listener, in every way that the settings know, and what goes wrong."""

import json
import re
import time
from email.utils import parsedate_to_datetime

import pytest

from dagster_project.core.config import Alerts, Email, Webhook
from dagster_project.nights.alerts import channels
from dagster_project.nights.alerts.channels import Channel, channels_of
from dagster_project.nights.alerts.events import Event
from dagster_project.nights.alerts.message import SHOWN, Message
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


def test_a_mail_as_it_arrives() -> None:
    odd = event(what="crimes__derbyshire — ‘ünïcode’.csv is refused\nBcc: evil@force.example")
    with SmtpServer() as server:
        assert deliver(email(server.port), message(odd)) is None
        (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("pam@force.example", ["one@force.example", "two@force.example"])
    assert (mail.over_tls, mail.login) == (False, None)
    got = mail.message
    assert got["Subject"] == "PAM Warehouse: file refused" and got["To"] == "one@force.example, two@force.example"
    assert got["Auto-Submitted"] == "auto-generated" and "Bcc" not in got
    assert parsedate_to_datetime(got["Date"]).isoformat() == "2026-01-06T02:00:30+00:00"
    assert re.fullmatch(r"<[^@]+@force\.example>", got["Message-ID"])
    text = got.get_content()
    for part in ("Nothing is published yet.", "‘ünïcode’", "Why: no header", "- Tell its sender", "Runbook: File refused"):
        assert part in text
    assert all(len(line) <= 998 for line in mail.raw.splitlines())


def test_starttls_and_a_login(certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("PAM_SMTP_PASSWORD", SECRET)
    with SmtpServer(tls=context, login=("pam", SECRET)) as server:
        assert deliver(email(server.port, security="starttls", user="pam")) is None
        assert [(m.over_tls, m.login) for m in server.mails] == [(True, ("pam", SECRET))]
        assert SECRET.encode() not in server.mails[0].raw


def test_tls_from_the_first_byte(certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with SmtpServer(tls=context, wrapped=True) as server:
        assert deliver(email(server.port, security="tls")) is None
        assert server.mails[0].over_tls


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_gets_nothing(certificate, monkeypatch, security: str) -> None:
    context, _ = certificate
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with SmtpServer(tls=context, wrapped=security == "tls") as server:
        said = deliver(email(server.port, security=security))
        assert said.startswith("its certificate is not trusted") and server.mails == []


def test_a_server_without_starttls_gets_nothing() -> None:
    with SmtpServer() as server:
        assert deliver(email(server.port, security="starttls")) == "SMTPNotSupportedError"
        assert server.mails == []


def test_a_password_goes_nowhere_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer(login=("pam", SECRET)) as server:
        monkeypatch.delenv("PAM_SMTP_PASSWORD", raising=False)
        assert deliver(email(server.port, user="pam")) == "the environment variable PAM_SMTP_PASSWORD is not set"
        monkeypatch.setenv("PAM_SMTP_PASSWORD", SECRET)
        assert "over starttls or tls only" in deliver(email(server.port, user="pam"))
        assert server.sessions == 0


def test_a_wrong_password_is_said_without_the_server_s_words(certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("PAM_SMTP_PASSWORD", "wrong")
    with SmtpServer(tls=context, login=("pam", SECRET)) as server:
        said = deliver(email(server.port, security="starttls", user="pam"))
    assert said == "SMTPAuthenticationError: the server answered 535"


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
    odd = event(what="<!channel> `rm` & [click](http://evil.example).csv is refused")
    with HttpListener() as listener:
        assert deliver(Alerts(webhooks=(Webhook(shape="slack", url=listener.url),)), message(odd)) is None
        (body,) = listener.bodies
    assert listener.kinds == ["application/json"]
    assert body["text"] == "PAM Warehouse: file refused"
    assert [b["type"] for b in body["blocks"]] == ["header", "section", "divider", "section", "section", "section"]
    assert body["blocks"][0]["text"] == {"type": "plain_text", "text": "PAM Warehouse: file refused", "emoji": False}
    for block in body["blocks"]:
        if block["type"] == "section" and "<!channel>" in block["text"]["text"]:
            assert block["text"]["type"] == "plain_text", "what a file says is no mention and no link"
    assert body["blocks"][-1]["text"] == {"type": "mrkdwn", "text": "```Tell its sender```", "verbatim": True}


def test_slack_s_limits() -> None:
    many = [event(n, kind, "x" * 400) for kind in ("failed", "held", "file_held", "refused", "late") for n in range(40)]
    blocks = message(*many).slack()["blocks"]
    assert len(blocks) <= 50 and all(len(b["text"]["text"]) <= 3000 for b in blocks if "text" in b)
    assert len(blocks[0]["text"]["text"]) <= 150
    assert blocks[-1]["text"]["text"] == "and more: pam status names each"


def test_teams_body_is_one_adaptive_card() -> None:
    odd = event(what="[click](http://evil.example) **bold**.csv is refused")
    with HttpListener(answer=202) as listener:
        assert deliver(Alerts(webhooks=(Webhook(shape="teams", url=listener.url),)), message(odd)) is None
        (body,) = listener.bodies
    (attached,) = body["attachments"]
    assert body["type"] == "message" and attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attached["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4") and card["fallbackText"] == "PAM Warehouse: file refused"
    kinds = {item["type"] for part in card["body"] for item in (part, *part.get("items", ()))}
    assert kinds == {"RichTextBlock", "Container"}, "a TextBlock would read markdown of what a file is called"
    assert "[click](http://evil.example) **bold**.csv" in json.dumps(card)


def test_teams_limit() -> None:
    many = [event(n, kind, "x" * 400) for kind in ("failed", "held", "file_held", "refused", "late") for n in range(40)]
    body = message(*many).teams()
    assert len(json.dumps(body)) < 28_000
    assert body["attachments"][0]["content"]["body"][-1]["inlines"][0]["text"] == "and more: pam status names each"


def test_a_message_spells_out_some_of_many() -> None:
    text = message(*(event(n) for n in range(SHOWN + 5))).text()
    assert text.count("is refused") == SHOWN and "and 5 more: `pam status` names each" in text
    assert message(*(event(n) for n in range(17)), event(1, "held")).subject == "PAM Warehouse: night held; 17 files refused"


@pytest.mark.parametrize(
    ("listener", "said"),
    [
        (HttpListener(answer=500), "the server answered 500"),
        (HttpListener(answer=404), "the server answered 404"),
        (HttpListener(answer=429), "the server answered 429"),
        (HttpListener(silent=5), "no answer within"),
    ],
    ids=["500", "404", "429", "silent"],
)
def test_a_webhook_that_fails(listener: HttpListener, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "TIMEOUT", 0.5)
    with listener:
        answer = deliver(Alerts(webhooks=(Webhook(shape="slack", url=f"{listener.url}/{SECRET}"),)))
    assert said in answer and SECRET not in answer and "127.0.0.1" not in answer


def test_a_webhook_that_redirects_is_not_followed() -> None:
    with HttpListener() as other, HttpListener(answer=307, location=other.url) as listener:
        assert deliver(Alerts(webhooks=(Webhook(shape="slack", url=listener.url),))) == "the server answered 307"
        assert other.bodies == [] and other.paths == []


def test_a_webhook_that_trickles_keeps_no_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "DEADLINE", 1.0)
    began = time.monotonic()
    with HttpListener(trickle=True) as listener:
        answer = deliver(Alerts(webhooks=(Webhook(shape="teams", url=listener.url),)))
    assert answer == "no answer within 1 s" and time.monotonic() - began < 4


def test_an_address_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Alerts(webhooks=(Webhook(shape="slack", url_env="PAM_HOOK"),))
    monkeypatch.delenv("PAM_HOOK", raising=False)
    assert deliver(settings) == "the environment variable PAM_HOOK is not set"
    monkeypatch.setenv("PAM_HOOK", "file:///etc/passwd")
    assert deliver(settings) == "its address is not one of http or https"
    with HttpListener() as listener:
        monkeypatch.setenv("PAM_HOOK", f"{listener.url}/{SECRET}")
        assert deliver(settings) is None and listener.paths == [f"/{SECRET}"]


def test_channels_have_their_names_in_order() -> None:
    hooks = (
        Webhook(shape="teams", url="http://a"),
        Webhook(shape="slack", url="http://b"),
        Webhook(shape="teams", url="http://c"),
    )
    settings = Alerts(email=email(25).email, webhooks=hooks)
    assert [c.name for c in channels_of(settings)] == ["email", "teams 1", "slack 2", "teams 3"]


def test_a_channel_that_breaks_is_an_answer_not_an_error() -> None:
    def breaks(_: Message) -> None:
        raise ZeroDivisionError("a secret")

    assert Channel("odd", breaks).deliver(message()) == "ZeroDivisionError"
