"""Orders take codes for one order each as soon as these are made, and none too late."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.pricing.promotion_codes import MakeCodes
from shop.application.pricing.rule_documents import PutRule
from shop.domain.orders.order_details import OrderDetails
from shop.domain.pricing.promotions.percentage import Percentage
from tests.adapters.sql.guarded.guarded_shop import GuardedShop, order
from tests.domain.pricing.examples import promotion

pytestmark = pytest.mark.anyio

SALE = promotion(Percentage(percentage=10_000))


@pytest.fixture
async def admin(shop: GuardedShop) -> SessionToken:
    """Return an admin's session; there is an automatic promotion."""
    signed_up = await shop.new_customer()
    # The customers sign up later.
    await shop.execute("UPDATE users SET roles = 'admin customer'")
    token = signed_up.current_session.new_token
    assert token is not None
    await shop.container.rule_service().put(PutRule(session=token, rule=SALE))
    return token


async def make(shop: GuardedShop, admin: SessionToken, batch: int) -> str:
    command = MakeCodes(
        session=admin, promotion="sale", count=1, prefix=None, key=f"key-codes-{batch}"
    )
    (code,) = (await shop.container.promotion_codes().make(command)).unwrap().codes
    return code


async def codes_used(shop: GuardedShop, *codes: str) -> Sequence[str | None]:
    """Place an order with these codes; return the code of each of its discounts."""
    details = OrderDetails(codes=codes)
    command = replace(order(await shop.sign_up(), "TEA"), details=details, checked_details=details)
    (result,) = await shop.place(command)
    return [each.code for each in result.unwrap().order.discounts]


async def test_codes_of_every_batch_are_taken_without_locks(
    shop: GuardedShop, admin: SessionToken
) -> None:
    for batch in range(3):
        code = await make(shop, admin, batch)
        shop.attempts.clear()
        assert await codes_used(shop, code) == [code]
        assert shop.attempts == ["committed"]


async def test_an_order_that_was_decided_before_the_first_codes_is_decided_again(
    shop: GuardedShop, admin: SessionToken
) -> None:
    shop.before_writing.append(partial(make, shop, admin, 0))
    assert await codes_used(shop) == []
    assert shop.attempts == ["TransactionConflict"]


async def test_an_order_that_was_decided_before_further_codes_is_not_decided_again(
    shop: GuardedShop, admin: SessionToken
) -> None:
    code = await make(shop, admin, 0)
    shop.before_writing.append(partial(make, shop, admin, 1))
    assert await codes_used(shop, code) == [code]
    assert shop.attempts == ["committed"]
