"""Idempotency keys of requests to the payment gateway.

The gateway remembers the keys for a day, so their texts never change.
"""

from uuid import UUID


def authorisation_key(reference: UUID) -> str:
    """Return the key of an authorisation; a declined one is never repeated."""
    return f"shop:{reference}:auth:1"


def capture_key(reference: UUID) -> str:
    """Return the key of a capture."""
    return f"shop:{reference}:capture"


def void_key(reference: UUID) -> str:
    """Return the key of a void."""
    return f"shop:{reference}:void"


def reversal_key(reference: UUID) -> str:
    """Return the key of a reversal's refund."""
    return f"shop:{reference}:undo"
