"""Reads a file's bytes, hashes and unpacks them, and checks that they are of the kind that the name says, and complete by their
own marks and the manifest."""

import errno
import gzip
import hashlib
import lzma
import os
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Annotated

from pydantic import BaseModel, Field, StrictInt, StringConstraints, ValidationError

from dagster_project.core.home import Home
from dagster_project.core.plurals import counted

from ..inbox.file_names import OLD_EXCEL, InboxFile
from ..inbox.inbox_files import FileState, opened_file, refuse_keys, state_of
from ..refusal import CHANGED_MEANWHILE, Refused, StaysInInbox

CHUNK = 1 << 22
LARGEST = 4 << 30
"""Bytes that a file may have, unpacked: more is a mistake, or a file made to fill the memory."""

LARGEST_MANIFEST = 1 << 20
MAX_ROWS = 10**15
_FAULTS: dict[int | str, str] = {
    "json_invalid": "can't be read as JSON", "model_type": "not an object ({...}) with rows and sha256",
    "rows": "rows is not a whole number", "sha256": "sha256 is not 64 hexadecimal digits",
}  # fmt: skip
"""What is wrong with a manifest, by pydantic's name for it or by the field."""

OLD_OFFICE = b"\xd0\xcf\x11\xe0"
"""The first bytes of old Excel files, and of new ones with a password, which are packed into the old container."""

_KINDS = (
    (b"PK\x03\x04", "a zip file or an Excel workbook", (".zip", ".csv.zip", ".xlsx")),
    (b"\x1f\x8b", "a gzip file", (".csv.gz",)),
    (b"PAR1", "a Parquet file", (".parquet",)),
    (OLD_OFFICE, "an old Excel workbook (.xls), or one with a password", (".xlsx",)),
    (b"%PDF-", "a PDF", ()),
)
_MARKED = {".csv.gz": "gzip", ".xlsx": "Excel", ".parquet": "Parquet"}


@dataclass(frozen=True)
class StoredFile:
    """A file's bytes as stored, their SHA-256 (hex), and the state that changes when the file does."""

    data: bytes
    sha256: str
    state: FileState


def read_stored(file: InboxFile, home: Home) -> StoredFile:
    """Read a file of the inbox once, so that the bytes hashed are the bytes parsed. Raises Refused, also for a key; OSError."""
    with opened_file(file.path, file.root) as handle:
        refuse_keys(home, handle)
        state, size = state_of(handle), os.fstat(handle).st_size
        if not size:
            raise Refused("empty: the file has no bytes, not even a header")
        if size > LARGEST:
            raise Refused(too_large("has"))
        # A hole at a file's beginning takes no disk space, but all of its length in memory.
        if size > CHUNK and not os.pread(handle, CHUNK, 0).strip(b"\0"):
            raise Refused("holds NUL bytes: damaged, or not text")
        with open(handle, "rb", closefd=False) as source:
            data = source.read(size + 1)
        if len(data) != size or state_of(handle) != state:
            raise StaysInInbox(CHANGED_MEANWHILE)
    return StoredFile(data, hashlib.sha256(data).hexdigest(), state)


def check_kind(data: bytes, container: str) -> None:
    """Raises Refused where the first bytes are those of another kind of file than the name's ending says."""
    for mark, kind, endings in _KINDS:
        if data.startswith(mark):
            if container not in endings:
                raise Refused(f"wrong ending: the name ends in {container}, and the file is {kind}")
            return
    # Text, or an unknown kind of file: only kinds that always begin with a mark can be ruled out.
    if (name := _MARKED.get(container)) and not data.startswith(b"PK"):
        raise Refused(f"wrong ending or damaged: the name ends in {container}, and the file does not begin as {name} files do")


