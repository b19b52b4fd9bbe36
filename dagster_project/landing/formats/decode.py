"""Decodes bytes to text: UTF-8 with or without BOM, Windows-1252, UTF-16, and files that mix encodings."""

import codecs
import re
from dataclasses import dataclass

from dagster_project.core.printable import visible

from ..refusal import Refused

SAMPLE = 4096

MARK = "\ufdd0"
"""Put before characters that are not in the file's main encoding: a code point that no text has."""

UNDEFINED = "\ufffd"
"""Replaces a byte that is not a character in the encoding."""

_STRAY = re.compile("[\ud800-\udfff]+")
# Possessive quantifiers: a line is read once, however long it is.
_ODD_LINE = re.compile("^[\x00-\x09\x0b-\x7f]*+[^\x00-\x7f][^\n]*", re.M)
_STRAY_LINE = re.compile("^[^\n\ud800-\udfff]*+[\ud800-\udfff][^\n]*", re.M)


@dataclass(frozen=True)
class DecodedText:
    """Decoded text without its BOM and other invisible characters, with LF line ends, and its encoding.

    `main_encoding`: where some of the text is in another encoding, the name of the main one; a `MARK` comes before each
    character in another, which is decoded to its most likely meaning.
    """

    text: str
    encoding: str
    main_encoding: str | None = None


def decode(data: bytes) -> DecodedText:
    """Decode by BOM, else as UTF-16 by its NUL bytes, else as UTF-8 where there is any, else as Windows-1252.

    The main encoding of a file in both UTF-8 and Windows-1252 is that of most of its lines beyond ASCII. Raises Refused for
    bytes that stop within a character, and for NUL.
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
        has_bom = encoding == "utf-8-bom"
        # An incomplete last character is a cut after valid UTF-8, else a letter of Windows-1252.
        if error.reason == "unexpected end of data" and (has_bom or not data[: error.start].isascii()):
            raise Refused("cut short: the file stops within a character") from error
    # Any character beyond ASCII that is left without the invalid bytes is valid UTF-8.
    if has_bom or not data.decode("utf-8", "ignore").isascii():
        # Invalid bytes become lone surrogates, one each.
        text = _one_line_end(data.decode("utf-8", "surrogateescape"))
        lines, strays = (pattern.subn("", text)[1] for pattern in (_ODD_LINE, _STRAY_LINE))
        if has_bom or 2 * strays <= lines:
            return _text(_STRAY.sub(_as_windows, text), encoding, "UTF-8")
        return _text(_ODD_LINE.sub(_line_of_windows, text), "windows-1252", "Windows-1252")
    try:
        return _text(data.decode("cp1252"), "windows-1252")
    except UnicodeDecodeError:
        # Five bytes are undefined in Windows-1252.
        text = _STRAY.sub(MARK + UNDEFINED, data.decode("cp1252", "surrogateescape"))
        return _text(text, "windows-1252", "Windows-1252")


def _utf16(data: bytes, codec: str) -> DecodedText:
    try:
        return _text(data.decode(codec), codec)
    except UnicodeDecodeError as error:
        if error.reason in ("unexpected end of data", "truncated data"):
            raise Refused("cut short: the file stops within a character") from error
    try:
        # Half a surrogate pair: a program cut a text to a length.
        return _text(_STRAY.sub(MARK + UNDEFINED, data.decode(codec, "surrogatepass")), codec, "UTF-16")
    except UnicodeDecodeError as error:
        raise Refused("cut short: the file stops within a character") from error


def _as_windows(match: re.Match[str]) -> str:
    """Bytes that are not UTF-8, decoded as Windows-1252 and marked."""
    return MARK + match[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def _line_of_windows(match: re.Match[str]) -> str:
    """A line beyond ASCII of a file in Windows-1252. A line of valid UTF-8 is marked as in another encoding."""
    line: str = match[0]
    if not _STRAY.search(line):
        return re.sub("[^\x00-\x7f]+", rf"{MARK}\g<0>", line)
    text = line.encode("utf-8", "surrogateescape").decode("cp1252", "surrogateescape")
    return _STRAY.sub(MARK + UNDEFINED, text)


def _utf16_without_bom(data: bytes) -> str | None:
    """The UTF-16 codec where nearly every other byte of the beginning is NUL, as in any English header; else None."""
    sample = data[:SAMPLE]
    even, odd = sample[0::2], sample[1::2]
    if not odd:
        return None
    for high_bytes, low_bytes, codec in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if high_bytes.count(0) > 0.7 * len(high_bytes) and low_bytes.count(0) == 0:
            return codec
    return None


def _text(text: str, encoding: str, main_encoding: str | None = None) -> DecodedText:
    if "\0" in text:
        raise Refused("holds NUL characters: damaged, or not text")
    # DOS programs end a text with Ctrl-Z.
    text = _one_line_end(text).removesuffix("\x1a")
    return DecodedText(visible(text), encoding, main_encoding)


def _one_line_end(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\n" not in text:
            text = text.replace("\r", "\n")
    return text
