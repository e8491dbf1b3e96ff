"""Preferences: any JSON object that all JSON readers read alike."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

MAX_DEPTH = 8
MAX_EXACT_INTEGER = 2**53 - 1
"""Beyond this, JSON readers disagree (RFC 8259, section 6)."""

_CONTROL_CHARACTERS = frozenset(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))


def _require_plain_preferences(preferences: dict[str, Any]) -> dict[str, Any]:
    _require_plain(preferences, depth=0)
    return preferences


def _require_plain(value: object, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"must be at most {MAX_DEPTH} levels deep")
    match value:
        case Mapping():
            for name, member in value.items():
                _require_plain_scalar(name)
                _require_plain(member, depth=depth + 1)
        case list():
            for member in value:
                _require_plain(member, depth=depth + 1)
        case _:
            _require_plain_scalar(value)


def _require_plain_scalar(value: object) -> None:
    match value:
        case str() if not _CONTROL_CHARACTERS.isdisjoint(value):
            raise ValueError("text must not contain control characters")
        case int() if abs(value) > MAX_EXACT_INTEGER:
            raise ValueError(f"whole numbers must be at most {MAX_EXACT_INTEGER}")
        case float() if not math.isfinite(value):
            raise ValueError("numbers must be finite")


Preferences = Annotated[
    dict[str, Any],
    Field(
        examples=[{"theme": "dark", "newsletter": None}],
        description="Any JSON object of at most 2 kB. In a patch, null removes a member.",
    ),
    AfterValidator(_require_plain_preferences),
]
