"""Deletes files of images that no product got."""

from collections.abc import Collection
from datetime import timedelta

from shop.application.ports.clock import Clock
from shop.application.ports.image_store import ImageStore
from shop.application.transactions.runner import TransactionRunner

KEPT_FOR = timedelta(days=1)
"""How long a file may wait for the transaction that names it: longer than any takes."""


class ImageSweep:
    """Deletes the files that were kept for a transaction that never came."""

    def __init__(self, transactions: TransactionRunner, store: ImageStore, clock: Clock) -> None:
        self._transactions = transactions
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Delete the old files that no image names, and publish those that one does."""
        before = self._clock.now() - KEPT_FOR
        files_by_key = {_key_of(file): file for file in await self._store.kept_before(before)}
        stored: Collection[str] = ()
        if files_by_key:
            stored = await self._transactions.read(
                lambda uow: uow.product_images.stored_keys(files_by_key.keys())
            )
        for key in stored:
            # The same image was added twice, and only one of them has moved the file.
            await self._store.publish(files_by_key[key])
        unused = [file for key, file in files_by_key.items() if key not in stored]
        await self._store.discard(unused, kept_before=before)


def _key_of(file: str) -> str:
    return file.partition("/")[2].partition("-")[0]
