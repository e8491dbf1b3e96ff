"""Carts are changed without locks, guarded by their version or that of their session."""

from functools import partial

import pytest

from shop.adapters.sql.schema.tables import customer_carts, sessions
from shop.application.checkout.cart import PutCartLine, RemoveCartLine
from shop.application.checkout.cart_details import AddCode
from shop.domain.pricing.promotions.percentage import Percentage
from tests.adapters.sql.guarded.guarded_shop import GuardedShop, order
from tests.adapters.sql.guarded.statements import (
    assert_read_and_written,
    scanned_tables,
    statements,
)
from tests.contract.pricing.promoted_orders import save
from tests.contract.storage import Storage
from tests.domain.pricing.examples import promotion

pytestmark = pytest.mark.anyio


class TestCarts:
    async def test_line_is_put_with_two_statements(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()

        with statements(shop) as sent:
            await shop.put_in_cart(customer, "TEA", 2)

        assert_read_and_written(sent)
        assert await scanned_tables(shop, sent) == set()
        assert await shop.carts() == [{"TEA": 2}]
        assert shop.attempts == ["committed"]

    async def test_line_that_is_put_again_is_only_read(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        await shop.put_in_cart(customer, "TEA", 2)

        with statements(shop) as sent:
            await shop.put_in_cart(customer, "TEA", 2)

        assert len(sent) == 1

    async def test_first_line_begins_a_session(self, shop: GuardedShop) -> None:
        command = PutCartLine(session=None, sku="TEA", quantity=1)

        with statements(shop) as sent:
            changed = await shop.container.cart_service().put(command)

        assert_read_and_written(sent)
        assert changed.current_session is not None
        assert changed.current_session.new_token is not None
        assert [each.cart for each in await shop.rows(sessions)] == [{"TEA": 1}]

    async def test_line_is_removed_with_two_statements(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        await shop.put_in_cart(customer, "TEA", 2)
        await shop.put_in_cart(customer, "COFFEE", 1)

        with statements(shop) as sent:
            await shop.container.cart_service().remove(RemoveCartLine(session=customer, sku="TEA"))

        assert_read_and_written(sent)
        assert await shop.carts() == [{"COFFEE": 1}]

    async def test_line_that_was_put_meanwhile_is_kept(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        put = """UPDATE customer_carts SET lines = '{"COFFEE": 3}', version = version + 1"""
        shop.before_writing.append(partial(shop.execute, put))

        await shop.put_in_cart(customer, "TEA", 2)

        assert await shop.carts() == [{"COFFEE": 3, "TEA": 2}]
        assert shop.attempts == ["TransactionConflict"]

    async def test_visitors_line_that_was_put_meanwhile_is_kept(self, shop: GuardedShop) -> None:
        carts = shop.container.cart_service()
        changed = await carts.put(PutCartLine(session=None, sku="TEA", quantity=1))
        assert changed.current_session is not None
        assert changed.current_session.new_token is not None
        put = """UPDATE sessions SET cart = '{"COFFEE": 3}', version = version + 1"""
        shop.before_writing.append(partial(shop.execute, put))

        await shop.put_in_cart(changed.current_session.new_token, "TEA", 2)

        assert [each.cart for each in await shop.rows(sessions)] == [{"COFFEE": 3, "TEA": 2}]
        assert shop.attempts == ["committed", "TransactionConflict"]

    async def test_first_cart_of_a_customer_from_before_is_added_with_locks(
        self, shop: GuardedShop
    ) -> None:
        customer = await shop.sign_up()
        await shop.execute("DELETE FROM customer_carts")

        await shop.put_in_cart(customer, "TEA", 2)
        assert (await shop.carts(), shop.attempts) == ([{"TEA": 2}], [])

        await shop.put_in_cart(customer, "COFFEE", 1)
        assert await shop.carts() == [{"TEA": 2, "COFFEE": 1}]
        assert shop.attempts == ["committed"]

    async def test_lines_that_an_older_server_has_put_become_part_of_the_cart(
        self, shop: GuardedShop
    ) -> None:
        customer = await shop.sign_up()
        await shop.put_in_cart(customer, "COFFEE", 1)
        await shop.execute("""UPDATE sessions SET cart = '{"TEA": 3}', version = version + 1""")

        with statements(shop) as sent:
            await shop.put_in_cart(customer, "COFFEE", 2)

        assert_read_and_written(sent)
        assert await shop.carts() == [{"COFFEE": 2, "TEA": 3}]
        assert [each.cart for each in await shop.rows(sessions)] == [{}]

    async def test_order_takes_what_was_put_meanwhile_and_loses_nothing(
        self, shop: GuardedShop
    ) -> None:
        customer = await shop.sign_up()
        await shop.put_in_cart(customer, "TEA", 2)
        shop.attempts.clear()
        shop.before_writing.append(partial(shop.put_in_cart, customer, "COFFEE", 3))

        (result,) = await shop.place(order(customer))

        lines = {each.sku: each.quantity for each in result.unwrap().order.lines}
        assert lines == {"TEA": 2, "COFFEE": 3}
        assert await shop.carts() == [{}]
        assert shop.attempts == ["committed", "TransactionConflict"]

    async def test_order_of_other_lines_loses_nothing_that_was_put_meanwhile(
        self, shop: GuardedShop
    ) -> None:
        customer = await shop.sign_up()
        storage = Storage(
            unit_of_work=shop.container.unit_of_work, snapshot=shop.container.snapshot
        )
        await save(
            storage, promotion(Percentage(percentage=10_000), code="SALE", requires_code=True)
        )
        await shop.put_in_cart(customer, "TEA", 2)
        await shop.container.cart_details().add_code(AddCode(session=customer, code="SALE"))
        shop.attempts.clear()
        shop.before_writing.append(partial(shop.put_in_cart, customer, "COFFEE", 3))

        (result,) = await shop.place(order(customer, "TEA"))

        (discount,) = result.unwrap().order.discounts
        assert discount.code == "SALE"
        assert await shop.carts() == [{"TEA": 2, "COFFEE": 3}]
        assert [each.checkout for each in await shop.rows(customer_carts)] == [{}]
        assert shop.attempts == ["committed", "TransactionConflict"]

    async def test_cart_is_ordered_with_two_statements(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        await shop.put_in_cart(customer, "TEA", 2)

        with statements(shop) as sent:
            await shop.place(order(customer))

        assert_read_and_written(sent)
        assert await scanned_tables(shop, sent) == set()
        assert await shop.carts() == [{}]
