"""Who may read a home: its owner, and for what is published also a group if `pam.toml` names one."""

import contextlib
import grp
import os
import shutil
import stat
from pathlib import Path

from .config import ConfigError, read_config
from .errors import PamError
from .home import Home

OWNER = 0o700
"""A home's mode."""
TRAVERSED = 0o710
"""A home's mode where a group reads what is published: it may pass through, and list nothing."""


class OpenHomeError(PamError, RuntimeError):
    """A home that others than its owner can read or enter. The message says what to type."""


def refuse_open(home: Home) -> None:
    """Raise OpenHomeError where others can get into a home. One that is not there yet is made as it should be.

    Also raises ConfigError where the settings can't be meant.
    """
    try:
        mode = stat.S_IMODE(home.path.stat().st_mode)
    except FileNotFoundError:
        return
    wanted = TRAVERSED if read_config(home).publish.group else OWNER
    if mode & ~wanted & 0o077:
        raise OpenHomeError(
            f"{home.path} can be read or entered by others than its owner (its mode is {mode:04o}), and what it holds is"
            f" personal data: `chmod {wanted:o} {home.path}` closes it"
        )


def share(path: Path, group: str | None) -> None:
    """Let a group read what is published, a file or a folder with all in it; without a group, the owner alone.

    Links are left as they are. Raises ConfigError where there is no such group, and PermissionError where the owner of the
    home is not in it.
    """
    number = _number(group) if group else None
    for folder, _, names in os.walk(path) if path.is_dir() and not path.is_symlink() else ():
        _set(Path(folder), number, 0o750, 0o700)
        for name in names:
            _set(Path(folder, name), number, 0o640, 0o600)
    if path.is_file():
        _set(path, number, 0o640, 0o600)


def share_published(home: Home, group: str | None) -> None:
    """Have the home and its published folder as the settings say. Raises as `share`."""
    if group:
        # Before the group may pass through the home, nothing else in it is to be open.
        for path in home.path.iterdir():
            if path != home.published and not path.is_symlink() and path.stat().st_mode & 0o077:
                path.chmod(path.stat().st_mode & 0o700)
        _set(home.path, _number(group), TRAVERSED, OWNER)
    elif stat.S_IMODE(home.path.stat().st_mode) != OWNER:
        home.path.chmod(OWNER)
    share(home.published, group)


def _number(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise ConfigError(f"pam.toml: publish.group: this machine has no group {group!r}") from error


def _set(path: Path, number: int | None, shared: int, alone: int) -> None:
    if path.is_symlink():
        return
    mode = alone if number is None else shared
    with contextlib.suppress(FileNotFoundError):
        found = path.stat()
        if number is not None and found.st_gid != number:
            try:
                shutil.chown(path, group=number)
            except PermissionError as error:
                raise PermissionError(
                    f"{path.name} can't be given to the group of publish.group: who runs the nights must be in it"
                ) from error
        if stat.S_IMODE(found.st_mode) != mode:
            path.chmod(mode)
