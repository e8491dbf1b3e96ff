"""Ids from the machine's randomness."""

from collections.abc import Callable
from secrets import token_bytes
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from shop.application.ports.id_generator import IdGenerator

_ALPHABET = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, without letters that can be mistaken for others."""

_CHARACTER_OF_BYTE = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
"""Each character stands for as many bytes."""

_NUMBER_CHARACTERS = 12

_VERSIONS: dict[int, Callable[[], UUID]] = {4: uuid4, 7: uuid7}


class SystemIdGenerator(IdGenerator):
    """Generates UUIDs of version 7 (sorted by time, good for indexes) or 4 (random)."""

    def __init__(self, uuid_version: int) -> None:
        self._new_uuid = _VERSIONS[uuid_version]

    def new(self) -> UUID:
        """Return a new id."""
        return self._new_uuid()

    def order_number(self) -> str:
        """Return 60 random bits as ``XXXX-XXXX-XXXX``."""
        number = token_bytes(_NUMBER_CHARACTERS).translate(_CHARACTER_OF_BYTE).decode()
        return f"{number[:4]}-{number[4:8]}-{number[8:]}"
