"""Opens the shop for one command and closes it afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from shop.application.catalogue.export import ProductExport
from shop.application.catalogue.imports.check import FileCheck
from shop.application.catalogue.imports.jobs import ImportJobs
from shop.application.idempotency.purge import PurgeIdempotencyKeys
from shop.application.identity.access import AccessService
from shop.application.identity.customer_import import CustomerImport
from shop.application.identity.guest_purge import PurgeGuests
from shop.application.identity.roles import RoleService
from shop.application.identity.sessions import SessionService
from shop.application.jobs.administration import JobService
from shop.application.maintenance.backup import BackUpShop
from shop.application.maintenance.migrate_shops import MigrateShops
from shop.application.maintenance.move_shop import MoveShop
from shop.application.maintenance.product_seed import ProductSeed
from shop.application.maintenance.restore import RestoreShop
from shop.application.notifications.delivery_records import NotificationDeliveryService
from shop.application.notifications.endpoints import EndpointService
from shop.application.ports.database import Database
from shop.application.ports.imports.import_spool import ImportSpools
from shop.application.ports.moves.database_move import DatabaseMove
from shop.application.ports.moves.moved_part import MovedPart
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.payment_gateway import PaymentGateway
from shop.application.ports.webhook_sender import WebhookSender
from shop.application.pricing.rule_seed import RuleSeed
from shop.application.pricing.tax_rate_seed import TaxRateSeed
from shop.application.reconciliation.audit import AuditGateway, AuditShop
from shop.application.reconciliation.repair import ReconcilePayments
from shop.application.transactions.runner import TransactionRunner
from shop.entrypoints.cli.database_path import (
    require_file,
    require_file_unless_new,
    require_folder,
)
from shop.entrypoints.cli.errors import InvalidSetting
from shop.entrypoints.metrics.report import MetricsReport
from shop.entrypoints.worker import Worker

T = TypeVar("T")


class CliSettings(Protocol):
    """The settings that commands use."""

    @property
    def is_in_memory(self) -> bool:
        """Whether the database is in the memory of one process."""

    @property
    def database_url(self) -> str:
        """The address of the database, which may have a password."""

    @property
    def database_schema(self) -> str:
        """The schema of the shop, if the database has any."""

    @property
    def database_file(self) -> Path | None:
        """The file of an embedded database, else None."""

    @property
    def files_beside_database(self) -> Sequence[Path]:
        """The files that a shop makes beside an embedded database, once that exists."""

    @property
    def accepts_any_host(self) -> bool:
        """Whether production answers to every host name."""

    @property
    def metrics_port(self) -> int | None:
        """The port of the metrics, if any."""

    @property
    def rehearses_payments(self) -> bool:
        """Whether production uses a gateway that moves no money."""

    @property
    def is_unlimited_in_production(self) -> bool:
        """Whether production has no rate limits."""

    @property
    def is_without_country(self) -> bool:
        """Whether production does not know where the seller is."""


class CliContext(Protocol):
    """The container as commands use it; `--help` need not wait for its import."""

    def access_service(self) -> AccessService:
        """Return the service that disables users and ends their sessions."""

    def audit_gateway(self) -> AuditGateway:
        """Return the audit of the gateway's records."""

    def audit_shop(self) -> AuditShop:
        """Return the audit of the database."""

    def back_up_shop(self) -> BackUpShop:
        """Return the backup of the whole shop."""

    def migrate_shops(self) -> MigrateShops:
        """Return the migration of all shops of a database."""

    def move_shop(self) -> Callable[..., MoveShop]:
        """Return what moves the shop from one database to another."""

    def database_move(self) -> Callable[..., DatabaseMove]:
        """Return what copies the database to another."""

    def moved_parts(self) -> Callable[..., Sequence[MovedPart]]:
        """Return what is copied beside it to where other settings say."""

    def restore_shop(self) -> RestoreShop:
        """Return the restoration of a backup."""

    def webhook_sender(self) -> WebhookSender:
        """Return the webhook sender."""

    def database(self) -> Database:
        """Return the database."""

    def payment_gateway(self) -> PaymentGateway:
        """Return the payment gateway."""

    def password_hasher(self) -> PasswordHasher:
        """Return the password hasher."""

    def tax_rate_seed(self) -> TaxRateSeed:
        """Return what loads published tax rates."""

    def rule_seed(self) -> RuleSeed:
        """Return what adds rules of prices for demonstrations."""

    def product_export(self) -> ProductExport:
        """Return the export of products."""

    def file_check(self) -> FileCheck:
        """Return the check of files of products."""

    def import_jobs(self) -> ImportJobs:
        """Return what applies files of products."""

    def import_spools(self) -> ImportSpools:
        """Return where files of products wait to be imported."""

    def product_seed(self) -> ProductSeed:
        """Return what adds products for demonstrations."""

    def customer_import(self) -> CustomerImport:
        """Return what creates customers in batches."""

    def notification_delivery_service(self) -> NotificationDeliveryService:
        """Return the service for notification deliveries."""

    def endpoint_service(self) -> EndpointService:
        """Return the service for webhook endpoints."""

    def job_service(self) -> JobService:
        """Return the service for background jobs."""

    def metrics_report(self) -> MetricsReport:
        """Return the report of the metrics."""

    def reconcile_payments(self) -> ReconcilePayments:
        """Return the reconciliation with the gateway."""

    def session_service(self) -> SessionService:
        """Return the service for sessions."""

    def settings(self) -> CliSettings:
        """Return the settings."""

    def purge_idempotency_keys(self) -> PurgeIdempotencyKeys:
        """Return the purge of old idempotency keys."""

    def purge_guests(self) -> PurgeGuests:
        """Return the purge of guests without orders."""

    def transaction_runner(self) -> TransactionRunner:
        """Return the transaction runner."""

    def role_service(self) -> RoleService:
        """Return the service for roles."""

    def worker(self) -> Worker:
        """Return the worker."""


