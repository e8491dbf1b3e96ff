"""The container: which adapter meets which port. The only module that knows the adapters."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dependency_injector import containers, providers

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.http.courier import HttpCourier
from shop.adapters.simulated.books import Books
from shop.adapters.simulated.payment_gateway import EmbeddedPaymentGateway
from shop.adapters.simulated.remote_payment_gateway import RemotePaymentGateway
from shop.adapters.simulated.server import GatewayApp
from shop.adapters.smtp.mailer import SmtpMailer
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.adapters.stripe.payment_gateway import StripeGateway
from shop.adapters.system.clock import SystemClock
from shop.adapters.system.ids import SystemIds
from shop.adapters.system.keyring import kept_secret
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.application.accounts import Accounts
from shop.application.admission import Admission
from shop.application.announcements import Announcements
from shop.application.audit import AuditGateway, AuditShop
from shop.application.books import BothBooks
from shop.application.carts import Carts
from shop.application.catalogue import Catalogue
from shop.application.deposits import Deposits
from shop.application.dispatches import CarryDispatches, LookAfterDispatches
from shop.application.group_commit import Decide, GroupCommit, Lines
from shop.application.idempotency import Reply, SweepKeys
from shop.application.intake import Intake
from shop.application.inventory import Stock
from shop.application.notices import HandleNotices
from shop.application.orders.cancel import CancelOrders
from shop.application.orders.checkout import Checkout
from shop.application.orders.consult import ConsultOrders
from shop.application.orders.finish import FinishedOrder, FinishOrder, FinishOrders
from shop.application.orders.fulfil import FulfilOrders
from shop.application.orders.pay_back import PayBack
from shop.application.orders.place import PlaceOrder, PlaceOrders
from shop.application.orders.placed import PlacedOrder
from shop.application.orders.refund import RefundOrders
from shop.application.orders.settle import SettlePayments
from shop.application.outbox import LookAfterJobs, WorkOff
from shop.application.payments import CardDesk
from shop.application.ports.clock import Clock
from shop.application.ports.courier import Courier
from shop.application.ports.database import Database
from shop.application.ports.ids import Ids
from shop.application.ports.mailer import Mailer
from shop.application.ports.outbox import JobKind
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.payment_gateway import PaymentGateway
from shop.application.ports.session_store import as_they_are
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.reconcile import ReconcilePayments
from shop.application.sessions import Sessions
from shop.application.transact import Transact
from shop.application.transfers import MakeTransfer, Transfers
from shop.application.users import Users
from shop.domain.account import Transfer
from shop.entrypoints.settings import Settings
from shop.entrypoints.worker import Worker

GROUPS_AT_ONCE = 2
"""While the database works on one group of commands, this process works on the other."""

GATEWAY_STATE = Path("gateway.db")
"""Where the simulated gateway keeps its books in a process of its own."""


def _secrets(settings: Settings) -> Sequence[str]:
    return settings.session_secrets or (kept_secret(settings.secret_file),)


def _gateway_app(file: Path = GATEWAY_STATE, *, clock: Clock, key_seconds: float) -> GatewayApp:
    return GatewayApp(Books(file, clock=clock, key_seconds=key_seconds), clock)


def _line(lines: Lines, decide: Decide[Any, Any], settings: Settings) -> GroupCommit[Any, Any]:
    # Where there is one writer, a second group would wait for it, and have left too early.
    return lines.before(decide, at_once=1 if settings.database_file else GROUPS_AT_ONCE)


class Container(containers.DeclarativeContainer):
    """Every part of a running shop, made on first use from its settings."""

    settings = providers.Dependency(instance_of=Settings)

    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    ids: providers.Provider[Ids] = providers.Singleton(
        SystemIds, uuid_version=settings.provided.uuid_version
    )
    hasher: providers.Provider[PasswordHasher] = providers.Singleton(Argon2PasswordHasher)
    secrets: providers.Provider[Sequence[str]] = providers.Singleton(_secrets, settings)

    database: providers.Provider[Database] = providers.Singleton(
        SqlDatabase,
        settings.provided.database_url,
        schema=settings.provided.database_schema,
        secrets=secrets,
        currency=settings.provided.currency,
        clock=clock,
    )
    gateway_books: providers.Provider[Books] = providers.Singleton(
        Books,
        settings.provided.gateway_file,
        clock=clock,
        key_seconds=settings.provided.gateway_key_seconds,
    )
    gateway: providers.Provider[PaymentGateway] = providers.Selector(
        settings.provided.gateway_adapter,
        embedded=providers.Singleton(
            EmbeddedPaymentGateway,
            gateway_books,
            clock=clock,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
        ),
        remote=providers.Singleton(
            RemotePaymentGateway,
            settings.provided.simulated_gateway_url,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
        ),
        stripe=providers.Singleton(
            StripeGateway,
            secret_key=settings.provided.stripe_secret_key,
            webhook_secrets=settings.provided.stripe_webhook_secrets,
            api_base=settings.provided.stripe_api_base,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
            clock=clock,
        ),
    )
    # The simulated gateway's own API, in a process of its own; it is called with its file.
    gateway_app: providers.Provider[GatewayApp] = providers.Factory(
        _gateway_app, clock=clock, key_seconds=settings.provided.gateway_key_seconds
    )
    # What stands between a unit of work and its own table of sessions.
    session_store: providers.Provider[Any] = providers.Selector(
        settings.provided.session_store,
        database=providers.Object(as_they_are),
        cookie=providers.Callable(partial, CookieSessionStore, secrets=secrets, clock=clock),
    )
    unit_of_work: providers.Provider[UnitOfWork] = providers.Factory(
        SqlUnitOfWork, database, writing=True, sessions=session_store
    )
    snapshot: providers.Provider[UnitOfWork] = providers.Factory(
        SqlUnitOfWork, database, writing=False, sessions=session_store
    )

    courier: providers.Provider[Courier] = providers.Singleton(
        HttpCourier, timeout_seconds=settings.provided.carrier_timeout_seconds
    )
    mailer: providers.Provider[Mailer] = providers.Singleton(
        SmtpMailer,
        settings.provided.smtp_url,
        sender=settings.provided.mail_from,
        requires_tls=settings.provided.mail_requires_tls,
        timeout_seconds=settings.provided.carrier_timeout_seconds,
    )

    transact: providers.Provider[Transact] = providers.Singleton(
        Transact, unit_of_work.provider, snapshot.provider, clock
    )
    lines: providers.Provider[Lines] = providers.Singleton(Lines)
    admission: providers.Provider[Admission] = providers.Singleton(
        Admission, settings.provided.session_policy, clock, ids
    )
    announcements: providers.Provider[Announcements] = providers.Singleton(
        Announcements, settings.provided.announcement_terms, clock, ids
    )
    accounts: providers.Provider[Accounts] = providers.Singleton(
        Accounts,
        transact,
        admission,
        hasher,
        clock,
        ids,
        welcome_credit=settings.provided.welcome_money,
    )
    transfers: providers.Provider[Transfers] = providers.Singleton(
        Transfers, transact, admission, clock, ids, announcements, settings.provided.currency
    )
    grouped_transfers: providers.Provider[GroupCommit[MakeTransfer, Reply[Transfer]]] = (
        providers.Singleton(_line, lines, transfers.provided.make, settings)
    )
    sessions: providers.Provider[Sessions] = providers.Singleton(
        Sessions, transact, admission, hasher, clock, lines
    )
    catalogue: providers.Provider[Catalogue] = providers.Singleton(
        Catalogue, transact, admission, clock, settings.provided.currency
    )
    stock: providers.Provider[Stock] = providers.Singleton(
        Stock, transact, admission, clock, ids, announcements
    )
    carts: providers.Provider[Carts] = providers.Singleton(
        Carts, transact, admission, settings.provided.currency, lines
    )
    place_orders: providers.Provider[PlaceOrders] = providers.Singleton(
        PlaceOrders,
        transact,
        admission,
        clock,
        ids,
        announcements,
        settings.provided.payment_terms,
    )
    grouped_orders: providers.Provider[GroupCommit[PlaceOrder, Reply[PlacedOrder]]] = (
        providers.Singleton(_line, lines, place_orders.provided.place, settings)
    )
    finish_orders: providers.Provider[FinishOrders] = providers.Singleton(
        FinishOrders, transact, admission, clock, ids, announcements
    )
    grouped_finishes: providers.Provider[GroupCommit[FinishOrder, FinishedOrder]] = (
        providers.Singleton(_line, lines, finish_orders.provided.finish, settings)
    )
    card_desk: providers.Provider[CardDesk] = providers.Singleton(
        CardDesk, gateway, clock, settings.provided.key_memory
    )
    checkout: providers.Provider[Checkout] = providers.Singleton(
        Checkout, grouped_orders, grouped_finishes, card_desk
    )
    settle_payments: providers.Provider[SettlePayments] = providers.Singleton(
        SettlePayments,
        transact,
        card_desk,
        grouped_finishes,
        lines,
        clock,
        settings.provided.patience,
    )
    deposits: providers.Provider[Deposits] = providers.Singleton(
        Deposits,
        transact,
        admission,
        card_desk,
        clock,
        ids,
        announcements,
        settings.provided.payment_terms,
    )
    handle_notices: providers.Provider[HandleNotices] = providers.Singleton(
        HandleNotices, transact, gateway, grouped_finishes, deposits, clock
    )
    pay_back: providers.Provider[PayBack] = providers.Singleton(
        PayBack,
        transact,
        gateway,
        clock,
        settings.provided.key_memory,
    )
    carry_dispatches: providers.Provider[CarryDispatches] = providers.Singleton(
        CarryDispatches,
        transact,
        courier,
        mailer,
        settings.provided.announcement_terms.endpoints,
        lines,
        clock,
    )
    work_off: providers.Provider[WorkOff] = providers.Singleton(
        WorkOff,
        transact,
        clock,
        settings.provided.job_terms,
        providers.Dict(
            {
                JobKind.RESOLVE: settle_payments.provided.resolve,
                JobKind.CAPTURE: settle_payments.provided.capture,
                JobKind.RESOLVE_DEPOSIT: deposits.provided.resolve,
                JobKind.CAPTURE_DEPOSIT: deposits.provided.capture,
                JobKind.UNDO: settle_payments.provided.undo,
                JobKind.REFUND: pay_back.provided.refund,
            }
        ),
    )
    work_off_deliveries: providers.Provider[WorkOff] = providers.Singleton(
        WorkOff,
        transact,
        clock,
        settings.provided.job_terms,
        providers.Dict({JobKind.DELIVER: carry_dispatches.provided.deliver}),
    )
    work_off_letters: providers.Provider[WorkOff] = providers.Singleton(
        WorkOff,
        transact,
        clock,
        settings.provided.job_terms,
        providers.Dict({JobKind.MAIL: carry_dispatches.provided.mail}),
    )
    worker: providers.Provider[Worker] = providers.Singleton(
        Worker, providers.List(work_off, work_off_deliveries, work_off_letters), clock
    )
    look_after_jobs: providers.Provider[LookAfterJobs] = providers.Singleton(
        LookAfterJobs, transact, clock
    )
    look_after_dispatches: providers.Provider[LookAfterDispatches] = providers.Singleton(
        LookAfterDispatches, transact, clock
    )
    cancel_orders: providers.Provider[CancelOrders] = providers.Singleton(
        CancelOrders, transact, admission, clock, ids, announcements
    )
    fulfil_orders: providers.Provider[FulfilOrders] = providers.Singleton(
        FulfilOrders, transact, admission, clock, ids, announcements
    )
    refund_orders: providers.Provider[RefundOrders] = providers.Singleton(
        RefundOrders,
        transact,
        admission,
        clock,
        ids,
        announcements,
        settings.provided.currency,
    )
    consult_orders: providers.Provider[ConsultOrders] = providers.Singleton(
        ConsultOrders, transact, lines
    )
    users: providers.Provider[Users] = providers.Singleton(Users, transact)
    intake: providers.Provider[Intake] = providers.Singleton(
        Intake, transact, clock, ids, welcome_credit=settings.provided.welcome_money
    )
    sweep_keys: providers.Provider[SweepKeys] = providers.Singleton(SweepKeys, transact, clock)
    audit_shop: providers.Provider[AuditShop] = providers.Singleton(
        AuditShop, transact, clock, settings.provided.job_terms.lease
    )
    books: providers.Provider[BothBooks] = providers.Singleton(BothBooks, transact, gateway)
    audit_gateway: providers.Provider[AuditGateway] = providers.Singleton(
        AuditGateway, books, clock
    )
    reconcile_payments: providers.Provider[ReconcilePayments] = providers.Singleton(
        ReconcilePayments, transact, books, clock
    )
