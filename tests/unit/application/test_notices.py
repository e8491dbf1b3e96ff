"""What the gateway tells by itself changes nothing twice, whenever it comes."""

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
from tests.factories import NOW, an_id, eur
from tests.unit.application.memory_shop import HOLD_SECONDS, WELCOME, MemoryShop, place_order

pytestmark = pytest.mark.anyio

RACES = 500
HOLD = timedelta(seconds=HOLD_SECONDS)
A_WHILE = timedelta(seconds=30)


def _read(body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
    """Read a notice that says its fields, signed by its sender's name."""
    if headers.get("signature") != "the gateway":
        raise InvalidGatewayEvent("signed by somebody else")
    told = json.loads(body)
    return GatewayEvent(
        id=told["id"],
        kind="approved",
        payment_id="pay_1",
        reference=None if told["order"] is None else an_id(told["order"]),
    )


@pytest.fixture
async def adas(
    shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SessionToken]:
    """Give Ada's token; look into the books at the end."""
    del admin
    monkeypatch.setattr(shop.gateway, "parse_event", _read)
    yield await shop.customer("ada")
    assert await shop.findings() == []


async def _tell(shop: MemoryShop, placed: PlacedOrder | None, notice: str = "evt_1") -> None:
    await _tell_of(shop, placed.order.id if placed else an_id("nobody's order"), notice)


async def _tell_of(shop: MemoryShop, reference: UUID, notice: str = "evt_1") -> None:
    def read(body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        return GatewayEvent(
            id=body.decode(),
            kind=headers["kind"],
            payment_id="pay_1",
            reference=reference,
        )

    shop.gateway.parse_event = read  # type: ignore[method-assign]  # It reads what this test says.
    await shop.container.handle_gateway_events().handle(notice.encode(), {"kind": "approved"})


async def _pay(shop: MemoryShop, token: SessionToken, card: str) -> PlacedOrder:
    return await shop.check_out(place_order(token, ("TEA", 2), card=card))


def _stands(shop: MemoryShop) -> tuple[OrderStatus, PaymentStatus]:
    (order,) = shop.state.orders.rows.values()
    return order.status, shop.state.payments.rows[order.id].status


async def test_a_notice_ends_a_pending_order(shop: MemoryShop, adas: SessionToken) -> None:
    placed = await _pay(shop, adas, "tok_timeout_after")

    await _tell(shop, placed)

    assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
    assert list(shop.state.gateway_events.rows) == ["evt_1"]
    assert shop.jobs == ["capture_payment"]
    session = await shop.session(adas)
    assert session is not None
    assert session.last_order_id == placed.order.id


async def test_a_notice_that_comes_again_changes_nothing(
    shop: MemoryShop, adas: SessionToken
) -> None:
    placed = await _pay(shop, adas, "tok_timeout_after")
    await _tell(shop, placed)
    before = shop.state
    for later in (timedelta(0), timedelta(days=1)):
        shop.clock.advance(later)
        await _tell(shop, placed)
        assert shop.state == before
    await shop.work()


async def test_a_notice_that_comes_after_the_answer_changes_nothing_but_is_kept(
    shop: MemoryShop, adas: SessionToken
) -> None:
    placed = await _pay(shop, adas, "tok_visa")
    orders, jobs = shop.state.orders, shop.state.jobs

    await _tell(shop, placed)

    assert (shop.state.orders, shop.state.jobs) == (orders, jobs)
    assert list(shop.state.gateway_events.rows) == ["evt_1"]


async def test_a_notice_that_comes_after_the_expiry_gives_the_money_back(
    shop: MemoryShop, adas: SessionToken
) -> None:
    shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
    placed = await _pay(shop, adas, "tok_authenticate")
    shop.clock.advance(HOLD)
    await shop.work()
    assert _stands(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)

    await _tell(shop, placed)

    assert _stands(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
    await shop.work()
    found = await shop.gateway.find_payment(placed.order.id)
    assert found is not None
    assert found.is_voided


async def test_a_notice_that_comes_after_a_no_gives_the_money_back(
    shop: MemoryShop, adas: SessionToken
) -> None:
    placed = await _pay(shop, adas, "tok_timeout_after")
    said_no = CompleteOrder(
        order=placed.order,
        payment=placed.payment,
        payment_outcome=Declined(reason="try_again"),
        session=None,
        gateway_event=None,
    )
    await shop.container.complete_orders().complete([said_no])

    await _tell(shop, placed)

    assert _stands(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
    await shop.work()
    found = await shop.gateway.find_payment(placed.order.id)
    assert found is not None
    assert found.is_voided


async def test_a_notice_ends_a_pending_deposit(shop: MemoryShop, adas: SessionToken) -> None:
    command = MakeDeposit(session=adas, key="key-0001", amount=eur(300), card="tok_timeout_after")
    made = (await shop.container.deposit_service().make(command)).unwrap()
    for _ in range(2):
        await _tell_of(shop, made.id)

        assert shop.balance("ada") == WELCOME + 300
        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert shop.jobs == ["capture_deposit"]


async def test_a_notice_of_no_order_is_kept_and_alarms(
    shop: MemoryShop, adas: SessionToken, caplog: pytest.LogCaptureFixture
) -> None:
    del adas
    with caplog.at_level(logging.ERROR):
        await _tell(shop, None)
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    assert list(shop.state.gateway_events.rows) == ["evt_1"]


async def test_a_notice_of_somebody_else_changes_nothing(
    shop: MemoryShop, adas: SessionToken
) -> None:
    await _pay(shop, adas, "tok_timeout_after")
    before = shop.state
    with pytest.raises(InvalidGatewayEvent):
        await shop.container.handle_gateway_events().handle(b"{}", {"signature": "mallory"})
    assert shop.state == before


async def test_a_notice_is_not_kept_while_the_books_cannot_be_read(
    shop: MemoryShop, adas: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await _pay(shop, adas, "tok_timeout_after")
    before = shop.state

    async def fail(reference: object, _: object) -> None:
        raise GatewayOutcomeUnknown(f"no books for {reference}")

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "find_payment", fail)
        with pytest.raises(GatewayOutcomeUnknown):
            await _tell(shop, placed)
    assert shop.state == before

    await _tell(shop, placed)
    assert _stands(shop)[0] is OrderStatus.PAID


async def test_workers_notices_and_requests_race_and_one_decides(
    shop: MemoryShop, admin: SessionToken
) -> None:
    await shop.stock(admin, CUP=RACES)
    await shop.customer("ada")
    choose = random.Random(0)
    for number in range(RACES):
        card = choose.choice(["tok_timeout_after", "tok_timeout_before", "tok_error"])
        token = await shop.sign_in("ada")
        command = place_order(token, ("CUP", 1), card=card, key=f"key-of-race-{number}")
        placed = await shop.check_out(command)
        shop.clock.advance(choose.choice([A_WHILE, HOLD]))
        racers = [
            shop.work(),
            shop.work(),
            _tell(shop, placed, f"evt_{number}"),
            _tell(shop, placed, f"evt_{number}"),
            shop.container.checkout().place(command),
        ]
        choose.shuffle(racers)
        for answer in await asyncio.gather(*racers, return_exceptions=True):
            assert not isinstance(answer, BaseException) or isinstance(answer, ShopError)
    for _ in range(10):
        shop.clock.advance(HOLD)
        while await shop.work():
            pass

    assert shop.jobs == []
    assert await shop.findings() == []
    statuses = [order.status for order in shop.state.orders.rows.values()]
    assert set(statuses) <= {OrderStatus.PAID, OrderStatus.EXPIRED}
    assert len(statuses) == RACES
    paid = {each.id for each in shop.state.orders.rows.values() if each.status is OrderStatus.PAID}
    books = [each async for each in shop.gateway.list_payments(NOW, NOW + timedelta(days=365))]
    captured = [each.reference for each in books if each.is_captured]
    assert sorted(captured) == sorted(paid)  # type: ignore[type-var]  # None would be found.
    assert {each.reference for each in books if not each.is_voided} <= paid
