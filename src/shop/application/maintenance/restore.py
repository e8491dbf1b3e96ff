"""Restores the shop from a backup."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from shop.application.ports.backup_archive import BackupArchive, BackupManifest
from shop.application.ports.backup_part import BackupPart, PartReplacement
from shop.application.ports.database import CurrencyMismatch, Database
from shop.application.ports.database_backup import BackupFailed, DatabaseBackup
from shop.domain.shared.counted import counted
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value

PRECIOUS_TABLES = ("orders", "users", "products")
"""A database with rows in one of these is replaced only if the operator says so."""


@value
class Restore:
    """Restore the shop from a file; replace a shop in use only if `overwrite`."""

    file: Path
    overwrite: bool


@value
class RestoredShop:
    """The manifest of the restored backup, and the names of parts that were left out."""

    manifest: BackupManifest
    left_out: Sequence[str]


class RestoreShop:
    """Replaces the database and the other parts with those of a backup.

    First, the database and all parts are locked and looked at: a restore that is rejected changes
    nothing. Then the database is marked as incomplete, and is complete last. If the process is
    killed, no shop opens the database until a restore has finished.
    """

    def __init__(
        self,
        backup: DatabaseBackup,
        parts: Sequence[BackupPart],
        archive: BackupArchive,
        open_database: Callable[[], Database],
        currency: Currency,
        release: str,
        scratch_folder: Path | None,
    ) -> None:
        self._backup = backup
        self._parts = {each.name: each for each in parts}
        self._archive = archive
        self._open_database = open_database
        self._currency = currency
        self._release = release
        self._scratch_folder = scratch_folder

    async def run(self, command: Restore) -> RestoredShop:
        """Restore the shop, migrate it to this release and return what was restored.

        Raise `BackupFailed` or `CurrencyMismatch` if the backup or the database is rejected;
        nothing has changed then. Raise `DatabaseFailure` or `OSError` as well.
        """
        manifest = self._archive.read_manifest(command.file)
        self._require_restorable(manifest)
        await self._backup.require_supported(manifest.database)
        with TemporaryDirectory(dir=self._scratch_folder, prefix=".shop-restore.") as folder:
            self._archive.extract(command.file, Path(folder))
            await self._backup.check_copy(Path(folder, self._backup.part_name), manifest.database)
            await self._replace(manifest, Path(folder), overwrite=command.overwrite)
        database = self._open_database()
        await database.migrate()
        await database.analyse()
        others = [each.name for each in manifest.parts if each.name != self._backup.part_name]
        return RestoredShop(
            manifest=manifest, left_out=[each for each in others if each not in self._parts]
        )

    def _require_restorable(self, manifest: BackupManifest) -> None:
        described = manifest.database
        if _numbers(manifest.release) > _numbers(self._release):
            raise BackupFailed(
                f"the backup was made by shop {manifest.release}, and this is shop"
                f" {self._release}; restore it with {manifest.release} or a newer release"
            )
        if described.engine != self._backup.engine:
            raise BackupFailed(
                f"the backup is of a {described.engine} database, and this shop uses"
                f" {self._backup.engine}; choose the database with SHOP_DATABASE_URL or --database"
            )
        if described.currency not in {self._currency, None}:
            raise CurrencyMismatch(f"the backup is of a shop that sells in {described.currency}")

    async def _replace(self, manifest: BackupManifest, folder: Path, *, overwrite: bool) -> None:
        async with (
            self._backup.replacement(overwrite=overwrite) as database,
            self._held_parts(manifest) as parts,
        ):
            rows = await database.rows()
            losses = [await each.find_loss(folder / name) for name, each in parts.items()]
            # If a restore was interrupted, the operator has agreed to it already.
            if not overwrite and not await database.is_incomplete():
                _require_unused(rows, [each for each in losses if each])
            await database.begin()
            for name, part in parts.items():
                await part.replace_with(folder / name)
            await database.finish(folder / self._backup.part_name, manifest.database)

    @asynccontextmanager
    async def _held_parts(
        self, manifest: BackupManifest
    ) -> AsyncIterator[Mapping[str, PartReplacement]]:
        """Yield the parts of the backup that this shop has, none of them in use."""
        async with AsyncExitStack() as held:
            yield {
                each.name: await held.enter_async_context(self._parts[each.name].replacement())
                for each in manifest.parts
                if each.name in self._parts
            }


def _require_unused(rows: Mapping[str, int], losses: Sequence[str]) -> None:
    found = [
        counted(rows[name], name.removesuffix("s")) for name in PRECIOUS_TABLES if rows.get(name)
    ]
    if found:
        raise BackupFailed(
            f"the shop has {', '.join(found)}, which a restore would delete;"
            " use --overwrite to replace it"
        )
    if losses:
        raise BackupFailed(
            f"{' and '.join(losses)}, which a restore would replace; restore in an empty folder,"
            " or use --overwrite"
        )


def _numbers(release: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", release)]
