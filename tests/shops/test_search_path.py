"""A shop whose connections come without its schema, as behind a pooler, does not open."""

from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from shop.adapters.sql.engines import postgresql
from tests.entrypoints.cli.command_line import CommandLine
from tests.shops.hosted_shop import ask, command_line, new_database


@pytest.fixture(scope="module")
def url(postgresql_url: str) -> str:
    return new_database(postgresql_url)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory, url: str) -> CommandLine:
    """Return the program for the schema `kiln`, beside which there is a shop in `public`."""
    folder = tmp_path_factory.mktemp("pooled")
    command_line(folder, url, "public").output_of("migrate")
    commands = command_line(folder, url, "kiln")
    commands.output_of("migrate")
    return commands


@pytest.fixture
def _pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the search path out, as a pooler that ignores this startup parameter."""
    connect = postgresql._connect

    async def connect_without(**arguments: Any) -> asyncpg.Connection:  # noqa: ANN401  The driver's.
        settings = {**arguments.pop("server_settings")}
        del settings["search_path"]
        return await connect(server_settings=settings, **arguments)

    monkeypatch.setattr(postgresql, "_connect", connect_without)


@pytest.mark.usefixtures("_pooler")
@pytest.mark.parametrize(
    "command", [("audit",), ("migrate",), ("serve", "--port", "0"), ("worker", "--once")]
)
def test_no_command_reads_or_writes_another_shop(
    commands: CommandLine, url: str, command: tuple[str, ...]
) -> None:
    before = ask(url, "SELECT count(*) FROM public.accounts")

    rejected = commands.complete(*command)

    assert rejected.code == 1
    assert rejected.error_line == (
        "shop: connections to the database use the schema public, but SHOP_DATABASE_SCHEMA is kiln;"
        " if a pooler is between, give the shop a role of its own and store the schema for it:"
        " ALTER ROLE … IN DATABASE … SET search_path = kiln; then let the pooler connect again"
    )
    assert ask(url, "SELECT count(*) FROM public.accounts") == before


@pytest.mark.usefixtures("_pooler")
def test_no_backup_is_of_another_shop(commands: CommandLine) -> None:
    rejected = commands.complete("backup", "kiln.tar")

    assert "use the schema public, but SHOP_DATABASE_SCHEMA is kiln" in rejected.error_line
    assert not (commands.folder / "kiln.tar").exists()


@pytest.fixture
def _role(url: str) -> Iterator[None]:
    """Store the schema for the role, as an operator does."""
    database = url.partition("/")[2].lstrip("/").partition("/")[2].partition("?")[0]
    alter = f"ALTER ROLE postgres IN DATABASE {database}"
    ask(url, f"{alter} SET search_path = kiln")
    yield
    ask(url, f"{alter} RESET search_path")


@pytest.mark.usefixtures("_pooler", "_role")
def test_a_role_with_the_schema_opens_the_shop_behind_any_pooler(commands: CommandLine) -> None:
    assert commands.output_of("migrate") == "The database schema is up to date.\n"
    assert commands.run("audit").returncode == 0
