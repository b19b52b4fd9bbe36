"""What a force sets for its own home: `pam.toml`, where there is one. Every setting has a default."""

import tomllib
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from .settings import Home
from .validation import faults_of

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class ConfigError(ValueError):
    """A `pam.toml` that says something it can't mean. The message names the file and the setting."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Keep(_Part):
    """How long things are kept.

    `publications`: published nights, for `pam diff` and `pam rollback`. `archive_days`: files as they were dropped, which
    hold personal data in the clear; 0 keeps none past the night.
    """

    publications: Annotated[int, Field(ge=1)] = 14
    archive_days: Annotated[int, Field(ge=0)] = 90


class Publish(_Part):
    """What a night publishes beside its file.

    `outputs`: which of `dagster_project.outputs`, by name; all of them by default. `licence`: the address of the licence under
    which the force publishes its figures; the open files name it.
    """

    outputs: tuple[Text, ...] | None = None
    licence: Text | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        from .outputs import named

        named(self.outputs or ())
        return self


class Query(_Part):
    """What a question to the published night may use, where its asker does not say otherwise.

    `seconds`: 0 is as long as it takes. `memory`: such as `500MB`. `rows`: how many a table shows; 0 is all.
    """

    seconds: Annotated[float, Field(ge=0)] = 60
    memory: Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$")] = "2GB"
    rows: Annotated[int, Field(ge=0)] = 10_000


class Serve(_Part):
    """Where `pam serve` shows its page."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 3000


class Arrival(_Part):
    """When dropped files start a night before its hour.

    `enabled`: whether they do. `extracts`: the set that is complete when each has come; empty: every nightly extract
    that came before. `settled_minutes`: for how long the inbox must be unchanged.
    """

    enabled: bool = True
    extracts: tuple[Text, ...] = ()
    settled_minutes: Annotated[float, Field(ge=0)] = 5


class Email(_Part):
    """Alerts by SMTP. `password_env` names the environment variable that holds the password: no secret stands here."""

    host: Text
    port: Annotated[int, Field(ge=1, le=65535)] = 25
    security: Literal["none", "starttls", "tls"] = "none"
    user: Text | None = None
    password_env: Text = "PAM_SMTP_PASSWORD"  # noqa: S105  (the name of a variable)
    sender: Text
    recipients: Annotated[tuple[Text, ...], Field(min_length=1)]


class Webhook(_Part):
    """Alerts to a chat. `url`, or the environment variable `url_env` that holds it: such an address is a secret."""

    shape: Literal["slack", "teams"]
    url: Text | None = None
    url_env: Text | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if bool(self.url) == bool(self.url_env):
            raise ValueError("give one of url and url_env")
        return self


class Alerts(_Part):
    """Who is told when a night needs a person."""

    email: Email | None = None
    webhooks: tuple[Webhook, ...] = ()


class Config(_Part):
    """One home's settings."""

    keep: Keep = Keep()
    publish: Publish = Publish()
    query: Query = Query()
    serve: Serve = Serve()
    arrival: Arrival = Arrival()
    alerts: Alerts = Alerts()


def read_config(home: Home) -> Config:
    """The home's settings; the defaults where it has no `pam.toml`. Raises ConfigError."""
    name = home.config_file.name
    try:
        body = tomllib.loads(home.config_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: not readable as TOML: {error}") from error
    try:
        return Config.model_validate(body)
    except ValidationError as error:
        raise ConfigError(f"{name}: {'; '.join(faults_of(error))}") from error