Work = Callable[[CliContext], Awaitable[T]]


def run(work: Work[T], *, database: str | None) -> T:
    """Run work in the shop and return its result; `database` replaces the setting.

    Raise `InvalidSetting`, `CliError`, `MigrationRequired` or `DatabaseUnavailable` if the shop
    cannot be opened.
    """
    return _run(work, _open(database), require_file, _check)


def run_migrated(work: Work[T], *, database: str | None) -> T:
    """Run work like `run`, after migrating an embedded database."""
    return run_migrated_in(_open(database), work)


def run_migrated_in(context: CliContext, work: Work[T]) -> T:
    """Run work like `run_migrated`, in an open shop."""
    return _run(work, context, require_file_unless_new, _migrate_and_check)


def run_unmigrated(work: Work[T], *, database: str | None) -> T:
    """Run work like `run`, on any schema version."""
    return _run(work, _open(database), require_file, _skip_check)


def run_creating(
    work: Work[T],
    *,
    database: str | None,
    schema: str | None = None,
    only_on_a_server: str | None = None,
) -> T:
    """Run work like `run`, which creates or migrates the database.

    An option that only a database with schemas has is named by `only_on_a_server`.
    """
    context = _open(database, schema=schema)
    if only_on_a_server is not None and context.settings().database_file is not None:
        raise InvalidSetting(
            f"{only_on_a_server}: a SQLite file has no schemas, and holds one shop; name a"
            " PostgreSQL database (SHOP_DATABASE_URL or --database)"
        )
    return _run(work, context, require_file_unless_new, _skip_check)


def run_unchecked(work: Work[T], *, database: str | None) -> T:
    """Run work like `run`, without checking the database schema."""
    return _run(work, _open(database), require_folder, _skip_check)


def _open(database: str | None, *, schema: str | None = None) -> CliContext:
    # Only commands that open the shop wait for its import.
    from shop.entrypoints.cli.bootstrap import open_container  # noqa: PLC0415

    context: CliContext = open_container(database, schema=schema)
    if context.settings().is_in_memory:
        raise InvalidSetting(
            "memory:// is inside a `shop serve` process, where no other command can reach it;"
            " use a SQLite or PostgreSQL database (SHOP_DATABASE_URL or --database)"
        )
    return context


def _run(
    work: Work[T],
    context: CliContext,
    require_path: Callable[[Path, Sequence[Path]], None],
    prepare: Work[None],
) -> T:
    file = context.settings().database_file
    if file is not None:
        # Opening the database creates files beside it.
        require_path(file, context.settings().files_beside_database)

    async def run_and_close() -> T:
        try:
            await prepare(context)
            return await work(context)
        finally:
            await context.transaction_runner().drain()
            await context.payment_gateway().close()
            await context.webhook_sender().close()
            await context.database().close()

    return asyncio.run(run_and_close())


async def _check(context: CliContext) -> None:
    await context.database().check()


async def _migrate_and_check(context: CliContext) -> None:
    if context.settings().database_file is not None:
        await context.database().migrate()
    await context.database().check()


async def _skip_check(context: CliContext) -> None:
    del context
