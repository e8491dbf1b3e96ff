"""Copies the records of a simulated gateway in process to where another shop looks for them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from shop.adapters.simulated_gateway.store.records_backup import GatewayRecordsBackup
from shop.adapters.sql.backup import sqlite_file_copy
from shop.application.ports.moves.moved_part import MovedPart


class GatewayRecordsMove(MovedPart):
    """The gateway's file; without one, the gateway has no payments."""

    def __init__(self, source: Path, target: Path) -> None:
        self._source = source
        self._target = target

    async def find_loss(self) -> str | None:
        """Look for payments that the source does not have: an earlier attempt left none."""
        if not self._target.exists():
            return None
        missing = _payments(self._target) - _payments(self._source)
        return f"{self._target} has payments of another shop" if missing else None

    async def copy(self) -> str | None:
        """Replace the file, completely or not at all."""
        if not self._source.exists():
            return None
        with TemporaryDirectory(dir=self._target.parent, prefix=".shop-move.") as folder:
            copy = Path(folder, self._target.name)
            async with GatewayRecordsBackup(self._source).snapshot() as snapshot:
                await snapshot.copy_to(copy)
            async with GatewayRecordsBackup(self._target).replacement() as replacement:
                await replacement.replace_with(copy)
        return f"the gateway's records to {self._target}"


def _payments(file: Path) -> set[str]:
    if not file.exists():
        return set()
    with closing(sqlite_file_copy.connect(file)) as connection:
        try:
            return {row[0] for row in connection.execute("SELECT id FROM payments")}
        except sqlite3.OperationalError:
            # Without the table, there are none.
            return set()
