"""Staff find customers, keep them out, and end their sessions."""

from datetime import timedelta
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from tests.clock import FakeClock
from tests.entrypoints.http.clients import HttpShop, assert_invalid, assert_problem

pytestmark = pytest.mark.anyio


async def test_customers_are_listed_with_account_and_orders(
    shop: HttpShop, clock: FakeClock
) -> None:
    await shop.add_product("TEA")
    ada = await shop.customer("ada")
    me = (await ada.get("/session")).json()["user"]
    total = (await ada.order("TEA", 2)).json()["total"]
    await ada.post(f"/orders/{(await ada.order('TEA', key='key-0002')).json()['id']}/cancel")
    account = (await ada.get("/account")).json()
    clock.advance(timedelta(minutes=1))
    admin = await shop.admin()

    listed = (await admin.get("/users")).json()

    assert [each["name"] for each in listed["items"]] == ["Root", "Ada"]
    assert listed["items"][1] == {
        **me,
        "disabled": False,
        "account": account,
        "orders": {"count": 1, "amount": total},
        "groups": [],
    }
    assert (await admin.get(f"/users/{me['id']}")).json() == listed["items"][1]
    found = (await admin.get("/users?q=ADA@")).json()["items"]
    assert [each["id"] for each in found] == [me["id"]]
    assert [len(page) for page in await admin.pages("/users")] == [1, 1]


async def test_staff_put_customers_into_groups(shop: HttpShop) -> None:
    ada, admin = await shop.customer("ada"), await shop.admin()
    path = f"/users/{(await ada.get('/session')).json()['user']['id']}"

    with capture_logs() as lines:
        joined = await admin.patch(path, {"groups": ["friends", "vip", "friends"]})

    assert (joined.status_code, joined.json()["groups"]) == (200, ["friends", "vip"])
    (event,) = [line for line in lines if line["event"] == "groups_changed"]
    assert event["groups"] == "friends vip"
    assert (await ada.get("/account")).status_code == 200
    both = await admin.patch(path, {"groups": ["vip", "staff"], "disabled": True})
    assert (both.json()["groups"], both.json()["disabled"]) == (["staff", "vip"], True)
    left = await admin.patch(path, {"groups": []})
    assert (left.json()["groups"], left.json()["disabled"]) == ([], True)
    await admin.patch(path, {"groups": ["vip"]})
    without = await admin.patch(path, {"groups": None})
    assert without.json() == left.json()
    assert (await admin.get(path)).json() == left.json()


async def test_disabled_user_is_out_at_the_next_request(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    ada, admin = await shop.customer("ada"), await shop.admin()
    user_id = (await ada.get("/session")).json()["user"]["id"]

    with capture_logs() as lines:
        disabled = await admin.patch(f"/users/{user_id}", {"disabled": True})

    assert (disabled.status_code, disabled.json()["disabled"]) == (200, True)
    (event,) = [line for line in lines if line["event"] == "user_disabled"]
    assert event["of_user_id"] == user_id != event["user_id"]
    with shop.unchanged():
        assert_problem(await ada.get("/account"), 401, "not-signed-in")
        assert_problem(await ada.order("TEA"), 401, "not-signed-in")
        assert_problem(await shop.browser().sign_in("ada"), 401, "wrong-credentials")

    enabled = await admin.patch(f"/users/{user_id}", {"disabled": False})
    assert enabled.json()["disabled"] is False
    assert_problem(await ada.get("/account"), 401, "not-signed-in")
    assert (await shop.browser().sign_in("ada")).status_code == 200


async def test_sessions_of_a_user_are_ended(shop: HttpShop) -> None:
    ada, admin = await shop.customer("ada"), await shop.admin()
    user_id = (await ada.get("/session")).json()["user"]["id"]

    with capture_logs() as lines:
        response = await admin.delete(f"/users/{user_id}/sessions")

    assert response.status_code == 204
    (event,) = [line for line in lines if line["event"] == "sessions_of_user_revoked"]
    assert (event["of_user_id"], event["revoked_count"]) == (user_id, 1)
    assert_problem(await ada.get("/account"), 401, "not-signed-in")
    assert (await admin.get("/account")).status_code == 200


async def test_only_staff_see_and_change_customers(shop: HttpShop) -> None:
    ada, eve = await shop.customer("ada"), await shop.customer("eve")
    path = f"/users/{(await ada.get('/session')).json()['user']['id']}"
    with shop.unchanged():
        for browser, status, code in (
            (eve, 403, "forbidden"),
            (shop.browser(), 401, "not-signed-in"),
        ):
            for response in (
                await browser.get("/users"),
                await browser.get(path),
                await browser.patch(path, {"disabled": True}),
                await browser.delete(f"{path}/sessions"),
            ):
                assert (response.status_code, response.json()["type"]) == (
                    status,
                    f"/problems/{code}",
                )


async def test_unknown_users_and_invalid_changes_are_rejected(shop: HttpShop) -> None:
    admin = await shop.admin()
    own = f"/users/{(await admin.get('/session')).json()['user']['id']}"
    unknown = f"/users/{uuid4()}"
    with shop.unchanged():
        assert_problem(await admin.get(unknown), 404, "user-not-found")
        response = await admin.patch(unknown, {"disabled": True})
        assert_problem(response, 404, "user-not-found")
        assert_problem(await admin.delete(f"{unknown}/sessions"), 404, "user-not-found")
        assert_invalid(await admin.patch(own, {"disabled": True}), "/disabled")
        assert_invalid(await admin.patch(own, {"disabled": "yes"}), "/disabled")
        assert_invalid(await admin.patch(own, {}), "/disabled")
        assert_invalid(await admin.patch(own, {"groups": ["Best friends"]}), "/groups/0")
        too_many = [f"group-{number}" for number in range(21)]
        assert_invalid(await admin.patch(own, {"groups": too_many}), "/groups")
        response = await admin.patch(unknown, {"groups": ["friends"]})
        assert_problem(response, 404, "user-not-found")
