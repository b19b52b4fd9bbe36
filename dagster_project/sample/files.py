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
    """Rows of one file, and how they are written. `columns`: with a comma and a blank in between."""

    name: str
    covered: Span
    columns: str
    rows: Sequence[Sequence[object]]
    extracted_at: str = EXTRACTED_AT
    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    is_gzipped: bool = False
    file_name: str | None = None
    """Only for data.police.uk files, whose names have the month instead of the window."""

    def write(self, directory: Path) -> Path:
        """Write the file and return its path."""
        window = f"{self.covered.start}__{self.covered.end}"
        suffix = ".csv.gz" if self.is_gzipped else ".csv"
        path = directory / (self.file_name or f"{self.name}__{FORCE_CODE}__{window}__{self.extracted_at}{suffix}")
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self.delimiter, lineterminator=self.newline).writerows(
            [self.columns.split(", "), *self.rows]
        )
        # "utf-16" would use the byte order of this machine
        mark, encoding = ("\ufeff", "utf-16-le") if self.encoding == "utf-16" else ("", self.encoding)
        content = (mark + text.getvalue()).encode(encoding)
        path.write_bytes(gzipped(content) if self.is_gzipped else content)
        return path


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
