"""Factories of the adapters that settings choose, or that only some commands need.

Each imports its adapter when it is called, so that no process waits for one that it does not use
(decision 30). A server calls those that it uses before its first request.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shop.application.ports.backup_archive import BackupArchive
from shop.application.ports.backup_part import BackupPart
from shop.application.ports.clock import Clock
from shop.application.ports.database import Database
from shop.application.ports.database_backup import DatabaseBackup
from shop.application.ports.image_processor import ImageProcessor
from shop.application.ports.image_store import ImageStore
from shop.application.ports.imports.import_spool import ImportSpools
from shop.application.ports.imports.product_file_reader import ProductFileReader
from shop.application.ports.mailer import Mailer
from shop.application.ports.moves.database_move import DatabaseMove
from shop.application.ports.moves.moved_part import MovedPart
from shop.application.ports.payment_gateway import PaymentGateway
from shop.application.ports.postal_rules import PostalRules
from shop.application.ports.rate_limiter import RateLimiter
from shop.application.ports.repositories.session_store import SessionStore
from shop.application.ports.shop_schemas import ShopSchemas
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.ports.webhook_sender import WebhookSender
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.validation_messages import validation_message

GATEWAY_FILE = Path("gateway.db")
"""The file in which a simulated gateway with its own process stores its records."""


def memory_database(*needed: Any, **options: Any) -> Database:
    """Return a database in the memory of this process."""
    from shop.adapters.memory.engine.database import MemoryDatabase

    return MemoryDatabase(*needed, **options)


def sql_database(*needed: Any, **options: Any) -> Database:
    """Return a SQLite file or a PostgreSQL schema."""
    from shop.adapters.sql.database import SqlDatabase

    return SqlDatabase(*needed, **options)


def memory_unit_of_work(*needed: Any, **options: Any) -> UnitOfWork:
    """Return a unit of work on a database in memory."""
    from shop.adapters.memory.unit_of_work import MemoryUnitOfWork

    return MemoryUnitOfWork(*needed, **options)


def sql_unit_of_work(*needed: Any, **options: Any) -> UnitOfWork:
    """Return a unit of work on a SQL database."""
    from shop.adapters.sql.unit_of_work import SqlUnitOfWork

    return SqlUnitOfWork(*needed, **options)


def sql_snapshot(database: Any, **options: Any) -> UnitOfWork:
    """Return a reading unit of work on a SQL database."""
    if database.is_embedded:
        return sql_unit_of_work(database, writing=False, **options)
    from shop.adapters.sql.snapshot.unit_of_work import SqlSnapshot

    return SqlSnapshot(database, writing=False, **options)


def guarded_sql_unit_of_work(*needed: Any, **options: Any) -> UnitOfWork:
    """Return a unit of work on PostgreSQL that decides without locks."""
    from shop.adapters.sql.guarded.unit_of_work import GuardedSqlUnitOfWork

    return GuardedSqlUnitOfWork(*needed, **options)


def cookie_session_store(*needed: Any, **options: Any) -> SessionStore:
    """Return a session store that keeps carts in the cookie."""
    from shop.adapters.cookie.session_store import CookieSessionStore

    return CookieSessionStore(*needed, **options)


def prometheus_metrics() -> Any:
    """Return the metrics of this process, which also count requests and connections."""
    from shop.adapters.prometheus.metrics import PrometheusMetrics

    return PrometheusMetrics()


def import_spools(settings: Settings) -> ImportSpools:
    """Return where files of products wait to be imported."""
    from shop.adapters.files.import_spools import FolderImportSpools, TemporaryImportSpools

    if settings.is_in_memory:
        return TemporaryImportSpools()
    return FolderImportSpools(settings.imports_folder)


def product_file_reader() -> ProductFileReader:
    """Return what reads files of products."""
    from shop.entrypoints.imports.product_file import FormatsReader

    return FormatsReader()


def postal_rules() -> PostalRules:
    """Return what is known of the addresses of each country."""
    from shop.adapters.postal.postal_rules import LibraryPostalRules

    return LibraryPostalRules()


def image_processor() -> ImageProcessor:
    """Return what decodes images, each in a child process."""
    from shop.adapters.images.image_processor import ChildImageProcessor

    return ChildImageProcessor()


def image_store(settings: Settings) -> ImageStore:
    """Return the folder of images; a shop in memory has one that ends with it."""
    from shop.adapters.files.image_store import FileImageStore, TemporaryImageStore

    if settings.is_in_memory and settings.media_folder is None:
        return TemporaryImageStore()
    return FileImageStore(settings.image_folder)


def shop_schemas(settings: Settings) -> ShopSchemas:
    """Return what finds the shops of a PostgreSQL database."""
    from shop.adapters.sql.migration.shop_schemas import PostgresqlShopSchemas

    return PostgresqlShopSchemas(settings.database_url, is_pooled=settings.is_pooled)


def database_backup(settings: Settings) -> DatabaseBackup:
    """Return the backup of the database that the settings name."""
    from shop.adapters.sql.backup.postgresql_backup import PostgresqlBackup
    from shop.adapters.sql.backup.sqlite_backup import SqliteBackup

    if settings.database_file is not None:
        return SqliteBackup(settings.database_file)
    return PostgresqlBackup(
        settings.database_url, settings.database_schema, is_pooled=settings.is_pooled
    )


def backup_parts(settings: Settings) -> Sequence[BackupPart]:
    """Return the backups of what is not in the database."""
    from shop.adapters.files.media_backup import MediaBackup
    from shop.adapters.files.secret_backup import SecretBackup
    from shop.adapters.simulated_gateway.store.records_backup import GatewayRecordsBackup

    parts: list[BackupPart] = []
    if settings.gateway_adapter == "in_process":
        parts.append(GatewayRecordsBackup(settings.gateway_file))
    if not settings.session_secrets:
        parts.append(SecretBackup(settings.secret_file))
    parts.append(MediaBackup(settings.image_folder))
    return parts


def database_move(file: Path | None, *needed: Any) -> DatabaseMove:
    """Return the move of a SQLite file to a URL and schema, which can be migrated."""
    from shop.adapters.sql.move.database_move import SqlDatabaseMove

    return SqlDatabaseMove(file or Path(), *needed)


def moved_parts(settings: Settings, target: Settings) -> Sequence[MovedPart]:
    """Return what is to be copied beside the database, to where the moved shop looks for it."""
    from shop.adapters.files.moved_files import FolderMove, SecretMove
    from shop.adapters.simulated_gateway.store.records_move import GatewayRecordsMove

    parts: list[MovedPart] = []
    if settings.gateway_adapter == "in_process" and settings.gateway_file != target.gateway_file:
        parts.append(GatewayRecordsMove(settings.gateway_file, target.gateway_file))
    if not settings.session_secrets and settings.secret_file != target.secret_file:
        parts.append(SecretMove(settings.secret_file, target.secret_file))
    if settings.image_folder != target.image_folder:
        parts.append(FolderMove(settings.image_folder, target.image_folder))
    return parts


def backup_archive() -> BackupArchive:
    """Return the archive of a backup's files."""
    from shop.adapters.files.backup_archive import TarBackupArchive

    return TarBackupArchive()


