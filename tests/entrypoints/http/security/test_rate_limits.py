"""Floods are answered 429 with the time after which to try again (ASVS 5.0, 2.4.1 and 6.3.1)."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from shop.application.ports.unit_of_work import DatabaseUnavailable
from tests.clock import FakeClock
from tests.entrypoints.http.clients import (
    PASSWORD,
    Browser,
    HttpShop,
    assert_invalid,
    assert_problem,
    eur,
)
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio


def _assert_limited(response: httpx2.Response, seconds: int) -> None:
    assert_problem(response, 429, "too-many-requests", retry_after_seconds=seconds)
    assert response.headers["retry-after"] == str(seconds)


async def _sign_up(browser: Browser, name: str) -> httpx2.Response:
    body = {"name": "Ada", "email": f"{name}@example.com", "password": PASSWORD}
    return await browser.post("/users", body)


class TestSignIn:
    async def test_guesses_are_limited_and_the_users_browser_is_not(self, shop: HttpShop) -> None:
        ada = await shop.customer("ada")
        stranger = shop.browser("203.0.113.9")
        answers = [await stranger.sign_in("ada", f"guess number {n}") for n in range(20)]
        assert [each.status_code for each in answers] == [401] * 5 + [429] * 15
        _assert_limited(answers[-1], 1)
        _assert_limited(await stranger.sign_in("ada"), 1)
        assert "set-cookie" not in answers[-1].headers

        assert (await ada.sign_in("ada")).status_code == 200
        assert (await shop.browser().sign_in("ada")).status_code == 200

    async def test_guesses_at_unknown_addresses_have_the_same_answers(self, shop: HttpShop) -> None:
        stranger = shop.browser("203.0.113.9")
        answers = [await stranger.sign_in("stranger", f"guess number {n}") for n in range(7)]
        assert [each.status_code for each in answers] == [401] * 5 + [429] * 2
        _assert_limited(answers[-1], 1)

    @pytest.mark.parametrize(
        ("one", "same", "other"),
        [
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"),
            ("203.0.113.9", "::ffff:203.0.113.9", "203.0.113.10"),
        ],
    )
    async def test_addresses_of_one_network_are_one(
        self, shop: HttpShop, one: str, same: str, other: str
    ) -> None:
        browsers = [shop.browser(one), shop.browser(same)]
        for n in range(20):
            response = await browsers[n % 2].sign_in(f"user{n}", f"guess number {n}")
            assert response.status_code == 401
        for each in browsers:
            _assert_limited(await each.sign_in("user20", "guess number 20"), 900)
        response = await shop.browser(other).sign_in("user21", "guess number 21")
        assert response.status_code == 401

    @pytest.mark.parametrize(("trusted", "last"), [(("10.0.0.0/8",), 401), ((), 429)])
    async def test_forwarded_address_counts_behind_a_trusted_proxy_alone(
        self, clock: FakeClock, trusted: tuple[str, ...], last: int
    ) -> None:
        shop = HttpShop.open(clock, trusted_proxies=trusted)
        browser = shop.browser("10.0.0.1")
        answers = [
            await browser.post(
                "/session",
                {"email": f"user{n}@example.com", "password": f"guess number {n}"},
                X_Forwarded_For=f"203.0.113.{n}",
            )
            for n in range(21)
        ]
        assert [each.status_code for each in answers] == [401] * 20 + [last]


async def test_guesses_in_a_stolen_session_are_limited(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    answers = [
        await browser.post("/password", {"current": f"{n}", "new": "a new password"})
        for n in range(25)
    ]
    assert [each.status_code == 429 for each in answers] == [False] * 5 + [True] * 20
    _assert_limited(answers[-1], 1)
    _assert_limited(
        await browser.post("/password", {"current": PASSWORD, "new": "a new password"}), 1
    )
    assert (await browser.get("/session")).json()["user"]["email"] == "ada@example.com"


class TestSignUp:
    async def test_one_address_makes_few_accounts_and_learns_of_few(self, shop: HttpShop) -> None:
        browser = shop.browser()
        answers = [(await _sign_up(browser, f"user{n}")).status_code for n in range(50)]
        assert answers == [201] * 20 + [429] * 30
        _assert_limited(await _sign_up(browser, "user0"), 3600)
        assert (await _sign_up(shop.browser("203.0.113.9"), "user99")).status_code == 201

    async def test_invalid_sign_ups_do_not_count(self, shop: HttpShop) -> None:
        browser = shop.browser()
        for _ in range(25):
            assert (await _sign_up(browser, "not an address")).status_code == 422
        assert (await _sign_up(browser, "ada")).status_code == 201

    async def test_anyone_signs_up_without_limits(self, clock: FakeClock) -> None:
        browser = HttpShop.open(clock, rate_limits="off").browser()
        assert {(await _sign_up(browser, f"user{n}")).status_code for n in range(30)} == {201}


async def test_recipients_who_are_no_customers_are_limited(
    shop: HttpShop, clock: FakeClock
) -> None:
    ada, _ = await shop.customer("ada"), await shop.customer("bob")

    async def transfer(to: str, key: str) -> httpx2.Response:
        body = {"to": f"{to}@example.com", "amount": eur(1)}
        return await ada.post("/transfers", body, idempotency_key=key)

    for n in range(15):
        assert (await transfer("bob", f"key-bob-{n}")).status_code == 201
    for n in range(10):
        assert (await transfer(f"user{n}", f"key-user{n}")).status_code == 404
        assert (await transfer("user0", "key-user0")).headers["idempotent-replayed"] == "true"
    _assert_limited(await transfer("bob", "key-last"), 3600)
    _assert_limited(await transfer("user10", "key-user10"), 3600)
    assert shop.balance("bob") == 10_015
    clock.advance(timedelta(hours=1))
    assert (await transfer("bob", "key-last")).status_code == 201


class TestVisitorSessions:
    @pytest.mark.parametrize("cookie", [None, "a-cookie-that-opens-nothing", "x" * 43])
    async def test_one_address_begins_few_sessions(
        self, shop: HttpShop, cookie: str | None
    ) -> None:
        await shop.add_product("TEA")
        headers = {} if cookie is None else {"cookie": f"shop_session={cookie}"}
        answers: list[httpx2.Response] = []
        for n in range(150):
            browser = shop.browser()
            if n % 2:
                response = await browser.put("/cart/lines/TEA", {"quantity": 1}, **headers)
            else:
                response = await browser.patch("/session", {"preferences": {"a": 1}}, **headers)
            answers.append(response)
        assert [each.status_code for each in answers] == [200] * 100 + [429] * 50
        assert len(shop.database.state.sessions.rows) == 100
        _assert_limited(answers[-1], 3600)
        other = await shop.browser("203.0.113.9").put("/cart/lines/TEA", {"quantity": 1}, **headers)
        assert other.status_code == 200

    async def test_a_session_is_used_without_limits(self, shop: HttpShop) -> None:
        await shop.add_product("TEA")
        browser = shop.browser()
        for _ in range(110):
            response = await browser.put("/cart/lines/TEA", {"quantity": 1})
            assert response.status_code == 200
        assert len(shop.database.state.sessions.rows) == 1

    async def test_idle_session_of_a_visitor_expires_earlier_and_the_worker_deletes_it(
        self, clock: FakeClock
    ) -> None:
        shop = HttpShop.open(clock, visitor_session_idle_seconds=3600)
        await shop.add_product("TEA")
        visitor, ada = shop.browser(), await shop.customer("ada")
        await visitor.put("/cart/lines/TEA", {"quantity": 1})
        clock.advance(timedelta(seconds=3600))
        assert (await visitor.get("/session")).json()["cart"]["lines"] == []
        assert (await ada.get("/session")).json()["user"] is not None
        assert len(shop.database.state.sessions.rows) == 2

        await shop.container.worker().drain()
        (row,) = shop.database.state.sessions.rows.values()
        assert row.session.user_id is not None


async def test_running_worker_deletes_what_has_expired_also_after_a_failure(
    shop: HttpShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.add_product("TEA")
    await shop.browser().put("/cart/lines/TEA", {"quantity": 1})
    sessions = shop.container.session_service()
    purge, calls = sessions.purge_expired, 0

    async def fail_once() -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise DatabaseUnavailable("the disk is full")
        return await purge()

    monkeypatch.setattr(sessions, "purge_expired", fail_once)
    worker = asyncio.create_task(shop.container.worker().run())
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        # Sleeping advances this clock, so days pass at once.
        while shop.database.state.sessions.rows or shop.database.state.rate_limits.rows:  # noqa: ASYNC110  There is no event.
            await asyncio.sleep(0)
    worker.cancel()
    await asyncio.wait([worker])
    assert calls > 1


async def test_declined_cards_are_limited_for_each_customer(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    ada = await shop.customer("ada")
    card = {"method": "card", "token": "tok_declined"}
    answers = [await ada.order("TEA", key=f"key-{n:04}", payment=card) for n in range(25)]
    assert [each.status_code for each in answers] == [402] * 10 + [429] * 15
    _assert_limited(answers[-1], 3600)
    body = {"amount": eur(500), "card": {"token": "tok_visa"}}
    _assert_limited(await ada.post("/deposits", body, idempotency_key="key-dep1"), 3600)


async def test_pending_orders_are_limited_for_each_customer(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    ada = await shop.customer("ada")
    card = {"method": "card", "token": "tok_authenticate"}
    answers = [await ada.order("TEA", key=f"key-{n:04}", payment=card) for n in range(6)]
    assert [each.status_code for each in answers[:5]] == [202] * 5
    assert_problem(answers[5], 409, "too-many-pending-orders", limit=5)


async def test_quantities_and_deposits_beyond_their_limits_are_invalid(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, quantity_per_line=3, deposit_limit=500)
    await shop.add_product("TEA")
    ada = await shop.customer("ada")
    assert_invalid(await ada.order("TEA", 4), "/lines")
    assert_invalid(await ada.put("/cart/lines/TEA", {"quantity": 4}), "/quantity")
    body = {"amount": eur(501), "card": {"token": "tok_visa"}}
    response = await ada.post("/deposits", body, idempotency_key="key-dep1")
    assert_invalid(response, "/amount")
    assert "5.00 EUR" in response.json()["errors"][0]["detail"]
    assert (await ada.order("TEA", 3)).status_code == 201
