"""A whole shop on some storage, which does deeds and tells in plain values what came of them."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.payments.card_payments import PaymentOutcome
from shop.application.payments.payment_policy import TimedOut
from shop.application.ports.payment_gateway import Approved, Declined
from shop.application.ports.repositories.idempotency_keys import Claim, IdempotencyKey
from shop.application.ports.unit_of_work import UnitOfWorkFactory
from shop.domain.payment import PaymentMethod
from shop.entrypoints.container import Container
from tests.factories import NOW
from tests.property import deeds
from tests.property.answers import reply
from tests.property.books import Outcome
from tests.property.doings import Doings
from tests.property.gateways import a_notice
from tests.property.parts import Parts
from tests.property.stocktaking import Stock, Stocktaking

RULES_OF_TIME = {"job-is-overdue", "pending-past-expiry", "deposit-past-expiry"}
"""What is kept once all is quiet: jobs may wait for as long as nobody works."""


class Shop(Doings):
    """The use cases behind a container, and what is stored behind them."""

    def __init__(
        self,
        container: Container,
        parts: Parts,
        new_unit_of_work: UnitOfWorkFactory,
        empty: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(container, parts)
        self.new_unit_of_work = new_unit_of_work
        self._empty = empty

    async def reset(self) -> None:
        """Begin anew, with nothing stored."""
        await self._empty()
        self._begin_anew()

    @property
    def _stocktaking(self) -> Stocktaking:
        return Stocktaking(self._answers, self._ids.given)

    async def order(self, group: Sequence[tuple[int | None, deeds.Order]]) -> list[Outcome]:
        """Place these orders in one unit of work."""
        commands = [self._order_of(token, deed) for token, deed in group]
        replies = await self.container.place_orders().place(commands)
        return [reply(each, self._answers.placed) for each in replies]

    async def finish(self, group: Sequence[tuple[int | None, deeds.Finish]]) -> list[Outcome]:
        """End those of these orders that wait for a card, or did, in one unit of work."""
        async with self.container.snapshot() as uow:
            orders = await uow.orders.get_many(self._answers.orders)
            payments = await uow.payments.for_orders(orders)
        commands: list[CompleteOrder] = []
        for token, deed in group:
            order_id = self._answers.order_id(deed.order)
            if order_id in orders and orders[order_id].payment_method is PaymentMethod.CARD:
                command = CompleteOrder(
                    order=orders[order_id],
                    payment=payments[order_id],
                    payment_outcome=_ending(deed),
                    session=self._answers.token(token),
                    gateway_event=None if deed.notice is None else a_notice(deed.notice, order_id),
                )
                commands.append(command)
        finished = await self.container.complete_orders().complete(commands)
        return [self._answers.finished(each) for each in finished]

    async def transfer(self, group: Sequence[tuple[int | None, deeds.Pass]]) -> list[Outcome]:
        """Make these transfers in one unit of work."""
        commands = [self._transfer_of(token, deed) for token, deed in group]
        replies = await self.container.transfer_service().make(commands)
        return [reply(each, self._answers.moved) for each in replies]

    async def findings(self) -> list[str]:
        """Tell what the audit finds, but for what is only late."""
        findings = await self.container.audit_shop().run(lambda _: None)
        return [
            str(violation)
            for finding in findings
            for violation in finding.violations
            if violation.rule not in RULES_OF_TIME
        ]

    async def look(self) -> Stock:
        """Look at everything that is stored now."""
        books = await self.gateway.books()
        async with self.container.snapshot() as uow:
            return await self._stocktaking.take(uow, books)

    async def stored(self) -> Outcome:
        """Tell everything that is stored now."""
        return (await self.look()).stored

    async def books(self, keys: Collection[str]) -> dict[str, object]:
        """Return all orders, payments and transfers, and what is known of these keys, as it is."""
        claims = [
            Claim(id=IdempotencyKey(user_id=user_id, key=key), fingerprint="", created_at=NOW)
            for user_id in self._answers.users
            for key in keys
        ]
        async with self.new_unit_of_work() as uow:
            return {
                "keys": await uow.idempotency_keys.claim(claims),
                "orders": await uow.orders.get_many(self._ids.given),
                "histories": [await uow.orders.history(each) for each in self._answers.orders],
                "payments": await uow.payments.for_orders(self._ids.given),
                "deposits": await uow.deposits.get_many(self._ids.given),
                "jobs": await self._stocktaking.jobs(uow),
                "transfers": await uow.transfers.get_many(self._ids.given),
            }


def _ending(deed: deeds.Finish) -> PaymentOutcome:
    match deed.ending:
        case "approved":
            return Approved(payment_id=f"pay of {deed.order}")
        case "declined":
            return Declined(reason="declined")
        case _:
            return TimedOut()
