"""From bytes to text: UTF-8 with or without BOM, Windows-1252, UTF-16, and files that mix encodings."""

import codecs
import re
from dataclasses import dataclass

from .refusal import Refused

SAMPLE = 4096

MARK = "\ufdd0"
"""Put before characters that are not of the file's encoding: a code point that no text has."""

UNDEFINED = "\ufffd"
"""What stands for a byte that is no character at all."""

_STRAY = re.compile("[\ud800-\udfff]+")
# Possessive: a line is looked at once, however long.
_ODD_LINE = re.compile("^[\x00-\x09\x0b-\x7f]*+[^\x00-\x7f][^\n]*", re.M)
_STRAY_LINE = re.compile("^[^\n\ud800-\udfff]*+[\ud800-\udfff][^\n]*", re.M)


@dataclass(frozen=True)
class DecodedText:
    """Decoded text without its BOM, line ends as LF, and the encoding it had.

    `other_than`: where some of it is in another encoding, the name of the one that the rest is in; the characters that
    are not have a `MARK` before them, and are what they most likely mean.
    """

    text: str
    encoding: str
    other_than: str | None = None


def decode(data: bytes) -> DecodedText:
    """Decode by BOM, else UTF-16 by its NUL bytes, else UTF-8 where it has any, else Windows-1252.

    Of a file in two minds (UTF-8 and Windows-1252) that which most of its lines beyond ASCII are in counts. Raises Refused
    for bytes that stop within a character, and for NUL.
    """
    if data.startswith(codecs.BOM_UTF8):
        return _utf8(data[3:], "utf-8-bom")
    for bom, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(bom):
            return _utf16(data[2:], codec)
    if unmarked := _utf16_without_bom(data):
        return _utf16(data, unmarked)
    if b"\0" in data:
        raise Refused("holds NUL bytes: damaged, or not text")
    return _utf8(data, "utf-8")


def _utf8(data: bytes, encoding: str) -> DecodedText:
    try:
        return _text(data.decode("utf-8"), encoding)
    except UnicodeDecodeError as error:
        told = encoding == "utf-8-bom"
        # A stray last byte is a cut where valid UTF-8 stands before it, else a letter of Windows-1252.
        if error.reason == "unexpected end of data" and (told or not data[: error.start].isascii()):
            raise Refused("cut short: the file stops within a character") from error
    # What is left without the bytes that are no UTF-8 tells whether any are.
    if told or not data.decode("utf-8", "ignore").isascii():
        # Bytes that are no UTF-8 become lone surrogates, one each.
        text = _one_line_end(data.decode("utf-8", "surrogateescape"))
        lines, strays = _count(_ODD_LINE, text), _count(_STRAY_LINE, text)
        if told or 2 * strays <= lines:
            return _text(_STRAY.sub(_as_windows, text), encoding, "UTF-8")
        return _text(_ODD_LINE.sub(_line_of_windows, text), "windows-1252", "Windows-1252")
    try:
        return _text(data.decode("cp1252"), "windows-1252")
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252.
        text = _STRAY.sub(MARK + UNDEFINED, data.decode("cp1252", "surrogateescape"))
        return _text(text, "windows-1252", "Windows-1252")


def _utf16(data: bytes, codec: str) -> DecodedText:
    try:
        return _text(data.decode(codec), codec)
    except UnicodeDecodeError as error:
        if error.reason in ("unexpected end of data", "truncated data"):
            raise Refused("cut short: the file stops within a character") from error
    try:
        # Half a pair: a program cut a text by its length.
        return _text(_STRAY.sub(MARK + UNDEFINED, data.decode(codec, "surrogatepass")), codec, "UTF-16")
    except UnicodeDecodeError as error:
        raise Refused("cut short: the file stops within a character") from error


def _count(pattern: re.Pattern[str], text: str) -> int:
    return pattern.subn("", text)[1]


def _as_windows(found: re.Match[str]) -> str:
    """Bytes that are no UTF-8, as the letters of Windows-1252 that they would be."""
    return MARK + found[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def _line_of_windows(found: re.Match[str]) -> str:
    """A line beyond ASCII of a file in Windows-1252: one that is sound UTF-8 is the odd one out."""
    line: str = found[0]
    if not _STRAY.search(line):
        return re.sub("[^\x00-\x7f]+", rf"{MARK}\g<0>", line)
    text = line.encode("utf-8", "surrogateescape").decode("cp1252", "surrogateescape")
    return _STRAY.sub(MARK + UNDEFINED, text)


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


def _text(text: str, encoding: str, other_than: str | None = None) -> DecodedText:
    if "\0" in text:
        raise Refused("holds NUL characters: damaged, or not text")
    # DOS programs end a text with Ctrl-Z.
    text = _one_line_end(text).removesuffix("\x1a")
    return DecodedText(text.removeprefix("\ufeff"), encoding, other_than)


def _one_line_end(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\n" not in text:
            text = text.replace("\r", "\n")
    return text
