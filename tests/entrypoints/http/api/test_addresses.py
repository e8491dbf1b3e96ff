"""The address book over HTTP."""

import pytest

from tests.entrypoints.http.clients import Browser, HttpShop, Json

pytestmark = pytest.mark.anyio

HOME: Json = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "postal_code": "sw1y4jh",
    "city": "London",
    "country": "GB",
    "phone": "020 7925 0918",
}
SAVED: Json = {
    "name": "Ada Lovelace",
    "company": None,
    "line1": "12 St James's Square",
    "line2": None,
    "postal_code": "SW1Y 4JH",
    "city": "London",
    "region": None,
    "country": "GB",
    "phone": "+442079250918",
    "vat_number": None,
}


@pytest.fixture
async def ada(shop: HttpShop) -> Browser:
    return await shop.customer("ada")


async def _book(browser: Browser) -> list[Json]:
    items: list[Json] = (await browser.get("/addresses")).json()["items"]
    return items


async def test_address_is_added_changed_and_deleted(ada: Browser) -> None:
    added = await ada.post("/addresses", HOME)
    assert added.status_code == 201, added.text
    saved = added.json()
    assert saved == {"id": saved["id"], "created_at": saved["created_at"], **SAVED}
    assert await _book(ada) == [saved]

    changed = await ada.put(f"/addresses/{saved['id']}", {**HOME, "company": "ACME"})
    assert (changed.status_code, changed.json()) == (200, {**saved, "company": "ACME"})
    assert await _book(ada) == [changed.json()]

    deleted = await ada.delete(f"/addresses/{saved['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert await _book(ada) == []


async def test_book_is_listed_in_pages_newest_first(shop: HttpShop, ada: Browser) -> None:
    for name in ("First", "Second", "Third"):
        await ada.post("/addresses", {**HOME, "name": name})
        await shop.clock.sleep(1)

    pages = await ada.pages("/addresses")

    assert [[each["name"] for each in page] for page in pages] == [["Third"], ["Second"], ["First"]]


async def test_address_of_another_customer_is_missing(shop: HttpShop, ada: Browser) -> None:
    grace = await shop.customer("grace")
    saved = (await ada.post("/addresses", HOME)).json()

    for path in (f"/addresses/{saved['id']}", "/addresses/01932b7e-8f3c-7a17-9c4e-7d8e9f0a1b23"):
        for answer in (await grace.put(path, HOME), await grace.delete(path)):
            assert answer.status_code == 404
            assert answer.json()["type"] == "/problems/address-not-found"

    assert await _book(grace) == []
    assert await _book(ada) == [saved]


async def test_visitor_has_no_book(shop: HttpShop) -> None:
    visitor = shop.browser()

    for answer in (await visitor.get("/addresses"), await visitor.post("/addresses", HOME)):
        assert answer.status_code == 401

    assert shop.database.state.addresses.rows == {}


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        (
            {"postal_code": "10115", "phone": "x", "vat_number": "GB1"},
            {
                "/postal_code": "must be a postal code of GB, such as EC1Y 8SY.",
                "/phone": "must be a telephone number with its country, such as +49 30 901820.",
                "/vat_number": "must be a VAT number with its country, such as DE136695976.",
            },
        ),
        (
            {"postal_code": None, "city": None},
            {
                "/city": "is required in GB.",
                "/postal_code": "is required in GB.",
            },
        ),
        (
            {"country": "XI"},
            {"/country": "must be a country of ISO 3166-1, in two capital letters, such as DE."},
        ),
        (
            {"country": "gb"},
            {"/country": "must be an ISO 3166-1 country code of two capital letters."},
        ),
        ({"name": ""}, {"/name": "must have at least 1 character."}),
        ({"name": "x" * 101}, {"/name": "must have at most 100 characters."}),
        ({"line1": None}, {"/line1": "must be text."}),
        ({"street": "x"}, {"/street": "is unknown; correct its name or remove it."}),
        (
            {"line2": "4111 1111 1111 1111"},
            {"/line2": "must not contain a card number."},
        ),
    ],
)
async def test_each_fault_is_reported_with_its_member(
    ada: Browser, change: Json, errors: dict[str, str]
) -> None:
    answer = await ada.post("/addresses", {**HOME, **change})

    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-request"
    found = {each["pointer"]: each["detail"] for each in answer.json()["errors"]}
    assert found == errors
    assert await _book(ada) == []


async def test_full_book_takes_no_more(ada: Browser) -> None:
    for _ in range(50):
        assert (await ada.post("/addresses", HOME)).status_code == 201

    answer = await ada.post("/addresses", HOME)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-addresses")
    assert answer.json()["limit"] == 50
    assert len((await ada.get("/addresses?limit=100")).json()["items"]) == 50
