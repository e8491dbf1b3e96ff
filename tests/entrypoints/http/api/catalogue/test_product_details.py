"""What a product has beside its variants: categories, images, safety, texts for search engines."""

import pytest

from tests.adapters.images.hostile_files import encoded, picture
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
SAFETY: Json = {
    "manufacturer": "Teekontor GmbH",
    "address": "Kai 1\n20457 Hamburg",
    "contact": "safety@example.com",
}
SEO: Json = {"title": "Tea from Ceylon", "description": "Black tea, 100 g."}
OUTSIDE = "https://example.com/tea.jpg"
PNG = encoded(picture((40, 30)), "PNG")


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    admin = await shop.admin()
    # The promotion gives a new token; afterwards a request changes nothing by itself.
    await admin.get("/session")
    for slug in ("drinks", "tea"):
        await admin.put(f"/categories/{slug}", {"name": slug.title(), "position": 1})
    return admin


async def _put(admin: Browser, **changes: object) -> Json:
    saved = await admin.put("/products/TEA", {**TEA, **changes})
    assert saved.status_code in {200, 201}, saved.text
    document: Json = saved.json()
    shown = await admin.get("/products/TEA")
    assert (shown.json(), shown.headers["etag"]) == (document, saved.headers["etag"])
    return document


async def _upload(admin: Browser, alt: str, color: int = 0) -> Json:
    content = encoded(picture((40 + color, 30)), "PNG")
    answer = await admin.client.post(
        "/api/v1/products/TEA/images",
        files={"file": ("tin.png", content, "image/png")},
        data={"alt": alt},
    )
    assert answer.status_code == 201, answer.text
    image: Json = answer.json()
    return image


async def _tag(browser: Browser) -> str:
    return (await browser.get("/products/TEA")).headers["etag"]


class TestTheMembersOfAProduct:
    async def test_stay_if_they_are_omitted_and_go_with_null(self, admin: Browser) -> None:
        plain = await _put(admin)
        full = await _put(admin, categories=["tea", "drinks"], safety=SAFETY, seo=SEO)
        kept = await _put(admin, description="Black tea.")
        without = await _put(admin, categories=None, safety=None, seo=None)

        assert (plain["categories"], plain["images"]) == ([], [])
        assert plain["seo"] == {"title": "Tea", "description": ""}
        assert "safety" not in plain
        members = {"categories": ["drinks", "tea"], "safety": SAFETY, "seo": SEO}
        assert full == {**plain, **members}
        assert kept == {**full, "description": "Black tea."}
        assert without == {
            **plain,
            "description": "",
            "seo": {"title": "Tea", "description": ""},
        }

    async def test_are_in_lists_too(self, shop: HttpShop, admin: Browser) -> None:
        await _put(admin, categories=["tea"], safety=SAFETY, seo=SEO)
        await admin.put("/products/CUP", {**TEA, "name": "Cup"})
        shown = (await shop.browser().get("/products/TEA")).json()

        for query in ("", "?q=tea", "?category=tea"):
            items = (await shop.browser().get(f"/products{query}")).json()["items"]
            assert shown in items, query

    async def test_change_the_tag_and_count_for_a_precondition(self, admin: Browser) -> None:
        await _put(admin)
        tags = [await _tag(admin)]
        for change in ({"categories": ["tea"]}, {"safety": SAFETY}, {"seo": SEO}):
            await _put(admin, **change)
            tags.append(await _tag(admin))
        assert len({each.partition("-")[0] for each in tags}) == 4

        rejected = await admin.put("/products/TEA", TEA, If_Match=tags[0])
        assert_problem(rejected, 412, "precondition-failed")
        assert await _tag(admin) == tags[-1]

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"categories": ["tea", "tea"]}, "/categories/1"),
            ({"categories": ["Tea!"]}, "/categories/0"),
            ({"safety": {**SAFETY, "contact": ""}}, "/safety/contact"),
            ({"safety": {"manufacturer": "M", "contact": "C"}}, "/safety/address"),
            ({"safety": {**SAFETY, "warnings": "a" * 501}}, "/safety/warnings"),
            ({"seo": {"title": "a" * 71}}, "/seo/title"),
            ({"seo": {"description": "a\u202eb"}}, "/seo/description"),
            ({"image_url": "/media/none.webp"}, "/image_url"),
        ],
    )
    async def test_have_rules(self, admin: Browser, changes: Json, pointer: str) -> None:
        before = await _put(admin, categories=["tea"], safety=SAFETY, seo=SEO)
        rejected = await admin.put("/products/TEA", {**TEA, **changes})
        assert_invalid(rejected, pointer)
        assert (await admin.get("/products/TEA")).json() == before

    async def test_name_categories_that_exist(self, admin: Browser) -> None:
        before = await _put(admin, categories=["tea"])
        rejected = await admin.put("/products/TEA", {**TEA, "categories": ["tea", "none"]})
        assert_problem(rejected, 404, "category-not-found", slug="none")
        assert (await admin.get("/products/TEA")).json() == before


class TestTheFirstImage:
    async def test_goes_before_the_url_wherever_the_product_is_shown(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await _put(admin, image_url=OUTSIDE)
        await admin.post("/products/TEA/stock", {"delta": 3, "reason": "Delivery"})
        first, second = await _upload(admin, "first"), await _upload(admin, "second", 1)

        shown = (await admin.get("/products/TEA")).json()
        listed = (await shop.browser().get("/products")).json()["items"][0]
        searched = (await shop.browser().get("/products?q=tea")).json()["items"][0]

        assert shown["images"] == [first, second]
        assert shown["image_url"] == first["url"]
        assert listed == searched == shown
        assert shop.database.state.variants.rows["TEA"].image_url == first["url"]

        await admin.patch(f"/products/TEA/images/{second['id']}", {"position": 0})
        moved = (await admin.get("/products/TEA")).json()
        assert [each["alt"] for each in moved["images"]] == ["second", "first"]
        assert moved["image_url"] == second["url"]

        for each in (first, second):
            await admin.delete(f"/products/TEA/images/{each['id']}")
        assert (await admin.get("/products/TEA")).json()["image_url"] == OUTSIDE
        assert shop.database.state.variants.rows["TEA"].image_url == OUTSIDE

    async def test_changes_the_tag_and_rejects_no_edit(self, admin: Browser) -> None:
        await _put(admin)
        before = await _tag(admin)
        image = await _upload(admin, "tin")
        added = await _tag(admin)
        await admin.patch(f"/products/TEA/images/{image['id']}", {"alt": "box"})

        assert len({before, added, await _tag(admin)}) == 3
        saved = await admin.put("/products/TEA", TEA, If_Match=before)
        assert saved.status_code == 200
        assert saved.json()["image_url"] == image["url"]

    async def test_is_kept_with_the_url_behind_it_if_it_is_sent_back(self, admin: Browser) -> None:
        await _put(admin, image_url=OUTSIDE)
        image = await _upload(admin, "tin")
        await _put(admin, image_url=image["url"])
        await admin.delete(f"/products/TEA/images/{image['id']}")

        assert (await admin.get("/products/TEA")).json()["image_url"] == OUTSIDE
