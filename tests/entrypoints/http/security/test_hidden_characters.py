"""No text that people read holds characters that no one sees, or that change its direction.

The fields are those of the OpenAPI document, so that a new one cannot be forgotten.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from shop.domain import user
from shop.domain.shared import text
from shop.entrypoints.http import schemas
from shop.entrypoints.http.requests.uploads import MAX_FIELD_BYTES
from tests.entrypoints.http.clients import PASSWORD, Browser, HttpShop, Json, assert_invalid, eur
from tests.entrypoints.http.openapi.test_examples import build_example

pytestmark = pytest.mark.anyio

HIDDEN_CHARACTERS = {
    "\u200b": "U+200B ZERO WIDTH SPACE",
    "\u200c": "U+200C ZERO WIDTH NON-JOINER",
    "\u200d": "U+200D ZERO WIDTH JOINER",
    "\u00ad": "U+00AD SOFT HYPHEN",
    "\u202e": "U+202E RIGHT-TO-LEFT OVERRIDE",
    "\u200f": "U+200F RIGHT-TO-LEFT MARK",
    "\u2066": "U+2066 LEFT-TO-RIGHT ISOLATE",
    "\u061c": "U+061C ARABIC LETTER MARK",
    "\u3164": "U+3164 HANGUL FILLER",
    "\u115f": "U+115F HANGUL CHOSEONG FILLER",
    "\u180e": "U+180E MONGOLIAN VOWEL SEPARATOR",
    "\u2060": "U+2060 WORD JOINER",
    "\u2800": "U+2800 BRAILLE PATTERN BLANK",
    "\ufeff": "U+FEFF ZERO WIDTH NO-BREAK SPACE",
    "\ufe0f": "U+FE0F VARIATION SELECTOR-16",
    "\U000e0041": "U+E0041 TAG LATIN CAPITAL LETTER A",
    "\u2028": "U+2028 LINE SEPARATOR",
    "\u2029": "U+2029 PARAGRAPH SEPARATOR",
    "\0": "U+0000 NULL",
    "\x85": "U+0085 (a control character)",
}

FORM = "multipart/form-data"

ANY_CHARACTERS = {"/password", "/new", "/current"}
"""Passwords: no one reads them."""

MOST_KINDS = 10
"""More than any object has that can be of several kinds."""

BOUNDED_TOGETHER = "/preferences"
"""An object of at most 2 kB, in which no text has a bound of its own."""

ASCII_PATTERNS = ("^[A-Z", "^[A-Za-z", "^[a-z0-9]", "^[0-9]", r"^\d")
"""How the patterns of texts begin whose rule says all that they may have."""

LARGE_BODY_BYTES = 60_000
LENGTH_RULE = re.compile(r"must have at most \d+ characters\.")

SIGN_IN_ADDRESS = ("POST", "/api/v1/session", "/email")
"""A malformed address gets the response of a wrong one."""


@dataclass(frozen=True, kw_only=True)
class TextField:
    """A field of a request body, by its pointer, and the body with another text in it."""

    method: str
    path: str
    pointer: str
    has_ascii_syntax: bool
    steps: tuple[str | int, ...]
    example: Json
    is_form: bool

    async def send(self, browser: Browser, inserted: str) -> httpx2.Response:
        """Send the example with more in this text."""
        body = _replaced(self.example, self.steps, inserted)
        if self.is_form:
            body.pop("file")
            files = {"file": ("tin.png", b"image", "image/png")}
            return await browser.client.request(self.method, self.path, data=body, files=files)
        path = self.path.removeprefix("/api/v1")
        return await browser.request(self.method, path, body, idempotency_key="key-0001")


def _replaced(value: Any, steps: tuple[str | int, ...], inserted: str) -> Any:  # noqa: ANN401  JSON.
    if not steps:
        return f"{value[:2]}{inserted}{value[2:]}"
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[steps[0]] = _replaced(value[steps[0]], steps[1:], inserted)
    return copy


def _text_fields(document: Json) -> Iterator[TextField]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            media_type = FORM if FORM in content else "application/json"
            schema = content.get(media_type, {}).get("schema")
            if schema is None:
                continue
            url = path
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    example = parameter["schema"]["examples"][0]
                    url = url.replace(f"{{{parameter['name']}}}", example)
            for steps, field, example in _members(document, schema):
                pointer = "".join(f"/{step}" for step in steps)
                if pointer.startswith("/preferences"):
                    pointer = "/preferences"
                if pointer in ANY_CHARACTERS or (method.upper(), url, pointer) == SIGN_IN_ADDRESS:
                    continue
                yield TextField(
                    method=method.upper(),
                    path=url,
                    pointer=pointer,
                    has_ascii_syntax=field.get("pattern", "").startswith(ASCII_PATTERNS),
                    steps=steps,
                    example=example,
                    is_form=media_type == FORM,
                )


def _members(document: Json, schema: Json) -> Iterator[tuple[tuple[str | int, ...], Json, Json]]:
    """Yield where each text of a body is, its schema, and an example of the body that has it."""
    seen = set()
    for kind in range(MOST_KINDS):
        example = _full_example(document, schema, kind)
        for steps, field in _strings(document, schema, example):
            if steps not in seen:
                seen.add(steps)
                yield steps, field, example


def _full_example(document: Json, schema: Json, kind: int) -> Any:  # noqa: ANN401  JSON.
    """Return an example with every member that the schema names, at any depth.

    Of an object that can be of several kinds, take the one with this number.
    """
    resolved = _resolved(document, schema)
    if "oneOf" in resolved:
        kinds = resolved["oneOf"]
        return _full_example(document, kinds[kind % len(kinds)], kind)
    if "properties" in resolved:
        members = resolved["properties"].items()
        return {name: _full_example(document, member, kind) for name, member in members}
    if "items" in resolved:
        return [_full_example(document, resolved["items"], kind)]
    examples = (*schema.get("examples", ()), *resolved.get("examples", ()))
    given = [each for each in examples if each is not None]
    return given[0] if given else build_example(document, schema)


def _strings(
    document: Json,
    schema: Json,
    example: Any,  # noqa: ANN401  JSON.
) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    schema = _resolved(document, schema)
    if "oneOf" in schema:
        kind = schema["discriminator"]
        schema = _resolved(document, {"$ref": kind["mapping"][example[kind["propertyName"]]]})
    if isinstance(example, str):
        if not schema.keys() & {"enum", "const"} and schema.get("format") != "binary":
            yield (), schema
        return
    members: dict[str | int, tuple[Json, Any]] = {}
    if isinstance(example, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        members = {name: (properties.get(name, others), each) for name, each in example.items()}
    elif isinstance(example, list):
        members = {n: (schema.get("items", {}), each) for n, each in enumerate(example)}
    for step, (inner, member) in members.items():
        for steps, field in _strings(document, inner, member):
            yield (step, *steps), field


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema or "anyOf" in schema:
        if "anyOf" in schema:
            schema = schema["anyOf"][0]
        else:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


async def _fields(shop: HttpShop) -> list[TextField]:
    document = (await shop.browser().get("//openapi.json")).json()
    return list(_text_fields(document))


async def test_walk_finds_the_fields_of_every_kind(shop: HttpShop) -> None:
    found = {(each.method, each.path, each.pointer) for each in await _fields(shop)}

    assert found >= {
        ("POST", "/api/v1/users", "/name"),
        ("POST", "/api/v1/users", "/email"),
        ("PATCH", "/api/v1/session", "/preferences"),
        ("POST", "/api/v1/transfers", "/to"),
        ("POST", "/api/v1/transfers", "/note"),
        ("POST", "/api/v1/orders", "/lines/0/sku"),
        ("POST", "/api/v1/orders", "/payment/token"),
        ("PUT", "/api/v1/products/TEA-EARL-GREY", "/name"),
        ("PUT", "/api/v1/products/TEA-EARL-GREY", "/description"),
        ("PUT", "/api/v1/products/TEA-EARL-GREY", "/image_url"),
        ("PUT", "/api/v1/products/TEA-EARL-GREY", "/options/0/name"),
        ("PUT", "/api/v1/products/TEA-EARL-GREY", "/options/0/values/0"),
        ("PUT", "/api/v1/products/TEA-EARL-GREY", "/variants/0/options/Size"),
        ("PUT", "/api/v1/products/TEA-EARL-GREY", "/variants/0/barcode"),
        ("POST", "/api/v1/products/TEA-EARL-GREY/images", "/alt"),
        ("PUT", "/api/v1/shipping-zones/germany", "/regions/0"),
        ("PUT", "/api/v1/promotions/welcome", "/conditions/group"),
        ("PUT", "/api/v1/promotions/welcome", "/effect/percentage"),
        ("PUT", "/api/v1/promotions/welcome", "/effect/price/currency"),
        ("PUT", "/api/v1/promotions/welcome", "/effect/tiers/0/percentage"),
        ("POST", "/api/v1/promotions/welcome/codes", "/prefix"),
        ("POST", "/api/v1/products/TEA-EARL-GREY/stock", "/reason"),
    }
    assert {pointer for _, _, pointer in found if pointer == "/reason"} == {"/reason"}
    assert sum(pointer == "/reason" for _, _, pointer in found) == 5


@pytest.mark.parametrize("hidden", HIDDEN_CHARACTERS, ids=HIDDEN_CHARACTERS.values())
async def test_hidden_character_is_rejected_by_name_in_every_field(
    shop: HttpShop, hidden: str
) -> None:
    admin = await shop.admin("root")
    await admin.get("/account")  # From here on, the session has the new role.
    for field in await _fields(shop):
        with shop.unchanged():
            response = await field.send(admin, hidden)
        assert_invalid(response, field.pointer)
        (error,) = response.json()["errors"]
        expected = f"must not contain {HIDDEN_CHARACTERS[hidden]}."
        assert field.has_ascii_syntax or error["detail"] == expected, field


@pytest.mark.parametrize("unit", ["1 ", "1-", "\u200d", "a"])
async def test_text_longer_than_its_field_is_rejected_unread(
    shop: HttpShop, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    admin = await shop.admin("root")
    await admin.get("/account")  # From here on, the session has the new role.
    fields = [each for each in await _fields(shop) if each.pointer != BOUNDED_TOGETHER]
    longest_read = _watch_text_rules(monkeypatch)
    for field in fields:
        size = MAX_FIELD_BYTES // 2 if field.is_form else LARGE_BODY_BYTES
        inserted = unit * (size // len(unit.encode()))
        with shop.unchanged():
            response = await field.send(admin, inserted)
        assert_invalid(response, field.pointer)
        assert max(longest_read, default=0) < len(inserted), field
        (error,) = response.json()["errors"]
        assert field.has_ascii_syntax or LENGTH_RULE.fullmatch(error["detail"]), field


def _watch_text_rules(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the length of each text that a rule looks at."""
    lengths: list[int] = []
    for module in (schemas, text, user):
        for name in ("find_hidden_character", "contains_card_number", "normalise_email"):
            if rule := getattr(module, name, None):
                monkeypatch.setattr(module, name, _watched(rule, lengths))
    return lengths


