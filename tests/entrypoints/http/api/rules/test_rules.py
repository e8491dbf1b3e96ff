"""Rules of prices as whole documents: saved, shown, listed and ended by staff."""

import pytest

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

KINDS = {
    "/tax-rates/de-standard": RATE,
    "/shipping-zones/germany": ZONE,
    "/shipping-methods/parcel": METHOD,
    "/promotions/sale": PROMOTION,
}
EFFECTS: tuple[Json, ...] = (
    {"kind": "percentage", "percentage": "0.001"},
    {"kind": "amount", "amount": eur(500)},
    {"kind": "fixed_price", "price": eur(0)},
    {"kind": "free_shipping"},
    {"kind": "buy_x_get_y", "buy": 2, "get": 1, "percentage": "100.000"},
    {"kind": "tiers", "tiers": [{"from_quantity": 2, "percentage": "5.000"}]},
    {
        "kind": "tiers",
        "tiers": [
            {"from_amount": eur(0), "percentage": "5.000"},
            {"from_amount": eur(1), "percentage": "7.500"},
        ],
    },
)


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin's browser; there is a zone."""
    admin = await shop.admin()
    await admin.put("/shipping-zones/germany", ZONE)
    return admin


async def saved(admin: Browser, path: str, document: Json) -> Json:
    """Save a new document; return what the shop shows."""
    response = await admin.put(path, document)
    assert response.status_code in (200, 201), response.text
    shown: Json = response.json()
    assert (await admin.get(path)).json() == shown
    return shown


class TestSaving:
    async def test_documents_are_shown_as_they_were_saved(self, admin: Browser) -> None:
        rate = {
            **RATE,
            "region": "Bayern",
            "postal_codes": ["80*", "81*"],
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": "2027-01-01T00:00:00Z",
        }
        assert await saved(admin, "/tax-rates/a", rate) == {"slug": "a", **rate}
        exempt = {**RATE, "category": "print", "rate": "0.000", "reason": "exempt"}
        assert await saved(admin, "/tax-rates/b", exempt) == {"slug": "b", **exempt}
        zone = {**ZONE, "countries": ["AT", "DE"], "regions": ["Bayern"], "postal_codes": ["80*"]}
        assert await saved(admin, "/shipping-zones/south", zone) == {"slug": "south", **zone}
        method = {
            **METHOD,
            "prices": [
                {"from_amount": eur(0), "price": eur(490)},
                {"from_amount": eur(5000), "price": eur(0)},
            ],
            "free_from": eur(9000),
            "pick_up": True,
            "tax": "reduced",
            "estimate": "2 days",
        }
        shown = await saved(admin, "/shipping-methods/parcel", method)
        assert shown == {"code": "parcel", **method}

    async def test_promotions_are_shown_with_their_uses(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await shop.add_product("TEA")
        await admin.put("/categories/tea", {"name": "Tea", "position": 0})
        promotion = {
            **PROMOTION,
            "code": "SALE10",
            "starts_at": "2026-01-01T00:00:00Z",
            "ends_at": "2027-01-01T00:00:00Z",
            "conditions": {
                "minimum": eur(0),
                "first_order": True,
                "group": "friends",
                "products": ["TEA"],
                "categories": ["tea"],
            },
            "effect": {"kind": "percentage", "percentage": "10.000"},
            "target": "lines",
            "products": ["TEA"],
            "categories": ["tea"],
            "combinable": False,
            "limit": 100,
            "limit_per_customer": 2,
        }
        shown = await saved(admin, "/promotions/sale", promotion)
        assert shown == {"slug": "sale", **promotion, "used": 0}

    @pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: str(effect["kind"]))
    async def test_every_effect_is_shown_as_it_was_saved(
        self, admin: Browser, effect: Json
    ) -> None:
        shown = await saved(admin, "/promotions/sale", {**PROMOTION, "effect": effect})
        assert shown["effect"] == effect

    async def test_dates_are_their_beginning_and_times_are_shown_in_utc(
        self, admin: Browser
    ) -> None:
        times = {"valid_from": "2026-01-01", "valid_until": "2026-07-01T02:00:00+02:00"}
        shown = await saved(admin, "/tax-rates/a", {**RATE, **times})
        assert (shown["valid_from"], shown["valid_until"]) == (
            "2026-01-01T00:00:00Z",
            "2026-07-01T00:00:00Z",
        )

    async def test_codes_are_folded(self, admin: Browser) -> None:
        shown = await saved(admin, "/promotions/sale", {**PROMOTION, "code": " sale-10 "})
        assert shown["code"] == "SALE-10"

    @pytest.mark.parametrize("path", KINDS)
    async def test_new_is_201_and_known_is_200(
        self, shop: HttpShop, admin: Browser, path: str
    ) -> None:
        await admin.delete("/shipping-zones/germany") if path.startswith("/shipping-z") else None
        assert (await admin.put(path, KINDS[path])).status_code == 201
        with shop.unchanged(except_table="sessions"):
            assert (await admin.put(path, KINDS[path])).status_code == 200
        renamed = await admin.put(path, {**KINDS[path], "name": "Another"})
        assert (renamed.status_code, renamed.json()["name"]) == (200, "Another")


