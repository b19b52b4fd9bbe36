"""Who can read a home: only its owner. A group named in the settings can read what is published."""

import errno
import grp
import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ALL_OUTPUTS
from support import write_extract

from dagster_project.core.config import ConfigError
from dagster_project.core.home import PROJECT, Home
from dagster_project.core.night_lock import is_under_way, take_lock
from dagster_project.core.permissions import OpenHomeError, refuse_open, share_published
from dagster_project.nights.night_run import NightRun
from dagster_project.orchestration.serve.server import NightServer, ServeError
from dagster_project.publishing import outputs
from dagster_project.serving import connect


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("open_to", [0o755, 0o750, 0o701, 0o710, 0o777])
def test_a_home_that_others_can_enter_is_refused_and_not_changed(new_home: Home, open_to: int, pam: Callable) -> None:
    new_home.path.chmod(open_to)
    for call in (lambda: take_lock(new_home), lambda: connect(new_home), lambda: refuse_open(new_home)):
        with pytest.raises(OpenHomeError, match=f"chmod 700 {new_home.path}"):
            call()
    result = pam("nightly", "--quiet", "--home", new_home.path)
    assert result.exit_code == 1 and "chmod 700" in result.stdout + result.stderr
    assert mode(new_home.path) == open_to
    new_home.path.chmod(0o700)
    take_lock(new_home).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write in the home of another user")
def test_root_is_refused_in_the_home_of_another_user(new_home: Home, pam: Callable) -> None:
    """Its files would be closed to the user's next night. In a container the owner of a mounted folder has no name."""
    named = next(user for user in pwd.getpwall() if user.pw_uid)
    unnamed = max(user.pw_uid for user in pwd.getpwall() if user.pw_uid < 60_000) + 1
    home = Home(new_home.path.parent / "of_a_user")
    home.path.mkdir(mode=0o700)
    os.chown(home.path, unnamed, -1)
    assert pam("status", "--home", home.path).exit_code == 0
    os.chown(home.path, named.pw_uid, -1)
    for command in (["nightly"], ["edition", "new", "2026-09"], ["query", "select 1"]):
        result = pam(*command, "--home", home.path)
        assert result.exit_code == 1 and f"runuser -u {named.pw_name} -- pam" in result.stderr
    assert [*home.path.iterdir()] == []


