"""Dispatches in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.database import State
from shop.adapters.memory.paging import newest_first
from shop.adapters.memory.table import require
from shop.adapters.memory.turn import Rank, Rows, Turn
from shop.application.ports.dispatches import Dispatches, DispatchFilter
from shop.application.ports.paging import Listing, Moment, Page
from shop.domain.announcement import Dispatch, DispatchStatus


class MemoryDispatches(Dispatches):
    """All dispatches, in memory."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._rows = Rows(turn, Rank.DISPATCHES, lambda state: state.dispatches)
        self._swept: set[UUID] = set()

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Dispatch]:
        """Return those dispatches that exist, by id."""
        return self._rows.committed.get_many(ids)

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Dispatch]:
        """Return those dispatches that exist, kept from others' changes."""
        return self._rows.lock(ids)

    async def search(self, which: DispatchFilter, page: Page[Moment]) -> Listing[Dispatch, Moment]:
        """Return a page of dispatches, the newest first."""
        return newest_first(
            (
                dispatch
                for dispatch in self._rows.committed.rows.values()
                if dispatch.channel is which.channel and which.status in {None, dispatch.status}
            ),
            page,
            lambda dispatch: Moment(at=dispatch.created_at, id=dispatch.id),
        )

    def add(self, dispatch: Dispatch) -> None:
        """Stage a new dispatch."""
        self._rows.add(dispatch)

    def save(self, dispatch: Dispatch) -> None:
        """Stage the next state of a dispatch that was locked."""
        self._rows.save(dispatch)

    async def sweep(self, before: datetime) -> Collection[UUID]:
        """Remove those made before then that are not pending; return their ids."""
        self._turn.require_writing()
        self._swept |= {
            dispatch.id
            for dispatch in self._rows.committed.rows.values()
            if dispatch.status is not DispatchStatus.PENDING and dispatch.created_at < before
        }
        return self._swept

    def applied_to(self, state: State) -> State:
        """Return the state after what is staged."""
        for dispatch in self._rows.changed:
            is_delivered = dispatch.status is DispatchStatus.DELIVERED
            require(
                is_delivered == (dispatch.delivered_at is not None),
                "ck_dispatches_delivered_has_a_time",
            )
        left = self._rows.applied_to(state).with_changes(removed=self._swept)
        return replace(state, dispatches=left)
