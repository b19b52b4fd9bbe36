"""From a file to the bytes of its text: hashed as stored, unpacked, and checked to be complete."""

import errno
import gzip
import hashlib
import json
import lzma
import os
import re
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from dagster_project.core.home import Home

from .file_names import InboxFile
from .file_signatures import check_kind
from .inbox_files import FileStamp, opened_file, refuse_keys
from .refusal import Refused, StillChanging

CHUNK = 1 << 22
LARGEST = 4 << 30
"""Bytes that a packed file may hold: more is taken for a mistake, or for a file made to fill the memory."""

LARGEST_MANIFEST = 1 << 20
MOST_ROWS = 10**15
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Stored:
    """A file's bytes as they are stored, their SHA-256 (hex) and their number; `seen`: what tells the file from later ones."""

    data: bytes
    sha256: str
    size: int
    seen: FileStamp


def read_stored(file: InboxFile, home: Home) -> Stored:
    """Read a file of the inbox once: what is hashed is what is parsed. Raises Refused, OSError."""
    return read_path(file.path, file.root, home)


def read_path(path: Path, root: Path | None = None, home: Home | None = None) -> Stored:
    """Read any file once. `root`: the folder that no link may lead out of; `home`: whose keys it must not be, if any.

    Raises Refused, OSError.
    """
    with opened_file(path, root) as handle:
        if home is not None:
            refuse_keys(home, handle)
        seen = FileStamp.of(handle)
        if not seen.size:
            raise Refused("empty: the file has no bytes, not even a header")
        if seen.size > LARGEST:
            raise Refused(too_large("has"))
        # A hole at a file's beginning takes no room on a disk, and all of its length in memory.
        if seen.size > CHUNK and not os.pread(handle, CHUNK, 0).strip(b"\0"):
            raise Refused("holds NUL bytes: damaged, or not text")
        with open(handle, "rb", closefd=False) as source:
            data = source.read(seen.size + 1)
        if len(data) != seen.size or FileStamp.of(handle) != seen:
            raise StillChanging("changed while it was read: it will be read again")
    return Stored(data, hashlib.sha256(data).hexdigest(), len(data), seen)


def unpack(stored: Stored, container: str) -> bytes:
    """The bytes of a CSV's text, out of the container. Raises Refused when it is damaged or cut short."""
    check_kind(stored.data, container)
    if container == ".csv":
        return stored.data
    text = _gunzip(stored.data) if container == ".csv.gz" else _unzip(stored.data)
    if not text:
        raise Refused("empty: the file has no bytes, not even a header")
    check_kind(text, ".csv")
    return text


def _gunzip(data: bytes) -> bytes:
    try:
        # GzipFile checks the CRC and the length of every member.
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            return _read_out(file)
    except EOFError as error:
        raise Refused("cut short: the gzip stream ends before its end mark") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Refused("damaged: not a sound gzip file") from error


def _read_out(packed: IO[bytes] | gzip.GzipFile) -> bytes:
    """What a packed stream holds, to its end. Raises Refused as soon as it is more than may be, or can't be text."""
    text = bytearray()
    while chunk := packed.read(CHUNK):
        # A gigabyte of nothing packs into a file of a megabyte: what it is shows at once.
        if not text and not chunk.strip(b"\0"):
            raise Refused("holds NUL bytes: damaged, or not text")
        text += chunk
        if len(text) > LARGEST:
            raise Refused(too_large())
    return bytes(text)


def too_large(how: str = "unpacks to") -> str:
    """The reason for a file that has, or unpacks to, more than landing takes."""
    return f"too large: it {how} more than {LARGEST >> 30} GiB; split it by time, into files of shorter windows"


def _unzip(data: bytes) -> bytes:
    """The one CSV of a zip. What a Mac adds of its own is passed over."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as file:
            names = [
                i.filename
                for i in file.infolist()
                if not i.is_dir() and not i.filename.startswith("__MACOSX/") and _basename(i.filename)[0] != "."
            ]
            if len(names) != 1 or not names[0].lower().endswith(".csv"):
                raise Refused(f"a zip must hold one CSV and nothing else: this one has {_n_files(names)}")
            # Reading to the end checks the CRC. Nothing is written: where the name would lead does not matter.
            with file.open(names[0]) as member:
                return _read_out(member)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        # bz2 raises OSError for what it can't unpack: nothing here is read from a disk.
        raise Refused("damaged or cut short: not a sound zip file") from error
    except (RuntimeError, NotImplementedError) as error:
        raise Refused("can't be read: the zip file is encrypted, or packed in a way that is not known") from error


def _n_files(names: list[str]) -> str:
    if len(names) == 1:
        return "one file, whose name does not end in .csv"
    return f"{len(names)} files" if names else "no files"


def _basename(name: str) -> str:
    return name.rpartition("/")[2]


@dataclass(frozen=True)
class Manifest:
    """What the sidecar claims of the stored file; None where it claims nothing."""

    rows: int | None
    sha256: str | None

    def check_bytes(self, stored: Stored) -> None:
        """Raises Refused when the bytes are others."""
        if self.sha256 is not None and self.sha256 != stored.sha256:
            raise Refused(f"manifest: says sha256 {self.sha256}, the file has {stored.sha256}")

    def check_rows(self, rows: int | None, ignored: int | None = None) -> None:
        """Raises Refused when the number of data rows is another. `ignored`: rows that are no records, and may be counted."""
        if self.rows is not None and self.rows not in (rows, (rows or 0) + (ignored or 0)):
            raise Refused(f"manifest: says {self.rows} rows, the file has {rows}")


def read_manifest(path: Path, root: Path | None = None) -> Manifest | None:
    """The sidecar, None where there is none. `root`: the folder that no link may lead out of. Raises Refused when it can't be
    understood: then it doesn't hold."""
    try:
        with opened_file(path, root) as handle, open(handle, "rb", closefd=False) as source:
            data = source.read(LARGEST_MANIFEST + 1)
        if len(data) > LARGEST_MANIFEST:
            raise Refused("manifest: larger than a megabyte, and no manifest is")
        body = json.loads(data.decode("utf-8-sig"))
    except Refused as error:
        raise error if str(error).startswith("manifest") else Refused(f"manifest: {error}") from error
    except FileNotFoundError:
        return None
    except OSError as error:
        # A name so long that a manifest's would be longer than names can be has none.
        if error.errno == errno.ENAMETOOLONG:
            return None
        raise Refused(f"manifest: can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Refused("manifest: can't be read as JSON") from error
    if not isinstance(body, dict):
        raise Refused("manifest: not an object ({...}) with rows and sha256")
    rows, sha256 = body.get("rows"), body.get("sha256")
    if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or not 0 <= rows <= MOST_ROWS):
        raise Refused("manifest: rows is not a whole number")
    if rows is None and sha256 is None:
        raise Refused("manifest: says neither rows nor sha256")
    if sha256 is not None and not isinstance(sha256, str):
        raise Refused("manifest: sha256 is not text")
    if sha256 is not None and not _SHA256.fullmatch(sha256 := sha256.strip().lower()):
        raise Refused("manifest: sha256 is not 64 hexadecimal digits")
    return Manifest(rows, sha256)
