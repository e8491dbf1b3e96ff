"""The shops that the properties are tested on, and the number of examples."""

import asyncio
import random
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.effort import EFFORT
from tests.property.differential import DifferentialRunner
from tests.property.initial_states import GROUPED, ONE_BY_ONE
from tests.property.profiles import Budget
from tests.property.system.backends import ShopFactory, memory_shop, sql_shop
from tests.property.system.system_under_test import ShopUnderTest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Count no covered lines here: that takes as long again, and all others have counted them."""
    item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="module", autouse=True)
def _constant_pauses() -> Iterator[None]:
    """Have every shop pause for as long as the others, which is as long as it ever would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random, "uniform", max)
        yield


@pytest.fixture(scope="session")
def profile() -> settings:
    return EFFORT.profile


@pytest.fixture(scope="module")
def new_shop(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> ShopFactory:
    """Return a function that opens an empty shop on a storage, under a name."""

    async def open_shop(storage: str, name: str) -> ShopUnderTest:
        if storage == "memory":
            return memory_shop()
        if storage == "sqlite":
            file = tmp_path_factory.mktemp(name) / "shop.db"
            return await sql_shop(f"sqlite+aiosqlite:///{file}", "public")
        return await sql_shop(request.getfixturevalue("postgresql_url"), name)

    return open_shop


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pair(storage: str, new_shop: ShopFactory) -> Iterator[DifferentialRunner]:
    """Return two shops on the same kind of storage."""
    with asyncio.Runner() as runner:
        runner_pair = DifferentialRunner(runner)
        for name in (GROUPED, ONE_BY_ONE):
            runner_pair.open(name, runner.run(new_shop(storage, name)))
        yield runner_pair
        runner_pair.close()


@pytest.fixture(scope="module")
def budget(storage: str, profile: settings) -> Budget:
    """Tell how hard to try on a storage: a group takes memory one, and a database a hundred ms."""
    batches = {
        "memory": EFFORT.memory_batches,
        "sqlite": EFFORT.sqlite_batches,
        "postgresql": EFFORT.postgresql_batches,
    }
    return Budget(profile=profile, batches=batches[storage])
