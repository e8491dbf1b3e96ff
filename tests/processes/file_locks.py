"""Shorter waits for the lock of a SQLite file, in the processes of tests that hold it."""

SHORT_WAITS_VARIABLE = "TESTS_SHORT_LOCK_WAITS"
"""The variable of the environment that asks for them."""


def shorten_waits() -> None:
    """Wait two seconds instead of ten; a probe still reports before its own wait ends."""
    # Processes that wait as usual do not import the engines before they need them.
    from shop.adapters.sql.engines import sqlite, write_probe  # noqa: PLC0415

    sqlite.BUSY_TIMEOUT_SECONDS = 2
    write_probe.TIMEOUT_SECONDS, write_probe.INTERVAL_SECONDS = 1, 1
