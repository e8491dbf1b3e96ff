"""What is stored in a shop, in plain values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.payment_gateway import Approved, Declined, GatewayPayment
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.deposit import Deposit
from shop.domain.payment import Payment, PaymentMethod
from tests.factories import EUR
from tests.property.answers import Answers, number, seconds
from tests.property.books import Outcome
from tests.property.deeds import SKUS

EVERYTHING: PageRequest[TimeCursor] = PageRequest(limit=1_000, after=None)


@dataclass(frozen=True, slots=True)
class Stock:
    """All that is stored, what is to be done, the gateway's books, and what does not fit them."""

    stored: Outcome
    jobs: Sequence[Job]
    books: Sequence[GatewayPayment]
    misfits: Sequence[str]


@dataclass(frozen=True, slots=True)
class Stocktaking:
    """Looks at everything, as one unit of work sees it."""

    answers: Answers
    ids: Collection[UUID]

    async def take(self, uow: UnitOfWork, books: Sequence[GatewayPayment]) -> Stock:
        orders = await uow.orders.get_many(self.ids)
        payments = await uow.payments.for_orders(orders)
        deposits = await uow.deposits.get_many(self.answers.deposits)
        jobs = await self.jobs(uow)
        for order_id in sorted(orders):
            number(self.answers.orders, order_id)
        stored = {
            **await self._money(uow),
            **await self._goods(uow),
            **await self._visits(uow),
            "orders": [
                (orders[each].status.value, payments[each].status.value)
                for each in self.answers.orders
            ],
            "deposits": [deposits[each].status.value for each in self.answers.deposits],
            "jobs": sorted(
                self._told(job) for job in jobs if job.id.kind is not JobKind.REVERSE_PAYMENT
            ),
        }
        asked: dict[UUID, Payment | Deposit] = {**payments, **deposits}
        stands = {
            reference: each.status.value
            for reference, each in asked.items()
            if isinstance(each, Deposit) or each.method is PaymentMethod.CARD
        }
        undone = {job.id.subject_id for job in jobs if job.id.kind is JobKind.REVERSE_PAYMENT}
        return Stock(stored, jobs, books, unsound(books, stands, undone))

    async def jobs(self, uow: UnitOfWork) -> Sequence[Job]:
        """Return all jobs, oldest subject first."""
        living = await uow.jobs.search(EVERYTHING, dead=False)
        dead = await uow.jobs.search(EVERYTHING, dead=True)
        jobs = [*living.items, *dead.items]
        return sorted(jobs, key=lambda job: (job.id.subject_id, job.id.kind))

    def _told(self, job: Job) -> tuple[str, str, int]:
        kind, number = self.answers.subject(job.id.subject_id)
        return kind, job.id.kind.removesuffix("_deposit"), number

    async def _money(self, uow: UnitOfWork) -> Outcome:
        accounts = await uow.accounts.for_users(self.answers.users, EUR)
        transfers = await uow.transfers.get_many(self.ids)
        owners = {each.id: self.answers.users[user_id] for user_id, each in accounts.items()}
        ledgers: dict[str, list[tuple[str, int]]] = {email: [] for email in owners.values()}
        for each in transfers.values():
            amount, kind = each.amount.amount, each.kind.value
            if each.debit_account_id in owners:
                ledgers[owners[each.debit_account_id]].append((kind, -amount))
            if each.credit_account_id in owners:
                ledgers[owners[each.credit_account_id]].append((kind, amount))
        return {
            "balances": {owners[each.id]: each.balance.amount for each in accounts.values()},
            "ledgers": {email: sorted(ledger) for email, ledger in ledgers.items()},
        }

    async def _goods(self, uow: UnitOfWork) -> Outcome:
        products = await uow.products.get_many(SKUS)
        stock = await uow.inventories.get_many(SKUS)
        return {
            "wares": {
                sku: (each.price.amount, each.active, stock[sku].on_hand, stock[sku].reserved)
                for sku, each in products.items()
            },
        }

    async def _visits(self, uow: UnitOfWork) -> Outcome:
        sessions = await uow.sessions.find(self.answers.tokens)
        return {
            "visits": {
                number(self.answers.tokens, token): {
                    **self.answers.session(session),
                    "created": seconds(session.created_at),
                    "seen": seconds(session.last_seen_at),
                }
                for token, session in sessions.items()
            }
        }


def holds_money(payment: GatewayPayment) -> bool:
    """Tell whether the gateway has, or may yet come to have, money for a payment."""
    if payment.is_captured:
        return payment.refunded < payment.amount
    return not payment.is_voided and not _is_declined(payment)


def unsound(
    books: Sequence[GatewayPayment], stands: Mapping[UUID, str], undone: Collection[UUID]
) -> list[str]:
    """Find payments in the gateway's books that do not fit what the shop knows of them.

    Where an order or a deposit came to nothing, money is there only as long as a job will undo it.
    """
    found: list[str] = []
    for payment in books:
        assert payment.reference is not None
        status = stands[payment.reference]
        fits = {
            "pending": not payment.is_captured and not payment.is_voided,
            "authorised": _is_approved(payment) and holds_money(payment),
            "captured": payment.is_captured and payment.refunded.amount == 0,
            "declined": _is_declined(payment),
        }.get(status, not holds_money(payment) or payment.reference in undone)
        if not fits:
            found.append(f"{status}, but {payment}")
    references = [payment.reference for payment in books]
    if len(references) != len(set(references)):
        found.append("one charge has two payments")
    there = {payment.reference for payment in books}
    found += [
        f"{status}, but not in the books"
        for reference, status in stands.items()
        if status in {"authorised", "captured", "refunded"} and reference not in there
    ]
    return found


def _is_approved(payment: GatewayPayment) -> bool:
    return isinstance(payment.authorisation_result, Approved)


def _is_declined(payment: GatewayPayment) -> bool:
    return isinstance(payment.authorisation_result, Declined)
