"""Adjustments of stock, whose ids say what stock they left.

An idempotency key stores only the id of what its request made, and a replay needs the stock that
the first response had. The movements up to an adjustment cannot be summed: neither their times nor
their ids are in the order in which they were committed. So the id has the result: a UUID of
version 8 (RFC 9562, section 5.8) with 60 bits for the stock and 62 random ones.
"""

from typing import Self
from uuid import UUID

from shop.domain.inventory import MAX_ON_HAND, Inventory
from shop.domain.shared.value import value

_QUANTITY_BITS = MAX_ON_HAND.bit_length()
_RANDOM_BITS = 62
_VERSION = 8
_VARIANT = 0b10


@value
class StockAdjustment:
    """An adjustment of stock, and the inventory as it left it."""

    id: UUID
    inventory: Inventory

    @classmethod
    def of(cls, inventory: Inventory, *, random_id: UUID) -> Self:
        """Return the adjustment that left this inventory; the id keeps the random bits."""
        quantities = inventory.on_hand << _QUANTITY_BITS | inventory.reserved
        # 48 bits before the four of the version, and twelve after them.
        state = (quantities >> 12) << 16 | _VERSION << 12 | quantities & 0xFFF
        random = random_id.int & (1 << _RANDOM_BITS) - 1
        adjustment_id = UUID(int=state << 64 | _VARIANT << _RANDOM_BITS | random)
        return cls(id=adjustment_id, inventory=inventory)

    @classmethod
    def with_id(cls, adjustment_id: UUID, sku: str) -> Self:
        """Return the adjustment of a product by its id."""
        if adjustment_id.version != _VERSION:
            raise ValueError(f"{adjustment_id} is not the id of an adjustment")
        state = adjustment_id.int >> 64
        quantities = (state >> 16) << 12 | state & 0xFFF
        inventory = Inventory(
            sku=sku,
            on_hand=quantities >> _QUANTITY_BITS,
            reserved=quantities & (1 << _QUANTITY_BITS) - 1,
        )
        return cls(id=adjustment_id, inventory=inventory)
