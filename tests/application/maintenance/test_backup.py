"""In which order the parts of a shop are copied, so that they are of one moment."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from shop.adapters.files.backup_archive import TarBackupArchive
from shop.application.maintenance.backup import BackUp, BackUpShop
from shop.application.ports.backup_part import BackupPart, PartReplacement, PartSnapshot
from shop.application.ports.database_backup import (
    DatabaseBackup,
    DatabaseDescription,
    DatabaseReplacement,
    DatabaseSnapshot,
)
from tests.clock import FakeClock
from tests.factories import NOW

pytestmark = pytest.mark.anyio

DESCRIPTION = DatabaseDescription(
    engine="recorded", schema=None, schema_version="0001", currency="EUR", rows={"orders": 3}
)


class RecordedSnapshot(DatabaseSnapshot):
    def __init__(self, steps: list[str], name: str) -> None:
        self._steps = steps
        self._name = name

    async def describe(self) -> DatabaseDescription:
        return DESCRIPTION

    async def copy_to(self, file: Path) -> None:
        self._steps.append(f"copy {self._name}")
        _create(file)


class RecordedDatabase(DatabaseBackup):
    """A database that records what is done with it."""

    engine = "recorded"
    part_name = "database"

    def __init__(self, steps: list[str]) -> None:
        self._steps = steps

    @asynccontextmanager
    async def payments_paused(self) -> AsyncIterator[None]:
        self._steps.append("pause payments")
        yield
        self._steps.append("resume payments")

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[DatabaseSnapshot]:
        self._steps.append("take database")
        yield RecordedSnapshot(self._steps, "database")

    async def require_supported(self, description: DatabaseDescription) -> None:
        raise NotImplementedError

    async def check_copy(self, copy: Path, description: DatabaseDescription) -> None:
        raise NotImplementedError

    def replacement(self, *, overwrite: bool) -> AbstractAsyncContextManager[DatabaseReplacement]:
        raise NotImplementedError(overwrite)


class RecordedPart(BackupPart):
    """A part that records what is done with it."""

    def __init__(self, steps: list[str], name: str, *, has_payments: bool) -> None:
        self._steps = steps
        self.name = name
        self.has_payments = has_payments

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PartSnapshot]:
        self._steps.append(f"take {self.name}")
        yield RecordedSnapshot(self._steps, self.name)

    def replacement(self) -> AbstractAsyncContextManager[PartReplacement]:
        raise NotImplementedError


def _create(file: Path) -> None:
    file.touch()


async def _back_up(folder: Path, steps: list[str], *parts: BackupPart) -> None:
    shop = BackUpShop(
        RecordedDatabase(steps), parts, TarBackupArchive(), FakeClock(NOW), release="1.2"
    )
    await shop.run(BackUp(file=folder / "backup.tar", overwrite=False))


async def test_snapshots_are_taken_in_a_moment_in_which_no_payment_begins(tmp_path: Path) -> None:
    steps: list[str] = []
    gateway = RecordedPart(steps, "gateway", has_payments=True)
    secret = RecordedPart(steps, "secret", has_payments=False)

    await _back_up(tmp_path, steps, gateway, secret)

    assert steps == [
        "pause payments",
        "take database",
        "take gateway",
        "take secret",
        "resume payments",
        "copy database",
        "copy gateway",
        "copy secret",
    ]


async def test_payments_go_on_if_their_records_are_elsewhere(tmp_path: Path) -> None:
    steps: list[str] = []

    await _back_up(tmp_path, steps, RecordedPart(steps, "secret", has_payments=False))

    assert steps == ["take database", "take secret", "copy database", "copy secret"]


async def test_manifest_names_release_time_and_parts(tmp_path: Path) -> None:
    await _back_up(tmp_path, [])

    manifest = TarBackupArchive().read_manifest(tmp_path / "backup.tar")
    assert (manifest.release, manifest.created_at) == ("1.2", NOW)
    assert manifest.database == DESCRIPTION
    assert [each.name for each in manifest.parts] == ["database"]
    assert os.listdir(tmp_path) == ["backup.tar"]  # noqa: PTH208  Not asynchronous either.
