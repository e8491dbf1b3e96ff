"""Transactions: the runner of units of work, and the queues of commands."""

from typing import Any

from dependency_injector import providers

from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWorkFactory
from shop.application.transactions.group_commit import BatchHandler, CommandQueues, GroupCommit
from shop.application.transactions.runner import TransactionRunner
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container.adapters import AdapterContainer as Base
from shop.entrypoints.container.adapters import rate_limiter_on

MAX_CONCURRENT_GROUPS = 2
"""The database works on one group of commands while this process works on the other."""


def _create_runner(
    new_unit_of_work: UnitOfWorkFactory,
    new_snapshot: UnitOfWorkFactory,
    clock: Clock,
    new_guarded_unit_of_work: UnitOfWorkFactory,
    settings: Settings,
) -> TransactionRunner:
    # If there is one writer, its lock costs nothing that guards could save.
    new_guarded = None if settings.has_single_writer else new_guarded_unit_of_work
    return TransactionRunner(new_unit_of_work, new_snapshot, clock, new_guarded)


class TransactionContainer(Base):
    """The transaction runner, the command queues and the rate limiter."""

    transaction_runner = providers.Singleton(
        _create_runner,
        Base.unit_of_work.provider,
        Base.snapshot.provider,
        Base.clock,
        Base.guarded_unit_of_work.provider,
        Base.settings,
    )
    command_queues = providers.Singleton(CommandQueues, Base.metrics)
    rate_limiter = rate_limiter_on(transaction_runner, command_queues)


def queue_of(handler: providers.Provider[Any]) -> providers.Singleton[GroupCommit[Any, Any]]:
    """Return the provider of a queue whose commands one use case decides in groups."""
    return providers.Singleton(
        _create_queue, TransactionContainer.command_queues, handler, TransactionContainer.settings
    )


def _create_queue(
    queues: CommandQueues, handler: BatchHandler[Any, Any], settings: Settings
) -> GroupCommit[Any, Any]:
    # If there is one writer, a second group waits for it and misses commands that come meanwhile.
    return queues.queue_for(
        handler, max_concurrent_groups=1 if settings.has_single_writer else MAX_CONCURRENT_GROUPS
    )
