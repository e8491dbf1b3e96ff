"""Orders paid from the customer's account (store credit)."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shop.application.payments.methods.order_payments import OrderPayments, PaymentInstruction
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import Account
from shop.domain.orders.order import Order
from shop.domain.orders.refund import Refund
from shop.domain.payment import Payment
from shop.domain.shared.errors import InvalidValue


class AccountOrderPayments(OrderPayments):
    """Payments from accounts: charged and refunded in the unit of work itself."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: IdGenerator,
        now: datetime,
        accounts: Mapping[UUID, Account],
    ) -> None:
        super().__init__(uow, ids, now)
        self._accounts = dict(accounts)

    def require_funds(self, order: Order) -> None:
        """Raise `InsufficientFunds` if the balance does not cover the total."""
        self._accounts[order.user_id].require_funds(order.total)

    def begin(self, order: Order, instruction: PaymentInstruction) -> Payment:
        """Charge the account."""
        del instruction
        account = self._accounts[order.user_id].withdraw(order.total)
        self._save(account)
        self.charge(order, debit_account_id=account.id)
        return order.payment_when_paid()

    def cancel(self, order: Order, payment: Payment) -> None:
        """Return the charge to the account."""
        account = self._accounts[order.user_id].deposit(payment.amount)
        self._save(account)
        self._return_charge(order, credit_account_id=account.id)

    def refund(self, order: Order, refund: Refund) -> None:
        """Return the refunded amount to the account; raise `InvalidValue` if there is none."""
        if order.user_id not in self._accounts:
            raise InvalidValue(field="to", rule="must be card: a guest has no account")
        account = self._accounts[order.user_id].deposit(refund.amount)
        self._save(account)
        self._return(
            order,
            refund.amount,
            transfer_id=refund.id,
            note=refund.reason,
            credit_account_id=account.id,
        )

    def _save(self, account: Account) -> None:
        self._accounts[account.user_id] = account
        self._uow.accounts.save(account)
