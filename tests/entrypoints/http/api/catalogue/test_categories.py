"""Categories over HTTP."""

import pytest

from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.catalogue.categories import sweep
from shop.application.catalogue.search_rows import stage_search_rows
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from tests.entrypoints.http.api.rules.documents import PROMOTION
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)

pytestmark = pytest.mark.anyio

TEA: Json = {"name": "Tee & Kräuter", "parent": "drinks", "position": 1}


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    admin = await shop.admin()
    # The promotion gives a new token; afterwards a request changes nothing by itself.
    await admin.get("/session")
    await admin.put("/categories/drinks", {"name": "Drinks", "position": 5})
    return admin


async def tree(shop: HttpShop) -> Json:
    document: Json = (await shop.browser().get("/categories")).json()
    return document


async def sell_in(shop: HttpShop, sku: str, slug: str) -> None:
    """Sell a product in a category."""
    await shop.add_product(sku)
    async with shop.container.unit_of_work() as uow:
        await uow.categories.lock_tree()
        uow.categories.assign(sku, [], [slug])
        await uow.commit()
    async with shop.container.unit_of_work() as uow:
        products = await uow.products.lock([sku])
        await stage_search_rows(uow, products.values())
        await uow.commit()


async def found(shop: HttpShop, query: str) -> list[str]:
    response = await shop.browser().get(f"/products?{query}")
    return [item["sku"] for item in response.json()["items"]]


