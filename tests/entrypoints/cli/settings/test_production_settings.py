"""Settings of production: what must be set, and what must be safe."""

from pathlib import Path

import pytest

from shop.entrypoints.cli.bootstrap import read_settings
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
