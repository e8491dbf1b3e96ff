"""The shop as the operator's commands see it, opened for one of them and closed again."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

from shop.application.audit import AuditGateway, AuditShop
from shop.application.dispatches import LookAfterDispatches
from shop.application.idempotency import SweepKeys
from shop.application.intake import Intake
from shop.application.outbox import LookAfterJobs
from shop.application.ports.courier import Courier
from shop.application.ports.database import Database
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.payment_gateway import PaymentGateway
from shop.application.reconcile import ReconcilePayments
from shop.application.sessions import Sessions
from shop.application.transact import Transact
from shop.application.users import Users
from shop.entrypoints.cli.failures import Failure
from shop.entrypoints.worker import Worker

T = TypeVar("T")


class Place(Protocol):
    """What commands ask of the settings."""

    @property
    def database_file(self) -> Path | None:
        """The file that is the database, where it is one of this machine's."""

    @property
    def is_play_money(self) -> bool:
        """Whether cards are charged nothing although this is for real."""


class Shop(Protocol):
    """What commands ask of the container, which takes too long to import to ask for help."""

    def audit_gateway(self) -> AuditGateway:
        """Return the audit beside the gateway's books."""

    def audit_shop(self) -> AuditShop:
        """Return the audit."""

    def courier(self) -> Courier:
        """Return what brings announcements to endpoints."""

    def database(self) -> Database:
        """Return the database."""

    def gateway(self) -> PaymentGateway:
        """Return the payment gateway."""

    def hasher(self) -> PasswordHasher:
        """Return what hashes passwords."""

    def intake(self) -> Intake:
        """Return what fills the shop."""

    def look_after_dispatches(self) -> LookAfterDispatches:
        """Return what shows announcements on their way and forgets the old."""

    def look_after_jobs(self) -> LookAfterJobs:
        """Return what shows the outbox and revives what is dead in it."""

    def reconcile_payments(self) -> ReconcilePayments:
        """Return what brings the shop's books and the gateway's together."""

    def sessions(self) -> Sessions:
        """Return the sessions."""

    def settings(self) -> Place:
        """Return the settings."""

    def sweep_keys(self) -> SweepKeys:
        """Return what forgets the keys of old refusals."""

    def transact(self) -> Transact:
        """Return what runs units of work."""

    def users(self) -> Users:
        """Return the users."""

    def worker(self) -> Worker:
        """Return what does the outbox's jobs."""


Work = Callable[[Shop], Awaitable[T]]


def in_shop(work: Work[T], *, database: str | None) -> T:
    """Do some work in the shop whose database was named, or else is set, and return what it does.

    Raise `WrongSetting`, `Failure`, `Unmigrated` or `Unavailable` where there is no such shop.
    """
    return _in(work, database, _require_file, _checked)


def in_prepared_shop(work: Work[T], *, database: str | None) -> T:
    """Do the same, but migrate an embedded database first: nobody else is there to do it."""
    return _in(work, database, _require_folder, _prepared)


def in_unchecked_shop(work: Work[T], *, database: str | None) -> T:
    """Do the same, whatever shape the database has."""
    return _in(work, database, _require_folder, _as_it_is)


def _in(
    work: Work[T], database: str | None, require: Callable[[Path], None], ready: Work[None]
) -> T:
    # Only commands that open the shop wait for all of it to be imported.
    from shop.entrypoints.cli.assembly import assemble, warn_of_unknown_settings  # noqa: PLC0415

    warn_of_unknown_settings()
    shop: Shop = assemble(database)
    file = shop.settings().database_file
    if file is not None:
        # Once the database is opened, a secret lies beside it.
        require(file)

    async def opened() -> T:
        try:
            await ready(shop)
            return await work(shop)
        finally:
            await shop.transact().finish()
            await shop.gateway().close()
            await shop.courier().close()
            await shop.database().close()

    return asyncio.run(opened())


def _require_folder(file: Path) -> None:
    if not file.parent.is_dir():
        raise Failure(f"there is no folder {file.parent} for the database file {file.name}")


def _require_file(file: Path) -> None:
    _require_folder(file)
    if not file.is_file():
        raise Failure(f"there is no database file {file}; `shop serve` or `shop migrate` makes it")


async def _checked(shop: Shop) -> None:
    await shop.database().check()


async def _prepared(shop: Shop) -> None:
    if shop.settings().database_file is not None:
        await shop.database().migrate()
    await shop.database().check()


async def _as_it_is(shop: Shop) -> None:
    del shop
