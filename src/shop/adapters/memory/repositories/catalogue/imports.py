"""Imports of product files in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.repositories.catalogue.imports import Imports
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.catalogue.product_import import ImportInProgress, ProductImport


class MemoryImports(Imports):
    """All imports, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._rows = StagedRows(transaction, LockOrder.IMPORTS, lambda state: state.imports)

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImport]:
        """Return imports by id."""
        return self._rows.committed.get_many(ids)

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImport]:
        """Like `get_many`, and lock the imports."""
        return self._rows.lock(ids)

    async def running(self) -> ProductImport | None:
        """Return the import that is running, if any."""
        rows = self._rows.committed.rows.values()
        return next((each for each in rows if each.is_running), None)

    def add(self, product_import: ProductImport) -> None:
        """Stage a new import."""
        self._rows.add(product_import)

    def save(self, product_import: ProductImport) -> None:
        """Stage the next state of a locked import."""
        self._rows.save(product_import)

    def apply(self, state: State) -> State:
        """Return the state after what is staged; raise `ImportInProgress` if two would run."""
        for each in self._rows.staged:
            require_constraint(each.user_id in state.users.rows, "fk_imports_user_id_users")
        rows = self._rows.apply(state)
        if self._rows.added and sum(each.is_running for each in rows.rows.values()) > 1:
            raise ImportInProgress
        return replace(state, imports=rows)
