"""Finds the encoding of a text file by its bytes.

A byte order mark decides. Without one, a file in which every other byte is NUL is UTF-16. What is
valid UTF-8 is UTF-8, since text in another encoding is that only by chance. The rest is
Windows-1252, unless most of its letters beyond ASCII are UTF-8: then some of them are damaged.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from shop.domain.shared.value import value

UTF_8 = "utf-8"
WINDOWS_1252 = "windows-1252"

_MARKS = (
    (codecs.BOM_UTF8, UTF_8, "utf-8-sig"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16"),
)
_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 512
_UNDECODED = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")


@value
class TextEncoding:
    """The name of an encoding, and how Python opens a file in it."""

    name: str
    codec: str
    errors: str


def find_encoding(file: Path) -> TextEncoding:
    """Return the encoding of a file; reads it to its end unless it has a byte order mark."""
    with file.open("rb") as binary:
        head = binary.read(_HEAD_BYTES)
    for mark, name, codec in _MARKS:
        if head.startswith(mark):
            errors = "surrogateescape" if name == UTF_8 else "strict"
            return TextEncoding(name=name, codec=codec, errors=errors)
    if codec_of_utf_16 := _find_utf_16(head):
        return TextEncoding(name=codec_of_utf_16, codec=codec_of_utf_16, errors="strict")
    if _is_windows_1252(file):
        return TextEncoding(name=WINDOWS_1252, codec="cp1252", errors="surrogateescape")
    return TextEncoding(name=UTF_8, codec="utf-8", errors="surrogateescape")


def _find_utf_16(head: bytes) -> str | None:
    """Return the name of UTF-16 without a mark if every other byte is NUL, as in ASCII text."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    # A header is ASCII, except for a letter here and there.
    enough = len(head) // 4
    if odd > enough and not even:
        return "utf-16-le"
    if even > enough and not odd:
        return "utf-16-be"
    return None


def _is_windows_1252(file: Path) -> bool:
    damaged = valid = 0
    for text in _decoded(file):
        if not text.isascii():
            damaged += len(_UNDECODED.findall(text))
            valid += len(_BEYOND_ASCII.findall(text))
    return damaged > valid


def _decoded(file: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with file.open("rb") as binary:
        while chunk := binary.read(_CHUNK_BYTES):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)
