"""Rows 1 to 20 of the security checks, on sessions, for every store of them."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from shop.domain.user import Role
from tests.clock import ScriptedClock
from tests.http.shops import PASSWORD, SECRET, Shop, refused

pytestmark = pytest.mark.anyio

NEW_SECRET = "another secret for tests, 9876543210"
MIN_TOKEN_CHARACTERS = 22
"""128 bits in base 64."""


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def production(clock: ScriptedClock, session_store: str) -> Shop:
    return Shop.open(clock, environment="production", session_store=session_store)


async def with_cookie(shop: Shop, cookie: bytes, path: str = "/account") -> httpx2.Response:
    """Send exactly this Cookie header."""
    headers = {b"cookie": cookie}
    return await shop.visitor().client.get(f"/api/v1{path}", headers=headers)


async def with_token(shop: Shop, token: str | None, path: str = "/account") -> httpx2.Response:
    return await with_cookie(shop, f"shop_session={token}".encode(), path)


async def test_row_01_the_cookie_is_as_strict_as_can_be(production: Shop) -> None:
    visitor = await production.customer("ada")
    answer = await visitor.sign_in("ada")
    name_and_token, *attributes = answer.headers["set-cookie"].split("; ")
    assert name_and_token.startswith("__Host-shop_session=")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax", "Secure"]
    answer = await visitor.delete("/session")
    assert answer.headers["set-cookie"] == (
        "__Host-shop_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"
    )


async def test_row_02_the_token_is_in_the_cookie_and_nowhere_else(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    token = str(visitor.token)
    for path in ("/session", "/sessions", "/account", "/cart", "/orders", "/nowhere"):
        answer = await visitor.get(path)
        assert token not in answer.text
        assert token not in str(answer.headers)


async def test_row_03_every_sign_in_has_an_unguessable_token_of_its_own(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    tokens = {visitor.token}
    for _ in range(200):
        await visitor.sign_in("ada")
        tokens.add(visitor.token)
    assert len(tokens) == 201
    assert all(len(str(token)) >= MIN_TOKEN_CHARACTERS for token in tokens)


async def test_row_04_signing_in_changes_the_token_and_the_old_one_opens_nothing(
    shop: Shop,
) -> None:
    await shop.stock("TEA")
    await shop.customer("ada")
    visitor = shop.visitor()
    await visitor.put("/cart/lines/TEA", {"quantity": 1})
    before = visitor.token
    await visitor.sign_in("ada")
    between = visitor.token
    await visitor.sign_in("ada")
    assert len({before, between, visitor.token}) == 3
    for old in (before, between):
        refused(await with_token(shop, old), 401, "not-signed-in")
        assert (await with_token(shop, old, "/cart")).json()["lines"] == []


async def test_row_05_a_chosen_session_id_is_never_adopted(shop: Shop) -> None:
    await shop.stock("TEA")
    chosen = "A" * 43
    visitor = shop.visitor()
    visitor.client.cookies.set("shop_session", chosen)
    with shop.unchanged():
        assert (await visitor.get("/session")).json()["user"] is None
    visitor.client.cookies.clear()
    for method, path, body in (
        ("PUT", "/cart/lines/TEA", {"quantity": 1}),
        ("POST", "/users", {"name": "A", "email": "a@example.com", "password": PASSWORD}),
    ):
        answer = await visitor.ask(method, path, body, cookie=f"shop_session={chosen}")
        assert answer.is_success
        issued = answer.headers["set-cookie"].split(";")[0]
        assert issued != f"shop_session={chosen}"
        visitor.client.cookies.clear()
    refused(await with_token(shop, chosen), 401, "not-signed-in")


async def test_row_06_a_new_password_and_a_new_role_change_the_token(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    first = visitor.token
    await visitor.post("/password", {"current": PASSWORD, "new": "another password"})
    second = visitor.token
    await shop.promote("ada")
    assert (await visitor.get("/session")).json()["roles"] == ["admin", "customer"]
    assert len({first, second, visitor.token}) == 3
    for old in (first, second):
        refused(await with_token(shop, old), 401, "not-signed-in")
    assert (await visitor.get("/account")).status_code == 200


async def test_row_07_a_copied_token_opens_nothing_after_signing_out(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    copied = visitor.token
    assert (await with_token(shop, copied)).status_code == 200
    await visitor.delete("/session")
    with shop.unchanged():
        refused(await with_token(shop, copied), 401, "not-signed-in")


async def test_row_08_signing_out_survives_parallel_requests(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    copied = visitor.token
    await asyncio.gather(
        visitor.put("/cart/lines/TEA", {"quantity": 1}),
        visitor.order("TEA"),
        visitor.delete("/session"),
        visitor.patch("/session", {"preferences": {"a": 1}}),
        visitor.get("/session"),
    )
    refused(await with_token(shop, copied), 401, "not-signed-in")


async def test_row_09_an_idle_session_expires_and_its_cookie_is_cleared(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    shop.clock.advance(timedelta(days=7))
    with shop.unchanged():
        answer = await visitor.get("/account")
    refused(answer, 401, "session-expired")
    assert answer.headers["set-cookie"].startswith("shop_session=; Max-Age=0;")
    assert visitor.token is None


async def test_row_10_a_session_ends_however_busy_it_is(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    for _ in range(29):
        shop.clock.advance(timedelta(days=1))
        assert (await visitor.get("/account")).status_code == 200
    shop.clock.advance(timedelta(days=1))
    refused(await visitor.get("/account"), 401, "session-expired")


async def test_row_11_a_cookie_that_cannot_be_is_none(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    token = str(visitor.token).encode()
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
        refused(await with_cookie(shop, name + value), 401, "not-signed-in")
        assert (await with_cookie(shop, name + value, "/session")).json()["user"] is None
    duplicated = name + token + b"; " + name + token
    refused(await with_cookie(shop, duplicated), 401, "not-signed-in")
    client = shop.visitor().client
    twice = [(b"cookie", name + token), (b"cookie", name + token)]
    refused(await client.get("/api/v1/account", headers=twice), 401, "not-signed-in")
    assert (await with_cookie(shop, b"a=b;" + name + token + b" ;c=d")).status_code == 200


async def test_row_12_a_new_password_ends_all_other_sessions(shop: Shop) -> None:
    visitor, other = await shop.customer("ada"), shop.visitor()
    await other.sign_in("ada")
    await visitor.post("/password", {"current": PASSWORD, "new": "another password"})
    refused(await other.get("/account"), 401, "not-signed-in")
    assert (await visitor.get("/account")).status_code == 200


async def test_row_13_a_disabled_user_is_out_at_the_next_request(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    await shop.change_user("ada", enabled=False)
    with shop.unchanged():
        refused(await visitor.get("/account"), 401, "not-signed-in")
        refused(await visitor.order("TEA"), 401, "not-signed-in")
        refused(await shop.visitor().sign_in("ada"), 401, "wrong-credentials")


async def test_row_14_my_sessions_are_mine_to_end(shop: Shop) -> None:
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    (mine,) = (await ada.get("/sessions")).json()["items"]
    with shop.unchanged():
        refused(await eve.delete(f"/sessions/{mine['handle']}"), 404, "session-not-found")
    assert (await ada.delete(f"/sessions/{mine['handle']}")).status_code == 204
    refused(await ada.get("/account"), 401, "not-signed-in")


async def test_row_15_a_lost_role_counts_at_once(shop: Shop) -> None:
    await shop.stock("TEA")
    admin = await shop.admin("ada")
    adjustment = {"delta": 1, "reason": "Delivery"}
    assert (await admin.post("/products/TEA/stock", adjustment)).status_code == 201
    await shop.change_user("ada", roles=frozenset({Role.CUSTOMER}))
    with shop.unchanged(but="sessions"):
        answer = await admin.post("/products/TEA/stock", adjustment)
    refused(answer, 403, "forbidden", role="admin")
    # The refusal carried the new token: the session goes on.
    assert (await admin.get("/session")).json()["roles"] == ["customer"]


async def test_row_6_what_was_on_its_way_with_the_old_id_is_refused_once(shop: Shop) -> None:
    """A page that asks several things at once sees this when its user's roles have changed."""
    visitor = await shop.customer("ada")
    old = str(visitor.token)
    await shop.promote("ada")
    assert (await visitor.get("/account")).status_code == 200
    answer = await with_token(shop, old)
    refused(answer, 401, "not-signed-in")
    # It does not take the new id away, with which the same request succeeds.
    assert "set-cookie" not in answer.headers
    assert (await visitor.get("/account")).status_code == 200


