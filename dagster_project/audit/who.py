"""Who is doing something, as the operating system knows it: environment variables can be set by anybody."""

import os
import pwd
from pathlib import Path

LOGIN = Path("/proc/self/loginuid")
NOBODY = 2**32 - 1


def who() -> str:
    """The user of the process, and the user who logged in, if that is another one (`sudo -u pam pam query ...`).

    The kernel keeps the latter through sudo and su; it is left out if the kernel does not (built without audit).
    """
    uid = os.geteuid()
    try:
        login = int(LOGIN.read_text(encoding="ascii"))
    except (OSError, ValueError):
        login = NOBODY
    if login in (NOBODY, uid):
        return _name(uid)
    return f"{_name(uid)} (logged in as {_name(login)})"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
