"""Notices in memory."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from shop.adapters.memory.database import NoticeRow, State
from shop.adapters.memory.turn import Turn
from shop.application.ports.notices import Notices
from shop.application.ports.payment_gateway import Notice


class MemoryNotices(Notices):
    """All notices, in memory."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._taken: dict[str, NoticeRow] = {}

    async def take(self, notices: Collection[Notice], at: datetime) -> Collection[str]:
        """Stage those that are new."""
        self._turn.require_writing()
        known = {**self._turn.state.notices.rows, **self._taken}
        new = {each.id: NoticeRow(notice=each, received_at=at) for each in notices}
        new = {key: row for key, row in new.items() if key not in known}
        self._taken |= new
        return set(new)

    def applied_to(self, state: State) -> State:
        """Return the state after what is staged."""
        return replace(state, notices=state.notices.with_changes(added=self._taken.values()))