class TestAnAdmin:
    async def test_builds_a_tree_that_everyone_sees(self, shop: HttpShop, admin: Browser) -> None:
        created = await admin.put("/categories/tea", TEA)
        again = await admin.put("/categories/tea", TEA)
        await admin.put("/categories/cups", {"name": "Cups", "position": 2})

        assert (created.status_code, again.status_code) == (201, 200)
        assert created.json() == again.json() == {"slug": "tea", **TEA}
        tea = {"slug": "tea", "name": TEA["name"], "position": 1, "children": []}
        assert await tree(shop) == {
            "items": [
                {"slug": "cups", "name": "Cups", "position": 2, "children": []},
                {"slug": "drinks", "name": "Drinks", "position": 5, "children": [tea]},
            ]
        }

    async def test_renames_a_category_and_its_products_are_found_by_the_new_name(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/categories/tea", TEA)
        await sell_in(shop, "A", "tea")
        await admin.put("/categories/tea", {**TEA, "parent": None})
        await admin.put("/categories/tea", {**TEA, "name": "Infusions"})

        assert await found(shop, "q=infus") == ["A"]
        assert await found(shop, "q=krauter") == []

    async def test_moves_a_category_and_its_products_are_found_in_the_new_place(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/categories/tea", {**TEA, "parent": None})
        await admin.put("/categories/green", {"name": "Green", "parent": "tea", "position": 0})
        await sell_in(shop, "A", "green")
        await admin.put("/categories/tea", TEA)

        assert await found(shop, "category=drinks") == ["A"]
        assert await found(shop, "q=drinks") == ["A"]
        await admin.put("/categories/tea", {**TEA, "parent": None})
        assert await found(shop, "category=drinks") == []
        assert await found(shop, "category=tea") == ["A"]

    async def test_deletes_a_category_and_its_products_stay(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/categories/tea", TEA)
        await admin.put("/categories/green", {"name": "Green", "parent": "drinks", "position": 0})
        await sell_in(shop, "A", "green")
        await admin.put("/categories/green", {"name": "Green", "parent": "tea", "position": 0})
        response = await admin.delete("/categories/green")

        assert (response.status_code, response.content) == (204, b"")
        assert await found(shop, "category=tea") == []
        assert await found(shop, "") == ["A"]
        assert_problem(
            await admin.delete("/categories/green"), 404, "category-not-found", slug="green"
        )

    async def test_keeps_a_category_that_has_others_below_it(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/categories/tea", TEA)
        before = await tree(shop)

        response = await admin.delete("/categories/drinks")

        assert_problem(response, 409, "category-in-use", slug="drinks", promotions=[])
        assert await tree(shop) == before

    async def test_keeps_a_category_that_promotions_select(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/categories/tea", TEA)
        await sell_in(shop, "A", "tea")
        for slug, selection in (("sale", {"categories": ["tea"]}), ("others", {})):
            promotion = {**PROMOTION, **selection}
            assert (await admin.put(f"/promotions/{slug}", promotion)).status_code == 201
        before = await tree(shop)

        response = await admin.delete("/categories/tea")

        assert_problem(response, 409, "category-in-use", slug="tea", promotions=["sale"])
        assert await tree(shop) == before
        assert await found(shop, "category=tea") == ["A"]
        await admin.delete("/promotions/sale")
        assert (await admin.delete("/categories/tea")).status_code == 204

    @pytest.mark.parametrize(
        ("slug", "change", "pointer"),
        [
            ("tea", {"parent": "none"}, "/parent"),
            ("drinks", {"parent": "drinks"}, "/parent"),
            ("drinks", {"parent": "tea"}, "/parent"),
            ("tea", {"parent": "A B"}, "/parent"),
            ("tea", {"name": ""}, "/name"),
            ("tea", {"name": "n" * 101}, "/name"),
            ("tea", {"name": "a\u200bb"}, "/name"),
            ("tea", {"position": -1}, "/position"),
            ("tea", {"position": "1"}, "/position"),
            ("tea", {"colour": "red"}, "/colour"),
            ("T", {}, "/path/slug"),
        ],
    )
    async def test_is_said_what_does_not_fit_and_nothing_changes(
        self, shop: HttpShop, admin: Browser, slug: str, change: Json, pointer: str
    ) -> None:
        await admin.put("/categories/tea", TEA)
        before = await tree(shop)

        assert_invalid(await admin.put(f"/categories/{slug}", {**TEA, **change}), pointer)

        assert await tree(shop) == before


class TestTheDeletionOfACategoryOfManyProducts:
    @pytest.fixture(autouse=True)
    async def tea(self, shop: HttpShop, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        """Sell five products in a category, of which two leave it at once."""
        monkeypatch.setattr(sweep, "PRODUCTS_AT_ONCE", 2)
        await admin.put("/categories/tea", TEA)
        for sku in "ABCDE":
            await sell_in(shop, sku, "tea")

    async def assert_shown_nowhere(self, shop: HttpShop) -> None:
        assert (await tree(shop))["items"][0]["children"] == []
        assert await found(shop, "category=drinks") == []
        assert await found(shop, "q=tee") == []
        listed = (await shop.browser().get("/products")).json()["items"]
        shown = (await shop.browser().get("/products/E")).json()
        assert [each["categories"] for each in (*listed, shown)] == [[]] * 6

    async def test_is_whole_at_once_and_a_job_takes_the_products_out(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        assert (await admin.delete("/categories/tea")).status_code == 204

        await self.assert_shown_nowhere(shop)
        assert_problem(await admin.delete("/categories/tea"), 404, "category-not-found", slug="tea")
        assert await shop.container.category_job_runner().run_due() == 1
        await self.assert_shown_nowhere(shop)
        state = shop.database.state
        for table in (state.product_categories, state.ended_categories, state.jobs):
            assert not table.rows

    async def test_keeps_what_would_need_the_category_out(self, admin: Browser) -> None:
        await admin.delete("/categories/tea")

        below = {"name": "Green", "parent": "tea", "position": 0}
        assert_invalid(await admin.put("/categories/green", below), "/parent")
        promotion = {**PROMOTION, "categories": ["tea"]}
        assert_invalid(await admin.put("/promotions/sale", promotion), "/categories")
        product = {"name": "A", "description": "", "price": eur(100), "active": True}
        response = await admin.put("/products/A", {**product, "categories": ["tea"]})
        assert_problem(response, 404, "category-not-found", slug="tea")
        # The product can be saved as it is shown.
        assert (await admin.put("/products/A", product)).json()["categories"] == []

    async def test_is_finished_before_the_category_is_created_again(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.delete("/categories/tea")
        assert_invalid(await admin.put("/categories/tea", {**TEA, "parent": "none"}), "/parent")
        assert len(shop.database.state.product_categories.rows) == 5

        assert (await admin.put("/categories/tea", TEA)).status_code == 201

        assert not shop.database.state.product_categories.rows
        assert await found(shop, "category=tea") == []
        assert await found(shop, "category=drinks") == []
        # The job has nothing left to do.
        await sell_in(shop, "F", "tea")
        assert await shop.container.category_job_runner().run_due() == 1
        assert await found(shop, "category=tea") == ["F"]

    async def test_changes_nothing_if_the_database_fails(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        before = shop.database.state

        class Failing(MemoryUnitOfWork):
            async def commit(self) -> None:
                raise DatabaseUnavailable("the disk is full")

        shop.use_unit_of_work(Failing)
        assert (await admin.delete("/categories/tea")).status_code == 503

        assert shop.database.state is before

    async def test_is_confirmed_if_the_answer_to_its_commit_is_lost(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        losses = ["the answer to the commit"]

        class Losing(MemoryUnitOfWork):
            async def commit(self) -> None:
                await super().commit()
                if losses:
                    raise CommitOutcomeUnknown(losses.pop())

        shop.use_unit_of_work(Losing)
        assert (await admin.delete("/categories/tea")).status_code == 204
        assert losses == []

        await self.assert_shown_nowhere(shop)
        assert len(shop.database.state.jobs.rows) == 1


async def test_only_an_admin_changes_categories(shop: HttpShop) -> None:
    stranger, customer = shop.browser(), await shop.customer("ada")
    for browser, status, code in ((stranger, 401, "not-signed-in"), (customer, 403, "forbidden")):
        for response in (
            await browser.put("/categories/tea", {**TEA, "parent": None}),
            await browser.delete("/categories/tea"),
        ):
            assert response.status_code == status
            assert response.json()["type"] == f"/problems/{code}"
    assert await tree(shop) == {"items": []}
