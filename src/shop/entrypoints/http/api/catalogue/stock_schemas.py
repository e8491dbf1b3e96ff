"""Schemas of stock."""

from typing import Annotated, Self

from pydantic import Field

from shop.application.inventory.adjustments import AdjustStock
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.inventory import MAX_ON_HAND, Inventory
from shop.entrypoints.http.schemas import NEW_TEXT, RequestBody, ResponseBody, Sku
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

Available = Annotated[
    int,
    Field(
        ge=0,
        le=MAX_ON_HAND,
        examples=[40],
        description="On hand less reserved.",
    ),
]


class StockAdjustment(RequestBody):
    """A change of the quantity on hand, negative if units are missing, and its reason."""

    delta: Annotated[int, Field(ge=-MAX_ON_HAND, le=MAX_ON_HAND, examples=[40])]
    reason: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_NOTE_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["Delivery of November"],
        ),
        NEW_TEXT,
    ]

    def to_command(self, session: SessionToken | None, sku: str, key: str | None) -> AdjustStock:
        """Return the command that adjusts the stock of a variant."""
        return AdjustStock(session=session, sku=sku, delta=self.delta, reason=self.reason, key=key)


class StockResponse(ResponseBody):
    """The stock of a variant; `available` is on hand less reserved."""

    sku: Sku
    on_hand: Annotated[int, Field(ge=0, le=MAX_ON_HAND, examples=[42])]
    reserved: Annotated[int, Field(ge=0, le=MAX_ON_HAND, examples=[2])]
    available: Available

    @classmethod
    def of(cls, inventory: Inventory) -> Self:
        """Render an inventory."""
        return cls(
            sku=inventory.sku,
            on_hand=inventory.on_hand,
            reserved=inventory.reserved,
            available=inventory.available,
        )
