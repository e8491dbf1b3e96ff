"""Accounts and transfers over HTTP."""

import httpx2
import pytest

from shop.domain.shared.money import MAX_AMOUNT
from tests.entrypoints.http.clients import Browser, HttpShop, assert_invalid, assert_problem, eur
from tests.factories import id_of

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
NOWHERE = id_of("no account")


async def transfer(
    browser: Browser, to: str = "grace@example.com", key: str = "key-0001", **more: object
) -> httpx2.Response:
    body = {"to": to, "amount": eur(300), "note": "For the tea", **more}
    return await browser.post("/transfers", body, idempotency_key=key)


async def credit(
    admin: Browser, account_id: object, key: str = "key-0001", **more: object
) -> httpx2.Response:
    body = {"amount": eur(700), "reason": "A cup broke", **more}
    return await admin.post(f"/accounts/{account_id}/credits", body, idempotency_key=key)


async def test_account_shows_its_balance(shop: HttpShop) -> None:
    browser = shop.browser()
    account = (await browser.sign_up("ada"))["account"]
    response = await browser.get("/account")
    assert response.status_code == 200
    assert (
        response.json()
        == account
        == {
            "id": account["id"],
            "balance": eur(10_000),
            "created_at": NOW_TEXT,
        }
    )


async def test_transfer_moves_money_between_customers(shop: HttpShop) -> None:
    ada, grace = await shop.customer("ada"), await shop.customer("grace")
    response = await transfer(ada, to="GRACE@example.com")
    assert response.status_code == 201
    sent = response.json()
    assert sent == {
        "id": sent["id"],
        "kind": "transfer",
        "amount": eur(-300),
        "counterparty": "grace@example.com",
        "reference": "For the tea",
        "created_at": NOW_TEXT,
    }
    assert (shop.balance("ada"), shop.balance("grace")) == (9_700, 10_300)
    mine, hers = [
        (await each.get("/account/transfers?limit=1")).json()["items"][0] for each in (ada, grace)
    ]
    assert mine == sent
    assert hers == {**sent, "amount": eur(300), "counterparty": "ada@example.com"}


async def test_transfer_without_a_note_has_an_empty_one(shop: HttpShop) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    response = await ada.post(
        "/transfers", {"to": "grace@example.com", "amount": eur(1)}, idempotency_key="key-0001"
    )
    assert response.status_code == 201
    assert response.json()["reference"] is None


async def test_statement_lists_every_kind_in_pages(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    ada = await shop.customer("ada")
    order = (await ada.order("TEA", 2)).json()
    pages = await ada.pages("/account/transfers")
    assert [
        (item["kind"], item["amount"], item["counterparty"], item["reference"])
        for page in pages
        for item in page
    ] == [
        ("charge", eur(-1_000), "sales", order["id"]),
        ("welcome", eur(10_000), "adjustments", "Welcome"),
    ]
    assert [len(page) for page in pages] == [1, 1]


async def test_repeated_transfer_under_the_same_key_happens_once(shop: HttpShop) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    first = await transfer(ada)
    with shop.unchanged():
        again = await transfer(ada, key='"key-0001"')
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)


async def test_rejected_transfer_moves_nothing_and_is_replayed(shop: HttpShop) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    with shop.unchanged(except_table="idempotency_keys"):
        first = await transfer(ada, amount=eur(10_001))
    facts = {"balance": eur(10_000), "required": eur(10_001)}
    assert_problem(first, 409, "insufficient-funds", **facts)
    assert "idempotent-replayed" not in first.headers
    with shop.unchanged():
        again = await transfer(ada, amount=eur(10_001))
    assert_problem(again, 409, "insufficient-funds", **facts)
    assert again.headers["idempotent-replayed"] == "true"


async def test_key_identifies_one_transfer(shop: HttpShop) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    await transfer(ada)
    with shop.unchanged():
        response = await transfer(ada, amount=eur(301))
    assert_problem(response, 422, "idempotency-key-reused")
    assert "idempotent-replayed" not in response.headers


