"""Rules that break a rule: the error names the member, and nothing has changed."""

import pytest

from tests.clock import FakeClock
from tests.entrypoints.http.api.rules.documents import METHOD, PROMOTION, RATE, ZONE
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)

pytestmark = pytest.mark.anyio

USD: Json = {"amount": 1, "currency": "USD"}
HUGE = 10**9 + 1
BY_WEIGHT: Json = {"from_weight_grams": 0, "price": eur(0)}
BY_AMOUNT: Json = {"from_amount": eur(0), "price": eur(0)}
NEW_YEAR, LATER = "2027-01-01T00:00:00Z", "2027-01-01T00:00:01Z"


def tiers(*steps: Json) -> Json:
    return {"effect": {"kind": "tiers", "tiers": list(steps)}}


def quantity(number: int, percentage: str = "1") -> Json:
    return {"from_quantity": number, "percentage": percentage}


INVALID_RATES: tuple[tuple[Json, str], ...] = (
    ({"rate": "-1"}, "/rate"),
    ({"rate": "100.001"}, "/rate"),
    ({"rate": "999999"}, "/rate"),
    ({"rate": "19.0000"}, "/rate"),
    ({"rate": 19}, "/rate"),
    ({"rate": "nineteen"}, "/rate"),
    ({"reason": "exempt"}, "/reason"),
    ({"country": "XX"}, "/country"),
    ({"country": "de"}, "/country"),
    ({"region": "Mordor", "country": "IT"}, "/region"),
    ({"postal_codes": ["1*0"]}, "/postal_codes/0"),
    ({"postal_codes": ["*"]}, "/postal_codes/0"),
    ({"postal_codes": []}, "/postal_codes"),
    ({"postal_codes": ["10*", "ZZZ"]}, "/postal_codes"),
    ({"postal_codes": ["D-10*"]}, "/postal_codes"),
    ({"category": "shared"}, "/category"),
    ({"category": "highest"}, "/category"),
    ({"category": "Standard goods"}, "/category"),
    ({"name": ""}, "/name"),
    ({"name": "VAT\u202e"}, "/name"),
    ({"valid_from": NEW_YEAR, "valid_until": NEW_YEAR}, "/valid_until"),
    ({"valid_from": LATER, "valid_until": NEW_YEAR}, "/valid_until"),
    ({"valid_from": "2026-02-30"}, "/valid_from"),
    ({"valid_from": "0001-01-01T00:00:00+01:00"}, "/valid_from"),
    ({"valid_from": 1}, "/valid_from"),
    ({"unknown": 1}, "/unknown"),
)
INVALID_ZONES: tuple[tuple[Json, str], ...] = (
    ({"countries": []}, "/countries"),
    ({"countries": ["DE", "XX"]}, "/countries"),
    ({"countries": ["D"]}, "/countries/0"),
    ({"countries": ["IT"], "regions": ["Mordor"]}, "/regions"),
    ({"postal_codes": ["10*", "!"]}, "/postal_codes/1"),
    ({"countries": ["DE", "NL"], "postal_codes": ["10*", "SW1A*"]}, "/postal_codes"),
)
INVALID_METHODS: tuple[tuple[Json, str], ...] = (
    ({"zone": "none"}, "/zone"),
    ({"prices": []}, "/prices"),
    ({"prices": [{**BY_WEIGHT, "price": eur(-1)}]}, "/prices/0/price/amount"),
    ({"prices": [{**BY_WEIGHT, "price": eur(HUGE)}]}, "/prices/0/price/amount"),
    ({"prices": [{**BY_WEIGHT, "price": USD}]}, "/prices/0/price/currency"),
    ({"prices": [{**BY_WEIGHT, "from_weight_grams": -1}]}, "/prices/0/from_weight_grams"),
    ({"prices": [{**BY_WEIGHT, "from_weight_grams": HUGE}]}, "/prices/0/from_weight_grams"),
    ({"prices": [{**BY_AMOUNT, "from_amount": eur(-1)}]}, "/prices/0/from_amount/amount"),
    ({"prices": [{**BY_AMOUNT, "from_amount": USD}]}, "/prices/0/from_amount/currency"),
    ({"prices": [BY_WEIGHT, BY_WEIGHT]}, "/prices"),
    ({"prices": [{**BY_WEIGHT, "from_weight_grams": 1}, BY_WEIGHT]}, "/prices"),
    ({"prices": [BY_WEIGHT, BY_AMOUNT]}, "/prices"),
    ({"prices": [{**BY_WEIGHT, **BY_AMOUNT}]}, "/prices"),
    ({"free_from": eur(-1)}, "/free_from/amount"),
    ({"free_from": USD}, "/free_from/currency"),
    ({"tax": "The highest"}, "/tax"),
    ({"estimate": ""}, "/estimate"),
)
INVALID_PROMOTIONS: tuple[tuple[Json, str], ...] = (
    ({"effect": {"kind": "percentage", "percentage": "0"}}, "/effect/percentage"),
    ({"effect": {"kind": "percentage", "percentage": "100.001"}}, "/effect/percentage"),
    ({"effect": {"kind": "amount", "amount": eur(0)}}, "/effect/amount/amount"),
    ({"effect": {"kind": "amount", "amount": eur(HUGE)}}, "/effect/amount/amount"),
    ({"effect": {"kind": "amount", "amount": USD}}, "/effect/amount/currency"),
    ({"effect": {"kind": "fixed_price", "price": eur(-1)}}, "/effect/price/amount"),
    ({"effect": {"kind": "fixed_price", "price": USD}}, "/effect/price/currency"),
    ({"effect": {"kind": "free_lunch"}}, "/effect"),
    ({"effect": {"kind": "free_shipping", "price": eur(1)}}, "/effect/price"),
    (
        {"effect": {"kind": "buy_x_get_y", "buy": 0, "get": 1, "percentage": "1"}},
        "/effect/buy",
    ),
    (
        {"effect": {"kind": "buy_x_get_y", "buy": 1, "get": 1001, "percentage": "1"}},
        "/effect/get",
    ),
    (tiers(), "/effect/tiers"),
    (tiers(quantity(3), quantity(2)), "/effect/tiers"),
    (tiers(quantity(2), quantity(2)), "/effect/tiers"),
    (tiers(quantity(2), {"from_amount": eur(3), "percentage": "1"}), "/effect/tiers"),
    (tiers({"percentage": "1"}), "/effect/tiers/0/from_quantity"),
    (tiers({**quantity(2), "from_amount": eur(3)}), "/effect/tiers/0/from_quantity"),
    (tiers(quantity(0)), "/effect/tiers/0/from_quantity"),
    (tiers(quantity(1), quantity(2, "0")), "/effect/tiers/1/percentage"),
    (
        tiers({"from_amount": USD, "percentage": "1"}),
        "/effect/tiers/0/from_amount/currency",
    ),
    ({"starts_at": NEW_YEAR, "ends_at": NEW_YEAR}, "/ends_at"),
    ({"starts_at": LATER, "ends_at": NEW_YEAR}, "/ends_at"),
    ({"limit": 0}, "/limit"),
    ({"limit": -1}, "/limit"),
    ({"limit_per_customer": 0}, "/limit_per_customer"),
    ({"conditions": {"minimum": eur(-1)}}, "/conditions/minimum/amount"),
    ({"conditions": {"minimum": USD}}, "/conditions/minimum/currency"),
    ({"conditions": {"group": "Best friends"}}, "/conditions/group"),
    ({"conditions": {"products": ["NONE"]}}, "/conditions/products"),
    ({"conditions": {"categories": ["none"]}}, "/conditions/categories"),
    ({"products": ["NONE"]}, "/products"),
    ({"categories": ["none"]}, "/categories"),
    ({"code": "no spaces"}, "/code"),
    ({"code": "AB"}, "/code"),
    ({"target": "cart"}, "/target"),
    ({"used": 1}, "/used"),
)
INVALID: tuple[tuple[str, Json, Json, str], ...] = (
    *(("/tax-rates/a", RATE, each, pointer) for each, pointer in INVALID_RATES),
    *(("/shipping-zones/a", ZONE, each, pointer) for each, pointer in INVALID_ZONES),
    *(("/shipping-methods/a", METHOD, each, pointer) for each, pointer in INVALID_METHODS),
    *(("/promotions/a", PROMOTION, each, pointer) for each, pointer in INVALID_PROMOTIONS),
)


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin's browser; there is a zone."""
    admin = await shop.admin()
    await admin.put("/shipping-zones/germany", ZONE)
    return admin


