"""Catalogue: what is for sale, and what admins make of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.catalogue.product_changes import PutProduct
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.products import AvailableProduct, ProductListing
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import Inventory
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.user import Forbidden
from tests.application.memory_shop import IDLE_SECONDS, MemoryShop, put_product
from tests.clock import FakeClock
from tests.factories import NOW, USD, eur

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    return await shop.admin()


class TestPutting:
    async def test_new_product_starts_without_stock(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        done = await shop.container.product_service().put(put_product(admin, "TEA", price=250))

        product = done.available_product.product
        assert (done.is_new, done.available_product.available) == (True, 0)
        assert (product.handle, product.price, product.created_at) == ("TEA", eur(250), NOW)
        assert shop.state.products.rows == {"TEA": product}
        assert shop.state.inventories.rows == {"TEA": Inventory(sku="TEA", on_hand=0, reserved=0)}

    async def test_known_product_is_updated_and_keeps_its_stock_and_age(
        self, shop: MemoryShop, admin: SessionToken, clock: FakeClock
    ) -> None:
        await shop.add_products(admin, TEA=5)
        clock.advance(timedelta(hours=0, seconds=9))
        command = replace(
            put_product(admin, "TEA", price=250),
            name="Green tea",
            description="From the hills.",
            active=False,
            image_url="https://example.com/tea.png",
        )

        done = await shop.container.product_service().put(command)

        product = done.available_product.product
        assert (done.is_new, done.available_product.available) == (False, 5)
        assert (product.name, product.description) == ("Green tea", "From the hills.")
        assert (product.price, product.active) == (eur(250), False)
        assert product.image_url == "https://example.com/tea.png"
        assert (product.created_at, product.updated_at) == (NOW, clock.now())
        assert shop.state.products.rows == {"TEA": product}
        assert shop.on_hand("TEA") == 5

    @pytest.mark.parametrize(
        "fault",
        [
            ("commit", TransientFailure("another transaction was faster")),
            ("commit", CommitOutcomeUnknown("connection lost")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_product_is_created_once_whatever_the_commit_outcome(
        self, fault: tuple[str, Exception], shop: MemoryShop, admin: SessionToken
    ) -> None:
        shop.faults.plan(fault)

        done = await shop.container.product_service().put(put_product(admin, "TEA"))

        assert shop.state.products.rows == {"TEA": done.available_product.product}
        assert list(shop.state.inventories.rows) == ["TEA"]


class TestRejections:
    @pytest.mark.parametrize(
        ("command", "field"),
        [
            (put_product(None, "-tea"), "handle"),
            (put_product(None, "t" * 65), "handle"),
            (put_product(None, "TEA", price=0), "price"),
            (put_product(None, "TEA", price=10**9 + 1), "price"),
            (replace(put_product(None, "TEA"), price=Money(amount=1, currency=USD)), "currency"),
        ],
    )
    async def test_invalid_value_changes_nothing(
        self, command: PutProduct, field: str, shop: MemoryShop, admin: SessionToken
    ) -> None:
        before = shop.state

        with pytest.raises(InvalidValue) as rejection:
            await shop.container.product_service().put(replace(command, session=admin))

        assert rejection.value.field == field
        assert shop.state == before

    async def test_only_admins_can_put_products(
        self, shop: MemoryShop, admin: SessionToken, clock: FakeClock
    ) -> None:
        ada_token = await shop.customer("ada")
        before = shop.state
        put = shop.container.product_service().put

        with pytest.raises(Forbidden):
            await put(put_product(ada_token, "TEA"))
        with pytest.raises(NotSignedIn):
            await put(put_product(None, "TEA"))
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        with pytest.raises(SessionExpired):
            await put(put_product(admin, "TEA"))

        assert shop.state == before

    async def test_failed_commit_changes_nothing(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await shop.add_products(admin, TEA=5)
        before = shop.state

        for sku in ("TEA", "COFFEE"):
            shop.faults.plan(("commit", RuntimeError("a bug")))
            with pytest.raises(RuntimeError, match="a bug"):
                await shop.container.product_service().put(put_product(admin, sku, price=999))

        assert shop.state == before


class TestReading:
    async def test_product_is_shown_with_its_stock_active_or_not(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await shop.add_products(admin, TEA=5)
        withdrawn = replace(put_product(admin, "TEA"), active=False)
        done = await shop.container.product_service().put(withdrawn)

        shown = await shop.container.product_service().show("TEA")

        assert shown == AvailableProduct(product=done.available_product.product, stock={"TEA": 5})

    async def test_unknown_product_is_not_found(self, shop: MemoryShop) -> None:
        with pytest.raises(ProductNotFound) as rejection:
            await shop.container.product_service().show("SOAP")

        assert rejection.value == ProductNotFound(sku="SOAP")

    async def test_active_products_are_listed_in_pages(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await shop.add_products(admin, GREEN_TEA=1, BLACK_TEA=2, OLD_TEA=4)
        withdrawn = replace(put_product(admin, "OLD_TEA"), active=False)
        await shop.container.product_service().put(withdrawn)
        service = shop.container.product_service()

        first = await service.list(_question())
        second = await service.list(_question(after=first.next))

        found = [(offer.product.handle, offer.available) for offer in (*first.items, *second.items)]
        assert found == [("BLACK_TEA", 2), ("GREEN_TEA", 1)]
        assert (first.next, second.next) == ("BLACK_TEA", None)

    async def test_identical_questions_share_one_answer(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await shop.add_products(admin, BLACK_TEA=2, COFFEE=3)
        service = shop.container.product_service()

        first, other, second = await asyncio.gather(
            *(service.list(_question(after=after)) for after in (None, "BLACK_TEA", None))
        )

        assert first is second
        assert [offer.product.handle for offer in other.items] == ["COFFEE"]

    async def test_question_finds_what_was_written_while_the_same_was_asked(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await shop.add_products(admin, BLACK_TEA=2)
        service = shop.container.product_service()
        earlier = asyncio.create_task(service.list(_question(limit=2)))
        await asyncio.sleep(0)

        await service.put(put_product(admin, "GREEN_TEA"))
        later = await service.list(_question(limit=2))

        assert [offer.product.handle for offer in later.items] == ["BLACK_TEA", "GREEN_TEA"]
        assert (await earlier).items[0].product.handle == "BLACK_TEA"


def _question(*, limit: int = 1, after: str | None = None) -> ProductListing:
    return ProductListing(page=PageRequest(limit=limit, after=after))
