"""Codes of promotions: one that all enter, and many for one order each."""

import re

import pytest

from tests.entrypoints.http.api.rules.documents import PROMOTION
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
)

pytestmark = pytest.mark.anyio

KEY = "key-of-codes-1"


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin's browser; there is an automatic promotion."""
    admin = await shop.admin()
    await admin.put("/promotions/sale", PROMOTION)
    return admin


async def make(admin: Browser, key: str = KEY, slug: str = "sale", **body: object) -> Json:
    response = await admin.post(f"/promotions/{slug}/codes", body, idempotency_key=key)
    assert response.status_code == 201, response.text
    made: Json = response.json()
    return made


def stored_codes(shop: HttpShop) -> set[str]:
    return {each for each in shop.database.state.promotion_counters.rows if each.startswith("c:")}


def requires_code(shop: HttpShop, slug: str = "sale") -> bool:
    documents = shop.database.state.pricing_rules.rows.values()
    (rule,) = [each.rule for each in documents if each.slug == slug]
    return bool(rule.requires_code)  # type: ignore[union-attr]  # It is a promotion.


class TestCodesForOneOrder:
    async def test_they_are_made_and_listed(self, shop: HttpShop, admin: Browser) -> None:
        codes = (await make(admin, count=3, prefix="spring"))["codes"]
        assert len(set(codes)) == 3
        assert codes == sorted(codes)
        for code in codes:
            assert re.fullmatch(r"SPRING(-[0-9B-DF-HJKMNP-TV-Z]{4}){3}", code)
        (hyphened,) = (await make(admin, "key-of-codes-3", count=1, prefix="SU-"))["codes"]
        assert re.fullmatch(r"SU(-[0-9B-DF-HJKMNP-TV-Z]{4}){3}", hyphened)
        codes.append(hyphened)
        (plain,) = (await make(admin, "key-of-codes-2", count=1))["codes"]
        assert re.fullmatch(r"[0-9B-Z]{4}(-[0-9B-Z]{4}){2}", plain)

        pages = await admin.pages("/promotions/sale/codes")
        assert pages == [[{"code": code}] for code in sorted([*codes, plain])]
        assert stored_codes(shop) == {f"c:{code}" for code in (*codes, plain)}

    async def test_they_are_made_once_per_key(self, shop: HttpShop, admin: Browser) -> None:
        first = await make(admin, count=2)
        await make(admin, "key-of-codes-2", count=2)
        with shop.unchanged(except_table="sessions"):
            again = await admin.post("/promotions/sale/codes", {"count": 2}, idempotency_key=KEY)
            assert (again.status_code, again.json()) == (201, first)
            assert again.headers["idempotent-replayed"] == "true"
            other = await admin.post("/promotions/sale/codes", {"count": 3}, idempotency_key=KEY)
            assert_problem(other, 422, "idempotency-key-reused")

    async def test_a_replay_answers_them_after_their_promotion_has_ended(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        first = await make(admin, count=2)
        await admin.delete("/promotions/sale")
        await admin.put("/promotions/sale", PROMOTION)
        second = await make(admin, "key-of-codes-2", count=1)
        with shop.unchanged(except_table="sessions"):
            again = await admin.post("/promotions/sale/codes", {"count": 2}, idempotency_key=KEY)
            assert (again.status_code, again.json()) == (201, first)
            assert again.headers["idempotent-replayed"] == "true"
            response = await admin.post("/cart/codes", {"code": first["codes"][0]})
            assert_problem(response, 404, "code-not-found", codes=[first["codes"][0]])
        assert await admin.pages("/promotions/sale/codes") == [[{"code": second["codes"][0]}]]

    async def test_the_promotion_is_not_automatic_any_more(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        assert not requires_code(shop)
        await make(admin, count=1)
        assert requires_code(shop)
        await admin.put("/promotions/sale", {**PROMOTION, "name": "Another"})
        assert requires_code(shop)

    async def test_unknown_promotions_have_none(self, shop: HttpShop, admin: Browser) -> None:
        response = await admin.post(
            "/promotions/none/codes", {"count": 1}, idempotency_key="key-of-none"
        )
        assert_problem(response, 404, "promotion-not-found", slug="none")
        with shop.unchanged(except_table="sessions"):
            response = await admin.get("/promotions/none/codes")
            assert_problem(response, 404, "promotion-not-found", slug="none")
        assert stored_codes(shop) == set()

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"count": 0}, "/count"),
            ({"count": 10_001}, "/count"),
            ({"count": 1, "prefix": ""}, "/prefix"),
            ({"count": 1, "prefix": "A B C"}, "/prefix"),
            ({"count": 1, "prefix": "A" * 21}, "/prefix"),
        ],
    )
    async def test_malformed_requests_make_none(
        self, shop: HttpShop, admin: Browser, body: Json, pointer: str
    ) -> None:
        with shop.unchanged(except_table="sessions"):
            response = await admin.post("/promotions/sale/codes", body, idempotency_key=KEY)
            assert_invalid(response, pointer)

    async def test_they_are_for_admins_with_a_key(self, shop: HttpShop, admin: Browser) -> None:
        customer = await shop.customer("ada")
        with shop.unchanged(except_table="sessions"):
            response = await customer.post(
                "/promotions/sale/codes", {"count": 1}, idempotency_key=KEY
            )
            assert_problem(response, 403, "forbidden", role="admin")
            response = await customer.get("/promotions/sale/codes")
            assert_problem(response, 403, "forbidden", role="admin")
            response = await admin.post("/promotions/sale/codes", {"count": 1})
            assert_problem(response, 400, "invalid-idempotency-key")


class TestTheCodeForAll:
    async def test_no_two_promotions_have_it(self, shop: HttpShop, admin: Browser) -> None:
        await admin.put("/promotions/first", {**PROMOTION, "code": "SALE"})
        (single,) = (await make(admin, count=1))["codes"]
        with shop.unchanged(except_table="sessions"):
            for slug, code in (("second", "sale"), ("second", single), ("sale", single)):
                response = await admin.put(f"/promotions/{slug}", {**PROMOTION, "code": code})
                assert_invalid(response, "/code")

    async def test_it_is_free_again_when_the_promotion_has_another_or_ends(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/promotions/first", {**PROMOTION, "code": "ONE"})
        await admin.put("/promotions/first", {**PROMOTION, "code": "TWO"})
        assert stored_codes(shop) == {"c:TWO"}
        second = await admin.put("/promotions/second", {**PROMOTION, "code": "ONE"})
        assert second.status_code == 201
        await admin.delete("/promotions/first")
        assert stored_codes(shop) == {"c:ONE"}
        third = await admin.put("/promotions/third", {**PROMOTION, "code": "TWO"})
        assert third.status_code == 201

    async def test_without_it_the_promotion_is_automatic(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/promotions/sale", {**PROMOTION, "code": "SALE"})
        assert requires_code(shop)
        await admin.put("/promotions/sale", PROMOTION)
        assert not requires_code(shop)
        assert stored_codes(shop) == set()
