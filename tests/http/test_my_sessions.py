"""The list of one's own sessions over HTTP, and ending them."""

from datetime import timedelta

import pytest

from tests.http.shops import Shop, invalid, refused

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
IN_A_WEEK = "2026-11-28T12:00:00Z"


async def test_my_sessions_are_listed_with_the_present_one_marked(shop: Shop) -> None:
    first = await shop.customer("ada")
    shop.clock.advance(timedelta(minutes=5))
    second = shop.visitor()
    await second.sign_in("ada")
    answer = await second.get("/sessions")
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert answer.json()["next"] is None
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
    assert str(first.token) not in answer.text
    assert str(second.token) not in answer.text


async def test_sessions_come_in_pages(shop: Shop) -> None:
    visitors = [await shop.customer("ada")]
    for _ in range(2):
        shop.clock.advance(timedelta(seconds=1))
        visitors.append(shop.visitor())
        await visitors[-1].sign_in("ada")
    pages = await visitors[0].pages("/sessions")
    assert [[item["created_at"] for item in page] for page in pages] == [
        ["2026-11-21T12:00:02Z"],
        ["2026-11-21T12:00:01Z"],
        [NOW_TEXT],
    ]


async def test_ending_one_session_leaves_the_others(shop: Shop) -> None:
    first, second = await shop.customer("ada"), shop.visitor()
    await second.sign_in("ada")
    items = (await first.get("/sessions")).json()["items"]
    (handle,) = [item["handle"] for item in items if not item["current"]]
    answer = await first.delete(f"/sessions/{handle}")
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers
    assert (await first.get("/account")).status_code == 200
    refused(await second.get("/account"), 401, "not-signed-in")


async def test_ending_the_present_session_clears_the_cookie(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    (item,) = (await visitor.get("/sessions")).json()["items"]
    answer = await visitor.delete(f"/sessions/{item['handle']}")
    assert answer.status_code == 204
    assert visitor.token is None


async def test_a_session_that_is_not_mine_is_none(shop: Shop) -> None:
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    (item,) = (await ada.get("/sessions")).json()["items"]
    with shop.unchanged():
        refused(await eve.delete(f"/sessions/{item['handle']}"), 404, "session-not-found")
        invalid(await eve.delete("/sessions/nonsense"), "/path/handle")


async def test_ending_the_others_keeps_this_one(shop: Shop) -> None:
    first, second, third = await shop.customer("ada"), shop.visitor(), shop.visitor()
    await second.sign_in("ada")
    await third.sign_in("ada")
    assert (await second.delete("/sessions")).status_code == 204
    assert (await second.get("/account")).status_code == 200
    for ended in (first, third):
        refused(await ended.get("/account"), 401, "not-signed-in")
