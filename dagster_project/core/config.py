"""The settings of a home, `pam.toml`. The file is optional and every setting has a default."""

import difflib
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .errors import Cause, PamError
from .home import CONTRACTS, Engine, Home
from .seeds import read_seed
from .validation import Text, faults_of


class ConfigError(PamError, ValueError):
    """A `pam.toml` that says something it can't mean. The message names the file and the setting."""

    cause = Cause.SETTINGS


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Keep(_Part):
    """How long things are kept.

    `publications`: published nights, for `pam diff` and `pam rollback`. `archive_days`: files as they were dropped, which
    hold personal data in the clear; 0 keeps none past the night. `years`: extract -> years for which its files are kept, and
    its rows in quarantine, in place of the contract's `keep_years`.
    """

    publications: Annotated[int, Field(ge=1)] = 14
    archive_days: Annotated[int, Field(ge=0)] = 90
    years: dict[Text, Annotated[int, Field(ge=1)]] = {}

    @field_validator("years")
    @classmethod
    def _of_extracts(cls, given: dict[str, int]) -> dict[str, int]:
        if other := sorted(given.keys() - {path.stem for path in CONTRACTS.glob("*.yml")}):
            raise ValueError(f"no extract is called {', '.join(other)}")
        return given


class Audit(_Part):
    """The record of processing. `reasons`: whether who consults the warehouse must say why (`--why`)."""

    reasons: Literal["optional", "required"] = "optional"


OutputName = Literal["open", "dashboard", "report", "catalogue"]
"""What a night can publish beside its file."""


class Publish(_Part):
    """What a night publishes beside its file, and for whom.

    `outputs`: which of them; all by default. `group`: whose members may read what is published, besides the owner of the
    home. `open`: whether the open files hold the marts' exact figures, or the public form
    alone, `marts_public`; `report`: the same of the report's packs. `failed_output`: what becomes of a night one of whose
    outputs can't be made: `stale` publishes it with the last good output of that kind, marked, `hold` does not publish it.
    `licence`: the address of the licence under which the force
    publishes its figures; the open files name it.
    """

    group: Text | None = None
    outputs: tuple[OutputName, ...] | None = None
    open: Literal["exact", "public"] = "exact"
    report: Literal["exact", "public"] = "exact"
    failed_output: Literal["stale", "hold"] = "stale"
    licence: Text | None = None


Memory = Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$")]


class Nights(_Part):
    """What a night may use. `memory`: such as `4GB`, for the rows and figures that DuckDB works on at a time; what needs more
    goes to disk, in the home. None is a quarter of the machine's. `spill`: such as `20GB`, how much may go there; None is half
    of what is free. `settled_seconds`: a file of the inbox that changed within so many waits a night; 0 asks of none.
    `engine`: what builds the models. `inbox`: the folder in which extracts are read, and left as they are, where the command
    line names no other; None is `inbox/` of the home.
    """

    memory: Memory | None = None
    spill: Memory | None = None
    settled_seconds: Annotated[float, Field(ge=0, le=60)] = 1
    engine: Engine = "duckdb"
    inbox: Path | None = None

    @field_validator("inbox")
    @classmethod
    def _is_whole(cls, given: Path | None) -> Path | None:
        if given is not None and not given.is_absolute():
            raise ValueError(f"{given} is not a whole path: begin it with /")
        return given


class Spark(_Part):
    """Where the engine spark works. `master`: `local[2]` is two threads of this machine; a cluster is `spark://host:7077`, and
    must see the home's folder under the same path. `settings`: any of Spark's own, such as `spark.executor.memory`.
    """

    master: Text = "local[2]"
    settings: dict[Annotated[str, Field(pattern=r"^spark\.")], Text] = {}


class Query(_Part):
    """What a question to the published night may use, where its asker does not say otherwise.

    `seconds`: 0 is as long as it takes. `memory`: such as `500MB`. `rows`: how many a table shows; 0 is all.
    `history`: how many of the last questions of `pam sql` are kept in the home; 0 is none, once the prompt is left.
    """

    seconds: Annotated[float, Field(ge=0)] = 60
    memory: Memory = "2GB"
    rows: Annotated[int, Field(ge=0)] = 10_000
    history: Annotated[int, Field(ge=0, le=10_000)] = 0


class Serve(_Part):
    """Where `pam serve` shows its page.

    `proxy`: the address under which an authenticating proxy shows it, which must bring the token. Without one it is for this
    machine alone, and `host` must be of the loopback.
    """

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 3000
    proxy: Text | None = None
    owners: tuple[Annotated[str, Field(pattern=r"^(team:[\w-]+|[^@\s]+@[^@\s]+)$")], ...] = ()
    tags: dict[Annotated[str, Field(pattern=r"^[\w.-]{1,63}$")], Annotated[str, Field(pattern=r"^[\w.-]{0,63}$")]] = {}


class Arrival(_Part):
    """When dropped files start a night before its hour.

    `enabled`: whether they do. `extracts`: the set that is complete when each has come; empty: every nightly extract
    that came before. `settled_minutes`: for how long the inbox must be unchanged.
    """

    enabled: bool = True
    extracts: tuple[Text, ...] = ()
    settled_minutes: Annotated[float, Field(ge=0)] = 5


