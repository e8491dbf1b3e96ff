"""What every adapter owes the port to the audit: it finds what is wrong, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.audit import Fact
from shop.application.ports.idempotency import KeyId, Outcome, Refused, Succeeded
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.cart import EmptyCart
from shop.domain.money import Money
from shop.domain.order import Actor, OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from tests.contract.books import (
    ADA,
    ADAS,
    BOB,
    BOBS,
    ORDER,
    RUNNING,
    book,
    bought,
    cancelled,
    charge,
    findings,
    follow,
    pending,
    place,
    returned,
    settle,
)
from tests.contract.stores import Stores
from tests.factories import (
    ADJUSTMENTS,
    EUR,
    NOW,
    SALES,
    USD,
    account,
    an_id,
    claim,
    eur,
    inventory,
    line,
    movement,
    order,
    payment,
    product,
    session,
    transfer,
    user,
    welcome,
)

pytestmark = pytest.mark.anyio

GIFT = transfer(ADAS.id, BOBS.id, 300)
CREDIT = transfer(ADJUSTMENTS, ADAS.id, 200, kind=TransferKind.CREDIT)


@pytest.fixture
async def shop(stores: Stores) -> Stores:
    """Give a storage in which two customers have money and two products are in stock."""
    await stores.commit(
        *(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB)),
        *(lambda uow, each=each: uow.accounts.add(each) for each in (ADAS, BOBS)),
        *(lambda uow, each=each: uow.transfers.add(welcome(each)) for each in (ADAS, BOBS)),
    )
    await stores.stock(product("TEA"), 20)
    await stores.stock(product("POT"), 5)
    return stores


class TestSoundBooks:
    async def test_nothing_is_wrong_where_nothing_is(self, stores: Stores) -> None:
        assert await findings(stores) == []

    async def test_nothing_is_wrong_with_what_the_shop_does(self, shop: Stores) -> None:
        second = order(ADA, "2", line("TEA", 1), placed_at=NOW + timedelta(minutes=1))
        await place(shop, bought(ORDER))
        await place(shop, bought(second))
        await follow(shop, cancelled(second))
        # The last four.
        await place(shop, pending(order(ADA, "3", line("POT", 4))))

        async def transfers(uow: UnitOfWork) -> None:
            await uow.keys.claim([claim(ADA, "gift"), claim(BOB, "credit"), claim(BOB, "runs")])
            uow.keys.settle(KeyId(user_id=ADA.id, key="gift"), Succeeded(reference=GIFT.id))
            uow.keys.settle(KeyId(user_id=BOB.id, key="credit"), Succeeded(reference=CREDIT.id))
            await settle(uow, "refused", Refused(error=EmptyCart()))
            await book(uow, (GIFT, CREDIT))

        await shop.change(transfers)
        await shop.commit(
            lambda uow: uow.sessions.begin(session("1", user_id=ADA.id, order_id=ORDER.id)),
            lambda uow: uow.sessions.begin(session("2")),
        )

        assert await findings(shop) == []

    async def test_each_step_of_an_order_to_its_end_is_sound(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        state = ORDER
        for status in (OrderStatus.SHIPPED, OrderStatus.DELIVERED):
            state, event = state.become(status, at=NOW, actor=Actor.ADMIN)
            step = replace(bought(ORDER), order=state, event=event, transfers=(), on_hand={})
            await follow(shop, step)
            assert await findings(shop) == []

    async def test_an_order_may_be_cancelled_before_it_is_paid(self, shop: Stores) -> None:
        waiting = pending(ORDER)
        await place(shop, replace(waiting, outcome=Succeeded(reference=ORDER.id)))
        ended, event = waiting.order.become(OrderStatus.CANCELLED, at=NOW, actor=Actor.CUSTOMER)
        step = replace(waiting, order=ended, event=event, reserved={"TEA": -2, "POT": -1})
        await follow(shop, replace(step, payment=payment(ended, status=PaymentStatus.VOIDED)))

        assert await findings(shop) == []

    async def test_an_order_may_be_charged_to_a_card(self, shop: Stores) -> None:
        by_card = replace(ORDER, method=PaymentMethod.CARD)
        clearing = ShopAccount.CARD_CLEARING.id_in(EUR)
        charged = charge(by_card, debit_account_id=clearing)
        await place(shop, replace(bought(by_card), transfers=(charged,)))

        assert await findings(shop) == []

    async def test_a_declined_order_may_have_a_refused_key(self, shop: Stores) -> None:
        waiting = pending(ORDER)
        refused = Refused(error=EmptyCart())
        await place(shop, replace(waiting, outcome=refused))
        declined, event = waiting.order.become(OrderStatus.DECLINED, at=NOW, actor=Actor.CUSTOMER)
        step = replace(waiting, order=declined, event=event, reserved={"TEA": -2, "POT": -1})
        await follow(shop, replace(step, payment=payment(declined, status=PaymentStatus.DECLINED)))

        assert await findings(shop) == []

    async def test_no_more_than_a_hundred_violations_of_a_rule_are_told(
        self, stores: Stores
    ) -> None:
        owner = user("ada")
        lost = [transfer(an_id(f"lost {n}"), SALES) for n in range(101)]
        await stores.commit(
            lambda uow: uow.users.add(owner),
            *(lambda uow, each=each: uow.transfers.add(each) for each in lost),
        )

        rules = [rule for _, rule, _ in await findings(stores)]

        assert rules == ["transfer-without-account"] * 100 + ["ledger-off-balance"]


class TestLedger:
    async def test_a_transfer_to_an_account_that_there_is_not(self, shop: Stores) -> None:
        stray = transfer(ADAS.id, an_id("nothing"), 100)
        await shop.change(lambda uow: book(uow, (stray,)))

        assert await findings(shop) == [
            (1, "transfer-without-account", {"transfer_id": str(stray.id)}),
            (1, "ledger-off-balance", {"currency": "EUR", "surplus": -100}),
        ]

    async def test_a_transfer_in_a_currency_that_the_account_has_not(self, shop: Stores) -> None:
        dollars = account(
            ADA,
            id=an_id("dollars"),
            balance=Money.zero(USD),
            limit=Money.zero(USD),
        )
        # There and back, so that the sums agree.
        there, back = transfer(ADAS.id, dollars.id, 7), transfer(dollars.id, ADAS.id, 7)
        await shop.commit(lambda uow: uow.accounts.add(dollars))
        await shop.change(lambda uow: book(uow, (there, back)))

        assert sorted(await findings(shop), key=str) == sorted(
            (
                (1, "transfer-without-account", {"transfer_id": str(each.id)})
                for each in (there, back)
            ),
            key=str,
        )

    async def test_a_balance_that_no_transfer_explains(self, shop: Stores) -> None:
        cat = user("cat")
        cats = account(cat, 70)
        await shop.commit(lambda uow: uow.users.add(cat), lambda uow: uow.accounts.add(cats))

        assert await findings(shop) == [
            (1, "ledger-off-balance", {"currency": "EUR", "surplus": 70}),
            (
                2,
                "balance-not-sum-of-transfers",
                {"account_id": str(cats.id), "balance": 70, "transferred": 0},
            ),
        ]

    async def test_a_transfer_that_changed_no_balance(self, shop: Stores) -> None:
        await shop.commit(lambda uow: uow.transfers.add(GIFT))

        found = await findings(shop)

        assert [(number, rule) for number, rule, _ in found] == [
            (2, "balance-not-sum-of-transfers")
        ] * 2
        assert {each["account_id"]: each["transferred"] for _, _, each in found} == {
            str(ADAS.id): 9_700,
            str(BOBS.id): 5_300,
        }


class TestStock:
    async def test_stock_that_no_movement_explains(self, shop: Stores) -> None:
        await shop.commit(
            lambda uow: uow.products.add(product("CUP")),
            lambda uow: uow.inventories.add(inventory("CUP", 3)),
        )

        facts = {
            "sku": "CUP",
            "on_hand": 3,
            "reserved": 0,
            "moved_on_hand": 0,
            "moved_reserved": 0,
        }
        assert await findings(shop) == [(3, "stock-not-sum-of-movements", facts)]

    async def test_a_reservation_that_no_movement_explains(self, shop: Stores) -> None:
        waiting = pending(order(ADA, "1", line("TEA", 4)))
        await place(shop, replace(waiting, reserved={}))
        full, held = inventory("TEA", 20), inventory("TEA", 20, 4)
        kept = movement(full, held, reserved_delta=0, order_id=waiting.order.id)

        async def reserve(uow: UnitOfWork) -> None:
            await uow.inventories.lock(["TEA"])
            uow.inventories.save(held, kept)

        await shop.change(reserve)

        facts = {
            "sku": "TEA",
            "on_hand": 20,
            "reserved": 4,
            "moved_on_hand": 20,
            "moved_reserved": 0,
        }
        assert await findings(shop) == [(3, "stock-not-sum-of-movements", facts)]

    async def test_a_pending_order_without_a_reservation(self, shop: Stores) -> None:
        await place(shop, replace(pending(order(ADA, "1", line("TEA", 4))), reserved={}))

        facts = {"sku": "TEA", "reserved": 0, "open_quantity": 4}
        assert await findings(shop) == [(3, "reserved-not-by-open-orders", facts)]

    async def test_a_reservation_without_a_pending_order(self, shop: Stores) -> None:
        await place(shop, replace(bought(ORDER), reserved={"TEA": 4}))

        facts = {"sku": "TEA", "reserved": 4, "open_quantity": 0}
        assert await findings(shop) == [(3, "reserved-not-by-open-orders", facts)]

    @pytest.mark.parametrize("moved", [None, -1, -3])
    async def test_an_order_that_took_less_or_more_than_was_ordered(
        self, shop: Stores, moved: int | None
    ) -> None:
        taken = {"POT": -1} if moved is None else {"POT": -1, "TEA": moved}
        await place(shop, replace(bought(ORDER), on_hand=taken))

        facts = {"order_id": str(ORDER.id), "sku": "TEA", "quantity": 2, "moved": moved}
        assert await findings(shop) == [(3, "order-took-other-stock", facts)]


class TestCharges:
    async def test_a_total_other_than_the_lines(self, shop: Stores) -> None:
        await place(shop, bought(replace(ORDER, total=eur(1_499))))

        facts = {"order_id": str(ORDER.id), "total": 1_499, "lines": 1_500}
        assert await findings(shop) == [(4, "total-not-sum-of-lines", facts)]

    async def test_a_paid_order_without_a_charge(self, shop: Stores) -> None:
        await place(shop, replace(bought(ORDER), transfers=()))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 0, "charged": 0}
        assert await findings(shop) == [(4, "not-charged-once", facts)]

    async def test_a_paid_order_with_two_charges(self, shop: Stores) -> None:
        twice = (charge(ORDER, amount=eur(1_000)), charge(ORDER, id=an_id(""), amount=eur(500)))
        await place(shop, replace(bought(ORDER), transfers=twice))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 2, "charged": 1_500}
        assert await findings(shop) == [(4, "not-charged-once", facts)]

    async def test_a_charge_of_another_amount(self, shop: Stores) -> None:
        await place(shop, replace(bought(ORDER), transfers=(charge(ORDER, amount=eur(1)),)))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 1, "charged": 1}
        assert await findings(shop) == [(4, "not-charged-once", facts)]

    async def test_a_cancelled_order_that_was_paid_without_a_charge(self, shop: Stores) -> None:
        await place(shop, replace(bought(ORDER), transfers=()))
        await follow(shop, replace(cancelled(ORDER), transfers=()))

        facts = {"order_id": str(ORDER.id), "total": 1_500, "charges": 0, "charged": 0}
        assert await findings(shop) == [(4, "not-charged-once", facts)]

    async def test_an_order_without_a_payment(self, shop: Stores) -> None:
        await place(shop, replace(bought(ORDER), payment=None))

        assert await findings(shop) == [(4, "payment-differs", _payment_facts(None, None))]

    @pytest.mark.parametrize(
        ("changed", "status", "amount"),
        [
            (payment(ORDER, amount=eur(1)), "captured", 1),
            (payment(ORDER, amount=Money(amount=1_500, currency=USD)), "captured", 1_500),
            (payment(ORDER, method=PaymentMethod.CARD), "captured", 1_500),
            (payment(ORDER, status=PaymentStatus.PENDING), "pending", 1_500),
            (payment(ORDER, status=PaymentStatus.REFUNDED), "refunded", 1_500),
        ],
    )
    async def test_a_payment_that_does_not_fit(
        self, shop: Stores, changed: Payment, status: str, amount: int
    ) -> None:
        await place(shop, replace(bought(ORDER), payment=changed))

        assert await findings(shop) == [(4, "payment-differs", _payment_facts(status, amount))]

    async def test_a_charge_of_another_customer(self, shop: Stores) -> None:
        wrong = charge(ORDER, debit_account_id=BOBS.id)
        await place(shop, replace(bought(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-of-another", facts)]

    async def test_a_charge_that_did_not_go_to_the_sales(self, shop: Stores) -> None:
        wrong = charge(ORDER, credit_account_id=BOBS.id)
        await place(shop, replace(bought(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-of-another", facts)]

    async def test_a_charge_for_no_order(self, shop: Stores) -> None:
        wrong = charge(ORDER, order_id=None)
        await shop.change(lambda uow: book(uow, (wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": None}
        assert await findings(shop) == [(4, "charge-of-another", facts)]

    async def test_a_return_to_another_customer(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        wrong = replace(returned(ORDER), credit_account_id=BOBS.id)
        await follow(shop, replace(cancelled(ORDER), transfers=(wrong,)))

        facts = {"transfer_id": str(wrong.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-of-another", facts)]


class TestDeadOrders:
    async def test_goods_that_were_not_put_back(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await follow(shop, replace(cancelled(ORDER), on_hand={"TEA": 1, "POT": 1}))

        facts = {
            "order_id": str(ORDER.id),
            "status": "cancelled",
            "sku": "TEA",
            "on_hand": -1,
            "reserved": 0,
        }
        assert await findings(shop) == [(5, "dead-order-holds-stock", facts)]

    async def test_goods_that_stay_reserved(self, shop: Stores) -> None:
        waiting = pending(order(ADA, "1", line("TEA", 2)))
        await place(shop, replace(waiting, outcome=Succeeded(reference=waiting.order.id)))
        expired, event = waiting.order.become(OrderStatus.EXPIRED, at=NOW, actor=Actor.ADMIN)
        await follow(shop, replace(waiting, order=expired, event=event, reserved={}))

        facts = {
            "order_id": str(expired.id),
            "status": "expired",
            "sku": "TEA",
            "on_hand": 0,
            "reserved": 2,
        }
        assert await findings(shop) == [
            (3, "reserved-not-by-open-orders", {"sku": "TEA", "reserved": 2, "open_quantity": 0}),
            (5, "dead-order-holds-stock", facts),
        ]

    async def test_money_that_was_not_returned(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await follow(shop, replace(cancelled(ORDER), transfers=()))

        facts = {"order_id": str(ORDER.id), "status": "cancelled", "kept": 1_500}
        assert await findings(shop) == [(5, "dead-order-keeps-money", facts)]

    async def test_money_that_was_returned_twice(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        twice = (returned(ORDER), replace(returned(ORDER), id=an_id("again")))
        await follow(shop, replace(cancelled(ORDER), transfers=twice))

        facts = {"order_id": str(ORDER.id), "status": "cancelled", "kept": -1_500}
        assert await findings(shop) == [(5, "dead-order-keeps-money", facts)]


class TestSessions:
    @pytest.mark.parametrize("user_id", [BOB.id, None])
    async def test_a_session_that_tracks_anothers_order(
        self, shop: Stores, user_id: UUID | None
    ) -> None:
        await place(shop, bought(ORDER))
        foreign = session("1", user_id=user_id, order_id=ORDER.id)
        await shop.commit(lambda uow: uow.sessions.begin(foreign))

        facts = {"session_id": str(foreign.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(6, "session-tracks-anothers-order", facts)]

    async def test_a_session_that_tracks_no_order_that_there_is(self, shop: Stores) -> None:
        lost = session("1", user_id=ADA.id, order_id=ORDER.id)
        await shop.commit(lambda uow: uow.sessions.begin(lost))

        facts = {"session_id": str(lost.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(6, "session-tracks-anothers-order", facts)]


class TestKeys:
    @pytest.mark.parametrize("outcome", [None, RUNNING, Refused(error=EmptyCart())])
    async def test_a_paid_order_whose_key_does_not_tell_of_it(
        self, shop: Stores, outcome: Outcome | UUID | None
    ) -> None:
        await place(shop, replace(bought(ORDER), outcome=outcome))

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    @pytest.mark.parametrize("outcome", [None, Refused(error=EmptyCart())])
    async def test_a_pending_order_whose_key_is_free_or_refused(
        self, shop: Stores, outcome: Outcome | None
    ) -> None:
        await place(shop, replace(pending(ORDER), outcome=outcome))

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    async def test_a_key_that_led_to_the_order_of_another_key(self, shop: Stores) -> None:
        second = order(ADA, "2", line("TEA", 1))
        await place(shop, bought(ORDER))
        await place(shop, replace(bought(second), outcome=Succeeded(reference=ORDER.id)))

        assert await findings(shop) == [
            (7, "order-without-outcome", {"order_id": str(second.id)}),
            (
                7,
                "outcome-without-order",
                {"user_id": str(ADA.id), "reference": str(ORDER.id)},
            ),
        ]

    async def test_a_key_that_led_to_nothing_that_there_is(self, shop: Stores) -> None:
        nothing = an_id("nothing")
        await shop.change(lambda uow: settle(uow, "a-key", Succeeded(reference=nothing)))

        facts = {"user_id": str(ADA.id), "reference": str(nothing)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]

    @pytest.mark.parametrize(
        "made",
        [
            transfer(BOBS.id, ADAS.id, 5),
            transfer(ADJUSTMENTS, ADAS.id, 5, kind=TransferKind.WELCOME),
        ],
    )
    async def test_a_key_that_led_to_a_transfer_of_somebody_else(
        self, shop: Stores, made: Transfer
    ) -> None:
        async def work(uow: UnitOfWork) -> None:
            await settle(uow, "a-key", Succeeded(reference=made.id))
            await book(uow, (made,))

        await shop.change(work)

        facts = {"user_id": str(ADA.id), "reference": str(made.id)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]

    async def test_a_key_that_led_to_the_charge_of_an_order(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        reference = charge(ORDER).id
        await shop.change(lambda uow: settle(uow, "a-key", Succeeded(reference=reference)))

        facts = {"user_id": str(ADA.id), "reference": str(reference)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]


class TestHistory:
    async def test_a_first_event_that_is_not_the_first(self, shop: Stores) -> None:
        step = bought(ORDER)
        await place(shop, replace(step, event=replace(step.event, sequence=2)))

        order_id = str(ORDER.id)
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": 1, "events": 1}),
            (
                10,
                "history-ends-elsewhere",
                {"order_id": order_id, "status": "paid", "status_after": None},
            ),
        ]

    async def test_a_gap_between_two_events(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        step = cancelled(ORDER)
        await follow(shop, replace(step, event=replace(step.event, sequence=3)))

        order_id = str(ORDER.id)
        joins = {
            "order_id": order_id,
            "sequence": 3,
            "status_before": "paid",
            "previous": None,
        }
        ends = {"order_id": order_id, "status": "cancelled", "status_after": None}
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": 2, "events": 2}),
            (10, "history-does-not-join", joins),
            (10, "history-ends-elsewhere", ends),
        ]

    async def test_more_steps_than_the_version_counts(self, shop: Stores) -> None:
        await place(shop, bought(replace(ORDER, version=2)))

        order_id = str(ORDER.id)
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": 2, "events": 1}),
            (
                10,
                "history-ends-elsewhere",
                {"order_id": order_id, "status": "paid", "status_after": None},
            ),
        ]

    async def test_a_start_that_is_none(self, shop: Stores) -> None:
        event = replace(bought(ORDER).event, after="shipped")
        shipped = replace(ORDER, status=OrderStatus.SHIPPED)
        await place(shop, replace(bought(ORDER), order=shipped, event=event))

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 1,
            "status_before": None,
            "status_after": "shipped",
        }
        assert await findings(shop) == [(10, "illegal-step", facts)]

    async def test_a_step_that_the_table_has_not(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        shipped, event = ORDER.become(OrderStatus.SHIPPED, at=NOW, actor=Actor.ADMIN)
        delivered = replace(shipped, status=OrderStatus.DELIVERED)
        step = replace(bought(ORDER), order=delivered, transfers=(), on_hand={})
        await follow(shop, replace(step, event=replace(event, after="delivered")))

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 2,
            "status_before": "paid",
            "status_after": "delivered",
        }
        assert await findings(shop) == [(10, "illegal-step", facts)]

    @pytest.mark.parametrize("before", [None, "pending"])
    async def test_a_step_that_begins_elsewhere_than_the_last_one_ended(
        self, shop: Stores, before: str | None
    ) -> None:
        await place(shop, bought(ORDER))
        again = replace(ORDER, version=2)
        event = replace(bought(ORDER).event, sequence=2, before=before)
        await follow(shop, replace(bought(again), event=event, transfers=(), on_hand={}))

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 2,
            "status_before": before,
            "previous": "paid",
        }
        assert await findings(shop) == [(10, "history-does-not-join", facts)]

    async def test_a_status_that_no_step_led_to(self, shop: Stores) -> None:
        shipped = replace(ORDER, status=OrderStatus.SHIPPED)
        await place(shop, replace(bought(ORDER), order=shipped))

        facts = {"order_id": str(ORDER.id), "status": "shipped", "status_after": "paid"}
        assert await findings(shop) == [(10, "history-ends-elsewhere", facts)]


def _payment_facts(status: str | None, amount: int | None) -> Mapping[str, Fact]:
    return {
        "order_id": str(ORDER.id),
        "status": "paid",
        "total": 1_500,
        "payment_status": status,
        "amount": amount,
    }
