"""Users and sessions over HTTP."""

from datetime import timedelta

import pytest

from tests.factories import NOW
from tests.http.shops import PASSWORD, Json, Shop, eur, invalid, refused

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
IN_A_WEEK = "2026-11-28T12:00:00Z"
EMPTY_CART = {"lines": [], "total": eur(0)}
NOBODY: Json = {
    "user": None,
    "roles": [],
    "preferences": {},
    "cart": EMPTY_CART,
    "order_id": None,
    "expires_at": None,
}


async def test_signing_up_makes_a_user_with_an_account_and_signs_in(shop: Shop) -> None:
    visitor = shop.visitor()
    body = {"name": " Ada ", "email": "ADA@example.com", "password": PASSWORD}
    answer = await visitor.post("/users", body)
    assert answer.status_code == 201
    signed_up = answer.json()
    user_id, account_id = signed_up["user"].pop("id"), signed_up["account"].pop("id")
    assert user_id != account_id
    assert signed_up == {
        "user": {
            "name": "Ada",
            "email": "ada@example.com",
            "roles": ["customer"],
            "created_at": NOW_TEXT,
        },
        "account": {"balance": eur(10_000), "created_at": NOW_TEXT},
    }
    session = (await visitor.get("/session")).json()
    assert session["user"] == {**signed_up["user"], "id": user_id}


async def test_an_address_is_taken_once(shop: Shop) -> None:
    await shop.customer("ada")
    body = {"name": "Eve", "email": "Ada@Example.com", "password": PASSWORD}
    with shop.unchanged():
        answer = await shop.visitor().post("/users", body)
    refused(answer, 409, "email-taken")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 101),
        ("email", "nobody"),
        ("email", "a@b c.example"),
        ("email", "x" * 250 + "@example.com"),
        ("password", "1234567"),
        ("password", "x" * 129),
        ("password", None),
    ],
)
async def test_a_user_that_cannot_be_is_pointed_to(shop: Shop, field: str, value: object) -> None:
    body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD, field: value}
    with shop.unchanged():
        answer = await shop.visitor().post("/users", body)
    invalid(answer, f"/{field}")


async def test_nobody_is_shown_as_nobody_and_gets_no_cookie(shop: Shop) -> None:
    with shop.unchanged():
        answer = await shop.visitor().get("/session")
    assert answer.status_code == 200
    assert answer.json() == NOBODY
    assert "set-cookie" not in answer.headers


async def test_signing_in_brings_the_cart_and_the_preferences_along(shop: Shop) -> None:
    await shop.stock("TEA")
    signed_up = await shop.visitor().sign_up("ada")
    visitor = shop.visitor()
    await visitor.put("/cart/lines/TEA", {"quantity": 2})
    await visitor.patch("/session", {"preferences": {"theme": "dark"}})
    answer = await visitor.sign_in("ada")
    assert answer.status_code == 200
    assert answer.json() == {
        "user": signed_up["user"],
        "roles": ["customer"],
        "preferences": {"theme": "dark"},
        "cart": {
            "lines": [
                {
                    "sku": "TEA",
                    "name": "The tea",
                    "quantity": 2,
                    "unit_price": eur(500),
                    "amount": eur(1000),
                    "available": 10,
                }
            ],
            "total": eur(1000),
        },
        "order_id": None,
        "expires_at": IN_A_WEEK,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ada@example.com", "password": "wrong password"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "no address", "password": PASSWORD},
        {"email": "ada@example.com", "password": ""},
        {"email": "ada@example.com", "password": "x" * 1024},
    ],
)
async def test_whatever_is_wrong_with_credentials_is_answered_alike(
    shop: Shop, body: dict[str, str]
) -> None:
    await shop.customer("ada")
    visitor = shop.visitor()
    with shop.unchanged():
        answer = await visitor.post("/session", body)
    problem = refused(answer, 401, "wrong-credentials")
    assert problem["detail"] == "The e-mail address or the password is wrong."
    assert answer.headers["www-authenticate"] == 'Cookie realm="shop"'
    assert visitor.token is None


