"""A shop in a schema of a database, beside others."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
from sqlalchemy import make_url

from bench.databases import wheel_programs
from tests.entrypoints.cli.command_line import CommandLine, InProcessCommandLine
from tests.shops.webhook_receiver import WebhookReceiver
from tests.timeouts import TEST_TIMEOUT_SECONDS

PASSWORD = "correct horse battery"


@dataclass(frozen=True, kw_only=True)
class HostedShop:
    """A shop in a schema: its commands, its server, and its rows."""

    schema: str
    database_url: str
    commands: CommandLine
    url: str
    receiver: WebhookReceiver
    connections: httpx2.HTTPTransport

    def ask(self, query: str, *values: object) -> list[Any]:
        """Run a statement in the shop's schema, behind its back."""
        return ask(self.database_url, query, *values, search_path=self.schema)

    def count(self, table: str) -> int:
        """Count the rows of a table of the shop's."""
        number: int = self.ask(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608  Names of tests.
        return number

    def visitor(self) -> httpx2.Client:
        """Return a client with a cookie jar of its own."""
        return httpx2.Client(
            base_url=f"{self.url}/api/v1",
            transport=self.connections,
            timeout=TEST_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def customer(self, email: str) -> httpx2.Client:
        """Sign a customer up."""
        visitor = self.visitor()
        body = {"name": "Ada", "email": email, "password": PASSWORD}
        response = visitor.post("/users", json=body)
        assert response.status_code == 201, response.text
        return visitor

    def promote(self, email: str) -> None:
        """Make a user an admin."""
        self.commands.output_of("users", "promote", email, "--role", "admin")


@dataclass(frozen=True, kw_only=True)
class Shops:
    """Two shops in one database."""

    kiln: HostedShop
    loom: HostedShop


def ask(url: str, query: str, *values: object, search_path: str = "public") -> list[Any]:
    """Run a statement by a connection of its own, and return its rows."""
    return asyncio.run(_run(url, search_path, lambda opened: opened.fetch(query, *values)))


def run_together(url: str, search_path: str, *queries: str) -> list[Any]:
    """Run statements in one transaction, and return the rows of the last."""

    async def run(opened: asyncpg.Connection) -> list[Any]:
        rows: list[Any] = []
        async with opened.transaction():
            for each in queries:
                rows = await opened.fetch(each)
        return rows

    return asyncio.run(_run(url, search_path, run))


async def _run(
    url: str, search_path: str, work: Callable[[asyncpg.Connection], Awaitable[list[Any]]]
) -> list[Any]:
    connection = await asyncpg.connect(
        url.replace("+asyncpg", ""), server_settings={"search_path": search_path}
    )
    try:
        return await work(connection)
    finally:
        await connection.close()


def new_database(server_url: str) -> str:
    """Create a database, and return its URL."""
    name = f"shops_{uuid4().hex}"
    ask(server_url, f"CREATE DATABASE {name}")
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def command_line(folder: Path, url: str, schema: str, **settings: str) -> CommandLine:
    """Return the program for one schema; both shops have one folder."""
    common: Mapping[str, str] = {
        "PATH": f"{wheel_programs()}{os.pathsep}{os.environ['PATH']}",
        "SHOP_DATABASE_URL": url,
        "SHOP_DATABASE_SCHEMA": schema,
        "SHOP_WELCOME_CREDIT": "100000",
        "SHOP_RUN_JOBS_IN_SERVER": "false",
        "SHOP_LOG_LEVEL": "error",
    }
    return InProcessCommandLine(folder=folder, settings={**common, **settings})
