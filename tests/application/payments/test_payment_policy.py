"""A job resolves a pending payment once its request has ended, or when the payment expires."""

from datetime import timedelta

import pytest

from shop.application.payments.customer_limits import CustomerLimits
from shop.application.payments.payment_policy import PaymentPolicy
from tests.factories import EUR, NOW

CUSTOMER_LIMITS = CustomerLimits(
    pending_orders=5, declined_cards=10, quantity_per_line=100, deposit_amount=1_000
)


@pytest.mark.parametrize(("response_seconds", "resolved_after"), [(15, 15), (900, 900), (901, 900)])
def test_payment_is_resolved_after_the_response_timeout_but_not_after_its_expiry(
    response_seconds: int, resolved_after: int
) -> None:
    policy = PaymentPolicy(
        currency=EUR,
        pending_timeout=timedelta(seconds=900),
        response_timeout=timedelta(seconds=response_seconds),
        action_timeout=timedelta(seconds=300),
        limits=CUSTOMER_LIMITS,
    )

    assert policy.resolve_at(NOW) == NOW + timedelta(seconds=resolved_after)
    assert policy.expires_at(NOW) == NOW + timedelta(seconds=900)
