"""Idempotency keys of requests to the payment gateway.

The gateway remembers them for a day, so their texts never change.
"""

from uuid import UUID


def authorisation_key(reference: UUID) -> str:
    """Return the key under which a card is asked; what was declined is never asked for again."""
    return f"shop:{reference}:auth:1"


def capture_key(reference: UUID) -> str:
    """Return the key under which money is taken."""
    return f"shop:{reference}:capture"


def void_key(reference: UUID) -> str:
    """Return the key under which an authorisation is given up."""
    return f"shop:{reference}:void"


def reversal_key(reference: UUID) -> str:
    """Return the key under which all that was taken is given back."""
    return f"shop:{reference}:undo"
