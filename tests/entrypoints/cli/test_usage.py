"""What every command has in common: help, one line for an error, and exit codes."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version

import pytest

from shop.entrypoints.cli import bootstrap, main
from tests.entrypoints.cli.command_line import CommandLine

COMMANDS = (
    "serve",
    "migrate",
    "seed",
    "import",
    "audit",
    "gateway",
    "secret",
    "openapi",
    "jobs list",
    "jobs retry",
    "notifications purge",
    "notifications retry",
    "notifications endpoints",
    "notifications enable",
    "reconcile",
    "sessions sweep",
    "sessions end",
    "users promote",
    "users disable",
    "users enable",
    "users demote",
)

HEAVY = (
    "aiohttp",
    "sqlalchemy",
    "fastapi",
    "uvicorn",
    "dependency_injector",
    "alembic",
    "pydantic_settings",
)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fix the width of help, whatever the terminal of the developer has."""
    monkeypatch.setenv("COLUMNS", "200")


def run(monkeypatch: pytest.MonkeyPatch, arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["shop", *arguments.split()])
    return main()


def words_of(text: str) -> Iterator[str]:
    return (word for line in text.splitlines() for word in line.split())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_has_help_with_an_example(
    command: str, flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, f"{command} {flag}") == 0

    output = capsys.readouterr()
    assert f"Example: shop {command}" in output.out
    assert output.err == ""


@pytest.mark.parametrize("group", ["", "jobs", "notifications", "sessions", "users"])
def test_missing_command_prints_the_help(
    group: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, f"{group} --help") == 0
    helped = capsys.readouterr()

    assert run(monkeypatch, group) == 0

    assert capsys.readouterr() == helped
    assert f"Usage: shop {group}".rstrip() in helped.out


def test_version_is_printed(shop: CommandLine) -> None:
    assert shop.output_of("--version") == f"shop {version('shop')}\n"


def test_help_names_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--help") == 0

    assert {command.split()[0] for command in COMMANDS} <= set(words_of(capsys.readouterr().out))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("nonsense", "No such command 'nonsense'. (see --help)"),
        ("users promote", "Missing argument 'EMAIL'"),
        ("users promote ada@example.com", "Missing option '--role'"),
        ("users promote ada@example.com --role king", "'king' is not one of"),
        ("audit --nonsense", "No such option: --nonsense"),
        ("audit --gateway-days 0", "'--gateway-days': must be at least 1 (see --help)"),
        ("audit --gateway-days x", "'--gateway-days': must be a whole number (see --help)"),
        (
            "reconcile --since yesterday",
            (
                "'--since': must be a date or a time, such as 2026-11-28 or 2026-11-28T09:30+01:00,"
                " not 'yesterday' (see --help)"
            ),
        ),
        ("reconcile --until 2026-11-31", "'--until': must be a date or a time, such as"),
        ("reconcile --until 0001-01-01T00:00+01:00", "'--until': must be a date or a time"),
        ("serv", "No such command 'serv'. Did you mean 'serve'? (see --help)"),
        ("users promot", "No such command 'promot'. Did you mean 'promote'? (see --help)"),
        ("serve --port 70000", "'--port': must be at most 65535 (see --help)"),
        ("serve --workers 0", "'--workers'"),
        ("gateway --port 70000", "'--port'"),
        ("gateway --state .", "is a directory"),
        ("seed --products -1", "'--products'"),
        ("seed --products 1000001", "'--products'"),
        ("seed --customers many", "'--customers'"),
        ("import", "Missing argument 'FILE'"),
        ("import no-such-file.csv", "does not exist"),
        ("import /dev/null", "must be a regular file"),
    ],
)
def test_wrong_usage_is_reported_in_one_line(
    arguments: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, arguments) == 2

    output = capsys.readouterr()
    (line,) = output.err.splitlines()
    assert line.startswith("shop: ")
    assert words in line
    assert output.out == ""


@pytest.mark.parametrize(
    "command",
    ["audit", "import tea.csv", "seed", "serve --port 0", "openapi", "gateway --port 0"],
)
def test_interrupt_is_reported_in_one_line(
    command: str, migrated: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    (migrated.folder / "tea.csv").write_text("sku,name,description,price,stock\n")
    # By a name that no command has imported for itself, and would keep.
    monkeypatch.setattr(bootstrap, "set_up_logging", interrupt)

    ended = migrated.complete(*command.split())

    assert (ended.code, ended.error_line) == (130, "shop: interrupted")


def test_program_exits_with_the_code_that_main_returns(shop: CommandLine) -> None:
    assert shop.complete("nonsense").code == 2
    assert shop.run("secret").returncode == 0


def test_help_loads_no_heavy_module() -> None:
    loaded = "import sys, shop.entrypoints.cli; print(*sys.modules)"

    modules = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    ).stdout.split()

    assert [name for name in HEAVY if name in modules] == []


def test_secrets_are_unique_and_accepted_in_production(shop: CommandLine) -> None:
    first, second = shop.output_of("secret").strip(), shop.output_of("secret").strip()

    assert first != second
    in_production = shop.with_settings(
        SHOP_ENVIRONMENT="production",
        SHOP_SESSION_SECRETS=f'["{first}"]',
        SHOP_PAYMENT_GATEWAY="simulated",
    )
    assert in_production.run("migrate").returncode == 0
