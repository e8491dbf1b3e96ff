"""Payments: requests to the payment gateway."""

from dependency_injector import providers

from shop.application.payments.card_payments import CardPayments
from shop.entrypoints.container.transactions import TransactionContainer as Base


class PaymentContainer(Base):
    """The use case that authorises, captures and reverses card payments."""

    card_payments = providers.Singleton(
        CardPayments,
        Base.payment_gateway,
        Base.clock,
        Base.policies.provided.gateway_idempotency_window,
    )
