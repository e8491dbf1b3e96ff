"""Begins imports of product files, and shows how far they are."""

from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.imports.import_spool import ImportSpools
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.product_import import (
    ImportInProgress,
    ImportNotFound,
    ProductImport,
)
from shop.domain.shared.value import value


@value
class BeginImport:
    """Import a file of products, or only check it (admin)."""

    session: SessionToken | None
    content: AsyncIterator[bytes]
    dry_run: bool


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

    async def begin(self, command: BeginImport) -> ProductImport:
        """Store a file and begin its import.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden` or `ImportInProgress`.
        """
        # Rejected before the file is stored, and again in the transaction that begins.
        await self._transactions.read(partial(self._require_free, command.session))
        import_id = self._ids.new()
        await self._spools.receive(import_id, command.content)
        try:
            begin = partial(self._begin, command, import_id)
            return await self._transactions.write(begin, retryable=True)
        except BaseException:
            await self._spools.remove(import_id)
            raise

    async def _require_free(self, session: SessionToken | None, uow: UnitOfWork) -> None:
        await self._authenticator.require_admin(uow, session)
        if await uow.imports.running() is not None:
            raise ImportInProgress

    async def _begin(self, command: BeginImport, import_id: UUID, uow: UnitOfWork) -> ProductImport:
        user = await self._authenticator.require_admin(uow, command.session)
        if begun := (await uow.imports.get_many([import_id])).get(import_id):
            # An earlier attempt was committed without an answer.
            return begun
        now = self._clock.now()
        begun = ProductImport.new(import_id, user.id, dry_run=command.dry_run, at=now)
        uow.imports.add(begun)
        uow.jobs.add(Job.new(JobKind.IMPORT_PRODUCTS, import_id, at=now, due_at=now))
        await uow.commit()
        return begun

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
