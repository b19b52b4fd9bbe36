"""Refuses a file whose first bytes show another type than its extension."""

from pathlib import Path

from .refusal import Refused

OLD_OFFICE = b"\xd0\xcf\x11\xe0"
"""The first bytes of old Excel files, and of new ones with a password, which are packed into the old container."""

_KINDS = (
    (b"PK\x03\x04", "a zip file or an Excel workbook", (".zip", ".csv.zip", ".xlsx")),
    (b"\x1f\x8b", "a gzip file", (".csv.gz",)),
    (b"PAR1", "a Parquet file", (".parquet",)),
    (OLD_OFFICE, "an old Excel workbook (.xls), or one with a password", (".xlsx",)),
    (b"%PDF-", "a PDF", ()),
)
_PACKED = {".csv.gz": "gzip", ".zip": "zip", ".csv.zip": "zip", ".xlsx": "Excel", ".parquet": "Parquet"}


def check_kind(data: bytes, container: str) -> None:
    """Raises Refused where the first bytes are those of another kind of file than the name's ending says."""
    for mark, kind, endings in _KINDS:
        if data.startswith(mark):
            if container not in endings:
                raise Refused(f"wrong ending: the name ends in {container}, and the file is {kind}")
            return
    # Text, or an unknown kind of file: only kinds that always begin with a mark can be ruled out.
    if container in (".csv.gz", ".xlsx", ".parquet") and not data.startswith(b"PK"):
        name = _PACKED[container]
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


OLD_EXCEL = (
    "an Excel workbook of another kind (.xls, the old one, .xlsm or .xlsb): open it in Excel, save it as Excel Workbook (.xlsx)"
)
