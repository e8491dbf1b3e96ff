"""The list of one's own sessions over HTTP, and ending them."""

from datetime import timedelta

import pytest

from tests.entrypoints.http.clients import HttpShop, assert_invalid, assert_problem

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
IN_A_WEEK = "2026-11-28T12:00:00Z"


async def test_own_sessions_are_listed_with_the_current_one_marked(shop: HttpShop) -> None:
    first = await shop.customer("ada")
    shop.clock.advance(timedelta(minutes=5))
    second = shop.browser()
    await second.sign_in("ada")
    response = await second.get("/sessions")
    assert response.status_code == 200
    items = response.json()["items"]
    assert response.json()["next"] is None
    assert [item.pop("handle") != "" for item in items] == [True, True]
    assert items == [
        {
            "current": True,
            "created_at": "2026-11-21T12:05:00Z",
            "last_seen_at": "2026-11-21T12:05:00Z",
            "signed_in_at": "2026-11-21T12:05:00Z",
            "expires_at": "2026-11-28T12:05:00Z",
        },
        {
            "current": False,
            "created_at": NOW_TEXT,
            "last_seen_at": NOW_TEXT,
            "signed_in_at": NOW_TEXT,
            "expires_at": IN_A_WEEK,
        },
    ]
    assert str(first.token) not in response.text
    assert str(second.token) not in response.text


async def test_sessions_are_listed_in_pages(shop: HttpShop) -> None:
    browsers = [await shop.customer("ada")]
    for _ in range(2):
        shop.clock.advance(timedelta(seconds=1))
        browsers.append(shop.browser())
        await browsers[-1].sign_in("ada")
    pages = await browsers[0].pages("/sessions")
    assert [[item["created_at"] for item in page] for page in pages] == [
        ["2026-11-21T12:00:02Z"],
        ["2026-11-21T12:00:01Z"],
        [NOW_TEXT],
    ]


async def test_revoking_one_session_keeps_the_others(shop: HttpShop) -> None:
    first, second = await shop.customer("ada"), shop.browser()
    await second.sign_in("ada")
    items = (await first.get("/sessions")).json()["items"]
    (handle,) = [item["handle"] for item in items if not item["current"]]
    response = await first.delete(f"/sessions/{handle}")
    assert response.status_code == 204
    assert "set-cookie" not in response.headers
    assert (await first.get("/account")).status_code == 200
    assert_problem(await second.get("/account"), 401, "not-signed-in")


async def test_revoking_the_current_session_clears_the_cookie(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    (item,) = (await browser.get("/sessions")).json()["items"]
    response = await browser.delete(f"/sessions/{item['handle']}")
    assert response.status_code == 204
    assert browser.token is None


async def test_session_of_another_user_is_not_found(shop: HttpShop) -> None:
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    (item,) = (await ada.get("/sessions")).json()["items"]
    with shop.unchanged():
        assert_problem(await eve.delete(f"/sessions/{item['handle']}"), 404, "session-not-found")
        assert_invalid(await eve.delete("/sessions/nonsense"), "/path/handle")


async def test_revoking_other_sessions_keeps_the_current_one(shop: HttpShop) -> None:
    first, second, third = await shop.customer("ada"), shop.browser(), shop.browser()
    await second.sign_in("ada")
    await third.sign_in("ada")
    assert (await second.delete("/sessions")).status_code == 204
    assert (await second.get("/account")).status_code == 200
    for ended in (first, third):
        assert_problem(await ended.get("/account"), 401, "not-signed-in")
