"""Rows of the security checks that a shop in this process can be asked about.

The number of the row is in the test's name; those about sessions run for every store of them.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.user import Role
from shop.entrypoints.settings import Environment, Settings
from tests.clock import ScriptedClock
from tests.doubles import FORMER
from tests.http.shops import PASSWORD, SECRET, Json, Shop, invalid, refused

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
    await change_user(shop, enabled=False)
    with shop.unchanged():
        refused(await visitor.get("/account"), 401, "not-signed-in")
        refused(await visitor.order("TEA"), 401, "not-signed-in")
        refused(await shop.visitor().sign_in("ada"), 401, "wrong-credentials")


async def change_user(shop: Shop, **changes: Any) -> None:  # noqa: ANN401  Fields of several types.
    (user_id,) = shop.database.state.users.rows
    async with shop.container.unit_of_work() as uow:
        user = (await uow.users.lock([user_id]))[user_id]
        uow.users.save(replace(user, **changes))
        await uow.commit()


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
    await change_user(shop, roles=frozenset({Role.CUSTOMER}))
    with shop.unchanged(but="sessions"):
        answer = await admin.post("/products/TEA/stock", adjustment)
    refused(answer, 403, "forbidden", role="admin")
    # The refusal carried the new token: the session goes on.
    assert (await admin.get("/session")).json()["roles"] == ["customer"]


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


class Failing(MemoryUnitOfWork):
    """A unit of work whose COMMIT fails."""

    async def commit(self) -> None:
        raise ConnectionError("disk full")


async def test_row_21_a_failed_commit_sends_no_cookie_and_changes_nothing(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    await visitor.put("/cart/lines/TEA", {"quantity": 1})
    token = visitor.token
    shop.use(Failing)
    with shop.unchanged():
        answers = [
            await visitor.order("TEA"),
            await visitor.sign_in("ada"),
            await visitor.put("/cart/lines/TEA", {"quantity": 2}),
            await visitor.post("/password", {"current": PASSWORD, "new": "another password"}),
            await visitor.delete("/session"),
        ]
    for answer in answers:
        refused(answer, 500, "internal-error")
        assert "set-cookie" not in answer.headers
    shop.use(MemoryUnitOfWork)
    assert visitor.token == token
    assert (await visitor.get("/cart")).json()["lines"][0]["quantity"] == 1


async def test_row_23_parallel_writes_to_one_session_are_both_kept_or_one_is_refused(
    shop: Shop,
) -> None:
    await shop.stock("CUP")
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    answers = await asyncio.gather(
        visitor.put("/cart/lines/CUP", {"quantity": 1}),
        visitor.put("/cart/lines/TEA", {"quantity": 1}),
        visitor.patch("/session", {"preferences": {"a": 1}}),
    )
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 409, "session-conflict")
    session = (await visitor.get("/session")).json()
    kept = {line["sku"] for line in session["cart"]["lines"]} | session["preferences"].keys()
    named = ("CUP", "TEA", "a")
    assert kept == {name for name, answer in zip(named, answers, strict=True) if answer.is_success}


async def test_row_24_fifty_buyers_of_one_item_are_one_customer(shop: Shop) -> None:
    await shop.stock("TEA", on_hand=1)
    buyers = [await shop.customer(f"buyer{number}") for number in range(50)]
    answers = await asyncio.gather(*(buyer.order("TEA") for buyer in buyers))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49
    assert shop.on_hand("TEA") == 0


async def test_row_25_one_key_is_one_order_and_keys_belong_to_users(shop: Shop) -> None:
    await shop.stock("TEA")
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    first, again = await ada.order("TEA"), await ada.order("TEA")
    assert first.status_code == 201
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    refused(await ada.order("TEA", 2), 422, "idempotency-key-reused")
    refused(await ada.order("TEA", key="short"), 400, "invalid-idempotency-key")
    hers = await eve.order("TEA", 2)
    assert hers.status_code == 201
    assert "idempotent-replayed" not in hers.headers
    parallel = await asyncio.gather(*(ada.order("TEA", key="key-0002") for _ in range(10)))
    created = [answer for answer in parallel if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in created}) == 1
    for answer in parallel:
        if answer not in created:
            refused(answer, 409, "request-in-progress")
            assert answer.headers["retry-after"] == "1"
    assert len(shop.database.state.orders.rows) == 3


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_row_26_other_sites_change_nothing(shop: Shop, site: str) -> None:
    visitor = await shop.customer("ada")
    with shop.unchanged():
        for answer in (
            await visitor.post("/orders", {}, sec_fetch_site=site),
            await visitor.post("/session", {}, sec_fetch_site=site),
            await visitor.delete("/session", sec_fetch_site=site),
        ):
            refused(answer, 403, "cross-site")


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://shop.test.evil.test"])
async def test_row_27_foreign_origins_change_nothing(shop: Shop, origin: str) -> None:
    with shop.unchanged():
        refused(await shop.visitor().post("/session", {}, origin=origin), 403, "cross-site")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_row_28_forms_are_not_json(shop: Shop, media_type: str) -> None:
    answer = await shop.visitor().send("POST", "/session", b'{"email":"a"}', media_type)
    refused(answer, 415, "unsupported-media-type", accept=["application/json"])


async def test_row_29_looking_never_writes(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    order = (await visitor.order("TEA")).json()
    document = shop.app.openapi()
    names = {"{sku}": "TEA", "{order_id}": order["id"], "{slug}": "email-taken"}
    with shop.unchanged():
        for path, item in document["paths"].items():
            if "get" in item:
                for name, value in names.items():
                    path = path.replace(name, value)  # noqa: PLW2901  One name after the other.
                assert (await visitor.get(f"/{path}")).status_code == 200
                answer = await visitor.ask("BREW", f"/{path}")
                assert answer.status_code == 405
                assert "GET" in answer.headers["allow"]


async def test_row_30_no_other_site_may_read(shop: Shop) -> None:
    for method in ("GET", "OPTIONS"):
        answer = await shop.visitor().ask(method, "/products", origin="https://evil.test")
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["//", "/products", "/nowhere", "/account", "/orders?x=1"])
async def test_row_31_and_32_browsers_are_told_to_be_careful(production: Shop, path: str) -> None:
    headers = (await production.visitor().get(path)).headers
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert "unsafe" not in headers["content-security-policy"]


async def test_row_32_also_faults_are_answered_carefully(shop: Shop) -> None:
    shop.use(Failing)
    answer = await shop.visitor().sign_in("ada")
    for name in ("x-content-type-options", "content-security-policy", "cache-control"):
        assert name in answer.headers


async def test_row_35_production_shows_nothing_needless(production: Shop) -> None:
    visitor = production.visitor()
    for path in ("//docs", "//redoc", "//metrics", "//docs/oauth2-redirect"):
        refused(await visitor.get(path), 404, "route-not-found")
    refused(await visitor.ask("TRACE", "/orders"), 405, "method-not-allowed", allow=["GET", "POST"])
    assert "server" not in (await visitor.get("/products")).headers


@pytest.mark.parametrize(
    "password", ["12345678", "p" * 128, "pass word", "пароль-пароль", "🔑" * 8, "a\x00b\nc\x7fdefg"]
)
async def test_row_36_a_password_has_8_to_128_characters_of_any_kind(
    shop: Shop, password: str
) -> None:
    body = {"name": "Ada", "email": "ada@example.com", "password": password}
    for refused_password in (password[:7], (password * 20)[:129]):
        answer = await shop.visitor().post("/users", {**body, "password": refused_password})
        invalid(answer, "/password")
    assert (await shop.visitor().post("/users", body)).status_code == 201
    assert (await shop.visitor().sign_in("ada", password)).status_code == 200
    for other in (password[:-1], password + "x"):
        refused(await shop.visitor().sign_in("ada", other), 401, "wrong-credentials")


async def test_row_38_a_new_password_takes_the_present_one(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    with shop.unchanged():
        answer = await visitor.post("/password", {"current": "wrong", "new": "another password"})
        refused(answer, 401, "wrong-credentials")
        invalid(await visitor.post("/password", {"new": "another password"}), "/current")


async def test_row_41_passwords_are_hashed_slowly_and_again_where_they_were_not(shop: Shop) -> None:
    await shop.customer("ada")
    await change_user(shop, password_hash=FORMER + PASSWORD)
    assert (await shop.visitor().sign_in("ada")).status_code == 200
    (user,) = shop.database.state.users.rows.values()
    assert user.password_hash != FORMER + PASSWORD
    shop.container.hasher.reset_override()
    assert isinstance(shop.container.hasher(), Argon2PasswordHasher)
    hashed = await shop.container.hasher().hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_row_42_there_are_no_default_accounts(shop: Shop) -> None:
    assert shop.database.state.users.rows == {}


async def test_row_43_anothers_order_is_as_good_as_none(shop: Shop) -> None:
    await shop.stock("TEA")
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    order_id = (await ada.order("TEA")).json()["id"]
    missing_id = f"{order_id[:-1]}{'0' if order_id[-1] != '0' else '1'}"
    with shop.unchanged():
        for method, suffix in (("GET", ""), ("GET", "/history"), ("POST", "/cancel")):
            theirs, none = [
                refused(await eve.ask(method, f"/orders/{each}{suffix}"), 404, "order-not-found")
                for each in (order_id, missing_id)
            ]
            assert theirs | {"request_id": ""} == none | {"request_id": ""}


def protected(document: Json) -> Iterator[tuple[str, str, bool]]:
    """Return the operations that take a session, and whether they take an admin's."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation.get("security") == [{"session": []}]:
                is_for_admins = "forbidden" in str(operation["responses"].get("403"))
                yield method.upper(), path, is_for_admins


