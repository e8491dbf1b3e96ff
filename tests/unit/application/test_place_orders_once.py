"""Whatever is sent twice, together or fails halfway: an order is placed once, or not at all."""

import asyncio
from dataclasses import replace

import pytest

from shop.application.checkout.place_orders import PlaceOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ports.repositories.idempotency_keys import Succeeded
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseUnavailable,
    TransientFailure,
)
from shop.domain.cart import EmptyCart
from shop.domain.inventory import OutOfStock, Shortage
from tests.unit.application.memory_shop import (
    WELCOME,
    MemoryShop,
    place_order,
    put_product,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def adas(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    """Give the token of Ada, who has a thousand, and two of tea in the cart."""
    del admin
    token = await shop.customer("ada")
    await shop.fill_cart(token, TEA=2)
    return token


class TestKeys:
    async def test_the_same_again_is_answered_alike_and_changes_nothing(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        first = await shop.order(place_order(adas, ("TEA", 1)))
        before = shop.state

        second = await shop.order(place_order(adas, ("TEA", 1)))

        assert second.unwrap() == first.unwrap()
        assert (first.replayed, second.replayed) == (False, True)
        assert shop.state == before
        assert shop.outcome("ada") == Succeeded(reference=first.unwrap().order.id)

    async def test_the_cart_ordered_again_is_answered_alike_though_it_is_empty_by_then(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        first = await shop.order(place_order(adas))
        before = shop.state

        second = await shop.order(place_order(adas))

        assert second.unwrap() == first.unwrap()
        assert shop.state == before

    @pytest.mark.parametrize(
        "other",
        [
            place_order(None, ("TEA", 2)),
            place_order(None, ("TEA", 1), ("COFFEE", 1)),
            place_order(None, ("TEA", 1), expected=100),
            place_order(None),
        ],
    )
    async def test_another_request_under_the_same_key_is_refused(
        self, other: PlaceOrder, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.order(place_order(adas, ("TEA", 1)))
        before = shop.state

        reply = await shop.order(replace(other, session=adas))

        assert (reply.value, reply.replayed) == (IdempotencyKeyReused(), False)
        assert shop.state == before

    async def test_two_users_keys_are_independent(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        bobs = await shop.customer("bob")

        ada = await shop.placed(place_order(adas, ("TEA", 1)))
        bob = await shop.placed(place_order(bobs, ("TEA", 2)))

        assert (ada.order.user_id, bob.order.user_id) == (shop.user("ada").id, shop.user("bob").id)
        assert shop.on_hand("TEA") == 2

    async def test_sent_twice_at_once_it_happens_once(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        command = place_order(adas, ("TEA", 1))

        replies = await asyncio.gather(*(shop.order(command) for _ in range(5)))

        assert len({reply.unwrap().order.id for reply in replies}) == 1
        assert sorted(reply.replayed for reply in replies) == [False, True, True, True, True]
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (4, WELCOME - 100)


class TestGroups:
    async def test_each_is_decided_on_what_those_before_it_left(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        bobs = await shop.customer("bob")
        group = [
            place_order(adas, ("COFFEE", 1), key="key-0001"),
            place_order(bobs, ("COFFEE", 2), key="key-0001"),
            place_order(adas, key="key-0002"),
            place_order(adas, key="key-0003"),
            place_order(bobs, ("COFFEE", 1), key="key-0002"),
        ]

        begun = shop.mishaps.begun
        replies = await shop.container.place_orders().place(group)

        first, second, third, fourth, fifth = (reply.value for reply in replies)
        assert isinstance(first, PlacedOrder)
        assert second == OutOfStock(lines=(Shortage(sku="COFFEE", requested=2, available=1),))
        assert isinstance(third, PlacedOrder)
        assert fourth == EmptyCart()
        assert isinstance(fifth, PlacedOrder)
        assert (shop.on_hand("COFFEE"), shop.on_hand("TEA")) == (0, 3)
        assert (shop.balance("ada"), shop.balance("bob")) == (WELCOME - 300, WELCOME - 100)
        assert shop.mishaps.begun == begun + 1
        assert await shop.findings() == []

    async def test_the_second_of_a_key_follows_the_first(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        group = [
            place_order(adas, ("TEA", 1)),
            place_order(adas, ("TEA", 1)),
            place_order(adas, ("TEA", 2)),
        ]

        first, second, third = await shop.container.place_orders().place(group)

        assert second.unwrap() == first.unwrap()
        assert (first.replayed, second.replayed) == (False, True)
        assert third.value == IdempotencyKeyReused()
        assert (shop.on_hand("TEA"), len(shop.state.orders.rows)) == (4, 1)

    async def test_nobody_there_takes_no_time(self, shop: MemoryShop, adas: SessionToken) -> None:
        del adas
        before = shop.state

        assert await shop.container.place_orders().place([]) == []

        assert shop.state == before


class TestFailures:
    @pytest.mark.parametrize("error", [RuntimeError("a bug"), DatabaseUnavailable("no room")])
    async def test_a_commit_that_fails_leaves_everything_as_it_was(
        self, error: Exception, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = shop.state
        shop.mishaps.plan(("commit", error))

        with pytest.raises(type(error)):
            await shop.order(place_order(adas))

        assert shop.state == before

    @pytest.mark.parametrize(
        "call", ["enter", "idempotency_keys.claim", "accounts.lock_for_users", "commit"]
    )
    async def test_interrupted_anywhere_it_happens_once(
        self, call: str, shop: MemoryShop, adas: SessionToken
    ) -> None:
        shop.mishaps.plan(
            (call, TransientFailure("conflict")), (call, TransientFailure("conflict"))
        )

        reply = await shop.order(place_order(adas))

        assert not reply.replayed
        assert shop.state.orders.rows == {reply.unwrap().order.id: reply.unwrap().order}
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (3, WELCOME - 200)
        assert await shop.findings() == []

    @pytest.mark.parametrize("call", ["commit", "committed"])
    async def test_where_the_commit_is_not_answered_the_key_tells(
        self, call: str, shop: MemoryShop, adas: SessionToken
    ) -> None:
        shop.mishaps.plan((call, CommitOutcomeUnknown("connection lost")))

        reply = await shop.order(place_order(adas))

        assert shop.state.orders.rows == {reply.unwrap().order.id: reply.unwrap().order}
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (3, WELCOME - 200)
        assert await shop.findings() == []

    async def test_cancelled_at_whatever_await_the_work_goes_on(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken
    ) -> None:
        await shop.stock(admin, TEA=1_000)
        await shop.container.product_service().put(put_product(admin, "TEA", price=1))
        awaits = 0
        while True:
            awaits += 1
            command = place_order(adas, ("TEA", 1), key=f"key-{awaits:04}")
            caller = asyncio.create_task(shop.order(command))
            for _ in range(awaits):
                await asyncio.sleep(0)
            if caller.done():
                break
            caller.cancel()
            await asyncio.wait([caller])
            assert caller.cancelled()

            await shop.container.transaction_runner().drain()

            assert len(shop.state.orders.rows) == awaits
            assert shop.balance("ada") == WELCOME - awaits
        # Each answer that was waited for, and a turn before and after it.
        assert awaits > 20
        assert await shop.findings() == []
