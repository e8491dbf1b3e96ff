"""The examples of the OpenAPI document, played on a shop as `make run` opens it."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from shop.application.ports.payment_gateway import GatewayEvent
from shop.entrypoints.cli.imports.demo_data import demo_products
from shop.entrypoints.http.openapi.message_examples import REQUESTS, RESPONSES
from tests.adapters.images.hostile_files import encoded, picture
from tests.clock import FakeClock
from tests.entrypoints.http.clients import Browser, HttpShop, Json
from tests.factories import EUR

pytestmark = pytest.mark.anyio

VOLATILE = {
    "id": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "code": re.compile(r"SPRING-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    "media": re.compile(r"/media/[0-9a-f]{2}/[0-9a-f]{64}-[0-9]+\.webp"),
}
WITHOUT_RESPONSE = {
    "archive_product",
    "delete_category",
    "sign_out",
    "end_session",
    "end_other_sessions",
    "end_sessions_of_customer",
    "change_password",
    "remove_address",
    "remove_image",
    "delete_tax_rate",
    "delete_shipping_zone",
    "delete_shipping_method",
    "delete_promotion",
}
"""These have nothing to say when they succeed."""

FILES = {
    "add_image": ("image.png", encoded(picture((1600, 1200)), "PNG"), "image/png"),
    "begin_import": (
        "products.csv",
        b"sku,name,description,price,stock\nMUG,Mug,,990,5\nJAM,Jam,,free,5\n",
        "text/csv",
    ),
}
"""The file that each upload of the story sends."""

ENDPOINT = {
    "url": "https://warehouse.example.com/shop",
    "secret": "whsec_c2hvcCdzIG93biBzZWNyZXQgb2YgdGhlIHRlc3RzLi4=",
}


class ExampleSequence:
    """Sends the documented examples in order, and compares the responses with the documented ones.

    Many tools build a body from the examples of its fields; the shop accepts that as well.
    """

    def __init__(self, shop: HttpShop, *, from_fields: bool = False) -> None:
        self.document = shop.app.openapi()
        self.from_fields = from_fields
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        }
        self.called: set[str] = set()

    async def run(self, browser: Browser, name: str, query: str = "", **places: str) -> Json:
        """Send the example of an operation, and require the answer that is its example."""
        method, path, operation = self.operations[name]
        headers = {}
        for parameter in operation.get("parameters", []):
            match parameter["in"]:
                case "path":
                    example = parameter["schema"]["examples"][0]
                    place = places.get(parameter["name"], example)
                    path = path.replace(f"{{{parameter['name']}}}", place)
                case "header" if parameter["required"]:
                    headers[parameter["name"].lower().replace("-", "_")] = parameter["example"]
        content = operation.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content:
            return await self._upload(browser, path, content["multipart/form-data"], operation)
        body = self._body(content["application/json"]) if content else None
        answer = await browser.request(method, f"/{path}{query}", body, **headers)
        response = operation["responses"][str(answer.status_code)]
        assert answer.status_code < 300, (name, answer.text)
        self.called.add(name)
        if name in WITHOUT_RESPONSE:
            assert (answer.content, response.get("content")) == (b"", None)
            return {}
        document: Json = answer.json()
        example = response["content"]["application/json"]["example"]
        assert self.from_fields or stable(document) == stable(example), name
        return document

    async def _upload(self, browser: Browser, path: str, media: Json, operation: Json) -> Json:
        """Send a file and the text fields of the example."""
        fields = {name: text for name, text in media["example"].items() if name != "file"}
        name = operation["operationId"]
        file = FILES[name]
        answer = await browser.client.post(path, files={"file": file}, data=fields)
        assert answer.status_code in {201, 202}, answer.text
        self.called.add(name)
        document: Json = answer.json()
        example = operation["responses"][str(answer.status_code)]["content"]["application/json"][
            "example"
        ]
        assert stable(document) == stable(example)
        return document

    def _body(self, media: Json) -> Any:  # noqa: ANN401  JSON is anything.
        return (
            build_example(self.document, media["schema"]) if self.from_fields else media["example"]
        )


def _gateway_event(body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
    """Parse any signed request as an event without a payment."""
    assert headers["stripe-signature"]
    assert body
    return GatewayEvent(id="evt_1", kind="test", payment_id=None, reference=None)


def build_example(document: Json, schema: Json) -> Any:  # noqa: ANN401  JSON is anything.
    """Return the examples of the members of a schema, as one."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return build_example(document, document["components"]["schemas"][name])
    if "anyOf" in schema:
        return build_example(document, schema["anyOf"][0])
    if schema["type"] == "array":
        return [build_example(document, schema["items"])]
    members = schema.get("properties", {}).items()
    return {name: build_example(document, member) for name, member in members}


def stable(document: Any) -> Any:  # noqa: ANN401  JSON is anything.
    """Return the same without what is another one every time."""
    match document:
        case dict():
            kept = {name: stable(member) for name, member in document.items()}
            return kept | ({"number": "number"} if "number" in kept else {})
        case list():
            return [stable(member) for member in document]
        case str():
            return next(
                (name for name, each in VOLATILE.items() if each.fullmatch(document)), document
            )
        case _:
            return document


