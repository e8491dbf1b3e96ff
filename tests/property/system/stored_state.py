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
from shop.domain.pricing.promotions.promotion_uses import counter_key
from shop.domain.pricing.rule_document import RuleKind
from tests.factories import EUR
from tests.property.actions import SKUS
from tests.property.model.rejection import Outcome
from tests.property.system.normalisation import (
    Normaliser,
    discounts_of,
    number,
    seconds,
)

EVERYTHING: PageRequest[TimeCursor] = PageRequest(limit=1_000, after=None)

UNMODELLED_JOBS = frozenset({JobKind.REVERSE_PAYMENT, JobKind.HANDLE_GATEWAY_EVENT})
"""When they end depends on what the gateway knows, and not on how an order stands."""


@dataclass(frozen=True, slots=True)
class StoredState:
    """All that is stored, the jobs, the gateway's records, and the mismatches between them."""

    stored: Outcome
    jobs: Sequence[Job]
    gateway_payments: Sequence[GatewayPayment]
    mismatches: Sequence[str]


@dataclass(frozen=True, slots=True)
class StoredStateReader:
    """Looks at everything, as one unit of work sees it."""

    normaliser: Normaliser
    ids: Collection[UUID]

    async def read(
        self, uow: UnitOfWork, gateway_payments: Sequence[GatewayPayment]
    ) -> StoredState:
        orders = await uow.orders.get_many(self.ids)
        payments = await uow.payments.for_orders(orders)
        deposits = await uow.deposits.get_many(self.normaliser.deposits)
        jobs = await self.jobs(uow)
        for order_id in sorted(orders):
            number(self.normaliser.orders, order_id)
        stored = {
            **await self._money(uow),
            **await self._products(uow),
            **await self._sessions(uow),
            **await self._promotions(uow),
            "orders": [
                (
                    orders[each].status.value,
                    payments[each].status.value,
                    orders[each].total.amount,
                    discounts_of(orders[each]),
                )
                for each in self.normaliser.orders
            ],
            "deposits": [deposits[each].status.value for each in self.normaliser.deposits],
            "jobs": sorted(
                self._job_outcome(job) for job in jobs if job.id.kind not in UNMODELLED_JOBS
            ),
        }
        charges: dict[UUID, Payment | Deposit] = {**payments, **deposits}
        statuses = {
            reference: each.status.value
            for reference, each in charges.items()
            if isinstance(each, Deposit) or each.method is PaymentMethod.CARD
        }
        reversed_ids = {job.id.subject_id for job in jobs if job.id.kind is JobKind.REVERSE_PAYMENT}
        return StoredState(
            stored,
            jobs,
            gateway_payments,
            payment_mismatches(gateway_payments, statuses, reversed_ids),
        )

    async def jobs(self, uow: UnitOfWork) -> Sequence[Job]:
        """Return all jobs, oldest subject first."""
        live = await uow.jobs.search(EVERYTHING, dead=False)
        dead = await uow.jobs.search(EVERYTHING, dead=True)
        jobs = [*live.items, *dead.items]
        return sorted(jobs, key=lambda job: (job.id.subject_id, job.id.kind))

    def _job_outcome(self, job: Job) -> tuple[str, str, int]:
        kind, number = self.normaliser.subject(job.id.subject_id)
        return kind, job.id.kind.removesuffix("_deposit").removesuffix("_payment"), number

    async def _money(self, uow: UnitOfWork) -> Outcome:
        accounts = await uow.accounts.for_users(self.normaliser.users, EUR)
        transfers = await uow.transfers.get_many(self.ids)
        owners = {each.id: self.normaliser.users[user_id] for user_id, each in accounts.items()}
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

    async def _products(self, uow: UnitOfWork) -> Outcome:
        products = await uow.products.get_many(SKUS)
        stock = await uow.inventories.get_many(SKUS)
        return {
            "products": {
                sku: (each.price.amount, each.active, stock[sku].on_hand, stock[sku].reserved)
                for sku, each in products.items()
            },
        }

    async def _promotions(self, uow: UnitOfWork) -> Outcome:
        documents = await uow.rule_documents.of_kind(RuleKind.PROMOTION)
        slugs = sorted(each.slug for each in documents)
        used = await uow.promotion_counters.used(slugs)
        counters = await uow.promotion_counters.get_many([counter_key(each) for each in slugs])
        return {
            "promotions": {
                slug: (used[slug], counters[counter_key(slug)].uses_left) for slug in slugs
            },
        }

    async def _sessions(self, uow: UnitOfWork) -> Outcome:
        sessions = await uow.sessions.find(self.normaliser.tokens)
        carts = await uow.customer_carts.get_many(self.normaliser.users)
        return {
            "carts": {
                self.normaliser.users[user_id]: {
                    line.sku: line.quantity for line in each.content.cart.lines
                }
                for user_id, each in carts.items()
            },
            "sessions": {
                number(self.normaliser.tokens, token): {
                    **self.normaliser.session(session),
                    "created": seconds(session.created_at),
                    "seen": seconds(session.last_seen_at),
                }
                for token, session in sessions.items()
            },
        }


def holds_money(payment: GatewayPayment) -> bool:
    """Tell whether the gateway has, or may yet come to have, money for a payment."""
    if payment.is_captured:
        return payment.refunded < payment.amount
    return not payment.is_voided and not _is_declined(payment)


def payment_mismatches(
    payments: Sequence[GatewayPayment], statuses: Mapping[UUID, str], reversed_ids: Collection[UUID]
) -> list[str]:
    """Find payments in the gateway's records that do not match the shop's.

    A closed order or deposit has money at the gateway only as long as a job will reverse it.
    """
    found: list[str] = []
    for payment in payments:
        assert payment.reference is not None
        status = statuses[payment.reference]
        fits = {
            "pending": not payment.is_captured and not payment.is_voided,
            "authorised": _is_approved(payment) and holds_money(payment),
            "captured": payment.is_captured and payment.refunded.amount == 0,
            "declined": _is_declined(payment),
        }.get(status, not holds_money(payment) or payment.reference in reversed_ids)
        if not fits:
            found.append(f"{status}, but {payment}")
    references = [payment.reference for payment in payments]
    if len(references) != len(set(references)):
        found.append("one charge has two payments")
    references_at_gateway = {payment.reference for payment in payments}
    found += [
        f"{status}, but not at the gateway"
        for reference, status in statuses.items()
        if status in {"authorised", "captured", "refunded"}
        and reference not in references_at_gateway
    ]
    return found


def _is_approved(payment: GatewayPayment) -> bool:
    return isinstance(payment.authorisation_result, Approved)


def _is_declined(payment: GatewayPayment) -> bool:
    return isinstance(payment.authorisation_result, Declined)
