"""Shipments, deliveries and refunds of orders."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.cart import MAX_LINES
from shop.domain.handover import Handover, Pieces
from shop.domain.order import Actor
from shop.domain.payment import PaymentMethod
from shop.domain.refund import Refund, RefundStatus, RefundWish
from shop.entrypoints.http.schemas.base import (
    LINE_PATTERN,
    Amount,
    Answer,
    Body,
    MoneyAnswer,
    Quantity,
    Sku,
    Time,
)
from shop.entrypoints.http.schemas.orders import WantedLine

_Lines = Annotated[list[WantedLine] | None, Field(min_length=1, max_length=MAX_LINES)]
_Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_NOTE_CHARACTERS,
        pattern=LINE_PATTERN,
        examples=["A cup arrived broken"],
    ),
]


class NewHandover(Body):
    """What is handed over: all that waits for it, where no lines are given."""

    lines: _Lines = None


class NewRefund(Body):
    """What to give back.

    Lines at their price unless an amount is given; an amount without lines concerns no goods;
    all that is left, where neither is given.
    """

    lines: _Lines = None
    amount: Annotated[
        Amount | None,
        Field(
            examples=[{"amount": 1580, "currency": "EUR"}],
            description="At most what was paid less what was refunded.",
        ),
    ] = None
    reason: _Reason
    to: Annotated[
        Literal["card", "account"] | None,
        Field(examples=["account"], description="Where it came from, if nothing is said."),
    ] = None
    restock: Annotated[
        bool, Field(examples=[True], description="Whether the goods go back to stock.")
    ] = False

    def wish(self) -> RefundWish:
        """Return what is wished for; raise `RuleBroken` for what cannot be."""
        return RefundWish(
            lines=_pieces(self.lines),
            amount=None if self.amount is None else self.amount.to_money(),
            to=None if self.to is None else PaymentMethod(self.to),
            reason=self.reason,
            restock=self.restock,
        )


def pieces(body: NewHandover | None) -> tuple[Pieces, ...]:
    """Return what is to be handed over; nothing is all that waits for it."""
    return _pieces(None if body is None else body.lines)


def _pieces(lines: Sequence[WantedLine] | None) -> tuple[Pieces, ...]:
    return tuple(Pieces(sku=line.sku, quantity=line.quantity) for line in lines or ())


class PiecesAnswer(Answer):
    """So many of one product."""

    sku: Sku
    quantity: Quantity


class HandoverAnswer(Answer):
    """Goods of an order that were shipped, or delivered, together."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a15-9c2d-5b6c7d8e9f01"])]
    lines: list[PiecesAnswer]
    actor: Annotated[Actor, Field(examples=["admin"])]
    created_at: Time

    @classmethod
    def of(cls, handover: Handover) -> Self:
        """Render a handover."""
        return cls(
            id=handover.id,
            lines=[PiecesAnswer(sku=each.sku, quantity=each.quantity) for each in handover.lines],
            actor=handover.actor,
            created_at=handover.created_at,
        )


class HandoverList(Answer):
    """What was shipped of an order, or what was delivered, in order, all on one page."""

    items: list[HandoverAnswer]
    next: None = None

    @classmethod
    def of(cls, handovers: Sequence[Handover]) -> Self:
        """Render handovers."""
        return cls(items=[HandoverAnswer.of(each) for each in handovers])


class RefundAnswer(Answer):
    """Money of an order that goes back: done, or pending while its card has not got it."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a16-8d3e-6c7d8e9f0a12"])]
    amount: MoneyAnswer
    to: Annotated[PaymentMethod, Field(examples=["account"])]
    reason: _Reason
    lines: list[PiecesAnswer]
    restocked: bool
    status: Annotated[RefundStatus, Field(examples=["done"])]
    actor: Annotated[Actor, Field(examples=["admin"])]
    created_at: Time

    @classmethod
    def of(cls, refund: Refund) -> Self:
        """Render a refund."""
        return cls(
            id=refund.id,
            amount=MoneyAnswer.of(refund.amount),
            to=refund.to,
            reason=refund.reason,
            lines=[PiecesAnswer(sku=each.sku, quantity=each.quantity) for each in refund.lines],
            restocked=refund.restocked,
            status=refund.status,
            actor=refund.actor,
            created_at=refund.created_at,
        )


class RefundList(Answer):
    """What went back of an order, in order, all on one page."""

    items: list[RefundAnswer]
    next: None = None

    @classmethod
    def of(cls, refunds: Sequence[Refund]) -> Self:
        """Render refunds."""
        return cls(items=[RefundAnswer.of(each) for each in refunds])
