"""If an output can't be made, the last good one replaces it, and every page says that it is not tonight's.

If there is none, or it was made under other settings of what may leave the force, a page says that it could not be made.
"""

import html
import re
import shutil
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagster_project.core.config import Config

MARK = "STALE.txt"
"""A file that says so, for formats that can't: workbooks, documents, Parquet."""
_BANNER = re.compile("<!--stale-->.*?<!--/stale-->", re.S)
_BODY = re.compile("<body[^>]*>")


def settings_hash(config: "Config") -> str:
    """A short hash of the settings of what is published, and in which form."""
    settings = f"{config.publish.open} {config.publish.report} {config.public.model_dump_json()}"
    return sha256(settings.encode()).hexdigest()[:16]


def night_of_good(written: Iterable[tuple[str, Mapping[str, Any] | None]], digest: str, form: str) -> str:
    """The night that the published output, whose files have this digest, was made from; blank unless it was made under the same
    settings.

    `written`: each night's id, and what its receipt says of this output, oldest first.
    """
    for night_id, output in reversed(list(written)):
        if output and output.get("sha256") == digest:
            is_usable = output.get("form") == form and (output.get("of") or not output.get("failed"))
            return str(output.get("of") or night_id) if is_usable else ""
    return ""


def replace_failed(folder: Path, night_id: str, what: str, good: Path | None, of: str) -> None:
    """Make a folder again from the last good output, and say so on every page. `what`: the output, in words. `of`: the
    night of that output; blank if none can be used. Raises OSError."""
    shutil.rmtree(folder, ignore_errors=True)
    if good is None or not of:
        folder.mkdir(mode=0o700)
        text = f"Not available. {what} of night {night_id} could not be made, and no earlier one can take its place."
        head = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Not available</title></head>'
        (folder / "index.html").write_text(f"{head}\n<body><main><h1>{html.escape(text)}</h1></main></body></html>\n", "utf-8")
    else:
        shutil.copytree(good, folder)
        text = f"Not of tonight. {what} of night {night_id} could not be made; this is the one of night {of}."
        words = f'<aside aria-label="Not of tonight"><p><strong>{html.escape(text)}</strong></p></aside>'
        banner = f"<!--stale-->{words}<!--/stale-->"
        for page in folder.rglob("*.html"):
            body_text = _BANNER.sub("", page.read_text(encoding="utf-8"))
            body = _BODY.search(body_text)
            after_body_tag = body.end() if body else 0
            page.write_text(f"{body_text[:after_body_tag]}{banner}{body_text[after_body_tag:]}", encoding="utf-8", newline="\n")
    (folder / MARK).write_text(f"{text}\n", encoding="utf-8")
