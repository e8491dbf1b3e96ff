"""Accounts and transfers over HTTP."""

import httpx2
import pytest

from shop.domain.shared.money import MAX_AMOUNT
from tests.factories import an_id
from tests.http.shops import Shop, Visitor, eur, invalid, refused

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
NOWHERE = an_id("no account")


async def transfer(
    visitor: Visitor, to: str = "grace@example.com", key: str = "key-0001", **more: object
) -> httpx2.Response:
    body = {"to": to, "amount": eur(300), "note": "For the tea", **more}
    return await visitor.post("/transfers", body, idempotency_key=key)


async def credit(
    admin: Visitor, account_id: object, key: str = "key-0001", **more: object
) -> httpx2.Response:
    body = {"amount": eur(700), "reason": "A cup broke", **more}
    return await admin.post(f"/accounts/{account_id}/credits", body, idempotency_key=key)


async def test_the_account_shows_its_balance(shop: Shop) -> None:
    visitor = shop.visitor()
    account = (await visitor.sign_up("ada"))["account"]
    answer = await visitor.get("/account")
    assert answer.status_code == 200
    assert (
        answer.json()
        == account
        == {
            "id": account["id"],
            "balance": eur(10_000),
            "created_at": NOW_TEXT,
        }
    )


async def test_money_passes_from_one_customer_to_another(shop: Shop) -> None:
    ada, grace = await shop.customer("ada"), await shop.customer("grace")
    answer = await transfer(ada, to="GRACE@example.com")
    assert answer.status_code == 201
    sent = answer.json()
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


async def test_a_transfer_without_a_note_refers_to_nothing(shop: Shop) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    answer = await ada.post(
        "/transfers", {"to": "grace@example.com", "amount": eur(1)}, idempotency_key="key-0001"
    )
    assert answer.status_code == 201
    assert answer.json()["reference"] is None


async def test_the_list_of_transfers_has_every_kind_and_comes_in_pages(shop: Shop) -> None:
    await shop.stock("TEA")
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


async def test_the_same_transfer_under_the_same_key_happens_once(shop: Shop) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    first = await transfer(ada)
    with shop.unchanged():
        again = await transfer(ada, key='"key-0001"')
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)


async def test_a_refused_transfer_moves_nothing_and_stays_refused(shop: Shop) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    with shop.unchanged(but="idempotency_keys"):
        first = await transfer(ada, amount=eur(10_001))
    facts = {"balance": eur(10_000), "required": eur(10_001)}
    refused(first, 409, "insufficient-funds", **facts)
    assert "idempotent-replayed" not in first.headers
    with shop.unchanged():
        again = await transfer(ada, amount=eur(10_001))
    refused(again, 409, "insufficient-funds", **facts)
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_key_stands_for_one_transfer(shop: Shop) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    await transfer(ada)
    with shop.unchanged():
        answer = await transfer(ada, amount=eur(301))
    refused(answer, 422, "idempotency-key-reused")
    assert "idempotent-replayed" not in answer.headers


async def test_money_goes_to_somebody_there_is_and_somebody_else(shop: Shop) -> None:
    ada = await shop.customer("ada")
    with shop.unchanged(but="idempotency_keys"):
        refused(await transfer(ada), 404, "recipient-not-found", email="grace@example.com")
    with shop.unchanged():
        invalid(await transfer(ada, to="Ada@Example.com", key="key-0002"), "/to")
        invalid(await transfer(ada, to="nobody", key="key-0002"), "/to")


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
async def test_an_amount_that_cannot_be_is_pointed_to(
    shop: Shop, amount: object, pointer: str
) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("grace")
    admin = await shop.admin()
    await admin.get("/session")
    with shop.unchanged():
        invalid(await transfer(ada, amount=amount), pointer)
        invalid(await credit(admin, NOWHERE, amount=amount), pointer)


async def test_more_than_can_be_counted_is_refused(shop: Shop) -> None:
    ada, _ = await shop.customer("ada"), await shop.admin()
    account = (await ada.get("/account")).json()
    admin = await shop.admin("boss")
    await admin.get("/session")
    with shop.unchanged(but="idempotency_keys"):
        answer = await credit(admin, account["id"], amount=eur(MAX_AMOUNT))
    refused(answer, 409, "balance-too-large")


async def test_an_admin_gives_credit_once_under_a_key(shop: Shop) -> None:
    ada, admin = await shop.customer("ada"), await shop.admin()
    account = (await ada.get("/account")).json()
    answer = await credit(admin, account["id"])
    assert answer.status_code == 201
    given = answer.json()
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
    assert again.content == answer.content


async def test_credit_goes_to_an_account_there_is(shop: Shop) -> None:
    admin = await shop.admin()
    await admin.get("/session")
    with shop.unchanged(but="idempotency_keys"):
        refused(await credit(admin, NOWHERE), 404, "account-not-found")
    with shop.unchanged():
        invalid(await credit(admin, "nonsense"), "/path/account_id")


async def test_customers_do_not_give_credit(shop: Shop) -> None:
    ada = await shop.customer("ada")
    account = (await ada.get("/account")).json()
    with shop.unchanged():
        refused(await credit(ada, account["id"]), 403, "forbidden", role="admin")
        refused(await credit(shop.visitor(), account["id"]), 401, "not-signed-in")


async def test_accounts_are_for_those_who_are_signed_in(shop: Shop) -> None:
    visitor = shop.visitor()
    with shop.unchanged():
        refused(await visitor.get("/account"), 401, "not-signed-in")
        refused(await visitor.get("/account/transfers"), 401, "not-signed-in")
        refused(await transfer(visitor), 401, "not-signed-in")
