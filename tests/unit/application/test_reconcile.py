"""The books are brought together: whatever differs is told, and repaired where a job can do it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.ports.payment_gateway import GatewayOutcomeUnknown
from shop.application.ports.repositories.jobs import JobId, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.reconciliation.repair import Reconcile
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from tests.factories import NOW
from tests.unit.application.gateway_faults import (
    A_WHILE,
    LEFT,
    REPAIRABLE,
    Desk,
    Fault,
    cancelled_and_still_held,
    given_up,
    never_captured,
)
from tests.unit.application.memory_shop import MemoryShop, place_order

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(shop: MemoryShop, admin: SessionToken) -> Desk:
    del admin
    return Desk(shop, await shop.customer("ada"))


class TestWhatAJobCanDo:
    @pytest.mark.parametrize(("fault", "kind", "job"), REPAIRABLE)
    async def test_is_found_repaired_and_found_no_more(
        self, desk: Desk, fault: Fault, kind: str, job: JobKind
    ) -> None:
        await fault(desk)

        found = await desk.reconcile()

        assert [(each.discrepancy.kind, each.is_repaired) for each in found] == [(kind, True)]
        assert list(desk.shop.state.jobs.rows) == [
            JobId(kind=job, subject_id=UUID(str(found[0].discrepancy.facts["reference"])))
        ]
        assert await desk.reconcile() == []
        await desk.settle()
        assert await desk.reconcile() == []
        assert desk.shop.jobs == []
        assert await desk.shop.findings() == []

    @pytest.mark.parametrize(("fault", "kind", "job"), REPAIRABLE)
    async def test_is_only_told_by_a_dry_run(
        self, desk: Desk, fault: Fault, kind: str, job: JobKind
    ) -> None:
        await fault(desk)
        before = desk.shop.state, dict(desk.shop.gateway._payments)

        found = await desk.reconcile(is_dry_run=True)

        assert [
            (each.discrepancy.kind, each.discrepancy.job, each.is_repaired) for each in found
        ] == [(kind, job, False)]
        assert (desk.shop.state, desk.shop.gateway._payments) == before

    async def test_is_no_difference_while_the_job_waits(self, desk: Desk) -> None:
        await desk.pay("tok_timeout_after", key="key-0001")
        await desk.pay(key="key-0002")

        assert await desk.reconcile() == []
        assert (await desk.audit()).holds

    async def test_is_not_repaired_where_somebody_was_faster(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await cancelled_and_still_held(desk)
        write = desk.shop.container.transaction_runner().write

        async def later(*arguments: object, **options: object) -> object:
            await desk.tamper(next(iter(desk.shop.state.orders.rows)), PaymentStatus.AUTHORISED)
            return await write(*arguments, **options)  # type: ignore[arg-type]  # As they came.

        monkeypatch.setattr(desk.shop.container.transaction_runner(), "write", later)
        await desk.reconcile()

        assert desk.shop.jobs == []


class TestWhatAPersonHasToDo:
    @pytest.mark.parametrize(("fault", "kind"), LEFT)
    async def test_is_told_and_left_as_it_is(self, desk: Desk, fault: Fault, kind: str) -> None:
        await fault(desk)
        before = desk.shop.state, dict(desk.shop.gateway._payments)

        for _ in range(2):
            (found,) = await desk.reconcile()
            assert (found.discrepancy.kind, found.is_repaired) == (kind, False)
            assert found.discrepancy.advice
        assert (desk.shop.state, desk.shop.gateway._payments) == before

    @pytest.mark.parametrize(("fault", "kind"), LEFT)
    async def test_breaks_the_invariant_at_the_gateway(
        self, desk: Desk, fault: Fault, kind: str
    ) -> None:
        await fault(desk)

        finding = await desk.audit()

        assert finding.invariant.number == 9
        assert [each.rule for each in finding.violations] == [kind]
        assert not finding.holds


class TestTheBooks:
    async def test_nothing_differs_where_nothing_was_paid_by_card(self, desk: Desk) -> None:
        await desk.shop.placed(place_order(desk.token, ("TEA", 1)))

        assert await desk.reconcile() == []
        assert (await desk.audit()).holds

    @pytest.mark.parametrize("at_once", [1, 2, 3, 7])
    async def test_are_compared_page_by_page(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, at_once: int
    ) -> None:
        monkeypatch.setattr("shop.application.reconciliation.comparison.MAX_PAYMENTS", at_once)
        await desk.shop.stock(await desk.shop.sign_in("root"), TEA=20)
        for number in range(7):
            await desk.pay(key=f"key-{number:04}")
            if number % 2:
                desk.shop.clock.advance(timedelta(seconds=1))
        await desk.shop.work()
        for number in range(7, 10):
            await desk.pay(key=f"key-{number:04}")
        await desk.lose_jobs()
        lost = [each for each in desk.shop.gateway._payments if each in {"pay_2", "pay_3"}]
        for each in lost:
            del desk.shop.gateway._payments[each]

        found = await desk.reconcile()

        assert sorted(each.discrepancy.kind for each in found) == [
            *["authorised-there-authorised-here"] * 3,
            *["unknown-there-captured-here"] * 2,
        ]
        assert len({each.discrepancy.facts["reference"] for each in found}) == 5

    async def test_are_compared_within_a_span(self, desk: Desk) -> None:
        await never_captured(desk)
        desk.shop.clock.advance(timedelta(days=8))

        assert await desk.reconcile() == []
        assert await desk.audit() == replace(await desk.audit(), violations=[])
        command = Reconcile(since=NOW, until=NOW + A_WHILE, is_dry_run=True)
        reconciling = desk.shop.container.reconcile_payments()
        assert len([each async for each in reconciling.reconcile(command)]) == 1

    async def test_know_a_payment_that_was_made_long_after_its_order(self, desk: Desk) -> None:
        desk.shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
        await desk.pay()
        desk.shop.clock.advance(A_WHILE)
        await desk.settle()
        assert desk.there.is_captured

        command = Reconcile(since=NOW, until=NOW + timedelta(seconds=1), is_dry_run=True)
        reconciling = desk.shop.container.reconcile_payments()
        assert [each async for each in reconciling.reconcile(command)] == []

    async def test_are_looked_at_again_before_they_differ(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await desk.pay()
        payments = desk.shop.gateway.list_payments

        async def meanwhile(*span: object) -> object:
            async for each in payments(*span):  # type: ignore[arg-type]  # As it came.
                yield each
            await desk.shop.work()

        monkeypatch.setattr(desk.shop.gateway, "list_payments", meanwhile)

        assert await desk.reconcile() == []
        assert desk.shop.jobs == []

    async def test_cannot_be_compared_while_the_gateway_is_silent(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await never_captured(desk)

        def silent(*_: object) -> None:
            raise GatewayOutcomeUnknown("no answer")

        monkeypatch.setattr(desk.shop.gateway, "list_payments", silent)

        with pytest.raises(GatewayOutcomeUnknown):
            await desk.reconcile()
        finding = await desk.audit()
        assert finding.unchecked_reason == "the gateway's books cannot be read: no answer"
        assert (finding.violations, finding.holds) == ([], False)
        assert desk.shop.jobs == []


async def test_an_order_whose_capture_was_given_up_is_paid_all_the_same(desk: Desk) -> None:
    await given_up(desk)
    (order,) = desk.shop.state.orders.rows.values()
    assert order.status is OrderStatus.PAID
    assert await desk.shop.container.job_service().retry_dead() == 1

    assert await desk.reconcile() == []
    await desk.settle()
    assert await desk.shop.findings() == []
