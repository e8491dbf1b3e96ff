"""Preferences: any JSON object that all JSON readers read alike."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from shop.domain.shared.hidden_characters import describe_character, find_hidden_character

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


_AnyObject = Annotated[
    dict[str, Any],
    Field(
        examples=[{"theme": "dark", "newsletter": None}],
        description="Any JSON object of at most 2 kB. In a patch, null removes a member.",
    ),
]
Preferences = Annotated[_AnyObject, AfterValidator(_require_plain_preferences)]


def _require_visible(value: object) -> None:
    match value:
        case str():
            if hidden := find_hidden_character(value):
                raise ValueError(f"must not contain {describe_character(hidden)}")
        case Mapping():
            for each in (*value.keys(), *value.values()):
                _require_visible(each)
        case list():
            for each in value:
                _require_visible(each)


def _require_visible_preferences(preferences: dict[str, Any]) -> dict[str, Any]:
    _require_visible(preferences)
    return preferences


NewPreferences = Annotated[
    _AnyObject,
    AfterValidator(_require_visible_preferences),
    AfterValidator(_require_plain_preferences),
]
"""Preferences of a request; those of a session may be from an earlier release."""