async def test_row_44_every_protected_route_asks_who_is_there(shop: Shop) -> None:
    nobody, customer = shop.visitor(), await shop.customer("ada")
    operations = list(protected(shop.app.openapi()))
    assert len(operations) == 16
    with shop.unchanged():
        for method, path, _ in operations:
            refused(await nobody.ask(method, f"/{path}"), 401, "not-signed-in")
        for method, path, is_for_admins in operations:
            if is_for_admins and path != "/api/v1/orders":
                answer = await customer.ask(method, f"/{path}")
                refused(answer, 403, "forbidden", role="admin")


async def test_row_45_what_is_not_asked_for_is_refused(shop: Shop) -> None:
    await shop.stock("TEA")
    admin = await shop.admin("ada")
    await admin.get("/session")
    checked = 0
    with shop.unchanged():
        for path, item in shop.app.openapi()["paths"].items():
            for method, operation in item.items():
                url = path.replace("{sku}", "TEA")
                for name in ("{order_id}", "{account_id}", "{handle}"):
                    url = url.replace(name, "01932b7e-8f3c-7a13-8a9b-28394a5b6c7d")
                if "requestBody" in operation:
                    body = {"role": "admin", "is_admin": True}
                    answer = await admin.ask(
                        method.upper(), f"/{url}", body, idempotency_key="key-0001"
                    )
                    pointers = {error["pointer"] for error in answer.json()["errors"]}
                    assert {"/role", "/is_admin"} <= pointers
                    checked += 1
                if path.startswith("/api/"):
                    answer = await admin.ask(
                        method.upper(), f"/{url}?role=admin", idempotency_key="key-0001"
                    )
                    assert answer.json()["errors"][0]["pointer"] == "/query/role"
    assert checked == 11


