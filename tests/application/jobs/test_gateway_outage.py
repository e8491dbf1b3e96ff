"""The gateway is down for an hour: the shop goes on, and all is well once it is back."""

from collections import Counter
from datetime import timedelta

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.ports.payment_gateway import GatewayOutcomeUnknown
from shop.application.reconciliation.audit import Finding
from shop.application.reconciliation.repair import Reconcile
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentExpired
from tests.application.memory_shop import MemoryShop, place_order
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.factories import NOW

pytestmark = pytest.mark.anyio

A_MINUTE = timedelta(minutes=1)
CALLS = ("authorise", "capture", "void", "refund", "find_payment", "list_payments")


def _silent(*_: object, **__: object) -> None:
    raise GatewayOutcomeUnknown("connection refused")


async def _failed_findings(shop: MemoryShop) -> list[Finding]:
    findings = await shop.container.audit_shop().run(lambda _: None)
    return [finding for finding in findings if not finding.holds]


async def test_gateway_outage_leaves_nothing_for_the_operator(clock: FakeClock) -> None:
    # One customer stands for many.
    shop = MemoryShop(
        clock, MemoryDatabase(), SequentialIds(), pending_orders_per_customer=100, rate_limits="off"
    )
    await shop.add_products(await shop.admin(), TEA=100)
    token = await shop.customer("ada")
    # Approved, and its answer lost; paid, and not captured yet.
    await shop.check_out(place_order(token, ("TEA", 1), card="tok_timeout_after", key="key-lost"))
    await shop.check_out(place_order(token, ("TEA", 1), card="tok_visa", key="key-paid"))

    with pytest.MonkeyPatch.context() as outage:
        for call in CALLS:
            outage.setattr(shop.gateway, call, _silent)
        for minute in range(60):
            token = await shop.sign_in("ada")
            command = place_order(token, ("TEA", 1), card="tok_visa", key=f"key-{minute:04}")
            await shop.check_out(command)
            await shop.run_jobs()
            shop.clock.advance(A_MINUTE)
            assert await _failed_findings(shop) == []
        obstacle = (await shop.container.audit_gateway().run(timedelta(days=1))).unchecked_reason
        assert obstacle == "the gateway's records cannot be read: connection refused"
        with pytest.raises(PaymentExpired):
            await shop.check_out(place_order(token, ("TEA", 1), card="tok_visa", key="key-0000"))

    for _ in range(11):
        await shop.run_jobs()
        shop.clock.advance(A_MINUTE)

    assert shop.jobs == []
    assert await shop.audit_violations() == []
    reconcile = Reconcile(since=NOW, until=None, is_dry_run=True)
    reconciling = shop.container.reconcile_payments()
    assert [each async for each in reconciling.reconcile(reconcile)] == []
    ended = Counter(order.status for order in shop.state.orders.rows.values())
    payments = [each async for each in shop.gateway.list_payments(NOW, NOW + timedelta(days=1))]
    paid = sum(each.is_captured for each in payments)
    assert set(ended) == {OrderStatus.PAID, OrderStatus.EXPIRED}
    assert ended[OrderStatus.PAID] == paid
    assert ended[OrderStatus.EXPIRED] > 40
