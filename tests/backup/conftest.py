"""Shops that can be lost: each in a folder and, on PostgreSQL, a database of its own."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from bench.databases import wheel_programs
from tests.entrypoints.cli.command_line import CommandLine, InProcessCommandLine


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A database engine, on which the tests make empty shops."""

    folder: Path
    server_url: str | None
    environment: Mapping[str, str]

    def new_shop(self, name: str) -> CommandLine:
        """Return the program in a new folder, with a database that has no tables."""
        folder = self.folder / name
        folder.mkdir()
        settings = {**self.environment, "SHOP_WELCOME_CREDIT": "100000"}
        if self.server_url is not None:
            settings["SHOP_DATABASE_URL"] = asyncio.run(_create_database(self.server_url))
        return InProcessCommandLine(folder=folder, settings=settings)


@pytest.fixture
def postgresql_engine(tmp_path: Path, postgresql_url: str) -> Engine:
    """Return PostgreSQL, with its own programs before any other."""
    path = f"{wheel_programs()}{os.pathsep}{os.environ['PATH']}"
    return Engine(folder=tmp_path, server_url=postgresql_url, environment={"PATH": path})


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Engine:
    return Engine(folder=tmp_path, server_url=None, environment={})


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


async def _create_database(server_url: str) -> str:
    name = f"backup_{uuid4().hex}"
    url = make_url(server_url)
    connection = await asyncpg.connect(
        host=url.query["host"], user=url.username, database=url.database
    )
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return url.set(database=name).render_as_string(hide_password=False)
