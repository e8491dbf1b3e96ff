"""Products that are read and saved under conditions: no change is lost."""

import asyncio

import pytest

from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)

pytestmark = pytest.mark.anyio

TEA: Json = {"name": "Tea", "description": "", "price": eur(500), "active": True}
OTHER_TAG = '"00000000000000000000000000000000-0"'


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin's browser; there is a product."""
    admin = await shop.admin()
    await admin.put("/products/TEA", TEA)
    return admin


async def tag_of(browser: Browser) -> str:
    return (await browser.get("/products/TEA")).headers["etag"]


async def add_stock(admin: Browser) -> None:
    await admin.post("/products/TEA/stock", {"delta": 3, "reason": "Delivery"})


class TestAnEntityTag:
    async def test_it_is_strong_and_the_same_for_everybody(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        saved = await admin.put("/products/TEA", TEA)
        tag = saved.headers["etag"]
        assert tag.startswith('"')
        assert tag == await tag_of(admin) == await tag_of(shop.browser())

    async def test_it_changes_with_everything_that_is_shown(self, admin: Browser) -> None:
        tags = [await tag_of(admin)]
        for change in (
            {"name": "Green tea"},
            {"description": "Green."},
            {"price": eur(501)},
            {"active": False},
            {"image_url": "https://example.com/tea.jpg"},
        ):
            await admin.put("/products/TEA", {**TEA, "image_url": None, **change})
            tags.append(await tag_of(admin))
        await add_stock(admin)
        tags.append(await tag_of(admin))
        assert len(set(tags)) == len(tags)


class TestReading:
    async def test_what_the_client_has_is_not_sent_again(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        tag, browser = await tag_of(admin), shop.browser()
        for tags in (tag, f"W/{tag}", f"{OTHER_TAG}, {tag}", f" , {tag},", "*"):
            response = await browser.get("/products/TEA", if_none_match=tags)
            assert (response.status_code, response.content) == (304, b""), tags
            assert response.headers["etag"] == tag

    async def test_moved_stock_is_sent(self, shop: HttpShop, admin: Browser) -> None:
        tag = await tag_of(admin)
        await add_stock(admin)
        response = await shop.browser().get("/products/TEA", if_none_match=tag)
        assert (response.status_code, response.json()["available"]) == (200, 3)

    async def test_missing_product_and_malformed_tags_are_errors(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        del admin
        browser = shop.browser()
        response = await browser.get("/products/NONE", if_none_match="*")
        assert_problem(response, 404, "product-not-found", sku="NONE")
        assert_invalid(
            await browser.get("/products/TEA", if_none_match="abc"), "/header/If-None-Match"
        )


class TestAnAsteriskInQuotes:
    @pytest.mark.parametrize("tag", ['"*"', '"*-1"', 'W/"*"'])
    async def test_is_a_tag_that_no_product_has(
        self, shop: HttpShop, admin: Browser, tag: str
    ) -> None:
        with shop.unchanged():
            saved = await admin.put("/products/TEA", TEA, if_match=tag)
        assert_problem(saved, 412, "precondition-failed")
        for path in ("/products/TEA", "/products"):
            assert (await admin.get(path, if_none_match=tag)).status_code == 200
        replaced = await admin.put("/products/TEA", TEA, if_none_match=tag)
        assert replaced.status_code == 200


class TestListing:
    async def test_page_that_the_client_has_is_not_sent_again(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        del admin
        browser = shop.browser()
        page = await browser.get("/products")
        tag = page.headers["etag"]
        assert tag.startswith('"')
        for tags in (tag, f"W/{tag}", f"{OTHER_TAG}, {tag}", "*"):
            response = await browser.get("/products", if_none_match=tags)
            assert (response.status_code, response.content) == (304, b""), tags
            assert response.headers["etag"] == tag
        response = await browser.get("/products", if_none_match=OTHER_TAG)
        assert (response.status_code, response.content) == (200, page.content)

    async def test_tag_changes_with_everything_that_the_page_shows(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        browser = shop.browser()

        async def tag(path: str = "/products") -> str:
            return (await browser.get(path)).headers["etag"]

        tags = [await tag(), await tag("/products?q=none")]
        await add_stock(admin)
        tags.append(await tag())
        await admin.put("/products/TEA", {**TEA, "name": "Green tea"})
        tags.append(await tag())
        await admin.put("/products/CUP", TEA)
        tags += [await tag(), await tag("/products?limit=1")]
        assert len(set(tags)) == len(tags)
        assert await tag() == tags[-2]

    async def test_malformed_tags_are_an_error(self, shop: HttpShop) -> None:
        response = await shop.browser().get("/products", if_none_match="abc")
        assert_invalid(response, "/header/If-None-Match")


class TestSaving:
    async def test_current_tag_is_accepted_whatever_happened_to_the_stock(
        self, admin: Browser
    ) -> None:
        tag = await tag_of(admin)
        await add_stock(admin)
        response = await admin.put(
            "/products/TEA", {**TEA, "name": "Green tea"}, if_match=f"{OTHER_TAG}, {tag}"
        )
        assert (response.status_code, response.json()["available"]) == (200, 3)

    async def test_second_change_of_one_version_is_rejected(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        tag = await tag_of(admin)
        assert (
            await admin.put("/products/TEA", {**TEA, "price": eur(600)}, if_match=tag)
        ).is_success
        with shop.unchanged():
            response = await admin.put("/products/TEA", {**TEA, "name": "Old"}, if_match=tag)
        assert_problem(response, 412, "precondition-failed")
        shown = (await admin.get("/products/TEA")).json()
        assert (shown["price"], shown["name"]) == (eur(600), "Tea")

    async def test_one_of_two_changes_at_once_succeeds(self, admin: Browser) -> None:
        tag = await tag_of(admin)
        responses = await asyncio.gather(
            *(
                admin.put("/products/TEA", {**TEA, "price": eur(price)}, if_match=tag)
                for price in range(600, 605)
            )
        )
        assert sorted(each.status_code for each in responses) == [200, 412, 412, 412, 412]

    async def test_weak_tags_never_match(self, shop: HttpShop, admin: Browser) -> None:
        tag = await tag_of(admin)
        with shop.unchanged():
            response = await admin.put("/products/TEA", TEA, if_match=f"W/{tag}")
        assert_problem(response, 412, "precondition-failed")

    async def test_existing_product_can_be_required(self, shop: HttpShop, admin: Browser) -> None:
        assert (await admin.put("/products/TEA", TEA, if_match="*")).status_code == 200
        with shop.unchanged():
            for tags in ("*", OTHER_TAG):
                response = await admin.put("/products/CUP", TEA, if_match=tags)
                assert_problem(response, 412, "precondition-failed")

    async def test_new_product_can_be_required(self, shop: HttpShop, admin: Browser) -> None:
        tag = await tag_of(admin)
        with shop.unchanged():
            for tags in ("*", tag, f"W/{tag}"):
                response = await admin.put("/products/TEA", TEA, if_none_match=tags)
                assert_problem(response, 412, "precondition-failed")
        assert (await admin.put("/products/TEA", TEA, if_none_match=OTHER_TAG)).status_code == 200
        created = await admin.put("/products/CUP", TEA, if_none_match="*")
        assert created.status_code == 201
        assert created.headers["etag"] == (await admin.get("/products/CUP")).headers["etag"]

    @pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
    @pytest.mark.parametrize("tags", ["", "abc", '"a" "b"', '*, "a"', 'w/"a"', '"a', "\xe4"])
    async def test_malformed_tags_are_rejected_with_a_pointer(
        self, tags: str, header: str, shop: HttpShop, admin: Browser
    ) -> None:
        with shop.unchanged():
            response = await admin.put("/products/TEA", TEA, **{header.replace("-", "_"): tags})
        assert_invalid(response, f"/header/{header}")

    async def test_only_staff_learn_whether_a_tag_matches(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        del admin
        customer = await shop.customer("ada")
        response = await customer.put("/products/TEA", TEA, if_match=OTHER_TAG)
        assert_problem(response, 403, "forbidden", role="admin")
