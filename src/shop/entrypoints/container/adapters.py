"""Adapters: the only module that knows which adapter implements which port."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from dependency_injector import containers, providers
from pydantic import Secret

from shop.adapters.system.clock import SystemClock
from shop.adapters.system.common_passwords import CommonPasswordFile
from shop.adapters.system.id_generator import SystemIdGenerator
from shop.adapters.system.keyring import KeyedHash, Keyring, load_or_create_secret, new_secret
from shop.adapters.system.password_hasher import Argon2PasswordHasher
from shop.application.ports.backup_archive import BackupArchive
from shop.application.ports.backup_part import BackupPart
from shop.application.ports.clock import Clock
from shop.application.ports.common_passwords import CommonPasswords
from shop.application.ports.database import Database
from shop.application.ports.database_backup import DatabaseBackup
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.image_processor import ImageProcessor
from shop.application.ports.image_store import ImageStore
from shop.application.ports.imports.import_spool import ImportSpools
from shop.application.ports.imports.product_file_reader import ProductFileReader
from shop.application.ports.mailer import Mailer
from shop.application.ports.moves.database_move import DatabaseMove
from shop.application.ports.moves.moved_part import MovedPart
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.payment_gateway import PaymentGateway
from shop.application.ports.postal_rules import PostalRules
from shop.application.ports.rate_limiter import RateLimiter
from shop.application.ports.repositories.session_store import unwrapped
from shop.application.ports.shop_schemas import ShopSchemas
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.ports.webhook_sender import WebhookSender
from shop.entrypoints.configuration.policies import Policies
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import factories


def _session_secrets(settings: Settings) -> Sequence[str]:
    if settings.session_secrets:
        return _revealed(settings.session_secrets)
    # Sessions in memory end with the process, and so can their secret.
    is_kept = not settings.is_in_memory
    return [load_or_create_secret(settings.secret_file) if is_kept else new_secret()]


def _order_link_keys(secrets: Sequence[str]) -> Sequence[bytes]:
    return Keyring(secrets).keys("order-link")


def _revealed(secrets: Sequence[Secret[str]]) -> Sequence[str]:
    return [each.get_secret_value() for each in secrets]


class AdapterContainer(containers.DeclarativeContainer):
    """The settings, and an adapter for each port."""

    settings = providers.Dependency(instance_of=Settings)
    policies = providers.Singleton(Policies, settings)

    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    id_generator: providers.Provider[IdGenerator] = providers.Singleton(
        SystemIdGenerator, uuid_version=settings.provided.uuid_version
    )
    metrics = providers.Singleton(factories.prometheus_metrics)
    password_hasher: providers.Provider[PasswordHasher] = providers.Singleton(Argon2PasswordHasher)
    # Adapters load the secrets at their first use: only a server, which signs, may create a file.
    common_passwords: providers.Provider[CommonPasswords] = providers.Singleton(CommonPasswordFile)
    secrets: providers.Provider[Sequence[str]] = providers.Singleton(_session_secrets, settings)

    account_hash = providers.Singleton(KeyedHash, secrets, "account in logs")

    order_link_keys: providers.Provider[Sequence[bytes]] = providers.Singleton(
        _order_link_keys, secrets
    )

    database: providers.Provider[Database] = providers.Selector(
        settings.provided.database_adapter,
        memory=providers.Singleton(factories.memory_database),
        sql=providers.Singleton(
            factories.sql_database,
            settings.provided.database_url,
            schema=settings.provided.database_schema,
            secrets=secrets.provider,
            currency=settings.provided.currency,
            clock=clock,
            is_pooled=settings.provided.is_pooled,
        ),
    )
    # It opens the same database for another schema and currency, with which it is called.
    open_schema: providers.Provider[Callable[..., Database]] = providers.Callable(
        partial,
        factories.sql_database,
        settings.provided.database_url,
        secrets=secrets.provider,
        clock=clock,
        is_pooled=settings.provided.is_pooled,
    )
    shop_schemas: providers.Provider[ShopSchemas] = providers.Singleton(
        factories.shop_schemas, settings
    )
    postal_rules: providers.Provider[PostalRules] = providers.Singleton(factories.postal_rules)
    image_processor: providers.Provider[ImageProcessor] = providers.Singleton(
        factories.image_processor
    )
    image_store: providers.Provider[ImageStore] = providers.Singleton(
        factories.image_store, settings
    )
    database_backup: providers.Provider[DatabaseBackup] = providers.Singleton(
        factories.database_backup, settings
    )
    backup_parts: providers.Provider[Sequence[BackupPart]] = providers.Singleton(
        factories.backup_parts, settings
    )
    database_move: providers.Provider[Callable[..., DatabaseMove]] = providers.Callable(
        partial, factories.database_move, settings.provided.database_file
    )
    moved_parts: providers.Provider[Callable[..., Sequence[MovedPart]]] = providers.Callable(
        partial, factories.moved_parts, settings
    )
    backup_archive: providers.Provider[BackupArchive] = providers.Singleton(
        factories.backup_archive
    )
    import_spools: providers.Provider[ImportSpools] = providers.Singleton(
        factories.import_spools, settings
    )
    product_file_reader: providers.Provider[ProductFileReader] = providers.Singleton(
        factories.product_file_reader
    )
    payment_gateway: providers.Provider[PaymentGateway] = providers.Selector(
        settings.provided.gateway_adapter,
        memory=providers.Singleton(
            factories.memory_payment_gateway,
            clock,
            has_random_ids=True,
            idempotency_seconds=settings.provided.gateway_idempotency_seconds,
        ),
        in_process=providers.Singleton(
            factories.in_process_payment_gateway,
            settings.provided.gateway_file,
            clock=clock,
            idempotency_seconds=settings.provided.gateway_idempotency_seconds,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
        ),
        http=providers.Singleton(
            factories.http_payment_gateway,
            settings.provided.simulated_gateway_url,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
        ),
        stripe=providers.Singleton(
            factories.stripe_payment_gateway,
            secret_key=settings.provided.stripe_secret_key.get_secret_value.call(),
            webhook_secrets=providers.Callable(_revealed, settings.provided.stripe_webhook_secrets),
            api_base=settings.provided.stripe_api_base,
            timeout_seconds=settings.provided.gateway_timeout_seconds,
            clock=clock,
        ),
    )
    # The pages of a simulated gateway in this process; its result is called with `decided`.
    payment_page_routes: providers.Provider[Callable[..., Sequence[Any]]] = providers.Callable(
        partial, factories.payment_page_routes, payment_gateway
    )
    # The HTTP API of a simulated gateway with its own process; call it with the file.
    gateway_app: providers.Provider[Any] = providers.Factory(
        factories.gateway_app,
        clock=clock,
        idempotency_seconds=settings.provided.gateway_idempotency_seconds,
    )
    # A unit of work calls this with its own session store, to put another in front of it.
    session_store: providers.Provider[Any] = providers.Selector(
        settings.provided.session_store,
        database=providers.Object(unwrapped),
        cookie=providers.Callable(
            partial, factories.cookie_session_store, secrets=secrets.provider, clock=clock
        ),
    )
    unit_of_work: providers.Provider[UnitOfWork] = providers.Selector(
        settings.provided.database_adapter,
        memory=providers.Factory(
            factories.memory_unit_of_work, database, writing=True, sessions=session_store
        ),
        sql=providers.Factory(
            factories.sql_unit_of_work, database, writing=True, sessions=session_store
        ),
    )
    guarded_unit_of_work: providers.Provider[UnitOfWork] = providers.Selector(
        settings.provided.database_adapter,
        memory=unit_of_work,
        sql=providers.Factory(
            factories.guarded_sql_unit_of_work, database, writing=True, sessions=session_store
        ),
    )
    snapshot: providers.Provider[UnitOfWork] = providers.Selector(
        settings.provided.database_adapter,
        memory=providers.Factory(
            factories.memory_unit_of_work, database, writing=False, sessions=session_store
        ),
        sql=providers.Factory(factories.sql_snapshot, database, sessions=session_store),
    )

    webhook_sender: providers.Provider[WebhookSender] = providers.Singleton(
        factories.webhook_sender,
        settings.provided.webhook_endpoints,
        timeout_seconds=policies.provided.notification_timeout_seconds,
    )
    mailer: providers.Provider[Mailer] = providers.Singleton(
        factories.mailer,
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
    return providers.Selector(
        AdapterContainer.settings.provided.rate_limits,
        on=providers.Singleton(factories.rate_limiter, transaction_runner, command_queues, clock),
        off=providers.Singleton(factories.no_rate_limiter),
    )