async def test_row_16_secrets_can_be_changed_without_ending_sealed_sessions(
    clock: ScriptedClock,
) -> None:
    def reopened(*secrets: str) -> Shop:
        store = {"session_store": "cookie", "session_secrets": secrets}
        return Shop.open(clock, old.database, **store)

    old = Shop.open(clock, session_store="cookie")
    visitor = await old.customer("ada")
    token = str(visitor.token)
    both, new = reopened(NEW_SECRET, SECRET), reopened(NEW_SECRET)
    answer = await with_token(both, token)
    assert answer.status_code == 200
    renewed = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert (await with_token(new, renewed)).status_code == 200
    refused(await with_token(new, token), 401, "not-signed-in")
    assert "set-cookie" not in (await with_token(both, renewed)).headers


async def test_row_17_what_does_not_fit_into_a_cookie_is_refused_and_nothing_ordered(
    clock: ScriptedClock,
) -> None:
    shop = Shop.open(clock, session_store="cookie")
    skus = [f"{'S' * 60}-{number}" for number in range(60)]
    for sku in skus:
        await shop.stock(sku)
    visitor = await shop.customer("ada")
    answers = [await visitor.put(f"/cart/lines/{sku}", {"quantity": 1}) for sku in skus]
    refused(answers[-1], 409, "session-too-large", limit_bytes=4000)
    assert len(str(visitor.token)) <= 4000
    kept = len((await visitor.get("/cart")).json()["lines"])
    assert kept == [answer.status_code for answer in answers].count(200)
    # What was refused has left the session as it was: it can be changed at once.
    assert (await visitor.delete(f"/cart/lines/{skus[0]}")).status_code == 200
    with shop.unchanged():
        answer = await visitor.patch("/session", {"preferences": {"a": "x" * 2000}})
    refused(answer, 409, "session-too-large", limit_bytes=4000)
    assert shop.database.state.orders.rows == {}


async def test_row_18_what_is_stored_does_not_open_a_session(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    assert str(visitor.token) not in repr(shop.stored())


@pytest.mark.parametrize(
    "path", ["/session", "/products", "/nowhere", "//healthz", "//openapi.json"]
)
async def test_row_19_nothing_is_kept_by_caches(shop: Shop, path: str) -> None:
    answer = await shop.visitor().get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "Cookie"


async def test_row_20_signing_out_clears_what_the_browser_keeps(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    answer = await visitor.delete("/session")
    assert answer.headers.get_list("clear-site-data") == ['"cache", "cookies", "storage"']
    assert answer.headers.get_list("set-cookie") == [
        "shop_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    ]
