"""Uses of promotions are taken and given back with their orders, in every database."""

from dataclasses import replace

import pytest

from shop.application.ports.unit_of_work import TransientFailure
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.promotions.promotion_uses import customer_key
from shop.domain.pricing.quoted import QuoteProblem
from tests.contract.pricing.promoted_orders import (
    ADA,
    BOB,
    add_codes,
    cart,
    close,
    decide,
    discounts,
    end,
    place,
    rules_of,
    save,
    used,
    uses_left,
)
from tests.contract.storage import Storage
from tests.domain.pricing.examples import promotion

pytestmark = pytest.mark.anyio

AUTOMATIC = promotion(Percentage(percentage=10_000))
SALE = replace(AUTOMATIC, code="SALE", requires_code=True)
FIRST = Conditions(is_for_first_order=True)
USED_UP = "code-used-up"


@pytest.fixture
async def shop(storage: Storage) -> Storage:
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
    return storage


async def numbers(shop: Storage) -> list[int | None]:
    """Return the numbers of Ada's uses."""
    key = customer_key(ADA.id)
    held = await shop.read(lambda uow: uow.promotion_uses.of_customers(["sale"], [key]))
    return sorted([each.n for each in held["sale", key]], key=str)


class TestALimitOfAll:
    async def test_it_holds_inside_a_group_and_after_it(self, shop: Storage) -> None:
        await save(shop, replace(SALE, limit=3))
        carts = [cart(each, "SALE") for each in (ADA, BOB, ADA, BOB)]
        assert discounts(await place(shop, *carts)) == [50, 50, 50, USED_UP]
        assert (await uses_left(shop), await used(shop)) == ([0], 3)
        assert discounts(await place(shop, cart(ADA, "SALE"), cart(BOB))) == [USED_UP, 0]
        assert (await uses_left(shop), await used(shop)) == ([0], 3)

    async def test_an_automatic_promotion_just_ends_with_it(self, shop: Storage) -> None:
        await save(shop, replace(AUTOMATIC, limit=1))
        assert discounts(await place(shop, cart(ADA), cart(BOB))) == [50, 0]

    async def test_uses_of_orders_that_come_to_nothing_are_free_again(self, shop: Storage) -> None:
        await save(shop, replace(SALE, limit=2))
        orders = await place(shop, cart(ADA, "SALE"), cart(BOB, "SALE"))
        await close(shop, *orders)
        assert (await uses_left(shop), await used(shop)) == ([2], 0)
        assert discounts(await place(shop, cart(ADA, "SALE"))) == [50]

    async def test_a_use_without_a_limit_counts_for_one_that_is_set_later(
        self, shop: Storage
    ) -> None:
        await save(shop, SALE)
        orders = await place(shop, *[cart(ADA, "SALE")] * 3)
        await save(shop, replace(SALE, limit=4))
        assert (await uses_left(shop), await used(shop)) == ([1], 3)
        await close(shop, *orders[:1])
        assert (await uses_left(shop), await used(shop)) == ([2], 2)


class TestCodesForOneOrder:
    @pytest.fixture(autouse=True)
    async def codes(self, shop: Storage) -> None:
        await save(shop, replace(AUTOMATIC, requires_code=True))
        await add_codes(shop, "ONE", "TWO")
        # It has codes now.
        await save(shop, AUTOMATIC)

    async def test_each_is_for_one_order(self, shop: Storage) -> None:
        carts = [cart(ADA, "ONE"), cart(BOB, "TWO"), cart(BOB, "ONE")]
        assert discounts(await place(shop, *carts)) == [50, 50, USED_UP]
        assert discounts(await place(shop, cart(ADA, "TWO"))) == [USED_UP]
        assert await uses_left(shop, "ONE", "TWO") == [None, 0, 0]

    async def test_one_of_an_order_that_came_to_nothing_is_for_another(self, shop: Storage) -> None:
        await close(shop, *(await place(shop, cart(ADA, "ONE"))))
        assert await uses_left(shop, "ONE") == [None, 1]
        assert discounts(await place(shop, cart(BOB, "ONE"))) == [50]

    async def test_one_of_a_promotion_that_has_ended_stays_ended(self, shop: Storage) -> None:
        orders = await place(shop, cart(ADA, "ONE"), cart(BOB, "TWO"))
        await end(shop)
        await close(shop, orders[0])
        assert (await uses_left(shop, "ONE", "TWO"), await used(shop)) == ([None], 1)
        assert discounts(await place(shop, cart(ADA, "ONE"))) == ["code-not-found"]

    async def test_ones_own_pending_order_is_named(self, shop: Storage) -> None:
        (waiting,) = await place(shop, cart(ADA, "ONE"), status=OrderStatus.PENDING)
        assert isinstance(waiting, Order)
        problem = QuoteProblem(code=USED_UP, entered_code="ONE", order_id=waiting.id)
        outcomes = await place(shop, cart(ADA, "ONE"), cart(BOB, "ONE"), cart(ADA, "ONE", "TWO"))
        assert outcomes == [(problem,), (replace(problem, order_id=None),), (problem,)]


