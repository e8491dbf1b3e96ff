from datetime import timedelta

import pytest

from shop.domain.orders.order import Actor, OrderStatus, StatusChange
from shop.domain.payment import PaymentStatus
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.user import Role
from tests.factories import NOW, eur, line, order, payment, user

ADA = user("ada")
ORDER = order(ADA, "1", line("TEA", 2))
LATER = NOW + timedelta(days=1)


def test_line_costs_its_quantity_times_its_price() -> None:
    assert line("TEA", 3, unit_price=eur(199)).amount == eur(597)


class TestHistory:
    def test_history_begins_when_the_order_is_placed(self) -> None:
        assert ORDER.initial_status_change(actor=Actor.CUSTOMER) == StatusChange(
            order_id=ORDER.id,
            sequence=1,
            from_status=None,
            to_status="paid",
            actor="customer",
            created_at=NOW,
        )

    def test_other_initial_status_is_rejected(self) -> None:
        with pytest.raises(IllegalTransition):
            order(ADA, status=OrderStatus.SHIPPED).initial_status_change(actor=Actor.CUSTOMER)

    def test_each_step_is_counted_and_recorded(self) -> None:
        shipped, first = ORDER.transition_to(OrderStatus.SHIPPED, at=LATER, actor=Actor.ADMIN)
        delivered, second = shipped.transition_to(
            OrderStatus.DELIVERED, at=LATER, actor=Actor.ADMIN
        )

        assert shipped == order(ADA, "1", line("TEA", 2), status=OrderStatus.SHIPPED, version=2)
        assert delivered.version == 3
        assert first == StatusChange(
            order_id=ORDER.id,
            sequence=2,
            from_status="paid",
            to_status="shipped",
            actor="admin",
            created_at=LATER,
        )
        assert (second.sequence, second.from_status, second.to_status) == (
            3,
            "shipped",
            "delivered",
        )

    def test_illegal_transition_is_rejected(self) -> None:
        with pytest.raises(IllegalTransition) as caught:
            ORDER.transition_to(OrderStatus.DELIVERED, at=LATER, actor=Actor.ADMIN)

        assert caught.value == IllegalTransition(current="paid", target="delivered")

    def test_order_is_shown_as_first_paid_whatever_follows(self) -> None:
        cancelled, _ = ORDER.transition_to(OrderStatus.CANCELLED, at=LATER, actor=Actor.ADMIN)

        assert cancelled.as_first_paid() == ORDER


class TestVisibility:
    def test_customer_and_admins_may_see_the_order(self) -> None:
        assert ORDER.is_visible_to(ADA)
        assert ORDER.is_visible_to(user("boss").with_role(Role.ADMIN))

    def test_other_users_may_not_see_the_order(self) -> None:
        assert not ORDER.is_visible_to(user("bob"))


class TestPayment:
    def test_payment_takes_a_legal_step(self) -> None:
        assert payment(ORDER).transition_to(PaymentStatus.REFUNDED) == payment(
            ORDER, status=PaymentStatus.REFUNDED
        )

    def test_illegal_step_is_rejected(self) -> None:
        with pytest.raises(IllegalTransition) as caught:
            payment(ORDER).transition_to(PaymentStatus.VOIDED)

        assert caught.value == IllegalTransition(current="captured", target="voided")
