"""Settings of production: what must be set, and what must be safe."""

import json
from pathlib import Path

import pytest

from shop.entrypoints.cli.bootstrap import read_settings
from shop.entrypoints.cli.errors import InvalidSetting
from shop.entrypoints.configuration.policies import Policies


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the developer who runs the tests."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("environment", "url", "required"),
    [
        ("production", "smtp://mail.example.com", True),
        ("production", "smtp://127.0.0.1:25", False),
        ("development", "smtp://mail.example.com", False),
    ],
)
def test_production_requires_tls_for_emails(
    environment: str, url: str, monkeypatch: pytest.MonkeyPatch, *, required: bool
) -> None:
    monkeypatch.setenv("SHOP_ENVIRONMENT", environment)
    monkeypatch.setenv("SHOP_PAYMENT_GATEWAY", "simulated")
    monkeypatch.setenv("SHOP_SESSION_SECRETS", '["the newer secret, which seals from now on"]')
    monkeypatch.setenv("SHOP_SMTP_URL", url)
    monkeypatch.setenv("SHOP_EMAIL_FROM", "Shop <orders@example.com>")

    assert Policies(read_settings(None)).emails_require_tls is required


STRIPE = {
    "SHOP_PAYMENT_GATEWAY": "stripe",
    "SHOP_STRIPE_SECRET_KEY": "sk_live_1",
    "SHOP_STRIPE_WEBHOOK_SECRETS": '["whsec_1"]',
}


@pytest.mark.parametrize(
    ("environment", "settings", "rehearses"),
    [
        ("production", STRIPE, False),
        ("production", {"SHOP_PAYMENT_GATEWAY": "simulated"}, True),
        ("production", {**STRIPE, "SHOP_STRIPE_SECRET_KEY": "sk_test_1"}, True),
        ("production", {**STRIPE, "SHOP_STRIPE_SECRET_KEY": "rk_test_1"}, True),
        ("production", {**STRIPE, "SHOP_STRIPE_API_BASE": "http://127.0.0.1:8420"}, True),
        ("development", {}, False),
    ],
)
def test_production_rehearses_where_no_money_moves(
    environment: str,
    settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    rehearses: bool,
) -> None:
    monkeypatch.setenv("SHOP_ENVIRONMENT", environment)
    monkeypatch.setenv("SHOP_SESSION_SECRETS", '["the newer secret, which seals from now on"]')
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    read = read_settings(None)

    assert read.rehearses_payments is rehearses
    assert Policies(read).notification.rehearses_payments is rehearses


def _use_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_ENVIRONMENT", "production")
    monkeypatch.setenv("SHOP_PAYMENT_GATEWAY", "simulated")
    monkeypatch.setenv("SHOP_SESSION_SECRETS", '["the newer secret, which seals from now on"]')
    monkeypatch.setenv("SHOP_DATABASE_URL", f"postgresql+asyncpg://shop:hunter2@{url}")
    monkeypatch.delenv("PGHOST", raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "db.example/shop",
        "10.0.0.5:5432/shop",
        "[fd00::5]/shop",
        "db.example/shop?ssl=prefer",
        "db.example/shop?ssl=allow",
        "db.example/shop?ssl=",
        "db.example/shop?ssl=require&ssl=disable",
        "localhost/shop?host=db.example",
        "/shop?host=db.example:5432",
        "/shop?host=/run/postgresql&host=db.example",
        "/shop?host=localhost,db.example",
        "localhost.db.example/shop",
    ],
)
def test_production_requires_tls_to_a_database_on_another_host(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use_database(url, monkeypatch)

    with pytest.raises(InvalidSetting) as raised:
        read_settings(None)

    assert str(raised.value).startswith("SHOP_DATABASE_URL: a database on another host needs TLS")
    assert "ssl=verify-full" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "db.example/shop?ssl=require",
        "db.example/shop?ssl=verify-ca",
        "db.example/shop?ssl=verify-full",
        "db.example/shop?ssl=disable",
        "localhost/shop",
        "127.0.0.1:5432/shop",
        "[::1]:5432/shop",
        "/shop?host=/run/postgresql",
        "/shop?host=localhost:5432",
        "/shop",
    ],
)
def test_production_uses_a_database_near_by_or_by_tls_or_as_written_out(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use_database(url, monkeypatch)

    assert read_settings(None).database_url.endswith(url)


def test_host_in_the_drivers_variable_needs_tls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _use_database("/shop", monkeypatch)
    monkeypatch.setenv("PGHOST", "db.example")

    with pytest.raises(InvalidSetting, match="needs TLS"):
        read_settings(None)


def test_development_needs_no_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    _use_database("db.example/shop", monkeypatch)
    monkeypatch.setenv("SHOP_ENVIRONMENT", "development")

    assert read_settings(None).database_url.endswith("db.example/shop")


NO_SECRETS = "SHOP_SESSION_SECRETS must be set in production; `shop secret` prints a secret"
NO_GATEWAY = (
    "SHOP_PAYMENT_GATEWAY must be set in production: stripe, or simulated for a rehearsal in which"
    " no money moves"
)
IN_MEMORY = (
    "SHOP_DATABASE_URL=memory:// loses every order when the server stops; use a SQLite or"
    " PostgreSQL database in production"
)
IDLE_TOO_LONG = (
    "SHOP_SESSION_IDLE_SECONDS (7200) must not be more than SHOP_SESSION_ABSOLUTE_SECONDS (3600)"
)
PLAIN_WEBHOOK = json.dumps(
    [{"url": "http://127.0.0.1/", "secret": "whsec_c2hvcCdzIG93biBzZWNyZXQgb2YgdGhlIHRlc3RzLi4="}]
)


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({}, [NO_GATEWAY, NO_SECRETS]),
        (
            {"SHOP_CURRENCY": "EURO", "SHOP_LOG_LEVEL": "loud"},
            [
                NO_GATEWAY,
                NO_SECRETS,
                "SHOP_CURRENCY: must be an active ISO 4217 code, not 'EURO'",
                "SHOP_LOG_LEVEL: must be 'debug', 'info', 'warning' or 'error'",
            ],
        ),
        (
            {"SHOP_SESSION_SECRETS": "hunter2", "SHOP_SMTP_URL": "hunter2"},
            [
                (
                    "SHOP_SMTP_URL: must be a URL such as smtp://user:password@host:587 or"
                    " smtps://user:password@host"
                ),
                (
                    'SHOP_SESSION_SECRETS: must be a JSON list of secrets, such as ["…"];'
                    " `shop secret` prints a secret"
                ),
                NO_GATEWAY,
            ],
        ),
        (
            {
                "SHOP_DATABASE_URL": "memory://",
                "SHOP_SESSION_ABSOLUTE_SECONDS": "3600",
                "SHOP_SESSION_IDLE_SECONDS": "7200",
                "SHOP_SMTP_URL": "smtp://h",
                "SHOP_WEBHOOK_ENDPOINTS": PLAIN_WEBHOOK,
            },
            [
                IN_MEMORY,
                NO_GATEWAY,
                NO_SECRETS,
                IDLE_TOO_LONG,
                "SHOP_WEBHOOK_ENDPOINTS must use https in production",
                "SHOP_SMTP_URL and SHOP_EMAIL_FROM must be set together",
            ],
        ),
    ],
)
def test_production_names_all_that_is_missing_or_wrong_at_once(
    settings: dict[str, str], faults: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_ENVIRONMENT", "production")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSetting) as raised:
        read_settings(None)

    text = str(raised.value)
    assert text == "; ".join(sorted(faults, key=text.find))
