"""Customers approve or decline challenged payments on a page of the simulated gateway."""

from datetime import timedelta

import httpx2
import pytest
from structlog.testing import capture_logs

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.entrypoints.configuration.payment_gateway import PaymentGatewayKind
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.app import create_app
from tests.entrypoints.http.clients import SECRET, Browser, HttpShop, Json, assert_problem, eur

pytestmark = pytest.mark.anyio

CHALLENGED = {"method": "card", "token": "tok_authenticate"}
FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}


@pytest.fixture
async def ada(shop: HttpShop) -> Browser:
    await shop.add_product("TEA")
    return await shop.customer("ada")


async def _page_of_order(ada: Browser) -> tuple[Json, str]:
    response = await ada.order("TEA", payment=CHALLENGED)
    assert response.status_code == 202, response.text
    order: Json = response.json()
    return order, order["payment"]["action"]["url"]


async def _press(browser: Browser, url: str, **headers: str) -> httpx2.Response:
    """Send a form without fields, as a browser does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await browser.client.post(url, content=b"", headers=FORM | named)


async def _outcome(shop: HttpShop, browser: Browser, order: Json) -> str:
    await shop.container.worker().drain()
    status: str = (await browser.get(f"/orders/{order['id']}")).json()["status"]
    return status


async def test_status_of_a_redirect_is_logged_as_a_number(ada: Browser) -> None:
    _, url = await _page_of_order(ada)

    with capture_logs() as lines:
        await _press(ada, f"{url}/approve")

    (line,) = [each for each in lines if each["event"] == "request"]
    assert (repr(line["status"]), line["method"]) == ("303", "POST")


class TestAPendingOrder:
    async def test_says_where_the_customer_acts_and_where_to_look(
        self, shop: HttpShop, ada: Browser
    ) -> None:
        first = await ada.order("TEA", payment=CHALLENGED)
        order = first.json()
        assert first.headers["location"] == f"/api/v1/orders/{order['id']}"
        assert first.headers["retry-after"] == "2"
        assert order["payment"]["action"] == {
            "type": "redirect",
            "url": f"{shop.origin}/gateway/payments/pay_1",
        }

        again = await ada.order("TEA", payment=CHALLENGED)

        assert (again.status_code, again.content) == (202, first.content)
        assert again.headers["location"] == first.headers["location"]

    async def test_without_a_step_for_the_customer_has_no_action(self, ada: Browser) -> None:
        card = {"method": "card", "token": "tok_timeout_before"}
        response = await ada.order("TEA", payment=card)
        assert response.status_code == 202
        assert response.headers["location"] == f"/api/v1/orders/{response.json()['id']}"
        assert "action" not in response.json()["payment"]

    async def test_is_paid_seconds_after_the_approval(self, shop: HttpShop, ada: Browser) -> None:
        order, url = await _page_of_order(ada)

        pressed = await _press(ada, f"{url}/approve")

        assert (pressed.status_code, pressed.headers["location"]) == (
            303,
            "/gateway/payments/pay_1",
        )
        assert await _outcome(shop, ada, order) == "paid"

    async def test_is_declined_seconds_after_the_customer_declines(
        self, shop: HttpShop, ada: Browser
    ) -> None:
        order, url = await _page_of_order(ada)

        await _press(ada, f"{url}/decline")

        assert await _outcome(shop, ada, order) == "declined"
        again = await ada.order("TEA", payment=CHALLENGED)
        assert_problem(again, 402, "card-declined", reason="authentication_failed")
        assert shop.on_hand("TEA") == 10

    async def test_is_found_by_its_job_if_no_event_was_stored(
        self, shop: HttpShop, ada: Browser
    ) -> None:
        order, url = await _page_of_order(ada)
        shop.clock.advance(timedelta(minutes=1))
        assert await _outcome(shop, ada, order) == "pending"
        gateway = shop.container.payment_gateway()
        assert isinstance(gateway, MemoryPaymentGateway)
        await gateway.authenticate(url.rpartition("/")[2], approved=True)

        shop.clock.advance(timedelta(seconds=3))

        assert await _outcome(shop, ada, order) == "paid"


async def test_pending_deposit_says_where_the_customer_acts_and_where_to_look(
    shop: HttpShop, ada: Browser
) -> None:
    body = {"amount": eur(500), "card": {"token": "tok_authenticate"}}
    response = await ada.post("/deposits", body, idempotency_key="key-0001")
    deposit = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"/api/v1/deposits/{deposit['id']}"
    assert response.headers["retry-after"] == "2"
    url = f"{shop.origin}/gateway/payments/pay_1"
    assert deposit["action"] == {"type": "redirect", "url": url}

    await _press(ada, f"{url}/approve")
    await shop.container.worker().drain()

    assert shop.balance("ada") == 10_500


class TestThePage:
    async def test_shows_the_amount_and_two_buttons(self, ada: Browser) -> None:
        _, url = await _page_of_order(ada)
        response = await ada.client.get(url)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers.get_list("content-security-policy") == [
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
        ]
        assert response.headers.get_list("cache-control") == ["no-store"]
        assert response.headers.get_list("x-content-type-options") == ["nosniff"]
        page = response.text
        assert "5.00 EUR" in page
        assert page.count('<form method="post"') == 2
        assert '"/gateway/payments/pay_1/approve"' in page
        assert '"/gateway/payments/pay_1/decline"' in page
        assert "<script" not in page

    async def test_leads_back_after_the_decision(self, ada: Browser) -> None:
        _, url = await _page_of_order(ada)
        await _press(ada, f"{url}/approve")
        page = (await ada.client.get(url)).text
        assert "The payment is approved" in page
        assert '<a href="/">' in page
        assert "<form" not in page

    async def test_keeps_the_first_decision(self, shop: HttpShop, ada: Browser) -> None:
        order, url = await _page_of_order(ada)
        await _press(ada, f"{url}/decline")

        pressed = await _press(ada, f"{url}/approve")

        assert pressed.status_code == 303
        assert "The payment is not approved" in (await ada.client.get(url)).text
        assert await _outcome(shop, ada, order) == "declined"

    async def test_of_an_unknown_payment_is_not_there(self, shop: HttpShop, ada: Browser) -> None:
        with shop.unchanged():
            for method, path in (("GET", ""), ("POST", "/approve"), ("POST", "/decline")):
                url = f"{shop.origin}/gateway/payments/pay_none{path}"
                assert_problem(await ada.client.request(method, url), 404, "route-not-found")

    @pytest.mark.parametrize(
        "headers", [{"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}]
    )
    async def test_takes_no_decision_from_another_site(
        self, shop: HttpShop, ada: Browser, headers: dict[str, str]
    ) -> None:
        order, url = await _page_of_order(ada)
        with shop.unchanged():
            assert_problem(await _press(ada, f"{url}/approve", **headers), 403, "cross-site")
        assert await _outcome(shop, ada, order) == "pending"

    async def test_takes_no_form_with_fields(self, ada: Browser) -> None:
        _, url = await _page_of_order(ada)
        response = await ada.client.post(f"{url}/approve", content=b"a=b", headers=FORM)
        assert response.status_code == 415

    async def test_is_not_there_if_the_gateway_is_another_process(self) -> None:
        settings: Json = {
            "_env_file": None,
            "session_secrets": (SECRET,),
            "database_url": "memory://",
            "payment_gateway": PaymentGatewayKind.SIMULATED,
            "simulated_gateway_url": "http://127.0.0.1:8100",
        }
        app = create_app(Container(settings=Settings(**settings)))
        paths = [getattr(route, "path", "") for route in app.routes]
        assert [path for path in paths if path.startswith("/gateway")] == []