class TestEntityTags:
    @pytest.mark.parametrize("path", KINDS)
    async def test_no_change_is_lost(self, shop: HttpShop, admin: Browser, path: str) -> None:
        first = (await admin.put(path, KINDS[path])).headers["etag"]
        assert first == (await admin.get(path)).headers["etag"]
        renamed = {**KINDS[path], "name": "Another"}
        second = (await admin.put(path, renamed, if_match=first)).headers["etag"]
        assert second != first
        with shop.unchanged(except_table="sessions"):
            for condition in ({"if_match": first}, {"if_none_match": "*"}):
                response = await admin.put(path, KINDS[path], **condition)
                assert_problem(response, 412, "precondition-failed")
            response = await admin.delete(path, if_match=first)
            assert_problem(response, 412, "precondition-failed")
        assert (await admin.delete(path, if_match=second)).status_code == 204
        response = await admin.put(path, KINDS[path], if_match="*")
        assert_problem(response, 412, "precondition-failed")

    async def test_what_the_client_has_is_not_sent_again(self, admin: Browser) -> None:
        path = "/shipping-zones/germany"
        tag = (await admin.get(path)).headers["etag"]
        response = await admin.get(path, if_none_match=tag)
        assert (response.status_code, response.content) == (304, b"")
        await admin.put(path, {**ZONE, "name": "Deutschland"})
        assert (await admin.get(path, if_none_match=tag)).status_code == 200


class TestEnding:
    @pytest.mark.parametrize("path", KINDS)
    async def test_an_ended_rule_is_gone_and_can_be_made_again(
        self, shop: HttpShop, admin: Browser, path: str
    ) -> None:
        resource, _, slug = path.removeprefix("/").partition("/")
        await admin.put(path, KINDS[path])
        assert (await admin.delete(path)).status_code == 204
        code = f"{resource.removesuffix('s')}-not-found"
        with shop.unchanged(except_table="sessions"):
            assert_problem(await admin.get(path), 404, code, slug=slug)
            assert_problem(await admin.delete(path), 404, code, slug=slug)
        assert (await admin.get(f"/{resource}")).json()["items"] == []
        if resource == "shipping-zones":
            assert (await admin.put(path, KINDS[path])).status_code == 201
            return
        assert (await admin.put(path, KINDS[path])).status_code == 201
        assert len((await admin.get(f"/{resource}")).json()["items"]) == 1

    async def test_rules_that_orders_may_name_are_archived(self, admin: Browser) -> None:
        for path in ("/tax-rates/de-standard", "/shipping-methods/parcel"):
            await admin.put(path, KINDS[path])
            await admin.delete(path)
        for resource, name in (("tax-rates", "slug"), ("shipping-methods", "code")):
            items = (await admin.get(f"/{resource}?archived=true")).json()["items"]
            assert [each[name] for each in items] == [KINDS_BY_RESOURCE[resource]]
            assert (await admin.get(f"/{resource}")).json()["items"] == []

    async def test_a_zone_with_methods_stays(self, shop: HttpShop, admin: Browser) -> None:
        await admin.put("/shipping-methods/parcel", METHOD)
        with shop.unchanged(except_table="sessions"):
            response = await admin.delete("/shipping-zones/germany")
            facts: Json = {"slug": "germany", "methods": ["parcel"]}
            assert_problem(response, 409, "zone-in-use", **facts)
        await admin.delete("/shipping-methods/parcel")
        assert (await admin.delete("/shipping-zones/germany")).status_code == 204


KINDS_BY_RESOURCE = {"tax-rates": "de-standard", "shipping-methods": "parcel"}


class TestListing:
    async def test_pages_are_in_the_order_of_slugs(self, admin: Browser) -> None:
        for slug in ("c", "a", "b-1"):
            await admin.put(f"/promotions/{slug}", PROMOTION)
        pages = await admin.pages("/promotions")
        assert [[each["slug"] for each in page] for page in pages] == [["a"], ["b-1"], ["c"]]

    async def test_a_malformed_cursor_is_an_error(self, admin: Browser) -> None:
        assert_invalid(await admin.get("/promotions?cursor=____"), "/query/cursor")


class TestAccess:
    @pytest.mark.parametrize("path", KINDS)
    async def test_rules_are_for_admins(self, shop: HttpShop, admin: Browser, path: str) -> None:
        await admin.put(path, KINDS[path])
        customer, stranger = await shop.customer("ada"), shop.browser()
        resource = path.rpartition("/")[0]
        for method, place, body in (
            ("GET", resource, None),
            ("GET", path, None),
            ("PUT", path, KINDS[path]),
            ("DELETE", path, None),
        ):
            with shop.unchanged(except_table="sessions"):
                response = await customer.request(method, place, body)
                assert_problem(response, 403, "forbidden", role="admin")
                response = await stranger.request(method, place, body)
                assert_problem(response, 401, "not-signed-in")
