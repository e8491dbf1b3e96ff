"""A restore that ends before its time leaves no shop that serves a half of the backup."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from shop.application.maintenance.restore import Restore
from shop.application.ports.backup_part import BackupPart, PartReplacement, PartSnapshot
from shop.application.ports.database import IncompatibleSchema
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.backup.conftest import Engine
from tests.entrypoints.cli.command_line import CommandLine

CUSTOMERS = 20
UNFINISHED = "shop: the restore of this database has not finished; run `shop restore` again\n"


class KilledHere(Exception):
    """Ends the process in the tests' place."""


class KillingPart(BackupPart):
    """A part during whose replacement the process is killed."""

    name = "gateway.db"
    has_payments = False

    def snapshot(self) -> AbstractAsyncContextManager[PartSnapshot]:
        raise NotImplementedError

    @asynccontextmanager
    async def replacement(self) -> AsyncIterator[PartReplacement]:
        yield KillingReplacement()


class KillingReplacement(PartReplacement):
    async def find_loss(self, copy: Path) -> str | None:
        del copy
        return None

    async def replace_with(self, copy: Path) -> None:
        raise KilledHere(copy)


@pytest.fixture
def backup(engine: Engine) -> Path:
    """Back up a shop with customers."""
    source = engine.new_shop("source")
    source.output_of("migrate")
    source.output_of("seed", "--products", "5", "--customers", str(CUSTOMERS))
    file = engine.folder / "backup.tar"
    source.output_of("backup", str(file))
    return file


@pytest.fixture(params=["new", "migrated", "used"])
def target(request: pytest.FixtureRequest, engine: Engine) -> CommandLine:
    """Return a shop that a backup is restored into."""
    target = engine.new_shop("target")
    if request.param != "new":
        target.output_of("migrate")
    if request.param == "used":
        target.output_of("seed", "--products", "3")
    return target


def test_shop_is_closed_until_the_restore_is_repeated(
    backup: Path, target: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kill_while_the_gateway_is_replaced(backup, target, monkeypatch)

    for command in (("serve", "--port", "0"), ("audit",), ("worker", "--once"), ("migrate",)):
        ended = target.run(*command)
        assert (ended.returncode, ended.stderr) == (1, UNFINISHED)
    saved = target.run("backup", "half.tar")
    assert (saved.returncode, saved.stderr) == (
        1,
        "shop: the restore of this database has not finished; run `shop restore` again\n",
    )
    assert not (target.folder / "half.tar").exists()

    # The operator has agreed already that the earlier content is replaced.
    printed = target.output_of("restore", str(backup))

    assert printed.splitlines()[0].endswith(f": 0 orders, {CUSTOMERS} users, 5 products.")
    assert target.run("audit").returncode == 0


def _kill_while_the_gateway_is_replaced(
    backup: Path, target: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def restore() -> None:
        container = Container(settings=Settings())
        container.backup_parts.override([KillingPart()])
        with pytest.raises(KilledHere):
            await container.restore_shop().run(Restore(file=backup, overwrite=True))
        with pytest.raises(IncompatibleSchema):
            await container.database().check()
        await container.database().close()

    with monkeypatch.context() as patch:
        patch.chdir(target.folder)
        for name, value in target.settings.items():
            patch.setenv(name, value)
        asyncio.run(restore())


KILLED_IN_THE_MIDDLE_OF_A_FILE = """
import os, signal, sqlite3, sys
from contextlib import closing
from shop.adapters.sql.backup import sqlite_file_copy
from shop.entrypoints.cli import main

replace = sqlite_file_copy.replace_content

def replace_half(target, copy):
    if copy.name != "shop.db":
        return replace(target, copy)
    def kill(status, remaining, total):
        if remaining < total / 2:
            os.kill(os.getpid(), signal.SIGKILL)
    with closing(sqlite3.connect(copy)) as source:
        source.backup(target, pages=5, progress=kill)

sqlite_file_copy.replace_content = replace_half
sys.exit(main())
"""


def test_process_killed_while_it_writes_the_database_leaves_a_closed_shop(
    sqlite_engine: Engine,
) -> None:
    source, target = sqlite_engine.new_shop("source"), sqlite_engine.new_shop("target")
    source.output_of("seed", "--products", "500", "--customers", "1")
    source.output_of("backup", "../backup.tar")
    target.output_of("seed", "--products", "2", "--customers", "2")

    script = [sys.executable, "-c", KILLED_IN_THE_MIDDLE_OF_A_FILE]
    killed = subprocess.run(
        [*script, "restore", "../backup.tar", "--overwrite"],
        cwd=target.folder,
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    assert target.rows("SELECT count(*) FROM products") == [(2,)]
    ended = target.run("serve", "--port", "0")
    assert (ended.returncode, ended.stderr) == (1, UNFINISHED)
    target.output_of("restore", "../backup.tar")
    assert target.rows("SELECT count(*) FROM products") == [(500,)]
    assert target.run("audit").returncode == 0
