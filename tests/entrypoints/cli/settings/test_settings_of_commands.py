"""Commands report invalid and unknown settings in a line, and read them from the environment."""

import pytest

from tests.entrypoints.cli.command_line import CommandLine


@pytest.mark.parametrize("command", ["serve --port 0", "migrate", "audit"])
def test_invalid_database_url_is_attributed_to_the_option_that_gave_it(
    command: str, shop: CommandLine
) -> None:
    ended = shop.complete(*command.split(), "--database", "mysql://root:hunter2@localhost/shop")

    assert ended.code == 2
    assert ended.error_line.startswith(
        "shop: --database: must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://"
    )
    assert list(shop.folder.iterdir()) == []


def test_unknown_setting_is_reported_with_the_closest_name(shop: CommandLine) -> None:
    (shop.folder / ".env").write_text("SHOP_LOGLEVEL=debug\nOTHER_CURENCY=USD\n")

    done = shop.with_settings(SHOP_CURENCY="USD", SHOP_PORT="80", PORT="80").run("migrate")

    assert done.returncode == 0
    assert done.stdout.endswith("The database schema is up to date.\n")
    assert done.stderr.splitlines() == [
        "shop: unknown setting SHOP_CURENCY is ignored; did you mean SHOP_CURRENCY?",
        "shop: unknown setting SHOP_LOGLEVEL is ignored; did you mean SHOP_LOG_LEVEL?",
        "shop: unknown setting SHOP_PORT is ignored",
    ]


@pytest.mark.parametrize("command", ["serve --port 0", "migrate", "worker"])
def test_production_without_settings_names_all_it_needs_in_one_line(
    command: str, shop: CommandLine
) -> None:
    ended = shop.with_settings(SHOP_ENVIRONMENT="production").complete(*command.split())

    assert ended.code == 2
    assert ended.error_line == (
        "shop: SHOP_SESSION_SECRETS must be set in production; `shop secret` prints a secret;"
        " SHOP_PAYMENT_GATEWAY must be set in production: stripe, or simulated for a rehearsal in"
        " which no money moves"
    )
    assert list(shop.folder.iterdir()) == []


def test_server_rejects_an_invalid_setting_in_one_line(shop: CommandLine) -> None:
    ended = shop.with_settings(SHOP_CURRENCY="EURO").complete("serve", "--port", "0")

    assert ended.code == 2
    assert ended.error_line == "shop: SHOP_CURRENCY: must be an active ISO 4217 code, not 'EURO'"


def test_settings_are_read_from_the_env_file(shop: CommandLine) -> None:
    (shop.folder / ".env").write_text("SHOP_DATABASE_URL=sqlite+aiosqlite:///other.db\n")

    shop.output_of("migrate")

    assert (shop.folder / "other.db").exists()
    assert not (shop.folder / "shop.db").exists()


@pytest.mark.parametrize("command", ["serve --port 0", "migrate", "worker"])
def test_production_starts_only_with_a_gateway_that_was_chosen(
    command: str, shop: CommandLine
) -> None:
    secret = '["the newer secret, which seals from now on"]'
    ended = shop.with_settings(SHOP_ENVIRONMENT="production", SHOP_SESSION_SECRETS=secret).complete(
        *command.split()
    )

    assert ended.code == 2
    assert ended.error_line == (
        "shop: SHOP_PAYMENT_GATEWAY must be set in production: stripe, or simulated for a"
        " rehearsal in which no money moves"
    )
    assert list(shop.folder.iterdir()) == []
