"""An extract as a file: its canonical name, and its bytes in the encodings that the contract allows."""

import csv
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .spans import Span

FORCE_CODE = "derbyshire"
EXTRACTED_AT = "20260105T020000Z"
"""The time of extraction: the first Monday after the last covered day."""


@dataclass(frozen=True)
class Extract:
    """Rows of one file. `form`: how they are written."""

    name: str
    covered: Span
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    extracted_at: str = EXTRACTED_AT
    form: "Form | None" = None
    file_name: str | None = None
    """Only for data.police.uk files, whose names have the month instead of the window."""

    def path(self, directory: Path) -> Path:
        """The path of the file in a directory."""
        suffix = ".csv.gz" if self.form and self.form.gzipped else ".csv"
        window = f"{self.covered.start}__{self.covered.end}"
        canonical = f"{self.name}__{FORCE_CODE}__{window}__{self.extracted_at}{suffix}"
        return directory / (self.file_name or canonical)

    def write(self, directory: Path) -> Path:
        """Write the file and return its path."""
        path = self.path(directory)
        path.write_bytes((self.form or Form()).encode(self.columns, self.rows))
        return path


@dataclass(frozen=True)
class Form:
    """Encoding, delimiter, line ends and container of a file."""

    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    gzipped: bool = False

    def encode(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
        """The bytes of the file."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.newline)
        writer.writerow(columns)
        writer.writerows(rows)
        # "utf-16" would use the byte order of this machine
        body = text.getvalue()
        content = ("\ufeff" + body).encode("utf-16-le") if self.encoding == "utf-16" else body.encode(self.encoding)
        return gzipped(content) if self.gzipped else content


def gzipped(content: bytes) -> bytes:
    """`content` as a gzip file of uncompressed blocks, without a time.

    Uncompressed, because builds of zlib compress the same bytes differently, and the sample must not differ.
    """
    blocks = [content[at : at + 0xFFFF] for at in range(0, len(content), 0xFFFF)] or [b""]
    body = b"".join(
        struct.pack("<BHH", at == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block for at, block in enumerate(blocks)
    )
    header = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"
    return header + body + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def uk_date(day: str) -> str:
    """An ISO date as a UK date: `31/10/2025` for `2025-10-31`; blank stays blank."""
    return f"{day[8:10]}/{day[5:7]}/{day[:4]}" if day else ""


def pounds(pence: int) -> str:
    """Pence as plain pounds: `118569600` as `1185696.00`."""
    return f"{pence // 100}.{pence % 100:02d}"


def pounds_signed(pence: int) -> str:
    """Pence as a person would type pounds: `118569600` as `£1,185,696.00`."""
    return f"£{pence // 100:,}.{pence % 100:02d}"
