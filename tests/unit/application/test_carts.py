"""Carts: what visitors mean to buy, signed in or not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.checkout.cart import CartChanged, PricedLine, PutCartLine, RemoveCartLine
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import TransientFailure
from shop.domain.cart import MAX_LINES, Cart
from shop.domain.product import ProductNotFound
from shop.domain.session import SessionExpired
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.user import Role
from tests.clock import ScriptedClock
from tests.factories import NOW, eur
from tests.unit.application.memory_shop import (
    IDLE_SECONDS,
    MemoryShop,
    issued,
    put_product,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def adas(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    del admin
    return await shop.customer("ada")


async def _put(
    shop: MemoryShop, token: SessionToken | None, sku: str, quantity: int
) -> CartChanged:
    command = PutCartLine(session=token, sku=sku, quantity=quantity)
    return await shop.container.cart_service().put(command)


async def _cart(shop: MemoryShop, token: SessionToken) -> list[tuple[str, int]]:
    session = await shop.session(token)
    assert session is not None
    return [(line.sku, line.quantity) for line in session.cart.lines]


class TestPutting:
    async def test_a_product_is_in_the_cart_with_what_it_costs_now(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        changed = await _put(shop, adas, "TEA", 2)

        tea = shop.state.products.rows["TEA"]
        assert changed.cart.lines == [PricedLine(product=tea, quantity=2, available=5)]
        assert (changed.cart.lines[0].amount, changed.cart.total) == (eur(200), eur(200))
        assert await _cart(shop, adas) == [("TEA", 2)]

    async def test_it_takes_the_place_of_the_quantity_before(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.fill_cart(adas, TEA=2, COFFEE=1)

        changed = await _put(shop, adas, "TEA", 3)

        assert changed.cart.total == eur(400)
        assert await _cart(shop, adas) == [("TEA", 3), ("COFFEE", 1)]

    async def test_more_than_there_are_may_be_wanted(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        changed = await _put(shop, adas, "COFFEE", 3)

        assert [(line.quantity, line.available) for line in changed.cart.lines] == [(3, 2)]

    async def test_who_has_no_session_gets_one(self, shop: MemoryShop, admin: SessionToken) -> None:
        del admin
        for token in (None, "never issued"):
            changed = await _put(shop, token, "TEA", 1)

            assert changed.current_session is not None
            new = issued(changed.current_session)
            assert new != token
            session = await shop.session(new)
            assert session is not None
            assert (session.user_id, session.created_at) == (None, NOW)
            assert await _cart(shop, new) == [("TEA", 1)]

    async def test_what_is_in_already_writes_nothing(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        await _put(shop, adas, "TEA", 2)
        clock.advance(timedelta(seconds=IDLE_SECONDS - 1))
        before = shop.state

        changed = await _put(shop, adas, "TEA", 2)

        assert changed.cart.total == eur(200)
        assert shop.state == before

    async def test_nothing_but_the_session_is_written(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = shop.state

        await _put(shop, adas, "TEA", 2)

        assert replace(shop.state, sessions=before.sessions) == before

    async def test_a_user_whose_roles_have_changed_keeps_the_token_until_the_next_entry(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

        changed = await _put(shop, adas, "TEA", 2)

        assert changed.current_session is not None
        assert changed.current_session.new_token is None
        assert await _cart(shop, adas) == [("TEA", 2)]

    async def test_interrupted_it_happens_once(self, shop: MemoryShop, adas: SessionToken) -> None:
        shop.mishaps.plan(("commit", TransientFailure("conflict")))

        await _put(shop, adas, "TEA", 2)

        assert await _cart(shop, adas) == [("TEA", 2)]


class TestRefusals:
    @pytest.mark.parametrize(
        ("sku", "quantity", "error"),
        [
            ("SOAP", 1, ProductNotFound(sku="SOAP")),
            ("TEA", 0, InvalidValue(field="quantity", rule="a quantity is 1 to 10000")),
            ("TEA", 10_001, InvalidValue(field="quantity", rule="a quantity is 1 to 10000")),
        ],
    )
    async def test_what_cannot_be_bought_changes_nothing(
        self, sku: str, quantity: int, error: ShopError, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.fill_cart(adas, COFFEE=1)

        for token in (adas, None):
            await _refused(shop, PutCartLine(session=token, sku=sku, quantity=quantity), error)

    async def test_what_is_not_sold_any_more_is_refused(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken
    ) -> None:
        withdrawn = replace(put_product(admin, "TEA"), active=False)
        await shop.container.product_service().put(withdrawn)

        command = PutCartLine(session=adas, sku="TEA", quantity=1)
        await _refused(shop, command, ProductNotFound(sku="TEA"))

    async def test_a_cart_has_a_bounded_number_of_lines(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken
    ) -> None:
        skus = [f"S{number}" for number in range(MAX_LINES)]
        await shop.stock(admin, **dict.fromkeys(skus, 0))
        await shop.fill_cart(adas, **dict.fromkeys(skus, 1))

        command = PutCartLine(session=adas, sku="TEA", quantity=1)
        await _refused(
            shop, command, InvalidValue(field="lines", rule="a cart has at most 100 lines")
        )

    async def test_a_users_expired_session_is_told_so(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))

        await _refused(shop, PutCartLine(session=adas, sku="TEA", quantity=1), SessionExpired())

    async def test_a_commit_that_fails_leaves_the_cart_as_it_was(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.fill_cart(adas, COFFEE=1)
        shop.mishaps.plan(("commit", RuntimeError("a bug")))

        await _refused(
            shop, PutCartLine(session=adas, sku="TEA", quantity=1), RuntimeError("a bug")
        )


class TestTakingOut:
    async def test_a_product_is_taken_out(self, shop: MemoryShop, adas: SessionToken) -> None:
        await shop.fill_cart(adas, TEA=2, COFFEE=1)

        changed = await shop.container.cart_service().remove(
            RemoveCartLine(session=adas, sku="TEA")
        )

        assert changed.cart.total == eur(100)
        assert await _cart(shop, adas) == [("COFFEE", 1)]

    async def test_the_cart_is_cleared(self, shop: MemoryShop, adas: SessionToken) -> None:
        await shop.fill_cart(adas, TEA=2, COFFEE=1)

        changed = await shop.container.cart_service().clear(adas)

        assert (list(changed.cart.lines), changed.cart.total) == ([], eur(0))
        assert await _cart(shop, adas) == []

    async def test_what_is_not_in_changes_nothing(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.fill_cart(adas, TEA=2)
        before = shop.state

        changed = await shop.container.cart_service().remove(
            RemoveCartLine(session=adas, sku="SOAP")
        )

        assert changed.cart.total == eur(200)
        assert shop.state == before

    @pytest.mark.parametrize("token", [None, "never issued"])
    async def test_who_has_no_session_has_nothing_to_take_out_and_gets_none(
        self, token: SessionToken | None, shop: MemoryShop, adas: SessionToken
    ) -> None:
        del adas
        before = shop.state
        carts = shop.container.cart_service()

        removed = await carts.remove(RemoveCartLine(session=token, sku="TEA"))
        cleared = await carts.clear(token)

        assert (removed.current_session, cleared.current_session) == (None, None)
        assert (list(removed.cart.lines), list(cleared.cart.lines)) == ([], [])
        assert shop.state == before

    async def test_a_users_expired_session_is_told_so(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        await shop.fill_cart(adas, TEA=2)
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        with pytest.raises(SessionExpired):
            await shop.container.cart_service().clear(adas)
        with pytest.raises(SessionExpired):
            await shop.container.cart_service().remove(RemoveCartLine(session=adas, sku="TEA"))

        assert shop.state == before


class TestShowing:
    async def test_present_prices_and_stock_are_shown(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken
    ) -> None:
        await shop.fill_cart(adas, TEA=2)
        await shop.container.product_service().put(put_product(admin, "TEA", price=150))
        session = await shop.session(adas)
        assert session is not None

        priced = await shop.container.cart_service().show(session.cart)

        tea = shop.state.products.rows["TEA"]
        assert priced.lines == [PricedLine(product=tea, quantity=2, available=5)]
        assert priced.total == eur(300)

    async def test_an_empty_cart_costs_nothing(self, shop: MemoryShop) -> None:
        priced = await shop.container.cart_service().show(Cart())

        assert (list(priced.lines), priced.total) == ([], eur(0))


async def _refused(shop: MemoryShop, command: PutCartLine, error: Exception) -> None:
    before = shop.state

    with pytest.raises(type(error)) as refusal:
        await shop.container.cart_service().put(command)

    assert str(refusal.value) == str(error)
    assert shop.state == before
