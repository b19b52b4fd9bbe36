"""The settings of a home, `pam.toml`. The file is optional and every setting has a default.

docs/reference/settings.md, and the pages that it names, say what each setting is for. Here is what follows from it in code.
"""

import tomllib
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator, model_validator

from .errors import Cause, PamError
from .files import nearly_named, read_written
from .home import Engine, Home, extract_names
from .project_lists import read_seed
from .similar_names import suggestion
from .validation_errors import Number, Text, Whole, faults_of, written_as


class ConfigError(PamError, ValueError):
    """A `pam.toml` with an invalid setting. The message names the file and the setting."""

    cause = Cause.SETTINGS


def _require_extracts(names: Collection[str]) -> Collection[str]:
    known = extract_names()
    for name in names:
        if name not in known:
            raise ValueError(f"no extract is called {name}{suggestion(name, known)}")
    return names


OfExtracts = AfterValidator(_require_extracts)


class Keep(BaseModel, extra="forbid", frozen=True):
    """How long things are kept. `years`: extract -> years, instead of the contract's `keep_years`."""

    publications: Annotated[Whole, Field(ge=1)] = 14
    archive_days: Annotated[Whole, Field(ge=0)] = 90
    years: Annotated[dict[Text, Annotated[Whole, Field(ge=1)]], OfExtracts] = {}


class Audit(BaseModel, extra="forbid", frozen=True):
    """The record of processing."""

    reasons: Literal["optional", "required"] = "optional"


OutputName = Literal["open", "dashboard", "report", "catalogue"]
"""What a night can publish with its warehouse file."""


class Publish(BaseModel, extra="forbid", frozen=True):
    """What a night publishes with its warehouse file, and for whom. `outputs`: None for all."""

    group: Text | None = None
    outputs: tuple[OutputName, ...] | None = None
    open: Literal["exact", "public"] = "exact"
    report: Literal["exact", "public"] = "exact"
    failed_output: Literal["stale", "hold"] = "stale"
    licence: Text | None = None


Memory = Annotated[str, written_as(r"(?=.*[1-9])\d+(\.\d+)? ?[KMGT]i?B", "an amount of memory such as 500MB or 4GB")]


class Nights(BaseModel, extra="forbid", frozen=True):
    """What a night may use. `memory`, `spill`: None for a part of what the machine has (`core.memory`). `inbox`: None for the
    home's."""

    memory: Memory | None = None
    spill: Memory | None = None
    settled_seconds: Annotated[Number, Field(ge=0, le=60)] = 1
    engine: Engine = "duckdb"
    inbox: Path | None = None

    @field_validator("inbox")
    @classmethod
    def _is_absolute(cls, inbox: Path | None) -> Path | None:
        if inbox is not None and not inbox.is_absolute():
            raise ValueError(f"{inbox} is not a whole path: begin it with /")
        return inbox


class Spark(BaseModel, extra="forbid", frozen=True):
    """Where Spark runs, if it is the engine."""

    master: Text = "local[2]"
    settings: dict[Annotated[str, written_as(r"spark\..*", "a setting of Spark: their names begin with spark.")], Text] = {}


class Limits(BaseModel, extra="forbid", frozen=True):
    """What a query of the published night may use: defaults, which the options of `pam query` and `pam sql` change."""

    seconds: Annotated[Number, Field(ge=0, le=86_400)] = 60
    memory: Memory = "2GB"
    rows: Annotated[Whole, Field(ge=0)] = 10_000
    history: Annotated[Whole, Field(ge=0, le=10_000)] = 0


Owner = Annotated[str, written_as(r"team:[\w-]+|[^@\s]+@[^@\s]+", "an owner: write an e-mail address, or team:name")]
TagName = Annotated[str, written_as(r"[\w.-]{1,63}", "the name of a tag: 1 to 63 letters, digits, _, . or -")]
Tag = Annotated[str, written_as(r"[\w.-]{0,63}", "a tag: at most 63 letters, digits, _, . or -")]


class Serve(BaseModel, extra="forbid", frozen=True):
    """Where `pam serve` shows its page. Without a proxy it is for this machine only, and `host` must be a loopback address."""

    host: Text = "127.0.0.1"
    port: Annotated[Whole, Field(ge=1, le=65535)] = 3000
    proxy: Text | None = None
    owners: tuple[Owner, ...] = ()
    tags: dict[TagName, Tag] = {}


class Arrival(BaseModel, extra="forbid", frozen=True):
    """When dropped files start a night before its scheduled time. `extracts`: those that must have arrived; empty: every
    nightly extract that has been dropped before."""

    enabled: bool = True
    extracts: Annotated[tuple[Text, ...], OfExtracts] = ()
    settled_minutes: Annotated[Number, Field(ge=0, le=1_440)] = 5


class Extracts(BaseModel, extra="forbid", frozen=True):
    """Which extracts the home's forces send: only these can be missing or late. `sends`: empty for all."""

    sends: Annotated[tuple[Text, ...], OfExtracts] = ()
    never: Annotated[tuple[Text, ...], OfExtracts] = ()
    since: Annotated[dict[Text, date], OfExtracts] = {}

    @model_validator(mode="after")
    def _do_not_contradict(self) -> Self:
        if contradictory := sorted({*self.never} & {*self.sends, *self.since}):
            raise ValueError(f"{', '.join(contradictory)}: said to be sent, and under never too: take it out of one")
        if self.sends and (unsent := sorted({*self.since} - {*self.sends})):
            raise ValueError(f"since: {', '.join(unsent)}: not among sends: add it there, or take it out here")
        return self

    def is_expected(self, extract: str, day: date) -> bool:
        """Whether an extract is expected by a day."""
        if extract in self.never or (self.sends and extract not in self.sends):
            return False
        return extract not in self.since or day >= self.since[extract]


