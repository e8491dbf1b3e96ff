"""A shop of an earlier release with rows in most tables, migrated, and copied for each test."""

import asyncio
from pathlib import Path

import pytest

from tests.adapters.sql.upgrades.loaded_dumps import load_dump
from tests.moving.moving_shop import MovingShop, command_line, new_moving_shop
from tests.shops.hosted_shop import new_database


@pytest.fixture(scope="module")
def database_url(postgresql_url: str) -> str:
    return new_database(postgresql_url)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, postgresql_url: str) -> Path:
    folder = tmp_path_factory.mktemp("template")
    asyncio.run(load_dump("0008.sqlite", folder, postgresql_url))
    commands = command_line(folder)
    commands.output_of("migrate")
    commands.output_of("seed", "--products", "30", "--customers", "3")
    return folder


@pytest.fixture
def shop(template: Path, tmp_path: Path, database_url: str) -> MovingShop:
    return new_moving_shop(template, tmp_path, database_url)
