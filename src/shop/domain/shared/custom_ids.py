"""Ids whose bits say what a replay needs, because their objects may not be stored any more.

They are UUIDs of version 8 (RFC 9562, section 5.8), which nothing else has.
"""

from uuid import UUID

_VERSION = 8
_VERSION_PLACE = 76
_VARIANT = 0b10
_VARIANT_PLACE = 62
_OTHER_BITS = ~(0xF << _VERSION_PLACE | 0b11 << _VARIANT_PLACE)


def custom_id(bits: int) -> UUID:
    """Return the id of these 128 bits, six of which are replaced by version and variant."""
    return UUID(int=bits & _OTHER_BITS | _VERSION << _VERSION_PLACE | _VARIANT << _VARIANT_PLACE)


def is_custom_id(id_: UUID) -> bool:
    """Check that an id is of this kind."""
    return id_.version == _VERSION
