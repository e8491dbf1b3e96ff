"""What a shop is asked when somebody does a deed, and what came of it in plain values."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import singledispatchmethod
from uuid import UUID

from shop.application.catalogue.products import PutProduct
from shop.application.checkout.cart import PutCartLine, RemoveCartLine
from shop.application.checkout.place_orders import PlaceOrder
from shop.application.identity.sessions import SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.inventory.adjustments import AdjustStock
from shop.application.ledger.deposits import MakeDeposit
from shop.application.ledger.transfers import GrantCredit, MakeTransfer
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.payment_gateway import GatewayOutcomeUnknown, GatewayRejected
from shop.application.ports.repositories.jobs import Job
from shop.domain.cart import Cart, CartLine
from shop.domain.shared.errors import ShopError
from shop.domain.user import Role
from shop.entrypoints.container import Container
from tests.factories import NOW, eur
from tests.property import deeds
from tests.property.answers import NOBODYS, Answers, number, refusal, reply, seconds
from tests.property.books import Outcome
from tests.property.deeds import Deed
from tests.property.gateways import a_notice, in_an_envelope
from tests.property.parts import Parts
from tests.property.sightings import Sighting
from tests.property.workers import SteadyWorker


@dataclass(slots=True)
class _Waiting:
    """Who waits for the gateway, for one of which list, and what goes on in the meantime."""

    numbered: list[UUID] | None = None
    token: int | None = None
    due: Sequence[Deed] = ()
    seen: list[Sighting] = field(default_factory=list)


class Doings:
    """The use cases behind a container, asked for one deed at a time."""

    def __init__(self, container: Container, parts: Parts) -> None:
        self.container = container
        self.clock, self.gateway = parts.clock, parts.gateway
        self._ids = parts.ids
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._ids.restart()
        self.clock.advance(NOW - self.clock.now())
        self.gateway.reset()
        self.gateway.meanwhile = self._meanwhile
        self._answers = Answers()
        self._accounts: dict[str, UUID] = {}
        self._asleep_over: Sequence[Job] = ()
        self._waiting = _Waiting()

    async def do(self, token: int | None, deed: Deed) -> Outcome:
        """Do it; tell what came of it, or why it was refused."""
        try:
            return await self._do(deed, token)
        except ShopError as error:
            return refusal(error)
        except GatewayOutcomeUnknown:
            return {"silent": True}

    async def watch(self, token: int | None, deed: Deed) -> Sighting:
        """Do it; tell all that was seen."""
        outer = self.gateway.words, self._waiting
        self.gateway.words, self._waiting = [], _Waiting()
        outcome = await self.do(token, deed)
        seen = Sighting(
            outcome=outcome,
            heard=self._answers.heard(self.gateway.words),
            meanwhile=self._waiting.seen,
            now=seconds(self.clock.now()),
        )
        self.gateway.words, self._waiting = outer
        return seen

    @property
    def _worker(self) -> SteadyWorker:
        worker = self.container.payment_job_runner()
        assert isinstance(worker, SteadyWorker)
        return worker

    def _begin(self, numbered: list[UUID], token: int | None, card: deeds.Card) -> None:
        """Note what goes on while the gateway is asked for the card."""
        self.gateway.next_fates = card.fates
        self._waiting = _Waiting(numbered, token, card.meanwhile)

    async def _meanwhile(self, reference: UUID) -> None:
        waiting = self._waiting
        if waiting.numbered is not None:
            number(waiting.numbered, reference)
        due, waiting.due = waiting.due, ()
        waiting.seen += [await self.watch(waiting.token, deed) for deed in due]

    def _order_of(self, token: int | None, deed: deeds.Order) -> PlaceOrder:
        return PlaceOrder(
            session=self._answers.token(token),
            key=deed.key,
            cart=None if deed.lines is None else _cart(deed.lines),
            card=None if deed.card is None else deed.card.token,
            expected_total=None if deed.expected is None else eur(deed.expected),
        )

    def _transfer_of(self, token: int | None, deed: deeds.Pass) -> MakeTransfer:
        return MakeTransfer(
            session=self._answers.token(token),
            key=deed.key,
            to=deed.to,
            amount=eur(deed.amount),
            note=deed.note,
        )

    @singledispatchmethod
    async def _do(self, deed: Deed, token: int | None) -> Outcome:
        raise NotImplementedError(deed, token)

    @_do.register
    async def _sign_up(self, deed: deeds.SignUp, token: int | None) -> Outcome:
        command = SignUp(
            session=self._answers.token(token),
            name="Somebody",
            email=deed.email,
            password=deed.password,
        )
        done = await self.container.account_service().sign_up(command)
        self._answers.users[done.user.id] = done.user.email
        self._accounts[done.user.email] = done.account.id
        return {"balance": done.account.balance.amount, **self._answers.visit(done.current_session)}

    @_do.register
    async def _sign_in(self, deed: deeds.SignIn, token: int | None) -> Outcome:
        session = self._answers.token(token)
        command = SignIn(session=session, email=deed.email, password=deed.password)
        return self._answers.visit(await self.container.session_service().sign_in(command))

    @_do.register
    async def _sign_out(self, _: deeds.SignOut, token: int | None) -> Outcome:
        await self.container.session_service().sign_out(self._answers.token(token))
        return {}

    @_do.register
    async def _enter(self, _: deeds.Enter, token: int | None) -> Outcome:
        visit = await self.container.session_service().authenticate(self._answers.token(token))
        return {"visit": None} if visit is None else self._answers.visit(visit)

    @_do.register
    async def _put_into_cart(self, deed: deeds.PutIntoCart, token: int | None) -> Outcome:
        session = self._answers.token(token)
        command = PutCartLine(session=session, sku=deed.sku, quantity=deed.quantity)
        return self._answers.cart(await self.container.cart_service().put(command))

    @_do.register
    async def _take_out_of_cart(self, deed: deeds.TakeOutOfCart, token: int | None) -> Outcome:
        command = RemoveCartLine(session=self._answers.token(token), sku=deed.sku)
        return self._answers.cart(await self.container.cart_service().remove(command))

    @_do.register
    async def _clear_cart(self, _: deeds.ClearCart, token: int | None) -> Outcome:
        return self._answers.cart(
            await self.container.cart_service().clear(self._answers.token(token))
        )

    @_do.register
    async def _order(self, deed: deeds.Order, token: int | None) -> Outcome:
        command = self._order_of(token, deed)
        if deed.card is not None:
            self._begin(self._answers.orders, token, deed.card)
        return reply(await self.container.checkout().place(command), self._answers.placed)

    @_do.register
    async def _deposit(self, deed: deeds.Deposit, token: int | None) -> Outcome:
        self._begin(self._answers.deposits, token, deed.card)
        command = MakeDeposit(
            session=self._answers.token(token),
            key=deed.key,
            amount=eur(deed.amount),
            card=deed.card.token,
        )
        return reply(await self.container.deposit_service().make(command), self._answers.deposited)

    @_do.register
    async def _authenticate(self, deed: deeds.Authenticate, _: int | None) -> Outcome:
        with suppress(GatewayRejected):
            await self.gateway.authenticate(f"pay_{deed.payment}", approved=deed.approved)
        return {}

    @_do.register
    async def _notify(self, deed: deeds.Notify, _: int | None) -> Outcome:
        notice = a_notice(deed.notice, self._answers.order_id(deed.order))
        await self.container.handle_gateway_events().handle(in_an_envelope(notice), {})
        return {}

    @_do.register
    async def _outage(self, deed: deeds.Outage, _: int | None) -> Outcome:
        self.gateway.is_down = deed.begins
        return {}

    @_do.register
    async def _work(self, deed: deeds.Work, token: int | None) -> Outcome:
        self._waiting = _Waiting(None, token, deed.meanwhile)
        await self._worker.run_due()
        return {}

    @_do.register
    async def _fall_asleep(self, _: deeds.FallAsleep, __: int | None) -> Outcome:
        self._asleep_over = [*self._asleep_over, *await self._worker.take()]
        return {}

    @_do.register
    async def _wake_up(self, _: deeds.WakeUp, __: int | None) -> Outcome:
        jobs, self._asleep_over = self._asleep_over, []
        await self._worker.do_late(jobs)
        return {}

    @_do.register
    async def _elapse(self, deed: deeds.Elapse, _: int | None) -> Outcome:
        self.clock.advance(timedelta(seconds=deed.seconds))
        return {}

    @_do.register
    async def _pass(self, deed: deeds.Pass, token: int | None) -> Outcome:
        made = await self.container.transfer_service().make([self._transfer_of(token, deed)])
        return reply(made[0], self._answers.moved)

    @_do.register
    async def _credit(self, deed: deeds.Credit, token: int | None) -> Outcome:
        command = GrantCredit(
            session=self._answers.token(token),
            key=deed.key,
            account_id=self._accounts.get(deed.email, NOBODYS),
            amount=eur(deed.amount),
            reason=deed.reason,
        )
        return reply(
            await self.container.transfer_service().grant_credit(command), self._answers.moved
        )

    @_do.register
    async def _cancel(self, deed: deeds.Cancel, token: int | None) -> Outcome:
        order_id = self._answers.order_id(deed.order)
        command = CancelOrder(session=self._answers.token(token), order_id=order_id)
        return self._answers.cancelled(await self.container.cancel_orders().cancel(command))

    @_do.register
    async def _put_product(self, deed: deeds.PutProduct, token: int | None) -> Outcome:
        command = PutProduct(
            session=self._answers.token(token),
            sku=deed.sku,
            name=f"The {deed.sku}",
            description="",
            price=eur(deed.price),
            active=deed.active,
            image_url=None,
        )
        done = await self.container.product_service().put(command)
        return {
            "price": done.available_product.product.price.amount,
            "available": done.available_product.available,
            "is_new": done.is_new,
        }

    @_do.register
    async def _count(self, deed: deeds.Count, token: int | None) -> Outcome:
        session = self._answers.token(token)
        command = AdjustStock(session=session, sku=deed.sku, delta=deed.delta, reason=deed.reason)
        after = await self.container.inventory_service().adjust(command)
        return {"on_hand": after.on_hand, "reserved": after.reserved}

    @_do.register
    async def _promote(self, deed: deeds.Promote, _: int | None) -> Outcome:
        user = await self.container.role_service().grant(deed.email, Role.ADMIN)
        return {"user": user.email, "admin": Role.ADMIN in user.roles}

    @_do.register
    async def _sweep(self, _: deeds.Sweep, __: int | None) -> Outcome:
        return {"swept": await self.container.session_service().purge_expired()}

    @_do.register
    async def _sweep_keys(self, _: deeds.SweepKeys, __: int | None) -> Outcome:
        return {"swept": await self.container.purge_idempotency_keys().purge()}


def _cart(lines: Sequence[deeds.Line]) -> Cart:
    return Cart.of(CartLine(sku=sku, quantity=quantity) for sku, quantity in lines)
