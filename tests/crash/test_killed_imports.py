"""Processes are killed with -9 while a file of products is received, checked and applied.

A worker is killed, its lease ends, and another worker goes on, several times during one import.
"""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dependency_injector import providers
from sqlalchemy import ScalarSelect, func, select

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import (
    imports,
    inventories,
    price_changes,
    products,
    stock_movements,
    variants,
)
from shop.application.catalogue.imports.service import KEPT_FOR, BeginImport
from shop.application.identity.sign_in import SignIn
from shop.application.identity.sign_up import SignUp
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.catalogue.product_import import ImportStatus, ProductImport
from shop.domain.user import Role
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.application.memory_shop import new_token
from tests.forked_process import start_shop
from tests.process_logs import logs_shown_on_failure
from tests.processes.advanceable_clock import OFFSET_FILE_VARIABLE, AdvanceableClock
from tests.servers import POLL_INTERVAL_SECONDS, PROCESS_ENVIRONMENT
from tests.timeouts import TEST_TIMEOUT_SECONDS
from tests.unique_names import unique_name

pytestmark = pytest.mark.anyio

ROWS = 3000
UNITS = (500, 1500)
"""How many rows are applied before a worker is killed."""

LEASE = timedelta(seconds=100)
PASSWORD = "correct horse battery"
"""For one admin alone."""

PROGRESS = tuple(
    select(column).scalar_subquery()
    for column in (imports.c.status, imports.c.applied, imports.c.added)
)
COUNTS = tuple(
    select(func.count()).select_from(table).scalar_subquery()
    for table in (products, variants, inventories, stock_movements, price_changes)
)

KILLED_WHILE_RECEIVING = """
import asyncio, os, signal, sys
from pathlib import Path
from typing import Any
from uuid import UUID
from shop.adapters.files.import_spools import FolderImportSpools

async def content():
    yield b"sku,name,description,price,stock\\nTEA,Tea"
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(FolderImportSpools(Path(sys.argv[1])).receive(UUID(sys.argv[2]), content()))
"""


@dataclass(frozen=True, kw_only=True)
class ImportingShop:
    """A shop whose worker is another process, and its admin."""

    container: Container
    clock: AdvanceableClock
    folder: Path
    environment: Mapping[str, str]
    admin: SessionToken

    @property
    def files(self) -> list[Path]:
        """What is stored of imports."""
        return list(self.container.settings().imports_folder.glob("*"))

    async def begin(self, rows: int) -> ProductImport:
        """Begin the import of a file that adds products."""

        async def content() -> AsyncIterator[bytes]:
            yield b"sku,name,description,price,stock\n"
            for number in range(rows):
                yield f"TEA-{number},Tea no. {number},Green.,500,{number + 1}\n".encode()

        command = BeginImport(session=self.admin, content=content(), dry_run=False)
        return (await self.container.import_service().begin(command)).unwrap()

    async def shown(self, import_id: UUID) -> ProductImport:
        """Return an import as the admin sees it."""
        return await self.container.import_service().show(self.admin, import_id)

    async def stored(self, *columns: ScalarSelect[Any]) -> tuple[Any, ...]:
        """Read what is stored, in one snapshot: a killed worker's last COMMIT may be on its way."""
        database = self.container.database()
        assert isinstance(database, SqlDatabase)
        async with database.reader.connect() as connection:
            (row,) = await connection.execute(select(*columns))
            return tuple(row)

    async def kill_worker_when(self, is_there: Callable[[], Awaitable[bool]]) -> None:
        """Run a worker, kill it when the import is there, and let its lease end."""
        with self._worker():
            async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
                while not await is_there():  # noqa: ASYNC110  It becomes so in another process.
                    await asyncio.sleep(POLL_INTERVAL_SECONDS / 10)
        self.clock.advance(LEASE.total_seconds() + 1)

    @contextmanager
    def _worker(self) -> Iterator[None]:
        with (
            Path(self.folder, "worker.log").open("ab") as log,
            start_shop(
                "worker", folder=self.folder, environment=self.environment, errors=log
            ) as worker,
        ):
            try:
                yield
            finally:
                worker.kill()


