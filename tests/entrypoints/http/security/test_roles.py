"""A user without the role of a customer may look, and nothing else."""

import pytest

from tests.entrypoints.http.clients import HttpShop, assert_problem

pytestmark = pytest.mark.anyio

MONEY = {"amount": 100, "currency": "EUR"}


async def test_user_who_is_no_customer_moves_no_money(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    await shop.customer("bob")
    ada = await shop.customer("ada")
    order_id = (await ada.order("TEA")).json()["id"]
    await shop.change_user("ada", roles=frozenset())
    await ada.put("/cart/lines/TEA", {"quantity": 1})

    # The session learns of the lost role.
    with shop.unchanged(except_table="sessions"):
        of_lines = await ada.order("TEA", key="key-0002")
        of_cart = await ada.post(
            "/orders", {"payment": {"method": "account"}}, idempotency_key="key-0003"
        )
        by_card = await ada.order(
            "TEA", key="key-0004", payment={"method": "card", "token": "tok_visa"}
        )
        transfer = await ada.post(
            "/transfers", {"to": "bob@example.com", "amount": MONEY}, idempotency_key="key-0005"
        )
        deposit = await ada.post(
            "/deposits",
            {"amount": MONEY, "card": {"token": "tok_visa"}},
            idempotency_key="key-0006",
        )
        for response in (of_lines, of_cart, by_card, transfer, deposit):
            assert_problem(response, 403, "forbidden", role="customer")

        for path in ("/account", f"/orders/{order_id}", "/orders", "/cart", "/account/transfers"):
            assert (await ada.get(path)).status_code == 200
