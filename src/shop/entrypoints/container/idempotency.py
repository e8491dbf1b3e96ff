"""Idempotency: how old keys are deleted."""

from dependency_injector import providers

from shop.application.idempotency.purge import PurgeIdempotencyKeys
from shop.entrypoints.container.transactions import TransactionContainer as Base


class IdempotencyContainer(Base):
    """The use case that deletes old idempotency keys."""

    purge_idempotency_keys = providers.Singleton(
        PurgeIdempotencyKeys, Base.transaction_runner, Base.clock
    )
