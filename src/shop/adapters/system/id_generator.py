"""Ids from the machine's randomness."""

from collections.abc import Callable
from secrets import randbits
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from shop.application.ports.id_generator import IdGenerator

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, without letters that can be mistaken for others."""

_BITS_PER_CHARACTER = 5
_NUMBER_CHARACTERS = 12
_GROUP_CHARACTERS = 4

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
        bits = randbits(_NUMBER_CHARACTERS * _BITS_PER_CHARACTER)
        shifts = range(0, _NUMBER_CHARACTERS * _BITS_PER_CHARACTER, _BITS_PER_CHARACTER)
        number = "".join([_ALPHABET[bits >> shift & 31] for shift in shifts])
        groups = range(0, _NUMBER_CHARACTERS, _GROUP_CHARACTERS)
        return "-".join([number[start : start + _GROUP_CHARACTERS] for start in groups])
