"""Formats of numbers that the terminal and the README share."""

from bench.results import Machine, NoResult, Range, Row

NO_RESULT = "no result"


def number(value: float) -> str:
    """Return a figure: large ones without decimals."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"  # noqa: PLR2004


def optional(value: float | None) -> str:
    """Return a number, or nothing if there is none."""
    return "" if value is None else f"{value:.2f}"


def ratio(value: Range | NoResult | None) -> str:
    """Return the median of a ratio, nothing if none applies, or that it has no result."""
    if isinstance(value, NoResult):
        return NO_RESULT
    return optional(None if value is None else value.median)


def milliseconds_per_unit(row: Row) -> float:
    """Return the server's processor time for one order, request or transfer."""
    return row.cores.server / row.per_second.median * 1000


def describe_machine(machine: Machine) -> str:
    """Return what measurements were made on, in a sentence."""
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gib} GiB, {machine.kernel},"
        f" {machine.filesystem}; Python {machine.python}, PostgreSQL {machine.postgresql},"
        f" SQLite {machine.sqlite}."
    )
