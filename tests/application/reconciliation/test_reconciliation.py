"""Reconciliation reports every discrepancy, and queues a job if a job can repair it."""

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
from tests.application.memory_shop import MemoryShop, place_order
from tests.application.reconciliation.payment_scenarios import (
    A_WHILE,
    NOT_REPAIRABLE,
    REPAIRABLE,
    PaymentScenario,
    Scenario,
    cancelled_but_authorised,
    job_dead,
    never_captured,
)
from tests.factories import NOW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scenario(shop: MemoryShop, admin: SessionToken) -> PaymentScenario:
    del admin
    return PaymentScenario(shop, await shop.customer("ada"))


class TestARepairableDiscrepancy:
    @pytest.mark.parametrize(("fault", "kind", "job"), REPAIRABLE)
    async def test_is_reported_once_and_repaired(
        self, scenario: PaymentScenario, fault: Scenario, kind: str, job: JobKind
    ) -> None:
        await fault(scenario)

        found = await scenario.reconcile()

        assert [(each.discrepancy.kind, each.is_repaired) for each in found] == [(kind, True)]
        assert list(scenario.shop.state.jobs.rows) == [
            JobId(kind=job, subject_id=UUID(str(found[0].discrepancy.facts["reference"])))
        ]
        assert await scenario.reconcile() == []
        await scenario.run_jobs_repeatedly()
        assert await scenario.reconcile() == []
        assert scenario.shop.jobs == []
        assert await scenario.shop.audit_violations() == []

    @pytest.mark.parametrize(("fault", "kind", "job"), REPAIRABLE)
    async def test_is_only_reported_by_a_dry_run(
        self, scenario: PaymentScenario, fault: Scenario, kind: str, job: JobKind
    ) -> None:
        await fault(scenario)
        before = scenario.shop.state, dict(scenario.shop.gateway._payments)

        found = await scenario.reconcile(is_dry_run=True)

        assert [
            (each.discrepancy.kind, each.discrepancy.job, each.is_repaired) for each in found
        ] == [(kind, job, False)]
        assert (scenario.shop.state, scenario.shop.gateway._payments) == before

    async def test_is_none_while_a_job_is_due(self, scenario: PaymentScenario) -> None:
        await scenario.pay("tok_timeout_after", key="key-0001")
        await scenario.pay(key="key-0002")

        assert await scenario.reconcile() == []
        assert (await scenario.audit()).holds

    async def test_is_not_repaired_if_it_has_disappeared(
        self, scenario: PaymentScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await cancelled_but_authorised(scenario)
        write = scenario.shop.container.transaction_runner().write

        async def later(*arguments: object, **options: object) -> object:
            await scenario.set_payment_status(
                next(iter(scenario.shop.state.orders.rows)), PaymentStatus.AUTHORISED
            )
            return await write(*arguments, **options)  # type: ignore[arg-type]  # As they came.

        monkeypatch.setattr(scenario.shop.container.transaction_runner(), "write", later)
        await scenario.reconcile()

        assert scenario.shop.jobs == []


class TestADiscrepancyForAnOperator:
    @pytest.mark.parametrize(("fault", "kind"), NOT_REPAIRABLE)
    async def test_is_reported_and_not_repaired(
        self, scenario: PaymentScenario, fault: Scenario, kind: str
    ) -> None:
        await fault(scenario)
        before = scenario.shop.state, dict(scenario.shop.gateway._payments)

        for _ in range(2):
            (found,) = await scenario.reconcile()
            assert (found.discrepancy.kind, found.is_repaired) == (kind, False)
            assert found.discrepancy.advice
        assert (scenario.shop.state, scenario.shop.gateway._payments) == before

    @pytest.mark.parametrize(("fault", "kind"), NOT_REPAIRABLE)
    async def test_violates_the_gateway_invariant(
        self, scenario: PaymentScenario, fault: Scenario, kind: str
    ) -> None:
        await fault(scenario)

        finding = await scenario.audit()

        assert finding.invariant.number == 9
        assert [each.rule for each in finding.violations] == [kind]
        assert not finding.holds


class TestTheComparison:
    async def test_finds_nothing_without_card_payments(self, scenario: PaymentScenario) -> None:
        await scenario.shop.place(place_order(scenario.token, ("TEA", 1)))

        assert await scenario.reconcile() == []
        assert (await scenario.audit()).holds

    @pytest.mark.parametrize("at_once", [1, 2, 3, 7])
    async def test_covers_every_page(
        self, scenario: PaymentScenario, monkeypatch: pytest.MonkeyPatch, at_once: int
    ) -> None:
        monkeypatch.setattr("shop.application.reconciliation.comparison.MAX_PAYMENTS", at_once)
        await scenario.shop.add_products(await scenario.shop.sign_in("root"), TEA=20)
        for number in range(7):
            await scenario.pay(key=f"key-{number:04}")
            if number % 2:
                scenario.shop.clock.advance(timedelta(seconds=1))
        await scenario.shop.run_jobs()
        for number in range(7, 10):
            await scenario.pay(key=f"key-{number:04}")
        await scenario.lose_jobs()
        lost = [each for each in scenario.shop.gateway._payments if each in {"pay_2", "pay_3"}]
        for each in lost:
            del scenario.shop.gateway._payments[each]

        found = await scenario.reconcile()

        assert sorted(each.discrepancy.kind for each in found) == [
            *["gateway-authorised-shop-authorised"] * 3,
            *["gateway-unknown-shop-captured"] * 2,
        ]
        assert len({each.discrepancy.facts["reference"] for each in found}) == 5

    async def test_covers_a_time_range(self, scenario: PaymentScenario) -> None:
        await never_captured(scenario)
        scenario.shop.clock.advance(timedelta(days=8))

        assert await scenario.reconcile() == []
        assert await scenario.audit() == replace(await scenario.audit(), violations=[])
        command = Reconcile(since=NOW, until=NOW + A_WHILE, is_dry_run=True)
        reconciling = scenario.shop.container.reconcile_payments()
        assert len([each async for each in reconciling.reconcile(command)]) == 1

    async def test_finds_a_payment_made_long_after_its_order(
        self, scenario: PaymentScenario
    ) -> None:
        scenario.shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
        await scenario.pay()
        scenario.shop.clock.advance(A_WHILE)
        await scenario.run_jobs_repeatedly()
        assert scenario.gateway_payment.is_captured

        command = Reconcile(since=NOW, until=NOW + timedelta(seconds=1), is_dry_run=True)
        reconciling = scenario.shop.container.reconcile_payments()
        assert [each async for each in reconciling.reconcile(command)] == []

    async def test_rechecks_before_it_reports(
        self, scenario: PaymentScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scenario.pay()
        payments = scenario.shop.gateway.list_payments

        async def meanwhile(*span: object) -> object:
            async for each in payments(*span):  # type: ignore[arg-type]  # As it came.
                yield each
            await scenario.shop.run_jobs()

        monkeypatch.setattr(scenario.shop.gateway, "list_payments", meanwhile)

        assert await scenario.reconcile() == []
        assert scenario.shop.jobs == []

    async def test_fails_while_the_gateway_does_not_respond(
        self, scenario: PaymentScenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await never_captured(scenario)

        def silent(*_: object) -> None:
            raise GatewayOutcomeUnknown("no answer")

        monkeypatch.setattr(scenario.shop.gateway, "list_payments", silent)

        with pytest.raises(GatewayOutcomeUnknown):
            await scenario.reconcile()
        finding = await scenario.audit()
        assert finding.unchecked_reason == "the gateway's records cannot be read: no answer"
        assert (finding.violations, finding.holds) == ([], False)
        assert scenario.shop.jobs == []


async def test_order_with_a_dead_capture_job_stays_paid(scenario: PaymentScenario) -> None:
    await job_dead(scenario)
    (order,) = scenario.shop.state.orders.rows.values()
    assert order.status is OrderStatus.PAID
    assert await scenario.shop.container.job_service().retry_dead() == 1

    assert await scenario.reconcile() == []
    await scenario.run_jobs_repeatedly()
    assert await scenario.shop.audit_violations() == []
