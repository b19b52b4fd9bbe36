"""The token that opens Dagster's page, and the page's secret address: files in the home that only its owner can read."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from urllib.parse import quote

from dagster_project.core.config import read_config
from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home

TOKEN_BYTES = 32
PREFIX_LETTERS = 16


def token_file(home: Home) -> Path:
    """The file of the token. If it is removed while `pam serve` is stopped, the next start makes a new one."""
    return home.dagster / "page.token"


def address_file(home: Home) -> Path:
    """The file in which `pam serve` writes the page's address with the token, each time it starts."""
    return home.dagster / "page.address"


def page_token(home: Home) -> str:
    """The token of a home's page: 32 random bytes, safe in a URL. Made if there is none yet. Raises OSError."""
    path = token_file(home)
    try:
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = ""
    if not token:
        make_folder(home.dagster)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        write_whole(path, token.encode("ascii"))
    return token


def page_prefix(token: str) -> str:
    """The path of the page, such as `/3f9c...`, which nobody can guess and which does not reveal the token.

    A browser sends the cookies of 127.0.0.1 to every port, including one that another user of the machine listens on. A cookie
    for a path that only the page has goes to the page alone.
    """
    return "/" + hmac.new(token.encode(), b"path of the page", hashlib.sha256).hexdigest()[:PREFIX_LETTERS]


def link_to(home: Home, page: Path) -> str:
    """The address of a page in `published/`: in a process of `pam serve` a path on its page, otherwise a `file:` address.

    The path has no host, because a browser may reach the page by several. Raises OSError and ConfigError.
    """
    if os.environ.get("DAGSTER_HOME") != str(home.dagster):
        return page.as_uri()
    prefix = "" if read_config(home).serve.proxy else page_prefix(page_token(home))
    return f"{prefix}/published/{quote(page.relative_to(home.published).as_posix())}"
