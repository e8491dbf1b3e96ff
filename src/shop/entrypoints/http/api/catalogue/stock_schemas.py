"""Schemas of stock."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.application.inventory.adjustments import AdjustStock
from shop.application.ports.paging import Page, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.inventory import MAX_ON_HAND, Inventory, StockMovement, StockMovementKind
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import (
    NEW_TEXT,
    NextCursor,
    RequestBody,
    ResponseBody,
    Sku,
    is_none,
)
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

    def to_command(
        self,
        session: SessionToken | None,
        key: str | None,
        *,
        sku: str | None = None,
        product: str | None = None,
    ) -> AdjustStock:
        """Return the command that adjusts the stock of a variant, or of a product's only one."""
        return AdjustStock(
            session=session,
            sku=sku,
            product=product,
            delta=self.delta,
            reason=self.reason,
            key=key,
        )


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


class StockMovementResponse(ResponseBody):
    """A change of stock."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a18-8f5d-8e9f0a1b2c34"])]
    kind: Annotated[StockMovementKind, Field(examples=["adjustment"])]
    on_hand_delta: Annotated[int, Field(ge=-MAX_ON_HAND, le=MAX_ON_HAND, examples=[40])]
    reserved_delta: Annotated[int, Field(ge=-MAX_ON_HAND, le=MAX_ON_HAND, examples=[0])]
    order_id: Annotated[
        UUID | None,
        Field(
            exclude_if=is_none,
            examples=["01932b7e-8f3c-7a18-8f5d-8e9f0a1b2c35"],
            description="Present if the change belongs to an order.",
        ),
    ]
    reason: Annotated[
        str,
        Field(
            max_length=MAX_NOTE_CHARACTERS,
            examples=["Delivery of November"],
            description="What staff gave as the reason; empty for orders.",
        ),
    ]
    created_at: Annotated[datetime, Field(examples=["2026-11-21T12:00:00Z"])]

    @classmethod
    def of(cls, movement: StockMovement) -> Self:
        """Render a movement."""
        return cls(
            id=movement.id,
            kind=movement.kind,
            on_hand_delta=movement.on_hand_delta,
            reserved_delta=movement.reserved_delta,
            order_id=movement.order_id,
            reason=movement.reason,
            created_at=movement.created_at,
        )


class StockMovementList(ResponseBody):
    """A page of changes of stock, newest first."""

    items: list[StockMovementResponse]
    next: NextCursor

    @classmethod
    def of(cls, page: Page[StockMovement, TimeCursor]) -> Self:
        """Render a page of movements."""
        return cls(
            items=[StockMovementResponse.of(each) for each in page.items],
            next=encode_time_cursor(page.next),
        )
