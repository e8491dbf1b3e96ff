"""The file of a simulated gateway in the shop's process is moved, replaced, deleted or locked."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.crash.watched_shop import SHORT_LOCK_WAITS, WatchedShop, watched_shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[WatchedShop]:
    async with watched_shop(tmp_path / "shop", workers=1) as shop:
        yield shop


@pytest.fixture
async def charged(shop: WatchedShop) -> WatchedShop:
    """Return a shop that has charged a card."""
    return await _charged(shop)


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[WatchedShop]:
    """Yield such a shop that waits for locks briefly."""
    async with watched_shop(tmp_path / "shop", workers=1, settings=SHORT_LOCK_WAITS) as shop:
        yield await _charged(shop)


async def _charged(shop: WatchedShop) -> WatchedShop:
    status, number = await shop.pay_by_card()
    assert status == 201, number
    return shop


def _gateway_file(shop: WatchedShop) -> Path:
    return shop.file.with_name("shop.db.gateway")


def _move(file: Path) -> None:
    file.rename(file.with_name("away"))


def _delete(file: Path) -> None:
    file.unlink()


def _replace(file: Path) -> None:
    copy = Path(shutil.copy(file, file.with_name("copy")))
    copy.rename(file)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_move, "the database file is missing"),
        (_delete, "the database file is missing"),
        (_replace, "another file is in the place of the database file"),
    ],
)
async def test_shop_whose_gateway_file_changed_is_not_ready(
    change: Callable[[Path], None], problem: str, charged: WatchedShop
) -> None:
    assert await charged.readiness() == 200

    change(_gateway_file(charged))
    assert await charged.readiness() == 503
    assert await charged.readiness() == 503

    reason = f"the simulated gateway's file shop.db.gateway cannot be used: {problem}"
    assert any(reason in line for line in charged.log_lines("request_failed"))


async def test_shop_is_ready_again_when_its_gateway_file_returns(charged: WatchedShop) -> None:
    file = _gateway_file(charged)
    _move(file)
    assert await charged.readiness() == 503

    file.with_name("away").rename(file)

    await charged.wait_for_readiness(200)
    assert (await charged.pay_by_card())[0] == 201


async def test_gateway_file_that_was_there_at_the_start_is_watched_before_its_first_use(
    charged: WatchedShop,
) -> None:
    await asyncio.to_thread(charged.server.stop)
    await asyncio.to_thread(charged.server.start)

    _delete(_gateway_file(charged))

    assert await charged.readiness() == 503
    assert not _gateway_file(charged).exists()


async def test_locked_gateway_file_makes_the_server_unready_until_it_is_released(
    impatient: WatchedShop,
) -> None:
    with closing(sqlite3.connect(_gateway_file(impatient), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await impatient.wait_for_readiness(503)
        other.execute("ROLLBACK")

    await impatient.wait_for_readiness(200)


async def test_shop_that_has_charged_no_card_is_ready_and_consistent_without_the_file(
    shop: WatchedShop,
) -> None:
    await shop.placed_order()

    assert await shop.readiness() == 200
    assert not _gateway_file(shop).exists()
    for command in ("audit", "reconcile"):
        assert (await asyncio.to_thread(shop.server.run, command)).returncode == 0


async def test_missing_gateway_file_is_no_proof_that_cards_were_not_charged(
    charged: WatchedShop,
) -> None:
    await asyncio.to_thread(charged.server.stop)
    file = _gateway_file(charged)
    _delete(file)

    audited = await asyncio.to_thread(charged.server.run, "audit")
    # Also if the payment itself is not compared.
    since = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    reconciled = [
        await asyncio.to_thread(charged.server.run, "reconcile", *options)
        for options in ((), ("--since", since))
    ]

    problem = (
        f"the simulated gateway's file {file} is missing, but the shop has charged cards;"
        " put it back, or run `shop restore`"
    )
    unchecked = "invariant 9 could not be checked: the gateway's records cannot be read"
    assert (audited.returncode, audited.stderr) == (1, f"shop: {unchecked}: {problem}\n")
    for each in reconciled:
        assert each.returncode == 1
        assert each.stderr == f"shop: the payment gateway cannot be reached: {problem}\n"
    assert not file.exists()
