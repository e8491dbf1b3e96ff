"""Security of requests: races, cross-site requests, headers, passwords, access and input."""

import asyncio
from typing import Self

import pytest
from pydantic import ValidationError

from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.entrypoints.configuration.environment import Environment
from shop.entrypoints.configuration.payment_gateway import PaymentGatewayKind
from shop.entrypoints.configuration.settings import Settings
from tests.clock import FakeClock
from tests.doubles import OUTDATED_PREFIX
from tests.entrypoints.http.clients import (
    PASSWORD,
    SECRET,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def production(clock: FakeClock, session_store: str) -> HttpShop:
    return HttpShop.open(clock, environment="production", session_store=session_store)


class FailingCommit(MemoryUnitOfWork):
    """A unit of work whose COMMIT fails."""

    async def commit(self) -> None:
        raise ConnectionError("disk full")


async def test_failed_commit_sends_no_cookie_and_changes_nothing(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    await browser.put("/cart/lines/TEA", {"quantity": 1})
    token = browser.token
    shop.use_unit_of_work(FailingCommit)
    with shop.unchanged():
        responses = [
            await browser.order("TEA"),
            await browser.sign_in("ada"),
            await browser.put("/cart/lines/TEA", {"quantity": 2}),
            await browser.post("/password", {"current": PASSWORD, "new": "another password"}),
            await browser.delete("/session"),
        ]
    for response in responses:
        assert_problem(response, 500, "internal-error")
        assert "set-cookie" not in response.headers
    shop.use_unit_of_work(MemoryUnitOfWork)
    assert browser.token == token
    assert (await browser.get("/cart")).json()["lines"][0]["quantity"] == 1


async def test_parallel_session_writes_are_both_kept_or_one_is_rejected(
    shop: HttpShop,
) -> None:
    await shop.add_product("CUP")
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    responses = await asyncio.gather(
        browser.put("/cart/lines/CUP", {"quantity": 1}),
        browser.put("/cart/lines/TEA", {"quantity": 1}),
        browser.patch("/session", {"preferences": {"a": 1}}),
    )
    for response in responses:
        if response.status_code != 200:
            assert_problem(response, 409, "session-conflict")
    session = (await browser.get("/session")).json()
    kept = {line["sku"] for line in session["cart"]["lines"]} | session["preferences"].keys()
    named = ("CUP", "TEA", "a")
    assert kept == {name for name, each in zip(named, responses, strict=True) if each.is_success}


async def test_fifty_buyers_of_the_last_item_yield_one_order(
    clock: FakeClock, session_store: str
) -> None:
    # All of them sign up from one address.
    shop = HttpShop.open(clock, session_store=session_store, rate_limits="off")
    await shop.add_product("TEA", on_hand=1)
    buyers = [await shop.customer(f"buyer{number}") for number in range(50)]
    responses = await asyncio.gather(*(buyer.order("TEA") for buyer in buyers))
    assert sorted(response.status_code for response in responses) == [201] + [409] * 49
    assert shop.on_hand("TEA") == 0


async def test_one_key_yields_one_order_and_keys_belong_to_users(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    first, again = await ada.order("TEA"), await ada.order("TEA")
    assert first.status_code == 201
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert_problem(await ada.order("TEA", 2), 422, "idempotency-key-reused")
    assert_problem(await ada.order("TEA", key="short"), 400, "invalid-idempotency-key")
    hers = await eve.order("TEA", 2)
    assert hers.status_code == 201
    assert "idempotent-replayed" not in hers.headers
    parallel = await asyncio.gather(*(ada.order("TEA", key="key-0002") for _ in range(10)))
    created = [each for each in parallel if each.status_code == 201]
    assert len({each.json()["id"] for each in created}) == 1
    for response in parallel:
        if response not in created:
            assert_problem(response, 409, "request-in-progress")
            assert response.headers["retry-after"] == "1"
    assert len(shop.database.state.orders.rows) == 3


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_cross_site_requests_change_nothing(shop: HttpShop, site: str) -> None:
    browser = await shop.customer("ada")
    with shop.unchanged():
        for response in (
            await browser.post("/orders", {}, sec_fetch_site=site),
            await browser.post("/session", {}, sec_fetch_site=site),
            await browser.delete("/session", sec_fetch_site=site),
        ):
            assert_problem(response, 403, "cross-site")


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://shop.test.evil.test"])
async def test_foreign_origins_change_nothing(shop: HttpShop, origin: str) -> None:
    with shop.unchanged():
        assert_problem(await shop.browser().post("/session", {}, origin=origin), 403, "cross-site")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_form_bodies_are_rejected(shop: HttpShop, media_type: str) -> None:
    response = await shop.browser().send_raw("POST", "/session", b'{"email":"a"}', media_type)
    assert_problem(response, 415, "unsupported-media-type", accept=["application/json"])


async def test_cross_origin_reads_are_not_allowed(shop: HttpShop) -> None:
    for method in ("GET", "OPTIONS"):
        response = await shop.browser().request(method, "/products", origin="https://evil.test")
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["//", "/products", "/nowhere", "/account", "/orders?x=1"])
async def test_security_headers_are_sent(production: HttpShop, path: str) -> None:
    headers = (await production.browser().get(path)).headers
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert "unsafe" not in headers["content-security-policy"]


async def test_security_headers_are_sent_with_errors(shop: HttpShop) -> None:
    shop.use_unit_of_work(FailingCommit)
    response = await shop.browser().sign_in("ada")
    for name in ("x-content-type-options", "content-security-policy", "cache-control"):
        assert name in response.headers


async def test_strict_transport_security_is_sent_with_every_error(production: HttpShop) -> None:
    browser = production.browser()
    responses = [
        await browser.get("/products", host="evil.test"),
        await browser.get("/account"),
        await browser.post("/session", {}, sec_fetch_site="cross-site"),
        await browser.get("/nowhere"),
        await browser.delete("/orders"),
        await browser.send_raw("POST", "/session", b" " * 70_000),
        await browser.send_raw("POST", "/session", b"{}", "text/plain"),
        await browser.send_raw("POST", "/session", b"{"),
    ]
    production.use_unit_of_work(FailingCommit)
    ada = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    responses.append(await browser.post("/users", ada))
    statuses = [each.status_code for each in responses]
    assert statuses == [400, 401, 403, 404, 405, 413, 415, 422, 500]
    for response in responses:
        assert response.headers["strict-transport-security"].startswith("max-age=63072000")


async def test_production_discloses_nothing_unnecessary(production: HttpShop) -> None:
    browser = production.browser()
    for path in ("//docs", "//redoc", "//metrics", "//docs/oauth2-redirect"):
        assert_problem(await browser.get(path), 404, "route-not-found")
    allow = ["GET", "HEAD", "POST"]
    assert_problem(
        await browser.request("TRACE", "/orders"), 405, "method-not-allowed", allow=allow
    )
    assert "server" not in (await browser.get("/products")).headers


@pytest.mark.parametrize(
    "password", ["73150268", "p" * 128, "pass word", "пароль-пароль", "🔑" * 8, "a\x01b\nc\x7fdefg"]
)
async def test_password_has_8_to_128_characters_of_any_kind(shop: HttpShop, password: str) -> None:
    body = {"name": "Ada", "email": "ada@example.com", "password": password}
    for invalid_password in (password[:7], (password * 20)[:129]):
        response = await shop.browser().post("/users", {**body, "password": invalid_password})
        assert_invalid(response, "/password")
    assert (await shop.browser().post("/users", body)).status_code == 201
    assert (await shop.browser().sign_in("ada", password)).status_code == 200
    for other in (password[:-1], password + "x"):
        assert_problem(await shop.browser().sign_in("ada", other), 401, "wrong-credentials")


async def test_password_change_requires_the_current_one(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    with shop.unchanged():
        response = await browser.post("/password", {"current": "wrong", "new": "another password"})
        assert_problem(response, 403, "wrong-password")
        assert_invalid(await browser.post("/password", {"new": "another password"}), "/current")


async def test_passwords_are_hashed_slowly_and_rehashed_when_outdated(shop: HttpShop) -> None:
    await shop.customer("ada")
    await shop.change_user("ada", password_hash=OUTDATED_PREFIX + PASSWORD)
    assert (await shop.browser().sign_in("ada")).status_code == 200
    (user,) = shop.database.state.users.rows.values()
    assert user.password_hash != OUTDATED_PREFIX + PASSWORD
    shop.container.password_hasher.reset_override()
    assert isinstance(shop.container.password_hasher(), Argon2PasswordHasher)
    hashed = await shop.container.password_hasher().hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_shop_has_no_default_accounts(shop: HttpShop) -> None:
    assert shop.database.state.users.rows == {}


async def test_order_of_another_customer_is_not_found(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    order_id = (await ada.order("TEA")).json()["id"]
    missing_id = f"{order_id[:-1]}{'0' if order_id[-1] != '0' else '1'}"
    with shop.unchanged():
        for method, suffix in (("GET", ""), ("GET", "/history"), ("POST", "/cancel")):
            theirs, none = [
                assert_problem(
                    await eve.request(method, f"/orders/{each}{suffix}"), 404, "order-not-found"
                )
                for each in (order_id, missing_id)
            ]
            assert theirs == none


@pytest.mark.parametrize("quantity", [b"-1", b"0", b"1e309", b"NaN", b"9223372036854775808"])
async def test_invalid_numbers_are_rejected(shop: HttpShop, quantity: bytes) -> None:
    """`test_malformed.py` sends more of them, to more operations."""
    browser = await shop.customer("ada")
    body = b'{"lines":[{"sku":"TEA","quantity":%s}],"payment":{"method":"account"}}' % quantity
    with shop.unchanged():
        response = await browser.send_raw("POST", "/orders", body)
    assert response.status_code == 422


async def test_errors_disclose_no_internals(shop: HttpShop) -> None:
    class Faulty(MemoryUnitOfWork):
        async def __aenter__(self) -> Self:
            raise RuntimeError("SELECT password_hash FROM users -- /srv/shop/secret")

    browser = await shop.customer("ada")
    malformed = await shop.browser().post("/session", {"email": 1, "password": ["hunter2"]})
    shop.use_unit_of_work(Faulty)
    fault = await browser.order("TEA")
    assert (malformed.status_code, fault.status_code) == (422, 500)
    assert fault.json().keys() == {"type", "title", "status", "detail"}
    for response in (malformed, fault):
        for leak in ("Traceback", "SELECT", "RuntimeError", "/srv", ".py", "hunter2", "pydantic"):
            assert leak not in response.text


async def test_production_requires_a_strong_secret() -> None:
    placeholder = "changeme-0123456789-abcdefghijklmnop"
    for secrets in ((), ("hunter2",), ("a" * 64,), (placeholder,), (SECRET, placeholder)):
        chosen: Json = {
            "_env_file": None,
            "session_secrets": secrets,
            "payment_gateway": PaymentGatewayKind.SIMULATED,
        }
        with pytest.raises(ValidationError) as rejection:
            Settings(environment=Environment.PRODUCTION, **chosen)
        assert not any(secret in str(rejection.value) for secret in secrets)
