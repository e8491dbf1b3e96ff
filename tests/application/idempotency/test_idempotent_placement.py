"""Whatever is sent twice, together or fails halfway: an order is placed once, or not at all."""

import asyncio
from dataclasses import replace

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
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
from tests.application.memory_shop import WELCOME_CREDIT, MemoryShop, place_order, put_product

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ada_token(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    """Return the token of Ada, who has a balance of 1,000 and two of tea in her cart."""
    del admin
    token = await shop.customer("ada")
    await shop.fill_cart(token, TEA=2)
    return token


class TestKeys:
    async def test_repeated_order_is_replayed_and_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        first = await shop.order(place_order(ada_token, ("TEA", 1)))
        before = shop.state

        second = await shop.order(place_order(ada_token, ("TEA", 1)))

        assert second.unwrap() == first.unwrap()
        assert (first.replayed, second.replayed) == (False, True)
        assert shop.state == before
        assert shop.outcome("ada") == Succeeded(reference=first.unwrap().order.id)

    async def test_cart_order_is_replayed_after_the_cart_is_cleared(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        first = await shop.order(place_order(ada_token))
        before = shop.state

        second = await shop.order(place_order(ada_token))

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
    async def test_different_request_under_the_same_key_is_rejected(
        self, other: PlaceOrder, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.order(place_order(ada_token, ("TEA", 1)))
        before = shop.state

        reply = await shop.order(replace(other, session=ada_token))

        assert (reply.value, reply.replayed) == (IdempotencyKeyReused(), False)
        assert shop.state == before

    async def test_keys_of_two_users_are_independent(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        bob_token = await shop.customer("bob")

        ada = await shop.place(place_order(ada_token, ("TEA", 1)))
        bob = await shop.place(place_order(bob_token, ("TEA", 2)))

        assert (ada.order.user_id, bob.order.user_id) == (shop.user("ada").id, shop.user("bob").id)
        assert shop.on_hand("TEA") == 2

    async def test_concurrent_identical_orders_happen_once(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        command = place_order(ada_token, ("TEA", 1))

        replies = await asyncio.gather(*(shop.order(command) for _ in range(5)))

        assert len({reply.unwrap().order.id for reply in replies}) == 1
        assert sorted(reply.replayed for reply in replies) == [False, True, True, True, True]
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (4, WELCOME_CREDIT - 100)


class TestGroups:
    async def test_each_order_sees_those_before_it_in_the_group(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        bob_token = await shop.customer("bob")
        group = [
            place_order(ada_token, ("COFFEE", 1), key="key-0001"),
            place_order(bob_token, ("COFFEE", 2), key="key-0001"),
            place_order(ada_token, key="key-0002"),
            place_order(ada_token, key="key-0003"),
            place_order(bob_token, ("COFFEE", 1), key="key-0002"),
        ]

        begun = shop.faults.begun
        replies = await shop.container.place_orders().place(group)

        first, second, third, fourth, fifth = (reply.value for reply in replies)
        assert isinstance(first, PlacedOrder)
        assert second == OutOfStock(lines=(Shortage(sku="COFFEE", requested=2, available=1),))
        assert isinstance(third, PlacedOrder)
        assert fourth == EmptyCart()
        assert isinstance(fifth, PlacedOrder)
        assert (shop.on_hand("COFFEE"), shop.on_hand("TEA")) == (0, 3)
        assert (shop.balance("ada"), shop.balance("bob")) == (
            WELCOME_CREDIT - 300,
            WELCOME_CREDIT - 100,
        )
        assert shop.faults.begun == begun + 1
        assert await shop.audit_violations() == []

    async def test_second_order_under_a_key_replays_the_first(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        group = [
            place_order(ada_token, ("TEA", 1)),
            place_order(ada_token, ("TEA", 1)),
            place_order(ada_token, ("TEA", 2)),
        ]

        first, second, third = await shop.container.place_orders().place(group)

        assert second.unwrap() == first.unwrap()
        assert (first.replayed, second.replayed) == (False, True)
        assert third.value == IdempotencyKeyReused()
        assert (shop.on_hand("TEA"), len(shop.state.orders.rows)) == (4, 1)

    async def test_empty_group_does_nothing(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        del ada_token
        before = shop.state

        assert await shop.container.place_orders().place([]) == []

        assert shop.state == before


class TestFailures:
    @pytest.mark.parametrize("error", [RuntimeError("a bug"), DatabaseUnavailable("no room")])
    async def test_failed_commit_changes_nothing(
        self, error: Exception, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state
        shop.faults.plan(("commit", error))

        with pytest.raises(type(error)):
            await shop.order(place_order(ada_token))

        assert shop.state == before

    @pytest.mark.parametrize(
        "call", ["enter", "idempotency_keys.claim", "accounts.lock_for_users", "commit"]
    )
    async def test_order_interrupted_anywhere_happens_once(
        self, call: str, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.faults.plan((call, TransientFailure("conflict")), (call, TransientFailure("conflict")))

        reply = await shop.order(place_order(ada_token))

        assert not reply.replayed
        assert shop.state.orders.rows == {reply.unwrap().order.id: reply.unwrap().order}
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (3, WELCOME_CREDIT - 200)
        assert await shop.audit_violations() == []

    @pytest.mark.parametrize("call", ["commit", "committed"])
    async def test_order_with_an_unknown_commit_outcome_is_found_by_its_key(
        self, call: str, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.faults.plan((call, CommitOutcomeUnknown("connection lost")))

        reply = await shop.order(place_order(ada_token))

        assert shop.state.orders.rows == {reply.unwrap().order.id: reply.unwrap().order}
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (3, WELCOME_CREDIT - 200)
        assert await shop.audit_violations() == []

    async def test_order_cancelled_at_any_await_continues(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        await shop.add_products(admin, TEA=1_000)
        await shop.container.product_service().put(put_product(admin, "TEA", price=1))
        awaits = 0
        while True:
            awaits += 1
            command = place_order(ada_token, ("TEA", 1), key=f"key-{awaits:04}")
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
            assert shop.balance("ada") == WELCOME_CREDIT - awaits
        # Each answer that was waited for, and a turn before and after it.
        assert awaits > 20
        assert await shop.audit_violations() == []
