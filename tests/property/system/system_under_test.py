"""A whole shop on a storage, which executes actions and returns plain values."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.payments.card_payments import PaymentOutcome
from shop.application.payments.payment_policy import TimedOut
from shop.application.ports.payment_gateway import Approved, Declined
from shop.application.ports.unit_of_work import UnitOfWorkFactory
from shop.domain.payment import PaymentMethod
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.entrypoints.container import Container
from tests.factories import NOW, Claim, claim_keys
from tests.property import actions
from tests.property.model.rejection import Outcome
from tests.property.system.action_executor import ActionExecutor, ControlledAdapters
from tests.property.system.stored_state import StoredState, StoredStateReader

TIMING_RULES = {"job-is-overdue", "pending-past-expiry", "deposit-past-expiry"}
"""Rules that hold once all jobs have run: without a worker, jobs wait."""


class ShopUnderTest(ActionExecutor):
    """The use cases behind a container, and what is stored behind them."""

    def __init__(
        self,
        container: Container,
        adapters: ControlledAdapters,
        new_unit_of_work: UnitOfWorkFactory,
        empty: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(container, adapters)
        self.new_unit_of_work = new_unit_of_work
        self._empty = empty

    async def reset(self) -> None:
        """Clear the storage."""
        await self._empty()
        self._reset()

    @property
    def _state_reader(self) -> StoredStateReader:
        return StoredStateReader(self._normaliser, self._ids.generated)

    async def place_orders(
        self, group: Sequence[tuple[int | None, actions.Order]]
    ) -> list[Outcome]:
        """Place these orders in one unit of work."""
        commands = [self._place_order_command(token, action) for token, action in group]
        replies = await self.container.place_orders().place(commands)
        return [self._normaliser.result(each, self._normaliser.placed) for each in replies]

    async def complete_orders(
        self, group: Sequence[tuple[int | None, actions.CompleteOrder]]
    ) -> list[Outcome]:
        """End those of these orders that wait for a card, or did, in one unit of work."""
        async with self.container.snapshot() as uow:
            orders = await uow.orders.get_many(self._normaliser.orders)
            payments = await uow.payments.for_orders(orders)
        commands: list[CompleteOrder] = []
        for token, action in group:
            order_id = self._normaliser.order_id(action.order)
            if order_id in orders and orders[order_id].payment_method is PaymentMethod.CARD:
                command = CompleteOrder(
                    order=orders[order_id],
                    payment=payments[order_id],
                    payment_outcome=_payment_outcome(action),
                    session=self._normaliser.token(token),
                )
                commands.append(command)
        completed = await self.container.complete_orders().complete(commands)
        return [self._normaliser.completed(each) for each in completed]

    async def transfer_group(
        self, group: Sequence[tuple[int | None, actions.Transfer]]
    ) -> list[Outcome]:
        """Make these transfers in one unit of work."""
        commands = [self._transfer_command(token, action) for token, action in group]
        replies = await self.container.transfer_service().make(commands)
        return [self._normaliser.result(each, self._normaliser.transferred) for each in replies]

    async def audit_violations(self) -> list[str]:
        """Return the violations of the audit, except what is only late."""
        findings = await self.container.audit_shop().run(lambda _: None)
        return [
            str(violation)
            for finding in findings
            for violation in finding.violations
            if violation.rule not in TIMING_RULES
        ]

    async def read_state(self) -> StoredState:
        """Look at everything that is stored now."""
        gateway_payments = await self.gateway.all_payments()
        async with self.container.snapshot() as uow:
            return await self._state_reader.read(uow, gateway_payments)

    async def stored(self) -> Outcome:
        """Tell everything that is stored now."""
        return (await self.read_state()).stored

    async def stored_records(self, keys: Collection[str]) -> dict[str, object]:
        """Return all orders, payments and transfers, and what is known of these keys, as it is."""
        claims = [
            Claim(id=IdempotencyKey(user_id=user_id, value=key), fingerprint="", created_at=NOW)
            for user_id in self._normaliser.users
            for key in keys
        ]
        async with self.new_unit_of_work() as uow:
            return {
                "keys": await claim_keys(uow, claims),
                "orders": await uow.orders.get_many(self._ids.generated),
                "histories": [await uow.orders.history(each) for each in self._normaliser.orders],
                "payments": await uow.payments.for_orders(self._ids.generated),
                "deposits": await uow.deposits.get_many(self._ids.generated),
                "jobs": await self._state_reader.jobs(uow),
                "transfers": await uow.transfers.get_many(self._ids.generated),
            }


def _payment_outcome(action: actions.CompleteOrder) -> PaymentOutcome:
    match action.outcome:
        case "approved":
            return Approved(payment_id=f"pay of {action.order}")
        case "declined":
            return Declined(reason="declined")
        case _:
            return TimedOut()
