"""Money of an order goes back, whole or in parts, never more of it than was paid."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import CommandResult, IdempotencyKeyReused
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.fulfil import RecordShipmentEvent
from shop.application.orders.refund import RefundOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.account import BalanceTooLarge, ShopAccount, TransferKind
from shop.domain.orders.fulfilment import OrderPartlyFulfilled, PaymentNotCaptured
from shop.domain.orders.order import OrderNotFound, OrderStatus
from shop.domain.orders.refund import (
    NotPaidByCard,
    Refund,
    RefundExceedsPayment,
    RefundLine,
    RefundRequest,
    RefundStatus,
)
from shop.domain.orders.shipment import ExcessQuantity, QuantityExceedsOrder, ShipmentEventKind
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.money import MAX_AMOUNT, Money
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.user import Forbidden
from tests.application.memory_shop import WELCOME_CREDIT, MemoryShop, place_order
from tests.factories import EUR, USD, eur, id_of, line_quantities

pytestmark = pytest.mark.anyio

SHIPMENT, DELIVERY = ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED
REMAINING = WELCOME_CREDIT - 300
"""What Ada has once she has paid."""


@pytest.fixture
async def ada_token(shop: MemoryShop, admin: SessionToken) -> AsyncIterator[SessionToken]:
    """Give Ada's token; look into the books at the end."""
    del admin
    yield await shop.customer("ada")
    assert await shop.audit_violations() == []


@pytest.fixture
async def placed(shop: MemoryShop, ada_token: SessionToken) -> PlacedOrder:
    """Give an order of Ada's: two of tea and one of coffee, for 300."""
    return await shop.place(place_order(ada_token, ("TEA", 2), ("COFFEE", 1)))


def refund_request(**changes: Any) -> RefundRequest:  # noqa: ANN401  Several types.
    """Return the wish for all that is left, to where it came from, with no goods."""
    made = RefundRequest(lines=(), amount=None, to=None, reason="Broken", restock=False)
    return replace(made, **changes)


def refund_order(
    token: SessionToken | None,
    placed: PlacedOrder,
    key: str = "key-0001",
    **changes: Any,  # noqa: ANN401  Several types.
) -> RefundOrder:
    return RefundOrder(
        session=token, key=key, order_id=placed.order.id, refund_request=refund_request(**changes)
    )


async def _refund(shop: MemoryShop, command: RefundOrder) -> Refund:
    return (await _reply(shop, command)).unwrap()


async def _reply(shop: MemoryShop, command: RefundOrder) -> CommandResult[Refund]:
    return await shop.container.refund_orders().refund(command)


async def _record(
    shop: MemoryShop,
    token: SessionToken,
    placed: PlacedOrder,
    kind: ShipmentEventKind,
    **quantities: int,
) -> None:
    command = RecordShipmentEvent(
        session=token, order_id=placed.order.id, kind=kind, lines=line_quantities(**quantities)
    )
    await shop.container.fulfil_orders().record(command)


def _order_state(shop: MemoryShop, placed: PlacedOrder) -> tuple[OrderStatus, PaymentStatus]:
    order_id = placed.order.id
    return shop.state.orders.rows[order_id].status, shop.state.payments.rows[order_id].status


