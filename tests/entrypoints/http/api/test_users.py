"""Users and sessions over HTTP."""

from datetime import timedelta

import pytest

from tests.entrypoints.http.api.cart.shown_carts import EMPTY_CART, cart, line
from tests.entrypoints.http.clients import (
    PASSWORD,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)
from tests.factories import NOW

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
IN_A_WEEK = "2026-11-28T12:00:00Z"
NO_SESSION: Json = {
    "user": None,
    "roles": [],
    "preferences": {},
    "cart": EMPTY_CART,
    "order_id": None,
    "expires_at": None,
}


async def test_sign_up_creates_a_user_with_an_account_and_signs_in(shop: HttpShop) -> None:
    browser = shop.browser()
    body = {"name": " Ada ", "email": "ADA@example.com", "password": PASSWORD}
    response = await browser.post("/users", body)
    assert response.status_code == 201
    signed_up = response.json()
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
    session = (await browser.get("/session")).json()
    assert session["user"] == {**signed_up["user"], "id": user_id}


async def test_email_address_can_be_used_once(shop: HttpShop) -> None:
    await shop.customer("ada")
    body = {"name": "Eve", "email": "Ada@Example.com", "password": PASSWORD}
    with shop.unchanged():
        response = await shop.browser().post("/users", body)
    assert_problem(response, 409, "email-taken")
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 101),
        ("email", "no-address"),
        ("email", "a@b c.example"),
        ("email", "x" * 250 + "@example.com"),
        ("password", "1234567"),
        ("password", "x" * 129),
        ("password", None),
        ("password", "nul \0 in a password"),
        ("password", "Password1"),
        ("password", "ada@example.com"),
    ],
)
async def test_invalid_user_is_rejected_with_pointers(
    shop: HttpShop, field: str, value: object
) -> None:
    body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD, field: value}
    with shop.unchanged():
        response = await shop.browser().post("/users", body)
    assert_invalid(response, f"/{field}")


@pytest.mark.parametrize(
    "email",
    [
        "o'hara+shop@sub.example.co.uk",
        "ada@shop.example",
        "ada@example.org",
        "ada@shop.test",
        "大江@例え.jp",
        "ada@bücher.example",
        "a" * 64 + "@example.com",
        "a" * 58 + "@" + ".".join(["x" * 48] * 4),
    ],
)
async def test_new_user_may_have_any_address_that_can_receive_email(
    shop: HttpShop, email: str
) -> None:
    body = {"name": "Ada", "email": email, "password": PASSWORD}
    response = await shop.browser().post("/users", body)
    assert response.status_code == 201
    assert response.json()["user"]["email"] == email
    with shop.unchanged():
        again = await shop.browser().post("/users", {**body, "email": email.upper()})
    assert_problem(again, 409, "email-taken")


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("ada@localhost", "It should have a period."),
        ("ada@shop.localhost", "a special-use or reserved name"),
        ("ada@shop.local", "a special-use or reserved name"),
        ("ada@shop.invalid", "a special-use or reserved name"),
        ("ada@shop.onion", "a special-use or reserved name"),
        ("ada@1.0.0.127.in-addr.arpa", "a special-use or reserved name"),
        ("ada@[127.0.0.1]", "A bracketed IP address"),
        ("ada@127.0.0.1", "not within a valid top-level domain"),
        ('"ada"@example.com', "Quoting the part before the @-sign"),
        ('"ada lovelace"@example.com', "Quoting the part before the @-sign"),
        ("ada lovelace@example.com", "invalid characters"),
        ("<ada@example.com>", "angle brackets"),
        ("ada,bob@example.com", "invalid characters"),
        ("ada@@example.com", "@-sign"),
        ("ada@example.com@", "@"),
        ("a..da@example.com", "two periods in a row"),
        ("ada@.com", "period"),
        ("ada@example.", "period"),
        ("ada@-example.com", "hyphen"),
        ("ada@exa_mple.com", "invalid characters: '_'"),
        ("ada@exam\u200bple.com", "must not contain U+200B ZERO WIDTH SPACE"),
        ("ada@ex\uff41mple.com", "The domain must be written as example.com"),
        ("ada@xn--0.com", "IDNA"),
        ("a" * 65 + "@example.com", "1 character too many"),
        ("ada@" + "x" * 64 + ".com", "1 character too many"),
        ("a" * 59 + "@" + ".".join(["x" * 48] * 4), "at most 254 characters"),
    ],
)
async def test_new_user_needs_an_address_that_can_receive_email(
    shop: HttpShop, email: str, reason: str
) -> None:
    with shop.unchanged():
        response = await shop.browser().post(
            "/users", {"name": "Ada", "email": email, "password": PASSWORD}
        )
    assert_invalid(response, "/email")
    (error,) = response.json()["errors"]
    assert reason in error["detail"]
    assert not error["detail"].endswith("..")