@pytest.mark.parametrize("from_fields", [False, True])
async def test_every_example_is_accepted_and_answered_as_documented(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch, *, from_fields: bool
) -> None:
    endpoint = {**ENDPOINT, "events": ["order.cancelled"]}
    shop = HttpShop.open(clock, welcome_credit=100_000, webhook_endpoints=[endpoint])
    await shop.container.product_seed().put(list(demo_products(50, EUR)))
    monkeypatch.setattr(shop.container.payment_gateway(), "parse_event", _gateway_event)
    story = ExampleSequence(shop, from_fields=from_fields)
    tell = story.run
    ada, grace, root = shop.browser(), await shop.customer("grace"), await shop.admin("root")

    for name in (
        "check_health",
        "check_readiness",
        "explain_problem",
        "show_product",
        "show_variant",
    ):
        await tell(ada, name)
    await tell(ada, "list_products", query="?q=earl%20grey")

    await tell(ada, "put_cart_line")
    await tell(ada, "show_cart")
    signed_up = await tell(ada, "sign_up")
    user_id, account_id = signed_up["user"]["id"], signed_up["account"]["id"]
    for name in ("show_session", "sign_in", "change_preferences", "list_sessions"):
        await tell(ada, name)

    await _keep_an_address(story, ada)

    order_id = (await tell(ada, "place_order"))["id"]
    await tell(ada, "show_order", order_id=order_id)
    await tell(ada, "list_orders")
    await tell(ada, "show_session_order")
    await tell(ada, "show_order_history", order_id=order_id)
    await tell(ada, "show_account")
    await tell(ada, "list_transfers")
    await tell(root, "list_customers", query="?q=ada")
    await tell(root, "show_customer", user_id=user_id)
    await tell(ada, "remove_cart_line")
    await tell(ada, "clear_cart")
    await tell(ada, "make_transfer")
    await tell(ada, "cancel_order", order_id=order_id)
    deposit_id = (await tell(ada, "make_deposit"))["id"]
    await tell(ada, "show_deposit", deposit_id=deposit_id)
    await tell(ada, "list_deposits")
    await tell(root, "receive_stripe_event")

    second = (await ada.order("TEA-EARL-GREY", 2, key="another-key")).json()["id"]
    for name in ("ship_order", "deliver_order", "refund_order"):
        await tell(root, name, order_id=second)
    for name in ("list_shipments", "list_deliveries", "list_refunds"):
        await tell(ada, name, order_id=second)

    await _tell_of_rules(story, root, grace)
    await _keep_the_catalogue(story, root, shop)
    await tell(root, "grant_credit", account_id=account_id)
    deliveries = (await tell(root, "list_webhook_deliveries"))["items"]
    await tell(root, "retry_webhook_delivery", delivery_id=deliveries[0]["id"])

    await tell(ada, "end_other_sessions")
    await tell(ada, "change_password")
    sessions = (await grace.get("/sessions")).json()["items"]
    await tell(grace, "end_session", handle=sessions[0]["handle"])
    await tell(ada, "sign_out")
    await tell(root, "end_sessions_of_customer", user_id=user_id)
    await tell(root, "change_customer", user_id=user_id)

    assert story.called == story.operations.keys() - {
        "show_welcome",
        "show_media",
        "export_products",
    }
    assert {name for name, _ in RESPONSES} | WITHOUT_RESPONSE == story.called
    assert REQUESTS.keys() <= story.called


async def _keep_an_address(story: ExampleSequence, customer: Browser) -> None:
    address_id = (await story.run(customer, "add_address"))["id"]
    await story.run(customer, "list_addresses")
    for name in ("replace_address", "remove_address"):
        await story.run(customer, name, address_id=address_id)


async def _keep_the_catalogue(story: ExampleSequence, admin: Browser, shop: HttpShop) -> None:
    await admin.put("/categories/drinks", {"name": "Drinks", "position": 0})
    for name in ("put_category", "list_categories", "put_product", "delete_category"):
        await story.run(admin, name)
    await story.run(admin, "adjust_stock")
    await story.run(admin, "adjust_product_stock")
    cup = {"name": "Cup", "description": "", "price": REQUESTS["put_product"]["price"]}
    await admin.put("/products/CUP", {**cup, "active": True})
    await admin.post("/products/CUP/stock", REQUESTS["adjust_stock"])
    await story.run(admin, "list_stock_movements", sku="CUP", query="?limit=1")
    await story.run(admin, "list_product_stock_movements", handle="CUP", query="?limit=1")
    image_id = (await story.run(admin, "add_image"))["id"]
    await shop.container.image_job_runner().run_due()
    for name in ("change_image", "remove_image"):
        await story.run(admin, name, image_id=image_id)
    import_id = (await story.run(admin, "begin_import"))["id"]
    await shop.container.import_job_runner().run_due()
    await story.run(admin, "show_import", import_id=import_id)
    await story.run(admin, "archive_product")


async def _tell_of_rules(story: ExampleSequence, root: Browser, customer: Browser) -> None:
    """Save, show and end a rule of each kind; meanwhile, a customer checks out by them."""
    kinds = ("tax_rate", "shipping_zone", "shipping_method", "promotion")
    for kind in kinds:
        await story.run(root, f"put_{kind}")
        await story.run(root, f"show_{kind}")
        await story.run(root, f"list_{kind}s")
    await _enter_details(story, root, customer)
    await story.run(root, "make_codes")
    await story.run(root, "list_codes")
    for kind in reversed(kinds):
        await story.run(root, f"delete_{kind}")


async def _enter_details(story: ExampleSequence, root: Browser, customer: Browser) -> None:
    # That of the fields may be for others.
    await root.put("/promotions/welcome", REQUESTS["put_promotion"])
    await customer.put("/cart/lines/TEA-EARL-GREY", {"quantity": 3})
    for name in (
        "change_cart_details",
        "list_cart_shipping_methods",
        "add_cart_code",
        "remove_cart_code",
    ):
        await story.run(customer, name)


async def test_new_product_starts_without_stock(shop: HttpShop) -> None:
    admin = await shop.admin()
    await admin.put("/categories/tea", {"name": "Tea", "position": 0})
    await ExampleSequence(shop).run(admin, "put_product")
    assert shop.on_hand("TEA-EARL-GREY") == 0