def _watched(rule: Callable[..., object], lengths: list[int]) -> Callable[..., object]:
    def watched(text: str, *args: object, **options: object) -> object:
        lengths.append(len(text))
        return rule(text, *args, **options)

    return watched


@pytest.mark.parametrize(
    "name",
    [
        "نمی\u200cدانم",  # noqa: RUF001  Persian.
        "क्\u200dषमा श्री",
        "ශ්\u200dරී ලංකා",
        "র\u200d্যাব",
        "సాఫ్ట్\u200cవేర్",
        "Zoë 👩\u200d👩\u200d👧\u200d👦",
        "👩🏽\u200d💻",
        "🏳\ufe0f\u200d🌈",
        "❤\ufe0f 1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
async def test_name_in_any_script_is_kept(shop: HttpShop, name: str) -> None:
    body = {"name": name, "email": "zoe@example.com", "password": PASSWORD}
    response = await shop.browser().post("/users", body)
    assert response.status_code == 201, response.text
    assert response.json()["user"]["name"] == name
    product = {"name": name, "description": f"{name}\n{name}", "price": eur(1), "active": True}
    response = await (await shop.admin("root")).put("/products/TEA", product)
    assert response.status_code == 201
    assert response.json()["description"] == f"{name}\n{name}"


@pytest.mark.parametrize("name", ["\u0301", "\u00a0\u2003", " \u0301 "])
async def test_name_of_nothing_is_rejected(shop: HttpShop, name: str) -> None:
    body = {"name": name, "email": "ada@example.com", "password": PASSWORD}
    with shop.unchanged():
        assert_invalid(await shop.browser().post("/users", body), "/name")


async def test_products_of_an_earlier_release_are_shown_and_sold(shop: HttpShop) -> None:
    name = "Tea\u200b \u202e 4242 4242 4242 4242"
    await shop.add_product("TEA", name=name)
    browser = await shop.customer("ada")
    assert (await browser.get("/products/TEA")).json()["name"] == name
    placed = await browser.order("TEA")
    assert placed.status_code == 201
    assert placed.json()["lines"][0]["name"] == name
