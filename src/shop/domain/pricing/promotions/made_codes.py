"""Codes for one order each that were made together, whose id says when.

An idempotency key stores only the id of what its request made, and a replay needs the codes. No two
sets of codes of one promotion are made at the same time. So the id has the time: 60 bits for the
microseconds since 1970, and 62 random ones.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

from shop.domain.shared.custom_ids import custom_id, is_custom_id
from shop.domain.shared.value import value

MAX_CODES_AT_ONCE = 10_000
MAX_CODE_PREFIX_CHARACTERS = 20

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RANDOM_BITS = 62


@value
class MadeCodes:
    """Codes of one promotion, each for one order, in alphabetical order."""

    id: UUID
    codes: Sequence[str]

    @classmethod
    def of(cls, codes: Sequence[str], *, at: datetime, random_id: UUID) -> Self:
        """Return the codes that were made at a time; the id keeps the random bits."""
        time = (at - _EPOCH) // _MICROSECOND
        # 48 bits before the four of the version, and twelve after them.
        state = (time >> 12) << 16 | time & 0xFFF
        random = random_id.int & (1 << _RANDOM_BITS) - 1
        return cls(id=custom_id(state << 64 | random), codes=sorted(codes))


def made_at(made_id: UUID) -> datetime:
    """Return when codes were made, by their id."""
    if not is_custom_id(made_id):
        raise ValueError(f"{made_id} is not the id of codes")
    state = made_id.int >> 64
    return _EPOCH + ((state >> 16) << 12 | state & 0xFFF) * _MICROSECOND
