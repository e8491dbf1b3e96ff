"""Card orders during commits and captures whose outcome is unknown."""

from datetime import timedelta

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.jobs.retry_policy import MAX_FAILURES
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from shop.domain.inventory import OutOfStock
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from tests.application.checkout.card_orders import order_state, pay
from tests.application.memory_shop import MemoryShop, place_order

pytestmark = pytest.mark.anyio


class TestTheShop:
    async def test_reserves_no_more_than_its_stock(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 3)
        for key in ("key-0001", "key-0002"):
            await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_visa", key=key))
        with pytest.raises(OutOfStock):
            await shop.check_out(
                place_order(ada_token, ("TEA", 2), card="tok_visa", key="key-0003")
            )
        assert shop.stock_of("TEA") == (5, 4)

    @pytest.mark.parametrize("place", ["commit", "committed"])
    @pytest.mark.parametrize("nth", [0, 1])
    async def test_charges_once_whichever_commit_outcome_is_unknown(
        self, shop: MemoryShop, ada_token: SessionToken, place: str, nth: int
    ) -> None:
        fine = [("never", CommitOutcomeUnknown())] * nth
        shop.faults.plan(*fine, (place, CommitOutcomeUnknown("no answer")))

        placed = await pay(shop, ada_token)

        assert placed.order.status is OrderStatus.PAID
        await shop.run_jobs()
        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert len(shop.state.orders.rows) == 1

    @pytest.mark.parametrize(
        "later_faults",
        [
            [("enter", DatabaseUnavailable("gone"))],
            [
                ("committed", CommitOutcomeUnknown("no answer")),
                ("never", DatabaseUnavailable()),
                ("idempotency_keys.claim", DatabaseUnavailable("gone")),
            ],
        ],
        ids=["completion-fails", "replay-after-a-lost-commit-fails"],
    )
    async def test_does_not_claim_that_nothing_was_changed_once_the_order_is_placed(
        self,
        shop: MemoryShop,
        ada_token: SessionToken,
        later_faults: list[tuple[str, Exception]],
    ) -> None:
        shop.faults.plan(("never", DatabaseUnavailable()), *later_faults)

        with pytest.raises(CommitOutcomeUnknown):
            await pay(shop, ada_token)

        assert len(shop.state.orders.rows) == 1
        assert (await pay(shop, ada_token)).order.status is OrderStatus.PAID
        assert len(shop.state.orders.rows) == 1

    async def test_retries_the_capture_until_the_gateway_responds(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await pay(shop, ada_token)
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 5)
        for _ in range(6):
            assert shop.jobs == ["capture_payment"]
            await shop.run_jobs()
            shop.clock.advance(timedelta(minutes=10))

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.jobs == []

    async def test_marks_a_job_dead_after_many_attempts_until_an_operator_retries_it(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await pay(shop, ada_token)
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * MAX_FAILURES)
        for _ in range(MAX_FAILURES):
            await shop.run_jobs()
            shop.clock.advance(timedelta(minutes=10))
        assert shop.jobs == ["capture_payment (dead)"]
        assert await shop.run_jobs() == 0

        (dead,) = await shop.container.job_service().list(dead_only=True)
        assert dead.last_error == "GatewayOutcomeUnknown: no response in time"
        assert await shop.container.job_service().retry_dead() == 1
        await shop.run_jobs()

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)


async def test_capture_with_an_error_response_is_found_by_a_lookup(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    await pay(shop, ada_token)
    shop.gateway.script(*[ScriptedResult.TIMEOUT_AFTER] * MAX_FAILURES)

    await shop.run_jobs()

    assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
    assert shop.jobs == []
