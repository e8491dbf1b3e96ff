"""Limits on what one customer may order and pay by card."""

import math
from datetime import datetime, timedelta

from shop.application.ports.repositories.payments import CardUse
from shop.domain.cart import Cart
from shop.domain.orders.order import TooManyPendingOrders
from shop.domain.rate_limit import TooManyRequests
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value

DECLINED_CARDS_WINDOW = timedelta(hours=1)


@value
class CustomerLimits:
    """Limits on pending orders, declined cards, quantities and deposits of one customer.

    Without `declined_cards`, any number of cards may be declined.
    """

    pending_orders: int
    declined_cards: int | None
    quantity_per_line: int
    deposit_amount: int

    def require_quantities(self, cart: Cart) -> None:
        """Raise `InvalidValue` if a line has too large a quantity."""
        for line in cart.lines:
            if line.quantity > self.quantity_per_line:
                raise InvalidValue(
                    field="lines",
                    rule=f"must have at most {self.quantity_per_line} of {line.sku}",
                )

    def require_deposit(self, amount: Money) -> None:
        """Raise `InvalidValue` if the amount is too large for one deposit."""
        if amount.amount > self.deposit_amount:
            most = Money(amount=self.deposit_amount, currency=amount.currency)
            raise InvalidValue(field="amount", rule=f"must be at most {most}")

    def require_card_attempt(self, card_use: CardUse | None, *, now: datetime) -> None:
        """Raise `TooManyRequests` if too many cards were declined, or may still be.

        Pending attempts count, so that parallel requests cannot try more cards than others.
        """
        if card_use is None or self.declined_cards is None:
            return
        if card_use.attempts >= self.declined_cards:
            free_at = card_use.first_attempt_at + DECLINED_CARDS_WINDOW
            seconds = math.ceil((free_at - now).total_seconds())
            raise TooManyRequests(retry_after_seconds=max(1, seconds))

    def require_pending_order(self, card_use: CardUse | None) -> None:
        """Raise `TooManyPendingOrders` if the customer has too many pending orders."""
        if card_use is not None and card_use.pending_orders >= self.pending_orders:
            raise TooManyPendingOrders(limit=self.pending_orders)