async def test_an_expired_session_does_not_hinder_signing_in_again(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    shop.clock.advance(timedelta(days=8))
    answer = await visitor.sign_in("ada")
    assert answer.status_code == 200
    assert (await visitor.get("/account")).status_code == 200


async def test_preferences_are_patched_by_merging(shop: Shop) -> None:
    visitor = shop.visitor()
    await visitor.patch("/session", {"preferences": {"a": {"b": 1, "c": 2}, "d": [1, None]}})
    answer = await visitor.patch("/session", {"preferences": {"a": {"b": None, "e": 1.5}}})
    assert answer.status_code == 200
    assert answer.json()["preferences"] == {"a": {"c": 2, "e": 1.5}, "d": [1, None]}
    assert (await visitor.get("/session")).json() == answer.json()


async def test_a_merge_patch_may_be_declared_as_one(shop: Shop) -> None:
    patch = b'{"preferences": {"theme": "dark"}}'
    answer = await shop.visitor().send("PATCH", "/session", patch, "application/merge-patch+json")
    assert answer.status_code == 200
    assert answer.json()["preferences"] == {"theme": "dark"}


@pytest.mark.parametrize(
    "preferences",
    [
        None,
        [],
        {"a": "x" * 2048},
        {"a": "line\nbreak"},
        {"nul\x00": 1},
        {"a": 2**53},
        {"a": [[[[[[[[[]]]]]]]]]},
    ],
)
async def test_preferences_have_bounds(shop: Shop, preferences: object) -> None:
    visitor = await shop.customer("ada")
    with shop.unchanged():
        answer = await visitor.patch("/session", {"preferences": preferences})
    invalid(answer, "/preferences")


async def test_the_session_tracks_the_order_placed_last(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    with shop.unchanged():
        refused(await visitor.get("/session/order"), 404, "no-order")
    placed = (await visitor.order("TEA")).json()
    answer = await visitor.get("/session/order")
    assert answer.status_code == 200
    assert answer.json() == placed
    assert (await visitor.get("/session")).json()["order_id"] == placed["id"]


async def test_signing_out_ends_the_session_and_clears_the_cookie(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    answer = await visitor.delete("/session")
    assert answer.status_code == 204
    assert answer.content == b""
    assert "content-type" not in answer.headers
    assert (
        answer.headers["set-cookie"] == "shop_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    )
    assert visitor.token is None
    assert shop.database.state.sessions.rows == {}


async def test_signing_out_twice_is_no_fault(shop: Shop) -> None:
    with shop.unchanged():
        answer = await shop.visitor().delete("/session")
    assert answer.status_code == 204


async def test_a_new_password_opens_and_the_old_one_does_not(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    answer = await visitor.post("/password", {"current": PASSWORD, "new": "another password"})
    assert answer.status_code == 204
    assert (await shop.visitor().sign_in("ada", "another password")).status_code == 200
    refused(await shop.visitor().sign_in("ada", PASSWORD), 401, "wrong-credentials")
    assert (await visitor.get("/account")).status_code == 200


async def test_a_password_is_not_changed_by_whoever_does_not_know_it(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    body = {"current": "not the password", "new": "another password"}
    with shop.unchanged():
        refused(await visitor.post("/password", body), 401, "wrong-credentials")
        invalid(await visitor.post("/password", {"current": PASSWORD, "new": "short"}), "/new")
        refused(await shop.visitor().post("/password", body), 401, "not-signed-in")
    assert (await visitor.get("/account")).status_code == 200


async def test_using_a_session_is_written_down_once_a_minute(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    shop.clock.advance(timedelta(seconds=59))
    with shop.unchanged():
        await visitor.get("/session")
    shop.clock.advance(timedelta(seconds=1))
    await visitor.get("/session")
    (row,) = shop.database.state.sessions.rows.values()
    assert row.session.last_seen_at == NOW + timedelta(minutes=1)
