"""Damaged extracts, each made from its seed and number alone: what senders, disks and attackers do to files."""

import gzip
import random
import zipfile
from dataclasses import dataclass
from io import BytesIO

from landing.workbook import workbook

MARK = "Qzx7secretQ"
"""The cells of a column that no contract has. It must appear nowhere."""

HEADER = "order_ref,order_date,offence_category,order_value,benefit_value,Officer Note"


@dataclass(frozen=True)
class Mutant:
    """A file's name (bytes, as in a file system), its content, and its manifest, or None."""

    kind: str
    name: bytes
    data: bytes
    manifest: bytes | None = None


def mutant(seed: int, number: int) -> Mutant:
    """The mutant of a number. Neighbouring numbers are of different kinds; the same seed and number give the same bytes."""
    rng = random.Random(f"{seed} {number}")  # noqa: S311  (tests, no secret)
    kind = list(KINDS)[number % len(KINDS)]
    ending, data, *manifest = KINDS[kind](rng)
    if isinstance(ending, bytes):
        return Mutant(kind, ending, data)
    day, second = divmod(number, 86_400)
    at = f"202601{1 + day:02d}T{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}Z"
    name = f"confiscation_orders__derbyshire__2025-01-01__2025-12-31__{at}{ending}"
    return Mutant(kind, name.encode(), data, manifest[0] if manifest else None)


def _rows(rng, n=None):
    return [
        f"K{rng.randrange(10**6)},2025-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d},Fraud,{rng.randrange(9999)},,{MARK}"
        for _ in range(n or rng.randint(3, 30))
    ]  # fmt: skip


def _text(rng, header=HEADER, rows=None, end="\n"):
    return (end.join([header, *(rows if rows is not None else _rows(rng))]) + end).encode()


def _zip(members, compression=zipfile.ZIP_DEFLATED):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, data in members:
            # Dated 1980: the current time must not change the bytes.
            file.writestr(zipfile.ZipInfo(name), data, compression)
    return out.getvalue()


def _workbook(cells, change=lambda data: data):
    with zipfile.ZipFile(BytesIO(workbook(cells))) as file:
        return _zip([(name, change(file.read(name))) for name in file.namelist()])


def _packed(rng):
    text = _text(rng)
    ending = rng.choice((".csv", ".csv.gz", ".zip", ".xlsx"))
    cells = [line.split(",") for line in text.decode().splitlines()]
    packed = {".csv": text, ".csv.gz": gzip.compress(text, mtime=0), ".zip": _zip([("a.csv", text)])}
    return ending, _workbook(cells) if ending == ".xlsx" else packed[ending]


def _cut(rng):
    ending, data = _packed(rng)
    return ending, data[: rng.randrange(len(data))]


def _flipped(rng):
    ending, data = _packed(rng)
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    return ending, bytes(damaged)


def _quotes(rng):
    text = bytearray(_text(rng))
    for _ in range(rng.randint(1, 6)):
        text.insert(rng.randrange(len(HEADER), len(text)), 34)
    return ".csv", bytes(text)


def _nul(rng):
    text = _text(rng)
    at = rng.randrange(len(text))
    return ".csv", text[:at] + b"\0" * rng.randint(1, 5) + text[at:]


def _long_line(rng):
    filler = rng.choice(("x", '"', ",", "é", " ", "£,"))
    return ".csv", _text(rng, rows=[*_rows(rng), "K1,2025-01-01," + filler * rng.randint(10**5, 10**6)])


def _wide_header(rng):
    return ".csv", _text(rng, header=HEADER + ",x" * rng.randint(100, 60_000))


def _bomb(rng):
    size = rng.randint(1, 8) << 20
    filler = rng.choice((b"\0", b"a", b"\n", b'"', b","))
    if rng.random() < 0.5:
        return ".csv.gz", gzip.compress(filler * size, mtime=0)
    return ".zip", _zip([("a.csv", filler * size)])


def _member(rng):
    text = _text(rng)
    names = rng.choice((
        ["../../etc/x.csv"], ["/etc/x.csv"], ["a/"], ["a.csv", "b.csv"], ["C:\\x.csv"], ["x.txt"], [], ["A.CSV"],
    ))  # fmt: skip
    return ".zip", _zip([(n, text) for n in dict.fromkeys(names)])


