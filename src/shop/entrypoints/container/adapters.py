"""Adapters: the only module that knows which adapter implements which port."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dependency_injector import containers, providers
from fastapi import FastAPI
from pydantic import Secret
from starlette.routing import BaseRoute

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.files.backup_archive import TarBackupArchive
from shop.adapters.files.secret_backup import SecretBackup
from shop.adapters.limits.rate_limiter import LimitsRateLimiter, UnlimitedRateLimiter
from shop.adapters.limits.unit_of_work_storage import UnitOfWorkStorage
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.prometheus.metrics import PrometheusMetrics
from shop.adapters.simulated_gateway.http.app import create_gateway_app
from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.adapters.simulated_gateway.pages import Decided, page_routes
from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway
from shop.adapters.simulated_gateway.store.records_backup import GatewayRecordsBackup
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.adapters.smtp.mailer import SmtpMailer
from shop.adapters.sql.backup.postgresql_backup import PostgresqlBackup
from shop.adapters.sql.backup.sqlite_backup import SqliteBackup
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.guarded.unit_of_work import GuardedSqlUnitOfWork
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.adapters.stripe.payment_gateway import StripePaymentGateway
from shop.adapters.system.clock import SystemClock
from shop.adapters.system.common_passwords import CommonPasswordFile
from shop.adapters.system.id_generator import SystemIdGenerator
from shop.adapters.system.keyring import KeyedHash, load_or_create_secret, new_secret
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.adapters.webhooks.webhook_sender import HttpWebhookSender
from shop.application.ports.backup_archive import BackupArchive
from shop.application.ports.backup_part import BackupPart
from shop.application.ports.clock import Clock
from shop.application.ports.common_passwords import CommonPasswords
from shop.application.ports.database import Database
from shop.application.ports.database_backup import DatabaseBackup
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.mailer import Mailer
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.payment_gateway import PaymentGateway
from shop.application.ports.rate_limiter import RateLimiter
from shop.application.ports.repositories.session_store import unwrapped
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.ports.webhook_sender import WebhookSender
from shop.entrypoints.configuration.policies import Policies
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.validation_messages import validation_message

GATEWAY_FILE = Path("gateway.db")
"""The file in which a simulated gateway with its own process stores its records."""


def _session_secrets(settings: Settings) -> Sequence[str]:
    if settings.session_secrets:
        return _revealed(settings.session_secrets)
    # Sessions in memory end with the process, and so can their secret.
    is_kept = not settings.is_in_memory
    return [load_or_create_secret(settings.secret_file) if is_kept else new_secret()]


def _revealed(secrets: Sequence[Secret[str]]) -> Sequence[str]:
    return [each.get_secret_value() for each in secrets]


def _database_backup(settings: Settings) -> DatabaseBackup:
    if settings.database_file is not None:
        return SqliteBackup(settings.database_file)
    return PostgresqlBackup(settings.database_url, settings.database_schema)


def _backup_parts(settings: Settings) -> Sequence[BackupPart]:
    parts: list[BackupPart] = []
    if settings.gateway_adapter == "in_process":
        parts.append(GatewayRecordsBackup(settings.gateway_file))
    if not settings.session_secrets:
        parts.append(SecretBackup(settings.secret_file))
    return parts


def _gateway_app(file: Path = GATEWAY_FILE, *, clock: Clock, idempotency_seconds: float) -> FastAPI:
    store = SqlitePaymentStore(file, clock=clock, idempotency_seconds=idempotency_seconds)
    return create_gateway_app(store, clock, validation_message)


def _payment_page_routes(gateway: PaymentGateway, *, decided: Decided) -> Sequence[BaseRoute]:
    if isinstance(gateway, InProcessPaymentGateway):
        return page_routes(gateway.store, back_path="/", decided=decided)
    return ()


class AdapterContainer(containers.DeclarativeContainer):
    """The settings, and an adapter for each port."""

    settings = providers.Dependency(instance_of=Settings)
    policies = providers.Singleton(Policies, settings)

    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    id_generator: providers.Provider[IdGenerator] = providers.Singleton(
        SystemIdGenerator, uuid_version=settings.provided.uuid_version
    )
    metrics = providers.Singleton(PrometheusMetrics)
    password_hasher: providers.Provider[PasswordHasher] = providers.Singleton(Argon2PasswordHasher)
    # Adapters load the secrets at their first use: only a server, which signs, may create a file.
    common_passwords: providers.Provider[CommonPasswords] = providers.Singleton(CommonPasswordFile)
    secrets: providers.Provider[Sequence[str]] = providers.Singleton(_session_secrets, settings)

    account_hash = providers.Singleton(KeyedHash, secrets, "account in logs")

    database: providers.Provider[Database] = providers.Selector(
        settings.provided.database_adapter,
        memory=providers.Singleton(MemoryDatabase),
        sql=providers.Singleton(
            SqlDatabase,
            settings.provided.database_url,
            schema=settings.provided.database_schema,
            secrets=secrets.provider,
            currency=settings.provided.currency,
            clock=clock,
        ),
    )
    database_backup: providers.Provider[DatabaseBackup] = providers.Singleton(
        _database_backup, settings
    )
    backup_parts: providers.Provider[Sequence[BackupPart]] = providers.Singleton(
        _backup_parts, settings
    )
    backup_archive: providers.Provider[BackupArchive] = providers.Singleton(TarBackupArchive)
    payment_store = providers.Singleton(
        SqlitePaymentStore,
        settings.provided.gateway_file,
        clock=clock,
        idempotency_seconds=settings.provided.gateway_idempotency_seconds,
    )
    payment_gateway: providers.Provider[PaymentGateway] = providers.Selector(
        settings.provided.gateway_adapter,
        memory=providers.Singleton(
            MemoryPaymentGateway,
            clock,
            has_random_ids=True,
            idempotency_seconds=settings.provided.gateway_idempotency_seconds,
        ),
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
            secret_key=settings.provided.stripe_secret_key.get_secret_value.call(),
            webhook_secrets=providers.Callable(_revealed, settings.provided.stripe_webhook_secrets),
            api_base=settings.provided.stripe_api_base,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
            clock=clock,
        ),
    )
    # The pages of a simulated gateway in this process; its result is called with `decided`.
    payment_page_routes: providers.Provider[Callable[..., Sequence[BaseRoute]]] = (
        providers.Callable(partial, _payment_page_routes, payment_gateway)
    )
    # The HTTP API of a simulated gateway with its own process; call it with the file.
    gateway_app: providers.Provider[FastAPI] = providers.Factory(
        _gateway_app, clock=clock, idempotency_seconds=settings.provided.gateway_idempotency_seconds
    )
    # A unit of work calls this with its own session store, to put another in front of it.
    session_store: providers.Provider[Any] = providers.Selector(
        settings.provided.session_store,
        database=providers.Object(unwrapped),
        cookie=providers.Callable(
            partial, CookieSessionStore, secrets=secrets.provider, clock=clock
        ),
    )
    unit_of_work: providers.Provider[UnitOfWork] = providers.Selector(
        settings.provided.database_adapter,
        memory=providers.Factory(MemoryUnitOfWork, database, writing=True, sessions=session_store),
        sql=providers.Factory(SqlUnitOfWork, database, writing=True, sessions=session_store),
    )
    guarded_unit_of_work: providers.Provider[UnitOfWork] = providers.Selector(
        settings.provided.database_adapter,
        memory=unit_of_work,
        sql=providers.Factory(GuardedSqlUnitOfWork, database, writing=True, sessions=session_store),
    )
    snapshot: providers.Provider[UnitOfWork] = providers.Selector(
        settings.provided.database_adapter,
        memory=providers.Factory(MemoryUnitOfWork, database, writing=False, sessions=session_store),
        sql=providers.Factory(SqlUnitOfWork, database, writing=False, sessions=session_store),
    )

    webhook_sender: providers.Provider[WebhookSender] = providers.Singleton(
        HttpWebhookSender, timeout_seconds=policies.provided.notification_timeout_seconds
    )
    mailer: providers.Provider[Mailer] = providers.Singleton(
        SmtpMailer,
        policies.provided.smtp_url,
        sender=settings.provided.email_from,
        requires_tls=policies.provided.emails_require_tls,
        timeout_seconds=policies.provided.notification_timeout_seconds,
    )


def rate_limiter_on(
    transaction_runner: providers.Provider[Any], command_queues: providers.Provider[Any]
) -> providers.Provider[RateLimiter]:
    """Return the provider of the rate limiter that stores hits in the shop's own database."""
    clock = AdapterContainer.clock
    storage = providers.Singleton(UnitOfWorkStorage, transaction_runner, command_queues, clock)
    return providers.Selector(
        AdapterContainer.settings.provided.rate_limits,
        on=providers.Singleton(LimitsRateLimiter, storage, clock),
        off=providers.Singleton(UnlimitedRateLimiter),
    )
