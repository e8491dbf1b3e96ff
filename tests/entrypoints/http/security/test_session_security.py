"""Security of sessions: cookies, tokens, expiry and revocation, with each session store."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from shop.domain.user import Role
from tests.clock import FakeClock
from tests.entrypoints.http.clients import PASSWORD, SECRET, HttpShop, assert_problem

pytestmark = pytest.mark.anyio

NEW_SECRET = "another secret for tests, 9876543210"
MIN_TOKEN_CHARACTERS = 22
"""128 bits in base 64."""


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def production(clock: FakeClock, session_store: str) -> HttpShop:
    return HttpShop.open(clock, environment="production", session_store=session_store)


async def with_cookie(shop: HttpShop, cookie: bytes, path: str = "/account") -> httpx2.Response:
    """Send exactly this Cookie header."""
    headers = {b"cookie": cookie}
    return await shop.browser().client.get(f"/api/v1{path}", headers=headers)


async def with_token(shop: HttpShop, token: str | None, path: str = "/account") -> httpx2.Response:
    return await with_cookie(shop, f"shop_session={token}".encode(), path)


async def test_cookie_has_all_security_attributes(production: HttpShop) -> None:
    browser = await production.customer("ada")
    response = await browser.sign_in("ada")
    name_and_token, *attributes = response.headers["set-cookie"].split("; ")
    assert name_and_token.startswith("__Host-shop_session=")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax", "Secure"]
    response = await browser.delete("/session")
    assert response.headers["set-cookie"] == (
        "__Host-shop_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"
    )


async def test_token_is_sent_in_the_cookie_only(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    token = str(browser.token)
    for path in ("/session", "/sessions", "/account", "/cart", "/orders", "/nowhere"):
        response = await browser.get(path)
        assert token not in response.text
        assert token not in str(response.headers)


async def test_every_sign_in_issues_a_unique_unguessable_token(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    tokens = {browser.token}
    for _ in range(200):
        await browser.sign_in("ada")
        tokens.add(browser.token)
    assert len(tokens) == 201
    assert all(len(str(token)) >= MIN_TOKEN_CHARACTERS for token in tokens)


async def test_sign_in_replaces_the_token(
    shop: HttpShop,
) -> None:
    await shop.add_product("TEA")
    await shop.customer("ada")
    browser = shop.browser()
    await browser.put("/cart/lines/TEA", {"quantity": 1})
    before = browser.token
    await browser.sign_in("ada")
    between = browser.token
    await browser.sign_in("ada")
    assert len({before, between, browser.token}) == 3
    for old in (before, between):
        assert_problem(await with_token(shop, old), 401, "not-signed-in")
        assert (await with_token(shop, old, "/cart")).json()["lines"] == []


async def test_client_chosen_session_id_is_never_adopted(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    chosen = "A" * 43
    browser = shop.browser()
    browser.client.cookies.set("shop_session", chosen)
    with shop.unchanged():
        assert (await browser.get("/session")).json()["user"] is None
    browser.client.cookies.clear()
    for method, path, body in (
        ("PUT", "/cart/lines/TEA", {"quantity": 1}),
        ("POST", "/users", {"name": "A", "email": "a@example.com", "password": PASSWORD}),
    ):
        response = await browser.request(method, path, body, cookie=f"shop_session={chosen}")
        assert response.is_success
        issued = response.headers["set-cookie"].split(";")[0]
        assert issued != f"shop_session={chosen}"
        browser.client.cookies.clear()
    assert_problem(await with_token(shop, chosen), 401, "not-signed-in")


async def test_password_and_role_changes_replace_the_token(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    first = browser.token
    await browser.post("/password", {"current": PASSWORD, "new": "another password"})
    second = browser.token
    await shop.grant_admin("ada")
    assert (await browser.get("/session")).json()["roles"] == ["admin", "customer"]
    assert len({first, second, browser.token}) == 3
    for old in (first, second):
        assert_problem(await with_token(shop, old), 401, "not-signed-in")
    assert (await browser.get("/account")).status_code == 200


async def test_copied_token_is_invalid_after_sign_out(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    copied = browser.token
    assert (await with_token(shop, copied)).status_code == 200
    await browser.delete("/session")
    with shop.unchanged():
        assert_problem(await with_token(shop, copied), 401, "not-signed-in")


async def test_sign_out_survives_parallel_requests(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    copied = browser.token
    await asyncio.gather(
        browser.put("/cart/lines/TEA", {"quantity": 1}),
        browser.order("TEA"),
        browser.delete("/session"),
        browser.patch("/session", {"preferences": {"a": 1}}),
        browser.get("/session"),
    )
    assert_problem(await with_token(shop, copied), 401, "not-signed-in")


async def test_idle_session_expires_and_its_cookie_is_cleared(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    shop.clock.advance(timedelta(days=7))
    with shop.unchanged():
        response = await browser.get("/account")
    assert_problem(response, 401, "session-expired")
    assert response.headers["set-cookie"].startswith("shop_session=; Max-Age=0;")
    assert browser.token is None


async def test_busy_session_expires_at_its_absolute_limit(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    for _ in range(29):
        shop.clock.advance(timedelta(days=1))
        assert (await browser.get("/account")).status_code == 200
    shop.clock.advance(timedelta(days=1))
    assert_problem(await browser.get("/account"), 401, "session-expired")


async def test_invalid_cookie_is_ignored(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    token = str(browser.token).encode()
    name = b"shop_session="
    tampered = [
        token[:-4] + b"AAAA",
        b"",
        b"x" * 5000,
        token + b"\xff",
        "ü".encode(),
        token + b"=",
        b'"',
    ]
    for value in tampered:
        assert_problem(await with_cookie(shop, name + value), 401, "not-signed-in")
        assert (await with_cookie(shop, name + value, "/session")).json()["user"] is None
    duplicated = name + token + b"; " + name + token
    assert_problem(await with_cookie(shop, duplicated), 401, "not-signed-in")
    client = shop.browser().client
    twice = [(b"cookie", name + token), (b"cookie", name + token)]
    assert_problem(await client.get("/api/v1/account", headers=twice), 401, "not-signed-in")
    assert (await with_cookie(shop, b"a=b;" + name + token + b" ;c=d")).status_code == 200


async def test_password_change_revokes_all_other_sessions(shop: HttpShop) -> None:
    browser, other = await shop.customer("ada"), shop.browser()
    await other.sign_in("ada")
    await browser.post("/password", {"current": PASSWORD, "new": "another password"})
    assert_problem(await other.get("/account"), 401, "not-signed-in")
    assert (await browser.get("/account")).status_code == 200


async def test_disabled_user_is_rejected_at_the_next_request(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    await shop.change_user("ada", enabled=False)
    with shop.unchanged():
        assert_problem(await browser.get("/account"), 401, "not-signed-in")
        assert_problem(await browser.order("TEA"), 401, "not-signed-in")
        assert_problem(await shop.browser().sign_in("ada"), 401, "wrong-credentials")


async def test_signing_in_too_often_ends_the_oldest_session(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, sessions_per_user=3)
    browsers = [await shop.customer("ada")]
    for _ in range(3):
        clock.advance(timedelta(minutes=1))
        browsers.append(shop.browser())
        assert (await browsers[-1].sign_in("ada")).status_code == 200

    statuses = [(await each.get("/account")).status_code for each in browsers]
    assert statuses == [401, 200, 200, 200]
    assert (await browsers[1].sign_in("ada")).status_code == 200
    statuses = [(await each.get("/account")).status_code for each in browsers]
    assert statuses == [401, 200, 200, 200]


async def test_own_sessions_can_be_revoked(shop: HttpShop) -> None:
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    (mine,) = (await ada.get("/sessions")).json()["items"]
    with shop.unchanged():
        assert_problem(await eve.delete(f"/sessions/{mine['handle']}"), 404, "session-not-found")
    assert (await ada.delete(f"/sessions/{mine['handle']}")).status_code == 204
    assert_problem(await ada.get("/account"), 401, "not-signed-in")


async def test_revoked_role_takes_effect_at_once(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    admin = await shop.admin("ada")
    adjustment = {"delta": 1, "reason": "Delivery"}
    assert (await admin.post("/products/TEA/stock", adjustment)).status_code == 201
    await shop.change_user("ada", roles=frozenset({Role.CUSTOMER}))
    with shop.unchanged(except_table="sessions"):
        response = await admin.post("/products/TEA/stock", adjustment)
    assert_problem(response, 403, "forbidden", role="admin")
    # The error response has set the new token, so the session continues.
    assert (await admin.get("/session")).json()["roles"] == ["customer"]


async def test_request_with_the_replaced_id_is_rejected_once(shop: HttpShop) -> None:
    """A page that asks several things at once sees this when its user's roles have changed."""
    browser = await shop.customer("ada")
    old = str(browser.token)
    await shop.grant_admin("ada")
    assert (await browser.get("/account")).status_code == 200
    response = await with_token(shop, old)
    assert_problem(response, 401, "not-signed-in")
    # It does not take the new id away, with which the same request succeeds.
    assert "set-cookie" not in response.headers
    assert (await browser.get("/account")).status_code == 200