@pytest.fixture
async def shop(tmp_path: Path, database: str | None) -> AsyncIterator[ImportingShop]:
    clock = AdvanceableClock(tmp_path / "time-passed")
    settings = {
        "SHOP_DATABASE_URL": database or f"sqlite+aiosqlite:///{tmp_path}/shop.db",
        "SHOP_DATABASE_SCHEMA": unique_name("imports").replace("-", "_").lower(),
        "SHOP_SESSION_SECRETS": json.dumps(["a secret for crashes alone, 0123456789"]),
        "SHOP_MEDIA_FOLDER": str(tmp_path / "media"),
        "SHOP_JOB_LEASE_SECONDS": str(LEASE.total_seconds()),
    }
    named = {name.removeprefix("SHOP_").lower(): each for name, each in settings.items()}
    async with AsyncExitStack() as stack:
        stack.enter_context(logs_shown_on_failure(tmp_path))
        container = Container(settings=Settings.model_validate(named))
        container.clock.override(providers.Object(clock))
        stack.push_async_callback(container.database().close)
        await container.database().migrate()
        yield ImportingShop(
            container=container,
            clock=clock,
            folder=tmp_path,
            environment={
                **settings,
                **PROCESS_ENVIRONMENT,
                OFFSET_FILE_VARIABLE: str(tmp_path / "time-passed"),
            },
            admin=await _admin(container),
        )


async def _admin(container: Container) -> SessionToken:
    email = "root@example.com"
    sign_up = SignUp(session=None, name="Root", email=email, password=PASSWORD)
    await container.sign_up_service().sign_up(sign_up)
    await container.role_service().grant(email, Role.ADMIN)
    signed_in = await container.sign_in_service().sign_in(
        SignIn(session=None, email=email, password=PASSWORD)
    )
    return new_token(signed_in)


async def test_import_whose_workers_are_killed_is_applied_once(shop: ImportingShop) -> None:
    begun = await shop.begin(ROWS)
    (files,) = shop.files
    left: list[Any] = []

    async def is_reading() -> bool:
        return "rows_read" in _check_of(files)

    async def is_checking_products() -> bool:
        return bool(_check_of(files).get("products_checked"))

    def is_applied(rows: int) -> Callable[[], Awaitable[bool]]:
        async def is_so() -> bool:
            return (await shop.shown(begun.id)).applied >= rows

        return is_so

    for point in (is_reading, is_checking_products, *map(is_applied, UNITS)):
        await shop.kill_worker_when(point)
        status, applied, *others = await shop.stored(*PROGRESS, *COUNTS)
        # All that is said to be applied is, and nothing else.
        assert others == [applied] * len(others)
        assert status == "importing" or not applied
        left.append(applied)
    await shop.container.import_job_runner().run_due()

    assert any(0 < applied < ROWS for applied in left)
    ended = await shop.shown(begun.id)
    assert (ended.status, ended.errors, ended.remarks) == (ImportStatus.DONE, (), ())
    assert (ended.rows, ended.applied, ended.added) == (ROWS, ROWS, ROWS)
    assert (ended.changed, ended.unchanged) == (0, 0)
    assert await shop.stored(*COUNTS) == (ROWS,) * len(COUNTS)
    assert shop.files == []
    findings = await shop.container.audit_shop().run(lambda _: None)
    assert [each for each in findings if each.violations] == []


async def test_file_whose_receiver_is_killed_begins_nothing_and_is_swept(
    shop: ImportingShop,
) -> None:
    folder = shop.container.settings().imports_folder
    import_id = str(UUID(int=1))
    command = [sys.executable, "-c", KILLED_WHILE_RECEIVING, str(folder), import_id]
    killed = await asyncio.to_thread(subprocess.run, command, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert shop.files == [folder / import_id]

    # Nothing is running that another import would have to wait for.
    begun = await shop.begin(1)
    await shop.container.import_job_runner().run_due()
    ended = await shop.shown(begun.id)

    assert (ended.status, ended.added) == (ImportStatus.DONE, 1)
    # Another server may still be receiving a file that is as young.
    await shop.container.import_service().sweep()
    assert shop.files == [folder / import_id]
    shop.clock.advance(KEPT_FOR.total_seconds() + 1)
    await shop.container.import_service().sweep()
    assert shop.files == []


def _check_of(files: Path) -> Mapping[str, Any]:
    """Return how far the check of a file is that a worker is reading."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(files / "rows.db")) as rows:
        for (document,) in rows.execute("SELECT document FROM state"):
            state: Mapping[str, Any] = json.loads(document)
            return state
    return {}
