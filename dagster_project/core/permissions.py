"""Who may read a home: its owner; what is published, also a group if `pam.toml` names one."""

import contextlib
import grp
import os
import pwd
import shutil
import stat
from pathlib import Path

from .config import ConfigError, read_config
from .errors import PamError
from .home import Home

PRIVATE = 0o700
"""A home's mode."""
GROUP_MAY_PASS = 0o710
"""A home's mode if a group reads what is published: the group may pass through the home, but not list it."""


class OpenHomeError(PamError, RuntimeError):
    """A home that others than its owner can read or enter. The message gives the command that closes it."""


class OtherOwnerError(PamError, RuntimeError):
    """Root in the home of another user, who could not read what root would write there."""


def refuse_root(home: Home) -> None:
    """Raise OtherOwnerError if root is in the home of another user.

    A home that does not exist yet is fine. So is one whose owner has no name here, such as a folder that a container mounts.
    """
    if os.geteuid() != 0:
        return
    with contextlib.suppress(FileNotFoundError, KeyError):
        if uid := home.path.stat().st_uid:
            owner = pwd.getpwuid(uid).pw_name
            raise OtherOwnerError(
                f"{home.path} belongs to the user {owner}, whose next night could not read what root writes there: run this as"
                f" {owner}, such as by `runuser -u {owner} -- pam ...`, and if root has written there before, first"
                f" `chown -R {owner} -- {home.path}`"
            )


def refuse_open(home: Home) -> None:
    """Raise OpenHomeError if others can get into a home. A home that does not exist yet is fine. Raises ConfigError."""
    try:
        mode = stat.S_IMODE(home.path.stat().st_mode)
    except FileNotFoundError:
        return
    allowed_mode = GROUP_MAY_PASS if read_config(home).publish.group else PRIVATE
    if mode & ~allowed_mode & 0o077:
        raise OpenHomeError(
            f"{home.path} can be read or entered by others than its owner (its mode is {mode:04o}), and what it holds is"
            f" personal data: `chmod {allowed_mode:o} {home.path}` closes it"
        )


def require_group(group: str | None) -> None:
    """Raise ConfigError if `publish.group` names a group that this machine does not have."""
    if group:
        _group_id(group)


def share(path: Path, group: str | None) -> None:
    """Let a group read a published folder with all in it; without a group, only the owner.

    Links are left as they are. Raises ConfigError if there is no such group, and PermissionError if the home's owner is not
    in it.
    """
    group_id = _group_id(group) if group else None
    for folder, _, names in os.walk(path) if path.is_dir() and not path.is_symlink() else ():
        _set(Path(folder), group_id, 0o750, 0o700)
        for name in names:
            _set(Path(folder, name), group_id, 0o640, 0o600)


def share_published(home: Home, group: str | None) -> None:
    """Set the modes of the home and its published folder as the settings say. Raises as `share`."""
    if group:
        # Before the group may pass through the home, close everything else in it.
        for path in home.path.iterdir():
            if path != home.published and not path.is_symlink() and path.stat().st_mode & 0o077:
                path.chmod(path.stat().st_mode & 0o700)
        _set(home.path, _group_id(group), GROUP_MAY_PASS, PRIVATE)
    elif stat.S_IMODE(home.path.stat().st_mode) != PRIVATE:
        home.path.chmod(PRIVATE)
    share(home.published, group)


def _group_id(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise ConfigError(
            f"pam.toml: publish.group: this machine has no group {group!r}: name one that `getent group` lists, or take it out"
        ) from error


def _set(path: Path, group_id: int | None, shared_mode: int, private_mode: int) -> None:
    if path.is_symlink():
        return
    mode = private_mode if group_id is None else shared_mode
    with contextlib.suppress(FileNotFoundError):
        status = path.stat()
        if group_id is not None and status.st_gid != group_id:
            try:
                shutil.chown(path, group=group_id)
            except PermissionError as error:
                raise PermissionError(
                    f"{path.name} can't be given to the group of publish.group: the user who runs the nights must be in it"
                ) from error
        if stat.S_IMODE(status.st_mode) != mode:
            path.chmod(mode)
