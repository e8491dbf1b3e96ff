"""A failed scenario shows what its processes have logged, also after its folder is deleted."""

from pathlib import Path

import pytest

from tests.crash.system import deploy_shop

pytestmark = pytest.mark.anyio


async def _place_an_order_and_fail(folder: Path) -> None:
    async with deploy_shop(folder, None) as shop:
        await shop.start(SHOP_LOG_LEVEL="info")
        (buyer,) = await shop.buyers("Ada")
        async with shop.worker():
            await buyer.buy()
        raise TimeoutError


async def test_failed_scenario_shows_the_logs_of_its_processes(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError) as raised:
        await _place_an_order_and_fail(tmp_path)

    gateway, server, worker = raised.value.__notes__
    assert gateway.startswith("--- gateway.log:\n")
    assert server.startswith("--- server.log:\n")
    assert "path='/api/v1/orders'" in server
    assert worker.startswith("--- worker.log:\n")
