"""Orders that cost nothing: nothing is charged, and no gateway is asked."""

from shop.application.payments.methods.order_payments import OrderPayments, PaymentInstruction
from shop.domain.orders.order import Order
from shop.domain.orders.refund import Refund
from shop.domain.payment import Payment


class FreeOrderPayments(OrderPayments):
    """Payments of 0: paid at once, without a transfer."""

    def require_funds(self, order: Order) -> None:
        """Accept every order."""

    def begin(self, order: Order, instruction: PaymentInstruction) -> Payment:
        """Return the payment of 0, whatever the customer would have paid with."""
        del instruction
        return order.payment_when_paid()

    def cancel(self, order: Order, payment: Payment) -> None:
        """Return nothing."""

    def refund(self, order: Order, refund: Refund) -> None:
        """Reject a refund: it cannot be larger than the payment."""
        raise RuntimeError(f"order {order.id} cost nothing, and {refund.amount} is refunded")
