"""Orders paid by card: the gateway is asked after the unit of work, and jobs make sure of it."""

from datetime import datetime
from uuid import UUID

from shop.application.payments.methods.order_payments import OrderPayments, PaymentInstruction
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.domain.account import ShopAccount
from shop.domain.orders.order import Order
from shop.domain.orders.refund import Refund
from shop.domain.payment import CardDetails, Payment, PaymentStatus


class CardOrderPayments(OrderPayments):
    """Payments by card: authorised, captured, voided and refunded at the gateway."""

    def require_funds(self, order: Order) -> None:
        """Accept every order: only the gateway knows what a card covers."""

    def begin(self, order: Order, instruction: PaymentInstruction) -> Payment:
        """Stage a pending payment, and the job that resolves it if the request does not."""
        if instruction.card_token is None:
            raise RuntimeError(f"order {order.id} is paid by card, but no card is given")
        card = CardDetails(
            token=instruction.card_token,
            gateway_payment_id=None,
            expires_at=instruction.expires_at,
            session_id=instruction.session_id,
            clears_cart=instruction.clears_cart,
        )
        self._add_job(JobKind.RESOLVE_PAYMENT, order.id, due_at=instruction.resolve_at)
        return Payment(
            order_id=order.id,
            method=order.payment_method,
            status=PaymentStatus.PENDING,
            amount=order.total,
            card=card,
            created_at=self._now,
        )

    def confirm(self, order: Order) -> None:
        """Charge an order whose card was authorised, and stage the job that captures it."""
        self.charge(order, debit_account_id=self._clearing_account_id(order))
        self._add_job(JobKind.CAPTURE_PAYMENT, order.id, due_at=self._now)

    def cancel(self, order: Order, payment: Payment) -> None:
        """Return the charge, and stage the job that voids or refunds the payment."""
        self._return_charge(order, credit_account_id=self._clearing_account_id(order))
        for kind in (JobKind.RESOLVE_PAYMENT, JobKind.CAPTURE_PAYMENT):
            self._uow.jobs.remove(JobId(kind=kind, subject_id=payment.order_id))
        self._add_job(JobKind.REVERSE_PAYMENT, payment.order_id, due_at=self._now)

    def refund(self, order: Order, refund: Refund) -> None:
        """Return the refunded amount, and stage the job that refunds the card."""
        self._return(
            order,
            refund.amount,
            transfer_id=refund.id,
            note=refund.reason,
            credit_account_id=self._clearing_account_id(order),
        )
        self._add_job(JobKind.REFUND_PAYMENT, refund.id, due_at=self._now)

    def _add_job(self, kind: JobKind, subject_id: UUID, *, due_at: datetime) -> None:
        self._uow.jobs.add(Job.new(kind, subject_id, at=self._now, due_at=due_at))

    def _clearing_account_id(self, order: Order) -> UUID:
        return ShopAccount.CARD_CLEARING.account_id(order.total.currency)
