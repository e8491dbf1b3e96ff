"""The container: which adapter meets which port. The only module that knows the adapters."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dependency_injector import containers, providers
from fastapi import FastAPI

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.simulated_gateway.http.app import create_gateway_app
from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.adapters.smtp.mailer import SmtpMailer
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.adapters.stripe.payment_gateway import StripePaymentGateway
from shop.adapters.system.clock import SystemClock
from shop.adapters.system.id_generator import SystemIdGenerator
from shop.adapters.system.keyring import load_or_create_secret
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.adapters.webhooks.webhook_sender import HttpWebhookSender
from shop.application.catalogue.bulk_import import BulkImport
from shop.application.catalogue.products import ProductService
from shop.application.checkout.cart import CartService
from shop.application.checkout.checkout import Checkout
from shop.application.checkout.complete_orders import CompletedOrder, CompleteOrder, CompleteOrders
from shop.application.checkout.gateway_events import HandleGatewayEvents
from shop.application.checkout.payment_jobs import PaymentJobs
from shop.application.checkout.place_orders import PlaceOrder, PlaceOrders
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.purge import PurgeIdempotencyKeys
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.identity.roles import RoleService
from shop.application.identity.sessions import SessionService
from shop.application.identity.sign_up import AccountService
from shop.application.inventory.adjustments import InventoryService
from shop.application.jobs.administration import JobService
from shop.application.jobs.runner import JobRunner
from shop.application.ledger.deposits import DepositService
from shop.application.ledger.transfers import MakeTransfer, TransferService
from shop.application.notifications.deliveries import NotificationDeliveryService, SendNotifications
from shop.application.notifications.events import Notifications
from shop.application.orders.cancel import CancelOrders
from shop.application.orders.fulfil import FulfilOrders
from shop.application.orders.queries import OrderQueries
from shop.application.orders.refund import RefundOrders
from shop.application.orders.refund_jobs import RefundJobs
from shop.application.payments.card_payments import CardPayments
from shop.application.ports.clock import Clock
from shop.application.ports.database import Database
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.mailer import Mailer
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.payment_gateway import PaymentGateway
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.session_store import unwrapped
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.ports.webhook_sender import WebhookSender
from shop.application.reconciliation.audit import AuditGateway, AuditShop
from shop.application.reconciliation.comparison import PaymentComparison
from shop.application.reconciliation.repair import ReconcilePayments
from shop.application.transactions.group_commit import BatchHandler, CommandQueues, GroupCommit
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Transfer
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.worker import Worker

MAX_CONCURRENT_GROUPS = 2
"""While the database works on one group of commands, this process works on the other."""

GATEWAY_FILE = Path("gateway.db")
"""Where the simulated gateway keeps its records in a process of its own."""


def _secrets(settings: Settings) -> Sequence[str]:
    return settings.session_secrets or (load_or_create_secret(settings.secret_file),)


def _gateway_app(file: Path = GATEWAY_FILE, *, clock: Clock, idempotency_seconds: float) -> FastAPI:
    store = SqlitePaymentStore(file, clock=clock, idempotency_seconds=idempotency_seconds)
    return create_gateway_app(store, clock)


def _queue(
    queues: CommandQueues, handler: BatchHandler[Any, Any], settings: Settings
) -> GroupCommit[Any, Any]:
    # Where there is one writer, a second group would wait for it, and have left too early.
    return queues.queue_for(
        handler, max_concurrent_groups=1 if settings.database_file else MAX_CONCURRENT_GROUPS
    )


class Container(containers.DeclarativeContainer):
    """Every part of a running shop, made on first use from its settings."""

    settings = providers.Dependency(instance_of=Settings)

    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    id_generator: providers.Provider[IdGenerator] = providers.Singleton(
        SystemIdGenerator, uuid_version=settings.provided.uuid_version
    )
    password_hasher: providers.Provider[PasswordHasher] = providers.Singleton(Argon2PasswordHasher)
    secrets: providers.Provider[Sequence[str]] = providers.Singleton(_secrets, settings)

    database: providers.Provider[Database] = providers.Singleton(
        SqlDatabase,
        settings.provided.database_url,
        schema=settings.provided.database_schema,
        secrets=secrets,
        currency=settings.provided.currency,
        clock=clock,
    )
    payment_store: providers.Provider[SqlitePaymentStore] = providers.Singleton(
        SqlitePaymentStore,
        settings.provided.gateway_file,
        clock=clock,
        idempotency_seconds=settings.provided.gateway_idempotency_seconds,
    )
    payment_gateway: providers.Provider[PaymentGateway] = providers.Selector(
        settings.provided.gateway_adapter,
        in_process=providers.Singleton(
            InProcessPaymentGateway,
            payment_store,
            clock=clock,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
        ),
        http=providers.Singleton(
            HttpPaymentGateway,
            settings.provided.simulated_gateway_url,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
        ),
        stripe=providers.Singleton(
            StripePaymentGateway,
            secret_key=settings.provided.stripe_secret_key,
            webhook_secrets=settings.provided.stripe_webhook_secrets,
            api_base=settings.provided.stripe_api_base,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
            clock=clock,
        ),
    )
    # The simulated gateway's own API, in a process of its own; it is called with its file.
    gateway_app: providers.Provider[FastAPI] = providers.Factory(
        _gateway_app, clock=clock, idempotency_seconds=settings.provided.gateway_idempotency_seconds
    )
    # What stands between a unit of work and its own table of sessions.
    session_store: providers.Provider[Any] = providers.Selector(
        settings.provided.session_store,
        database=providers.Object(unwrapped),
        cookie=providers.Callable(partial, CookieSessionStore, secrets=secrets, clock=clock),
    )
    unit_of_work: providers.Provider[UnitOfWork] = providers.Factory(
        SqlUnitOfWork, database, writing=True, sessions=session_store
    )
    snapshot: providers.Provider[UnitOfWork] = providers.Factory(
        SqlUnitOfWork, database, writing=False, sessions=session_store
    )

    webhook_sender: providers.Provider[WebhookSender] = providers.Singleton(
        HttpWebhookSender, timeout_seconds=settings.provided.notification_timeout_seconds
    )
    mailer: providers.Provider[Mailer] = providers.Singleton(
        SmtpMailer,
        settings.provided.smtp_url,
        sender=settings.provided.email_from,
        requires_tls=settings.provided.smtp_requires_tls,
        timeout_seconds=settings.provided.notification_timeout_seconds,
    )

    transaction_runner: providers.Provider[TransactionRunner] = providers.Singleton(
        TransactionRunner, unit_of_work.provider, snapshot.provider, clock
    )
    command_queues: providers.Provider[CommandQueues] = providers.Singleton(CommandQueues)
    session_authenticator: providers.Provider[SessionAuthenticator] = providers.Singleton(
        SessionAuthenticator, settings.provided.session_policy, clock, id_generator
    )
    notifications: providers.Provider[Notifications] = providers.Singleton(
        Notifications, settings.provided.notification_policy, clock, id_generator
    )
    account_service: providers.Provider[AccountService] = providers.Singleton(
        AccountService,
        transaction_runner,
        session_authenticator,
        password_hasher,
        clock,
        id_generator,
        welcome_credit=settings.provided.welcome_credit_amount,
    )
    transfer_service: providers.Provider[TransferService] = providers.Singleton(
        TransferService,
        transaction_runner,
        session_authenticator,
        clock,
        id_generator,
        notifications,
        settings.provided.currency,
    )
    transfer_queue: providers.Provider[GroupCommit[MakeTransfer, CommandResult[Transfer]]] = (
        providers.Singleton(_queue, command_queues, transfer_service.provided.make, settings)
    )
    session_service: providers.Provider[SessionService] = providers.Singleton(
        SessionService,
        transaction_runner,
        session_authenticator,
        password_hasher,
        clock,
        command_queues,
    )
    product_service: providers.Provider[ProductService] = providers.Singleton(
        ProductService, transaction_runner, session_authenticator, clock, settings.provided.currency
    )
    inventory_service: providers.Provider[InventoryService] = providers.Singleton(
        InventoryService,
        transaction_runner,
        session_authenticator,
        clock,
        id_generator,
        notifications,
    )
    cart_service: providers.Provider[CartService] = providers.Singleton(
        CartService,
        transaction_runner,
        session_authenticator,
        settings.provided.currency,
        command_queues,
    )
    place_orders: providers.Provider[PlaceOrders] = providers.Singleton(
        PlaceOrders,
        transaction_runner,
        session_authenticator,
        clock,
        id_generator,
        notifications,
        settings.provided.payment_policy,
    )
    placement_queue: providers.Provider[GroupCommit[PlaceOrder, CommandResult[PlacedOrder]]] = (
        providers.Singleton(_queue, command_queues, place_orders.provided.place, settings)
    )
    complete_orders: providers.Provider[CompleteOrders] = providers.Singleton(
        CompleteOrders,
        transaction_runner,
        session_authenticator,
        clock,
        id_generator,
        notifications,
    )
    completion_queue: providers.Provider[GroupCommit[CompleteOrder, CompletedOrder]] = (
        providers.Singleton(_queue, command_queues, complete_orders.provided.complete, settings)
    )
    card_payments: providers.Provider[CardPayments] = providers.Singleton(
        CardPayments, payment_gateway, clock, settings.provided.gateway_idempotency_window
    )
    checkout: providers.Provider[Checkout] = providers.Singleton(
        Checkout, placement_queue, completion_queue, card_payments
    )
    payment_jobs: providers.Provider[PaymentJobs] = providers.Singleton(
        PaymentJobs,
        transaction_runner,
        card_payments,
        completion_queue,
        command_queues,
        clock,
        settings.provided.gateway_response_timeout,
    )
    deposit_service: providers.Provider[DepositService] = providers.Singleton(
        DepositService,
        transaction_runner,
        session_authenticator,
        card_payments,
        clock,
        id_generator,
        notifications,
        settings.provided.payment_policy,
    )
    handle_gateway_events: providers.Provider[HandleGatewayEvents] = providers.Singleton(
        HandleGatewayEvents,
        transaction_runner,
        payment_gateway,
        completion_queue,
        deposit_service,
        clock,
    )
    refund_jobs: providers.Provider[RefundJobs] = providers.Singleton(
        RefundJobs,
        transaction_runner,
        payment_gateway,
        clock,
        settings.provided.gateway_idempotency_window,
    )
    send_notifications: providers.Provider[SendNotifications] = providers.Singleton(
        SendNotifications,
        transaction_runner,
        webhook_sender,
        mailer,
        settings.provided.notification_policy.endpoints,
        command_queues,
        clock,
    )
    payment_job_runner: providers.Provider[JobRunner] = providers.Singleton(
        JobRunner,
        transaction_runner,
        clock,
        settings.provided.retry_policy,
        providers.Dict(
            {
                JobKind.RESOLVE_PAYMENT: payment_jobs.provided.resolve,
                JobKind.CAPTURE_PAYMENT: payment_jobs.provided.capture,
                JobKind.RESOLVE_DEPOSIT: deposit_service.provided.resolve,
                JobKind.CAPTURE_DEPOSIT: deposit_service.provided.capture,
                JobKind.REVERSE_PAYMENT: payment_jobs.provided.reverse,
                JobKind.REFUND_PAYMENT: refund_jobs.provided.refund,
            }
        ),
    )
    webhook_job_runner: providers.Provider[JobRunner] = providers.Singleton(
        JobRunner,
        transaction_runner,
        clock,
        settings.provided.retry_policy,
        providers.Dict({JobKind.SEND_WEBHOOK: send_notifications.provided.send_webhook}),
    )
    email_job_runner: providers.Provider[JobRunner] = providers.Singleton(
        JobRunner,
        transaction_runner,
        clock,
        settings.provided.retry_policy,
        providers.Dict({JobKind.SEND_EMAIL: send_notifications.provided.send_email}),
    )
    worker: providers.Provider[Worker] = providers.Singleton(
        Worker, providers.List(payment_job_runner, webhook_job_runner, email_job_runner), clock
    )
    job_service: providers.Provider[JobService] = providers.Singleton(
        JobService, transaction_runner, clock
    )
    notification_delivery_service: providers.Provider[NotificationDeliveryService] = (
        providers.Singleton(NotificationDeliveryService, transaction_runner, clock)
    )
    cancel_orders: providers.Provider[CancelOrders] = providers.Singleton(
        CancelOrders, transaction_runner, session_authenticator, clock, id_generator, notifications
    )
    fulfil_orders: providers.Provider[FulfilOrders] = providers.Singleton(
        FulfilOrders, transaction_runner, session_authenticator, clock, id_generator, notifications
    )
    refund_orders: providers.Provider[RefundOrders] = providers.Singleton(
        RefundOrders,
        transaction_runner,
        session_authenticator,
        clock,
        id_generator,
        notifications,
        settings.provided.currency,
    )
    order_queries: providers.Provider[OrderQueries] = providers.Singleton(
        OrderQueries, transaction_runner, command_queues
    )
    role_service: providers.Provider[RoleService] = providers.Singleton(
        RoleService, transaction_runner
    )
    bulk_import: providers.Provider[BulkImport] = providers.Singleton(
        BulkImport,
        transaction_runner,
        clock,
        id_generator,
        welcome_credit=settings.provided.welcome_credit_amount,
    )
    purge_idempotency_keys: providers.Provider[PurgeIdempotencyKeys] = providers.Singleton(
        PurgeIdempotencyKeys, transaction_runner, clock
    )
    audit_shop: providers.Provider[AuditShop] = providers.Singleton(
        AuditShop, transaction_runner, clock, settings.provided.retry_policy.lease
    )
    payment_comparison: providers.Provider[PaymentComparison] = providers.Singleton(
        PaymentComparison, transaction_runner, payment_gateway
    )
    audit_gateway: providers.Provider[AuditGateway] = providers.Singleton(
        AuditGateway, payment_comparison, clock
    )
    reconcile_payments: providers.Provider[ReconcilePayments] = providers.Singleton(
        ReconcilePayments, transaction_runner, payment_comparison, clock
    )
