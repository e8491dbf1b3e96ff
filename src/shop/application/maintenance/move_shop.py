"""Moves a shop into another database while it serves."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

from shop.application.ports.clock import Clock
from shop.application.ports.moves.database_move import (
    DatabaseMove,
    MoveRejected,
    MoveState,
    MoveStep,
    TableComparison,
)
from shop.application.ports.moves.moved_part import MovedPart
from shop.application.ports.unit_of_work import DatabaseFailure
from shop.domain.shared.counted import counted
from shop.domain.shared.value import value

FEW_CHANGES = 1_000
"""So many changed rows are copied in a moment, so writes can be stopped for them."""

MAX_ROUNDS = 20
"""A shop that changes faster than it can be copied does not keep the move from ending."""

OVERDUE = 8
"""The invariant that no job is overdue, as after an outage: the shop does them in its new place."""

TOKEN_CHARACTERS = 24

Report = Callable[[str], None]
FindViolated = Callable[[], Awaitable[Sequence[int]]]
"""Returns the numbers of the invariants that a shop violates."""


@value
class CompletedMove:
    """What was moved: the tables, the other parts, and for how long nothing was written."""

    target: str
    tables: Sequence[TableComparison]
    parts: Sequence[str]
    stopped_for: timedelta

    @property
    def rows(self) -> int:
        """The number of rows of all tables."""
        return sum(each.rows_after for each in self.tables)


class MoveShop:
    """Copies a shop while it serves, stops it for the last changes, and hands it over.

    In the database that the shop leaves, each step is marked before the next one begins. So the
    command can be killed at any time: it is run again, or undone. Both databases never serve at
    once: the first is marked as left before the second is released.
    """

    def __init__(
        self,
        move: DatabaseMove,
        parts: Sequence[MovedPart],
        *,
        audit_before: FindViolated,
        audit_after: FindViolated,
        clock: Clock,
    ) -> None:
        self._move = move
        self._parts = parts
        self._audit_before = audit_before
        self._audit_after = audit_after
        self._clock = clock

    async def run(self, report: Report) -> CompletedMove | None:
        """Move the shop; return None if an earlier attempt had only to be completed.

        Raise `MoveRejected` or `DatabaseFailure`. Then the shop goes on where it was, unless it
        had been marked as left: in that case, the command is run again.
        """
        state = await self._move.state()
        self._require_same_target(state)
        if state is not None and state.step is MoveStep.STOPPED:
            # An earlier attempt was killed; orders need not wait for this one.
            await self._move.undo()
            state = None
        if state is None or state.step is not MoveStep.MOVED:
            await self._move.require_movable()
        async with self._move.target_opened(state):
            if state is not None and state.step is MoveStep.MOVED:
                await self._move.release()
                await self._move.complete()
                report("Completed the move that was interrupted.")
                return None
            await self._require_no_loss()
            await _require_clean(self._audit_before, "this shop")
            return await self._run(report)

    async def undo(self, *, has_target: bool) -> None:
        """Let the shop go on in the database that it was to leave; raise `MoveRejected`.

        If that is marked as left, the other database is needed, which may have taken orders.
        """
        state = await self._move.state()
        if state is None:
            raise MoveRejected("no move of this shop has begun; nothing is to be undone")
        if state.step is MoveStep.COMPLETE:
            raise MoveRejected(f"the shop has moved to {state.target}, which takes its orders")
        if state.step is MoveStep.MOVED:
            await self._require_unreleased(state, has_target=has_target)
        await self._move.undo()

    async def _require_unreleased(self, state: MoveState, *, has_target: bool) -> None:
        if not has_target:
            raise MoveRejected(
                f"{state.target} may take orders already; add --to with its address, so that it can"
                " be asked"
            )
        self._require_same_target(state)
        async with self._move.target_opened(state):
            if await self._move.is_released():
                raise MoveRejected(
                    f"the shop has moved to {state.target}, which takes its orders; run `shop move`"
                    " again to complete it"
                )

    def _require_same_target(self, state: MoveState | None) -> None:
        if state is None:
            return
        if state.step is MoveStep.COMPLETE:
            raise MoveRejected(f"the shop has moved to {state.target} already")
        if state.step is MoveStep.MOVED and state.target != self._move.target:
            raise MoveRejected(
                f"the shop is about to move to {state.target}, not to {self._move.target}; complete"
                " that move, or undo it"
            )

    async def _require_no_loss(self) -> None:
        for part in self._parts:
            loss = await part.find_loss()
            if loss is not None:
                raise MoveRejected(
                    f"{loss}, which the move would replace; move it away, or choose another folder"
                )

    async def _run(self, report: Report) -> CompletedMove:
        await self._move.begin(uuid4().hex[:TOKEN_CHARACTERS])
        try:
            return await self._copy_and_hand_over(report)
        except BaseException:
            # Also if an operator interrupts it: orders need not stay stopped.
            state = await self._move.state()
            if state is not None and state.step in (MoveStep.COPYING, MoveStep.STOPPED):
                with suppress(DatabaseFailure):
                    await self._move.undo()
            raise

    async def _copy_and_hand_over(self, report: Report) -> CompletedMove:
        tables = rows = 0
        async for _, copied in self._move.copy():
            tables, rows = tables + 1, rows + copied
        report(f"Copied {counted(tables, 'table')} with {rows:,} rows.")
        for part in self._parts:
            await part.copy()
        await self._move.analyse()
        await self._catch_up()
        await _require_clean(self._audit_after, "the copy")
        await self._catch_up()
        report("Stopping writes.")
        stopped_at = self._clock.now()
        await self._move.stop_writes()
        await self._move.catch_up()
        comparison = await self._move.compare()
        if different := [each.table for each in comparison if not each.is_equal]:
            raise MoveRejected(
                f"the copy differs in {', '.join(different)}; the shop goes on where it was"
            )
        parts = [what for part in self._parts if (what := await part.copy()) is not None]
        report("Handing over.")
        await self._move.mark_moved(self._clock.now())
        await self._move.release()
        stopped_for = self._clock.now() - stopped_at
        await self._move.complete()
        return CompletedMove(
            target=self._move.target,
            tables=comparison,
            parts=parts,
            stopped_for=stopped_for,
        )

    async def _catch_up(self) -> None:
        for _ in range(MAX_ROUNDS):
            if await self._move.catch_up() <= FEW_CHANGES:
                return


async def _require_clean(audit: FindViolated, what: str) -> None:
    if violated := set(await audit()) - {OVERDUE}:
        numbers = ", ".join(str(each) for each in sorted(violated))
        raise MoveRejected(
            f"the audit of {what} found violated invariants: {numbers}; run `shop audit` to see the"
            " rows, and repair them first"
        )
