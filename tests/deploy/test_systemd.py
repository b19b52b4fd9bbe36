"""The systemd units: systemd accepts them, their commands exist, and the timer follows London time."""

import os
import re
import shlex
import shutil
import subprocess

import pytest
import typer

from dagster_project.cli import load_app
from dagster_project.core.home import PROJECT

UNITS = sorted((PROJECT / "deploy" / "systemd").iterdir())
SERVICES = [u for u in UNITS if u.suffix == ".service"]
COMMANDS = typer.main.get_command(load_app()).commands
HARDENED = {
    "User=pam", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "UMask=0077", "CapabilityBoundingSet=",
    "SystemCallFilter=@system-service", "RestrictSUIDSGID=yes",
    "LimitCORE=0",
}  # fmt: skip

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs the program systemd-analyze")


def analyze(*args: object) -> str:
    environment = {**os.environ, "TZ": "UTC"}
    process = subprocess.run(["systemd-analyze", *map(str, args)], capture_output=True, text=True, check=False, env=environment)
    return process.stdout + process.stderr


def setting(text: str, name: str) -> str:
    return re.search(rf"^{name}=(.*)$", text, re.M)[1]


def test_there_are_three_units() -> None:
    assert [u.name for u in UNITS] == ["pam-nightly.service", "pam-nightly.timer", "pam-serve.service"]


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_systemd_accepts_the_unit(unit) -> None:
    warnings = [line for line in analyze("verify", unit).splitlines() if unit.stem in line]
    # The program is not installed here, and systemd before 254 has no growing pauses and says that it ignores them.
    known = ("/opt/pam-warehouse/.venv/bin/pam is not executable", "'RestartSteps'", "'RestartMaxDelaySec'")
    assert [line for line in warnings if not any(k in line for k in known)] == []


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda u: u.name)
def test_the_exposure_level_is_low(unit) -> None:
    output = analyze("security", "--offline=true", "--no-pager", unit)
    level = re.search(r"exposure level for .*: ([\d.]+)", output)
    if level is None and os.geteuid():
        pytest.skip(f"systemd-analyze judges no unit for an ordinary user here: {output.strip()}")
    assert float(level[1]) < 2


@pytest.mark.parametrize("unit", SERVICES, ids=lambda u: u.name)
def test_commands_exist_and_no_secret_is_in_the_unit(unit) -> None:
    text = unit.read_text(encoding="utf-8")
    assert set(text.splitlines()) >= HARDENED
    program, command, *words = shlex.split(setting(text, "ExecStart"))
    assert program.endswith("/bin/pam") and command in COMMANDS
    options = {o for p in COMMANDS[command].params for o in p.opts}
    assert {w for w in words if w.startswith("--")} <= options
    assert setting(text, "ReadWritePaths") == setting(text, "Environment").removeprefix("PAM_HOME=")
    assert "PASSWORD" not in re.sub(r"^#.*$", "", text, flags=re.M)


@needs_systemd
@pytest.mark.parametrize(
    ("day_before", "at"),
    [("2026-03-28 12:00 UTC", "2026-03-29 01:00:00 UTC"), ("2026-10-24 12:00 UTC", "2026-10-25 02:00:00 UTC")],
)
def test_the_timer_follows_london_time_when_the_clocks_change(day_before: str, at: str) -> None:
    calendar = setting((PROJECT / "deploy" / "systemd" / "pam-nightly.timer").read_text(encoding="utf-8"), "OnCalendar")
    output = analyze("calendar", "--iterations=2", f"--base-time={day_before}", calendar)
    times = re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", output)
    assert times[0] == at.removesuffix(" UTC")
    assert times[1][:10] > times[0][:10], "one a day"