@pytest.mark.parametrize("quantity", [b"-1", b"0", b"1e309", b"NaN", b"9223372036854775808"])
async def test_row_46_numbers_that_cannot_be_are_refused(shop: Shop, quantity: bytes) -> None:
    """See `test_malformed.py` for the whole table."""
    visitor = await shop.customer("ada")
    body = b'{"lines":[{"sku":"TEA","quantity":%s}],"payment":{"method":"account"}}' % quantity
    with shop.unchanged():
        answer = await visitor.send("POST", "/orders", body)
    assert answer.status_code == 422


async def test_row_48_neither_a_fault_nor_a_refusal_tells_more_than_it_must(shop: Shop) -> None:
    class Faulty(MemoryUnitOfWork):
        async def __aenter__(self) -> UnitOfWork:  # type: ignore[override]
            raise RuntimeError("SELECT password_hash FROM users -- /srv/shop/secret")

    visitor = await shop.customer("ada")
    malformed = await shop.visitor().post("/session", {"email": 1, "password": ["hunter2"]})
    shop.use(Faulty)
    fault = await visitor.order("TEA")
    assert (malformed.status_code, fault.status_code) == (422, 500)
    assert fault.json().keys() == {"type", "title", "status", "detail", "request_id"}
    for answer in (malformed, fault):
        for leak in ("Traceback", "SELECT", "RuntimeError", "/srv", ".py", "hunter2", "pydantic"):
            assert leak not in answer.text


async def test_row_50_production_does_not_start_without_a_good_secret() -> None:
    for secrets in ((), ("hunter2",), ("a" * 64,)):
        chosen: Json = {"_env_file": None, "session_secrets": secrets}
        with pytest.raises(ValidationError) as refusal:
            Settings(environment=Environment.PRODUCTION, **chosen)
        assert not any(secret in str(refusal.value) for secret in secrets)
