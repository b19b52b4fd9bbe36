"""The token that opens Dagster's page, and the page's secret address. Both are files of the home, for its owner alone."""

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
    """Where the token is kept. Remove it while `pam serve` is stopped, and the next start makes a new one."""
    return home.dagster / "page.token"


def address_file(home: Home) -> Path:
    """Where `pam serve` writes the page's address with the token, each time it starts."""
    return home.dagster / "page.address"


def page_token(home: Home) -> str:
    """The token of a home's page, made where there is none yet: 32 random bytes, for a URL. Raises OSError."""
    path = token_file(home)
    try:
        found = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        found = ""
    if not found:
        make_folder(home.dagster)
        found = secrets.token_urlsafe(TOKEN_BYTES)
        write_whole(path, found.encode("ascii"))
    return found


def page_prefix(token: str) -> str:
    """The folder of the page's addresses, such as `/3f9c...`: one that nobody guesses, and that does not tell the token.

    A browser sends the cookies of 127.0.0.1 to every port of it, also to one that another user of the machine listens on. A
    cookie of a path that only the page has goes to the page alone.
    """
    return "/" + hmac.new(token.encode(), b"path of the page", hashlib.sha256).hexdigest()[:PREFIX_LETTERS]


def published_path(prefix: str) -> str:
    """The address below which the page serves published outputs."""
    return f"{prefix}/published"


def link_to(home: Home, page: Path) -> str:
    """The address of a page of `published/`: on the page of `pam serve` in one of its processes, else the file's path.

    Without a host, as a browser reaches it by one of several. Raises OSError, and ConfigError of the home's settings.
    """
    if os.environ.get("DAGSTER_HOME") != str(home.dagster):
        return page.as_uri()
    prefix = "" if read_config(home).serve.proxy else page_prefix(page_token(home))
    return f"{published_path(prefix)}/{quote(page.relative_to(home.published).as_posix())}"