def container_of(path: Path) -> str:
    """The ending that suits a file's first bytes, whatever its name ends in: text is `.csv`."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(b"PK"):
        return ".xlsx" if b"[Content_Types].xml" in start or b"xl/" in start else ".zip"
    if start.startswith(OLD_OFFICE):
        return ".xlsx"
    return ".csv.gz" if start.startswith(b"\x1f\x8b") else ".parquet" if start.startswith(b"PAR1") else ".csv"


def check_workbook(data: bytes) -> None:
    """Raises Refused, with what to do, for an Excel workbook that has a password or is of the old kind."""
    if not data.startswith(OLD_OFFICE):
        return
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refused(
            "a workbook with a password: open it in Excel, remove the password (File, Info, Protect Workbook, Encrypt with"
            " Password), save it as .xlsx and drop it again"
        )
    raise Refused(f"{OLD_EXCEL} and drop it again")


def unpack(stored: StoredFile, container: str) -> bytes:
    """The bytes of a CSV's text, unpacked. Raises Refused when the container is damaged or cut short."""
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
    """The content of a packed stream. Raises Refused as soon as it is larger than allowed, or can't be text."""
    text = bytearray()
    while chunk := packed.read(CHUNK):
        # A gigabyte of zeros packs into a megabyte: stop at the first chunk.
        if not text and not chunk.strip(b"\0"):
            raise Refused("holds NUL bytes: damaged, or not text")
        text += chunk
        if len(text) > LARGEST:
            raise Refused(too_large())
    return bytes(text)


def too_large(how: str = "unpacks to") -> str:
    """The reason to refuse a file that has, or unpacks to, more bytes than landing accepts."""
    return f"too large: it {how} more than {LARGEST >> 30} GiB; split it by time, into files of shorter windows"


def _unzip(data: bytes) -> bytes:
    """The one CSV of a zip. Files that macOS adds are skipped."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as file:
            names = [
                i.filename
                for i in file.infolist()
                if not i.is_dir() and not i.filename.startswith("__MACOSX/") and i.filename.rpartition("/")[2][0] != "."
            ]
            if len(names) != 1 or not names[0].lower().endswith(".csv"):
                n_files = "one file, whose name does not end in .csv" if len(names) == 1 else f"{len(names) or 'no'} files"
                raise Refused(f"a zip must contain one CSV and nothing else: this one has {n_files}")
            # Reading to the end checks the CRC. Nothing is written to disk, so a path in the name is harmless.
            with file.open(names[0]) as member:
                return _read_out(member)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        # bz2 raises OSError for what it can't unpack: nothing here is read from a disk.
        raise Refused("damaged or cut short: not a sound zip file") from error
    except RuntimeError as error:
        raise Refused("can't be read: the zip file is encrypted, or packed in a way that is not known") from error


class Manifest(BaseModel, frozen=True):
    """What a file's manifest says of the stored file; None where it does not say."""

    rows: Annotated[StrictInt, Field(ge=0, le=MAX_ROWS)] | None = None
    sha256: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern="^[0-9a-fA-F]{64}$")] | None = None

    def check_bytes(self, stored: StoredFile) -> None:
        if self.sha256 is not None and self.sha256 != stored.sha256:
            raise Refused(f"manifest: says sha256 {self.sha256}, the file has {stored.sha256}")

    def check_rows(self, rows: int | None, ignored: int | None) -> None:
        """Raises Refused when the number of rows is another. The manifest may count `ignored` rows, which are not records."""
        if self.rows is not None and self.rows not in (rows, (rows or 0) + (ignored or 0)):
            raise Refused(f"manifest: says {counted(self.rows, 'row')}, the file has {rows}")


def read_manifest(path: Path, root: Path | None) -> Manifest:
    """A file's manifest; where there is none, one that says nothing. Raises Refused when it can't be read: the file can't be
    checked against it."""
    try:
        with opened_file(path, root) as handle, open(handle, "rb", closefd=False) as source:
            data = source.read(LARGEST_MANIFEST + 1)
        if len(data) > LARGEST_MANIFEST:
            raise Refused("manifest: larger than a megabyte, and no manifest is")
        manifest = Manifest.model_validate_json(data.decode("utf-8-sig"))
    except Refused as error:
        raise error if str(error).startswith("manifest") else Refused(f"manifest: {error}") from error
    except OSError as error:
        # Where the file's name is too long for a manifest's name, there is no manifest.
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return Manifest()
        raise Refused(f"manifest: can't be read: {error.strerror}") from error
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        raise Refused(f"manifest: {_FAULTS[place[0] if place else error.errors()[0]['type']]}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"manifest: {_FAULTS['json_invalid']}") from error
    if manifest.rows is None and manifest.sha256 is None:
        raise Refused("manifest: says neither rows nor sha256")
    return manifest
