"""Fingerprints of requests, to detect a different request under the same key."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import cache


def fingerprint(operation: str, **members: object) -> str:
    """Return a hash of the operation and all members of a request."""
    request = json.dumps([operation, members], sort_keys=True, default=_plain)
    return hashlib.sha256(request.encode()).hexdigest()


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _field_names(type(value))}
    return str(value)


@cache
def _field_names(kind: type) -> Sequence[str]:
    return [field.name for field in fields(kind)]
