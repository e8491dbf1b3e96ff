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
    kind: type = type(value)
    names = _field_names(kind)
    return str(value) if names is None else {name: getattr(value, name) for name in names}


@cache
def _field_names(kind: type) -> Sequence[str] | None:
    return [field.name for field in fields(kind)] if is_dataclass(kind) else None
