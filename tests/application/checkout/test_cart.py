"""Carts of signed-in and anonymous users."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.checkout.cart import PutCartLine, RemoveCartLine
from shop.application.checkout.cart_changes import CartChanged
from shop.application.checkout.cart_details import ChangeCartDetails, NewDetails
from shop.application.checkout.priced_cart import PricedCart, PricedLine
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import TransientFailure
from shop.domain.address import Address, AddressFault
from shop.domain.cart import MAX_LINES
from shop.domain.cart_problems import CartProblem
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.session import SessionExpired
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import Role
from tests.application.memory_shop import IDLE_SECONDS, MemoryShop, new_token, put_product
from tests.clock import FakeClock
from tests.factories import NOW, eur

pytestmark = pytest.mark.anyio


async def _put(
    shop: MemoryShop, token: SessionToken | None, sku: str, quantity: int
) -> CartChanged:
    command = PutCartLine(session=token, sku=sku, quantity=quantity)
    return await shop.container.cart_service().put(command)


async def _cart(shop: MemoryShop, token: SessionToken) -> list[tuple[str, int]]:
    return list((await shop.cart(token)).items())


async def _shown(shop: MemoryShop, token: SessionToken | None) -> PricedCart:
    current_session = await shop.container.session_service().authenticate(token)
    return await shop.container.cart_service().show(current_session)


def _line(sku: str, *, quantity: int, unit_price: int, available: int) -> PricedLine:
    return PricedLine(
        sku=sku,
        name=f"The {sku}",
        options=(),
        quantity=quantity,
        unit_price=eur(unit_price),
        discount=eur(0),
        tax=eur(0),
        available=available,
    )


class TestPutting:
    async def test_product_is_added_at_its_current_price(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        changed = await _put(shop, ada_token, "TEA", 2)

        assert changed.cart.lines == [_line("TEA", quantity=2, unit_price=100, available=5)]
        assert (changed.cart.lines[0].amount, changed.cart.total) == (eur(200), eur(200))
        assert await _cart(shop, ada_token) == [("TEA", 2)]

    async def test_new_quantity_replaces_the_old_one(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2, COFFEE=1)

        changed = await _put(shop, ada_token, "TEA", 3)

        assert changed.cart.total == eur(400)
        assert await _cart(shop, ada_token) == [("TEA", 3), ("COFFEE", 1)]

    async def test_quantity_may_exceed_the_stock(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        changed = await _put(shop, ada_token, "COFFEE", 3)

        assert [(line.quantity, line.available, line.problems) for line in changed.cart.lines] == [
            (3, 2, ["out-of-stock"])
        ]

    async def test_session_is_created_if_there_is_none(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        del admin
        for token in (None, "never issued"):
            changed = await _put(shop, token, "TEA", 1)

            assert changed.current_session is not None
            new = new_token(changed.current_session)
            assert new != token
            session = await shop.session(new)
            assert session is not None
            assert (session.user_id, session.created_at) == (None, NOW)
            assert await _cart(shop, new) == [("TEA", 1)]

    async def test_unchanged_quantity_writes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        await _put(shop, ada_token, "TEA", 2)
        clock.advance(timedelta(seconds=IDLE_SECONDS - 1))
        before = shop.state

        changed = await _put(shop, ada_token, "TEA", 2)

        assert changed.cart.total == eur(200)
        assert shop.state == before

    async def test_only_the_cart_of_the_customer_is_written(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state

        await _put(shop, ada_token, "TEA", 2)

        assert shop.state != before
        assert replace(shop.state, customer_carts=before.customer_carts) == before

    async def test_use_of_the_session_is_written_once_it_is_due(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=60))

        await _put(shop, ada_token, "TEA", 2)

        session = await shop.session(ada_token)
        assert session is not None
        assert session.last_seen_at == NOW + timedelta(seconds=60)
        assert await _cart(shop, ada_token) == [("TEA", 2)]

    async def test_user_with_changed_roles_keeps_the_token_until_authentication(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

        changed = await _put(shop, ada_token, "TEA", 2)

        assert changed.current_session is not None
        assert changed.current_session.new_token is None
        assert await _cart(shop, ada_token) == [("TEA", 2)]

    async def test_interrupted_change_happens_once(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.faults.plan(("commit", TransientFailure("conflict")))

        await _put(shop, ada_token, "TEA", 2)

        assert await _cart(shop, ada_token) == [("TEA", 2)]


class TestRejections:
    @pytest.mark.parametrize(
        ("sku", "quantity", "error"),
        [
            ("SOAP", 1, ProductNotFound(sku="SOAP")),
            ("TEA", 0, InvalidValue(field="quantity", rule="must be 1 to 10000")),
            ("TEA", 10_001, InvalidValue(field="quantity", rule="must be 1 to 10000")),
        ],
    )
    async def test_unavailable_product_changes_nothing(
        self, sku: str, quantity: int, error: ShopError, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, COFFEE=1)

        for token in (ada_token, None):
            await _assert_rejected(
                shop, PutCartLine(session=token, sku=sku, quantity=quantity), error
            )

    async def test_inactive_product_is_rejected(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        withdrawn = replace(put_product(admin, "TEA"), active=False)
        await shop.container.product_service().put(withdrawn)

        command = PutCartLine(session=ada_token, sku="TEA", quantity=1)
        await _assert_rejected(shop, command, ProductNotFound(sku="TEA"))

    async def test_number_of_lines_is_limited(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        skus = [f"S{number}" for number in range(MAX_LINES)]
        await shop.add_products(admin, **dict.fromkeys(skus, 0))
        await shop.fill_cart(ada_token, **dict.fromkeys(skus, 1))

        command = PutCartLine(session=ada_token, sku="TEA", quantity=1)
        await _assert_rejected(
            shop, command, InvalidValue(field="lines", rule="must have at most 100 lines")
        )

    async def test_expired_session_of_a_user_is_reported(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))

        await _assert_rejected(
            shop, PutCartLine(session=ada_token, sku="TEA", quantity=1), SessionExpired()
        )

    async def test_failed_commit_keeps_the_cart_unchanged(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, COFFEE=1)
        shop.faults.plan(("commit", RuntimeError("a bug")))

        await _assert_rejected(
            shop, PutCartLine(session=ada_token, sku="TEA", quantity=1), RuntimeError("a bug")
        )


class TestRemoving:
    async def test_product_is_removed(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        await shop.fill_cart(ada_token, TEA=2, COFFEE=1)

        changed = await shop.container.cart_service().remove(
            RemoveCartLine(session=ada_token, sku="TEA")
        )

        assert changed.cart.total == eur(100)
        assert await _cart(shop, ada_token) == [("COFFEE", 1)]

    async def test_cart_is_cleared(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        await shop.fill_cart(ada_token, TEA=2, COFFEE=1)

        changed = await shop.container.cart_service().clear(ada_token)

        assert (list(changed.cart.lines), changed.cart.total) == ([], eur(0))
        assert await _cart(shop, ada_token) == []

    async def test_missing_product_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        before = shop.state

        changed = await shop.container.cart_service().remove(
            RemoveCartLine(session=ada_token, sku="SOAP")
        )

        assert changed.cart.total == eur(200)
        assert shop.state == before

    @pytest.mark.parametrize("token", [None, "never issued"])
    async def test_no_session_is_created(
        self, token: SessionToken | None, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        del ada_token
        before = shop.state
        carts = shop.container.cart_service()

        removed = await carts.remove(RemoveCartLine(session=token, sku="TEA"))
        cleared = await carts.clear(token)

        assert (removed.current_session, cleared.current_session) == (None, None)
        assert (list(removed.cart.lines), list(cleared.cart.lines)) == ([], [])
        assert shop.state == before

    async def test_expired_session_of_a_user_is_reported(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        with pytest.raises(SessionExpired):
            await shop.container.cart_service().clear(ada_token)
        with pytest.raises(SessionExpired):
            await shop.container.cart_service().remove(RemoveCartLine(session=ada_token, sku="TEA"))

        assert shop.state == before


class TestShowing:
    async def test_current_prices_and_stock_are_shown(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        await shop.container.product_service().put(put_product(admin, "TEA", price=150))

        priced = await _shown(shop, ada_token)

        assert priced.lines == [_line("TEA", quantity=2, unit_price=150, available=5)]
        assert priced.total == eur(300)

    async def test_empty_cart_costs_nothing_and_cannot_be_ordered(self, shop: MemoryShop) -> None:
        priced = await _shown(shop, None)

        assert (list(priced.lines), priced.total) == ([], eur(0))
        assert list(priced.problems) == [CartProblem(code="empty-cart")]

    async def test_everything_that_would_stop_the_order_is_listed(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=6, COFFEE=1)
        withdrawn = replace(put_product(admin, "COFFEE"), active=False)
        await shop.container.product_service().put(withdrawn)
        await _put_unchecked(shop, "ada", LineQuantity(sku="GONE", quantity=2))

        priced = await _shown(shop, ada_token)

        assert [(line.sku, line.available, line.problems) for line in priced.lines] == [
            ("TEA", 5, ["out-of-stock"]),
            ("COFFEE", 0, ["not-for-sale"]),
            ("GONE", 0, ["product-not-found"]),
        ]
        gone_line = priced.lines[2]
        assert (gone_line.name, gone_line.unit_price, gone_line.quantity) == ("GONE", eur(0), 2)
        assert priced.total == eur(700)
        assert priced.problems == [
            CartProblem(code="product-not-found", sku="GONE"),
            CartProblem(code="not-for-sale", sku="COFFEE", requested=1, available=0),
            CartProblem(code="out-of-stock", sku="TEA", requested=6, available=5),
        ]


async def _put_unchecked(shop: MemoryShop, name: str, line: LineQuantity) -> None:
    """Put a product into a customer's cart, whether it exists or not."""
    user_id = shop.user(name).id
    async with shop.container.unit_of_work() as uow:
        cart = (await uow.customer_carts.lock([user_id]))[user_id]
        content = cart.content.with_cart(cart.content.cart.put(line))
        uow.customer_carts.save(cart.with_content(content))
        await uow.commit()


async def _assert_rejected(shop: MemoryShop, command: PutCartLine, error: Exception) -> None:
    before = shop.state

    with pytest.raises(type(error)) as rejection:
        await shop.container.cart_service().put(command)

    assert str(rejection.value) == str(error)
    assert shop.state == before


async def test_addresses_are_checked_outside_of_units_of_work(
    shop: MemoryShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.add_products(await shop.admin(), TEA=5)
    token = await shop.customer("ada")
    checks = shop.container.address_checks()
    runner = shop.container.transaction_runner()
    find = checks.find_faults
    pending: list[int] = []

    async def record(addresses: Iterable[Address]) -> Mapping[Address, Sequence[AddressFault]]:
        pending.append(runner.pending)
        return await find(addresses)

    monkeypatch.setattr(checks, "find_faults", record)
    home = Address(name="Ada", line1="1 Main Street", city="Galway", country="IE")
    details = NewDetails(shipping_address=home)
    command = ChangeCartDetails(session=token, details=details)
    await shop.container.cart_details().change(command)
    await _put(shop, token, "TEA", 1)
    await _shown(shop, token)

    assert pending == [0, 0, 0]