async def test_recipient_must_exist_and_be_another_customer(shop: HttpShop) -> None:
    ada = await shop.customer("ada")
    with shop.unchanged(except_table="idempotency_keys"):
        assert_problem(await transfer(ada), 404, "recipient-not-found", email="grace@example.com")
    with shop.unchanged():
        assert_invalid(await transfer(ada, to="Ada@Example.com", key="key-0002"), "/to")
        assert_invalid(await transfer(ada, to="no-address", key="key-0002"), "/to")


@pytest.mark.parametrize(
    ("amount", "pointer"),
    [
        (eur(0), "/amount/amount"),
        (eur(-1), "/amount/amount"),
        (eur(MAX_AMOUNT + 1), "/amount/amount"),
        ({"amount": 1.5, "currency": "EUR"}, "/amount/amount"),
        ({"amount": "1", "currency": "EUR"}, "/amount/amount"),
        ({"amount": True, "currency": "EUR"}, "/amount/amount"),
        ({"amount": 1, "currency": "eur"}, "/amount/currency"),
        ({"amount": 1, "currency": "XXX"}, "/amount/currency"),
        ({"amount": 1, "currency": "USD"}, "/amount/currency"),
        ({"amount": 1}, "/amount/currency"),
        (1, "/amount"),
    ],
)
async def test_invalid_amount_is_rejected_with_a_pointer(
    shop: HttpShop, amount: object, pointer: str
) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    admin = await shop.admin()
    await admin.get("/session")
    with shop.unchanged():
        assert_invalid(await transfer(ada, amount=amount), pointer)
        assert_invalid(await credit(admin, NOWHERE, amount=amount), pointer)


async def test_excessive_balance_is_rejected(shop: HttpShop) -> None:
    ada, _ = await shop.customer("ada"), await shop.admin()
    account = (await ada.get("/account")).json()
    admin = await shop.admin("boss")
    await admin.get("/session")
    with shop.unchanged(except_table="idempotency_keys"):
        response = await credit(admin, account["id"], amount=eur(MAX_AMOUNT))
    assert_problem(response, 409, "balance-too-large")


async def test_admin_grants_credit_once_under_a_key(shop: HttpShop) -> None:
    ada, admin = await shop.customer("ada"), await shop.admin()
    account = (await ada.get("/account")).json()
    response = await credit(admin, account["id"])
    assert response.status_code == 201
    given = response.json()
    assert given == {
        "id": given["id"],
        "kind": "credit",
        "amount": eur(700),
        "counterparty": "adjustments",
        "reference": "A cup broke",
        "created_at": NOW_TEXT,
    }
    assert shop.balance("ada") == 10_700
    assert (await ada.get("/account/transfers?limit=1")).json()["items"] == [given]
    with shop.unchanged():
        again = await credit(admin, account["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == response.content


async def test_credit_requires_an_existing_account(shop: HttpShop) -> None:
    admin = await shop.admin()
    await admin.get("/session")
    with shop.unchanged(except_table="idempotency_keys"):
        assert_problem(await credit(admin, NOWHERE), 404, "account-not-found")
    with shop.unchanged():
        assert_invalid(await credit(admin, "nonsense"), "/path/account_id")


async def test_customers_cannot_grant_credit(shop: HttpShop) -> None:
    ada = await shop.customer("ada")
    account = (await ada.get("/account")).json()
    with shop.unchanged():
        assert_problem(await credit(ada, account["id"]), 403, "forbidden", role="admin")
        assert_problem(await credit(shop.browser(), account["id"]), 401, "not-signed-in")


async def test_account_requires_a_signed_in_user(shop: HttpShop) -> None:
    browser = shop.browser()
    with shop.unchanged():
        assert_problem(await browser.get("/account"), 401, "not-signed-in")
        assert_problem(await browser.get("/account/transfers"), 401, "not-signed-in")
        assert_problem(await transfer(browser), 401, "not-signed-in")
