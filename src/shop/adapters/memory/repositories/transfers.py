"""Transfers in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.adapters.memory.repositories.accounts import _counterparty
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.accounts import AccountEntry
from shop.application.ports.repositories.transfers import Transfers
from shop.domain.account import Transfer


class MemoryTransfers(Transfers):
    """All transfers, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._added: list[Transfer] = []

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Transfer]:
        """Return transfers by id."""
        return self._transaction.state.transfers.get_many(ids)

    async def entries(
        self, account_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[AccountEntry, TimeCursor]:
        """Return a page of an account's transfers, newest first."""
        state = self._transaction.state
        transfers_page = newest_first(
            (
                transfer
                for transfer in state.transfers.rows.values()
                if account_id in {transfer.debit_account_id, transfer.credit_account_id}
            ),
            page,
            lambda transfer: TimeCursor(at=transfer.created_at, id=transfer.id),
        )
        return Page(
            items=[
                AccountEntry(
                    transfer=transfer, counterparty=_counterparty(state, account_id, transfer)
                )
                for transfer in transfers_page.items
            ],
            next=transfers_page.next,
        )

    def add(self, transfer: Transfer) -> None:
        """Stage a new transfer."""
        self._transaction.require_writing()
        self._added.append(transfer)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for transfer in self._added:
            require_constraint(transfer.amount.amount > 0, "ck_transfers_amount_positive")
            are_different = transfer.debit_account_id != transfer.credit_account_id
            require_constraint(are_different, "ck_transfers_two_accounts")
        return replace(state, transfers=state.transfers.with_changes(added=self._added))
