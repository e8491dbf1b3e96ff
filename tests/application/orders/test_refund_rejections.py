"""Rejected refunds: nothing changes but what is stored under the key."""

from dataclasses import replace
from typing import Any

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import BalanceTooLarge
from shop.domain.orders.fulfilment import OrderPartlyFulfilled, PaymentNotCaptured
from shop.domain.orders.order import OrderNotFound, OrderStatus
from shop.domain.orders.refund import NotPaidByCard, RefundExceedsPayment
from shop.domain.orders.shipment import ExcessQuantity, QuantityExceedsOrder
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Money
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.user import Forbidden
from tests.application.memory_shop import MemoryShop, place_order
from tests.application.orders.refund_requests import (
    assert_rejected,
    assert_rejected_permanently,
    order_state,
    refund_of,
    refund_order,
    refund_request,
)
from tests.factories import USD, eur, id_of, line_quantities

pytestmark = pytest.mark.anyio


class TestRejections:
    async def test_refund_beyond_the_remaining_amount_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, placed, amount=eur(250)))

        rejection = RefundExceedsPayment(requested=eur(51), remaining=eur(50))
        await assert_rejected_permanently(
            shop, refund_order(admin, placed, "k-2", amount=eur(51)), rejection
        )
        by_line = refund_order(admin, placed, "k-3", lines=line_quantities(TEA=1))
        await assert_rejected_permanently(
            shop, by_line, RefundExceedsPayment(requested=eur(100), remaining=eur(50))
        )

    async def test_line_is_not_refunded_twice(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await refund_of(
            shop, refund_order(admin, placed, lines=line_quantities(TEA=1), restock=True)
        )

        again = refund_order(
            admin, placed, "k-2", lines=line_quantities(TEA=2, CUP=1), amount=eur(1)
        )
        excesses = (
            ExcessQuantity(sku="TEA", requested=2, remaining=1),
            ExcessQuantity(sku="CUP", requested=1, remaining=0),
        )
        await assert_rejected_permanently(shop, again, QuantityExceedsOrder(lines=excesses))

    async def test_refunded_or_cancelled_order_is_not_refunded_again(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, placed))
        again = IllegalTransition(current="refunded", target="refunded")
        await assert_rejected_permanently(
            shop, refund_order(admin, placed, "k-2", amount=eur(1)), again
        )

        other = await shop.place(place_order(ada_token, ("TEA", 1), key="key-0002"))
        cancel = CancelOrder(session=ada_token, order_id=other.order.id)
        await shop.container.cancel_orders().cancel(cancel)
        cancelled = IllegalTransition(current="cancelled", target="refunded")
        await assert_rejected_permanently(shop, refund_order(admin, other, "k-3"), cancelled)

    async def test_partly_refunded_order_cannot_be_cancelled(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, placed, amount=eur(1)))
        before = shop.state

        with pytest.raises(OrderPartlyFulfilled):
            await shop.container.cancel_orders().cancel(
                CancelOrder(session=admin, order_id=placed.order.id)
            )

        assert shop.state == before

    async def test_account_payment_is_not_refunded_to_a_card(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        command = refund_order(admin, placed, to=PaymentMethod.CARD)
        await assert_rejected_permanently(shop, command, NotPaidByCard())

    async def test_excessive_balance_stays_unchanged(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        full = shop.account("ada")
        lent = eur(MAX_AMOUNT - full.balance.amount)
        async with shop.container.unit_of_work() as uow:
            await uow.accounts.lock([full.id])
            uow.accounts.save(full.deposit(lent))
            await uow.commit()

        await assert_rejected_permanently(shop, refund_order(admin, placed), BalanceTooLarge())

        async with shop.container.unit_of_work() as uow:
            await uow.accounts.lock([full.id])
            uow.accounts.save(full)
            await uow.commit()

    async def test_uncaptured_payment_is_refunded_later_under_the_same_key(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken
    ) -> None:
        placed = await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_visa"))
        await assert_rejected(shop, refund_order(admin, placed), PaymentNotCaptured())
        assert shop.outcome("root") is None
        await shop.run_jobs()

        await refund_of(shop, refund_order(admin, placed))

        assert order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)

    async def test_customers_cannot_refund_and_unknown_orders_are_not_found(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        await assert_rejected(shop, refund_order(None, placed), NotSignedIn())
        await assert_rejected(shop, refund_order(ada_token, placed), Forbidden(role="admin"))
        nothing = replace(refund_order(admin, placed), order_id=id_of("none"))
        await assert_rejected_permanently(shop, nothing, OrderNotFound())

    async def test_refund_in_another_currency_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        dollars = refund_order(admin, placed, amount=Money(amount=1, currency=USD))
        rule = InvalidValue(field="currency", rule="must be EUR, not USD")
        await assert_rejected(shop, dollars, rule)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"reason": ""}, "reason"),
            ({"reason": "two\nlines"}, "reason"),
            ({"reason": "x" * 201}, "reason"),
            ({"amount": eur(0)}, "amount"),
            ({"amount": eur(1), "restock": True}, "restock"),
        ],
    )
    async def test_invalid_refund_is_rejected_with_its_field(
        self, changes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidValue) as rejection:
            refund_request(**changes)

        assert rejection.value.field == field