def _far_cell(rng):
    far = f'<row r="{rng.randint(10**6, 1048576)}"><c r="XFD1048576"><v>1</v></c></row></sheetData>'.encode()
    cells = [HEADER.split(","), _rows(rng, 1)[0].split(",")]
    return ".xlsx", _workbook(cells, lambda data: data.replace(b"</sheetData>", far))


def _ending(rng):
    _, data = _packed(rng)
    return rng.choice((".csv", ".csv.gz", ".zip", ".xlsx", ".parquet")), data


def _binary(rng):
    return rng.choice((".csv", ".csv.gz", ".zip", ".xlsx", ".parquet")), rng.randbytes(rng.randint(0, 5000))


def _nearly_empty(rng):
    bare = (
        b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n", b" ", b"\x1a", HEADER.encode(), HEADER.encode() + b"\r\n",
        b'"', b"sep=;",
    )  # fmt: skip
    return ".csv", rng.choice(bare)


def _mixed(rng):
    lines = [HEADER.encode()]
    for row in _rows(rng):
        odd = row.replace("Fraud", rng.choice(("Fräud", "£", "日本", "\u202e", "😀", "\u2028", "\x07")))
        lines.append(odd.encode(rng.choice(("utf-8", "cp1252", "utf-16-le")), "replace"))
    return ".csv", b"".join(line + rng.choice((b"\n", b"\r\n", b"\r")) for line in lines)


def _manifest(rng):
    manifests = (
        b"", b"[]", b"{", b"null", b'{"rows": "3"}', b'{"rows": -1}', b'{"rows": true}', b'{"sha256": 3}', b'{"rows": 1e400}',
        b'{"sha256": "\\ud800"}', b'{"rows": ' + b"9" * 5000 + b"}", b"[" * 100_000, b" " * (2 << 20), b"\xff\xfe", b"{}",
        b'{"sha256": "' + b"z" * 500_000 + b'"}', b'{"rows": 999999}',
    )  # fmt: skip
    return ".csv", _text(rng), rng.choice(manifests)


def _cells(rng):
    odd = (
        "0000-01-01", "9999-12-31", "2025-02-30", "9" * 400, "1e999", "-0", "=1+1", "=cmd|'/c calc'!A0", "😀", "\u202e", "NaN",
        "\x1b[31m",
    )  # fmt: skip
    rows = [row.split(",") for row in _rows(rng)]
    for row in rows:
        row[rng.randrange(5)] = rng.choice(odd)
    return ".csv", _text(rng, rows=[",".join(row) for row in rows])


def _headers(rng):
    odd = ("order_ref", "Order Date", "\u2028", "\x1b[1m", "[bold]", "😀", "\u202e", "x" * 5000, "")
    return ".csv", _text(rng, header=f"{HEADER},{rng.choice(odd)}")


def _named(rng):
    odd = (
        b"line\nbreak.csv", "line\u2028break.csv".encode(), b"no\xff\xfeutf8.csv",
        b"x" * 251 + b".csv", b"\xff" * 251 + b".csv",
       
        b"-rf.csv", b"[bold]x.csv", b"'\"$(x).csv", "😀.csv".encode(),
        "\u202egpj.csv".encode(), b"no_ending", b"a__b__c__d__e.csv",
        b"crimes__\x1b[31m__2025-01-01__2025-12-31__20260105T020000Z.csv",
        b"crimes__derbyshire__2025-02-30__2025-12-31__20260105T020000Z.csv",
        b"confiscation_orders" + b" " * 170 + b"__derbyshire__2025-01-01__2025-12-31__20260205T020000Z.csv",
    )  # fmt: skip
    return rng.choice(odd), _text(rng)


KINDS = {
    "cut short": _cut, "bytes flipped": _flipped, "wrong quotes": _quotes, "NUL": _nul, "long line": _long_line,
    "wide header": _wide_header, "bomb": _bomb, "path in a zip": _member, "far cell": _far_cell, "wrong ending": _ending,
    "binary": _binary, "nearly empty": _nearly_empty, "mixed encodings": _mixed, "manifest": _manifest, "cells": _cells,
    "headers": _headers, "name": _named,
}  # fmt: skip
