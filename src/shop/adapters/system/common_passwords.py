"""The list of common passwords: sorted digests in a file beside this module (decision 26)."""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from shop.application.ports.common_passwords import CommonPasswords
from shop.domain.password import MIN_PASSWORD_CHARACTERS, comparison_key

FILE = Path(__file__).with_name("common_passwords.bin")
DIGEST_BYTES = 5
"""With 100,000 digests of 40 bits, one in ten million other passwords is found by mistake."""
MAX_APPENDED_CHARACTERS = 4


class CommonPasswordFile(CommonPasswords):
    """Searches the digests, which are read on first use and take half a megabyte."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file

    def contains(self, password: str) -> bool:
        """Search for the password and for its beginnings before digits or signs."""
        key = comparison_key(password)
        return any(self._has(each) for each in _beginnings(key))

    @cached_property
    def _digests(self) -> bytes:
        return self._file.read_bytes()

    def _has(self, key: str) -> bool:
        wanted = digest(key)
        count = len(self._digests) // DIGEST_BYTES
        position = bisect_left(range(count), wanted, key=self._digest_at)
        return position < count and self._digest_at(position) == wanted

    def _digest_at(self, position: int) -> bytes:
        return self._digests[position * DIGEST_BYTES : (position + 1) * DIGEST_BYTES]


def digest(key: str) -> bytes:
    """Return the digest of a password's comparison key."""
    return blake2b(key.encode(), digest_size=DIGEST_BYTES).digest()


def encode(keys: Iterable[str]) -> bytes:
    """Return the content of a file with these comparison keys."""
    return b"".join(sorted({digest(key) for key in keys}))


def _beginnings(key: str) -> Iterable[str]:
    yield key
    for _ in range(MAX_APPENDED_CHARACTERS):
        if len(key) <= MIN_PASSWORD_CHARACTERS or key[-1].isalpha():
            return
        key = key[:-1]
        yield key
