"""Settings of limits: secure by default, and checked."""

import pytest

from shop.entrypoints.cli.bootstrap import read_settings
from shop.entrypoints.cli.errors import InvalidSetting
from shop.entrypoints.configuration.policies import Policies


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SHOP_RATE_LIMITS", "hunter2", "'on' or 'off'"),
        ("SHOP_SIGN_IN_FAILURES_PER_ACCOUNT", "0", "must be at least 1"),
        ("SHOP_SIGN_IN_FAILURES_PER_ADDRESS", "-1", "must be at least 1"),
        ("SHOP_SIGN_IN_FAILURES_PER_PASSWORD", "1e9", "must be a whole number"),
        ("SHOP_SIGN_UPS_PER_ADDRESS", "10000001", "must be at most 1000000"),
        ("SHOP_VISITOR_SESSIONS_PER_ADDRESS", "0", "must be at least 1"),
        ("SHOP_UNKNOWN_RECIPIENTS_PER_CUSTOMER", "0", "must be at least 1"),
        ("SHOP_UNKNOWN_CODES_PER_CUSTOMER", "0", "must be at least 1"),
        ("SHOP_LETTERS_TO_OTHERS_PER_CUSTOMER", "0", "must be at least 1"),
        ("SHOP_DECLINED_CARDS_PER_CUSTOMER", "0", "must be at least 1"),
        ("SHOP_PENDING_ORDERS_PER_CUSTOMER", "0", "must be at least 1"),
        ("SHOP_QUANTITY_PER_LINE", "10001", "must be at most 10000"),
        ("SHOP_DEPOSIT_LIMIT", "0", "must be at least 1"),
        ("SHOP_ACTION_TIMEOUT_SECONDS", "0", "must be more than 0"),
        ("SHOP_VISITOR_SESSION_IDLE_SECONDS", "0", "must be more than 0"),
    ],
)
def test_invalid_limit_is_reported_with_its_rule(
    name: str, value: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSetting) as raised:
        read_settings(None)

    assert str(raised.value).startswith(f"{name}: ")
    assert rule in str(raised.value)


def test_limits_are_on_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(None)
    assert (settings.rate_limits, settings.pending_orders_per_customer) == ("on", 5)
    assert (settings.quantity_per_line, settings.deposit_limit) == (10_000, 1_000_000)
    assert settings.action_timeout_seconds == 300
    assert not settings.is_unlimited_in_production

    monkeypatch.setenv("SHOP_RATE_LIMITS", "off")
    assert Policies(read_settings(None)).payment.limits.declined_cards is None
