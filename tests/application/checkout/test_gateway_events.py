"""Gateway events have their effect once, whenever they arrive."""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ledger.deposits import MakeDeposit
from shop.application.ports.payment_gateway import (
    Declined,
    GatewayEvent,
    GatewayOutcomeUnknown,
    InvalidGatewayEvent,
)
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from shop.domain.shared.errors import ShopError
from tests.application.memory_shop import (
    PENDING_PAYMENT_SECONDS,
    WELCOME_CREDIT,
    MemoryShop,
    place_order,
)
from tests.factories import NOW, eur, id_of

pytestmark = pytest.mark.anyio

RACES = 500
PENDING_PAYMENT_TIMEOUT = timedelta(seconds=PENDING_PAYMENT_SECONDS)
A_WHILE = timedelta(seconds=30)


def _read(body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
    """Parse a gateway event whose body is its fields."""
    if headers.get("signature") != "the gateway":
        raise InvalidGatewayEvent("signed by somebody else")
    event = json.loads(body)
    return GatewayEvent(
        id=event["id"],
        kind="approved",
        payment_id="pay_1",
        reference=None if event["order"] is None else id_of(event["order"]),
    )


@pytest.fixture
async def ada_token(
    shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SessionToken]:
    """Yield the token of the customer Ada, and audit the shop after the test."""
    del admin
    monkeypatch.setattr(shop.gateway, "parse_event", _read)
    yield await shop.customer("ada")
    assert await shop.audit_violations() == []


async def _receive_event(
    shop: MemoryShop, placed: PlacedOrder | None, event: str = "evt_1"
) -> None:
    await _receive_event_of(shop, placed.order.id if placed else id_of("nobody's order"), event)


async def _receive_event_of(shop: MemoryShop, reference: UUID, event: str = "evt_1") -> None:
    def read(body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        return GatewayEvent(
            id=body.decode(),
            kind=headers["kind"],
            payment_id="pay_1",
            reference=reference,
        )

    shop.gateway.parse_event = read  # type: ignore[method-assign]  # It reads what this test says.
    await shop.container.handle_gateway_events().handle(event.encode(), {"kind": "approved"})


async def _pay(shop: MemoryShop, token: SessionToken, card: str) -> PlacedOrder:
    return await shop.check_out(place_order(token, ("TEA", 2), card=card))


def _order_state(shop: MemoryShop) -> tuple[OrderStatus, PaymentStatus]:
    (order,) = shop.state.orders.rows.values()
    return order.status, shop.state.payments.rows[order.id].status


async def test_event_completes_a_pending_order(shop: MemoryShop, ada_token: SessionToken) -> None:
    placed = await _pay(shop, ada_token, "tok_timeout_after")

    await _receive_event(shop, placed)

    assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
    assert list(shop.state.gateway_events.rows) == ["evt_1"]
    assert shop.jobs == ["capture_payment"]
    session = await shop.session(ada_token)
    assert session is not None
    assert session.last_order_id == placed.order.id


async def test_repeated_event_changes_nothing(shop: MemoryShop, ada_token: SessionToken) -> None:
    placed = await _pay(shop, ada_token, "tok_timeout_after")
    await _receive_event(shop, placed)
    before = shop.state
    for later in (timedelta(0), timedelta(days=1)):
        shop.clock.advance(later)
        await _receive_event(shop, placed)
        assert shop.state == before
    await shop.run_jobs()


async def test_event_after_the_response_is_stored_without_effect(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    placed = await _pay(shop, ada_token, "tok_visa")
    orders, jobs = shop.state.orders, shop.state.jobs

    await _receive_event(shop, placed)

    assert (shop.state.orders, shop.state.jobs) == (orders, jobs)
    assert list(shop.state.gateway_events.rows) == ["evt_1"]


async def test_event_after_the_expiry_reverses_the_payment(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
    placed = await _pay(shop, ada_token, "tok_authenticate")
    shop.clock.advance(PENDING_PAYMENT_TIMEOUT)
    await shop.run_jobs()
    assert _order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)

    await _receive_event(shop, placed)

    assert _order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
    await shop.run_jobs()
    found = await shop.gateway.find_payment(placed.order.id)
    assert found is not None
    assert found.is_voided


async def test_event_after_a_decline_reverses_the_payment(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    placed = await _pay(shop, ada_token, "tok_timeout_after")
    said_no = CompleteOrder(
        order=placed.order,
        payment=placed.payment,
        payment_outcome=Declined(reason="try_again"),
        session=None,
        gateway_event=None,
    )
    await shop.container.complete_orders().complete([said_no])

    await _receive_event(shop, placed)

    assert _order_state(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
    await shop.run_jobs()
    found = await shop.gateway.find_payment(placed.order.id)
    assert found is not None
    assert found.is_voided


async def test_event_completes_a_pending_deposit(shop: MemoryShop, ada_token: SessionToken) -> None:
    command = MakeDeposit(
        session=ada_token, key="key-0001", amount=eur(300), card="tok_timeout_after"
    )
    deposited = (await shop.container.deposit_service().make(command)).unwrap()
    for _ in range(2):
        await _receive_event_of(shop, deposited.id)

        assert shop.balance("ada") == WELCOME_CREDIT + 300
        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert shop.jobs == ["capture_deposit"]


async def test_event_without_an_order_is_stored_and_logged(
    shop: MemoryShop, ada_token: SessionToken, caplog: pytest.LogCaptureFixture
) -> None:
    del ada_token
    with caplog.at_level(logging.ERROR):
        await _receive_event(shop, None)
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    assert list(shop.state.gateway_events.rows) == ["evt_1"]


async def test_event_about_another_payment_changes_nothing(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    await _pay(shop, ada_token, "tok_timeout_after")
    before = shop.state
    with pytest.raises(InvalidGatewayEvent):
        await shop.container.handle_gateway_events().handle(b"{}", {"signature": "mallory"})
    assert shop.state == before


async def test_event_is_not_stored_while_the_gateway_is_unavailable(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await _pay(shop, ada_token, "tok_timeout_after")
    before = shop.state

    async def fail(reference: object, _: object) -> None:
        raise GatewayOutcomeUnknown(f"no books for {reference}")

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "find_payment", fail)
        with pytest.raises(GatewayOutcomeUnknown):
            await _receive_event(shop, placed)
    assert shop.state == before

    await _receive_event(shop, placed)
    assert _order_state(shop)[0] is OrderStatus.PAID


async def test_concurrent_workers_events_and_requests_complete_once(
    shop: MemoryShop, admin: SessionToken
) -> None:
    await shop.add_products(admin, CUP=RACES)
    await shop.customer("ada")
    choose = random.Random(0)
    for number in range(RACES):
        card = choose.choice(["tok_timeout_after", "tok_timeout_before", "tok_error"])
        token = await shop.sign_in("ada")
        command = place_order(token, ("CUP", 1), card=card, key=f"key-of-race-{number}")
        placed = await shop.check_out(command)
        shop.clock.advance(choose.choice([A_WHILE, PENDING_PAYMENT_TIMEOUT]))
        racers = [
            shop.run_jobs(),
            shop.run_jobs(),
            _receive_event(shop, placed, f"evt_{number}"),
            _receive_event(shop, placed, f"evt_{number}"),
            shop.container.checkout().place(command),
        ]
        choose.shuffle(racers)
        for response in await asyncio.gather(*racers, return_exceptions=True):
            assert not isinstance(response, BaseException) or isinstance(response, ShopError)
    for _ in range(10):
        shop.clock.advance(PENDING_PAYMENT_TIMEOUT)
        while await shop.run_jobs():
            pass

    assert shop.jobs == []
    assert await shop.audit_violations() == []
    statuses = [order.status for order in shop.state.orders.rows.values()]
    assert set(statuses) <= {OrderStatus.PAID, OrderStatus.EXPIRED}
    assert len(statuses) == RACES
    paid = {each.id for each in shop.state.orders.rows.values() if each.status is OrderStatus.PAID}
    books = [each async for each in shop.gateway.list_payments(NOW, NOW + timedelta(days=365))]
    captured = [each.reference for each in books if each.is_captured]
    assert sorted(captured) == sorted(paid)  # type: ignore[type-var]  # None would be found.
    assert {each.reference for each in books if not each.is_voided} <= paid
