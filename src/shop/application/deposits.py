"""Deposits: customers put money into their accounts by card, each once under its key.

Like an order by card, without goods: begun in one unit of work, asked for outside any, and finished
in another, by whoever hears of the card first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from shop.application.admission import Admission, Arrivals
from shop.application.announcements import Announcements
from shop.application.idempotency import (
    Claims,
    Pending,
    Reply,
    Request,
    fingerprint,
    made_earlier,
    require_undecided,
)
from shop.application.outbox import NotYet, end_job
from shop.application.payments import CardDesk, CardRequest, Ending, PaymentTerms, TimeUp
from shop.application.ports.clock import Clock
from shop.application.ports.idempotency import Claim, KeyId, Outcome, Refused, Succeeded
from shop.application.ports.ids import Ids
from shop.application.ports.outbox import Job, JobId, JobKind
from shop.application.ports.payment_gateway import Approved, Challenged, Declined, Notice
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import Account, BalanceTooLarge, ShopAccount, Transfer, TransferKind
from shop.domain.deposit import Deposit, DepositNotFound
from shop.domain.errors import ShopError
from shop.domain.money import Money
from shop.domain.payment import CAME_TO_NOTHING, CardDeclined, PaymentExpired, PaymentStatus
from shop.domain.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDeposit:
    """Take an amount from the card for which the token stands, and put it into the account."""

    session: SessionToken | None
    key: str
    amount: Money
    card: str = field(repr=False)


class Deposits:
    """The use cases around deposits."""

    def __init__(
        self,
        transact: Transact,
        admission: Admission,
        cards: CardDesk,
        clock: Clock,
        ids: Ids,
        announcements: Announcements,
        terms: PaymentTerms,
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._cards = cards
        self._clock = clock
        self._ids = ids
        self._announcements = announcements
        self._terms = terms

    async def make(self, command: MakeDeposit) -> Reply[Deposit]:
        """Make a deposit; it is pending where the card's answer is not known yet.

        Where the customer has to take a step first, the reply has the secret for that. The same
        command under the same key asks again for the same payment. Refusals:
        `NotSignedIn`, `SessionExpired`, `RuleBroken`, `BalanceTooLarge`, `CardDeclined`,
        `PaymentExpired`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        reply = await self._begin(command)
        deposit = reply.answer
        if isinstance(deposit, ShopError) or deposit.status is not PaymentStatus.PENDING:
            return reply
        verdict = await self._cards.ask(CardRequest.of_deposit(deposit))
        if isinstance(verdict, Challenged):
            return replace(reply, client_secret=verdict.client_secret)
        if verdict is None:
            return reply
        await self.finish(deposit.id, verdict, None)
        # Whoever has decided, the key tells how.
        decided = await self._begin(command)
        return Reply(answer=decided.answer, replayed=False)

    async def show(self, user: User, deposit_id: UUID) -> Deposit:
        """Return a deposit of the user's; raise `DepositNotFound` for any other."""
        found = await self._transact.read(lambda uow: uow.deposits.get_many([deposit_id]))
        deposit = found.get(deposit_id)
        if deposit is None or deposit.user_id != user.id:
            raise DepositNotFound
        return deposit

    async def resolve(self, job: Job) -> None:
        """Find out how a pending deposit ends; past its time, give it up. Raise `NotYet`."""
        verdict = await self._cards.find(job.id.subject_id)
        deposit = await self._get(job.id.subject_id)
        if deposit.status is not PaymentStatus.PENDING:
            await self._transact.write(partial(end_job, job), repeatable=True)
            return
        ending = await self._cards.ending(CardRequest.of_deposit(deposit), verdict)
        if ending is None:
            raise NotYet(not_after=deposit.expires_at)
        await self.finish(deposit.id, ending, None)

    async def capture(self, job: Job) -> None:
        """Take the money that the account has already; raise `GatewaySilent`, `GatewayRefused`."""
        deposit = await self._get(job.id.subject_id)
        if deposit.status is PaymentStatus.AUTHORISED:
            await self._cards.take(deposit.id, deposit.gateway_id, deposit.amount)
        await self._transact.write(partial(self._record, job.id), repeatable=True)

    async def _begin(self, command: MakeDeposit) -> Reply[Deposit]:
        return await self._transact.write(partial(self._begin_in, command), repeatable=True)

    async def _begin_in(self, command: MakeDeposit, uow: UnitOfWork) -> Reply[Deposit]:
        arrivals = await self._admission.look(uow, [command.session])
        request = self._request(arrivals, command)
        claims = await Claims.take(uow, [request])
        if claims.undecided:
            claims.await_outcome(await uow.deposits.under_keys(claims.undecided))
        user_id = request.visit.signed_in_user.id
        accounts = await uow.accounts.lock_of_users([user_id], self._terms.currency)
        made: dict[UUID, Deposit] = {}

        def begin(request: Request[MakeDeposit]) -> Pending:
            accounts[user_id].deposit(request.command.amount)
            deposit = self._pending(request, accounts[user_id].id)
            made[deposit.id] = deposit
            self._stage(uow, deposit)
            return Pending(reference=deposit.id)

        verdict = claims.decide(request, begin)
        earlier = await uow.deposits.get_many(made_earlier([verdict], made))
        require_undecided(
            [verdict],
            {each.id for each in earlier.values() if each.status is not PaymentStatus.PENDING},
        )
        await uow.commit()
        return verdict.reply({**_as_answered(earlier), **made})

    def _request(self, arrivals: Arrivals, command: MakeDeposit) -> Request[MakeDeposit]:
        visit = arrivals.signed_in(command.session)
        command.amount.require_currency(self._terms.currency)
        command.amount.require_positive()
        return Request(
            command=command,
            visit=visit,
            claim=Claim(
                id=KeyId(user_id=visit.signed_in_user.id, key=command.key),
                fingerprint=fingerprint("deposit", amount=command.amount, card=command.card),
                created_at=self._clock.now(),
            ),
        )

    def _pending(self, request: Request[MakeDeposit], account_id: UUID) -> Deposit:
        now = self._clock.now()
        return Deposit(
            id=self._ids.new(),
            user_id=request.visit.signed_in_user.id,
            account_id=account_id,
            idempotency_key=request.command.key,
            amount=request.command.amount,
            status=PaymentStatus.PENDING,
            token=request.command.card,
            gateway_id=None,
            expires_at=now + self._terms.hold,
            created_at=now,
        )

    def _stage(self, uow: UnitOfWork, deposit: Deposit) -> None:
        due_at = min(deposit.created_at + self._terms.patience, deposit.expires_at)
        uow.deposits.add(deposit)
        uow.outbox.add(
            Job.new(JobKind.RESOLVE_DEPOSIT, deposit.id, at=deposit.created_at, due_at=due_at)
        )

    async def finish(self, deposit_id: UUID, ending: Ending, notice: Notice | None) -> None:
        """Finish a deposit, unless somebody else has; what comes too late is given back.

        Where a notice has brought it up, it is kept in the same unit of work.
        """
        await self._transact.write(
            partial(self._finish, deposit_id, ending, notice), repeatable=True
        )

    async def _finish(
        self, deposit_id: UUID, ending: Ending, notice: Notice | None, uow: UnitOfWork
    ) -> None:
        if notice is not None:
            await uow.notices.take([notice], self._clock.now())
        # Whose it is never changes: read first, it tells what to lock in the common order.
        known = (await uow.deposits.get_many([deposit_id]))[deposit_id]
        accounts = await uow.accounts.lock([known.account_id])
        deposit = (await uow.deposits.lock([deposit_id]))[deposit_id]
        now = self._clock.now()
        if deposit.status is not PaymentStatus.PENDING:
            if isinstance(ending, Approved) and deposit.status in CAME_TO_NOTHING:
                uow.outbox.add(Job.new(JobKind.UNDO, deposit.id, at=now, due_at=now))
            await uow.commit()
            return
        uow.outbox.finish(JobId(kind=JobKind.RESOLVE_DEPOSIT, subject_id=deposit.id))
        match ending:
            case Approved(payment_id=gateway_id):
                try:
                    account = accounts[deposit.account_id].deposit(deposit.amount)
                except BalanceTooLarge as refusal:
                    self._give_up(uow, deposit, refusal)
                else:
                    self._pay_in(uow, deposit.known_as(gateway_id), account)
            case Declined(reason=reason):
                uow.deposits.save(deposit.become(PaymentStatus.DECLINED))
                self._conclude(uow, deposit, Refused(error=CardDeclined(reason=reason)))
            case TimeUp():
                self._give_up(uow, deposit, PaymentExpired())
        await uow.commit()

    def _pay_in(self, uow: UnitOfWork, deposit: Deposit, account: Account) -> None:
        now = self._clock.now()
        transfer = Transfer(
            id=deposit.id,
            kind=TransferKind.DEPOSIT,
            debit_account_id=ShopAccount.CARD_CLEARING.id_in(deposit.amount.currency),
            credit_account_id=account.id,
            amount=deposit.amount,
            order_id=None,
            note="",
            created_at=now,
        )
        uow.accounts.save(account)
        uow.transfers.add(transfer)
        self._announcements.account_credited(uow, transfer)
        uow.deposits.save(deposit.become(PaymentStatus.AUTHORISED))
        uow.outbox.add(Job.new(JobKind.CAPTURE_DEPOSIT, deposit.id, at=now, due_at=now))
        self._conclude(uow, deposit, Succeeded(reference=deposit.id))

    def _give_up(self, uow: UnitOfWork, deposit: Deposit, refusal: ShopError) -> None:
        now = self._clock.now()
        uow.deposits.save(deposit.become(PaymentStatus.VOIDED))
        uow.outbox.add(Job.new(JobKind.UNDO, deposit.id, at=now, due_at=now))
        self._conclude(uow, deposit, Refused(error=refusal))

    def _conclude(self, uow: UnitOfWork, deposit: Deposit, outcome: Outcome) -> None:
        uow.keys.conclude(KeyId(user_id=deposit.user_id, key=deposit.idempotency_key), outcome)

    async def _record(self, job_id: JobId, uow: UnitOfWork) -> None:
        deposit = (await uow.deposits.lock([job_id.subject_id]))[job_id.subject_id]
        if deposit.status is PaymentStatus.AUTHORISED:
            uow.deposits.save(deposit.become(PaymentStatus.CAPTURED))
        uow.outbox.finish(job_id)
        await uow.commit()

    async def _get(self, deposit_id: UUID) -> Deposit:
        found = await self._transact.read(lambda uow: uow.deposits.get_many([deposit_id]))
        return found[deposit_id]


def _as_answered(deposits: Mapping[UUID, Deposit]) -> Mapping[UUID, Deposit]:
    """Return deposits as they were answered for, and those that are pending as they stand."""
    return {
        each.id: each if each.status is PaymentStatus.PENDING else each.as_made()
        for each in deposits.values()
    }