def test_a_home_that_may_not_be_made_there_says_what_to_do(
    tmp_path: Path, pam: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As below /srv for an ordinary user: no line says to let the night's user write there, nor names a log of the home."""

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    home = tmp_path / "home"
    result = pam("nightly", "--quiet", "--home", home)
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr == (
        f"pam: you may not make the home {home} there: name a folder of your own, such as `--home ~/pam`, or have root make"
        f" this one yours: `install -d -o USER -m 0700 {home}`\n"
    )


def test_a_new_home_is_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    for umask in (0o000, 0o777 & ~0o700, 0o022):
        old_umask = os.umask(umask)
        try:
            home = Home(tmp_path / f"home{umask}").create()
        finally:
            os.umask(old_umask)
        assert {mode(p) for p in (home.path, *home.path.rglob("*"))} == {0o700}


def _group() -> str:
    """A group of this user: one that new files do not get by default, if there is one."""
    group_ids = sorted({*os.getgroups(), os.getegid()}, key=lambda g: g == os.getegid())
    return grp.getgrgid(group_ids[0]).gr_name


def test_a_group_can_read_only_what_is_published(sample_copy: Home) -> None:
    home, group = sample_copy, _group()
    (home.path / "seeds").mkdir()
    (home.path / "seeds").chmod(0o755)
    (home.published / "elsewhere").symlink_to(home.config_file)
    home.config_file.write_text(f'[publish]\ngroup = "{group}"\n', encoding="utf-8")
    home.config_file.chmod(0o600)
    share_published(home, group)
    number = grp.getgrnam(group).gr_gid
    refuse_open(home)
    assert mode(home.path) == 0o710 and home.path.stat().st_gid == number
    for path in (home.published, *home.published.rglob("*")):
        if path.name == "elsewhere":
            assert mode(path) == 0o600, "what a link leads to is left as it is"
            continue
        assert mode(path) == (0o750 if path.is_dir() else 0o640) and path.stat().st_gid == number, path
    for path in home.path.iterdir():
        assert path == home.published or not mode(path) & 0o077, path
    share_published(home, None)
    assert mode(home.path) == 0o700 and mode(home.warehouse) == 0o600


def test_a_night_s_files_are_the_owner_s_and_its_publication_the_group_s(
    pam: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a umask that would close files to the group. Then, if root runs the test, a member of the group and another user
    try to read. (`test_personal_data_leaks` has every output, under umask 000.)"""
    monkeypatch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
    folder, umask = Path(tempfile.mkdtemp(prefix="pam-modes-")), os.umask(0o077)
    folder.chmod(0o711)
    try:
        home, group = Home(folder / "home").create(), _group()
        home.config_file.write_text(f'[publish]\ngroup = "{group}"\noutputs = ["open"]\n', encoding="utf-8")
        home.config_file.chmod(0o600)
        rows = [[f"N{n}", f"2025-0{n % 9 + 1}-05 10:00", ""] for n in range(12)]
        write_extract(home.inbox, "naloxone", rows, columns=["administration_ref", "administered_at", "lpu"])
        night = pam("nightly", "--quiet", "--home", home.path)
        assert night.exit_code == 0, night.output
        number = grp.getgrnam(group).gr_gid
        input_files = {home.inbox, *home.inbox.rglob("*")}
        paths = [p for p in (home.path, *home.path.rglob("*")) if not p.is_symlink() and p not in input_files]
        assert len([p for p in paths if home.published in p.parents]) > 10, "the output is published"
        for path in paths:
            shared = path == home.published or home.published in path.parents
            # A kept night is a hard link to the published file, in a folder closed to the group.
            shared |= path.parent == home.publications and path.samefile(home.warehouse)
            expected = (0o750 if path.is_dir() else 0o640) if shared else 0o700 if path.is_dir() else 0o600
            assert mode(path) == (0o710 if path == home.path else expected), path
            assert not shared or path.stat().st_gid == number, path
        _read_by_others(home, number)
    finally:
        os.umask(umask)
        shutil.rmtree(folder, ignore_errors=True)


def _read_by_others(home: Home, number: int) -> None:
    """A member of the group can query and make a report, and not read the rest. Who is not a member can read nothing."""
    if os.geteuid() != 0:
        return
    if subprocess.run(IMPORT_ONLY, user=NOBODY, group=number, extra_groups=[], cwd=PROJECT, check=False).returncode != 0:
        return
    out = home.path.parent / "out"
    out.mkdir()
    os.chown(out, NOBODY, number)
    query = ["query", "select 'sum ' || sum(value) from marts.mart_naloxone where period_type = 'calendar_year' and"
             " area_type = 'force' and period_start = date '2025-01-01'", "--format", "csv"]  # fmt: skip
    reports = (["report", "--format", "html", "--out", out / "report"], ["dashboard", "--out", out / "dashboard"])
    forbidden = (["quarantine"], ["status"], ["trace", "naloxone_administrations"])
    result = _pam(home, query, *reports, *forbidden, user=NOBODY, group=number)
    exit_codes = re.findall(r"^ENDED (.+)$", result.stdout, re.M)
    assert "sum 12" in result.stdout and exit_codes == ["0"] * 3 + ["1"] * 3, result.stderr
    assert result.stderr.count("Permission denied") == 3
    read = subprocess.run(["cat", home.warehouse], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False)
    assert read.returncode == 1 and b"Permission denied" in read.stderr


NOBODY = 65534
IMPORT_ONLY = [sys.executable, "-c", "import duckdb, dagster_project"]
"""Fails if other users can't read the checkout or its Python."""
COMMANDS = """
import json, sys
from dagster_project.cli import load_app
for words in json.loads(sys.argv[1]):
    try:
        load_app()(words)
    except SystemExit as end:
        print("ENDED", end.code or 0, flush=True)
        last = end
raise last
"""


def _pam(home: Home, *commands: list[Any], user: int, group: int) -> Any:
    """Run commands as another user, in one process. Its exit code is the last command's."""
    words = [[*map(str, c), "--home", str(home.path)] for c in commands]
    return subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(words)], capture_output=True, text=True, umask=0o022, user=user,
        group=group, cwd=PROJECT, extra_groups=[], timeout=300,
        env={**os.environ, "HOME": str(home.path.parent)},
    )  # fmt: skip


def test_an_unknown_group_is_refused(sample_copy: Home) -> None:
    with pytest.raises(ConfigError, match="no group 'no such group'"):
        share_published(sample_copy, "no such group")
    sample_copy.config_file.write_text('[publish]\ngroup = "no such group"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="no group 'no such group'"):
        NightRun(sample_copy, sample=True).begin()
    assert not is_under_way(sample_copy), "the night ends before anything is landed or built"


def test_the_page_is_only_for_this_machine_unless_a_proxy_is_set(new_home: Home, pam: Callable) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        NightServer(new_home, host, 3000).refuse_unguarded()
    result = pam("serve", "--host", "0.0.0.0", "--home", new_home.path)
    assert result.exit_code == 1 and "has no log-in and no TLS" in result.stderr
    assert "`proxy` under [serve]" in result.stderr
    assert not new_home.dagster.exists()
    with pytest.raises(ServeError, match="must not be open to the network"):
        NightServer(new_home, "pam.force.example", 3000).run()
    NightServer(new_home, "10.0.0.4", 3000, proxy="https://pam.force.example").refuse_unguarded()
