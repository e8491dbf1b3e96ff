"""What a payment method does with the money of orders, in one unit of work."""

from abc import ABC, abstractmethod
from dataclasses import field
from datetime import datetime
from uuid import UUID

from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.orders.refund import Refund
from shop.domain.payment import Payment
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class PaymentInstruction:
    """The card that pays, if one does, and the session in which the order was placed.

    If the request leaves a card payment pending, a job resolves it from `resolve_at` on; at
    `expires_at` the order expires.
    """

    card_token: str | None = field(repr=False)
    session_id: UUID
    clears_cart: bool
    resolve_at: datetime
    expires_at: datetime


class OrderPayments(ABC):
    """The payments of orders by one method.

    The rows that a method changes are locked by its caller. An error is raised before anything is
    staged.
    """

    def __init__(self, uow: UnitOfWork, ids: IdGenerator, now: datetime) -> None:
        self._uow = uow
        self._ids = ids
        self._now = now

    @abstractmethod
    def require_funds(self, order: Order) -> None:
        """Raise `InsufficientFunds` if it is known already that the order cannot be paid."""

    @abstractmethod
    def begin(self, order: Order, instruction: PaymentInstruction) -> Payment:
        """Stage the payment of a new order; an order of status `paid` is charged here."""

    @abstractmethod
    def cancel(self, order: Order, payment: Payment) -> None:
        """Stage the return of what a cancelled order has paid or reserved.

        Raise `BalanceTooLarge` if the account cannot take the money.
        """

    @abstractmethod
    def refund(self, order: Order, refund: Refund) -> None:
        """Stage a refund to this method; raise `BalanceTooLarge` as above."""

    def charge(self, order: Order, *, debit_account_id: UUID) -> None:
        """Stage the transfer of an order's total to the shop's sales."""
        self._uow.transfers.add(
            Transfer(
                id=self._ids.new(),
                kind=TransferKind.CHARGE,
                debit_account_id=debit_account_id,
                credit_account_id=ShopAccount.SALES.account_id(order.total.currency),
                amount=order.total,
                order_id=order.id,
                note="",
                created_at=self._now,
            )
        )

    def _return(
        self, order: Order, amount: Money, *, transfer_id: UUID, note: str, credit_account_id: UUID
    ) -> None:
        self._uow.transfers.add(
            Transfer(
                id=transfer_id,
                kind=TransferKind.REFUND,
                debit_account_id=ShopAccount.SALES.account_id(amount.currency),
                credit_account_id=credit_account_id,
                amount=amount,
                order_id=order.id,
                note=note,
                created_at=self._now,
            )
        )

    def _return_charge(self, order: Order, *, credit_account_id: UUID) -> None:
        # While an order is pending, it has no charge.
        if order.status is not OrderStatus.PENDING:
            self._return(
                order,
                order.total,
                transfer_id=self._ids.new(),
                note="",
                credit_account_id=credit_account_id,
            )
