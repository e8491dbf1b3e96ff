"""Translates actions into commands, and results into plain values."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import singledispatchmethod
from uuid import UUID

from shop.application.catalogue.product_changes import PutProduct
from shop.application.checkout.cart import PutCartLine, RemoveCartLine
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.identity.sign_in import SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.inventory.adjustments import AdjustStock
from shop.application.ledger.deposits import MakeDeposit
from shop.application.ledger.transfer_batch import GrantCredit, MakeTransfer
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.payment_gateway import GatewayOutcomeUnknown, GatewayRejected
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.pricing.rule_documents import DeleteRule, PutRule
from shop.domain.cart import Cart
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.rule_document import RuleKind
from shop.domain.shared.errors import ShopError
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import Role
from shop.entrypoints.container import Container
from tests.clock import FakeClock
from tests.domain.pricing.examples import promotion
from tests.doubles import SequentialIds
from tests.factories import NOW, eur
from tests.property import actions
from tests.property.actions import Action
from tests.property.model.rejection import Outcome
from tests.property.observations import Observation
from tests.property.system.deterministic_worker import DeterministicWorker
from tests.property.system.normalisation import (
    UNKNOWN_ID,
    Normaliser,
    number,
    seconds,
)
from tests.property.system.scripted_gateway import ScriptedGateway, gateway_event, to_body


@dataclass(slots=True)
class _PendingCall:
    """Who waits for the gateway, for one of which list, and what goes on in the meantime."""

    ids: list[UUID] | None = None
    token: int | None = None
    actions: Sequence[Action] = ()
    observations: list[Observation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ControlledAdapters:
    """The adapters of a shop that the test controls."""

    clock: FakeClock
    ids: SequentialIds
    gateway: ScriptedGateway


class ActionExecutor:
    """Calls the use cases of a container, one action at a time."""

    def __init__(self, container: Container, adapters: ControlledAdapters) -> None:
        self.container = container
        self.clock, self.gateway = adapters.clock, adapters.gateway
        self._ids = adapters.ids
        self._reset()

    def _reset(self) -> None:
        self._ids.restart()
        # The versions of rules begin again, too.
        self.container.rule_book()._kept.clear()
        self.clock.advance(NOW - self.clock.now())
        self.gateway.reset()
        self.gateway.meanwhile = self._meanwhile
        self._normaliser = Normaliser()
        self._accounts: dict[str, UUID] = {}
        self._stalled_jobs: Sequence[Job] = ()
        self._pending_call = _PendingCall()

    async def execute(self, token: int | None, action: Action) -> Outcome:
        """Execute an action; return its result or its rejection as plain values."""
        try:
            return await self._execute(action, token)
        except ShopError as error:
            return self._normaliser.rejected(error)
        except GatewayOutcomeUnknown:
            return {"no_response": True}

    async def observe(self, token: int | None, action: Action) -> Observation:
        """Execute an action; return all that was observed."""
        outer = self.gateway.responses, self._pending_call
        self.gateway.responses, self._pending_call = [], _PendingCall()
        outcome = await self.execute(token, action)
        observation = Observation(
            outcome=outcome,
            responses=self._normaliser.gateway_responses(self.gateway.responses),
            meanwhile=self._pending_call.observations,
            now=seconds(self.clock.now()),
        )
        self.gateway.responses, self._pending_call = outer
        return observation

    @property
    def _worker(self) -> DeterministicWorker:
        worker = self.container.payment_job_runner()
        assert isinstance(worker, DeterministicWorker)
        return worker

    def _start_call(self, ids: list[UUID], token: int | None, card: actions.Card) -> None:
        """Note what goes on while the gateway is asked for the card."""
        self.gateway.next_script = card.script
        self._pending_call = _PendingCall(ids, token, card.meanwhile)

    async def _meanwhile(self, reference: UUID) -> None:
        pending_call = self._pending_call
        if pending_call.ids is not None:
            number(pending_call.ids, reference)
        actions, pending_call.actions = pending_call.actions, ()
        pending_call.observations += [
            await self.observe(pending_call.token, action) for action in actions
        ]

    def _place_order_command(self, token: int | None, action: actions.Order) -> PlaceOrder:
        return PlaceOrder(
            session=self._normaliser.token(token),
            key=action.key,
            cart=None if action.lines is None else _cart(action.lines),
            card=None if action.card is None else action.card.token,
            expected_total=None if action.expected is None else eur(action.expected),
            details=OrderDetails(codes=action.codes) if action.codes else NO_DETAILS,
        )

    def _transfer_command(self, token: int | None, action: actions.Transfer) -> MakeTransfer:
        return MakeTransfer(
            session=self._normaliser.token(token),
            key=action.key,
            to=action.to,
            amount=eur(action.amount),
            note=action.note,
        )

    @singledispatchmethod
    async def _execute(self, action: Action, token: int | None) -> Outcome:
        raise NotImplementedError(action, token)

    @_execute.register
    async def _sign_up(self, action: actions.SignUp, token: int | None) -> Outcome:
        command = SignUp(
            session=self._normaliser.token(token),
            name="Customer",
            email=action.email,
            password=action.password,
        )
        signed_up = await self.container.sign_up_service().sign_up(command)
        self._normaliser.users[signed_up.user.id] = signed_up.user.email
        self._accounts[signed_up.user.email] = signed_up.account.id
        return {
            "balance": signed_up.account.balance.amount,
            **self._normaliser.current_session(signed_up.current_session),
        }

    @_execute.register
    async def _sign_in(self, action: actions.SignIn, token: int | None) -> Outcome:
        session = self._normaliser.token(token)
        command = SignIn(session=session, email=action.email, password=action.password)
        return self._normaliser.current_session(
            await self.container.sign_in_service().sign_in(command)
        )

    @_execute.register
    async def _sign_out(self, _: actions.SignOut, token: int | None) -> Outcome:
        await self.container.session_service().sign_out(self._normaliser.token(token))
        return {}

    @_execute.register
    async def _resolve_session(self, _: actions.ResolveSession, token: int | None) -> Outcome:
        current_session = await self.container.session_service().authenticate(
            self._normaliser.token(token)
        )
        return (
            {"session": None}
            if current_session is None
            else self._normaliser.current_session(current_session)
        )

    @_execute.register
    async def _put_into_cart(self, action: actions.PutIntoCart, token: int | None) -> Outcome:
        session = self._normaliser.token(token)
        command = PutCartLine(session=session, sku=action.sku, quantity=action.quantity)
        return self._normaliser.cart(await self.container.cart_service().put(command))

    @_execute.register
    async def _remove_from_cart(self, action: actions.RemoveFromCart, token: int | None) -> Outcome:
        command = RemoveCartLine(session=self._normaliser.token(token), sku=action.sku)
        return self._normaliser.cart(await self.container.cart_service().remove(command))

    @_execute.register
    async def _clear_cart(self, _: actions.ClearCart, token: int | None) -> Outcome:
        return self._normaliser.cart(
            await self.container.cart_service().clear(self._normaliser.token(token))
        )

    @_execute.register
    async def _place_order(self, action: actions.Order, token: int | None) -> Outcome:
        command = self._place_order_command(token, action)
        if action.card is not None:
            self._start_call(self._normaliser.orders, token, action.card)
        return self._normaliser.result(
            await self.container.checkout().place(command), self._normaliser.placed
        )

    @_execute.register
    async def _make_deposit(self, action: actions.Deposit, token: int | None) -> Outcome:
        self._start_call(self._normaliser.deposits, token, action.card)
        command = MakeDeposit(
            session=self._normaliser.token(token),
            key=action.key,
            amount=eur(action.amount),
            card=action.card.token,
        )
        return self._normaliser.result(
            await self.container.deposit_service().make(command), self._normaliser.deposited
        )

    @_execute.register
    async def _authenticate(self, action: actions.Authenticate, _: int | None) -> Outcome:
        with suppress(GatewayRejected):
            await self.gateway.authenticate(f"pay_{action.payment}", approved=action.approved)
        return {}

    @_execute.register
    async def _deliver_gateway_event(
        self, action: actions.DeliverGatewayEvent, _: int | None
    ) -> Outcome:
        event = gateway_event(action.event_id, self._normaliser.order_id(action.order))
        before = await self._event_jobs()
        await self.container.handle_gateway_events().receive(to_body(event), {})
        return {"new_jobs": await self._event_jobs() - before}

    async def _event_jobs(self) -> int:
        jobs = await self.container.job_service().list(dead_only=False)
        return sum(job.id.kind is JobKind.HANDLE_GATEWAY_EVENT for job in jobs)

    @_execute.register
    async def _gateway_outage(self, action: actions.GatewayOutage, _: int | None) -> Outcome:
        self.gateway.is_down = action.begins
        return {}

    @_execute.register
    async def _run_jobs(self, action: actions.RunJobs, token: int | None) -> Outcome:
        self._pending_call = _PendingCall(None, token, action.meanwhile)
        await self._worker.run_due()
        return {}

    @_execute.register
    async def _worker_stalls(self, _: actions.WorkerStalls, __: int | None) -> Outcome:
        self._stalled_jobs = [*self._stalled_jobs, *await self._worker.lease_due()]
        return {}

    @_execute.register
    async def _worker_resumes(self, _: actions.WorkerResumes, __: int | None) -> Outcome:
        jobs, self._stalled_jobs = self._stalled_jobs, []
        await self._worker.run_leased(jobs)
        return {}

    @_execute.register
    async def _advance_clock(self, action: actions.AdvanceClock, _: int | None) -> Outcome:
        self.clock.advance(timedelta(seconds=action.seconds))
        return {}

    @_execute.register
    async def _transfer(self, action: actions.Transfer, token: int | None) -> Outcome:
        results = await self.container.transfer_service().make(
            [self._transfer_command(token, action)]
        )
        return self._normaliser.result(results[0], self._normaliser.transferred)

    @_execute.register
    async def _credit(self, action: actions.Credit, token: int | None) -> Outcome:
        command = GrantCredit(
            session=self._normaliser.token(token),
            key=action.key,
            account_id=self._accounts.get(action.email, UNKNOWN_ID),
            amount=eur(action.amount),
            reason=action.reason,
        )
        return self._normaliser.result(
            await self.container.transfer_service().grant_credit(command),
            self._normaliser.transferred,
        )

    @_execute.register
    async def _cancel_order(self, action: actions.Cancel, token: int | None) -> Outcome:
        order_id = self._normaliser.order_id(action.order)
        command = CancelOrder(session=self._normaliser.token(token), order_id=order_id)
        return self._normaliser.cancelled(
            (await self.container.cancel_orders().cancel(command)).unwrap()
        )

    @_execute.register
    async def _put_product(self, action: actions.PutProduct, token: int | None) -> Outcome:
        command = PutProduct(
            session=self._normaliser.token(token),
            handle=action.sku,
            name=f"The {action.sku}",
            description="",
            price=eur(action.price),
            active=action.active,
            image_url=None,
        )
        saved = await self.container.product_service().put(command)
        return {
            "price": saved.available_product.product.price.amount,
            "available": saved.available_product.available,
            "is_new": saved.is_new,
        }

    @_execute.register
    async def _adjust_stock(self, action: actions.AdjustStock, token: int | None) -> Outcome:
        session = self._normaliser.token(token)
        command = AdjustStock(
            session=session, sku=action.sku, delta=action.delta, reason=action.reason
        )
        result = await self.container.inventory_service().adjust(command)
        after = result.unwrap().inventory
        return {"on_hand": after.on_hand, "reserved": after.reserved}

    @_execute.register
    async def _put_promotion(self, action: actions.PutPromotion, token: int | None) -> Outcome:
        seconds = action.seconds
        rule = promotion(
            Percentage(percentage=action.thousandths),
            action.slug,
            code=action.code,
            requires_code=action.code is not None,
            limit=action.limit,
            limit_per_customer=action.limit_per_customer,
            conditions=Conditions(is_for_first_order=action.first_order),
            combinable=action.combinable,
            active=action.active,
            ends_at=None if seconds is None else self.clock.now() + timedelta(seconds=seconds),
        )
        command = PutRule(session=self._normaliser.token(token), rule=rule)
        saved = await self.container.rule_service().put(command)
        return {"used": saved.shown.used, "is_new": saved.is_new}

    @_execute.register
    async def _end_promotion(self, action: actions.EndPromotion, token: int | None) -> Outcome:
        session, kind = self._normaliser.token(token), RuleKind.PROMOTION
        command = DeleteRule(session=session, kind=kind, slug=action.slug)
        await self.container.rule_service().delete(command)
        return {}

    @_execute.register
    async def _grant_role(self, action: actions.GrantRole, _: int | None) -> Outcome:
        user = await self.container.role_service().grant(action.email, Role.ADMIN)
        return {"user": user.email, "admin": Role.ADMIN in user.roles}

    @_execute.register
    async def _purge_sessions(self, _: actions.PurgeSessions, __: int | None) -> Outcome:
        return {"purged": await self.container.session_service().purge_expired()}

    @_execute.register
    async def _purge_keys(self, _: actions.PurgeKeys, __: int | None) -> Outcome:
        return {"purged": await self.container.purge_idempotency_keys().purge()}


def _cart(lines: Sequence[actions.Line]) -> Cart:
    return Cart.of(LineQuantity(sku=sku, quantity=quantity) for sku, quantity in lines)
