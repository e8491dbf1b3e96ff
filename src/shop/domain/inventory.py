"""Inventory: how much of a product there is, and every change of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from shop.domain.shared.errors import Conflict, InvalidValue

MAX_ON_HAND = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The stock of one SKU: what is on hand, and how much of that is promised to open orders."""

    sku: str
    on_hand: int
    reserved: int

    def __post_init__(self) -> None:
        if not 0 <= self.reserved <= self.on_hand:
            raise InvalidValue(field="reserved", rule="0 ≤ reserved ≤ on hand")

    @property
    def available(self) -> int:
        """What a new order may take."""
        return self.on_hand - self.reserved

    def adjust(self, delta: int) -> "Inventory":
        """Return the stock after goods came in or went missing.

        Raise `StockBelowReserved` where promised goods would be missing.
        """
        if self.on_hand + delta > MAX_ON_HAND:
            raise InvalidValue(field="delta", rule=f"at most {MAX_ON_HAND} are on hand")
        if self.on_hand + delta < self.reserved:
            raise StockBelowReserved(sku=self.sku, on_hand=self.on_hand, reserved=self.reserved)
        return replace(self, on_hand=self.on_hand + delta)

    def sell(self, quantity: int) -> "Inventory":
        """Return the stock after a sale; raise `OutOfStock` where there is too little."""
        self._require_available(quantity)
        return replace(self, on_hand=self.on_hand - quantity)

    def restock(self, quantity: int) -> "Inventory":
        """Return the stock after a sale was undone."""
        _require_positive(quantity)
        return replace(self, on_hand=self.on_hand + quantity)

    def reserve(self, quantity: int) -> "Inventory":
        """Return the stock after a promise; raise `OutOfStock` where there is too little."""
        self._require_available(quantity)
        return replace(self, reserved=self.reserved + quantity)

    def release(self, quantity: int) -> "Inventory":
        """Return the stock after a promise was withdrawn."""
        _require_positive(quantity)
        return replace(self, reserved=self.reserved - quantity)

    def sell_reserved(self, quantity: int) -> "Inventory":
        """Return the stock after a promise was kept: the reserved goods are sold."""
        _require_positive(quantity)
        return replace(self, on_hand=self.on_hand - quantity, reserved=self.reserved - quantity)

    def shortage(self, quantity: int) -> "Shortage | None":
        """Tell what is missing for that many, or None where there are enough."""
        if quantity <= self.available:
            return None
        return Shortage(sku=self.sku, requested=quantity, available=self.available)

    def _require_available(self, quantity: int) -> None:
        _require_positive(quantity)
        if shortage := self.shortage(quantity):
            raise OutOfStock(lines=(shortage,))


def _require_positive(quantity: int) -> None:
    if quantity <= 0:
        raise InvalidValue(field="quantity", rule="a quantity to move is positive")


class StockMovementKind(StrEnum):
    """Why stock changed."""

    ADJUSTMENT = "adjustment"
    SALE = "sale"
    RESTOCK = "restock"
    RESERVATION = "reservation"
    RELEASE = "release"
    RESERVED_SALE = "reserved_sale"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMovement:
    """One change of an inventory; on hand and reserved are the sums of all of them."""

    id: UUID
    sku: str
    kind: StockMovementKind
    on_hand_delta: int
    reserved_delta: int
    order_id: UUID | None
    reason: str
    created_at: datetime

    @classmethod
    def between(
        cls,
        before: Inventory,
        after: Inventory,
        *,
        id: UUID,  # noqa: A002  The field's own name.
        kind: StockMovementKind,
        order_id: UUID | None,
        reason: str,
        created_at: datetime,
    ) -> Self:
        """Describe the change from one state of an inventory to the next."""
        return cls(
            id=id,
            sku=after.sku,
            kind=kind,
            on_hand_delta=after.on_hand - before.on_hand,
            reserved_delta=after.reserved - before.reserved,
            order_id=order_id,
            reason=reason,
            created_at=created_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A wish that the stock cannot meet."""

    sku: str
    requested: int
    available: int


@dataclass(kw_only=True, unsafe_hash=True)
class OutOfStock(Conflict):
    """There is too little of what was wanted; every short line is named."""

    lines: tuple[Shortage, ...]

    code = "out-of-stock"

    @property
    def detail(self) -> str:
        """Name each short line."""
        short = (
            f"{line.sku}: {line.requested} requested, {line.available} available"
            for line in self.lines
        )
        return "; ".join(short) + "."


@dataclass(kw_only=True, unsafe_hash=True)
class StockBelowReserved(Conflict):
    """Goods promised to open orders, or more than there are, cannot be taken away."""

    sku: str
    on_hand: int
    reserved: int

    code = "stock-below-reserved"
    message = (
        "{sku}: {on_hand} on hand, {reserved} of them reserved;"
        " stock cannot fall below the reserved quantity."
    )
