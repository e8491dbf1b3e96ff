"""Imports and exports of products over HTTP."""

import csv
from io import StringIO

import httpx2
import pytest

from shop.entrypoints.http.api.catalogue import import_routes
from tests.entrypoints.http.clients import Browser, HttpShop, Json
from tests.entrypoints.imports.readings import SAMPLES

pytestmark = pytest.mark.anyio

HEADER = "sku,name,description,price,stock\n"
TEA = "TEA,Tea,Green.,500,5\n"


@pytest.fixture
async def root(shop: HttpShop) -> Browser:
    return await shop.admin("root")


async def upload(
    browser: Browser, content: bytes | str, query: str = "", name: str = "file"
) -> httpx2.Response:
    content = content if isinstance(content, bytes) else content.encode()
    files = {name: ("products.csv", content, "text/csv")}
    return await browser.client.post(f"/api/v1/imports{query}", files=files)


async def ended(shop: HttpShop, browser: Browser, content: bytes | str, query: str = "") -> Json:
    """Upload a file, work it off, and return what became of it."""
    begun = await upload(browser, content, query)
    assert begun.status_code == 202, begun.text
    assert begun.json()["status"] == "checking"
    await shop.container.import_job_runner().run_due()
    answer = await browser.client.get(begun.headers["location"])
    assert answer.status_code == 200
    document: Json = answer.json()
    return document


async def export_of(browser: Browser) -> str:
    answer = await browser.client.get("/api/v1/products/export?format=csv")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="products.csv"'
    return answer.text


class TestAnImport:
    async def test_is_accepted_then_applied(self, shop: HttpShop, root: Browser) -> None:
        done = await ended(shop, root, HEADER + TEA)

        assert done["status"] == "done"
        assert {name: done[name] for name in ("format", "encoding", "rows", "applied")} == {
            "format": "shop",
            "encoding": "utf-8",
            "rows": 1,
            "applied": 1,
        }
        assert (done["added"], done["changed"], done["unchanged"]) == (1, 0, 0)
        assert (done["errors"], done["remarks"]) == ([], [])
        product = (await root.get("/products/TEA")).json()
        assert (product["name"], product["price"]["amount"], product["available"]) == (
            "Tea",
            500,
            5,
        )

    async def test_reports_errors_by_line_and_column_and_changes_nothing(
        self, shop: HttpShop, root: Browser
    ) -> None:
        done = await ended(shop, root, f"{HEADER}{TEA}JAM,Jam,,free,1\n")

        assert done["status"] == "failed"
        assert done["errors"] == [
            {
                "line": 3,
                "column": "price",
                "detail": "must be 1 to 1000000000 minor units, such as 1990, not 'free'.",
            }
        ]
        assert (await root.get("/products/TEA")).status_code == 404

    async def test_can_be_a_dry_run(self, shop: HttpShop, root: Browser) -> None:
        done = await ended(shop, root, HEADER + TEA, "?dry_run=true")

        assert (done["status"], done["dry_run"], done["added"]) == ("done", True, 1)
        assert (await root.get("/products/TEA")).status_code == 404

    async def test_takes_an_export_of_another_shop(self, shop: HttpShop, root: Browser) -> None:
        done = await ended(shop, root, (SAMPLES / "woocommerce.csv").read_bytes(), "?dry_run=true")

        assert done["format"] == "woocommerce"
        assert {
            "line": 7,
            "column": "Sale price",
            "detail": "has dates and was left out: the regular price applies.",
        } in done["remarks"]

    async def test_runs_alone(self, shop: HttpShop, root: Browser) -> None:
        first = await upload(root, HEADER + TEA)

        second = await upload(root, HEADER + TEA)

        assert second.status_code == 409
        assert second.json()["type"] == "/problems/import-in-progress"
        assert list(shop.database.state.imports.rows) == [
            each.id
            for each in shop.database.state.imports.rows.values()
            if str(each.id) == first.json()["id"]
        ]

    async def test_is_for_admins(self, shop: HttpShop) -> None:
        ada = await shop.customer("ada")

        assert (await upload(ada, HEADER + TEA)).status_code == 403
        assert (await ada.get("/products/export")).status_code == 403
        assert (await shop.browser().get("/products/export")).status_code == 401
        assert shop.database.state.imports.rows == {}

    async def test_that_is_unknown_is_not_found(self, root: Browser) -> None:
        answer = await root.get("/imports/01932b7e-8f3c-7a19-9c1d-5e6f7a8b9c0d")

        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/import-not-found"


class TestAnUpload:
    @pytest.mark.parametrize(
        ("name", "query", "status"),
        [("files", "", 422), ("file", "?dry_run=perhaps", 422), ("file", "?dry=true", 422)],
    )
    async def test_that_is_malformed_begins_nothing(
        self, shop: HttpShop, root: Browser, name: str, query: str, status: int
    ) -> None:
        assert (await upload(root, HEADER, query, name)).status_code == status

        assert shop.database.state.imports.rows == {}

    async def test_that_is_too_large_begins_nothing(
        self, shop: HttpShop, root: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(import_routes.ImportUploadRoute, "max_file_bytes", 10)

        answer = await upload(root, HEADER + TEA * 10_000)

        assert answer.status_code == 413
        assert shop.database.state.imports.rows == {}

    async def test_is_no_json(self, shop: HttpShop, root: Browser) -> None:
        answer = await root.client.post("/api/v1/imports", json={"file": HEADER})

        assert answer.status_code == 415
        assert shop.database.state.imports.rows == {}


class TestAnExport:
    async def test_has_every_product_on_sale_or_not(self, shop: HttpShop, root: Browser) -> None:
        await ended(shop, root, f"{HEADER.strip()},active\n{TEA.strip()},\nJAM,Jam,,300,2,no\n")

        rows = list(csv.DictReader(StringIO(await export_of(root), newline="")))

        assert [(each["handle"], each["sku"], each["active"], each["stock"]) for each in rows] == [
            ("TEA", "TEA", "true", "5"),
            ("JAM", "JAM", "false", "2"),
        ]
        assert (rows[0]["price"], rows[0]["currency"]) == ("500", "EUR")

    async def test_is_imported_again_and_changes_nothing(
        self, shop: HttpShop, root: Browser
    ) -> None:
        content = (
            'sku,name,description,price,stock,active,image_url\nTEA,"=1+1, ""Tea""; ü",'
            '"Two\r\nlines\tand\na tab.",500,5,yes,https://example.com/t.png\nJAM,Jam,,300,0,no,\n'
        )
        await ended(shop, root, content)
        before = shop.database.state

        exported = await export_of(root)
        done = await ended(shop, root, exported)

        assert (done["added"], done["changed"], done["unchanged"]) == (0, 0, 2)
        after = shop.database.state
        for name in ("products", "inventories", "stock_movements", "product_categories"):
            assert getattr(after, name).rows == getattr(before, name).rows
        assert await export_of(root) == exported

    async def test_of_an_empty_shop_has_a_header(self, root: Browser) -> None:
        lines = (await export_of(root)).splitlines()

        assert len(lines) == 1
        assert lines[0].startswith("handle,name,description,active,categories,option1_name")

    async def test_has_no_other_format(self, root: Browser) -> None:
        assert (await root.get("/products/export?format=xlsx")).status_code == 422
