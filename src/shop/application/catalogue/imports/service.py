"""Begins imports of product files, and shows how far they are."""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

from shop.application.idempotency.optional_key import execute_once, optional_request
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.imports.import_spool import ImportSpools
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import DatabaseUnavailable, UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.product_import import (
    ImportInProgress,
    ImportNotFound,
    ProductImport,
)
from shop.domain.shared.errors import ShopError
from shop.domain.shared.value import value
from shop.domain.user import User

KEPT_FOR = timedelta(days=1)
"""How long a file may wait for the transaction that begins its import: longer than any takes."""


@value
class BeginImport:
    """Import a file of products, or only check it (admin). The key is optional."""

    session: SessionToken | None
    content: AsyncIterator[bytes]
    dry_run: bool
    key: str | None = None


class ImportService:
    """Begins imports, which jobs carry out, and shows them."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        spools: ImportSpools,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._spools = spools
        self._clock = clock
        self._ids = ids

    async def begin(self, command: BeginImport) -> CommandResult[ProductImport]:
        """Store a file and begin its import, once under the key, if there is one.

        Errors: `NotSignedIn`, `SessionExpired`, `Forbidden`, `ImportInProgress`,
        `IdempotencyKeyReused`, `RequestInProgress`.
        """
        # Rejected before the file is stored, and again in the transaction that begins.
        await self._transactions.read(partial(self._require_free, command))
        import_id = self._ids.new()
        checksum = await self._spools.receive(import_id, command.content)
        begin = partial(self._begin, command, import_id, checksum)
        try:
            result = await self._transactions.write(begin, retryable=True)
        except (ShopError, DatabaseUnavailable):
            # After any other failure the import may have begun; if not, a sweep finds the file.
            await self._spools.remove(import_id)
            raise
        if not isinstance(result.value, ProductImport) or result.value.id != import_id:
            await self._spools.remove(import_id)
        return result

    async def _require_free(self, command: BeginImport, uow: UnitOfWork) -> None:
        await self._authenticator.require_admin(uow, command.session)
        # With a key, the import that runs may be the one that this request has begun.
        if command.key is None and await uow.imports.running() is not None:
            raise ImportInProgress

    async def _begin(
        self, command: BeginImport, import_id: UUID, checksum: str, uow: UnitOfWork
    ) -> CommandResult[ProductImport]:
        if begun := (await uow.imports.get_many([import_id])).get(import_id):
            # An earlier attempt was committed without an answer. It needs its file, so it is found
            # even if the session has ended since.
            return CommandResult(value=begun, replayed=False)
        user = await self._authenticator.require_admin(uow, command.session)

        async def load(ids: Collection[UUID]) -> Mapping[UUID, ProductImport]:
            found = await uow.imports.get_many(ids)
            return {id_: each.as_begun() for id_, each in found.items()}

        return await execute_once(
            uow,
            optional_request(
                user, command.key, command, "import", dry_run=command.dry_run, file=checksum
            ),
            at=self._clock.now(),
            lock=uow.imports.running,
            decide=partial(self._decide, uow, command, import_id, user),
            load=load,
        )

    def _decide(
        self,
        uow: UnitOfWork,
        command: BeginImport,
        import_id: UUID,
        user: User,
        running: ProductImport | None,
    ) -> ProductImport:
        if running is not None:
            raise ImportInProgress
        now = self._clock.now()
        begun = ProductImport.new(import_id, user.id, dry_run=command.dry_run, at=now)
        uow.imports.add(begun)
        uow.jobs.add(Job.new(JobKind.IMPORT_PRODUCTS, import_id, at=now, due_at=now))
        return begun

    async def sweep(self) -> None:
        """Remove the files of requests that have begun no import, and of imports that ended."""
        stored = await self._spools.received_before(self._clock.now() - KEPT_FOR)
        if not stored:
            return
        found = await self._transactions.read(lambda uow: uow.imports.get_many(stored))
        for import_id in stored:
            if import_id not in found or not found[import_id].is_running:
                await self._spools.remove(import_id)

    async def show(self, session: SessionToken | None, import_id: UUID) -> ProductImport:
        """Return an import.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden` or `ImportNotFound`.
        """

        async def show(uow: UnitOfWork) -> ProductImport:
            await self._authenticator.require_admin(uow, session)
            found = (await uow.imports.get_many([import_id])).get(import_id)
            if found is None:
                raise ImportNotFound(import_id=import_id)
            return found

        return await self._transactions.read(show)
