"""`pam.toml`: defaults, settings, and the messages about invalid ones."""

import re
import tomllib

import pytest

from dagster_project.core.config import Config, ConfigError, Webhook, read_config
from dagster_project.core.home import PROJECT, Home


def test_a_home_without_settings_has_the_defaults(new_home: Home) -> None:
    assert read_config(new_home) == Config()
    assert (Config().keep.publications, Config().keep.archive_days) == (14, 90)
    assert Config().serve.host == "127.0.0.1"


def test_the_page_of_the_settings_has_the_defaults() -> None:
    """All but examples, whose default the comment says."""
    page = (PROJECT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    shown = tomllib.loads(page.split("```toml\n")[1].split("```")[0])
    Config.model_validate(shown)
    default = Config().model_dump(mode="json")
    examples = {f"{part}.{name}" for part, own in shown.items() for name, value in own.items() if value != default[part][name]}
    assert examples == {
        "keep.years", "night.memory", "night.spill", "night.inbox", "publish.group", "publish.outputs", "publish.open",
        "publish.report", "publish.licence", "serve.proxy", "serve.owners", "extracts.sends", "extracts.since",
    }  # fmt: skip


def test_each_setting_is_in_a_page() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (PROJECT / "docs").rglob("*.md"))
    settings = [(part, name) for part, own in Config().model_dump(mode="json").items() for name in own]
    unsaid = [f"{part}.{name}" for part, name in settings if not re.search(rf"\b{name} ?=|\[+{part}\.{name}\]|`{name}`", pages)]
    assert unsaid == []


def test_settings_override_the_defaults(new_home: Home) -> None:
    new_home.config_file.write_text(
        '[keep]\narchive_days = 30\n[alerts.email]\nhost = "mail.example"\nsender = "pam@mail.example"\n'
        'recipients = ["team@mail.example"]\n[[alerts.webhooks]]\nshape = "teams"\nurl_env = "PAM_TEAMS"\n'
    )
    config = read_config(new_home)
    assert config.keep.archive_days == 30
    assert config.keep.publications == 14
    assert config.alerts.email is not None and config.alerts.email.port == 25
    assert config.alerts.webhooks[0].url_env == "PAM_TEAMS"
    assert "secret" not in repr(Webhook(shape="slack", url="https://chat.example/secret")), "its address is a secret"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[kep]\npublications = 3\n", "pam.toml: kep: not known here; is keep meant?"),
        ('[[alerts.webhooks]]\nshape = "slack"\nurll = "x"\n', "pam.toml: alerts.webhooks.0.urll: not known here; is url"),
        ("[keep]\nnights = 3\n", "pam.toml: keep.nights: not known here; what can be set is archive_days, publications, years"),
        ("[keep]\npublications = 0\n", "pam.toml: keep.publications: Input should be greater than or equal to 1"),
        ('[arrival]\nextracts = ["crime"]\n', "pam.toml: arrival.extracts: no extract is called crime; is crimes meant?"),
        ("[keep]\nyears = { crimez = 7 }\n", "pam.toml: keep.years: no extract is called crimez; is crimes meant?"),
        ("keep = 3\n", "pam.toml: keep: has no value of its own; what can be set below it is archive_days, publications,"),
        ("[keep]\nyears = 7\n", "pam.toml: keep.years: has no value of its own, but names below it, each with a value"),
        ('[publish]\noutputs = "open"\n', "pam.toml: publish.outputs: is a list: write it in [ and ]"),
        ('[night]\nmemory = "lots"\n', "pam.toml: night.memory: 'lots' is not an amount of memory such as 500MB or 4GB"),
        ('[query]\nmemory = "0GB"\n', "pam.toml: query.memory: '0GB' is not an amount of memory such as 500MB or 4GB"),
        ("[arrival]\nsettled_minutes = 1441\n", "arrival.settled_minutes: Input should be less than or equal to 1440"),
        ("[query]\nseconds = 1e30\n", "pam.toml: query.seconds: Input should be less than or equal to 86400"),
        ('[serve]\nowners = ["me"]\n', "pam.toml: serve.owners.0: 'me' is not an owner: write an e-mail address, or team:name"),
        ('[night]\ninbox = "in"\n', "pam.toml: night.inbox: in is not a whole path: begin it with /"),
        ("[keep\n", "pam.toml: not readable as TOML: "),
        ("[keep]\narchive_days = false\n", "pam.toml: keep.archive_days: is a number, not false"),
        ("[keep]\nyears = { crimes = true }\n", "pam.toml: keep.years.crimes: is a number, not true"),
        ("[public]\nthreshold = true\n", "pam.toml: public.threshold: is a number, not true"),
        ("[believe]\nwithdrawn_share = true\n", "pam.toml: believe.withdrawn_share: is a number, not true"),
        (f"[keep]\npublications = {'9' * 5000}\n", "pam.toml: not readable as TOML: "),
        (f"x = {'[' * 5000}\n", "pam.toml: not readable as TOML: "),
        ('[[alerts.webhooks]]\nshape = "slack"\n', "pam.toml: alerts.webhooks.0: give one of url and url_env"),
        ('[[alerts.webhooks]]\nshape = "slack"\nurl = "x"\nurl_env = "Y"\n', "alerts.webhooks.0: give one of url and url_env"),
        ('[alerts.email]\nhost = "m"\nsender = "a"\nrecipients = []\n', "pam.toml: alerts.email.recipients: "),
    ],
)
def test_an_invalid_setting_is_named(new_home: Home, text: str, message: str) -> None:
    new_home.config_file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_config(new_home)


def test_a_mark_that_windows_puts_first_is_no_setting(new_home: Home) -> None:
    new_home.config_file.write_bytes(b"\xef\xbb\xbf[keep]\r\npublications = 3\r\n")
    assert read_config(new_home).keep.publications == 3


def test_another_encoding_is_named(new_home: Home) -> None:
    new_home.config_file.write_bytes("[keep]\n".encode("utf-16"))
    with pytest.raises(ConfigError, match=r"^pam\.toml: not UTF-8 \(byte 1\): save it as UTF-8$"):
        read_config(new_home)


@pytest.mark.parametrize("name", ["pam.toml.txt", "Pam.toml", "PAM.TOML"])
def test_settings_under_nearly_their_name_are_named(new_home: Home, name: str) -> None:
    """They were not read, without a word: `report = "public"` among them."""
    new_home.config_file.with_name(name).write_text("[keep]\npublications = 3\n")
    with pytest.raises(ConfigError, match=rf"^{re.escape(name)}: is not read: its name must be pam\.toml$"):
        read_config(new_home)
    new_home.config_file.with_name(name).rename(new_home.config_file)
    assert read_config(new_home).keep.publications == 3


def test_other_files_may_be_beside_the_settings(new_home: Home) -> None:
    for name in ("pam.toml.bak", "pam.toml~", "pam.toml.example", "old pam.toml"):
        new_home.config_file.with_name(name).write_text("[keep]\npublications = 3\n")
    assert read_config(new_home) == Config()
