"""Kills the process that moves a shop, before or after one of its steps."""

import os
import signal
from typing import Any

KILL_VARIABLE = "TESTS_KILL_MOVE"
"""The variable of the environment that names the step, such as `after stop_writes`."""


def kill_at_step() -> None:
    """Let the move die with -9 where the variable says."""
    # Only processes that move need the import.
    from shop.adapters.sql.move.database_move import SqlDatabaseMove  # noqa: PLC0415

    when, _, name = os.environ[KILL_VARIABLE].partition(" ")
    step = getattr(SqlDatabaseMove, name)

    async def killed(self: SqlDatabaseMove, *needed: Any) -> Any:  # noqa: ANN401  The step's.
        if when == "after":
            await step(self, *needed)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(SqlDatabaseMove, name, killed)
