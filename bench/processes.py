"""Reads the processor time and memory of processes."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")

# The first line of /proc/stat (proc(5)).
_STATES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_IDLE = {"idle", "iowait"}

# The fields of /proc/PID/stat behind the program's name (proc(5)), counted from there.
_PARENT, _USER, _SYSTEM, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 11, 12, 13, 14


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its descendants.

    The time of direct children that have ended is included.
    """
    stats = _stats()
    if pid not in stats:
        raise ProcessLookupError(pid)
    ticks = sum(int(stats[each][field]) for each in _tree(pid, stats) for field in (_USER, _SYSTEM))
    ended = sum(int(stats[pid][field]) for field in (_CHILDREN_USER, _CHILDREN_SYSTEM))
    return (ticks + ended) / _TICKS


def busy_seconds() -> float:
    """Return the processor time of the whole machine since it was started."""
    words = (_PROC / "stat").read_text().split()
    ticks = dict(zip(_STATES, (int(word) for word in words[1:]), strict=False))
    return sum(ticks[state] for state in _STATES if state not in _IDLE) / _TICKS


def memory_bytes(pid: int) -> int:
    """Return the memory of a process and its descendants, shared pages counted once.

    It is the proportional set size: each process's share of the pages that several map.
    """
    return sum(_proportional_bytes(each) for each in _tree(pid, _stats()))


def _proportional_bytes(pid: int) -> int:
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) * 1024
    raise RuntimeError(f"the kernel reports no proportional set size for {pid}")


def _tree(pid: int, stats: dict[int, list[str]]) -> Iterator[int]:
    yield pid
    for each, fields in stats.items():
        if int(fields[_PARENT]) == pid:
            yield from _tree(each, stats)


def _stats() -> dict[int, list[str]]:
    stats: dict[int, list[str]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:
                # The process has ended meanwhile.
                continue
            # The name is in brackets, and can itself contain blanks and brackets.
            stats[int(folder.name)] = text.rpartition(")")[2].split()
    return stats