async def test_secret_rotation_keeps_encrypted_sessions(
    clock: FakeClock,
) -> None:
    def reopened(*secrets: str) -> HttpShop:
        store = {"session_store": "cookie", "session_secrets": secrets}
        return HttpShop.open(clock, old.database, **store)

    old = HttpShop.open(clock, session_store="cookie")
    browser = await old.customer("ada")
    token = str(browser.token)
    both, new = reopened(NEW_SECRET, SECRET), reopened(NEW_SECRET)
    response = await with_token(both, token)
    assert response.status_code == 200
    renewed = response.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert (await with_token(new, renewed)).status_code == 200
    assert_problem(await with_token(new, token), 401, "not-signed-in")
    assert "set-cookie" not in (await with_token(both, renewed)).headers


async def test_cart_of_a_visitor_that_exceeds_the_cookie_is_rejected(
    clock: FakeClock,
) -> None:
    shop = HttpShop.open(clock, session_store="cookie")
    skus = [f"{'S' * 60}-{number}" for number in range(60)]
    for sku in skus:
        await shop.add_product(sku)
    browser = shop.browser()
    responses = [await browser.put(f"/cart/lines/{sku}", {"quantity": 1}) for sku in skus]
    assert_problem(responses[-1], 409, "session-too-large", limit_bytes=4000)
    assert len(str(browser.token)) <= 4000
    kept = len((await browser.get("/cart")).json()["lines"])
    assert kept == [each.status_code for each in responses].count(200)
    # The rejected request has not changed the session: it can be changed at once.
    assert (await browser.delete(f"/cart/lines/{skus[0]}")).status_code == 200
    with shop.unchanged():
        response = await browser.patch("/session", {"preferences": {"a": "x" * 2000}})
    assert_problem(response, 409, "session-too-large", limit_bytes=4000)
    assert shop.database.state.orders.rows == {}


async def test_stored_session_id_does_not_authenticate(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    assert str(browser.token) not in repr(shop.stored_rows())


@pytest.mark.parametrize(
    "path", ["/session", "/products", "/nowhere", "//healthz", "//openapi.json"]
)
async def test_responses_are_not_cached(shop: HttpShop, path: str) -> None:
    response = await shop.browser().get(path)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Cookie"


async def test_sign_out_clears_site_data(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    response = await browser.delete("/session")
    assert response.headers.get_list("clear-site-data") == ['"cache", "cookies", "storage"']
    assert response.headers.get_list("set-cookie") == [
        "shop_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    ]
