"""From bytes to text: UTF-8 with or without BOM, Windows-1252, UTF-16."""

import codecs
from dataclasses import dataclass

from .refusal import Refused

CHUNK = 1 << 22
SAMPLE = 4096


@dataclass(frozen=True)
class Text:
    """Decoded text without its BOM, line ends as LF, and the encoding it had."""

    text: str
    encoding: str


def decode(data: bytes) -> Text:
    """Decode by BOM, else UTF-16 by its NUL bytes, else strict UTF-8, else Windows-1252.

    Raises Refused for bytes that are none of these, or that stop within a character.
    """
    if data.startswith(codecs.BOM_UTF8):
        return _text(_strict(data[3:], "utf-8", "UTF-8, as its byte order mark says"), "utf-8-bom")
    for bom, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(bom):
            return _text(_strict(data[2:], codec, "UTF-16, as its byte order mark says"), codec)
    if codec := _utf16_without_bom(data):
        return _text(_strict(data, codec, "UTF-16, which its bytes look like"), codec)
    if b"\0" in data:
        raise Refused("holds NUL bytes: damaged, or not text")
    try:
        return _text(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and _has_multibyte(data[: error.start]):
            raise Refused("cut short: the file stops within a character") from error
    return _text(_strict(data, "cp1252", "UTF-8 or Windows-1252"), "windows-1252")


def _strict(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        if error.reason in ("unexpected end of data", "truncated data"):
            raise Refused("cut short: the file stops within a character") from error
        raise Refused(f"can't be read: not text in {name}") from error


def _has_multibyte(data: bytes) -> bool:
    """Whether valid UTF-8 has anything beyond ASCII: then a stray last byte is a cut, not Windows-1252."""
    return not data.isascii()


def _utf16_without_bom(data: bytes) -> str | None:
    """UTF-16's codec where nearly every other byte of the beginning is NUL, as in any English header."""
    sample = data[:SAMPLE]
    even, odd = sample[0::2], sample[1::2]
    if not odd:
        return None
    for zeros, others, codec in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) > 0.7 * len(zeros) and others.count(0) == 0:
            return codec
    return None


def _text(text: str, encoding: str) -> Text:
    if "\0" in text:
        raise Refused("holds NUL characters: damaged, or not text")
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\n" not in text:
            text = text.replace("\r", "\n")
    # DOS programs end a text with Ctrl-Z.
    text = text.removesuffix("\x1a")
    return Text(text.removeprefix("\ufeff"), encoding)