@pytest.mark.parametrize("email", ["ada@localhost", "ada@b", "a..da@example.com", "ada@x.local"])
async def test_existing_user_keeps_an_address_that_new_users_cannot_have(
    shop: HttpShop, email: str
) -> None:
    await shop.customer("ada")
    await shop.change_user("ada", email=email)
    browser = shop.browser()
    response = await browser.post("/session", {"email": email.upper(), "password": PASSWORD})
    assert response.status_code == 200
    assert response.json()["user"]["email"] == email
    grace = await shop.customer("grace")
    transfer = await grace.post(
        "/transfers", {"to": email, "amount": eur(1)}, idempotency_key="key-0001"
    )
    assert transfer.status_code == 201


@pytest.mark.parametrize("first", ["ada@例え.jp", "ADA@xn--r8jz45g.jp"])
@pytest.mark.parametrize("second", ["Ada@例え.jp", "ada@XN--R8JZ45G.jp"])
async def test_internationalised_address_is_one_in_both_forms(
    shop: HttpShop, first: str, second: str
) -> None:
    body = {"name": "Ada", "email": first, "password": PASSWORD}
    response = await shop.browser().post("/users", body)
    assert response.status_code == 201
    assert response.json()["user"]["email"] == "ada@例え.jp"
    with shop.unchanged():
        again = await shop.browser().post("/users", {**body, "email": second})
    assert_problem(again, 409, "email-taken")
    browser = shop.browser()
    response = await browser.post("/session", {"email": second, "password": PASSWORD})
    assert response.json()["user"]["email"] == "ada@例え.jp"
    to_oneself = {"to": second, "amount": eur(1)}
    with shop.unchanged():
        response = await browser.post("/transfers", to_oneself, idempotency_key="key-0001")
    assert_invalid(response, "/to")
    grace = await shop.customer("grace")
    transfer = await grace.post(
        "/transfers", {"to": second, "amount": eur(1)}, idempotency_key="key-0001"
    )
    assert transfer.status_code == 201


async def test_user_of_an_earlier_release_keeps_an_address_in_ascii(shop: HttpShop) -> None:
    await shop.customer("ada")
    await shop.change_user("ada", email="ada@xn--r8jz45g.jp")
    for email in ("ada@例え.jp", "ada@xn--r8jz45g.jp"):
        response = await shop.browser().post("/session", {"email": email, "password": PASSWORD})
        assert response.json()["user"]["email"] == "ada@xn--r8jz45g.jp"
    body = {"name": "Eve", "email": "ada@例え.jp", "password": PASSWORD}
    assert_problem(await shop.browser().post("/users", body), 409, "email-taken")


async def test_two_users_of_an_earlier_release_with_one_address_sign_in_by_their_own_form(
    shop: HttpShop,
) -> None:
    emails = {"ada": "a@例え.jp", "bob": "a@xn--r8jz45g.jp"}
    for name, email in emails.items():
        await shop.customer(name)
        await shop.change_user(name, email=email)
    for email in emails.values():
        response = await shop.browser().post("/session", {"email": email, "password": PASSWORD})
        assert response.json()["user"]["email"] == email


async def test_anonymous_session_is_shown_without_a_cookie(shop: HttpShop) -> None:
    with shop.unchanged():
        response = await shop.browser().get("/session")
    assert response.status_code == 200
    assert response.json() == NO_SESSION
    assert "set-cookie" not in response.headers