class TestALimitOfACustomer:
    async def test_it_holds_inside_a_group_and_after_it(self, shop: Storage) -> None:
        await save(shop, replace(SALE, limit_per_customer=2))
        carts = [cart(each, "SALE") for each in (ADA, ADA, BOB, ADA)]
        assert discounts(await place(shop, *carts)) == [50, 50, 50, USED_UP]
        assert discounts(await place(shop, cart(ADA, "SALE"))) == [USED_UP]
        assert await numbers(shop) == [1, 2]

    async def test_a_use_that_was_given_back_leaves_its_number(self, shop: Storage) -> None:
        await save(shop, replace(SALE, limit_per_customer=3))
        first, *_ = await place(shop, *[cart(ADA, "SALE")] * 3)
        await close(shop, first)
        assert discounts(await place(shop, *[cart(ADA, "SALE")] * 2)) == [50, USED_UP]
        assert await numbers(shop) == [1, 2, 3]

    async def test_earlier_uses_count_for_a_limit_that_is_set_later(self, shop: Storage) -> None:
        await save(shop, SALE)
        orders = await place(shop, *[cart(ADA, "SALE")] * 3)
        await save(shop, replace(SALE, limit_per_customer=2))
        assert discounts(await place(shop, cart(ADA, "SALE"))) == [USED_UP]
        await close(shop, *orders[1:])
        assert discounts(await place(shop, *[cart(ADA, "SALE")] * 2)) == [50, USED_UP]
        assert await numbers(shop) == [1, None]


class TestAFirstOrder:
    @pytest.mark.parametrize("code", ["", "SALE"])
    async def test_it_is_the_only_one(self, shop: Storage, code: str) -> None:
        await save(shop, replace(SALE if code else AUTOMATIC, conditions=FIRST))
        codes = (code,) if code else ()
        expected = USED_UP if code else 0
        carts = [cart(ADA, *codes), cart(ADA, *codes), cart(BOB)]
        assert discounts(await place(shop, *carts)) == [50, expected, 50 if not code else 0]

    async def test_it_is_none_after_a_plain_order(self, shop: Storage) -> None:
        await save(shop, replace(SALE, conditions=FIRST))
        outcomes = await place(shop, cart(ADA), cart(ADA, "SALE"))
        assert discounts(outcomes) == [0, "code-not-applicable"]
        await close(shop, *outcomes)
        assert discounts(await place(shop, cart(ADA, "SALE"))) == [50]


class TestStaff:
    @pytest.mark.parametrize(
        "changed",
        [
            replace(SALE, limit=1),
            replace(SALE, limit_per_customer=1),
            replace(SALE, active=False),
        ],
        ids=["limit", "limit of a customer", "off"],
    )
    async def test_no_order_is_decided_by_rules_of_before_their_change(
        self, shop: Storage, changed: Promotion
    ) -> None:
        await save(shop, SALE)
        old = await rules_of(shop)
        await save(shop, changed)
        async with shop.unit_of_work() as uow:
            with pytest.raises(TransientFailure):
                await decide(uow, cart(ADA, "SALE"), in_force=old)

    async def test_a_change_of_another_promotion_does_not_matter(self, shop: Storage) -> None:
        await save(shop, SALE)
        old = await rules_of(shop)
        await save(shop, replace(AUTOMATIC, slug="other", active=False))
        outcomes = await shop.write(lambda uow: decide(uow, cart(ADA, "SALE"), in_force=old))
        assert discounts(outcomes) == [50]
