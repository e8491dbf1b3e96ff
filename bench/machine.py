"""Describes the machine and the software that measurements depend on."""

import os
import platform
import sqlite3
from pathlib import Path

from bench.databases import Postgres
from bench.load import LoadGenerator
from bench.results import Machine

_GIB = 2**30


def describe(folder: Path, postgres: Postgres, load: LoadGenerator) -> Machine:
    """Return the description of this machine; `folder` is that of the databases."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(memory / _GIB),
        kernel=f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        filesystem=_filesystem(folder),
        python=platform.python_version(),
        postgresql=postgres.version,
        sqlite=sqlite3.sqlite_version,
        load_generator=load.name,
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _filesystem(folder: Path) -> str:
    """Return the file system of a folder; in memory, commits would cost nothing."""
    place = str(folder.resolve())
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    _, kind = max(
        (len(point), kind)
        for point, kind in mounts
        if place == point or place.startswith(point.rstrip("/") + "/")
    )
    return kind
