"""Adapters: the only module that knows which adapter implements which port."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dependency_injector import containers, providers
from fastapi import FastAPI
from pydantic import Secret

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.prometheus.metrics import PrometheusMetrics
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
from shop.adapters.system.keyring import KeyedHash, load_or_create_secret, new_secret
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.adapters.webhooks.webhook_sender import HttpWebhookSender
from shop.application.ports.clock import Clock
from shop.application.ports.database import Database
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.mailer import Mailer
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.payment_gateway import PaymentGateway
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


def _gateway_app(file: Path = GATEWAY_FILE, *, clock: Clock, idempotency_seconds: float) -> FastAPI:
    store = SqlitePaymentStore(file, clock=clock, idempotency_seconds=idempotency_seconds)
    return create_gateway_app(store, clock, validation_message)


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
