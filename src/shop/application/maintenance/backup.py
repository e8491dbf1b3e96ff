"""Backs up the shop while orders go on."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from shop.application.ports.backup_archive import BackupArchive, BackupManifest
from shop.application.ports.backup_part import BackupPart, PartSnapshot
from shop.application.ports.clock import Clock
from shop.application.ports.database_backup import DatabaseBackup, DatabaseSnapshot
from shop.domain.shared.value import value


@value
class BackUp:
    """Back up the shop to a file; replace an existing file only if `overwrite`."""

    file: Path
    overwrite: bool


class BackUpShop:
    """Copies the database, and then the other parts, of one moment.

    In that moment no card payment begins. So the copy of the gateway's records has every payment
    that the copy of the shop knows, and no other.
    """

    def __init__(
        self,
        database: DatabaseBackup,
        parts: Sequence[BackupPart],
        archive: BackupArchive,
        clock: Clock,
        release: str,
    ) -> None:
        self._database = database
        self._parts = parts
        self._archive = archive
        self._clock = clock
        self._release = release

    async def run(self, command: BackUp) -> BackupManifest:
        """Back up the shop and return the manifest.

        Raise `BackupFailed`, `MigrationRequired`, `DatabaseFailure` or `OSError`; there is no file
        then, or the earlier one is unchanged.
        """
        file = command.file
        self._archive.require_writable(file, overwrite=command.overwrite)
        with TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
            async with AsyncExitStack() as stack:
                created_at = self._clock.now()
                database, others = await self._take_snapshots(stack)
                description = await database.describe()
                await database.copy_to(Path(folder, self._database.part_name))
                for name, snapshot in others.items():
                    await snapshot.copy_to(Path(folder, name))
            manifest = BackupManifest(
                created_at=created_at,
                release=self._release,
                database=description,
                parts=[
                    self._archive.describe(Path(folder, name))
                    for name in (self._database.part_name, *others)
                ],
            )
            self._archive.write(file, manifest, Path(folder), overwrite=command.overwrite)
        return manifest

    async def _take_snapshots(
        self, stack: AsyncExitStack
    ) -> tuple[DatabaseSnapshot, Mapping[str, PartSnapshot]]:
        has_payments = any(each.has_payments for each in self._parts)
        async with self._database.payments_paused() if has_payments else nullcontext():
            database = await stack.enter_async_context(self._database.snapshot())
            others = {
                each.name: await stack.enter_async_context(each.snapshot()) for each in self._parts
            }
        return database, others