def memory_payment_gateway(*needed: Any, **options: Any) -> PaymentGateway:
    """Return the simulated gateway in the memory of this process."""
    from shop.adapters.memory.payment_gateway import MemoryPaymentGateway

    return MemoryPaymentGateway(*needed, **options)


def in_process_payment_gateway(
    file: Path, *, clock: Clock, idempotency_seconds: float, timeout_seconds: float
) -> PaymentGateway:
    """Return the simulated gateway in this process, with its records in a file."""
    from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway
    from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore

    store = SqlitePaymentStore(file, clock=clock, idempotency_seconds=idempotency_seconds)
    return InProcessPaymentGateway(store, clock=clock, timeout_seconds=timeout_seconds)


def http_payment_gateway(*needed: Any, **options: Any) -> PaymentGateway:
    """Return the client of a simulated gateway with its own process."""
    from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway

    return HttpPaymentGateway(*needed, **options)


def stripe_payment_gateway(*needed: Any, **options: Any) -> PaymentGateway:
    """Return the client of Stripe."""
    from shop.adapters.stripe.payment_gateway import StripePaymentGateway

    return StripePaymentGateway(*needed, **options)


def payment_page_routes(gateway: PaymentGateway, **options: Any) -> Sequence[Any]:
    """Return the pages of a simulated gateway in this process, as routes of starlette."""
    from shop.adapters.simulated_gateway.pages import page_routes
    from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway

    if isinstance(gateway, InProcessPaymentGateway):
        return page_routes(gateway.store, back_path="/", **options)
    return ()


def gateway_app(file: Path = GATEWAY_FILE, *, clock: Clock, idempotency_seconds: float) -> Any:
    """Return the FastAPI app of a simulated gateway with its own process."""
    from shop.adapters.simulated_gateway.http.app import create_gateway_app
    from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore

    store = SqlitePaymentStore(file, clock=clock, idempotency_seconds=idempotency_seconds)
    return create_gateway_app(store, clock, validation_message)


def webhook_sender(endpoints: Sequence[object], *, timeout_seconds: float) -> WebhookSender:
    """Return the sender of webhooks; without endpoints, one that sends nothing."""
    if not endpoints:
        from shop.adapters.webhooks.no_endpoints import NoWebhookSender

        return NoWebhookSender()
    from shop.adapters.webhooks.webhook_sender import HttpWebhookSender

    return HttpWebhookSender(timeout_seconds=timeout_seconds)


def mailer(url: str | None, *, sender: str | None, **options: Any) -> Mailer:
    """Return the mailer; without a mail server, one that sends nothing."""
    if url is None or sender is None:
        from shop.adapters.smtp.no_server import NoMailer

        return NoMailer()
    from shop.adapters.smtp.mailer import SmtpMailer

    return SmtpMailer(url, sender=sender, **options)


def rate_limiter(transactions: Any, queues: Any, clock: Clock) -> RateLimiter:
    """Return the rate limiter that stores hits in the shop's own database."""
    from shop.adapters.limits.rate_limiter import LimitsRateLimiter
    from shop.adapters.limits.unit_of_work_storage import UnitOfWorkStorage

    return LimitsRateLimiter(UnitOfWorkStorage(transactions, queues, clock), clock)


def no_rate_limiter() -> RateLimiter:
    """Return the rate limiter that rejects nothing."""
    from shop.adapters.limits.no_limits import UnlimitedRateLimiter

    return UnlimitedRateLimiter()