class Extracts(_Part):
    """Which extracts the forces of the home send, so that "missing" and "late" mean something.

    `sends`: those that are expected; empty: all. `never`: those that are not. `since`: extract -> the first day on which it is
    expected. What is not expected lands all the same, and is neither missing nor late.
    """

    sends: tuple[Text, ...] = ()
    never: tuple[Text, ...] = ()
    since: dict[Text, date] = {}

    @model_validator(mode="after")
    def _of_contracts(self) -> Self:
        known = {path.stem for path in CONTRACTS.glob("*.yml")}
        for name in (*self.sends, *self.never, *self.since):
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise ValueError(f"no extract is called {name}" + (f"; is {near[0]} meant?" if near else ""))
        if both := sorted({*self.never} & {*self.sends, *self.since}):
            raise ValueError(f"{', '.join(both)}: said to be sent, and under never too: take it out of one")
        if self.sends and (other := sorted({*self.since} - {*self.sends})):
            raise ValueError(f"since: {', '.join(other)}: not among sends: add it there, or take it out here")
        return self

    def is_expected(self, extract: str, day: date) -> bool:
        """Whether an extract is expected by a day."""
        if extract in self.never or (self.sends and extract not in self.sends):
            return False
        return extract not in self.since or day >= self.since[extract]


Share = Annotated[float, Field(ge=0, le=1)]


class Believe(_Part):
    """What is not believed of a file: it is held, or refused, instead of becoming figures. Shares are of 1.

    `withdrawn_share`, `withdrawn_rows`: a file that would withdraw more than this share of the current rows in its window is
    held, where there are that many or more. Real extracts lose a row here and there; half of a window gone is another force's
    file, or a part. `quarantined_share`, `quarantined_rows`: one more than this share of whose rows break a rule is held, where
    it has that many rows or more: it is misunderstood, and what is left of it is no figure. `american_share`: one that has
    dates that can only have the month first in this share of its rows or more, and none with the day first, is refused: the
    others are read with days and months swapped. A mistyped date here and there stays below. `vocabulary_rows`: from how many
    rows on a file's values are looked up in the lists of known ones. `unknown_held_percent`: the percentage of rows with values
    that no list knows from which the file is held; `unknown_told_percent`: that from which it is told of, and from which a file
    is held of which no row counts: figures of a column that nobody understood would be false zeros.
    """

    withdrawn_share: Share = 0.5
    withdrawn_rows: Annotated[int, Field(ge=1)] = 100
    quarantined_share: Share = 0.5
    quarantined_rows: Annotated[int, Field(ge=1)] = 20
    american_share: Share = 0.01
    vocabulary_rows: Annotated[int, Field(ge=1)] = 50
    unknown_held_percent: Annotated[float, Field(gt=0, le=100)] = 20
    unknown_told_percent: Annotated[float, Field(gt=0, le=100)] = 1


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
    url: Annotated[Text | None, Field(repr=False)] = None
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


class Public(_Part):
    """What becomes of the figures in the public form, `marts_public`.

    `mode`: suppress hides counts under the threshold, and what they could be worked out from; round rounds every figure;
    off leaves the schema out. `threshold`: the smallest count above zero that is shown. `thresholds`: another one by
    measure; 0 or 1 hides nothing. `running_year`: whether, where figures are suppressed, a financial year that is not over is
    shown, as far as it may be; hidden is for who publishes again and again. `base`, `money_base`: what counts and pounds are
    rounded to.
    """

    mode: Literal["suppress", "round", "off"] = "suppress"
    threshold: Annotated[int, Field(ge=0, le=1000)] = 5
    thresholds: dict[str, Annotated[int, Field(ge=0, le=1000)]] = {}
    running_year: Literal["shown", "hidden"] = "shown"
    base: Annotated[int, Field(ge=2, le=1000)] = 5
    money_base: Annotated[int, Field(ge=2)] = 1000

    @field_validator("thresholds")
    @classmethod
    def _of_counts(cls, given: dict[str, int]) -> dict[str, int]:
        counts = {r["measure"] for r in read_seed("public_cuts") if r["role"] in ("events", "part", "same", "stock")}
        if other := sorted(given.keys() - counts):
            raise ValueError(
                f"no measure with a threshold is called {', '.join(other)}; seeds/public_cuts.csv has those that can have one"
            )
        return given

    def threshold_of(self, measure: str) -> int:
        """The smallest count above zero that is shown of a measure."""
        return self.thresholds.get(measure, self.threshold)


class Report(_Part):
    """The report as a document. `template`: a Word file (.docx or .dotx) whose page and styles it has, in the home or by its
    whole path. The rest stands at its front; what is left out is a place for its author to write in.
    """

    template: Path | None = None
    by: Text | None = None
    date: Text | None = None
    purpose: Text | None = None
    attachments: Text | None = None
    recommendations: Text | None = None
    contact: Text | None = None


class Config(_Part):
    """One home's settings."""

    keep: Keep = Keep()
    night: Nights = Nights()
    spark: Spark = Spark()
    publish: Publish = Publish()
    query: Query = Query()
    audit: Audit = Audit()
    serve: Serve = Serve()
    arrival: Arrival = Arrival()
    extracts: Extracts = Extracts()
    believe: Believe = Believe()
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
                'publish.licence lets anybody pass the open files on, and they have exact small numbers: set'
                ' publish.open = "public", or, where exact figures are to go out, public.mode = "off"'
            )
        return self


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
        raise ConfigError(f"{name}: {'; '.join(faults_of(error, Config))}") from error


def visible_settings(home: Home) -> Config:
    """The home's settings as far as whoever asks may see them: the defaults for a member of the group that reads what is
    published, who sees nothing else of the home. Raises ConfigError."""
    try:
        return read_config(home)
    except PermissionError:
        return Config()
