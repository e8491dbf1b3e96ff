"""Shipments, refunds and cancellations of one order that meet in a database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from dependency_injector import providers
from pydantic import Secret

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sign_in import SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.fulfil import RecordShipmentEvent
from shop.application.orders.refund import RefundOrder
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.pricing.rule_documents import PutRule
from shop.domain.cart import Cart
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.refund import RefundRequest, RefundStatus
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.shared.errors import ShopError
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import Role
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.adapters.sql.conftest import SECRETS
from tests.clock import FakeClock
from tests.domain.pricing.examples import promotion
from tests.doubles import FakePasswordHasher
from tests.factories import EUR, eur, inventory, line_quantities, product, stock_movement

pytestmark = pytest.mark.anyio

PASSWORD = "what they all use"
PRICE, WELCOME, ON_HAND = 500, 10_000, 10


@pytest.fixture(params=["sqlite", "postgresql"])
async def shop(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Container]:
    """Yield a shop that sells tea, and audit it after the test."""
    settings = Settings(
        database_url=request.getfixturevalue(f"{request.param}_url"),
        database_schema=f"fulfilment_{uuid4().hex}",
        session_secrets=tuple(map(Secret, SECRETS)),
        currency=EUR,
        welcome_credit=WELCOME,
    )
    container = Container(settings=settings)
    container.clock.override(providers.Object(clock))
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    container.payment_gateway.override(providers.Object(MemoryPaymentGateway(clock)))
    await container.database().migrate()
    await _stock(container)
    yield container
    findings = await container.audit_shop().run(lambda _: None)
    await container.database().close()
    assert [each for finding in findings for each in finding.violations] == []


@pytest.fixture
async def ada(shop: Container) -> SessionToken:
    return await _sign_up(shop, "ada")


@pytest.fixture
async def admin(shop: Container) -> SessionToken:
    await _sign_up(shop, "root")
    await shop.role_service().grant("root@example.com", Role.ADMIN)
    command = SignIn(session=None, email="root@example.com", password=PASSWORD)
    current_session = await shop.sign_in_service().sign_in(command)
    assert current_session.new_token is not None
    return current_session.new_token


async def _stock(shop: Container) -> None:
    empty, full = inventory("TEA"), inventory("TEA", ON_HAND)
    async with shop.unit_of_work() as uow:
        uow.products.add(product("TEA"))
        uow.inventories.add(empty)
        await uow.commit()
    async with shop.unit_of_work() as uow:
        await uow.inventories.lock(["TEA"])
        uow.inventories.save(full, stock_movement(empty, full))
        await uow.commit()


async def _sign_up(shop: Container, name: str) -> SessionToken:
    command = SignUp(session=None, name=name, email=f"{name}@example.com", password=PASSWORD)
    current_session = (await shop.sign_up_service().sign_up(command)).current_session
    assert current_session.new_token is not None
    return current_session.new_token


async def _buy(shop: Container, token: SessionToken, quantity: int, card: str | None) -> UUID:
    command = PlaceOrder(
        session=token,
        key="key-of-order",
        cart=Cart.of([LineQuantity(sku="TEA", quantity=quantity)]),
        card=card,
        expected_total=None,
    )
    return (await shop.checkout().place(command)).unwrap().order.id


def _ship(shop: Container, admin: SessionToken, order_id: UUID, quantity: int) -> Awaitable[object]:
    command = RecordShipmentEvent(
        session=admin,
        order_id=order_id,
        kind=ShipmentEventKind.SHIPPED,
        lines=line_quantities(TEA=quantity),
    )
    return shop.fulfil_orders().record(command)


async def _refund(
    shop: Container, admin: SessionToken, order_id: UUID, key: str, *, lines: int
) -> object:
    request = RefundRequest(
        lines=line_quantities(TEA=lines) if lines else (),
        shipping=False,
        amount=None if lines else eur(PRICE),
        to=None,
        reason="Broken",
        restock=lines > 0,
    )
    command = RefundOrder(session=admin, key=key, order_id=order_id, refund_request=request)
    return (await shop.refund_orders().refund(command)).unwrap()


async def _order_state(shop: Container, order_id: UUID) -> tuple[OrderStatus, PaymentStatus]:
    async with shop.snapshot() as uow:
        order = (await uow.orders.get_many([order_id]))[order_id]
        payment = (await uow.payments.for_orders([order_id]))[order_id]
    return order.status, payment.status


async def test_concurrent_shipments_and_refunds_never_exceed_the_order(
    shop: Container, ada: SessionToken, admin: SessionToken
) -> None:
    order_id = await _buy(shop, ada, 4, None)
    cancel = CancelOrder(session=ada, order_id=order_id)

    responses = await asyncio.gather(
        *(_ship(shop, admin, order_id, 1) for _ in range(3)),
        *(_refund(shop, admin, order_id, f"by-line-{n}", lines=1) for n in range(3)),
        *(_refund(shop, admin, order_id, f"amount-{n}", lines=0) for n in range(3)),
        *(shop.cancel_orders().cancel(cancel) for _ in range(2)),
        return_exceptions=True,
    )

    rejections = [each for each in responses if isinstance(each, BaseException)]
    assert all(isinstance(each, ShopError) for each in rejections), rejections
    kinds = Counter(type(each).__name__ for each in responses)
    if kinds["CancelledOrder"]:
        assert (kinds["CancelledOrder"], kinds["ShipmentEvent"], kinds["Refund"]) == (1, 0, 0)
    else:
        assert kinds["Refund"] == 4
        assert await _order_state(shop, order_id) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)


async def test_one_key_refunds_once_under_concurrent_requests(
    shop: Container, ada: SessionToken, admin: SessionToken
) -> None:
    order_id = await _buy(shop, ada, 2, None)

    refunds = await asyncio.gather(
        *(_refund(shop, admin, order_id, "the-same-key", lines=1) for _ in range(8))
    )

    assert all(each == refunds[0] for each in refunds)
    async with shop.snapshot() as uow:
        assert len((await uow.refunds.for_orders([order_id]))[order_id]) == 1
        assert (await uow.inventories.get_many(["TEA"]))["TEA"].on_hand == ON_HAND - 1


async def test_pieces_with_a_discount_are_refunded_at_once_to_what_was_paid(
    shop: Container, ada: SessionToken, admin: SessionToken
) -> None:
    less = promotion(Amount(amount=eur(7)))
    await shop.rule_service().put(PutRule(session=admin, rule=less))
    order_id = await _buy(shop, ada, 4, None)

    await asyncio.gather(
        *(_refund(shop, admin, order_id, f"by-line-{n}", lines=1) for n in range(4))
    )

    async with shop.snapshot() as uow:
        refunds = (await uow.refunds.for_orders([order_id]))[order_id]
    # The discount of 7 is 1, 2, 2, 2.
    assert [each.amount for each in refunds] == [eur(PRICE - off) for off in (1, 2, 2, 2)]
    assert await _order_state(shop, order_id) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)


async def test_card_is_refunded_each_part_once(
    shop: Container, ada: SessionToken, admin: SessionToken, clock: FakeClock
) -> None:
    order_id = await _buy(shop, ada, 2, "tok_visa")
    await shop.worker().drain()
    await asyncio.gather(
        *(_refund(shop, admin, order_id, f"key-{n:04}", lines=1) for n in range(2))
    )
    for _ in range(2):
        await asyncio.gather(*(shop.payment_job_runner().run_due() for _ in range(2)))
        clock.advance(timedelta(minutes=10))

    found = await shop.payment_gateway().find_payment(order_id)
    assert found is not None
    assert found.refunded == eur(2 * PRICE)
    async with shop.snapshot() as uow:
        refunds = (await uow.refunds.for_orders([order_id]))[order_id]
        assert await uow.jobs.next_due(list(JobKind)) is None
    assert {(each.to, each.status) for each in refunds} == {
        (PaymentMethod.CARD, RefundStatus.SUCCEEDED)
    }


async def test_unshipped_rest_is_refunded_and_the_shipped_part_delivered(
    shop: Container, ada: SessionToken, admin: SessionToken
) -> None:
    order_id = await _buy(shop, ada, 2, None)
    await _ship(shop, admin, order_id, 1)
    delivery = RecordShipmentEvent(
        session=admin, order_id=order_id, kind=ShipmentEventKind.DELIVERED, lines=()
    )
    await shop.fulfil_orders().record(delivery)

    await _refund(shop, admin, order_id, "key-0001", lines=1)

    assert await _order_state(shop, order_id) == (OrderStatus.DELIVERED, PaymentStatus.CAPTURED)