async def test_each_fault_is_named_and_nothing_changes(shop: HttpShop, admin: Browser) -> None:
    for path, document, change, pointer in INVALID:
        assert (await admin.put(path, document)).status_code in (200, 201)
        with shop.unchanged(except_table="sessions"):
            response = await admin.put(path, {**document, **change})
        assert response.status_code == 422, (path, change)
        pointers = [each["pointer"] for each in response.json()["errors"]]
        assert pointers == [pointer], (change, response.text)


@pytest.mark.parametrize("slug", ["-a", "a-", "A", "a_b", "a" * 64, "%20"])
async def test_slugs_are_lower_case_letters_digits_and_hyphens(admin: Browser, slug: str) -> None:
    assert_invalid(await admin.put(f"/promotions/{slug}", PROMOTION), "/path/slug")


class TestOverlappingRates:
    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({}, "/country"),
            ({"valid_from": NEW_YEAR}, "/country"),
            ({"valid_until": NEW_YEAR}, "/country"),
        ],
    )
    async def test_two_rates_for_one_sale_are_rejected(
        self, shop: HttpShop, admin: Browser, change: Json, pointer: str
    ) -> None:
        await admin.put("/tax-rates/first", RATE)
        with shop.unchanged(except_table="sessions"):
            assert_invalid(await admin.put("/tax-rates/second", {**RATE, **change}), pointer)

    async def test_overlapping_parts_of_a_country_are_rejected(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        parts = {**RATE, "postal_codes": ["10*"]}
        await admin.put("/tax-rates/first", parts)
        with shop.unchanged(except_table="sessions"):
            response = await admin.put("/tax-rates/second", {**parts, "postal_codes": ["101*"]})
            assert_invalid(response, "/postal_codes")

    async def test_what_does_not_overlap_is_saved(self, admin: Browser) -> None:
        documents = {
            "first": {**RATE, "valid_until": NEW_YEAR},
            "next": {**RATE, "valid_from": NEW_YEAR},
            "part": {**RATE, "postal_codes": ["10*"]},
            "other-part": {**RATE, "postal_codes": ["11*"]},
            "category": {**RATE, "category": "reduced"},
            "country": {**RATE, "country": "AT"},
        }
        for slug, document in documents.items():
            response = await admin.put(f"/tax-rates/{slug}", document)
            assert response.status_code == 201, (slug, response.text)

    async def test_a_rate_does_not_overlap_with_itself_or_with_an_ended_one(
        self, admin: Browser
    ) -> None:
        await admin.put("/tax-rates/first", RATE)
        changed = await admin.put("/tax-rates/first", {**RATE, "rate": "20"})
        assert changed.status_code == 200
        await admin.delete("/tax-rates/first")
        assert (await admin.put("/tax-rates/second", RATE)).status_code == 201


async def test_rates_need_the_country_of_the_seller_in_production(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, environment="production")
    admin = await shop.admin()
    with shop.unchanged(except_table="sessions"):
        response = await admin.put("/tax-rates/a", RATE)
        assert_problem(response, 409, "seller-country-unknown")
    assert (await admin.put("/shipping-zones/a", ZONE)).status_code == 201
    known = HttpShop.open(clock, environment="production", country="DE")
    admin = await known.admin()
    assert (await admin.put("/tax-rates/a", RATE)).status_code == 201