class TestAWholeOrder:
    async def test_is_refunded_to_the_paying_account(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        refund = await _refund(shop, refund_order(admin, placed))

        assert _order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)
        assert (refund.amount, refund.to, refund.status) == (
            eur(300),
            PaymentMethod.ACCOUNT,
            RefundStatus.SUCCEEDED,
        )
        assert (shop.balance("ada"), shop.balance("root")) == (WELCOME_CREDIT, WELCOME_CREDIT)
        assert (shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (3, 1)
        event = shop.state.status_changes.rows[placed.order.id, 2]
        assert (event.from_status, event.to_status, event.actor) == ("paid", "refunded", "admin")
        transfer = shop.state.transfers.rows[refund.id]
        assert (transfer.kind, transfer.amount) == (TransferKind.REFUND, eur(300))
        assert transfer.debit_account_id == ShopAccount.SALES.account_id(EUR)
        assert transfer.credit_account_id == shop.account("ada").id
        assert (transfer.order_id, transfer.note) == (placed.order.id, "Broken")

    async def test_is_restocked_on_request(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        refund = await _refund(shop, refund_order(admin, placed, restock=True))

        assert (shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (5, 2)
        assert refund.lines == (
            RefundLine(sku="TEA", quantity=2, cancelled_quantity=2),
            RefundLine(sku="COFFEE", quantity=1, cancelled_quantity=1),
        )

    @pytest.mark.parametrize("kinds", [[SHIPMENT], [SHIPMENT, DELIVERY]])
    async def test_may_be_shipped_or_delivered(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        placed: PlacedOrder,
        kinds: list[ShipmentEventKind],
    ) -> None:
        for kind in kinds:
            await _record(shop, admin, placed, kind)

        refund = await _refund(shop, refund_order(admin, placed, restock=True))

        assert _order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)
        assert {line.cancelled_quantity for line in refund.lines} == {0}
        assert shop.on_hand("TEA") == 5


class TestPartOfAnOrder:
    async def test_refunds_the_price_of_its_lines(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        refund = await _refund(
            shop, refund_order(admin, placed, lines=line_quantities(TEA=1), restock=True)
        )

        assert refund.amount == eur(100)
        assert _order_state(shop, placed) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert (shop.balance("ada"), shop.on_hand("TEA")) == (REMAINING + 100, 4)

    async def test_refunds_an_amount_without_lines(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        refund = await _refund(shop, refund_order(admin, placed, amount=eur(7)))

        assert (refund.amount, refund.lines) == (eur(7), ())
        assert (shop.balance("ada"), shop.on_hand("TEA")) == (REMAINING + 7, 3)

    async def test_refunds_another_amount_for_its_lines(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        command = refund_order(
            admin, placed, lines=line_quantities(TEA=2), amount=eur(150), restock=True
        )
        refund = await _refund(shop, command)

        assert (refund.amount, shop.balance("ada"), shop.on_hand("TEA")) == (
            eur(150),
            REMAINING + 150,
            5,
        )

    async def test_refunds_step_by_step_to_the_whole(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refund(shop, refund_order(admin, placed, "key-0001", lines=line_quantities(TEA=1)))
        await _refund(shop, refund_order(admin, placed, "key-0002", amount=eur(50)))
        assert _order_state(shop, placed) == (OrderStatus.PAID, PaymentStatus.CAPTURED)

        rest = await _refund(shop, refund_order(admin, placed, "key-0003", restock=True))

        assert (rest.number, rest.amount) == (3, eur(150))
        assert [line.sku for line in rest.lines] == ["TEA", "COFFEE"]
        assert _order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)
        assert (shop.balance("ada"), shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (
            WELCOME_CREDIT,
            4,
            2,
        )

    async def test_refunds_the_order_when_nothing_is_left(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refund(shop, refund_order(admin, placed, amount=eur(300)))

        assert _order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)

    async def test_that_was_refunded_is_not_shipped(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refund(shop, refund_order(admin, placed, lines=line_quantities(TEA=2)))
        with pytest.raises(QuantityExceedsOrder):
            await _record(shop, admin, placed, SHIPMENT, TEA=1)

        await _record(shop, admin, placed, SHIPMENT)

        (shipment_event,) = shop.state.shipment_events.rows.values()
        assert shipment_event.lines == line_quantities(COFFEE=1)
        assert _order_state(shop, placed) == (OrderStatus.SHIPPED, PaymentStatus.CAPTURED)

    async def test_that_will_not_be_shipped_may_complete_the_order(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _record(shop, admin, placed, SHIPMENT, TEA=2)
        await _record(shop, admin, placed, DELIVERY)

        await _refund(
            shop, refund_order(admin, placed, lines=line_quantities(COFFEE=1), restock=True)
        )

        assert _order_state(shop, placed) == (OrderStatus.DELIVERED, PaymentStatus.CAPTURED)
        history = [
            shop.state.status_changes.rows[placed.order.id, each].to_status for each in (1, 2, 3)
        ]
        assert history == ["paid", "shipped", "delivered"]

    async def test_that_was_shipped_is_refunded_after_the_unshipped(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _record(shop, admin, placed, SHIPMENT, TEA=1)

        refund = await _refund(shop, refund_order(admin, placed, lines=line_quantities(TEA=2)))

        assert refund.lines == (RefundLine(sku="TEA", quantity=2, cancelled_quantity=1),)


class TestUnderAKey:
    async def test_repeated_refund_is_replayed_and_happens_once(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        command = refund_order(admin, placed, amount=eur(7))
        first = await _reply(shop, command)
        before = shop.state

        again = await _reply(shop, command)

        assert (again.value, first.replayed, again.replayed) == (first.value, False, True)
        assert shop.state == before

    async def test_concurrent_requests_refund_once(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        command = refund_order(admin, placed, amount=eur(7))
        refunds = await asyncio.gather(*(_refund(shop, command) for _ in range(5)))

        assert {each.id for each in refunds} == {refunds[0].id}
        assert shop.balance("ada") == REMAINING + 7

    async def test_different_request_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refund(shop, refund_order(admin, placed, amount=eur(7)))

        again = refund_order(admin, placed, amount=eur(8))
        await _assert_rejected(shop, again, IdempotencyKeyReused())

    async def test_concurrent_refunds_never_exceed_the_payment(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        commands = [
            refund_order(admin, placed, f"key-000{number}", amount=eur(100)) for number in range(5)
        ]
        replies = await asyncio.gather(*(_reply(shop, each) for each in commands))

        made = [each.value for each in replies if isinstance(each.value, Refund)]
        assert sorted(each.number for each in made) == [1, 2, 3]
        assert shop.balance("ada") == WELCOME_CREDIT

    @pytest.mark.parametrize(
        "fault",
        [
            ("commit", TransientFailure("conflict")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_interrupted_refund_happens_once(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        placed: PlacedOrder,
        fault: tuple[str, Exception],
    ) -> None:
        shop.faults.plan(fault)

        refund = await _refund(shop, refund_order(admin, placed, amount=eur(7)))

        assert shop.state.refunds.rows == {refund.id: refund}
        assert shop.balance("ada") == REMAINING + 7


class TestRejections:
    async def test_refund_beyond_the_remaining_amount_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refund(shop, refund_order(admin, placed, amount=eur(250)))

        rejection = RefundExceedsPayment(requested=eur(51), remaining=eur(50))
        await _assert_rejected_permanently(
            shop, refund_order(admin, placed, "k-2", amount=eur(51)), rejection
        )
        by_line = refund_order(admin, placed, "k-3", lines=line_quantities(TEA=1))
        await _assert_rejected_permanently(
            shop, by_line, RefundExceedsPayment(requested=eur(100), remaining=eur(50))
        )

    async def test_line_is_not_refunded_twice(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refund(shop, refund_order(admin, placed, lines=line_quantities(TEA=1), restock=True))

        again = refund_order(
            admin, placed, "k-2", lines=line_quantities(TEA=2, CUP=1), amount=eur(1)
        )
        excesses = (
            ExcessQuantity(sku="TEA", requested=2, remaining=1),
            ExcessQuantity(sku="CUP", requested=1, remaining=0),
        )
        await _assert_rejected_permanently(shop, again, QuantityExceedsOrder(lines=excesses))

    async def test_refunded_or_cancelled_order_is_not_refunded_again(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refund(shop, refund_order(admin, placed))
        again = IllegalTransition(current="refunded", target="refunded")
        await _assert_rejected_permanently(
            shop, refund_order(admin, placed, "k-2", amount=eur(1)), again
        )

        other = await shop.place(place_order(ada_token, ("TEA", 1), key="key-0002"))
        cancel = CancelOrder(session=ada_token, order_id=other.order.id)
        await shop.container.cancel_orders().cancel(cancel)
        cancelled = IllegalTransition(current="cancelled", target="refunded")
        await _assert_rejected_permanently(shop, refund_order(admin, other, "k-3"), cancelled)

    async def test_partly_refunded_order_cannot_be_cancelled(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refund(shop, refund_order(admin, placed, amount=eur(1)))
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
        await _assert_rejected_permanently(shop, command, NotPaidByCard())

    async def test_excessive_balance_stays_unchanged(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        full = shop.account("ada")
        lent = eur(MAX_AMOUNT - full.balance.amount)
        async with shop.container.unit_of_work() as uow:
            await uow.accounts.lock([full.id])
            uow.accounts.save(full.deposit(lent))
            await uow.commit()

        await _assert_rejected_permanently(shop, refund_order(admin, placed), BalanceTooLarge())

        async with shop.container.unit_of_work() as uow:
            await uow.accounts.lock([full.id])
            uow.accounts.save(full)
            await uow.commit()

    async def test_uncaptured_payment_is_refunded_later_under_the_same_key(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken
    ) -> None:
        placed = await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_visa"))
        await _assert_rejected(shop, refund_order(admin, placed), PaymentNotCaptured())
        assert shop.outcome("root") is None
        await shop.run_jobs()

        await _refund(shop, refund_order(admin, placed))

        assert _order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)

    async def test_customers_cannot_refund_and_unknown_orders_are_not_found(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        await _assert_rejected(shop, refund_order(None, placed), NotSignedIn())
        await _assert_rejected(shop, refund_order(ada_token, placed), Forbidden(role="admin"))
        nothing = replace(refund_order(admin, placed), order_id=id_of("none"))
        await _assert_rejected_permanently(shop, nothing, OrderNotFound())

    async def test_refund_in_another_currency_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        dollars = refund_order(admin, placed, amount=Money(amount=1, currency=USD))
        rule = InvalidValue(field="currency", rule="must be EUR, not USD")
        await _assert_rejected(shop, dollars, rule)

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


async def test_customers_see_their_refunds(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    first = await _refund(shop, refund_order(admin, placed, "k-1", amount=eur(1)))
    second = await _refund(shop, refund_order(admin, placed, "k-2", lines=line_quantities(TEA=1)))

    consult = shop.container.order_queries()
    for name in ("ada", "root"):
        assert await consult.refunds(shop.user(name), placed.order.id) == (first, second)


async def _assert_rejected(shop: MemoryShop, command: RefundOrder, error: ShopError) -> None:
    before = shop.state

    with pytest.raises(type(error)) as rejection:
        await _refund(shop, command)

    assert rejection.value == error
    assert shop.state == before


async def _assert_rejected_permanently(
    shop: MemoryShop, command: RefundOrder, error: ShopError
) -> None:
    """Require a refusal that changes nothing but what is kept under the key."""
    before = shop.state

    for replayed in (False, True):
        reply = await _reply(shop, command)
        assert (reply.value, reply.replayed) == (error, replayed)

    assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before
