"""Who does something, by what the operating system says and not the environment."""

import os
import pwd
from pathlib import Path

LOGIN = Path("/proc/self/loginuid")
NOBODY = 2**32 - 1


def who() -> str:
    """The user of the process; with who logged in, where that is another (`sudo -u pam pam query ...`).

    The kernel keeps the latter through sudo and su; where it does not (no audit in the kernel), it is left out.
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
