"""The database file of a running server is moved, replaced, cut, locked, or its disk is full.

No order may be acknowledged that the file at the path does not hold.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.crash.watched_shop import SHORT_LOCK_WAITS, UNAVAILABLE, WatchedShop, watched_shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[WatchedShop]:
    async with watched_shop(tmp_path / "shop", workers=1) as shop:
        yield shop


@pytest.fixture
async def shop_with_workers(tmp_path: Path) -> AsyncIterator[WatchedShop]:
    async with watched_shop(tmp_path / "shop", workers=2) as shop:
        yield shop


@pytest.fixture
async def impatient_shop(tmp_path: Path) -> AsyncIterator[WatchedShop]:
    async with watched_shop(tmp_path / "shop", workers=1, settings=SHORT_LOCK_WAITS) as shop:
        yield shop


def _move_file(file: Path) -> Callable[[], object]:
    away = file.rename(file.with_name("away.db"))
    return lambda: away.rename(file)


def _move_log(file: Path) -> Callable[[], object]:
    log = Path(f"{file}-wal")
    away = log.rename(file.with_name("away.log"))
    return lambda: away.rename(log)


def _move_index(file: Path) -> Callable[[], object]:
    index = Path(f"{file}-shm")
    away = index.rename(file.with_name("away.index"))
    return lambda: away.rename(index)


def _move_folder(file: Path) -> Callable[[], object]:
    folder = file.parent
    away = folder.rename(folder.with_name("away"))
    folder.mkdir()

    def move_back() -> None:
        folder.rmdir()
        away.rename(folder)

    return move_back


def _put_link(file: Path) -> Callable[[], object]:
    """Put a link to the file in its place: other processes would have another log."""
    away = file.rename(file.with_name("away.db"))
    file.symlink_to(away)

    def move_back() -> None:
        file.unlink()
        away.rename(file)

    return move_back


@pytest.mark.parametrize("move", [_move_file, _move_log, _move_index, _move_folder, _put_link])
async def test_server_goes_on_when_its_own_file_returns(
    move: Callable[[Path], Callable[[], object]], shop_with_workers: WatchedShop
) -> None:
    shop = shop_with_workers
    before = await shop.placed_order()

    move_back = move(shop.file)
    for _ in range(4):
        await shop.require_unavailable()
    move_back()

    await shop.wait_for_readiness(200)
    after = await shop.placed_order()
    assert shop.orders_in(shop.file) == {before, after}


def _copy(file: Path) -> None:
    copy = shutil.copy(file, file.with_name("copy.db"))
    Path(copy).rename(file)


def _delete(file: Path) -> None:
    file.unlink()


def _create_again(file: Path) -> None:
    file.unlink()
    file.touch()


def _truncate(file: Path) -> None:
    os.truncate(file, 4096)


def _delete_log(file: Path) -> None:
    Path(f"{file}-wal").unlink()


def _swap_link(file: Path) -> None:
    other = file.with_name("other.db")
    shutil.copy(file, other)
    file.unlink()
    file.symlink_to(other)


@pytest.mark.parametrize(
    "change", [_copy, _delete, _create_again, _truncate, _delete_log, _swap_link]
)
async def test_changed_file_takes_no_order_until_a_restart(
    change: Callable[[Path], None], shop: WatchedShop
) -> None:
    await shop.placed_order()

    change(shop.file)
    for _ in range(3):
        await shop.require_unavailable()

    (line,) = shop.log_lines("database_file_changed")
    assert "[error" in line
    # The same fault is not repeated for each request.
    assert len(shop.log_lines("request_failed")) < 4


async def test_restart_after_a_backup_was_moved_over_the_file_has_the_backup(
    shop: WatchedShop,
) -> None:
    kept = await shop.placed_order()
    backup = shop.file.with_name("backup.db")
    with closing(sqlite3.connect(shop.file)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    await shop.placed_order()

    backup.rename(shop.file)
    await shop.require_unavailable()
    await asyncio.to_thread(shop.server.stop)
    await asyncio.to_thread(shop.server.start)

    # The log of the replaced file is not applied to the backup.
    assert shop.orders_in(shop.file) == {kept}
    assert (await asyncio.to_thread(shop.server.run, "audit")).returncode == 0
    await shop.placed_order()


async def test_orders_in_a_deleted_log_are_saved(shop: WatchedShop) -> None:
    number = await shop.placed_order()

    _delete_log(shop.file)
    await shop.require_unavailable()
    await asyncio.to_thread(shop.server.kill)

    assert shop.orders_in(shop.file) == {number}


async def test_locked_file_makes_the_server_unready_until_it_is_released(
    impatient_shop: WatchedShop,
) -> None:
    shop = impatient_shop
    with closing(sqlite3.connect(shop.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await shop.wait_for_readiness(503)
        assert await shop.order() == UNAVAILABLE
        other.execute("ROLLBACK")

    await shop.wait_for_readiness(200)
    number = await shop.placed_order()
    assert shop.orders_in(shop.file) == {number}


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a file system of a few megabytes in memory."""
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    options = ["-t", "tmpfs", "-o", "size=8m", "tmpfs"]
    if subprocess.run([mount, *options, folder], check=False).returncode != 0:
        pytest.skip("no small file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run([umount, "--lazy", folder], check=True)


def _fill_disk(file: Path) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(descriptor, bytes(4096))
    except OSError:
        os.close(descriptor)


async def test_full_disk_loses_no_order_and_the_server_recovers(tmp_path: Path) -> None:
    folder, filler = tmp_path / "shop", tmp_path / "shop" / "filler"
    with small_disk(folder):
        async with watched_shop(folder, workers=1) as shop:
            acknowledged = {await shop.placed_order()}
            _fill_disk(filler)
            while (answer := await shop.order())[0] == 201:
                acknowledged.add(answer[1])
            assert answer == UNAVAILABLE
            await shop.wait_for_readiness(503)

            filler.unlink()
            await shop.wait_for_readiness(200)
            acknowledged.add(await shop.placed_order())
            assert shop.orders_in(shop.file) == acknowledged
