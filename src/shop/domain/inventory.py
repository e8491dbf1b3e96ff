"""Inventories of products, and the stock movements that change them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from shop.domain.shared.errors import Conflict, InvalidValue
from shop.domain.shared.value import value

MAX_ON_HAND = 10**9


@value
class Inventory:
    """The stock of one SKU: on hand, and how much of that pending orders reserve."""

    sku: str
    on_hand: int
    reserved: int

    def __post_init__(self) -> None:
        if not 0 <= self.reserved <= self.on_hand:
            raise InvalidValue(field="reserved", rule="must be 0 to on_hand")

    @property
    def available(self) -> int:
        """The quantity that new orders can buy."""
        return self.on_hand - self.reserved

    def adjust(self, delta: int) -> "Inventory":
        """Add or remove stock; raise `StockBelowReserved` if too little would remain."""
        if self.on_hand + delta > MAX_ON_HAND:
            rule = f"must leave at most {MAX_ON_HAND} on hand"
            raise InvalidValue(field="delta", rule=rule)
        if self.on_hand + delta < self.reserved:
            raise StockBelowReserved(sku=self.sku, on_hand=self.on_hand, reserved=self.reserved)
        return self._with(on_hand=self.on_hand + delta, reserved=self.reserved)

    def sell(self, quantity: int) -> "Inventory":
        """Sell available stock; raise `OutOfStock` if there is too little."""
        self._require_available(quantity)
        return self._with(on_hand=self.on_hand - quantity, reserved=self.reserved)

    def restock(self, quantity: int) -> "Inventory":
        """Add stock that was sold before."""
        _require_positive(quantity)
        return replace(self, on_hand=self.on_hand + quantity)

    def reserve(self, quantity: int) -> "Inventory":
        """Reserve available stock; raise `OutOfStock` if there is too little."""
        self._require_available(quantity)
        return self._with(on_hand=self.on_hand, reserved=self.reserved + quantity)

    def release(self, quantity: int) -> "Inventory":
        """Make reserved stock available again."""
        _require_positive(quantity)
        return replace(self, reserved=self.reserved - quantity)

    def sell_reserved(self, quantity: int) -> "Inventory":
        """Sell reserved stock."""
        _require_positive(quantity)
        return replace(self, on_hand=self.on_hand - quantity, reserved=self.reserved - quantity)

    def shortage(self, quantity: int) -> "Shortage | None":
        """Return the shortage for a quantity, or None if enough is available."""
        if quantity <= self.available:
            return None
        return Shortage(sku=self.sku, requested=quantity, available=self.available)

    def _with(self, *, on_hand: int, reserved: int) -> "Inventory":
        # `replace` takes twice as long, and each line of an order or an import changes one.
        return Inventory(sku=self.sku, on_hand=on_hand, reserved=reserved)

    def _require_available(self, quantity: int) -> None:
        _require_positive(quantity)
        if shortage := self.shortage(quantity):
            raise OutOfStock(lines=(shortage,))


def _require_positive(quantity: int) -> None:
    if quantity <= 0:
        raise InvalidValue(field="quantity", rule="must be positive")


class StockMovementKind(StrEnum):
    """Why stock changed."""

    ADJUSTMENT = "adjustment"  # A correction by an admin, or an import.
    SALE = "sale"  # An order paid from an account.
    RESTOCK = "restock"  # Sold stock returned by a cancellation or refund.
    RESERVATION = "reservation"  # A pending card order.
    RELEASE = "release"  # A pending order that closed without a payment.
    RESERVED_SALE = "reserved_sale"  # A pending order that was paid.


@value
class StockMovement:
    """One change of an inventory; its quantities are the sums of all movements."""

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
        """Create the movement from one state of an inventory to the next."""
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


@value
class Shortage:
    """A requested quantity that exceeds the available stock."""

    sku: str
    requested: int
    available: int


@dataclass(kw_only=True, unsafe_hash=True)
class OutOfStock(Conflict):
    """The stock is too low for at least one line; `lines` has every shortage."""

    lines: tuple[Shortage, ...]

    code = "out-of-stock"

    @property
    def detail(self) -> str:
        """Describe each shortage."""
        return describe_shortages(self.lines)


def describe_shortages(shortages: Iterable[Shortage]) -> str:
    """Describe shortages in one sentence."""
    short = (
        f"{line.sku}: {line.requested} requested, {line.available} available" for line in shortages
    )
    return "; ".join(short) + "."


@dataclass(kw_only=True, unsafe_hash=True)
class StockBelowReserved(Conflict):
    """The stock would fall below the reserved quantity."""

    sku: str
    on_hand: int
    reserved: int

    code = "stock-below-reserved"
    message = (
        "{sku}: {on_hand} on hand, {reserved} of them reserved;"
        " stock cannot fall below the reserved quantity."
    )