async def test_sign_in_keeps_cart_and_preferences(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    signed_up = await shop.browser().sign_up("ada")
    browser = shop.browser()
    await browser.put("/cart/lines/TEA", {"quantity": 2})
    await browser.patch("/session", {"preferences": {"theme": "dark"}})
    response = await browser.sign_in("ada")
    assert response.status_code == 200
    assert response.json() == {
        "user": signed_up["user"],
        "roles": ["customer"],
        "preferences": {"theme": "dark"},
        "cart": cart(line("TEA", 2)),
        "order_id": None,
        "expires_at": IN_A_WEEK,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ada@example.com", "password": "wrong password"},
        {"email": "unknown@example.com", "password": PASSWORD},
        {"email": "no address", "password": PASSWORD},
        {"email": "ada@example.com", "password": ""},
        {"email": "ada@example.com", "password": "x" * 1024},
    ],
)
async def test_all_wrong_credentials_get_the_same_response(
    shop: HttpShop, body: dict[str, str]
) -> None:
    await shop.customer("ada")
    browser = shop.browser()
    with shop.unchanged():
        response = await browser.post("/session", body)
    problem = assert_problem(response, 401, "wrong-credentials")
    assert problem["detail"] == "The e-mail address or the password is wrong."
    assert response.headers["www-authenticate"] == 'Cookie realm="shop"'
    assert browser.token is None


async def test_expired_session_does_not_prevent_sign_in(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    shop.clock.advance(timedelta(days=8))
    response = await browser.sign_in("ada")
    assert response.status_code == 200
    assert (await browser.get("/account")).status_code == 200


async def test_preferences_are_merge_patched(shop: HttpShop) -> None:
    browser = shop.browser()
    await browser.patch("/session", {"preferences": {"a": {"b": 1, "c": 2}, "d": [1, None]}})
    response = await browser.patch("/session", {"preferences": {"a": {"b": None, "e": 1.5}}})
    assert response.status_code == 200
    assert response.json()["preferences"] == {"a": {"c": 2, "e": 1.5}, "d": [1, None]}
    assert (await browser.get("/session")).json() == response.json()


async def test_merge_patch_content_type_is_accepted(shop: HttpShop) -> None:
    patch = b'{"preferences": {"theme": "dark"}}'
    response = await shop.browser().send_raw(
        "PATCH", "/session", patch, "application/merge-patch+json"
    )
    assert response.status_code == 200
    assert response.json()["preferences"] == {"theme": "dark"}


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
async def test_preferences_are_limited_in_size(shop: HttpShop, preferences: object) -> None:
    browser = await shop.customer("ada")
    with shop.unchanged():
        response = await browser.patch("/session", {"preferences": preferences})
    assert_invalid(response, "/preferences")


async def test_session_shows_the_last_order(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    with shop.unchanged():
        assert_problem(await browser.get("/session/order"), 404, "no-order")
    placed = (await browser.order("TEA")).json()
    response = await browser.get("/session/order")
    assert response.status_code == 200
    assert response.json() == placed
    assert (await browser.get("/session")).json()["order_id"] == placed["id"]


async def test_sign_out_revokes_the_session_and_clears_the_cookie(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    response = await browser.delete("/session")
    assert response.status_code == 204
    assert response.content == b""
    assert "content-type" not in response.headers
    assert (
        response.headers["set-cookie"] == "shop_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    )
    assert browser.token is None
    assert shop.database.state.sessions.rows == {}


async def test_second_sign_out_succeeds(shop: HttpShop) -> None:
    with shop.unchanged():
        response = await shop.browser().delete("/session")
    assert response.status_code == 204


async def test_password_change_replaces_the_old_password(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    response = await browser.post("/password", {"current": PASSWORD, "new": "another password"})
    assert response.status_code == 204
    assert (await shop.browser().sign_in("ada", "another password")).status_code == 200
    assert_problem(await shop.browser().sign_in("ada", PASSWORD), 401, "wrong-credentials")
    assert (await browser.get("/account")).status_code == 200


async def test_password_change_requires_the_current_password(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    body = {"current": "not the password", "new": "another password"}
    with shop.unchanged():
        assert_problem(await browser.post("/password", body), 403, "wrong-password")
        assert_invalid(
            await browser.post("/password", {"current": PASSWORD, "new": "short"}), "/new"
        )
        assert_problem(await shop.browser().post("/password", body), 401, "not-signed-in")
    assert (await browser.get("/account")).status_code == 200


async def test_last_use_is_stored_once_a_minute(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    shop.clock.advance(timedelta(seconds=59))
    with shop.unchanged():
        await browser.get("/session")
    shop.clock.advance(timedelta(seconds=1))
    await browser.get("/session")
    (row,) = shop.database.state.sessions.rows.values()
    assert row.session.last_seen_at == NOW + timedelta(minutes=1)
