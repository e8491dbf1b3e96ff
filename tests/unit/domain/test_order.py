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


def test_a_line_costs_its_quantity_times_its_price() -> None:
    assert line("TEA", 3, unit_price=eur(199)).amount == eur(597)


class TestHistory:
    def test_it_begins_when_the_order_is_placed(self) -> None:
        assert ORDER.initial_status_change(actor=Actor.CUSTOMER) == StatusChange(
            order_id=ORDER.id,
            sequence=1,
            from_status=None,
            to_status="paid",
            actor="customer",
            created_at=NOW,
        )

    def test_it_begins_nowhere_else(self) -> None:
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

    def test_a_step_that_the_table_has_not_is_refused(self) -> None:
        with pytest.raises(IllegalTransition) as caught:
            ORDER.transition_to(OrderStatus.DELIVERED, at=LATER, actor=Actor.ADMIN)

        assert caught.value == IllegalTransition(current="paid", target="delivered")

    def test_an_order_is_known_as_it_was_placed_whatever_became_of_it(self) -> None:
        cancelled, _ = ORDER.transition_to(OrderStatus.CANCELLED, at=LATER, actor=Actor.ADMIN)

        assert cancelled.as_first_paid() == ORDER


class TestVisibility:
    def test_its_customer_and_admins_may_know_of_it(self) -> None:
        assert ORDER.is_visible_to(ADA)
        assert ORDER.is_visible_to(user("boss").with_role(Role.ADMIN))

    def test_nobody_else_may(self) -> None:
        assert not ORDER.is_visible_to(user("bob"))


class TestPayment:
    def test_it_takes_a_legal_step(self) -> None:
        assert payment(ORDER).transition_to(PaymentStatus.REFUNDED) == payment(
            ORDER, status=PaymentStatus.REFUNDED
        )

    def test_any_other_step_is_refused(self) -> None:
        with pytest.raises(IllegalTransition) as caught:
            payment(ORDER).transition_to(PaymentStatus.VOIDED)

        assert caught.value == IllegalTransition(current="captured", target="voided")
