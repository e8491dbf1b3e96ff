"""Carts are quoted by the rules in force; only what a rule asks for is looked up."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing import quote_cart
from shop.application.pricing.quote_cart import CartQuotes, CartToPrice
from shop.application.pricing.rule_documents import PutRule
from shop.domain.cart import Cart
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.pricing.cart_to_quote import CartToQuote
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Destination
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    PromotionUse,
    code_key,
    counter_key,
    customer_key,
)
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote, QuoteProblem
from shop.domain.pricing.rule_document import Rule
from shop.domain.pricing.rules import PricingRules
from shop.domain.pricing.shipping.by_weight import ByWeight, WeightStep
from tests.application.memory_shop import MemoryShop
from tests.domain.pricing.examples import GERMANY, VAT_7, VAT_19, method, promotion
from tests.doubles import SpyUnitOfWork
from tests.factories import NOW, category, eur, id_of, line_quantities, order, user

pytestmark = pytest.mark.anyio

TENTH = promotion(Percentage(percentage=10_000))
BERLIN = Destination(country="DE", postal_code="10115")
ADA = id_of("user ada")


def variant(sku: str = "TEA", **changes: Any) -> SoldVariant:  # noqa: ANN401  Several types.
    default = SoldVariant(
        sku=sku,
        product=f"the-{sku.lower()}",
        name=sku.title(),
        options=(),
        image_url=None,
        price=eur(1_000),
        weight_grams=100,
        tax_category="standard",
        ships=True,
        is_for_sale=True,
    )
    return replace(default, **changes)


VARIANTS = {"TEA": variant(), "CUP": variant("CUP", tax_category="reduced", price=eur(500))}
CART = CartToPrice(cart=Cart(lines=line_quantities(TEA=2, CUP=1)), user_id=ADA)


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    return await shop.admin()


async def save(shop: MemoryShop, admin: SessionToken, *rules: Rule) -> None:
    for rule in rules:
        await shop.container.rule_service().put(PutRule(session=admin, rule=rule))


async def change(shop: MemoryShop, **tables: Collection[object]) -> None:
    """Have these rows, in whatever table."""
    state: Any = shop.database.state
    changes = {name: getattr(state, name).with_changes(added=rows) for name, rows in tables.items()}
    shop.database.state = replace(state, **changes)


async def have_orders(
    shop: MemoryShop,
    *names: str,
    promotion: str | None = None,
    code: str | None = None,
    status: OrderStatus = OrderStatus.PAID,
) -> Sequence[Order]:
    """Have orders of Ada, perhaps with a promotion."""
    orders = [order(user("ada"), name, status=status) for name in names]
    uses = [
        PromotionUse(
            promotion=promotion,
            order_id=each.id,
            customer_key=customer_key(ADA),
            n=n,
            code=code,
            created_at=NOW,
        )
        for n, each in enumerate(orders, 1)
        if promotion is not None
    ]
    await change(shop, orders=orders, promotion_uses=uses)
    return orders


async def load(shop: MemoryShop, *carts: CartToPrice, calls: list[str] | None = None) -> CartQuotes:
    uow: UnitOfWork = MemoryUnitOfWork(shop.database, writing=False)
    if calls is not None:
        uow = SpyUnitOfWork(uow, calls.append)
    async with uow:
        in_force = await shop.container.rule_book().rules(uow)
        return await CartQuotes.load(uow, in_force, NOW, carts, VARIANTS)


async def quoted(shop: MemoryShop, cart: CartToPrice) -> Quote:
    return (await load(shop, cart)).quote(cart)


class TestAShopWithoutRules:
    async def test_a_cart_costs_its_list_prices(self, shop: MemoryShop) -> None:
        result = await quoted(shop, CART)
        assert (result.total, result.taxes, result.discounts, result.problems) == (
            eur(2_500),
            (),
            (),
            (),
        )

    async def test_nothing_is_looked_up_but_the_version(self, shop: MemoryShop) -> None:
        calls: list[str] = []
        await load(shop, CART, calls=calls)
        assert calls == ["enter", "rule_documents.current"]


class TestLines:
    async def test_they_have_what_rules_ask_of_their_variants(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await save(shop, admin, VAT_19, VAT_7)
        result = await quoted(shop, CART)
        assert [(each.rate, each.base + each.amount) for each in result.taxes] == [
            (19_000, 2_000),
            (7_000, 500),
        ]

    async def test_one_without_a_variant_is_left_out(self, shop: MemoryShop) -> None:
        gone = replace(CART, cart=Cart(lines=line_quantities(GONE=1, TEA=2)))
        result = await quoted(shop, gone)
        assert ([each.sku for each in result.lines], result.total) == (["TEA"], eur(2_000))


class TestCategories:
    @pytest.fixture(autouse=True)
    async def categories(self, shop: MemoryShop, admin: SessionToken) -> None:
        await shop.add_products(admin, TEA=1, CUP=1)
        categories = [category("drinks"), category("tea", parent="drinks"), category("cups")]
        async with shop.container.unit_of_work() as uow:
            await uow.categories.lock_tree()
            for each in categories:
                uow.categories.put(each, NOW)
            await uow.commit()
        async with shop.container.unit_of_work() as uow:
            await uow.categories.lock_tree()
            uow.categories.assign("the-tea", [], ["tea"])
            uow.categories.assign("the-cup", [], ["cups"])
            await uow.commit()

    async def test_a_promotion_is_for_what_is_below_its_category(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        drinks = Selection(categories=frozenset({"drinks"}))
        await save(shop, admin, replace(TENTH, selection=drinks))
        (discount,) = (await quoted(shop, CART)).discounts
        assert discount.line_shares == (200, 0)

    async def test_they_are_looked_up_only_if_an_active_promotion_asks(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        cups = Conditions(selection=Selection(categories=frozenset({"cups"})))
        await save(shop, admin, replace(TENTH, conditions=cups, active=False))
        calls: list[str] = []
        await load(shop, CART, calls=calls)
        assert calls == ["enter", "rule_documents.current"]
        await save(shop, admin, replace(TENTH, conditions=cups))
        await load(shop, CART, CART, calls=calls)
        assert calls[-2:] == ["rule_documents.current", "categories.paths_of"]


class TestCodes:
    async def test_each_is_known_with_its_promotion_and_its_uses(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await save(shop, admin, replace(TENTH, code="SALE", requires_code=True))
        used = PromotionCounter(
            key=code_key("USED"), promotion="sale", uses_left=0, rules_version=1, created_at=NOW
        )
        await change(shop, promotion_counters=[used])
        assert (await quoted(shop, CART)).discounts == ()
        result = await quoted(shop, replace(CART, codes=("NONE", "USED", "SALE")))
        assert result.problems == (
            QuoteProblem(code="code-not-found", entered_code="NONE"),
            QuoteProblem(code="code-used-up", entered_code="USED"),
        )
        (discount,) = result.discounts
        assert (discount.code, discount.amount, result.total) == ("SALE", 250, eur(2_250))

    async def test_those_of_all_carts_are_looked_up_at_once(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await save(shop, admin, replace(TENTH, limit=5))
        calls: list[str] = []
        carts = [replace(CART, codes=(code,)) for code in ("ONE", "TWO")]
        await load(shop, *carts, calls=calls)
        assert calls == ["enter", "rule_documents.current", *["promotion_counters.get_many"] * 2]

    async def test_one_of_the_rules_is_not_looked_up(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await save(shop, admin, replace(TENTH, code="SALE", requires_code=True))
        calls: list[str] = []
        quotes = await load(shop, replace(CART, codes=("SALE",)), calls=calls)
        assert quotes.quote(replace(CART, codes=("SALE",))).discount == 250
        assert calls == ["enter", "rule_documents.current"]


class TestLimits:
    @pytest.mark.parametrize(("left", "discount"), [(1, 250), (0, 0)])
    async def test_a_promotion_that_all_have_used_up_does_not_apply(
        self, shop: MemoryShop, admin: SessionToken, left: int, discount: int
    ) -> None:
        await save(shop, admin, replace(TENTH, limit=5))
        key = counter_key("sale")
        state = shop.database.state
        counters = state.promotion_counters
        changed = replace(counters.rows[key], uses_left=left)
        shop.database.state = replace(
            state, promotion_counters=counters.with_changes(saved=[changed])
        )
        assert (await quoted(shop, CART)).discount == discount

    @pytest.mark.parametrize(("uses", "discount"), [(1, 250), (2, 0)])
    async def test_nor_does_one_that_the_customer_has_used_up(
        self, shop: MemoryShop, admin: SessionToken, uses: int, discount: int
    ) -> None:
        await save(shop, admin, replace(TENTH, limit_per_customer=2))
        await have_orders(shop, *map(str, range(uses)), promotion="sale")
        assert (await quoted(shop, CART)).discount == discount
        assert (await quoted(shop, replace(CART, user_id=id_of("bob")))).discount == 250

    async def test_a_first_order_is_the_only_one(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await save(shop, admin, replace(TENTH, conditions=Conditions(is_for_first_order=True)))
        assert (await quoted(shop, CART)).discount == 250
        await have_orders(shop, "1")
        assert (await quoted(shop, CART)).discount == 0

    async def test_a_code_that_ones_own_pending_order_holds_names_the_order(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        code = replace(TENTH, code="SALE", requires_code=True, limit_per_customer=1)
        await save(shop, admin, code)
        (waiting,) = await have_orders(
            shop, "1", promotion="sale", code="SALE", status=OrderStatus.PENDING
        )
        result = await quoted(shop, replace(CART, codes=("SALE",)))
        assert result.problems == (
            QuoteProblem(code="code-used-up", entered_code="SALE", order_id=waiting.id),
        )

    async def test_a_promotion_that_is_over_is_not_looked_up(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await save(shop, admin, replace(TENTH, limit=5, limit_per_customer=1, ends_at=NOW))
        calls: list[str] = []
        quotes = await load(shop, CART, calls=calls)
        assert quotes.quote(CART).discount == 0
        assert calls == ["enter", "rule_documents.current"]


class TestGroups:
    async def test_a_promotion_for_a_group_is_for_its_members(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        ada = (await shop.sign_up("ada")).current_session.signed_in_user.id
        await save(shop, admin, replace(TENTH, conditions=Conditions(group="friends")))
        member = replace(CART, user_id=ada)
        assert (await quoted(shop, member)).discount == 0
        async with shop.container.unit_of_work() as uow:
            uow.customer_groups.change(ada, [], ["friends"])
            await uow.commit()
        assert (await quoted(shop, member)).discount == 250
        assert (await quoted(shop, replace(CART, user_id=None))).discount == 0


class TestShippingOptions:
    async def test_methods_that_serve_the_cart_are_listed_by_price(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        heavy = ByWeight(steps=(WeightStep(from_weight_grams=301, price=eur(1)),))
        light = ByWeight(steps=(WeightStep(from_weight_grams=300, price=eur(290)),))
        await save(
            shop,
            admin,
            GERMANY,
            method(490),
            method(code="letter", prices=light),
            method(code="freight", prices=heavy),
            method(0, code="shop", is_pick_up=True),
            method(1, code="off", active=False),
        )
        quotes = await load(shop, CART)
        at_home = quotes.shipping_options(replace(CART, destination=BERLIN))
        assert [(each.method.code, each.price) for each in at_home] == [
            ("shop", 0),
            ("letter", 290),
            ("parcel", 490),
        ]
        abroad = quotes.shipping_options(replace(CART, destination=Destination(country="FR")))
        unknown = quotes.shipping_options(CART)
        assert [each.method.code for each in (*abroad, *unknown)] == ["shop", "shop"]

    async def test_all_methods_are_priced_by_one_quote_of_what_discounts_leave(
        self, shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        by_value = [
            method(100 + number, code=f"m{number}", free_from=eur(2_500)) for number in range(5)
        ]
        await save(shop, admin, GERMANY, TENTH, *by_value, method(0, code="free"))
        quotes = await load(shop, CART)
        quoted_carts: list[CartToQuote] = []

        def count(cart: CartToQuote, rules: PricingRules, at: datetime) -> Quote:
            quoted_carts.append(cart)
            return quote(cart, rules, at)

        monkeypatch.setattr(quote_cart, "quote", count)
        options = quotes.shipping_options(replace(CART, destination=BERLIN))

        assert [(each.method.code, each.price) for each in options] == [
            ("free", 0),
            *((f"m{number}", 100 + number) for number in range(5)),
        ]
        assert len(quoted_carts) == 1
