"""Rows of the security checks from 21 on that a shop in this process can be asked about."""

import asyncio
from collections.abc import Iterator
from typing import Self

import pytest
from pydantic import ValidationError

from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.entrypoints.configuration.settings import Environment, Settings
from tests.clock import ScriptedClock
from tests.doubles import FORMER
from tests.http.shops import PASSWORD, Json, Shop, eur, invalid, refused

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def production(clock: ScriptedClock, session_store: str) -> Shop:
    return Shop.open(clock, environment="production", session_store=session_store)


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
    visitor = await shop.admin("ada")
    order = (await visitor.order("TEA")).json()
    document = shop.app.openapi()
    body = {"amount": eur(100), "card": {"token": "tok_visa"}}
    deposit = (await visitor.post("/deposits", body, idempotency_key="key-0002")).json()
    names = {
        "{sku}": "TEA",
        "{order_id}": order["id"],
        "{deposit_id}": deposit["id"],
        "{slug}": "email-taken",
    }
    with shop.unchanged():
        for path, item in document["paths"].items():
            if "get" in item:
                for name, value in names.items():
                    path = path.replace(name, value)  # noqa: PLW2901  One name after the other.
                looked, headed = [await visitor.ask(each, f"/{path}") for each in ("GET", "HEAD")]
                assert looked.status_code == headed.status_code == 200
                for name in ("content-type", "content-length"):
                    assert headed.headers[name] == looked.headers[name]
                answer = await visitor.ask("BREW", f"/{path}")
                assert answer.status_code == 405
                assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))


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
    allow = ["GET", "HEAD", "POST"]
    refused(await visitor.ask("TRACE", "/orders"), 405, "method-not-allowed", allow=allow)
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
    await shop.change_user("ada", password_hash=FORMER + PASSWORD)
    assert (await shop.visitor().sign_in("ada")).status_code == 200
    (user,) = shop.database.state.users.rows.values()
    assert user.password_hash != FORMER + PASSWORD
    shop.container.password_hasher.reset_override()
    assert isinstance(shop.container.password_hasher(), Argon2PasswordHasher)
    hashed = await shop.container.password_hasher().hash(PASSWORD)
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
            assert theirs == none


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
    assert len(operations) == 25
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
                for name in ("{order_id}", "{deposit_id}", "{account_id}", "{handle}"):
                    url = url.replace(name, "01932b7e-8f3c-7a13-8a9b-28394a5b6c7d")
                # What Stripe sends may say anything, if it is signed.
                if "requestBody" in operation and "webhooks" not in path:
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
    assert checked == 15


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
        async def __aenter__(self) -> Self:
            raise RuntimeError("SELECT password_hash FROM users -- /srv/shop/secret")

    visitor = await shop.customer("ada")
    malformed = await shop.visitor().post("/session", {"email": 1, "password": ["hunter2"]})
    shop.use(Faulty)
    fault = await visitor.order("TEA")
    assert (malformed.status_code, fault.status_code) == (422, 500)
    assert fault.json().keys() == {"type", "title", "status", "detail"}
    for answer in (malformed, fault):
        for leak in ("Traceback", "SELECT", "RuntimeError", "/srv", ".py", "hunter2", "pydantic"):
            assert leak not in answer.text


async def test_row_50_production_does_not_start_without_a_good_secret() -> None:
    for secrets in ((), ("hunter2",), ("a" * 64,)):
        chosen: Json = {"_env_file": None, "session_secrets": secrets}
        with pytest.raises(ValidationError) as refusal:
            Settings(environment=Environment.PRODUCTION, **chosen)
        assert not any(secret in str(refusal.value) for secret in secrets)
