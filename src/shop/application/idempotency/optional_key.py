"""Executes commands that may have an idempotency key and need none."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shop.application.idempotency.batch import IdempotentBatch, IdempotentRequest, Identified
from shop.application.idempotency.fingerprint import fingerprint
from shop.application.idempotency.results import CommandResult
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.user import User

C = TypeVar("C")
L = TypeVar("L")
T = TypeVar("T", bound=Identified)


def optional_request(
    user: User, key: str | None, command: C, operation: str, **members: object
) -> IdempotentRequest[C] | None:
    """Return the request of a user's command, or None if it has no key."""
    if key is None:
        return None
    return IdempotentRequest(
        key=IdempotencyKey(user_id=user.id, value=key),
        fingerprint=fingerprint(operation, **members),
        command=command,
    )


async def execute_once(
    uow: UnitOfWork,
    request: IdempotentRequest[C] | None,
    *,
    at: datetime,
    lock: Callable[[], Awaitable[L]],
    decide: Callable[[L], T],
    load: Callable[[Collection[UUID]], Awaitable[Mapping[UUID, T]]],
) -> CommandResult[T]:
    """Execute a command and commit: at most once under its key, if it has one.

    `lock` returns the rows that `decide` needs. `decide` and `load` are those of
    `IdempotentBatch.execute`. Without a key, the error of a rejected command is raised.
    """
    batch = None if request is None else await IdempotentBatch.claim(uow, [request], at=at)
    locked = await lock()
    if batch is None:
        value = decide(locked)
        await uow.commit()
        return CommandResult(value=value, replayed=False)
    (result,) = await batch.execute(lambda _: decide(locked), load)
    return result