Share = Annotated[Number, Field(ge=0, le=1)]


class FileLimits(BaseModel, extra="forbid", frozen=True):
    """When a file is held or refused because its content is not plausible. Shares are of 1.

    Where none of a file's rows would count, it is held at `unknown_told_percent` already: figures of a column that was not
    understood would be false zeros.
    """

    withdrawn_share: Share = 0.5
    withdrawn_rows: Annotated[Whole, Field(ge=1)] = 100
    quarantined_share: Share = 0.5
    quarantined_rows: Annotated[Whole, Field(ge=1)] = 20
    american_share: Share = 0.01
    vocabulary_rows: Annotated[Whole, Field(ge=1)] = 50
    unknown_held_percent: Annotated[Number, Field(gt=0, le=100)] = 20
    unknown_told_percent: Annotated[Number, Field(gt=0, le=100)] = 1


class Email(BaseModel, extra="forbid", frozen=True):
    """Alerts by SMTP. `password_env` names the environment variable with the password, so that the settings hold no secret."""

    host: Text
    port: Annotated[Whole, Field(ge=1, le=65535)] = 25
    security: Literal["none", "starttls", "tls"] = "none"
    user: Text | None = None
    password_env: Text = "PAM_SMTP_PASSWORD"  # noqa: S105  (the name of a variable)
    sender: Text
    recipients: Annotated[tuple[Text, ...], Field(min_length=1)]


class Webhook(BaseModel, extra="forbid", frozen=True):
    """Alerts to a chat. `url`, or `url_env`, the environment variable that holds it: such an address is a secret."""

    shape: Literal["slack", "teams"]
    url: Annotated[Text | None, Field(repr=False)] = None
    url_env: Text | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if bool(self.url) == bool(self.url_env):
            raise ValueError("give one of url and url_env")
        return self


class Alerts(BaseModel, extra="forbid", frozen=True):
    """Who is alerted when a night needs a person."""

    email: Email | None = None
    webhooks: tuple[Webhook, ...] = ()


class Public(BaseModel, extra="forbid", frozen=True):
    """How figures are disclosed in the public form, `marts_public`. `threshold`: the smallest count above zero that is shown;
    0 or 1 hides nothing. `base`, `money_base`: counts and pounds are rounded to multiples of these."""

    mode: Literal["suppress", "round", "off"] = "suppress"
    threshold: Annotated[Whole, Field(ge=0, le=1000)] = 5
    thresholds: dict[str, Annotated[Whole, Field(ge=0, le=1000)]] = {}
    running_year: Literal["shown", "hidden"] = "shown"
    base: Annotated[Whole, Field(ge=2, le=1000)] = 5
    money_base: Annotated[Whole, Field(ge=2)] = 1000

    @field_validator("thresholds")
    @classmethod
    def _of_counts(cls, thresholds: dict[str, int]) -> dict[str, int]:
        counts = {r["measure"] for r in read_seed("public_cuts") if r["role"] in ("events", "part", "same", "stock")}
        if unknown := sorted(thresholds.keys() - counts):
            raise ValueError(
                f"no measure with a threshold is called {', '.join(unknown)}; seeds/public_cuts.csv has those that can have one"
            )
        return thresholds

    def threshold_of(self, measure: str) -> int:
        """The smallest count above zero of a measure that is shown."""
        return self.thresholds.get(measure, self.threshold)


class Report(BaseModel, extra="forbid", frozen=True):
    """The report as a document. `template`: relative to the home or absolute. The others are printed on the front page; those
    left out are blanks for the author to fill in."""

    template: Path | None = None
    by: Text | None = None
    date: Text | None = None
    purpose: Text | None = None
    attachments: Text | None = None
    recommendations: Text | None = None
    contact: Text | None = None


class Config(BaseModel, extra="forbid", frozen=True):
    """One home's settings."""

    keep: Keep = Keep()
    night: Nights = Nights()
    spark: Spark = Spark()
    publish: Publish = Publish()
    query: Limits = Limits()
    audit: Audit = Audit()
    serve: Serve = Serve()
    arrival: Arrival = Arrival()
    extracts: Extracts = Extracts()
    believe: FileLimits = FileLimits()
    alerts: Alerts = Alerts()
    public: Public = Public()
    report: Report = Report()

    @model_validator(mode="after")
    def _for_the_public(self) -> Self:
        for name in ("open", "report"):
            if getattr(self.publish, name) == "public" and self.public.mode == "off":
                raise ValueError(f'publish.{name} = "public" needs the public form, which public.mode = "off" leaves out')
        if self.publish.licence and self.publish.open == "exact" and self.public.mode != "off":
            raise ValueError(
                "publish.licence lets anybody pass the open files on, and they have exact small numbers: set"
                ' publish.open = "public", or, where exact figures are to go out, public.mode = "off"'
            )
        return self


def read_config(home: Home) -> Config:
    """The home's settings; the defaults where it has no `pam.toml`. Raises ConfigError."""
    name = home.config_file.name
    try:
        text = read_written(home.config_file, name, ConfigError)
    except FileNotFoundError:
        if misnamed := nearly_named(home.config_file):
            raise ConfigError(f"{misnamed}: is not read: its name must be {name}") from None
        return Config()
    try:
        return Config.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise ConfigError(f"{name}: {'; '.join(faults_of(error, Config))}") from error
    # A number with thousands of digits is a ValueError alone.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not readable as TOML: {error}") from error


def visible_settings(home: Home) -> Config:
    """The home's settings; the defaults for a member of the group that may read only what is published. Raises
    ConfigError."""
    try:
        return read_config(home)
    except PermissionError:
        return Config()
