"""The OpenAPI document: complete, and true."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from shop.application.pricing.rule_checks import MAX_AUTOMATIC_PROMOTIONS
from shop.domain.orders.order_details import MAX_CODES
from shop.domain.shared.errors import ShopError
from shop.entrypoints.http.errors.problem_details import problem_type_of
from shop.entrypoints.http.openapi.error_examples import examples
from tests.clock import FakeClock
from tests.entrypoints.http.clients import HttpShop, Json
from tests.entrypoints.http.openapi.documented_errors import ERRORS

PROBLEM = "application/problem+json"


@pytest.fixture
def document(shop: HttpShop) -> Json:
    return shop.app.openapi()


def operations(document: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield (method, path), operation


def documented_errors(operation: Json) -> dict[str, tuple[str, Json]]:
    """Return the errors that an operation documents: status and example, by code."""
    return {
        slug: (status, example["value"])
        for status, response in operation["responses"].items()
        for slug, example in response.get("content", {})
        .get(PROBLEM, {})
        .get("examples", {})
        .items()
    }


@pytest.mark.anyio
async def test_document_is_served(shop: HttpShop, document: Json) -> None:
    response = await shop.browser().get("//openapi.json")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == document


def test_every_operation_documents_exactly_its_errors(document: Json) -> None:
    described = {key: set(documented_errors(operation)) for key, operation in operations(document)}
    assert described == ERRORS


def test_every_error_has_its_own_example(document: Json) -> None:
    by_slug: dict[str, ShopError] = {error.code: error for error in examples()}
    for _, operation in operations(document):
        for slug, (status, example) in documented_errors(operation).items():
            error = by_slug[slug]
            assert int(status) == example["status"] == problem_type_of(type(error)).status
            assert example["type"] == f"/problems/{slug}"
            assert example["detail"] == error.detail


def headers(document: Json, method: str, path: str, status: int) -> set[str]:
    return set(document["paths"][path][method]["responses"][str(status)]["headers"])


def test_problem_types_are_enumerated(document: Json) -> None:
    types = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert types == sorted(f"/problems/{each.code}" for each in examples())
    documented = {
        example["value"]["type"]
        for path in document["paths"].values()
        for operation in path.values()
        for response in operation["responses"].values()
        for example in response.get("content", {})
        .get("application/problem+json", {})
        .get("examples", {})
        .values()
    }
    assert documented <= set(types)


def test_headers_are_documented_where_they_are_sent(document: Json) -> None:
    known = {"X-Request-ID"}
    closed = known | {"Connection"}
    renewed = known | {"Set-Cookie"}
    challenged = renewed | {"WWW-Authenticate"}
    replayed = known | {"Idempotent-Replayed"}
    expected = {
        ("post", "/api/v1/users", 201): renewed,
        ("post", "/api/v1/users", 409): known,
        ("post", "/api/v1/session", 200): renewed,
        ("post", "/api/v1/session", 401): known | {"WWW-Authenticate"},
        ("delete", "/api/v1/session", 204): renewed | {"Clear-Site-Data"},
        ("delete", "/api/v1/session", 503): known | {"Retry-After"},
        ("get", "/api/v1/session", 200): renewed,
        ("get", "/api/v1/session", 401): challenged,
        ("get", "/api/v1/session", 400): closed,
        ("get", "/api/v1/session", 408): closed,
        ("get", "/api/v1/session", 413): closed,
        ("get", "/api/v1/session", 431): closed,
        ("get", "/api/v1/session", 503): renewed | {"Retry-After"},
        ("put", "/api/v1/products/{handle}", 403): renewed,
        ("put", "/api/v1/products/{handle}", 415): known | {"Accept", "Accept-Encoding"},
        ("put", "/api/v1/cart/lines/{sku}", 403): known,
        ("post", "/api/v1/password", 204): renewed,
        ("delete", "/api/v1/sessions/{handle}", 204): renewed,
        ("post", "/api/v1/orders", 201): renewed | replayed,
        ("post", "/api/v1/orders", 401): challenged,
        ("post", "/api/v1/orders", 404): replayed,
        ("post", "/api/v1/orders", 409): replayed | {"Retry-After"},
        ("post", "/api/v1/orders", 413): closed,
        ("post", "/api/v1/transfers", 404): renewed | replayed,
        ("get", "/api/v1/products", 200): renewed | {"ETag"},
        ("get", "/api/v1/products", 304): renewed | {"ETag"},
        ("get", "/api/v1/products", 503): renewed | {"Retry-After"},
        ("get", "/api/v1/products/{handle}", 200): renewed | {"ETag"},
        ("get", "/api/v1/products/{handle}", 304): renewed | {"ETag"},
        ("put", "/api/v1/products/{handle}", 201): renewed | {"ETag"},
        ("get", "/healthz", 200): known,
    }
    assert {each: headers(document, *each) for each in expected} == expected


def test_unsupported_media_type_lists_those_of_the_operation(document: Json) -> None:
    for (method, path), operation in operations(document):
        if method not in {"get", "head"}:
            expected = list(operation.get("requestBody", {}).get("content", ["application/json"]))
            response = operation["responses"]["415"]
            example = response["content"][PROBLEM]["examples"]["unsupported-media-type"]
            assert example["value"]["accept"] == expected, path
            described = response["headers"]["Accept"]["description"]
            assert described == f"`{', '.join(expected)}`, with `unsupported-media-type`"


def test_operations_have_unique_names_and_descriptions(document: Json) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(operation["description"].endswith(".") for _, operation in operations(document))


def schemas(document: Json) -> Iterator[tuple[Json, list[Any]]]:
    """Return every schema with the examples that are given for it."""
    for _, operation in operations(document):
        contents = [*operation["responses"].values(), operation.get("requestBody", {})]
        for media in (each for content in contents for each in content.get("content", {}).values()):
            values = [example["value"] for example in media.get("examples", {}).values()]
            yield media["schema"], [*values, *([media["example"]] if "example" in media else [])]
        for parameter in operation.get("parameters", []):
            yield parameter["schema"], [parameter["example"]] if "example" in parameter else []


def subschemas(schema: object) -> Iterator[Json]:
    if isinstance(schema, dict):
        yield schema
        for member in schema.values():
            yield from subschemas(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from subschemas(member)


def validator(document: Json, schema: Json) -> jsonschema_rs.Validator:
    whole = {**schema, "components": document["components"]}
    return jsonschema_rs.validator_for(whole, validate_formats=True)


def test_every_example_is_valid_by_its_schema(document: Json) -> None:
    checked = 0
    for schema, examples_given in schemas(document):
        for example in examples_given:
            validator(document, schema).validate(example)
            checked += 1
    for schema in subschemas(document["components"]["schemas"]):
        for example in (
            schema.get("examples", []) if isinstance(schema.get("examples"), list) else []
        ):
            validator(document, schema).validate(example)
            checked += 1
    assert checked > 200


def test_every_json_request_and_success_has_an_example(document: Json) -> None:
    for key, operation in operations(document):
        contents = [operation.get("requestBody", {}).get("content", {})]
        for status, response in operation["responses"].items():
            if status < "300":
                assert response["description"] != "Successful Response", key
                assert response["description"].endswith("."), key
                contents.append(response.get("content", {}))
        for media_type, media in (each for content in contents for each in content.items()):
            assert media_type in {"text/html", "image/webp"} or "example" in media, key


def test_every_request_field_has_bounds_and_an_example(document: Json) -> None:
    bounds = {
        "string": {"maxLength", "enum", "const", "format", "pattern"},
        "integer": {"maximum"},
        "array": {"maxItems"},
    }
    for _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        for media in content.values():
            for name, field in fields(document, media["schema"]):
                for schema in field.get("anyOf", [field]):
                    expected = bounds.get(schema.get("type", ""))
                    assert expected is None or expected & schema.keys(), (name, schema)
                is_nested = "$ref" in str(field)
                assert is_nested or field["examples"], name
        for parameter in operation.get("parameters", []):
            schema = parameter["schema"]
            assert "example" in parameter or "examples" in schema or parameter["name"] == "cursor"


def test_integers_are_bounded_by_integers(document: Json) -> None:
    bounds = [
        schema[name]
        for schema in subschemas(document)
        if schema.get("type") == "integer"
        for name in ("minimum", "maximum")
        if name in schema
    ]
    assert len(bounds) > 30
    assert {type(bound) for bound in bounds} == {int}


def fields(document: Json, schema: Json) -> Iterator[tuple[str, Json]]:
    """Return the members of a schema and of all that it refers to."""
    for each in subschemas(schema):
        if reference := each.get("$ref"):
            target = document["components"]["schemas"][reference.rpartition("/")[2]]
            yield from fields(document, target)
        if isinstance(each.get("properties"), dict):
            yield from each["properties"].items()


def test_operations_that_use_a_session_declare_it(document: Json) -> None:
    name = document["components"]["securitySchemes"]["session"].pop("name")
    assert name == "shop_session"
    assert document["components"]["securitySchemes"] == {
        "session": {"type": "apiKey", "in": "cookie"}
    }
    required: list[Json] = [{"session": []}]
    optional: list[Json] = [{"session": []}, {}]
    security = {key: operation.get("security") for key, operation in operations(document)}
    assert security["post", "/api/v1/orders"] == required
    assert security["put", "/api/v1/products/{handle}"] == required
    assert security["get", "/api/v1/cart"] == optional
    assert security["get", "/api/v1/products"] == optional
    assert security["get", "/api/v1/products/{handle}"] == optional
    assert security["get", "/healthz"] is None


def test_production_document_names_the_production_cookie(clock: FakeClock) -> None:
    document = HttpShop.open(clock, environment="production").app.openapi()
    assert document["components"]["securitySchemes"]["session"]["name"] == "__Host-shop_session"


def test_operations_that_move_money_require_a_key(document: Json) -> None:
    keyed = {
        path
        for (_, path), operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert keyed == {
        "/api/v1/orders",
        "/api/v1/orders/{order_id}/refunds",
        "/api/v1/transfers",
        "/api/v1/deposits",
        "/api/v1/accounts/{account_id}/credits",
        # They move no money, but codes that were made twice would be worth it.
        "/api/v1/promotions/{slug}/codes",
    }


def test_operations_that_move_stock_or_goods_or_take_files_honour_a_key(document: Json) -> None:
    optional = {
        path
        for (_, path), operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and not parameter["required"]
    }
    assert optional == {
        "/api/v1/products/{handle}/stock",
        "/api/v1/variants/{sku}/stock",
        "/api/v1/imports",
        "/api/v1/products/{handle}/images",
        "/api/v1/orders/{order_id}/shipments",
        "/api/v1/orders/{order_id}/deliveries",
        "/api/v1/orders/{order_id}/cancel",
    }


def test_a_cart_may_have_a_discount_of_each_code_and_promotion_without_one(document: Json) -> None:
    cart = document["components"]["schemas"]["CartResponse"]
    assert cart["properties"]["discounts"]["maxItems"] == MAX_AUTOMATIC_PROMOTIONS + MAX_CODES
